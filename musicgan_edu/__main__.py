"""The command `musicgan`: what the lessons do, headless and on your own files.

Comes in: arguments. Goes out: files, a few lines on stdout, one line on stderr and exit code 2 when
the arguments or files can't be used.

Thin on purpose: each command is one function that calls one room and prints, registered in `COMMANDS`.
Rooms are imported inside, so that `musicgan --help` answers at once.
"""

from __future__ import annotations

import argparse
import dataclasses
import io
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from musicgan_edu import __version__
from musicgan_edu.score import MusicganError, Score, ScoreError

if TYPE_CHECKING:
    from musicgan_edu.encoding import VoiceEncoding
    from musicgan_edu.sampling import Sampler

__all__ = ["COMMANDS", "Command", "main"]


@dataclasses.dataclass(frozen=True)
class Command:
    """`run` gets the parsed arguments and returns an exit code (None is 0)."""

    run: Callable[[argparse.Namespace], int | None]
    add_arguments: Callable[[argparse.ArgumentParser], None]
    summary: str
    example: str


def _from_to(kind: type, low: float, high: float) -> Callable[[str], float]:
    """What reads a number from low to high, for argparse."""

    def read(text: str) -> float:
        number = kind(text)
        if not low <= number <= high:
            raise argparse.ArgumentTypeError(f"must be {low} to {high}, got {text}")
        return number

    read.__name__ = kind.__name__  # what argparse calls it
    return read


_port, _minutes = _from_to(int, 0, 65535), _from_to(float, 0.01, 100_000)
_steps, _count, _seed = (_from_to(int, low, high) for low, high in ((1, 10**9), (1, 10**5), (0, 2**32 - 1)))


def _moments(text: str) -> tuple[float, ...]:
    """What `--snapshots` takes: whole numbers are steps, others shares of the budget."""
    try:
        moments = tuple(int(part) if part.strip().isdecimal() else float(part) for part in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"must be steps or shares, such as 0,100,0.5; got {text!r}"
        ) from None
    wrong = [moment for moment in moments if isinstance(moment, float) and not 0 <= moment <= 1]
    if wrong:
        raise argparse.ArgumentTypeError(f"a share must be 0.0 to 1.0, got {wrong[0]}")
    return moments


def _lab_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", nargs="?", type=Path, default=Path("lessons"), metavar="DIR")
    parser.add_argument("--port", type=_port, help="the port that JupyterLab listens on")
    parser.add_argument("--no-browser", action="store_true", help="print the address, open no window")
    parser.add_argument("--copy-only", action="store_true", help="put the lessons there and stop")


def _lab(arguments: argparse.Namespace) -> int | None:
    from musicgan_edu import lab

    print(lab.put_lessons(arguments.folder))
    if arguments.copy_only:
        return None
    return lab.open_lab(arguments.folder, port=arguments.port, browser=not arguments.no_browser)


def _import_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="MIDI, MusicXML or ABC files inside")


def _import(arguments: argparse.Namespace) -> None:
    from musicgan_edu import corpus

    print(corpus.import_folder(arguments.folder))


def _train_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--corpus", default="chorales", help="a collection's name or a folder of your music")
    parser.add_argument(
        "--recipe", default="chorales",
        help="chorales, phrases, melodies, convolutional, likelihood, masked, markov or random",
    )  # fmt: skip
    budget = parser.add_mutually_exclusive_group(required=True)
    budget.add_argument(
        "--minutes", type=_minutes, help="work this long; imports and reading are not counted"
    )
    budget.add_argument(
        "--steps", type=_steps, help="take this many steps: the same seed gives the same weights"
    )
    parser.add_argument("--seed", type=_seed, default=1)
    parser.add_argument(
        "--snapshots", type=_moments, default=(), metavar="LIST",
        help="moments to keep: steps, or shares such as 0.5; 0 is the newborn (--snapshots 0,100,0.5)",
    )  # fmt: skip
    parser.add_argument(
        "--out", type=Path, required=True, metavar="RUN", help="the run's folder; an unfinished run goes on"
    )


def _train(arguments: argparse.Namespace) -> None:
    from tqdm import tqdm

    from musicgan_edu import baselines, corpus, training

    form = baselines.form_of(arguments.recipe)
    windows = training.prepare(corpus.load(arguments.corpus, split="train"), form)
    with tqdm(total=100, unit="%", bar_format="{l_bar}{bar}| {elapsed}<{remaining} {postfix}") as bar:

        def report(progress: float, step: int, values: dict[str, float]) -> None:
            bar.update(100 * min(progress, 1) - bar.n)
            bar.set_postfix(step=step, **values)

        sampler = baselines.train(
            arguments.recipe, windows, arguments.out, minutes=arguments.minutes, steps=arguments.steps,
            seed=arguments.seed, corpus=arguments.corpus, report=report, snapshots=arguments.snapshots,
        )  # fmt: skip
        bar.update(100 - bar.n)
    done = sampler.card["training"]
    work = f"{done['steps']} steps" if done["steps"] else "counted once, which takes no more of the budget,"
    print(f"{work} in {done['seconds']:.0f} s on {len(windows)} windows: {arguments.out}")


def _compose_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--checkpoint", default="chorales", help="a shipped checkpoint's name or a run's folder"
    )
    parser.add_argument("--count", type=_count, default=8, help="how many pieces")
    parser.add_argument("--seed", type=_seed, default=1)
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")


def _compose(arguments: argparse.Namespace) -> None:
    from tqdm import tqdm

    from musicgan_edu import playback, sampling

    files = [arguments.out / f"{i:04d}.mid" for i in range(arguments.count)]
    taken = [file for file in files if file.exists()]
    if taken:
        raise ScoreError(f"compose: {taken[0]} is there already: choose another folder")
    scores = sampling.load(arguments.checkpoint).sample(arguments.count, seed=arguments.seed)
    arguments.out.mkdir(parents=True, exist_ok=True)
    for file, score in zip(tqdm(files, unit="piece"), scores, strict=True):
        playback.to_midi(score, file)
    print(f"{arguments.count} pieces in {arguments.out}")


def _evaluate_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "checkpoint", metavar="RUN_OR_CHECKPOINT", help="a run's folder or a shipped checkpoint's name"
    )
    parser.add_argument(
        "--split", choices=["validation", "test"], default="validation", help="test is noted in the run"
    )
    parser.add_argument("--against", metavar="OTHER", help="a second one, judged on the same real windows")
    parser.add_argument("--count", type=_count, default=512, help="how many pieces to draw")
    parser.add_argument("--seed", type=_seed, default=1)
    parser.add_argument(
        "--min-windows", type=_count, default=300, metavar="N", help="judge with as few real windows as this"
    )
    parser.add_argument("--out", type=Path, metavar="FILE", help="write the figures as JSON too")


def _evaluate(arguments: argparse.Namespace) -> None:
    from musicgan_edu import cleaning, corpus, evaluation, sampling

    if arguments.out and arguments.out.exists():
        raise ScoreError(f"evaluate: {arguments.out} is there already: choose another file")
    models = {name: sampling.load(name) for name in filter(None, (arguments.checkpoint, arguments.against))}
    name, form = _common_ground(models)
    n_bars = form.grid.n_bars
    real, train = (
        [
            window
            for score in cleaning.fitting(corpus.load(name, split=split), len(form.tracks), form.grid)
            for window in cleaning.windows(score, n_bars=n_bars)
        ]
        for split in (arguments.split, "train")
    )
    reports, tables = {}, [evaluation.features(real, n_bars=n_bars)]
    for model, sampler in models.items():
        fake = [score.replace(source="") for score in sampler.sample(arguments.count, seed=arguments.seed)]
        reports[model] = evaluation.evaluate(
            real, fake, train=train, n_bars=n_bars, min_windows=arguments.min_windows
        )
        tables.append(evaluation.features(fake, n_bars=n_bars))
        if arguments.split == "test":  # noted before it is seen
            sampling.note_test(model, reports[model].verdict.accuracy)
    report = reports[arguments.checkpoint]
    print(f"# {' and '.join(models)} against the {arguments.split} split of {name}\n")
    paired = (
        {"paired": str(evaluation.compare(*tables, min_windows=arguments.min_windows))}
        if len(models) > 1
        else {}
    )
    print(f"{evaluation.side_by_side(reports)}\n\n{paired['paired']}" if paired else report.table())
    if arguments.out:
        found = {model: one.to_dict() for model, one in reports.items()} | paired
        found = found if paired else report.to_dict()
        sampling.write_whole(arguments.out, json.dumps(found, indent=1).encode())


def _common_ground(models: Mapping[str, Sampler]) -> tuple[str, VoiceEncoding]:
    """The corpus and the form that all of these learnt; ScoreError where they differ."""
    grounds = {
        name: (one.corpus, one.encoding.grid, len(one.encoding.tracks)) for name, one in models.items()
    }
    if len(set(grounds.values())) > 1:
        learnt = "; ".join(
            f"{name}: {ground[0]}, {ground[1]}, {ground[2]} voices" for name, ground in grounds.items()
        )
        raise ScoreError(f"evaluate: only models of the same music compare, got {learnt}")
    one = next(iter(models.values()))
    return one.corpus, one.encoding


def _mix_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "a", type=Path, metavar="A", help="a MIDI, MusicXML or ABC file; the other is fitted to it"
    )
    parser.add_argument("b", type=Path, metavar="B")
    parser.add_argument(
        "--how", choices=["splice", "join", "layer", "crossfade"], default="splice",
        help="splice: A up to a bar, then B from a bar on; join: B after A; layer: tracks of both at once; "
        "crossfade: B fades in while A fades out",
    )  # fmt: skip
    parser.add_argument(
        "--keep", type=_count, metavar="BAR", help="splice: A's last bar; else where it leaps least"
    )
    parser.add_argument(
        "--start", type=_count, metavar="BAR", help="splice: B's first bar; else where it leaps least"
    )
    for name in ("a", "b"):
        help_ = f"layer: {name.upper()}'s tracks, such as 1,2 (all)"
        parser.add_argument(f"--tracks-{name}", type=_numbers, metavar="LIST", help=help_)
    parser.add_argument("--bars", type=_count, default=1, help="crossfade: over so many bars (1)")
    parser.add_argument("--no-transpose", action="store_true", help="leave B in its key")
    parser.add_argument(
        "--rebar", action="store_true", help="where the metres differ, lay A's barlines over B"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help=".mid, .musicxml or .wav")


def _numbers(text: str) -> list[int]:
    """Numbers from 1, with commas between them, as numbers from 0."""
    numbers = [int(part) - 1 for part in text.split(",")]
    if min(numbers) < 0:
        raise argparse.ArgumentTypeError(f"tracks are counted from 1, got {text}")
    return numbers


def _mix(arguments: argparse.Namespace) -> None:
    from musicgan_edu import playback, sampling

    writers = {".mid": playback.to_midi, ".musicxml": playback.to_musicxml, ".wav": playback.to_wav}
    writer = writers.get(arguments.out.suffix.lower())
    if writer is None:
        raise ScoreError(
            f"mix: can't write {arguments.out.name}: give a name that ends in {', '.join(writers)}"
        )
    if arguments.out.exists():
        raise ScoreError(f"mix: {arguments.out} is there already: choose another file")
    a, b = _longest(arguments.a), _longest(arguments.b)
    how, fitting = arguments.how, {"key": not arguments.no_transpose, "rebar": arguments.rebar}
    if how == "splice":
        mixed = sampling.splice(a, b, keep=arguments.keep, start=arguments.start, **fitting)
    elif how == "join":
        mixed = sampling.join(a, b, **fitting)
    elif how == "layer":
        of_a, of_b = arguments.tracks_a or range(len(a.tracks)), arguments.tracks_b or range(len(b.tracks))
        mixed = sampling.layer(a, b, of_a=of_a, of_b=of_b, **fitting)
    else:
        mixed = sampling.crossfade(a, b, n_bars=arguments.bars, **fitting)
    writer(mixed.score, arguments.out)
    print(
        *mixed.changes, f"{mixed.score.n_bars} bars, {mixed.score.n_notes} notes: {arguments.out}", sep="\n"
    )


def _longest(path: Path) -> Score:
    """The piece in a file; of several, or of stretches of one metre and tempo, the longest."""
    from musicgan_edu import corpus

    scores = corpus.read_all(path)
    longest = max(scores, key=lambda score: score.end)
    if len(scores) > 1:
        print(
            f"{path.name} holds {len(scores)} pieces or stretches of one metre and tempo: taking the longest"
        )
    return longest.replace(title=path.stem)  # what the messages call it


COMMANDS = {
    "lab": Command(_lab, _lab_arguments, "put the lessons into DIR and open JupyterLab", "musicgan lab lessons"),
    "import": Command(
        _import, _import_arguments, "read a folder of music: what is kept, what isn't, and why",
        "musicgan import ~/my-midi-files",
    ),
    "train": Command(
        _train, _train_arguments, "train a generator and keep it in a folder",
        "musicgan train --corpus chorales --recipe chorales --minutes 3 --seed 1 --out my-run",
    ),
    "compose": Command(
        _compose, _compose_arguments, "write pieces by a trained generator as MIDI files",
        "musicgan compose --checkpoint chorales --count 512 --seed 1 --out pieces",
    ),
    "evaluate": Command(
        _evaluate, _evaluate_arguments, "measure a generator beside real music that it never saw",
        "musicgan evaluate my-run",
    ),
    "mix": Command(
        _mix, _mix_arguments, "mix or splice two pieces of yours into one",
        "musicgan mix a.mid b.mid --out both.mid",
    ),
}  # fmt: skip


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """One line, as every error of the command."""
        self.exit(2, f"{self.prog}: {message} (see {self.prog} --help)\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="musicgan", description="GANs that make music: the course's commands.")
    parser.add_argument("--version", action="version", version=f"musicgan_edu {__version__}")
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, command in COMMANDS.items():
        sub = subparsers.add_parser(
            name, help=command.summary, description=command.summary, epilog=f"example: {command.example}"
        )
        command.add_arguments(sub)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit code."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a path that the terminal can't show
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # TensorFlow greets with a page of notices
    parsed = _parser().parse_args(arguments)
    try:
        return COMMANDS[parsed.command].run(parsed) or 0
    except (MusicganError, OSError) as error:
        print(f"musicgan: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("musicgan: stopped", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())

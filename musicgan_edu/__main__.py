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
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

from musicgan_edu import __version__
from musicgan_edu.score import MusicganError, ScoreError

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
    parser.add_argument("--recipe", default="chorales", help="chorales, convolutional or likelihood")
    budget = parser.add_mutually_exclusive_group(required=True)
    budget.add_argument(
        "--minutes", type=_minutes, help="work this long; imports and reading are not counted"
    )
    budget.add_argument(
        "--steps", type=_steps, help="take this many steps: the same seed gives the same weights"
    )
    parser.add_argument("--seed", type=_seed, default=1)
    parser.add_argument(
        "--out", type=Path, required=True, metavar="RUN", help="the run's folder; an unfinished run goes on"
    )


def _train(arguments: argparse.Namespace) -> None:
    from tqdm import tqdm

    from musicgan_edu import corpus, training
    from musicgan_edu.encoding import VoiceEncoding

    windows = training.prepare(corpus.load(arguments.corpus, split="train"), VoiceEncoding())
    with tqdm(total=100, unit="%", bar_format="{l_bar}{bar}| {elapsed}<{remaining} {postfix}") as bar:

        def report(progress: float, step: int, values: dict[str, float]) -> None:
            bar.update(100 * min(progress, 1) - bar.n)
            bar.set_postfix(step=step, **values)

        sampler = training.train(
            arguments.recipe, windows, arguments.out, minutes=arguments.minutes, steps=arguments.steps,
            seed=arguments.seed, corpus=arguments.corpus, report=report,
        )  # fmt: skip
        bar.update(100 - bar.n)
    done = sampler.card["training"]
    print(f"{done['steps']} steps in {done['seconds']:.0f} s on {len(windows)} windows: {arguments.out}")


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
    parser.add_argument("--count", type=_count, default=512, help="how many pieces to draw")
    parser.add_argument("--seed", type=_seed, default=1)
    parser.add_argument("--out", type=Path, metavar="FILE", help="write the figures as JSON too")


def _evaluate(arguments: argparse.Namespace) -> None:
    from musicgan_edu import cleaning, corpus, evaluation, sampling

    if arguments.out and arguments.out.exists():
        raise ScoreError(f"evaluate: {arguments.out} is there already: choose another file")
    sampler = sampling.load(arguments.checkpoint)
    name, n_bars = sampler.corpus, sampler.encoding.grid.n_bars
    real, train = (
        [
            window
            for score in corpus.load(name, split=split)
            for window in cleaning.windows(score, n_bars=n_bars)
        ]
        for split in (arguments.split, "train")
    )
    fake = [score.replace(source="") for score in sampler.sample(arguments.count, seed=arguments.seed)]
    report = evaluation.evaluate(real, fake, train=train, n_bars=n_bars)
    if arguments.split == "test":  # noted before it is seen
        sampling.note_test(arguments.checkpoint, report.verdict.accuracy)
    print(f"# {arguments.checkpoint} against the {arguments.split} split of {name}\n\n{report.table()}")
    if arguments.out:
        sampling.write_whole(arguments.out, json.dumps(report.to_dict(), indent=1).encode())


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

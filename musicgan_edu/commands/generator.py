"""From music to a generator, from a generator to music, and how good it is: `train`, `compose`, `evaluate`."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from musicgan_edu.commands import arguments
from musicgan_edu.score import Grid, Score, ScoreError

if TYPE_CHECKING:
    from musicgan_edu.encoding import RollEncoding, VoiceEncoding
    from musicgan_edu.sampling import Sampler

__all__ = ["COMMANDS"]


def _train_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--corpus",
        default="chorales",
        help="a collection's name, several joined by +, or a folder of your music",
    )
    parser.add_argument(
        "--recipe", default="chorales",
        help="chorales, moods, phrases, melodies, dances, chords, convolutional, likelihood, rolls, masked, markov or random",
    )  # fmt: skip
    budget = parser.add_mutually_exclusive_group(required=True)
    budget.add_argument(
        "--minutes", type=arguments.minutes, help="work this long; imports and reading are not counted"
    )
    budget.add_argument(
        "--steps", type=arguments.steps, help="take this many steps: the same seed gives the same weights"
    )
    parser.add_argument("--seed", type=arguments.seed, default=1)
    parser.add_argument(
        "--snapshots", type=arguments.moments, default=(), metavar="LIST",
        help="moments to keep: steps, or shares such as 0.5; 0 is the newborn (--snapshots 0,100,0.5)",
    )  # fmt: skip
    parser.add_argument(
        "--out", type=Path, required=True, metavar="RUN", help="the run's folder; an unfinished run goes on"
    )


def _train(given: argparse.Namespace) -> None:
    from tqdm import tqdm

    from musicgan_edu import baselines, corpus, training

    baselines.form_of(given.recipe)  # says which there are, before minutes of reading
    scores = corpus.load(given.corpus, split="train")
    form = baselines.form_of(given.recipe, scores)
    kept, windows, left_out = training.cut(scores, form)
    print(
        f"{len(windows)} windows of {', '.join(track.name for track in form.tracks)}; {training.reasons(left_out)}"
    )
    with tqdm(total=100, unit="%", bar_format="{l_bar}{bar}| {elapsed}<{remaining} {postfix}") as bar:

        def report(progress: float, step: int, values: dict[str, float]) -> None:
            bar.update(100 * min(progress, 1) - bar.n)
            bar.set_postfix(step=step, **values)

        sampler = baselines.train(
            given.recipe, windows, given.out, minutes=given.minutes, steps=given.steps,
            seed=given.seed, corpus=given.corpus, sources=[score.source for score in kept], encoding=form,
            report=report, snapshots=given.snapshots,
        )  # fmt: skip
        bar.update(100 - bar.n)
    done = sampler.card["training"]
    work = f"{done['steps']} steps" if done["steps"] else "counted once, which takes no more of the budget,"
    print(f"{work} in {done['seconds']:.0f} s on {len(windows)} windows: {given.out}")


def _compose_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--checkpoint", default="chorales", help="a shipped checkpoint's name or a run's folder"
    )
    parser.add_argument("--count", type=arguments.count, default=8, help="how many pieces")
    parser.add_argument("--seed", type=arguments.seed, default=1)
    parser.add_argument(
        "--ask",
        nargs="+",
        default=(),
        metavar="WORD",
        help="of a conditional generator: minor lively, or three ryansMammoth",
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")


def _compose(given: argparse.Namespace) -> None:
    from tqdm import tqdm

    from musicgan_edu import playback, sampling

    files = [given.out / f"{i:04d}.mid" for i in range(given.count)]
    taken = [file for file in files if file.exists()]
    if taken:
        raise ScoreError(f"compose: {taken[0]} is there already: choose another folder")
    scores = sampling.load(given.checkpoint).sample(given.count, seed=given.seed, asked=given.ask)
    given.out.mkdir(parents=True, exist_ok=True)
    for file, score in zip(tqdm(files, unit="piece"), scores, strict=True):
        playback.to_midi(score, file)
    print(f"{given.count} pieces in {given.out}")


def _evaluate_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "checkpoint", metavar="RUN_OR_CHECKPOINT", help="a run's folder or a shipped checkpoint's name"
    )
    parser.add_argument(
        "--split", choices=["validation", "test"], default="validation", help="test is noted in the run"
    )
    parser.add_argument("--against", metavar="OTHER", help="a second one, judged on the same real windows")
    parser.add_argument(
        "--count", type=arguments.count, default=512, help="how many pieces to draw for each metre"
    )
    parser.add_argument("--seed", type=arguments.seed, default=1)
    parser.add_argument(
        "--min-windows",
        type=arguments.count,
        default=300,
        metavar="N",
        help="judge with as few real windows as this",
    )
    parser.add_argument("--out", type=Path, metavar="FILE", help="write the figures as JSON too")


def _evaluate(given: argparse.Namespace) -> None:
    from musicgan_edu import sampling
    from musicgan_edu.encoding import RollEncoding

    if given.out and given.out.exists():
        raise ScoreError(f"evaluate: {given.out} is there already: choose another file")
    models = {name: sampling.load(name) for name in filter(None, (given.checkpoint, given.against))}
    name, form = _common_ground(models)
    if isinstance(form, RollEncoding):
        _evaluate_rolls(given, models, name, form)
    else:
        _evaluate_voices(given, models, name, form)


def _evaluate_voices(
    given: argparse.Namespace, models: Mapping[str, Sampler], name: str, form: VoiceEncoding
) -> None:
    """Models of voices beside real music, metre by metre, and whether they do as they are told."""
    from musicgan_edu import corpus, sampling

    music = [corpus.load(name, split=split) for split in (given.split, "train")]
    found = {}
    for grid in form.grids:
        beats = f", in bars of {grid.beats_per_bar:g} beats" if form.grids[1:] else ""
        print(f"# {' and '.join(models)} against the {given.split} split of {name}{beats}\n")
        found[f"{grid.beats_per_bar:g} beats"] = _evaluate_metre(given, models, music, grid)
    kept = {model: _kept(sampler, given) for model, sampler in models.items() if sampler.condition}
    for model, said in kept.items():
        print(f"\n{model}, pieces that are as they were told: {said}")
    if given.out:
        one = next(iter(found.values()))
        sampling.write_whole(given.out, json.dumps(found if len(found) > 1 else one, indent=1).encode())


def _evaluate_metre(
    given: argparse.Namespace, models: Mapping[str, Sampler], music: Sequence[Sequence[Score]], grid: Grid
) -> dict[str, Any]:
    """Models beside real music of one metre, (held-out, training) pieces, with a judge and what gives them away."""
    from musicgan_edu import cleaning, evaluation, sampling

    n_voices = len(next(iter(models.values())).encoding.tracks)
    real, train = (
        [
            window
            for score in cleaning.fitting(scores, n_voices, grid)
            for window in cleaning.windows(score, n_bars=grid.n_bars)
        ]
        for scores in music
    )
    judging = {"n_bars": grid.n_bars, "min_windows": given.min_windows}
    reports, fakes, notes = {}, [], []
    for model, sampler in models.items():
        n = given.count * len(sampler.encoding.grids)
        drawn = sampler.sample(n, seed=given.seed)
        chosen = [i for i, score in enumerate(drawn) if score.beats_per_bar == grid.beats_per_bar]
        fakes.append([drawn[i].replace(source="") for i in chosen])
        reports[model] = evaluation.evaluate(real, fakes[-1], train=train, **judging)
        if given.split == "test":  # noted before it is seen
            sampling.note_test(model, reports[model].verdict.accuracy)
        if told := sampler.told(n, seed=given.seed):
            own = [told[i] for i in chosen]
            found = evaluation.tell_collections(train, real, fakes[-1], own, n_bars=grid.n_bars)
            notes.append(f"\n{model}, collections that a forest tells: {found}\n")
    report = reports[given.checkpoint]
    paired = {"paired": str(evaluation.compare(real, *fakes, **judging))} if len(models) > 1 else {}
    print(f"{evaluation.side_by_side(reports)}\n\n{paired['paired']}" if paired else report.table())
    print(*notes, sep="", end="")
    return {model: one.to_dict() for model, one in reports.items()} | paired if paired else report.to_dict()


def _evaluate_rolls(
    given: argparse.Namespace, models: Mapping[str, Sampler], name: str, form: RollEncoding
) -> None:
    """Models of polyphonic rolls beside real music and beside keys that are drawn one by one."""
    import numpy as np

    from musicgan_edu import baselines, corpus, evaluation, sampling, training

    real, train = (training.cut(corpus.load(name, split=split), form) for split in (given.split, "train"))
    chosen = np.random.default_rng(given.seed).permutation(len(train.scores))[: given.count]
    sets = {given.split: real.scores, "train": [train.scores[i] for i in chosen]}
    for model, sampler in models.items():
        if given.split == "test":
            sampling.note_test(model, None)
        sets[model] = [score.replace(source="") for score in sampler.sample(given.count, seed=given.seed)]
    sets["random keys"] = baselines.random_keys(train.values, form, given.count, seed=given.seed)
    table = evaluation.compare_rolls(sets, train=train.scores, grid=form.grid)
    n_pieces = len({score.source for score in real.scores})
    print(f"# {' and '.join(models)} against the {given.split} split of {name}\n")
    print(f"{len(real.scores)} real windows of {n_pieces} pieces ({training.reasons(real.left_out)})\n")
    print(evaluation.as_markdown(table))
    for model in models:  # the held-out pieces are too few for its folds
        try:
            verdict = evaluation.c2st(
                sets["train"], sets[model], n_bars=form.grid.n_bars, min_windows=given.min_windows
            )
        except evaluation.EvaluationError as error:
            print(f"\n{model}: no judge ({error})")
            continue
        print(f"\n{model} against train, by the highest notes: {verdict}; what gives it away:")
        print(
            "\n".join(f"- {name}: {real:.3f}, {fake:.3f}" for name, _, real, fake in verdict.gives_away[:5])
        )
    if given.out:
        sampling.write_whole(given.out, json.dumps(table, indent=1).encode())


def _kept(sampler: Sampler, given: argparse.Namespace) -> str:
    """How many of a conditional generator's pieces are as they were told, in words."""
    from musicgan_edu import conditions

    z = sampler.latents(given.count, seed=given.seed)
    told = z[:, : conditions.combinations(sampler.condition).shape[1]]
    tokens = sampler.tokens(z, sampler.noise(given.count, seed=given.seed))
    shares = conditions.agreement(told, tokens, sampler.encoding, sampler.condition)
    words = [f"{name} {share:.3f} (by chance {chance:.3f})" for name, (share, chance) in shares.items()]
    if sampler.encoding.grids[1:]:
        words.append(f"bars of more than one metre in {sampler.encoding.metres(tokens)[1].mean():.3f}")
    return ", ".join(words)


def _common_ground(models: Mapping[str, Sampler]) -> tuple[str, VoiceEncoding | RollEncoding]:
    """The corpus and the form that all of these learnt; ScoreError where they differ."""
    grounds = {
        name: (one.corpus, one.encoding.grid, len(one.encoding.tracks), type(one.encoding))
        for name, one in models.items()
    }
    if len(set(grounds.values())) > 1:
        learnt = "; ".join(
            f"{name}: {ground[0]}, {ground[1]}, {ground[2]} voices, {ground[3].__name__}"
            for name, ground in grounds.items()
        )
        raise ScoreError(f"evaluate: only models of the same music compare, got {learnt}")
    one = next(iter(models.values()))
    return one.corpus, one.encoding


COMMANDS = {
    "train": arguments.Command(
        _train, _train_arguments, "train a generator and keep it in a folder",
        "musicgan train --corpus chorales --recipe chorales --minutes 3 --seed 1 --out my-run",
    ),
    "compose": arguments.Command(
        _compose, _compose_arguments, "write pieces by a trained generator as MIDI files",
        "musicgan compose --checkpoint chorales --count 512 --seed 1 --out pieces",
    ),
    "evaluate": arguments.Command(
        _evaluate, _evaluate_arguments, "measure a generator beside real music that it never saw",
        "musicgan evaluate my-run",
    ),
}  # fmt: skip

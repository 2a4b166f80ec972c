"""Harmonise the sopranos of chorales, beside Bach and beside what must be beaten.

    python benchmarks/harmonise.py --split test

prints, over the first eight bars of every piece (`--bars`), how the lower voices go with the given soprano. Pieces whose
tune also stands in *train* are a table of their own: there the generator, and retrieval without its ban on the same
tune, could recite. Retrieval always takes windows of training pieces of another tune. Intervals are bootstraps
over tunes. What was chosen (`--trials`) was chosen on validation.
"""

from __future__ import annotations

import argparse
import itertools
import time
from collections.abc import Callable, Sequence

import numpy as np

from musicgan_edu import assistant, cleaning, corpus, evaluation, sampling
from musicgan_edu.assistant import rivals
from musicgan_edu.score import Score

Player = Callable[[Score, Sequence[Score]], Score]
PLAIN = assistant.Taste(parallel=0, crossing=0, temperature=1.0, fewest=0.0, likeliest=False)


def ours(taste: assistant.Taste, n: int, n_drafts: int) -> Player:
    """The assistant's first suggestion."""
    sampler = sampling.load("chorales")

    def play(piece: Score, _: Sequence[Score]) -> Score:
        line = piece.replace(notes=piece.of_track(0), tracks=piece.tracks[:1], key=None)
        return assistant.harmonise(line, checkpoint=sampler, n=n, n_drafts=n_drafts, taste=taste, seed=1)[
            0
        ].score

    return play


def shuffled(piece: Score, windows: Sequence[Score]) -> Score:
    rng = np.random.default_rng([1, *piece.source.encode()])
    return rivals.shuffled_voices(piece, windows, rng=rng)


def ranked(piece: Score, _: Sequence[Score]) -> Score:
    """The first of eight suggestions by `assistant.ranked`."""
    line = piece.replace(notes=piece.of_track(0), tracks=piece.tracks[:1], key=None)
    found = assistant.harmonise(line, checkpoint=sampling.load("chorales"), n=8, n_drafts=32, seed=1)
    return assistant.ranked(found, "merit+td")[0].score


ROWS: dict[str, Player] = {
    "the assistant: 4 × 32 drafts, the best": ours(assistant.Taste(), 4, 32),
    "one draft, left to right": ours(PLAIN, 1, 1),
    "128 whole drafts, one by weight": ours(PLAIN, 1, 128),
    "nearest soprano of another tune": lambda piece, windows: rivals.nearest_soprano(piece, windows),
    "shuffled voices": shuffled,
    "8 × 32 drafts, ranked by merit and TD": ranked,
}
TRIALS: dict[str, Player] = {
    f"τ {heat}, {'likeliest' if likeliest else 'by weight'}, {n} × {drafts}": ours(
        assistant.Taste(temperature=heat, likeliest=likeliest), n, drafts
    )
    for heat, likeliest, n, drafts in (
        (0.6, True, 4, 32), (0.8, True, 4, 32), (1.0, True, 4, 32), (1.0, False, 4, 32), (1.0, True, 4, 8), (1.0, True, 1, 128),
    )
}  # fmt: skip


def whole_bars(score: Score, n_bars: int) -> Score:
    """So many bars at most, from the first barline on."""
    n_beats = 4 * min(n_bars, (score.end - score.pickup) // 4)
    return score.cut(score.pickup, score.pickup + n_beats).replace(pickup=0.0)


def table(
    players: dict[str, Player],
    real: Sequence[Score],
    tunes: np.ndarray,
    train: Sequence[Score],
    of: np.ndarray,
) -> dict[str, dict[str, evaluation.Tally]]:
    """One line a player, and the measures behind it. tunes, of : the tunes of real and train."""
    moved = [cleaning.windows(cleaning.to_c(score)) for score in train]
    cut = [[window for j in np.flatnonzero(of != tune) for window in moved[j]] for tune in tunes]
    known = [window for score in moved for window in score]
    kept: dict[str, dict[str, evaluation.Tally]] = {}
    for name, play in ({"Bach": lambda piece, _: piece} | players).items():
        start = time.process_time()
        fake = [play(piece, windows) for piece, windows in zip(real, cut, strict=True)]
        seconds = (time.process_time() - start) / sum(score.n_bars for score in real)
        measured = evaluation.harmonised(fake)
        mine = [window for score in fake for window in cleaning.windows(score, hop_bars=2)]
        copied = evaluation.copying(mine, known)
        if not kept:
            print(
                "| voices | "
                + " | ".join(measured)
                + " | copying: median, 95th | s/bar |\n"
                + "|---" * (len(measured) + 3)
                + "|"
            )
        kept[name] = measured
        cells = [_cell(one, tunes, 100 if "step" in key else 1) for key, one in measured.items()]
        print(
            f"| {name} | "
            + " | ".join(cells)
            + f" | {np.median(copied):.2f}, {np.quantile(copied, 0.95):.2f} | {seconds:.2f} |",
            flush=True,
        )
    return kept


COMPARED = ("chord tones", "TD to bass", "TD to others", "parallels / pair-step")
RULES = ("parallels / pair-step", "crossings / step", "out of range / step")


def differences(kept: dict[str, dict[str, evaluation.Tally]], tunes: np.ndarray) -> None:
    """Each row's measures less those of the rows below, with bootstraps over tunes of the paired difference.

    Then each player's broken rules less 1.5 times Bach's: below 0 is what is wanted of them.
    """
    bach, *others = kept
    for one, other in itertools.combinations(kept, 2):
        said = [f"{key} {_gap(kept[one][key], kept[other][key], tunes)}" for key in COMPARED]
        print(f"{one} less {other}: " + "; ".join(said))
    for name in others:
        said = [f"{key} {_gap(kept[name][key], kept[bach][key], tunes, 1.5)}" for key in RULES]
        print(f"{name} less 1.5 times Bach: " + "; ".join(said))


def _gap(mine: evaluation.Tally, theirs: evaluation.Tally, tunes: np.ndarray, factor: float = 1.0) -> str:
    """A rate less `factor` times another, with its interval."""

    def gap(i: np.ndarray) -> float:
        a, b = (one.hits[i].sum() / one.cases[i].sum() for one in (mine, theirs))
        return float(a - factor * b)

    groups = np.unique(tunes, return_inverse=True)[1]
    low, high = evaluation.bootstrap(gap, groups, n_draws=1000)
    return f"{gap(np.arange(len(groups))):+.3g} [{low:+.3g}, {high:+.3g}]"


def _cell(one: evaluation.Tally, tunes: np.ndarray, factor: float) -> str:
    low, high = one.interval(np.unique(tunes, return_inverse=True)[1])
    return f"{factor * one.value:.3g} [{factor * low:.3g}, {factor * high:.3g}]"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--split", choices=["validation", "test"], default="validation")
    parser.add_argument("--trials", nargs="*", type=int, help="compare settings, all or these, on validation")
    parser.add_argument("--rows", nargs="*", type=int, help="only these players, from 0")
    parser.add_argument("--bars", type=int, default=8)
    parser.add_argument("--known", action="store_true", help="the pieces whose tune train has, too")
    options = parser.parse_args()
    train, real = (
        [score for score in corpus.load("chorales", split=split, progress=False) if score.n_bars >= 2]
        for split in ("train", options.split)
    )
    tunes = evaluation.tunes_of([*train, *real])
    of, tunes = tunes[: len(train)], tunes[len(train) :]
    chosen = np.flatnonzero(np.isin(tunes, of) == options.known)
    real, tunes = [whole_bars(real[i], options.bars) for i in chosen], tunes[chosen]
    print(f"{len(real)} pieces of {len(set(tunes.tolist()))} tunes that *train* {'has' if options.known else 'lacks'}, "
          f"{options.split}; rates a step in %\n")  # fmt: skip
    every, asked = (TRIALS, options.trials) if options.trials is not None else (ROWS, options.rows)
    players = dict(list(every.items())[i] for i in asked or range(len(every)))
    kept = table(players, real, tunes, train, of)
    print()
    differences(kept, tunes)


if __name__ == "__main__":
    main()

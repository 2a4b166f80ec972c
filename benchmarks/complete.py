"""Which way of filling is right most often, which sounds most like Bach?

    python benchmarks/complete.py --split test --windows 96 --keep fillings

Four gaps in windows of two bars: the alto, the middle 8 of 32 steps, a random half of all cells, all but the soprano. For
each way of filling: the share of the gap's cells that sound what stood there (interval: bootstrap over
pieces), the judge's accuracy on filled against real windows (C2ST, 0.5: can't tell; whole windows,
context included, so compare within a column only), parallels, crossings, and how many of the notes that begin in the gap lie out
of their singer's range in the piece's own key. --anywhere lets them, as `complete` did once. --keep holds what has been filled, so that an
interrupted run goes on.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from musicgan_edu import cleaning, completion, corpus, evaluation, sampling
from musicgan_edu.completion import methods
from musicgan_edu.score import EncodingError

FORM = completion.FORM


def windows(split: str, n: int) -> tuple[np.ndarray, list[str], np.ndarray]:
    """n windows, classes (n, T, V), evenly from all pieces of a split, the pieces' names, and semitones from their key to C."""
    found, names, shifts = [], [], []
    for score in cleaning.fitting(corpus.load("chorales", split=split), 4, FORM.grid):
        in_c = cleaning.to_c(score)
        for window in cleaning.windows(in_c, n_bars=2, hop_bars=2):
            try:
                encoded = FORM.tokens([window])
            except EncodingError:
                continue
            if window.n_notes and not encoded.dropped:
                found.append(encoded.values[0].astype(np.int64))
                names.append(score.source)
                shifts.append(int(in_c.notes["pitch"][0]) - int(score.notes["pitch"][0]))
    chosen = np.unique(np.linspace(0, len(found) - 1, min(n, len(found))).astype(int))
    return np.stack([found[i] for i in chosen]), [names[i] for i in chosen], np.array(shifts)[chosen]


def gaps(n: int) -> dict[str, np.ndarray]:
    """The patterns, bool (n, T, V)."""
    empty = np.zeros((n, *FORM.shape[:2]), bool)
    alto, stretch, lower = empty.copy(), empty.copy(), empty.copy()
    alto[:, :, 1], stretch[:, 12:20], lower[:, :, 1:] = True, True, True
    half = np.random.default_rng(0).random(empty.shape) < 0.5
    return {"alto": alto, "8 steps": stretch, "half": half, "lower voices": lower}


def out_of_range(tokens: np.ndarray, missing: np.ndarray, shifts: np.ndarray) -> tuple[int, int]:
    """The notes that begin in the gap: how many out of their singer's range, of how many."""
    inside = FORM.within(np.array(evaluation.RANGES) + shifts[:, None, None])  # (B, V, C)
    begins = missing & (tokens < FORM.rest)
    window, _, voice = np.nonzero(begins)
    return int((~inside[window, voice, tokens[begins]]).sum()), int(begins.sum())


def row(
    real: np.ndarray, filled: np.ndarray, missing: np.ndarray, names: list[str], shifts: np.ndarray
) -> str:
    """Accuracy, C2ST, parallels, crossings and range of one way on one gap."""
    right = (completion.sounding(filled) == completion.sounding(real)) & missing
    tally = evaluation.Tally.of(right.sum((1, 2)), missing.sum((1, 2)))
    low, high = tally.interval(evaluation.groups_of(names))
    scores, music = (
        [s.replace(source=name) for s, name in zip(FORM.decode(w), names, strict=True)]
        for w in (filled, real)
    )
    told = evaluation.c2st(music, scores, min_windows=len(music))
    rules = evaluation.chorale_rules(scores)
    fifths, octaves = (100 * rules[f"parallel {what} / pair-step"].value for what in ("fifths", "octaves"))
    return (
        f"{tally.value:.3f} [{low:.3f}, {high:.3f}] | {told.accuracy:.2f} [{told.interval[0]:.2f}, {told.interval[1]:.2f}] "
        f"| {fifths:.2f} / {octaves:.2f} | {100 * rules['crossings / step'].value:.1f} "
        "| {} of {}".format(*out_of_range(filled, missing, shifts))
    )


def main() -> None:
    """Fill, measure, print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--split", choices=["validation", "test"], default="validation")
    parser.add_argument("--windows", type=int, default=96)
    parser.add_argument("--methods", nargs="+", default=list(completion.METHODS))
    parser.add_argument("--gap", nargs="+", choices=list(gaps(1)), default=list(gaps(1)), help="only these")
    parser.add_argument("--anywhere", action="store_true", help="voices may leave their ranges")
    parser.add_argument(
        "--network", type=Path, help="a masked network's checkpoint, other than the one that ships"
    )
    parser.add_argument("--keep", type=Path, default=Path("fillings"))
    given = parser.parse_args()
    if given.network:
        methods._network = lambda: sampling.load(given.network)
    given.keep.mkdir(parents=True, exist_ok=True)
    real, names, shifts = windows(given.split, given.windows)
    print(f"{len(real)} windows of {len(set(names))} pieces of {given.split}\n")
    print(
        "| gap | method | cells right | C2ST | fifths / octaves, % | crossings, % | notes out of range |\n|---|---|---|---|---|---|---|"
    )
    for gap in given.gap:
        missing = gaps(len(real))[gap]
        bach = "{} of {}".format(*out_of_range(real, missing, shifts))
        print(f"| {gap} | *Bach* | 1 | | | | {bach} |")
        for method in given.methods:
            where = "anywhere-" if given.anywhere else ""
            file = given.keep / f"{given.split}-{len(real)}-{gap.replace(' ', '-')}-{where}{method}.npy"
            if not file.exists():
                options = {"method": method, "seed": 1, "n": 16, "shift": None if given.anywhere else shifts}
                np.save(file, completion.fill_windows(real, missing, **options))
            print(f"| {gap} | `{method}` | {row(real, np.load(file), missing, names, shifts)} |", flush=True)


if __name__ == "__main__":
    main()

"""Checks of lesson 10: a rate by its definition, two kinds of intervals, folds, the judge, copying."""

from collections.abc import Callable

import numpy as np

from musicgan_edu import evaluation
from musicgan_edu.checks import Answer, exercise, expect, require

__all__ = [
    "copied_share",
    "empty_bar_rate",
    "grouped_folds",
    "held_out_accuracy",
    "resampled_means",
    "wilson_interval",
]


def empty_bar_rate(roll: np.ndarray, steps_per_bar: int) -> float:
    """EB: the share of a track's bars that are silent, over all tracks.

    `roll` is bool, (n_tracks, n_steps): whether anything sounds. n_steps is a whole
    number of bars.
    """
    bars = roll.reshape(len(roll), -1, steps_per_bar)  # (n_tracks, n_bars, steps)
    return float((~bars.any(axis=2)).mean())


@exercise("10.empty_bar_rate", reference=empty_bar_rate, stars=1)
def _(answer: Answer, rng: np.random.Generator) -> None:
    roll = np.array([[1, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 1]], dtype=bool)
    expect(
        answer,
        [roll, 2],
        4 / 6,
        "two tracks of three bars, and one bar of each has a note: four of six are empty (a third would be "
        "the *non*-empty ones, 10 of 12 counts steps, and 1 of 3 counts bars in which every track is silent)",
    )
    for _ in range(5):
        roll = rng.random((3, 24)) < 0.15
        expect(answer, [roll, 4], empty_bar_rate(roll, 4), "count track by track, bar by bar")


def resampled_means(values: np.ndarray, piece: np.ndarray, draws: np.ndarray) -> np.ndarray:
    """The mean over all windows of the pieces drawn, one for each draw, (n_draws,).

    `values` and `piece` are (n_windows,): a measure, and the number of the piece that
    the window comes from. `draws` is (n_draws, n_pieces): numbers of pieces, drawn with
    replacement; a piece that is drawn twice counts twice.
    """
    sums = np.bincount(piece, values)  # one for each piece
    counts = np.bincount(piece)
    return sums[draws].sum(axis=1) / counts[draws].sum(axis=1)


@exercise("10.resampled_means", reference=resampled_means, stars=2)
def _(answer: Answer, rng: np.random.Generator) -> None:
    values, piece = np.array([1.0, 3.0, 8.0, 5.0]), np.array([0, 0, 1, 2])
    hint = "piece 0 holds the windows 1 and 3, piece 1 the window 8, piece 2 the window 5: "
    expect(answer, [values, piece, np.array([[0, 1, 2]])], np.array([4.25]), f"{hint}17 in four windows")
    twice = f"{hint}drawn 0, 0 and 1, it's 16 in five windows, since what is drawn twice counts twice"
    expect(answer, [values, piece, np.array([[0, 0, 1]])], np.array([3.2]), twice)
    several = np.array([[0, 1, 2], [1, 1, 1], [0, 0, 1]])
    expect(answer, [values, piece, several], np.array([4.25, 8.0, 3.2]), f"{hint}one mean for each draw")
    for _ in range(3):
        piece = rng.permutation(np.repeat(np.arange(6), rng.integers(1, 6, 6)))
        values, draws = rng.normal(size=len(piece)), rng.integers(0, 6, (20, 6))
        want = resampled_means(values, piece, draws)
        expect(
            answer, [values, piece, draws], want, "long pieces weigh more: pool windows, not means of pieces"
        )


def copied_share(window: np.ndarray, train: np.ndarray) -> float:
    """The largest share of equal cells with any training window at any transposition.

    `window` is (n_steps, n_voices), `train` (n_windows, n_steps, n_voices): pitches, no
    rests. Transpositions go from 6 semitones down to 5 up.
    """
    shares = [(train + shift == window).mean(axis=(1, 2)) for shift in range(-6, 6)]
    return float(np.max(shares))


def _package_copied(window: np.ndarray, train: np.ndarray) -> float:
    """The package's form, `evaluation.copying`, on one window."""

    def grid(pitch: np.ndarray) -> evaluation.Voices:
        names = tuple(str(v) for v in range(pitch.shape[2]))
        return evaluation.Voices(pitch.astype(np.int16), np.ones(pitch.shape, bool), names, 4, 16)

    return float(evaluation.copying(grid(window[None]), grid(train))[0])


@exercise("10.copied_share", reference=copied_share, stars=2, twin=_package_copied)
def _(answer: Answer, rng: np.random.Generator) -> None:
    window = np.array([[67, 60], [69, 60], [71, 62], [72, 64]])
    far = np.array([[50, 40], [80, 41], [51, 42], [81, 43]])
    train = np.stack([far, window - 3])
    expect(answer, [window, np.stack([far, window])], 1.0, "one of the training windows is this very window")
    expect(
        answer, [window, train], 1.0, "a training window is the same, three semitones lower: try all twelve"
    )
    changed = window.copy()
    changed[3] = 60, 55
    expect(answer, [changed, train], 0.75, "six of the eight cells agree with one window, transposed")
    up = np.stack([far, window + 6])
    expect(answer, [window, up], 1.0, "it's there six semitones higher, so it must go six down to meet it")
    mixed = np.stack(
        [np.where(np.arange(4)[:, None] < 2, window, far), np.where(np.arange(4)[:, None] < 2, far, window)]
    )
    expect(
        answer, [window, mixed], 0.5, "half of it is in one window, half in another: the best *one* counts"
    )
    for _ in range(3):
        train, window = rng.integers(58, 64, (9, 8, 2)), rng.integers(58, 64, (8, 2))
        expect(answer, [window, train], copied_share(window, train), "compare cell by cell")


def grouped_folds(piece: np.ndarray, n_folds: int) -> np.ndarray:
    """The fold of each window, 0 to n_folds − 1, (n_windows,); pieces stay together.

    `piece` holds the number of each window's piece. Piece after piece, the largest
    first, goes to the fold that holds the fewest windows so far.
    """
    sizes = np.bincount(piece)
    filled = np.zeros(n_folds)
    fold_of = np.zeros(len(sizes), dtype=int)
    for number in np.argsort(-sizes, kind="stable"):
        fold_of[number] = filled.argmin()
        filled[fold_of[number]] += sizes[number]
    return fold_of[piece]


@exercise("10.grouped_folds", reference=grouped_folds, stars=2)
def _(answer: Answer, rng: np.random.Generator) -> None:
    cases = [
        np.repeat([0, 1, 2, 3], [5, 1, 3, 3]),
        rng.permutation(np.repeat(np.arange(12), rng.integers(1, 20, 12))),
    ]
    for piece, n_folds in zip(cases, (2, 5), strict=True):
        got = answer(piece.copy(), n_folds)
        require(got is not None, "it gave None: is a `return` missing?")
        got = np.asarray(got)
        require(
            got.shape == piece.shape, f"it gave shape {got.shape} for {len(piece)} windows: one fold a window"
        )
        require(
            set(got.tolist()) <= set(range(n_folds)),
            f"folds are numbered 0 to {n_folds - 1}, got {np.unique(got)}",
        )
        split = [n for n in np.unique(piece) if len(np.unique(got[piece == n])) > 1]
        require(not split, f"piece {split[0] if split else 0} is in several folds: that is the leak")
        sizes = np.bincount(got, minlength=n_folds)
        best = np.bincount(grouped_folds(piece, n_folds), minlength=n_folds)
        require(
            np.ptp(sizes) <= np.ptp(best),
            f"the folds hold {sizes.tolist()} windows, {best.tolist()} is possible: the largest piece first, "
            "each to the emptiest fold",
        )


def held_out_accuracy(new_judge: Callable, x: np.ndarray, is_fake: np.ndarray, fold: np.ndarray) -> float:
    """The mean of the accuracies on real and on fake windows, while held out.

    `x` is (n_windows, n_features), `is_fake` bool and `fold` int, (n_windows,).
    `new_judge()` makes an untrained judge with fit(x, is_fake) and predict(x).
    """
    said = np.zeros(len(x), dtype=bool)
    for number in np.unique(fold):
        held = fold == number
        said[held] = new_judge().fit(x[~held], is_fake[~held]).predict(x[held])
    right = said == is_fake
    return float((right[is_fake].mean() + right[~is_fake].mean()) / 2)


class _ByHeart:
    """A judge that knows by heart what it has seen, and calls everything else real."""

    def __init__(self) -> None:
        self.known: dict[float, bool] = {}

    def fit(self, x: np.ndarray, is_fake: np.ndarray) -> "_ByHeart":
        self.known |= {float(row[0]): bool(fake) for row, fake in zip(x, is_fake, strict=True)}
        return self

    def predict(self, x: np.ndarray) -> np.ndarray:
        return np.array([self.known.get(float(row[0]), False) for row in x])


class _Threshold:
    """A judge that calls fake what lies above the middle of both classes' means."""

    def fit(self, x: np.ndarray, is_fake: np.ndarray) -> "_Threshold":
        self.middle = (x[is_fake, 0].mean() + x[~is_fake, 0].mean()) / 2
        self.up = x[is_fake, 0].mean() > self.middle
        return self

    def predict(self, x: np.ndarray) -> np.ndarray:
        return np.asarray((x[:, 0] > self.middle) == self.up)


@exercise("10.held_out_accuracy", reference=held_out_accuracy, stars=3)
def _(answer: Answer, rng: np.random.Generator) -> None:
    x = np.arange(12.0)[:, None]
    is_fake, fold = np.arange(12) >= 8, np.arange(12) % 3
    got = answer(_ByHeart, x.copy(), is_fake.copy(), fold.copy())
    require(got is not None, "it gave None: is a `return` missing?")
    require(
        not np.isclose(got, 1),
        "a judge that only knows by heart what it has seen got 1.0: it was asked about windows it was trained "
        "on, or one judge was kept for all folds",
    )
    require(not np.isclose(got, 0.875), "one judge was kept for all folds: it remembers what is held out now")
    require(
        not np.isclose(got, 8 / 12),
        "a judge that calls every unseen window real got 0.667, its share of real windows: average the accuracies "
        "of both kinds, or the commoner kind decides",
    )
    require(
        np.isclose(got, 0.5), f"a judge that calls every unseen window real got {got}, and should get 0.5"
    )
    for _ in range(3):
        is_fake = rng.random(60) < 0.3
        x, fold = rng.normal(size=(60, 1)) + is_fake[:, None], rng.integers(0, 5, 60)
        want = held_out_accuracy(_Threshold, x, is_fake, fold)
        expect(answer, [_Threshold, x, is_fake, fold], want, "pool what was said in all folds, then count")


def wilson_interval(hits: int, n: int) -> tuple:
    """Wilson's 95 % interval of a share, (low, high), from hits in n answers."""
    z, p = 1.96, hits / n
    centre = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    return centre - half, centre + half


def _wilson(hits: float, n: float, z: float) -> tuple:
    """`wilson_interval` for any z, which enters by z² / n alone: as if n were another."""
    scale = (1.96 / z) ** 2
    return wilson_interval(hits * scale, n * scale)  # type: ignore[arg-type]


@exercise(
    "10.wilson_interval",
    reference=wilson_interval,
    stars=1,
    twin=evaluation.share_interval,
    varies={"z": (1.96, 1.282, 1.645, 2.326, 2.576)},
)
def _(answer: Answer, rng: np.random.Generator, z: float = 1.96) -> None:
    def ask(hits: int, n: int) -> None:
        got = answer(hits, n)
        require(got is not None, "it gave None: is a `return` missing?")
        require(np.shape(got) == (2,), f"it gave {got!r} instead of (low, high)")
        want = np.array(_wilson(hits, n, z))
        p = hits / n
        plain = z * np.sqrt(p * (1 - p) / n)
        require(
            not (plain > 0 and np.allclose(got, (p - plain, p + plain), atol=1e-3)),
            f"{hits} of {n} gave p ± {z:g} √(p(1−p)/n), the textbook's, which fails for few answers",
        )
        require(
            not np.allclose(got, want * (1 + z**2 / n), atol=1e-3),
            f"{hits} of {n} gave {np.round(got, 4)}: centre and half width are both divided by 1 + z²/n",
        )
        close = np.allclose(got, want, atol=1e-3)
        require(
            close, f"{hits} of {n} gave {np.round(got, 4)} instead of {want.round(4)}: put it in term by term"
        )

    ask(8, 10)
    ask(10, 10)
    for n in rng.integers(5, 60, 5).tolist():
        ask(int(rng.integers(0, n + 1)), n)

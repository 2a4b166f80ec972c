"""Checks of lesson 03: ghost notes, splits by name, keys, the spectral gate."""

import zlib

import numpy as np

from musicgan_edu import cleaning, corpus
from musicgan_edu.checks import Answer, Wrong, exercise, expect, require
from musicgan_edu.score import NOTE, Score

__all__ = ["gate", "ghosts_of", "shift_to_c", "split_of"]


def split_of(name: str) -> str:
    """The split of a piece, by crc32 of its name modulo 10.

    0 is "test", 1 is "validation", all else "train".
    """
    share = zlib.crc32(name.encode()) % 10
    if share == 0:
        return "test"
    return "validation" if share == 1 else "train"


def _split_at(name: str, divisor: int) -> str:
    """`split_of`, by crc32 modulo any number: a graded assignment's."""
    return {0: "test", 1: "validation"}.get(zlib.crc32(name.encode()) % divisor, "train")


@exercise(
    "03.split_of",
    reference=split_of,
    stars=1,
    twin=corpus.split_of,
    varies={"divisor": (10, 6, 7, 8, 9, 11, 12)},
)
def _(answer: Answer, rng: np.random.Generator, divisor: int = 10) -> None:
    for name, crc in (("bwv66.6", 3505064014), ("bwv269", 11461870)):
        expect(answer, [name], _split_at(name, divisor), f"its crc32 is {crc}, which leaves {crc % divisor}")
    names = [f"piece {n}" for n in rng.integers(0, 10**6, size=200).tolist()]
    for name in names:
        leaves = zlib.crc32(name.encode()) % divisor
        expect(answer, [name], _split_at(name, divisor), f"its crc32 leaves {leaves}")


def ghosts_of(notes: np.ndarray, shortest: float, quietest: float) -> np.ndarray:
    """Which notes of one track are ghosts, bool, (n_notes,).

    Shorter than `shortest` beats, or quieter than `quietest` times the track's median
    velocity.
    """
    usual = np.median(notes["velocity"])
    return (notes["duration"] < shortest) | (notes["velocity"] < quietest * usual)


def _package_ghosts(notes: np.ndarray, shortest: float, quietest: float) -> np.ndarray:
    """The package's form of `ghosts_of`, from `cleaning.remove_ghosts`."""
    score = Score.from_rows([tuple(note) for note in notes.tolist()])
    kept = cleaning.remove_ghosts(score, shortest=shortest, quietest=quietest).notes
    return ~np.isin(notes["onset"], kept["onset"])  # the checks' notes have one onset each


def _track(durations: list, velocities: list) -> np.ndarray:
    """Notes of one track, one a beat, with the durations and velocities given."""
    notes = np.zeros(len(durations), dtype=NOTE)
    notes["pitch"], notes["onset"] = 60, np.arange(len(durations))
    notes["duration"], notes["velocity"] = durations, velocities
    return notes


@exercise("03.ghosts_of", reference=ghosts_of, stars=1, twin=_package_ghosts)
def _(answer: Answer, rng: np.random.Generator) -> None:
    def ask(durations: list, velocities: list, want: list, because: str) -> None:
        got = answer(_track(durations, velocities), 0.25, 0.5)
        require(got is not None, "it gave None: is a `return` missing?")
        require(
            np.shape(got) == (len(want),), f"{len(want)} notes need {len(want)} answers, not {np.shape(got)}"
        )
        case = f"durations {durations} and velocities {velocities} (0.25 beats, half the median)"
        require(np.asarray(got).tolist() == want, f"{case} gave {np.asarray(got).tolist()}: {because}")

    ask([1.0, 0.1, 1.0], [80, 80, 80], [False, True, False], "the second is shorter than 0.25 beats")
    ask([1.0, 1.0, 1.0], [80, 30, 80], [False, True, False], "30 is below half of 80; long, but too quiet")
    ask(
        [1.0] * 3,
        [20, 22, 30],
        [False] * 3,
        "a soft player's usual is 22: compare with the track's own median",
    )
    ask([1.0] * 5, [25, 25, 25, 127, 127], [False] * 5, "two accents move the mean, but the median stays 25")
    ask([1.0, 0.25, 1.0], [80, 40, 80], [False] * 3, "exactly at a threshold isn't below it")
    for _ in range(5):
        notes = _track(rng.uniform(0.05, 1, 12).round(2).tolist(), rng.integers(1, 128, 12).tolist())
        expect(answer, [notes, 0.25, 0.5], ghosts_of(notes, 0.25, 0.5), "compare note by note")


def shift_to_c(tonic: int, mode: str) -> int:
    """Semitones, −6 to 5, that move a key to C major, or A minor, the shortest way."""
    home = 0 if mode == "major" else 9
    return (home - tonic + 6) % 12 - 6


def _package_shift(tonic: int, mode: str) -> int:
    """The package's form of `shift_to_c`, from `cleaning.to_c`."""
    moved = cleaning.to_c(Score.from_rows([(0, 60, 0, 1)], key=(tonic, mode)))
    return int(moved.notes["pitch"][0]) - 60


@exercise("03.shift_to_c", reference=shift_to_c, stars=2, twin=_package_shift)
def _(answer: Answer, rng: np.random.Generator) -> None:
    expect(answer, [0, "major"], 0, "C major is there already")
    expect(answer, [2, "major"], -2, "from D two semitones down")
    expect(answer, [10, "major"], 2, "from B♭ two up is nearer than ten down")
    expect(answer, [9, "minor"], 0, "A minor has the white keys, as C major has; it stays")
    expect(answer, [0, "minor"], -3, "C minor goes to A minor, three down, not to C")
    expect(answer, [6, "major"], -6, "the tritone is as far either way; the agreement is: down")
    for tonic in rng.permutation(12).tolist():
        for mode in ("major", "minor"):
            expect(answer, [tonic, mode], shift_to_c(tonic, mode))


def gate(level: np.ndarray, noise: np.ndarray, threshold: float) -> np.ndarray:
    """Which cells of a spectrogram pass, bool, (n_frequencies, n_frames).

    `level` and `noise` are in decibels, (n_frequencies, n_frames) each; a cell passes
    where it is louder than the noise's mean at its frequency plus `threshold` standard
    deviations.
    """
    mean = noise.mean(axis=1, keepdims=True)  # (n_frequencies, 1)
    deviation = noise.std(axis=1, keepdims=True)
    return level > mean + threshold * deviation


@exercise("03.gate", reference=gate, stars=3)
def _(answer: Answer, rng: np.random.Generator) -> None:
    noise = np.array([[-60.0, -56.0], [-30.0, -30.0]])  # means −58 and −30, deviations 2 and 0
    level = np.array([[-55.0, -53.0, -20.0], [-31.0, -29.0, -20.0]])
    want = [[False, True, True], [False, True, True]]
    try:
        got = answer(level.copy(), noise.copy(), 2.0)
    except ValueError as error:
        raise Wrong(
            f"numpy can't line up the shapes ({error}): mean and deviation must be columns"
        ) from error
    require(got is not None, "it gave None: is a `return` missing?")
    got = np.asarray(got)
    require(got.shape == (2, 3), f"the mask has shape {got.shape}, the level (2, 3): one answer a cell")
    require(
        not got[0, 0],
        "at the first frequency the noise's mean is −58 dB and its deviation 2, so with threshold 2 "
        "nothing below −54 passes, but −55 did",
    )
    require(
        got[1, 1],
        "each frequency has its own noise: at the second `noise` is −30 dB throughout, so −29 passes",
    )
    require(
        got[0, 1],
        "at the first frequency −58 + 2 · 2 is −54, so −53 passes: the deviation is the variance's root",
    )
    require(got.tolist() == want, f"the mask is {got.tolist()} instead of {want}")
    for threshold in (0.0, 1.0, 3.0):
        noise, level = rng.normal(-60, 6, (5, 40)), rng.normal(-50, 12, (5, 30))
        expect(
            answer,
            [level, noise, threshold],
            gate(level, noise, threshold),
            "take mean and deviation over time",
        )

"""Damage real pieces, clean them, and count the notes that are back where they were written.

    python benchmarks/damage.py                       # test pieces
    python benchmarks/damage.py --split validation

Comes in: nothing; chorales and fiddle tunes in 4/4 from music21. Goes out: a table on stdout: note F1 (pitch and place in
its bar, whole bars of shift forgiven; for voices the voice, for overlaps the end, too) of the damaged piece put on the grid, and of the
cleaned one, 95 % intervals by bootstrap over pieces.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable

import numpy as np

from musicgan_edu import cleaning, corpus
from musicgan_edu.score import Score, Track

Rng = np.random.Generator


def pieces(split: str, n: int) -> dict[str, list[Score]]:
    """At most n pieces of each collection, on sixteenths, with their pickups."""
    found = {}
    for name in ("chorales", "ryansMammoth"):
        scores = corpus.load(name, split=split, progress=False)
        fit = [s for s in scores if s.beats_per_bar == 4 and s.n_notes > 20 and float(s.pickup).is_integer()]
        found[name] = [cleaning.quantise(cleaning.remove_silence(score, silent_bars=99)) for score in fit[:n]]
    return found


def jitter(score: Score, rng: Rng) -> Score:
    """As played: off by 0.03 beats, detached, loud and soft."""
    notes = score.notes.copy()
    notes["onset"] = np.maximum(0, notes["onset"] + rng.normal(0, 0.03, len(notes)))
    notes["duration"] *= rng.uniform(0.85, 0.98, len(notes))
    notes["velocity"] = np.clip(rng.normal(75, 8, len(notes)), 45, 110)
    return score.replace(notes=notes)


def ghosts(score: Score, rng: Rng) -> Score:
    """One note in five has a short or soft neighbour that nobody wrote."""
    played = jitter(score, rng)
    extra = played.notes[rng.random(played.n_notes) < 0.2].copy()
    extra["pitch"] += rng.choice([-2, -1, 1, 2], len(extra)).astype(np.int16)
    extra["onset"] += rng.uniform(0, 1, len(extra))
    extra["duration"] = rng.uniform(0.01, 0.2, len(extra))
    extra["velocity"] = rng.integers(5, 30, len(extra))
    return played.replace(notes=np.concatenate([played.notes, extra]))


def overlaps(score: Score, rng: Rng) -> Score:
    """One note in three is held 1 to 2 beats too long, one in ten is there twice."""
    notes = score.notes.copy()
    notes["duration"] += np.where(rng.random(len(notes)) < 0.33, rng.uniform(1, 2, len(notes)), 0)
    return score.replace(notes=np.concatenate([notes, notes[rng.random(len(notes)) < 0.1]]))


def doubled(score: Score, rng: Rng) -> Score:
    """A track that plays the first one's notes, a hair later."""
    copy = score.of_track(0).copy()
    copy["track"], copy["onset"] = len(score.tracks), copy["onset"] + rng.uniform(0, 0.05, len(copy))
    tracks = (*score.tracks, Track("Double", 40))
    return score.replace(notes=np.concatenate([score.notes, copy]), tracks=tracks)


def silence(score: Score, rng: Rng) -> Score:
    """Two to five empty bars before, and as many in the middle."""
    notes = score.notes.copy()
    bar = np.floor((notes["onset"] - score.pickup) / 4)
    middle = np.median(bar)
    notes["onset"] += 4.0 * rng.integers(2, 6) + np.where(bar > middle, 4.0 * rng.integers(2, 6), 0)
    return score.replace(notes=notes)


def played(score: Score, rng: Rng, depth: float) -> Score:
    """Without a metronome into a file that claims 120: a tempo of 70 to 140 that wanders by `depth`, 15 ms of jitter."""
    notes, n_beats = score.notes.copy(), int(np.ceil(score.end)) + 2
    shape = np.exp(-(np.arange(-8, 9) ** 2) / 18.0)
    wander = np.convolve(rng.normal(size=n_beats + 16), shape / np.linalg.norm(shape), "valid")
    per_beat = 60 / rng.uniform(70, 140) * np.exp(depth * wander)
    times = np.concatenate([[0], np.cumsum(per_beat)])

    def seconds(beats: np.ndarray) -> np.ndarray:
        return np.interp(beats, np.arange(len(times)), times)

    onset, end = seconds(notes["onset"]), seconds(notes["onset"] + notes["duration"])
    off = rng.normal(0, 0.015 if depth else 0.0, len(notes))
    notes["onset"], notes["duration"] = (
        np.maximum(0, onset + off) * 2,
        np.maximum(0.92 * (end - onset), 0.03) * 2,
    )
    return score.replace(notes=notes, tempo=120.0, pickup=0.0)


def swung(score: Score, rng: Rng) -> Score:
    """Eighths at a ratio of 1.6 to 2.4 : 1, with a little jitter."""
    knee = (ratio := rng.uniform(1.6, 2.4)) / (1 + ratio)
    notes = score.notes.copy()
    for_beat = notes["onset"] - score.pickup
    whole = np.floor(for_beat)
    notes["onset"] = score.pickup + whole + np.interp(for_beat - whole, [0, 0.5, 1], [0, knee, 1])
    notes["onset"] = np.maximum(0, notes["onset"] + rng.normal(0, 0.015, len(notes)))
    return score.replace(notes=notes)


def merged(score: Score, rng: Rng) -> Score:
    """All voices on one track, as a keyboard records them."""
    notes = score.notes.copy()
    notes["track"] = 0
    return score.replace(notes=notes, tracks=(Track("Keyboard"),))


KINDS: dict[str, tuple[Callable[[Score, Rng], Score], dict[str, object]]] = {
    "nothing": (lambda score, rng: score, {}),
    "nothing, every step on": (lambda score, rng: score, {"swing": True, "pickup": True}),
    "nothing, beats looked for": (lambda score, rng: score, {"free": True}),
    "jitter of 0.03 beats": (jitter, {}),
    "ghost notes": (ghosts, {"shortest": 1 / 8, "quietest": 0.5}),
    "overlaps, by ends too": (overlaps, {"lines": True}),
    "a doubled track": (doubled, {}),
    "silent bars": (silence, {"silent_bars": 0}),
    "wrong tempo map": (lambda score, rng: played(score, rng, 0.0), {"free": True}),
    "rubato, 5 %": (lambda score, rng: played(score, rng, 0.05), {"free": True}),
    "rubato, 10 %": (lambda score, rng: played(score, rng, 0.1), {"free": True}),
    "rubato, 20 %": (lambda score, rng: played(score, rng, 0.2), {"free": True}),
    "swing": (swung, {"swing": True}),
    "a lost pickup": (lambda score, rng: score.replace(pickup=0.0), {"pickup": True}),
    "voices on one track": (merged, {"n_voices": 4}),
}


def places(score: Score, tracks: bool, ends: bool) -> Counter:
    step = np.rint((score.notes["onset"] - score.pickup) * 4).astype(int)
    track = score.notes["track"] if tracks else np.zeros(score.n_notes, int)
    length = np.rint(score.notes["duration"] * 4).astype(int) if ends else track
    columns = (track, score.notes["pitch"], step, length)
    return Counter(zip(*(column.tolist() for column in columns), strict=True))


def f1(written: Score, found: Score, tracks: bool = False, ends: bool = False) -> float:
    """Of notes in their places; the best of all shifts by whole bars."""
    want, got = places(written, tracks, ends), places(found, tracks, ends)
    best = 0
    for bars in range(-12, 13):
        moved = Counter({(t, p, s + 16 * bars, d): n for (t, p, s, d), n in got.items()})
        best = max(best, sum((want & moved).values()))
    return 2 * best / max(1, want.total() + got.total())


def interval(values: list[float]) -> str:
    rng = np.random.default_rng(0)
    data = np.array(values)
    low, high = np.percentile(data[rng.integers(len(data), size=(2000, len(data)))].mean(1), (2.5, 97.5))
    return f"{data.mean():.2f} ({low:.2f}–{high:.2f})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--split", default="test")
    parser.add_argument("--pieces", type=int, default=30)
    given = parser.parse_args()
    found = pieces(given.split, given.pieces)
    names = [f"{name} ({len(scores)})" for name, scores in found.items()]
    print("| damage | " + " | ".join(f"{name}: on the grid | cleaned" for name in names) + " |")
    print("|---" * (1 + 2 * len(found)) + "|")
    for kind, (hurt, options) in KINDS.items():
        cells = []
        for scores in found.values():
            rng = np.random.default_rng(1)
            damaged = [hurt(score, rng) for score in scores]
            ends = "lines" in options
            voices = "n_voices" in options and len(scores[0].tracks) > 1
            if "n_voices" in options and not voices:
                cells += ["", ""]
                continue
            pairs = list(zip(scores, damaged, strict=True))
            cells.append(interval([f1(s, cleaning.quantise(d), voices, ends) for s, d in pairs]))
            cells.append(
                interval([f1(s, cleaning.clean(d, **options).score, voices, ends) for s, d in pairs])
            )
        print(f"| {kind} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()

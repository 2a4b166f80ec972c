"""Note F1 of transcription under noise, with and without gating and trimming, over rendered tunes.

Comes in: nothing; pieces from music21. Goes out: a table on stdout, kept as JSON between turns.

    python benchmarks/transcribe.py                 # 20 test pieces
    python benchmarks/transcribe.py --split validation --pieces 6

Pieces: fiddle tunes (ryansMammoth) and chorale sopranos, 6 s of each, on four instruments in
turn, rendered by `playback` with 1 s of silence before, 2 s in the middle, 1 s after. Noise: white or pink, SNR
against the music's own mean power. F1 by mir_eval: onset within 50 ms, pitch within 50 cents; with offsets also the
end within 20 % of the note (50 ms at least). Intervals: bootstrap over pieces, 95 %.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import mir_eval
import numpy as np

from musicgan_edu import audio, corpus, playback, transcription
from musicgan_edu.score import Score, Track

PROGRAMS = (0, 56, 71, 73)  # piano, trumpet, clarinet, flute; the violin sample swells for 150 ms
NOISES = [("none", None), *((kind, snr) for kind in ("white", "pink") for snr in (20, 10, 0))]
WAYS = ((False, False), (True, False), (False, True), (True, True))  # denoise, trim
RATE = transcription.RATE


def pieces(split: str, n: int) -> list[Score]:
    """n melodies, half fiddle tunes, half chorale sopranos, with silence put in."""
    lines = []
    for name in ("ryansMammoth", "chorales"):
        scores = {score.source: score for score in corpus.load(name, split=split, progress=False)}
        long = [score for score in scores.values() if score.n_bars >= 8 and score.n_notes > 20]
        lines.append([long[i] for i in np.random.default_rng(7).permutation(len(long))[: n // 2]])
    mixed = [
        score for pair in zip(*lines, strict=True) for score in pair
    ]  # both kinds, wherever it breaks off
    return [melody(score, PROGRAMS[i // 2 % len(PROGRAMS)]) for i, score in enumerate(mixed)]


def melody(score: Score, program: int) -> Score:
    """The first track's first 6 seconds, 1 s of silence before, 2 s in the middle."""
    second = score.tempo / 60
    score = score.cut(score.pickup, score.pickup + 6 * second)
    notes = score.of_track(0).copy()
    notes["track"] = 0
    middle = notes["onset"][len(notes) // 2]
    notes["onset"] += np.where(notes["onset"] >= middle, 3 * second, second)
    return score.replace(notes=notes, tracks=(Track("Melody", program),), pickup=0.0)


def truth(score: Score) -> tuple[np.ndarray, np.ndarray]:
    onset, end = score.notes["onset"], score.notes["onset"] + score.notes["duration"]
    return np.stack([onset, end], 1) * 60 / score.tempo, hertz(score.notes["pitch"])


def hertz(pitches: np.ndarray) -> np.ndarray:
    return 440 * 2 ** ((np.asarray(pitches, float) - 69) / 12)


def noisy(clean: np.ndarray, kind: str, snr: float | None, rng: np.random.Generator) -> np.ndarray:
    """Noise added at so many decibels below the music's mean power; the digital silence doesn't count."""
    if snr is None:
        return clean
    spectrum = np.fft.rfft(rng.normal(size=len(clean)))
    if kind == "pink":  # power ∝ 1 / f
        spectrum[1:] /= np.sqrt(np.arange(1, len(spectrum)))
    noise = np.fft.irfft(spectrum, len(clean))
    power = np.mean(clean[np.abs(clean) > 1e-4] ** 2)
    mixed = clean + noise * np.sqrt(power / 10 ** (snr / 10) / np.mean(noise**2))
    return (mixed / max(1, np.abs(mixed).max())).astype(np.float32)


def f1(score: Score, heard: transcription.Heard) -> tuple[float, float]:
    """Of onsets and pitches, and with offsets too."""
    if not len(heard):
        return 0.0, 0.0
    notes = (*truth(score), heard.intervals, hertz(heard.pitches))
    measure = mir_eval.transcription.precision_recall_f1_overlap
    return measure(*notes, offset_ratio=None)[2], measure(*notes)[2]


def measure(score: Score, trackers: list[str], seed: int) -> dict[str, tuple[float, float]]:
    rng = np.random.default_rng(seed)
    clean = playback.render(score, RATE).mean(axis=1)
    results = {}
    for kind, snr in NOISES:
        raw = noisy(clean, kind, snr, rng)
        for gate, samples in enumerate((raw, audio.denoise(raw, RATE, noise=(0.0, 0.95)))):
            trimmed = audio.trim(samples, RATE)
            for tracker in trackers:
                key = f"{kind} {snr} {tracker} {gate:d}"
                whole = f1(score, transcription.listen(samples, tracker=tracker))
                results[f"{key}0"] = results[f"{key}1"] = whole
                if trimmed.seconds_removed > 0:  # else nothing was cut, as under loud noise
                    cut = transcription.listen(trimmed.samples, tracker=tracker, trimmed=trimmed)
                    results[f"{key}1"] = f1(score, cut)
            results[f"{kind} {snr} cut {gate:d}"] = (trimmed.seconds_removed, 0.0)
    return results


def interval(values: np.ndarray) -> str:
    rng = np.random.default_rng(0)
    means = values[rng.integers(len(values), size=(2000, len(values)))].mean(1)
    low, high = np.percentile(means, (2.5, 97.5))
    return f"{values.mean():.2f} ({low:.2f}–{high:.2f})"


def table(kept: dict[str, dict[str, tuple[float, float]]], trackers: list[str]) -> None:
    for which, what in enumerate(("onset and pitch", "with offsets")):
        for tracker in trackers:
            print(f"\nnote F1, {what}, {tracker}, {len(kept)} pieces")
            print(
                "| noise | neither | denoise | trim | both | denoise − neither |\n|---|---|---|---|---|---|"
            )
            for kind, snr in NOISES:
                keys = [f"{kind} {snr} {tracker} {gate:d}{cut:d}" for gate, cut in WAYS]
                values = np.array([[piece[key][which] for key in keys] for piece in kept.values()])
                name = "none" if snr is None else f"{kind}, {snr} dB"
                cells = [interval(column) for column in (*values.T, values[:, 1] - values[:, 0])]
                print(f"| {name} | {' | '.join(cells)} |")


def groups(kept: dict[str, dict[str, tuple[float, float]]], trackers: list[str]) -> None:
    print("\nnote F1, onset and pitch, no noise, neither step, mean")
    for tracker in trackers:
        values = [piece[f"none None {tracker} 00"][0] for piece in kept.values()]
        print(
            f"| {tracker} | fiddle tunes {np.mean(values[::2]):.2f} | chorales {np.mean(values[1::2]):.2f} |"
        )
        for i, program in enumerate(PROGRAMS):
            own = [value for n, value in enumerate(values) if n // 2 % len(PROGRAMS) == i]
            print(f"| {tracker} | program {program} | {np.mean(own):.2f} |")


def cuts(kept: dict[str, dict[str, tuple[float, float]]]) -> None:
    print("\nseconds that trim cuts of the 4 inserted, mean")
    for kind, snr in NOISES:
        raw, gated = (np.mean([p[f"{kind} {snr} cut {g}"][0] for p in kept.values()]) for g in (0, 1))
        print(f"| {kind} {snr} | {raw:.1f} | after denoise {gated:.1f} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--split", default="test")
    parser.add_argument("--pieces", type=int, default=20)
    parser.add_argument("--trackers", nargs="+", default=["yin", "pyin"])
    parser.add_argument("--keep", type=Path, help="JSON to go on from after a break")
    given = parser.parse_args()
    kept = json.loads(given.keep.read_text()) if given.keep and given.keep.exists() else {}
    for seed, score in enumerate(pieces(given.split, given.pieces)):
        if score.source not in kept:
            kept[score.source] = measure(score, given.trackers, seed)
            if given.keep:
                given.keep.write_text(json.dumps(kept))
    table(kept, given.trackers)
    groups(kept, given.trackers)
    cuts(kept)


if __name__ == "__main__":
    main()

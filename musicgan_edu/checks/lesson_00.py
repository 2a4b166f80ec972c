"""Checks of lesson 00: tempo, frequency, a first tone."""

import numpy as np

from musicgan_edu.checks import Answer, exercise, expect, require

__all__ = ["frequency", "seconds_of", "tone"]


def seconds_of(beats: float, tempo: float) -> float:
    """How many seconds `beats` quarter notes last at `tempo` of them a minute."""
    return beats * 60 / tempo


@exercise("00.seconds_of", reference=seconds_of, stars=1)
def _(answer: Answer, rng: np.random.Generator) -> None:
    expect(answer, [1, 60], 1.0, "at 60 beats a minute a beat lasts one second")
    expect(answer, [1, 120], 0.5, "twice the tempo, half the time: does the tempo divide in yours?")
    expect(answer, [8, 60], 8.0, "eight beats last eight times as long as one")
    for beats, tempo in rng.integers(1, 200, size=(5, 2)).tolist():
        expect(answer, [beats, tempo], seconds_of(beats, tempo))


def frequency(pitch: float) -> float:
    """The frequency, in hertz, of a MIDI pitch: 440 for pitch 69."""
    return 440 * 2 ** ((pitch - 69) / 12)


@exercise("00.frequency", reference=frequency, stars=2)
def _(answer: Answer, rng: np.random.Generator) -> None:
    expect(answer, [69], 440.0, "pitch 69 is the A that orchestras tune to, 440 Hz")
    expect(answer, [81], 880.0, "twelve semitones up is an octave, and an octave doubles the frequency")
    expect(answer, [57], 220.0, "an octave down halves the frequency")
    expect(answer, [70], 466.1637615, "one semitone up is a factor of 2 to the 1/12; mind the brackets")
    for pitch in rng.integers(0, 128, size=5).tolist():
        expect(answer, [pitch], frequency(pitch))


def tone(pitch: float, seconds: float, sample_rate: int) -> np.ndarray:
    """A sine tone of amplitude 0.3, beginning at 0.

    It has round(seconds · sample_rate) samples, shape (n_samples,).
    """
    n = np.arange(round(seconds * sample_rate))
    return 0.3 * np.sin(2 * np.pi * frequency(pitch) * n / sample_rate)


@exercise("00.tone", reference=tone, stars=3, varies={"amplitude": (0.3, 0.1, 0.15, 0.2, 0.4, 0.45, 0.5)})
def _(answer: Answer, rng: np.random.Generator, amplitude: float = 0.3) -> None:
    made = np.asarray(answer(69, 0.5, 8000), dtype=float)
    require(
        made.shape == (4000,), f"half a second at 8000 samples a second is 4000 samples, not {made.shape}"
    )
    require(np.isfinite(made).all() and np.ptp(made) > 0, "it is silent, or holds values that aren't numbers")
    loudest = float(np.abs(np.fft.rfft(made, 32_000)).argmax()) / 4  # Hz: four seconds, mostly silent
    require(
        abs(loudest - 440) <= 2,
        f"pitch 69 sounds at about {loudest:.0f} Hz instead of 440; {_why(loudest)}",
    )
    peak = np.abs(made).max()
    require(
        abs(peak - amplitude) < 0.01,
        f"its amplitude is {peak:.2f}, not {amplitude:g}; louder than 1 would clip",
    )
    require(abs(made[0]) < 1e-6, "a sine starts at 0: is it a cosine, or does n start at 1?")
    louder = amplitude / 0.3  # than the lesson's
    for pitch in rng.integers(48, 80, size=3).tolist():
        expect(answer, [pitch, 0.1, 8000], louder * tone(pitch, 0.1, 8000), _LINSPACE, within=1e-5)
    expect(
        answer,
        [57, 0.29, 100],
        louder * tone(57, 0.29, 100),
        "0.29 · 100 is a hair under 29: does yours round?",
    )


_LINSPACE = "sample n sounds after n / sample_rate seconds (np.linspace puts its last one at the very end)"


def _why(hertz: float) -> str:
    """What a wrong frequency hints at."""
    if abs(hertz - 69) < 0.5:
        return "69 is the pitch: `frequency` says how often it vibrates"
    if abs(hertz - 70) < 0.5:
        return "440 / 2π is 70: the factor 2π is missing"
    if hertz <= 2:
        return "does the phase grow with n / sample_rate?"
    return "the phase of sample n is 2π · frequency · n / sample_rate"

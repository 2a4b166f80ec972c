"""What students write in lesson 00 before they get it right."""

import numpy as np


def frequency(pitch):
    return 440 * 2 ** ((pitch - 69) / 12)


def tone_without_two_pi(pitch, seconds, sample_rate):
    n = np.arange(round(seconds * sample_rate))
    return 0.3 * np.sin(frequency(pitch) * n / sample_rate)


def tone_without_rate(pitch, seconds, sample_rate):
    return 0.3 * np.sin(2 * np.pi * frequency(pitch) * np.arange(round(seconds * sample_rate)))


def tone_of_seconds(pitch, seconds, sample_rate):
    return 0.3 * np.sin(2 * np.pi * frequency(pitch) * np.arange(seconds) / sample_rate)


def tone_at_full_level(pitch, seconds, sample_rate):
    n = np.arange(round(seconds * sample_rate))
    return np.sin(2 * np.pi * frequency(pitch) * n / sample_rate)


def tone_of_cosine(pitch, seconds, sample_rate):
    n = np.arange(round(seconds * sample_rate))
    return 0.3 * np.cos(2 * np.pi * frequency(pitch) * n / sample_rate)


def tone_of_the_pitch(pitch, seconds, sample_rate):
    n = np.arange(round(seconds * sample_rate))
    return 0.3 * np.sin(2 * np.pi * pitch * n / sample_rate)


def tone_by_linspace(pitch, seconds, sample_rate):
    t = np.linspace(0, seconds, round(seconds * sample_rate))
    return 0.3 * np.sin(2 * np.pi * frequency(pitch) * t)


def tone_cut_short(pitch, seconds, sample_rate):
    n = np.arange(int(seconds * sample_rate))
    return 0.3 * np.sin(2 * np.pi * frequency(pitch) * n / sample_rate)


WRONG = {
    "00.seconds_of": [
        (lambda beats, tempo: beats * tempo / 60, "does the tempo divide"),
        (lambda beats, tempo: beats / tempo, "a beat lasts one second"),
        (lambda beats, tempo: 60 / tempo, "eight beats"),
        (lambda beats, tempo: print(beats * 60 / tempo), "`return` missing"),
        (lambda beats, tempo: beats * 60 / temp, "NameError"),  # noqa: F821
    ],
    "00.frequency": [
        (lambda pitch: 440 * 2 ** (pitch - 69) / 12, "pitch 69 is the A"),
        (lambda pitch: 440 * 2 ** ((69 - pitch) / 12), "twelve semitones up is an octave"),
        (lambda pitch: 440 + 440 * (pitch - 69) / 12, "an octave down halves"),
        (lambda pitch: 440 * 2 ** ((pitch - 69) // 12), "one semitone up"),
        (lambda pitch: 440 * 2 ** ((pitch - 60) / 12), "pitch 69 is the A"),
    ],
    "00.tone": [
        (tone_without_two_pi, "the factor 2π is missing"),
        (tone_without_rate, "instead of 440"),
        (tone_of_seconds, "4000 samples"),
        (tone_at_full_level, "amplitude is 1.00, not 0.3"),
        (tone_of_cosine, "is it a cosine"),
        (tone_of_the_pitch, "69 is the pitch"),
        (tone_by_linspace, "np.linspace"),
        (tone_cut_short, "does yours round"),
    ],
}

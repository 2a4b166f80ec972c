"""What students write in lesson 03 before they get it right."""

import zlib

import numpy as np


def split_swapped(name):
    return {0: "validation", 1: "test"}.get(zlib.crc32(name.encode()) % 10, "train")


def split_by_hash(name):
    return {0: "test", 1: "validation"}.get(sum(name.encode()) % 10, "train")


def ghosts_by_mean(notes, shortest, quietest):
    return (notes["duration"] < shortest) | (notes["velocity"] < quietest * notes["velocity"].mean())


def ghosts_both(notes, shortest, quietest):
    return (notes["duration"] < shortest) & (notes["velocity"] < quietest * np.median(notes["velocity"]))


def ghosts_absolute(notes, shortest, quietest):
    return (notes["duration"] < shortest) | (notes["velocity"] < quietest * 127)


def ghosts_at_the_threshold(notes, shortest, quietest):
    return (notes["duration"] <= shortest) | (notes["velocity"] <= quietest * np.median(notes["velocity"]))


def shift_always_down(tonic, mode):
    return (0 if mode == "major" else 9) - tonic


def shift_minor_to_c(tonic, mode):
    return (6 - tonic) % 12 - 6


def shift_tritone_up(tonic, mode):
    return (5 - tonic + (0 if mode == "major" else 9)) % 12 - 5


def gate_over_everything(level, noise, threshold):
    return level > noise.mean() + threshold * noise.std()


def gate_over_frequencies(level, noise, threshold):
    return level > (noise.mean(axis=0).mean() + threshold * noise.std(axis=0).mean())


def gate_without_deviation(level, noise, threshold):
    return level > noise.mean(axis=1, keepdims=True) + threshold


def gate_of_the_variance(level, noise, threshold):
    return level > noise.mean(axis=1, keepdims=True) + threshold * noise.var(axis=1, keepdims=True)


def gate_without_columns(level, noise, threshold):
    return level > noise.mean(axis=1) + threshold * noise.std(axis=1)


def gate_inverted(level, noise, threshold):
    return level < noise.mean(axis=1, keepdims=True) + threshold * noise.std(axis=1, keepdims=True)


WRONG = {
    "03.split_of": [(split_swapped, "leaves 0"), (split_by_hash, "crc32")],
    "03.ghosts_of": [
        (ghosts_by_mean, "move the mean"),
        (ghosts_both, "shorter than 0.25"),
        (ghosts_absolute, "soft player"),
        (ghosts_at_the_threshold, "exactly at a threshold"),
    ],
    "03.shift_to_c": [
        (shift_always_down, "two up is nearer"),
        (shift_minor_to_c, "A minor"),
        (shift_tritone_up, "down"),
    ],
    "03.gate": [
        (gate_over_everything, "each frequency has its own noise"),
        (gate_over_frequencies, "its own noise"),
        (gate_without_deviation, "nothing below −54"),
        (gate_of_the_variance, "the variance's root"),
        (gate_without_columns, "must be columns"),
        (gate_inverted, "−55 did"),
    ],
}

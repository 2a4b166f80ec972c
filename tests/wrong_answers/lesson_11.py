"""What students write in lesson 11 before they get it right."""

import numpy as np

from musicgan_edu import evaluation
from musicgan_edu.checks import lesson_11


def value_with_log_of_zero(p, q):
    d = p / (p + q)
    return float((p * np.log(d) + q * np.log(1 - d)).sum())


def value_with_the_sign_turned(p, q):
    return -lesson_11.judge_value(p, q)


def value_of_the_real_ones_only(p, q):
    d = p / (p + q)
    return float((p * np.log(d)).sum())


def value_with_ratio(p, q):
    both = np.where(p + q > 0, p + q, 1)
    d = np.clip(p / both, 1e-12, 1 - 1e-12) ** 2
    d = np.where(p == q, 0.5, d)
    return float((p * np.log(d) + q * np.log(1 - d)).sum())


def resample_everyone(weights, u):
    return np.arange(len(weights))


def resample_the_best(weights, u):
    return np.full(len(weights), weights.argmax())


def resample_without_shares(weights, u):
    marks = (u + np.arange(len(weights))) / len(weights)
    return np.minimum(np.searchsorted(np.cumsum(weights), marks), len(weights) - 1)


def resample_by_counts(weights, u):
    return np.repeat(np.arange(len(weights)), np.rint(len(weights) * weights / weights.sum()).astype(int))


def resample_borders_to_the_left(weights, u):
    marks = (u + np.arange(len(weights))) / len(weights)
    return np.searchsorted(np.cumsum(weights / weights.sum()), marks)


def resample_without_u(weights, u):
    return lesson_11.resample(weights, 0.5)


def _follow(melody, say, go, n, rng, *, whole=True, weigh=np.mean, resample=True):
    drafts, log_p, chord = np.zeros((n, 0), int), 0.0, np.zeros(n, int)
    for note in melody:
        weights = say[chord, note]
        log_p += np.log(weigh(weights))
        rows = lesson_11.resample(weights, rng.random()) if resample else np.arange(n)
        drafts, chord = drafts[rows] if whole else drafts, chord[rows]
        chord = (rng.random((n, 1)) > go[chord, note].cumsum(axis=1)).sum(axis=1)
        drafts = np.column_stack([drafts, chord])
    return drafts, log_p


def follow_without_the_past(*args):
    return _follow(*args, whole=False)


def follow_without_resampling(*args):
    return _follow(*args, resample=False)


def follow_the_best_weight(*args):
    return _follow(*args, weigh=np.max)


def follow_the_last_step_only(*args):
    drafts, log_p = _follow(*args)
    return drafts[:, -1:], log_p


_CHORDS = [frozenset((r + i) % 12 for i in s) for s in evaluation.CHORDS.values() for r in range(12)]

WRONG = {
    "11.judge_value": [
        (value_with_log_of_zero, "leave those cells out"),
        (value_with_the_sign_turned, "can't be above 0"),
        (value_of_the_real_ones_only, "the same again"),
        (value_with_ratio, "cell by cell"),
    ],
    "11.resample": [
        (resample_everyone, "third draft has weight 0"),
        (resample_the_best, "1/8, 3/8"),
        (resample_without_shares, "needn't be 1"),
        (resample_by_counts, "beyond 0.45"),
        (resample_without_u, "beyond 0.45"),
        (resample_borders_to_the_left, "begins there"),
    ],
    "11.follow": [
        (follow_without_the_past, "its past too"),
        (follow_without_resampling, "its past too"),
        (follow_the_best_weight, "mean weight"),
        (follow_the_last_step_only, "expected drafts"),
    ],
    "11.is_chord_tone": [
        (lambda note, below: any(note in c and below <= c for c in _CHORDS), "nothing is missing"),
        (lambda note, below: any(note in c and c & below for c in _CHORDS), "D over C E G"),
        (lambda note, below: note in below, "either will do"),
    ],
}

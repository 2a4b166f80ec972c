"""What students write in lesson 13 before they get it right."""

import numpy as np


def contour_of_neighbours(p, q):
    return float((np.sign(np.diff(p)) == np.sign(np.diff(q))).mean())


def contour_of_pitches(p, q):
    return float((p == q).mean())


def contour_that_forgets_down(p, q):
    first, second = np.triu_indices(len(p), 1)
    return float(((p[second] > p[first]) == (q[second] > q[first])).mean())


def onsets_by_steps(a, b):
    return float((a == b).mean())


def onsets_of_the_first(a, b):
    return float((a & b).sum() / a.sum())


def onsets_by_jaccard(a, b):
    return float((a & b).sum() / (a | b).sum())


def cycle_of_squares(back, start):
    return float(((back - start) ** 2).sum(axis=-1).mean())


def cycle_averaged_over_everything(back, start):
    return float(np.abs(back - start).mean())


def cycle_with_signs(back, start):
    return float((back - start).sum(axis=-1).mean())


def operation_of_scaled_keep(wishes, strength, keep):
    logits = wishes + keep * (np.arange(wishes.shape[-1]) == 0)
    return (strength * logits).argmax(axis=-1)


def operation_without_keep(wishes, strength, keep):
    return (strength * wishes).argmax(axis=-1)


def operation_over_all_cells(wishes, strength, keep):
    logits = strength * wishes
    logits[..., 0] += keep
    return logits.argmax()


WRONG = {
    "13.contour_similarity": [
        (contour_of_neighbours, "neighbours alone"),
        (contour_of_pitches, "six pairs"),
        (contour_that_forgets_down, "six pairs"),
    ],
    "13.onset_agreement": [
        (onsets_by_steps, "three onsets"),
        (onsets_of_the_first, "three onsets"),
        (onsets_by_jaccard, "2 · 3"),
    ],
    "13.cycle_loss": [
        (cycle_of_squares, "second lacks"),
        (cycle_averaged_over_everything, "a mean over the others"),
        (cycle_with_signs, "too much there"),
    ],
    "13.chosen_operation": [
        (operation_of_scaled_keep, "isn't multiplied"),
        (operation_without_keep, "doesn't beat 1 + 2"),
        (operation_over_all_cells, "3 beats"),
    ],
}

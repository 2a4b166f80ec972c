"""What students write in lesson 09 before they get it right."""

import numpy as np


def softmax_multiplied(logits, temperature):
    likely = np.exp(logits * temperature - (logits * temperature).max())
    return likely / likely.sum()


def softmax_that_overflows(logits, temperature):
    likely = np.exp(logits / temperature)
    return likely / likely.sum()


def softmax_without_sum(logits, temperature):
    return np.exp(logits / temperature)


def softmax_without_temperature(logits, temperature):
    return np.exp(logits - logits.max()) / np.exp(logits - logits.max()).sum()


def straight_line(a, b, t):
    return (1 - t) * a + t * b


def scaled_line(a, b, t):
    point = (1 - t) * a + t * b
    return point / np.linalg.norm(point) * np.linalg.norm(a)


def backwards(a, b, t):
    angle = np.arccos(a @ b / np.linalg.norm(a) / np.linalg.norm(b))
    return (np.sin(t * angle) * a + np.sin((1 - t) * angle) * b) / np.sin(angle)


def not_divided(a, b, t):
    angle = np.arccos(np.clip(a @ b / np.linalg.norm(a) / np.linalg.norm(b), -1, 1))
    return np.sqrt(2) * (np.sin((1 - t) * angle) * a + np.sin(t * angle) * b)


def on_the_unit_sphere(a, b, t):
    a, b = a / np.linalg.norm(a), b / np.linalg.norm(b)
    angle = np.arccos(np.clip(a @ b, -1, 1))
    return (np.sin((1 - t) * angle) * a + np.sin(t * angle) * b) / np.sin(angle)


def _parts(values, *, ddof=1):
    m = values.shape[1]
    return m, values.var(axis=1, ddof=ddof).mean(), m * values.mean(axis=1).var(ddof=ddof)


def share_with_ddof_0(values):
    m, within, between = _parts(values, ddof=0)
    return (between - within) / (between + (m - 1) * within)


def share_with_noise_in_it(values):
    _, within, between = _parts(values)
    return between / (between + within)


def share_of_columns(values):
    m, within, between = _parts(values.T)
    return (between - within) / (between + (m - 1) * within)


def share_without_m(values):
    m, within, between = _parts(values)
    between /= m
    return (between - within) / (between + (m - 1) * within)


def kappa_without_chance(asked, came):
    return (asked * came).sum(1).mean()


def kappa_not_scaled(asked, came):
    return (asked * came).sum(1).mean() - asked.mean(0) @ came.mean(0)


def kappa_of_what_came(asked, came):
    chance = (came.mean(0) ** 2).sum()
    return ((asked * came).sum(1).mean() - chance) / (1 - chance)


def kappa_as_if_all_were_as_frequent(asked, came):
    chance = 1 / asked.shape[1]
    return ((asked * came).sum(1).mean() - chance) / (1 - chance)


def forced_in_place(noise, tokens, keep):
    step, voice = np.nonzero(keep)
    noise[:, step, voice, tokens[step, voice]] = 1e9
    return noise


def forced_weakly(noise, tokens, keep):
    forced = noise.copy()
    step, voice = np.nonzero(keep)
    forced[:, step, voice, tokens[step, voice]] = noise.max() + 1
    return forced


def forced_everywhere(noise, tokens, keep):
    forced = noise.copy()
    step, voice = np.indices(keep.shape)
    forced[:, step, voice, tokens[step, voice]] = 1e9
    return forced


def forced_in_the_first_piece(noise, tokens, keep):
    forced = noise.copy()
    step, voice = np.nonzero(keep)
    forced[0, step, voice, tokens[step, voice]] = 1e9
    return forced


def forced_where_it_is_free(noise, tokens, keep):
    forced = noise.copy()
    step, voice = np.nonzero(~keep)
    forced[:, step, voice, tokens[step, voice]] = 1e9
    return forced


def forced_and_forgotten(noise, tokens, keep):
    noise.copy()


def _normal(evidence):
    weights = np.exp(evidence - evidence.max())
    return weights / weights.sum()


WRONG = {
    "09.probabilities": [
        (softmax_multiplied, "divided by it, not multiplied"),
        (softmax_that_overflows, "subtract the largest first"),
        (softmax_without_sum, "at temperature 1 it is the softmax"),
        (softmax_without_temperature, "half the temperature squares the odds"),
    ],
    "09.slerp": [
        (straight_line, "straight line"),
        (scaled_line, "isn't even on the way"),
        (backwards, "t = 0 is a"),
        (not_divided, "divided by sin"),
        (on_the_unit_sphere, "length 2 of both should stay"),
    ],
    "09.share_of_z": [
        (share_with_ddof_0, "ddof=1"),
        (share_with_noise_in_it, "within has to be taken away"),
        (share_of_columns, "rows and columns are swapped"),
        (share_without_m, "m times the variance"),
    ],
    "09.kappa": [
        (kappa_without_chance, "chance has to be taken away"),
        (kappa_not_scaled, "divide by 1 − p_e"),
        (kappa_of_what_came, "not one of them squared"),
        (kappa_as_if_all_were_as_frequent, "chance isn't a third"),
    ],
    "09.force": [
        (forced_in_place, "work on a copy"),
        (forced_weakly, "must outweigh any logit"),
        (forced_everywhere, "must stay free"),
        (forced_in_the_first_piece, "in every one of the B pieces"),
        (forced_where_it_is_free, "isn't what it was"),
        (forced_and_forgotten, "`return` missing"),
    ],
    "09.weigh": [
        (lambda log_p, keep: _normal(log_p.sum((1, 2))), "all cells count"),
        (lambda log_p, keep: _normal(log_p[:, ~keep].sum(1)), "the free cells count"),
        (
            lambda log_p, keep: np.exp(log_p[:, keep].sum(1)) / np.exp(log_p[:, keep].sum(1)).sum(),
            "subtract the largest",
        ),
        (lambda log_p, keep: log_p[:, keep].sum(1) / log_p[:, keep].sum(), "these are logarithms"),
        (lambda log_p, keep: _normal(log_p[:, keep].mean(1)), "are multiplied"),
    ],
}

"""What students write in lesson 12 before they get it right."""

import numpy as np


def pooled(log_p, hidden):
    return float(-log_p[hidden].mean())


def of_all_cells(log_p, hidden):
    return float(-log_p.mean())


def not_divided(log_p, hidden):
    return float(-(log_p * hidden).sum((1, 2)).mean())


def turned(log_p, hidden):
    return float(((log_p * hidden).sum((1, 2)) / hidden.sum((1, 2))).mean())


def clash_of_the_joint(joint):
    return float(joint[joint == 0].sum())


def share_of_zeros(joint):
    return float((joint == 0).mean())


def without_mask(a, x, m, z, weight):
    return a.T @ (a @ z - x) + weight * z


def without_prior(a, x, m, z, weight):
    return a.T @ (m * (a @ z - x))


def climbing(a, x, m, z, weight):
    return a.T @ (m * (x - a @ z)) - weight * z


def by_cells(a, x, m, z, weight):
    return m * (a @ z - x)


def deaf_to_d(log_likelihood, logit):
    weights = np.exp(log_likelihood - log_likelihood.max())
    return weights / weights.sum()


def by_chance_of_real(log_likelihood, logit):
    weights = np.exp(log_likelihood - log_likelihood.max()) / (1 + np.exp(-logit))
    return weights / weights.sum()


def underflowing(log_likelihood, logit):
    weights = np.exp(log_likelihood + logit)
    return weights / weights.sum()


WRONG = {
    "12.orderless_loss": [(pooled, "own mean"), (of_all_cells, "known cells"), (not_divided, "divided"), (turned, "sign")],
    "12.clash_chance": [(clash_of_the_joint, "marginals"), (share_of_zeros, "impossible")],
    "12.latent_gradient": [
        (without_mask, "hidden cells"),
        (without_prior, "prior"),
        (climbing, "sign"),
        (by_cells, "transposed"),
    ],
    "12.draft_weights": [(deaf_to_d, "likelihood alone"), (by_chance_of_real, "odds"), (underflowing, "largest")],
}  # fmt: skip

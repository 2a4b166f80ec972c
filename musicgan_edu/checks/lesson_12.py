"""Lesson 12, complete gaps: references and checks."""

from __future__ import annotations

import numpy as np

from musicgan_edu.checks import Answer, Wrong, exercise, expect, require

__all__ = ["clash_chance", "draft_weights", "latent_gradient", "orderless_loss"]


def orderless_loss(log_p: np.ndarray, hidden: np.ndarray) -> float:
    """The loss, from log p of the true classes and what was hidden, (B, T, V)."""
    of_window = (log_p * hidden).sum((1, 2)) / hidden.sum((1, 2))
    return float(-of_window.mean())


@exercise("12.orderless_loss", reference=orderless_loss, stars=2)
def _(answer: Answer, rng: np.random.Generator) -> None:
    log_p = np.array([[[-1.0, -2.0]], [[-4.0, -8.0]]])
    hidden = np.array([[[True, True]], [[True, False]]])
    got = float(answer(log_p.copy(), hidden.copy()))
    if np.isclose(got, -2.75):
        raise Wrong("it is −2.75 where 2.75 is due: a loss grows with surprise, so the sign is wrong")
    if np.isclose(got, 7 / 3):
        raise Wrong(
            "it took the mean over all hidden cells of all windows: each window's own mean comes first, so that "
            "a window which lost one cell counts as much as one which lost all"
        )
    if np.isclose(got, 3.75):
        raise Wrong("it counted the known cells too: only hidden ones were guessed")
    if np.isclose(got, 3.5):
        raise Wrong("it took sums where each window's sum is to be divided by its number of hidden cells")
    expect(answer, [log_p, hidden], 2.75, "the windows' own means are 1.5 and 4")
    for _ in range(3):
        log_p, hidden = -rng.random((4, 6, 2)), rng.random((4, 6, 2)) < 0.5
        hidden[:, 0, 0] = True
        expect(answer, [log_p, hidden], orderless_loss(log_p, hidden))


def clash_chance(joint: np.ndarray) -> float:
    """The chance that two cells, drawn from their marginals, make no pair."""
    independent = np.outer(joint.sum(1), joint.sum(0))
    return float(independent[joint == 0].sum())


@exercise("12.clash_chance", reference=clash_chance, stars=1)
def _(answer: Answer, rng: np.random.Generator) -> None:
    either = np.array([[0.0, 0.5], [0.5, 0.0]])
    if np.isclose(float(answer(either.copy())), 0.0):
        raise Wrong(
            "it says that nothing clashes: the cells are drawn from their marginals, not from the joint"
        )
    expect(answer, [either], 0.5, "both cells are fair coins, and the joint allows two of the four pairs")
    uneven = np.array([[0.0, 0.2], [0.5, 0.3]])
    expect(
        answer, [uneven], 0.1, "the pair (0, 0) alone is impossible, and the marginals give it 0.2 times 0.5"
    )
    for _ in range(3):
        joint = rng.dirichlet(np.ones(12)).reshape(3, 4) * (rng.random((3, 4)) < 0.6)
        joint[0, 0] += 0.1
        joint /= joint.sum()
        expect(answer, [joint], clash_chance(joint))


def latent_gradient(a: np.ndarray, x: np.ndarray, m: np.ndarray, z: np.ndarray, weight: float) -> np.ndarray:
    """The loss's gradient by z, (d,): a (n, d), x and m (n,), z (d,), weight is λ."""
    return a.T @ (m * (a @ z - x)) + weight * z


@exercise("12.latent_gradient", reference=latent_gradient, stars=3)
def _(answer: Answer, rng: np.random.Generator) -> None:
    a, x, z = rng.normal(size=(6, 2)), rng.normal(size=6), rng.normal(size=2)
    m = np.array([1.0, 1.0, 0.0, 1.0, 0.0, 0.0])
    got = np.asarray(answer(a.copy(), x.copy(), m.copy(), z.copy(), 0.5))
    require(
        got.shape == z.shape, f"its shape is {got.shape}, and z has {z.shape}: go back through A transposed"
    )
    if np.allclose(got, a.T @ (a @ z - x) + 0.5 * z):
        raise Wrong("the hidden cells count too: their error is unknown, m has to wipe it")
    if np.allclose(got, a.T @ (m * (a @ z - x))):
        raise Wrong("the prior is missing: λ/2 ‖z‖² has the gradient λ z")
    if np.allclose(got, -latent_gradient(a, x, m, z, 0.5)):
        raise Wrong("the sign is turned: descent would climb")
    expect(answer, [a, x, m, z, 0.5], latent_gradient(a, x, m, z, 0.5), "small steps of z say so")
    expect(answer, [a, x, np.zeros(6), z, 1.0], z, "with nothing known only the prior is left")


def draft_weights(log_likelihood: np.ndarray, logit: np.ndarray) -> np.ndarray:
    """The drafts' weights, (n,), sum 1, from log p(known | draft) and D's logits."""
    total = log_likelihood + logit
    weights = np.exp(total - total.max())
    return weights / weights.sum()


@exercise("12.draft_weights", reference=draft_weights, stars=2)
def _(answer: Answer, rng: np.random.Generator) -> None:
    because = "the products of likelihood and odds are 1, 2 and 1"
    log_p, logit = np.log([1.0, 2.0, 4.0]), np.log([1.0, 1.0, 0.25])
    got = np.asarray(answer(log_p.copy(), logit.copy()))
    if np.allclose(got, np.array([1, 2, 4]) / 7):
        raise Wrong("it follows the likelihood alone: D isn't heard")
    sigmoid = 1 / (1 + np.exp(-logit))
    if np.allclose(got, np.array([1, 2, 4]) * sigmoid / (np.array([1, 2, 4]) * sigmoid).sum()):
        raise Wrong("it weighs by σ(D), the chance of being real: p/q is the odds, exp(D)")
    expect(answer, [log_p, logit], np.array([0.25, 0.5, 0.25]), because)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        far = np.asarray(answer(np.array([-2000.0, -2001.0]), np.zeros(2)), float)
    require(
        np.isfinite(far).all(),
        "log-likelihoods of −2000 gave something that isn't a number: subtract the largest first",
    )
    for _ in range(3):
        log_p, logit = -100 * rng.random(5), rng.normal(size=5)
        expect(answer, [log_p, logit], draft_weights(log_p, logit))

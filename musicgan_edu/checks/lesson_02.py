"""Checks of lesson 02: the best judge, the losses, two distances, the Dirac-GAN and its Jacobian."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from musicgan_edu import plane
from musicgan_edu.checks import Answer, Wrong, exercise, expect, require
from musicgan_edu.plane import dirac

__all__ = [
    "best_logit",
    "cross_entropy_losses",
    "dirac_round",
    "earth_mover",
    "jacobian",
    "jensen_shannon",
    "sigmoid",
    "wasserstein_losses",
]


def sigmoid(x: Any) -> Any:
    """σ(x) = 1 / (1 + e^{−x}), safe for any x."""
    return np.exp(-np.logaddexp(0, -x))


def _diagnose(call: str, got: Any, want: Any, reasons: dict[str, Any]) -> None:
    """Raise Wrong with the first reason whose value is what the learner got."""
    require(got is not None, f"{call} gave None: is a `return` missing?")
    try:
        values = np.asarray(got, dtype=np.float64)
    except (TypeError, ValueError):
        raise Wrong(f"{call} gave {got!r} instead of {_shown(want)}") from None
    wanted = np.asarray(want, dtype=np.float64)
    require(values.shape == wanted.shape, f"{call} gave shape {values.shape} instead of {wanted.shape}")
    if np.allclose(values, wanted, rtol=1e-6, atol=1e-9):
        return
    told = [why for why, wrong in reasons.items() if _alike(values, wrong)]
    raise Wrong(f"{call} gave {_shown(values)} instead of {_shown(want)}{': ' + told[0] if told else ''}")


def _alike(values: np.ndarray, wrong: Any) -> bool:
    return np.shape(wrong) == values.shape and bool(np.allclose(values, wrong, rtol=1e-5, equal_nan=True))


def _shown(values: Any) -> str:
    return np.array2string(np.asarray(values), precision=4, separator=", ")


# ------------------------------------------------------------------------------ best_logit


def best_logit(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    """D*, the best logit of each outcome, (k,); p real, q fake, both positive."""
    return np.log(p / q)


@exercise("02.best_logit", reference=best_logit, stars=1)
def _(answer: Answer, rng: np.random.Generator) -> None:
    for p, q in (
        (np.array([0.6, 0.4]), np.array([0.2, 0.8])),
        (rng.dirichlet([2] * 5), rng.dirichlet([2] * 5)),
    ):
        got = answer(p.copy(), q.copy())
        _diagnose(f"best_logit({_shown(p)}, {_shown(q)})", got, best_logit(p, q), {
            "the sign is turned: D is positive where real music is likelier": np.log(q / p),
            "that is the probability σ(D*); the logit is what σ makes it from": p / (p + q),
            "that is the logarithm of the probability; solve σ(D) = p/(p + q) for D": np.log(p / (p + q)),
            "that is the ratio; take its logarithm": p / q,
            "a difference of probabilities knows no odds: compare p = 0.02 with q = 0.01": p - q,
            "those are p's odds against 1 − p; what isn't real here is fake, so p against q": np.log(p / (1 - p)),
        })  # fmt: skip


# -------------------------------------------------------------------------- jensen_shannon


def jensen_shannon(p: np.ndarray, q: np.ndarray) -> float:
    """JSD in nats of two distributions, both (k,); zeros are allowed."""
    middle = (p + q) / 2
    total = 0.0
    for part in (p, q):
        seen = part > 0  # 0 log 0 counts 0
        total += (part[seen] * np.log(part[seen] / middle[seen])).sum() / 2
    return total


@exercise("02.jensen_shannon", reference=jensen_shannon, stars=2, twin=plane.jensen_shannon)
def _(answer: Answer, rng: np.random.Generator) -> None:
    p, q = np.array([0.5, 0.3, 0.2]), np.array([0.2, 0.2, 0.6])
    want = jensen_shannon(p, q)
    _diagnose("jensen_shannon([.5, .3, .2], [.2, .2, .6])", answer(p.copy(), q.copy()), want, {
        "the factor ½ of both terms is missing": 2 * want,
        "that is in bits; nats take the natural logarithm": want / np.log(2),
        "that is KL(p ‖ q): compare each with the middle": (p * np.log(p / q)).sum(),
        "that is the mean of KL(p ‖ q) and KL(q ‖ p): compare each with the middle": _mean_kl(p, q),
        "only p is compared with the middle; add q's half": _half(p, q),
        "the middle is (p + q)/2; you divided by p + q": want - np.log(2),
        "that is its root, the Jensen-Shannon *distance* that SciPy gives": np.sqrt(want),
    })  # fmt: skip
    with np.errstate(all="ignore"):
        apart = answer(np.array([1.0, 0.0]), np.array([0.0, 1.0]))
    require(
        np.isfinite(apart),
        f"distributions with nothing in common gave {apart}: 0 · log 0 counts 0, numpy says nan; leave zeros out",
    )
    for a, b in (
        (np.array([1.0, 0.0]), np.array([0.0, 1.0])),
        (rng.dirichlet([1] * 6), rng.dirichlet([1] * 6)),
    ):
        expect(answer, [a, b], jensen_shannon(a, b))


def _mean_kl(p: np.ndarray, q: np.ndarray) -> float:
    return float((p * np.log(p / q) + q * np.log(q / p)).sum() / 2)


def _half(p: np.ndarray, q: np.ndarray) -> float:
    return float((p * np.log(2 * p / (p + q))).sum() / 2)


# -------------------------------------------------------------------------------- losses


def cross_entropy_losses(real: np.ndarray, fake: np.ndarray) -> tuple:
    """(L_D, G's saturating loss, G's non-saturating loss) from D's logits, (B,)."""
    d_loss = np.logaddexp(0, -real).mean() + np.logaddexp(0, fake).mean()
    saturating = -np.logaddexp(0, fake).mean()
    non_saturating = np.logaddexp(0, -fake).mean()
    return d_loss, saturating, non_saturating


def _package_cross_entropy(real: np.ndarray, fake: np.ndarray) -> tuple:
    minimax, other = plane.LOSSES["minimax"], plane.LOSSES["cross-entropy"]
    return (*(player(real, fake).loss for player in minimax), other.generator(real, fake).loss)


@exercise("02.cross_entropy_losses", reference=cross_entropy_losses, stars=2, twin=_package_cross_entropy)
def _(answer: Answer, rng: np.random.Generator) -> None:
    real, fake = np.array([np.log(3), np.log(3)]), np.array([0.0, -np.log(3)])
    d, s, n = want = cross_entropy_losses(real, fake)
    swapped = cross_entropy_losses(fake, real)[0]
    _diagnose("cross_entropy_losses([log 3, log 3], [0, −log 3])", answer(real.copy(), fake.copy()), want, {
        "G's two losses change places: the saturating one is minus D's second term": (d, n, s),
        "D's labels are swapped: it should like large logits on real": (swapped, s, n),
        "D's loss is the sum of two means, not half of it": (d / 2, s, n),
        "a loss is the mean over the batch, not the sum": (2 * d, 2 * s, 2 * n),
        "the saturating loss has a minus: G *minimises* E log(1 − σ(D(G(z))))": (d, -s, n),
        "the non-saturating loss is minimised, so −log σ(D(G(z))), without another minus": (d, s, -n),
        "G minimises log(1 − σ(D)) alone, not minus all of D's loss": (d, -d, n),
        "a logit isn't a probability yet: σ makes it one": _of_logits(real, fake),
    })  # fmt: skip
    sure = np.array([-800.0, 800.0])
    with np.errstate(all="ignore"):
        got = answer(sure, sure)
    require(
        np.isfinite(np.asarray(got, dtype=np.float64)).all(),
        "a logit of ±800 gives inf or nan: log σ(d) = −softplus(−d), and np.logaddexp(0, d) is a safe softplus",
    )
    for _ in range(3):
        a, b = rng.normal(0, 3, (2, 6))
        expect(lambda x, y: np.array(answer(x, y)), [a, b], np.array(cross_entropy_losses(a, b)))


def _of_logits(real: np.ndarray, fake: np.ndarray) -> tuple:
    """What comes of taking logits for probabilities: nan, mostly."""
    with np.errstate(all="ignore"):
        saturating, non_saturating = np.log(1 - fake).mean(), -np.log(fake).mean()
        return -np.log(real).mean() - saturating, saturating, non_saturating


def wasserstein_losses(real: np.ndarray, fake: np.ndarray) -> tuple:
    """(critic's loss, G's loss), both to be minimised, from scores (B,)."""
    return fake.mean() - real.mean(), -fake.mean()


def _package_wasserstein(real: np.ndarray, fake: np.ndarray) -> tuple:
    return tuple(player(real, fake).loss for player in plane.LOSSES["wasserstein"])


@exercise("02.wasserstein_losses", reference=wasserstein_losses, stars=1, twin=_package_wasserstein)
def _(answer: Answer, rng: np.random.Generator) -> None:
    for real, fake in ((np.array([2.0, 0.0]), np.array([-1.0, 0.5])), rng.normal(0, 2, (2, 5))):
        critic, g = wasserstein_losses(real, fake)
        got = answer(real.copy(), fake.copy())
        _diagnose(f"wasserstein_losses({_shown(real)}, {_shown(fake)})", got, (critic, g), {
            "the formula's L is what the critic *maximises*; its loss is −L": (-critic, g),
            "G wants high scores for its fakes, so it minimises minus their mean": (critic, -g),
            "both signs are turned: these are losses, to be minimised": (-critic, -g),
            "G's loss is minus the critic's, less the part that G can't change: E D(x) isn't in it": (critic, -critic),
            "both got the critic's loss: G wants the opposite, and only E D(G(z)) is its own": (critic, critic),
            "a score is no logit: no sigmoid, no logarithm": cross_entropy_losses(real, fake)[::2],
        })  # fmt: skip


# ---------------------------------------------------------------------------- earth_mover


def earth_mover(x: np.ndarray, y: np.ndarray) -> float:
    """W₁ of two samples, both (n,): the least mean distance of any pairing."""
    return np.abs(np.sort(x) - np.sort(y)).mean()


@exercise("02.earth_mover", reference=earth_mover, stars=1, twin=plane.earth_mover)
def _(answer: Answer, rng: np.random.Generator) -> None:
    for x, y in ((np.array([0.0, 3.0, 4.0]), np.array([5.0, 1.0, 0.0])), rng.normal(0, 2, (2, 7))):
        gaps, ways = np.sort(x) - np.sort(y), np.abs(np.subtract.outer(x, y))
        _diagnose(f"earth_mover({_shown(x)}, {_shown(y)})", answer(x.copy(), y.copy()), earth_mover(x, y), {
            "you paired them as they came: the cheapest pairing on a line is smallest with smallest": np.abs(x - y).mean(),
            "that is the distance of the means; earth that must move both ways cancels there": abs(gaps.mean()),
            "the sum; W₁ is the mean distance, each grain weighs 1/n": np.abs(gaps).sum(),
            "squared distances make W₂; W₁ takes the distances as they are": np.sqrt((gaps**2).mean()),
            "the mean of the squares: W₁ takes the distances as they are": (gaps**2).mean(),
            "the mean over all pairs: each grain goes to *one* place": ways.mean(),
            "each goes to the nearest place, but a place takes one grain only": ways.min(1).mean(),
        })  # fmt: skip


# ----------------------------------------------------------------------------- the Dirac-GAN


def dirac_round(theta: float, psi: float, rate: float, gamma: float) -> tuple:
    """One round, D first: (new θ, new ψ). Non-saturating G; R1 with γ on D."""
    psi = psi - rate * (theta * sigmoid(psi * theta) + gamma * psi)
    theta = theta + rate * psi * sigmoid(-psi * theta)
    return theta, psi


def _package_round(theta: float, psi: float, rate: float, gamma: float) -> tuple:
    path = dirac.trace(1, rate=rate, start=(theta, psi), penalty="R1", strength=gamma)
    return tuple(path[1].tolist())


@exercise("02.dirac_round", reference=dirac_round, stars=2, twin=_package_round)
def _(answer: Answer, rng: np.random.Generator) -> None:
    for theta, psi, gamma in ((1.0, 0.5, 0.0), (0.8, -0.6, 1.0), tuple(rng.uniform(0.3, 1, 3).tolist())):
        got = answer(theta, psi, 0.2, gamma)
        call = f"dirac_round({theta:.3g}, {psi:.3g}, 0.2, {gamma:.3g})"
        _diagnose(call, got, dirac_round(theta, psi, 0.2, gamma), _slips(theta, psi, 0.2, gamma))


def _slips(theta: float, psi: float, h: float, gamma: float) -> dict[str, Any]:
    """Reason → what such a round leads to."""
    judge = psi - h * (theta * sigmoid(psi * theta) + gamma * psi)
    new = theta + h * judge * sigmoid(-judge * theta)
    first = theta + h * psi * sigmoid(-psi * theta)
    uphill = psi + h * (theta * sigmoid(psi * theta) + gamma * psi)
    bare = psi - h * theta * sigmoid(psi * theta)
    turned = psi - h * (theta * sigmoid(psi * theta) - gamma * psi)
    fooled = psi - h * (-theta * sigmoid(-psi * theta) + gamma * psi)
    squared = psi - h * (theta * sigmoid(psi * theta) + gamma * psi**2 / 2)
    return {
        "θ and ψ changed places in what you return": (judge, new),
        "both stepped from the same point: that is the simultaneous round; G answers the new ψ": (
            first,
            judge,
        ),
        "G stepped first: D goes first": (first, psi - h * (first * sigmoid(psi * first) + gamma * psi)),
        "D went up its loss": (theta + h * uphill * sigmoid(-uphill * theta), uphill),
        "G went up its loss: it moves along +ψ": (theta - h * judge * sigmoid(-judge * theta), judge),
        "that is the saturating G: its slope has σ(ψθ), the non-saturating one's σ(−ψθ)": (
            theta + h * judge * sigmoid(judge * theta),
            judge,
        ),
        "the penalty is missing: R1 adds γ ψ to D's slope": (theta + h * bare * sigmoid(-bare * theta), bare),
        "the penalty pushes ψ outwards: it belongs to D's loss, so its slope is added": (
            theta + h * turned * sigmoid(-turned * theta),
            turned,
        ),
        "D learned to call the fake real: its slope is +θ σ(ψθ)": (
            theta + h * fooled * sigmoid(-fooled * theta),
            fooled,
        ),
        "γψ²/2 is the penalty; a step takes its slope, γψ": (
            theta + h * squared * sigmoid(-squared * theta),
            squared,
        ),
    }


# ------------------------------------------------------------------------------- jacobian


def jacobian(field: Callable[[np.ndarray], np.ndarray], point: np.ndarray, step: float = 1e-5) -> np.ndarray:
    """The derivatives of a field at a point, (n, n): row i, column j is ∂fieldᵢ/∂xⱼ.

    `field` takes a point (n,) and gives a vector (n,). Central differences.
    """
    columns = []
    for j in range(len(point)):
        nudge = np.zeros(len(point))
        nudge[j] = step
        columns.append((field(point + nudge) - field(point - nudge)) / (2 * step))
    return np.stack(columns, axis=1)


@exercise("02.jacobian", reference=jacobian, stars=3)
def _(answer: Answer, rng: np.random.Generator) -> None:
    for matrix in (np.array([[1.0, 2.0], [3.0, 4.0]]), rng.normal(0, 2, (3, 3))):
        point = rng.normal(0, 1, len(matrix))
        before = point.copy()
        got = answer(lambda x, matrix=matrix: matrix @ x, point)
        require(np.array_equal(point, before), "it changed the point that it was given: nudge a copy")
        _judge_jacobian(f"the field x ↦ A x with A = {_shown(matrix)}", got, matrix)
    bent = rng.normal(1, 0.2, 2)
    want = np.array([[2 * bent[0], 0.0], [bent[1], bent[0]]])
    got = answer(lambda x: np.array([x[0] ** 2, x[0] * x[1]]), bent)
    _judge_jacobian(f"the field (x², x y) at {_shown(bent)}", got, want)


def _judge_jacobian(field: str, got: Any, want: np.ndarray) -> None:
    require(got is not None, f"{field} gave None: is a `return` missing?")
    values = np.asarray(got, dtype=np.float64)
    require(values.shape == want.shape, f"{field} gave shape {values.shape} instead of {want.shape}")
    if np.allclose(values, want, atol=1e-3):  # a one-sided difference is close enough
        return
    told = ""
    if np.allclose(values, want.T, atol=1e-3):
        told = ": transposed. A nudge of xⱼ fills *column* j"
    elif np.allclose(values, 2 * want, atol=1e-3):
        told = ": twice too large. From −step to +step it is 2 · step"
    elif np.abs(values).max() < 1e-2:
        told = ": tiny. Divide the difference by the length of the nudge"
    raise Wrong(f"{field} has the derivatives {_shown(want)}, not {_shown(values)}{told}")

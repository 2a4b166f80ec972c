"""Lesson 09, generate and steer: references and checks."""

from __future__ import annotations

from typing import Any

import numpy as np

from musicgan_edu import sampling
from musicgan_edu.checks import Answer, Wrong, exercise, expect, require

__all__ = ["force", "kappa", "probabilities", "share_of_z", "slerp", "weigh"]


def probabilities(logits: np.ndarray, temperature: float) -> np.ndarray:
    """Each class's probability, (C,), from logits (C,) and a temperature above 0."""
    scaled = logits / temperature
    likely = np.exp(scaled - scaled.max())
    return likely / likely.sum()


@exercise("09.probabilities", reference=probabilities, stars=1)
def _(answer: Answer, rng: np.random.Generator) -> None:
    logits = np.log([1.0, 2.0, 5.0])
    because = "at temperature 1 it is the softmax, and these logits are the logarithms of 1, 2 and 5"
    expect(answer, [logits, 1.0], np.array([1, 2, 5]) / 8, because)
    halved = np.array(answer(logits.copy(), 0.5))
    if np.allclose(halved, np.sqrt([1, 2, 5]) / np.sqrt([1, 2, 5]).sum()):
        raise Wrong("a low temperature made it more even: the logits are divided by it, not multiplied")
    expect(answer, [logits, 0.5], np.array([1, 4, 25]) / 30, "half the temperature squares the odds")
    hot = np.array([1000.0, 1001.0, 1002.0])
    with np.errstate(over="ignore", invalid="ignore"):
        got = np.asarray(answer(hot.copy(), 1.0), float)
    require(
        np.isfinite(got).all(),
        "logits of 1000 gave something that isn't a number: exp overflows; subtract the largest first",
    )
    for temperature in (0.1, 0.7, 3.0):
        logits = rng.normal(size=8)
        expect(answer, [logits, temperature], probabilities(logits, temperature))


def slerp(a: np.ndarray, b: np.ndarray, t: float) -> np.ndarray:
    """The point at share t of the arc from a to b, shape (d,), as a and b."""
    cosine = a @ b / (np.linalg.norm(a) * np.linalg.norm(b))
    angle = np.arccos(np.clip(cosine, -1, 1))
    parts = np.sin((1 - t) * angle) * a + np.sin(t * angle) * b
    return parts / np.sin(angle)


@exercise("09.slerp", reference=slerp, stars=2, twin=sampling.slerp)
def _(answer: Answer, rng: np.random.Generator) -> None:
    east, north = np.array([1.0, 0.0]), np.array([0.0, 1.0])
    middle = np.asarray(answer(east.copy(), north.copy(), 0.5))
    if np.allclose(middle, [0.5, 0.5]):
        raise Wrong(
            "halfway from (1, 0) to (0, 1) it gave (0.5, 0.5): that's the straight line, of length 0.71"
        )
    if np.allclose(middle, [1.0, 1.0]):
        raise Wrong("halfway it gave (1, 1): the sum still has to be divided by sin Ω or brought to length 1")
    expect(answer, [east, north, 0.5], np.array([1, 1]) / np.sqrt(2), "halfway on a quarter of a circle")
    third = np.asarray(answer(east.copy(), north.copy(), 1 / 3))
    if np.allclose(third, np.array([2, 1]) / np.sqrt(5), atol=1e-5):
        raise Wrong(
            "at a third of the arc it should have turned by 30°, and turned by 26.6°: a straight line that is "
            "scaled to length 1 ends where it should, but isn't even on the way"
        )
    expect(answer, [east, north, 0.0], east, "t = 0 is a", within=1e-5)
    expect(answer, [east, north, 1 / 3], np.array([np.sqrt(3), 1]) / 2, "a third of 90° is 30°", within=1e-5)
    expect(answer, [2 * east, 2 * north, 0.5], np.array([1, 1]) * np.sqrt(2), "the length 2 of both should stay", within=1e-5)  # fmt: skip
    for _ in range(5):
        a, b, t = rng.normal(size=32), rng.normal(size=32), float(rng.uniform())
        expect(answer, [a, b, t], slerp(a, b, t), within=1e-4)


def share_of_z(values: np.ndarray) -> float:
    """Share of the variance that z decides; values (n, m): n latents, m noises each."""
    m = values.shape[1]
    within = values.var(axis=1, ddof=1).mean()
    between = m * values.mean(axis=1).var(ddof=1)
    return float((between - within) / (between + (m - 1) * within))


@exercise("09.share_of_z", reference=share_of_z, stars=2, twin=sampling.determined)
def _(answer: Answer, rng: np.random.Generator) -> None:
    values = np.array([[0.0, 2.0], [2.0, 4.0], [4.0, 6.0]])  # means 1, 3, 5: between 8, within 2
    hints = {
        13 / 19: "the variances need n − 1 below them: `ddof=1`",
        0.8: "the variance of the means has noise in it, too: within has to be taken away",
        1 / 7: "rows and columns are swapped: a row is a latent, so within a row only the noise differs",
        1 / 3: "between is m times the variance of the means",
    }
    _told(float(answer(values.copy())), 0.6, hints, "[[0, 2], [2, 4], [4, 6]]")
    certain = np.array([[1.0, 1.0], [3.0, 3.0]])
    expect(answer, [certain], 1.0, "where the noise changes nothing, z decides all")
    alike = np.tile(rng.normal(size=(1, 4)), (3, 1))
    expect(
        answer,
        [alike],
        -1 / 3,
        "where all latents have the same mean, the estimate falls below 0: −1/(m − 1)",
    )
    for n, m in ((30, 2), (8, 5)):
        values = rng.normal(size=(n, 1)) + rng.normal(size=(n, m))
        expect(answer, [values], share_of_z(values), f"with {m} noises a latent")


def _told(got: float, want: float, hints: dict[float, str], of: str) -> None:
    if abs(got - want) > 1e-6:
        told = [why for value, why in hints.items() if abs(got - value) < 1e-6]
        because = f": {told[0]}" if told else ""
        raise Wrong(f"of {of} it gave {got:.4g} instead of {want:.4g}{because}")


def kappa(asked: np.ndarray, came: np.ndarray) -> float:
    """Agreement beyond chance of two one-hot arrays, each (N, K)."""
    obeyed = (asked * came).sum(axis=1).mean()
    by_chance = asked.mean(axis=0) @ came.mean(axis=0)
    return float((obeyed - by_chance) / (1 - by_chance))


@exercise("09.kappa", reference=kappa, stars=2)
def _(answer: Answer, rng: np.random.Generator) -> None:
    asked, came = np.eye(2)[[0, 0, 1, 1]], np.eye(2)[[0, 0, 0, 1]]  # 3/4 obey; by chance 1/2·3/4 + 1/2·1/4
    hints = {
        0.75: "that is the share that obeys; chance has to be taken away",
        0.25: "chance is taken away, but a machine that always obeys must get 1: divide by 1 − p_e",
        1 / 3: "p_e is the sum of p_k·q_k: what was asked times what came, not one of them squared",
    }
    _told(float(answer(asked.copy(), came.copy())), 0.5, hints, "two of each asked, three and one that came")
    expect(answer, [asked, asked], 1.0, "all that was asked came")
    skewed = np.eye(3)[[0, 0, 0, 0, 1, 2]]
    hints = {
        (5 / 6 - 1 / 3) / (1 - 1 / 3): "with three values, chance isn't a third: some values come more often",
    }
    most = np.eye(3)[[0, 0, 0, 0, 1, 0]]
    _told(
        float(answer(skewed.copy(), most.copy())),
        kappa(skewed, most),
        hints,
        "five of six right, most of them 0",
    )
    deaf = np.eye(2)[[0, 1, 0, 1]]
    expect(answer, [asked, deaf], 0.0, "it didn't listen: half are right by chance")
    for k in (2, 4):
        one, other = (np.eye(k)[rng.integers(k, size=40)] for _ in range(2))
        expect(answer, [one, other], kappa(one, other), f"with {k} values")


def force(noise: np.ndarray, tokens: np.ndarray, keep: np.ndarray) -> np.ndarray:
    """Noise (B, T, V, C) with which `tokens` (T, V) win wherever `keep` is True."""
    forced = noise.copy()
    step, voice = np.nonzero(keep)
    forced[:, step, voice, tokens[step, voice]] = 1e9
    return forced


@exercise("09.force", reference=force, stars=2)
def _(answer: Answer, rng: np.random.Generator) -> None:
    noise = rng.gumbel(size=(3, 5, 2, 4)).astype(np.float32)
    tokens, keep = rng.integers(0, 4, (5, 2)), rng.random((5, 2)) < 0.5
    keep[0], keep[1] = (True, False), (False, True)
    given, before = noise.copy(), noise.copy()
    got = np.asarray(_called(answer, given, tokens, keep))
    require(np.array_equal(given, before), "it changed the noise that it was given: work on a copy")
    require(got.shape == noise.shape, f"it gave shape {got.shape} instead of {noise.shape}")
    logits = rng.normal(scale=20, size=noise.shape)  # a generator that is sure of something else
    chosen = (logits + got).argmax(-1)
    lost = (chosen != tokens) & keep
    if (got.argmax(-1) == tokens)[:, keep].all() and lost.any():
        raise Wrong(
            f"{int(lost.sum())} kept cells lose against sure logits: the vote must outweigh any logit"
        )
    step, voice = np.argwhere(lost.any(0) | (keep & False))[0] if lost.any() else (0, 0)
    require(
        not lost.any(),
        f"kept cell (step {step}, voice {voice}) isn't what it was in every one of the B pieces",
    )
    free = np.broadcast_to(~keep[None, :, :, None], noise.shape)
    require(
        np.array_equal(got[free], noise[free]),
        "the noise of cells that aren't kept changed too: they must stay free",
    )


def _called(answer: Answer, *args: Any) -> Any:
    got = answer(*args)
    require(got is not None, "it gave None: is a `return` missing?")
    return got


def weigh(log_p: np.ndarray, keep: np.ndarray) -> np.ndarray:
    """The candidates' weights, (n,), of sum 1, from log p of the cells (n, T, V)."""
    evidence = log_p[:, keep].sum(axis=1)
    weights = np.exp(evidence - evidence.max())
    return weights / weights.sum()


@exercise("09.weigh", reference=weigh, stars=3)
def _(answer: Answer, rng: np.random.Generator) -> None:
    log_p = np.log([[[0.5, 0.1]], [[0.25, 0.9]], [[0.25, 0.5]]])  # 3 candidates, a step, 2 voices
    keep = np.array([[True, False]])
    got = np.asarray(_called(answer, log_p.copy(), keep.copy()), float)
    wrong = {
        "all cells count, and only the given ones should: the free ones were drawn by these very "
        "probabilities already": np.exp(log_p.sum((1, 2))),
        "the free cells count instead of the given ones": np.exp(log_p[:, ~keep].sum(1)),
        "these are logarithms": log_p[:, keep].sum(1),
    }
    for because, weights in wrong.items():
        if got.shape == (3,) and np.allclose(got, weights / weights.sum()):
            raise Wrong(because)
    require(
        not np.allclose(got, [0.5, 0.25, 0.25][: got.size]) or np.isclose(got.sum(), 1),
        "they should sum to 1",
    )
    expect(answer, [log_p, keep], np.array([0.5, 0.25, 0.25]), "only the given cells are evidence")
    both = np.ones((1, 2), bool)
    want = np.array([0.05, 0.225, 0.125]) / 0.4
    expect(answer, [log_p, both], want, "probabilities of several cells are multiplied")
    with np.errstate(all="ignore"):
        small = np.asarray(answer(log_p - 2000.0, keep.copy()), float)
    require(
        np.isfinite(small).all(),
        "very unlikely cells gave something that isn't a number: exp(−2000) is 0; subtract the largest first",
    )
    for _ in range(3):
        log_p, keep = -rng.gamma(2.0, size=(6, 8, 4)), rng.random((8, 4)) < 0.5
        expect(answer, [log_p, keep], weigh(log_p, keep))

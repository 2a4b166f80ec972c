"""Keep some cells, draw the rest: voices or bars that are given, locked or painted.

Comes in: classes (T, V), a mask of the cells to keep, latents and noise. Goes out: classes in which
every kept cell is as it was, and where asked the weight that makes drawn pieces fit what they
couldn't foresee.

Conventions
-----------
A generator that speaks step by step hears what was given *before* a cell (earlier steps, and higher
voices of the same step), and nothing after it. `redraw` is that: quick, and deaf to the future.
`fill` draws many and weighs each by how likely it makes the given cells, so the future is heard.
Lessons 09, 11 and 12.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from musicgan_edu.encoding import VoiceEncoding
from musicgan_edu.sampling.likelihood import log_likelihood
from musicgan_edu.score import EncodingError

if TYPE_CHECKING:
    from musicgan_edu.sampling import Sampler

__all__ = ["Filled", "cells", "fill", "redraw"]

_CERTAIN = np.float32(1e9)  # more than any logit and any noise


class Filled(NamedTuple):
    """Candidates, int64 (n, T, V), and the log of each one's weight, (n,), the best first."""

    tokens: np.ndarray
    log_weights: np.ndarray

    @property
    def effective(self) -> float:
        """How many equally good draws they are worth: (Σw)² / Σw², 1 to n."""
        weights = np.exp(self.log_weights - self.log_weights.max())
        return float(weights.sum() ** 2 / (weights**2).sum())

    def pick(self, rng: np.random.Generator) -> np.ndarray:
        """One of them, (T, V), drawn by weight: with many candidates, a fair draw given the cells."""
        weights = np.exp(self.log_weights - self.log_weights.max())
        return self.tokens[rng.choice(len(weights), p=weights / weights.sum())]


def cells(encoding: VoiceEncoding, *, voices: Iterable[int] = (), bars: Iterable[int] = ()) -> np.ndarray:
    """A mask, bool (T, V): True in these voices (0 is the first) and in these bars (1 is the first).

    Raises
    ------
    EncodingError : a voice or a bar that isn't there.
    """
    mask, grid = np.zeros(encoding.shape[:2], bool), encoding.grid
    for voice in voices:
        if not 0 <= voice < mask.shape[1]:
            raise EncodingError(f"sampling: no voice {voice} among {mask.shape[1]}, counted from 0")
        mask[:, voice] = True
    for bar in bars:
        if not 1 <= bar <= grid.n_bars:
            raise EncodingError(f"sampling: no bar {bar} among {grid.n_bars}, counted from 1")
        mask[(bar - 1) * grid.steps_per_bar : bar * grid.steps_per_bar] = True
    return mask


def redraw(
    sampler: Sampler,
    z: np.ndarray,
    noise: np.ndarray,
    *,
    tokens: np.ndarray,
    keep: np.ndarray,
    temperature: float | None = None,
    allowed: np.ndarray | None = None,
) -> np.ndarray:
    """Classes, int64 (B, T, V), drawn from z and noise where `keep` is False.

    Where it is True they are those of `tokens`. But a hold whose note isn't kept becomes a start of
    that note, as where `Score.cut` cuts through one: so what sounds in a kept cell stays the same.
    Only a recurrent generator hears what it is given or allowed: another's other cells are as without it.

    Parameters
    ----------
    z, noise : as for `Sampler.tokens`. tokens : classes (T, V). keep : bool (T, V).
    allowed : bool (V, C), the classes that each voice may be drawn from; all unless given. What is kept needn't be.
    """
    given = _struck_anew(sampler.encoding, tokens, keep)
    heat = float(sampler.card["generator"]["temperature"] if temperature is None else temperature)
    if sampler.card["generator"]["kind"] == "recurrent":
        noise = np.array(noise, np.float32) if heat else np.zeros_like(noise, np.float32)
        if allowed is not None:
            noise = np.where(allowed, noise, -_CERTAIN)
        step, voice = np.nonzero(keep)
        noise[:, step, voice, given[step, voice]] = _CERTAIN  # noise decides: this cell is decided
        # without heat the noise would not be read at all; without noise heat 1 takes the likeliest as well
        heat = heat or 1.0
    drawn = sampler.tokens(z, noise, temperature=heat)
    drawn[:, keep] = given[keep]
    return drawn


def _struck_anew(encoding: VoiceEncoding, tokens: np.ndarray, keep: np.ndarray) -> np.ndarray:
    if not isinstance(encoding, VoiceEncoding):
        raise EncodingError("sampling: cells can be kept of voices, not of rolls")
    tokens, keep = np.asarray(tokens), np.asarray(keep)
    if tokens.shape != encoding.shape[:2] or keep.shape != tokens.shape or keep.dtype != bool:
        raise EncodingError(
            f"sampling: expected classes and a bool mask {encoding.shape[:2]}, got {tokens.shape} and "
            f"{keep.shape} of {keep.dtype}"
        )
    kept_before = np.concatenate([np.zeros_like(keep[:1]), keep[:-1]])
    orphan = keep & ~kept_before & (tokens == encoding.hold)
    return np.where(orphan, encoding.sounding(tokens[None])[0], tokens).astype(np.int64)


def fill(
    sampler: Sampler, tokens: np.ndarray, keep: np.ndarray, *, n: int = 64, z: np.ndarray | None = None, seed: int = 0,
    allowed: np.ndarray | None = None,
) -> Filled:  # fmt: skip
    """n ways to fill the cells that aren't kept, and how well each fits those that are.

    Likelihood weighting: a candidate is drawn with the kept cells forced, and its weight is the
    probability that the generator itself would have said them, Π p(kept cell | all before it).
    Weighted so, candidates are draws of p(free cells | kept cells); the more is kept late or low,
    the fewer of them count (`Filled.effective`).

    Parameters
    ----------
    z : one latent (latent_dim,) for all; a fresh one each unless given.
    allowed : see `redraw`. The weights don't count how gladly a draft kept to it.

    References
    ----------
    R. Fung & K.-C. Chang, "Weighing and integrating evidence for stochastic simulation in Bayesian
    networks", UAI 1989.
    """
    latents = sampler.latents(n, seed=seed) if z is None else np.repeat(np.asarray(z)[None], n, 0)
    noise = sampler.noise(n, seed=seed)
    drawn = redraw(sampler, latents, noise, tokens=tokens, keep=keep, temperature=1.0, allowed=allowed)
    weights = log_likelihood(sampler, drawn, latents)[:, keep].sum(1)
    order = np.argsort(-weights, kind="stable")
    return Filled(drawn[order], weights[order])

"""How surprised a model is by music that it never saw.

Comes in: a sampler, windows as classes. Goes out: −log p of each step, in nats.
"""

from __future__ import annotations

import numpy as np

from musicgan_edu.sampling import Sampler, log_likelihood
from musicgan_edu.sampling.chain import surprise_of_cells, surprise_of_chain
from musicgan_edu.score import CheckpointError

__all__ = ["surprise"]


def surprise(sampler: Sampler, tokens: np.ndarray) -> np.ndarray:
    """−log p of each step given all before it, nats (B, T), of classes (B, T, V).

    Its sum over the steps is a window's negative log-likelihood, its mean the cross-entropy a step.

    Raises
    ------
    CheckpointError : a generator whose likelihood is no product over steps: one with a latent (an
        integral over z), a convolutional one (it has none), a masked one (one for every order).
    """
    generator, form = sampler.card["generator"], sampler.encoding
    kind = generator["kind"]
    if kind == "random":
        return surprise_of_cells(sampler.weights, form, tokens)
    if kind == "markov":
        return surprise_of_chain(sampler.weights, form, tokens)
    if kind == "recurrent" and not sampler.latent_dim:
        return -log_likelihood(sampler, tokens, np.zeros((1, 0), np.float32)).sum(2)
    raise CheckpointError(
        f"baselines: a {kind!r} generator with latent_dim {sampler.latent_dim} gives no likelihood step by step"
    )

"""The convolutional networks: a generator that makes all steps at once, a discriminator that hears each."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from musicgan_edu.encoding import VoiceEncoding
from musicgan_edu.models.constraints import CONSTRAINTS, SpectralNorm
from musicgan_edu.models.network import Network, doublings
from musicgan_edu.score import EncodingError

__all__ = ["ConvGenerator", "Discriminator"]


class ConvGenerator(Network):
    """z to all steps at once: a dense layer makes the first coarse steps, each block doubles them."""

    def __init__(self, encoding: VoiceEncoding, *, latent_dim: int = 32, width: int = 128) -> None:
        super().__init__()
        self.encoding, self.latent_dim = encoding, latent_dim
        n_steps, n_voices, n_classes = encoding.shape
        if n_steps % 8:
            raise EncodingError(f"models: three doublings need a multiple of 8 steps, got {n_steps}")
        blocks = [
            *doublings(n_steps // 8, width),
            layers.Conv1D(n_voices * n_classes, 3, padding="same", name="voices"),
            layers.Reshape(encoding.shape),
        ]
        self.stack = keras.Sequential(blocks, name="stack")
        self(np.zeros((1, latent_dim), np.float32))

    def call(self, z: tf.Tensor) -> tf.Tensor:
        """Logits (B, T, V, C) of z (B, latent_dim)."""
        return self.stack(z)


class Discriminator(Network):
    """A CNN over time that judges every step by what led there: logits (B, T); their mean judges the window.

    Dilated causal convolutions: step t sees the 1 + 2·(1 + 2 + 4) steps up to it. `constraint`, one of
    `CONSTRAINTS`, holds each kernel back after every step of the optimiser.
    """

    def __init__(
        self, n_features: int, *, width: int = 96, dropout: float = 0.2, constraint: str = "none"
    ) -> None:
        super().__init__()

        def held(n_outputs: int) -> dict[str, Any]:
            return {"kernel_constraint": CONSTRAINTS[constraint](n_outputs)}

        blocks: list[layers.Layer] = [layers.Dense(width, **held(width)), layers.LeakyReLU(0.2)]
        for dilation in (1, 2, 4):
            blocks += [
                layers.Dropout(dropout),
                layers.Conv1D(width, 3, dilation_rate=dilation, padding="causal", **held(width)),
            ]
            blocks += [layers.LeakyReLU(0.2)]
        self.stack = keras.Sequential([*blocks, layers.Dense(1, **held(1))])
        constraints = [getattr(layer, "kernel_constraint", None) for layer in self.stack.layers]
        self.directions = [
            c.direction for c in constraints if isinstance(c, SpectralNorm)
        ]  # saved with the rest
        self(np.zeros((1, 32, n_features), np.float32))

    def call(self, features: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Logits (B, T) of features (B, T, F), see `planes` and `relations`."""
        return self.stack(features, training=training)[..., 0]

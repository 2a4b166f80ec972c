"""A discriminator as a listener: what its last hidden layer says of a piece.

Comes in: a piece. Goes out: `size` numbers without names. `trained` gets a discriminator out of a run.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from musicgan_edu import models, sampling, training
from musicgan_edu.recommendation import hearing
from musicgan_edu.recommendation.hearing import FORM, Piece, RecommendationError

__all__ = ["Listener", "discriminator_of", "new_discriminator"]


def new_discriminator(seed: int = 0) -> models.Discriminator:
    """An untrained discriminator for the form of `hearing`."""
    keras.utils.set_random_seed(seed)
    silence = np.full((1, *FORM.shape[:2]), FORM.rest)
    return models.Discriminator(models.relations(silence, FORM).shape[-1])


def discriminator_of(run: Path, recipe: training.Recipe) -> models.Discriminator:
    """The discriminator in a run's state, which a checkpoint doesn't keep.

    Raises
    ------
    RecommendationError : another recipe's state.
    """
    game: Any = training.make(FORM, recipe, seed=0)
    arrays = sampling.read_arrays(run / "state.npz")
    variables = game.state()
    shapes = [tuple(variable.shape) for variable in variables]
    if [arrays[str(i)].shape for i in range(len(arrays) - 1)] != shapes:
        raise RecommendationError(f"recommendation: {run} holds no run of this recipe")
    for i, variable in enumerate(variables):
        variable.assign(arrays[str(i)])
    return game.discriminator


class Listener:
    """Mean and deviation, over steps and windows, of a discriminator's last hidden layer.

    `axes` (2·width, size) and `mean` (2·width,) reduce them to what varies most among pieces (PCA).
    """

    def __init__(
        self,
        discriminator: models.Discriminator,
        *,
        mean: np.ndarray | None = None,
        axes: np.ndarray | None = None,
    ) -> None:
        self.discriminator, self.mean, self.axes = discriminator, mean, axes
        hidden = keras.Sequential(discriminator.stack.layers[:-1])

        @tf.function(input_signature=[tf.TensorSpec((None, *FORM.shape[:2]), tf.int32)])
        def pooled(tokens: tf.Tensor) -> tf.Tensor:
            heard = hidden(models.relations(tokens, FORM), training=False)
            mean, variance = tf.nn.moments(heard, [0, 1])
            return tf.concat([mean, tf.sqrt(variance + 1e-6)], 0)

        self._pooled = pooled

    @classmethod
    def load(cls, path: Path) -> Listener:
        """What `save` wrote: an .npz of numbers."""
        try:
            arrays = sampling.read_arrays(path)
            discriminator = new_discriminator()
            for i, variable in enumerate(discriminator.weights):
                variable.assign(arrays[str(i)].astype(np.float32))
            return cls(
                discriminator, **{k: arrays[k].astype(np.float32) for k in ("mean", "axes") if k in arrays}
            )
        except Exception as error:  # a damaged file can fail anywhere
            raise RecommendationError(
                f"recommendation: {path} holds no listener ({type(error).__name__}: {error})"
            ) from error

    def save(self, path: Path) -> None:
        """Weights and axes in half precision."""
        arrays = {str(i): variable.numpy() for i, variable in enumerate(self.discriminator.weights)}
        if self.mean is not None and self.axes is not None:
            arrays |= {"mean": self.mean, "axes": self.axes}
        sampling.write_arrays(path, {k: v.astype(np.float16) for k, v in arrays.items()})

    def hear(self, piece: Piece) -> np.ndarray:
        """What D makes of the piece, float32 (size,)."""
        return self.reduce(self._pooled(hearing.windows(piece).astype(np.int32)).numpy())

    def reduce(self, pooled: np.ndarray) -> np.ndarray:
        """Means and deviations (…, 2·width) on the axes, if there are any: (…, size)."""
        return pooled if self.axes is None or self.mean is None else (pooled - self.mean) @ self.axes

    def reduced(self, pooled: Sequence[np.ndarray] | np.ndarray, size: int) -> Listener:
        """The same with the `size` directions in which these pieces, (N, 2·width), vary most."""
        values = np.asarray(pooled)
        mean = values.mean(0)
        _, spread, axes = np.linalg.svd(values - mean, full_matrices=False)
        scale = np.maximum(spread[:size], 1e-6) / np.sqrt(len(values))  # so that each has deviation 1
        return Listener(self.discriminator, mean=mean, axes=axes[:size].T / scale)

"""What every network here is: a Keras model whose weights exist once it is made. What several share."""

from __future__ import annotations

import keras
import numpy as np
from keras import layers

__all__ = ["Network", "doublings", "weights_of"]


class Network(keras.Model):
    """A model whose weights exist once it is made: each network calls itself on zeros to make them."""

    def build(self, *shapes: object) -> None:
        self.built = True


def doublings(coarse: int, width: int) -> list[layers.Layer]:
    """Layers from z, (B, latent_dim), to a few coarse steps, doubled three times: (B, 8 · coarse, width)."""
    blocks: list[layers.Layer] = [layers.Dense(coarse * width, activation="relu", name="coarse")]
    blocks += [layers.Reshape((coarse, width))]
    for i in range(3):
        convolution = layers.Conv1D(width, 3, padding="same", activation="relu", name=f"finer{i}")
        blocks += [layers.UpSampling1D(2), convolution]
    return blocks


def weights_of(model: keras.Model) -> dict[str, np.ndarray]:
    """The trainable weights by their path within the model ("lstm/lstm_cell/kernel"), float32."""
    return {variable.path.split("/", 1)[1]: variable.numpy() for variable in model.trainable_variables}

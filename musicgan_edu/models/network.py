"""What every network here is: a Keras model whose weights exist once it is made."""

from __future__ import annotations

import keras
import numpy as np

__all__ = ["Network", "weights_of"]


class Network(keras.Model):
    """A model whose weights exist once it is made: each network calls itself on zeros to make them."""

    def build(self, *shapes: object) -> None:
        self.built = True


def weights_of(model: keras.Model) -> dict[str, np.ndarray]:
    """The trainable weights by their path within the model ("lstm/lstm_cell/kernel"), float32."""
    return {variable.path.split("/", 1)[1]: variable.numpy() for variable in model.trainable_variables}

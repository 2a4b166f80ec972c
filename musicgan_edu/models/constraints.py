"""What holds a critic's weights back after each of its steps: spectral norm, or clipping.

Comes in: a kernel as an optimiser left it. Goes out: the kernel that the next step starts from.

Conventions
-----------
Keras constraints: the optimiser applies them right after its step. A kernel of any shape counts as
the matrix (everything else, outputs). Lesson 08.

References
----------
Arjovsky et al. (2017): clipping. Miyato et al. (2018): spectral norm by power iteration. Gouk et al.
(2021): dividing only what is too steep.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

__all__ = ["CONSTRAINTS", "Clipping", "SpectralNorm", "power_iteration"]


def power_iteration(matrix: tf.Tensor, direction: tf.Tensor, n: int = 1) -> tuple[tf.Tensor, tf.Tensor]:
    """The largest singular value of a matrix (m, k), and the input direction (k,) that it stretches most.

    Never above the true value, and the closer to it the more iterations or the better `direction`.
    """
    for _ in range(n):
        answer, _ = tf.linalg.normalize(tf.linalg.matvec(matrix, direction))
        direction, _ = tf.linalg.normalize(tf.linalg.matvec(matrix, answer, transpose_a=True))
    return tf.norm(tf.linalg.matvec(matrix, direction)), direction


class SpectralNorm(keras.constraints.Constraint):
    """Divides a kernel by its largest singular value where that is above 1.

    One power iteration a step is enough, for the kernel moves little between two and the direction is
    kept. That direction is state: `Discriminator` hands it to Keras with its other variables.
    """

    def __init__(self, n_outputs: int) -> None:
        start = np.random.default_rng(n_outputs).standard_normal(n_outputs)
        start = (start / np.linalg.norm(start)).astype(np.float32)
        self.direction = keras.Variable(start, trainable=False, name="direction")

    def __call__(self, w: tf.Tensor) -> tf.Tensor:
        w = tf.convert_to_tensor(w)
        matrix = tf.reshape(w, (-1, w.shape[-1]))
        largest, direction = power_iteration(matrix, self.direction.value)
        self.direction.assign(direction)
        return w / tf.maximum(largest, 1.0)


class Clipping(keras.constraints.Constraint):
    """Cuts every weight to −limit … limit, as the first Wasserstein GAN did."""

    def __init__(self, n_outputs: int, limit: float = 0.01) -> None:
        self.limit = limit

    def __call__(self, w: tf.Tensor) -> tf.Tensor:
        return tf.clip_by_value(w, -self.limit, self.limit)


#: What a recipe may name: functions of a layer's number of outputs.
CONSTRAINTS: dict[str, Callable[[int], Any]] = {
    "none": lambda n_outputs: None,
    "spectral norm": SpectralNorm,
    "clipping": Clipping,
}

"""Binary neurons: on or off on the way forward, the sigmoid's slope on the way back; no weights here.

Comes in: logits, float32, any shape. Goes out: exactly 0 or 1, of the same shape. For polyphony: a key
of a piano roll is down or it isn't, whatever the others do. Where one of many is chosen, `features`
has `straight_through`.

References
----------
Bengio, Léonard, Courville (2013): Estimating or propagating gradients through stochastic neurons.
Dong, Yang (2018): Convolutional GANs with binary neurons for polyphonic music generation (ISMIR).
Chung, Ahn, Bengio (2017): Hierarchical multiscale recurrent neural networks: the slope. Lesson 06.
"""

from __future__ import annotations

import tensorflow as tf

__all__ = ["deterministic_binary", "stochastic_binary"]


def deterministic_binary(
    logits: tf.Tensor, *, slope: float = 1.0, above: tf.Tensor | float = 0.0
) -> tf.Tensor:
    """1 where the logit is above 0 (that is where σ(slope · logit) > ½), or `above` another; its gradient is the sigmoid's.

    `slope` > 0 is raised during training: the steeper the sigmoid, the less it differs from the step.
    """
    soft = tf.sigmoid(slope * logits)
    return _straight_through(tf.cast(logits > above, logits.dtype), soft)


def stochastic_binary(logits: tf.Tensor, uniform: tf.Tensor, *, slope: float = 1.0) -> tf.Tensor:
    """1 with probability σ(slope · logit); its gradient is that of the sigmoid.

    `uniform`: random numbers in [0, 1) of the logits' shape. Where what follows is linear in each neuron, that
    gradient is right on average; elsewhere it's biased.
    """
    soft = tf.sigmoid(slope * logits)
    return _straight_through(tf.cast(uniform < soft, logits.dtype), soft)


def _straight_through(hard: tf.Tensor, soft: tf.Tensor) -> tf.Tensor:
    """The value of `hard` exactly, with the gradient of `soft`."""
    return tf.stop_gradient(hard) + (soft - tf.stop_gradient(soft))

"""Polyphonic rolls of several tracks: the generator that makes them, and what a discriminator hears of them.

Comes in: latents z, float32 (B, latent_dim), or rolls, (B, T, P, 2K), see `encoding.RollEncoding`: first where
each of K tracks sounds, then where it strikes. Goes out: a logit for each key, to be made 0 or 1 by
`decide`; rolls again; features for a discriminator, (B, T, F).

Conventions
-----------
A key says at every step whether it sounds. Whether it is struck again counts only where it sounded a step
before: a new key is always struck. So repeated notes stay two notes, and nothing can be held that doesn't sound.

The keys of a track compete for it, with each other and with a rest: what one gains the others lose, as in a
softmax. A key's logit is that of its *share*. Where the music has up to n keys at once in a track, down is what has
more than 1/(n + 1).
On the way back the slope is the share's own: with a sigmoid of its logarithm G falls silent, for asked for more
keys it would take from the leading one (`benchmarks/EXPERIMENTS.md`, "Polyphonic rolls").

References
----------
Dong, Yang (2018): binary neurons for rolls of several tracks. Karras et al. (2020): StyleGAN2, a sum of what each
resolution says.
"""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from musicgan_edu.encoding import RollEncoding
from musicgan_edu.models.network import Network
from musicgan_edu.models.neurons import deterministic_binary, stochastic_binary
from musicgan_edu.models.sound import interval_classes
from musicgan_edu.score import EncodingError

__all__ = ["RollGenerator", "features_of_rolls", "roll_kernels"]

_RARE = -5.0  # where the logits of striking again begin
_NEVER = 1e-6  # how often a key sounds at birth that the music never plays
_PARTS = (
    16.0,
    4.0,
    1.0,
    0.1,
)  # variance of a newborn's scores from the whole, its beats, half beats, sixteenths
_NEAR = 3.0  # semitones
_LOUD = 3.0  # what a rest weighs among D's features: a penalised D may not be steep


class RollGenerator(Network):
    """z to whole rolls: a coarse plan, doubled three times; each doubling adds its part to the score of every key.

    What is said of the whole gives a track its favourite keys, what the beats say lasts a beat, what the sixteenths
    add is short: a newborn has lines and long notes already.
    """

    def __init__(self, encoding: RollEncoding, *, latent_dim: int = 64, width: int = 128) -> None:
        super().__init__()
        self.encoding, self.latent_dim = encoding, latent_dim
        _, n_pitches, n_channels = encoding.shape
        (_, size), _ = roll_kernels(encoding, latent_dim=latent_dim, width=width)
        self.coarse = layers.Dense(
            size, activation="relu", kernel_initializer=_lively(latent_dim), name="coarse"
        )
        options = {"activation": "relu", "kernel_initializer": _lively(3 * width)}
        self.finer = [layers.Conv1D(width, 3, padding="same", name=f"finer{i}", **options) for i in range(3)]
        begin = [_registers(n_pitches, n_channels, (_PARTS[0] / width) ** 0.5)]
        begin += [_normal((part / width) ** 0.5) for part in _PARTS[1:]]
        self.keys = [
            layers.Dense(n_pitches * n_channels, use_bias=False, kernel_initializer=how, name=f"keys{i}")
            for i, how in enumerate(begin)
        ]
        self.usual = self.add_weight(shape=(n_pitches, n_channels), initializer="zeros", name="usual")
        self.most = self.add_weight(
            shape=(n_channels // 2,), initializer="ones", trainable=False, name="most"
        )
        self(np.zeros((1, latent_dim), np.float32))

    def call(self, z: tf.Tensor) -> tf.Tensor:
        """Logits (B, T, P, 2K) of z (B, latent_dim)."""
        n_steps, n_pitches, n_channels = self.encoding.shape
        plan = tf.reshape(self.coarse(z), (-1, n_steps // 8, self.finer[0].filters))
        scores = tf.reshape(self.usual, (1, 1, -1)) + self.keys[0](tf.reduce_mean(plan, 1, keepdims=True))
        for finer, keys in zip(self.finer, self.keys[1:], strict=True):
            plan = finer(tf.repeat(plan, 2, axis=1))
            scores += tf.repeat(keys(plan), n_steps // plan.shape[1], axis=1)
        sounds, again = tf.split(tf.reshape(scores, (-1, n_steps, n_pitches, n_channels)), 2, axis=-1)
        rest = tf.zeros_like(sounds[:, :, :1])
        shares = tf.nn.log_softmax(tf.concat([sounds, rest], 2), axis=2)[:, :, :-1]
        others = tf.math.log(tf.maximum(1 - tf.exp(shares), 1e-6))
        return tf.concat([shares - others, again], -1)

    def meet(self, rolls: np.ndarray) -> None:
        """Begin with how often each key sounds in rolls (N, T, P, 2K), and how many at once; unless that is done.

        Chords of more keys than 99 of 100 have are not aimed at.
        """
        if np.asarray(self.usual).any():
            return
        sounds = rolls[..., : len(self.encoding.tracks)]
        often, at_once = sounds.mean((0, 1)), sounds.sum(2)
        rests = np.maximum((at_once == 0).mean((0, 1)), 0.05)
        scores = np.log((often + _NEVER) / rests)
        self.usual.assign(np.concatenate([scores, np.full_like(scores, _RARE)], -1))
        self.most.assign(
            [max(1, np.quantile(n[n > 0], 0.99)) if n.any() else 1 for n in np.moveaxis(at_once, -1, 0)]
        )

    def decide(self, logits: tf.Tensor, uniform: tf.Tensor, *, noise: float) -> tf.Tensor:
        """Keys, exactly 0 or 1: where `noise` is 0 by their share (of strikes: above ½), else with σ(logit / noise)."""
        if noise:
            return stochastic_binary(logits, uniform, slope=1 / noise)
        above = -tf.math.log(tf.convert_to_tensor(self.most))  # the logit of 1 / (n + 1)
        return deterministic_binary(logits, above=tf.concat([above, tf.zeros_like(above)], 0))

    def tokens(self, z: np.ndarray, uniform: np.ndarray, *, temperature: float = 0.0) -> np.ndarray:
        """Rolls, bool (B, T, P, 2K), of z and random numbers in [0, 1) of the rolls' shape."""
        return self.decide(self(z), tf.constant(uniform, tf.float32), noise=temperature).numpy() > 0


def roll_kernels(encoding: RollEncoding, *, latent_dim: int, width: int) -> tuple[tuple[int, ...], ...]:
    """Shapes of the first two kernels of a `RollGenerator`, which say how large the others are.

    Raises
    ------
    EncodingError : the steps can't be made by doubling three times, or the pitches aren't whole octaves.
    """
    n_steps, n_pitches, _ = encoding.shape
    if n_steps % 8 or n_pitches % 12:
        raise EncodingError(
            f"models: need a multiple of 8 steps and whole octaves, got {n_steps} steps, {n_pitches} pitches"
        )
    return (latent_dim, n_steps // 8 * width), (3, width, width)


def _normal(deviation: float) -> keras.initializers.Initializer:
    return keras.initializers.RandomNormal(stddev=deviation)


def _registers(n_pitches: int, n_channels: int, deviation: float) -> Callable[..., tf.Tensor]:
    """Weights for scores that neighbouring pitches share, so that a track stays where it is; none for strikes."""
    apart = np.subtract.outer(np.arange(n_pitches), np.arange(n_pitches))
    near = np.exp(-0.5 * (apart / _NEAR) ** 2)
    near = deviation * near / np.linalg.norm(near, axis=0)

    def begin(shape: tuple[int, int], dtype: str | None = None) -> tf.Tensor:
        drawn = keras.random.normal((shape[0], n_channels // 2, n_pitches), dtype=dtype)
        sounds = tf.transpose(drawn @ tf.constant(near, drawn.dtype), (0, 2, 1))
        return tf.reshape(tf.concat([sounds, tf.zeros_like(sounds)], -1), shape)

    return begin


def _lively(n_inputs: int) -> keras.initializers.Initializer:
    """Weights that keep what differs between two z: with Keras's own, a newborn's logits are all but constant.

    Its neurons would be all on or all off, and the game begins with D teaching G how loud to be.
    """
    return _normal((2 / n_inputs) ** 0.5)


def features_of_rolls(rolls: tf.Tensor, encoding: RollEncoding) -> tf.Tensor:
    """What a discriminator hears at each step, float32 (B, T, F); differentiable.

    Which keys sound and which are struck; which pitch classes; how often each interval class stands
    between two tracks, and between each track and itself a step ago; which tracks rest.
    """
    n_tracks, (n_steps, n_pitches, n_channels) = len(encoding.tracks), encoding.shape
    rolls = tf.cast(rolls, tf.float32)
    sounds, again = rolls[..., :n_tracks], rolls[..., n_tracks:]
    before = tf.concat([tf.zeros_like(sounds[:, :1]), sounds[:, :-1]], 1)
    struck = sounds * (1 - before * (1 - again))
    keys = tf.reshape(tf.concat([sounds, struck], -1), (-1, n_steps, n_pitches * n_channels))
    chroma = tf.reshape(sounds, (-1, n_steps, n_pitches // 12, 12 * n_tracks))
    intervals = interval_classes(tf.transpose(sounds, (0, 1, 3, 2)), encoding)
    rests = _LOUD * tf.reduce_prod(1 - sounds, 2)
    return tf.concat([keys, tf.reduce_sum(chroma, 2), intervals, rests], -1)

"""Polyphonic rolls of several tracks: the generator that makes them, and what a discriminator hears of them.

Comes in: latents z, float32 (B, latent_dim), or rolls, (B, T, P, 2K), see `encoding.RollEncoding`: first where
each of K tracks sounds, then where it strikes. Goes out: a logit for each key, to be made 0 or 1 by
`binary`; rolls again; features for a discriminator, (B, T, F).

Conventions
-----------
A key says at every step whether it sounds. Whether it is struck again counts only where it sounded a step
before: a new key is always struck. So repeated notes stay two notes, and nothing can be held that doesn't sound.

References
----------
Dong et al. (2018): MuseGAN, the hybrid of a latent for all and one for each track. Dong, Yang (2018):
binary neurons, and convolutions that make the pitches of all octaves alike.
"""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from musicgan_edu.encoding import RollEncoding
from musicgan_edu.models.network import Network
from musicgan_edu.models.neurons import deterministic_binary, stochastic_binary
from musicgan_edu.models.sound import interval_classes
from musicgan_edu.score import EncodingError

__all__ = ["RollGenerator", "binary", "features_of_rolls", "roll_kernels"]

_RARE = -2.0  # where logits begin: few keys are down


class RollGenerator(Network):
    """z to whole rolls: each track begins with its own dense layer, on half of z and on its own part of the rest.

    What comes is coarse, an eighth of the steps and one row for each octave. Three convolutions, the same for
    all tracks, double the steps; one makes twelve pitches of each octave; the last hears all tracks.
    """

    def __init__(self, encoding: RollEncoding, *, latent_dim: int = 64, width: int = 32) -> None:
        super().__init__()
        self.encoding, self.latent_dim = encoding, latent_dim
        self.n_tracks = len(encoding.tracks)
        self.own = latent_dim // 2 // self.n_tracks
        n_steps, n_pitches, n_channels = encoding.shape
        (_, n_inputs, size), _ = roll_kernels(encoding, latent_dim=latent_dim, width=width)
        self.begin = layers.EinsumDense(
            "bki,kio->bko", (self.n_tracks, size), bias_axes="ko", activation="relu", name="begin",
            kernel_initializer=_lively(n_inputs),
        )  # fmt: skip
        blocks: list[layers.Layer] = [layers.Reshape((n_steps // 8, n_pitches // 12, width))]
        for i in range(3):
            options = {"activation": "relu", "kernel_initializer": _lively(9 * width)}
            finer = layers.Conv2D(width, 3, padding="same", name=f"finer{i}", **options)
            blocks += [layers.UpSampling2D((2, 1)), finer]
        options = {"activation": "relu", "kernel_initializer": _lively(width)}
        blocks += [layers.Conv2DTranspose(width // 2, (1, 12), (1, 12), name="pitches", **options)]
        self.each = keras.Sequential(blocks, name="each")
        last = _lively(9 * self.n_tracks * (width // 2))
        self.together = layers.Conv2D(n_channels, 3, padding="same", kernel_initializer=last, name="together")
        self.keys = self.add_weight(
            shape=(n_pitches, n_channels), initializer=keras.initializers.Constant(_RARE), name="keys"
        )
        self(np.zeros((1, latent_dim), np.float32))

    def call(self, z: tf.Tensor) -> tf.Tensor:
        """Logits (B, T, P, 2K) of z (B, latent_dim)."""
        n_tracks, (n_steps, n_pitches, _) = self.n_tracks, self.encoding.shape
        shared = z[:, : self.latent_dim - n_tracks * self.own]
        own = tf.reshape(z[:, shared.shape[1] :], (-1, n_tracks, self.own))
        begun = self.begin(tf.concat([tf.repeat(shared[:, None], n_tracks, 1), own], -1))
        each = self.each(tf.reshape(begun, (-1, begun.shape[-1])))
        each = tf.reshape(each, (-1, n_tracks, n_steps, n_pitches, each.shape[-1]))
        tracks = tf.transpose(each, (0, 2, 3, 1, 4))
        tracks = tf.reshape(tracks, (-1, n_steps, n_pitches, n_tracks * each.shape[-1]))
        return self.together(tracks) + self.keys

    def tokens(self, z: np.ndarray, uniform: np.ndarray, *, temperature: float = 0.0) -> np.ndarray:
        """Rolls, bool (B, T, P, 2K), of z and random numbers in [0, 1) of the rolls' shape."""
        return binary(self(z), tf.constant(uniform, tf.float32), noise=temperature).numpy() > 0


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
    n_tracks = len(encoding.tracks)
    n_inputs = latent_dim - (n_tracks - 1) * (latent_dim // 2 // n_tracks)
    return (n_tracks, n_inputs, n_steps // 8 * (n_pitches // 12) * width), (3, 3, width, width)


def _lively(n_inputs: int) -> keras.initializers.Initializer:
    """Weights that keep what differs between two z: with Keras's own, a newborn's logits are all but constant.

    Its neurons would be all on or all off, and the game begins with D teaching G how loud to be.
    """
    return keras.initializers.RandomNormal(stddev=(2 / n_inputs) ** 0.5)


def binary(logits: tf.Tensor, uniform: tf.Tensor, *, noise: float) -> tf.Tensor:
    """Keys, exactly 0 or 1: down above 0 where `noise` is 0, else with probability σ(logit / noise)."""
    if noise == 0:
        return deterministic_binary(logits)
    return stochastic_binary(logits, uniform, slope=1 / noise)


def features_of_rolls(rolls: tf.Tensor, encoding: RollEncoding) -> tf.Tensor:
    """What a discriminator hears at each step, float32 (B, T, F); differentiable.

    Which keys sound and which are struck; which pitch classes; how often each interval class stands
    between two tracks, and between each track and itself a step ago.
    """
    n_tracks, (n_steps, n_pitches, n_channels) = len(encoding.tracks), encoding.shape
    rolls = tf.cast(rolls, tf.float32)
    sounds, again = rolls[..., :n_tracks], rolls[..., n_tracks:]
    before = tf.concat([tf.zeros_like(sounds[:, :1]), sounds[:, :-1]], 1)
    struck = sounds * (1 - before * (1 - again))
    keys = tf.reshape(tf.concat([sounds, struck], -1), (-1, n_steps, n_pitches * n_channels))
    chroma = tf.reshape(sounds, (-1, n_steps, n_pitches // 12, 12 * n_tracks))
    intervals = interval_classes(tf.transpose(sounds, (0, 1, 3, 2)), encoding)
    return tf.concat([keys, tf.reduce_sum(chroma, 2), intervals], -1)

"""The pure game's generator, and what its discriminator hears: sounds at a steady pulse, without holds.

Comes in: latents z, or windows as classes, int (B, T, V). Goes out: at every pulse what each voice
sounds, one-hot float32 (B, N, V, P + 1), and whether it is struck, (B, N, V, 1), as one array
(B, N, V, C); features for a discriminator, (B, N, F); and classes again.

Conventions
-----------
A pulse is half a beat: N = 2 a beat. C = P + 2 as in the classes, but the last channel says *struck*
instead of *hold*. A generator that may say "hold" finds out that holding everything is right most of
the time, and freezes on one chord (lesson 07; `benchmarks/EXPERIMENTS.md`, "The pure game"). One that
has to say what sounds holds a note by saying it twice, which a convolution does by itself.
"""

from __future__ import annotations

import itertools

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from musicgan_edu.encoding import RollEncoding, VoiceEncoding
from musicgan_edu.models.features import sounding, straight_through
from musicgan_edu.models.network import Network, doublings
from musicgan_edu.score import EncodingError

__all__ = ["SoundGenerator", "choose", "features_of_sound", "interval_classes", "pulses", "sound_of"]


def pulses(encoding: VoiceEncoding) -> int:
    """How many steps of the grid a pulse lasts: half a beat.

    Raises
    ------
    EncodingError : the grid has no half beats, or the pulses can't be made by doubling three times.
    """
    grid = encoding.grid
    stride = grid.steps_per_beat // 2
    if grid.steps_per_beat % 2 or grid.n_steps % (8 * stride):
        raise EncodingError(
            f"models: need half beats, and a multiple of 8 of them; got {grid.n_steps} steps, {grid.steps_per_beat} a beat"
        )
    return stride


def sound_of(tokens: tf.Tensor, encoding: VoiceEncoding) -> tf.Tensor:
    """What of real windows, classes (B, T, V), stands on the pulses, float32 (B, N, V, C)."""
    tokens, stride = tf.cast(tokens, tf.int32), pulses(encoding)
    heard, _ = sounding(tokens, encoding)
    struck = tf.cast(tokens < encoding.n_pitches, tf.float32)[..., None]
    return tf.concat([tf.one_hot(heard, encoding.n_pitches + 1), struck], -1)[:, ::stride]


def choose(logits: tf.Tensor, noise: tf.Tensor | float = 0.0) -> tf.Tensor:
    """Decisions (B, N, V, C) from logits: one sound (with Gumbel noise or without), struck or not.

    Straight-through: hard on the way forward, softmax and sigmoid on the way back.
    """
    sound = straight_through(logits[..., :-1], noise)
    soft = tf.sigmoid(logits[..., -1:])
    return tf.concat([sound, soft + tf.stop_gradient(tf.round(soft) - soft)], -1)


def features_of_sound(choices: tf.Tensor, encoding: VoiceEncoding) -> tf.Tensor:
    """What a discriminator hears at each pulse, float32 (B, N, F); differentiable.

    Which pitches sound and which voices strike one; the interval class of every pair of voices, and
    of every voice with its own last pulse.
    """
    sound = choices[..., :-1]
    before = tf.concat([tf.zeros_like(sound[:, :1]), sound[:, :-1]], 1)
    same = tf.reduce_sum(sound * before, -1, keepdims=True)
    starts = (1 - sound[..., -1:]) * (1 - same * (1 - choices[..., -1:]))  # a new pitch is always struck
    notes = tf.concat([sound, starts], -1)
    size = len(encoding.tracks) * encoding.n_classes
    flat = tf.reshape(notes, (-1, notes.shape[1], size))
    return tf.concat([flat, interval_classes(sound[..., :-1], encoding)], -1)


def interval_classes(pitches: tf.Tensor, encoding: VoiceEncoding | RollEncoding) -> tf.Tensor:
    """Interval classes, float32 (B, N, 12 · (pairs + V)), from one-hot pitches (B, N, V, P).

    First each pair of voices, the upper above the lower, then each voice above where it was a pulse ago. It is
    the circular correlation of two chromas: for one-hot ones it is one-hot at their difference modulo
    12, and it has a slope. Zero where one of the two rests. Of chords it counts all pairs of notes.
    """
    n_pitches, n_voices = encoding.n_pitches, len(encoding.tracks)
    fold = np.eye(12, dtype=np.float32)[(np.arange(n_pitches) + encoding.low) % 12]  # (P, 12)
    chroma = pitches @ fold  # (B, N, V, 12)
    turned = np.stack([np.roll(np.eye(12, dtype=np.float32), i, 0) for i in range(12)], -1)  # (12, 12, 12)
    turns = tf.reshape(chroma @ turned.reshape(12, 144), (-1, chroma.shape[1], n_voices, 12, 12))
    pairs = [
        tf.linalg.matvec(turns[:, :, u], chroma[:, :, v], transpose_a=True)
        for u, v in itertools.combinations(range(n_voices), 2)
    ]
    before = tf.concat([tf.zeros_like(chroma[:, :1]), chroma[:, :-1]], 1)
    moves = tf.linalg.matvec(turns, before, transpose_a=True)
    return tf.concat([*pairs, tf.reshape(moves, (-1, chroma.shape[1], 12 * n_voices))], -1)


class SoundGenerator(Network):
    """z to all pulses at once: a dense layer makes the first coarse ones, each block doubles them."""

    def __init__(self, encoding: VoiceEncoding, *, latent_dim: int = 32, width: int = 128) -> None:
        super().__init__()
        self.encoding, self.latent_dim = encoding, latent_dim
        n_steps, n_voices, n_classes = encoding.shape
        coarse = n_steps // pulses(encoding) // 8
        blocks = [
            *doublings(coarse, width),
            layers.Conv1D(n_voices * n_classes, 3, padding="same", name="voices"),
            layers.Reshape((8 * coarse, n_voices, n_classes)),
        ]
        self.stack = keras.Sequential(blocks, name="stack")
        self(np.zeros((1, latent_dim), np.float32))

    def call(self, z: tf.Tensor) -> tf.Tensor:
        """Logits (B, N, V, C) of z (B, latent_dim), to `choose` from."""
        return self.stack(z)

    def tokens(self, z: np.ndarray, noise: np.ndarray | None = None) -> np.ndarray:
        """Classes, int64 (B, T, V), of z (B, latent_dim): the likeliest sounds, with noise (B, T, V, C) if any."""
        encoding, stride = self.encoding, pulses(self.encoding)
        logits = self(z).numpy()
        heat = 0.0 if noise is None else noise[:, ::stride, :, :-1]
        sound = (logits[..., :-1] + heat).argmax(-1)
        goes_on = np.zeros(sound.shape, bool)
        goes_on[:, 1:] = (
            (sound[:, 1:] == sound[:, :-1]) & (logits[:, 1:, :, -1] <= 0) & (sound[:, 1:] < encoding.rest)
        )
        tokens = np.repeat(np.where(sound == encoding.rest, encoding.rest, encoding.hold), stride, axis=1)
        tokens[:, ::stride] = np.where(goes_on, encoding.hold, sound)
        return tokens

"""The masked network: what stands in the cells that are hidden, given all the others."""

from __future__ import annotations

import numpy as np
import tensorflow as tf
from keras import layers

from musicgan_edu.encoding import VoiceEncoding
from musicgan_edu.models.features import place
from musicgan_edu.models.network import Network

__all__ = ["MaskedNetwork"]

DILATIONS = (1, 2, 4, 8, 16, 1)  # together they see the whole of two bars, both ways
SPAN = 24  # semitones: intervals beyond count as this one


class MaskedNetwork(Network):
    """A CNN over time, voices as channels, that reads a window with gaps in both directions.

    Each residual block is a dilated convolution. On top of it each voice has a head of its own that thinks
    in intervals, as in `RecurrentGenerator`: from where the voice was last known to be and where it is known
    to be next, to each candidate and to what the others sing. So what is learnt at one pitch is known at all.
    `sampling.fill_masked` draws with it.
    """

    def __init__(self, encoding: VoiceEncoding, *, width: int = 128, dropout: float = 0.0) -> None:
        super().__init__()
        self.encoding, self.head_width = encoding, max(width // 2, 1)
        _, n_voices, n_classes = encoding.shape
        self.n_gaps = 2 * SPAN + 2  # the last one: from or to nothing known
        self.dropout = layers.Dropout(dropout)
        self.read = layers.Conv1D(width, 3, padding="same", name="read")
        self.blocks = [
            layers.Conv1D(width, 3, padding="same", dilation_rate=dilation, name=f"block{i}")
            for i, dilation in enumerate(DILATIONS)
        ]
        self.norms = [layers.LayerNormalization(name=f"norm{i}") for i in range(len(DILATIONS) + 1)]
        heads = range(n_voices)
        self.hears = [layers.Dense(self.head_width, name=f"hears{v}") for v in heads]
        self.others = [layers.Dense(self.head_width, use_bias=False, name=f"others{v}") for v in heads]
        self.says = [layers.Dense(n_classes + 2 * self.n_gaps, name=f"says{v}") for v in heads]
        self.intervals = [
            self.add_weight(shape=(n_voices, self.n_gaps), initializer="zeros", name=f"interval{v}")
            for v in heads
        ]
        tokens = tf.zeros((1, *encoding.shape[:2]), tf.int32)
        self(tokens, tf.zeros(tokens.shape, tf.bool))

    def call(self, tokens: tf.Tensor, known: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Logits (B, T, V, C) of every cell from classes int32 (B, T, V) and which are known, bool (B, T, V)."""
        heard = self._heard(tokens, known)
        x = self.read(self._features(tokens, known, heard))
        for block, norm in zip(self.blocks, self.norms, strict=False):
            x += self.dropout(block(tf.nn.relu(norm(x))), training=training)
        x = tf.nn.relu(self.norms[-1](x))
        before, after = self._nearest(heard, later=False), self._nearest(heard, later=True)
        voices = [self._voice(v, x, heard, before[..., v], after[..., v]) for v in range(len(self.says))]
        return tf.stack(voices, 2)

    def _voice(
        self, v: int, x: tf.Tensor, heard: tf.Tensor, before: tf.Tensor, after: tf.Tensor
    ) -> tf.Tensor:
        """Logits (B, T, C) of voice v; `before` and `after` are its nearest known pitches, (B, T)."""
        n_pitches = self.encoding.n_pitches
        around = tf.concat([heard, after[..., None]], -1)  # its own cell too, if it is known
        gaps = tf.one_hot(self._gap(around, before[..., None]), self.n_gaps)
        gaps = tf.reshape(gaps, (-1, self.encoding.grid.n_steps, around.shape[-1] * self.n_gaps))
        said = self.says[v](tf.nn.relu(self.hears[v](x) + self.others[v](gaps)))
        logits, down, up = tf.split(said, [self.encoding.n_classes, self.n_gaps, self.n_gaps], -1)
        pitches = tf.range(n_pitches)
        scores = tf.gather(down, self._gap(pitches, before[..., None]), batch_dims=2)
        scores += tf.gather(up, self._gap(pitches, after[..., None]), batch_dims=2)
        scores += self._by_interval(v, heard)
        return logits + tf.pad(scores, [[0, 0], [0, 0], [0, 2]])

    def _by_interval(self, v: int, heard: tf.Tensor) -> tf.Tensor:
        """What the known pitches of the other voices say of each pitch of voice v, (B, T, P)."""
        n_pitches, n_voices = self.encoding.n_pitches, len(self.says)
        pitches = tf.range(n_pitches)
        table = tf.gather(self.intervals[v], self._gap(pitches[None], pitches[:, None]), axis=1)  # (V, P, P)
        table *= tf.reshape(1.0 - tf.one_hot(v, n_voices), (-1, 1, 1))
        sounds = tf.one_hot(heard, n_pitches)  # a rest and the unknown say nothing
        return tf.tensordot(sounds, table, [[2, 3], [0, 1]])

    def _gap(self, pitch: tf.Tensor, reference: tf.Tensor) -> tf.Tensor:
        """The row of the interval from `reference` to `pitch`, classes; the last row where either is no pitch."""
        none = (pitch >= self.encoding.rest) | (reference >= self.encoding.rest)
        return tf.where(none, self.n_gaps - 1, tf.clip_by_value(pitch - reference, -SPAN, SPAN) + SPAN)

    def _heard(self, tokens: tf.Tensor, known: tf.Tensor) -> tf.Tensor:
        """What is known to sound at each step: a pitch's class, `rest`, or `hold` where it isn't known."""
        unknown = self.encoding.hold
        tokens = tf.where(known, tokens, unknown)
        return self._look(tokens, ~known | (tokens != unknown), np.tri(tokens.shape[1], dtype=bool), unknown)

    def _nearest(self, heard: tf.Tensor, *, later: bool) -> tf.Tensor:
        """The pitch that each voice is known to sing next, or sang last, classes; `hold` if none is known."""
        n_steps = heard.shape[1]
        near = np.tri(n_steps, k=-1, dtype=bool)
        return self._look(
            heard, heard < self.encoding.n_pitches, near.T if later else near, self.encoding.hold, later=later
        )

    @staticmethod
    def _look(
        values: tf.Tensor, there: tf.Tensor, near: np.ndarray, default: int, *, later: bool = False
    ) -> tf.Tensor:
        """For each step t the value at the nearest step s that is `there` and near[t, s]; (B, T, V)."""
        step = tf.range(values.shape[1])[None, None, :, None]
        seen = there[:, None] & near[None, :, :, None]  # (B, T, T, V)
        far = values.shape[1]
        if later:
            nearest = tf.reduce_min(tf.where(seen, step, far), 2)
        else:
            nearest = tf.reduce_max(tf.where(seen, step, -1), 2)
        found = (nearest >= 0) & (nearest < far)
        nearest = tf.transpose(tf.clip_by_value(nearest, 0, far - 1), (0, 2, 1))
        value = tf.gather(tf.transpose(values, (0, 2, 1)), nearest, batch_dims=2)
        return tf.where(found, tf.transpose(value, (0, 2, 1)), default)

    def _features(self, tokens: tf.Tensor, known: tf.Tensor, heard: tf.Tensor) -> tf.Tensor:
        """(B, T, F): what sounds; which cells are known, start or hold; the place in the grid."""
        n_steps, n_voices, n_classes = self.encoding.shape
        struck = known & (tokens < self.encoding.n_pitches)
        held = known & (tokens == self.encoding.hold)
        flags = tf.concat([tf.cast(flag, tf.float32) for flag in (known, struck, held)], -1)
        sounds = tf.reshape(tf.one_hot(heard, n_classes), (-1, n_steps, n_voices * n_classes))
        where = place(self.encoding)
        where = tf.broadcast_to(where, (tf.shape(tokens)[0], *where.shape))
        return tf.concat([sounds, flags, where], -1)

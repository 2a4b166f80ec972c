"""The masked network: what stands in the cells that are hidden, given all the others."""

from __future__ import annotations

import itertools

import tensorflow as tf
from keras import layers

from musicgan_edu.encoding import VoiceEncoding
from musicgan_edu.models.features import place
from musicgan_edu.models.network import Network

__all__ = ["MaskedNetwork"]

DILATIONS = (1, 2, 4, 8, 1, 2, 4, 8)  # together they see the whole of two bars, both ways


class MaskedNetwork(Network):
    """A CNN over time, voices as channels, that reads a window with gaps in both directions.

    Each residual block is a dilated convolution. To what it says of a cell, tables add what the interval
    to each other voice says: as in `RecurrentGenerator`, an interval learnt at one pitch is known at all.
    `sampling.fill_masked` draws with it.
    """

    def __init__(self, encoding: VoiceEncoding, *, width: int = 128, dropout: float = 0.0) -> None:
        super().__init__()
        self.encoding = encoding
        _, n_voices, n_classes = encoding.shape
        self.dropout = layers.Dropout(dropout)
        self.read = layers.Conv1D(width, 3, padding="same", name="read")
        self.blocks = [
            layers.Conv1D(width, 3, padding="same", dilation_rate=dilation, name=f"block{i}")
            for i, dilation in enumerate(DILATIONS)
        ]
        self.norms = [layers.LayerNormalization(name=f"norm{i}") for i in range(len(DILATIONS) + 1)]
        self.say = layers.Dense(n_voices * n_classes, name="say")
        pairs = itertools.permutations(range(n_voices), 2)
        self.intervals = {
            (v, u): layers.Embedding(
                2 * encoding.n_pitches, 1, embeddings_initializer="zeros", name=f"interval{v}{u}"
            )
            for v, u in pairs
        }
        self.interval_layers = list(self.intervals.values())  # Keras tracks lists
        tokens = tf.zeros((1, *encoding.shape[:2]), tf.int32)
        self(tokens, tf.zeros(tokens.shape, tf.bool))

    def call(self, tokens: tf.Tensor, known: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Logits (B, T, V, C) of every cell from classes int32 (B, T, V) and which are known, bool (B, T, V)."""
        heard = self._heard(tokens, known)
        x = self.read(self._features(tokens, known, heard))
        for block, norm in zip(self.blocks, self.norms, strict=False):
            x += self.dropout(block(tf.nn.relu(norm(x))), training=training)
        logits = self.say(tf.nn.relu(self.norms[-1](x)))
        logits = tf.reshape(logits, (-1, *self.encoding.shape))
        return logits + tf.pad(self._by_interval(heard), [[0, 0], [0, 0], [0, 0], [0, 2]])

    def _heard(self, tokens: tf.Tensor, known: tf.Tensor) -> tf.Tensor:
        """What is known to sound at each step: a pitch's class, `rest`, or `hold` where it isn't known."""
        unknown = self.encoding.hold
        tokens = tf.where(known, tokens, -1)
        now = tf.fill(tf.shape(tokens[:, 0]), unknown)
        steps = []
        for token in tf.unstack(tokens, num=self.encoding.grid.n_steps, axis=1):
            now = tf.where(token == self.encoding.hold, now, tf.where(token < 0, unknown, token))
            steps.append(now)
        return tf.stack(steps, 1)

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

    def _by_interval(self, heard: tf.Tensor) -> tf.Tensor:
        """What the known pitches of the other voices say of each pitch, (B, T, V, P)."""
        n_pitches, n_voices = self.encoding.n_pitches, self.encoding.shape[1]
        pitches = tf.range(n_pitches)
        gaps = pitches[None] - pitches[:, None] + n_pitches  # of pitch p above pitch q, [q, p]
        nothing = tf.zeros((tf.shape(heard)[0], self.encoding.grid.n_steps, n_pitches))
        voices = []
        for v in range(n_voices):
            tables = {u: self.intervals[v, u](gaps)[..., 0] for u in range(n_voices) if u != v}
            # the two rows that are added, of a rest and of the unknown, say nothing
            rows = [tf.gather(tf.pad(table, [[0, 2], [0, 0]]), heard[..., u]) for u, table in tables.items()]
            voices.append(sum(rows, nothing))
        return tf.stack(voices, 2)

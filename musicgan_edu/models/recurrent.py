"""The recurrent generator, and the encoder that its pretraining uses."""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from musicgan_edu.encoding import VoiceEncoding
from musicgan_edu.models.features import one_later, place, sounding
from musicgan_edu.models.network import Network

__all__ = ["GAIN", "PosteriorEncoder", "RecurrentGenerator"]

SPAN = 36  # semitones: intervals are told apart up to here, wider ones count as this
NO_GAP = 2 * SPAN + 1  # the row of a table of intervals for "one of the two is silent"
N_GAPS = NO_GAP + 1
GAIN = 5.0  # on the tables of intervals, which start at 0: they learn the manners first


class RecurrentGenerator(Network):
    """An LSTM over steps; within a step the voices speak in turn, each thinking in intervals.

    The LSTM knows the past, the latent and the place in the bar. Voice v then hears, relative to the
    note that it sang last: where the others were, and where the voices above it have just gone. Its
    answers by pitch, by leap, by the interval below each voice above and by parallel motion with it
    add up to its logits. What it learns of intervals in one place it knows everywhere.

    With `latent_dim` 0 it is a plain likelihood model. With `bar_latent_dim` z holds a latent of the
    whole piece and one of each bar, and a small LSTM over the bars plans from them what each bar is
    told (Dong et al. 2018: MuseGAN's temporal structure). `sampling.draw` draws from it.
    """

    def __init__(
        self,
        encoding: VoiceEncoding,
        *,
        latent_dim: int = 32,
        bar_latent_dim: int = 0,
        units: int = 160,
        width: int = 128,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.encoding, self.song_dim, self.bar_dim = encoding, latent_dim, bar_latent_dim
        self.latent_dim = latent_dim + encoding.grid.n_bars * bar_latent_dim
        self.dropout = layers.Dropout(dropout)
        _, n_voices, n_classes = encoding.shape
        if bar_latent_dim:
            self.plan = layers.LSTM(latent_dim, return_sequences=True, unroll=True, name="plan")
        self.start = layers.Dense(2 * units, name="start")
        self.lstm = layers.LSTM(units, return_sequences=True, unroll=True, name="lstm")
        self.context = [layers.Dense(width, name=f"context{v}") for v in range(n_voices)]
        self.others = [
            layers.Embedding((n_voices + v) * N_GAPS, width, name=f"others{v}") for v in range(n_voices)
        ]
        self.struck = [layers.Embedding(3 * max(v, 1), width, name=f"struck{v}") for v in range(n_voices)]
        self.mix = [layers.Dense(width, activation="relu", name=f"mix{v}") for v in range(n_voices)]
        self.pitch = [layers.Dense(n_classes, name=f"pitch{v}") for v in range(n_voices)]
        self.leap = [layers.Dense(N_GAPS, name=f"leap{v}") for v in range(n_voices)]
        self.below = [_table(max(v, 1) * N_GAPS, f"below{v}") for v in range(n_voices)]
        self.along = [_table(max(v, 1) * 12, f"along{v}") for v in range(n_voices)]
        classes = np.tile(np.arange(encoding.n_pitches + 1), n_voices)[:, None]
        gaps = np.clip(np.arange(encoding.n_pitches) - classes, -SPAN, SPAN) + SPAN
        voice = np.arange(n_voices).repeat(encoding.n_pitches + 1)[:, None]
        self._below_rows = np.where(classes == encoding.rest, NO_GAP, gaps) + N_GAPS * voice
        self(np.zeros((1, *encoding.shape[:2]), np.int32), np.zeros((1, self.latent_dim), np.float32))

    def call(self, tokens: tf.Tensor, z: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Logits (B, T, V, C) of each class, given z (B, latent_dim) and all that comes before it."""
        tokens = tf.cast(tokens, tf.int32)
        rest, hold = self.encoding.rest, self.encoding.hold
        heard, home = sounding(tokens, self.encoding)
        state = tf.where(tokens == hold, 1, tf.where(tokens == rest, 2, 0))
        told = self._told(z)
        past = self.dropout(self._past(heard, state, told), training=training)
        first = tf.split(self.start(told[:, 0]), 2, axis=-1) if self.latent_dim else None
        hidden = self.lstm(past, initial_state=first)
        hidden = self.dropout(hidden, training=training)
        was = one_later(heard, rest)
        voices = [self._voice(v, hidden, heard, was, home, state, training) for v in range(tokens.shape[2])]
        first = tf.cast(tf.range(self.encoding.grid.n_steps) == 0, tf.float32)[:, None, None]
        return tf.stack(voices, 2) - first * 1e9 * tf.one_hot(
            hold, self.encoding.n_classes
        )  # nothing to hold yet

    def _told(self, z: tf.Tensor) -> tf.Tensor:
        """What each step is told by z (B, latent_dim): (B, T, song_dim)."""
        grid = self.encoding.grid
        if not self.bar_dim:
            return tf.repeat(z[:, None], grid.n_steps, 1)
        song, bars = (
            z[:, None, : self.song_dim],
            tf.reshape(z[:, self.song_dim :], (-1, grid.n_bars, self.bar_dim)),
        )
        plan = self.plan(tf.concat([bars, tf.repeat(song, grid.n_bars, 1)], -1))
        return tf.repeat(song + plan, grid.steps_per_bar, 1)

    def _past(self, heard: tf.Tensor, state: tf.Tensor, told: tf.Tensor) -> tf.Tensor:
        """What the LSTM reads at each step: the step before, the place in the grid, what z tells it."""
        n_steps, n_voices, n_classes = self.encoding.shape
        struck = tf.cast(state == 0, tf.float32)[..., None]
        notes = tf.concat([tf.one_hot(heard, self.encoding.n_pitches + 1), struck], -1)
        notes = tf.reshape(notes, (-1, n_steps, n_voices * n_classes))
        notes = tf.pad(notes[:, :-1], [[0, 0], [1, 0], [0, 0]])
        where = place(self.encoding)
        where = tf.broadcast_to(where, (tf.shape(told)[0], *where.shape))
        return tf.concat([notes, where, told], -1)

    def _voice(self, v: int, hidden: tf.Tensor, heard: tf.Tensor, was: tf.Tensor, home: tf.Tensor, state: tf.Tensor, training: bool) -> tf.Tensor:  # fmt: skip
        """Voice v's logits (B, T, C)."""
        others, mine = tf.concat([was, heard[..., :v]], -1), home[..., v : v + 1]
        h = self.context[v](hidden) + tf.reduce_sum(self.others[v](self._gaps(others - mine, others)), -2)
        if v:
            h += tf.reduce_sum(self.struck[v](state[..., :v] + 3 * tf.range(v)), -2)
        h = tf.nn.relu(h)
        h = self.dropout(h + self.mix[v](h), training=training)
        leaps = tf.range(self.encoding.n_pitches) - mine
        by_note = tf.gather(
            self.leap[v](h), tf.clip_by_value(leaps, -SPAN, SPAN) + SPAN, axis=-1, batch_dims=2
        )
        if v:
            by_note += GAIN * self._manners(v, heard[..., :v], was, mine)
        return self.pitch[v](h) + tf.pad(by_note, [[0, 0], [0, 0], [0, 2]])

    def _gaps(self, gaps: tf.Tensor, reference: tf.Tensor) -> tf.Tensor:
        """Rows of a table of intervals, one block for each of the last axis's voices."""
        rows = tf.where(reference == self.encoding.rest, NO_GAP, tf.clip_by_value(gaps, -SPAN, SPAN) + SPAN)
        return rows + N_GAPS * tf.range(tf.shape(gaps)[-1])

    def _manners(self, v: int, above: tf.Tensor, was: tf.Tensor, mine: tf.Tensor) -> tf.Tensor:
        """Scores of each pitch (B, T, P) by its interval to the voices above, and for moving along with one."""
        n_pitches, rest = self.encoding.n_pitches, self.encoding.rest
        table = self.below[v](self._below_rows[: v * (n_pitches + 1)])[..., 0]  # (v·(P + 1), P)
        heard = tf.one_hot(above, n_pitches + 1)  # the last class is `rest`
        scores = tf.reshape(heard, (-1, above.shape[1], v * (n_pitches + 1))) @ table
        was_above, was_mine = was[..., :v], was[..., v : v + 1]
        moved = (above != was_above) & (above != rest) & (was_above != rest) & (was_mine != rest)
        along = self.along[v]((was_above - was_mine) % 12 + 12 * tf.range(v))
        target = tf.where(moved, mine + above - was_above, -1)
        return scores + tf.reduce_sum(along * tf.one_hot(target, n_pitches), -2)


def _table(rows: int, name: str) -> layers.Layer:
    return layers.Embedding(rows, 1, embeddings_initializer="zeros", name=name)


class PosteriorEncoder(Network):
    """A window to the mean and the log variance of its latent: for pretraining, and to invert G."""

    def __init__(
        self, encoding: VoiceEncoding, *, latent_dim: int = 32, bar_latent_dim: int = 0, width: int = 96
    ) -> None:
        super().__init__()
        self.encoding, self.bar_dim = encoding, bar_latent_dim
        convolutions = [
            layers.Conv1D(width, 4, strides=2, padding="same", activation="relu") for _ in range(3)
        ]
        self.stack = keras.Sequential(convolutions)
        self.song = keras.Sequential([layers.Flatten(), layers.Dense(2 * latent_dim)])
        if bar_latent_dim:
            shape = (encoding.grid.n_bars, encoding.grid.steps_per_bar // 8 * width)
            self.bars = keras.Sequential([layers.Reshape(shape), layers.Dense(2 * bar_latent_dim)])
        self(np.zeros((1, *encoding.shape[:2]), np.int32))

    def call(self, tokens: tf.Tensor) -> list[tf.Tensor]:
        """[mean, log variance], each (B, latent_dim), in the generator's order: the piece, then bar by bar."""
        n_steps, n_voices, n_classes = self.encoding.shape
        notes = tf.one_hot(tf.cast(tokens, tf.int32), n_classes)
        heard = self.stack(tf.reshape(notes, (-1, n_steps, n_voices * n_classes)))
        both = tf.split(self.song(heard), 2, axis=-1)
        if not self.bar_dim:
            return both
        bars = tf.split(self.bars(heard), 2, axis=-1)
        size = self.encoding.grid.n_bars * self.bar_dim
        return [
            tf.concat([of_song, tf.reshape(of_bars, (-1, size))], -1)
            for of_song, of_bars in zip(both, bars, strict=True)
        ]

"""The networks: generators, the discriminator, the encoder that pretraining uses; their files.

Comes in: latents z, or voices as classes, int (B, T, V), or as one-hot (straight-through) values,
float32 (B, T, V, C); see `encoding.VoiceEncoding`. Goes out: logits of classes, or what a
discriminator thinks of each step, logits too, never probabilities.

Conventions
-----------
B windows, T steps, V voices, P pitches, C = P + 2 classes (pitches, REST, HOLD). Lessons 05 to 07.
"""

from __future__ import annotations

import itertools

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from musicgan_edu.encoding import VoiceEncoding
from musicgan_edu.score import EncodingError

__all__ = [
    "GAIN",
    "ConvGenerator",
    "Discriminator",
    "PosteriorEncoder",
    "RecurrentGenerator",
    "planes",
    "relations",
    "sounding",
    "straight_through",
    "weights_of",
]


SPAN = 36  # semitones: intervals are told apart up to here, wider ones count as this
NO_GAP = 2 * SPAN + 1  # the row of a table of intervals for "one of the two is silent"
N_GAPS = NO_GAP + 1
GAIN = 5.0  # on the tables of intervals, which start at 0: they learn the manners first


def sounding(tokens: tf.Tensor, encoding: VoiceEncoding) -> tuple[tf.Tensor, tf.Tensor]:
    """What sounds at each step, and the last pitch that each voice sang before it.

    `tokens`: classes, int32 (B, T, V). Both results are int32 (B, T, V): the first a pitch's class or
    `rest`; the second a pitch's class, a voice's usual one before its first note.
    """
    now = tf.fill(tf.shape(tokens[:, 0]), encoding.rest)
    last = tf.broadcast_to(tf.constant(encoding.home_pitches(), tf.int32), tf.shape(now))
    heard, before = [], []
    for token in tf.unstack(tokens, num=encoding.grid.n_steps, axis=1):
        before.append(last)
        now = tf.where(token == encoding.hold, now, token)
        last = tf.where(now < encoding.n_pitches, now, last)
        heard.append(now)
    return tf.stack(heard, 1), tf.stack(before, 1)


def _one_later(x: tf.Tensor, first: int) -> tf.Tensor:
    """x moved one step on, with `first` at step 0; (B, T, V)."""
    return tf.concat([tf.fill(tf.shape(x[:, :1]), first), x[:, :-1]], 1)


def _place(encoding: VoiceEncoding) -> tf.Tensor:
    """Where in the bar, and in which bar, each step is: one-hot, (T, steps_per_bar + n_bars)."""
    grid, step = encoding.grid, tf.range(encoding.grid.n_steps)
    in_bar = tf.one_hot(step % grid.steps_per_bar, grid.steps_per_bar)
    return tf.concat([in_bar, tf.one_hot(step // grid.steps_per_bar, grid.n_bars)], -1)


class _Network(keras.Model):
    """A model whose weights exist once it is made: each network calls itself on zeros to make them."""

    def build(self, *shapes: object) -> None:
        self.built = True


class RecurrentGenerator(_Network):
    """An LSTM over steps; within a step the voices speak in turn, each thinking in intervals.

    The LSTM knows the past, the latent and the place in the bar. Voice v then hears, relative to the
    note that it sang last: where the others were, and where the voices above it have just gone. Its
    answers by pitch, by leap, by the interval below each voice above and by parallel motion with it
    add up to its logits. What it learns of intervals in one place it knows everywhere.

    With `latent_dim` 0 it is a plain likelihood model. `sampling.draw` draws from it.
    """

    def __init__(
        self,
        encoding: VoiceEncoding,
        *,
        latent_dim: int = 32,
        units: int = 160,
        width: int = 128,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.encoding, self.latent_dim = encoding, latent_dim
        self.dropout = layers.Dropout(dropout)
        _, n_voices, n_classes = encoding.shape
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
        self(np.zeros((1, *encoding.shape[:2]), np.int32), np.zeros((1, latent_dim), np.float32))

    def call(self, tokens: tf.Tensor, z: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Logits (B, T, V, C) of each class, given z (B, latent_dim) and all that comes before it."""
        tokens = tf.cast(tokens, tf.int32)
        rest, hold = self.encoding.rest, self.encoding.hold
        heard, home = sounding(tokens, self.encoding)
        state = tf.where(tokens == hold, 1, tf.where(tokens == rest, 2, 0))
        past = self.dropout(self._past(heard, state, z), training=training)
        first = tf.split(self.start(z), 2, axis=-1) if self.latent_dim else None
        hidden = self.lstm(past, initial_state=first)
        hidden = self.dropout(hidden, training=training)
        was = _one_later(heard, rest)
        voices = [self._voice(v, hidden, heard, was, home, state, training) for v in range(tokens.shape[2])]
        first = tf.cast(tf.range(self.encoding.grid.n_steps) == 0, tf.float32)[:, None, None]
        return tf.stack(voices, 2) - first * 1e9 * tf.one_hot(
            hold, self.encoding.n_classes
        )  # nothing to hold yet

    def _past(self, heard: tf.Tensor, state: tf.Tensor, z: tf.Tensor) -> tf.Tensor:
        """What the LSTM reads at each step: the step before, the place in the grid, the latent."""
        n_steps, n_voices, n_classes = self.encoding.shape
        struck = tf.cast(state == 0, tf.float32)[..., None]
        notes = tf.concat([tf.one_hot(heard, self.encoding.n_pitches + 1), struck], -1)
        notes = tf.reshape(notes, (-1, n_steps, n_voices * n_classes))
        notes = tf.pad(notes[:, :-1], [[0, 0], [1, 0], [0, 0]])
        place, many = _place(self.encoding), (tf.shape(z)[0], n_steps)
        place = tf.broadcast_to(place, (*many, place.shape[-1]))
        latent = [tf.broadcast_to(z[:, None], (*many, self.latent_dim))] if self.latent_dim else []
        return tf.concat([notes, place, *latent], -1)

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
        gaps = tf.range(n_pitches)[:, None] - above[..., None, :]  # (B, T, P, v)
        scores = tf.reduce_sum(self.below[v](self._gaps(gaps, above[..., None, :]))[..., 0], -1)
        was_above, was_mine = was[..., :v], was[..., v : v + 1]
        moved = (above != was_above) & (above != rest) & (was_above != rest) & (was_mine != rest)
        along = self.along[v]((was_above - was_mine) % 12 + 12 * tf.range(v))
        target = tf.where(moved, mine + above - was_above, -1)
        return scores + tf.reduce_sum(along * tf.one_hot(target, n_pitches), -2)


def _table(rows: int, name: str) -> layers.Layer:
    return layers.Embedding(rows, 1, embeddings_initializer="zeros", name=name)


class PosteriorEncoder(_Network):
    """A window to the mean and the log variance of its latent: for pretraining, and to invert G."""

    def __init__(self, encoding: VoiceEncoding, *, latent_dim: int = 32, width: int = 96) -> None:
        super().__init__()
        self.encoding = encoding
        convolutions = [
            layers.Conv1D(width, 4, strides=2, padding="same", activation="relu") for _ in range(3)
        ]
        self.stack = keras.Sequential([*convolutions, layers.Flatten(), layers.Dense(2 * latent_dim)])
        self(np.zeros((1, *encoding.shape[:2]), np.int32))

    def call(self, tokens: tf.Tensor) -> list[tf.Tensor]:
        """[mean, log variance], each (B, latent_dim)."""
        n_steps, n_voices, n_classes = self.encoding.shape
        notes = tf.one_hot(tf.cast(tokens, tf.int32), n_classes)
        return tf.split(self.stack(tf.reshape(notes, (-1, n_steps, n_voices * n_classes))), 2, axis=-1)


class ConvGenerator(_Network):
    """z to all steps at once: a dense layer makes the first coarse steps, each block doubles them."""

    def __init__(self, encoding: VoiceEncoding, *, latent_dim: int = 32, width: int = 128) -> None:
        super().__init__()
        self.encoding, self.latent_dim = encoding, latent_dim
        n_steps, n_voices, n_classes = encoding.shape
        if n_steps % 8:
            raise EncodingError(f"models: three doublings need a multiple of 8 steps, got {n_steps}")
        coarse = n_steps // 8
        blocks: list[layers.Layer] = [layers.Dense(coarse * width, activation="relu", name="coarse")]
        blocks += [layers.Reshape((coarse, width))]
        for i in range(3):
            convolution = layers.Conv1D(width, 3, padding="same", activation="relu", name=f"finer{i}")
            blocks += [layers.UpSampling1D(2), convolution]
        blocks += [
            layers.Conv1D(n_voices * n_classes, 3, padding="same", name="voices"),
            layers.Reshape(encoding.shape),
        ]
        self.stack = keras.Sequential(blocks, name="stack")
        self(np.zeros((1, latent_dim), np.float32))

    def call(self, z: tf.Tensor) -> tf.Tensor:
        """Logits (B, T, V, C) of z (B, latent_dim)."""
        return self.stack(z)


class Discriminator(_Network):
    """A CNN over time that judges every step by what led there: logits (B, T); their mean judges the window.

    Dilated causal convolutions: step t sees the 1 + 2·(1 + 2 + 4) steps up to it.
    """

    def __init__(self, n_features: int, *, width: int = 96, dropout: float = 0.2) -> None:
        super().__init__()
        blocks: list[layers.Layer] = [layers.Dense(width), layers.LeakyReLU(0.2)]
        for dilation in (1, 2, 4):
            blocks += [
                layers.Dropout(dropout),
                layers.Conv1D(width, 3, dilation_rate=dilation, padding="causal"),
            ]
            blocks += [layers.LeakyReLU(0.2)]
        self.stack = keras.Sequential([*blocks, layers.Dense(1)])
        self(np.zeros((1, 32, n_features), np.float32))

    def call(self, features: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Logits (B, T) of features (B, T, F), see `planes` and `relations`."""
        return self.stack(features, training=training)[..., 0]


def straight_through(logits: tf.Tensor, noise: tf.Tensor, *, temperature: float = 1.0) -> tf.Tensor:
    """One-hot choices (…, C) whose gradient is that of the softmax (Jang et al. 2017; Bengio et al. 2013).

    `noise`: Gumbel noise of the same shape, or 0 for the most likely class.
    """
    soft = tf.nn.softmax((logits + noise) / temperature)
    hard = tf.one_hot(tf.argmax(soft, -1), logits.shape[-1])
    return soft + tf.stop_gradient(hard - soft)


def planes(choices: tf.Tensor, encoding: VoiceEncoding) -> tf.Tensor:
    """What sounds and what starts, float32 (B, T, V·(P + 2)), from (near) one-hot choices (B, T, V, C).

    Differentiable: a HOLD passes on what sounded before, and the gradient with it.
    """
    notes, hold = choices[..., :-1], choices[..., -1:]
    heard = [notes[:, 0]]
    for step in range(1, encoding.grid.n_steps):
        heard.append(notes[:, step] + hold[:, step] * heard[-1])
    starts = tf.reduce_sum(notes[..., :-1], -1, keepdims=True)
    both = tf.concat([tf.stack(heard, 1), starts], -1)
    return tf.reshape(both, (-1, encoding.grid.n_steps, len(encoding.tracks) * encoding.n_classes))


def relations(tokens: tf.Tensor, encoding: VoiceEncoding) -> tf.Tensor:
    """What a musician listens for, float32 (B, T, F), from classes int32 (B, T, V). No gradient.

    What sounds and what starts; each voice's move in semitones; each pair's interval class, whether
    it crosses, and whether it moved in parallel fifths or octaves; the place in the bar.
    """
    tokens = tf.cast(tokens, tf.int32)
    heard, before = sounding(tokens, encoding)
    was, n_steps, rest = _one_later(heard, encoding.rest), encoding.grid.n_steps, encoding.rest
    starts = tokens < encoding.n_pitches
    leap = tf.where(starts & (was != rest), tf.clip_by_value(heard - before, -12, 12) + 12, -1)
    parts = [
        tf.one_hot(heard, encoding.n_pitches + 1),
        tf.one_hot(leap, 25),
        tf.cast(starts, tf.float32)[..., None],
    ]
    parts = [tf.reshape(part, (-1, n_steps, part.shape[2] * part.shape[3])) for part in parts]
    parts += [_pair(heard, was, u, v, rest) for u, v in itertools.combinations(range(tokens.shape[2]), 2)]
    place = _place(encoding)
    return tf.concat([*parts, tf.broadcast_to(place, (tf.shape(tokens)[0], *place.shape))], -1)


def _pair(heard: tf.Tensor, was: tf.Tensor, u: int, v: int, rest: int) -> tf.Tensor:
    """Voices u and v: interval class (12), crossing, parallel octaves and fifths; (B, T, 15)."""
    sounds = (heard[..., u] != rest) & (heard[..., v] != rest)
    sounded = (was[..., u] != rest) & (was[..., v] != rest)
    interval, earlier = heard[..., u] - heard[..., v], was[..., u] - was[..., v]
    both_moved = (heard[..., u] != was[..., u]) & (heard[..., v] != was[..., v])
    parallel = sounds & sounded & both_moved & (interval % 12 == earlier % 12)
    flags = [sounds & (interval < 0), parallel & (interval % 12 == 0), parallel & (interval % 12 == 7)]
    classes = tf.one_hot(tf.where(sounds, interval % 12, -1), 12)
    return tf.concat([classes, tf.cast(tf.stack(flags, -1), tf.float32)], -1)


def weights_of(model: keras.Model) -> dict[str, np.ndarray]:
    """The trainable weights by their path within the model ("lstm/lstm_cell/kernel"), float32."""
    return {variable.path.split("/", 1)[1]: variable.numpy() for variable in model.trainable_variables}

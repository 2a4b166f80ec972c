"""What of a piece a network hears: classes as sound, notes, intervals and place; no weights here.

Comes in: voices as classes, int (B, T, V), or as one-hot (straight-through) values, float32
(B, T, V, C). Goes out: features of every step, float32 (B, T, F).
"""

from __future__ import annotations

import itertools

import tensorflow as tf

from musicgan_edu.encoding import VoiceEncoding

__all__ = ["one_later", "place", "planes", "relations", "sounding", "straight_through"]


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


def one_later(x: tf.Tensor, first: int) -> tf.Tensor:
    """x moved one step on, with `first` at step 0; (B, T, V)."""
    return tf.concat([tf.fill(tf.shape(x[:, :1]), first), x[:, :-1]], 1)


def place(encoding: VoiceEncoding) -> tf.Tensor:
    """Where in the bar, and in which bar, each step is: one-hot, (T, steps_per_bar + n_bars)."""
    grid, step = encoding.grid, tf.range(encoding.grid.n_steps)
    in_bar = tf.one_hot(step % grid.steps_per_bar, grid.steps_per_bar)
    return tf.concat([in_bar, tf.one_hot(step // grid.steps_per_bar, grid.n_bars)], -1)


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
    was, n_steps, rest = one_later(heard, encoding.rest), encoding.grid.n_steps, encoding.rest
    starts = tokens < encoding.n_pitches
    leap = tf.where(starts & (was != rest), tf.clip_by_value(heard - before, -12, 12) + 12, -1)
    parts = [
        tf.one_hot(heard, encoding.n_pitches + 1),
        tf.one_hot(leap, 25),
        tf.cast(starts, tf.float32)[..., None],
    ]
    parts = [tf.reshape(part, (-1, n_steps, part.shape[2] * part.shape[3])) for part in parts]
    parts += [_pair(heard, was, u, v, rest) for u, v in itertools.combinations(range(tokens.shape[2]), 2)]
    where = place(encoding)
    return tf.concat([*parts, tf.broadcast_to(where, (tf.shape(tokens)[0], *where.shape))], -1)


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

"""The pure game's second generator: it chooses whole chords, by how far each voice would have to move.

Comes in: latents z, or windows as classes, int (B, T, V). Goes out: at every pulse (half a beat, see
`sound`) a choice among K chords that occur in the corpus, one-hot float32 (B, N, K), and which voices
strike, (B, N, V); features for a discriminator, (B, N, F); and classes again.

Conventions
-----------
A chord is what each voice sounds, a pitch's class or `rest`, (V,). The `vocabulary`, (K, V), are the
commonest of the corpus: the generator can't sing a chord that isn't in it. Whatever is true of a chord
(its notes, its intervals) is a row of a table, so the choice of a chord has an exact slope for each.
A convolution over one-hot pitches must learn "a step down" anew at every pitch; here each voice says
once how much it likes to move by each interval, which holds at all of them (`benchmarks/EXPERIMENTS.md`,
"The pure game"). The chain over pulses is drawn hard, then scored at once: slopes don't run through it.
"""

from __future__ import annotations

import itertools

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from musicgan_edu.encoding import VoiceEncoding
from musicgan_edu.models.features import sounding
from musicgan_edu.models.network import Network, doublings
from musicgan_edu.models.recurrent import GAIN
from musicgan_edu.models.sound import pulses

__all__ = ["FAR", "OCTAVE", "ChordGenerator", "chords_of", "features_of_chords", "vocabulary"]

OCTAVE = 12  # a voice's moves are told apart from an octave down to an octave up,
FAR = 2 * OCTAVE + 1  # and this is every other: a wider leap, or out of a rest
RARE = 3.0  # parallels are rare, and a penalised D may not be steep: what they weigh among its features


def chords_of(tokens: tf.Tensor, encoding: VoiceEncoding) -> tuple[tf.Tensor, tf.Tensor]:
    """What each voice sounds on the pulses, int32 (B, N, V), and whether it is struck, float32 (B, N, V)."""
    tokens, stride = tf.cast(tokens, tf.int32), pulses(encoding)
    heard, _ = sounding(tokens, encoding)
    return heard[:, ::stride], tf.cast(tokens < encoding.n_pitches, tf.float32)[:, ::stride]


def vocabulary(windows: np.ndarray, encoding: VoiceEncoding, n: int) -> np.ndarray:
    """The n commonest chords of windows (N, T, V) on their pulses, int32 (n, V); fewer are repeated."""
    parts = [chords_of(windows[i : i + 512], encoding)[0].numpy() for i in range(0, len(windows), 512)]
    found, counts = np.unique(
        np.concatenate(parts).reshape(-1, windows.shape[-1]), axis=0, return_counts=True
    )
    order = np.argsort(-counts, kind="stable")[:n]
    return np.resize(found[order], (n, found.shape[1])).astype(np.int32)


def pairs_of(n_voices: int) -> list[tuple[int, int]]:
    return list(itertools.combinations(range(n_voices), 2))


def within(chords: tf.Tensor, encoding: VoiceEncoding) -> tf.Tensor:
    """What is true of a chord alone, float32 (…, F): notes, each pair's interval class, who crosses whom."""
    rest, n_voices = encoding.rest, chords.shape[-1]
    notes = tf.one_hot(chords, encoding.n_pitches + 1)
    parts = [notes[..., v, :] for v in range(n_voices)]
    for u, v in pairs_of(n_voices):
        both = (chords[..., u] < rest) & (chords[..., v] < rest)
        apart = chords[..., u] - chords[..., v]
        parts.append(tf.one_hot(tf.where(both, apart % 12, -1), 12))
        parts.append(tf.cast(both & (apart < 0), tf.float32)[..., None])
    return tf.concat(parts, -1)


def features_of_chords(
    of_chords: tf.Tensor, struck: tf.Tensor, chords: tf.Tensor, encoding: VoiceEncoding
) -> tf.Tensor:
    """What a discriminator hears at each pulse, float32 (B, N, F); differentiable in its first two arguments.

    Parameters
    ----------
    of_chords : `within` the chords, or the table's rows chosen straight-through, (B, N, F0).
    struck : (B, N, V), 0 or 1. chords : the hard choices themselves, int32 (B, N, V).

    To F0 it adds each voice's move since the last pulse, who starts a note, which pairs move in parallel
    octaves and fifths, and the place in the bar.
    """
    n_pulses, n_voices, size = chords.shape[1], chords.shape[2], encoding.n_pitches + 1
    lead = (-1, n_pulses)
    notes = tf.reshape(of_chords[..., : n_voices * size], (*lead, n_voices, size))
    pairs = pairs_of(n_voices)
    classes = tf.reshape(of_chords[..., n_voices * size :], (*lead, len(pairs), 13))[..., :12]
    moves = _moves(notes, chords, encoding.rest)
    rests = notes[..., -1] * _one_pulse_earlier(notes)[..., -1]
    stays = moves[..., OCTAVE] + rests
    starts = (1 - notes[..., -1]) * (1 - stays * (1 - struck))  # a new pitch is always struck
    moved = [(1 - stays[..., u]) * (1 - stays[..., v]) for u, v in pairs]
    kept = classes * _one_pulse_earlier(classes)
    parallels = [kept[..., i] * tf.stack(moved, -1) for i in (0, 7)] if pairs else []
    per_bar = encoding.grid.steps_per_bar // pulses(encoding)
    where = tf.one_hot(tf.range(n_pulses) % per_bar, per_bar)
    where = tf.broadcast_to(where, (tf.shape(chords)[0], n_pulses, per_bar))
    moves = tf.reshape(moves, (*lead, n_voices * FAR))
    return tf.concat([of_chords, moves, starts, *(RARE * p for p in parallels), where], -1)


def _one_pulse_earlier(x: tf.Tensor) -> tf.Tensor:
    return tf.concat([tf.zeros_like(x[:, :1]), x[:, :-1]], 1)


def _moves(notes: tf.Tensor, chords: tf.Tensor, rest: int) -> tf.Tensor:
    """Each voice's move in semitones since the last pulse, one-hot (B, N, V, 25); 0 where it is no move.

    It is the correlation Σ_p notes_t[p] notes_{t−1}[p − d] of one-hot pitches. Those are known, so the
    value is a look-up, and so is each slope: for d at p it is that of the move from the other's pitch to p.
    """
    n_pitches = notes.shape[-1] - 1
    before = tf.concat([tf.fill(tf.shape(chords[:, :1]), rest), chords[:, :-1]], 1)
    after = tf.concat([chords[:, 1:], tf.fill(tf.shape(chords[:, :1]), rest)], 1)
    pitch = tf.range(n_pitches + 1)

    def row(move: tf.Tensor, known: tf.Tensor) -> tf.Tensor:
        return tf.where(known & (abs(move) <= OCTAVE), move + OCTAVE, FAR)

    @tf.custom_gradient
    def correlate(_: tf.Tensor) -> tuple[tf.Tensor, object]:
        value = tf.one_hot(row(chords - before, (chords < rest) & (before < rest)), FAR)

        def slopes(upstream: tf.Tensor) -> tf.Tensor:
            upstream = tf.pad(upstream, [[0, 0]] * 3 + [[0, 1]])
            later = tf.concat([upstream[:, 1:], tf.zeros_like(upstream[:, :1])], 1)
            of_now = row(pitch - before[..., None], (pitch < rest) & (before[..., None] < rest))
            of_last = row(after[..., None] - pitch, (pitch < rest) & (after[..., None] < rest))
            return tf.gather(upstream, of_now, batch_dims=3) + tf.gather(later, of_last, batch_dims=3)

        return value, slopes

    return correlate(notes)


class ChordGenerator(Network):
    """z to chords: convolutions plan all pulses at once, a chain of choices sings them.

    The plan gives every chord a score at every pulse, and every voice one for each interval that it may
    move by. To these comes what a table of two says of moving in parallel octaves and fifths.
    """

    def __init__(
        self, encoding: VoiceEncoding, *, n_chords: int = 1024, latent_dim: int = 32, width: int = 128
    ) -> None:
        super().__init__()
        self.encoding, self.latent_dim = encoding, latent_dim
        n_steps, n_voices, _ = encoding.shape
        self.plan = keras.Sequential(doublings(n_steps // pulses(encoding) // 8, width), name="plan")
        self.chords = layers.Dense(n_chords, name="chords")
        self.strikes = layers.Dense(
            n_voices, bias_initializer=keras.initializers.Constant(-2), name="strikes"
        )
        self.leaps = layers.Dense(n_voices * (FAR + 1), name="leaps")
        self.along = self.add_weight(shape=(2,), initializer="zeros", name="along")
        self.words = self.add_weight(
            shape=(n_chords, n_voices), dtype="int32", initializer="zeros", trainable=False, name="words"
        )
        self(np.zeros((1, latent_dim), np.float32))

    def call(self, z: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Of z (B, latent_dim): scores of chords (B, N, K), of moves (B, N, V, 26), logits of striking (B, N, V)."""
        plan = self.plan(z)
        leaps = self.leaps(plan)
        leaps = tf.reshape(leaps, (-1, leaps.shape[1], len(self.encoding.tracks), FAR + 1))
        return self.chords(plan), leaps, self.strikes(plan)

    def learn_words(self, windows: np.ndarray) -> None:
        """Take the vocabulary from the music, unless it's known, and make the tables that follow from it."""
        words = np.asarray(self.words)
        if not words.any():
            words = vocabulary(windows, self.encoding, len(words))
            self.words.assign(words)
        self.table = tf.constant(within(tf.constant(words), self.encoding))  # (K, F0)
        n_notes = words.shape[1] * (self.encoding.n_pitches + 1)
        self.notes = tf.transpose(self.table[:, :n_notes])
        self.parallels = tf.constant(parallels_between(words, words, self.encoding.rest), tf.float32)

    def choose(self, z: tf.Tensor, noise: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Hard choices of chords, int32 (B, N); their scores with noise (B, N, K); logits of striking (B, N, V).

        `noise`, (B, N, K), is added to the scores: Gumbel noise, or 0 for the likeliest. Only the scores have slopes.
        """
        scores, leaps, strikes = self(z)
        scores += noise
        chosen = self._chain(tf.stop_gradient(scores), tf.stop_gradient(leaps))
        chords = tf.gather(tf.convert_to_tensor(self.words), chosen)
        silence = tf.fill(tf.shape(chords[:, :1]), self.encoding.rest)
        scores += self._moving(leaps, tf.concat([silence, chords[:, :-1]], 1))
        return chosen, scores + tf.pad(self._parallel(chosen[:, :-1]), [[0, 0], [1, 0], [0, 0]]), strikes

    def _chain(self, scores: tf.Tensor, leaps: tf.Tensor) -> tf.Tensor:
        """The likeliest chord after the likeliest chord …, int32 (B, N)."""
        chosen: list[tf.Tensor] = []
        sung = tf.fill(tf.shape(leaps[:, 0, :, 0]), self.encoding.rest)
        for pulse in range(scores.shape[1]):
            here = scores[:, pulse] + self._moving(leaps[:, pulse], sung)
            if chosen:
                here += self._parallel(chosen[-1])
            chosen.append(tf.argmax(here, -1, output_type=tf.int32))
            sung = tf.gather(tf.convert_to_tensor(self.words), chosen[-1])
        return tf.stack(chosen, 1)

    def _moving(self, leaps: tf.Tensor, sung: tf.Tensor) -> tf.Tensor:
        """Scores (…, K) of each chord by the moves that it asks of voices that sang `sung`, int32 (…, V)."""
        rest = self.encoding.rest
        move = tf.range(rest + 1) - sung[..., None]
        rows = tf.where(abs(move) <= OCTAVE, move + OCTAVE, FAR)
        by_note = tf.gather(leaps, rows, batch_dims=len(sung.shape))
        by_note *= tf.cast(sung < rest, tf.float32)[..., None]
        flat = tf.concat([tf.shape(by_note)[:-2], [self.notes.shape[0]]], 0)
        return tf.reshape(by_note, flat) @ self.notes

    def _parallel(self, chosen: tf.Tensor) -> tf.Tensor:
        """Scores (…, K) of each chord for moving in parallels from the chords chosen, int32 (…)."""
        return GAIN * tf.linalg.matvec(
            tf.gather(self.parallels, chosen), tf.convert_to_tensor(self.along), transpose_a=True
        )


def parallels_between(before: np.ndarray, after: np.ndarray, rest: int) -> np.ndarray:
    """How many pairs move in parallel octaves and fifths from chords (J, V) to chords (K, V): float32 (J, 2, K)."""
    counts = np.zeros((len(before), 2, len(after)), np.float32)
    moved = before[:, None] != after
    for u, v in pairs_of(before.shape[1]):
        both = moved[..., u] & moved[..., v]
        for i, interval in enumerate((0, 7)):
            old, new = (
                (c[:, u] < rest) & (c[:, v] < rest) & ((c[:, u] - c[:, v]) % 12 == interval)
                for c in (before, after)
            )
            counts[:, i] += old[:, None] & new & both
    return counts

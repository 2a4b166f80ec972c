"""Training the editors: a CycleGAN. Two of them, A → B and B → A, and a discriminator for each style.

Comes in: windows of both styles as `Cells`. Goes out: both editors' weights, by name, for `edit`.

Conventions
-----------
*Choices* are one-hot, float32 (B, T, V, 14): 12 pitch classes, rest, struck. With a ∼ A, b ∼ B, the
editors G: A → B and F: B → A minimise

    adv(G, D_B) + adv(F, D_A) + λ_cycle · L_cycle + λ_same · L_same
    L_cycle = E ‖F(G(a)) − a‖₁ + E ‖G(F(b)) − b‖₁     (a mean over the cells)
    L_same  = E ‖G(b) − b‖₁ + E ‖F(a) − a‖₁

References
----------
Zhu, Park, Isola, Efros (2017): Unpaired image-to-image translation using cycle-consistent adversarial
networks. Brunner et al. (2018): Symbolic music genre transfer with CycleGAN. Lesson 13.
"""

from __future__ import annotations

import dataclasses
import functools
import itertools
from collections.abc import Callable, Mapping, Sequence

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from musicgan_edu import losses, models
from musicgan_edu.models.network import Network
from musicgan_edu.style.cells import PER_BAR, REST, Cells
from musicgan_edu.style.editor import DILATIONS, KEEP, N_FEATURES, N_OPERATIONS, OPERATIONS

__all__ = ["CycleGAN", "CycleRecipe", "Editor", "choices_of", "cycle_loss", "hear_choices", "train"]

_V = 4
_PAIRS = list(itertools.combinations(range(_V), 2))
Report = Callable[[int, dict[str, float]], None]


@dataclasses.dataclass(frozen=True)
class CycleRecipe:
    """How to train. Weights: `cycle` λ_cycle, `same` λ_same, `r1` the slope penalty on D, `calm` the
    size of the wishes (a sure editor learns nothing more).
    """

    width: int = 112
    d_width: int = 96
    dropout: float = 0.3
    batch_size: int = 48
    g_rate: float = 1e-3
    d_rate: float = 5e-4
    cycle: float = 0.5
    same: float = 0.25
    r1: float = 0.2
    noise: float = 0.7
    calm: float = 0.002
    silence: float = 0.15
    loss: str = "cross-entropy"


def choices_of(cells: Cells) -> np.ndarray:
    """Choices, float32 (N, T, V, 14), of cells."""
    pitch = cells.pitch.astype(int)
    sound = np.eye(13, dtype=np.float32)[np.where(pitch != REST, pitch % 12, 12)]
    return np.concatenate([sound, cells.struck[..., None].astype(np.float32)], -1)


def hear_choices(choices: tf.Tensor) -> tf.Tensor:
    """What the networks hear of choices, float32 (B, T, N_FEATURES): `editor.hear` with a gradient."""
    sound, struck = choices[..., :13], choices[..., 13]
    chroma = sound[..., :12]
    before = tf.concat([tf.zeros_like(chroma[:, :1]), chroma[:, :-1]], 1)
    same = tf.reduce_sum(chroma * before, -1)
    starts = (1 - sound[..., 12]) * (1 - same * (1 - struck))
    voices, earlier = tf.unstack(chroma, axis=2), tf.unstack(before, axis=2)
    upper = tf.stack([voices[u] for u, _ in _PAIRS] + voices, 2)  # (B, T, 10, 12)
    lower = tf.stack([voices[v] for _, v in _PAIRS] + earlier, 2)
    n, t = tf.shape(chroma)[0], chroma.shape[1]
    flat = [tf.reshape(sound, (n, t, 13 * _V)), starts, tf.reshape(_turned(upper, lower), (n, t, 120))]
    place = tf.one_hot(tf.range(t) % PER_BAR, PER_BAR)
    return tf.concat([*flat, tf.broadcast_to(place, (n, t, PER_BAR))], -1)


def _turned(upper: tf.Tensor, lower: tf.Tensor) -> tf.Tensor:
    """Circular correlation of chromas (…, 12): for one-hot ones, one-hot at upper − lower mod 12."""
    turns = np.stack([np.roll(np.eye(12, dtype=np.float32), i, 0) for i in range(12)], -1)  # (12, 12, 12)
    turned = tf.reshape(upper @ turns.reshape(12, 144), tf.concat([tf.shape(upper), [12]], 0))
    return tf.linalg.matvec(turned, lower, transpose_a=True)


class Editor(Network):
    """What to wish of every cell: three dilated convolutions, each added to what came in."""

    def __init__(self, *, width: int) -> None:
        super().__init__()
        small = keras.initializers.RandomNormal(stddev=0.01, seed=keras.random.SeedGenerator(0))
        self.into = layers.Dense(width, activation="relu", name="into")
        self.blocks = [
            layers.Conv1D(width, 3, dilation_rate=d, padding="same", activation="relu", name=f"block{i}")
            for i, d in enumerate(DILATIONS)
        ]
        self.out = layers.Dense(_V * (N_OPERATIONS + 1), kernel_initializer=small, name="out")
        self(np.zeros((1, PER_BAR, _V, 14), np.float32))

    def call(self, choices: tf.Tensor) -> tf.Tensor:
        """Wishes (B, T, V, N_OPERATIONS + 1) of choices (B, T, V, 14): shifts' logits, then struck's."""
        x = self.into(hear_choices(choices))
        for block in self.blocks:
            x = x + block(x)
        return tf.reshape(self.out(x), (-1, choices.shape[1], _V, N_OPERATIONS + 1))

    def edit(
        self, choices: tf.Tensor, noise: tf.Tensor | float = 0.0
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """The edited choices, hard (with a gradient) and soft: what was decided, and how likely all was; and the wishes."""
        wanted = self(choices)
        stay = KEEP * tf.one_hot(0, N_OPERATIONS)
        shift = wanted[..., :-1] + stay
        struck = tf.sigmoid(wanted[..., -1:] + KEEP * (2 * choices[..., 13:] - 1))
        hard = struck + tf.stop_gradient(tf.round(struck) - struck)
        chosen = models.straight_through(shift, noise)
        return _moved(choices, chosen, hard), _moved(choices, tf.nn.softmax(shift), struck), wanted


def _moved(choices: tf.Tensor, chosen: tf.Tensor, struck: tf.Tensor) -> tf.Tensor:
    """Choices after the operations, weighted by `chosen` (B, T, V, N_OPERATIONS), with strokes (B, T, V, 1)."""
    sound = choices[..., :13]
    rest = sound[..., 12:]
    results = []
    for pulses, semitones in OPERATIONS:
        copied = _later(sound, pulses)
        nothing = 1 - (1 - copied[..., 12:]) * (1 - rest)
        copied = nothing * sound + (1 - nothing) * copied
        results.append(tf.concat([tf.roll(copied[..., :12], semitones, axis=-1), copied[..., 12:]], -1))
    sound = tf.reduce_sum(tf.stack(results, 3) * chosen[..., None], 3)
    return tf.concat([sound, struck * (1 - rest)], -1)


def _later(x: tf.Tensor, pulses: int) -> tf.Tensor:
    """x (B, T, …) as it stands so many pulses later (or earlier); the last (or first) one fills the edge.

    Slices: cheaper than `tf.gather`, whose slope is a scatter.
    """
    if pulses == 0:
        return x
    if pulses > 0:
        return tf.concat([x[:, pulses:], *[x[:, -1:]] * pulses], 1)
    return tf.concat([*[x[:, :1]] * -pulses, x[:, :pulses]], 1)


def cycle_loss(there_and_back: tf.Tensor, start: tf.Tensor) -> tf.Tensor:
    """‖F(G(x)) − x‖₁, as a mean over the cells: 2 · (1 − the probability of the right pitch class), and strokes."""
    return tf.reduce_mean(tf.reduce_sum(tf.abs(there_and_back - start), -1))


class CycleGAN:
    """The four networks and one step of each."""

    def __init__(self, recipe: CycleRecipe, *, seed: int = 1) -> None:
        keras.utils.set_random_seed(seed)
        self.recipe, self.loss = recipe, losses.LOSSES[recipe.loss]
        self.editors = [Editor(width=recipe.width) for _ in range(2)]  # A → B, B → A
        self.judges = [
            models.Discriminator(N_FEATURES, width=recipe.d_width, dropout=recipe.dropout) for _ in range(2)
        ]  # of A, of B
        self.g_optimizer = keras.optimizers.Adam(recipe.g_rate, beta_1=0.5)
        self.d_optimizer = keras.optimizers.Adam(recipe.d_rate, beta_1=0.5)
        self.chance = tf.random.Generator.from_seed(seed)

    @tf.function
    def step(self, a: tf.Tensor, b: tf.Tensor) -> dict[str, tf.Tensor]:
        """One step of both editors, then one of both discriminators, on choices of either style."""
        a, b = self._silenced(a), self._silenced(b)
        with tf.GradientTape() as tape:
            (to_b, _, wish_b), (to_a, _, wish_a) = (self._edited(i, x) for i, x in enumerate((a, b)))
            cycle = cycle_loss(self._edited(1, to_b)[1], a) + cycle_loss(self._edited(0, to_a)[1], b)
            same = cycle_loss(self.editors[0].edit(b)[1], b) + cycle_loss(self.editors[1].edit(a)[1], a)
            fooled = sum(
                self.loss.generator(self.judge(i, real), self.judge(i, fake))
                for i, (real, fake) in enumerate(((a, to_a), (b, to_b)))
            )
            total = fooled + self.recipe.cycle * cycle + self.recipe.same * same
            total += (
                self.recipe.calm * (tf.reduce_mean(wish_b**2) + tf.reduce_mean(wish_a**2)) * wish_b.shape[-1]
            )
        weights = [w for editor in self.editors for w in editor.trainable_variables]
        self.g_optimizer.apply(tape.gradient(total, weights), weights)
        d_loss = self._judges_step(a, b, tf.stop_gradient(to_a), tf.stop_gradient(to_b))
        edits = tf.reduce_mean(tf.abs(to_b[..., :12] - a[..., :12])) * 6  # share of the cells
        return {"d_loss": d_loss, "fooled": fooled, "cycle": cycle, "same": same, "moved": edits}

    def _judges_step(self, a: tf.Tensor, b: tf.Tensor, to_a: tf.Tensor, to_b: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            d_loss = slope = 0.0
            for i, (real, fake) in enumerate(((a, to_a), (b, to_b))):
                d_loss += self.loss.discriminator(self.judge(i, real, True), self.judge(i, fake, True))
                slope += losses.r1(functools.partial(self._of_heard, i), hear_choices(real), fake)
            total = d_loss + self.recipe.r1 * slope
        weights = [w for judge in self.judges for w in judge.trainable_variables]
        self.d_optimizer.apply(tape.gradient(total, weights), weights)
        return d_loss

    def judge(self, i: int, choices: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Discriminator i's logit of each window, (B,)."""
        return self._of_heard(i, hear_choices(choices), training)

    def _of_heard(self, i: int, heard: tf.Tensor, training: bool = False) -> tf.Tensor:
        return tf.reduce_mean(self.judges[i](heard, training=training), -1)

    def _edited(self, i: int, choices: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        shape = tf.concat([tf.shape(choices)[:-1], [N_OPERATIONS]], 0)
        noise = -tf.math.log(-tf.math.log(self.chance.uniform(shape, 1e-6, 1.0)))
        return self.editors[i].edit(choices, self.recipe.noise * noise)

    def _silenced(self, choices: tf.Tensor) -> tf.Tensor:
        """Some voices rest throughout, as often in either style: so pieces with fewer voices work too."""
        silent = tf.cast(
            self.chance.uniform((tf.shape(choices)[0], 1, _V, 1)) < self.recipe.silence, tf.float32
        )
        rest = tf.one_hot(12, 14)
        return choices * (1 - silent) + rest * silent

    def weights(self) -> dict[str, np.ndarray]:
        """Both editors' weights: "to_b/into/kernel", "to_a/…"."""
        return {
            f"{name}/{path}": value
            for name, editor in zip(("to_b", "to_a"), self.editors, strict=True)
            for path, value in models.weights_of(editor).items()
        }


def train(
    a: Cells,
    b: Cells,
    modes: Sequence[np.ndarray],
    recipe: CycleRecipe | None = None,
    *,
    steps: int,
    seed: int = 1,
    report: Report | None = None,
) -> tuple[Mapping[str, np.ndarray], list[dict[str, float]]]:
    """Weights of both editors after so many steps, and a log of one row in fifty.

    Equal seeds give equal batches and noise, and weights that agree to rounding for the first steps: sums of
    gradients are made in the order in which threads finish.

    Parameters
    ----------
    a, b : windows of either style, in C major or A minor.
    modes : for a and for b, which windows are in minor, bool: both modes are drawn equally often from
        both styles, or the mode would be the style.
    """  # fmt: skip
    game = CycleGAN(recipe or CycleRecipe(), seed=seed)
    rng, size = np.random.default_rng(seed), game.recipe.batch_size
    sets = [choices_of(cells) for cells in (a, b)]
    log: list[dict[str, float]] = []
    for step in range(1, steps + 1):
        batch = [x[_draw(rng, minor, size)] for x, minor in zip(sets, modes, strict=True)]
        values = game.step(*(tf.constant(x) for x in batch))
        if step % 50 == 0 or step == steps:
            row = {name: round(float(value), 4) for name, value in values.items()}
            log.append({"step": step, **row})
            if report:
                report(step, row)
    return game.weights(), log


def _draw(rng: np.random.Generator, minor: np.ndarray, size: int) -> np.ndarray:
    """So many windows, half of them in minor."""
    return np.concatenate([rng.choice(np.flatnonzero(minor == mode), size // 2) for mode in (False, True)])

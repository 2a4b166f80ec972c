"""Checks of lesson 08: a diagnosis from curves, the Wasserstein distance, its critic, and two leashes.

The penalty is judged on critics whose slope is known on paper: linear ones, and x², whose slope tells
where between real and fake somebody looked.
"""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from musicgan_edu import losses, models
from musicgan_edu.checks import Answer, Wrong, exercise, expect, require

__all__ = ["critic_loss", "diagnose", "gradient_penalty", "spectral_norm", "wasserstein_distance"]


def diagnose(d_loss: np.ndarray, distinct: np.ndarray) -> str:
    """What ails a training, by the last quarter of its two curves."""
    d_end = d_loss[len(d_loss) * 3 // 4 :]
    distinct_end = distinct[len(distinct) * 3 // 4 :]
    if np.mean(d_end) < 0.1:
        return "D too strong"
    if np.std(d_end) > 0.2:
        return "oscillation"
    if np.median(distinct_end) < 0.3:
        return "collapse"
    return "healthy"


@exercise(
    "08.diagnose",
    reference=diagnose,
    stars=2,
    varies={
        "strong": (0.1, 0.05, 0.06, 0.15),
        "swing": (0.2, 0.25, 0.35, 0.4),
        "same": (0.3, 0.15, 0.45, 0.6),
    },
)
def _(
    answer: Answer, rng: np.random.Generator, strong: float = 0.1, swing: float = 0.2, same: float = 0.3
) -> None:
    _clear_cases(answer, rng, swing)
    calm, varied = np.full(240, 1.2), np.full(12, 0.95)
    sign = np.where(np.arange(240) % 2, 1.0, -1.0)  # its standard deviation is 1
    for factor, below in ((0.9, True), (1.1, False)):
        near = f"10 % {'below' if below else 'above'} the threshold of"
        told = "D too strong" if below else "healthy"
        expect(answer, [0 * calm + factor * strong, varied], told, f"the mean is {near} {strong:g}")
        told = "healthy" if below else "oscillation"
        expect(answer, [calm + factor * swing * sign, varied], told, f"the deviation is {near} {swing:g}")
        told = "collapse" if below else "healthy"
        expect(answer, [calm, 0 * varied + factor * same], told, f"the median is {near} {same:g}")


def _clear_cases(answer: Answer, rng: np.random.Generator, swing: float) -> None:
    """Patients that no choice of thresholds makes doubtful."""
    small = rng.uniform(-0.02, 0.02, 240)
    level, swinging = 1.2 + small, 1.2 + 0.8 * np.sin(np.arange(240) / 3) + small
    strong, varied, one = 0.03 + small, np.full(12, 0.95), np.full(12, 0.05)
    expect(answer, [level, varied], "healthy", "nothing is wrong with this one")
    expect(answer, [strong, varied], "D too strong", "D's loss is almost 0 at the end")
    expect(answer, [level, one], "collapse", "one piece in twenty differs at the end")
    expect(
        answer, [swinging, varied], "oscillation", f"the loss swings by more than {swing:g} about its mean"
    )
    follows = "a D that is too strong comes first: what else such a patient has, follows from it"
    expect(answer, [strong, one], "D too strong", follows)
    round_ = "who oscillates, passes through moments of collapse: ask for oscillation first"
    expect(answer, [swinging, one], "oscillation", round_)
    expect(
        answer,
        [np.r_[strong[:180], level[180:]], varied],
        "healthy",
        "it was ill, but the last quarter is fine",
    )
    expect(
        answer,
        [np.r_[swinging[:180], level[180:]], varied],
        "healthy",
        "it swung, but the last quarter is calm",
    )
    spike = np.r_[level[:-1], 0.01]
    expect(answer, [spike, varied], "healthy", "one step is no trend: take the mean of the last quarter")
    dip = np.r_[varied[:-1], 0.05]
    expect(answer, [level, dip], "healthy", "one look is no trend: take the median of the last quarter")


def wasserstein_distance(x: np.ndarray, y: np.ndarray) -> float:
    """How far the sand of heap x has to travel to become heap y; both of shape (n,)."""
    return float(np.mean(np.abs(np.sort(x) - np.sort(y))))


def _by_scipy(x: np.ndarray, y: np.ndarray) -> float:
    """SciPy's, which takes samples of any size."""
    from scipy.stats import wasserstein_distance as scipys

    return float(scipys(x, y))


@exercise("08.wasserstein_distance", reference=wasserstein_distance, stars=1, twin=_by_scipy)
def _(answer: Answer, rng: np.random.Generator) -> None:
    expect(answer, [np.zeros(3), np.full(3, 2.0)], 2.0, "each grain travels 2, so the mean is 2")
    swap = "no grain has to move: as heaps these two are the same, whatever the order"
    expect(answer, [np.array([0.0, 1.0]), np.array([1.0, 0.0])], 0.0, swap)
    wide = "one grain goes one left, the other one right: distances don't cancel"
    expect(answer, [np.array([0.0, 0.0]), np.array([-1.0, 1.0])], 1.0, wide)
    square = "grains travel 1 and 3: the mean distance is 2, not the root of the mean square"
    expect(answer, [np.array([0.0, 10.0]), np.array([1.0, 13.0])], 2.0, square)
    taken = "the second grain has to go to 4: a place takes one grain only, and 0 is taken"
    expect(answer, [np.array([0.0, 1.0]), np.array([0.0, 4.0])], 1.5, taken)
    x, y = rng.normal(0, 1, 40), rng.normal(1, 2, 40)
    expect(answer, [x, y], wasserstein_distance(x, y))


def critic_loss(real_output: tf.Tensor, fake_output: tf.Tensor) -> tf.Tensor:
    """What a Wasserstein critic minimises, from its scores of real and fake music."""
    return tf.reduce_mean(fake_output) - tf.reduce_mean(real_output)


@exercise("08.critic_loss", reference=critic_loss, stars=1, twin=losses.wasserstein_discriminator)
def _(answer: Answer, rng: np.random.Generator) -> None:
    def ask(real: list, fake: list) -> float:
        got = answer(tf.constant(real), tf.constant(fake))
        require(got is not None, "it gave None: is a `return` missing?")
        require(np.shape(got) == (), f"it gave shape {np.shape(got)}: a loss is one number, the mean")
        return float(got)

    real, fake = rng.normal(2, 1, 6).tolist(), rng.normal(-1, 1, 6).tolist()
    got, gap = ask(real, fake), np.mean(real) - np.mean(fake)
    reasons = {
        gap: "that is L itself, which the critic maximises; a loss is minimised, so turn the sign",
        -gap * len(real): "it's the sum over the batch: take the mean",
        np.logaddexp(0, -np.array(real)).mean()
        + np.logaddexp(0, np.array(fake)).mean(): "that is cross-entropy, "
        "a discriminator's; a critic's scores are used as they are",
        -np.mean(fake): "that is what the generator minimises",
        np.mean(_sigmoid(fake))
        - np.mean(_sigmoid(real)): "a critic's scores are used as they are, without a sigmoid",
    }
    if not np.isclose(got, -gap, rtol=1e-4):
        told = [why for value, why in reasons.items() if np.isclose(got, value, rtol=1e-4)]
        raise Wrong(f"it is {got:.4f} instead of {-gap:.4f}: {(told or ['compare it with the formula'])[0]}")
    require(
        ask([0.0, 0.0], [1.0, 3.0]) == 2.0, "a critic that prefers fakes has a loss above 0: keep the sign"
    )


def _sigmoid(scores: list) -> np.ndarray:
    return 1 / (1 + np.exp(-np.array(scores)))


def gradient_penalty(critic: keras.Model, real: tf.Tensor, fake: tf.Tensor) -> tf.Tensor:
    """E (‖∇D(x̂)‖₂ − 1)² at random points between real and fake, both (B, T, F)."""
    mix = tf.random.uniform((tf.shape(real)[0], 1, 1))
    between = mix * real + (1 - mix) * fake
    with tf.GradientTape() as tape:
        tape.watch(between)
        scores = critic(between)
    slopes = tape.gradient(scores, between)
    norms = tf.sqrt(tf.reduce_sum(slopes**2, axis=[1, 2]) + 1e-12)
    return tf.reduce_mean((norms - 1) ** 2)


@exercise("08.gradient_penalty", reference=gradient_penalty, stars=3, twin=losses.gradient_penalty)
def _(answer: Answer, rng: np.random.Generator) -> None:
    tf.random.set_seed(int(rng.integers(2**31)))

    def ask(critic: Any, real: Any, fake: Any) -> float:
        try:
            got = answer(critic, tf.constant(real, tf.float32), tf.constant(fake, tf.float32))
        except (TypeError, ValueError) as error:
            require("None" not in str(error), "the tape gave None: x̂ is no variable, so say `tape.watch(x̂)`")
            raise
        require(got is not None, "it gave None: is a `return` missing?")
        require(np.shape(got) == (), f"it gave shape {np.shape(got)}: the mean over the batch is missing")
        return float(got)

    weight = np.zeros((2, 3), np.float32)
    weight[0, 0], weight[1, 2] = 3.0, 4.0
    real, fake = rng.normal(0, 1, (8, 2, 3)), rng.normal(0, 1, (8, 2, 3))
    _linear(ask(lambda x: tf.reduce_sum(x * weight, [1, 2]), real, fake), n=8)
    flat = ask(lambda x: 0.0 * tf.reduce_sum(x, [1, 2]), real, fake)
    require(np.isfinite(flat), "a flat critic gives NaN: add a little something under the root")
    require(abs(flat - 1) < 1e-3, f"a flat critic costs {flat:.3f} instead of 1: too flat is punished, too")
    _trains(answer, real, fake)
    _where(ask)


def _trains(answer: Answer, real: np.ndarray, fake: np.ndarray) -> None:
    """The penalty is there to move weights: its slope in one has to arrive, at a flat critic too."""
    weight, inputs = tf.Variable(0.0), [tf.constant(x, tf.float32) for x in (real, fake)]
    with tf.GradientTape() as tape:
        cost = answer(lambda x: weight * tf.reduce_sum(x, [1, 2]), *inputs)
    slope = tape.gradient(cost, weight) if tf.is_tensor(cost) else None
    require(
        slope is not None, "no slope gets from the penalty to the critic's weights: numpy breaks the tape"
    )
    require(
        np.isfinite(np.asarray(slope)),
        "a flat critic's penalty has the slope NaN, since a root is infinitely steep at 0: add a little "
        "something under it",
    )


def _linear(got: float, n: int) -> None:
    """A critic of slope (3, 0, 0; 0, 0, 4): its norm is 5 at every point."""
    reasons = {
        25.0: "that is the mean of ‖∇D‖², a penalty about 0; this one is about slope 1",
        24.0**2: "the square root is missing in the norm",
        ((3 - 1) ** 2 + (4 - 1) ** 2)
        / 2: "each step got a norm of its own: sum over *all* axes but the first",
        ((3 - 1) ** 2 + (4 - 1) ** 2 + 1)
        / 3: "each feature got a norm of its own: sum over all axes but the first",
        (5 * n**0.5 - 1) ** 2: "the whole batch got one norm: sum over all axes but the first",
        4.0: "the norm isn't squared after 1 is taken off",
        36.0: "1 is added where it should be taken off",
        16.0 * n: "it's the sum over the batch: take the mean",
    }
    if not np.isclose(got, 16.0, rtol=1e-3):
        told = [why for value, why in reasons.items() if np.isclose(got, value, rtol=1e-3)]
        because = (told or ["the slope's norm is 5 at every point, so it costs (5 − 1)²"])[0]
        raise Wrong(f"a linear critic whose slope has norm 5 costs {got:.3f} instead of 16: {because}")


def _where(ask: Any) -> None:
    """D = x² between 0 (fake) and 1 (real) has slope 2ε: the penalty is the mean of (2ε − 1)²."""
    ones, zeros = np.ones((4000, 1, 1)), np.zeros((4000, 1, 1))
    draws = [ask(lambda x: tf.reduce_sum(x**2, [1, 2]), ones, zeros) for _ in range(4)]
    got, spread = float(np.mean(draws)), float(np.std(draws))
    pairs = ask(
        lambda x: tf.reduce_sum((x[..., 0] - x[..., 1]) ** 2, 1), np.ones((400, 1, 2)), np.zeros((400, 1, 2))
    )
    require(
        abs(pairs - 1) < 0.01,
        "every number of a window has an ε of its own, so x̂ leaves the segment: one for each window, shape (B, 1, 1)",
    )
    if spread > 0.08 and got < 2:
        raise Wrong("the whole batch shares one ε: draw one for each window, shape (B, 1, 1)")
    reasons = [
        (1.0, "only real or only fake points are looked at: the critic has to be held *between* them"),
        (0.0, "always the same point, halfway: draw ε anew for each window"),
        (1.81, "ε seems to be drawn from a normal distribution, which lands outside the segment: the bug that two "
         "popular notebooks have; ε is uniform on 0 to 1"),  # E (2|ε| − 1)² = 5 − 4 √(2/π)
    ]  # fmt: skip
    if abs(got - 1 / 3) > 0.04:
        told = [why for value, why in reasons if abs(got - value) < 0.08 * max(1, value)]
        because = (told or ["is ε uniform on 0 to 1?"])[0]
        raise Wrong(f"D = x² between 0 and 1 costs {got:.3f} instead of ∫(2ε − 1)² dε = 1/3: {because}")


def spectral_norm(matrix: np.ndarray, n_rounds: int) -> float:
    """The largest singular value of a matrix (m, k), by power iteration."""
    direction = np.ones(matrix.shape[1])
    for _ in range(n_rounds):
        direction = matrix.T @ (matrix @ direction)
        direction = direction / np.linalg.norm(direction)
    return float(np.linalg.norm(matrix @ direction))


def _package_norm(matrix: np.ndarray, n_rounds: int) -> float:
    """The package's, which keeps the direction from step to step."""
    start = tf.ones(matrix.shape[1])
    return float(models.power_iteration(tf.constant(matrix, tf.float32), start, n_rounds)[0])


@exercise("08.spectral_norm", reference=spectral_norm, stars=2, twin=_package_norm)
def _(answer: Answer, rng: np.random.Generator) -> None:
    expect(
        answer,
        [np.diag([3.0, 1.0]), 30],
        3.0,
        "it stretches the first axis by 3 and no other by more",
        within=1e-3,
    )
    got = answer(np.array([[1.0, 1.0], [0.0, 1.0]]), 30)
    require(got is not None, "it gave None: is a `return` missing?")
    shear = f"a shear gave {float(np.real(got)):.3f} instead of 1.618: "
    require(
        abs(got - 1) > 1e-2, shear + "that is its largest eigenvalue, but a matrix can stretch more than that"
    )
    require(abs(got - 1.618**2) > 1e-2, shear + "that is the square of it: the root is missing")
    require(abs(got - 3**0.5) > 1e-2, shear + "that is the root of the sum of all squares (Frobenius)")
    require(abs(got - 1.618) < 1e-2, shear + "is each round Wᵀ(W v), and then divided by its own length?")
    for shape in ((4, 7), (9, 3)):
        matrix = rng.normal(0, 1, shape)
        want = float(np.linalg.svd(matrix, compute_uv=False)[0])
        few, many = answer(matrix, 1), answer(matrix, 400)
        require(np.isfinite(many), "after 400 rounds it isn't finite: divide by the length in *every* round")
        require(abs(many - want) < 1e-2 * want, f"a matrix {shape} gave {many:.4f} instead of {want:.4f}")
        require(
            few <= want + 1e-6, "after one round it is above the largest singular value, which no v can reach"
        )
        require(abs(few - many) > 1e-9, "one round gave the same as 400: does the loop run `n_rounds` times?")

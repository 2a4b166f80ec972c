"""Checks of lesson 07: batches of music, both players' loss, one step of the game.

The step is played on the Dirac-GAN of lesson 02: real music is one number x, the generator says θ, the
discriminator's logit is ψ times what it hears. There every mistake has its own answer, worked out on
paper, and the check can say which one was made.
"""

from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from musicgan_edu import losses
from musicgan_edu.checks import Answer, Wrong, exercise, require

__all__ = ["load_music_dataset", "loss_function", "train_step"]


def load_music_dataset(tokens: np.ndarray, batch_size: int, seed: int) -> tf.data.Dataset:
    """Batches of windows, uint8 (batch_size, T, V), in an order set by the seed.

    `tokens` holds all windows, (N, T, V). A pass sees each at most once, the next pass
    in another order; the few that don't fill a batch wait for it.
    """
    dataset = tf.data.Dataset.from_tensor_slices(tokens)
    dataset = dataset.shuffle(len(tokens), seed=seed)
    return dataset.batch(batch_size, drop_remainder=True)


@exercise("07.load_music_dataset", reference=load_music_dataset, stars=1)
def _(answer: Answer, rng: np.random.Generator) -> None:
    n, size = 100, 8
    tokens = np.broadcast_to(np.arange(n, dtype=np.uint8)[:, None, None], (n, 4, 2)).copy()
    seed = int(rng.integers(1000))
    dataset = answer(tokens, size, seed)
    require(
        isinstance(dataset, tf.data.Dataset),
        f"it gave {dataset!r}: is a `return` missing?",
    )
    one, two = _pass(dataset, n), _pass(dataset, n)
    _check_shapes(one, n, size)
    _check_order(one)
    require(not _same(one, two), "the second pass has the order of the first: reshuffle every time")
    again, other = (_pass(answer(tokens, size, number), n) for number in (seed, seed + 1))
    require(
        _same(one, again), "the same seed gave another order: hand `seed` on, or nobody can repeat your run"
    )
    require(not _same(one, other), "another seed gave the same order: does `shuffle` know the seed?")


def _check_order(batches: list[np.ndarray]) -> None:
    """Window i holds the number i; one pass must mix them well."""
    numbers = np.stack([batch[:, 0, 0] for batch in batches]).astype(int)
    order = numbers.ravel()
    require(len(set(order)) == len(order), "a window comes twice in one pass through the music")
    in_order = "the windows come in the order of the file: nothing is shuffled"
    require((np.diff(order) != 1).any(), in_order)
    together = "neighbours stay together: batches are shuffled, not windows; shuffle first"
    require((np.diff(numbers) != 1).any(), together)
    spread = np.corrcoef(order, np.arange(len(order)))[0, 1]
    require(spread < 0.6, "early windows come early: give `shuffle` a buffer that holds all of them")


def _pass(dataset: tf.data.Dataset, most: int) -> list[np.ndarray]:
    """One pass's batches, at most `most` of them."""
    return [np.asarray(batch) for batch in dataset.take(most)]


def _same(one: list[np.ndarray], two: list[np.ndarray]) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(one, two, strict=True))


def _check_shapes(batches: list[np.ndarray], n: int, size: int) -> None:
    shape = batches[0].shape
    require(
        len(shape) != 2,
        f"a batch has shape {shape}: that is one window; `batch` is missing",
    )
    want = f"({size}, 4, 2)"
    require(
        len(shape) == 3,
        f"a batch has shape {shape} instead of {want}: windows stay small integers here",
    )
    require(
        batches[0].dtype == np.uint8,
        f"a batch is {batches[0].dtype}, four times as large as uint8",
    )
    require(len(batches) < n, "a pass never ends: leave `repeat` to the training")
    full = [len(batch) == size for batch in batches]
    require(full[0], f"the first batch has shape {shape} instead of {want}")
    require(
        all(full),
        f"the last batch holds {len(batches[-1])} windows, the others {size}: drop the remainder",
    )


def loss_function(real_output: tf.Tensor, fake_output: tf.Tensor) -> tuple:
    """Both players' loss, (d_loss, g_loss), from D's logits on real and fake music."""
    on_real = tf.reduce_mean(tf.nn.softplus(-real_output))
    on_fake = tf.reduce_mean(tf.nn.softplus(fake_output))
    g_loss = tf.reduce_mean(tf.nn.softplus(-fake_output))
    return on_real + on_fake, g_loss


def _package_losses(real_output: tf.Tensor, fake_output: tf.Tensor) -> tuple:
    """The package's form: "cross-entropy" among `losses.LOSSES`."""
    pair = losses.LOSSES["cross-entropy"]
    return pair.discriminator(real_output, fake_output), pair.generator(real_output, fake_output)


@exercise("07.loss_function", reference=loss_function, stars=2, twin=_package_losses)
def _(answer: Answer, rng: np.random.Generator) -> None:
    def ask(real: np.ndarray, fake: np.ndarray) -> tuple[float, float]:
        got = answer(tf.constant(real, tf.float32), tf.constant(fake, tf.float32))
        require(
            isinstance(got, tuple | list) and len(got) == 2,
            f"it gave {got!r} instead of (d_loss, g_loss)",
        )
        shapes = [tuple(np.shape(value)) for value in got]
        require(
            shapes == [(), ()],
            f"d_loss and g_loss have shapes {shapes}: a loss is one number, the mean",
        )
        return float(got[0]), float(got[1])

    real, fake = (
        np.log([3.0, 3.0]),
        np.log([1.0, 1 / 3]),
    )  # σ: 3/4 on real, 1/2 and 1/4 on fake
    d_loss, g_loss = ask(real, fake)
    require(
        abs(d_loss) > 1e-4,
        "d_loss is 0: a logit isn't a probability yet; Keras' loss needs `from_logits=True`",
    )
    _check_losses(real, fake, d_loss, g_loss)
    d_loss, g_loss = ask(np.array([200.0]), np.array([-200.0]))
    finite = np.isfinite([d_loss, g_loss]).all()
    require(
        finite,
        f"logits of ±200 give {d_loss} and {g_loss}: log of a sigmoid overflows, softplus doesn't",
    )
    require(
        abs(g_loss - 200) < 1e-3,
        f"at D(G(z)) = −200, g_loss is {g_loss:g} instead of 200: it's clipped",
    )
    for shape in ((5,), (3, 32)):
        real, fake = rng.normal(1, 2, shape), rng.normal(-1, 2, shape)
        _check_losses(real, fake, *ask(real, fake))


def _check_losses(real: np.ndarray, fake: np.ndarray, d_loss: float, g_loss: float) -> None:
    """Compare with the right values, and with those of the mistakes that people make."""

    def cost(logits: np.ndarray) -> float:  # of calling these music real
        return float(np.logaddexp(0, -logits).mean())

    def sigmoid(logits: np.ndarray) -> np.ndarray:
        return 1 / (1 + np.exp(-logits))

    want = cost(real) + cost(-fake), cost(fake)
    reasons = {
        cost(-real) + cost(fake): "the labels are swapped: real music should sound real, and fakes fake",
        -want[0]: "that is the value of the game, which D maximises; a loss is its negative",
        want[0] / 2: "it's half of it: the two means are added, not averaged",
        cost(sigmoid(real))
        + cost(-sigmoid(fake)): "real_output holds logits already: a sigmoid is one too many",
        want[0] * real.size: "it's the sum over the batch: take the mean, or the rate depends on the batch",
        float(fake.mean() - real.mean()): "that is the Wasserstein critic's loss, not cross-entropy",
        float(real.mean() - fake.mean()): "that is the Wasserstein distance's formula, not cross-entropy",
    }
    _compare("d_loss", d_loss, want[0], reasons)
    reasons = {
        -cost(-fake): "that is the saturating loss, flat where D is sure of the fake",
        cost(-fake): "that rewards G for sounding fake: the generator wants D to call its music real",
        want[0]: "that is D's loss; the generator wants something else",
        -want[0]: "that is −d_loss: zero-sum, and saturating; only the fakes count for G",
        cost(sigmoid(fake)): "fake_output holds logits already: a sigmoid is one too many",
        cost(real): "that is about real music, which the generator didn't make",
        want[1] * fake.size: "it's the sum over the batch: take the mean",
        float(-fake.mean()): "that is the Wasserstein generator's loss, not cross-entropy",
    }
    _compare("g_loss", g_loss, want[1], reasons)


def _compare(name: str, got: float, want: float, reasons: dict[float, str]) -> None:
    if not np.isclose(got, want, rtol=1e-4):
        told = [why for value, why in reasons.items() if np.isclose(got, value, rtol=1e-4)]
        raise Wrong(
            f"{name} is {got:.4f} instead of {want:.4f}: {(told or ['compare it with the formula'])[0]}"
        )


def train_step(gan: keras.Model, real: tf.Tensor) -> dict:
    """One step of D, then one of G against the new D, on a batch of real (B, T, F).

    Uses gan.generate(n), gan.discriminator, gan.generator, gan.d_optimizer and
    gan.g_optimizer. Gives {"d_loss": …, "g_loss": …}.
    """
    n = tf.shape(real)[0]
    with tf.GradientTape() as tape:
        fake = gan.generate(n)
        d_loss, _ = loss_function(gan.discriminator(real), gan.discriminator(fake))
    variables = gan.discriminator.trainable_variables
    gan.d_optimizer.apply(tape.gradient(d_loss, variables), variables)

    with tf.GradientTape() as tape:
        fake = gan.generate(n)
        _, g_loss = loss_function(gan.discriminator(real), gan.discriminator(fake))
    variables = gan.generator.trainable_variables
    gan.g_optimizer.apply(tape.gradient(g_loss, variables), variables)
    return {"d_loss": d_loss, "g_loss": g_loss}


class _Dirac(NamedTuple):
    """A Dirac-GAN before a step: θ, ψ, what is real, both rates."""

    theta: float
    psi: float
    x: float
    d_rate: float
    g_rate: float

    def d_slope(self, theta: float, real: float, fake: float) -> float:
        """∂ d_loss / ∂ψ where `real` counts as real and `fake` as fake."""
        return -real * _sigmoid(-self.psi * real) + fake * _sigmoid(self.psi * fake)


class _Player:
    """What the exercise's functions use of a model: calling it, its variables."""

    def __init__(self, value: float, name: str) -> None:
        self.value = keras.Variable(value, name=name)
        self.trainable_variables = [self.value]
        self.trainable_weights = self.trainable_variables

    def __call__(self, x: tf.Tensor, training: bool = False) -> tf.Tensor:
        return self.value * x


class _ToyGAN:
    """The Dirac-GAN with the parts that the lesson's `MusicGAN` has."""

    def __init__(self, start: _Dirac) -> None:
        self.generator, self.discriminator = (
            _Player(start.theta, "theta"),
            _Player(start.psi, "psi"),
        )
        both = [
            *self.generator.trainable_variables,
            *self.discriminator.trainable_variables,
        ]
        self.g_optimizer, self.d_optimizer = (
            keras.optimizers.SGD(start.g_rate),
            keras.optimizers.SGD(start.d_rate),
        )
        self.g_optimizer.build(both)
        self.d_optimizer.build(both)

    def generate(self, n: Any) -> tf.Tensor:
        return self.generator(tf.ones((n, 1, 1)))


def _sigmoid(x: float) -> float:
    return 1 / (1 + float(np.exp(-x)))


@exercise("07.train_step", reference=train_step, stars=3)
def _(answer: Answer, rng: np.random.Generator) -> None:
    theta, psi, x = rng.uniform([0.4, 0.5, 1.5], [0.8, 0.9, 2.5]).tolist()
    start = _Dirac(theta, psi, x, d_rate=0.5, g_rate=0.2)
    gan, real = _ToyGAN(start), tf.fill((4, 1, 1), x)
    try:  # compiled, as `fit` will do it: what works only eagerly shows here
        compiled = tf.function(lambda batch: answer(gan, batch), autograph=False)
        logs = compiled.get_concrete_function(real)(real)
    except ValueError as error:
        if "No gradients provided" not in str(error):
            raise
        raise Wrong(
            "no gradient arrives at the weights: the fakes are made outside the tape that should see them, "
            "or `stop_gradient` stands between them and the generator"
        ) from error
    new_theta, new_psi = (float(player.value.numpy()) for player in (gan.generator, gan.discriminator))
    _check_discriminator(start, new_psi)
    _check_generator(start, new_theta, new_psi)
    _check_logs(start, new_psi, logs)


def _check_discriminator(start: _Dirac, got: float) -> None:
    theta, psi, x, d_rate, g_rate = start
    slope, swapped = start.d_slope(theta, x, theta), start.d_slope(theta, theta, x)
    new = psi - d_rate * slope
    by_g = -theta * _sigmoid(-new * theta)  # ∂ g_loss / ∂ψ
    _moved("D's weight", psi, got, new, {
        psi: "D didn't move: is `d_optimizer.apply` there, and does it get D's variables?",
        psi + d_rate * slope: "D went up its loss: an optimiser minimises, so give it d_loss as it is",
        psi - d_rate * swapped: "D learns to call fakes real: real_output comes first in `loss_function`",
        psi - g_rate * slope: "D moved at G's rate: the optimisers are swapped",
        new - g_rate * by_g: "G's step moved D: its gradient is for the generator's variables, and no others",
        new - d_rate * by_g: "G's step moved D: its optimiser and its variables are the generator's",
        psi - g_rate * (-theta * _sigmoid(-psi * theta)): "only G's loss moved D: D's step takes d_loss",
    })  # fmt: skip


def _check_generator(start: _Dirac, got: float, psi: float) -> None:
    theta, old, _, d_rate, g_rate = start
    slope, by_d = (
        -psi * _sigmoid(-psi * theta),
        psi * _sigmoid(psi * theta),
    )  # of g_loss and of d_loss, in θ
    early = -old * _sigmoid(-old * theta)
    first = theta - d_rate * old * _sigmoid(old * theta)  # D's step taken for all variables
    _moved("G's weight", theta, got, theta - g_rate * slope, {
        theta: "G didn't move: is `g_optimizer.apply` there, and does it get G's variables?",
        theta + g_rate * slope: "G went up its loss: an optimiser minimises, so give it g_loss as it is",
        theta - g_rate * early: "G was judged by the old D: its step comes after D's, with a new tape",
        theta - g_rate * by_d: "G helps D: it was moved by d_loss",
        theta + g_rate * by_d: "G went up d_loss: that is the saturating game; use g_loss",
        theta - d_rate * slope: "G moved at D's rate: the optimisers are swapped",
        first + g_rate * psi * _sigmoid(-psi * first): "D's step moved G too: take D's gradient for the "
        "discriminator's variables only",
    })  # fmt: skip


def _moved(what: str, before: float, got: float, want: float, reasons: dict[float, str]) -> None:
    if abs(got - want) > 1e-4:
        told = [why for value, why in reasons.items() if abs(got - value) < 1e-4]
        because = (told or ["follow the two steps one by one"])[0]
        raise Wrong(f"{what} went from {before:.4f} to {got:.4f} instead of {want:.4f}: {because}")


def _check_logs(start: _Dirac, psi: float, logs: Any) -> None:
    require(
        isinstance(logs, dict),
        f"it gave {type(logs).__name__} instead of a dictionary: is a `return` missing?",
    )
    missing = {"d_loss", "g_loss"} - logs.keys()
    require(
        not missing,
        f"the dictionary lacks {sorted(missing)}: they are what gets logged",
    )
    theta, old, x = start.theta, start.psi, start.x
    want = {
        "d_loss": np.logaddexp(0, -old * x) + np.logaddexp(0, old * theta),
        "g_loss": np.logaddexp(0, -psi * theta),
    }
    for name, value in want.items():
        got = float(logs[name])
        require(
            abs(got - value) < 1e-4,
            f"it logs {name} as {got:.4f}; the loss it stepped on was {value:.4f}",
        )

"""A GAN on the plane: its settings, its state, and the steps from one state to the next.

Comes in: `Settings`. Goes out: `Game`, a value; `step_d`, `step_g`, `step_both` and `play` give the
next one. All chance comes from the seed and the steps taken, so a kept game goes on the same.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from musicgan_edu.plane import distances, networks, objectives, optimisers, shapes
from musicgan_edu.plane.networks import Layers
from musicgan_edu.plane.objectives import GameError

__all__ = [
    "Game",
    "Settings",
    "change",
    "describe",
    "fakes",
    "measure",
    "new",
    "play",
    "pushes",
    "reals",
    "step_both",
    "step_d",
    "step_g",
    "surface",
]

LATENT_DIM = 4
_CHOICES: dict[str, tuple[str, ...]] = {
    "loss": tuple(objectives.LOSSES),
    "penalty": objectives.PENALTIES,
    "optimiser": optimisers.OPTIMISERS,
    "shape": (*shapes.SHAPES, "drawn"),
    "order": ("alternating", "simultaneous"),
}


@dataclasses.dataclass(frozen=True, eq=False)
class Settings:
    """What a game is played with; all but `width` and `seed` may change while it runs.

    shape : a name in `SHAPES`, or "drawn" for the points (k, 2) in `drawn`.
    loss : a name in `LOSSES`.
    penalty, strength : what is added to D's loss, and γ.
    optimiser, d_rate, g_rate : a name in `OPTIMISERS`, and the size of each player's steps.
    d_steps : steps of D before each of G.
    order : "alternating" (G answers the new D) or "simultaneous" (both answer the old opponent).
    batch : points a step sees.
    width : of both networks' two hidden layers.
    """

    shape: str = "ring of 8"
    drawn: np.ndarray | None = None
    loss: str = "cross-entropy"
    penalty: str = "none"
    strength: float = 0.1
    optimiser: str = "Adam"
    d_rate: float = 0.002
    g_rate: float = 0.002
    d_steps: int = 1
    order: str = "alternating"
    batch: int = 128
    width: int = 32
    seed: int = 0

    def __post_init__(self) -> None:
        for name, choices in _CHOICES.items():
            if getattr(self, name) not in choices:
                raise GameError(f"plane: {name} must be one of {list(choices)}, got {getattr(self, name)!r}")
        for name in ("strength", "d_rate", "g_rate"):
            if not 0 <= getattr(self, name) < np.inf:
                raise GameError(f"plane: {name} must be 0 or more, got {getattr(self, name)}")
        for name in ("d_steps", "batch", "width"):
            if getattr(self, name) < 1:
                raise GameError(f"plane: {name} must be at least 1, got {getattr(self, name)}")
        if self.drawn is not None and (np.ndim(self.drawn) != 2 or np.shape(self.drawn)[1] != 2):
            raise GameError(f"plane: drawn points must have shape (k, 2), got {np.shape(self.drawn)}")


@dataclasses.dataclass(frozen=True, eq=False)
class Game:
    """The state: both players, what their optimisers remember, how many steps each has made."""

    settings: Settings
    d: Layers
    g: Layers
    d_memory: optimisers.Memory
    g_memory: optimisers.Memory
    d_done: int = 0
    g_done: int = 0
    d_loss: float = float("nan")
    g_loss: float = float("nan")


def new(**settings: Any) -> Game:
    """A game before its first step; `settings` are those of `Settings`."""
    chosen = Settings(**settings)
    d_rng, g_rng = np.random.default_rng(chosen.seed).spawn(2)
    d = networks.make([2, chosen.width, chosen.width, 1], d_rng)
    g = networks.make([LATENT_DIM, chosen.width, chosen.width, 2], g_rng)
    return Game(chosen, d, g, optimisers.forget(d), optimisers.forget(g))


def change(game: Game, **settings: Any) -> Game:
    """The same players with other settings. Another optimiser starts without memories.

    Raises
    ------
    GameError : a setting that isn't allowed, or `width` or `seed`, which need a new game.
    """
    if {"width", "seed"} & settings.keys():
        raise GameError(f"plane: {sorted(settings)} can't change in a running game: make a new one")
    changed = dataclasses.replace(game, settings=dataclasses.replace(game.settings, **settings))
    if changed.settings.optimiser == game.settings.optimiser:
        return changed
    blank = optimisers.forget
    return dataclasses.replace(changed, d_memory=blank(game.d), g_memory=blank(game.g))


# ---------------------------------------------------------------------------------- steps

_quietly = np.errstate(over="ignore", invalid="ignore")  # `_stepped` says it in words instead


def _batch(game: Game, player: int, done: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Real points (B, 2), latents (B, LATENT_DIM) and mixing weights (B, 1) of one step."""
    settings = game.settings
    rng = np.random.default_rng([settings.seed, player, done])
    real = shapes.draw(settings.shape, settings.drawn, settings.batch, rng)
    return real, rng.normal(size=(settings.batch, LATENT_DIM)), rng.random((settings.batch, 1))


def _added(one: Layers, two: Layers) -> Layers:
    return tuple((a + c, b + d) for (a, b), (c, d) in zip(one, two, strict=True))


@_quietly
def _d_gradient(game: Game) -> tuple[float, Layers]:
    """D's loss (penalty included) on a fresh batch, and its gradient for D's weights."""
    real, z, mix = _batch(game, 0, game.d_done)
    fake = networks.forward(game.g, z)[-1]
    on_real, on_fake = (networks.forward(game.d, points) for points in (real, fake))
    loss = objectives.LOSSES[game.settings.loss].discriminator(on_real[-1][:, 0], on_fake[-1][:, 0])
    gradient = networks.backward(game.d, on_real, loss.real[:, None])[0]
    gradient = _added(gradient, networks.backward(game.d, on_fake, loss.fake[:, None])[0])
    total = loss.loss
    for points in _places(game.settings.penalty, real, fake, mix):
        cost, extra = networks.penalise(game.d, points, lambda s: _price(game, s))
        total, gradient = total + cost, _added(gradient, extra)
    return total, gradient


def _places(penalty: str, real: np.ndarray, fake: np.ndarray, mix: np.ndarray) -> list[np.ndarray]:
    """Where a penalty looks at D's slope: a list of points (B, 2)."""
    between = mix * real + (1 - mix) * fake
    return {"none": [], "R1": [real], "R1 + R2": [real, fake], "gradient penalty": [between]}[penalty]


def _price(game: Game, slopes: np.ndarray) -> tuple[float, np.ndarray]:
    return objectives.price(game.settings.penalty, slopes, game.settings.strength)


@_quietly
def _g_gradient(game: Game) -> tuple[float, Layers]:
    """G's loss on a fresh batch, and its gradient for G's weights, through D."""
    real, z, _ = _batch(game, 1, game.g_done)
    made = networks.forward(game.g, z)
    on_fake = networks.forward(game.d, made[-1])
    on_real = networks.forward(game.d, real)[-1][:, 0]
    loss = objectives.LOSSES[game.settings.loss].generator(on_real, on_fake[-1][:, 0])
    push = networks.backward(game.d, on_fake, loss.fake[:, None])[1]
    return loss.loss, networks.backward(game.g, made, push)[0]


@_quietly
def _stepped(game: Game, player: str, loss: float, gradient: Layers) -> Game:
    """The game after one player's step; GameError where a number has run away."""
    settings, done = game.settings, getattr(game, f"{player}_done")
    rate = getattr(settings, f"{player}_rate")
    old, memory = getattr(game, player), getattr(game, f"{player}_memory")
    layers, memory = optimisers.update(old, gradient, memory, optimiser=settings.optimiser, rate=rate)
    if not (np.isfinite(loss) and all(np.isfinite(part).all() for layer in layers for part in layer)):
        raise GameError(
            f"plane: step {done + 1} of {player.upper()}: a number is no longer finite (rate {rate:g}); "
            "lower the rates and start anew"
        )
    moved = {player: layers, f"{player}_memory": memory, f"{player}_done": done + 1, f"{player}_loss": loss}
    return dataclasses.replace(game, **moved)


def step_d(game: Game) -> Game:
    """One step of the discriminator."""
    return _stepped(game, "d", *_d_gradient(game))


def step_g(game: Game) -> Game:
    """One step of the generator, judged by the discriminator as it is now."""
    return _stepped(game, "g", *_g_gradient(game))


def step_both(game: Game) -> Game:
    """One round: `d_steps` of D and one of G, in the settings' order."""
    if game.settings.order == "simultaneous":
        move = _g_gradient(game)  # before D moves
    for _ in range(game.settings.d_steps):
        game = step_d(game)
    return _stepped(game, "g", *move) if game.settings.order == "simultaneous" else step_g(game)


def play(game: Game, rounds: int) -> Game:
    """So many rounds further."""
    for _ in range(rounds):
        game = step_both(game)
    return game


# ---------------------------------------------------------------------------------- looking


def reals(game: Game, n: int, *, seed: int = 0) -> np.ndarray:
    """n real points, (n, 2); the same seed shows the same points."""
    return shapes.draw(game.settings.shape, game.settings.drawn, n, np.random.default_rng([seed, 2]))


def fakes(game: Game, n: int, *, seed: int = 0) -> np.ndarray:
    """n generated points, (n, 2); the same seed shows the same latents at every stage."""
    z = np.random.default_rng([seed, 3]).normal(size=(n, LATENT_DIM))
    return networks.forward(game.g, z)[-1]


def pushes(game: Game, points: np.ndarray) -> np.ndarray:
    """Where the generator's loss pushes each fake, −∂L_G/∂point (n, 2), every point for itself.

    The relativistic loss pairs them with real points of their number.
    """
    on_fake = networks.forward(game.d, points)
    on_real = networks.forward(game.d, reals(game, len(points)))[-1][:, 0]
    loss = objectives.LOSSES[game.settings.loss].generator(on_real, on_fake[-1][:, 0])
    return -len(points) * networks.backward(game.d, on_fake, loss.fake[:, None])[1]


def surface(game: Game, n: int = 41) -> np.ndarray:
    """D's logits on an n × n grid over the window, (n, n); row 0 is the lowest y, column 0 the lowest x."""
    line = np.linspace(-shapes.REACH, shapes.REACH, n)
    x, y = np.meshgrid(line, line)
    points = np.stack([x.ravel(), y.ravel()], axis=1)
    return networks.forward(game.d, points)[-1].reshape(n, n)


def measure(game: Game, n: int = 1000) -> dict[str, float]:
    """Both losses of the last steps, and two distances between n real and n generated points."""
    real, fake = reals(game, n), fakes(game, n)
    return {
        "d_loss": game.d_loss,
        "g_loss": game.g_loss,
        "jsd": distances.histogram_jsd(real, fake),
        "w1": distances.sliced_wasserstein(real, fake),
    }


def describe(game: Game) -> str:
    """The game in two sentences, for who can't see it."""
    now = measure(game)
    steps = f"D has made {game.d_done} and G {game.g_done} steps"
    said = [f"{name} loss {now[key]:.3f}" for name, key in (("D's", "d_loss"), ("G's", "g_loss"))]
    losses = [text for text in said if "nan" not in text]
    return (
        f"{', '.join([steps, *losses])}. Real and generated points: "
        f"JSD {now['jsd']:.2f} of at most 0.69, sliced W1 {now['w1']:.2f}; {_coverage(game)}."
    )


def _coverage(game: Game) -> str:
    """What share of the real points has a generated one nearby: how much of the shape is covered."""
    real, fake = reals(game, 200), fakes(game, 500)
    gaps = np.sqrt(((real[:, None] - fake[None]) ** 2).sum(2)).min(1)
    return f"{np.mean(gaps < 0.25):.0%} of the real points have a generated one nearby"

"""What a training can be told: its recipe, and the recipes that come with the package."""

from __future__ import annotations

import dataclasses

from musicgan_edu.score import TrainingError

__all__ = ["RECIPES", "Recipe", "recipe_of"]


@dataclasses.dataclass(frozen=True)
class Recipe:
    """All that decides a training but the music, the seed and the time; a run's card records it.

    form : what it composes, see `training.FORMS`.
    latent_dim, bar_latent_dim : sizes of the piece's latent, and of each bar's (0: bars have none).
    condition : what G is told to make and D expects, see `conditions`; only `SequenceGAN` can.
    pretraining, warming : shares of the budget: likelihood first, then D alone on the frozen G.
    learning_rate : of pretraining; g_rate, d_rate : of the game.
    loss : a name in `losses.LOSSES`.
    optimizer : "Adam" (with beta_1, beta_2) or "SGD" (with momentum), for both players of the game.
    free_nats : information about a window that z may carry at no cost.
    likelihood : weight of the likelihood of real windows that stays in G's objective in the game.
    discount : how much of what D says of a later step a choice is answerable for, per step.
    average : of the weights that are kept, per step.
    d_steps : D's steps for one of G's; `SequenceGAN` lets D hear G's last batches again for them.

    Only `GAN` knows the rest.
    penalty_kind : a name in `losses.PENALTIES`; penalty : its weight (λ, γ); penalty_every : it is
        taken at every so many steps, and counts as many times; penalty_start : its weight at first, from
        which it falls to `penalty` over the first third of the budget (0: it is `penalty` from the start).
    constraint : a name in `models.CONSTRAINTS`, on D's kernels.
    n_chords : how many chords a generator of that kind knows.
    noise : of G's decisions while it learns, a factor on Gumbel noise; 0 makes the keys of rolls deterministic
        binary neurons, 1 stochastic ones.
    """

    generator: str = "recurrent"
    form: str = "chorale"
    latent_dim: int = 32
    bar_latent_dim: int = 0
    condition: str = ""
    units: int = 160
    width: int = 128
    dropout: float = 0.1
    batch_size: int = 64
    pretraining: float = 0.7
    warming: float = 0.06
    learning_rate: float = 3e-3
    g_rate: float = 3e-4
    d_rate: float = 1e-3
    loss: str = "cross-entropy"
    optimizer: str = "Adam"
    beta_1: float = 0.5
    beta_2: float = 0.99
    momentum: float = 0.0
    free_nats: float = 6.0
    likelihood: float = 0.3
    discount: float = 0.9
    average: float = 0.99
    temperature: float = 1.0
    d_steps: int = 1
    penalty_kind: str = "R1 + R2"
    penalty: float = 1.0
    penalty_start: float = 0.0
    penalty_every: int = 1
    constraint: str = "none"
    noise: float = 0.5
    n_chords: int = 1024


RECIPES = {
    "chorales": Recipe(),
    "likelihood": Recipe(latent_dim=0, pretraining=1.0),
    "moods": Recipe(condition="mode+motion"),
    "phrases": Recipe(form="phrase", bar_latent_dim=8, free_nats=16.0, width=112),
    "melodies": Recipe(form="melody"),
    "dances": Recipe(form="dance", condition="corpus+metre"),
    "convolutional": Recipe(
        generator="convolutional", pretraining=0.0, warming=0.0, loss="relativistic", g_rate=1e-3, d_rate=1e-3,
        dropout=0.0, average=0.995, temperature=0.0, penalty=10.0,
    ),
    "chords": Recipe(
        generator="chords", pretraining=0.0, warming=0.0, loss="relativistic", g_rate=1e-3, d_rate=1e-3,
        dropout=0.0, average=0.995, temperature=0.5, penalty=1.0, penalty_start=10.0, penalty_every=4,
    ),
    "rolls": Recipe(
        generator="rolls", form="roll", latent_dim=64, batch_size=32, pretraining=0.0, warming=0.0,
        loss="relativistic", g_rate=5e-4, d_rate=1e-3, dropout=0.0, average=0.995, noise=0.0, temperature=0.0,
        penalty=10.0, penalty_every=4,
    ),
}  # fmt: skip


def recipe_of(name: str | Recipe) -> Recipe:
    """The recipe of that name, or the recipe itself; TrainingError names those that there are."""
    if isinstance(name, Recipe):
        return name
    if name not in RECIPES:
        raise TrainingError(f"training: no recipe {name!r}, there are {', '.join(RECIPES)}")
    return RECIPES[name]

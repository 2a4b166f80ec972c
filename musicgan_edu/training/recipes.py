"""What a training can be told: its recipe, and the recipes that come with the package."""

from __future__ import annotations

import dataclasses

__all__ = ["RECIPES", "Recipe"]


@dataclasses.dataclass(frozen=True)
class Recipe:
    """All that decides a training but the music, the seed and the time; a run's card records it.

    pretraining, warming : shares of the budget: likelihood first, then D alone on the frozen G.
    learning_rate : of pretraining; g_rate, d_rate : of the game.
    free_nats : information about a window that z may carry at no cost.
    likelihood : weight of the likelihood of real windows that stays in G's objective in the game.
    discount : how much of what D says of a later step a choice is answerable for, per step.
    penalty : γ of R1 + R2 (`GAN`); average : of the weights that are kept, per step.
    """

    generator: str = "recurrent"
    latent_dim: int = 32
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
    free_nats: float = 6.0
    likelihood: float = 0.3
    discount: float = 0.9
    penalty: float = 1.0
    average: float = 0.99
    temperature: float = 1.0


RECIPES = {
    "chorales": Recipe(),
    "likelihood": Recipe(latent_dim=0, pretraining=1.0),
    "convolutional": Recipe(
        generator="convolutional", pretraining=0.0, warming=0.0, loss="relativistic", g_rate=1e-3, d_rate=1e-3,
        dropout=0.0, average=0.995, temperature=0.0,
    ),
}  # fmt: skip

"""What a GAN must beat: random, Markov, maximum likelihood, masked; trained and measured alike.

Comes in: windows as classes, uint8 (N, T, V), see `training.prepare`. Goes out: a run's folder that
`sampling.load`, `musicgan compose` and `musicgan evaluate` take like any other.

Conventions
-----------
"random" draws each cell on its own from what stood there in the corpus, by voice and step. "markov"
draws whole steps, given the last ones, and backs off to shorter memories. Both count: they are done
at once, whatever their budget. "likelihood" is the GAN's own network without latent and game (a
recipe of `training`). "masked" learns to fill in what is hidden, and composes by filling in all.
Lesson 04; lesson 10 compares them with the GAN, lesson 12 fills gaps with the last.

References
----------
Shannon (1948). Witten, Bell (1991). Caccia et al. (2020): Language GANs Falling Short. Huang et al.
(2017): Counterpoint by Convolution.
"""

from musicgan_edu.baselines.counting import ORDER, cells, chain
from musicgan_edu.baselines.keys import random_keys
from musicgan_edu.baselines.likelihood import surprise
from musicgan_edu.baselines.masked import MaskedModel, masks
from musicgan_edu.baselines.run import RECIPES, form_of, train

__all__ = [
    "ORDER",
    "RECIPES",
    "MaskedModel",
    "cells",
    "chain",
    "form_of",
    "masks",
    "random_keys",
    "surprise",
    "train",
]

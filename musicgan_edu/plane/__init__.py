"""The adversarial game on the plane, small enough to see whole: numpy, exact gradients, no TensorFlow.

Comes in: a distribution of points (a named shape, or points drawn by hand) and settings. Goes out:
games, one step further each; distances between real and fake; and the Dirac-GAN, whose two players
have one weight each.

Conventions
-----------
A game is a value: a step takes one and gives the next, so a game can be kept, compared and gone back
to, and the same seed gives the same game. The losses are those of `musicgan_edu.losses`, by the same
names; tests hold the two together. Lesson 02; the widget is `widgets.gan_lab`.

References
----------
Kahng et al. (2019): GAN Lab, IEEE TVCG 25(1). Mescheder, Geiger, Nowozin (2018): Which training
methods for GANs do actually converge?, ICML.
"""

from musicgan_edu.plane import dirac
from musicgan_edu.plane.distances import earth_mover, histogram_jsd, jensen_shannon, sliced_wasserstein
from musicgan_edu.plane.game import (
    Game,
    Settings,
    change,
    describe,
    fakes,
    measure,
    new,
    play,
    pushes,
    reals,
    step_both,
    step_d,
    step_g,
    surface,
)
from musicgan_edu.plane.objectives import LOSSES, PENALTIES, GameError
from musicgan_edu.plane.optimisers import OPTIMISERS
from musicgan_edu.plane.shapes import REACH, SHAPES

__all__ = [
    "LOSSES",
    "OPTIMISERS",
    "PENALTIES",
    "REACH",
    "SHAPES",
    "Game",
    "GameError",
    "Settings",
    "change",
    "describe",
    "dirac",
    "earth_mover",
    "fakes",
    "histogram_jsd",
    "jensen_shannon",
    "measure",
    "new",
    "play",
    "pushes",
    "reals",
    "sliced_wasserstein",
    "step_both",
    "step_d",
    "step_g",
    "surface",
]

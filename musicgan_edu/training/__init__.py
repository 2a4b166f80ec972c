"""Training: recipes, the two games, and the run that keeps time, logs, checkpoints and resumes.

`training.train("chorales", windows, folder, minutes=3)` is the whole of it; lesson 07 takes it apart.
"""

from musicgan_edu.training.games import GAN
from musicgan_edu.training.recipes import RECIPES, Recipe
from musicgan_edu.training.run import Budget, make, prepare, train
from musicgan_edu.training.sequence import SequenceGAN

__all__ = ["GAN", "RECIPES", "Budget", "Recipe", "SequenceGAN", "make", "prepare", "train"]

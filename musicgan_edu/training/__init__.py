"""Training: recipes, the two games, and the run that keeps time, logs, checkpoints and resumes.

`training.train("chorales", windows, folder, minutes=3)` is the whole of it; lesson 07 takes it apart.
"""

from musicgan_edu.training.games import GAN, RECIPES, Recipe, SequenceGAN, make
from musicgan_edu.training.run import Budget, prepare, train

__all__ = ["GAN", "RECIPES", "Budget", "Recipe", "SequenceGAN", "make", "prepare", "train"]

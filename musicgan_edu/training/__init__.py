"""Training: recipes, the two games, and the run that keeps time, logs, checkpoints and resumes.

`training.train("chorales", windows, folder, minutes=3)` is the whole of it; lesson 07 takes it apart.
"""

from musicgan_edu.training.chords import ChordGAN
from musicgan_edu.training.control import SETTINGS, Control, settings_of
from musicgan_edu.training.forms import FORMS, Cut, cut, prepare, reasons, rolls_for
from musicgan_edu.training.games import GAN
from musicgan_edu.training.recipes import RECIPES, Recipe, recipe_of
from musicgan_edu.training.rolls import RollGAN
from musicgan_edu.training.run import PLAYERS, Budget, make, train
from musicgan_edu.training.sequence import SequenceGAN
from musicgan_edu.training.workers import join

__all__ = [
    "FORMS",
    "GAN",
    "PLAYERS",
    "RECIPES",
    "SETTINGS",
    "Budget",
    "ChordGAN",
    "Control",
    "Cut",
    "Recipe",
    "RollGAN",
    "SequenceGAN",
    "cut",
    "join",
    "make",
    "prepare",
    "reasons",
    "recipe_of",
    "rolls_for",
    "settings_of",
    "train",
]

"""One door for every recipe: the baselines' own, and those of `training`.

Comes in: a recipe's name, real windows, a folder, a budget. Goes out: the folder, a checkpoint.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from musicgan_edu import sampling, training
from musicgan_edu.baselines.counting import ORDER, cells, chain
from musicgan_edu.baselines.masked import MaskedModel
from musicgan_edu.encoding import RollEncoding, VoiceEncoding
from musicgan_edu.score import CheckpointError, Score, TrainingError
from musicgan_edu.training.forms import described
from musicgan_edu.training.run import Report

__all__ = ["RECIPES", "form_of", "train"]

#: The masked network's recipe; its only phase counts as pretraining.
MASKED = training.Recipe(
    generator="masked", latent_dim=0, units=0, width=128, pretraining=1.0, warming=0.0, learning_rate=2e-3,
    batch_size=32,
)  # fmt: skip
RECIPES: dict[str, training.Recipe | dict[str, Any]] = {
    **training.RECIPES,
    "masked": MASKED,
    "random": {"generator": "random"},
    "markov": {"generator": "markov", "order": ORDER},
}
training.PLAYERS["masked"] = MaskedModel


def form_of(
    recipe: str | training.Recipe, scores: Sequence[Score] | None = None
) -> VoiceEncoding | RollEncoding:
    """What a recipe composes, of this music if the tracks depend on it; TrainingError names the recipes that there are."""
    if isinstance(recipe, str) and recipe not in RECIPES:
        raise TrainingError(f"training: no recipe {recipe!r}, there are {', '.join(RECIPES)}")
    chosen = RECIPES[recipe] if isinstance(recipe, str) else recipe
    form = chosen.form if isinstance(chosen, training.Recipe) else "chorale"
    return training.rolls_for(scores) if form == "roll" and scores is not None else training.FORMS[form]


def train(
    recipe: str | training.Recipe,
    windows: np.ndarray,
    folder: Path,
    *,
    minutes: float | None = None,
    steps: int | None = None,
    seed: int = 1,
    corpus: str = "chorales",
    sources: Sequence[str] = (),
    encoding: VoiceEncoding | RollEncoding | None = None,
    order: int = ORDER,
    report: Report | None = None,
    snapshots: Sequence[float] = (),
) -> sampling.Sampler:
    """`training.train` for the baselines as well; the parameters and errors are the same.

    The models that count take one pass and no more of their budget: the card says 0 steps. `order` is
    the steps that "markov" remembers.
    """
    form = encoding or form_of(recipe)
    if recipe in ("random", "markov"):
        training.Budget(minutes, steps)  # refuses what is none
        if isinstance(form, RollEncoding):
            raise TrainingError(f"training: {recipe!r} counts voices, not rolls")
        return _count(str(recipe), windows, Path(folder), seed, corpus, form, order)
    chosen = MASKED if recipe == "masked" else recipe
    return training.train(
        chosen, windows, folder, minutes=minutes, steps=steps, seed=seed, corpus=corpus, sources=sources,
        encoding=form, report=report, snapshots=snapshots,
    )  # fmt: skip


def _count(
    recipe: str, windows: np.ndarray, folder: Path, seed: int, corpus: str, form: VoiceEncoding, order: int
) -> sampling.Sampler:
    """Count, and write the folder; the same run again writes the same."""
    started = time.perf_counter()
    told = {"generator": recipe} | ({"order": order} if recipe == "markov" else {})
    shape = described(form)
    run = {"corpus": corpus, "recipe": told, "seed": seed, "steps": 0}
    _refuse_another(folder, {**run, "encoding": shape})
    weights = cells(windows, form) if recipe == "random" else chain(windows, form, order=order)
    card = {
        "name": folder.name.encode(errors="replace").decode(),
        "generator": {"kind": recipe, "latent_dim": 0, "width": 0, "temperature": 1.0},
        "encoding": shape,
        "training": {**run, "seconds": round(time.perf_counter() - started, 1), "log": []},
    }
    sampling.write_card(folder, card)  # first: weights without a card couldn't be known as ours after a kill
    sampling.write_arrays(folder / "weights.npz", weights)
    return sampling.load(folder)


def _refuse_another(folder: Path, ours: dict[str, Any]) -> None:
    """Raise where the folder holds another run, or one that can't be read."""
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "card.json").exists():
        if (folder / "weights.npz").exists():
            raise CheckpointError(
                f"training: can't go on from {folder} (weights without a card): choose another folder"
            )
        return
    try:
        card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
        theirs = {**card["training"], "encoding": card["encoding"]}
    except Exception as error:  # a file that anybody may have edited can fail in any way
        raise CheckpointError(
            f"training: can't go on from {folder} ({type(error).__name__}: {error}): choose another folder"
        ) from error
    for key in ("recipe", "seed", "corpus", "encoding"):
        if theirs.get(key) != ours[key]:
            raise TrainingError(
                f"training: {folder} holds another run ({key}: {theirs.get(key)}): choose another folder"
            )

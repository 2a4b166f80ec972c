"""Follow a melody with many drafts at once: sequential Monte Carlo over bars of any number.

Comes in: classes of which some are given. Goes out: whole pieces, and how likely their cells are.

Conventions
-----------
A *draft* is one unfinished piece, a particle. At every step each draft is weighed by how likely it makes
the given cells of that step, and docked for what it breaks of voice leading; when few drafts carry most
of the weight, the light ones are dropped and the heavy ones doubled. So what can't lead to the melody's
next notes dies within a beat, where weighing whole pieces afterwards (`sampling.fill`) would need
exponentially many of them. Drafts come in *islands* that never mix: each island gives one suggestion.

The generator composes windows of so many bars. Each next window begins a bar later: its first bars are
the draft's own, heard again under a fresh latent, and only its last bar is new. A fresh latent is weighed
by how well it explains what is heard again, among the drafts that share it.

References
----------
N. Gordon, D. Salmond, A. Smith, "Novel approach to nonlinear/non-Gaussian Bayesian state estimation", IEE
Proceedings F 140 (2), 1993 (the filter). A. Doucet, A. Johansen, "A tutorial on particle filtering and
smoothing: fifteen years later", 2009 (systematic resampling, effective size). Lesson 11.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import threadpoolctl

from musicgan_edu.encoding import VoiceEncoding
from musicgan_edu.sampling import Sampler
from musicgan_edu.sampling.draw import Stepper

__all__ = ["Followed", "Lean", "Taste", "follow", "resampled"]


@dataclasses.dataclass(frozen=True)
class Taste:
    """What a draft is docked for, in nats each: `parallel` fifths and octaves, `crossing` voices.

    temperature : of what is drawn; what is given is always judged at 1.
    fewest : share of an island's drafts, 0 to 1: where fewer are effective, they are resampled; 0 never does.
    likeliest : take each island's likeliest draft, else one drawn by weight.
    """

    parallel: float = 4.0
    crossing: float = 1.0
    temperature: float = 1.0
    fewest: float = 0.5
    likeliest: bool = True


@dataclasses.dataclass(frozen=True)
class Lean:
    """Two pieces, classes (T, V) each, and the odds in nats by which a draft leans to either; where to start from."""

    pieces: tuple[np.ndarray, np.ndarray]
    odds: tuple[float, float]
    latents: np.ndarray | None = None


@dataclasses.dataclass(frozen=True)
class Followed:
    """One piece an island: classes (I, T, V), log p of each cell (I, T, V), the latent of each window (I, W, d).

    effective : the least effective share of an island's drafts, (I,); near 0 the melody surprised them all.
    """

    tokens: np.ndarray
    log_p: np.ndarray
    latents: np.ndarray
    effective: np.ndarray


Docked = Callable[[np.ndarray, np.ndarray, Taste], np.ndarray]


def resampled(weights: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Which drafts go on, int (n,), n of them, for weights (n,) of sum 1: systematic resampling.

    One uniform number u places n equally spaced marks (u + i) / n on the cumulated weights: a draft of
    weight w goes on n·w times on average, and never more than one more or less than that.
    """
    marks = (rng.random() + np.arange(len(weights))) / len(weights)
    return np.minimum(np.searchsorted(np.cumsum(weights), marks, side="right"), len(weights) - 1)


def follow(
    sampler: Sampler,
    given: np.ndarray,
    known: np.ndarray,
    *,
    docked: Docked,
    allowed: np.ndarray | None = None,
    n_islands: int = 4,
    n_drafts: int = 64,
    taste: Taste | None = None,
    lean: Lean | None = None,
    seed: int = 0,
) -> Followed:
    """Pieces in which the `known` cells are as given, one an island.

    Parameters
    ----------
    given : classes (T, V), T any whole number of bars. known : bool (T, V).
    allowed : bool (V, C), the classes that each voice may be drawn from; all unless given. What is given needn't be.
    docked : nats by which each draft is docked for a step, from what sounds before and now (n, V), classes.
    """
    drafts = _Drafts(sampler, len(given), n_islands, n_drafts, taste or Taste(), seed)
    if allowed is not None:
        drafts.allowed = allowed
    with threadpoolctl.threadpool_limits(
        1, "blas"
    ):  # for such small products threads cost more than they bring
        _through(drafts, given, known, docked, lean)
    return drafts.picked()


def _through(
    drafts: _Drafts, given: np.ndarray, known: np.ndarray, docked: Docked, lean: Lean | None
) -> None:
    """Window by window, step by step."""
    sampler = drafts.sampler
    grid = sampler.encoding.grid
    per_bar, span = grid.steps_per_bar, grid.n_steps
    for window, first in enumerate(range(0, max(len(given) - span, 0) + 1, per_bar)):
        drafts.begin(window, lean)
        for step in range(first, min(first + span, len(given))):
            if window and step < first + span - per_bar:
                drafts.hear_again(step, step - first)
            else:
                if window and step == first + span - per_bar:
                    drafts.weigh_latents(first)
                drafts.compose(step, step - first, given[step], known[step], docked, lean)


class _Drafts:
    """All drafts of all islands as rows, island by island."""

    def __init__(
        self, sampler: Sampler, n_steps: int, n_islands: int, n_drafts: int, taste: Taste, seed: int
    ) -> None:
        self.sampler, self.encoding, self.taste = sampler, sampler.encoding, taste
        self.islands = np.arange(n_islands * n_drafts).reshape(n_islands, n_drafts)
        self.rngs = [np.random.default_rng([seed, i, 11]) for i in range(n_islands)]
        n_voices = self.encoding.shape[1]
        n_rows = self.islands.size
        n_windows = max(n_steps // self.encoding.grid.steps_per_bar - self.encoding.grid.n_bars, 0) + 1
        self.tokens = np.zeros((n_rows, n_steps, n_voices), np.int64)
        self.log_p = np.zeros((n_rows, n_steps, n_voices), np.float32)
        self.latents = np.zeros((n_rows, n_windows, sampler.latent_dim), np.float32)
        self.log_w, self.docks = np.zeros(n_rows), np.zeros(n_rows)
        self.effective = np.ones(n_islands)
        self.allowed = np.ones(self.encoding.shape[1:], bool)
        self.again = np.zeros(n_rows)  # log p of what is heard again

    def _random(self, draw: Callable[[np.random.Generator, int], np.ndarray]) -> np.ndarray:
        """Random numbers for all rows; an island's depend on nothing but its own generator."""
        return np.concatenate([draw(rng, self.islands.shape[1]) for rng in self.rngs])

    def begin(self, window: int, lean: Lean | None) -> None:
        """A new window: fresh latents, or those that are leant to."""
        dim = self.sampler.latent_dim
        z = self._random(lambda rng, n: rng.standard_normal((n, dim), np.float32))
        if lean is not None and lean.latents is not None:
            z = np.broadcast_to(lean.latents[window], z.shape)
        self.latents[:, window] = z
        gain = float(self.sampler.card["generator"]["gain"])
        self.stepper = Stepper(self.sampler.weights, self.encoding, np.ascontiguousarray(z), gain)
        self.again[:] = 0

    def hear_again(self, step: int, place: int) -> None:
        """A step that the draft wrote itself, in an earlier window."""
        self.stepper.hear(place)
        cells = self.tokens[:, step].copy()
        if not place:  # a window can't begin with a hold: what sounds on is struck anew
            for back in range(step - 1, -1, -1):
                cells = np.where(cells == self.encoding.hold, self.tokens[:, back], cells)
        for voice in range(cells.shape[1]):
            log_p = _log_softmax(self._logits(voice, place))
            self.again += np.take_along_axis(log_p, cells[:, voice, None], 1)[:, 0]
            self.stepper.say(voice, cells[:, voice])

    def weigh_latents(self, first: int) -> None:
        """Weigh each latent against those of the drafts that heard the same again."""
        grid = self.encoding.grid
        heard = self.tokens[:, first : first + grid.n_steps - grid.steps_per_bar].reshape(
            len(self.tokens), -1
        )
        for rows in self.islands:
            same = np.unique(heard[rows], axis=0, return_inverse=True)[1].ravel()
            for one in range(same.max() + 1):
                mine = rows[same == one]
                self.log_w[mine] += self.again[mine] - _log_mean_exp(self.again[mine])
        self.resample(self.taste.fewest)

    def compose(
        self, step: int, place: int, given: np.ndarray, known: np.ndarray, docked: Docked, lean: Lean | None
    ) -> None:
        """A new step: given cells are forced and weigh, the others are drawn."""
        self.stepper.hear(place)
        shape = (self.islands.shape[1], len(given), self.encoding.n_classes)
        noise = self._random(lambda rng, n: rng.gumbel(size=(n, *shape[1:])).astype(np.float32))
        for voice in range(len(given)):
            log_p = _log_softmax(self._logits(voice, place))
            if known[voice]:
                choice = np.full(len(log_p), given[voice])
                self.log_w += np.maximum(
                    log_p[:, given[voice]], -50.0
                )  # a hold of nothing has no chance at all
            else:
                heat, allowed = self.taste.temperature, self.allowed[voice]
                tilted = np.where(allowed, log_p / heat + noise[:, voice] if heat else log_p, -np.inf)
                if not allowed.all():  # a draft that would rather leave its range is one that leads there
                    self.log_w += np.log(np.exp(log_p[:, allowed]).sum(1) + 1e-20)
                if lean is not None:
                    self._lean(tilted, lean, step, voice)
                choice = tilted.argmax(1)
            self.tokens[:, step, voice] = choice
            self.log_p[:, step, voice] = np.maximum(
                np.take_along_axis(log_p, choice[:, None], 1)[:, 0], -50.0
            )
            self.stepper.say(voice, choice)
        dock = docked(self.stepper.was, self.stepper.heard, self.taste)
        self.log_w -= dock
        self.docks += dock
        self.resample(self.taste.fewest)

    def _logits(self, voice: int, place: int) -> np.ndarray:
        logits = self.stepper.logits(voice)
        if place == 0:
            logits[:, self.encoding.hold] = -np.inf
        return logits

    def _lean(self, tilted: np.ndarray, lean: Lean, step: int, voice: int) -> None:
        """Raise what either piece does here; its hold means its pitch, where the draft sounds another."""
        for piece, odds in zip(lean.pieces, lean.odds, strict=True):
            said = piece[step, voice]
            sounding = (
                said if said != self.encoding.hold else _sounds(piece[: step + 1, voice], self.encoding)
            )
            same = self.stepper.was[:, voice] == sounding
            wanted = np.where(same | (said != self.encoding.hold), said, sounding)
            tilted[np.arange(len(tilted)), wanted] += odds

    def resample(self, fewest: float) -> None:
        """In each island whose effective share of drafts is below `fewest`, let the heavy ones take the light ones' place."""
        rows, changed = np.arange(self.islands.size), False
        for i, island in enumerate(self.islands):
            weights = np.exp(self.log_w[island] - self.log_w[island].max())
            weights /= weights.sum()
            share = 1 / (weights**2).sum() / len(island)
            self.effective[i] = min(self.effective[i], share)
            if share < fewest:
                rows[island] = island[resampled(weights, self.rngs[i])]
                self.log_w[island] = 0.0
                changed = True
        if changed:
            for name in ("tokens", "log_p", "latents", "docks", "again"):
                setattr(self, name, getattr(self, name)[rows])
            self.stepper.take(rows)

    def picked(self) -> Followed:
        """From each island one draft: the likeliest of all its cells, less what it is docked for; or one by weight."""
        total = self.log_p.sum((1, 2)) - self.docks
        if not self.taste.likeliest:  # Gumbel's trick: a draw by weight
            total = self.log_w + self._random(lambda rng, n: rng.gumbel(size=n))
        best = [island[total[island].argmax()] for island in self.islands]
        return Followed(self.tokens[best], self.log_p[best], self.latents[best], self.effective)


def _sounds(column: np.ndarray, encoding: VoiceEncoding) -> int:
    """The class that sounds at the end of a voice's classes, (n,)."""
    starts = column[column != encoding.hold]
    return int(starts[-1]) if len(starts) else encoding.rest


def _log_softmax(logits: np.ndarray) -> np.ndarray:
    top = logits.max(1, keepdims=True)
    return logits - top - np.log(np.exp(logits - top).sum(1, keepdims=True))


def _log_mean_exp(values: np.ndarray) -> float:
    top = values.max()
    return float(top + np.log(np.exp(values - top).mean()))

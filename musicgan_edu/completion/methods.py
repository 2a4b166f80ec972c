"""The ways to fill a gap: three that learnt, three that any of them must beat.

Comes in: windows of two bars as classes, int64 (B, T, V), which cells are known, bool (B, T, V), a seed,
a number of drafts or rounds, and the classes that each voice may sing where it is filled, bool (1 or B, V, C): all ways
keep to them, the simple ones by octaves. Goes out: classes (B, T, V); what stands in known cells is the caller's to keep.
Lesson 12.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np
import threadpoolctl

from musicgan_edu import corpus, sampling, training
from musicgan_edu.completion import critic
from musicgan_edu.encoding import VoiceEncoding
from musicgan_edu.score import Grid

__all__ = ["ANY", "FORM", "METHODS", "Filler", "gibbs", "judge", "latent_of", "sounding", "training_windows"]

FORM = VoiceEncoding()  # two bars of 4/4 in sixteenths, four voices: what the networks know
ANY = np.ones((1, 1, 1), bool)  # voices that may sing whatever they like
Filler = Callable[[np.ndarray, np.ndarray, int, int, np.ndarray], np.ndarray]
_AT_ONCE = 16  # windows in one call of the network
_ROUNDS_OF_LATENT = 2
_SHORT_LIST = 8  # drafts that the critic hears


def sounding(tokens: np.ndarray) -> np.ndarray:
    """What sounds in each cell, classes (…, T, V) of any length: holds replaced by what they hold."""
    step = np.arange(tokens.shape[-2])[:, None]
    last = np.maximum.accumulate(np.where(tokens != FORM.hold, step, -1), -2)
    heard = np.take_along_axis(tokens, np.maximum(last, 0), -2)
    return np.where(last < 0, FORM.rest, heard)


@functools.cache
def training_windows() -> np.ndarray:
    """The chorales' training windows, uint8 (N, T, V): what "mode" counts and "nearest" looks through."""
    return training.prepare(corpus.load("chorales", split="train", progress=False), FORM)


@functools.cache
def _network() -> sampling.Sampler:
    return sampling.load("gaps")


@functools.cache
def _generator() -> sampling.Sampler:
    return sampling.load("chorales")


# --------------------------------------------------------------------------- what must be beaten


def mode(
    tokens: np.ndarray, known: np.ndarray, seed: int = 0, n: int = 1, allowed: np.ndarray = ANY
) -> np.ndarray:
    """Every hidden cell sounds the pitch that its voice sings most in the training pieces."""
    counts = np.apply_along_axis(
        np.bincount, 0, sounding(training_windows()).reshape(-1, tokens.shape[-1]), minlength=FORM.n_classes
    )
    return _as_notes(tokens, known, np.broadcast_to(counts.argmax(0), tokens.shape), allowed)


def hold(
    tokens: np.ndarray, known: np.ndarray, seed: int = 0, n: int = 1, allowed: np.ndarray = ANY
) -> np.ndarray:
    """Each voice holds what it was last known to sing; before its first known cell it sings that one early."""
    heard = np.where(known, sounding(tokens), -1)
    step = np.arange(tokens.shape[1])[None, :, None]
    last = np.maximum.accumulate(np.where(known, step, -1), 1)
    first = np.where(known.any(1), known.argmax(1), 0)[:, None]
    held = np.take_along_axis(heard, np.where(last < 0, first, last), 1)
    return _as_notes(tokens, known, np.where(held < 0, FORM.home_pitches(), held), allowed)


def nearest(
    tokens: np.ndarray, known: np.ndarray, seed: int = 0, n: int = 1, allowed: np.ndarray = ANY
) -> np.ndarray:
    """What stands there in the training window that agrees with most of the known cells."""
    book, found = sounding(training_windows().astype(np.int64)), []
    for heard, given in zip(sounding(tokens), known, strict=True):
        found.append(book[(book == heard)[:, given].sum(1).argmax()])
    return _as_notes(tokens, known, np.stack(found), allowed) if found else tokens


def _as_notes(tokens: np.ndarray, known: np.ndarray, heard: np.ndarray, allowed: np.ndarray) -> np.ndarray:
    """Classes of what shall sound in the hidden cells, in range: a note is struck where the pitch changes."""
    heard = np.where(known, sounding(tokens), _by_octaves(heard, allowed))
    again = np.concatenate([np.zeros_like(known[:, :1]), heard[:, 1:] == heard[:, :-1]], 1)
    return np.where(known, tokens, np.where(again & (heard != FORM.rest), FORM.hold, heard))


def _by_octaves(heard: np.ndarray, allowed: np.ndarray) -> np.ndarray:
    """Classes (B, T, V) at the nearest octave that is allowed; as they are where there is none."""
    ways = heard[..., None] + 12 * np.array([0, 1, -1, 2, -2, 3, -3])
    there = (ways >= 0) & (ways < FORM.n_pitches)
    may = np.broadcast_to(allowed, (len(heard), heard.shape[2], FORM.n_classes))[:, None]
    fits = there & np.take_along_axis(may, np.where(there, ways, 0), -1)
    best = np.take_along_axis(ways, fits.argmax(-1)[..., None], -1)[..., 0]
    return np.where(heard < FORM.n_pitches, best, heard)


# ------------------------------------------------------------------------------- what has learnt


def masked(
    tokens: np.ndarray, known: np.ndarray, seed: int = 0, n: int = 64, allowed: np.ndarray = ANY
) -> np.ndarray:
    """The masked network and Gibbs sampling: few cells are drawn anew at a time, given all the others."""
    return _network().fill(tokens, ~known, seed=seed, allowed=allowed[:, None])


def likeliest(
    tokens: np.ndarray, known: np.ndarray, seed: int = 0, n: int = 1, allowed: np.ndarray = ANY
) -> np.ndarray:
    """The masked network's likeliest class for each cell, all at once: the best guess, and no music."""
    logits = np.where(allowed[:, None], _logits(np.where(known, tokens, FORM.rest), known), -np.inf)
    logits[:, 0, :, FORM.hold] = -np.inf
    return np.where(known, tokens, logits.argmax(-1))


def gan(
    tokens: np.ndarray, known: np.ndarray, seed: int = 0, n: int = 32, allowed: np.ndarray = ANY
) -> np.ndarray:
    """The trained GAN's drafts, one drawn by its weight: what they make of the known cells, and what the critic hears.

    n drafts by `sampling.fill`; the eight of the greatest likelihood go before the critic.
    """
    return _drafts(tokens, known, seed, n, allowed, judge())


def drafts(
    tokens: np.ndarray, known: np.ndarray, seed: int = 0, n: int = 32, allowed: np.ndarray = ANY
) -> np.ndarray:
    """As "gan", by likelihood alone: no critic."""
    return _drafts(tokens, known, seed, n, allowed, None)


def _drafts(
    tokens: np.ndarray, known: np.ndarray, seed: int, n: int, allowed: np.ndarray, judge: critic.Critic | None
) -> np.ndarray:
    filled = np.empty_like(tokens)
    for i, (window, given, may) in enumerate(zip(tokens, known, _each(allowed, tokens), strict=True)):
        with threadpoolctl.threadpool_limits(
            1, "blas"
        ):  # small products: threads cost ten times what they bring
            found = sampling.fill(_generator(), window, given, n=n, seed=seed + i, allowed=may)
        best, weights = found.tokens[:_SHORT_LIST], found.log_weights[:_SHORT_LIST].astype(np.float64)
        if judge:
            weights = weights + judge.logit(FORM.decode(best))
        filled[i] = sampling.Filled(best, weights).pick(np.random.default_rng([seed + i, 3]))
    return filled


@functools.cache
def judge(n: int = 240) -> critic.Critic:
    """The critic of the shipped GAN's fillings, learnt on n training windows; ten seconds, once."""
    generator, windows = _generator(), training_windows().astype(np.int64)
    some = windows[np.linspace(0, len(windows) - 1, n).astype(int)]

    def one_draft(window: np.ndarray, known: np.ndarray, seed: int) -> np.ndarray:
        z, noise = generator.latents(1, seed=seed), generator.noise(1, seed=seed)
        return sampling.redraw(generator, z, noise, tokens=window, keep=known, temperature=1.0)[0]

    with threadpoolctl.threadpool_limits(1, "blas"):
        return critic.learnt(some, one_draft, FORM.decode)


def latent(
    tokens: np.ndarray, known: np.ndarray, seed: int = 0, n: int = 64, allowed: np.ndarray = ANY
) -> np.ndarray:
    """Yeh et al.: the latent whose music agrees best with what is known; its likeliest notes, pasted in."""
    return np.stack([
        latent_of(window, given, seed=seed + i, n=n, allowed=may)[1]
        for i, (window, given, may) in enumerate(zip(tokens, known, _each(allowed, tokens), strict=True))
    ])  # fmt: skip


def _each(allowed: np.ndarray, tokens: np.ndarray) -> np.ndarray:
    """What is allowed in each window."""
    return np.broadcast_to(allowed, (len(tokens), *allowed.shape[1:]))


def latent_of(
    tokens: np.ndarray, known: np.ndarray, *, seed: int = 0, n: int = 64, allowed: np.ndarray = ANY[0]
) -> tuple[np.ndarray, np.ndarray]:
    """z (latent_dim,) and the filled classes (T, V): loss −Σ_known log p(cell | z, before) + ½‖z‖².

    The generator speaks step by step, so what it says of known cells depends on the hidden ones before
    them: they are guessed from the best of n latents, z is improved, and they are guessed again.
    """
    generator, filled = _generator(), hold(tokens[None], known[None])[0]
    noise = np.zeros((1, *FORM.shape), np.float32)
    for round_ in range(_ROUNDS_OF_LATENT):
        with threadpoolctl.threadpool_limits(1, "blas"):
            found = sampling.invert(
                generator, filled, keep=known, candidates=n, n_steps=2 * round_, seed=seed
            )
            z = found.z[None]
            given = {"tokens": tokens, "keep": known, "allowed": allowed}
            filled = sampling.redraw(generator, z, noise, temperature=0, **given)[0]
    return found.z, filled


def _logits(tokens: np.ndarray, known: np.ndarray) -> np.ndarray:
    """The masked network's logits of any number of windows, (B, T, V, C)."""
    answers = []
    for first in range(0, len(tokens), _AT_ONCE):
        some = slice(first, first + _AT_ONCE)
        padding = [(0, _AT_ONCE - len(tokens[some])), (0, 0), (0, 0)]
        cells, given = np.pad(tokens[some], padding).astype(np.int32), np.pad(known[some], padding)
        answers.append(_network()._masked(cells, given)[: len(tokens[some])])
    return np.concatenate(answers)


def gibbs(
    tokens: np.ndarray, known: np.ndarray, *, seed: int = 0, n_rounds: int = 64, allowed: np.ndarray = ANY[0]
) -> np.ndarray:
    """The masked network on a stretch of any number of bars, classes (T, V): windows of two, a bar apart.

    Where two windows see a cell, the mean of their logits counts (a product of their opinions): one has
    heard the bar before, the other the bar after.
    """
    hop, size = FORM.grid.steps_per_bar, FORM.grid.n_steps
    starts = range(0, len(tokens) - size + 1, hop)

    def network(cells: np.ndarray, given: np.ndarray) -> np.ndarray:
        heard = sounding(cells[0])
        windows = np.stack([np.concatenate([heard[a : a + 1], cells[0, a + 1 : a + size]]) for a in starts])
        said = _logits(windows, np.stack([given[0, a : a + size] for a in starts]))
        total, count = np.zeros((*cells.shape, FORM.n_classes), np.float32), np.zeros(len(tokens), np.float32)
        for a, logits in zip(starts, said, strict=True):
            late = int(a > 0)  # a window's first step can't hold; the window before knows better
            total[0, a + late : a + size] += logits[late:]
            count[a + late : a + size] += 1
        return total / count[:, None, None]

    form = VoiceEncoding(Grid(n_bars=len(tokens) // hop))
    rngs = [np.random.default_rng([seed, 0, 2])]
    return sampling.fill_masked(
        network, form, tokens[None], ~known[None], rngs=rngs, n_rounds=n_rounds, allowed=allowed
    )[0]


METHODS: dict[str, Filler] = {
    "masked": masked, "likeliest": likeliest, "gan": gan, "drafts": drafts, "latent": latent,
    "mode": mode, "hold": hold, "nearest": nearest,
}  # fmt: skip

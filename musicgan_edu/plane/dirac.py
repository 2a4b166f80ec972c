"""The Dirac-GAN: the smallest game that has everything a GAN's training can do wrong.

Comes in: names of a loss and a penalty, rates, a start. Goes out: paths (n, 2) of (θ, ψ), eigenvalues,
and a duet, because a path can be heard.

Conventions
-----------
Real data are the one point 0. The generator puts its one point at θ, and the discriminator is the line
D(x) = ψ x. So D(real) = 0, D(fake) = ψ θ, D's slope is ψ everywhere, and the game's only equilibrium is
θ = ψ = 0. Mescheder, Geiger, Nowozin 2018, section 2; lesson 02.
"""

from __future__ import annotations

import numpy as np

from musicgan_edu.plane.objectives import LOSSES, PENALTIES, GameError
from musicgan_edu.score import Score, Track

__all__ = ["duet", "eigenvalues", "slopes", "trace"]

_SCALE = (0, 2, 4, 5, 7, 9, 11)  # major, semitones above its tonic
_KEYS = range(36, 97)  # C2 to C7: what goes beyond stays at the edge


def slopes(
    theta: float, psi: float, *, loss: str = "cross-entropy", penalty: str = "none", strength: float = 1.0
) -> tuple[float, float]:
    """(∂L_D/∂ψ, ∂L_G/∂θ): each player's own slope, the penalty included.

    Raises
    ------
    GameError : no such loss or penalty.
    """
    if loss not in LOSSES or penalty not in PENALTIES:
        raise GameError(f"plane: no loss {loss!r} or no penalty {penalty!r}; see LOSSES and PENALTIES")
    real, fake = np.zeros(1), np.array([psi * theta])
    d, g = LOSSES[loss].discriminator(real, fake), LOSSES[loss].generator(real, fake)
    extra = {
        "none": 0.0,
        "R1": strength * psi,  # of γ/2 ψ²
        "R1 + R2": 2 * strength * psi,  # the slope is ψ at the real and at the fake point
        "gradient penalty": 2 * strength * (abs(psi) - 1) * np.sign(psi),
    }[penalty]
    return float(d.fake[0] * theta + extra), float(g.fake[0] * psi)


def trace(
    rounds: int,
    *,
    rate: float = 0.1,
    start: tuple[float, float] = (1.0, 0.0),
    order: str = "alternating",
    loss: str = "cross-entropy",
    penalty: str = "none",
    strength: float = 1.0,
) -> np.ndarray:
    """The path (θ, ψ) of a game, (rounds + 1, 2), the start included.

    Parameters
    ----------
    order : "simultaneous" (both step from the same point), or "alternating" (D first, and G answers
        the new D).

    Raises
    ------
    GameError : another order, loss or penalty.
    """
    if order not in ("alternating", "simultaneous"):
        raise GameError(f"plane: order must be alternating or simultaneous, got {order!r}")
    names = {"loss": loss, "penalty": penalty, "strength": strength}
    path = np.empty((rounds + 1, 2))
    path[0] = theta, psi = start
    for k in range(1, rounds + 1):
        new = psi - rate * slopes(theta, psi, **names)[0]  # type: ignore[arg-type]
        judge = new if order == "alternating" else psi
        theta -= rate * slopes(theta, judge, **names)[1]  # type: ignore[arg-type]
        psi = new
        path[k] = theta, psi
    return path


def eigenvalues(
    loss: str = "cross-entropy", penalty: str = "none", *, strength: float = 1.0, step: float = 1e-5
) -> np.ndarray:
    """The two eigenvalues, complex (2,), of the gradient flow's Jacobian at (0, 0), by differences.

    The flow is (θ, ψ)′ = (−∂L_G/∂θ, −∂L_D/∂ψ). A real part below 0 pulls inwards, an imaginary part
    turns. Sorted by imaginary, then real part.

    Raises
    ------
    GameError : the gradient penalty, whose slope jumps at ψ = 0: there is no Jacobian.
    """
    if penalty == "gradient penalty":
        raise GameError("plane: the gradient penalty's slope jumps at ψ = 0, so there is no Jacobian")
    columns = []
    for theta, psi in ((step, 0.0), (0.0, step)):
        d_up, g_up = slopes(theta, psi, loss=loss, penalty=penalty, strength=strength)
        d_down, g_down = slopes(-theta, -psi, loss=loss, penalty=penalty, strength=strength)
        columns.append([-(g_up - g_down) / (2 * step), -(d_up - d_down) / (2 * step)])
    found = np.linalg.eigvals(np.array(columns).T)
    return found[np.lexsort((found.real, found.imag))]


def duet(path: np.ndarray, *, every: int = 1, beats: float = 0.5, title: str = "") -> Score:
    """A path as two voices: the generator sings θ, the discriminator ψ, both in C major.

    Zero is middle C, one unit is an octave of scale steps, and a note lasts until its voice moves to
    another. At the equilibrium both voices hold one C; who circles runs after the other for ever.

    Parameters
    ----------
    path : (n, 2), as `trace` gives it.
    every : take each k-th point.
    beats : how long a point lasts, in quarter notes.

    Raises
    ------
    GameError : a path of another shape or with values that aren't finite.
    """
    if np.ndim(path) != 2 or np.shape(path)[1:] != (2,) or not np.isfinite(path).all():
        raise GameError(f"plane: a path has shape (n, 2) and finite values, got shape {np.shape(path)}")
    points = np.asarray(path)[::every]
    rows = []
    for voice in range(2):
        pitches = [_pitch(value) for value in points[:, voice]]
        starts = [i for i, pitch in enumerate(pitches) if i == 0 or pitch != pitches[i - 1]]
        for start, stop in zip(starts, [*starts[1:], len(pitches)], strict=True):
            rows.append((voice, pitches[start], start * beats, (stop - start) * beats))
    return Score.from_rows(rows, [Track("Generator θ", 73), Track("Discriminator ψ", 48)], title=title)


def _pitch(value: float) -> int:
    """The MIDI number of the scale step nearest to a value: 0 → C4, 1 → C5."""
    octave, degree = divmod(round(7 * float(np.clip(value, -3, 4))), 7)
    return min(max(60 + 12 * octave + _SCALE[degree], _KEYS[0]), _KEYS[-1])

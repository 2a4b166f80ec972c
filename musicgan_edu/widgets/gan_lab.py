"""The GAN lab: a game on the plane that one steps, runs, and changes while it runs.

Comes in: the settings of a game (`plane.Settings`), or points to imitate. Goes out: a widget with the
real and the generated points, D's opinion as colours, the pushes that G feels, and curves over time;
and, where no kernel runs, a picture with a description.

The page asks for each picture when it has drawn the last one, and Python answers with a few rounds of
the game. So nothing runs that nobody sees, no thread is left behind, and the kernel's other work comes
in between two pictures.

>>> from musicgan_edu.widgets import gan_lab
>>> gan_lab.GanLab(shape="ring of 8")  # doctest: +SKIP
"""

from __future__ import annotations

import threading
import time
from typing import Any

import anywidget
import numpy as np
import traitlets

from musicgan_edu import plane, plotting
from musicgan_edu.widgets import Twin, front_end

__all__ = ["GanLab"]

N_REAL, N_FAKE, N_GRID = 240, 160, 41
SLICE = 0.04  # seconds of rounds between two pictures at most: the kernel stays answerable
MEASURED = 5  # pictures between two measurements of the distances while it runs
MAX_ROWS = 300  # of the curves; then every second goes, and the rest stand twice as far apart
MAX_DRAWN = 2000
PROBABILITY = ("minimax", "cross-entropy")  # the losses whose σ(D) is a probability
UNDRAWN = "Nothing is drawn yet: drag over the plane, or move the cross with the arrow keys and press Enter."
_SETTINGS = ("shape", "loss", "penalty", "strength", "optimiser", "d_rate", "g_rate", "d_steps", "order")


def _choice(*values: str) -> Any:
    return traitlets.Enum(list(values), default_value=values[0]).tag(sync=True)


def _rate() -> Any:
    return traitlets.Float(0.002, min=0.0, max=10.0).tag(sync=True)


class GanLab(Twin, anywidget.AnyWidget):
    """A GAN on the plane, for watching and for interfering.

    Traits
    ------
    shape, loss, penalty, strength, optimiser, d_rate, g_rate, d_steps, order : see `plane.Settings`;
        each may change while it runs.
    drawn : points [x, y] of the shape "drawn", by mouse, by keyboard or from Python.
    seed : of the game; a new one starts it anew.
    running : while true, the page keeps asking for the next picture.
    rounds : of the game, between two pictures.
    axes : the names of the two directions.
    summary : the game in words.
    """

    _esm = front_end("gan_lab.js")
    _css = front_end("gan_lab.css")

    shape = _choice("ring of 8", *(name for name in plane.SHAPES if name != "ring of 8"), "drawn")
    loss = _choice("cross-entropy", *(name for name in plane.LOSSES if name != "cross-entropy"))
    penalty = _choice(*plane.PENALTIES)
    strength = traitlets.Float(0.1, min=0.0, max=100.0).tag(sync=True)
    optimiser = _choice("Adam", "momentum", "SGD")
    d_rate, g_rate = _rate(), _rate()
    d_steps = traitlets.Int(1, min=1, max=20).tag(sync=True)
    order = _choice("alternating", "simultaneous")
    drawn: traitlets.List[Any] = traitlets.List().tag(sync=True)
    seed = traitlets.Int(0, min=0).tag(sync=True)
    running = traitlets.Bool(False).tag(sync=True)
    rounds = traitlets.Int(5, min=1, max=100).tag(sync=True)
    axes = traitlets.List(traitlets.Unicode(), default_value=["x₁", "x₂"]).tag(sync=True)

    summary = traitlets.Unicode("").tag(sync=True)
    now: traitlets.Dict[Any, Any] = traitlets.Dict().tag(sync=True)
    real = traitlets.Bytes().tag(sync=True)
    frame = traitlets.Bytes().tag(sync=True)
    curves = traitlets.Bytes().tag(sync=True)
    facts: traitlets.Dict[Any, Any] = traitlets.Dict().tag(sync=True)

    def __init__(self, points: np.ndarray | None = None, **options: Any) -> None:
        if points is not None:
            options |= {"drawn": np.asarray(points, dtype=np.float64).tolist(), "shape": "drawn"}
        self._lock = threading.RLock()  # the page's messages may arrive in a thread of their own
        self._pictures = 0
        super().__init__(facts=_facts(), **options)
        self.reset()
        self.observe(self._changed, [*_SETTINGS, "drawn"])
        self.observe(lambda _: self.reset(), "seed")
        self.on_msg(self._asked)

    # ----------------------------------------------------------------------------- the game

    @property
    def game(self) -> plane.Game:
        """The game as it stands; a value, so it may be kept."""
        return self._game

    def reset(self) -> None:
        """Start anew, with the settings that stand."""
        with self._lock:
            self._game = plane.new(**self._settings(), seed=self.seed)
            self._rows: list[list[float]] = []
            self._every = 1
            self._publish()

    def step_d(self) -> None:
        """One step of the discriminator."""
        self._go(plane.step_d)

    def step_g(self) -> None:
        """One step of the generator."""
        self._go(plane.step_g)

    def step_both(self, rounds: int = 1) -> None:
        """So many rounds, each `d_steps` of D and one of G."""
        self._go(lambda game: plane.play(game, rounds))

    def _settings(self) -> dict[str, Any]:
        """The game's settings from the traits; a shape that isn't drawn yet stands in for itself."""
        chosen: dict[str, Any] = {name: getattr(self, name) for name in _SETTINGS}
        chosen["drawn"] = np.array(self.drawn, dtype=np.float64).reshape(-1, 2) if self.drawn else None
        return chosen

    def _go(self, move: Any, *, measured: bool = True) -> None:
        """Make a move and show it; what goes wrong is said in words, and the game stands still."""
        with self._lock:
            try:
                self._game = move(self._game)
            except plane.GameError as problem:
                self.running = False
                self.summary = UNDRAWN if self._undrawn else str(problem).removeprefix("plane: ")
                return
            self._publish(measured=measured)

    # ------------------------------------------------------------------------- page → Python

    def _changed(self, change: Any) -> None:
        with self._lock:
            self._game = plane.change(self._game, **self._settings())
            self._publish()

    def _asked(self, _: Any, content: Any, buffers: Any) -> None:
        """A press of a button, or the page's wish for the next picture."""
        moves = {"d": self.step_d, "g": self.step_g, "both": self.step_both, "reset": self.reset}
        wish = content.get("do") if isinstance(content, dict) else None
        if wish in moves:
            moves[wish]()
        elif wish == "frame":
            if self.running:
                self._pictures += 1
                self._go(self._slice, measured=self._pictures % MEASURED == 0)
            self.send({"kind": "frame" if self.running else "idle"})

    def _slice(self, game: plane.Game) -> plane.Game:
        """`rounds` rounds, or as many as fit into a slice of time."""
        until = time.perf_counter() + SLICE
        for _ in range(self.rounds):
            game = plane.step_both(game)
            if time.perf_counter() > until:
                break
        return game

    @traitlets.validate("drawn")
    def _check_drawn(self, proposal: Any) -> list[list[float]]:
        points = np.asarray(proposal["value"], dtype=np.float64).reshape(-1, 2)
        if not np.isfinite(points).all():
            raise traitlets.TraitError("drawn points must be finite numbers")
        return np.clip(points[-MAX_DRAWN:], -plane.REACH, plane.REACH).tolist()

    # ------------------------------------------------------------------------- Python → page

    @property
    def _undrawn(self) -> bool:
        return self.shape == "drawn" and not self.drawn

    def _publish(self, *, measured: bool = True) -> None:
        """Send the picture; the distances, the curves and the words only if they're measured anew."""
        game = self._game
        with self.hold_sync():
            self.real = b"" if self._undrawn else _bytes(plane.reals(game, N_REAL))
            self.frame = _picture(game, undrawn=self._undrawn)
            self.now = self.now | {"d": game.d_done, "g": game.g_done} | _finite(game)
            self.now = self.now | {"probability": self.loss in PROBABILITY}
            if self._undrawn:
                self.summary = UNDRAWN
            elif measured:
                self._measure()

    def _measure(self) -> None:
        values = plane.measure(self._game)
        self.now = self.now | {"jsd": values["jsd"], "w1": values["w1"]}
        self.summary = plane.describe(self._game)
        rounds = max(self._game.d_done, self._game.g_done)
        row = [rounds, *(values[name] for name in ("d_loss", "g_loss", "jsd", "w1"))]
        if not self._rows or rounds >= self._rows[-1][0] + self._every:
            self._rows.append(row)
        if len(self._rows) > MAX_ROWS:
            self._rows = self._rows[::2]
            self._every = max(1, int(self._rows[1][0] - self._rows[0][0]))
        self.curves = _bytes(np.array(self._rows))

    def twin(self) -> dict[str, str]:
        """The plane as it stands, and in words how it got there."""
        figure = self._figure()
        figure.alt_text += f" {self.summary}"
        return figure.twin()

    def _figure(self) -> plotting.Figure:
        """The static twin: the same points, surface and arrows."""
        game, title = self._game, f"{self.shape}, {self.loss}, {self._game.g_done} steps of G"
        fake = plane.fakes(game, N_FAKE)
        return plotting.plane(
            np.empty((0, 2)) if self._undrawn else plane.reals(game, N_REAL),
            fake,
            surface=plane.surface(game, N_GRID),
            arrows=None if self._undrawn else plane.pushes(game, fake),
            reach=plane.REACH,
            probability=self.loss in PROBABILITY,
            title=title,
            names=self.axes,
        )


def _facts() -> dict[str, Any]:
    """What the page needs to know once: sizes, and what its lists offer."""
    choices = {
        "shape": [*plane.SHAPES, "drawn"],
        "loss": list(plane.LOSSES),
        "penalty": list(plane.PENALTIES),
        "optimiser": list(plane.OPTIMISERS),
        "order": ["alternating", "simultaneous"],
    }
    return {"reach": plane.REACH, "n_fake": N_FAKE, "n_grid": N_GRID, "choices": choices}


def _bytes(values: np.ndarray) -> bytes:
    return np.ascontiguousarray(values, dtype="<f4").tobytes()


def _picture(game: plane.Game, *, undrawn: bool) -> bytes:
    """Fakes (160, 2), their pushes (160, 2) and D's logits (41, 41), as float32 one after another."""
    fake = plane.fakes(game, N_FAKE)
    arrows = np.zeros_like(fake) if undrawn else plane.pushes(game, fake)
    return _bytes(np.concatenate([fake.ravel(), arrows.ravel(), plane.surface(game, N_GRID).ravel()]))


def _finite(game: plane.Game) -> dict[str, float | None]:
    """The last losses, None before the first step: JSON knows no NaN."""
    values = {"d_loss": game.d_loss, "g_loss": game.g_loss}
    return {name: value if np.isfinite(value) else None for name, value in values.items()}

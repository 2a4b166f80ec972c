"""The monitor: a training to watch, to hear and to steer while it runs.

Comes in: what `training.train` takes. Goes out: a widget that trains in a thread of its own, with
curves, the same latents heard as they change, pause, stop-and-keep, sliders for rates and weights, and
the stored moments of the run; where nothing runs (an exported page), figures, a picture and a sound.

>>> from musicgan_edu.widgets import monitor
>>> watched = monitor.watch("chorales", windows, Path("my_run"), minutes=3)  # doctest: +SKIP
>>> trained = watched.wait()  # doctest: +SKIP
"""

from __future__ import annotations

import contextlib
import html
import json
import math
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import anywidget
import ipywidgets
import numpy as np
import traitlets
from IPython.display import display

from musicgan_edu import evaluation, plotting, sampling, training
from musicgan_edu.score import MusicganError, Score, TrainingError
from musicgan_edu.widgets import Twin, front_end
from musicgan_edu.widgets.player import Player

__all__ = ["Monitor", "Panel", "watch"]

NOW = -1  # as a moment: the generator as it stands
N_LATENTS = 16
MAX_POINTS = 600  # of a curve, as the browser gets it
#: One chart each: its title, and which of the log's or the music's numbers it shows.
CHARTS = {
    "surprise: nats a window": ("nll", "surprise", "kl"),
    "the game: nats": ("d_loss", "g_loss", "d_real", "d_fake", "penalty"),
    "the music: shares": ("in key", "dissonant", "distinct"),
    "the music: changes a bar": ("changes a bar",),
}
LABELS = {
    "learning_rate": "practice: rate",
    "g_rate": "generator: rate",
    "d_rate": "discriminator: rate",
    "likelihood": "weight of likelihood",
    "penalty": "weight of the penalty",
}
RUNNING: dict[Path, Monitor] = {}


def watch(
    recipe: str | training.Recipe, windows: np.ndarray, folder: Path, *, steer: bool = True, **options: Any
) -> Monitor:
    """Train here and now, and show it; call `wait()` on what comes back for the trained generator.

    Parameters
    ----------
    recipe, windows, folder, options : as `training.train` takes them.
    steer : whether its sliders can be moved; a run that must stay comparable says no.

    A folder that holds a run is gone on with, a finished one is shown. A cell that is run again while
    its training runs shows that training again.

    Raises
    ------
    TrainingError : another training runs in this folder.
    """
    key, call = Path(folder).resolve(), (recipe, id(windows), steer, options)
    running = RUNNING.get(key)
    if running is None or not running.is_alive():
        running = RUNNING[key] = Monitor(recipe, windows, folder, steer=steer, **options)
        running.call = call
        display(running)
        running.start()
    elif running.call == call:
        display(running)
    else:
        raise TrainingError(f"monitor: another training runs in {folder}: stop it first")
    return running


class Panel(anywidget.AnyWidget):
    """Curves and controls; what the browser may set stands first."""

    _esm = front_end("monitor.js")
    _css = front_end("player.css", "monitor.css")

    pause = traitlets.Bool(False).tag(sync=True)
    stop = traitlets.Bool(False).tag(sync=True)
    settings: traitlets.Dict[Any, Any] = traitlets.Dict().tag(sync=True)
    latent = traitlets.Int(0, min=0, max=N_LATENTS - 1).tag(sync=True)
    moment = traitlets.Int(NOW).tag(sync=True)

    state = traitlets.Enum("starting running paused finished stopped failed".split(), "starting").tag(
        sync=True
    )
    message = traitlets.Unicode("").tag(sync=True)
    now: traitlets.Dict[Any, Any] = traitlets.Dict().tag(sync=True)
    charts: traitlets.List[Any] = traitlets.List().tag(sync=True)
    curves: traitlets.Dict[Any, Any] = traitlets.Dict().tag(sync=True)
    music: traitlets.Dict[Any, Any] = traitlets.Dict().tag(sync=True)
    moments: traitlets.List[Any] = traitlets.List().tag(sync=True)
    sliders: traitlets.List[Any] = traitlets.List().tag(sync=True)
    n_latents = traitlets.Int(N_LATENTS).tag(sync=True)


class Monitor(Twin, ipywidgets.VBox):
    """A training in a thread, its panel, and a player for one latent at one moment.

    control : what the panel's buttons turn, for use from Python too. error : what ended the training, if
    something did. rows, music_rows : what the curves show.
    """

    def __init__(
        self,
        recipe: str | training.Recipe,
        windows: np.ndarray,
        folder: Path,
        *,
        steer: bool = True,
        **options: Any,
    ) -> None:
        self.folder, self.options = Path(folder), dict(options)
        self.call: tuple[Any, ...] = ()
        self.arguments = (recipe, windows, self.folder)
        known = training.RECIPES.get(recipe) if isinstance(recipe, str) else recipe
        self.settings = training.settings_of(known) if known else {}
        self.control = training.Control(listen=self._hear)
        self.panel, self.player = (
            Panel(settings=self.settings),
            Player(Score.from_rows([]), label="", loop=True),
        )
        self.panel.charts = [{"title": title, "names": list(names)} for title, names in CHARTS.items()]
        self.panel.sliders = [_slider(name, value) for name, value in self.settings.items()] if steer else []
        self.rows: list[dict[str, float]] = _log_so_far(self.folder)
        self.music_rows: list[dict[str, float]] = []
        self.error: BaseException | None = None
        self._result: sampling.Sampler | None = None
        self._now: tuple[int, sampling.Sampler] | None = None
        self._loaded: dict[int, sampling.Sampler] = {}
        self._clock = _Clock()
        self._drawing = threading.Lock()
        self._thread = threading.Thread(target=self._train, name=f"training {folder}", daemon=True)
        super().__init__([self.panel, self.player])
        self._obey()

    # --------------------------------------------------------------------------- from Python

    def start(self) -> None:
        """Begin to train."""
        self._show_moments()
        self._thread.start()

    def is_alive(self) -> bool:
        return self._thread.is_alive()

    def wait(self) -> sampling.Sampler:
        """The trained generator, when it's ready; an interruption stops the training and keeps what it has.

        Raises
        ------
        What the training raised, if it failed.
        """
        try:
            while self.is_alive():
                self._thread.join(0.2)
        except KeyboardInterrupt:
            self.control.stop()
            self._thread.join()
            raise
        if self.error:
            raise self.error
        if self._result is None:
            raise TrainingError("monitor: this training was never started")
        return self._result

    # ----------------------------------------------------------------------- the browser's wishes

    def _obey(self) -> None:
        self.panel.observe(lambda change: self._pause(change.new), "pause")
        self.panel.observe(lambda change: self._stop(change.new), "stop")
        self.panel.observe(lambda change: self._turn(change.new), "settings")
        self.panel.observe(lambda _: self._play(), ["latent", "moment"])

    def _pause(self, wanted: bool) -> None:
        if not self.is_alive():
            return
        (self.control.pause if wanted else self.control.resume)()
        self._clock.pause(wanted)
        self.panel.state = "paused" if wanted else "running"

    def _stop(self, wanted: bool) -> None:
        if wanted:
            self.control.stop()

    def _turn(self, settings: Mapping[str, float]) -> None:
        changed = {name: value for name, value in settings.items() if self.settings.get(name) != value}
        if not changed:  # our own answer to a wish that can't be granted
            return
        try:
            self.control.turn(**changed)
            self.settings |= changed
            self.panel.message = ""
        except (TrainingError, TypeError) as error:
            self.panel.message = str(error)
            self.panel.settings = dict(self.settings)

    def _play(self) -> None:
        """Hand the player the chosen latent at the chosen moment."""
        with self._drawing:
            found = self._sampler(self.panel.moment)
            if found is None:
                return
            step, sampler = found
            k = self.panel.latent
            z, noise = sampler.latents(k + 1, seed=5)[k:], sampler.noise(1, seed=5, first=k)
            score = sampler.encoding.decode(sampler.tokens(z, noise), tempo=72)[0]
            self.player.score = score
            self.player.title = f"Latent {k + 1} of {N_LATENTS} at step {step}"

    def _sampler(self, moment: int) -> tuple[int, sampling.Sampler] | None:
        if moment == NOW:
            return self._now
        if moment not in self._loaded:
            try:
                self._loaded[moment] = sampling.load(sampling.snapshots(self.folder)[moment])
            except (KeyError, MusicganError) as error:
                self.panel.message = f"No snapshot of step {moment} can be played: {error}"
                return None
        return moment, self._loaded[moment]

    # ------------------------------------------------------------------------- the training's thread

    def _train(self) -> None:
        panel = self.panel
        try:
            self._show_curves()
            self._result = training.train(
                *self.arguments, report=self._note, control=self.control, **self.options
            )
            self._finish(self._result)
            panel.state = "stopped" if self.control.stopped else "finished"
        except BaseException as error:  # this thread has nobody else to tell
            self.error = error
            ours = isinstance(error, MusicganError)
            panel.message = str(error) if ours else f"{type(error).__name__}: {error}"
            panel.state = "failed"

    def _note(self, progress: float, step: int, values: dict[str, float]) -> None:
        """About once a second."""
        self.rows.append({"step": step, **values})
        self._clock.tick(progress)
        remaining = self._clock.remaining(self.options.get("minutes"))
        self.panel.now = {"progress": progress, "step": step, "remaining": remaining, "values": values}
        if self.panel.state == "starting":
            self.panel.state = "running"
        self._show_curves()
        self._show_moments()

    def _hear(self, step: int, sampler: sampling.Sampler) -> None:
        """Every few seconds: the same latents through the generator as it stands."""
        self._now = (step, sampler)
        scores = sampler.encoding.decode(
            sampler.tokens(sampler.latents(N_LATENTS, seed=5), sampler.noise(N_LATENTS, seed=5))
        )
        with contextlib.suppress(MusicganError):  # other voices than four: no such measures
            self.music_rows.append({"step": step, **_measures(scores, sampler.encoding.grid.n_bars)})
            self.panel.music = _packed(self.music_rows)
        if self.panel.moment == NOW:
            self._play()

    def _finish(self, sampler: sampling.Sampler) -> None:
        done = sampler.card["training"]
        self.rows = list(done["log"])
        self.panel.now = {
            "progress": 1.0,
            "step": done["steps"],
            "remaining": 0.0,
            "values": {k: v for k, v in (self.rows or [{}])[-1].items() if k not in ("step", "seconds")},
        }
        self._show_curves()
        self._show_moments()
        self._hear(done["steps"], sampler)

    def _show_curves(self) -> None:
        self.panel.curves = _packed(self.rows)

    def _show_moments(self) -> None:
        self.panel.moments = list(sampling.snapshots(self.folder))

    # ------------------------------------------------------------------------------- without a browser

    def twin(self) -> dict[str, str]:
        """Its curves as figures, what it played as picture and sound."""
        plain = self._in_words()
        parts = [f"<p>{html.escape(plain)}</p>"]
        parts += [figure.to_html() for figure in self.figures()]
        if self._now:
            parts.append(self.player.twin()["text/html"])
        return {"text/plain": plain, "text/html": "\n".join(parts)}

    def figures(self) -> list[plotting.Figure]:
        """Its charts as figures with alt text."""
        tables = [_table(self.rows), _table(self.music_rows)]
        made = []
        for title, names in CHARTS.items():
            for table in tables:
                curves = {name: table[name] for name in names if name in table}
                if curves:
                    made.append(plotting.losses(curves, steps=table["step"], ylabel="", title=title))
        return made

    def _in_words(self) -> str:
        step = self.panel.now.get("step", 0)
        said = f" {self.panel.message}" if self.panel.message else ""
        return f"Training in {self.folder.name}: {self.panel.state}, step {step}.{said}"


class _Clock:
    """How long is left, from how fast it went; pauses don't count."""

    def __init__(self) -> None:
        self.first: tuple[float, float] | None = None  # (working seconds, progress)
        self.paused, self.since, self.progress = 0.0, 0.0, 0.0

    def pause(self, wanted: bool) -> None:
        now = time.perf_counter()
        if wanted:
            self.since = now
        elif self.since:
            self.paused, self.since = self.paused + now - self.since, 0.0

    def tick(self, progress: float) -> None:
        self.progress = progress
        self.first = self.first or (time.perf_counter() - self.paused, progress)

    def remaining(self, minutes: float | None) -> float:
        """Seconds; −1 while it can't be known."""
        if minutes:
            return max(0.0, 60 * minutes * (1 - self.progress))
        if self.first is None or self.progress <= self.first[1]:
            return -1.0
        worked = time.perf_counter() - self.paused - self.first[0]
        return max(0.0, worked * (1 - self.progress) / (self.progress - self.first[1]))


def _measures(scores: Sequence[Score], n_bars: int) -> dict[str, float]:
    return {
        "in key": evaluation.in_key(scores).value,
        "dissonant": evaluation.dissonance(scores, n_bars=n_bars).value,
        "distinct": evaluation.distinct_share(scores, n_bars=n_bars),
        "changes a bar": evaluation.changes_per_bar(scores, n_bars=n_bars).value,
    }


def _slider(name: str, value: float) -> dict[str, Any]:
    """A rate runs from a hundredth to the tenfold, in equal ratios; a weight from 0 to the fourfold."""
    rate = name.endswith("rate") and value > 0
    low, high = (value / 100, value * 10) if rate else (0.0, 4 * value or 1.0)
    return {"name": name, "label": LABELS[name], "low": low, "high": high, "ratio": rate}


def _table(rows: Sequence[Mapping[str, float]]) -> dict[str, Any]:
    """Rows of numbers as columns of at most 600 values; NaN where a row has none. The last row stays."""
    thinned = [*rows[: -1 : math.ceil(len(rows) / MAX_POINTS)], rows[-1]] if rows else []
    names = dict.fromkeys(name for row in rows for name in row if name != "seconds")
    return {name: np.array([row.get(name, math.nan) for row in thinned], np.float32) for name in names}


def _packed(rows: Sequence[Mapping[str, float]]) -> dict[str, Any]:
    """A table as the browser reads it: its columns' names, and their float32 values one after another."""
    table = _table(rows)
    return {"names": list(table), "values": b"".join(column.tobytes() for column in table.values())}


def _log_so_far(folder: Path) -> list[dict[str, float]]:
    """What an earlier part of this run has logged; a damaged card is `train`'s to refuse."""
    try:
        card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
        rows = [{str(k): float(v) for k, v in row.items()} for row in card["training"]["log"]]
        return rows if all("step" in row for row in rows) else []
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return []

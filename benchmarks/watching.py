"""What watching a training costs: the same run, watched and not watched, in turns of a few seconds.

    python benchmarks/watching.py                     # three minutes of the course's recipe

prints CPU and wall seconds a step, watched against not, as medians over pairs of neighbouring turns,
and what a `Control` that nobody touches takes between two steps. CPU time doesn't see other programs.
The browser's own work is its own process's and isn't in it.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from musicgan_edu import corpus, training
from musicgan_edu.encoding import VoiceEncoding
from musicgan_edu.widgets import monitor


class Turns:
    """A report that watches for some seconds, then looks away for as long, and keeps what steps cost."""

    def __init__(self, watched: monitor.Monitor, seconds: float) -> None:
        self.watched, self.seconds, self.on = watched, seconds, False
        self.control = training.Control()
        self.start = (0, time.process_time(), time.perf_counter())
        self.costs: list[tuple[bool, float, float]] = []  # on?, CPU and wall seconds a step

    def report(self, progress: float, step: int, values: dict[str, float]) -> None:
        if self.on:
            self.watched._note(progress, step, values)
        first, cpu, wall = self.start
        if time.perf_counter() - wall < self.seconds:
            return
        now = (time.process_time(), time.perf_counter())
        self.costs.append((self.on, (now[0] - cpu) / (step - first), (now[1] - wall) / (step - first)))
        self.on = not self.on
        self.control.listen = self.watched._hear if self.on else None
        self.start = (step, *now)

    def ratios(self, which: int) -> list[float]:
        """Watched over not watched, each against the mean of its two neighbours; the first turn compiles."""
        costs = self.costs[1:]
        neighbours = zip(costs, costs[1:], costs[2:], strict=False)
        return [2 * b[which] / (a[which] + c[which]) for a, b, c in neighbours if b[0]]


def idle(n: int = 200_000) -> float:
    """Seconds that a control nobody touches takes between two steps."""
    control = training.Control()
    started = time.perf_counter()
    for _ in range(n):
        if not (control.paused and not control.stopped) and not control.take() and not control.stopped:
            pass
    return (time.perf_counter() - started) / n


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=3)
    parser.add_argument("--recipe", default="chorales")
    parser.add_argument("--turn", type=float, default=8, help="seconds of a turn")
    options = parser.parse_args()
    windows = training.prepare(corpus.load("chorales", split="train", progress=False), VoiceEncoding())
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / "run"
        watched = monitor.Monitor(options.recipe, windows, run, minutes=options.minutes)
        turns = Turns(watched, options.turn)
        training.train(
            options.recipe, windows, run, minutes=options.minutes, report=turns.report, control=turns.control
        )
    step = statistics.median(cost[2] for cost in turns.costs)
    for which, name in ((1, "CPU"), (2, "wall")):
        ratios = turns.ratios(which)
        low, *_, high = statistics.quantiles(ratios, n=4)
        print(
            f"{name}: watched / not {statistics.median(ratios):.3f} (quartiles {low:.3f} to {high:.3f}, {len(ratios)} pairs)"
        )
    print(f"a control that nobody touches: {1e6 * idle():.2f} µs a step of {1000 * step:.0f} ms")


if __name__ == "__main__":
    main()

"""What becomes of a training over two processes when one of them goes: seconds until the other says so, and the run after a new start.

    PYTHONPATH=. python benchmarks/workers.py                        # all cases, minutes
    PYTHONPATH=. python benchmarks/workers.py --cases killed frozen

`killed`: kill −9 of the second worker. `writer`: of the first, which writes the folder. `frozen`: the second stands still, as
behind a broken network. `absent`: it never comes, and the first waits 20 s (300, if it isn't told). Each in the midst of 20 steps of a small game; then both are started again, and the
weights are compared with those of two workers that nobody disturbed, and of one process with the whole batch. Before that, the losses of
all 20 steps: two undisturbed workers against one process.
"""

from __future__ import annotations

import argparse
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np

from musicgan_edu import corpus, training
from musicgan_edu.encoding import VoiceEncoding
from tests.test_workers import finish, log, start

STEPS, MOST_SECONDS = 20, 240
CASES = {"killed": (1, signal.SIGKILL), "writer": (0, signal.SIGKILL), "frozen": (1, signal.SIGSTOP)}


def apart(a: Path, b: Path) -> float:
    """The distance of two runs' weights, as a share of their length."""
    first, second = (np.load(path / "weights.npz") for path in (a, b))
    flat = [np.concatenate([part[key].ravel() for key in first.files]) for part in (first, second)]
    return float(np.linalg.norm(flat[1] - flat[0]) / np.linalg.norm(flat[0]))


def losses(a: Path, b: Path) -> str:
    """The largest relative difference of each column of two logs."""
    pairs = list(zip(log(a), log(b), strict=True))
    worst = {key: max(abs(y[key] / x[key] - 1) for x, y in pairs) for key in pairs[0][0] if key != "step"}
    return f"{len(pairs)} steps: " + ", ".join(f"{key} {value:.1e}" for key, value in worst.items())


def ends(process: subprocess.Popen, since: float) -> str:
    """How and when."""
    try:
        out, err = process.communicate(timeout=MOST_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return f"nothing in {MOST_SECONDS} s"
    said = next((line for line in out.splitlines() if line.startswith("TrainingError")), "")
    told = (
        said.replace("\n", " ")[:160]
        or f"exit {process.returncode}: {err.strip().splitlines()[-1][:120] if err else ''}"
    )
    return f"{time.monotonic() - since:.0f} s: {told}"


def case(name: str, place: Path, windows: Path) -> None:
    folder = place / name
    victim, sign = CASES[name]
    team = start(2, "convolutional", folder, windows, steps=STEPS, every=0)
    while not (folder / "weights.npz").exists():  # a step is done, and a checkpoint is written
        time.sleep(0.05)
    time.sleep(0.5)
    team[victim].send_signal(sign)
    told = ends(team[1 - victim], time.monotonic())
    team[victim].kill()
    team[victim].communicate()
    finish(start(2, "convolutional", folder, windows, steps=STEPS))
    two, one = apart(place / "two", folder), apart(place / "one", folder)
    print(f"| {name} | {told} | {two:.1e} | {one:.1e} |", flush=True)


def absent(place: Path, windows: Path) -> None:
    first, second = start(2, "convolutional", place / "absent", windows, steps=STEPS, wait=20)
    second.kill()
    second.communicate()
    print(f"| absent | {ends(first, time.monotonic())} | | |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cases", nargs="+", default=[*CASES, "absent"], choices=[*CASES, "absent"])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        windows = place / "windows.npy"
        scores = corpus.load("chorales", split="validation", progress=False)[:12]
        np.save(windows, training.prepare(scores, VoiceEncoding()))
        finish(start(1, "convolutional", place / "one", windows, steps=STEPS))
        finish(start(2, "convolutional", place / "two", windows, steps=STEPS))
        print(
            f"losses, two workers against one, largest relative difference over {losses(place / 'one', place / 'two')}"
        )
        print(
            f"two workers from one, undisturbed: {apart(place / 'one', place / 'two'):.1e} of the weights' length\n"
        )
        print("| case | the other worker | apart from two undisturbed | from one |\n|---|---|---|---|")
        for name in options.cases:
            absent(place, windows) if name == "absent" else case(name, place, windows)


if __name__ == "__main__":
    main()

"""Kill −9 training at random moments, fill its disk, take its right to write, start it twice: is anything lost?

    python benchmarks/kill.py kills              # 50 of them (--kills N, --seed N); about ten minutes of two cores
    python benchmarks/kill.py disk               # a full disk, a read-only disk, a folder of somebody else's; needs root
    python benchmarks/kill.py twice              # six times two trainings of one folder at once

Small trainings of 24 steps take turns, each with a checkpoint after every step and three snapshots, so most moments
are dangerous ones. A process is killed at a moment drawn evenly from the time that the whole run takes; after each
kill every file in the folder is read; then the run is started again, and killed again, until it comes through. Then
all that the next step would depend on (weights, averages, optimisers, random state) is compared, bit for bit, with a
run that nobody disturbed. Linux; each training is a process of its own, forked after the imports.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import dataclasses
import itertools
import json
import mmap
import os
import signal
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

os.environ |= {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}

import numpy as np
import tensorflow  # noqa: F401  # once, before the forks; computing anything would start threads that a fork loses

from musicgan_edu import corpus, sampling, training
from musicgan_edu.encoding import VoiceEncoding
from musicgan_edu.sampling import files
from musicgan_edu.score import MusicganError

STEPS, SNAPSHOTS = 24, (0, 8, 0.75)
SMALL = {"units": 16, "width": 16, "batch_size": 8, "latent_dim": 4}
RECIPES = {
    "chorales": dataclasses.replace(training.RECIPES["chorales"], pretraining=0.5, warming=0.1, **SMALL),
    "convolutional": dataclasses.replace(
        training.RECIPES["convolutional"], g_rate=3e-4, d_rate=3e-4, **SMALL
    ),
    "chords": dataclasses.replace(training.RECIPES["chords"], n_chords=64, **SMALL),
}
#: The recurrent one takes longest to compile, and so comes least often.
ORDER = ("convolutional", "chords", "convolutional", "chords", "chorales")
PHASE = mmap.mmap(-1, 64)  # shared with the processes that are killed
RUNNING = mmap.mmap(-1, 1)  # 1 as soon as this process has written a checkpoint
NOBODY = 65534


def phase(name: str) -> None:
    PHASE[:] = name.encode().ljust(64)


def watch_files() -> None:
    """From here on PHASE says which file is being written."""
    write = files.write_whole

    def watched(path: Path, data: bytes) -> None:
        what = "a snapshot" if "snapshots" in path.parts else path.name
        phase(f"writing {what}")
        write(path, data)
        phase("between two files")
        RUNNING[0] = path.name == "state.npz" or RUNNING[0]

    for module in (files, sampling):
        module.write_whole = watched
    advance = {player: player.advance for player in set(training.PLAYERS.values())}
    for player, step in advance.items():

        def played(self: Any, *args: Any, step: int, original: Any = step, **options: Any) -> Any:
            phase("a step")
            values = original(self, *args, step=step, **options)
            phase("between two files")
            return values

        player.advance = played


def start(name: str, folder: Path, windows: np.ndarray, *, seed: int = 3, user: int = 0) -> int:
    """The process id of a training; it ends with 0, or with 2 and a message in `folder`.txt."""
    RUNNING[0] = 0
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        phase("starting")
        watch_files()
        training.run.CHECKPOINT_SECONDS = training.run.LOG_SECONDS = 0
        message = folder.with_name(f"{folder.name}-{os.getpid()}.txt").open("w")
        if user:
            os.setuid(user)
        training.train(RECIPES[name], windows, folder, steps=STEPS, seed=seed, snapshots=SNAPSHOTS)
        code = 0
    except MusicganError as error:
        message.write(str(error))
        message.flush()
        code = 2
    finally:
        os._exit(code)


def finish(pid: int) -> int:
    """Wait for it; its exit code, −9 for a killed one."""
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def said(folder: Path, pid: int) -> str:
    return folder.with_name(f"{folder.name}-{pid}.txt").read_text()


def read_all(folder: Path) -> int:
    """Every file that has its name must be whole; how many half-written ones lie beside them.

    Not `sampling.load`: it computes through TensorFlow, and what is forked afterwards hangs.
    """
    half = 0
    for path in sorted(p for p in folder.rglob("*") if p.is_file() and p.name != ".lock"):
        if path.name.startswith("."):
            half += 1
        elif path.suffix == ".npz":
            assert sampling.read_arrays(path)
        elif path.suffix == ".json":
            assert json.loads(path.read_text())["training"]
        else:
            list(csv.DictReader(path.open()))
    return half


def outcome(folder: Path) -> dict[str, np.ndarray]:
    """All that must be the same, whoever was killed: state, weights, snapshots, the log without its seconds."""
    state = sampling.read_arrays(folder / "state.npz")
    everything = {f"state {key}": value for key, value in state.items() if key != "progress"}
    everything["step"] = state["progress"][:1]
    moments = {str(step): path for step, path in sampling.snapshots(folder).items()}
    for name, path in {"the run": folder, **moments}.items():
        everything |= {f"{name} {k}": v for k, v in sampling.read_arrays(path / "weights.npz").items()}
    rows = json.loads((folder / "card.json").read_text())["training"]["log"]
    everything["log"] = np.array(
        [[v for k, v in sorted(row.items()) if k != "seconds"] for row in rows], object
    )
    return everything


def same(a: dict[str, np.ndarray], b: dict[str, np.ndarray]) -> bool:
    return a.keys() == b.keys() and all(np.array_equal(a[key], b[key]) for key in a)


@dataclasses.dataclass
class Whole:
    """A run that nobody disturbed."""

    seconds: float
    running: float  # of these, after its first checkpoint
    outcome: dict[str, np.ndarray]


def undisturbed(name: str, folder: Path, windows: np.ndarray) -> Whole:
    started, pid = time.monotonic(), start(name, folder, windows)
    while not RUNNING[0]:
        time.sleep(0.001)
    running = time.monotonic()
    assert finish(pid) == 0
    return Whole(time.monotonic() - started, time.monotonic() - running, outcome(folder))


def kills(place: Path, windows: np.ndarray, n: int, seed: int) -> None:
    """Until there are n kills and the last run has come through; interrupted, it tells what it has."""
    rng, hit, half = np.random.default_rng(seed), Counter(), Counter()
    wholes: dict[str, Whole] = {}
    print("| run | kills | came through | bit for bit that of an undisturbed run |\n|---|---|---|---|")
    try:
        for chain in itertools.count():
            if sum(hit.values()) >= n:
                break
            name = ORDER[chain % len(ORDER)]
            if name not in wholes:
                wholes[name] = undisturbed(name, place / name, windows)
            folder, before = place / f"{name}-{chain}", sum(hit.values())
            code, pid = -signal.SIGKILL, 0
            while code == -signal.SIGKILL:
                pid = start(name, folder, windows)
                early, left = rng.random() < 0.2, sum(hit.values()) < n
                share = rng.random() if left else np.inf
                whole = wholes[name].seconds if early else wholes[name].running
                code = wait_or_kill(pid, share * whole, running=not early)
                if code == -signal.SIGKILL:
                    where = PHASE[:].rstrip(b"\0 ").decode()
                    hit[where] += 1
                    half[where] += bool(read_all(folder)) if folder.exists() else 0
            equal = code == 0 and same(wholes[name].outcome, outcome(folder)) and read_all(folder) == 0
            told = "yes" if code == 0 else f"NO: {said(folder, pid)}"
            row(f"{chain + 1}: {name}", sum(hit.values()) - before, told, "yes" if equal else "NO")
    except KeyboardInterrupt:
        print("| (the last one had to stop) | | | |")
    print("\n| killed while | kills | a half-written file lay there |\n|---|---|---|")
    for where, count in hit.most_common():
        row(where, count, half[where])
    row("all", sum(hit.values()), sum(half.values()))


def row(*cells: object) -> None:
    print("|", " | ".join(map(str, cells)), "|", flush=True)


def wait_or_kill(pid: int, seconds: float, *, running: bool) -> int:
    """Its exit code; −9 if it was there after so many seconds, counted from its first checkpoint if `running`."""
    end = None if running else time.monotonic() + seconds
    while end is None or time.monotonic() < end:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        if end is None and RUNNING[0]:
            end = time.monotonic() + seconds
        time.sleep(0.0005)
    os.kill(pid, signal.SIGKILL)
    return finish(pid)


@contextlib.contextmanager
def small_disk(place: Path, size: int) -> Iterator[Callable[[str], None]]:
    """A file system of so many bytes at `place`; what comes back changes its options."""
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "musicgan", place], check=True)
    try:
        yield (
            lambda options: subprocess.run(["mount", "-o", f"remount,{options}", place], check=True) and None
        )
    finally:
        subprocess.run(["umount", place], check=True)


def disk(place: Path, windows: np.ndarray) -> None:
    name = "convolutional"
    whole = undisturbed(name, place / "whole", windows)
    size = sum(file.stat().st_size for file in (place / "whole").glob("*.*"))
    print("| what | exit code, message | then |\n|---|---|---|")
    for share in (0.3, 1.4, 1.8):  # of a checkpoint: none fits; the second doesn't; the second does in part
        with small_disk(place / "disk", int(share * size)) as remount:
            folder = place / "disk" / "run"
            code, text = attempt(name, folder, windows, place)
            read_all(folder)
            remount("size=64m")
            again, _ = attempt(name, folder, windows, place)
            equal = again == 0 and same(whole.outcome, outcome(folder))
            row(
                f"disk full at {share} checkpoints",
                code,
                text,
                f"with room: {'bit for bit' if equal else 'NOT'} the same",
            )
            remount("ro")
            code, text = attempt(name, folder, windows, place)
            row(
                "read-only disk", code, text, f"{'un' if same(whole.outcome, outcome(folder)) else ''}changed"
            )
        (place / "disk").rmdir()
    place.chmod(0o755)
    code, text = attempt(name, place / "whole", windows, place, user=NOBODY)
    row(
        "a folder of somebody else's",
        code,
        text,
        f"{'un' if same(whole.outcome, outcome(place / 'whole')) else ''}changed",
    )


def attempt(name: str, folder: Path, windows: np.ndarray, place: Path, *, user: int = 0) -> tuple[int, str]:
    """Exit code and message of a training; the message is kept outside the small disk."""
    pid = os.fork()
    if not pid:
        code = 1
        try:
            training.run.CHECKPOINT_SECONDS = training.run.LOG_SECONDS = 0
            message = (place / f"{os.getpid()}.txt").open("w")
            if user:
                os.setuid(user)
            training.train(RECIPES[name], windows, folder, steps=STEPS, seed=3, snapshots=SNAPSHOTS)
            code = 0
        except MusicganError as error:
            print(error, file=message, flush=True)
            code = 2
        finally:
            os._exit(code)
    return finish(pid), (place / f"{pid}.txt").read_text().replace(str(place), "…").strip()


def twice(place: Path, windows: np.ndarray, n: int, seed: int) -> None:
    rng, name, counts = np.random.default_rng(seed), "convolutional", Counter()
    whole = undisturbed(name, place / "whole", windows)
    for i in range(n):
        folder = place / str(i)
        first = start(name, folder, windows)
        time.sleep(rng.uniform(0, whole.seconds / 2) if i % 2 else 0)
        second = start(name, folder, windows, seed=3 if i % 4 < 2 else 4)
        codes = {pid: finish(pid) for pid in (first, second)}
        won = [pid for pid, code in codes.items() if code == 0]
        counts["one came through, one was told"] += len(won) == 1 and all(
            "another training writes" in said(folder, pid) for pid in codes if pid not in won
        )
        if won == [first] or i % 4 < 2:
            counts["the folder is bit for bit an undisturbed run"] += same(whole.outcome, outcome(folder))
            counts["comparable: the run of that seed"] += 1
        read_all(folder)
    print("| two at once | times |\n|---|---|")
    for what, count in {"pairs": n, **counts}.items():
        print(f"| {what} | {count} |")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=["kills", "disk", "twice"])
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    windows = training.prepare(corpus.load("chorales", split="validation", progress=False), VoiceEncoding())
    with tempfile.TemporaryDirectory() as place:
        if options.what == "kills":
            kills(Path(place), windows, options.kills, options.seed)
        elif options.what == "disk":
            disk(Path(place), windows)
        else:
            twice(Path(place), windows, 6, options.seed)


if __name__ == "__main__":
    main()

"""A folder of 10 000 MIDI files: made, imported here and on a cluster by address, killed and resumed.

    python benchmarks/many_files.py make                # in a folder of the cache, some 20 s
    python benchmarks/many_files.py import              # own processes, no Dask
    python benchmarks/many_files.py import --by processes
    python benchmarks/many_files.py import --by cluster # a scheduler and two workers, given as tcp://…
    python benchmarks/many_files.py import --by cluster --cache folder   # goes on from there, and leaves it
    python benchmarks/many_files.py kill [--by …]       # SIGKILL at half of the shards, then the same call again
    python benchmarks/many_files.py loops               # pretty_midi and music21 alone, on every 20th and 200th file
    python benchmarks/many_files.py table

Every stage adds a line of JSON to the log beside the files; `table` prints them. Without --cache each import starts from an empty
cache. The files are pieces of music21's corpora, transposed, with onsets, durations, velocities and tempos as if
played by hand; every hundredth is spoilt. Needs the extra `scale`, and psutil (which comes with it). POSIX.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from musicgan_edu import corpus, playback
from musicgan_edu.corpus import cluster, workers
from musicgan_edu.score import Score

TICKS = 480
SHARDS = "**/*.shards/*.npz"
SPOILT = ("cut", "empty", "text", "header", "noise")


def played(score: Score, rng: np.random.Generator) -> Score:
    """The piece in another key and as somebody might play it: 10 ms here and there, softer and louder."""
    notes = score.notes.copy()
    low, high = int(notes["pitch"].min()), int(notes["pitch"].max())
    notes["pitch"] += rng.integers(max(-6, -low), min(6, 127 - high) + 1)
    tempo = float(score.tempo * rng.uniform(0.8, 1.25))
    off = rng.normal(0, 0.010 * tempo / 60, len(notes))
    ticks = np.maximum(0, np.rint((notes["onset"] + off) * TICKS))
    notes["onset"] = ticks / TICKS
    lasting = np.rint(notes["duration"] * rng.uniform(0.85, 1.0, len(notes)) * TICKS)
    notes["duration"] = np.maximum(1, lasting) / TICKS
    notes["velocity"] = np.clip(np.rint(rng.normal(72, 9, len(notes))), 1, 127)
    return score.replace(notes=notes, tempo=tempo)


def spoil(data: bytes, kind: str, rng: np.random.Generator) -> bytes:
    """A file that can't be read."""
    at = int(rng.integers(30, len(data) - 20))
    return {
        "cut": data[:at], "empty": b"", "text": b"This was a MIDI file once.\n",
        "header": data[:12] + b"\0\0" + data[14:], "noise": data[:14] + rng.bytes(len(data) - 14),
    }[kind]  # fmt: skip


def make(folder: Path, n: int, seed: int) -> dict[str, Any]:
    """n files in folders of a hundred, the same bytes for the same seed."""
    start = time.perf_counter()
    pieces = [
        s for name in ("chorales", "masses") for s in corpus.load(name, progress=False) if s.n_notes > 20
    ]
    n_bytes = 0
    for i in range(n):
        rng = np.random.default_rng([seed, i])
        data = playback.to_midi(played(pieces[i % len(pieces)], rng))
        if i % 100 == 57:
            data = spoil(data, SPOILT[i // 100 % len(SPOILT)], rng)
        path = folder / f"{i // 100:03}" / f"{i:05}.mid"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        n_bytes += len(data)
    return {"files": n, "MB": round(n_bytes / 1e6, 1), "seconds": round(time.perf_counter() - start, 1)}


def digest(report: corpus.ImportReport) -> str:
    """Of every bit of the result."""
    found = hashlib.sha256()
    for score in report.scores:
        found.update(score.notes.tobytes())
        found.update(repr((score.tracks, score.beats_per_bar, score.pickup, score.tempo)).encode())
        found.update(repr((score.key, score.title, score.source)).encode())
    found.update(repr((report.rejected, report.ignored, sorted(report.splits.items()))).encode())
    return found.hexdigest()[:16]


def one_import(folder: Path, scheduler: str | None, n_processes: int) -> None:
    """What the subprocess of a stage does: import, and say what came of it as JSON on stdout."""
    asked = []

    def counting(read_many: Any) -> Any:
        def counted(paths: list[Path], *given: Any, **settings: Any) -> Any:
            asked.append(len(paths))
            return read_many(paths, *given, **settings)

        return counted

    for module in (workers, cluster):
        module.read_many = counting(module.read_many)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter()
    report = corpus.import_folder(folder, scheduler=scheduler, n_processes=n_processes)
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    n_notes = sum(score.n_notes for score in report.scores)
    print(json.dumps({
        "seconds": round(seconds, 1), "kept": len({s.source for s in report.scores}), "notes": n_notes,
        "left_out": len(report.rejected), "first_left_out": report.rejected[:3], "asked": sum(asked),
        "parent_MB": round(peak / 1024), "before_MB": round(before / 1024), "digest": digest(report),
    }))  # fmt: skip


class Watch:
    """The largest resident memory of each kind of process below this one, in MB, looked at five times a second."""

    def __init__(self) -> None:
        self.peaks: dict[str, float] = {}
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Watch:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self.thread.join()

    def _look(self) -> None:
        import psutil

        while not self.over.wait(0.2):
            for process in psutil.Process().children(recursive=True):
                with contextlib.suppress(psutil.Error):
                    line = " ".join(process.cmdline())
                    kind = "reader" if "import serve" in line else "import" if "_import" in line else "dask"
                    size = process.memory_info().rss / 2**20
                    self.peaks[kind] = max(self.peaks.get(kind, 0), size)


@contextlib.contextmanager
def two_workers(scratch: Path) -> Iterator[str]:
    """A scheduler and two workers, processes of their own: its address."""
    started = []
    file = scratch / "scheduler.json"
    dask = [sys.executable, "-m", "dask"]
    lines = [
        [*dask, "scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", file]
    ]
    lines += [[*dask, "worker", "--scheduler-file", file, "--nthreads", "1", "--no-dashboard"]] * 2
    with (scratch / "dask.log").open("w") as log:
        try:
            started = [subprocess.Popen(line, cwd=scratch, stdout=log, stderr=log) for line in lines]
            while not file.exists() or not file.read_text():
                time.sleep(0.1)
            yield json.loads(file.read_text())["address"]
        finally:
            for process in reversed(started):
                process.send_signal(signal.SIGINT)
                process.wait(30)


def command(folder: Path, scheduler: str | None, n_processes: int) -> list[str]:
    line = [sys.executable, __file__, "_import", "--folder", str(folder), "--processes", str(n_processes)]
    return line + (["--scheduler", scheduler] if scheduler else [])


def imported(folder: Path, by: str | None, n_processes: int, cache: Path | None) -> dict[str, Any]:
    """An import in a process of its own, under watch, from an empty cache or from what a stopped one left in `cache`."""
    with contextlib.ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        kept = len(list(cache.glob(SHARDS))) if cache else 0
        scheduler = stack.enter_context(two_workers(scratch)) if by == "cluster" else by
        watch = stack.enter_context(Watch())
        environment = os.environ | {"XDG_CACHE_HOME": str((cache or scratch).absolute())}
        line = command(folder, scheduler, n_processes)
        said = subprocess.run(line, env=environment, stdout=subprocess.PIPE, check=True).stdout
        again = subprocess.run(line, env=environment, stdout=subprocess.PIPE, check=True).stdout
        found = json.loads(said)
    peaks = {f"{kind}_MB": round(size) for kind, size in watch.peaks.items() if kind != "import"}
    assert json.loads(again)["digest"] == found["digest"], "the cache gives something else"
    return {"by": by or "own processes", "address": scheduler, "shards_kept": kept, **found, **peaks,
            "cached_seconds": json.loads(again)["seconds"]}  # fmt: skip


def killed(folder: Path, by: str | None, n_processes: int) -> dict[str, Any]:
    """An import killed when half of its shards are there, and the same call again."""
    with contextlib.ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        scheduler = stack.enter_context(two_workers(scratch)) if by == "cluster" else by
        environment = os.environ | {"XDG_CACHE_HOME": str(scratch)}
        line = command(folder, scheduler, n_processes)
        half = len(list(folder.glob("**/*.mid"))) // 200
        start = time.perf_counter()
        first = subprocess.Popen(line, env=environment, stdout=subprocess.DEVNULL)
        while len(list(scratch.glob(SHARDS))) < half:
            time.sleep(0.05)
        first.kill()
        first.wait()
        before, seconds = len(list(scratch.glob(SHARDS))), time.perf_counter() - start
        found = json.loads(subprocess.run(line, env=environment, stdout=subprocess.PIPE, check=True).stdout)
    return {"by": by or "own processes", "killed_after": round(seconds, 1), "shards_kept": before, **found}


def loops(folder: Path) -> dict[str, Any]:
    """Notes a second of a plain loop with one library, on a part of the files; what fails is passed over."""
    import warnings

    import pretty_midi
    from music21 import converter

    warnings.simplefilter("ignore")

    def by_pretty_midi(path: Path) -> int:
        return sum(len(each.notes) for each in pretty_midi.PrettyMIDI(str(path)).instruments)

    def by_music21(path: Path) -> int:
        stream = converter.parse(path, forceSource=True, storePickle=False)
        return sum(len(each.pitches) for each in stream.flatten().notes)

    found: dict[str, Any] = {}
    paths = sorted(folder.glob("**/*.mid"))
    for name, read, step in (("pretty_midi", by_pretty_midi, 20), ("music21", by_music21, 200)):
        start, n_notes, failed = time.perf_counter(), 0, 0
        for path in paths[::step]:
            try:
                n_notes += read(path)
            except Exception:  # the loop that people write
                failed += 1
        seconds = time.perf_counter() - start
        found[name] = {"files": len(paths[::step]), "failed": failed, "notes": n_notes,
                       "seconds": round(seconds, 1), "notes_a_second": round(n_notes / seconds)}  # fmt: skip
    return found


def table(log: Path) -> None:
    """The log's stages, the last of each."""
    rows = {
        f"{row['stage']} {row.get('by', '')}": row for row in map(json.loads, log.read_text().splitlines())
    }
    for name, row in rows.items():
        speed = f", {row['notes'] / row['seconds']:.0f} notes/s" if "notes" in row else ""
        print(f"{name}{speed}: {json.dumps({k: v for k, v in row.items() if k not in ('stage', 'by')})}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("stage", choices=["make", "import", "kill", "loops", "table", "_import"])
    parser.add_argument("--by", choices=["processes", "cluster"])
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--cache", type=Path, help="a folder that an import keeps its shards in")
    parser.add_argument("--scheduler", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, default=corpus.cache_folder().parent / "many_files")
    given = parser.parse_args()
    log = given.folder.with_suffix(".jsonl")
    if given.stage == "_import":
        return one_import(given.folder, given.scheduler, given.processes)
    if given.stage == "table":
        return table(log)
    work = {
        "make": lambda: make(given.folder, given.count, given.seed),
        "import": lambda: imported(given.folder, given.by, given.processes, given.cache),
        "kill": lambda: killed(given.folder, given.by, given.processes),
        "loops": lambda: loops(given.folder),
    }
    row = {"stage": given.stage, **work[given.stage]()}
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("a") as file:
        file.write(json.dumps(row) + "\n")
    print(json.dumps(row))
    return None


if __name__ == "__main__":
    main()

"""Every reader against files that no honest program wrote: a value or one clear error, in 5 s and 1 GB, nothing else.

    python benchmarks/soak.py                                    # `make soak`: 22 500 files, some 20 minutes
    python benchmarks/soak.py --reader midi --first 500 --count 200
    python benchmarks/soak.py --show midi 512 --out folder       # writes that file
    python benchmarks/soak.py --table                            # of the log

A child process reads the files that `mutants.py` makes, with a limit of 1 GB on its memory (RLIMIT_DATA) and an
audit hook that hears of every file opened, moved or deleted, every process, socket and unpickled name. A failure is
an error that isn't a `MusicganError`, a value of another kind, more than 5 s of processor, 20 s asleep (a busy or
stopped machine counts for neither), memory that ran out, a dead child, a file opened outside of the scratch folder and
the libraries, and anything executed. Linux.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

COUNTS = {
    "midi": 6000, "musicxml": 2000, "mxl": 2000, "abc": 1500, "krn": 1500, "audio": 2500, "npz": 2500, "keras": 1000,
    "run": 1000, "json": 2500,
}  # fmt: skip
SECONDS, ASLEEP, LOOK, MEMORY = 5.0, 20.0, 0.25, 1 << 30
FORBIDDEN = (
    "os.system", "os.exec", "os.posix_spawn", "os.fork", "os.forkpty", "subprocess.Popen", "socket.connect",
    "socket.getaddrinfo", "urllib.Request", "pickle.find_class", "marshal.load", "webbrowser.open",
)  # fmt: skip
MOVES = ("os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.symlink", "os.link", "os.chmod", "os.truncate")


# ---- the child ------------------------------------------------------------------------------------


def read(kind: str, path: Path) -> None:
    """What a user of the package does with such a file; an error is raised, for another kind of value too."""
    from musicgan_edu import audio, checks, corpus, lab, recommendation, sampling
    from musicgan_edu.corpus import store
    from musicgan_edu.evaluation import listeners

    if kind == "audio":
        samples, rate = audio.load_recording(path)
        assert (len(samples) > 0, samples.dtype, rate) == (True, "float32", 22_050)
    elif kind == "keras":
        sampling.load(path if path.name.startswith("a.") else path.parent)
    elif kind == "run":
        read_run(path.parent)
    elif path.suffix in corpus.FORMATS:
        assert all(isinstance(score, corpus.Score) for score in corpus.read_all(path))
    else:
        os.environ["MUSICGAN_PROGRESS"] = str(path)
        {
            "store.npz": store.load,
            "index.npz": recommendation.Index.load,
            "arrays.npz": sampling.read_arrays,
            "musicgan_progress.json": lambda _: checks.passed(),
            "listening.jsonl": lambda file: listeners.pool([file]),
            ".musicgan_lessons.json": lambda file: lab.put_lessons(file.parent),
            "card.json": lambda file: sampling.load(file.parent),
            "work.zip": lambda file: lab.import_progress(file, folder=file.parent),
        }[path.name](path)


def read_run(folder: Path) -> None:
    """A run is sampled from, gone on with, looked at, restyled with."""
    from musicgan_edu import sampling, style
    from musicgan_edu.score import MusicganError

    style.load.cache_clear()
    errors = []
    for how in (
        sampling.load,
        style.load,
        sampling.snapshots,
        lambda f: sampling.read_arrays(f / "state.npz"),
    ):
        try:
            how(folder)
        except MusicganError as error:
            errors.append(error)
    if len(errors) > 1:  # style.load alone refuses every generator
        raise errors[0]


class Ears:
    """Hears what Python does while a file is read, as far as it's forbidden."""

    def __init__(self, scratch: Path) -> None:
        self.heard: list[str] = []
        self.listening = False
        libraries = {
            sys.prefix,
            sys.base_prefix,
            str(Path(__file__).resolve().parents[1]),
            "/usr/lib",
            "/usr/share",
            "/proc/self",
            "/proc/cpuinfo",
            "/sys/devices",
        }
        self.may_read = tuple(map(os.path.realpath, [scratch, *libraries]))
        self.may_write = os.path.realpath(scratch)
        sys.addaudithook(self.hear)

    def hear(self, event: str, given: tuple) -> None:
        if not self.listening:
            return
        if event in FORBIDDEN:
            self.heard.append(f"{event} {given[:2]!r:.120}")
        elif event in MOVES:
            self._path(event, given[0], self.may_write)
        elif event == "open" and isinstance(given[0], str | bytes | os.PathLike):
            writes = (given[2] or 0) & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC)
            self._path(event, given[0], self.may_write if writes else self.may_read)

    def _path(self, event: str, path: Any, allowed: str | tuple[str, ...]) -> None:
        if isinstance(path, str | bytes | os.PathLike):
            where = os.path.realpath(os.fsdecode(path))
            if not where.startswith(allowed) and where != "/dev/null":
                self.heard.append(f"{event} {where}")


def child(kind: str, scratch: Path) -> None:
    """Read a path a line from stdin until it closes; say a line of JSON to each."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    from musicgan_edu.score import MusicganError

    ears = Ears(scratch)
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    for line in sys.stdin:
        path = Path(json.loads(line))
        os.chdir(path.parent)
        Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew
        start, clock = time.process_time(), time.monotonic()
        answer = {"outcome": "accepted"}
        ears.heard, ears.listening = [], True
        try:
            read(kind, path)
        except MusicganError as error:
            answer = {"outcome": "refused", "message": str(error)[:300], "cause": _causes(error)}
        except BaseException as error:  # SystemExit too
            answer = {
                "outcome": "failed",
                "message": f"{type(error).__name__}: {error}"[:300],
                "cause": _causes(error),
            }
        ears.listening = False
        status = Path("/proc/self/status").read_text()
        peak = int(next(row.split()[1] for row in status.splitlines() if row.startswith("VmHWM"))) / 1024
        answer |= {"cpu": round(time.process_time() - start, 3), "clock": round(time.monotonic() - clock, 3),
                   "MB": round(peak), "heard": ears.heard[:5]}  # fmt: skip
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def _causes(error: BaseException | None) -> list[str]:
    found = []
    while error is not None and len(found) < 6:
        found.append(type(error).__name__)
        error = error.__cause__ or error.__context__
    return found


# ---- the parent -----------------------------------------------------------------------------------


class Watch:
    """Kills a child that has used up its seconds of processor, or sleeps for long: from here, since it may not be able to."""

    def __init__(self, process: subprocess.Popen[str], limit: float) -> None:
        self.process, self.limit, self.reason = process, limit, ""
        self.before, self.seconds, self.asleep = self._used()[0], 0.0, 0.0

    def look(self, *_: object) -> None:
        used, state = self._used()
        self.seconds = used - self.before
        self.asleep = self.asleep + LOOK if state in "SD" else 0.0  # R waits for a processor, T was stopped
        if self.seconds > self.limit:
            self.reason = f"no answer in {self.limit:g} s of processor"
        elif self.asleep > ASLEEP:
            self.reason = f"asleep for {ASLEEP:g} s"
        if self.reason:
            self.process.kill()

    def _used(self) -> tuple[float, str]:
        """Seconds of processor of all its threads, and the state of the first."""
        words = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK"), words[0]


class Child:
    """The reading process, replaced when it dies or hangs."""

    def __init__(self, kind: str, scratch: Path, seeds: list[Path]) -> None:
        self.kind, self.scratch, self.seeds = kind, scratch, seeds
        self.process: subprocess.Popen[str] | None = None

    def ask(self, path: Path) -> dict[str, Any]:
        if self.process is None or self.process.poll() is not None:
            line = [sys.executable, __file__, "--child", self.kind, "--scratch", str(self.scratch)]
            quiet = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "TMPDIR": str(self.scratch), "HOME": str(self.scratch),
                     "TF_CPP_MIN_LOG_LEVEL": "3"}  # fmt: skip
            self.process = subprocess.Popen(line, env=os.environ | quiet, text=True, stdin=subprocess.PIPE,
                                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)  # fmt: skip
            for seed in {seed.name: seed for seed in self.seeds}.values():  # imports are no file's fault
                self.ask_once(seed, 120)
        return self.ask_once(path, SECONDS)

    def ask_once(self, path: Path, limit: float) -> dict[str, Any]:
        process = self.process
        assert process is not None
        assert process.stdin is not None
        assert process.stdout is not None
        watch = Watch(process, limit)
        signal.signal(signal.SIGALRM, watch.look)
        signal.setitimer(signal.ITIMER_REAL, LOOK, LOOK)
        try:
            process.stdin.write(json.dumps(str(path)) + "\n")
            process.stdin.flush()
            said = process.stdout.readline()
        except OSError:
            said = ""
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
        if said:
            return json.loads(said)
        code = process.wait()
        return {"outcome": "failed", "message": watch.reason or f"the child died ({code})", "cpu": round(watch.seconds, 3),
                "clock": 0.0, "MB": 0, "heard": [], "cause": []}  # fmt: skip

    def end(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()


def wrong(answer: dict[str, Any]) -> str:
    """Why an answer is a failure, or ""."""
    if answer["outcome"] == "failed":
        return answer["message"]
    if answer["heard"]:
        return f"did {answer['heard'][0]}"
    if "MemoryError" in answer.get("cause", ()) or "MemoryError" in answer.get("message", ""):
        return "memory ran out"
    if answer["cpu"] > SECONDS:
        return f"took {answer['cpu']:.1f} s"
    return "" if answer["outcome"] == "accepted" or answer["message"] else "an error without a message"


def soak(kind: str, first: int, count: int, until: float, fails: Path) -> dict[str, Any]:
    """Hand `count` files of a kind to its reader, or as many as the clock allows; what came of it."""
    import mutants

    outcomes: Counter[str] = Counter()
    slowest = peak = clock = 0.0
    failures: list[tuple[int, str]] = []
    with tempfile.TemporaryDirectory(prefix="musicgan-soak-") as outer:
        scratch = Path(outer, "scratch")
        warm, here = scratch / "warm-up", scratch / "in"
        warm.mkdir(parents=True)
        one = Child(kind, scratch, [mutants.write(files, warm) for files in mutants.KINDS[kind][0]()])
        try:
            for number in range(first, first + count):
                if time.monotonic() > until:
                    break
                files = mutants.mutant(kind, number)
                shutil.rmtree(here, ignore_errors=True)
                here.mkdir()
                answer = one.ask(mutants.write(files, here))
                reason = wrong(answer) or _left(outer)
                outcomes["failed" if reason else answer["outcome"]] += 1
                slowest, clock = max(slowest, answer["cpu"]), max(clock, answer["clock"])
                peak = max(peak, answer["MB"])
                if reason:
                    failures.append((number, reason))
                    print(f"{kind} {number}: {reason} {answer.get('cause')}", flush=True)
                    fails.mkdir(parents=True, exist_ok=True)
                    for name, data in files.items():
                        (fails / f"{kind}-{number}-{name}").write_bytes(data)
        finally:
            one.end()
    done = sum(outcomes.values())
    return {"reader": kind, "first": first, "files": done, **{k: outcomes[k] for k in ("accepted", "refused", "failed")},
            "slowest_cpu_s": slowest, "slowest_clock_s": clock, "peak_MB": peak, "failures": failures}  # fmt: skip


def _left(outer: str) -> str:
    """What lies where nothing may be written, if anything does; it's taken away."""
    from mutations_of_bytes import CANARY

    climbed = [*Path(CANARY).parent.glob(f"{Path(CANARY).name}*")]
    climbed += [path for path in Path(outer).iterdir() if path.name != "scratch"]
    for path in climbed:
        path.unlink()
    return f"wrote {climbed[0]}" if climbed else ""


def table(log: Path) -> str:
    """The slices of each reader added up, as Markdown."""
    rows: dict[str, dict[str, Any]] = {}
    for row in map(json.loads, log.read_text().splitlines()):
        sum_ = rows.setdefault(
            row["reader"], dict.fromkeys(("files", "accepted", "refused", "failed"), 0) | {"s": 0.0, "MB": 0}
        )
        for name in ("files", "accepted", "refused", "failed"):
            sum_[name] += row[name]
        sum_["s"], sum_["MB"] = max(sum_["s"], row["slowest_cpu_s"]), max(sum_["MB"], row["peak_MB"])
    head = "| reader | files | accepted | refused | failed | slowest, s of processor | peak, MB |\n|---|---|---|---|---|---|---|"
    body = [f"| {k} | {r['files']} | {r['accepted']} | {r['refused']} | {r['failed']} | {r['s']:.2f} | {r['MB']:.0f} |" for k, r in rows.items()]  # fmt: skip
    total = "| all | " + " | ".join(
        str(sum(r[k] for r in rows.values())) for k in ("files", "accepted", "refused", "failed")
    )
    return "\n".join(
        [
            head,
            *body,
            f"{total} | {max(r['s'] for r in rows.values()):.2f} | {max(r['MB'] for r in rows.values()):.0f} |",
        ]
    )


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--reader", choices=list(COUNTS), action="append")
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--count", type=int, help="of each reader")
    parser.add_argument(
        "--minutes", type=float, default=600.0, help="stop then; a later call goes on with --go-on"
    )
    parser.add_argument(
        "--go-on", action="store_true", help="each reader from where the log ends, up to its count"
    )
    parser.add_argument("--log", type=Path, default=Path(tempfile.gettempdir(), "musicgan_soak.jsonl"))
    parser.add_argument("--show", nargs=2, metavar=("READER", "NUMBER"))
    parser.add_argument("--out", type=Path, default=Path())
    parser.add_argument("--table", action="store_true")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    parser.add_argument("--scratch", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        child(given.child, given.scratch)
        return 0
    if given.table:
        print(table(given.log))
        return 0
    if given.show:
        import mutants

        given.out.mkdir(parents=True, exist_ok=True)
        print(mutants.write(mutants.mutant(given.show[0], int(given.show[1])), given.out))
        return 0
    return run(given)


def run(given: argparse.Namespace) -> int:
    until = time.monotonic() + 60 * given.minutes
    failed = 0
    for kind in given.reader or COUNTS:
        first, count = given.first, given.count or COUNTS[kind]
        if given.go_on and given.log.exists():
            rows = [
                row for row in map(json.loads, given.log.read_text().splitlines()) if row["reader"] == kind
            ]
            first = max([row["first"] + row["files"] for row in rows], default=first)
            count = max(0, given.first + count - first)
        if not count or time.monotonic() > until:
            continue
        row = soak(kind, first, count, until, given.log.with_suffix(".fails"))
        with given.log.open("a") as file:
            file.write(json.dumps(row) + "\n")
        print(json.dumps({k: v for k, v in row.items() if k != "failures"}), flush=True)
        failed += row["failed"]
    return int(failed > 0)


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        sys.exit(main())

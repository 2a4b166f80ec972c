"""A learner's folder and machine: the lessons put in place, JupyterLab opened, the machine tested.

Comes in: a folder. Goes out: lessons in it, never over a learner's own changes; a running JupyterLab;
the lights of lesson 00; what a learner has passed, and one file that carries it to another machine.

Each lesson that is put down is noted with its hash in `.musicgan_lessons.json`. A file that still has
that hash may be replaced by a newer lesson; one that was changed stays, and the newer lesson lands
beside it.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import importlib.metadata
import json
import os
import platform
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import numpy as np

from musicgan_edu import __version__
from musicgan_edu.corpus.store import write_whole
from musicgan_edu.lab.courses import PATTERNS, LabError, lessons_folder
from musicgan_edu.lab.passed import Progress, progress
from musicgan_edu.lab.travel import Travelled, export_progress, import_progress
from musicgan_edu.score import Score

__all__ = [
    "LabError",
    "Light",
    "Placed",
    "Progress",
    "Travelled",
    "begin",
    "command",
    "environment",
    "export_progress",
    "import_progress",
    "lessons_folder",
    "lights",
    "open_lab",
    "progress",
    "put_lessons",
    "self_test",
]

MANIFEST = ".musicgan_lessons.json"
SYMBOLS = {"ok": "●", "note": "i", "problem": "✘"}
Status = Literal["ok", "note", "problem"]
Verdict = tuple[Status, str]


@dataclasses.dataclass(frozen=True)
class Placed:
    """What `put_lessons` did, as paths relative to the folder, each list sorted.

    `written`: new or replaced by a newer version; `kept`: changed by the learner, or up to date;
    `beside`: a newer version that landed beside a changed one.
    """

    written: tuple[str, ...]
    kept: tuple[str, ...]
    beside: tuple[str, ...]

    def __str__(self) -> str:
        written, kept = (sum(name[0].isdigit() for name in names) for names in (self.written, self.kept))
        lines = [
            f"{written} lessons written, {kept} left as they were"
        ]  # pages and solutions go without saying
        lines += [f"newer version beside yours: {name}" for name in self.beside]
        return "\n".join(lines)


def put_lessons(folder: Path, *, shipped: Path | None = None) -> Placed:
    """Put every lesson and its solutions into `folder`, which is made if it isn't there.

    Parameters
    ----------
    folder : the learner's folder.
    shipped : where the lessons come from; `lessons_folder()` unless given.

    Raises
    ------
    LabError : `folder` is a file, or can't be written.
    """
    source = lessons_folder() if shipped is None else shipped
    if folder.resolve() == source.resolve():
        raise LabError(f"lab: {folder} holds the shipped lessons themselves; choose another folder")
    paths = (path for pattern in PATTERNS for path in source.rglob(pattern))
    names = sorted(path.relative_to(source).as_posix() for path in paths)
    actions: dict[str, list[str]] = {"written": [], "kept": [], "beside": []}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        noted = _read_manifest(folder)
        for name in names:
            action, landed = _put(folder, name, (source / name).read_bytes(), noted)
            actions[action].append(landed)
        write_whole(folder / MANIFEST, json.dumps(noted, indent=1, sort_keys=True).encode())
    except OSError as error:
        raise LabError(f"lab: can't put lessons into {folder}: {error}") from None
    return Placed(**{action: tuple(sorted(paths)) for action, paths in actions.items()})


def _put(folder: Path, name: str, content: bytes, noted: dict[str, str]) -> tuple[str, str]:
    """Put one lesson; (action, the path it concerns). Keeps `noted` up to date."""
    target, new = folder / name, _hash(content)
    present = _hash(target.read_bytes()) if target.exists() else None
    if present is None or (present == noted.get(name) and present != new):
        write_whole(target, content)
        noted[name] = new
        return "written", name
    if present == new:
        noted[name] = new
        return "kept", name
    if noted.get(name) == new:  # changed by the learner, and nothing newer to offer
        return "kept", name
    beside = _free_name(folder, name)
    write_whole(folder / beside, content)
    noted[name] = new
    return "beside", beside


def _free_name(folder: Path, name: str) -> str:
    stem, n = name.removesuffix(".ipynb"), 1
    while (folder / (free := f"{stem}.new{n if n > 1 else ''}.ipynb")).exists():
        n += 1
    return free


def _read_manifest(folder: Path) -> dict[str, str]:
    """What was put down before; a missing or damaged note counts as nothing, so nothing is replaced."""
    try:
        noted = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        return {str(name): str(value) for name, value in noted.items()}
    except (OSError, ValueError, AttributeError, RecursionError):
        return {}


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def command(folder: Path, *, port: int | None = None, browser: bool = True) -> list[str]:
    """The command line that opens JupyterLab on the first lesson in `folder`."""
    first = min(path.name for path in folder.glob("[0-9][0-9]_*.ipynb"))
    line = [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={folder.resolve()}"]
    line += [f"--LabApp.default_url=/lab/tree/{first}"]
    line += [f"--port={port}"] if port is not None else []
    line += [] if browser else ["--no-browser"]
    # Root is what containers run as; the server still answers this machine only, and asks a token.
    return line + (["--allow-root"] if getattr(os, "geteuid", lambda: 1)() == 0 else [])


def open_lab(folder: Path, *, port: int | None = None, browser: bool = True) -> int:
    """Run JupyterLab on `folder` until it is stopped; its exit code.

    Ctrl-C reaches JupyterLab by itself, and it asks before it stops: wait for its answer. A request to
    end this process (SIGTERM) is handed on, lest JupyterLab and its kernels stay behind.
    """
    server = subprocess.Popen(command(folder, port=port, browser=browser), env=environment())
    before = signal.signal(signal.SIGTERM, lambda *_: server.terminate())
    try:
        while True:
            with contextlib.suppress(KeyboardInterrupt):
                return server.wait()
    finally:
        signal.signal(signal.SIGTERM, before)


def environment() -> dict[str, str]:
    """The environment to run JupyterLab in: its defaults are set so that it asks the network nothing.

    They are defaults only: what a learner has chosen in JupyterLab's settings stands.
    """
    ours = str(Path(__file__).resolve().parents[1] / "jupyter")
    theirs = os.environ.get("JUPYTER_CONFIG_PATH", "")
    paths = os.pathsep.join(filter(None, [theirs, ours]))
    # glibc gives each thread a heap of its own; two saved lesson 07 some 80 MB in one run
    return {"MALLOC_ARENA_MAX": "2"} | os.environ | {"JUPYTER_CONFIG_PATH": paths}


def begin(lesson: str, *, seconds: float) -> np.random.Generator:
    """Open a lesson: say what this machine is and how long the lesson computes; seed.

    Parameters
    ----------
    lesson : its number, "01".
    seconds : what running all of its cells took on two cores.

    Returns
    -------
    A numpy generator seeded by the lesson's number.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # TensorFlow greets with a page of notices
    memory = memory_gb()
    machine = f"Python {platform.python_version()}, {os.cpu_count()} cores"
    machine += f", {memory:.0f} GB memory" if memory else ""
    print(f"Lesson {lesson} · musicgan_edu {__version__} · {machine}")
    print(f"Running all cells takes about {seconds:.0f} seconds on two cores.")
    return np.random.default_rng(int(lesson))


def memory_gb() -> float | None:
    """The machine's memory in GB (10⁹ bytes), None where the system doesn't say."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    except (AttributeError, ValueError, OSError):
        return None


@dataclasses.dataclass(frozen=True)
class Light:
    """One line of the self-test: "ok", "note" (good to know) or "problem" (with what to do)."""

    name: str
    status: Status
    text: str

    def __str__(self) -> str:
        return f"{SYMBOLS[self.status]} {self.status:7} {self.name}: {self.text}"


def self_test() -> Iterator[Light]:
    """Test this machine part by part, lightest first; each light comes as soon as it is known."""
    for name, test in TESTS.items():
        status: Status
        try:
            status, text = test()
        except Exception as error:  # whatever is broken: the light says what, the others go on
            status, text = "problem", f"{type(error).__name__}: {error}"
        yield Light(name, status, text)


def _test_python() -> Verdict:
    return "ok", f"{platform.python_version()} on {platform.system()}"


def _test_packages() -> Verdict:
    """Whether each library is installed: read from metadata, for importing all takes ten seconds."""
    wanted = [line for line in importlib.metadata.requires("musicgan-edu") or [] if "extra ==" not in line]
    names = {re.split(r"[^\w.-]", line, maxsplit=1)[0] for line in wanted}
    missing = sorted(name for name in names if not _has(name))
    if not (_has("tensorflow") or _has("tensorflow-cpu")):
        return "problem", "TensorFlow is missing: pip install tensorflow"
    missing = [name for name in missing if not name.startswith("tensorflow")]
    if missing:
        return "problem", f"missing: {', '.join(missing)}; pip install {' '.join(missing)}"
    return "ok", f"{len(names) - 1} libraries, TensorFlow among them"


def _has(name: str) -> bool:
    try:
        return bool(importlib.metadata.version(name))
    except importlib.metadata.PackageNotFoundError:
        return False


def _test_memory() -> Verdict:
    memory = memory_gb()
    if memory is None:
        return "note", "this system doesn't say how much there is; the lessons need 1.5 GB"
    if memory < 1.9:
        return "note", f"{memory:.1f} GB is little: close other notebooks before you open the next"
    return "ok", f"{memory:.0f} GB; no lesson needs more than 1.5"


def _test_sound() -> Verdict:
    from musicgan_edu import playback

    sound = playback.render(Score.from_rows([(0, 60, 0, 1)], tempo=120))
    peak = float(np.abs(sound).max())
    if not 0.01 < peak <= 1:
        return "problem", f"one note came out with a peak of {peak:.3g}; install the package anew"
    return "ok", "a note played into memory sounds; whether you hear it, only you can tell"


def _test_music() -> Verdict:
    from musicgan_edu import corpus

    chorale = corpus.read_chorale("bwv66.6")
    return "ok", f"a chorale of {chorale.n_notes} notes can be read"


def _test_composer() -> Verdict:
    from musicgan_edu import sampling

    piece = sampling.load("chorales").sample(1, seed=0)[0]
    return "ok", f"the trained GAN composes ({piece.n_notes} notes just now)"


def _test_cache() -> Verdict:
    from musicgan_edu import corpus

    folder = corpus.cache_folder()
    folder.mkdir(parents=True, exist_ok=True)
    if not os.access(folder, os.W_OK):
        return "problem", f"{folder} can't be written: set XDG_CACHE_HOME to a folder that can"
    if not (folder / "chorales.npz").exists():
        return "note", f"the chorales will be read once, a minute or two, into {folder}"
    return "ok", f"the chorales are in {folder}"


TESTS: dict[str, Callable[[], Verdict]] = {
    "Python": _test_python,
    "Libraries": _test_packages,
    "Memory": _test_memory,
    "Music": _test_music,
    "Composer": _test_composer,
    "Sound": _test_sound,
    "Cache": _test_cache,
}


def lights() -> Any:
    """The self-test as lights that come on one by one, with a button to test again."""
    from musicgan_edu.widgets.lights import Lights

    return Lights(self_test)

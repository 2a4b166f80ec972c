"""One file that carries a learner's work to another machine, or over the end of a Binder session.

Comes in: a folder with lessons, passes and perhaps a trained run. Goes out: a zip file; and from such a
file, which may come from anybody, the same in another folder.

Conventions
-----------
The file holds members of these names and no others: `musicgan_progress.json`, `lessons/NN_….ipynb` for
lessons that were changed (without outputs), and a run's `run/card.json`, `weights.npz`, `state.npz` and
`log.csv`. Everything is read, bounded and checked before the first byte is written; nothing is executed,
and nothing that is there is written over.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import re
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from musicgan_edu import checks, sampling
from musicgan_edu.lab.courses import LabError, lessons_folder

__all__ = ["Travelled", "export_progress", "import_progress"]

PASSED = "musicgan_progress.json"
RUN = ("card.json", "weights.npz", "state.npz", "log.csv")
MAX_BYTES = 128 * 2**20  # unpacked, all members together: a run of the course has some 20 MB
_EXERCISE, _DAY = re.compile(r"\d\d\.\w{1,60}"), re.compile(r"\d{4}-\d\d-\d\d")


@dataclasses.dataclass(frozen=True)
class Travelled:
    """What went into a file, or came out of it; paths relative to the learner's folder."""

    n_passed: int
    lessons: tuple[str, ...]
    run: str | None
    file: str

    def __str__(self) -> str:
        lines = [f"{self.file}: {self.n_passed} exercises passed", f"  lessons of yours: {len(self.lessons)}"]
        lines += [f"    {name}" for name in self.lessons]
        return "\n".join([*lines, f"  a trained run: {self.run or 'none'}"])


def export_progress(
    target: str | os.PathLike[str] = "musicgan_work.zip",
    *,
    run: str | os.PathLike[str] | None = None,
    folder: str | os.PathLike[str] = ".",
) -> Travelled:
    """Put passes, changed lessons and a trained run into one new file; download it where you work online.

    Parameters
    ----------
    target : the file to make; if the name is taken, a number is put behind it.
    run : the folder of a trained run, if one is to come along (its snapshots stay behind).
    folder : the learner's.

    Raises
    ------
    LabError : the run is none or too large, or the file can't be written.
    """
    passed, lessons = checks.passed(), dict(_changed_lessons(Path(folder)))
    members = {PASSED: json.dumps({"version": 1, "passed": passed}).encode()}
    members |= {f"lessons/{name}": text.encode() for name, text in lessons.items()}
    if run is not None:
        members |= _packed_run(Path(run))
    if (size := sum(map(len, members.values()))) > MAX_BYTES:  # known now rather than on the other machine
        raise LabError(
            f"lab: {size >> 20} MiB are too much, no more than {MAX_BYTES >> 20} MiB could be brought back: leave the run out"
        )
    path = _free(Path(folder) / target)
    beside = path.with_name(f".{path.name}.part")
    try:
        with zipfile.ZipFile(beside, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in members.items():
                archive.writestr(name, data)
        os.replace(beside, path)
    except OSError as error:
        raise LabError(f"lab: can't write {path}: {error}") from None
    finally:
        with contextlib.suppress(OSError):
            beside.unlink()
    return Travelled(len(passed), tuple(lessons), None if run is None else str(run), path.name)


def import_progress(file: str | os.PathLike[str], *, folder: str | os.PathLike[str] = ".") -> Travelled:
    """Bring back what `export_progress` packed, beside what is there.

    Passes are added to the learner's own. A lesson that was never changed here is replaced by the one in
    the file; where it was changed, the other lands beside it. A run gets a folder of its own.

    Raises
    ------
    LabError : not such a file: a name that isn't ours, too much in it, damaged, or nothing that fits.
    """
    path, home = Path(file), Path(folder)
    members = _unpacked(path)
    passed = _passes(path, members.get(PASSED, b'{"passed": {}}'))
    lessons = {
        name.removeprefix("lessons/"): _without_outputs(path, name, data)
        for name, data in members.items()
        if name.startswith("lessons/")
    }
    run = {name.removeprefix("run/"): data for name, data in members.items() if name.startswith("run/")}
    try:
        arrived = _place_run(path, home, run) if run else None
        landed = tuple(_place_lesson(home, name, text) for name, text in lessons.items())
        return Travelled(checks.restore(passed), landed, arrived, path.name)
    except OSError as error:
        raise LabError(f"lab: can't write into {home}: {error}") from None


def _changed_lessons(folder: Path) -> Iterator[tuple[str, str]]:
    """Lessons whose cells differ from those that came with the course: (name, text without outputs)."""
    for shipped in sorted(lessons_folder().glob("[0-9][0-9]_*.ipynb")):
        mine = folder / shipped.name
        if mine.is_file() and not mine.samefile(shipped):
            text = _without_outputs(mine, mine.name, mine.read_bytes())
            if _cells(text) != _cells(shipped.read_text(encoding="utf-8")):
                yield mine.name, text


def _packed_run(run: Path) -> dict[str, bytes]:
    _checked_run(run, run)
    return {f"run/{name}": (run / name).read_bytes() for name in RUN if (run / name).is_file()}


def _checked_run(run: Path, file: Path) -> None:
    """LabError unless the folder holds a checkpoint that loads, and a state of plain arrays."""
    try:
        sampling.load(run)
        if (run / "state.npz").is_file():
            sampling.read_arrays(run / "state.npz")
    except Exception as error:  # `state.npz` may be anybody's, as above
        raise LabError(f"lab: {file} holds no trained run: {error}") from None


def _unpacked(path: Path) -> dict[str, bytes]:
    """All members in memory, every name known, no more than `MAX_BYTES` of them."""
    try:
        with zipfile.ZipFile(path) as archive:
            infos = archive.infolist()
            _check_names(path, [info.filename for info in infos])
            size = sum(max(info.file_size, info.compress_size) for info in infos)
            if size > MAX_BYTES:
                raise LabError(f"lab: {path} unpacks to {size >> 20} MiB, more than {MAX_BYTES >> 20}")
            return {info.filename: archive.read(info) for info in infos}
    except LabError:
        raise
    except Exception as error:  # a damaged or hostile file can fail anywhere between directory and checksum
        if isinstance(error, OSError) and error.errno:
            raise LabError(f"lab: {path} can't be opened: {error.strerror}") from None
        raise LabError(f"lab: {path} can't be read: {type(error).__name__}: {error}") from None


def _check_names(path: Path, names: list[str]) -> None:
    """Known names only, each once: so no name climbs out, and none is hidden behind another."""
    known = {PASSED, *(f"run/{name}" for name in RUN)}
    known |= {f"lessons/{shipped.name}" for shipped in lessons_folder().glob("[0-9][0-9]_*.ipynb")}
    for name in names:
        if name not in known:
            raise LabError(f"lab: {path} holds {name!r}, which export_progress doesn't write")
    if len(set(names)) < len(names):
        raise LabError(f"lab: {path} holds a name twice")


def _passes(path: Path, data: bytes) -> dict[str, str]:
    try:
        passed = json.loads(data)["passed"]
        passed.keys()
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise LabError(f"lab: {path} holds a damaged {PASSED}") from None
    for name, day in passed.items():
        if not (_EXERCISE.fullmatch(name) and isinstance(day, str) and _DAY.fullmatch(day)):
            raise LabError(f"lab: {path} notes {name!r:.60}: {day!r:.60}, which is no exercise and its day")
    return passed


def _without_outputs(path: Path, name: str, data: bytes) -> str:
    """A notebook as text, its outputs taken away: they're large, and not the learner's own words."""
    try:
        notebook: dict[str, Any] = json.loads(data)
        for cell in notebook["cells"]:
            if cell["cell_type"] == "code":
                cell["outputs"], cell["execution_count"] = [], None
            if not isinstance(cell["source"], str):
                cell["source"] = "".join(cell["source"])
        text = json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True) + "\n"
        text.encode()  # half of a surrogate pair can't be written
        return text
    except (ValueError, TypeError, KeyError, RecursionError):
        raise LabError(f"lab: {path}: {name} is no notebook") from None


def _cells(notebook: str) -> list[str]:
    return ["".join(cell["source"]) for cell in json.loads(notebook)["cells"]]


def _place_lesson(folder: Path, name: str, text: str) -> str:
    """Write a lesson where it harms nothing; the name that it got."""
    target = folder / name
    if target.is_file():
        here = _cells(_without_outputs(target, name, target.read_bytes()))
        shipped = _cells((lessons_folder() / name).read_text(encoding="utf-8"))
        if here == _cells(text):
            return name
        if here != shipped:
            target = _free(folder / f"{target.stem}.imported.ipynb")
    sampling.write_whole(target, text.encode())
    return target.name


def _place_run(path: Path, folder: Path, run: dict[str, bytes]) -> str:
    """The run in a new folder, which appears only when everything in it has been read without a fault."""
    beside = Path(tempfile.mkdtemp(dir=folder, prefix=".import-"))
    try:
        for name, data in run.items():
            (beside / name).write_bytes(data)
        _checked_run(beside, path)
        target = _free(folder / "imported_run")
        os.replace(beside, target)
        target.chmod(0o755)
        return target.name
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _free(path: Path) -> Path:
    """The path, or the first with a number behind its stem that nothing has yet."""
    stem, n, free = path.stem, 1, path
    while os.path.lexists(free):
        n += 1
        free = path.with_name(f"{stem}_{n}{path.suffix}")
    return free

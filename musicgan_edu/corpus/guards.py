"""What is asked of a file of written music before, and while, music21 reads it.

Comes in: a path. Goes out: nothing, or a ReadError. music21 believes what a file says: a bar of two thousand million
beats, a note of as many, an archive that unpacks to the whole disk. These are the cases that fuzzing found
(`benchmarks/soak.py`); `within` holds for those that it didn't.
"""

from __future__ import annotations

import contextlib
import ctypes
import re
import threading
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar
from xml.parsers import expat

from musicgan_edu.corpus.sections import clean_text
from musicgan_edu.score import ReadError

__all__ = ["TooLong", "check_abc", "check_archive", "check_humdrum", "check_musicxml", "within"]

MAX_BYTES = 32 << 20  # of notation, unpacked
MAX_ELEMENTS, MAX_DEPTH = 500_000, 100  # of XML: a hundred thousand notes; music21 needs 4 kB for each
MAX_BEATS = 50_000  # as for all files; a note of ABC may ask for all of them at once
_METRE, _UNIT, _LENGTH = 128, 4, 9999  # beats a bar or parts of a whole; whole notes; units of a note
_LOOK = 0.25  # seconds between two looks at a reading
_FIELD = re.compile(r"^([A-Za-z]):(.*)$|\[([LMQ]):([^\]]*)\]", re.MULTILINE)
_QUOTED = re.compile(r'"[^"\n]*"|![^!\n]*!|%.*|^[A-Za-z]:.*$|\[[A-Za-z]:[^\]]*\]', re.MULTILINE)
_RECIP = re.compile(r"^[^!*=\n].*$", re.MULTILINE)


T = TypeVar("T")


class TooLong(BaseException):
    """Raised inside a reading that takes too long; not an Exception, since parsers catch those."""


def check_archive(path: Path) -> int:
    """Refuse a packed file that claims, or turns out, to unpack to more than `MAX_BYTES`; else what it unpacks to."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = [info for info in archive.infolist() if not info.is_dir()]
            size = sum(info.file_size for info in members)
            if size > MAX_BYTES:
                raise ReadError(f"{path.name}: unpacks to more than {MAX_BYTES >> 20} MiB")
            if any(info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for info in members):
                raise ReadError(f"{path.name}: not packed as MusicXML is")  # LZMA may ask for gigabytes
            for info in members:  # zipfile stops at the claimed size and compares the checksum
                _check_xml(archive.read(info), path)
            return size
    except ReadError:
        raise
    except Exception as error:  # zipfile and zlib raise a dozen kinds
        raise ReadError(f"{path.name}: not a sound .mxl archive ({clean_text(error)})") from error


def check_musicxml(path: Path) -> int:
    """Refuse MusicXML with metres that no music has, or with more elements than any; else its size."""
    _check_xml(path.read_bytes(), path)
    return path.stat().st_size


def _check_xml(data: bytes, path: Path) -> None:
    """music21 makes a list as long as a metre has beats, an object of each element. What is no XML, it refuses itself."""
    parser, words, wrong = expat.ParserCreate(), list[str](), list[str]()
    parser.buffer_text = True
    n_elements = depth = 0

    def start(name: str, _: dict[str, str]) -> None:
        nonlocal n_elements, depth
        n_elements, depth = n_elements + 1, depth + 1
        if n_elements > MAX_ELEMENTS or depth > MAX_DEPTH:
            wrong.append(f"more than {MAX_ELEMENTS} elements, or {MAX_DEPTH} in one another")
            raise ValueError
        words.clear()

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1
        value = "".join(words)
        if name in ("beats", "beat-type") and not all(1 <= n <= _METRE for n in _numbers(value)):
            wrong.append(f"no metre: {clean_text(value)!r:.40}")

    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = (
        start,
        end,
        words.append,
    )
    with contextlib.suppress(expat.ExpatError, ValueError, LookupError):  # ours; an odd encoding
        parser.Parse(data, True)
    if wrong:
        raise ReadError(f"{path.name}: {wrong[0]}")


def check_abc(path: Path) -> int:
    """Refuse ABC with metres, units or notes that no music has, or more than `MAX_BEATS` of it; else its size."""
    text = path.read_text(encoding="utf-8", errors="replace")
    for tune in re.split(r"^(?=X:)", text, flags=re.MULTILINE):  # a book holds many
        if reason := _wrong_abc(tune):
            raise ReadError(f"{path.name}: {reason}")
    return len(text)


def _wrong_abc(tune: str) -> str:
    """What no music has, if a tune says so."""
    units = [0.125]
    for line in _FIELD.finditer(tune):
        kind, value = line[1] or line[3], (line[2] or line[4] or "").partition("%")[0]
        if kind == "M" and not all(1 <= n <= _METRE for n in _numbers(value)):
            return f"no metre: {clean_text(value)!r:.40}"
        if kind in "LQ" and any(n > 9999 for n in _numbers(value)):
            return f"no length or tempo: {clean_text(value)!r:.40}"
        if kind == "L":
            above, below = (*_numbers(value), 1, 1)[:2]
            units.append(above / max(1, below))
    body = _QUOTED.sub(" ", tune)
    lengths = [int(run[:9]) for run in re.findall(r"\d+", body)]
    if max(units) > _UNIT or max(lengths, default=0) > _LENGTH or "/" * 9 in body:
        return "a note of a length that no music has"
    too_long = sum(lengths) * max(units) * 4 > MAX_BEATS
    return f"longer than {MAX_BEATS} beats: damaged, or not one piece" if too_long else ""


def check_humdrum(path: Path) -> int:
    """Refuse Humdrum with metres or note values that no music has; else its size."""
    text = path.read_text(encoding="utf-8", errors="replace")
    for metre in re.findall(r"\*M([^M\s][^\t\n]*)", text):
        above, _, below = metre.partition("/")
        if re.match(r"[\d.+-]", metre) and not (
            above.isdecimal() and 1 <= int(above[:9]) <= _METRE and below[:9] in _DENOMINATORS
        ):
            raise ReadError(f"{path.name}: no metre: {clean_text(metre)!r:.40}")
    for row in _RECIP.findall(text):
        if re.search(r"\d{5}|\.{9}", row) or re.search(r"(\d{4}|%)\S*%|%\d{4}|\d{4}[%a-gA-Gr]", row):
            raise ReadError(f"{path.name}: a note of a length that no music has: {clean_text(row)!r:.40}")
    return len(text)


_DENOMINATORS = {
    "0",
    "1",
    "2",
    "3",
    "4",
    "6",
    "8",
    "12",
    "16",
    "24",
    "32",
    "48",
    "64",
    "128",
    "3%2",
    "2%3",
    "3%4",
}


def _numbers(text: str) -> list[int]:
    return [int(run[:9]) for run in re.findall(r"\d+", text)]


def within(seconds: float, work: Callable[[], T]) -> T:
    """What `work` gives; in it `TooLong` once this thread has worked that long, again and again until it ends.

    Works where a signal doesn't: in any thread, in a notebook, on Windows. It can't end a single call into C.
    No context manager: one that came while that is being left would miss the block that calls off the watcher.
    """
    over, lock, left = threading.Event(), threading.Lock(), False
    me, used = ctypes.c_ulong(threading.get_ident()), _thread_clock()

    def watch() -> None:
        while not over.wait(_LOOK):
            with lock:
                if used() > seconds and not left:
                    ctypes.pythonapi.PyThreadState_SetAsyncExc(me, ctypes.py_object(TooLong))

    watcher = threading.Thread(target=watch, daemon=True)
    try:
        watcher.start()
        return work()
    finally:
        left = True  # from here one may be on its way, and no other will be sent
        try:
            with lock:
                ctypes.pythonapi.PyThreadState_SetAsyncExc(me, None)
        except TooLong:  # it was faster
            pass
        over.set()


def _thread_clock() -> Callable[[], float]:
    """Seconds of processor that this thread has used from now on, from any thread; of the clock on Windows."""
    if hasattr(time, "pthread_getcpuclockid"):
        clock = time.pthread_getcpuclockid(threading.get_ident())
        start = time.clock_gettime(clock)
        return lambda: time.clock_gettime(clock) - start
    begun = time.monotonic()
    return lambda: time.monotonic() - begun

"""Keep Scores in one file that loads fast: numpy columns and JSON in an .npz, never a pickle.

Comes in: Scores. Goes out: bytes, or a file that is either whole or absent. The corpus cache and
the answers of the worker processes use the same form. `arrays` reads any .npz, which may come from anybody;
`write_whole` writes any file.
"""

from __future__ import annotations

import io
import json
import math
import os
import secrets
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np

from musicgan_edu.score import NOTE, ReadError, Score, Track

__all__ = ["arrays", "load", "pack", "save", "unpack", "write_whole"]

#: What numpy writes. An LZMA member may ask for gigabytes before its first byte.
PACKINGS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
MAX_BYTES = 4 << 30  # of a cache, unpacked: some 200 million notes


def pack(scores: Sequence[Score], about: dict[str, Any], *, compress: bool = True) -> bytes:
    """Scores and a JSON-able `about` as the bytes of an .npz."""
    notes = np.concatenate([np.zeros(0, NOTE), *(score.notes for score in scores)])
    header = json.dumps({"about": about, "scores": [_fields(score) for score in scores]})
    arrays = {name: notes[name] for name in NOTE.names or ()}
    arrays["n_notes"] = np.array([score.n_notes for score in scores], dtype=np.int64)
    arrays["json"] = np.frombuffer(header.encode(), dtype=np.uint8)
    buffer = io.BytesIO()
    if compress:
        np.savez_compressed(buffer, allow_pickle=False, **arrays)
    else:
        np.savez(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


def unpack(data: bytes) -> tuple[list[Score], dict[str, Any]]:
    """The Scores and the `about` of `pack`; ReadError for bytes that aren't whole."""
    try:
        columns = arrays(io.BytesIO(data), max_bytes=MAX_BYTES)
        header = json.loads(columns["json"].tobytes())
        counts = columns["n_notes"]
        notes = np.empty(len(columns["pitch"]), dtype=NOTE)
        for name in NOTE.names or ():
            notes[name] = columns[name]
        if counts.min(initial=0) < 0 or counts.sum() != len(notes):
            raise ValueError(f"{len(notes)} notes, not {counts.sum()}")
        parts = np.split(notes, np.cumsum(counts)[:-1]) if len(counts) else []
        scores = [_score(fields, part) for fields, part in zip(header["scores"], parts, strict=True)]
        return scores, dict(header["about"])
    except Exception as error:  # a damaged file can fail anywhere between zip and Score
        raise ReadError(f"corpus: damaged store ({type(error).__name__}: {error})") from error


def save(path: Path, scores: Sequence[Score], about: dict[str, Any]) -> None:
    """Write the file in one move: whoever reads meanwhile sees the old file or the new one."""
    write_whole(path, pack(scores, about))


def write_whole(path: Path, data: bytes) -> None:
    """Replace a file in one step: written beside it, flushed to the disk, renamed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    try:
        with beside.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
        _keep_name(path.parent)
    finally:
        beside.unlink(missing_ok=True)


def _keep_name(folder: Path) -> None:
    """So that a loss of power can't take back the renaming, nor change the order of two. Windows has no such call."""
    if os.name == "posix":
        opened = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)


def load(path: Path) -> tuple[list[Score], dict[str, Any]]:
    """What `save` wrote; ReadError where the file is missing or damaged."""
    try:
        return unpack(path.read_bytes())
    except OSError as error:
        raise ReadError(f"corpus: {path.name} can't be read ({error.strerror})") from error


def arrays(file: Path | IO[bytes], *, max_bytes: int) -> dict[str, np.ndarray]:
    """The arrays of an .npz file: numbers and text only, each exactly as large as what is there for it.

    `numpy.load` believes a header that claims a terabyte, and asks for the memory first.

    Raises
    ------
    ReadError : no .npz, damaged, objects (pickles) in it, or more than `max_bytes` unpacked.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
            size = sum(max(member.file_size, member.compress_size) for member in members)  # as claimed
            if size > max_bytes:
                raise ReadError(f"unpacks to {size >> 20} MiB, more than {max_bytes >> 20}")
            if any(member.compress_type not in PACKINGS for member in members):
                raise ReadError("packed in a way that numpy doesn't write")
            return {m.filename.removesuffix(".npy"): _array(archive.read(m)) for m in members}
    except (ReadError, FileNotFoundError):
        raise
    except Exception as error:  # zipfile, zlib and numpy's header raise a dozen kinds
        raise ReadError(f"no sound .npz ({type(error).__name__}: {error})") from error


def _array(data: bytes) -> np.ndarray:
    """The array in the bytes of an .npy file."""
    stream = io.BytesIO(data)
    version = np.lib.format.read_magic(stream)
    read = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}[version]
    shape, is_fortran, dtype = read(stream, max_header_size=1000)  # Python's parser fears deep brackets
    start = stream.tell()
    if dtype.kind not in "biufcSU" or min(shape, default=0) < 0:
        raise ValueError(f"an array of {dtype}, {shape}")
    if math.prod(shape) * dtype.itemsize != len(data) - start:
        raise ValueError(f"{len(data) - start} bytes for {dtype}, {shape}")
    flat = np.frombuffer(data, dtype, offset=start) if len(data) > start else np.empty(0, dtype)
    return flat.reshape(shape, order="F" if is_fortran else "C").copy()


def _fields(score: Score) -> dict[str, Any]:
    return {
        "tracks": [[track.name, track.program, track.is_drum] for track in score.tracks],
        "beats_per_bar": score.beats_per_bar,
        "pickup": score.pickup,
        "tempo": score.tempo,
        "key": score.key,
        "title": score.title,
        "source": score.source,
    }


def _score(fields: dict[str, Any], notes: np.ndarray) -> Score:
    tracks = tuple(Track(*track) for track in fields.pop("tracks"))
    key = fields.pop("key")
    return Score(notes=notes, tracks=tracks, key=(key[0], key[1]) if key else None, **fields)

"""Keep Scores in one file that loads fast: numpy columns and JSON in an .npz, never a pickle.

Comes in: Scores. Goes out: bytes, or a file that is either whole or absent. The corpus cache and
the answers of the worker processes use the same form.
"""

from __future__ import annotations

import io
import json
import os
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from musicgan_edu.score import NOTE, ReadError, Score, Track

__all__ = ["load", "pack", "save", "unpack"]


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
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            header = json.loads(arrays["json"].tobytes())
            counts = arrays["n_notes"]
            notes = np.empty(int(counts.sum()), dtype=NOTE)
            for name in NOTE.names or ():
                notes[name] = arrays[name]
        parts = np.split(notes, np.cumsum(counts)[:-1]) if len(counts) else []
        scores = [_score(fields, part) for fields, part in zip(header["scores"], parts, strict=True)]
        return scores, dict(header["about"])
    except Exception as error:  # a damaged file can fail anywhere between zip and Score
        raise ReadError(f"corpus: damaged store ({type(error).__name__}: {error})") from error


def save(path: Path, scores: Sequence[Score], about: dict[str, Any]) -> None:
    """Write the file in one move: whoever reads meanwhile sees the old file or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}.part")
    try:
        scratch.write_bytes(pack(scores, about))
        os.replace(scratch, path)
    finally:
        scratch.unlink(missing_ok=True)


def load(path: Path) -> tuple[list[Score], dict[str, Any]]:
    """What `save` wrote; ReadError where the file is missing or damaged."""
    try:
        return unpack(path.read_bytes())
    except OSError as error:
        raise ReadError(f"corpus: {path.name} can't be read ({error.strerror})") from error


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

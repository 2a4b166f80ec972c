"""A checkpoint's files: numbers and text, nothing that executes, each replaced as a whole."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from musicgan_edu.corpus import store
from musicgan_edu.corpus.store import write_whole
from musicgan_edu.sampling.draw import Weights
from musicgan_edu.score import CheckpointError, ReadError

__all__ = ["FORMAT", "read_arrays", "write", "write_arrays", "write_card", "write_whole"]

FORMAT = 1
MAX_BYTES = 256 * 2**20  # a checkpoint that unpacks to more is not one of ours


def read_arrays(path: Path) -> dict[str, np.ndarray]:
    """The arrays of an .npz file; never a pickle, never more than 256 MiB.

    Raises
    ------
    CheckpointError : naming the file and the cause. FileNotFoundError : there is none.
    """
    try:
        return store.arrays(path, max_bytes=MAX_BYTES)
    except ReadError as error:
        raise CheckpointError(f"sampling: {path}: {error}") from error


def write(folder: Path, weights: Weights, card: Mapping[str, Any], *, dtype: str = "float32") -> None:
    """Weights and card into a folder, each file replaced as a whole: a crash leaves the old or the new."""
    write_arrays(folder / "weights.npz", {key: value.astype(dtype) for key, value in weights.items()})
    write_card(folder, card)


def write_card(folder: Path, card: Mapping[str, Any]) -> None:
    """`card.json` in a checkpoint's folder, replaced as a whole."""
    text = json.dumps({"format": FORMAT, **card}, indent=2, ensure_ascii=False)
    write_whole(folder / "card.json", text.encode(errors="backslashreplace") + b"\n")


def write_arrays(path: Path, arrays: Mapping[str, np.ndarray], *, compress: bool = True) -> None:
    """An .npz file, replaced as a whole."""
    buffer = io.BytesIO()
    (np.savez_compressed if compress else np.savez)(buffer, allow_pickle=False, **dict(arrays))
    write_whole(path, buffer.getvalue())

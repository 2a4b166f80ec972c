"""Files that no honest program wrote: honest ones, and what is done to them.

Comes in: a kind of file and a number. Goes out: its name and its bytes (for a folder: of each file in it), the
same for the same number. `soak.py` hands them to the readers.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import soak_seeds
from mutations_of_bytes import AUDIO, GENERIC, MIDI, NPZ, Change, choice, keras_evil, npz_member
from mutations_of_text import ABC, JSON, KRN, MXL, TEXT, XML, zip_members
from soak_seeds import Files

__all__ = ["KINDS", "mutant", "write"]


def mutant(kind: str, number: int) -> Files:
    """File `number` of a kind; every fortieth is a seed as it is, so that accepting is tested too."""
    rng = np.random.default_rng([zlib.crc32(kind.encode()), number])
    seeds, changes = KINDS[kind]
    files = dict(choice(seeds(), rng))
    if number % 40 == 0:
        return files
    name = choice(list(files), rng)
    changes = changes[name] if isinstance(changes, dict) else changes
    for _ in range(int(rng.choice([1, 1, 1, 2, 3]))):
        longest = (
            2 * len(files[name]) + 1500 if kind in ("abc", "krn") else 4 << 20
        )  # music21's time grows with it
        files[name] = choice(changes, rng)(files[name], rng)[:longest]
    return files


KINDS: dict[str, tuple[Callable[[], list[Files]], list[Change] | dict[str, list[Change]]]] = {
    "midi": (soak_seeds.midi_seeds, MIDI),
    "musicxml": (soak_seeds.xml_seeds, XML),
    "mxl": (soak_seeds.mxl_seeds, MXL),
    "abc": (soak_seeds.abc_seeds, ABC),
    "krn": (soak_seeds.krn_seeds, KRN),
    "audio": (soak_seeds.audio_seeds, AUDIO),
    "npz": (soak_seeds.npz_seeds, NPZ),
    "keras": (soak_seeds.keras_seeds, {"a.keras": [*GENERIC, keras_evil, npz_member()], "a.weights.h5": GENERIC, "weights.npz": [*GENERIC, keras_evil], "card.json": JSON}),
    "run": (soak_seeds.run_seeds, {"card.json": JSON, "weights.npz": NPZ, "state.npz": NPZ, "log.csv": TEXT}),
    "json": (soak_seeds.json_seeds, {"work.zip": [*GENERIC, zip_members, zip_members], **dict.fromkeys(("musicgan_progress.json", "listening.jsonl", "card.json", ".musicgan_lessons.json"), JSON)}),
}  # fmt: skip


def write(files: Files, folder: Path) -> Path:
    """Into a folder; the path of the first."""
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return folder / next(iter(files))

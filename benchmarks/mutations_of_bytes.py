"""What is done to files of bytes: MIDI, audio, .npz and what Keras writes.

Comes in: a file's bytes and a generator of chance. Goes out: other bytes.
"""

from __future__ import annotations

import json
import pickle
import re
import struct
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from soak_seeds import packed, unpacked

Rng = np.random.Generator
Change = Callable[[bytes, Rng], bytes]

CANARY = (
    f"{tempfile.gettempdir()}/musicgan_canary"  # what executed code, or a path that climbs out, would leave
)


def choice(options: Sequence[Any], rng: Rng) -> Any:
    return options[int(rng.integers(len(options)))]


# ---- bytes ----------------------------------------------------------------------------------------


def flip(data: bytes, rng: Rng) -> bytes:
    found = bytearray(data)
    for at in rng.integers(0, max(1, len(found)), int(rng.integers(1, 17))):
        if at < len(found):
            found[at] ^= 1 << int(rng.integers(8))
    return bytes(found)


def span(data: bytes, rng: Rng, longest: int = 4096) -> tuple[int, int]:
    start = int(rng.integers(len(data) + 1))
    return start, min(len(data), start + int(rng.integers(1, longest)))


def truncate(data: bytes, rng: Rng) -> bytes:
    return data[: int(rng.integers(len(data) + 1))]


def delete(data: bytes, rng: Rng) -> bytes:
    a, b = span(data, rng, 200)
    return data[:a] + data[b:]


def duplicate(data: bytes, rng: Rng) -> bytes:
    a, b = span(data, rng)
    return data[:b] + data[a:b] * int(rng.choice([1, 2, 10, 100])) + data[b:]


def insert(data: bytes, rng: Rng) -> bytes:
    a, _ = span(data, rng)
    return data[:a] + rng.bytes(int(rng.integers(1, 64))) + data[a:]


def extreme(data: bytes, rng: Rng) -> bytes:
    """A field of one to eight bytes set to an end of its range."""
    size = int(rng.choice([1, 2, 3, 4, 8]))
    value = choice([b"\0" * size, b"\xff" * size, b"\x7f" + b"\xff" * (size - 1), b"\x80" + b"\0" * (size - 1),
                    b"\0" * (size - 1) + b"\1"], rng)  # fmt: skip
    at = int(rng.integers(max(1, len(data) - size)))
    at = min(at, int(rng.integers(1, 200))) if rng.random() < 0.5 else at  # headers more often
    return data[:at] + value + data[at + size :]


GENERIC: list[Change] = [flip, truncate, delete, duplicate, insert, extreme]


# ---- MIDI -----------------------------------------------------------------------------------------


def in_midi(*at: int) -> Change:
    """A field of the header at an end of its range."""

    def change(data: bytes, rng: Rng) -> bytes:
        value = choice([0, 1, 2, 3, 0x7FFF, 0x8000, 0xFFFF, 0xE728], rng)
        return data[: at[0]] + struct.pack(">H", value) + data[at[0] + 2 :]

    return change


def chunks(data: bytes) -> list[int]:
    return [found.start() for found in re.finditer(b"MTrk", data)]


def midi_length(data: bytes, rng: Rng) -> bytes:
    at = choice(chunks(data) or [4], rng) + 4
    return data[:at] + struct.pack(">I", choice([0, 1, 2**16, 2**31, 2**32 - 1], rng)) + data[at + 4 :]


def midi_insert(*events: bytes) -> Change:
    """Events at a track's start, its length put right."""

    def change(data: bytes, rng: Rng) -> bytes:
        starts = chunks(data)
        if not starts:
            return data
        at = choice(starts, rng)
        (length,) = struct.unpack(">I", data[at + 4 : at + 8].ljust(4, b"\0"))
        new = choice(events, rng) * int(rng.choice([1, 1, 2, 50, 2000]))
        head = struct.pack(">I", min(2**32 - 1, length + len(new)))
        return data[: at + 4] + head + new + data[at + 8 :]

    return change


def midi_times(data: bytes, rng: Rng) -> bytes:
    """Each of some bytes replaced by the longest gap that MIDI can write."""
    found = bytearray(data)
    for at in rng.integers(22, max(23, len(found)), int(rng.integers(1, 40))):
        found[at : at + 1] = choice([b"\xff\xff\xff\x7f", b"\x8f\xff\x7f", b"\x80\x80\x00"], rng)
    return bytes(found)


def midi_tracks(data: bytes, rng: Rng) -> bytes:
    """The tracks many times over, as the header says or not."""
    n = int(rng.choice([2, 16, 300, 3000]))
    body = (data[14:] * n)[: 1 << 20]
    count = choice([min(65535, n), 65535, 1], rng)
    return data[:10] + struct.pack(">H", count) + data[12:14] + body


TEMPOS = midi_insert(
    b"\0\xff\x51\x03\0\0\0", b"\0\xff\x51\x03\0\0\1", b"\0\xff\x51\x03\xff\xff\xff", b"\1\xff\x51\x03\0\0\0",
    b"\x83\x60\xff\x51\x03\0\1\0", b"\0\xff\x51\x02\0\0",
)  # fmt: skip
METRES = midi_insert(
    *(b"\0\xff\x58\x04" + bytes(each) for each in ((0, 0, 0, 0), (255, 0, 24, 8), (1, 255, 24, 8), (0, 2, 24, 8),
      (4, 30, 0, 0), (255, 255, 255, 255))),
    b"\1\xff\x58\x04\5\2\x18\x08\1\xff\x58\x04\4\2\x18\x08", b"\0\xff\x59\x02\x7f\x02", b"\0\xff\x59\x02\x80\xff",
)  # fmt: skip
ODD = midi_insert(
    b"\0\x90\x3c\x40", b"\0\x90\x3c\x40\x83\x60\x80\x3c\x40", b"\0\xf0\xff\xff\xff\x7f", b"\0\xf0\x05abc\xf7", b"\0\xf7\0",
    b"\0\xff\x03\xff\xff\xff\x7f", b"\0\xff\x2f\0", b"\0\xc0\x7f\0\xc9\x05", b"\0\x3c\x40", b"\0\xff\x03\x09<b>\x1b[2J\r\n",
    b"\0\xb0\x7b\0\0\xe0\x7f\x7f", b"\0\xfe", b"\0\xff\x54\x05\x60\x3b\x3b\x1d\x63", b"\0\x9f\x7f\x01\xff\xff\xff\x7f\x8f\x7f\0",
)  # fmt: skip
MIDI = [
    *GENERIC,
    in_midi(8),
    in_midi(10),
    in_midi(12),
    midi_length,
    midi_times,
    midi_tracks,
    TEMPOS,
    METRES,
    ODD,
]


# ---- numbers in files: audio, .npz, checkpoints ---------------------------------------------------


def wav_sizes(data: bytes, rng: Rng) -> bytes:
    """RIFF's sizes, channels, rate and width at the ends of their ranges."""
    at, form = choice([(4, "<I"), (16, "<I"), (20, "<H"), (22, "<H"), (24, "<I"), (28, "<I"), (32, "<H"), (34, "<H"), (40, "<I")], rng)  # fmt: skip
    value = choice([0, 1, 3, 0x7FFF, 0xFFFE, 2**31 - 1, 2**32 - 1], rng) & (
        0xFFFF if form == "<H" else 0xFFFFFFFF
    )
    return data[:at] + struct.pack(form, value) + data[at + struct.calcsize(form) :]


def wav_floats(data: bytes, rng: Rng) -> bytes:
    """Samples that are no numbers."""
    body = np.full(200, choice([np.nan, np.inf, -np.inf, 1e38], rng), np.float32).tobytes()
    return data[:44] + body + data[44 + len(body) :]


AUDIO = [*GENERIC, wav_sizes, wav_sizes, wav_floats]


class Evil:
    def __reduce__(self) -> tuple:
        return open, (CANARY, "w")


def npy(descr: str, shape: str, body: bytes = b"", order: str = "False") -> bytes:
    head = f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}\n".encode()
    return b"\x93NUMPY\1\0" + struct.pack("<H", len(head)) + head + body


def npz_member(*members: bytes) -> Change:
    """One array of the archive replaced by another."""

    def change(data: bytes, rng: Rng) -> bytes:
        files = unpacked(data)
        if not files:
            return data
        name = choice(list(files), rng)
        files[name] = choice(members, rng) if members else choice(GENERIC, rng)(files[name], rng)
        if rng.random() < 0.2:
            files[choice(["../../climbed.npy", f"{CANARY}.npy", "x.txt", "json.npy"], rng)] = files[name]
        return packed(files, choice([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED], rng))

    return change


HOSTILE = npz_member(
    npy("'|O'", "(1,)", pickle.dumps(np.array([Evil()], object))), npy("'<f8'", "(1000000000000,)"), npy("'<f8'", "(-1,)"),
    npy("'<f4'", "(1073741824, 4)"), npy("'<f8'", "()"), npy("[('a', '|O')]", "(1,)", pickle.dumps(Evil())), npy("'<U1000000000'", "(3,)"),
    npy("'<f8'", "(" + "1," * 70 + ")"), npy("__import__('os').system('touch " + CANARY + "')", "(1,)"), npy("'<f8'", "(2**40,)"),
    npy("'<f4'", "(2,)", struct.pack("<2f", np.nan, np.inf)), npy("'<M8[s]'", "(1,)", b"\0" * 8), npy("'<f8'", "(0, 99999999999)"),
    npy("'|b1'", "(3,)", b"\7\7\7"), npy("'<c16'", "(1,)", b"\0" * 16), npy("'" + "(" * 3000 + "'", "(1,)"), pickle.dumps(Evil()), b"",
    npy("'|V500000000'", "(9,)"),
)  # fmt: skip
NPZ = [*GENERIC, npz_member(), npz_member(), HOSTILE, HOSTILE]


def keras_evil(data: bytes, rng: Rng) -> bytes:
    """A .keras file whose model has a Lambda layer that would run code."""
    layer = {"module": "keras.layers", "class_name": "Lambda", "config": {"name": "l", "function": {
        "class_name": "__lambda__", "config": {"code": "YwAA", "defaults": None, "closure": None}}}}  # fmt: skip
    config = {"module": "keras", "class_name": "Sequential", "config": {"name": "s", "layers": [layer]}}
    return packed(
        {
            "metadata.json": b'{"keras_version": "3.12.0"}',
            "config.json": json.dumps(config).encode(),
            "model.weights.h5": data[:2000],
        }
    )

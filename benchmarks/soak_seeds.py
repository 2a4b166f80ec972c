"""Honest files of every kind that is read, made here from music21's corpus: what `mutants.py` starts from.

Comes in: nothing. Goes out: for each kind a list of files, or of folders of files, as name → bytes.
"""

from __future__ import annotations

import functools
import io
import json
import wave
import zipfile

import numpy as np

from musicgan_edu import corpus, playback, sampling
from musicgan_edu.score import Score

Files = dict[str, bytes]  # name → contents; the first is what is read


def unpacked(data: bytes) -> dict[str, bytes]:
    """The members of a zip archive; none of what a change before has made unreadable."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return {name: archive.read(name) for name in archive.namelist()}
    except Exception:
        return {}


def packed(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    found = io.BytesIO()
    with zipfile.ZipFile(found, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name), data, method)  # of 1980: the same bytes every day
    return found.getvalue()


def container(path: str) -> bytes:
    return f'<?xml version="1.0"?><container><rootfiles><rootfile full-path="{path}"/></rootfiles></container>'.encode()


@functools.cache
def pieces() -> list[Score]:
    """Short pieces of several kinds."""
    chorales = corpus.load("chorales", progress=False)
    tunes = corpus.load("ryansMammoth", progress=False)
    return [s.cut(s.pickup, s.pickup + 8) for s in chorales[:60:6]] + [s.cut(0, 12) for s in tunes[:200:25]]


@functools.cache
def midi_seeds() -> list[Files]:
    return [{"a.mid": playback.to_midi(piece)} for piece in pieces()]


@functools.cache
def chorales() -> list[bytes]:
    """The three smallest as music21 has them: other programs' MusicXML, packed."""
    paths = sorted(
        corpus.folder_of("chorales").glob("*.mxl"), key=lambda path: (path.stat().st_size, path.name)
    )
    return [path.read_bytes() for path in paths[:3]]


@functools.cache
def xml_seeds() -> list[Files]:
    found = [playback.to_musicxml(piece.cut(0, 4)).encode() for piece in pieces()[::2]]
    for data in chorales():
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            found.append(max((archive.read(name) for name in archive.namelist()), key=len))
    return [{"a.musicxml": data} for data in found]


@functools.cache
def mxl_seeds() -> list[Files]:
    files = (
        {"META-INF/container.xml": container("score.xml"), "score.xml": f["a.musicxml"]} for f in xml_seeds()
    )
    return [{"a.mxl": data} for data in (*map(packed, files), *chorales())]


@functools.cache
def abc_seeds() -> list[Files]:
    books = sorted(corpus.folder_of("ryansMammoth").glob("*.abc"))[:600:40]
    tunes = [book.read_bytes().split(b"\n") for book in books]
    return [
        {"a.abc": b"\n".join(rows[: next(i for i, row in enumerate(rows) if row.startswith(b"K:")) + 4])}
        for rows in tunes
    ]


@functools.cache
def krn_seeds() -> list[Files]:
    found = []
    for path in sorted(corpus.folder_of("palestrina").glob("*.krn"))[:60:10]:
        rows = path.read_text(encoding="utf-8", errors="replace").split("\n")
        body = next(i for i, row in enumerate(rows) if row.startswith("="))
        n_spines = rows[body].count("\t") + 1
        found.append({"a.krn": "\n".join([*rows[: body + 25], "\t".join(["*-"] * n_spines), ""]).encode()})
    return found


@functools.cache
def audio_seeds() -> list[Files]:
    import soundfile

    rng = np.random.default_rng(0)
    found = []
    sound = (0.3 * np.sin(np.arange(4000) / 9) + 0.01 * rng.normal(size=4000)).astype(np.float32)
    for suffix, kind in (("wav", "PCM_16"), ("wav", "PCM_24"), ("wav", "FLOAT"), ("wav", "MS_ADPCM"), ("flac", "PCM_16"), ("ogg", "VORBIS"), ("wav", "PCM_U8")):  # fmt: skip
        for both in (sound, np.stack([sound, sound[::-1]], axis=1)):
            data = io.BytesIO()
            soundfile.write(data, both, 22_050, format=suffix.upper(), subtype=kind)
            found.append({f"a.{suffix}": data.getvalue()})
    for rate in (22_050, 44_100):  # the last warms the resampling up
        plain = io.BytesIO()
        with wave.open(plain, "wb") as file:
            file.setparams((1, 2, rate, 0, "NONE", ""))
            file.writeframes((sound * 30_000).astype("<i2").tobytes())
        found.append({"a.wav": plain.getvalue()})
    return found


@functools.cache
def npz_seeds() -> list[Files]:
    """A checkpoint's weights (small), the corpus' cache, an index."""
    weights = io.BytesIO()
    np.savez_compressed(weights, **{"a/kernel": np.ones((3, 4), np.float32), "bias": np.zeros(5, np.int16)})
    index = io.BytesIO()
    about = {"format": 1, "keys": ["a", "b"], "titles": ["A", "B"], "labels": ["", "x"]}
    columns = {"counts.values": np.ones((2, 3), np.int8), **{f"counts.{n}": np.ones(3, np.float32) for n in ("step", "mean", "deviation")}}  # fmt: skip
    np.savez(index, json=np.frombuffer(json.dumps(about).encode(), np.uint8), **columns)
    cache = corpus.store.pack(pieces()[:2], {"stamp": "", "rejected": [], "ignored": [], "splits": {}})
    return [{"arrays.npz": weights.getvalue()}, {"index.npz": index.getvalue()}, {"store.npz": cache}]


@functools.cache
def run_seeds() -> list[Files]:
    """A run's folder: a small generator that was never trained, its card, state and log."""
    folder = sampling.CHECKPOINTS / "melodies"
    files = {name: (folder / name).read_bytes() for name in ("card.json", "weights.npz")}
    state = io.BytesIO()
    np.savez(state, **{str(i): np.ones(3, np.float32) for i in range(3)})
    return [{**files, "state.npz": state.getvalue(), "log.csv": b"step,d_loss\n1,0.5\n"}]


@functools.cache
def keras_seeds() -> list[Files]:
    import h5py

    weights = io.BytesIO()
    with h5py.File(weights, "w") as file:
        file.create_group("layers/dense/vars")["0"] = np.ones((3, 4), np.float32)
    h5 = weights.getvalue()
    model = packed({"metadata.json": b"{}", "config.json": b"{}", "model.weights.h5": h5})
    card = (sampling.CHECKPOINTS / "melodies" / "card.json").read_bytes()
    return [{"a.keras": model}, {"a.weights.h5": h5}, {"weights.npz": model, "card.json": card}, {"weights.npz": h5, "card.json": card}]  # fmt: skip


@functools.cache
def json_seeds() -> list[Files]:
    progress = json.dumps(
        {"version": 1, "passed": {"01.to_step": "2026-01-02", "02.loss": "2026-01-03"}}
    ).encode()
    trials = [["abc", True, False], ["def", False, False]]
    sitting = {
        "format": 1,
        "series": "s",
        "listener": "l",
        "day": "2026-01-02",
        "model": "m",
        "trials": trials,
    }
    listening = b"\n".join([json.dumps(sitting).encode()] * 2) + b"\n"
    notebook = json.dumps({"cells": [{"cell_type": "code", "source": "1", "outputs": [], "execution_count": 1, "metadata": {}}], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode()  # fmt: skip
    work = packed({"musicgan_progress.json": progress, "lessons/00_make_sound.ipynb": notebook})
    return [{"musicgan_progress.json": progress}, {"listening.jsonl": listening}, {"card.json": run_seeds()[0]["card.json"]}, {"work.zip": work},
            {".musicgan_lessons.json": b'{"00_make_sound.ipynb": "abc"}'}]  # fmt: skip

"""Hostile files: what fuzzing found (`make soak`), kept; and a small soak of its own."""

import io
import json
import struct
import subprocess
import sys
import threading
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest
import soundfile

from musicgan_edu import audio, checks, corpus, lab, sampling
from musicgan_edu.corpus import guards, notation, store
from musicgan_edu.score import CheckpointError, ReadError
from tests.test_corpus import outcome


def npz(members, method=zipfile.ZIP_DEFLATED):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return data.getvalue()


def npy(descr, shape, body=b""):
    head = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    return b"\x93NUMPY\1\0" + struct.pack("<H", len(head)) + head + body


# ---- arrays ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "cause"),
    [
        (b"", "no sound .npz (BadZipFile"),
        (npz({"a.npy": npy("'<f8'", "(1000000000000,)")}), "0 bytes for float64, (1000000000000,)"),
        (npz({"a.npy": npy("'|V500000000'", "(9,)")}), "an array of |V500000000, (9,)"),
        (npz({"a.npy": npy("'|O'", "(1,)", b"cos\nsystem\n")}), "an array of object, (1,)"),
        (npz({"a.npy": npy("'<f8'", "(-1,)")}), "an array of float64, (-1,)"),
        (npz({"a.npy": npy("'<U1000000000'", "(3,)")}), "not a valid dtype"),
        (npz({"a.npy": npy("(" * 3000, "(1,)")}), "Header info length"),
        (npz({"a.npy": npy("'<f8'", "(1,)", b"\0" * 8)}, zipfile.ZIP_LZMA), "a way that numpy doesn't write"),
        (npz({"a.npy": b"\x80\x04K\x01."}), "magic string"),
    ],
    ids=lambda value: value[:30] if isinstance(value, str) else "",
)
def test_arrays_are_as_large_as_their_bytes(tmp_path, data, cause):
    path = tmp_path / "a.npz"
    path.write_bytes(data)
    with pytest.raises(CheckpointError) as error:
        sampling.read_arrays(path)
    assert cause in str(error.value)
    assert str(path) in str(error.value)


def test_a_member_that_claims_gigabytes_of_packed_bytes_is_refused(tmp_path):
    data = npz({"a.npy": npy("'<f8'", "(1,)", b"\0" * 8)})
    at = data.rfind(b"PK\1\2")
    path = tmp_path / "a.npz"
    path.write_bytes(data[: at + 20] + b"\xff\xff\xff\xff" + data[at + 24 :])
    with pytest.raises(CheckpointError, match="unpacks to 4095 MiB, more than 256"):
        sampling.read_arrays(path)


def test_arrays_come_back_in_every_form(tmp_path):
    rng = np.random.default_rng(0)
    given = {
        "f": np.asfortranarray(rng.normal(size=(3, 4))), "empty": np.zeros((0, 3), np.int8), "one": np.array(2.5),
        "text": np.array(["a", "bc"]), "bits": np.array([True, False]), "half": np.ones(3, np.float16),
    }  # fmt: skip
    np.savez(tmp_path / "a.npz", **given)
    found = sampling.read_arrays(tmp_path / "a.npz")
    assert found.keys() == given.keys()
    for name, array in given.items():
        assert found[name].dtype == array.dtype
        assert np.array_equal(found[name], array)
        assert found[name].flags.writeable


def test_a_store_whose_counts_lie_is_damaged():
    arrays = dict(np.load(io.BytesIO(store.pack([], {})), allow_pickle=False))
    data = io.BytesIO()
    np.savez(data, **arrays | {"n_notes": np.array([2**40])})
    with pytest.raises(ReadError, match="0 notes, not 1099511627776"):
        store.unpack(data.getvalue())


def test_what_keras_writes_is_not_read(tmp_path):
    for name in ("model.keras", "model.weights.h5"):
        (tmp_path / name).write_bytes(npz({"config.json": b"{}"}))
        with pytest.raises(CheckpointError, match=f"{name} is a serialised Keras object.* isn't read"):
            sampling.load(tmp_path / name)


# ---- written music --------------------------------------------------------------------------------

TUNE = "X:1\nT:a\nM:4/4\nL:1/8\nK:C\nCDEF|\n"


@pytest.mark.parametrize(
    ("suffix", "text", "cause"),
    [
        ("abc", TUNE.replace("4/4", "-2147483648/4"), "no metre: '-2147483648/4'"),
        ("abc", TUNE.replace("CDEF", "CD[M:0/4]EF"), "no metre: '0/4'"),
        ("abc", TUNE.replace("1/8", "65536/8"), "no length or tempo: '65536/8'"),
        ("abc", TUNE.replace("1/8", "800/8"), "a note of a length that no music has"),
        ("abc", TUNE.replace("CD", "C99999D"), "a note of a length that no music has"),
        ("abc", TUNE.replace("CD", "C" + "/" * 40), "a note of a length that no music has"),
        ("abc", TUNE.replace("CDEF", "C9999" * 20), "longer than 50000 beats"),
        ("krn", "**kern\n*M65536/2\n4c\n*-\n", "no metre: '65536/2'"),
        ("krn", "**kern\n*M4/NaN\n4c\n*-\n", "no metre: '4/NaN'"),
        ("krn", "**kern\n*M4/4\n1%9007199c\n*-\n", "a note of a length that no music has: '1%9007199c'"),
    ],
)
def test_metres_and_lengths_that_no_music_has(tmp_path, suffix, text, cause):
    (tmp_path / f"a.{suffix}").write_text(text)
    assert str(outcome(tmp_path / f"a.{suffix}")).startswith(f"a.{suffix}: {cause}")


METRE = "<a>\n<attributes><time><beats>{}</beats><beat-type>{}</beat-type></time></attributes></a>"


@pytest.mark.parametrize(
    "pack", [str.encode, lambda text: text.encode("utf-16"), lambda text: npz({"a.xml": text})]
)
@pytest.mark.parametrize("metre", [("9007199254740993", "4"), ("3+129", "4"), ("4", "0")])
def test_metres_that_no_music_has_in_musicxml(tmp_path, pack, metre):
    data = pack(METRE.format(*metre))
    path = tmp_path / ("a.mxl" if data.startswith(b"PK") else "a.xml")
    path.write_bytes(data)
    assert str(outcome(path)).startswith(f"{path.name}: no metre: '")


@pytest.mark.parametrize("text", ["<a>" * 101, "<r>" + "<a/>" * 500_000])
def test_elements_that_would_fill_the_memory(tmp_path, text):
    """32 kB that unpack to 32 MB of <a> took 1.6 GB of expat."""
    (tmp_path / "a.mxl").write_bytes(npz({"a.xml": text}))
    assert outcome(tmp_path / "a.mxl") == "a.mxl: more than 500000 elements, or 100 in one another"


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # music21 leaves files open
def test_a_length_without_a_number_is_the_parser_s_to_refuse(tmp_path):
    (tmp_path / "a.abc").write_text(TUNE.replace("1/8", ""))
    assert "not readable as abc (no quarter length" in str(outcome(tmp_path / "a.abc"))


def test_the_guards_let_the_whole_corpus_pass():
    for name in ("ryansMammoth", "oneills1850", "palestrina"):
        for path in corpus.folder_of(name).iterdir():
            check = {".abc": guards.check_abc, ".krn": guards.check_humdrum}.get(path.suffix)
            assert check is None or check(path) > 0
    for path in sorted(corpus.folder_of("bach").glob("*.mxl"))[::20]:
        assert guards.check_archive(path) > 0


def test_a_packed_score_in_lzma_is_refused(tmp_path):
    (tmp_path / "a.mxl").write_bytes(npz({"a.xml": b"<a/>"}, zipfile.ZIP_LZMA))
    assert outcome(tmp_path / "a.mxl") == "a.mxl: not packed as MusicXML is"


def test_a_parser_that_does_not_end_is_ended(tmp_path, monkeypatch):
    from music21 import converter

    def endless(*_, **__):
        while True:
            try:
                time.sleep(0)
            except Exception:  # parsers catch what they can
                continue

    monkeypatch.setattr(converter.Converter, "parseFile", endless)
    monkeypatch.setattr(notation, "_PATIENCE", 0.3)
    (tmp_path / "a.krn").write_text("**kern\n4c\n*-\n")
    said = []
    thread = threading.Thread(target=lambda: said.append(outcome(tmp_path / "a.krn")))  # a signal wouldn't do
    thread.start()
    thread.join(30)
    assert said == ["a.krn: music21 takes too long over so little humdrum: damaged?"]


def test_a_slur_over_a_triplet_ends_with_it(tmp_path, monkeypatch):
    """ABC 1181 of the soak: each of 62 such slurs took in every later note."""
    from music21 import spanner

    taken = []
    monkeypatch.setattr(spanner.Spanner, "addSpannedElements", lambda *_: taken.append(1))
    (tmp_path / "a.abc").write_text(TUNE.replace("T:a", "T:a ((1)") + "((3efg)CD|\n" * 9)
    assert [(score.title, score.n_notes) for score in outcome(tmp_path / "a.abc")] == [("a ((1)", 4 + 9 * 5)]
    assert not taken


def test_patience_is_four_seconds_and_grows_with_books_only(tmp_path, monkeypatch):
    given = []
    monkeypatch.setattr(guards, "within", lambda seconds, _: given.append(round(seconds)) or [])
    for n_bytes in (100, 6_000, 60_000):
        (tmp_path / "a.abc").write_text("X:1\n" * (n_bytes // 4))
        notation.read_tunes(tmp_path / "a.abc")
    assert given == [4, 4, 40]


def endless():
    while True:
        sum(range(1000))


def test_a_deadline_leaves_nothing_behind():
    for _ in range(3):
        with pytest.raises(guards.TooLong):
            guards.within(0.1, endless)
    assert guards.within(60, lambda: "read") == "read"
    assert sum(range(10_000_000)) > 0  # nothing comes late
    assert threading.active_count() < 20


# ---- recordings and notes of progress -------------------------------------------------------------


def test_a_recording_is_read_by_the_block(tmp_path, monkeypatch):
    monkeypatch.setattr(audio, "_BLOCK", 1000)
    rng = np.random.default_rng(0)
    both = rng.uniform(-0.5, 0.5, (5000, 3)).astype(np.float32)
    soundfile.write(tmp_path / "a.wav", both, 22_050, subtype="FLOAT")
    samples, _ = audio.load_recording(tmp_path / "a.wav")
    assert np.allclose(samples, both.mean(axis=1), atol=1e-6)


def test_deeply_nested_notes_count_as_none(tmp_path, monkeypatch):
    deep = '{"passed":' + "[" * 100_000
    (tmp_path / "progress.json").write_text(deep)
    monkeypatch.setenv("MUSICGAN_PROGRESS", str(tmp_path / "progress.json"))
    assert checks.passed() == {}
    (tmp_path / ".musicgan_lessons.json").write_text(deep)
    lab.put_lessons(tmp_path)
    assert json.loads((tmp_path / ".musicgan_lessons.json").read_text())


# ---- a small soak ---------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="limits and audit as on Linux")
def test_a_small_soak(tmp_path):
    soak = Path(__file__).parents[1] / "benchmarks" / "soak.py"
    readers = [word for name in ("midi", "mxl", "npz", "json") for word in ("--reader", name)]
    line = [sys.executable, soak, *readers, "--count", "60", "--log", tmp_path / "log.jsonl"]
    run = subprocess.run(line, capture_output=True, text=True, check=False, timeout=300)
    assert run.returncode == 0, run.stdout + run.stderr
    rows = [json.loads(row) for row in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [(row["files"], row["failed"]) for row in rows] == [(60, 0)] * 4
    assert all(row["accepted"] > 2 and row["refused"] > 10 for row in rows)

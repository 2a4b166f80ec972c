"""One file that carries a learner's work: what goes in comes out, and nothing else gets in."""

import io
import json
import shutil
import struct
import warnings
import zipfile

import numpy as np
import pytest

from musicgan_edu import checks, lab, sampling
from musicgan_edu.lab import travel
from musicgan_edu.score import MusicganError

LESSON = "00_make_sound.ipynb"
PASSES = {"00.tone": "2026-11-01", "07.train_step": "2026-11-20"}


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A learner's folder: two passes, one changed lesson, one executed but unchanged, a trained run."""
    home = tmp_path / "mine"
    lab.put_lessons(home)
    monkeypatch.setenv("MUSICGAN_PROGRESS", str(home / "musicgan_progress.json"))
    checks.restore(PASSES)
    change(home / LESSON, "my answer")
    run_cells(home / "01_encode_music.ipynb")
    shutil.copytree(
        sampling.files.__file__.rsplit("sampling", 1)[0] + "checkpoints/melodies", home / "my_run"
    )
    return home


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """Another machine, freshly set up; what is passed counts there from now on."""

    def begin():
        folder = tmp_path / "elsewhere"
        lab.put_lessons(folder)
        monkeypatch.setenv("MUSICGAN_PROGRESS", str(folder / "musicgan_progress.json"))
        return folder

    return begin


def change(path, words):
    notebook = json.loads(path.read_text())
    notebook["cells"][2]["source"] = words
    path.write_text(json.dumps(notebook))


def run_cells(path):
    notebook = json.loads(path.read_text())
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = (
                [{"output_type": "stream", "name": "stdout", "text": "3"}],
                1,
            )
    path.write_text(json.dumps(notebook))


def sources(path):
    return ["".join(cell["source"]) for cell in json.loads(path.read_text())["cells"]]


def listing(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def test_what_goes_in_comes_out(home, elsewhere):
    packed = lab.export_progress(run=home / "my_run", folder=home)
    assert packed == lab.Travelled(2, (LESSON,), str(home / "my_run"), "musicgan_work.zip")
    with zipfile.ZipFile(home / packed.file) as archive:
        assert set(archive.namelist()) == {
            "musicgan_progress.json", f"lessons/{LESSON}", "run/card.json", "run/weights.npz"
        }  # fmt: skip
    folder = elsewhere()
    arrived = lab.import_progress(home / packed.file, folder=folder)
    assert arrived == lab.Travelled(2, (LESSON,), "imported_run", "musicgan_work.zip")
    assert checks.passed() == PASSES
    assert sources(folder / LESSON)[2] == "my answer"
    theirs, ours = (
        sampling.load(path).sample(2, seed=4) for path in (home / "my_run", folder / "imported_run")
    )
    assert all(np.array_equal(a.notes, b.notes) for a, b in zip(theirs, ours, strict=True))
    assert not [name for name in listing(folder) if name.startswith(".import") or name.endswith(".part")]
    assert str(arrived).splitlines() == [
        "musicgan_work.zip: 2 exercises passed",
        "  lessons of yours: 1",
        f"    {LESSON}",
        "  a trained run: imported_run",
    ]


def test_nothing_that_is_there_is_written_over(home, elsewhere):
    file = home / lab.export_progress(run=home / "my_run", folder=home).file
    again = lab.export_progress(folder=home)
    assert again.file == "musicgan_work_2.zip"
    folder = elsewhere()
    checks.restore({"00.tone": "2026-10-01", "01.to_step": "2026-10-02"})
    change(folder / LESSON, "another answer")
    (folder / "imported_run").mkdir()
    before = listing(folder)
    arrived = lab.import_progress(file, folder=folder)
    assert arrived == lab.Travelled(1, ("00_make_sound.imported.ipynb",), "imported_run_2", file.name)
    assert sources(folder / LESSON)[2] == "another answer"
    assert sources(folder / arrived.lessons[0])[2] == "my answer"
    assert checks.passed() == {
        "00.tone": "2026-10-01", "01.to_step": "2026-10-02", "07.train_step": "2026-11-20"
    }  # fmt: skip
    after = listing(folder)
    assert {name for name in before if after[name] != before[name]} == {"musicgan_progress.json"}
    assert lab.import_progress(file, folder=folder).n_passed == 0  # a second time nothing is new


def test_outputs_stay_behind_in_both_directions(home, elsewhere):
    run_cells(home / LESSON)
    file = home / lab.export_progress(folder=home).file
    notebook = json.loads(zipfile.ZipFile(file).read(f"lessons/{LESSON}"))
    assert all(not cell["outputs"] for cell in notebook["cells"] if cell["cell_type"] == "code")
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"] = [
                {"output_type": "display_data", "data": {"text/html": "<script>"}, "metadata": {}}
            ]
    hostile = packed(home, {f"lessons/{LESSON}": json.dumps(notebook)})
    folder = elsewhere()
    lab.import_progress(hostile, folder=folder)
    assert "<script>" not in (folder / LESSON).read_text()


def test_all_that_a_resumed_training_reads_travels(home, elsewhere, tmp_path):
    (home / "my_run" / "log.csv").write_text("step,seconds\n")
    sampling.write_arrays(home / "my_run" / "state.npz", {"0": np.arange(5.0)})
    file = home / lab.export_progress(run=home / "my_run", folder=home).file
    folder = elsewhere()
    lab.import_progress(file, folder=folder)
    for name in travel.RUN:
        assert (folder / "imported_run" / name).read_bytes() == (home / "my_run" / name).read_bytes()


def test_what_cannot_be_packed_is_named(home, tmp_path):
    with pytest.raises(MusicganError, match=r"lab: .*nowhere holds no trained run"):
        lab.export_progress(run=tmp_path / "nowhere", folder=home)
    with pytest.raises(MusicganError, match=r"lab: can't write .*no_folder"):
        lab.export_progress("no_folder/work.zip", folder=home)
    assert not list(home.glob("*.zip"))


def test_what_could_not_be_brought_back_is_not_packed(home, monkeypatch):
    monkeypatch.setattr(travel, "MAX_BYTES", 100_000)
    with pytest.raises(MusicganError, match="no more than 0 MiB could be brought back: leave the run out"):
        lab.export_progress(run=home / "my_run", folder=home)
    lab.export_progress(folder=home)


def test_a_full_disk_leaves_no_half_file(home, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(zipfile.ZipFile, "writestr", full)
    with pytest.raises(MusicganError, match=r"can't write .*No space left"):
        lab.export_progress(folder=home)
    assert not [name for name in listing(home) if "musicgan_work" in name]


def packed(home, members, *, mode=None, method=zipfile.ZIP_DEFLATED):
    """A zip file of these members, (name → text or bytes), or of (name, data) pairs."""
    path = home / "hostile.zip"
    with warnings.catch_warnings(), zipfile.ZipFile(path, "w", method) as archive:
        warnings.simplefilter("ignore")  # a doubled name
        for name, data in members.items() if isinstance(members, dict) else members:
            info = zipfile.ZipInfo(name)
            info.compress_type = method
            if mode:
                info.external_attr = mode << 16
            archive.writestr(info, data)
    return path


def npz(**arrays):
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def passes(**passed):
    return json.dumps({"version": 1, "passed": passed})


HOSTILE = {
    "climbs out": ({"../evil.py": "import os"}, r"holds '\.\./evil\.py', which export_progress doesn't write"),
    "absolute": ({"/tmp/evil": ""}, "holds '/tmp/evil'"),
    "climbs inside a known name": ({"run/../../evil": ""}, "which export_progress doesn't write"),
    "backslashes": ({"..\\evil": ""}, "which export_progress doesn't write"),
    "a lesson that isn't ours": ({"lessons/99_do_harm.ipynb": "{}"}, "99_do_harm"),
    "a folder": ({"run/": ""}, "holds 'run/'"),
    "a module": ({"run/__init__.py": "1/0"}, "which export_progress doesn't write"),
    "twice": ([("musicgan_progress.json", passes()), ("musicgan_progress.json", passes())], "holds a name twice"),
    "passes in pairs": ({"musicgan_progress.json": '{"passed": [[1, "2026-11-01"]]}'}, "damaged musicgan_progress.json"),
    "passes that are none": ({"musicgan_progress.json": "[]"}, "damaged musicgan_progress.json"),
    "passes too deep": ({"musicgan_progress.json": "[" * 100_000}, "damaged musicgan_progress.json"),
    "a pass with a name from nowhere": (
        {"musicgan_progress.json": json.dumps({"passed": {"<img src=x>": "2026-11-01"}})}, "which is no exercise"),
    "a day that is none": ({"musicgan_progress.json": json.dumps({"passed": {"00.tone": 3}})}, "which is no exercise"),
    "a lesson that is no notebook": ({f"lessons/{LESSON}": "[1]"}, "is no notebook"),
    "a lesson that can't be written": (
        {f"lessons/{LESSON}": '{"cells": [{"cell_type": "raw", "source": "\\ud800"}]}'}, "is no notebook"),
    "a run without weights": ({"run/card.json": "{}"}, "holds no trained run"),
    "a pickle for weights": (
        {"run/card.json": "{}", "run/weights.npz": npz(x=np.array([print], dtype=object))}, "holds no trained run"),
    "weights that are no zip": ({"run/card.json": "{}", "run/weights.npz": b"\x80\x04"}, "holds no trained run"),
}  # fmt: skip


@pytest.mark.parametrize("what", list(HOSTILE))
def test_a_hostile_file_is_refused_by_name_and_leaves_no_trace(what, home, elsewhere):
    members, words = HOSTILE[what]
    file = packed(home, members)
    folder = elsewhere()
    before = listing(folder.parent)
    with pytest.raises(MusicganError, match=words) as caught:
        lab.import_progress(file, folder=folder)
    assert "hostile.zip" in str(caught.value)
    assert listing(folder.parent) == before


def test_a_bomb_is_refused_before_it_goes_off(home, elsewhere, monkeypatch):
    monkeypatch.setattr(travel, "MAX_BYTES", 2**20)
    file = packed(home, {"run/log.csv": b"0" * 2**22})
    assert file.stat().st_size < 2**15
    with pytest.raises(MusicganError, match="unpacks to 4 MiB, more than 1"):
        lab.import_progress(file, folder=elsewhere())


def test_a_size_that_lies_gives_an_error_not_memory(home, elsewhere):
    """The directory claims one byte of four million: no more than it claims is unpacked."""
    file = packed(home, {"run/log.csv": b"0" * 2**22})
    data = bytearray(file.read_bytes())
    place = data.rfind(b"PK\x01\x02") + 24
    assert struct.unpack_from("<I", data, place) == (2**22,)
    struct.pack_into("<I", data, place, 1)
    file.write_bytes(data)
    with pytest.raises(MusicganError, match=r"hostile\.zip can't be read"):
        lab.import_progress(file, folder=elsewhere())


def test_a_link_in_the_file_becomes_no_link(home, elsewhere):
    file = packed(home, {"musicgan_progress.json": "/etc/passwd"}, mode=0o120777)
    with pytest.raises(MusicganError, match="damaged"):
        lab.import_progress(file, folder=elsewhere())


def test_a_link_in_the_folders_place_is_not_followed(home, elsewhere, tmp_path):
    file = home / lab.export_progress(run=home / "my_run", folder=home).file
    folder = elsewhere()
    (tmp_path / "secret").mkdir()
    (folder / "imported_run").symlink_to(tmp_path / "secret")
    assert lab.import_progress(file, folder=folder).run == "imported_run_2"
    assert not list((tmp_path / "secret").iterdir())


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"no zip at all", b"PK\x05\x06" + bytes(17)])
def test_a_damaged_file_is_named(data, tmp_path, elsewhere):
    (tmp_path / "work.zip").write_bytes(data)
    with pytest.raises(MusicganError, match=r"lab: .*work\.zip can't be read"):
        lab.import_progress(tmp_path / "work.zip", folder=elsewhere())


def test_every_cut_of_a_good_file_is_refused_or_whole(home, elsewhere):
    file = home / lab.export_progress(folder=home).file
    data, folder = file.read_bytes(), elsewhere()
    for length in range(0, len(data) - 1, 997):
        (home / "cut.zip").write_bytes(data[:length])
        with pytest.raises(MusicganError, match=r"cut\.zip"):
            lab.import_progress(home / "cut.zip", folder=folder)
    assert checks.passed() == {}


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_flipped_bytes_give_our_error_or_what_was_packed(method, home, elsewhere):
    with zipfile.ZipFile(home / lab.export_progress(folder=home).file) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    data, folder, rng = (
        packed(home, members, method=method).read_bytes(),
        elsewhere(),
        np.random.default_rng(7),
    )
    said = []
    for place in rng.integers(len(data), size=150):
        damaged = bytearray(data)
        damaged[place] ^= 1 << rng.integers(8)
        (home / "damaged.zip").write_bytes(damaged)
        try:
            lab.import_progress(home / "damaged.zip", folder=folder)
        except MusicganError as error:
            said.append(str(error))
    assert len(said) > 100
    assert all("damaged.zip" in reason for reason in said)
    assert checks.passed().items() <= PASSES.items()


def test_a_missing_file_is_named(tmp_path, elsewhere):
    with pytest.raises(MusicganError, match=r"work\.zip can't be opened: No such file"):
        lab.import_progress(tmp_path / "work.zip", folder=elsewhere())


def test_an_encrypted_member_is_refused(home, elsewhere):
    file = packed(home, {"run/log.csv": b"step\n"}, method=zipfile.ZIP_STORED)
    data = bytearray(file.read_bytes())
    data[6] |= 1
    data[data.rfind(b"PK\x01\x02") + 8] |= 1
    file.write_bytes(data)
    with pytest.raises(MusicganError, match=r"hostile\.zip can't be read"):
        lab.import_progress(file, folder=elsewhere())


def test_progress_counts_by_lesson_and_names_what_is_open(home):
    mine = lab.progress()
    rows = str(mine).splitlines()
    assert rows[0].endswith("1 of 3   open: seconds_of, frequency")
    assert rows[-1].startswith("2 of ")
    assert mine.counts()["00 · Setup and first sound"] == (1, 3)
    assert sum(total for _, total in mine.counts().values()) == len(checks.names())

"""A learner's folder: lessons arrive, and what the learner changed stays."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from musicgan_edu import lab
from musicgan_edu.score import MusicganError

FIRST, SECOND, SOLVED = "00_make_sound.ipynb", "01_encode_music.ipynb", "solutions/00_make_sound.ipynb"


@pytest.fixture
def shipped(tmp_path):
    """Two lessons and a solution, as a wheel would carry them."""
    folder = tmp_path / "shipped"
    (folder / "solutions").mkdir(parents=True)
    for name in (FIRST, SECOND, SOLVED):
        (folder / name).write_text(f"{name} v1")
    return folder


@pytest.fixture
def mine(tmp_path):
    return tmp_path / "my lessons é"


def contents(folder):
    found = {p.relative_to(folder).as_posix(): p.read_text() for p in folder.rglob("*.ipynb")}
    return dict(sorted(found.items()))


def test_a_new_folder_gets_every_lesson(shipped, mine):
    placed = lab.put_lessons(mine, shipped=shipped)
    assert placed == lab.Placed(written=(FIRST, SECOND, SOLVED), kept=(), beside=())
    assert contents(mine) == contents(shipped)
    assert str(placed) == "2 lessons written, 0 left as they were"  # and a solution


SERVER = """
import os, signal, sys, time
def stop(*_):
    time.sleep(0.6)  # JupyterLab asks first
    print("stopped", flush=True)
    sys.exit(3)
signal.signal(signal.{name}, stop)
print("ready", flush=True)
time.sleep(30)
"""


@pytest.mark.skipif(os.name == "nt", reason="signals as POSIX has them")
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_jupyterlab_is_neither_killed_in_its_question_nor_left_behind(name):
    code = f"from musicgan_edu import lab; lab.command = lambda *_, **__: {[sys.executable, '-c', SERVER.format(name=name)]}"
    code += "; raise SystemExit(lab.open_lab(None))"
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "start_new_session": True}
    with subprocess.Popen([sys.executable, "-c", code], **options) as ours:
        assert ours.stdout.readline() == "ready\n"
        if name == "SIGINT":
            os.killpg(ours.pid, signal.SIGINT)  # what a terminal does at Ctrl-C: both hear it
        else:
            ours.terminate()
        assert ours.communicate(timeout=20) == ("stopped\n", "")
    assert ours.returncode == 3


def test_pages_are_put_down_beside_the_lessons(shipped, mine):
    for name in ("start.ipynb", "primer_music_theory.ipynb", "Untitled.ipynb"):
        (shipped / name).write_text(name)
    placed = lab.put_lessons(mine, shipped=shipped)
    assert placed.written == (FIRST, SECOND, "primer_music_theory.ipynb", SOLVED, "start.ipynb")
    assert str(placed).startswith("2 lessons written")  # a page is none
    assert f"--LabApp.default_url=/lab/tree/{FIRST}" in lab.command(mine)


def test_a_second_time_nothing_happens(shipped, mine):
    lab.put_lessons(mine, shipped=shipped)
    (mine / FIRST).write_text("my answers")
    before = {p: p.stat().st_mtime_ns for p in mine.rglob("*.ipynb")}
    placed = lab.put_lessons(mine, shipped=shipped)
    assert placed == lab.Placed(written=(), kept=(FIRST, SECOND, SOLVED), beside=())
    assert {p: p.stat().st_mtime_ns for p in mine.rglob("*.ipynb")} == before


def test_an_upgrade_replaces_untouched_lessons_and_lands_beside_changed_ones(shipped, mine):
    lab.put_lessons(mine, shipped=shipped)
    (mine / FIRST).write_text("my answers")
    for name in (FIRST, SECOND):
        (shipped / name).write_text(f"{name} v2")
    placed = lab.put_lessons(mine, shipped=shipped)
    assert placed == lab.Placed(written=(SECOND,), kept=(SOLVED,), beside=("00_make_sound.new.ipynb",))
    assert "newer version beside yours: 00_make_sound.new.ipynb" in str(placed)
    assert contents(mine) == {
        "00_make_sound.ipynb": "my answers",
        "00_make_sound.new.ipynb": f"{FIRST} v2",
        "01_encode_music.ipynb": f"{SECOND} v2",
        "solutions/00_make_sound.ipynb": f"{SOLVED} v1",
    }
    assert lab.put_lessons(mine, shipped=shipped).beside == ()  # offered once


def test_a_second_upgrade_takes_the_next_free_name(shipped, mine):
    lab.put_lessons(mine, shipped=shipped)
    (mine / FIRST).write_text("my answers")
    for version, beside in ((2, "00_make_sound.new.ipynb"), (3, "00_make_sound.new2.ipynb")):
        (shipped / FIRST).write_text(f"v{version}")
        assert lab.put_lessons(mine, shipped=shipped).beside == (beside,)
    assert (mine / FIRST).read_text() == "my answers"
    assert (mine / "00_make_sound.new.ipynb").read_text() == "v2"


def test_a_deleted_lesson_comes_back(shipped, mine):
    lab.put_lessons(mine, shipped=shipped)
    (mine / FIRST).unlink()
    assert lab.put_lessons(mine, shipped=shipped).written == (FIRST,)


@pytest.mark.parametrize("note", [None, "", "{", "[1]", "\x00"])
def test_without_a_note_nothing_of_the_learners_is_replaced(shipped, mine, note):
    mine.mkdir()
    (mine / FIRST).write_text("not from the course")
    (mine / SECOND).write_text(f"{SECOND} v1")
    if note is not None:
        (mine / lab.MANIFEST).write_text(note)
    placed = lab.put_lessons(mine, shipped=shipped)
    assert placed.beside == ("00_make_sound.new.ipynb",)
    assert placed.kept == (SECOND,)
    assert (mine / FIRST).read_text() == "not from the course"
    assert sorted(json.loads((mine / lab.MANIFEST).read_text())) == [FIRST, SECOND, SOLVED]


def test_nothing_half_written_stays(shipped, mine):
    lab.put_lessons(mine, shipped=shipped)
    assert not list(mine.rglob("*.part"))


def test_a_file_in_the_folders_place_is_named(shipped, tmp_path):
    (tmp_path / "taken").write_text("")
    with pytest.raises(MusicganError, match=r"lab: can't put lessons into .*taken"):
        lab.put_lessons(tmp_path / "taken", shipped=shipped)


def test_the_shipped_lessons_are_not_a_learners_folder(shipped):
    with pytest.raises(MusicganError, match="choose another folder"):
        lab.put_lessons(shipped, shipped=shipped)


def test_the_shipped_lessons_are_found():
    assert (lab.lessons_folder() / FIRST).is_file()
    assert (lab.lessons_folder() / "solutions" / FIRST).is_file()


def test_jupyterlab_asks_the_network_nothing_unless_told_to(monkeypatch):
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", "/theirs")
    assert lab.environment()["MALLOC_ARENA_MAX"] == "2"
    theirs, ours = lab.environment()["JUPYTER_CONFIG_PATH"].split(os.pathsep)
    assert theirs == "/theirs"
    settings = json.loads((Path(ours) / "labconfig" / "default_setting_overrides.json").read_text())
    assert settings["@jupyterlab/apputils-extension:notification"]["fetchNews"] == "false"


def test_the_command_opens_the_first_lesson(shipped, mine, monkeypatch):
    lab.put_lessons(mine, shipped=shipped)
    line = lab.command(mine, port=8899, browser=False)
    assert line[:3] == [sys.executable, "-m", "jupyterlab"]
    assert f"--ServerApp.root_dir={mine.resolve()}" in line
    assert f"--LabApp.default_url=/lab/tree/{FIRST}" in line
    assert line[line.index("--port=8899") + 1] == "--no-browser"
    monkeypatch.setattr(os, "geteuid", lambda: 1000, raising=False)
    assert "--allow-root" not in lab.command(mine)
    monkeypatch.setattr(os, "geteuid", lambda: 0, raising=False)
    assert lab.command(mine)[-1] == "--allow-root"


def test_a_lesson_begins_with_the_machine_and_a_seeded_generator(capsys):
    first, second = lab.begin("07", seconds=61.4), lab.begin("07", seconds=61.4)
    assert first.integers(1000) == second.integers(1000)
    said = capsys.readouterr().out
    assert "Lesson 07" in said
    assert "cores" in said
    assert "about 61 seconds on two cores" in said


def test_a_broken_part_turns_its_own_light_only(monkeypatch):
    def broken():
        raise RuntimeError("no <b>sound</b>")

    monkeypatch.setattr(lab, "TESTS", {"Sound": broken, "Python": lab._test_python})
    sound, python = lab.self_test()
    assert (sound.status, sound.text) == ("problem", "RuntimeError: no <b>sound</b>")
    assert str(sound) == "✘ problem Sound: RuntimeError: no <b>sound</b>"
    assert python.status == "ok"


def test_little_memory_is_noted(monkeypatch):
    monkeypatch.setattr(lab, "memory_gb", lambda: 1.2)
    assert lab._test_memory() == ("note", "1.2 GB is little: close other notebooks before you open the next")
    monkeypatch.setattr(lab, "memory_gb", lambda: None)
    assert lab._test_memory()[0] == "note"


def test_a_missing_library_is_named(monkeypatch):
    monkeypatch.setattr(lab, "_has", lambda name: name not in ("verovio", "tensorflow-cpu"))
    status, text = lab._test_packages()
    assert status == "problem"
    assert "pip install verovio" in text
    monkeypatch.setattr(lab, "_has", lambda name: "tensorflow" not in name)
    assert lab._test_packages() == ("problem", "TensorFlow is missing: pip install tensorflow")


def test_the_cache_light_says_where_and_whether(monkeypatch, tmp_path):
    from musicgan_edu import corpus

    monkeypatch.setattr(corpus, "cache_folder", lambda: tmp_path / "corpora")
    assert lab._test_cache()[0] == "note"
    (tmp_path / "corpora" / "chorales.npz").touch()
    assert lab._test_cache() == ("ok", f"the chorales are in {tmp_path / 'corpora'}")


def test_this_machine_passes_the_self_test():
    assert {light.name: light.text for light in lab.self_test() if light.status == "problem"} == {}


def test_lights_are_escaped_words_beside_colours_and_can_be_lit_again():
    from musicgan_edu.widgets.lights import Lights

    runs = []

    def test():
        runs.append(1)
        yield lab.Light("Sound", "problem", "<script>")

    lights = Lights(test)
    assert "(problem): &lt;script&gt;" in lights.children[1].value
    lights.children[0].click()
    assert len(runs) == 2
    assert len(lights.children) == 2

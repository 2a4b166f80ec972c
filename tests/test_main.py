"""The command `musicgan`: parsing, exit codes, one-line errors."""

import dataclasses
import json
import os
import shutil
import subprocess
import sys

import pytest

from musicgan_edu import __main__ as command
from musicgan_edu import __version__, lab, sampling
from musicgan_edu.score import ReadError


def test_every_command_has_a_summary_and_an_example_of_itself(capsys):
    assert {"lab", "import"} <= command.COMMANDS.keys()
    for name, entry in command.COMMANDS.items():
        with pytest.raises(SystemExit) as stop:
            command.main([name, "--help"])
        assert stop.value.code == 0
        said = " ".join(capsys.readouterr().out.split())
        assert f"example: musicgan {name}" in said
        assert entry.summary[:40] in said


def test_help_names_every_command(capsys):
    with pytest.raises(SystemExit):
        command.main(["--help"])
    said = capsys.readouterr().out
    assert all(name in said for name in command.COMMANDS)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("", "the following arguments are required: COMMAND"),
        ("play", "invalid choice: 'play'"),
        ("lab --port many", "argument --port: invalid int value: 'many'"),
        ("lab --port 99999", "argument --port: must be 0 to 65535, got 99999"),
        ("import", "the following arguments are required: FOLDER"),
        ("compose --count 0 --out x", "argument --count: must be 1 to 100000, got 0"),
        ("compose --seed -1 --out x", "argument --seed: must be 0 to 4294967295, got -1"),
        ("train --minutes nan --out x", "argument --minutes: must be 0.01 to 100000, got nan"),
        ("train --minutes inf --out x", "argument --minutes: must be 0.01 to 100000, got inf"),
        ("train --steps -5 --out x", "argument --steps: must be 1 to 1000000000, got -5"),
        ("train --steps 5 --minutes 1 --out x", "not allowed with argument"),
        ("train --steps 5 --snapshots 3,x --out x", "must be steps or shares, such as 0,100,0.5; got '3,x'"),
        ("train --steps 5 --snapshots 3,1.5 --out x", "a share must be 0.0 to 1.0, got 1.5"),
        ("train --steps 5 --snapshots=-1 --out x", "a share must be 0.0 to 1.0, got -1.0"),
        ("train --out x", "one of the arguments --minutes --steps is required"),
    ],
)
def test_wrong_arguments_are_one_line_and_exit_code_2(arguments, message, capsys):
    with pytest.raises(SystemExit) as stop:
        command.main(arguments.split())
    assert stop.value.code == 2
    said = capsys.readouterr().err
    assert said.startswith("musicgan")
    assert message in said
    assert said.count("\n") == 1


def test_compose_writes_the_same_bytes_again_and_over_nothing(tmp_path, capsys):
    for folder in ("a", "b"):
        line = ["compose", "--count", "2", "--seed", "5", "--out", str(tmp_path / folder)]
        assert command.main(line) == 0
    for name in ("0000.mid", "0001.mid"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    before = (tmp_path / "a" / "0001.mid").stat().st_mtime_ns
    (tmp_path / "a" / "0000.mid").unlink()
    assert command.main(["compose", "--count", "2", "--out", str(tmp_path / "a")]) == 2
    assert "0001.mid is there already: choose another folder" in capsys.readouterr().err
    assert (tmp_path / "a" / "0001.mid").stat().st_mtime_ns == before
    assert not (tmp_path / "a" / "0000.mid").exists()


def test_evaluate_overwrites_nothing(tmp_path, capsys):
    (tmp_path / "mine.json").write_text("mine")
    assert command.main(["evaluate", "chorales", "--out", str(tmp_path / "mine.json")]) == 2
    assert "mine.json is there already: choose another file" in capsys.readouterr().err
    assert (tmp_path / "mine.json").read_text() == "mine"


def test_only_models_of_the_same_music_compare(monkeypatch, capsys):
    ours = sampling.load("chorales")
    training = ours.card["training"] | {"corpus": "palestrina"}
    other = dataclasses.replace(ours, card=ours.card | {"training": training})
    monkeypatch.setattr(sampling, "load", {"chorales": ours, "mine": other}.get)
    assert command.main(["evaluate", "chorales", "--against", "mine"]) == 2
    said = capsys.readouterr().err
    assert "only models of the same music compare, got chorales: chorales" in said
    assert "mine: palestrina" in said
    assert said.count("\n") == 1


@pytest.mark.slow
def test_two_models_on_the_same_real_windows(tmp_path, capsys):
    run, out = tmp_path / "run", tmp_path / "both.json"
    shutil.copytree(sampling.CHECKPOINTS / "chorales", run)
    line = [
        "evaluate",
        "chorales",
        "--against",
        str(run),
        "--count",
        "300",
        "--out",
        str(out),
        "--split",
        "test",
    ]
    assert command.main(line) == 0
    said = capsys.readouterr().out
    assert f"| measure | real | chorales | {run} |" in said
    found = json.loads(out.read_text())
    assert found.keys() == {"chorales", str(run), "paired"}
    assert "difference" in found["paired"]
    assert found["chorales"]["measures"]["notes in key"] == found[str(run)]["measures"]["notes in key"]
    assert "test split, C2ST" in (run / "tests.log").read_text()  # noted for a run


def test_a_terminal_that_cannot_show_a_path_gets_it_escaped(tmp_path):
    line = [sys.executable, "-m", "musicgan_edu", "compose", "--count", "1", "--out", str(tmp_path / "空")]
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(line, capture_output=True, text=True, check=True, env=environment)
    assert r"1 pieces in" in done.stdout
    assert r"\u7a7a" in done.stdout


def test_lab_puts_lessons_and_opens_them(tmp_path, monkeypatch, capsys):
    opened = []
    monkeypatch.setattr(lab, "open_lab", lambda folder, **options: opened.append((folder, options)) or 0)
    assert command.main(["lab", str(tmp_path / "mine"), "--no-browser", "--port", "8899"]) == 0
    assert opened == [(tmp_path / "mine", {"port": 8899, "browser": False})]
    assert (tmp_path / "mine" / "00_make_sound.ipynb").is_file()
    assert "lessons written" in capsys.readouterr().out


def test_lab_copy_only_opens_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(lab, "open_lab", None)
    assert command.main(["lab", str(tmp_path), "--copy-only"]) == 0


def test_what_cannot_be_done_is_one_line_and_exit_code_2(tmp_path, capsys):
    (tmp_path / "taken").write_text("")
    assert command.main(["lab", str(tmp_path / "taken")]) == 2
    said = capsys.readouterr().err
    assert said.startswith("musicgan: lab: can't put lessons into")
    assert said.count("\n") == 1
    assert command.main(["import", str(tmp_path / "nowhere")]) == 2
    assert "nowhere" in capsys.readouterr().err


def test_an_error_of_many_lines_becomes_one(monkeypatch, capsys):
    def fail(folder):
        raise ReadError("a.mid: no notes\n  and no end")

    monkeypatch.setattr(lab, "put_lessons", fail)
    assert command.main(["lab"]) == 2
    assert capsys.readouterr().err == "musicgan: a.mid: no notes and no end\n"


def test_an_interruption_is_no_traceback(monkeypatch, capsys):
    def interrupted(folder):
        raise KeyboardInterrupt

    monkeypatch.setattr(lab, "put_lessons", interrupted)
    assert command.main(["lab"]) == 130
    assert capsys.readouterr().err == "musicgan: stopped\n"


def test_import_prints_the_report(tmp_path, capsys):
    (tmp_path / "broken.mid").write_bytes(b"MThd")
    assert command.main(["import", str(tmp_path)]) == 0
    assert "broken.mid" in capsys.readouterr().out


def test_it_runs_as_a_module_and_knows_its_version():
    line = [sys.executable, "-m", "musicgan_edu", "--version"]
    done = subprocess.run(line, capture_output=True, text=True, check=True)
    assert done.stdout == f"musicgan_edu {__version__}\n"

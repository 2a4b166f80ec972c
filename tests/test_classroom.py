"""The folder for a classroom without a network."""

import os
import subprocess
import sys

import pytest
from packaging.requirements import Requirement

from musicgan_edu.score import MusicganError
from musicgan_edu.teaching import classroom


def names(target):
    return {Requirement(pin).name.lower() for pin in classroom.pins(classroom.TARGETS[target][0])}


def test_each_kind_of_machine_gets_what_it_needs():
    assert "tensorflow-cpu" in names("windows")
    assert "tensorflow" not in names("windows")
    assert "tensorflow" in names("macos")
    assert "colorama" in names("windows") - names("linux")
    for target in classroom.TARGETS:
        assert {"jupyterlab", "music21", "keras", "numpy"} <= names(target)
        assert not {"pytest", "ruff", "mypy", "nbgrader"} & names(target)


def test_versions_are_those_that_are_installed_here():
    pins = set(classroom.pins({}))
    assert all("==" in pin for pin in pins)
    import numpy

    assert f"numpy=={numpy.__version__}" in pins


def test_the_folder_gets_its_files_and_pip_the_right_orders(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(classroom, "_pip", lambda *line: asked.append(line))
    classroom.make_classroom(tmp_path / "stick", target="windows")
    assert asked[0][:3] == ("wheel", "--no-deps", "--no-build-isolation")
    assert all("win_amd64" in line and "--only-binary=:all:" in line for line in asked[1:])
    batch = (tmp_path / "stick" / "install.bat").read_bytes()
    assert batch.count(b"\r\n") == batch.count(b"\n")
    assert b"@PYTHON@" not in batch
    assert f"py -{sys.version_info.major}.{sys.version_info.minor} ".encode() in batch
    with pytest.raises(MusicganError, match="is there already"):
        classroom.make_classroom(tmp_path / "stick")


@pytest.mark.skipif(os.name == "nt", reason="a script for sh")
def test_the_installer_asks_no_network_and_says_which_python_it_wants(tmp_path, monkeypatch):
    monkeypatch.setattr(classroom, "_pip", lambda *line: None)
    classroom.make_classroom(tmp_path / "stick folder")
    script = tmp_path / "stick folder" / "install.sh"
    assert subprocess.run(["sh", "-n", script], check=False).returncode == 0
    assert "--no-index" in script.read_text()
    wrong = script.read_text().replace(f"{sys.version_info.major}.{sys.version_info.minor}", "3.99")
    script.write_text(wrong)
    done = subprocess.run(["sh", script, tmp_path / "target"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "These wheels are for Python 3.99" in done.stderr
    assert not (tmp_path / "target").exists()

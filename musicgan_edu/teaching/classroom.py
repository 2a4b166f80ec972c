"""A folder, for a USB stick say, that installs the course on machines without a network.

Comes in: a folder, a kind of machine. Goes out: `wheels/` with this package and all that it needs, in the versions
installed here; installers for sh and for Windows; README.txt. Filling it needs a network, installing doesn't.
"""

from __future__ import annotations

import importlib.metadata
import platform
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from packaging.requirements import Requirement

from musicgan_edu.teaching.assignments import TeachingError

__all__ = ["TARGETS", "make_classroom", "pins"]

_PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
#: Kind of machine → what requirements ask of it, and the tags of its wheels (none: this machine's own).
TARGETS: dict[str, tuple[dict[str, str], tuple[str, ...]]] = {
    "here": ({}, ()),
    "windows": (
        {"sys_platform": "win32", "os_name": "nt", "platform_system": "Windows", "platform_machine": "AMD64"},
        ("win_amd64",),
    ),
    "linux": (
        {
            "sys_platform": "linux",
            "os_name": "posix",
            "platform_system": "Linux",
            "platform_machine": "x86_64",
        },
        ("manylinux_2_28_x86_64", "manylinux_2_27_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64"),
    ),
    "macos": (
        {
            "sys_platform": "darwin",
            "os_name": "posix",
            "platform_system": "Darwin",
            "platform_machine": "arm64",
        },
        ("macosx_14_0_arm64", "macosx_12_0_arm64", "macosx_11_0_arm64", "macosx_10_9_universal2"),
    ),
}

_SH = """#!/bin/sh
# Installs musicgan_edu from this folder, without a network: sh install.sh [FOLDER]
set -eu
here=$(cd "$(dirname "$0")" && pwd)
target=${1:-"$HOME/musicgan"}
python=$(command -v python@PYTHON@ || command -v python3)
"$python" -c 'import sys; sys.exit("%d.%d" % sys.version_info[:2] != "@PYTHON@")' || {
  echo "These wheels are for Python @PYTHON@, and $("$python" --version) is what this machine has." >&2; exit 1; }
"$python" -m venv "$target/env"
"$target/env/bin/python" -m pip install --quiet --disable-pip-version-check --no-index --find-links "$here/wheels" musicgan-edu
"$target/env/bin/musicgan" lab "$target/lessons" --copy-only
echo "reading the chorales once, a minute or two"
"$target/env/bin/python" -c "from musicgan_edu import corpus; corpus.load('chorales', progress=False)"
echo "ready: $target/env/bin/musicgan lab $target/lessons"
"""

_BAT = """@echo off
rem Installs musicgan_edu from this folder, without a network: install.bat [FOLDER]   (PowerShell: .\\install.bat)
setlocal
set "TARGET=%~1"
if "%TARGET%"=="" set "TARGET=%USERPROFILE%\\musicgan"
py -@PYTHON@ -m venv "%TARGET%\\env" || goto missing
"%TARGET%\\env\\Scripts\\python" -m pip install --quiet --disable-pip-version-check --no-index --find-links "%~dp0wheels" musicgan-edu || exit /b 1
"%TARGET%\\env\\Scripts\\musicgan" lab "%TARGET%\\lessons" --copy-only || exit /b 1
echo reading the chorales once, a minute or two
"%TARGET%\\env\\Scripts\\python" -c "from musicgan_edu import corpus; corpus.load('chorales', progress=False)" || exit /b 1
echo ready: "%TARGET%\\env\\Scripts\\musicgan" lab "%TARGET%\\lessons"
exit /b 0
:missing
echo These wheels are for Python @PYTHON@: install it from python.org, with the py launcher. 1>&2
exit /b 1
"""

_README = """musicgan_edu without a network, for {what} with Python {python}

Linux, macOS:  sh install.sh            (or: sh install.sh FOLDER)
Windows:       install.bat              (PowerShell: .\\install.bat)

It needs about 3 GB of disk. Nothing is asked of a network, then or later. Some corpora aren't free to copy, so the
stick carries none: each machine reads the chorales once from its own music21 into the user's cache folder, a
minute or two, which the installer does at the end.
"""


def make_classroom(folder: Path, *, target: str = "here", wheel: Path | None = None) -> int:
    """Fill `folder`; its size in bytes.

    Parameters
    ----------
    target : a key of `TARGETS`.
    wheel : this package's; built from the checkout unless given.

    Raises
    ------
    TeachingError : the folder isn't empty, pip can't get a package, or there is nothing to build a wheel of.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise TeachingError(f"classroom: {folder} is there already; choose a new folder")
    checkout = Path(__file__).resolve().parents[2]
    if wheel is None and not (checkout / "pyproject.toml").is_file():
        raise TeachingError("classroom: no checkout to build the wheel from; give one with --wheel")
    wheels = folder / "wheels"
    wheels.mkdir(parents=True)
    _pip("wheel", "--no-deps", "--no-build-isolation", "-w", str(wheels), str(wheel or checkout))
    _fetch(wheels, list(pins(TARGETS[target][0])), TARGETS[target][1])
    for name, text in (("install.sh", _SH), ("install.bat", _BAT.replace("\n", "\r\n"))):
        (folder / name).write_text(text.replace("@PYTHON@", _PYTHON), encoding="utf-8", newline="")
    what = platform.system() if target == "here" else target
    (folder / "README.txt").write_text(_README.format(what=what, python=_PYTHON), encoding="utf-8")
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def pins(environment: dict[str, str]) -> Iterator[str]:
    """Lines "name==version" of all that this package needs on such a machine, as installed here."""
    todo, seen = [Requirement("musicgan-edu")], set()
    while todo:
        wanted = todo.pop()
        if (key := (wanted.name.lower().replace("_", "-"), *sorted(wanted.extras))) in seen:
            continue
        seen.add(key)
        try:
            version, needs = importlib.metadata.version(wanted.name), importlib.metadata.requires(wanted.name)
        except importlib.metadata.PackageNotFoundError:  # another system's, such as colorama
            yield f"{wanted.name}{wanted.specifier}"
            continue
        if key[0] != "musicgan-edu":
            yield f"{wanted.name}=={version}"
        todo += [need for need in map(Requirement, needs or []) if _applies(need, wanted.extras, environment)]


def _applies(need: Requirement, extras: set[str], environment: dict[str, str]) -> bool:
    return need.marker is None or any(
        need.marker.evaluate({**environment, "extra": e}) for e in extras or {""}
    )


def _fetch(wheels: Path, wanted: Sequence[str], tags: Sequence[str]) -> None:
    """Wheels of all; what has none is built here, which works for pure Python only."""
    unique = sorted(set(wanted))
    if not tags:
        _pip("wheel", "--no-deps", "-w", str(wheels), *unique)
        return
    flags = [flag for tag in tags for flag in ("--platform", tag)]
    flags += ["--python-version", _PYTHON, "--only-binary=:all:", "--no-deps", "-d", str(wheels)]
    for name in unique:
        try:
            _pip("download", *flags, name)
        except TeachingError:
            _pip("wheel", "--no-deps", "-w", str(wheels), name)


def _pip(*line: str) -> None:
    command = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", *line]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise TeachingError(f"classroom: pip {line[0]} failed: {done.stderr.strip()[-300:]}")

"""Names that Windows can hold: what is shipped lands there from the wheel, a zip or a clone."""

import json
import os
import re
import subprocess
import sys
from pathlib import PureWindowsPath

import pytest

from musicgan_edu import course

RESERVED = {"CON", "PRN", "AUX", "NUL", *(f"{kind}{n}" for kind in ("COM", "LPT") for n in range(1, 10))}
PLACE = PureWindowsPath(r"C:\Users\a-rather-long-user-name\musicgan\env\Lib\site-packages")


def trouble(name):
    """What Windows has against a relative path; empty if nothing."""
    parts = PureWindowsPath(name).parts
    if any(re.search(r'[<>:"|?*\x00-\x1f]|[. ]$', part) for part in parts):
        return "a character or an end that it forbids"
    if any(part.split(".")[0].upper() in RESERVED for part in parts):
        return "a device's name"
    return "too long" if len(str(PLACE / name)) >= 260 else ""


def test_every_tracked_file_has_a_name_for_windows_and_no_twin_in_other_letters():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=course.ROOT.parent, capture_output=True, text=True)
    names = [name for name in listed.stdout.split("\0") if name]
    if not names:
        pytest.skip("not a clone")
    assert {name: trouble(name) for name in names if trouble(name)} == {}
    assert len({name.lower() for name in names}) == len(names)


@pytest.mark.parametrize("name", ["docs/aux.md", "a:b", "x/con", "end.", "what?.py", "long/" + "x" * 255])
def test_bad_names_are_found(name):
    assert trouble(name)


#: What the commands and functions write while the system lacks what Windows lacks, told as JSON.
WORK = r"""
import dataclasses, json, os, sys, types
from pathlib import Path
import IPython, ipywidgets, jupytext, keras, mido, music21, nbformat, numpy as np, platformdirs, scipy.stats, sklearn.ensemble
import tensorflow, tqdm
home, names, begun = Path(sys.argv[1]), set(), []
for name in ("fcntl", "grp", "pwd", "resource", "termios"):
    sys.modules[name] = None
for name in ("fork", "geteuid", "getuid", "killpg", "mkfifo", "sched_getaffinity", "sysconf"):
    delattr(os, name)
sys.modules["msvcrt"] = types.SimpleNamespace(LK_NBLCK=2, locking=lambda number, mode, count: begun.append("lock"))
sys.platform = "win32"
def watch(event, args):
    if event == "subprocess.Popen":
        begun.append(os.fsdecode(args[0] or args[1][0]))
    writes = event == "open" and (args[2] or 0) & (os.O_WRONLY | os.O_RDWR)
    if (writes and not isinstance(args[0], int)) or event in ("os.mkdir", "os.rename"):
        path = Path(os.fsdecode(args[event == "os.rename"])).absolute()
        if path.is_relative_to(home):
            names.add(path.relative_to(home).as_posix())
sys.addaudithook(watch)
from musicgan_edu import __main__, checks, corpus, lab, playback, sampling, training
from musicgan_edu.encoding import VoiceEncoding
from musicgan_edu.evaluation import listeners
from musicgan_edu.teaching import classroom
classroom._pip = lambda *line: None
lessons, run = home / "lessons", home / "run"
for line in ("lab lessons --copy-only", "course new course --seed 7 --lessons 00", "classroom stick --for windows",
             "compose --count 1 --out pieces"):
    assert not __main__.main(line.split()), line
(lessons / "00_make_sound.ipynb").write_text('{"cells": []}')
manifest = lessons / ".musicgan_lessons.json"
manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"00_make_sound.ipynb": "an older one's"}))
__main__.main(["lab", "lessons", "--copy-only"])
begun.append(lab.command(lessons)[0])
small = dataclasses.replace(training.RECIPES["convolutional"], units=16, width=16, batch_size=8, latent_dim=4)
windows = training.prepare(sampling.load("chorales").sample(40, seed=1), VoiceEncoding())
training.train(small, windows, run, steps=2, seed=3, snapshots=(1,))
checks.restore({"00.tone": "2026-11-01"})
lab.export_progress(folder=home, run=run)
lab.import_progress(home / "musicgan_work.zip", folder=home / "lessons")
corpus.load(home / "pieces", progress=False)
listeners.record([listeners.Trial("a clip", True, False)])
print(json.dumps({"names": sorted(names), "begun": begun}))
"""


@pytest.mark.slow
def test_what_is_written_has_names_for_windows_and_nothing_posix_is_asked_for(tmp_path):
    homes = ("HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "MUSICGAN_PROGRESS")
    env = os.environ | {name: str(tmp_path / name.lower()) for name in homes}
    env |= {
        "PYTHONPATH": str(course.ROOT.parent),
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    done = subprocess.run(
        [sys.executable, "-c", WORK, tmp_path], cwd=tmp_path, env=env, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-2000:]
    told = json.loads(done.stdout.splitlines()[-1])
    assert {name: trouble(name) for name in told["names"] if trouble(name)} == {}
    assert len({name.lower() for name in told["names"]}) == len(told["names"])
    assert set(told["begun"]) == {sys.executable, "lock"}
    wanted = (
        "lessons/00_make_sound.new.ipynb stick/install.bat pieces/0000.mid run/snapshots/000001/weights.npz"
    )
    assert set(wanted.split()) <= set(told["names"])

"""Kill −9 at the dangerous moments, a disk that takes no more: what is resumed is the undisturbed run, bit for bit.

`benchmarks/kill.py` does it fifty times at random moments, and with a disk that is really full.
"""

import dataclasses
import os
import signal
import subprocess
import sys

import numpy as np
import pytest

from musicgan_edu import baselines, corpus, sampling, training
from musicgan_edu.encoding import VoiceEncoding
from musicgan_edu.score import TrainingError

pytestmark = pytest.mark.slow

SMALL = {"units": 16, "width": 16, "batch_size": 8, "latent_dim": 4}
RECIPE = dataclasses.replace(training.RECIPES["convolutional"], **SMALL)
CALL = {"steps": 4, "seed": 3, "snapshots": (0, 2, 0.75)}
#: A process that ends itself by force at the n-th time that a file of this name gets, or has just got, its place.
KILLED = """
import dataclasses, os, signal, sys
from collections import Counter
from pathlib import Path
import numpy as np
folder, name, n, when = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4]
from tests.test_crash import CALL, RECIPE
from musicgan_edu import training
replace, seen = os.replace, Counter()
def kill():
    os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))
def watched(a, b):
    here = Path(b).relative_to(folder).as_posix()
    seen[here] += 1
    if (here, seen[here], when) == (name, n, "half"):
        os.truncate(a, os.path.getsize(a) // 2)
        kill()
    replace(a, b)
    if (here, seen[here]) == (name, n):
        kill()
os.replace = watched
training.run.CHECKPOINT_SECONDS = 0
training.train(RECIPE, np.load(sys.argv[5]), folder, **CALL)
"""


@pytest.fixture(scope="module")
def windows():
    return training.prepare(corpus.load("chorales", split="validation", progress=False), VoiceEncoding())


@pytest.fixture(scope="module")
def whole(windows, tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    training.train(RECIPE, windows, folder, **CALL)
    return outcome(folder)


def outcome(folder):
    """All that the next step would depend on, and all that is kept."""
    state = sampling.read_arrays(folder / "state.npz")
    found = {key: value for key, value in state.items() if key != "progress"}
    found["step"] = state["progress"][:1]
    for step, path in {"run": folder, **sampling.snapshots(folder)}.items():
        found |= {f"{step} {key}": value for key, value in sampling.load(path).weights.items()}
    return found


def assert_same(a, b):
    assert a.keys() == b.keys()
    assert [key for key in a if not np.array_equal(a[key], b[key])] == []


MOMENTS = [
    ("card.json", 1, "after"),  # a card, and nothing else
    ("state.npz", 2, "half"),
    ("state.npz", 2, "after"),  # a state that is ahead of its weights
    ("snapshots/000002/weights.npz", 1, "half"),
    ("snapshots/000003/card.json", 1, "after"),  # a snapshot whose checkpoint hasn't come
]


@pytest.mark.parametrize("moment", MOMENTS, ids=lambda moment: " ".join(map(str, moment)))
def test_killed_at_a_dangerous_moment_it_goes_on_bit_for_bit(moment, windows, whole, tmp_path):
    np.save(tmp_path / "windows.npy", windows)
    line = [sys.executable, "-c", KILLED, tmp_path / "run", *moment, tmp_path / "windows.npy"]
    environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
    ended = subprocess.run([str(part) for part in line], env=environment, capture_output=True, timeout=300)
    assert ended.returncode == -getattr(signal, "SIGKILL", -signal.SIGTERM), ended.stderr[-2000:]
    training.train(RECIPE, windows, tmp_path / "run", **CALL)
    assert_same(whole, outcome(tmp_path / "run"))
    names = {path.name for path in (tmp_path / "run").rglob("*") if path.is_file()}
    assert names == {
        "card.json",
        "state.npz",
        "weights.npz",
        "log.csv",
        ".lock",
    }  # nothing half written is left


def test_a_checkpoint_waits_for_the_snapshot_of_its_step(windows, whole, tmp_path, monkeypatch):
    """Or a kill between the two would lose the snapshot, and the resumed run refuse to go on without it."""
    monkeypatch.setattr("musicgan_edu.training.run.CHECKPOINT_SECONDS", 0)
    order, write = [], sampling.files.write_whole

    def watched(path, data):
        order.append(path.relative_to(tmp_path).as_posix())
        write(path, data)

    for module in (sampling, sampling.files):
        monkeypatch.setattr(module, "write_whole", watched)
    training.train(RECIPE, windows, tmp_path, **CALL)
    states = [i for i, name in enumerate(order) if name == "state.npz"]
    assert (
        order.index("snapshots/000002/card.json")
        < states[1]
        < order.index("snapshots/000003/card.json")
        < states[3]
    )
    assert_same(whole, outcome(tmp_path))


def test_a_disk_that_takes_no_more_is_told_and_the_run_goes_on_when_it_does(
    windows, whole, tmp_path, monkeypatch
):
    resource = pytest.importorskip("resource")  # POSIX: no file may grow beyond a limit
    monkeypatch.setattr("musicgan_edu.training.run.CHECKPOINT_SECONDS", 0)
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, old[1]))
    try:
        with pytest.raises(
            TrainingError, match=r"can't write into .*File too large.*goes on from the last checkpoint"
        ):
            training.train(RECIPE, windows, tmp_path, **CALL)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)
    assert not [path for path in tmp_path.rglob(".*") if path.name != ".lock"]
    training.train(RECIPE, windows, tmp_path, **CALL)
    assert_same(whole, outcome(tmp_path))


def test_a_counting_model_killed_between_its_files_is_counted_again(windows, tmp_path, monkeypatch):
    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("musicgan_edu.sampling.write_arrays", killed)
        with pytest.raises(KeyboardInterrupt):
            baselines.train("markov", windows, tmp_path, steps=1)
    assert baselines.train("markov", windows, tmp_path, steps=1).sample(1)[0].notes.size

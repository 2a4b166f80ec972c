"""One training over two real processes: the same losses as one, equal weights, a killed worker."""

import json
import os
import signal
import socket
import subprocess
import sys

import numpy as np
import pytest

from musicgan_edu import corpus, training
from musicgan_edu.encoding import VoiceEncoding
from musicgan_edu.score import TrainingError

pytestmark = pytest.mark.slow

SMALL = {"units": 16, "width": 16, "batch_size": 8, "latent_dim": 4, "dropout": 0.0}
CHANGES = {  # without dropout, whose masks belong to a worker
    "convolutional": {},
    "practice": {"pretraining": 1.0},
    "game": {"pretraining": 0.0, "warming": 0.2, "d_steps": 2},
}
WORKER = """
import dataclasses, json, sys
from pathlib import Path
import numpy as np
from musicgan_edu import training
from musicgan_edu.training import run
options = json.loads(sys.argv[1])
run.LOG_SECONDS, run.CHECKPOINT_SECONDS = 0, options["every"]
recipe = dataclasses.replace(training.RECIPES[options["recipe"]], **options["changes"])
folder, windows, index = Path(options["folder"]), np.load(options["windows"]), options["index"]
try:
    print("here", file=sys.stderr, flush=True)
    strategy = training.join(options["addresses"], index=index, wait=options["wait"]) if options["addresses"] else None
    report = lambda progress, step, values: print(step, flush=True)
    sampler = training.train(recipe, windows, folder, steps=options["steps"], seed=3, strategy=strategy, report=report)
except training.run.TrainingError as error:
    print("TrainingError:", error, flush=True)
    raise SystemExit(2)
np.savez(folder.with_name(f"{folder.name}-{index}.npz"), **sampler.weights)
"""


@pytest.fixture(scope="module")
def windows(tmp_path_factory):
    path = tmp_path_factory.mktemp("windows") / "windows.npy"
    scores = corpus.load("chorales", split="validation", progress=False)[:12]
    np.save(path, training.prepare(scores, VoiceEncoding()))
    return path


def free_addresses(n):
    sockets = [socket.socket() for _ in range(n)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    addresses = [f"127.0.0.1:{one.getsockname()[1]}" for one in sockets]
    for one in sockets:
        one.close()
    return addresses


def start(n, name, folder, windows, *, steps=20, every=1000, wait=300):
    """The n processes of one training."""
    recipe = "convolutional" if name == "convolutional" else "chorales"
    options = {"recipe": recipe, "changes": SMALL | CHANGES[name], "folder": str(folder), "steps": steps}
    options |= {
        "windows": str(windows),
        "every": every,
        "wait": wait,
        "addresses": free_addresses(n) if n > 1 else [],
    }
    environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
    lines = [[sys.executable, "-c", WORKER, json.dumps(options | {"index": i})] for i in range(n)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "env": environment}
    return [subprocess.Popen(line, **pipes) for line in lines]


def finish(processes, seconds=1200):
    """What each printed; all must have ended well."""
    said = [process.communicate(timeout=seconds) for process in processes]
    assert [process.returncode for process in processes] == [0] * len(processes), said
    return [out for out, _ in said]


def log(folder):
    rows = json.loads((folder / "card.json").read_text())["training"]["log"]
    return [{key: value for key, value in row.items() if key != "seconds"} for row in rows]


@pytest.mark.parametrize("name", list(CHANGES))
def test_two_workers_play_the_game_of_one(name, windows, tmp_path):
    finish(start(1, name, tmp_path / "one", windows))
    finish(start(2, name, tmp_path / "two", windows))
    one, two = log(tmp_path / "one"), log(tmp_path / "two")
    assert [row["step"] for row in two] == list(range(1, 21))
    for a, b in zip(one, two, strict=True):
        for key in a:  # mean logits pass through 0 and grow fast; they are no losses
            assert b[key] == pytest.approx(
                a[key], rel=2e-3 if key in ("d_real", "d_fake") else 1e-4, abs=1e-4
            ), key
    first, second = (np.load(tmp_path / f"two-{i}.npz") for i in range(2))
    assert first.files
    for key in first.files:
        assert np.array_equal(first[key], second[key]), key  # they have stayed equal, to the last bit
    start_, end = one[0], one[-1]
    assert any(abs(start_[key] - end[key]) > 1e-3 for key in start_.keys() & end.keys() - {"step"})


def test_a_killed_worker_is_told_and_the_run_goes_on_from_its_checkpoint(windows, tmp_path):
    whole = start(1, "convolutional", tmp_path / "whole", windows, steps=20)
    finish(whole)
    writer, other = start(2, "convolutional", tmp_path / "run", windows, steps=20, every=0)
    for line in writer.stdout:
        if int(line) >= 5:
            break
    other.kill()
    out, err = writer.communicate(timeout=1200)
    other.communicate()
    assert writer.returncode == 2, err[-2000:]
    assert "a worker is gone at step" in out
    assert "Start all of them again: the run goes on from its last checkpoint" in out
    saved = json.loads((tmp_path / "run" / "card.json").read_text())["training"]["steps"]
    assert 5 <= saved < 20
    finish(start(2, "convolutional", tmp_path / "run", windows, steps=20))
    again, alone = log(tmp_path / "run"), log(tmp_path / "whole")
    assert [row["step"] for row in again] == list(range(1, 21))
    for a, b in zip(alone[:20], again[:20], strict=True):
        assert b == pytest.approx(a, rel=1e-4, abs=1e-4)


def test_one_that_never_comes_is_named_by_all_who_came(windows, tmp_path):
    first, second, third = start(3, "convolutional", tmp_path / "run", windows, wait=20)
    second.kill()
    second.communicate()
    for index, process in ((0, first), (2, third)):
        out, err = process.communicate(timeout=120)
        assert process.returncode == 2, err[-2000:]
        assert (
            f"TrainingError: training: worker {index} has waited 20 s: worker 1 can't be reached at 127"
            in out
        )
        assert "Start every worker with the same list of addresses" in out
    assert not (tmp_path / "run").exists()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no signals to send")
def test_who_waits_for_the_others_can_be_stopped(windows, tmp_path):
    first, second = start(2, "convolutional", tmp_path / "run", windows)
    second.kill()
    second.communicate()
    while "here" not in first.stderr.readline():
        pass
    first.terminate()
    first.communicate(timeout=30)
    assert first.returncode == -signal.SIGTERM


def test_what_workers_cannot_do_is_refused(windows, tmp_path):
    with pytest.raises(TrainingError, match="worker 2 of 2: there is no such address"):
        training.join(["127.0.0.1:1", "127.0.0.1:2"], index=2)
    with pytest.raises(TrainingError, match="two workers share an address"):
        training.join(["127.0.0.1:1", "127.0.0.1:1"], index=0)
    team = training.workers.Team()
    team.strategy = object()
    with pytest.raises(TrainingError, match="workers count steps"):
        team.check(None, None)
    with pytest.raises(TrainingError, match="a control steers one process"):
        team.check(10, training.Control())

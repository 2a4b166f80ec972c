"""corpus at scale: shards that survive a kill, Dask here and by address, files that end their readers."""

import contextlib
import os
import signal
import subprocess
import sys
import time

import pytest

from musicgan_edu import corpus
from musicgan_edu.__main__ import main
from musicgan_edu.corpus import cluster, shards, store, workers
from musicgan_edu.score import ReadError, Score
from tests.test_corpus import off, on, own_cache, write_midi  # noqa: F401


def small_files(folder, n):
    """n files of four notes, of which every ninth is no MIDI."""
    folder.mkdir()
    for i in range(n):
        if i % 9 == 4:
            (folder / f"{i:03}.mid").write_bytes(b"MThd and then nothing")
        else:
            notes = [m for p in (48, 52, 55, 60) for m in (on(p + i % 30), off(p + i % 30, 240 + i))]
            write_midi(folder / f"{i:03}.mid", notes)
    return folder


def same(one, other):
    """Bit for bit: Scores, reasons, splits."""
    assert store.pack(one.scores, {}) == store.pack(other.scores, {})
    assert one == other
    assert one.splits == other.splits


# ---- shards ---------------------------------------------------------------------------------------


def test_finished_shards_are_not_read_again(tmp_path, own_cache, monkeypatch):  # noqa: F811
    monkeypatch.setattr(shards, "N_FILES", 10)
    folder = small_files(tmp_path / "songs", 35)
    whole = corpus.import_folder(folder, progress=False)
    assert not list(own_cache.glob("*.shards"))  # they go when all is read
    (own_cache / next(own_cache.glob("*.npz")).name).unlink()

    asked = []
    read_many = workers.read_many

    def stopped(paths, **settings):
        for n, answer in enumerate(read_many(paths, **settings)):
            if n == 25:
                raise KeyboardInterrupt
            yield answer

    monkeypatch.setattr(workers, "read_many", stopped)
    with pytest.raises(KeyboardInterrupt):
        corpus.import_folder(folder, progress=False, n_processes=1)
    (kept,) = own_cache.glob("*.shards")
    first, _ = sorted(kept.glob("*.npz"), key=lambda path: path.stat().st_mtime)  # two whole ones of ten
    first.write_bytes(first.read_bytes()[:-10])  # a damaged one counts as none

    monkeypatch.setattr(workers, "read_many", lambda p, **k: asked.append(p) or read_many(p, **k))
    same(corpus.import_folder(folder, progress=False), whole)
    (paths,) = asked
    assert [path.name for path in paths] == [f"{i:03}.mid" for i in (*range(10), *range(20, 35))]


def test_a_shard_of_changed_files_is_read_again(tmp_path, monkeypatch):
    monkeypatch.setattr(shards, "N_FILES", 2)
    paths = [tmp_path / f"{i}.mid" for i in range(4)]
    for path in paths:
        path.write_bytes(b"x")
    asked = []

    def read(some):
        asked.append([path.name for path in some])
        yield from ((i, [] if path.name == "0.mid" else path.name) for i, path in enumerate(some))

    def go():
        answers = shards.resumed(paths, read, keep=tmp_path / "keep", root=tmp_path, versions="1")
        return dict(answers)

    first = go()
    assert first == {0: [], 1: "1.mid", 2: "2.mid", 3: "3.mid"}
    assert go() == first
    paths[3].write_bytes(b"longer")
    assert go() == first
    assert asked == [["0.mid", "1.mid", "2.mid", "3.mid"], [], ["2.mid", "3.mid"]]


@pytest.mark.skipif(sys.platform != "linux", reason="the limit is Linux's")
def test_a_reader_has_no_more_memory_than_its_limit(monkeypatch, tmp_path):
    serve = "from musicgan_edu.corpus import workers as w; w.MAX_MEMORY = 1 << 29; w._bound_memory(); bytes(1 << 30)"
    run = subprocess.run([sys.executable, "-c", serve], capture_output=True, text=True, check=False)
    assert "MemoryError" in run.stderr


def test_the_command_lists_every_file_and_its_fate(tmp_path, own_cache, capsys):  # noqa: F811
    folder, out = small_files(tmp_path / "songs", 60), tmp_path / "list.csv"
    assert main(["import", str(folder), "--workers", "2", "--out", str(out)]) == 0
    assert "53 pieces kept, 7 files left out" in capsys.readouterr().out
    rows = out.read_text().splitlines()
    assert len(rows) == 61
    assert rows[:2] + rows[5:6] == [
        "file,kept,why not",
        "000.mid,yes,",
        "004.mid,no,the MIDI data is cut off",
    ]
    assert main(["import", str(folder), "--out", str(out)]) == 2
    assert "is there already" in capsys.readouterr().err


# ---- Dask -----------------------------------------------------------------------------------------


@contextlib.contextmanager
def dask_cluster(folder, n_workers=2):
    """A scheduler and workers as processes of their own: (address, worker processes)."""
    log = (folder / "dask.log").open("w")
    everybody = []

    def start(*command):
        env = os.environ | {"PYTHONPATH": os.getcwd()}
        line = [sys.executable, "-m", "dask", *command]
        everybody.append(subprocess.Popen(line, stdout=log, stderr=log, cwd=folder, env=env))

    try:
        start(
            "scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", "at.json"
        )
        for _ in range(n_workers):
            start("worker", "--scheduler-file", "at.json", "--nthreads", "1", "--no-dashboard")
        yield _address(folder / "at.json"), everybody[1:]
    finally:
        for process in reversed(everybody):
            process.send_signal(signal.SIGINT)
        for process in everybody:
            process.wait(30)
        log.close()


def _address(file):
    import json

    for _ in range(300):
        with contextlib.suppress(OSError, ValueError):
            return json.loads(file.read_text())["address"]
        time.sleep(0.1)
    raise TimeoutError("no scheduler")


@pytest.mark.slow
def test_two_workers_by_address_give_what_local_processes_give(tmp_path, own_cache, monkeypatch):  # noqa: F811
    pytest.importorskip("distributed")
    folder = small_files(tmp_path / "songs", 40)
    os.mkfifo(folder / "pipe.mid")  # nobody may open it
    here = corpus.import_folder(folder, progress=False)
    assert len(here.scores) == 36
    assert [name for name, _ in here.rejected] == ["004.mid", "013.mid", "022.mid", "031.mid", "pipe.mid"]
    monkeypatch.setattr(cluster, "N_FILES", 5)
    for cache in own_cache.iterdir():
        cache.unlink()
    with dask_cluster(tmp_path) as (address, processes):
        assert address.startswith("tcp://127.0.0.1:")
        same(corpus.import_folder(folder, progress=False, scheduler=address), here)
        paths = sorted(folder.glob("0*.mid"))
        reading = cluster.read_many(paths, lambda path: None, scheduler=address)
        next(reading)
        processes[0].kill()  # its tasks go to the other
        assert 1 + len(list(reading)) == len(paths)
    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 1.0)
    with pytest.raises(ReadError, match=r"no Dask scheduler answers at 'tcp://127.0.0.1:1'"):
        list(cluster.read_many(paths, lambda path: None, scheduler="tcp://127.0.0.1:1"))


@pytest.mark.slow
def test_dask_on_this_machine_and_a_cluster_without_workers(tmp_path, own_cache, monkeypatch):  # noqa: F811
    pytest.importorskip("distributed")
    folder = small_files(tmp_path / "songs", 12)
    here = corpus.import_folder(folder, progress=False)
    for cache in own_cache.iterdir():
        cache.unlink()
    same(corpus.import_folder(folder, progress=False, scheduler="processes", n_processes=2), here)
    assert cluster._idle.empty()  # the readers have been sent home
    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 2.0)
    with (
        dask_cluster(tmp_path, n_workers=0) as (address, _),
        pytest.raises(ReadError, match="has no workers"),
    ):
        list(cluster.read_many([folder / "000.mid"], lambda path: None, scheduler=address))


def test_without_dask_the_message_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ReadError, match=r"Dask is not installed: pip install 'musicgan-edu\[scale\]'"):
        list(cluster.read_many([], lambda path: None, scheduler="processes"))


def test_a_task_reads_files_by_their_contents(tmp_path):
    path = write_midi(tmp_path / "a.mid", [on(60), off(60, 480)])
    files = [("a.mid", path.read_bytes()), ("a.mid", b"MThd")]
    good, bad = (workers.unpacked(*answer) for answer in cluster.read_parcel(files, 60.0))
    cluster._dismiss()
    assert isinstance(good[0], Score)
    assert good == corpus.read_all(path)
    assert bad == "a.mid: the MIDI data is cut off"

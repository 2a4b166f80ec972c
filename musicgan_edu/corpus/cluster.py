"""Read many files on a Dask cluster: the answers of `workers`, from as many machines as there are.

Comes in: paths and a scheduler's address. Goes out: for each path its Scores, or the reason why there are none.

A task carries the bytes of its files, so that workers need this package and no common disk. In a Dask worker each
thread has a child process of `workers` to read, so a file that hangs or ends its reader costs that file, not the
worker. Needs the extra `scale`. Dask's workers run what any client hands them: on a network that isn't yours alone,
set TLS up in Dask's configuration, and give a `tls://` address.

References
----------
Rocklin (2015): Dask: parallel computation with blocked algorithms and task scheduling.
"""

from __future__ import annotations

import atexit
import concurrent.futures
import contextlib
import importlib
import importlib.metadata
import queue
import tempfile
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from pathlib import Path
from typing import Any

from musicgan_edu.corpus import workers
from musicgan_edu.score import ReadError, Score

__all__ = ["LOCAL", "read_many", "read_parcel", "versions"]

LOCAL = "processes"  # in an address's place: Dask here, without a cluster
N_FILES, N_BYTES = 20, 4 << 20  # of a task
CONNECT_SECONDS = 10.0
PATIENCE_SECONDS = 60.0  # without any worker
_POLL_SECONDS = 2.0

_Answer = tuple[int, list[Score] | str]
_Parcel = list[tuple[str, bytes]]  # names and contents of files
_idle: queue.SimpleQueue[workers.Reader] = queue.SimpleQueue()  # of this Dask worker, between tasks


def read_many(
    paths: Sequence[Path],
    check: Callable[[Path], None],
    *,
    scheduler: str,
    n_processes: int | None = None,
    timeout: float = 120.0,
) -> Generator[_Answer]:
    """(index, Scores or reason) of each path, as they come in.

    Parameters
    ----------
    check : raises ReadError for a path that nobody should open.
    scheduler : an address such as "tcp://10.0.0.1:8786", or "processes" for `n_processes` of this machine.
    timeout : seconds a file may take; after that it is given up, with a reason.

    Raises
    ------
    ReadError : Dask isn't installed; nobody at the address; no workers, others' versions; the cluster went away.
    """
    distributed = _distributed()
    with _client(distributed, scheduler, n_processes) as client:
        lost = (concurrent.futures.CancelledError, distributed.KilledWorker, OSError)
        try:
            yield from _answers(client, paths, check, timeout)
        except lost as error:
            raise ReadError(
                f"corpus: the cluster at {scheduler} went away ({type(error).__name__}); the same call goes "
                "on from the last shard"
            ) from error


def versions() -> dict[str, str]:
    """Of all that a file's answer depends on; asked of every worker."""
    return {
        name: importlib.metadata.version(name) for name in ("musicgan_edu", "music21", "pretty_midi", "mido")
    }


def read_parcel(files: _Parcel, timeout: float) -> list[tuple[bytes, bytes]]:
    """A task: each file's answer as `workers.Reader.ask_packed` gives it. Runs in a Dask worker."""
    try:
        reader = _idle.get_nowait()
    except queue.Empty:
        reader = workers.Reader(timeout)
    with tempfile.TemporaryDirectory(prefix="musicgan-") as scratch:
        answers = []
        for name, data in files:
            path = Path(scratch, name)
            path.write_bytes(data)
            answers.append(reader.ask_packed(path))
            path.unlink()
    _idle.put(reader)
    return answers


@atexit.register
def _dismiss() -> None:
    """End the idle readers of this process."""
    with contextlib.suppress(queue.Empty):
        while True:
            _idle.get_nowait().stop()


def _answers(
    client: Any, paths: Sequence[Path], check: Callable[[Path], None], timeout: float
) -> Generator[_Answer]:
    """At most two tasks for each thread of the cluster are under way, and their files in memory."""
    running: dict[Any, list[int]] = {}
    for indices, parcel, refused in _parcels(paths, check):
        yield from refused
        if parcel:
            running[client.submit(read_parcel, parcel, timeout, pure=False)] = indices
        while len(running) >= 2 * max(1, sum(client.nthreads().values())):
            yield from _finished(client, running)
    while running:
        yield from _finished(client, running)


def _parcels(
    paths: Sequence[Path], check: Callable[[Path], None]
) -> Iterator[tuple[list[int], _Parcel, list[_Answer]]]:
    """Indices and contents of a task's files, and the answers for those that can't be sent."""
    indices: list[int] = []
    parcel: _Parcel = []
    refused: list[_Answer] = []
    for index, path in enumerate(paths):
        try:
            check(path)
            parcel.append((path.name, path.read_bytes()))
            indices.append(index)
        except ReadError as error:
            refused.append((index, str(error)))
        except OSError as error:
            refused.append((index, f"{path.name}: can't be opened ({error.strerror})"))
        if len(parcel) >= N_FILES or sum(len(data) for _, data in parcel) >= N_BYTES:
            yield indices, parcel, refused
            indices, parcel, refused = [], [], []
    yield indices, parcel, refused


def _finished(client: Any, running: dict[Any, list[int]]) -> Iterator[_Answer]:
    """Wait until a task is done; its answers, and it is off the list."""
    for future in _wait(client, list(running)):
        packed = future.result()
        for index, (kind, answer) in zip(running.pop(future), packed, strict=True):
            yield index, workers.unpacked(kind, answer)


def _wait(client: Any, futures: list[Any]) -> set[Any]:
    """The tasks that are done, at least one; ReadError where for a minute there is no worker."""
    distributed = _distributed()
    since = time.monotonic()
    while True:
        with contextlib.suppress(TimeoutError), client.as_current():
            return distributed.wait(futures, timeout=_POLL_SECONDS, return_when="FIRST_COMPLETED").done
        if client.nthreads():
            since = time.monotonic()
        elif time.monotonic() - since > PATIENCE_SECONDS:
            raise ReadError(
                "corpus: the cluster has no workers any more; the same call goes on from the last shard"
            )


@contextlib.contextmanager
def _client(distributed: Any, scheduler: str, n_processes: int | None) -> Iterator[Any]:
    """A client of the cluster, which has workers, all with our versions."""
    if scheduler == LOCAL:
        # Threads, each with a child that reads: Dask's own processes would run the caller's script again.
        n_threads = n_processes or workers.n_cores()
        how: dict[str, Any] = {
            "processes": False,
            "n_workers": 1,
            "threads_per_worker": n_threads,
            "dashboard_address": "127.0.0.1:0",
        }
    else:
        how = {"address": scheduler, "timeout": CONNECT_SECONDS}
    try:
        client = distributed.Client(set_as_default=False, **how)
    except (OSError, ValueError) as error:
        raise ReadError(f"corpus: no Dask scheduler answers at {scheduler!r} ({error})") from error
    with client:
        try:
            _check_workers(client, scheduler)
            yield client
        finally:
            if scheduler == LOCAL:
                _dismiss()


def _check_workers(client: Any, scheduler: str) -> None:
    """ReadError unless there are workers, and each reads with our versions."""
    try:
        client.wait_for_workers(1, timeout=CONNECT_SECONDS)
        theirs = client.run(versions)
    except TimeoutError:
        raise ReadError(f"corpus: the scheduler at {scheduler} has no workers") from None
    except Exception as error:  # a worker raises what it meets: the package isn't there
        raise ReadError(f"corpus: a worker at {scheduler} can't use musicgan_edu ({error})") from error
    for worker, found in theirs.items():
        other = {name: version for name, version in found.items() if version != versions()[name]}
        if other:
            raise ReadError(
                f"corpus: the worker {worker} has other versions than ours: {other}, not {versions()}"
            )


def _distributed() -> Any:
    try:
        return importlib.import_module("distributed")
    except ImportError as error:
        raise ReadError("corpus: Dask is not installed: pip install 'musicgan-edu[scale]'") from error

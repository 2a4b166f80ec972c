"""Lessons with solutions where memory ends at 2 GiB, as on Binder: `python benchmarks/memory_limit.py 07 04 09 10 12`.

A JupyterLab server, the lesson's kernel and nbclient, which runs the cells in the server's place, stand in one memory cgroup
with a hard limit (version 1, so Linux and root; swap isn't limited, so have none). `held`: the most that they had resident
together, looked at every quarter second; what two of them share counts twice. `counted`: the most that the cgroup was
charged with, files' pages too, but not of files that other programs already held. `outcome`: the error that ended it, if one did.
"""

import os
import sys
import tempfile
import threading
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "browser")]
GROUP = Path(f"/sys/fs/cgroup/memory/musicgan_{os.getpid()}")


def watch(most: list[float], over: threading.Event) -> None:
    while not over.wait(0.25):
        lives = [Path(f"/proc/{process}/statm") for process in (GROUP / "cgroup.procs").read_text().split()]
        pages = sum(int(life.read_text().split()[1]) for life in lives if life.exists())
        most[0] = max(most[0], pages * os.sysconf("SC_PAGESIZE") / 2**20)


def measure(lesson: str, folder: Path) -> str:
    from tests.test_notebooks import execute

    most, over, outcome = [0.0], threading.Event(), "ran"
    (path,) = (ROOT / "notebooks" / "solutions").glob(f"{lesson}_*.ipynb")
    (GROUP / "memory.max_usage_in_bytes").write_text("0")
    threading.Thread(target=watch, args=(most, over), daemon=True).start()
    try:
        execute(path, folder)
    except Exception as problem:
        outcome = str(problem).strip().splitlines()[-1]
    over.set()
    charged = int((GROUP / "memory.max_usage_in_bytes").read_text()) / 2**20
    return f"{path.stem} | {most[0]:.0f} | {charged:.0f} | {outcome}"


if __name__ == "__main__":
    from conftest import Lab

    GROUP.mkdir()
    (GROUP / "memory.limit_in_bytes").write_text(str(2**31))
    print("lesson | held, MiB | counted, MiB | outcome\n---|---|---|---", flush=True)
    if not os.fork():  # what follows has the limit
        (GROUP / "cgroup.procs").write_text(str(os.getpid()))
        with tempfile.TemporaryDirectory() as folder:
            server = Lab(Path(folder))
            server.wait()
            for lesson in sys.argv[1:]:
                print(measure(lesson, Path(folder)), flush=True)
            server.close()
    else:
        os.wait()
        print("ended by the system:", (GROUP / "memory.oom_control").read_text().split()[-1])
        GROUP.rmdir()

"""A class on one JupyterHub: memory and seconds of 1, 2, 4 … learners who run lesson 07 from a checkpoint at once.

    python -m venv hub; echo SITE_PACKAGES_OF_THE_COURSE > hub/lib/python3.11/site-packages/course.pth
    hub/bin/pip install jupyterhub; npm install --prefix proxy configurable-http-proxy
    python benchmarks/classroom_hub.py --hub hub --proxy proxy --learners 1 2 4
    python benchmarks/classroom_hub.py --hub hub --proxy proxy --learners 4 --threads 1      # TensorFlow's, in each kernel
    python benchmarks/classroom_hub.py --hub hub --proxy proxy --learners 3 --limit 3        # GB, a cgroup: what fails first?

A real hub with its proxy, the simple spawner and a dummy authenticator, all on this machine. Each learner's server is asked for
by the hub's API; then a kernel runs the code cells of lesson 07, all at once, but for the three minutes of training, in whose
place stands `sampling.load("chorales")`. Learners share one folder of caches, filled before. Memory is PSS (pages that
processes share count by their share), read every two seconds from /proc: Linux. It stops before the machine has less than 2 GB left.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import requests
import websocket

COURSE = Path(__file__).parents[1]
LESSON = COURSE / "notebooks" / "solutions" / "07_train_gan.ipynb"
FROM_CHECKPOINT = "trained = sampling.load('chorales'); card = trained.card['training']; slow = False"
MIB, MOST_SECONDS = 2**20, 540
CONFIG = """
c.JupyterHub.bind_url = "http://127.0.0.1:{door}"
c.JupyterHub.hub_port = {inner}
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{api}"
c.ConfigurableHTTPProxy.command = [{proxy!r}]
c.JupyterHub.authenticator_class = "dummy"
c.Authenticator.allow_all = True
c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = {homes!r} + "/{{username}}"
c.Spawner.cmd = [{single!r}]
c.Spawner.args = ["--allow-root"]
c.Spawner.environment = {environment!r}
c.Spawner.start_timeout = 300
c.Spawner.http_timeout = 300
c.JupyterHub.concurrent_spawn_limit = 0
c.JupyterHub.services = [{{"name": "class", "api_token": {token!r}}}]
c.JupyterHub.load_roles = [{{"name": "class", "services": ["class"], "scopes": ["admin:users", "admin:servers", "access:servers"]}}]
"""


def lesson(*, short: bool = False) -> list[str]:
    """The code cells of lesson 07, a checkpoint in the place of its three minutes; `short`, no training at all."""
    cells = [c for c in json.loads(LESSON.read_text())["cells"] if c["cell_type"] == "code"]
    sources = ["".join(cell["source"]) for cell in cells]
    first = next(i for i, source in enumerate(sources) if source.startswith("class PowerCutError"))
    after = next(i for i, source in enumerate(sources) if source.startswith("trained = watched.wait()"))
    rest = [
        s for s in sources[after + 1 :] if not s.startswith(("kept =", "numbers ="))
    ]  # need the run's snapshots
    if short:
        first = next(i for i, source in enumerate(sources) if "def train_step" in source)
        return [*sources[:first], FROM_CHECKPOINT, "player.play(trained.sample(8, seed=1)[0])"]
    return [*sources[:first], FROM_CHECKPOINT, *rest]


def free_port() -> int:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        return door.getsockname()[1]


class Hub:
    """A JupyterHub of its own in a folder, until `stop`."""

    def __init__(self, place: Path, options: argparse.Namespace) -> None:
        self.token, door = secrets.token_hex(16), free_port()
        self.url, self.process = f"http://127.0.0.1:{door}", None
        environment = {
            "PYTHONPATH": str(COURSE),
            "XDG_CACHE_HOME": os.environ.get("XDG_CACHE_HOME", str(Path.home() / ".cache")),
            "JUPYTERLAB_DIR": f"{sys.prefix}/share/jupyter/lab",
            "TF_CPP_MIN_LOG_LEVEL": "2",
            "MALLOC_ARENA_MAX": "2",  # as binder/start
            "CUDA_VISIBLE_DEVICES": "-1",
        }
        if options.threads:
            names = (
                "TF_NUM_INTRAOP_THREADS",
                "TF_NUM_INTEROP_THREADS",
                "OMP_NUM_THREADS",
                "OPENBLAS_NUM_THREADS",
            )
            environment |= dict.fromkeys(names, str(options.threads))
        config = CONFIG.format(
            door=door, inner=free_port(), api=free_port(), token=self.token, homes=str(place), environment=environment,
            proxy=str(options.proxy.resolve() / "node_modules" / ".bin" / "configurable-http-proxy"),
            single=str(options.hub.absolute() / "bin" / "jupyterhub-singleuser"),
        )  # fmt: skip
        (place / "jupyterhub_config.py").write_text(config)
        line = [str(options.hub.absolute() / "bin" / "jupyterhub"), "-f", "jupyterhub_config.py"]
        self.log = place / "hub.log"
        self.limit = Limit(options.limit) if options.limit else None
        self.process = subprocess.Popen(
            line, cwd=place, stdout=self.log.open("w"), stderr=subprocess.STDOUT,
            preexec_fn=self.limit.enter if self.limit else None, start_new_session=True,
        )  # fmt: skip
        self.wait()

    def wait(self) -> None:
        for _ in range(240):
            try:
                return requests.get(f"{self.url}/hub/api", timeout=5).raise_for_status()
            except requests.RequestException:
                time.sleep(0.5)
        raise SystemExit(f"the hub doesn't answer:\n{self.log.read_text()[-3000:]}")

    def ask(self, method: str, path: str, **body: Any) -> requests.Response:
        headers = {"Authorization": f"token {self.token}"}
        answer = requests.request(method, self.url + path, headers=headers, json=body or None, timeout=120)
        answer.raise_for_status()
        return answer

    def stop(self) -> None:
        self.process.terminate()  # it ends its servers and its proxy
        self.process.wait(timeout=200)
        if self.limit:
            self.limit.leave()


class Limit:
    """A memory cgroup (v1, root) for the hub and all that it starts."""

    def __init__(self, gigabytes: float) -> None:
        self.folder = Path(f"/sys/fs/cgroup/memory/classroom-{os.getpid()}")
        self.folder.mkdir()
        (self.folder / "memory.limit_in_bytes").write_text(str(int(gigabytes * 2**30)))

    def enter(self) -> None:
        (self.folder / "cgroup.procs").write_text(str(os.getpid()))

    def leave(self) -> None:
        """End what a killed hub has left behind: processes of this group only."""
        for pid in map(int, (self.folder / "cgroup.procs").read_text().split()):
            os.kill(pid, 9)
        time.sleep(2)
        self.folder.rmdir()


class Learner:
    def __init__(self, hub: Hub, name: str) -> None:
        self.hub, self.name, self.kernel, self.trouble = hub, name, "", ""
        self.spawn_seconds = self.lesson_seconds = float("nan")

    def arrive(self) -> None:
        started = time.monotonic()
        self.hub.ask("POST", f"/hub/api/users/{self.name}")
        self.hub.ask("POST", f"/hub/api/users/{self.name}/server")
        while (
            not self.hub.ask("GET", f"/hub/api/users/{self.name}").json()["servers"].get("", {}).get("ready")
        ):
            if time.monotonic() - started > 300:
                raise TimeoutError(f"{self.name}'s server isn't there after 300 s")
            time.sleep(0.5)
        self.spawn_seconds = time.monotonic() - started

    def learn(self, cells: list[str], deadline: float) -> None:
        """Run the lesson in a fresh kernel; `trouble` says what went wrong."""
        started = time.monotonic()
        try:
            self.kernel = self.hub.ask("POST", f"/user/{self.name}/api/kernels", name="python3").json()["id"]
            url = f"{self.hub.url.replace('http', 'ws')}/user/{self.name}/api/kernels/{self.kernel}/channels"
            header = [f"Authorization: token {self.hub.token}"]
            line = websocket.create_connection(url, header=header, timeout=120)
            for cell in cells:
                self.run(line, cell, deadline)
            self.lesson_seconds = time.monotonic() - started
        except Exception as error:  # a class goes on without whoever drops out; the table says so
            self.trouble = f"{type(error).__name__}: {error}"[:300]

    def run(self, line: websocket.WebSocket, code: str, deadline: float) -> None:
        name = uuid.uuid4().hex
        content = {
            "code": code,
            "silent": False,
            "store_history": True,
            "user_expressions": {},
            "allow_stdin": False,
        }
        header = {
            "msg_id": name,
            "msg_type": "execute_request",
            "username": "",
            "session": name,
            "version": "5.3",
        }
        line.send(
            json.dumps(
                {
                    "header": header,
                    "parent_header": {},
                    "metadata": {},
                    "content": content,
                    "channel": "shell",
                }
            )
        )
        while time.monotonic() < deadline:
            line.settimeout(max(1.0, deadline - time.monotonic()))
            answer = line.recv()
            if isinstance(answer, bytes):  # a widget's buffers
                continue
            answer = json.loads(answer)
            if answer["msg_type"] == "status" and answer["content"]["execution_state"] in (
                "restarting",
                "dead",
            ):
                raise RuntimeError("the kernel was ended by the system: no memory")
            if answer["msg_type"] == "execute_reply" and answer["parent_header"].get("msg_id") == name:
                if answer["content"]["status"] != "ok":
                    raise RuntimeError(f"{answer['content'].get('ename')}: {answer['content'].get('evalue')}")
                return
        raise TimeoutError("the time of this measurement is over")


class Memory(threading.Thread):
    """PSS of the hub's processes by kind, and the highest sum so far, in bytes; until `stop`."""

    def __init__(self, root: int) -> None:
        super().__init__(daemon=True)
        self.root, self.highest, self.low, self.over = root, 0, float("inf"), threading.Event()

    def run(self) -> None:
        while not self.over.wait(2):
            self.highest = max(self.highest, sum(p["pss"] for p in self.look()))
            self.low = min(self.low, available())
            if self.low < 2 * 2**30:
                print("less than 2 GB left on the machine: ended", file=sys.stderr)
                os.killpg(self.root, 15)
                return

    def look(self) -> list[dict[str, Any]]:
        """The processes below the hub: kind, pss, and rss, in bytes."""
        parents, found = {}, []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                parents[int(folder.name)] = int((folder / "stat").read_text().rsplit(")", 1)[1].split()[1])
            except OSError:
                continue
        for pid in parents:
            up = pid
            while up in parents and up != self.root:
                up = parents[up]
            if up == self.root:
                found += _process(pid)
        return found


def _process(pid: int) -> list[dict[str, Any]]:
    """One entry; none if it has just ended."""
    try:
        line = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
        rows = [row.split() for row in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]]
    except OSError:
        return []
    sizes = {row[0].rstrip(":").lower(): 1024 * int(row[1]) for row in rows}
    kinds = {"ipykernel": "kernel", "jupyterhub-singleuser": "server", "configurable-http-proxy": "proxy"}
    kind = next((kind for word, kind in kinds.items() if word in line), "hub")
    return [{"kind": kind, "pss": sizes["pss"], "rss": sizes["rss"]}]


def available() -> int:
    line = next(
        row for row in Path("/proc/meminfo").read_text().splitlines() if row.startswith("MemAvailable")
    )
    return 1024 * int(line.split()[1])


def mean(processes: list[dict[str, Any]], kind: str, what: str) -> float:
    """MiB."""
    values = [p[what] / MIB for p in processes if p["kind"] == kind]
    return statistics.mean(values) if values else float("nan")


def measure(n: int, options: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory() as folder:
        hub = Hub(Path(folder), options)
        memory = Memory(hub.process.pid)
        memory.start()
        try:
            report(n, hub, memory, lesson(short=options.short))
        finally:
            memory.over.set()
            hub.stop()


def report(n: int, hub: Hub, memory: Memory, cells: list[str]) -> None:
    learners = [Learner(hub, f"learner{i:02}") for i in range(n)]
    deadline = time.monotonic() + MOST_SECONDS
    with ThreadPoolExecutor(n) as everybody:
        list(everybody.map(Learner.arrive, learners))
        alone = memory.look()
        list(everybody.map(lambda learner: learner.learn(cells, deadline), learners))
    after = memory.look()
    for learner in learners:
        if learner.kernel and not learner.trouble:
            hub.ask("DELETE", f"/user/{learner.name}/api/kernels/{learner.kernel}")
    time.sleep(3)
    culled = sum(p["pss"] for p in memory.look()) / MIB
    done = [learner for learner in learners if not learner.trouble]
    seconds = [learner.lesson_seconds for learner in done] or [float("nan")]
    spawns = [learner.spawn_seconds for learner in learners]
    print(
        f"| {n} | {max(spawns):.0f} | {statistics.median(seconds):.0f} / {max(seconds):.0f} | {len(done)} of {n} "
        f"| {mean(alone, 'server', 'pss'):.0f} | {mean(after, 'kernel', 'pss'):.0f} / {mean(after, 'kernel', 'rss'):.0f} "
        f"| {sum(p['pss'] for p in after if p['kind'] in ('hub', 'proxy')) / MIB:.0f} | {memory.highest / MIB:.0f} | {culled:.0f} |",
        flush=True,
    )
    for trouble in sorted({learner.trouble for learner in learners if learner.trouble}):
        print(f"    {trouble}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--hub", type=Path, required=True, help="a virtual environment with jupyterhub")
    parser.add_argument("--proxy", type=Path, required=True, help="where npm put configurable-http-proxy")
    parser.add_argument("--learners", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--threads", type=int, help="TensorFlow's threads in each kernel")
    parser.add_argument("--limit", type=float, help="GB of memory for all together (root, cgroup v1)")
    parser.add_argument(
        "--short", action="store_true", help="up to the losses, then the checkpoint: no training"
    )
    options = parser.parse_args()
    print(
        f"{os.cpu_count()} cores, {available() / 2**30:.1f} GB available, {len(lesson(short=options.short))} cells\n"
    )
    print(
        "| learners at once | all servers up, s | lesson 07, s: median / slowest | came through "
        "| a server, MiB | a kernel after the lesson, MiB: PSS / RSS | hub and proxy, MiB | most in all, MiB | kernels ended, MiB |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    for n in options.learners:
        measure(n, options)


if __name__ == "__main__":
    main()

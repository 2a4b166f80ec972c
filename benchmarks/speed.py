"""Seconds that a learner waits: imports, the corpus, one sample for a slider, 512 pieces.

    python benchmarks/speed.py            # add --cold to read the chorales anew, into an empty cache

prints a Markdown table of medians (and the 95th percentile for the slider) on this machine.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np


def process(code: str, *, repeat: int = 5, **environment: str) -> float:
    """Median wall seconds of a fresh Python that runs `code`, its start included."""
    seconds = []
    for _ in range(repeat):
        start = time.perf_counter()
        subprocess.run(
            [sys.executable, "-c", code], check=True, env=os.environ | environment, capture_output=True
        )
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def slider(n: int = 300) -> np.ndarray:
    """Milliseconds from one z to one decoded Score, n times."""
    from musicgan_edu import sampling

    sampler = sampling.load("chorales")
    z, noise = sampler.latents(n), sampler.noise(1)
    times = []
    for i in range(n):
        start = time.perf_counter()
        sampler.encoding.decode(sampler.tokens(z[i : i + 1], noise))
        times.append(1000 * (time.perf_counter() - start))
    return np.array(times)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cold", action="store_true", help="read the chorales into an empty cache, once")
    options = parser.parse_args()
    nothing = process("pass")
    load = "from musicgan_edu import corpus; corpus.load('chorales', progress=False)"
    print("| what | median |\n|---|---|")
    print(f"| Python that does nothing | {nothing:.3f} s |")
    print(f"| `import musicgan_edu`, beyond that | {process('import musicgan_edu') - nothing:.3f} s |")
    if options.cold:
        with tempfile.TemporaryDirectory() as empty:
            print(f"| chorales, first import | {process(load, repeat=1, XDG_CACHE_HOME=empty):.1f} s |")
    print(f"| chorales, from the cache (whole process) | {process(load):.2f} s |", flush=True)
    times = slider()
    print(
        f"| one sample for a slider | {np.median(times):.1f} ms (95th percentile {np.percentile(times, 95):.1f} ms) |"
    )
    compose = "import sys, tempfile; from musicgan_edu.__main__ import main; "
    compose += "sys.exit(main(['compose', '--count', '512', '--out', tempfile.mkdtemp()]))"
    print(f"| 512 pieces composed as MIDI files (whole process) | {process(compose, repeat=3):.2f} s |")


if __name__ == "__main__":
    main()

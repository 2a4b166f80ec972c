"""Seconds that a learner waits: imports, the corpus, one sample for a slider, 512 pieces.

    python benchmarks/speed.py            # add --cold to read the chorales anew, into an empty cache
    python benchmarks/speed.py --steps    # instead: training steps, and their share of the machine's peak

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
from collections.abc import Callable
from typing import Any

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


def peak(n: int = 2048, repeat: int = 12) -> float:
    """GFLOP a second of this machine's float32 matrix product (n, n) by (n, n), the best of several."""
    import tensorflow as tf

    a = tf.random.normal((n, n))
    product = tf.function(lambda: tf.reduce_sum(a @ a))
    return 2e-9 * n**3 / min(seconds(lambda: product().numpy()) for _ in range(repeat))


def seconds(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def steps(repeat: int = 40) -> None:
    """A row for each compiled step: milliseconds, GFLOP of its products and convolutions, share of the peak."""
    from musicgan_edu import corpus, training

    scores, best = corpus.load("chorales", split="train", progress=False), peak()
    print(f"Peak: {best:.0f} GFLOP/s.\n\n| step | ms, median | GFLOP | share of peak |\n|---|---|---|---|")
    for name in ("chorales", "chords"):
        recipe = training.recipe_of(name)
        form = training.FORMS[recipe.form]
        real = training.prepare(scores, form)
        game = training.make(form, recipe, seed=1)
        game.meet(real)
        for step, arguments in compiled(game, real[: recipe.batch_size]).items():
            took, flop = cost(getattr(game, step), arguments, repeat)
            print(
                f"| `{name}`, {step} | {1000 * took:.0f} | {flop:.2f} | {flop / took / best:.0%} |",
                flush=True,
            )


def cost(step: Any, arguments: list[np.ndarray], repeat: int) -> tuple[float, float]:
    """Median seconds of a compiled step, the first five left out, and the GFLOP that it needs."""
    import tensorflow as tf

    tensors = [tf.constant(a) for a in arguments]
    flop = arithmetic(step.get_concrete_function(*tensors).graph)
    return statistics.median([seconds(lambda: step(*tensors)) for _ in range(repeat)][5:]), 1e-9 * flop


def arithmetic(graph: Any) -> int:
    """Floating-point operations of the products and convolutions that the graph's results need.

    TensorFlow's own count takes in what it prunes later, and counts transposed products many times over.
    A penalty, which hides in a branch, isn't counted.
    """
    from tensorflow.python.framework import ops

    todo, seen, total = [t.op for t in graph.outputs] + list(graph.control_outputs), set(), 0
    while todo:
        op = todo.pop()
        if op.name in seen:
            continue
        seen.add(op.name)
        todo += [t.op for t in op.inputs] + list(op.control_inputs)
        if op.type.startswith("Conv2D"):
            total += ops.get_stats_for_node_def(graph, op.node_def, "flops").value
        elif op.type in ("MatMul", "BatchMatMulV2"):
            turned = op.get_attr("transpose_a" if op.type == "MatMul" else "adj_x")
            total += 2 * op.outputs[0].shape.num_elements() * op.inputs[0].shape[-2 if turned else -1]
    return total


def compiled(game: Any, real: np.ndarray) -> dict[str, list[np.ndarray]]:
    """The game's compiled steps, by name, and what each takes."""
    if not hasattr(game, "pretrain_step"):
        return {"compiled_step": [real]}
    told = np.zeros((len(real), 0), np.float32)
    z, fake = game.play(len(real), step=0)
    return {
        "pretrain_step": [real, told], "discriminator_step": [real, told, fake, told], "generator_step": [real, told, fake, z],
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cold", action="store_true", help="read the chorales into an empty cache, once")
    parser.add_argument("--steps", action="store_true", help="training steps instead")
    options = parser.parse_args()
    if options.steps:
        steps()
    else:
        waiting(cold=options.cold)


def waiting(*, cold: bool) -> None:
    """A row for whatever a learner waits for."""
    nothing = process("pass")
    load = "from musicgan_edu import corpus; corpus.load('chorales', progress=False)"
    print("| what | median |\n|---|---|")
    print(f"| Python that does nothing | {nothing:.3f} s |")
    print(f"| `import musicgan_edu`, beyond that | {process('import musicgan_edu') - nothing:.3f} s |")
    if cold:
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

"""One training spread over several processes or machines: the same step, a part of the batch each.

Comes in: addresses, and a call of `training.train` that every worker makes alike. Goes out: the same
run as one process would make from the same seed and the whole batch, up to rounding.

Conventions
-----------
Each worker holds every weight, and takes its part of each batch. Gradients and losses are averaged over
all workers before any optimiser sees them, so all of them make the same move and stay equal. The first
worker writes the folder; all read it when they go on, so it lies where all can see it. Chance that
concerns a window is drawn for the whole batch everywhere and cut up: whoever takes a window, its noise
is the same. (Dropout is the exception: each worker drops by the same mask.)

References
----------
Li et al. (2020), PyTorch Distributed: averaging gradients equals the larger batch. Lesson 15.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import tensorflow as tf

from musicgan_edu.score import TrainingError
from musicgan_edu.training.meeting import meet
from musicgan_edu.training.recipes import Recipe

__all__ = ["Team", "join"]

WAIT_SECONDS = 300.0
STEPS = ("compiled_step", "pretrain_step", "discriminator_step", "generator_step")


def join(addresses: Sequence[str], *, index: int, wait: float = WAIT_SECONDS) -> Any:
    """Meet the other workers; give what comes back to `training.train(…, strategy=…)`.

    Parameters
    ----------
    addresses : "host:port" of every worker, in the same order everywhere.
    index : which of them this process is; 0 writes the folder.
    wait : seconds until those who are here give up, since one is missing.

    Call it first, before TensorFlow has computed anything. It returns when all are there.

    Raises
    ------
    TrainingError
        Who is missing, who was started with other addresses, or that the port is taken.
    """
    if not 0 <= index < len(addresses):
        raise TrainingError(f"training: worker {index} of {len(addresses)}: there is no such address")
    if len(set(addresses)) < len(addresses):
        raise TrainingError(f"training: two workers share an address: {', '.join(addresses)}")
    meet(addresses, index=index, wait=wait)
    task = {"type": "worker", "index": index}
    os.environ["TF_CONFIG"] = json.dumps({"cluster": {"worker": list(addresses)}, "task": task})
    try:
        return tf.distribute.MultiWorkerMirroredStrategy()
    except (tf.errors.OpError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise TrainingError(
            f"training: worker {index} can't meet the others at {', '.join(addresses)}: {reason}"
        ) from error


class Team:
    """The workers of a training; of one, if there is no strategy."""

    def __init__(self, strategy: Any = None) -> None:
        self.strategy = strategy
        self.n = strategy.num_replicas_in_sync if strategy else 1
        self.index = strategy.cluster_resolver.task_id or 0 if strategy else 0
        self.writes = self.index == 0

    def check(self, steps: int | None, control: object) -> None:
        """TrainingError for what each worker would decide for itself."""
        if self.strategy and steps is None:
            raise TrainingError(
                "training: workers count steps: minutes are over sooner on one than on another"
            )
        if self.strategy and control is not None:
            raise TrainingError("training: a control steers one process, not workers")

    def scope(self) -> contextlib.AbstractContextManager[object]:
        """Where variables are made that all workers are to hold alike."""
        return self.strategy.scope() if self.strategy else contextlib.nullcontext()

    def spread(self, game: Any, recipe: Recipe) -> Any:
        """The game, its compiled steps taking this worker's part of every batch."""
        if self.n > 1:
            if recipe.batch_size % self.n:
                raise TrainingError(
                    f"training: a batch of {recipe.batch_size} doesn't divide among {self.n} workers"
                )
            for name in STEPS:
                if hasattr(game, name):
                    setattr(game, name, self._spread(getattr(game, name)))
        return game

    def _spread(self, step: Any) -> Callable[..., dict[str, tf.Tensor]]:
        def mine(*parts: tf.Tensor) -> dict[str, tf.Tensor]:
            values = step.python_function(*parts)
            return tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.MEAN, values)

        @tf.function
        def everybody(*parts: tf.Tensor) -> dict[str, tf.Tensor]:
            return self.strategy.run(mine, args=parts)

        def spread(*batches: Any) -> dict[str, tf.Tensor]:
            size = len(batches[0]) // self.n
            return everybody(*(batch[self.index * size :][:size] for batch in batches))

        return spread

    @contextlib.contextmanager
    def watched(self, run: Any) -> Iterator[None]:
        """What TensorFlow says when a worker is gone, in words."""
        try:
            yield
        except tf.errors.OpError as error:
            if not self.strategy:
                raise
            raise TrainingError(
                f"training: a worker is gone at step {run.step} ({type(error).__name__}). Start all of them again: "
                f"the run goes on from its last checkpoint in {run.folder.path}"
            ) from error

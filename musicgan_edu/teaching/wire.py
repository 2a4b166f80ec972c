"""What a judge and the process that runs a student's code say to each other, over pipes.

Comes in: Python values. Goes out: the same values on the other side. Orders travel as cloudpickle, for the
judge is trusted; answers are read by an unpickler that builds numbers, texts, containers, arrays, tensors and
Scores and nothing else, for pickles can otherwise run code
(https://docs.python.org/3/library/pickle.html#restricting-globals).
"""

from __future__ import annotations

import io
import pickle
import struct
from typing import IO, Any

import cloudpickle
import numpy as np

__all__ = ["MAX_BYTES", "pack_answer", "pack_order", "receive", "send", "tensor", "unpack_answer"]

MAX_BYTES = 64_000_000
_LENGTH = struct.Struct("<Q")
_PLAIN = {("builtins", name) for name in ("set", "frozenset", "complex", "bytearray", "range", "slice")}
_ARRAYS = {("numpy", "ndarray"), ("numpy", "dtype"), ("_codecs", "encode")} | {
    (module, name)
    for module in ("numpy._core.multiarray", "numpy.core.multiarray", "numpy._core.numeric")
    for name in ("_reconstruct", "scalar", "_frombuffer")
}
_OURS = {("musicgan_edu.teaching.wire", "tensor"), ("copyreg", "_reconstructor"), ("builtins", "object")} | {
    ("musicgan_edu.score", name) for name in ("Score", "Track", "Grid")
}
_ALLOWED = _PLAIN | _ARRAYS | _OURS


def send(pipe: IO[bytes], content: bytes) -> None:
    """Write one message; OSError when nobody reads any more."""
    pipe.write(_LENGTH.pack(len(content)) + content)
    pipe.flush()


def receive(pipe: IO[bytes]) -> bytes:
    """Read one message; EOFError when the other side is gone or says more than `MAX_BYTES`."""
    (length,) = _LENGTH.unpack(_exactly(pipe, _LENGTH.size))
    if length > MAX_BYTES:
        raise EOFError(f"a message of {length} bytes")
    return _exactly(pipe, length)


def _exactly(pipe: IO[bytes], n_bytes: int) -> bytes:
    data = pipe.read(n_bytes)
    if len(data) < n_bytes:
        raise EOFError("the other side is gone")
    return data


def pack_order(order: Any) -> bytes:
    """Any value, functions made on the spot included; only ever read by the student's side."""
    return bytes(cloudpickle.dumps(order))


def tensor(values: np.ndarray) -> Any:
    """A TensorFlow tensor of these values."""
    import tensorflow as tf

    return tf.constant(values)


class _Pickler(pickle.Pickler):
    def reducer_override(self, value: Any) -> Any:
        if type(value).__name__ in ("EagerTensor", "ResourceVariable", "Variable") and hasattr(
            value, "numpy"
        ):
            return tensor, (np.asarray(value),)
        return NotImplemented


def pack_answer(answer: Any) -> bytes:
    """A student's value; PicklingError and the like for what can't travel (a generator, a dataset)."""
    made = io.BytesIO()
    _Pickler(made, protocol=5).dump(answer)
    return made.getvalue()


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in _ALLOWED or (module == "numpy.dtypes" and name.endswith("DType")):
            return super().find_class(module, name)
        raise pickle.UnpicklingError(f"an answer may not hold {module}.{name}")


def unpack_answer(content: bytes) -> Any:
    """The value, or UnpicklingError for anything that isn't data."""
    return _Unpickler(io.BytesIO(content)).load()

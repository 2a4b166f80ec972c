"""musicgan_edu: learn how generative adversarial networks make music.

`from musicgan_edu import corpus, encoding` and so on; submodules load when first used.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType

if sys.version_info < (3, 11):  # noqa: UP036 (pip refuses, but a checkout runs with any Python)
    raise ImportError(f"musicgan_edu needs Python 3.11 or later, this is {sys.version.split()[0]}")

__version__ = "0.1.0"

_ROOMS = frozenset(
    "assistant audio baselines checks cleaning commands completion conditions corpus course encoding evaluation lab "
    "losses models plane playback plotting recommendation sampling score style teaching training transcription "
    "widgets".split()
)


def __getattr__(name: str) -> ModuleType:
    if name in _ROOMS:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_ROOMS])

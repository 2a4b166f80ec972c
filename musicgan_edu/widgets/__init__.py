"""Interactive elements of the lessons, one file each; the sound engine and the piano roll are shared.

A widget is a thin view: Python holds the state as traits, the logic lives in the package's other
rooms. Its front end is a plain ES module, put together from the `.js` files beside it by
`front_end`, without a build step, a package manager or a network.
"""

from __future__ import annotations

from importlib import resources

__all__ = ["front_end"]


def front_end(*names: str) -> str:
    """The named files of this folder one after another: a widget's module, or its style sheet."""
    folder = resources.files(__name__)
    return "\n".join((folder / name).read_text(encoding="utf-8") for name in names)

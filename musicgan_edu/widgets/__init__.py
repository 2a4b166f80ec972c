"""Interactive elements of the lessons, one file each; the sound engine and the piano roll are shared.

A widget is a thin view: Python holds the state as traits, the logic lives in the package's other
rooms. Its front end is a plain ES module, put together from the `.js` files beside it by
`front_end`, without a build step, a package manager or a network.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import resources
from typing import Any

import anywidget

__all__ = ["Twin", "front_end"]

_NEEDS = re.compile(r"\A(?://.*\n)*?//.*\bNeeds ((?:\w+\.js(?:, | and )?)+)")


def front_end(*names: str) -> str:
    """The named files of this folder one after another: a widget's module, or its style sheet.

    A file whose opening comment says `Needs page.js and roll.js.` has those before it. None comes twice.
    """
    return "\n".join(dict(_with_needs(names)).values())


def _with_needs(names: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for name in names:
        text = (resources.files(__name__) / name).read_text(encoding="utf-8")
        needs = _NEEDS.match(text)
        if needs:
            yield from _with_needs(tuple(re.findall(r"\w+\.js", needs[1])))
        yield name, text


class Twin:
    """To inherit from before the widget's own class, of anywidget or ipywidgets."""

    def twin(self) -> dict[str, str]:
        """What an exported page shows instead, since nothing runs there: by MIME type, as `plotting.Figure.twin`."""
        raise NotImplementedError

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """The live widget and its twin, and in Colab, nowhere else, where its widget manager lies.

        ipywidgets' containers don't say that, though what they hold needs it: so anywidget speaks for them too.
        """
        data, metadata = anywidget.AnyWidget._repr_mimebundle_(self, **kwargs)
        return data | self.twin(), metadata

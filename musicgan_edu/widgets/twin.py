"""What a widget of the course is beside the live one: a static twin.

Comes in: a widget's `twin`. Goes out: the bundle that a notebook keeps, which an exported page can show.
"""

from __future__ import annotations

from typing import Any

import anywidget

__all__ = ["Twin"]


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

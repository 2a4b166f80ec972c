"""Music like this: pieces as points, likeness as an angle, and a query that learns from what you like.

Comes in: a piece of any metre, length and number of voices. Goes out: the pieces of an index that are most
like it. An index of a part of music21's corpus ships: feature vectors and titles, no music.

>>> from musicgan_edu import recommendation
>>> hits = recommendation.shipped().query(recommendation.features(score))  # doctest: +SKIP

Map
---
hearing (what is heard of a piece), listener (the discriminator's features), index (ranking, files), library
(a key's music; folders), measures. `musicgan recommend`, lesson 14 and the widget use all of it.

References
----------
Radford, Metz & Chintala (2016): a trained discriminator's features for other tasks. Yosinski et al. (2014):
how transferable are they? `benchmarks/recommend.py` asks that here.
"""

from __future__ import annotations

import functools
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from musicgan_edu.recommendation import hearing
from musicgan_edu.recommendation.hearing import COUNTS, Piece, RecommendationError, counts, form, incipit
from musicgan_edu.recommendation.index import KINDS, Hit, Index, Scale, rocchio
from musicgan_edu.recommendation.library import music, of_folder, pieces, split_of
from musicgan_edu.recommendation.measures import Judged, average_precision, families, judge, precision_at

if TYPE_CHECKING:
    from musicgan_edu.recommendation.listener import Listener

__all__ = [
    "COUNTS",
    "KINDS",
    "SHIPPED",
    "Hit",
    "Index",
    "Judged",
    "Piece",
    "RecommendationError",
    "Scale",
    "average_precision",
    "counts",
    "families",
    "features",
    "form",
    "hearing",
    "incipit",
    "judge",
    "music",
    "of_folder",
    "pieces",
    "precision_at",
    "rocchio",
    "shipped",
    "shipped_listener",
    "split_of",
]

#: The shipped index and listener, with a card that says what they are.
SHIPPED = Path(str(resources.files(__name__))) / "shipped"


def shipped() -> Index:
    """The index of 8 934 pieces of music21's corpus that comes with the package; a new one each time, yours to change."""
    return Index.load(SHIPPED / "index.npz")


@functools.cache
def shipped_listener() -> Listener:
    """The trained discriminator that the shipped index was made with."""
    from musicgan_edu.recommendation.listener import Listener

    return Listener.load(SHIPPED / "listener.npz")


def features(piece: Piece, ear: Listener | None = None) -> dict[str, np.ndarray]:
    """A piece's features for an index: "counts" (156,) and "sounds" (the listener's).

    Raises
    ------
    RecommendationError : no pitched note in it.
    """
    return {"counts": counts(piece), "sounds": (ear or shipped_listener()).hear(piece)}

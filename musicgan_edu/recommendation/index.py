"""An index of pieces: titles as data, numbers as numbers, ranked by likeness to a piece.

Comes in: keys, titles and features. Goes out: ranked `Hit`s, each with its reasons. Adding a piece adds a
row; the scale of the features was measured once and stays, so that nothing has to be rebuilt.

Conventions
-----------
A *kind* names one block of features ("counts", "sounds") or several ("both"). Each block is brought to mean 0
and deviation 1 and then to length 1; the likeness of two pieces in a kind is the mean of their cosines in
its blocks, −1 to 1. Files hold numbers and JSON, never a pickle.

References
----------
Rocchio (1971), *Relevance feedback in information retrieval*: the query moves towards what was liked. The
weights are the usual ones (Manning, Raghavan & Schütze 2008, chapter 9). Lesson 14 builds it.
"""

from __future__ import annotations

import dataclasses
import itertools
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath

import numpy as np
import threadpoolctl

from musicgan_edu import sampling
from musicgan_edu.recommendation.hearing import COUNTS, RecommendationError

__all__ = ["KINDS", "Hit", "Index", "Scale", "rocchio"]

#: Kind → the blocks of features that it compares.
KINDS = {"both": ("counts", "sounds"), "counts": ("counts",), "sounds": ("sounds",)}
_FORMAT = 1
_EAR = "sounds"  # the block in which noise lies far from music
_NEAREST, _FEWEST, _ASKED = (
    5,
    100,
    500,
)  # pieces: the neighbours counted, an index that says what is usual, how many say it
_STRANGE = 0.99
_LEVELS = 127  # a stored number is a whole one between −127 and 127, times its column's scale


@dataclasses.dataclass(frozen=True)
class Hit:
    """A piece that was found. `likeness` is −1 to 1; `reasons` are words; `title` is data, never HTML."""

    key: str
    title: str
    label: str
    likeness: float
    reasons: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Scale:
    """What features are measured against: mean and deviation (F,) over the pieces it was made from."""

    mean: np.ndarray
    deviation: np.ndarray

    @classmethod
    def of(cls, values: np.ndarray) -> Scale:
        """The scale of features (N, F); a column that never changes gets deviation 1."""
        deviation = values.std(0)
        return cls(values.mean(0), np.where(deviation > 1e-6, deviation, 1.0))

    def __call__(self, values: np.ndarray) -> np.ndarray:
        """Features (…, F) as vectors of length 1, on this scale."""
        z = np.clip((values - self.mean) / self.deviation, -4, 4)  # one rare turn must not be everything
        return z / np.maximum(np.linalg.norm(z, axis=-1, keepdims=True), 1e-9)


def rocchio(
    query: np.ndarray,
    liked: np.ndarray,
    disliked: np.ndarray,
    *,
    alpha: float = 1.0,
    beta: float = 0.75,
    gamma: float = 0.15,
) -> np.ndarray:
    """q′ = α·q + β·mean(liked) − γ·mean(disliked), of length 1.

    query (F,), liked and disliked (n, F), n ≥ 0: vectors of length 1. What is liked counts five times as
    much as what isn't: there are many ways not to be what one looks for.
    """
    moved = alpha * query
    if len(liked):
        moved = moved + beta * liked.mean(0)
    if len(disliked):
        moved = moved - gamma * disliked.mean(0)
    return moved / max(float(np.linalg.norm(moved)), 1e-9)


class Index:
    """Pieces and their features; see the module for the conventions.

    >>> index = Index({"counts": Scale(np.zeros(2), np.ones(2))})
    >>> index.add("a.mid", "A", {"counts": np.array([1.0, 0.0])})
    >>> index.query({"counts": np.array([1.0, 1.0])}, kind="counts")[0].key
    'a.mid'
    """

    def __init__(self, scales: Mapping[str, Scale]) -> None:
        self.scales = dict(scales)
        self.keys: list[str] = []
        self.titles: list[str] = []
        self.labels: list[str] = []
        self.values = {name: np.zeros((0, len(s.mean)), np.float32) for name, s in self.scales.items()}
        self._vectors = {name: values.copy() for name, values in self.values.items()}
        self._joined: dict[str, np.ndarray] = {}  # by kind, until a piece comes or goes
        self._usual = np.zeros(0)  # how far pieces lie from their nearest, until then too

    def __len__(self) -> int:
        return len(self.keys)

    def __contains__(self, key: object) -> bool:
        return key in self.keys

    def empty(self) -> Index:
        """An index without pieces, on the same scale."""
        return Index(self.scales)

    def add(self, key: str, title: str, features: Mapping[str, np.ndarray], *, label: str = "") -> None:
        """One more piece; nothing else changes.

        Raises
        ------
        RecommendationError : the key is there already, or the features aren't of this index.
        """
        self.add_all([(key, title, label)], {name: value[None] for name, value in features.items()})

    def add_all(self, pieces: Sequence[tuple[str, str, str]], features: Mapping[str, np.ndarray]) -> None:
        """Many (key, title, label) with their features (n, F) in each block; errors as `add`."""
        known = set(self.keys)
        for key, _, _ in pieces:
            if key in known:
                raise RecommendationError(f"recommendation: {key!r} is in the index already")
            known.add(key)
        for name, values in self.values.items():
            got = np.shape(features.get(name, ()))
            if got != (len(pieces), values.shape[1]) or not np.isfinite(features[name]).all():
                raise RecommendationError(
                    f"recommendation: {name} must be {values.shape[1]} finite numbers a piece, got shape {got}"
                )
        self._forget()
        for name, values in self.values.items():
            new = np.asarray(features[name], np.float32)
            self.values[name] = np.concatenate([values, new])
            vectors = self.scales[name](new).astype(np.float32)
            self._vectors[name] = np.concatenate([self._vectors[name], vectors])
        for column, part in ((self.keys, 0), (self.titles, 1), (self.labels, 2)):
            column += [piece[part] for piece in pieces]

    def remove(self, key: str) -> None:
        """Forget a piece; RecommendationError where it isn't there."""
        row = self._row(key)
        self._forget()
        for table in (self.values, self._vectors):
            for name in table:
                table[name] = np.delete(table[name], row, 0)
        for column in (self.keys, self.titles, self.labels):
            del column[row]

    def features(self, key: str) -> dict[str, np.ndarray]:
        """What the index holds of a piece."""
        row = self._row(key)
        return {name: values[row] for name, values in self.values.items()}

    def vectors(self, kind: str = "both") -> np.ndarray:
        """All pieces as vectors of length 1, float32 (N, F): a product of two is their likeness."""
        blocks = self._blocks(kind)
        if kind not in self._joined:
            parts = [self._vectors[name] / np.float32(np.sqrt(len(blocks))) for name in blocks]
            self._joined[kind] = np.concatenate(parts, 1)
        return self._joined[kind]

    def vector(self, features: Mapping[str, np.ndarray], kind: str = "both") -> np.ndarray:
        """One piece's features as such a vector, (F,)."""
        blocks = self._blocks(kind)
        parts = [self.scales[name](np.asarray(features[name], np.float32)) for name in blocks]
        return np.concatenate(parts) / np.sqrt(len(blocks))

    def query(
        self,
        piece: Mapping[str, np.ndarray] | str,
        *,
        count: int = 5,
        kind: str = "both",
        liked: Iterable[str] = (),
        disliked: Iterable[str] = (),
        leave_out: Iterable[str] = (),
    ) -> list[Hit]:
        """The `count` pieces most like features, or like a piece of the index by its key.

        What is disliked, the piece itself and `leave_out` aren't among them; what is liked may be.

        Raises
        ------
        RecommendationError : a key that isn't there, no such kind.
        """
        features = self.features(piece) if isinstance(piece, str) else piece
        liked, disliked = list(liked), list(disliked)
        vectors = self.vectors(kind)
        query = rocchio(
            self.vector(features, kind), vectors[self._rows(liked)], vectors[self._rows(disliked)]
        )
        with threadpoolctl.threadpool_limits(
            1, "blas"
        ):  # on a busy machine a second thread costs 30 ms of waiting
            likeness = vectors @ query
        gone = {*disliked, *leave_out} | ({piece} if isinstance(piece, str) else set())
        ranked = (int(row) for row in np.argsort(-likeness, kind="stable"))
        best = itertools.islice((row for row in ranked if self.keys[row] not in gone), count)
        return [self._hit(row, float(likeness[row]), features) for row in best]

    def strangeness(self, features: Mapping[str, np.ndarray]) -> float:
        """The share of pieces here that lie nearer to their five nearest than this one to its, 0 to 1.

        In deviations of what the discriminator hears. Likeness can't say it: an angle is small to something
        wherever one stands. nan where the index has no such features, or fewer than 100 pieces.
        """
        if _EAR not in self.scales or len(self) < _FEWEST:
            return float("nan")
        if not len(self._usual):
            rows = np.linspace(0, len(self) - 1, min(len(self), _ASKED)).astype(int)
            self._usual = self._apart(self.values[_EAR][rows], leave_out=1)  # themselves
        return float((self._usual < self._apart(features[_EAR][None])).mean())

    def warning(self, features: Mapping[str, np.ndarray]) -> str:
        """A sentence on music that is like nothing here, "" on any other."""
        share = self.strangeness(features)
        if not share >= _STRANGE:
            return ""
        return (
            f"nothing here sounds like it: {share:.1%} of the {len(self)} pieces lie nearer to their five nearest "
            "than it does to its own"
        )

    def save(self, path: Path) -> None:
        """One .npz: whole numbers of a byte, a scale for each column, and JSON."""
        arrays: dict[str, np.ndarray] = {}
        for name, values in self.values.items():
            step = np.maximum(np.abs(values).max(0, initial=0), 1e-9) / _LEVELS
            arrays[f"{name}.values"] = np.rint(values / step).astype(np.int8)
            arrays[f"{name}.step"] = step.astype(np.float32)
            arrays[f"{name}.mean"] = self.scales[name].mean.astype(np.float32)
            arrays[f"{name}.deviation"] = self.scales[name].deviation.astype(np.float32)
        about = {"format": _FORMAT, "keys": self.keys, "titles": self.titles, "labels": self.labels}
        arrays["json"] = np.frombuffer(json.dumps(about, ensure_ascii=False).encode(), np.uint8)
        sampling.write_arrays(path, arrays)

    @classmethod
    def load(cls, path: Path) -> Index:
        """What `save` wrote; RecommendationError for anything else."""
        try:
            arrays = sampling.read_arrays(path)
            about = json.loads(arrays["json"].tobytes())
            names = [name.removesuffix(".values") for name in arrays if name.endswith(".values")]
            index = cls({n: Scale(arrays[f"{n}.mean"], arrays[f"{n}.deviation"]) for n in names})
            pieces = list(zip(about["keys"], about["titles"], about["labels"], strict=True))
            if about["format"] != _FORMAT or not all(isinstance(t, str) for p in pieces for t in p):
                raise ValueError("not in the form of this version")
            values = {n: arrays[f"{n}.values"] * arrays[f"{n}.step"] for n in names}
            index.add_all(pieces, values)
        except Exception as error:  # a damaged file can fail anywhere
            raise RecommendationError(
                f"recommendation: {path} holds no index ({type(error).__name__}: {error})"
            ) from error
        return index

    def _forget(self) -> None:
        """What was computed from all pieces is no longer true."""
        self._joined.clear()
        self._usual = np.zeros(0)

    def _apart(self, values: np.ndarray, *, leave_out: int = 0) -> np.ndarray:
        """Mean distance of features (N, F) of the ear to their nearest here, (N,), the first few left out."""
        scale = self.scales[_EAR]
        here, asked = ((v - scale.mean) / scale.deviation for v in (self.values[_EAR], values))
        with threadpoolctl.threadpool_limits(1, "blas"):
            squares = (asked**2).sum(1)[:, None] + (here**2).sum(1) - 2 * asked @ here.T
        last = leave_out + _NEAREST
        nearest = np.sort(np.partition(squares, last - 1, 1)[:, :last], 1)[:, leave_out:]
        return np.sqrt(np.maximum(nearest, 0)).mean(1)

    def _blocks(self, kind: str) -> tuple[str, ...]:
        blocks = KINDS.get(kind, (kind,))
        missing = [name for name in blocks if name not in self.scales]
        if missing:
            known = [k for k, names in KINDS.items() if set(names) <= set(self.scales)]
            raise RecommendationError(f"recommendation: no kind {kind!r}, there are {', '.join(known)}")
        return blocks

    def _row(self, key: str) -> int:
        try:
            return self.keys.index(key)
        except ValueError:
            raise RecommendationError(f"recommendation: no piece {key!r} in the index") from None

    def _rows(self, keys: Sequence[str]) -> list[int]:
        return [self._row(key) for key in keys]

    def _hit(self, row: int, likeness: float, features: Mapping[str, np.ndarray]) -> Hit:
        reasons: tuple[str, ...] = ()
        if "counts" in self.scales and len(self.scales["counts"].mean) == len(COUNTS):
            reasons = _reasons(self.scales["counts"](features["counts"]), self._vectors["counts"][row])
        title = _legible(self.titles[row], self.keys[row])
        return Hit(self.keys[row], title, self.labels[row], likeness, reasons)


def _legible(title: str, key: str) -> str:
    """The title; the key's name for what a scanner has made of one (two of Monteverdi's in music21)."""
    letters = sum(letter.isalnum() or letter.isspace() for letter in title)
    return title if letters >= 0.6 * len(title) else PurePosixPath(key).stem


def _reasons(query: np.ndarray, found: np.ndarray, *, n: int = 3) -> tuple[str, ...]:
    """The n largest terms of the product of two vectors of `counts`, in words."""
    terms = query * found
    best = [i for i in np.argsort(-terms)[:n] if terms[i] > 0]
    return tuple(f"{'more' if query[i] > 0 else 'less'} {COUNTS[i]} than usual" for i in best)

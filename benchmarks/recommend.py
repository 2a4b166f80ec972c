"""The listener, the index and the table of lesson 14, from music21's corpus.

    python benchmarks/recommend.py train RUN        # a discriminator, by a game on what is heard of the train split
    python benchmarks/recommend.py table RUN        # which features find music of the same collection
    python benchmarks/recommend.py build RUN        # the shipped index and listener

The first call reads the whole corpus, which takes half an hour of two cores; the corpus cache keeps it. `train`
goes on where it was interrupted. `table` selects on validation and reports test; queries are test (validation)
pieces, candidates train pieces without the query's family: those that share a work's name or an incipit.
"""

from __future__ import annotations

import dataclasses
import json
import re
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from musicgan_edu import corpus, evaluation, recommendation, training
from musicgan_edu.recommendation import hearing
from musicgan_edu.recommendation.listener import Listener, discriminator_of, new_discriminator
from musicgan_edu.score import MusicganError, Score

SEED = 1
STEPS = 1800
#: Half of the steps are the game's: it is the discriminator that is wanted, not the generator.
RECIPE = dataclasses.replace(
    training.RECIPES["chorales"], pretraining=0.4, warming=0.2, units=96, latent_dim=16, free_nats=3.0
)
MOST_WINDOWS = 2500  # of one collection in the training, so that the largest doesn't drown the others
COLLECTIONS = corpus.names()[1:]  # all but the chorales, which are among Bach's
ONE_VOICE = ("airdsAirs", "essenFolksong", "oneills1850", "ryansMammoth")
#: What the discriminator is trained on; the other collections are new to it.
TRAINED_ON = ("chorales", "oneills1850", "palestrina", "ryansMammoth")
MIN_QUERIES = 5
SIZES = (16, 32, 48, 64)
TEXTS = re.compile(r"[^a-z]+")


@dataclasses.dataclass(frozen=True)
class Entry:
    """One piece of the corpus."""

    key: str
    title: str
    label: str
    split: str
    work: str
    piece: list[Score]


def entries(names: Sequence[str] = COLLECTIONS) -> list[Entry]:
    """Every piece of the collections that can be heard, chorales by the chorales' split."""
    found: list[Entry] = []
    chorales = corpus.collect("chorales").splits
    for name in names:
        report = corpus.collect(name)
        label = "bach" if name == "chorales" else name
        for source, piece in recommendation.pieces(report.scores).items():
            try:
                hearing.incipit(piece)
            except MusicganError:
                continue
            split = chorales.get(source.removesuffix(".mxl"), report.splits[source]) if label == "bach" else report.splits[source]
            file = f"{source}.mxl" if name == "chorales" else source
            title = piece[0].title
            found.append(Entry(f"{label}/{file}", title, label, split, work_of(label, file, title), piece))
    return found


def work_of(collection: str, source: str, title: str) -> str:
    """What pieces of one work, or of one tune's family, have in common; "" where nothing says so."""
    folders = source.split("/")
    if len(folders) > 1:
        return f"{collection}/{folders[0]}"
    if collection in ONE_VOICE:  # "7th Regiment -- Reel" and "7th Regiment Reel": a tune has one name everywhere
        return "tune " + TEXTS.sub("", title.lower())
    if collection == "bach":
        return f"bach/{source.split('.')[0]}"  # the movements of one cantata
    return f"{collection}/{TEXTS.sub(' ', title.lower()).strip()}"


def listener_of(run: Path) -> Listener:
    """The listener of a trained run."""
    return Listener(discriminator_of(run, RECIPE))


def train(run: Path) -> None:
    """A game on windows of the train split."""
    rng = np.random.default_rng(SEED)
    by_label: dict[str, list[np.ndarray]] = {}
    for entry in entries(TRAINED_ON):
        if entry.split == "train":
            by_label.setdefault(entry.label, []).append(hearing.windows(entry.piece))
    parts = []
    for label, found in by_label.items():
        windows = np.concatenate(found)
        parts.append(rng.permutation(windows)[:MOST_WINDOWS])
        print(f"{label}: {len(found)} pieces, {len(parts[-1])} of {len(windows)} windows")
    windows = np.concatenate(parts)
    training.train(
        RECIPE, windows, run, steps=STEPS, seed=SEED, corpus="music21", encoding=hearing.FORM,
        report=lambda progress, step, values: print(f"{progress:.0%} {step} {values}", flush=True),
    )  # fmt: skip


def features(found: list[Entry], listeners: dict[str, Listener]) -> dict[str, np.ndarray]:
    """Raw features (N, F) of every kind that the table compares."""
    table: dict[str, list[np.ndarray]] = {"form": [], "counts": [], **{name: [] for name in listeners}}
    for entry in found:
        table["form"].append(recommendation.form(entry.piece))
        table["counts"].append(recommendation.counts(entry.piece))
        for name, ear in listeners.items():
            table[name].append(ear.hear(entry.piece))
    return {name: np.stack(rows) for name, rows in table.items()}


def unit(values: np.ndarray, train: np.ndarray, size: int | None = None) -> np.ndarray:
    """Features on the scale of the train pieces, as vectors of length 1; `size`: their first principal axes."""
    if size:
        mean = values[train].mean(0)
        deviation = np.maximum(values[train].std(0), 1e-6)
        z = (values - mean) / deviation
        _, _, axes = np.linalg.svd(z[train], full_matrices=False)
        values = z @ axes[:size].T
    return recommendation.Scale.of(values[train])(values)


@dataclasses.dataclass(frozen=True)
class Task:
    """Which pieces ask, which may be found, and what is relevant."""

    name: str
    labels: np.ndarray
    families: np.ndarray
    queries: np.ndarray
    candidates: np.ndarray

    def judge(self, vectors: np.ndarray) -> recommendation.Judged:
        """Each query's precision at 5 and average precision."""
        q, c = self.queries, self.candidates
        relevant = self.labels[q][:, None] == self.labels[c]
        allowed = self.families[q][:, None] != self.families[c]
        return recommendation.judge(vectors[q] @ vectors[c].T, relevant, allowed)

    def macro(self, values: np.ndarray, weights: np.ndarray | None = None) -> float:
        """The mean over labels of the mean over their queries: a large collection counts as much as a small one."""
        weights = np.ones(len(values)) if weights is None else weights
        means = []
        for label in set(self.labels[self.queries].tolist()):
            mine = (self.labels[self.queries] == label) & (weights > 0) & np.isfinite(values)
            if mine.any():
                means.append(np.average(values[mine], weights=weights[mine]))
        return float(np.mean(means))

    def interval(self, values: np.ndarray, *, n_draws: int = 500) -> tuple[float, float]:
        """The 95 % bootstrap interval of `macro` over families of queries."""
        _, groups = np.unique(self.families[self.queries], return_inverse=True)
        rng = np.random.default_rng(0)
        n = groups.max() + 1
        draws = [rng.multinomial(n, np.full(n, 1 / n))[groups].astype(float) for _ in range(n_draws)]
        return evaluation.percentile_interval(np.array([self.macro(values, draw) for draw in draws]))


def tasks(found: list[Entry], split: str) -> list[Task]:
    """All collections; those of one voice; those of several; and, in the folk songs, where they come from."""
    keys = [entry.key for entry in found]
    works = {e.key: e.work for e in found}
    numbers = recommendation.families(works, {e.key: recommendation.incipit(e.piece) for e in found})
    families = np.array([numbers[key] for key in keys])
    label = np.array([entry.label for entry in found])
    region = np.array([re.sub(r"\d.*", "", e.key.split("/")[1]) for e in found])
    one = np.isin(label, ONE_VOICE)
    folk = label == "essenFolksong"
    kinds = [("all", label, np.ones(len(found), bool)), ("one voice", label, one), ("several voices", label, ~one)]
    kinds.append(("folk songs by book", region, folk))
    return [_task(name, labels, families, found, mask, split) for name, labels, mask in kinds if mask.any()]


def _task(
    name: str, labels: np.ndarray, families: np.ndarray, found: list[Entry], mask: np.ndarray, split: str
) -> Task:
    splits = np.array([entry.split for entry in found])
    asks, stays = mask & (splits == split), mask & (splits == "train")
    asking, there = Counter(labels[asks].tolist()), Counter(labels[stays].tolist())
    fit = [label for label, n in asking.items() if n >= MIN_QUERIES and there[label] >= 20]
    return Task(name, labels, families, np.flatnonzero(asks & np.isin(labels, fit)), np.flatnonzero(stays))


def spaces(raw: dict[str, np.ndarray], found: list[Entry]) -> dict[str, np.ndarray]:
    """Vectors of every row of the table, sizes chosen on validation by mAP over all collections."""
    train = np.array([entry.split == "train" for entry in found])
    task = tasks(found, "validation")[0]

    def best(name: str) -> np.ndarray:
        tried = {size: unit(raw[name], train, size) for size in SIZES}
        scores = {size: task.macro(task.judge(vectors).average) for size, vectors in tried.items()}
        size = max(scores, key=lambda size: scores[size])
        print(f"validation, {name}: {({k: round(v, 3) for k, v in scores.items()})}, {size} axes", flush=True)
        return tried[size]

    rows = {"form": unit(raw["form"], train), "counts": unit(raw["counts"], train), "counts, PCA": best("counts")}
    for name in raw:
        if name not in rows:
            rows[name], rows[f"{name}, PCA"] = unit(raw[name], train), best(name)
    for name in ("untrained D", "trained D"):
        rows[f"counts + {name}, PCA"] = np.concatenate([rows["counts"], rows[f"{name}, PCA"]], 1) / np.sqrt(2)
    return rows


def by_chance(task: Task) -> tuple[float, float]:
    """Macro precision at 5 of who always recommends the largest collection, and of who draws at random."""
    shares = Counter(task.labels[task.candidates].tolist())
    asked = set(task.labels[task.queries].tolist())
    return 1 / len(asked), float(np.mean([shares[label] / len(task.candidates) for label in asked]))


def table(run: Path) -> None:
    """Print the table, validation and then test."""
    found = entries()
    print(Counter(entry.label for entry in found))
    listeners = {"untrained D": Listener(new_discriminator(SEED)), "trained D": listener_of(run)}
    raw = features(found, listeners)
    rows = spaces(raw, found)
    figures: dict[str, dict[str, dict[str, object]]] = {}
    for split in ("validation", "test"):
        for task in tasks(found, split):
            majority, random = by_chance(task)
            about = f"{len(task.queries)} queries in {len(set(task.labels[task.queries].tolist()))} labels"
            print(f"\n## {split}, {task.name}: {about}, {len(task.candidates)} candidates")
            print(f"majority {majority:.3f}, random {random:.3f}")
            for name, vectors in rows.items():
                judged = task.judge(vectors)
                p, a = judged.precision, judged.average
                line = {"P@5": task.macro(p), "P@5 interval": task.interval(p), "mAP": task.macro(a), "mAP interval": task.interval(a)}
                figures.setdefault(f"{split}, {task.name}", {})[name] = line
                low, high = line["P@5 interval"]  # type: ignore[misc]
                below, above = line["mAP interval"]  # type: ignore[misc]
                print(f"| {name} | {line['P@5']:.3f} [{low:.3f}, {high:.3f}] | {line['mAP']:.3f} [{below:.3f}, {above:.3f}] |", flush=True)
    Path(run, "table.json").write_text(json.dumps(figures, indent=1))


def build(run: Path, size: int = 32) -> None:
    """Write the shipped index and listener."""
    found = entries()
    plain = listener_of(run)
    heard = np.stack([plain.hear(entry.piece) for entry in found])
    train = np.array([entry.split == "train" for entry in found])
    ear = plain.reduced(heard[train], size)
    ear.save(recommendation.SHIPPED / "listener.npz")
    ear = Listener.load(recommendation.SHIPPED / "listener.npz")  # in half precision, as everybody will use it
    blocks = {
        "counts": np.stack([recommendation.counts(entry.piece) for entry in found]),
        "sounds": np.stack([ear.hear(entry.piece) for entry in found]),
    }
    index = recommendation.Index({name: recommendation.Scale.of(v[train]) for name, v in blocks.items()})
    index.add_all([(e.key, e.title, e.label) for e in found], blocks)
    index.save(recommendation.SHIPPED / "index.npz")
    for file in ("index.npz", "listener.npz"):
        print(f"{file}: {(recommendation.SHIPPED / file).stat().st_size / 1e6:.2f} MB")
    print(f"{len(index)} pieces")
    speed()


def speed() -> None:
    """How long a query takes: the search alone, and with the features of a piece that isn't in the index."""
    index = recommendation.shipped()
    piece = corpus.read_chorale("bwv66.6")
    recommendation.features(piece)  # the listener is loaded and traced
    searched, whole = [], []
    for _ in range(50):
        start = time.perf_counter()
        features = recommendation.features(piece)
        between = time.perf_counter()
        index.query(features)
        searched.append(time.perf_counter() - between)
        whole.append(time.perf_counter() - start)
    print(f"{len(index)} pieces: search {1000 * np.median(searched):.1f} ms (95th percentile "
          f"{1000 * np.percentile(searched, 95):.1f}), with features {1000 * np.median(whole):.1f} ms")  # fmt: skip


if __name__ == "__main__":
    {"train": train, "table": table, "build": build, "speed": lambda _: speed()}[sys.argv[1]](Path(sys.argv[2] if len(sys.argv) > 2 else "."))

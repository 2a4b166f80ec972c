"""The listener, the index and the table of lesson 14, from music21's corpus.

    python benchmarks/read_corpora.py RUN/scores palestrina essenFolksong …    # again until nothing is left
    python benchmarks/recommend.py damage RUN       # a discriminator: real windows against damaged ones (lesson 05)
    python benchmarks/recommend.py game RUN         # or, instead, one from a game against a generator
    python benchmarks/recommend.py hear RUN         # features of every piece, by that and by an untrained one
    python benchmarks/recommend.py table RUN        # which features find music of the same collection
    python benchmarks/recommend.py build RUN        # the shipped index and listener
    python benchmarks/recommend.py strange RUN      # of pieces that it lacks: how many are said to be like nothing in it (no RUN needed)

`game` and `hear` go on where they were interrupted. `table` selects on validation and reports test; queries are test (validation)
pieces, candidates train pieces without the query's family: those that share a work's name or an incipit. Small
collections are held out whole: see `catalogue.py`.
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
from catalogue import ONE_VOICE, OWN, TRAINED_ON, Entry, composer_of, entries, genre_of

from musicgan_edu import corpus, evaluation, losses, models, recommendation, sampling, training
from musicgan_edu.recommendation import hearing
from musicgan_edu.recommendation.listener import Listener, discriminator_of, new_discriminator

SEED = 1
STEPS = 500
DAMAGE_STEPS = 300
#: Half of the steps are the game's: it is the discriminator that is wanted, not the generator.
RECIPE = dataclasses.replace(
    training.RECIPES["chorales"], pretraining=0.4, warming=0.2, units=96, latent_dim=16, free_nats=3.0
)
MOST_WINDOWS = 2500  # of one collection in the training, so that the largest doesn't drown the others
#: What is indexed and shipped: music21's collections of more than a few pieces.
COLLECTIONS = (
    "chorales", "oneills1850", "ryansMammoth", "airdsAirs", "essenFolksong", "palestrina", "monteverdi", "trecento", "beethoven",
    "mozart", "haydn", "josquin", "schumann_robert", "schumann_clara", "miscFolk", "ciconia", "corelli", "leadSheet",
)  # fmt: skip
MIN_QUERIES = 5
MOST_QUERIES = 100  # of one label, evenly
MIN_RELEVANT = 5  # pieces of other works: with fewer, precision at 5 could not be 1
SIZES = (16, 32, 48, 64)


def scores(run: Path) -> Path:
    """Where `read_corpora.py` has put what it read."""
    return run / "scores"


def training_windows(run: Path) -> np.ndarray:
    """Windows of pieces whose work and whose file are both in train, uint8 (N, T, 2), so many of each collection at most."""
    rng = np.random.default_rng(SEED)
    by_label: dict[str, list[np.ndarray]] = {}
    for entry in entries(TRAINED_ON, scores(run)):
        if entry.split == "train" == recommendation.split_of(entry.key):
            by_label.setdefault(entry.label, []).append(hearing.windows(entry.piece))
    parts = []
    for label, found in by_label.items():
        windows = np.concatenate(found)
        parts.append(rng.permutation(windows)[:MOST_WINDOWS])
        print(f"{label}: {len(found)} pieces, {len(parts[-1])} of {len(windows)} windows", flush=True)
    return np.concatenate(parts)


def game(run: Path) -> None:
    """A discriminator from a game: likelihood first, then both players."""
    training.train(
        RECIPE, training_windows(run), run, steps=STEPS, seed=SEED, corpus="music21", encoding=hearing.FORM,
        report=lambda progress, step, values: print(f"{progress:.0%} {step} {values}", flush=True),
    )  # fmt: skip
    Listener(discriminator_of(run, RECIPE)).save(run / "listener.npz")


def damaged(windows: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Each window with one fault: another's second half, another's bottom line, or wrong notes (one in four)."""
    others = windows[rng.permutation(len(windows))]
    wrong, kind = windows.copy(), rng.integers(3, size=len(windows))
    one_line = (windows[..., 1] == hearing.FORM.rest).all(1) & (kind == 1)
    kind[one_line] = 2  # nothing to exchange
    half = windows.shape[1] // 2
    wrong[kind == 0, half:] = others[kind == 0, half:]
    wrong[kind == 1, :, 1] = others[kind == 1, :, 1]
    notes = (
        (wrong < hearing.FORM.n_pitches) & (kind == 2)[:, None, None] & (rng.uniform(size=wrong.shape) < 0.25)
    )
    moved = wrong.astype(int) + rng.choice([-2, -1, 1, 2], size=wrong.shape)
    return np.where(notes, np.clip(moved, 0, hearing.FORM.n_pitches - 1), wrong).astype(np.uint8)


def damage(run: Path) -> None:
    """A discriminator as in lesson 05: real windows against damaged ones. A few minutes less than the game."""
    import keras
    import tensorflow as tf

    rng, pair = np.random.default_rng(SEED), losses.LOSSES["cross-entropy"]
    discriminator, optimizer = new_discriminator(SEED), keras.optimizers.Adam(1e-3, beta_1=0.5)

    @tf.function
    def step(real: tf.Tensor, fake: tf.Tensor) -> tf.Tensor:
        features = models.relations(tf.cast(tf.concat([real, fake], 0), tf.int32), hearing.FORM)
        with tf.GradientTape() as tape:
            loss = pair.discriminator(*tf.split(discriminator(features, training=True), 2))
        variables = discriminator.trainable_variables
        optimizer.apply(tape.gradient(loss, variables), variables)
        return loss

    windows = training_windows(run)
    for i in range(DAMAGE_STEPS):
        real = windows[rng.choice(len(windows), RECIPE.batch_size, replace=False)]
        loss = step(real, damaged(real, rng))
        if i % 50 == 0 or i + 1 == DAMAGE_STEPS:
            print(f"{i} loss {loss.numpy():.3f} (2 log 2 = 1.386: no idea)", flush=True)
    run.mkdir(parents=True, exist_ok=True)
    Listener(discriminator).save(run / "listener.npz")
    unseen = [hearing.windows(e.piece) for e in entries(TRAINED_ON, scores(run)) if e.split == "validation"]
    real = np.concatenate(unseen)[:: max(1, sum(map(len, unseen)) // 1000)]
    verdicts = [
        discriminator(models.relations(tokens.astype(np.int32), hearing.FORM)).numpy().mean(1)
        for tokens in (real, damaged(real, rng))
    ]
    auc = (verdicts[0][:, None] > verdicts[1]).mean()
    print(f"validation: a real window gets more than a damaged one in {auc:.3f} of pairs (AUC)")


@dataclasses.dataclass(frozen=True)
class Table:
    """Every piece with its raw features (N, F), by kind; `about` has columns of text and numbers (N,)."""

    about: dict[str, np.ndarray]
    raw: dict[str, np.ndarray]


def hear(run: Path) -> None:
    """Features of every piece, a file a collection, so that it goes on where it was interrupted."""
    trained = Listener.load(run / "listener.npz")  # in half precision, as everybody will use it
    listeners = {"untrained D": Listener(new_discriminator(SEED)), "trained D": trained}
    for name in COLLECTIONS:
        path = run / "features" / f"{name}.npz"
        found = [] if path.exists() else entries([name], scores(run))
        if found:
            sampling.write_arrays(path, {**_about(found), **_raw(found, listeners)})
            print(f"{name}: {len(found)} pieces", flush=True)


def _about(found: Sequence[Entry]) -> dict[str, np.ndarray]:
    columns = {
        name: np.array([getattr(e, name) for e in found])
        for name in ("key", "title", "label", "split", "work")
    }
    return columns | {"incipit": np.array([hearing.incipit(e.piece).hex() for e in found])}


def _raw(found: Sequence[Entry], listeners: dict[str, Listener]) -> dict[str, np.ndarray]:
    kinds = {"form": recommendation.form, "counts": recommendation.counts}
    kinds |= {name: ear.hear for name, ear in listeners.items()}
    return {name: np.stack([kind(e.piece) for e in found]) for name, kind in kinds.items()}


def read(run: Path) -> Table:
    """What `hear` wrote; of pieces whose title and notes are the same only the first (two books print them)."""
    parts = [sampling.read_arrays(path) for path in sorted((run / "features").glob("*.npz"))]
    joined = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    same = [
        (*row, sums.tobytes())
        for *row, sums in zip(joined["label"], joined["title"], joined["counts"], strict=True)
    ]
    kept = sorted({mark: i for i, mark in reversed(list(enumerate(same)))}.values())
    kinds = ("form", "counts", "untrained D", "trained D")
    return Table(
        {k: v[kept] for k, v in joined.items() if k not in kinds}, {k: joined[k][kept] for k in kinds}
    )


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


def tasks(found: Table, split: str) -> list[Task]:
    """By collection, composer and genre; the collections of one voice; and, in the folk songs, the book that they are from."""
    about = found.about
    keys = about["key"].tolist()
    works = dict(zip(keys, about["work"].tolist(), strict=True))
    incipits = {key: bytes.fromhex(text) for key, text in zip(keys, about["incipit"].tolist(), strict=True)}
    numbers = recommendation.families(works, incipits)
    families, label = np.array([numbers[key] for key in keys]), about["label"]
    book = np.array([re.sub(r"\d.*", "", key.split("/")[1]) for key in keys])
    one, folk = np.isin(label, ONE_VOICE), label == "essenFolksong"
    composers, genres = (np.array([of(name) for name in label.tolist()]) for of in (composer_of, genre_of))
    kinds = [
        ("collection", label, np.ones(len(keys), bool)),
        ("composer", composers, composers != ""),
        ("genre", genres, genres != ""),
        ("one voice", label, one),
        ("folk songs by book", book, folk),
    ]
    return [
        _task(name, labels, families, about["split"], mask, split)
        for name, labels, mask in kinds
        if mask.any()
    ]


def _task(
    name: str, labels: np.ndarray, families: np.ndarray, splits: np.ndarray, mask: np.ndarray, split: str
) -> Task:
    own = (splits == OWN) & mask
    asks = mask & (splits == split) | (own if split == "test" else np.zeros_like(own))
    stays = np.flatnonzero(mask & (splits == "train") | own)
    queries = []
    for label in sorted(set(labels[asks].tolist())):
        mine, there = np.flatnonzero(asks & (labels == label)), stays[labels[stays] == label]
        findable = np.array([(families[there] != families[i]).sum() for i in mine])
        mine = mine[findable >= MIN_RELEVANT]
        if len(mine) >= MIN_QUERIES:
            queries.append(
                mine[np.unique(np.linspace(0, len(mine) - 1, min(MOST_QUERIES, len(mine))).astype(int))]
            )
    return Task(name, labels, families, np.concatenate(queries) if queries else np.zeros(0, int), stays)


def spaces(found: Table) -> dict[str, np.ndarray]:
    """Vectors of every row of the table; the number of axes of each kind is chosen on validation by mAP."""
    train, raw, task = found.about["split"] == "train", found.raw, tasks(found, "validation")[0]

    def best(name: str) -> np.ndarray:
        tried = {size: unit(raw[name], train, size) for size in SIZES}
        scores = {size: task.macro(task.judge(vectors).average) for size, vectors in tried.items()}
        size = max(scores, key=lambda size: scores[size])
        print(
            f"validation, {name}: { ({k: round(v, 3) for k, v in scores.items()}) }, {size} axes", flush=True
        )
        return tried[size]

    rows = {
        "form": unit(raw["form"], train),
        "counts": unit(raw["counts"], train),
        "counts, PCA": best("counts"),
    }
    for name in ("untrained D", "trained D"):
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
    """Choose the numbers of axes on validation, print the table of test, and keep its figures in RUN/table.json."""
    found = read(run)
    print(Counter(found.about["label"].tolist()))
    rows, figures = spaces(found), {}
    for task in tasks(found, "test"):
        if len(set(task.labels[task.queries].tolist())) < 2:
            continue
        labels = sorted(set(task.labels[task.queries].tolist()))
        majority, random = by_chance(task)
        print(
            f"\n## test, {task.name}: {len(task.queries)} queries of {len(labels)} labels ({', '.join(labels)})"
        )
        print(
            f"{len(task.candidates)} candidates; P@5 of the largest label always {majority:.3f}, at random {random:.3f}"
        )
        figures[task.name] = {name: _row(name, task, vectors) for name, vectors in rows.items()}
    (run / "table.json").write_text(json.dumps(figures, indent=1))


def _row(name: str, task: Task, vectors: np.ndarray) -> dict[str, list[float]]:
    """Print and give a row: each measure with its interval."""
    judged = task.judge(vectors)
    measures = {"P@5": judged.precision, "mAP": judged.average}
    row = {measure: [task.macro(values), *task.interval(values)] for measure, values in measures.items()}
    cells = " | ".join(f"{value:.3f} [{low:.3f}, {high:.3f}]" for value, low, high in row.values())
    print(f"| {name} | {cells} |", flush=True)
    return row


def build(run: Path, size: int = 16) -> None:
    """Write the shipped index and listener."""
    found = read(run)
    train = found.about["split"] == "train"
    ear = Listener.load(run / "listener.npz").reduced(found.raw["trained D"][train], size)
    ear.save(recommendation.SHIPPED / "listener.npz")
    ear = Listener.load(recommendation.SHIPPED / "listener.npz")
    blocks = {"counts": found.raw["counts"], "sounds": ear.reduce(found.raw["trained D"])}
    index = recommendation.Index({name: recommendation.Scale.of(v[train]) for name, v in blocks.items()})
    about = [found.about[name].tolist() for name in ("key", "title", "label")]
    index.add_all(list(zip(*about, strict=True)), blocks)
    index.save(recommendation.SHIPPED / "index.npz")
    for file in ("index.npz", "listener.npz"):
        print(f"{file}: {(recommendation.SHIPPED / file).stat().st_size / 1e6:.2f} MB")
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


def strange(_: Path) -> None:
    """How many are told that nothing is like them: 400 pieces that the index lacks, then each collection, lacking as a whole."""
    index, labels = recommendation.shipped(), np.array(recommendation.shipped().labels)
    some = np.random.default_rng(SEED).choice(len(index), 400, replace=False)
    groups = {"400 at random": some} | {name: np.flatnonzero(labels == name) for name in sorted(set(labels))}
    for name, rows in groups.items():
        stay = np.setdiff1d(np.arange(len(index)), rows)
        without = index.empty()
        without.add_all(
            [(index.keys[i], index.titles[i], index.labels[i]) for i in stay],
            {block: values[stay] for block, values in index.values.items()},
        )
        asked = rows if name == "400 at random" else rows[:: -(-len(rows) // 60)]
        told = [bool(without.warning(index.features(index.keys[i]))) for i in asked]
        print(f"{name}: {sum(told)} of {len(told)}", flush=True)


if __name__ == "__main__":
    {"game": game, "damage": damage, "hear": hear, "table": table, "build": build, "strange": strange}[
        sys.argv[1]
    ](Path(sys.argv[2] if len(sys.argv) > 2 else "."))

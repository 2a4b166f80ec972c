"""Everything at once: real and fake windows side by side, with intervals.

Comes in: real, fake and training windows. Goes out: `Report`, a mapping of rows that prints as a
table and turns into JSON. Lesson 10 reads one line by line.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from musicgan_edu.evaluation import distances, harmony, rhythm
from musicgan_edu.evaluation.feature_table import features
from musicgan_edu.evaluation.grids import groups_of, voices
from musicgan_edu.evaluation.judge import MIN_WINDOWS, Verdict, c2st
from musicgan_edu.evaluation.novelty import copying, distinct_share
from musicgan_edu.evaluation.rules import chorale_rules
from musicgan_edu.evaluation.tally import Tally, bootstrap
from musicgan_edu.score import Score

__all__ = ["Report", "Row", "evaluate"]

Interval = tuple[float, float]
_NONE: Interval = (math.nan, math.nan)


class Row(NamedTuple):
    """One measure of real and fake music, each with its 95 % interval over pieces; NaN: not measured."""

    real: float
    real_interval: Interval
    fake: float
    fake_interval: Interval


@dataclasses.dataclass(frozen=True)
class Report(Mapping[str, Row]):
    """Rows by name; `print(report.table())` for people, `report.to_dict()` for files.

    verdict : the judge's, with what gives the machine away.
    n_real, n_fake, n_train : windows that went in.
    """

    rows: dict[str, Row]
    verdict: Verdict
    n_real: int
    n_fake: int
    n_train: int

    def __getitem__(self, name: str) -> Row:
        return self.rows[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def table(self, *, n_reasons: int = 8) -> str:
        """The report in Markdown: a table, then the features that gave the machine away."""
        lines = [
            f"{self.n_real} real windows of {self.verdict.n_pieces} pieces, {self.n_fake} fake; 95 % intervals over pieces.",
            "",
            "| measure | real | interval | fake | interval |",
            "|---|---|---|---|---|",
            *(f"| {name} | {' | '.join(_cells(row))} |" for name, row in self.rows.items()),
            "",
        ]
        if not self.n_train:
            lines += ["Copying was not measured (it needs `train=`): trust no good figure without it.", ""]
        return "\n".join([*lines, "What gives the machine away:", "", *self._reasons(n_reasons)])

    def _reasons(self, n: int) -> list[str]:
        lines = ["| feature | importance | mean in real | mean in fake |", "|---|---|---|---|"]
        rows = self.verdict.gives_away[:n]
        return lines + [
            f"| {name} | {share:.3f} | {real:.3g} | {fake:.3g} |" for name, share, real, fake in rows
        ]

    def to_dict(self) -> dict[str, Any]:
        """The same as plain dictionaries, lists and numbers, None for what wasn't measured."""
        return {
            "n_real": self.n_real,
            "n_fake": self.n_fake,
            "n_train": self.n_train,
            "measures": {
                name: {k: _plain(v) for k, v in row._asdict().items()} for name, row in self.rows.items()
            },
            "gives_away": [list(row) for row in self.verdict.gives_away],
        }


def evaluate(
    real: Sequence[Score],
    fake: Sequence[Score],
    *,
    train: Sequence[Score] | None = None,
    n_bars: int = 2,
    seed: int = 0,
    min_windows: int = MIN_WINDOWS,
) -> Report:
    """Measure fake windows beside real ones.

    Parameters
    ----------
    real : windows of `n_bars` bars that no model was trained on, as `cleaning.windows` cuts them;
        their `source` says which piece they come from. Validation to select, test to report.
    fake : windows of the same length, with the same voices.
    train : the windows that the model learnt from: for copying, and as a second set of real music
        that shows what the judge says where there is nothing to find.
    min_windows : what the judge needs of each kind.

    Raises
    ------
    EvaluationError : too few windows, or windows of different shapes.
    """
    verdict = c2st(real, fake, n_bars=n_bars, seed=seed, min_windows=min_windows)
    other = None if train is None else _sample(train, len(fake), seed)
    reference = (
        None if other is None else c2st(real, other, n_bars=n_bars, seed=seed, min_windows=min_windows)
    )
    rows = {"C2ST accuracy (0.5: can't be told from real)": _judged(reference, verdict)}
    rows |= _copying_rows(real, fake, train, n_bars)
    rows |= _tally_rows(real, fake, n_bars)
    rows |= _set_rows(real, fake, other, n_bars)
    return Report(rows, verdict, len(real), len(fake), 0 if train is None else len(train))


def _sample(scores: Sequence[Score], n: int, seed: int) -> list[Score]:
    chosen = np.sort(np.random.default_rng(seed).permutation(len(scores))[:n])
    return [scores[i] for i in chosen]


def _judged(reference: Verdict | None, verdict: Verdict) -> Row:
    real = (math.nan, _NONE) if reference is None else (reference.accuracy, reference.interval)
    return Row(*real, verdict.accuracy, verdict.interval)


def _copying_rows(
    real: Sequence[Score], fake: Sequence[Score], train: Sequence[Score] | None, n_bars: int
) -> dict[str, Row]:
    rows = {
        "distinct windows": Row(
            distinct_share(real, n_bars=n_bars), _NONE, distinct_share(fake, n_bars=n_bars), _NONE
        )
    }
    quantiles = {"copying, median agreement with train": 0.5, "copying, 95th percentile": 0.95}
    if train is None:
        return {name: Row(math.nan, _NONE, math.nan, _NONE) for name in quantiles} | rows
    learnt = voices(train, n_bars=n_bars)
    found = [(copying(scores, learnt, n_bars=n_bars), groups_of(scores)) for scores in (real, fake)]
    for name, q in quantiles.items():
        ours, theirs = (_quantile(agreement, groups, q) for agreement, groups in found)
        rows[name] = Row(*ours, *theirs)
    return {name: rows[name] for name in (*quantiles, "distinct windows")}


def _quantile(values: np.ndarray, groups: np.ndarray, q: float) -> tuple[float, Interval]:
    return float(np.quantile(values, q)), bootstrap(
        lambda index: float(np.quantile(values[index], q)), groups
    )


def _tally_rows(real: Sequence[Score], fake: Sequence[Score], n_bars: int) -> dict[str, Row]:
    ours, theirs = _tallies(real, n_bars), _tallies(fake, n_bars)
    groups = groups_of(real), groups_of(fake)
    return {
        name: Row(
            ours[name].value,
            ours[name].interval(groups[0]),
            theirs[name].value,
            theirs[name].interval(groups[1]),
        )
        for name in ours
    }


def _tallies(scores: Sequence[Score], n_bars: int) -> dict[str, Tally]:
    grid = voices(scores, n_bars=n_bars)
    return {
        "notes in key": harmony.in_key(scores),
        "scale consistency": harmony.scale_consistency(scores),
        "pitch-class entropy (bits)": harmony.pitch_class_entropy(scores),
        "used pitch classes (UPC, per bar of a voice)": harmony.used_pitch_classes(scores, n_bars=n_bars),
        "tonal distance (TD)": harmony.tonal_distance(scores, n_bars=n_bars),
        "dissonant share of pairs": harmony.dissonance(grid),
        "changes per bar": rhythm.changes_per_bar(grid),
        "groove": rhythm.groove(scores, n_bars=n_bars),
        "polyphony (notes at once)": rhythm.polyphony(scores),
        "empty bars (EB)": rhythm.empty_bars(scores, n_bars=n_bars),
        "empty beats": rhythm.empty_beats(scores, n_bars=n_bars),
        "qualified notes (QN)": rhythm.qualified_notes(scores),
        **chorale_rules(grid),
    }


def _set_rows(
    real: Sequence[Score], fake: Sequence[Score], other: Sequence[Score] | None, n_bars: int
) -> dict[str, Row]:
    """Measures of one set against the other.

    Overlap and KLD set the distances within the column's own set beside those between the sets. The
    other rows' real column puts other real windows, of the training set, in the fakes' place.
    """
    rows = {}
    ours, theirs = distances.describe(real, n_bars=n_bars), distances.describe(fake, n_bars=n_bars)
    for name in ours:
        found = distances.likeness(ours[name], theirs[name])
        rows[f"intra–inter overlap, {name}"] = Row(found.overlap_real, _NONE, found.overlap_fake, _NONE)
        rows[f"intra–inter KLD (nats), {name}"] = Row(
            found.divergence_real, _NONE, found.divergence_fake, _NONE
        )
    real_x, fake_x = (features(scores, n_bars=n_bars).values for scores in (real, fake))
    fakes = _set_measures(real_x, fake_x)
    reals = None if other is None else _set_measures(real_x, features(other, n_bars=n_bars).values)
    for name, value in fakes.items():
        rows[name] = Row(math.nan if reals is None else reals[name], _NONE, value, _NONE)
    return rows


def _set_measures(real: np.ndarray, other: np.ndarray) -> dict[str, float]:
    real, other = distances.standardised(real, other)
    n = min(len(real), len(other))  # all of these depend on the number of windows
    found = distances.neighbours(real[:n], other[:n])._asdict()
    return {**found, "Fréchet distance on our features": distances.frechet_distance(real[:n], other[:n])}


def _cells(row: Row) -> list[str]:
    return [_number(row.real), _span(row.real_interval), _number(row.fake), _span(row.fake_interval)]


def _number(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.3g}"


def _span(interval: Interval) -> str:
    return "–" if math.isnan(interval[0]) else f"{interval[0]:.3g} to {interval[1]:.3g}"


def _plain(value: float | Interval) -> Any:
    if isinstance(value, tuple):
        return None if math.isnan(value[0]) else [float(v) for v in value]
    return None if math.isnan(value) else float(value)

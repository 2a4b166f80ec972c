"""Everything at once: real and fake windows side by side, with intervals.

Comes in: real, fake and training windows. Goes out: `Report`, a mapping of rows that prints as a
table and turns into JSON; and several models' reports in one table. Lesson 10 reads one line by line.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from musicgan_edu.evaluation import distances, harmony, rhythm
from musicgan_edu.evaluation.distances import Likeness
from musicgan_edu.evaluation.feature_table import Features, features
from musicgan_edu.evaluation.grids import EvaluationError, Voices, groups_of, voices
from musicgan_edu.evaluation.judge import MIN_WINDOWS, Verdict, c2st
from musicgan_edu.evaluation.novelty import copying, distinct_share
from musicgan_edu.evaluation.rules import chorale_rules
from musicgan_edu.evaluation.tally import Tally, bootstrap
from musicgan_edu.score import Score

__all__ = ["Report", "Row", "evaluate", "side_by_side"]

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
    likeness : Yang and Lerch's distances within and between the sets, by feature.
    n_real, n_fake, n_train : windows that went in.
    """

    rows: dict[str, Row]
    verdict: Verdict
    likeness: dict[str, Likeness]
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
        """The report in Markdown: the measures, Yang and Lerch's, what gave the machine away."""
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
        lines += ["Distances within and between the sets (Yang and Lerch; overlap 1 and KLD 0: alike):", ""]
        lines += [*self._likeness(), "", "What gives the machine away:", ""]
        return "\n".join([*lines, *self._reasons(n_reasons)])

    def _likeness(self) -> list[str]:
        heads = "feature, within real, within fake, between, overlap real, overlap fake, KLD real, KLD fake"
        lines = [f"| {heads.replace(', ', ' | ')} |", f"|{'---|' * 8}"]
        return lines + [
            f"| {name} | {' | '.join(_number(value) for value in found)} |"
            for name, found in self.likeness.items()
        ]

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
            "likeness": {
                name: {k: _plain(v) for k, v in found._asdict().items()}
                for name, found in self.likeness.items()
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
    sets = [real, fake] if train is None else [real, fake, _sample(train, len(fake), seed)]
    ours, theirs, *others = (features(scores, n_bars=n_bars) for scores in sets)
    verdict = c2st(ours, theirs, seed=seed, min_windows=min_windows)
    references = [c2st(ours, other, seed=seed, min_windows=min_windows) for other in others]
    grids = voices(real, n_bars=n_bars), voices(fake, n_bars=n_bars)
    rows = {"C2ST accuracy (0.5: can't be told from real)": _judged(references, verdict)}
    rows |= _copying_rows(grids, (groups_of(real), groups_of(fake)), train, n_bars)
    rows |= _tally_rows((real, fake), grids, n_bars)
    rows |= _set_rows(ours, theirs, others)
    likeness = _likeness((real, fake), (ours, theirs))
    return Report(rows, verdict, likeness, len(real), len(fake), 0 if train is None else len(train))


def side_by_side(reports: Mapping[str, Report]) -> str:
    """Several models' reports in one Markdown table, name → report; real music from the first.

    Raises
    ------
    EvaluationError : no report, or reports on different numbers of real windows.
    """
    if len({report.n_real for report in reports.values()}) != 1:
        counts = {name: report.n_real for name, report in reports.items()}
        raise EvaluationError(f"evaluation: side by side needs the same real windows, got {counts}")
    first = next(iter(reports.values()))
    lines = [f"| measure | real | {' | '.join(reports)} |", f"|---|---|{'---|' * len(reports)}"]
    for name, row in first.items():
        cells = [_cell(row.real, row.real_interval)]
        cells += [_cell(report[name].fake, report[name].fake_interval) for report in reports.values()]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _cell(value: float, interval: Interval) -> str:
    span = "" if math.isnan(interval[0]) else f" [{interval[0]:.3g}, {interval[1]:.3g}]"
    return _number(value) + span


def _sample(scores: Sequence[Score], n: int, seed: int) -> list[Score]:
    chosen = np.sort(np.random.default_rng(seed).permutation(len(scores))[:n])
    return [scores[i] for i in chosen]


def _judged(references: Sequence[Verdict], verdict: Verdict) -> Row:
    real = (references[0].accuracy, references[0].interval) if references else (math.nan, _NONE)
    return Row(*real, verdict.accuracy, verdict.interval)


def _copying_rows(
    grids: tuple[Voices, Voices],
    groups: tuple[np.ndarray, np.ndarray],
    train: Sequence[Score] | None,
    n_bars: int,
) -> dict[str, Row]:
    real, fake = (distinct_share(grid) for grid in grids)
    rows = {"distinct windows": Row(real, _NONE, fake, _NONE)}
    quantiles = {"copying, median agreement with train": 0.5, "copying, 95th percentile": 0.95}
    if train is None:
        return {name: Row(math.nan, _NONE, math.nan, _NONE) for name in quantiles} | rows
    learnt = voices(train, n_bars=n_bars)
    found = [copying(grid, learnt) for grid in grids]
    for name, q in quantiles.items():
        ours, theirs = (_quantile(agreement, own, q) for agreement, own in zip(found, groups, strict=True))
        rows[name] = Row(*ours, *theirs)
    return {name: rows[name] for name in (*quantiles, "distinct windows")}


def _quantile(values: np.ndarray, groups: np.ndarray, q: float) -> tuple[float, Interval]:
    return float(np.quantile(values, q)), bootstrap(
        lambda index: float(np.quantile(values[index], q)), groups
    )


def _tally_rows(
    sets: tuple[Sequence[Score], Sequence[Score]], grids: tuple[Voices, Voices], n_bars: int
) -> dict[str, Row]:
    ours, theirs = (_tallies(scores, grid, n_bars) for scores, grid in zip(sets, grids, strict=True))
    groups = [groups_of(scores) for scores in sets]
    return {
        name: Row(
            ours[name].value,
            ours[name].interval(groups[0]),
            theirs[name].value,
            theirs[name].interval(groups[1]),
        )
        for name in ours
    }


def _tallies(scores: Sequence[Score], grid: Voices, n_bars: int) -> dict[str, Tally]:
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


def _likeness(
    sets: tuple[Sequence[Score], Sequence[Score]], tables: tuple[Features, Features]
) -> dict[str, Likeness]:
    real, fake = (distances.describe(scores, table=t) for scores, t in zip(sets, tables, strict=True))
    return {name: distances.likeness(real[name], fake[name]) for name in real}


def _set_rows(real: Features, fake: Features, others: Sequence[Features]) -> dict[str, Row]:
    """Measures of one set against the other; the real column puts training windows in the fakes' place."""
    fakes = _set_measures(real.values, fake.values)
    reals = _set_measures(real.values, others[0].values) if others else dict.fromkeys(fakes, math.nan)
    return {name: Row(reals[name], _NONE, value, _NONE) for name, value in fakes.items()}


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

"""Bach ↔ Palestrina: how much of the other style comes, and how much of the piece stays, over the slider.

    python benchmarks/restyle.py                   # validation, by which everything was chosen
    python benchmarks/restyle.py --split test
    python benchmarks/restyle.py --pair fiddle-folk --checkpoint my-tunes

Style: the mean probability that `evaluation.StyleJudge` gives to the target style, and the same from a judge that
hears harmony only (of tunes: of their melody, with no ear for rhythm). It learnt from half of the training pieces, and never met an editor. Content: contour of the soprano, onsets,
chroma, each against the window before. 95 % intervals over pieces. Neighbours come from the other half.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from train_style import windows_of

from musicgan_edu import evaluation, style
from musicgan_edu.evaluation.styles import StyleJudge, teaches
from musicgan_edu.evaluation.tally import Tally
from musicgan_edu.score import Score
from musicgan_edu.style import rivals

#: Judges by pair: of everything, of the part that no rule of rhythm reaches, and of what must not give it away.
PANELS = {
    "bach-palestrina": ("style", "harmony", "register and texture"),
    "fiddle-folk": ("style", "melody", "rhythm", "register and texture"),
}
STRENGTHS = (0.25, 0.5, 0.75, 1.0, 1.5, 2.0)


def judges(train: dict[str, list[Score]], panel: Sequence[str]) -> dict[str, StyleJudge]:
    """Judges by what they hear."""
    lessons = [[w for w in windows if teaches(w.source)] for windows in train.values()]
    return {hears: StyleJudge.fit(*lessons, hears=hears) for hears in panel}


def candidates(
    cells: style.Cells, to: str, target: style.Cells, editors: style.Editors
) -> dict[str, style.Cells]:
    """All that is compared, by name."""
    ours = {f"ours, strength {s:g}": editors.edit(cells, to, s) for s in STRENGTHS}
    return {
        "identity": cells,
        "transposed up a fifth": rivals.transposed(cells, 7),
        "nearest neighbour": rivals.nearest(cells, target),
        "rule: hold for two beats": rivals.held(cells),
        "rule: strike every beat": rivals.on_the_beat(cells),
        "rule: hold for a beat": rivals.held(cells, beats=1),
        "as many edits at random": rivals.random_edits(cells, ours["ours, strength 1"]),
    } | ours


def row(name: str, before: list[Score], after: list[Score], probability: list[np.ndarray]) -> str:
    """A line of the table: each number with its interval over pieces."""
    groups = evaluation.groups_of(before)
    tallies = [Tally.of(p, np.ones(len(p))) for p in probability]
    tallies += [Tally.of(probability[0] > 0.5, np.ones(len(before)))]
    tallies += [
        evaluation.contour_similarity(before, after), evaluation.onset_agreement(before, after),
        evaluation.chroma_similarity(before, after),
    ]  # fmt: skip
    cells = [f"{t.value:.2f} [{low:.2f}, {high:.2f}]" for t in tallies for low, high in [t.interval(groups)]]
    return f"| {name} | {' | '.join(cells)} |"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--split", choices=["validation", "test"], default="validation")
    parser.add_argument("--pair", choices=list(PANELS), default="bach-palestrina")
    parser.add_argument("--checkpoint", type=Path, default=style.CHECKPOINT)
    given = parser.parse_args()
    editors = style.load(given.checkpoint)
    train, held_out = windows_of(given.pair, "train"), windows_of(given.pair, given.split)
    hears = PANELS[given.pair]
    panel = judges(train, hears)
    a, b = train
    for name, judge in panel.items():
        told = [judge.probability(windows) > 0.5 for windows in held_out.values()]
        print(f"judge of {name}: right about {1 - told[0].mean():.3f} of {a}, {told[1].mean():.3f} of {b}")
    for to in (b, a):
        source = next(other for other in train if other != to)
        before = held_out[source]
        cells = style.cells_of(before, n_bars=2)
        pool = style.cells_of([w for w in train[to] if not teaches(w.source)], n_bars=2)
        n_pieces = len({w.source for w in before})
        print(f"\n### {source} → {to}: {len(before)} windows of {n_pieces} pieces, {given.split}\n")
        print(
            f"| | style | {hears[1]} alone | judged as target | contour | onsets | chroma |\n|---|---|---|---|---|---|---|"
        )
        for name, after in candidates(cells, to, pool, editors).items():
            scores = style.scores_of(after)
            table = evaluation.features(scores)
            probability = [panel[kind].probability(table) for kind in hears[:2]]
            print(row(name, before, scores, probability if to == b else [1 - p for p in probability]))
        made = editors.edit(cells, to)
        for name, again in (("there and back", editors.edit(made, source)), ("there", made)):
            same = (again.pitch == cells.pitch).mean(), (again.struck == cells.struck).mean()
            print(f"\n{name}: {same[0]:.3f} of the pitches, {same[1]:.3f} of the strokes are the old ones")


if __name__ == "__main__":
    main()

"""What a change of style leaves, on small scores worked out by hand."""

import numpy as np
import pytest

from musicgan_edu import evaluation
from musicgan_edu.score import Score

TUNE = (60, 62, 64, 62)  # one bar of quarter notes


def tune(pitches=TUNE, onsets=(0, 1, 2, 3), lower=48):
    ends = [*onsets[1:], 4]
    rows = [(0, p, a, b - a) for p, a, b in zip(pitches, onsets, ends, strict=True)]
    return Score.from_rows([*rows, (1, lower, 0, 4)])


def beats(score):
    return evaluation.voices([score], n_bars=1, steps_per_beat=1)


def test_contour_counts_pairs_of_moments():
    # Six pairs of beats. Before: up, up, up, up, same, down. After 60 62 61 62: up up up | down same | up.
    before, after = beats(tune()), beats(tune((60, 62, 61, 62)))
    # before signs: 12:+ 13:+ 14:+ 23:+ 24:0 34:−; after: + + + − 0 +; four of six agree
    tally = evaluation.contour_similarity(before, after)
    assert (tally.hits.tolist(), tally.cases.tolist()) == ([4], [6])


def test_contour_is_that_of_the_transposed_and_leaves_rests_out():
    up = tune([p + 5 for p in TUNE])
    assert evaluation.contour_similarity(beats(tune()), beats(up)).value == 1
    silent = Score.from_rows([(0, 60, 0, 1), (0, 64, 2, 1), (1, 48, 0, 4)])
    assert evaluation.contour_similarity(beats(silent), beats(silent)).cases.tolist() == [1]
    bass = evaluation.contour_similarity(beats(tune()), beats(up), voice=1)
    assert (bass.value, bass.cases[0]) == (1, 6)


def test_onsets_are_counted_by_dice():
    # five onsets before (four and the bass); after: beats 0, 1 and the bass: 2 · 3 / (5 + 3)
    after = tune((60, 62), (0, 1))
    assert evaluation.onset_agreement(beats(tune()), beats(after)).value == pytest.approx(6 / 8)
    assert evaluation.onset_agreement(beats(after), beats(tune())).value == pytest.approx(6 / 8)


def test_chroma_is_the_cosine_of_what_sounds():
    # Beat by beat with C in the bass: C+C against C+C: 1; D+C against E+C: ½; E+C equal: 1; D+C equal: 1
    after = beats(tune((60, 64, 64, 62)))
    assert evaluation.chroma_similarity(beats(tune()), after).value == pytest.approx(3.5 / 4)
    other = beats(tune((61, 61, 61, 61), lower=49))  # nothing in common
    assert evaluation.chroma_similarity(beats(tune()), other).value == 0


def test_other_lengths_are_refused():
    two = evaluation.voices([tune(), tune()], n_bars=1, steps_per_beat=1)
    with pytest.raises(evaluation.EvaluationError, match="pair by pair, got \\(1, 4, 2\\) and \\(2, 4, 2\\)"):
        evaluation.chroma_similarity(beats(tune()), two)


def windows(rhythm, n, low=0):
    """Pieces of four voices in C whose notes last so many beats, tunes drawn from a seed."""
    rng = np.random.default_rng(round(10 * rhythm))
    rows = [
        [(v, int(rng.choice([60, 62, 64, 65, 67])) - 7 * v + low, t, rhythm)
         for v in range(4) for t in np.arange(0, 8, rhythm)] for _ in range(n)
    ]  # fmt: skip
    return [Score.from_rows(one, source=f"{rhythm} {i}", key=(0, "major")) for i, one in enumerate(rows)]


def test_the_judge_of_style_hears_rhythm_and_no_register():
    a, b = windows(1, 30), windows(2, 30)
    judge = evaluation.StyleJudge.fit(a, b)
    assert judge.probability(windows(1, 5, low=-12)).max() < 0.3
    assert judge.probability(windows(2, 5, low=12)).min() > 0.7
    assert not any("register" in name or "rests" in name for name in names_of(judge, a))


def test_the_judge_of_register_hears_nothing_else():
    same = windows(1, 20)
    spread = [s.replace(notes=wider(s.notes)) for s in windows(1, 20)]
    judge = evaluation.StyleJudge.fit(same, spread, hears="register and texture")
    assert (judge.probability(spread) > 0.5).all()
    assert all(
        name.startswith(("register", "spread", "rests", "crossings")) for name in names_of(judge, same)
    )


def wider(notes):
    notes = notes.copy()
    notes["pitch"] -= (12 * (notes["track"] == 3)).astype(notes["pitch"].dtype)
    return notes


def names_of(judge, some):
    return [evaluation.features(some[:1]).names[i] for i in judge.columns]


def test_half_of_the_pieces_teach_the_judge():
    share = np.mean([evaluation.teaches(f"piece {i}") for i in range(1000)])
    assert 0.4 < share < 0.6

"""The data type: what it keeps, what it refuses, and the arithmetic of bars."""

import dataclasses

import numpy as np
import pytest

from musicgan_edu.score import EncodingError, Grid, Score, ScoreError, Track


def test_notes_are_sorted_copied_and_read_only():
    rows = np.array(
        [(1, 60, 2, 1, 80), (0, 62, 2, 1, 80), (0, 64, 0, 1, 80)], dtype=Score.from_rows([]).notes.dtype
    )
    score = Score(rows, (Track("a"), Track("b")))
    rows["pitch"] = 1
    assert score.notes["pitch"].tolist() == [64, 62, 60]
    with pytest.raises(ValueError, match="read-only"):
        score.notes["pitch"] = 1
    with pytest.raises(dataclasses.FrozenInstanceError):
        score.tempo = 3


@pytest.mark.parametrize("row", [(0, 59.99, 0, 1), (0.5, 60, 0, 1), (0, 60, 0, 1, 80.5)])
def test_rows_of_no_whole_pitch_are_refused_not_rounded_down(row):
    with pytest.raises(ScoreError, match="whole numbers"):
        Score.from_rows([(0, 60, 0, 1), row])


def test_bars_and_seconds():
    score = Score.from_rows([(0, 60, 0, 1), (0, 62, 8.5, 1)], pickup=1.0, tempo=120)
    assert (score.end, score.n_bars, score.seconds) == (9.5, 3, 4.75)
    empty = Score.from_rows([])
    assert (empty.n_notes, empty.end, empty.n_bars) == (0, 0.0, 0)


def test_cut_clips_and_keeps_the_metre():
    score = Score.from_rows([(0, 60, 0, 3), (0, 62, 3, 4), (0, 64, 7, 1)], pickup=1.0)
    middle = score.cut(2, 6)
    assert [tuple(n)[:4] for n in middle.notes] == [(0, 60, 0.0, 1.0), (0, 62, 1.0, 3.0)]
    assert middle.pickup == 3.0  # the barline at beat 5
    assert score.cut(1, 9).pickup == 0.0
    fifth = score.replace(pickup=0.2)
    assert {fifth.cut(0.2 + 4 * bar, 200).pickup for bar in range(40)} == {0.0}  # 1.4e-14 is none
    with pytest.raises(ScoreError, match="cut needs 0 ≤ start < end, got 3 and 3"):
        score.cut(3, 3)


def test_equality_is_of_all_that_a_score_holds():
    a = Score.from_rows([(0, 60, 0, 1)], title="x")
    assert a == Score.from_rows([(0, 60, 0, 1)], title="x")
    assert hash(a) == hash(Score.from_rows([(0, 60, 0, 1)], title="x"))
    assert a != a.replace(tempo=60)
    assert a != Score.from_rows([(0, 61, 0, 1)], title="x")


@pytest.mark.parametrize(
    ("row", "fields", "message"),
    [
        ((0, 128, 0, 1), {"source": "f.mid"}, r"pitches must be 0 to 127 \(f.mid\)"),
        ((0, 60, -1, 1), {}, "onsets must be ≥ 0"),
        ((0, 60, 0, 0), {}, "durations must be > 0"),
        ((0, 60, np.nan, 1), {}, "times must be finite"),
        ((0, 60, 0, 1e7), {}, "times must be below"),
        ((0, 60, 0, 1, 0), {}, "velocities must be 1 to 127"),
        ((1, 60, 0, 1), {"tracks": [Track("a")]}, "a note's track isn't there"),
        ((0, 60, 0, 1), {"pickup": 4.0}, r"pickup must be less than a bar \(4.0\)"),
        ((0, 60, 0, 1), {"beats_per_bar": 0.0}, "beats_per_bar must be > 0"),
        ((0, 60, 0, 1), {"tempo": -3.0}, r"tempo must be > 0 \(-3.0\)"),
        ((0, 60, 0, 1), {"key": (12, "major")}, "no such key"),
    ],
)
def test_refusals(row, fields, message):
    with pytest.raises(ScoreError, match=message):
        Score.from_rows([row], **fields)


def test_tracks_and_grids_refuse_nonsense():
    with pytest.raises(ScoreError, match=r"program must be 0 to 127, got 128 \('x'\)"):
        Track("x", 128)
    with pytest.raises(ScoreError, match="must be positive"):
        Grid(0)
    with pytest.raises(ScoreError, match="whole number of steps"):
        Grid(2, 2.5, 3)


def test_grid_counts_steps_and_finds_what_is_off():
    grid = Grid(2, 3.0, 4)
    assert (grid.steps_per_bar, grid.n_steps, grid.beats) == (12, 24, 6.0)
    assert grid.to_steps(np.array([0.0, 0.25, 1 / 4 + 1e-9])).tolist() == [0, 1, 1]
    with pytest.raises(
        EncodingError, match=r"1 times lie off the grid of 4 steps a beat, the first at beat 0\.1"
    ):
        grid.to_steps(np.array([0.0, 0.1]))

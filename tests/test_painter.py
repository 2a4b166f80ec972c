"""The gap painter without a browser: paint, fill, undo, what it says, its static twin."""

import numpy as np
import pytest

from musicgan_edu import completion
from musicgan_edu.score import Score, Track
from musicgan_edu.widgets import painter


@pytest.fixture
def piece():
    rows = [(v, 72 - 7 * v + (i + v) % 4, i, 1) for i in range(16) for v in range(4)]
    return Score.from_rows(rows, [Track(n) for n in "SATB"], title="mine", key=(0, "major"))


def test_fill_hear_and_undo(piece):
    widget = painter.Painter(piece)
    widget.method.value = "hold"
    gap = completion.gap(piece, bars=[2], voices=[1])
    widget.paint(gap)
    assert np.array_equal(widget.gap, gap)
    widget.fill()
    after = widget.score
    assert completion.fragments(after, gap) == completion.fragments(piece, gap)
    assert set(after.cut(4, 8).of_track(1)["pitch"]) == {piece.cut(3, 4).of_track(1)["pitch"][0]}  # held
    assert widget.report.value == "16 cells filled by 'hold'"
    assert np.array_equal(np.array(widget.sheet.filled, bool).T, gap)
    assert widget.player.score == after
    widget.hear.value = "before"
    assert widget.player.score == piece
    widget.hear.value = "after"
    widget.method.value = "mode"
    widget.fill()
    assert widget.score != after
    widget.undo()
    assert widget.score == after
    widget.undo()
    assert widget.score == piece
    assert widget.undo_button.disabled
    assert not np.any(widget.sheet.filled)


def test_each_filling_has_its_own_seed(piece):
    widget = painter.Painter(piece)
    widget.method.value = "drafts"
    widget.paint(completion.gap(piece, bars=[2, 3]))
    widget.fill()
    first = widget.score
    widget.fill()
    assert widget.score != first


def test_what_can_not_be_filled_is_said_and_changes_nothing(piece):
    widget = painter.Painter(piece)
    widget.fill()
    assert "the gap is empty" in widget.report.value
    assert widget.score == piece
    assert widget.undo_button.disabled


def test_cells_show_pickups_silence_and_chords():
    rows = [(0, 60, 0, 1), (0, 62, 2, 1), (0, 66, 2, 1)]
    widget = painter.Painter(Score.from_rows(rows, [Track("")], pickup=1.0))
    assert widget.sheet.pitches[0][:16] == [60] * 4 + [-1] * 4 + [-2] * 4 + [-1] * 4
    assert (widget.sheet.lead, widget.sheet.voices) == (4, ["Track 1"])


def test_a_static_twin_shows_what_stands(piece):
    data = painter.Painter(piece).twin()
    assert data["text/html"].startswith("<img src=")
    assert "<audio" in data["text/html"]
    assert data["image/png"]

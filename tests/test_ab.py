"""Before and after: the Python side of the switch and of the strength slider."""

import pytest

from musicgan_edu import corpus, style
from musicgan_edu.score import MusicganError, Score
from musicgan_edu.widgets.ab import AB, Restyling

ONE, TWO = Score.from_rows([(0, 60, 0, 4)], title="<b>one</b>"), Score.from_rows([(0, 72, 0, 4)])


def pitches(widget):
    return widget.player.score.notes["pitch"].tolist()


def test_the_switch_changes_the_music_and_leaves_place_and_tempo():
    widget = AB({"A: before": ONE, "B: after": TWO})
    widget.player.position, widget.player.tempo = 2.5, 77.0
    assert (pitches(widget), widget.player.title) == ([60], "A: before")
    widget.switch.value = "B: after"
    assert (pitches(widget), widget.player.title) == ([72], "B: after")
    assert (widget.player.position, widget.player.tempo) == (2.5, 77.0)


def test_new_music_under_the_same_names():
    widget = AB({"A": ONE, "B": TWO})
    widget.versions = {"A": TWO, "B": ONE}
    assert pitches(widget) == [72]
    with pytest.raises(MusicganError, match="expected \\['A', 'B'\\], got \\['A', 'C'\\]"):
        widget.versions = {"A": TWO, "C": ONE}
    with pytest.raises(MusicganError, match="two versions or more, got 1"):
        AB({"A": ONE})


def test_an_exported_page_shows_every_version():
    data = AB({"A": ONE, "B": TWO}).twin()
    assert data["text/html"].count("<audio") == 2
    assert data["text/plain"].startswith("Piano roll of A")
    assert "Piano roll of B" in data["text/plain"]


def test_the_slider_restyles_what_is_heard():
    piece = corpus.read_chorale("bwv66.6").cut(1, 17)
    widget = Restyling(piece, "palestrina")
    assert widget.ab.versions["B: palestrina"] == style.restyle(piece, "palestrina").score
    widget.ab.switch.value = "B: palestrina"
    widget.slider.value = 0.0
    assert pitches(widget.ab) == widget.made.before.notes["pitch"].tolist()
    assert widget.said.value == "<br>".join(widget.made.changes)
    assert "edited: 0 of " in widget.said.value
    widget.slider.value = 2.0
    assert pitches(widget.ab) != widget.made.before.notes["pitch"].tolist()


def test_a_tune_goes_to_the_styles_of_tunes():
    rows = [(0, 62 + (0, 2, 4, 7, 4, 2)[i % 6], i / 4, 0.25) for i in range(64)]
    piece = Score.from_rows(rows, beats_per_bar=2.0, key=(2, "major"))
    widget = Restyling(piece, "folk")
    assert widget.ab.versions["B: folk"] == style.restyle(piece, "folk").score
    assert widget.made.before.notes["pitch"].tolist() == piece.notes["pitch"].tolist()
    widget.slider.value = 2.0
    assert pitches(widget.ab) == widget.made.before.notes["pitch"].tolist()  # A is what is heard
    assert widget.made.score.n_notes > 32

"""The assistant's Python side: what the desk asks, what it gets, and melodies as text."""

import numpy as np
import pytest

from musicgan_edu import assistant
from musicgan_edu.score import Score, Track
from musicgan_edu.widgets import assistant as desks

TEXT = "A4 | D5 D5 E5 F#5 | D5 F#5 E5 A4"


@pytest.fixture
def desk():
    return desks.Assistant(TEXT, n=2, n_drafts=4)


def test_text_and_melody_are_the_same():
    score = assistant.typed("A4 | D5:1.5 C#5:1/2 r Bb4:2 | c5:3")
    assert [n["pitch"] for n in score.notes] == [69, 74, 73, 70, 72]
    assert score.notes["onset"].tolist() == [0, 1, 2.5, 4, 6]
    assert (score.pickup, score.end) == (1.0, 9.0)
    assert assistant.typed("C5:4 | D5").pickup == 0
    assert np.array_equal(assistant.typed(assistant.spelled(score)).notes, score.notes)
    flat = Score.from_rows([(0, 70, 1, 1)], [Track("x")], key=(10, "major"))
    assert assistant.spelled(flat) == "r Bb4"


@pytest.mark.parametrize(
    ("text", "message"),
    [("", "type a melody"), ("r r", "type a melody"), ("A4 <b>", "'<b>' is no note"), ("H4", "'H4' is no note"),
     ("C4:0", "is no note"), ("C4:1/0", "is no note"), ("A9", "MIDI numbers"), ("C4 " * 2000, "too many")],
)  # fmt: skip
def test_what_is_no_melody_is_said(text, message):
    with pytest.raises(assistant.AssistantError, match=message):
        assistant.typed(text)


def test_it_begins_with_suggestions(desk):
    assert len(desk.suggestions) == 2
    assert desk.desk.listed[0].startswith("log p")
    assert desk.player.score.n_notes == desk.chosen.score.n_notes
    assert (desk.desk.n_bars, desk.desk.has_pickup) == (2, True)
    assert "moved back" in desk.desk.report


def test_choose_hear_keep_and_roll(desk):
    desk.desk.at = 1
    assert desk.chosen is desk.suggestions[1]
    assert desk.player.title == "Suggestion 2"
    desk.desk.hear = "melody"
    assert (len(desk.player.score.tracks), desk.player.title) == (1, "The melody")
    desk.desk.hear = "suggestion"
    old = desk.chosen
    desk.desk.kept_voices, desk.desk.kept_bars = [3], [1]
    desk.desk.rolled += 1
    assert desk.desk.report == "kept: Bass, bar 1"
    assert all(np.array_equal(one.score.of_track(3), old.score.of_track(3)) for one in desk.suggestions)
    before = desk.suggestions
    desk.desk.rolled += 1  # another seed
    assert desk.suggestions[0].score != before[0].score


def test_another_order_keeps_the_suggestions(desk):
    before = list(desk.suggestions)
    desk.desk.at = 1
    desk.desk.rank = "merit+td"
    assert desk.suggestions == assistant.ranked(before, "merit+td")
    assert desk.desk.listed == [one.told("merit+td") for one in desk.suggestions]
    assert (desk.desk.at, desk.chosen) == (0, desk.suggestions[0])
    desk.desk.rolled += 1  # and new ones come in this order
    assert desk.suggestions == assistant.ranked(desk.suggestions, "merit+td")
    desk.desk.rank = "merit"
    assert desk.desk.listed == ["; ".join(one.reasons) for one in desk.suggestions]


def test_between_two(desk):
    a = desk.chosen
    desk.desk.between = 1.0
    assert desk.chosen is desk.suggestions[1]
    desk.desk.between = 0.5
    assert "50% of the way from 1 to 2" in desk.desk.report
    assert desk.player.score == desk.chosen.score
    desk.desk.between = 0.0
    assert desk.chosen is a


def test_a_slip_of_the_pen_is_said_and_what_stands_stays(desk):
    before = desk.chosen
    desk.desk.text = "A4 X9"
    desk.desk.asked += 1
    assert desk.desk.wrong
    assert "'X9' is no note" in desk.desk.report
    assert desk.chosen is before
    desk.desk.text = "C5 D5 E5 C5"
    desk.desk.asked += 1
    assert not desk.desk.wrong
    assert desk.chosen.score.of_track(0)["pitch"].tolist() == [72, 74, 76, 72]


def test_a_score_is_a_melody_and_the_player_has_what_stands(desk):
    score = Score.from_rows([(0, 62, 0, 2), (0, 64, 2, 2)], [Track("x")], tempo=66.0)
    other = desks.Assistant(score, n=1, n_drafts=4)
    assert other.desk.text == "D4:2 E4:2"
    assert other.chosen.score.tempo == 66.0
    assert other.player.score == other.chosen.score  # and so what it hands out as MIDI


def test_a_page_without_a_kernel_gets_what_is_chosen(desk):
    data = desk.twin()
    assert "Soprano" in data["text/plain"]
    assert "data:audio/mpeg" in data["text/html"]

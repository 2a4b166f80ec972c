"""The failure clinic: answers and explanations, the score kept, hostile text, the static twin."""

import pytest

from musicgan_edu import plotting
from musicgan_edu.score import Score, Track
from musicgan_edu.widgets import clinic

HOSTILE = "<img src=x onerror=alert(1)>"
BECAUSE = {"collapse": "one piece for all.", "too strong": "then its loss were 0.", HOSTILE: f"no {HOSTILE}"}


def case(cause="collapse", pitch=60):
    figure = plotting.losses({"D's loss": [1.4, 1.3]}, title=f"Case of {cause}")
    return clinic.Case(figure, Score.from_rows([(0, pitch, 0, 1)], [Track("Voice")]), cause, BECAUSE)


@pytest.fixture
def room():
    return clinic.Clinic([case(), case("too strong", 72)])


def part(widget, kind):
    return next(child for child in widget.children if type(child).__name__ == kind)


def choose(widget, answer):
    part(widget, "ToggleButtons").value = answer


def verdict(widget):
    return widget.children[-2].value


def test_a_case_knows_right_from_wrong_and_why():
    assert case().answer("collapse") == (True, "one piece for all.")
    assert case().answer("too strong") == (False, "then its loss were 0.")
    with pytest.raises(clinic.ClinicError, match="no answer 'flu', there are"):
        case().answer("flu")
    with pytest.raises(clinic.ClinicError, match="the cause 'flu' is none of the answers"):
        case("flu")
    with pytest.raises(clinic.ClinicError, match="no cases"):
        clinic.Clinic([])


def test_nothing_is_chosen_or_told_before_the_learner_does(room):
    assert part(room, "ToggleButtons").value is None
    assert "choose" in verdict(room)
    assert (room.solved, room.children[0].value) == (0, "<b>Case 1 of 2</b>")


def test_each_choice_is_explained_and_the_first_one_counts(room):
    choose(room, "too strong")
    assert "Not this one: then its loss were 0." in verdict(room)
    choose(room, "collapse")
    assert "Right: one piece for all." in verdict(room)
    assert "0 of 2 right at the first try" in verdict(room)
    room.show(1)
    choose(room, "too strong")
    assert room.solved == 1


def test_turning_to_a_case_changes_curve_and_clip_and_forgets_the_choice(room):
    choose(room, "collapse")
    room.show(1)
    assert "Case of too strong" in room.children[1].value
    assert part(room, "Player").score.notes["pitch"].tolist() == [72]
    assert part(room, "ToggleButtons").value is None
    room.show(2)  # after the last comes the first
    assert "Case of collapse" in room.children[1].value


def test_text_is_never_html(room):
    choose(room, HOSTILE)
    assert HOSTILE not in verdict(room)
    assert "&lt;img" in verdict(room)
    assert HOSTILE not in room.twin()["text/html"]


def test_the_static_twin_has_curve_sound_and_folded_answer_of_every_case(room):
    data = room.twin()
    assert data["text/html"].count("<audio controls") == data["text/html"].count("<details>") == 2
    assert "Line chart of Case of too strong" in data["text/html"]
    assert data["text/plain"].endswith("Cause: too strong.")

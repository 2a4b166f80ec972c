"""The blind test's Python side: it counts right, and says nothing before the end."""

import json
import re

import numpy as np
import pytest

from musicgan_edu import evaluation
from musicgan_edu.evaluation import listeners
from musicgan_edu.widgets import blind_test, front_end
from tests.test_listening import fake, real

HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture(autouse=True)
def results(tmp_path, monkeypatch):
    monkeypatch.setenv("MUSICGAN_LISTENING", str(tmp_path / "mine.jsonl"))
    return tmp_path / "mine.jsonl"


def blind(**options):
    return blind_test.BlindTest(real(), fake(), **{"n": 4, "seed": 1} | options)


def state(widget):
    """All that the page gets to know."""
    return {name: value for name, value in widget.get_state().items() if name not in ("layout", "bank")}


def truths(widget):
    return ["real" if clip.is_real else "machine" for clip in widget._clips]


def flipped(monkeypatch):
    """From now on every series has the opposite truth, and else the same clips in the same order."""
    honest = evaluation.series

    def lying(*args, **options):
        return [clip._replace(is_real=not clip.is_real, title="other") for clip in honest(*args, **options)]

    monkeypatch.setattr(evaluation, "series", lying)


def test_the_page_gets_the_same_whatever_the_truth(monkeypatch):
    one = blind()
    flipped(monkeypatch)
    two = blind()
    assert truths(one) != truths(two)
    for _ in range(3):
        assert state(one) == state(two)
        assert static(one) == static(two)
        one.answer("real")
        two.answer("real")
    assert state(one) == state(two)  # one answer before the end
    one.answer("real")
    two.answer("real")
    assert one.report["clips"] != two.report["clips"]


def static(widget):
    data = widget.twin()
    return data["text/html"], data["text/plain"]


def test_all_right_and_all_wrong():
    right, wrong = blind(), blind()
    for truth in truths(right):
        right.answer(truth)
        wrong.answer({"real": "machine", "machine": "real"}[truth])
    assert (right.outcome.right, wrong.outcome.right, right.outcome.n) == (4, 0, 4)
    assert right.report["lines"][0] == "4 of 4 right."
    assert right.outcome.chance == pytest.approx(1 / 6)  # one of C(4, 2) orders
    assert [clip["real"] for clip in right.report["clips"]] == [truth == "real" for truth in truths(right)]


def test_answers_that_come_late_twice_or_oddly_change_nothing():
    widget = blind()
    widget.said = [2, "real"]
    widget.said = [1, "Bach"]
    widget.said = []
    widget.said = [1]
    assert (widget.number, len(widget._trials)) == (1, 0)
    widget.said = [1, "real"]
    widget.said = [1, "machine"]
    assert (widget.number, len(widget._trials)) == (2, 1)


def test_the_notes_are_those_of_the_clip_in_question():
    widget = blind()
    for clip in widget._clips:
        rows = np.frombuffer(widget.notes).reshape(-1, 5)
        assert rows[:, 1].tolist() == clip.score.notes["pitch"].tolist()
        widget.answer("real")


def test_after_the_end_clips_can_be_heard_and_another_series_begins():
    widget = blind()
    widget.wish = ["a", 2]  # not yet
    first = widget.notes
    for _ in range(4):
        widget.answer("machine")
    widget.wish = ["b", 0]
    assert widget.notes == first
    widget.wish = ["c", 17]
    assert widget.notes == first
    widget.wish = ["d", "again"]
    assert (widget.number, widget.report, widget.outcome) == (1, {}, None)


def test_results_are_kept_when_a_series_ends_and_not_before(results):
    widget = blind(model="chorales")
    for _ in range(3):
        widget.answer("real")
    assert not results.exists()
    widget.answer("real")
    (sitting,) = listeners.read(results)
    assert (sitting.model, len(sitting.trials)) == ("chorales", 4)
    assert widget.report["kept"] == "Kept in mine.jsonl, without names."
    assert json.loads(widget.report["results"]) == json.loads(results.read_text())


def test_a_file_that_cannot_be_written_costs_no_score(monkeypatch, tmp_path):
    (tmp_path / "file").touch()  # no folder, not even root's
    monkeypatch.setenv("MUSICGAN_LISTENING", str(tmp_path / "file" / "mine.jsonl"))
    widget = blind()
    for _ in range(4):
        widget.answer("real")
    assert widget.report["lines"][0] == "2 of 4 right."
    assert "can't be written" in widget.report["kept"]


def test_nothing_is_kept_unless_wished(results):
    widget = blind(keep=False)
    for _ in range(4):
        widget.answer("real")
    assert not results.exists()
    assert (widget.report["kept"], widget.report["results"]) == ("", "")


@pytest.mark.parametrize(
    ("right", "words"), [(20, "you heard a difference."), (10, "from a coin"), (0, "took it for")]
)
def test_the_verdict_in_words(right, words):
    trials = [evaluation.Trial(str(i), i < 10, (i < 10) == (i < right)) for i in range(20)]
    assert words in blind_test._lines(evaluation.outcome(trials))[-1]


def test_a_page_without_a_kernel_gets_the_clips():
    page, text = static(blind())
    assert page.count("<audio") == 4
    assert len(set(re.findall(r'base64,([^"]+)', page))) == 4
    assert text == "Blind test: 4 clips, each by Bach or by a machine. Which is which?"


def test_the_front_end_is_one_module_without_html():
    module = front_end("sound.js", "blind_test.js")
    assert module.count("export default") == 1
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacent|document\.write|https?://(?!www\.w3\.org)", module
    )

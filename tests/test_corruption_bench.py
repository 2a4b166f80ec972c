"""The corruption bench's Python side: controls damage, the strip follows, pages without a kernel get words."""

import re

import numpy as np
import pytest

from musicgan_edu import encoding
from musicgan_edu.score import Score
from musicgan_edu.widgets import corruption, front_end

FORM = encoding.VoiceEncoding()


def score() -> Score:
    rows = [(v, 72 - 7 * v - (i % 3), i, 1) for v in range(4) for i in range(8)]
    return Score.from_rows(rows, encoding.CHORALE_VOICES, title="Two bars")


def judge(scores):
    """Each step's logit: 4 less the mean pitch's distance from 60; hand-computable."""
    return np.stack([4 - np.abs(FORM.sounding(FORM.tokens([s]).values)[0].mean(1) + 36 - 60) for s in scores])


@pytest.fixture
def bench():
    return corruption.Bench(score(), judge)


def test_it_begins_with_the_original_and_its_verdicts(bench):
    assert bench.score == score()
    assert bench.strip.now == bench.strip.before == pytest.approx(judge([score()])[0])
    assert bench.strip.pitches == bench.strip.pitches_before
    assert bench.strip.pitches[0][:8] == [72] * 4 + [71] * 4
    assert (bench.strip.steps_per_beat, bench.strip.steps_per_bar) == (4, 16)
    assert bench.strip.voices == ["Soprano", "Alto", "Tenor", "Bass"]
    assert bench.again.disabled


def test_a_kind_of_damage_is_heard_and_judged(bench):
    bench.kind.value = "wrong pitch"
    assert bench.score != score()
    assert bench.player.score.notes.tolist() == bench.score.notes.tolist()
    assert bench.strip.now == pytest.approx(judge([bench.score])[0])
    assert bench.strip.before == pytest.approx(judge([score()])[0])
    assert f"{np.mean(bench.strip.now):+.2f}" in bench.verdict.value
    bench.kind.value = "as it was"
    assert bench.score == score()


def test_strength_says_how_much_and_elsewhere_says_where(bench):
    bench.kind.value = "wrong pitch"
    counts = []
    for strength in (0.05, 0.5, 1.0):
        bench.strength.value = strength
        counts.append(int((bench.score.notes["pitch"] != score().notes["pitch"]).sum()))
    assert counts == [2, 16, 32]
    bench.strength.value = 0.05
    there = bench.score
    bench.again.click()
    assert bench.score != there


def test_a_note_is_moved_by_what_the_page_asks(bench):
    bench.strip.asked = [1, 6, -2, 1]  # the alto's second note
    rows = np.flatnonzero(bench.score.notes["pitch"] != score().notes["pitch"])
    assert score().notes[rows].tolist() == [(1, 64, 1.0, 1.0, 80)]
    assert bench.score.notes["pitch"][rows].tolist() == [62]
    bench.strip.asked = [1, 6, -2, 2]  # once more: the count makes it another wish
    assert bench.score.notes["pitch"][rows].tolist() == [60]
    assert bench.strip.pitches[1][4:8] == [60] * 4


def test_damage_that_changes_nothing_is_said():
    rows = [(v, 72 - 7 * v, 4 * bar, 4) for v in range(4) for bar in (0, 1)]
    frozen = Score.from_rows(rows, encoding.CHORALE_VOICES)
    bench = corruption.Bench(frozen, judge)
    bench.strength.value, bench.kind.value = 0.2, "bars shuffled"
    assert "'bars shuffled' changes nothing" in bench.verdict.value
    assert bench.score == frozen


def test_a_page_without_a_kernel_gets_chart_picture_and_sound(bench):
    bench.kind.value = "voice shifted"
    data = bench.twin()
    html = data["text/html"]
    assert html.count("<img") == 2
    assert all(len(alt) > 20 for alt in re.findall(r'alt="([^"]*)"', html))
    assert "original goes from" in data["text/plain"]
    assert "Piano roll of Two bars" in data["text/plain"]
    assert '<audio controls preload="metadata" src="data:audio/mpeg' in html


def test_the_front_end_is_one_module_without_html():
    module = front_end("roll.js", "corruption.js")
    assert module.count("export default") == 1
    assert not re.search(r"innerHTML|outerHTML|insertAdjacent|document\.write|https?://", module)

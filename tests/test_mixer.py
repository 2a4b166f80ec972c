"""The mixer's Python side: every way of mixing, what it reports, and what can't be mixed."""

import numpy as np
import pytest

from musicgan_edu import sampling
from musicgan_edu.score import Score, Track
from musicgan_edu.widgets import mixer

VOICES = [Track("High", 19), Track("Low", 19)]


def piece(high, low, title, **fields):
    rows = [(v, p, i, 1) for v, line in enumerate((high, low)) for i, p in enumerate(line)]
    return Score.from_rows(
        rows, VOICES, **{"title": title, "key": (0, "major"), "beats_per_bar": 2.0} | fields
    )


A = piece([72, 74, 76, 77], [48, 50, 52, 53], "A")
B = piece([60, 62, 78, 79], [40, 41, 54, 55], "B")


@pytest.fixture
def table():
    return mixer.Mixer(A, B)


def test_it_begins_with_the_smoothest_cut(table):
    assert (table.table.keep, table.table.start) == (2, 2)
    assert table.mixed == sampling.splice(A, B)
    assert table.player.score.n_notes == 12
    assert "1 semitones a voice" in table.table.report


def test_every_way_is_the_packages(table):
    table.table.keep, table.table.start = 1, 1
    assert table.mixed == sampling.splice(A, B, keep=1, start=1)
    table.table.how = "join"
    assert table.mixed == sampling.join(A, B)
    table.table.how = "layer"
    assert table.mixed == sampling.layer(A, B, of_a=[0], of_b=[1])
    table.table.of_a = [0, 1]
    assert table.mixed == sampling.layer(A, B, of_a=[0, 1], of_b=[1])
    table.table.how, table.table.fade = "crossfade", 2
    assert table.mixed == sampling.crossfade(A, B, n_bars=2)
    assert np.array_equal(table.player.score.notes, table.mixed.score.notes)


def test_either_piece_or_the_mix_is_heard(table):
    table.table.hear = "a"
    assert table.player.score == A
    table.table.hear = "b"
    assert table.player.score == B
    table.table.keep = 1  # mixing goes on, and what is heard stays
    assert table.player.score == B
    table.table.hear = "mix"
    assert table.player.score == table.mixed.score


def test_what_does_not_go_together_is_said_and_the_last_mix_stays(table):
    before = table.mixed
    table.table.keep = 9
    assert table.table.wrong
    assert "can't cut after bar 9 of 2" in table.table.report
    assert table.mixed == before
    table.table.smooth += 1
    assert not table.table.wrong
    assert table.table.keep == 2


def test_another_metre_asks_for_new_barlines():
    waltz = mixer.Mixer(A, B.replace(beats_per_bar=3.0))
    assert waltz.table.wrong
    assert "ask for new barlines" in waltz.table.report
    waltz.table.rebar = True
    assert not waltz.table.wrong
    assert "the barlines are new" in waltz.table.report


def test_one_voice_and_no_titles():
    one = Score.from_rows([(0, 60, 0, 4)], [Track("")], key=(0, "major"))
    alone = mixer.Mixer(one, one)
    assert alone.table.titles == ["A", "B"]
    alone.table.how = "layer"
    assert alone.mixed.score.n_notes == 2


def test_a_page_without_a_kernel_gets_the_mix(table):
    table.table.hear = "a"
    data = table.twin()
    assert data["text/plain"].startswith("Piano roll of A + B: 3 bars")
    assert "data:audio/mpeg" in data["text/html"]

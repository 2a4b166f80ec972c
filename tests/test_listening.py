"""The blind test: the statistics by hand, the series that can't give itself away, the files."""

import json
import math

import numpy as np
import pytest

from musicgan_edu.encoding import CHORALE_VOICES
from musicgan_edu.evaluation import EvaluationError, Trial, listeners, listening
from musicgan_edu.score import ReadError, Score


def chorale(i, *, key=0, **fields):
    """Two bars in four voices, in C major moved by `key` semitones, each another melody."""
    rng = np.random.default_rng(i)
    rows = [(0, int(p) + key, t, 1) for t, p in enumerate(rng.choice([67, 69, 71, 72, 74], 8))]
    rows += [(v, p + key, 0, 8) for v, p in ((1, 64), (2, 55), (3, 48))]
    return Score.from_rows(rows, CHORALE_VOICES, **fields)


def real(n=12):
    """Two windows a piece, in all keys and tempi, with titles."""
    return [
        chorale(i, key=i % 5, source=f"bwv{i // 2}", title=f"Chorale {i // 2}", tempo=60.0 + i)
        for i in range(n)
    ]


def fake(n=8):
    return [chorale(100 + i, source=f"machine 1-{i}", title=f"machine 1-{i}", tempo=90.0) for i in range(n)]


# ------------------------------------------------------------------------------ statistics


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    [
        (8, 10, 0.4902, 0.9433),  # (0.8 + 0.1921 ± 1.96 · √(0.016 + 0.0096)) / 1.3841
        (0, 10, 0.0, 0.2775),  # z² / (n + z²)
        (10, 10, 0.7225, 1.0),
        (1, 2, 0.0945, 0.9055),
    ],
)
def test_wilsons_interval_by_hand(hits, n, low, high):
    assert listening.share_interval(hits, n) == pytest.approx((low, high), abs=5e-5)


def test_wilsons_interval_holds_what_it_promises():
    # The share of experiments whose interval holds the truth, exactly, from the binomial.
    n, p = 20, 0.5
    covered = sum(
        math.comb(n, k) * p**k * (1 - p) ** (n - k)
        for k in range(n + 1)
        if listening.share_interval(k, n)[0] <= p <= listening.share_interval(k, n)[1]
    )
    assert 0.93 < covered < 0.98


@pytest.mark.parametrize(("hits", "n"), [(0, 0), (3, 2), (-1, 2)])
def test_no_share_of_nothing(hits, n):
    with pytest.raises(EvaluationError, match=f"no share of {hits} in {n}"):
        listening.share_interval(hits, n)


def trials(reals, fakes):
    """Answers as strings: R said real, M said machine."""
    return [Trial(f"r{i}", True, said == "R") for i, said in enumerate(reals)] + [
        Trial(f"f{i}", False, said == "R") for i, said in enumerate(fakes)
    ]


def test_the_lady_tasting_tea():
    # four and four cups: all right by guessing 1 in 70, at least six 17 in 70
    assert listening.by_chance(trials("RRRR", "MMMM")) == pytest.approx(1 / 70)
    assert listening.by_chance(trials("RRRM", "RMMM")) == pytest.approx(17 / 70)
    assert listening.by_chance(trials("MMMM", "MMMM")) == 1  # says the same of everything
    assert listening.by_chance(trials("MMMM", "RRRR")) == 1


def test_outcome_by_hand():
    found = listening.outcome(trials("RRRM", "MMRR"))
    assert (found.right, found.n, found.real_right, found.fake_right) == (5, 8, 0.75, 0.5)
    assert found.mischance == pytest.approx(52 / 56)  # k = 1, 2, 3: 4 + 24 + 24
    assert (
        found.chance == 0.5
    )  # said real 5 times: C(4, k) C(4, 5 − k) is 24 and 4 of C(8, 5) = 56 for k = 3, 4
    assert str(found) == (
        "5 of 8 right, 62% (95 % interval 31% to 86%); guessing does as well in 50.0% of such tests"
    )
    with pytest.raises(EvaluationError, match="no answers"):
        listening.outcome([])


# --------------------------------------------------------------------------------- a series


def test_a_series_is_balanced_random_and_of_different_pieces():
    clips = listening.series(real(), fake(), n=8, seed=1)
    assert sum(clip.is_real for clip in clips) == 4
    titles = [clip.title for clip in clips]
    assert len(set(titles)) == 8  # two windows of one chorale never meet
    orders = {tuple(c.is_real for c in listening.series(real(), fake(), n=8, seed=s)) for s in range(30)}
    assert len(orders) > 15
    assert listening.series(real(), fake(), n=8, seed=1) == clips


def test_nothing_but_the_notes_is_left():
    for clip in listening.series(real(), fake(), n=8, seed=2):
        score = clip.score
        assert (score.title, score.source, score.key, score.tempo, score.pickup) == ("", "", None, 72.0, 0.0)
        assert score.tracks == CHORALE_VOICES
        assert set(score.notes["velocity"].tolist()) == {80}
        assert score.end == 8.0


def test_clips_come_in_one_key_whatever_key_they_came_from():
    here, there = (listening.neutral(chorale(3, key=key)) for key in (0, 4))
    assert np.array_equal(here.notes, there.notes)
    stated = chorale(3).replace(key=(6, "minor"))
    assert np.array_equal(listening.neutral(stated).notes, here.notes)


def test_what_the_encoding_cannot_hold_is_left_out_on_both_sides():
    high = chorale(1).replace(notes=np.array([(0, 100, 0, 8, 80)], dtype=chorale(1).notes.dtype))
    assert listening.neutral(high.replace(key=None)) is None
    assert listening.neutral(chorale(1).replace(notes=high.notes[:0])) is None
    triplet = chorale(1).notes.copy()
    triplet["duration"][-1] -= 1 / 3
    assert listening.neutral(chorale(1).replace(notes=triplet)) is None
    with pytest.raises(EvaluationError, match="a series of 4 needs 2 fake pieces, got 1"):
        listening.series(real(), [high, chorale(2)], n=4)


@pytest.mark.parametrize("n", [0, 3])
def test_a_series_has_an_even_number_of_clips(n):
    with pytest.raises(EvaluationError, match=f"even number of clips, got {n}"):
        listening.series(real(), fake(), n=n)


# ---------------------------------------------------------------------------------- files


@pytest.fixture
def results(tmp_path, monkeypatch):
    monkeypatch.setenv("MUSICGAN_LISTENING", str(tmp_path / "mine.jsonl"))
    return tmp_path / "mine.jsonl"


def test_results_come_back_and_carry_no_name(results):
    said = trials("RM", "MM")
    assert listeners.record(said, model="chorales") == results
    listeners.record(said)
    one, two = listeners.read(results)
    assert one.trials == tuple(said)
    assert (one.model, one.listener, one.series != two.series) == ("chorales", two.listener, True)
    keys = json.loads(results.read_text().splitlines()[0]).keys()
    assert keys == {"format", "series", "listener", "day", "model", "trials"}


@pytest.mark.parametrize(
    "damage", ["{", "[]", '{"format": 2}', "\x00", '{"format": 1, "trials": 3}', "[" * 10**5]
)
def test_a_damaged_file_is_kept_aside(results, damage):
    results.write_text(damage + "\n")
    listeners.record(trials("R", "M"))
    assert len(listeners.read(results)) == 1
    assert (results.parent / "mine.damaged1.jsonl").read_text() == damage + "\n"
    results.write_text("again")
    listeners.record(trials("R", "M"))
    assert (results.parent / "mine.damaged1.jsonl").read_text() == damage + "\n"
    assert (results.parent / "mine.damaged2.jsonl").read_text() == "again"


def test_a_failed_write_leaves_the_old_file(results, monkeypatch):
    listeners.record(trials("R", "M"))
    before = results.read_text()

    def full(*args):
        raise OSError("no space left")

    monkeypatch.setattr(listeners.os, "replace", full)
    with pytest.raises(OSError, match="no space"):
        listeners.record(trials("R", "M"))
    assert results.read_text() == before
    assert [path.name for path in results.parent.iterdir()] == ["mine.jsonl"]


def test_reading_names_file_line_and_cause(results):
    results.write_text(
        '{"format": 1, "series": "a", "listener": "b", "day": "", "model": "", "trials": [["c", 1, 0]]}'
    )
    with pytest.raises(ReadError, match=r"mine.jsonl, line 1 is no series: .*true or false"):
        listeners.read(results)
    with pytest.raises(ReadError, match=r"nowhere\.jsonl can't be read"):
        listeners.read(results.parent / "nowhere.jsonl")


def sitting(listener, answers, *, series=""):
    """A series on clips 0, 1, … all real; `answers` says which were told right."""
    said = tuple(Trial(f"clip {i}", True, right) for i, right in enumerate(answers))
    return listeners.Sitting(series or listener, listener, "2026-11-24", "chorales", said)


def write(folder, *sittings):
    for i, one in enumerate(sittings):
        (folder / f"{i}.jsonl").write_text(one.to_json() + "\n")


def test_pooling_by_hand(tmp_path):
    write(tmp_path, sitting("a", [True, True, True]), sitting("b", [True, False]))
    found = listeners.pool(tmp_path)
    assert (found.right, found.n_listeners, found.n_clips, found.n_trials) == (0.8, 2, 3, 5)
    assert found.real_right == 0.8
    assert math.isnan(found.fake_right)


def test_pooling_draws_listeners_and_clips(tmp_path):
    # One listener always right, one always wrong: two drawn give 0, ½ or 1. As 200 single answers
    # the interval would be 0.43 to 0.57.
    write(tmp_path, sitting("a", [True] * 100), sitting("b", [False] * 100))
    assert listeners.pool(tmp_path).interval == (0.0, 1.0)
    # The same with one clip that all tell and one that none does.
    other = tmp_path / "other"
    other.mkdir()
    write(other, *(sitting(f"listener {i}", [True, False]) for i in range(100)))
    assert listeners.pool(other).interval == (0.0, 1.0)


def test_pooling_counts_a_series_once_and_leaves_out_what_it_cannot_read(tmp_path):
    one = sitting("a", [True, False, True, True])
    write(tmp_path, one, one, sitting("b", [True, True, False, False]))
    (tmp_path / "broken.jsonl").write_text("oops")
    found = listeners.pool(tmp_path)
    assert (found.n_trials, found.n_listeners) == (8, 2)
    assert found.left_out[0][0] == "broken.jsonl"
    assert "left out: broken.jsonl" in str(found)
    with pytest.raises(ReadError, match="no results to pool"):
        listeners.pool([tmp_path / "broken.jsonl"])

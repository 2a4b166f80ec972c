"""Distances of sets against numbers worked out by hand, and the report that gathers all."""

import dataclasses
import json
import math

import numpy as np
import pytest

from musicgan_edu import evaluation
from musicgan_edu.evaluation import EvaluationError, judge
from musicgan_edu.score import Score, Track


def column(*values):
    return np.array(values, dtype=float)[:, None]


def test_likeness_by_hand():
    # within: |0−1| = 1 and |0−3| = 3; between: 0, 3, 1, 2
    found = evaluation.likeness(column(0, 1), column(0, 3))
    assert (found.intra_real, found.intra_fake, found.inter) == (1, 3, 1.5)


def test_overlap_and_divergence_of_two_normals():
    # N(0, 1) and N(1, 1): ∫ min = 2 Φ(−½) = 0.617; KL = ½
    rng = np.random.default_rng(0)
    a = rng.normal(size=20_000)
    b = rng.normal(size=20_000) + 1
    assert evaluation.overlap(a, b) == pytest.approx(0.617, abs=0.02)
    assert evaluation.kl_divergence(a, b) == pytest.approx(0.5, abs=0.05)


def test_a_pure_shift_is_seen():
    a = np.random.default_rng(0).normal(size=500)
    assert evaluation.overlap(a, a) == pytest.approx(1)
    assert evaluation.overlap(a, a + 100) == pytest.approx(0, abs=1e-6)
    assert evaluation.kl_divergence(a, a + 100) > 5


def test_overlap_of_constant_samples():
    assert evaluation.overlap(np.zeros(5), np.zeros(5)) == pytest.approx(1)
    assert evaluation.overlap(np.zeros(5), np.ones(5)) == pytest.approx(0)


def test_likeness_needs_two_windows():
    with pytest.raises(EvaluationError, match="two windows of each, got 1 and 2"):
        evaluation.likeness(column(0), column(0, 1))


def test_neighbours_by_hand():
    # k = 1. Real balls: 0 ± 1, 1 ± 1, 100 ± 99; fake balls: 0.5 ± 0.7, 1.2 ± 0.7, −30 ± 30.5.
    # Fakes in real balls: 0.5 in two, 1.2 in two (1's and 100's), −30 in none. Real in fake balls: 0, 1.
    found = evaluation.neighbours(column(0, 1, 100), column(0.5, 1.2, -30), k=1)
    assert found == pytest.approx((2 / 3, 2 / 3, 4 / 3, 1))


def test_coverage_misses_what_no_fake_is_near():
    found = evaluation.neighbours(column(0, 1, 10, 11), column(0.5, 0.6, 0.7), k=1)
    assert found.precision == 1
    assert found.coverage == 0.5


def test_neighbours_needs_more_than_k():
    with pytest.raises(EvaluationError, match="more than 5 windows of each, got 6 and 5"):
        evaluation.neighbours(np.zeros((6, 2)), np.zeros((5, 2)))


def test_frechet_distance_by_hand():
    # means 1 and 5, variances 2 and 8: 4² + (√2 − √8)² = 18
    assert evaluation.frechet_distance(column(0, 2), column(3, 7)) == pytest.approx(18)


def test_frechet_distance_of_covariances_that_do_not_commute():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(50, 3)) @ rng.normal(size=(3, 3)), rng.normal(size=(60, 3)) * [1, 2, 3]
    first, second = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    cross = np.sqrt(np.linalg.eigvals(first @ second).real).sum()  # another way to tr (C₁C₂)^½
    expected = ((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(first) + np.trace(second) - 2 * cross
    assert evaluation.frechet_distance(a, b) == pytest.approx(expected)


def test_standardised_leaves_out_constants_and_clips():
    real, other = evaluation.standardised(np.array([[0.0, 5], [2, 5]]), np.array([[3.0, 9], [99, 9]]))
    assert real.tolist() == [[-1], [1]]
    assert other.tolist() == [[2], [10]]


TRACKS = (Track("Soprano"), Track("Bass"))


def windows(n, *, seed, named=True, gap=12):
    rng = np.random.default_rng(seed)
    result = []
    for i in range(n):
        tune = rng.choice([72, 74, 76, 77, 79, 81], 8)
        rows = [(0, p, t, 1) for t, p in enumerate(tune)] + [(1, p - gap, t, 1) for t, p in enumerate(tune)]
        result.append(Score.from_rows(rows, TRACKS, source=f"{seed} {i % 10}" if named else ""))
    return result


def test_describe_by_hand():
    # intervals +2, −4 and none in the other voice; 4 notes from 60 to 74
    score = Score.from_rows([(0, 72, 0, 1), (0, 74, 1, 1), (0, 70, 2, 2), (1, 60, 0, 4)], TRACKS)
    found = {name: values[0].tolist() for name, values in evaluation.describe([score]).items()}
    assert found["notes"] == [4]
    assert found["distinct pitches"] == [4]
    assert found["pitch range (semitones)"] == [14]
    assert found["mean interval (semitones)"] == [3]
    assert found["mean duration (beats)"] == [2]
    assert sum(found["pitch-class histogram"]) == pytest.approx(1)


@pytest.fixture(autouse=True, scope="module")
def small_forests():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(judge, "N_TREES", 60)  # a judge in a hurry; all else is as in earnest
        yield


@pytest.fixture(scope="module")
def report():
    train = windows(60, seed=1)
    fake = [s.replace(source="") for s in train[:30]] + windows(30, seed=3, named=False)
    return evaluation.evaluate(windows(50, seed=2), fake, train=train, min_windows=50)


def test_report_shows_copying_right_below_the_judge(report):
    names = list(report)
    assert names[0].startswith("C2ST")
    assert names[1:4] == [
        "copying, median agreement with train",
        "copying, 95th percentile",
        "distinct windows",
    ]
    assert report["copying, 95th percentile"].fake == 1  # half of the fakes are copies
    assert report["copying, 95th percentile"].real < 0.9


def test_report_measures_both_sides(report):
    row = report["parallel octaves / chord change"]  # the bass doubles the soprano
    assert row.real == row.fake == 1
    assert report["polyphony (notes at once)"].fake == 2
    low, high = report["notes in key"].fake_interval
    assert low < report["notes in key"].fake < high or low == high == 1
    assert report["coverage"].fake > 0.5
    assert not math.isnan(report["C2ST accuracy (0.5: can't be told from real)"].real)


def test_report_prints_a_table_and_turns_into_json(report):
    text = report.table()
    assert "| measure | real | interval | fake | interval |" in text
    assert all(f"| {name} |" in text for name in report)
    assert "What gives the machine away:" in text
    assert "| notes | 0 | 0 | 0 | 1 | 1 |" in text  # all windows have sixteen
    again = json.loads(json.dumps(report.to_dict(), allow_nan=False))
    assert again["measures"]["polyphony (notes at once)"]["fake"] == 2
    assert again["measures"]["coverage"]["fake_interval"] is None
    assert again["likeness"]["notes"]["overlap_real"] == report.likeness["notes"].overlap_real
    assert (again["n_real"], again["n_fake"], again["n_train"]) == (50, 60, 60)


def test_reports_side_by_side(report):
    text = evaluation.side_by_side({"ours": report, "theirs": report})
    assert text.splitlines()[0] == "| measure | real | ours | theirs |"
    assert "| polyphony (notes at once) | 2 [2, 2] | 2 [2, 2] | 2 [2, 2] |" in text
    assert len(text.splitlines()) == len(report) + 2


def test_reports_on_different_real_windows_do_not_compare(report):
    other = dataclasses.replace(report, n_real=49)
    with pytest.raises(EvaluationError, match=r"same real windows, got \{'a': 50, 'b': 49\}"):
        evaluation.side_by_side({"a": report, "b": other})
    with pytest.raises(EvaluationError, match=r"same real windows, got \{\}"):
        evaluation.side_by_side({})


def test_report_without_training_music_says_so():
    report = evaluation.evaluate(windows(50, seed=2), windows(50, seed=3), min_windows=50)
    assert math.isnan(report["copying, 95th percentile"].fake)
    assert "Copying was not measured" in report.table()
    assert "| copying, 95th percentile | – | – | – | – |" in report.table()


def test_evaluate_refuses_too_little():
    with pytest.raises(EvaluationError, match="at least 300 windows of each kind, got 5 and 5"):
        evaluation.evaluate(windows(5, seed=1), windows(5, seed=2))

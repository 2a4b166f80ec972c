"""The judge: what it sees, that it holds pieces apart, that its errors are honest."""

import numpy as np
import pytest

from musicgan_edu import evaluation
from musicgan_edu.evaluation import EvaluationError, judge
from musicgan_edu.score import Score, Track

TRACKS = (Track("Soprano"), Track("Bass"))


@pytest.fixture(autouse=True)
def small_forests(monkeypatch):
    monkeypatch.setattr(judge, "N_TREES", 60)  # a judge in a hurry; all else is as in earnest


def windows(n, *, seed, pieces=10, gap=12, named=True):
    """Two voices of eight quarter notes in C major, `gap` semitones and more apart."""
    rng = np.random.default_rng(seed)
    scale = np.array([60, 62, 64, 65, 67, 69, 71])
    result = []
    for i in range(n):
        tune = rng.choice(scale, 8)
        rows = [(0, p + 12, t, 1) for t, p in enumerate(tune)]
        rows += [(1, p + 12 - gap - rng.choice([0, 5, 12]), t, 1) for t, p in enumerate(tune)]
        result.append(Score.from_rows(rows, TRACKS, source=f"piece {seed} {i % pieces}" if named else ""))
    return result


def test_features_by_name_and_number():
    # C major throughout: soprano C5 D5 held over 2 beats each, bass C4 for 1 beat, E4 for 3; 1 bar
    score = Score.from_rows([(0, 72, 0, 2), (0, 74, 2, 2), (1, 60, 0, 1), (1, 64, 1, 3)], TRACKS)
    table = evaluation.features(evaluation.voices([score], n_bars=1))
    got = dict(zip(table.names, table.values[0], strict=True))
    expected = {
        "pitch class C": (8 + 4) / 32,
        "interval 0 Soprano–Bass": 4 / 16,
        "interval 8 Soprano–Bass": 4 / 16,
        "interval 10 Soprano–Bass": 8 / 16,
        "steps Soprano": 1 / 16,
        "thirds Bass": 1 / 16,
        "holds Soprano": 14 / 16,
        "register Soprano": 73.0,
        "spread Soprano": 1.0,
        "register Bass": 63.0,
        "changes on the beat": (1 + 0.5 + 0.5 + 0) / 4,
        "rests Bass": 0.0,
        "crossings Soprano–Bass": 0.0,
        "parallel fifths": 0.0,
    }
    assert {name: got[name] for name in expected} == pytest.approx(expected)


def test_windows_of_other_voices_do_not_compare():
    alone = [score.replace(notes=score.of_track(0), tracks=TRACKS[:1]) for score in windows(20, seed=1)]
    with pytest.raises(EvaluationError, match="windows of other voices don't compare: 46 and 25 features"):
        evaluation.c2st(windows(20, seed=1), alone, min_windows=20)


def test_features_see_repeats_leaps_rests_crossings_and_parallels():
    rows = [(0, 67, 0, 1), (0, 69, 1, 1), (0, 69, 2, 1), (1, 60, 0, 1), (1, 62, 1, 1), (1, 72, 2, 0.5)]
    table = evaluation.features(evaluation.voices([Score.from_rows(rows, TRACKS)], n_bars=1))
    got = dict(zip(table.names, table.values[0], strict=True))
    expected = {
        "parallel fifths": 1.0,
        "repeats Soprano": 1 / 16,
        "leaps Bass": 1 / 16,
        "rests Soprano": 4 / 16,
        "rests Bass": 6 / 16,
        "crossings Soprano–Bass": 2 / 16,
    }
    assert {name: got[name] for name in expected} == pytest.approx(expected)


def test_features_of_four_voices_cover_what_the_judge_must_see():
    choir = Score.from_rows([(v, 72 - 7 * v, 0, 8) for v in range(4)])
    table = evaluation.features([choir])
    assert table.values.shape == (1, len(table.names)) == (1, 124)
    assert sum(name.startswith("interval") for name in table.names) == 6 * 12
    assert np.isfinite(table.values).all()


def test_features_of_silence_are_finite():
    table = evaluation.features([Score.from_rows([], TRACKS)])
    assert np.isfinite(table.values).all()
    assert table.values[0, table.names.index("rests Bass")] == 1


def test_features_ignore_the_key():
    here = windows(5, seed=1)
    there = [s.replace(notes=_moved(s.notes, 3)) for s in here]
    # the nearest way to C is up from one key and down from another: registers mustn't tell
    assert evaluation.features(there).values == pytest.approx(evaluation.features(here).values)


def test_features_ignore_a_stated_key():
    # corpora state keys and generators don't: the judge mustn't see who does
    here = windows(5, seed=1)
    stated = [s.replace(key=(6, "minor")) for s in here]
    assert np.array_equal(evaluation.features(stated).values, evaluation.features(here).values)


def test_features_of_pitches_at_the_edge_stay_notes():
    # D major from the lowest D♭ on: two semitones down would leave the MIDI range at -1, which is REST
    low = Score.from_rows([(0, p, float(t), 1) for t, p in enumerate((2, 6, 9, 2, 1, 9, 6, 2))])
    table = evaluation.features([low])
    got = dict(zip(table.names, table.values[0], strict=True))
    assert got["rests track 1"] == 0
    assert got["pitch class B"] == 1 / 8


def _moved(notes, semitones):
    notes = notes.copy()
    notes["pitch"] += semitones
    return notes


def test_c2st_tells_what_differs_and_says_by_what():
    verdict = evaluation.c2st(windows(60, seed=1), windows(80, seed=2, gap=19, named=False), min_windows=50)
    assert verdict.accuracy > 0.95
    assert verdict.interval[0] > 0.9
    assert (verdict.n_windows, verdict.n_pieces) == (60, 10)
    top = [name for name, *_ in verdict.gives_away[:8]]
    assert "register Bass" in top
    _, _, real, fake = next(row for row in verdict.gives_away if row[0] == "register Bass")
    assert fake < real - 3


def test_c2st_finds_nothing_where_there_is_nothing_and_repeats_itself():
    real, fake = windows(100, seed=1), windows(100, seed=2, named=False)
    verdict = evaluation.c2st(real, fake, min_windows=100, seed=3)
    assert 0.35 < verdict.accuracy < 0.65
    assert verdict.interval[0] < verdict.accuracy < verdict.interval[1]
    again = evaluation.c2st(real, fake, min_windows=100, seed=3)
    assert (again.accuracy, again.interval, again.gives_away) == (
        verdict.accuracy,
        verdict.interval,
        verdict.gives_away,
    )


def test_c2st_takes_features_that_are_there_already():
    real, fake = windows(60, seed=1), windows(80, seed=2, named=False)
    tables = evaluation.features(real), evaluation.features(fake)
    assert tables[0].pieces == tuple(score.source for score in real)
    one, two = evaluation.c2st(real, fake, min_windows=60), evaluation.c2st(*tables, min_windows=60)
    assert (one.accuracy, one.interval, one.gives_away) == (two.accuracy, two.interval, two.gives_away)
    some = tables[0].take(np.array([5, 3]))
    assert some.values.tolist() == tables[0].values[[5, 3]].tolist()
    assert some.pieces == (real[5].source, real[3].source)


def blocks(n_pieces, *, size=8, spread=3.0, seed=0):
    """Features of pieces whose windows are all but the same: nothing tells one half from another."""
    rng = np.random.default_rng(seed)
    centre = np.repeat(rng.normal(0, spread, (n_pieces, 4)), size, axis=0)
    names = tuple(f"piece {i // size}" for i in range(n_pieces * size))
    return evaluation.Features(centre + rng.normal(0, 0.1, centre.shape), ("a", "b", "c", "d"), names)


def test_chance_is_centred_and_wider_than_a_coins():
    draws = evaluation.chance(blocks(40), n_pieces=20, n_draws=12, seed=1)
    assert draws.shape == (12,)
    assert abs(draws.mean() - 0.5) < 0.12
    assert draws.std() > 1.5 * np.sqrt(0.25 / 320)  # 160 windows of either kind, but only 40 pieces
    assert np.array_equal(draws, evaluation.chance(blocks(40), n_pieces=20, n_draws=12, seed=1))


def test_chance_needs_pieces_for_both_sides():
    with pytest.raises(EvaluationError, match="chance needs 42 pieces, got 40"):
        evaluation.chance(blocks(40), n_pieces=21)


def test_c2st_never_learns_a_piece_by_heart():
    # Each piece has a register of its own. Were its windows in training and held-out folds alike,
    # the forest would recognise pieces and be far above chance.
    def pieces(seed):
        rng = np.random.default_rng(seed)
        return [
            Score.from_rows([(0, 72, 0, 8), (1, low, 0, 8)], TRACKS, source=f"{seed} {i}")
            for i, low in enumerate(rng.permutation(np.arange(36, 66)))
            for _ in range(5)
        ]

    assert evaluation.c2st(pieces(1), pieces(2), min_windows=100).accuracy < 0.6


def test_folds_keep_pieces_together_and_classes_even():
    group = np.repeat(np.arange(20), 7)
    samples = [
        judge._Sample(np.zeros((140, 1)), group + offset, np.zeros(140, dtype=int)) for offset in (0, 10)
    ]
    real, fake = judge._folded(samples, seed=1)
    of = {}
    for g, f in [*zip(real.group, real.fold, strict=True), *zip(fake.group, fake.fold, strict=True)]:
        assert of.setdefault(g, f) == f
    assert np.bincount(real.fold).tolist() == [28] * 5


def test_c2st_refuses_too_little():
    with pytest.raises(EvaluationError, match="at least 300 windows of each kind, got 20 and 400"):
        evaluation.c2st(windows(20, seed=1), windows(400, seed=2))
    with pytest.raises(EvaluationError, match="windows of at least 5 pieces, got 2"):
        evaluation.c2st(windows(20, seed=1, pieces=2), windows(20, seed=2), min_windows=20)


def test_compare_is_paired_on_the_same_real_windows():
    real = windows(100, seed=1)
    good, bad = windows(90, seed=2, named=False), windows(120, seed=3, gap=19, named=False)
    found = evaluation.compare(real, good, bad, min_windows=80)
    assert found.difference == pytest.approx(found.a.accuracy - found.b.accuracy)
    assert found.difference < -0.2
    assert found.interval[0] < found.difference < found.interval[1] < 0
    assert found.a.n_windows == found.b.n_windows == 90
    said = str(found)
    assert f"{found.a.accuracy:.3f} against {found.b.accuracy:.3f} on the same 90 real windows" in said
    assert f"difference {found.difference:+.3f} [" in said


def test_comparing_a_model_with_itself_gives_no_difference():
    real, fake = windows(60, seed=1), windows(60, seed=2, named=False)
    found = evaluation.compare(real, fake, list(fake), min_windows=60)
    assert abs(found.difference) < 0.12
    assert found.interval[0] <= 0 <= found.interval[1]


def test_a_forest_tells_collections_and_what_was_told():
    rng = np.random.default_rng(0)

    def windows(collection, jumps, n):
        lines = 67 + np.cumsum(rng.choice(jumps, (n, 16)), axis=1) % 12
        rows = [[(0, int(pitch), i / 2, 0.5) for i, pitch in enumerate(line)] for line in lines]
        return [
            Score.from_rows(one, [Track("Melody")], source=f"{collection}/{i}") for i, one in enumerate(rows)
        ]

    train, real, fake = (windows("a", (-1, 1), n) + windows("b", (0, 7), n) for n in (60, 30, 20))
    found = evaluation.tell_collections(train, real, fake, ["a"] * 20 + ["b"] * 20)
    assert found.real > 0.95
    assert found.fake > 0.95
    assert found.chance == 0.5
    assert evaluation.tell_collections(train, real, fake, ["b"] * 20 + ["a"] * 20).fake < 0.05

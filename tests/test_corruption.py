"""Damage: each kind does what its name says, no more, and stays within the form."""

import numpy as np
import pytest

from musicgan_edu import encoding, evaluation
from musicgan_edu.evaluation import EvaluationError, corruption
from musicgan_edu.score import Score, Track

FORM = encoding.VoiceEncoding()
KINDS = list(corruption.CORRUPTIONS)


def chorale(**fields) -> Score:
    """Two bars, four voices: quarters above, a half note and a tie over the barline below."""
    soprano = [(0, p, i, 1) for i, p in enumerate([72, 74, 76, 77, 79, 77, 76, 74])]
    alto = [(1, p, i, 1) for i, p in enumerate([67, 67, 67, 69, 65, 69, 67, 65])]
    tenor = [(2, 64, 0, 3), (2, 60, 3, 2), (2, 62, 5, 0.5), (2, 64, 5.5, 0.5), (2, 60, 6, 2)]
    bass = [(3, 48, 0, 2), (3, 50, 2, 2), (3, 52, 4, 4)]
    return Score.from_rows([*soprano, *alto, *tenor, *bass], encoding.CHORALE_VOICES, **fields)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def sounding(score: Score) -> np.ndarray:
    """Pitch classes of the encoding that sound, (T, V)."""
    return FORM.sounding(FORM.tokens([score]).values)[0].astype(int)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("strength", [0.01, 0.3, 0.5, 0.8, 1.0])
def test_damage_stays_within_the_form(kind, strength):
    original = chorale(title="T", tempo=77.0)
    for seed in range(20):
        damaged = corruption.damage(original, kind, rng(seed), strength=strength)
        assert not np.array_equal(damaged.notes, original.notes)
        assert FORM.tokens([damaged]).dropped == ()  # on the grid, one note at a time, in range
        assert (damaged.title, damaged.tempo, damaged.end) == ("T", 77.0, 8.0)
        assert (sounding(damaged) != FORM.rest).all()  # no hole that would give it away


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_gives_the_same_damage(kind):
    one, two, other = (corruption.damage(chorale(), kind, rng(seed)) for seed in (3, 3, 4))
    assert one == two
    assert one != other or kind == "bars shuffled"


def test_wrong_pitches_are_a_share_of_the_notes_a_semitone_or_two_off():
    original = chorale()
    damaged = corruption.wrong_pitch(original, rng(), strength=0.5)
    off = damaged.notes["pitch"] - original.notes["pitch"]
    assert (off != 0).sum() == round(original.n_notes / 2)
    assert set(np.abs(off)) == {0, 1, 2}
    single = corruption.wrong_pitch(original, rng(), strength=0.001)
    assert (single.notes["pitch"] != original.notes["pitch"]).sum() == 1


def test_at_the_edge_of_the_range_a_wrong_pitch_turns_round():
    rows = [(0, corruption.HIGHEST, 0, 4), (1, corruption.LOWEST, 0, 4)]
    edge = Score.from_rows(rows, [Track("high"), Track("low")])
    for seed in range(10):
        high, low = corruption.wrong_pitch(edge, rng(seed), strength=1.0).notes["pitch"]
        assert high < corruption.HIGHEST
        assert low > corruption.LOWEST


def test_a_shifted_voice_keeps_its_tune_and_the_others_their_notes():
    original = chorale()
    damaged = corruption.damage(original, "voice shifted", rng(1), strength=1.0)
    off = damaged.notes["pitch"] - original.notes["pitch"]
    shifted = np.unique(original.notes["track"][off != 0])
    assert len(shifted) == 1
    assert len(set(off[original.notes["track"] == shifted[0]])) == 1
    assert 1 <= np.abs(off).max() <= 3


def test_parallel_fifths_are_counted_as_such():
    original = chorale()
    before = evaluation.count_parallels(evaluation.voices([original]).pitch, 7)[0]
    counts = []
    for seed in range(12):
        damaged = corruption.parallel_fifths(original, rng(seed), strength=1.0)
        counts.append(int(evaluation.count_parallels(evaluation.voices([damaged]).pitch, 7)[0]))
    # under the soprano 7, under the alto 6 (it stays once more), under the tenor 4 moves
    assert before == 0
    assert min(counts) >= 4
    assert max(counts) >= 7


def test_fifths_below_the_range_are_turned_into_fourths_above():
    low = Score.from_rows([(0, 40, 0, 2), (0, 41, 2, 2), (1, 38, 0, 4)], [Track("one"), Track("two")])
    damaged = corruption.parallel_fifths(low, rng(), strength=1.0)
    assert damaged.of_track(1)["pitch"].tolist() == [45, 46]
    assert evaluation.count_parallels(evaluation.voices([damaged], n_bars=1).pitch, 7)[0] == 1


def test_swapped_voices_sound_as_before_together():
    original = chorale()
    damaged = corruption.damage(original, "voices swapped", rng(2), strength=0.5)
    assert np.array_equal(np.sort(sounding(damaged), axis=1), np.sort(sounding(original), axis=1))
    assert not np.array_equal(sounding(damaged), sounding(original))


@pytest.mark.parametrize(("strength", "n_steps"), [(0.3, 16), (0.5, 8), (1.0, 4)])
def test_shuffled_pieces_are_bars_half_bars_or_beats(strength, n_steps):
    original = chorale()
    damaged = corruption.damage(original, "bars shuffled", rng(5), strength=strength)
    before, after = (sounding(score).reshape(-1, n_steps, 4) for score in (original, damaged))
    assert sorted(piece.tobytes() for piece in before) == sorted(piece.tobytes() for piece in after)


@pytest.mark.parametrize(("strength", "late"), [(0.1, 1), (0.5, 2), (1.0, 4)])
def test_a_late_voice_lags_by_quarters_of_a_beat(strength, late):
    original = chorale()
    damaged = corruption.damage(original, "one beat late", rng(1), strength=strength)
    before, after = sounding(original), sounding(damaged)
    changed = np.flatnonzero((before != after).any(0))
    assert len(changed) == 1
    voice = changed[0]
    assert np.array_equal(after[late:, voice], before[:-late, voice])
    assert (after[:late, voice] == before[0, voice]).all()  # its first note waits


def test_what_cannot_be_damaged_is_refused_with_its_reason():
    with pytest.raises(EvaluationError, match=r"no corruption 'hum': choose from \['wrong pitch'"):
        corruption.damage(chorale(), "hum", rng())
    for strength in (0, -1, 1.01, float("nan")):
        with pytest.raises(EvaluationError, match="strength must be above 0 and at most 1, got"):
            corruption.damage(chorale(), "wrong pitch", rng(), strength=strength)
    with pytest.raises(EvaluationError, match="pickup 1"):
        corruption.damage(chorale(pickup=1.0), "wrong pitch", rng())
    with pytest.raises(EvaluationError, match="two or more voices"):
        corruption.damage(Score.from_rows([(0, 60, 0, 1)]), "wrong pitch", rng())
    frozen = Score.from_rows([(v, 60 + v, 4 * bar, 4) for v in (0, 1) for bar in (0, 1)])
    with pytest.raises(EvaluationError, match="'bars shuffled' changes nothing"):
        corruption.damage(frozen, "bars shuffled", rng(), strength=0.1)


def test_one_of_several_kinds_by_chance():
    kinds = ["wrong pitch", "voices swapped"]
    seen = set()
    for seed in range(20):
        damaged = corruption.damage_any(chorale(), rng(seed), kinds=kinds, strength=0.5)
        together = np.array_equal(np.sort(sounding(damaged), 1), np.sort(sounding(chorale()), 1))
        seen.add(together)  # swapped voices sound as before together, wrong pitches don't
    assert seen == {True, False}
    frozen = Score.from_rows([(v, 60 + v, 4 * bar, 4) for v in (0, 1) for bar in (0, 1)])
    for seed in range(10):  # there's nothing to shuffle, so it's always the pitch
        damaged = corruption.damage_any(
            frozen, rng(seed), kinds=["bars shuffled", "wrong pitch"], strength=0.2
        )
        assert (damaged.notes["pitch"] != frozen.notes["pitch"]).sum() == 1
    with pytest.raises(EvaluationError, match="changes nothing"):
        corruption.damage_any(frozen, rng(), kinds=["bars shuffled"], strength=0.2)


def test_a_nudge_moves_the_note_that_sounds_there():
    original = chorale()
    up = corruption.nudge(original, 3, 3.75, semitones=1)  # the bass's second note, on beats 2 to 4
    changed = np.flatnonzero(up.notes["pitch"] != original.notes["pitch"])
    assert original.notes[changed].tolist() == [(3, 50, 2.0, 2.0, 80)]
    assert up.notes["pitch"][changed].tolist() == [51]
    assert corruption.nudge(up, 3, 2.0, semitones=-1) == original
    assert corruption.nudge(original, 0, 8.5, semitones=1) == original  # nothing sounds there
    assert corruption.nudge(original, 3, 0.0, semitones=-20) == original  # below the range

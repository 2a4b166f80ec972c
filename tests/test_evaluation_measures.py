"""Every measure on its own tiny score, with the answer worked out by hand."""

import math

import numpy as np
import pytest

from musicgan_edu import evaluation
from musicgan_edu.evaluation import EvaluationError, Tally
from musicgan_edu.score import EncodingError, Score, Track

C, D, E, F, F_SHARP, G, A = 60, 62, 64, 65, 66, 67, 69


def line(*notes, track=0):
    """(pitch, duration) pairs one after another, as rows; pitch None is a rest."""
    rows, onset = [], 0.0
    for pitch, duration in notes:
        if pitch is not None:
            rows.append((track, pitch, onset, duration))
        onset += duration
    return rows


def score(*lines, **fields):
    """A Score of several voices, each a list of (pitch, duration) pairs."""
    rows = [row for track, notes in enumerate(lines) for row in line(*notes, track=track)]
    return Score.from_rows(rows, [Track(f"voice {i + 1}") for i in range(len(lines))], **fields)


SILENCE = score([])


def test_in_key_counts_notes_of_the_estimated_key():
    # C major without doubt; one F♯ among eight notes
    assert evaluation.in_key([score([(p, 1) for p in (C, E, G, C, E, G, C, F_SHARP)])]).value == 7 / 8


def test_in_key_takes_the_natural_scale_for_minor():
    # A minor with its raised leading note: 6 of 7 notes belong to A B C D E F G
    assert evaluation.in_key([score([(p, 1) for p in (57, 60, 64, 57, 56, 57, 64)])]).value == pytest.approx(
        6 / 7
    )


def test_scale_consistency_takes_the_best_of_twelve_scales():
    # no diatonic scale holds three semitones in a row
    assert evaluation.scale_consistency([score([(60, 1), (61, 1), (62, 1)])]).value == pytest.approx(2 / 3)


def test_pitch_class_entropy_in_bits():
    # shares ½, ¼, ¼: ½·1 + ¼·2 + ¼·2
    assert evaluation.pitch_class_entropy([score([(C, 1), (72, 1), (E, 1), (G, 1)])]).value == 1.5


def test_used_pitch_classes_of_a_track_in_a_bar():
    # bar 1 has C and E, bar 2 has G; the octave of C is no new pitch class
    assert evaluation.used_pitch_classes([score([(C, 1), (E, 1), (72, 2), (G, 4)])]).value == 1.5


def test_tonal_distance_of_a_fifth():
    # Φ(C) = (0 1 | 0 1 | 0 ½), Φ(G) = (½ √3/2 | 1 0 | √3/4 −¼):
    # ¼ + (1 − √3/2)² + 1 + 1 + 3/16 + 9/16 = 19/4 − √3
    fifth = score([(G, 4)], [(48, 4)])
    assert evaluation.tonal_distance([fifth]).value == pytest.approx(math.sqrt(19 / 4 - math.sqrt(3)))


def test_tonal_distance_looks_at_the_pair_and_skips_silence():
    # voices 1 and 2: apart on beat 1, the same pitch class on beat 2, voice 2 silent after that
    three = score([(G, 1), (C, 3)], [(C, 2)], [(C, 4)])
    expected = math.sqrt(19 / 4 - math.sqrt(3)) / 2
    assert evaluation.tonal_distance([three], pair=(0, 1)).value == pytest.approx(expected)
    assert evaluation.tonal_distance([three], pair=(0, 1)).cases.tolist() == [2]
    with pytest.raises(EvaluationError, match=r"no pitched tracks \(0, 3\) among 3"):
        evaluation.tonal_distance([three], pair=(0, 3))
    drums = three.replace(tracks=(three.tracks[0], Track("Kit", is_drum=True), three.tracks[2]))
    both = evaluation.tonal_distance([drums], pair=(0, 2)).value
    assert (
        both
        == evaluation.tonal_distance([drums]).value
        == pytest.approx(math.sqrt(19 / 4 - math.sqrt(3)) / 4)
    )
    with pytest.raises(EvaluationError, match=r"no pitched tracks \(0, 1\) among 3"):
        evaluation.tonal_distance([drums], pair=(0, 1))


def test_dissonance_counts_pairs_that_sound():
    # 2 beats of a third, 1 beat of a second, 1 beat alone
    assert evaluation.dissonance([score([(E, 2), (D, 2)], [(C, 3)])], n_bars=1).value == pytest.approx(1 / 3)


def test_empty_bars_are_a_tracks_bars():
    # 2 tracks × 2 bars, one of the four empty
    assert evaluation.empty_bars([score([(C, 4)], [(C, 8)])]).value == 0.25


def test_empty_bars_sees_silence_at_the_end_when_told_the_length():
    assert evaluation.empty_bars([score([(C, 4)])], n_bars=2).value == 0.5
    assert evaluation.empty_bars([SILENCE], n_bars=2).value == 1.0


def test_empty_beats_where_no_track_sounds():
    # beats 1 and 2 of four sound; half a beat is enough
    assert evaluation.empty_beats([score([(C, 1)], [(None, 1), (C, 0.5)])], n_bars=1).value == 0.5


def test_bars_count_from_the_first_barline():
    # the pickup's note doesn't fill bar 1, which is silent; bar 2 sounds
    upbeat = Score.from_rows([(0, C, 0, 1), (0, C, 5, 4)], pickup=1.0)
    assert evaluation.empty_bars([upbeat]).value == 0.5
    assert evaluation.empty_beats([upbeat]).value == 0.5


def test_qualified_notes_last_a_32nd():
    assert evaluation.qualified_notes([score([(C, 1), (D, 1 / 8), (E, 1 / 16)])]).value == pytest.approx(
        2 / 3
    )


def test_polyphony_over_the_time_that_sounds():
    # 4 + 2 + 1 beats of notes in 4 + 1 beats of sound
    assert evaluation.polyphony([score([(C, 4), (None, 2), (C, 1)], [(E, 2)])]).value == pytest.approx(7 / 5)


def test_groove_is_the_likeness_of_neighbouring_bars():
    # onsets on 4 beats, then on 2 of them: 2 of 16 steps differ
    assert evaluation.groove([score([(C, 1)] * 4 + [(C, 2)] * 2)]).value == 14 / 16


def test_groove_of_a_single_bar_is_nan():
    assert math.isnan(evaluation.groove([score([(C, 4)])]).value)


def test_changes_per_bar_ignores_repeated_notes():
    # voice 1 repeats C then goes to D, voice 2 moves twice, once together with it: 2 changes in a bar
    assert (
        evaluation.changes_per_bar(
            [score([(C, 1), (C, 1), (D, 2)], [(E, 2), (F, 1), (E, 1)])], n_bars=1
        ).value
        == 2
    )


def rules(*lines):
    return evaluation.chorale_rules([score(*lines)], n_bars=1)


def test_parallel_fifths_with_both_denominators():
    found = rules([(G, 2), (A, 2)], [(C, 2), (D, 2)])
    assert found["parallel fifths / chord change"].value == 1
    assert found["parallel fifths / pair-step"].value == 1 / 15
    assert found["parallel octaves / pair-step"].value == 0


def test_parallel_octaves_and_compound_fifths():
    # soprano and bass in octaves; alto and bass an octave and a fifth apart: all three pairs' motions parallel
    found = rules([(84, 2), (86, 2)], [(79, 2), (81, 2)], [(60, 2), (62, 2)])
    assert found["parallel octaves / chord change"].hits.tolist() == [1]
    assert found["parallel fifths / chord change"].hits.tolist() == [1]
    assert found["parallel octaves / pair-step"].cases.tolist() == [45]  # 3 pairs × 15


def test_fifths_by_contrary_motion_count_too():
    # G over C goes up to D, C down to G: from a fifth to a twelfth
    assert rules([(G, 2), (74, 2)], [(C, 2), (55, 2)])["parallel fifths / chord change"].value == 1


@pytest.mark.parametrize(
    ("upper", "lower"),
    [
        ([(G, 2), (A, 2)], [(C, 2), (E, 2)]),  # from a fifth to a fourth
        ([(G, 2), (G, 2)], [(C, 2), (C, 2)]),  # nobody moves
        ([(G, 2), (A, 2)], [(C, 2), (C, 2)]),  # one moves
        ([(G, 2), (None, 1), (A, 1)], [(C, 2), (None, 1), (D, 1)]),  # a rest between
    ],
)
def test_no_parallels(upper, lower):
    assert rules(upper, lower)["parallel fifths / pair-step"].value == 0


def test_crossings_are_steps_where_a_lower_voice_sounds_above():
    # crossed for 1 of the 3 beats in which both sound
    assert rules([(E, 3)], [(C, 2), (F, 1), (F, 1)])["crossings / step"].value == pytest.approx(1 / 3)


def test_ranges_are_for_four_voices():
    # the soprano's B3 lasts 1 of 16 sounding beats
    choir = rules([(59, 1), (60, 3)], [(60, 4)], [(52, 4)], [(40, 4)])
    assert choir["out of range / step"].value == 1 / 16
    assert "out of range / step" not in rules([(59, 4)], [(40, 4)])


def test_silence_is_nan_where_there_is_nothing_to_count():
    for measure in (evaluation.in_key, evaluation.scale_consistency, evaluation.pitch_class_entropy,
                    evaluation.qualified_notes, evaluation.polyphony):  # fmt: skip
        assert math.isnan(measure([SILENCE]).value), measure.__name__
    assert math.isnan(evaluation.chorale_rules([SILENCE])["crossings / step"].value)


def test_drums_have_no_pitch():
    drums = Score.from_rows([(0, C, 0, 4), (1, 37, 0, 1)], [Track("piano"), Track("kit", is_drum=True)])
    assert evaluation.scale_consistency([drums]).cases.tolist() == [1]
    assert evaluation.used_pitch_classes([drums]).value == 1
    assert evaluation.empty_bars([drums]).cases.tolist() == [2]


def test_copying_finds_the_transposed_neighbour():
    # the training window, a minor third up, with 1 beat of 4 changed
    ours, theirs = score([(63, 1), (65, 1), (67, 2)]), score([(60, 1), (62, 1), (64, 1), (72, 1)])
    far = score([(40, 1), (80, 1), (41, 1), (81, 1)])
    assert evaluation.copying([ours], [far, theirs], n_bars=1).tolist() == [0.75]


def test_copying_agrees_with_twelve_looks(monkeypatch):
    rng = np.random.default_rng(1)

    def draw(n):
        pitch = rng.choice([-1, 55, 57, 60, 62, 64, 72], size=(n, 8, 2)).astype(np.int16)
        return evaluation.Voices(pitch, pitch >= 0, ("a", "b"), 4, 8)

    ours, theirs = draw(7), draw(11)
    best = np.zeros(7)
    for shift in range(-6, 6):
        moved = np.where(theirs.pitch < 0, -1, theirs.pitch + shift)
        agreement = (ours.pitch[:, None] == moved[None]).mean((2, 3))  # (7, 11)
        best = np.maximum(best, agreement.max(1))
    assert evaluation.copying(ours, theirs) == pytest.approx(best)
    monkeypatch.setattr("musicgan_edu.evaluation.novelty._CHUNK", 400)  # several chunks
    assert evaluation.copying(ours, theirs) == pytest.approx(best)


def test_copying_wants_windows_of_one_shape():
    with pytest.raises(EvaluationError, match=r"windows \(16, 1\) don't compare with \(16, 2\)"):
        evaluation.copying(
            [score([(C, 4)])], evaluation.voices([score([(C, 4)], [(C, 4)])], n_bars=1), n_bars=1
        )


def test_distinct_share_tells_a_repeated_note_from_a_held_one():
    held, struck = score([(C, 4)]), score([(C, 2), (C, 2)])
    assert evaluation.distinct_share([held, struck, held.replace(title="again"), held], n_bars=1) == 0.5


def test_voices_are_what_sounds_and_what_starts():
    grid = evaluation.voices(
        [score([(C, 0.5), (None, 0.25), (D, 0.25)], [(E, 1)])], n_bars=1, steps_per_beat=4
    )
    assert grid.pitch[0, :4].T.tolist() == [[C, C, -1, D], [E, E, E, E]]
    assert grid.onset[0, :4].T.tolist() == [[True, False, False, True], [True, False, False, False]]
    assert (grid.pitch.shape, grid.steps_per_bar) == ((1, 16, 2), 16)


def test_voices_quantise_what_is_off_the_grid():
    triplet = Score.from_rows([(0, C, 1 / 3, 1)])
    assert evaluation.voices([triplet], n_bars=1).pitch[0, :6, 0].tolist() == [-1, C, C, C, C, -1]


def test_voices_refuse_nothing_and_mixed_forms():
    with pytest.raises(EvaluationError, match="expected at least one score, got none"):
        evaluation.voices([])
    with pytest.raises(EncodingError, match="expected 1 voices, got 2"):
        evaluation.voices([score([(C, 4)]), score([(C, 4)], [(C, 4)])])


def test_groups_are_pieces_and_nameless_scores_stand_alone():
    scores = [SILENCE.replace(source=name) for name in ("a", "", "b", "a", "")]
    assert evaluation.groups_of(scores).tolist() == [0, 1, 2, 0, 3]


def test_tally_pools_hits_and_cases():
    tally = Tally.of([1, 3, 0], [2, 4, 0])
    assert tally.value == 4 / 6
    assert tally.per_score[:2].tolist() == [0.5, 0.75]
    assert math.isnan(tally.per_score[2])
    assert repr(tally) == "0.6667 (4 of 6)"


def test_tally_interval_draws_whole_pieces():
    # two pieces, 0 and 1, of 50 windows each: a draw of two pieces gives 0, ½ or 1
    tally, groups = Tally.of([0] * 50 + [1] * 50, [1] * 100), np.repeat([0, 1], 50)
    assert tally.interval(groups) == (0.0, 1.0)
    low, high = tally.interval(np.arange(100))  # as single windows: ½ ± 1.96 · √(¼ / 100)
    assert (low, high) == pytest.approx((0.402, 0.598), abs=0.03)


def test_bootstrap_of_a_median():
    values = np.arange(101.0)
    low, high = evaluation.bootstrap(lambda index: float(np.median(values[index])), np.arange(101))
    # order statistics 40 and 60 of 101: ½·101 ± 1.96·½·√101
    assert (low, high) == pytest.approx((40, 60), abs=4)

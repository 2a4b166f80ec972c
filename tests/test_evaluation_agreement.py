"""Chord tones, CTnCTR and tunes on scores whose answers are worked out by hand."""

import numpy as np
import pytest

from musicgan_edu import evaluation
from musicgan_edu.score import Score, Track

TRACKS = [Track(name) for name in ("Soprano", "Alto", "Tenor", "Bass")]


def over_c_major(pitches, below=(64, 55, 48)):
    """A melody of quarter notes over one held chord."""
    rows = [(0, p, i, 1) for i, p in enumerate(pitches)]
    rows += [(v, p, 0, len(pitches)) for v, p in enumerate(below, start=1)]
    return Score.from_rows(rows, TRACKS)


def test_chord_tones_over_one_chord():
    # over C E G: C and G are tones, D and F are not; the last note, B, would need a major seventh
    tally = evaluation.chord_tones([over_c_major([72, 74, 77, 79, 71])])
    assert (tally.hits[0], tally.cases[0]) == (2, 5)


def test_two_notes_belong_to_several_chords():
    # C and E alone: C major lacks G, A minor lacks A, so both notes are tones; D belongs to neither
    assert evaluation.chord_tones([over_c_major([79, 69, 74], below=(64, 52, 48))]).value == pytest.approx(
        2 / 3
    )


def test_a_seventh_chord_is_a_chord():
    # G B F below: G7 explains all three and lacks D only
    assert evaluation.chord_tones([over_c_major([74, 72], below=(65, 59, 43))]).value == 0.5


def test_passing_notes_are_proper():
    # D between C and E goes on by step; the F leaps to C, so it isn't proper
    score = over_c_major([72, 74, 76, 77, 72])
    assert evaluation.chord_tones([score]).value == 3 / 5
    tally = evaluation.ctnctr([score])
    assert (tally.hits[0], tally.cases[0]) == (4, 5)


def test_notes_over_silence_and_drums_do_not_count():
    rows = [(0, 72, 0, 1), (0, 74, 1, 1), (1, 36, 0, 2)]
    drums = Score.from_rows(rows, [Track("Tune"), Track("Kit", 0, True)])
    assert np.isnan(evaluation.chord_tones([drums]).value)
    assert np.isnan(evaluation.ctnctr([Score.from_rows([], TRACKS)]).value)
    with pytest.raises(evaluation.EvaluationError, match="no track 7"):
        evaluation.chord_tones([drums], melody=7)


def test_whole_pieces_of_different_lengths():
    a, b = over_c_major([72, 74, 76, 79] * 2), over_c_major([72, 74, 76, 79] * 3)
    measured = evaluation.harmonised([a, b])
    assert measured["chord tones"].hits.tolist() == [6, 9]
    assert measured["changes / bar"].value == pytest.approx((7 + 11) / 5)
    assert measured["TD to bass"].cases.tolist() == [8, 12]
    assert measured["TD to others"].cases.tolist() == [24, 36]
    assert measured["parallels / pair-step"].value == 0
    assert measured["out of range / step"].value == 0
    late = over_c_major([72, 74, 76, 79] * 2).replace(pickup=1.0)
    assert evaluation.harmonised([late])["chord tones"].cases.tolist() == [7]
    with pytest.raises(evaluation.EvaluationError, match="at least one"):
        evaluation.harmonised([])


def test_tunes_are_told_apart_in_any_key():
    def tune(steps, start, **fields):
        return Score.from_rows(
            [(0, int(p), i, 1) for i, p in enumerate(start + np.cumsum(steps))], TRACKS[:1], **fields
        )

    first, second = [0, 2, 2, 1, 2, -2, -1, -2, 4, -4, -2, 2], [0, -3, 1, 5, -1, -1, -3, 2, 2, 2, -7, 3]
    ornamented = [(0, 67, 0, 0.5), (0, 68, 0.5, 0.5), *tune(first, 67).notes[1:].tolist()]
    scores = [tune(first, 60), tune(second, 60), Score.from_rows([row[:4] for row in ornamented], TRACKS[:1])]
    assert evaluation.tunes_of(scores).tolist() == [0, 1, 0]
    with pytest.raises(evaluation.EvaluationError, match="share of runs"):
        evaluation.tunes_of(scores, share=0)

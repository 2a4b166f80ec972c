"""Round trips, what each form can't hold, and what it refuses."""

import numpy as np
import pytest

from musicgan_edu.encoding import CHORALE_VOICES, RollEncoding, VoiceEncoding
from musicgan_edu.score import EncodingError, Grid, Score, Track

VOICES, ROLL = VoiceEncoding(), RollEncoding()
FIELDS = ["track", "pitch", "onset", "duration"]


def score(*rows, **fields):
    return Score.from_rows(rows, CHORALE_VOICES, **fields)


def same_notes(a, b):
    return a.notes[FIELDS].tolist() == b.notes[FIELDS].tolist()


def random_voices(rng):
    rows = []
    for voice in range(4):
        step = int(rng.integers(0, 3))
        while step < 32:
            length = int(rng.integers(1, min(8, 32 - step) + 1))
            rows.append((voice, int(rng.integers(36, 82)), step / 4, length / 4))
            step += length + int(rng.integers(0, 2) * rng.integers(0, 4))
    return score(*rows)


@pytest.mark.parametrize("encoding", [VOICES, ROLL])
def test_round_trip_of_what_it_can_hold(encoding):
    scores = [random_voices(np.random.default_rng(seed)) for seed in range(40)]
    encoded = encoding.encode(scores)
    assert encoded.values.dtype == np.float32
    assert encoded.values.shape == (40, *encoding.shape)
    assert encoded.dropped == ()
    assert all(same_notes(a, b) for a, b in zip(scores, encoding.decode(encoded.values), strict=True))


def test_held_and_repeated_notes_differ():
    held, repeated = score((0, 60, 0, 2)), score((0, 60, 0, 1), (0, 60, 1, 1))
    tokens = VOICES.tokens([held, repeated]).values
    assert tokens[0, :8, 0].tolist() == [24] + [VOICES.hold] * 7
    assert tokens[1, :8, 0].tolist() == [24] + [VOICES.hold] * 3 + [24] + [VOICES.hold] * 3
    assert ROLL.encode([repeated]).values[0, :8, 24, 4].tolist() == [1, 0, 0, 0, 1, 0, 0, 0]


def test_a_rest_is_never_a_pitch():
    silent = VOICES.encode([score()]).values
    assert silent[..., VOICES.rest].all()
    assert VOICES.decode(silent)[0].n_notes == 0
    assert ROLL.decode(ROLL.encode([score()]).values)[0].n_notes == 0


def test_voices_report_what_they_drop():
    chord = score((1, 60, 0, 1), (1, 64, 0, 1), (2, 50, 0, 2), (2, 52, 1, 1), (3, 30, 0, 1), (0, 70, 7, 2))
    encoded = VOICES.encode([score((0, 60, 0, 1)), chord])
    assert {(d.score, int(d.note["pitch"]), d.reason) for d in encoded.dropped} == {
        (1, 60, "another note of its track is in the way"),
        (1, 50, "another note of its track is in the way"),
        (1, 30, "pitch 30 is outside 36 to 81"),
        (1, 70, "passes the end of the grid at beat 8"),
    }
    kept = [
        (n["track"], n["pitch"], n["onset"], n["duration"]) for n in VOICES.decode(encoded.values)[1].notes
    ]
    assert kept == [(1, 64, 0, 1), (2, 50, 0, 1), (2, 52, 1, 1), (0, 70, 7, 1)]


def test_roll_holds_chords_and_reports_the_rest():
    chord = score((1, 60, 0, 1), (1, 64, 0, 1), (1, 64, 0.5, 2), (3, 90, 0, 1))
    encoded = ROLL.encode([chord])
    assert [(int(d.note["pitch"]), float(d.note["onset"])) for d in encoded.dropped] == [(64, 0.0), (90, 0.0)]
    assert same_notes(ROLL.decode(encoded.values)[0], score((1, 60, 0, 1), (1, 64, 0, 0.5), (1, 64, 0.5, 2)))


def test_decoding_is_by_the_highest_score_and_holds_of_nothing_are_rests():
    values = np.zeros((1, *VOICES.shape), np.float32)
    values[..., VOICES.hold] = 1.0
    values[0, 4, 2, 10] = 2.0
    assert [tuple(n)[:4] for n in VOICES.decode(values)[0].notes] == [(2, 46, 1.0, 7.0)]


def test_sounding_fills_what_is_held():
    tokens = VOICES.tokens([score((0, 60, 1, 1), (0, 62, 3, 1))]).values
    sounding = VOICES.sounding(tokens)[0, ::4, 0]
    assert sounding.tolist() == [VOICES.rest, 24, VOICES.rest, 26] + [VOICES.rest] * 4


@pytest.mark.parametrize("encoding", [VOICES, ROLL])
@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (
            Score.from_rows([(0, 60, 0, 1)], [Track("a")] * 7, source="bwv1087"),
            r"expected 4 voices, got 7 \(bwv1087\)",
        ),
        (
            score((0, 60, 0, 1), beats_per_bar=3.0, title="waltz"),
            r"expected bars of 4 beats, got 3 \(waltz\)",
        ),
        (score((0, 60, 0, 1), pickup=1.0), r"expected a start on the barline, got a pickup of 1"),
        (
            score((0, 60, 0.3, 1)),
            r"2 times lie off the grid|1 times lie off the grid .* at beat 0.3: quantise first",
        ),
    ],
)
def test_refusals(encoding, bad, message):
    with pytest.raises(EncodingError, match=message):
        encoding.encode([bad])


def test_wrong_tensors_are_refused():
    with pytest.raises(EncodingError, match=r"got \(2, 32, 4, 47\)"):
        VOICES.decode(np.zeros((2, 32, 4, 47)))
    with pytest.raises(EncodingError, match=r"classes must be 0 to 47, got 0 to 48"):
        VOICES.decode(np.array([[[0, 0, 0, 48]] * 32]))
    with pytest.raises(EncodingError, match=r"got \(32, 46, 8\)"):
        ROLL.decode(np.zeros((32, 46, 8)))


def test_other_grids():
    waltz = VoiceEncoding(Grid(4, 3.0, 2), tracks=(Track("tune"),), low=60, high=72)
    assert waltz.shape == (24, 1, 15)
    tune = Score.from_rows([(0, 60, 0, 1.5), (0, 72, 11, 1)], [Track("tune")], beats_per_bar=3.0)
    assert same_notes(waltz.decode(waltz.encode([tune]).values)[0], tune)


def test_a_note_cut_short_by_the_next_is_reported_even_alone():
    encoded = VOICES.tokens([score((2, 50, 0, 2), (2, 52, 1, 1))])
    assert [(int(d.note["pitch"]), d.reason) for d in encoded.dropped] == [
        (50, "another note of its track is in the way")
    ]
    assert VOICES.decode(encoded.values)[0].notes["duration"].tolist() == [1.0, 1.0]


@pytest.mark.parametrize("encoding", [VOICES, ROLL])
def test_of_two_equal_notes_one_is_kept_and_one_reported(encoding):
    encoded = encoding.encode([score((2, 50, 0, 2), (2, 50, 0, 2))])
    assert [int(d.note["pitch"]) for d in encoded.dropped] == [50]
    assert encoding.decode(encoded.values)[0].n_notes == 1


# ------------------------------------------------------------------------------ two metres in one form
FIDDLE = (Track("Melody"),)
DANCE = VoiceEncoding(Grid(n_bars=4), FIDDLE, shorter=(3.0,))


def tune(*rows, beats):
    return Score.from_rows([(0, *row) for row in rows], FIDDLE, beats_per_bar=beats)


def test_bars_of_three_and_of_four_beats_come_back_exactly():
    jig = tune(
        (60, 0, 2.5), (62, 2.5, 1.5), (64, 4, 2), (65, 8.75, 3.25), beats=3
    )  # two are tied over a barline
    reel = tune((60, 0, 3), (62, 3, 1.5), (64, 7.75, 0.25), (65, 12, 4), beats=4)
    encoded = DANCE.tokens([jig, reel])
    assert encoded.dropped == ()
    assert (encoded.values[0].reshape(4, 16)[:, 12:] == DANCE.rest).all()
    back = DANCE.decode(encoded.values)
    assert [score.beats_per_bar for score in back] == [3, 4]
    assert all(same_notes(a, b) for a, b in zip([jig, reel], back, strict=True))


def test_most_bars_decide_the_metre():
    steps = np.full((3, 4, 16, 1), 20)
    steps[0, :3, 12:] = steps[1, :2, 12:] = DANCE.rest  # padding in three bars, in two, in none
    found, mixed = DANCE.metres(steps.reshape(3, 64, 1))
    assert found.tolist() == [1, 0, 0]
    assert mixed.tolist() == [True, True, False]
    assert DANCE.decode(steps.reshape(3, 64, 1))[0].n_notes == 48  # what stood in the padding is gone


def test_music_that_would_be_heard_in_another_metre_is_reported():
    halting = tune(*((60, 4 * bar + beat, 1) for bar in range(4) for beat in range(3)), beats=4)
    assert DANCE.tokens([halting]).dropped
    with pytest.raises(EncodingError, match="bars of 4 or 3 beats, got 5"):
        DANCE.tokens([tune((60, 0, 1), beats=5)])
    with pytest.raises(EncodingError, match="can't hold"):
        VoiceEncoding(shorter=(4.0,))

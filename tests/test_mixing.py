"""Cut, join, splice, layer and fade on pieces small enough to work out by hand."""

import numpy as np
import pytest

from musicgan_edu import sampling
from musicgan_edu.score import Score, ScoreError, Track

VOICES = [Track("High", 19), Track("Low", 19)]


def piece(high, low, *, beat=1.0, title="A", tracks=VOICES, **fields):
    """Two voices, a note a beat each."""
    rows = [(0, p, i * beat, beat) for i, p in enumerate(high)] + [
        (1, p, i * beat, beat) for i, p in enumerate(low)
    ]
    return Score.from_rows(
        rows, tracks, **{"title": title, "key": (0, "major"), "beats_per_bar": 2.0} | fields
    )


def rows(score):
    return [tuple(row)[:4] for row in score.notes.tolist()]


A = piece([72, 74, 76, 77], [48, 50, 52, 53])  # two bars of two beats
B = piece([60, 62, 78, 79], [40, 41, 54, 55], title="B")


# ------------------------------------------------------------------------------------------ bars


def test_bars_are_numbered_as_on_paper():
    assert rows(sampling.bars(A, 2, 2)) == [(0, 76, 0, 1), (1, 52, 0, 1), (0, 77, 1, 1), (1, 53, 1, 1)]
    assert sampling.bars(A, 1, 2) == A


def test_bar_0_is_the_pickup():
    up = A.replace(pickup=1.0)
    assert rows(sampling.bars(up, 0, 0)) == [(0, 72, 0, 1), (1, 48, 0, 1)]
    assert sampling.bars(up, 0, 1).pickup == 1.0
    assert rows(sampling.bars(up, 1, 1)) == [(0, 74, 0, 1), (1, 50, 0, 1), (0, 76, 1, 1), (1, 52, 1, 1)]


@pytest.mark.parametrize(("first", "last"), [(0, 1), (1, 3), (2, 1), (-1, 1)])
def test_bars_that_are_not_there(first, last):
    with pytest.raises(sampling.MixError, match=rf"no bars {first} to {last} in 'A': it has 1 to 2"):
        sampling.bars(A, first, last)


# ------------------------------------------------------------------------------------------- fit


@pytest.mark.parametrize(
    ("of_b", "of_a", "shift"),
    [
        ((0, "major"), (0, "major"), 0),
        ((7, "major"), (0, "major"), 5),  # G up a fourth is shorter than down a fifth
        ((5, "major"), (0, "major"), -5),
        ((6, "major"), (0, "major"), -6),  # a tritone goes down
        ((9, "minor"), (0, "major"), 0),  # the relative has the same notes
        ((0, "minor"), (0, "major"), -3),
        ((4, "minor"), (2, "minor"), -2),
    ],
)
def test_the_second_piece_goes_to_the_first_ones_key(of_b, of_a, shift):
    fitted = sampling.fit(B.replace(key=of_b), A.replace(key=of_a))
    assert (fitted.score.notes["pitch"] - B.notes["pitch"]).tolist() == [shift] * 8
    assert fitted.score.key == ((of_b[0] + shift) % 12, of_b[1])
    assert len(fitted.changes) == (shift != 0)
    assert np.array_equal(sampling.fit(B.replace(key=of_b), A, key=False).score.notes, B.notes)


def test_an_unknown_key_is_estimated_and_drums_have_none():
    g_major = piece([67, 71, 74, 79], [43, 50, 47, 55], key=None)
    assert "moved by +5 semitones, from G major to go with C major" in sampling.fit(g_major, A).changes[0]
    drums = Score.from_rows([(0, 36, 0, 1)], [Track("Kit", 0, True)], beats_per_bar=2.0)
    assert sampling.fit(drums, A).score.notes["pitch"].tolist() == [36]


def test_drums_are_never_transposed():
    tracks = [Track("High"), Track("Kit", 0, True)]
    mixed = sampling.fit(piece([60, 62], [36, 38], tracks=tracks, key=(2, "major")), A)
    assert mixed.score.of_track(0)["pitch"].tolist() == [58, 60]
    assert mixed.score.of_track(1)["pitch"].tolist() == [36, 38]


def test_tempo_is_the_firsts_and_beats_stay():
    fitted = sampling.fit(B.replace(tempo=60.0), A)
    assert fitted.score.tempo == 120.0
    assert np.array_equal(fitted.score.notes, B.notes)
    assert fitted.changes == ("tempo: 'B' plays at 120 quarter notes a minute instead of 60",)


def test_another_metre_is_refused_or_gets_new_barlines():
    waltz = B.replace(beats_per_bar=3.0, pickup=2.5)
    with pytest.raises(sampling.MixError, match="'B' has 3 beats a bar, 'A' has 2: ask for new barlines"):
        sampling.join(A, waltz)
    fitted = sampling.fit(waltz, A, rebar=True)
    assert (fitted.score.beats_per_bar, fitted.score.pickup) == (2.0, 0.5)  # its first barline stays one
    assert np.array_equal(fitted.score.notes, B.notes)
    assert "its beats stay, the barlines are new" in fitted.changes[0]


def test_a_transposition_out_of_range_is_an_error():
    high = piece([127], [126], key=(11, "major"), title="high")
    with pytest.raises(ScoreError, match="outside 0 to 127"):
        sampling.join(A, high)


# ------------------------------------------------------------------------------------------ join


def test_join_puts_one_after_the_other():
    joined = sampling.join(A, B).score
    assert rows(joined)[:8] == rows(A)
    assert rows(joined)[8:] == [(t, p, onset + 4, d) for t, p, onset, d in rows(B)]
    assert (joined.title, joined.tracks, joined.n_bars) == ("A + B", A.tracks, 4)


def test_a_pickup_fits_into_an_incomplete_last_bar():
    short = A.replace(notes=A.notes[:6])  # ends after three of four beats
    joined = sampling.join(short, B.replace(pickup=1.0)).score
    assert joined.of_track(0)["onset"].tolist() == [0, 1, 2, 3, 4, 5, 6]  # no gap, no overlap
    full = sampling.join(A, B.replace(pickup=1.0)).score
    assert full.of_track(0)["onset"].tolist() == [0, 1, 2, 3, 5, 6, 7, 8]  # barline on barline: a beat waits


def test_the_first_pieces_pickup_stays():
    joined = sampling.join(A.replace(pickup=1.0), B).score
    assert joined.pickup == 1.0
    assert joined.of_track(0)["onset"][4:].tolist() == [5, 6, 7, 8]


def test_as_many_voices_go_on_with_the_firsts_instruments():
    named = B.replace(tracks=(Track("Flute", 73), Track("Bassoon", 70)))
    assert sampling.join(A, named).score.tracks == A.tracks


def test_other_tracks_stand_beside_and_drums_go_with_drums():
    band = [Track("Kit", 0, True), Track("Low", 33), Track("Keys", 4), Track("Lead", 80)]
    b = Score.from_rows([(i, 40 + i, 0, 1) for i in range(4)], band, key=(0, "major"), beats_per_bar=2.0)
    joined = sampling.join(A, b).score
    assert [t.name for t in joined.tracks] == ["High", "Low", "Kit", "Keys", "Lead"]
    assert {n["pitch"]: n["track"] for n in joined.notes[8:]} == {40: 2, 41: 1, 42: 3, 43: 4}
    twice = sampling.join(joined, b).score
    assert len(twice.tracks) == 5


# ------------------------------------------------------------------------------ seams and splices


def test_every_seam_has_its_leaps():
    found = {(s.keep, s.start): s.leaps for s in sampling.seams(A, B)}
    assert found == {  # from (74, 50) or (77, 53) to (60, 40) or (78, 54)
        (1, 1): (14 + 10) / 2,
        (1, 2): (4 + 4) / 2,
        (2, 1): (17 + 13) / 2,
        (2, 2): (1 + 1) / 2,
    }


def test_a_silent_voice_counts_an_octave():
    b = Score.from_rows([(0, 78, 0, 2)], VOICES, key=(0, "major"), beats_per_bar=2.0)
    assert sampling.seams(A, b)[1].leaps == (1 + 12) / 2


def test_splice_cuts_where_the_voices_leap_least():
    mixed = sampling.splice(A, B)
    assert rows(mixed.score)[:8] == rows(A)
    assert [row[1:3] for row in rows(mixed.score)[8:]] == [(78, 4), (54, 4), (79, 5), (55, 5)]
    assert mixed.changes[-1] == "seam: after bar 2 of 'A', before bar 2 of 'B', 1 semitones a voice"


def test_splice_where_it_is_told():
    mixed = sampling.splice(A, B, keep=1, start=1)
    assert mixed.score.of_track(0)["pitch"].tolist() == [72, 74, 60, 62, 78, 79]
    assert sampling.splice(A, B, keep=1).score.of_track(0)["pitch"].tolist() == [72, 74, 78, 79]
    with pytest.raises(sampling.MixError, match="can't cut after bar 3 of 2"):
        sampling.splice(A, B, keep=3)


def test_of_equal_seams_the_longest_music_wins():
    still = piece([60] * 8, [48] * 8, title="still")
    assert sampling.splice(still, still).score.n_bars == 8


def test_splice_keeps_the_pickup_and_a_silent_end():
    a = piece([72, 74, 76], [48, 50, 52], pickup=1.0)
    mixed = sampling.splice(a, B, keep=1, start=2).score
    assert mixed.of_track(0)["onset"].tolist() == [0, 1, 2, 3, 4]
    a = piece([72, 74, 76], [48, 50, 52])  # its second bar is half empty
    assert sampling.splice(a, B, keep=2, start=1).score.of_track(0)["onset"].tolist() == [0, 1, 2, 4, 5, 6, 7]


def test_seams_of_polyphony_and_drums():
    tracks = [Track("Piano"), Track("Kit", 0, True)]
    chords = [(0, p, bar * 2, 2) for bar in range(2) for p in (60, 64, 67, 72)] + [
        (1, 36, b, 1) for b in range(4)
    ]
    band = Score.from_rows(chords, tracks, key=(0, "major"), beats_per_bar=2.0)
    assert [seam.leaps for seam in sampling.seams(band, band)] == [0.0] * 4


# ------------------------------------------------------------------------------ layer, crossfade


def test_two_pieces_of_drums_alone_are_spliced():
    beat = Score.from_rows([(0, 38, i, 1) for i in range(8)], [Track("Kit", is_drum=True)])
    assert sampling.splice(beat, beat).score.n_bars == 4  # any seam is as good: most music stays


def test_layer_takes_voices_of_either():
    mixed = sampling.layer(
        A, B.replace(tracks=(Track("Flute", 73), Track("Bass", 33))), of_a=[0], of_b=[1]
    ).score
    assert [t.name for t in mixed.tracks] == ["High", "Bass"]
    assert mixed.of_track(0)["pitch"].tolist() == [72, 74, 76, 77]
    assert mixed.of_track(1)["pitch"].tolist() == [40, 41, 54, 55]


def test_layer_lasts_as_long_as_both_and_sets_barline_on_barline():
    longer = piece([60] * 6, [40] * 6, pickup=1.0, title="B")
    mixed = sampling.layer(A, longer, of_a=[0], of_b=[1]).score
    assert mixed.pickup == 1.0
    assert mixed.of_track(0)["onset"].tolist() == [1, 2, 3, 4]
    assert mixed.of_track(1)["onset"].tolist() == [0, 1, 2, 3, 4]
    mixed = sampling.layer(longer, A, of_a=[1], of_b=[0]).score
    assert (mixed.pickup, mixed.end) == (1.0, 5.0)
    assert mixed.of_track(1)["onset"].tolist() == [1, 2, 3, 4]


def test_layer_names_the_track_that_is_not_there():
    with pytest.raises(sampling.MixError, match=r"no tracks \[2\] in 'B', it has 0 to 1"):
        sampling.layer(A, B, of_a=[0], of_b=[2])
    with pytest.raises(sampling.MixError, match="at least one track"):
        sampling.layer(A, B, of_a=[], of_b=[])


def test_crossfade_falls_and_rises_in_a_straight_line():
    mixed = sampling.crossfade(A, B, n_bars=2).score
    assert mixed.of_track(0)["velocity"].tolist() == [80, 60, 40, 20]
    assert mixed.of_track(2)["velocity"].tolist() == [1, 20, 40, 60]  # 0 would end a note in MIDI
    assert len(mixed.tracks) == 4
    one = sampling.crossfade(A, B, n_bars=1).score
    assert one.of_track(0)["velocity"].tolist() == [80, 80, 80, 40]
    assert one.of_track(2)["onset"].tolist() == [2, 3, 4, 5]
    assert one.of_track(2)["velocity"].tolist() == [1, 40, 80, 80]


def test_crossfade_finds_room_for_a_pickup():
    late = piece([60] * 5, [40] * 5, pickup=1.0, title="B")
    mixed = sampling.crossfade(A, late, n_bars=2).score
    assert (mixed.of_track(0)["onset"][0], mixed.of_track(2)["onset"][0]) == (2, 1)
    with pytest.raises(sampling.MixError, match="can't fade over 3 bars: 'A' has 2, 'B' has 2"):
        sampling.crossfade(A, B, n_bars=3)


def test_a_nameless_piece_and_an_empty_one():
    empty = Score.from_rows([], VOICES, beats_per_bar=2.0)
    assert sampling.join(A, empty).score.n_notes == 8
    assert sampling.join(empty, A).score.n_notes == 8
    with pytest.raises(sampling.MixError, match="can't cut after bar None of 2"):
        sampling.splice(A, empty)
    assert sampling.layer(A, empty, of_a=[0], of_b=[0]).score.n_notes == 0

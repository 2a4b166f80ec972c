"""cleaning: each step on a tiny Score whose answer is worked out by hand."""

import tracemalloc

import numpy as np
import pytest

from musicgan_edu import cleaning, corpus
from musicgan_edu.score import Grid, Score, ScoreError, Track

DRUMS = [Track("Piano"), Track("Kit", is_drum=True)]


def rows(score):
    return [(int(n["track"]), int(n["pitch"]), float(n["onset"]), float(n["duration"])) for n in score.notes]


# ---- ghost notes, silence, overlaps ---------------------------------------------------------------


def test_ghost_notes_are_short_or_quiet_for_their_track():
    score = Score.from_rows(
        [
            (0, 60, 0, 1, 80),
            (0, 61, 1, 0.05, 80),  # shorter than 1/16 beat
            (0, 62, 2, 1, 19),  # below a quarter of the median, 80
            (0, 64, 3, 1, 20),  # just at it: stays
            (0, 65, 4, 1 / 16, 100),  # just long enough
            (1, 38, 0, 0.01, 100),  # drums: stays, short
            (1, 38, 1, 1, 1),  # and quiet
        ],
        DRUMS,
    )
    kept = cleaning.remove_ghosts(score)
    assert [pitch for _, pitch, _, _ in rows(kept)] == [60, 38, 38, 64, 65]
    assert [row[1] for row in rows(cleaning.remove_ghosts(score, shortest=0.5, quietest=0))] == [
        60,
        38,
        38,
        62,
        64,
    ]
    with pytest.raises(ScoreError, match=r"needs shortest ≥ 0 and 0 ≤ quietest ≤ 1, got -1 and 0.25"):
        cleaning.remove_ghosts(score, shortest=-1)


def test_silence_goes_by_whole_bars():
    # bars of 3; nothing in bars 0 and 1, a note in bar 2, nothing in 3, 4, 5, notes in bar 6
    score = Score.from_rows([(0, 60, 7, 1), (0, 62, 18.5, 1), (0, 64, 20, 2)], beats_per_bar=3.0)
    assert rows(cleaning.remove_silence(score)) == [(0, 60, 1, 1), (0, 62, 6.5, 1), (0, 64, 8, 2)]
    assert rows(cleaning.remove_silence(score, silent_bars=0)) == [
        (0, 60, 1, 1),
        (0, 62, 3.5, 1),
        (0, 64, 5, 2),
    ]
    assert cleaning.remove_silence(score, silent_bars=3).notes["onset"].tolist() == [1, 12.5, 14]
    with pytest.raises(ScoreError, match="silent_bars must be ≥ 0, got -1"):
        cleaning.remove_silence(score, silent_bars=-1)


def test_silence_under_a_long_note_is_none_and_a_pickup_stays():
    held = Score.from_rows([(0, 40, 0, 30), (0, 60, 28, 1)])
    assert cleaning.remove_silence(held) == held
    upbeat = Score.from_rows([(0, 60, 0, 1), (0, 62, 13, 4)], pickup=1.0)  # bars 0, 1, 2 are empty
    moved = cleaning.remove_silence(upbeat)
    assert (rows(moved), moved.pickup) == ([(0, 60, 0, 1), (0, 62, 5, 4)], 1.0)
    late = Score.from_rows([(0, 62, 5, 4)], pickup=1.0)  # pickup and bar 0 are empty
    assert (rows(cleaning.remove_silence(late)), cleaning.remove_silence(late).pickup) == (
        [(0, 62, 0, 4)],
        0.0,
    )
    nothing = Score.from_rows([], [Track("a")])
    assert cleaning.remove_silence(nothing) == nothing


def test_overlaps_of_one_pitch_are_ended_or_merged():
    score = Score.from_rows(
        [(0, 60, 0, 4, 50), (0, 60, 1, 1, 60), (0, 60, 1, 2, 40), (0, 64, 0, 4), (1, 60, 0.5, 4)],
    )
    result = cleaning.remove_overlaps(score)
    assert rows(result) == [(0, 60, 0, 1), (0, 64, 0, 4), (1, 60, 0.5, 4), (0, 60, 1, 2)]
    assert result.notes["velocity"].tolist() == [50, 80, 80, 60]
    assert cleaning.remove_overlaps(result) == result


# ---- the grid -------------------------------------------------------------------------------------


def test_quantise_snaps_keeps_a_step_and_merges():
    score = Score.from_rows(
        [
            (0, 60, 0.02, 0.97),  # 0 to 1
            (0, 62, 0.99, 0.05),  # 1 to 1: at least a step
            (0, 64, 1.125, 0.5),  # halfway: later, 1.25 to 1.75 (1.625 is halfway too)
            (0, 64, 1.30, 0.1),  # the same step: merged into it
            (0, 65, 2.9, 0.3),
        ]
    )
    assert rows(cleaning.quantise(score, 4)) == [
        (0, 60, 0, 1),
        (0, 62, 1, 0.25),
        (0, 64, 1.25, 0.5),
        (0, 65, 3, 0.25),
    ]
    assert cleaning.quantise(cleaning.quantise(score, 4), 4) == cleaning.quantise(score, 4)
    triplets = Score.from_rows([(0, 60, 0.34, 0.3), (0, 60, 0.66, 0.33)])
    assert np.allclose(cleaning.quantise(triplets, 3).notes["onset"], [1 / 3, 2 / 3])
    with pytest.raises(ScoreError, match="steps_per_beat must be at least 1, got 0"):
        cleaning.quantise(score, 0)


def test_quantise_lays_the_grid_from_the_barline():
    score = Score.from_rows([(0, 60, 0, 0.4), (0, 62, 0.4, 1), (0, 64, 1.4, 1)], pickup=0.4)
    snapped = cleaning.quantise(score, 2)
    assert snapped.pickup == 0.5
    assert rows(snapped) == [(0, 60, 0, 0.5), (0, 62, 0.5, 1), (0, 64, 1.5, 1)]


def test_chorales_are_on_the_grid_but_for_a_handful_of_notes():
    scores = corpus.load("chorales")
    moved = [score.source for score in scores if cleaning.quantise(score, 4) != score]
    assert len(moved) == 3  # thirty-second notes


# ---- keys -----------------------------------------------------------------------------------------


def scale(tonic, steps, long=()):
    pitches = [tonic + step for step in steps]
    return Score.from_rows([(0, p, i, 3 if p - tonic in long else 1) for i, p in enumerate(pitches)])


@pytest.mark.parametrize("tonic", range(12))
def test_key_of_scales_with_a_long_triad(tonic):
    major = scale(60 + tonic, (0, 2, 4, 5, 7, 9, 11, 12), (0, 4, 7, 12))
    minor = scale(60 + tonic, (0, 2, 3, 5, 7, 8, 11, 12), (0, 3, 7, 12))
    assert cleaning.estimate_key(major) == (tonic, "major")
    assert cleaning.estimate_key(minor) == (tonic, "minor")


def test_key_counts_sounding_time_and_no_drums():
    # the white keys from C: C major where C, E, G sound longer, A minor where A, C, E do
    white = (0, 2, 4, 5, 7, 9, 11)
    assert cleaning.estimate_key(scale(60, white, (0, 4, 7))) == (0, "major")
    assert cleaning.estimate_key(scale(60, white, (0, 4, 9))) == (9, "minor")
    in_d = [(0, p, i, 1) for i, p in enumerate((62, 66, 69, 74))]
    with_drums = Score.from_rows(in_d + [(1, 36, i, 50) for i in range(4)], DRUMS)
    assert cleaning.estimate_key(with_drums) == (2, "major")
    with pytest.raises(ScoreError, match=r"no key without pitched notes \('beat.mid'\)"):
        cleaning.estimate_key(Score.from_rows([(1, 36, 0, 1)], DRUMS, source="beat.mid"))


def test_key_finds_the_last_bass_note_of_most_chorales():
    scores = corpus.load("chorales")
    hits = [score.of_track(3)["pitch"][-1] % 12 == cleaning.estimate_key(score)[0] for score in scores]
    assert np.mean(hits) == pytest.approx(0.858, abs=0.005)


def test_transpose_moves_key_and_notes_but_no_drums():
    score = Score.from_rows([(0, 60, 0, 1), (1, 36, 0, 1)], DRUMS, key=(11, "minor"))
    moved = cleaning.transpose(score, 3)
    assert (rows(moved), moved.key) == ([(0, 63, 0, 1), (1, 36, 0, 1)], (2, "minor"))
    assert cleaning.transpose(moved, -3) == score
    with pytest.raises(ScoreError, match=r"\+70 semitones would take the pitches to 130 to 130"):
        cleaning.transpose(score, 70)


@pytest.mark.parametrize(
    ("key", "shift", "home"),
    [
        ((0, "major"), 0, (0, "major")),
        ((5, "major"), -5, (0, "major")),
        ((7, "major"), 5, (0, "major")),
        ((6, "major"), -6, (0, "major")),
        ((9, "minor"), 0, (9, "minor")),
        ((2, "minor"), -5, (9, "minor")),
        ((0, "minor"), -3, (9, "minor")),
    ],
)
def test_to_c_goes_the_shortest_way(key, shift, home):
    moved = cleaning.to_c(Score.from_rows([(0, 60, 0, 1)], key=key))
    assert (moved.notes["pitch"][0] - 60, moved.key) == (shift, home)


# ---- windows --------------------------------------------------------------------------------------


def test_thin_leaves_out_what_starts_between_steps_and_fills_its_place():
    rows = [
        (0, 60, 0, 0.25),
        (0, 62, 0.25, 0.25),
        (0, 64, 0.5, 1.25),
        (0, 65, 1.75, 0.25),
        (0, 67, 2, 1),
        (0, 69, 3.75, 0.25),
    ]
    thinned = cleaning.thin(Score.from_rows(rows), 2)
    assert thinned.notes[["pitch", "onset", "duration"]].tolist() == [
        (60, 0, 0.5),
        (64, 0.5, 1.5),
        (67, 2, 1),
    ]
    late = cleaning.thin(
        Score.from_rows([(0, 60, 0, 0.25), (0, 62, 0.25, 0.5), (0, 64, 0.75, 1)], pickup=0.25), 2
    )
    assert late.notes[["pitch", "onset", "duration"]].tolist() == [(62, 0.25, 0.5), (64, 0.75, 1)]
    with pytest.raises(ScoreError, match="steps_per_beat must be at least 1, got 0"):
        cleaning.thin(thinned, 0)


def test_fitting_keeps_the_voices_and_the_metre_that_a_form_has():
    fits, waltz = (
        Score.from_rows([(0, 60, 0, 0.25), (0, 62, 0.25, 1)]),
        Score.from_rows([(0, 60, 0, 3)], beats_per_bar=3),
    )
    assert cleaning.fitting([fits, waltz], 1, Grid(2)) == [fits]
    assert cleaning.fitting([fits], 4, Grid(2)) == []
    assert cleaning.fitting([fits], 1, Grid(2, 4.0, 2))[0].notes["pitch"].tolist() == [60]


def test_windows_are_full_and_start_on_barlines():
    score = Score.from_rows([(0, 60 + i, i, 1) for i in range(15)], pickup=1.0)  # bars at 1, 5, 9, 13
    first, second = cleaning.windows(score, 2, 1)
    assert first.notes["pitch"].tolist() == list(range(61, 69))
    assert second.notes["pitch"].tolist() == list(range(65, 73))
    assert (second.pickup, second.notes["onset"][0], second.end) == (0.0, 0.0, 8.0)
    assert len(cleaning.windows(score, 1, 2)) == 2  # bars 0 and 2; the last isn't full
    assert cleaning.windows(score, 4, 1) == []
    with pytest.raises(ScoreError, match="n_bars and hop_bars must be at least 1, got 2 and 0"):
        cleaning.windows(score, 2, 0)


def test_windows_clip_what_crosses_their_edges():
    score = Score.from_rows([(0, 60, 0, 6), (0, 62, 6, 2)])
    first, second = cleaning.windows(score, 1)
    assert rows(first) == [(0, 60, 0, 4)]
    assert rows(second) == [(0, 60, 0, 2), (0, 62, 2, 2)]


# ---- voices ---------------------------------------------------------------------------------------


def test_voices_by_register():
    # C major and F major chords on one track: each voice goes to the nearest note
    score = Score.from_rows(
        [(0, p, 0, 1) for p in (72, 67, 64, 48)] + [(0, p, 1, 1) for p in (72, 69, 65, 53)]
    )
    voiced = cleaning.to_voices(score, 4)
    assert [track.name for track in voiced.tracks] == ["Soprano", "Alto", "Tenor", "Bass"]
    assert [voiced.of_track(i)["pitch"].tolist() for i in range(4)] == [
        [72, 72],
        [67, 69],
        [64, 65],
        [48, 53],
    ]


def test_voices_keep_outer_notes_and_drop_doublings_first():
    score = Score.from_rows([(0, p, 0, 1) for p in (76, 72, 67, 64, 60, 48)])  # C and E are doubled
    pitches = [n["pitch"] for n in cleaning.to_voices(score, 3).notes]
    assert pitches == [76, 67, 48]
    assert cleaning.to_voices(score, 1).notes["pitch"].tolist() == [76]  # the skyline


def test_a_held_note_gives_way_but_only_where_it_must():
    score = Score.from_rows([(0, 48, 0, 4), (0, 72, 0, 1), (0, 74, 1, 1), (0, 76, 2, 1), (0, 67, 2, 1)])
    two = cleaning.to_voices(score, 2)
    assert [(n["pitch"], n["duration"]) for n in two.of_track(1)] == [(48, 4.0)]
    assert two.of_track(0)["pitch"].tolist() == [72, 74, 76]
    low = Score.from_rows([(0, 60, 0, 4), (0, 40, 1, 1), (0, 80, 1, 1)])
    given = cleaning.to_voices(low, 2)
    assert [tuple(row[1:]) for row in rows(given)] == [(60, 0, 1), (80, 1, 1), (40, 1, 1)]


def test_few_notes_leave_voices_empty_without_crossing():
    score = Score.from_rows([(0, 72, 0, 1), (0, 50, 0, 4), (0, 70, 1, 1), (0, 69, 2, 1)])
    voiced = cleaning.to_voices(score, 4)
    assert voiced.of_track(0)["pitch"].tolist() == [72, 70, 69]
    assert voiced.of_track(3)["pitch"].tolist() == [50]


def test_a_singer_keeps_her_voice_when_the_guitar_goes_on():
    tune = [(0, 74, 0, 1.1), (0, 76, 1, 1), (0, 74, 3, 1), (0, 69, 4, 1)]  # legato, then a rest
    chords = [(1, p, t, 2) for t in (0, 2, 4) for p in (62, 66, 71)] + [(2, 38, 0, 6)]
    score = Score.from_rows(tune + chords, [Track("Vocal"), Track("Guitar"), Track("Bass")])
    voiced = cleaning.to_voices(score, 4)
    assert voiced.of_track(0)["pitch"].tolist() == [74, 76, 74, 69]
    assert voiced.of_track(0)["duration"].tolist() == [1, 1, 1, 1]
    assert voiced.of_track(3)["pitch"].tolist() == [38]


def test_a_note_under_the_pedal_gives_way_sooner_than_the_tune_crosses_it():
    haze = [(0, 50, 0, 4), (0, 57, 0.5, 3.5), (0, 62, 1, 3), (0, 64, 1.5, 2.5)]
    score = Score.from_rows([(0, 78, 0, 1), (0, 77, 2, 1), (0, 76, 3, 1), *haze])
    assert cleaning.to_voices(score, 4).of_track(0)["pitch"].tolist() == [78, 77, 76]


def test_voices_are_single_and_real_voices_come_back_as_they_are():
    for score in corpus.load("chorales", split="test")[:5]:
        assert cleaning.to_voices(score, 4) is score
        one = score.replace(notes=score.notes, tracks=(*score.tracks, Track("Empty")))
        again = cleaning.to_voices(one, 4)
        for voice in range(4):
            notes = again.of_track(voice)
            assert (notes["onset"][1:] >= (notes["onset"] + notes["duration"])[:-1] - 1e-9).all()
        same = np.mean([n in set(map(tuple, score.notes.tolist())) for n in map(tuple, again.notes.tolist())])
        assert same > 0.9  # crossings and unisons aside, register finds Bach's voices again
    with pytest.raises(ScoreError, match="n_voices must be at least 1, got 0"):
        cleaning.to_voices(Score.from_rows([(0, 60, 0, 1)]), 0)


# ---- all of it ------------------------------------------------------------------------------------


def test_clean_says_what_each_step_did():
    score = Score.from_rows(
        [(0, 66, 4.02, 1), (0, 70, 5, 0.98), (0, 73, 6, 1), (0, 78, 7, 1), (0, 61, 6.5, 0.01), (1, 36, 4, 1)],
        DRUMS,
        key=(6, "major"),
    )
    cleaned = cleaning.clean(score, n_voices=2, in_c=True)
    assert cleaned.reasons == (
        "ghost notes: 1 of 6 notes left out (too short or too quiet to be meant)",
        "grid: 3 onsets and ends moved to a grid of 4 steps a beat, by 0.02 beats at most; 0 notes merged",
        "silence: 4 of 8 beats cut",
        "voices: 1 of 5 notes left out (more than 2 voices at once, or drums)",
        "key: moved by -6 semitones to C major",
    )
    assert cleaned.score.notes["pitch"].tolist() == [60, 64, 67, 72]
    assert cleaned.score.notes["onset"].tolist() == [0, 1, 2, 3]


def test_clean_leaves_clean_music_alone():
    score = Score.from_rows([(0, 60, 0, 1), (1, 64, 0, 2), (0, 62, 1, 1)], pickup=1.0, key=(0, "major"))
    assert cleaning.clean(score, n_voices=2, in_c=True) == cleaning.Cleaned(score, ())


def test_clean_counts_merged_and_doubled_notes():
    score = Score.from_rows([(0, 60, 0, 1), (0, 60, 0.5, 1), (0, 64, 0, 1), (0, 64, 0.05, 0.5)])
    assert cleaning.clean(score).reasons == (
        # 60 ends where it is struck again, 0.5 early; 64 likewise, 0.95 early
        "overlaps: 0 notes merged, 1.45 beats of doubled sound ended",
        # 64 from 0 to 0.05 and 64 from 0.05 to 0.55: three times are off the grid
        "grid: 3 onsets and ends moved to a grid of 4 steps a beat, by 0.05 beats at most; 1 note merged",
    )


# ---- doubles, lines, swing, free time, pickups -----------------------------------------------------


def climb(track, *, late=0.0, octave=0):
    return [(track, 60 + 2 * n + octave, n + late, 1) for n in range(8)]


def test_a_track_in_unison_goes_an_octave_and_a_drum_stay():
    names = [Track("Violin"), Track("Kit", is_drum=True), Track("Copy"), Track("Cello")]
    notes = climb(0) + climb(1) + climb(2, late=0.1) + climb(3, octave=-12)
    kept = cleaning.remove_doubles(Score.from_rows(notes, names))
    assert [track.name for track in kept.tracks] == ["Violin", "Kit", "Cello"]
    assert rows(kept) == sorted(climb(0) + climb(1) + climb(2, octave=-12), key=lambda row: (row[2], row[0]))
    later = Score.from_rows(climb(0) + climb(1, late=0.2))
    assert cleaning.remove_doubles(later) == later
    with pytest.raises(ScoreError, match="alike must be above 0 and at most 1, got 0"):
        cleaning.remove_doubles(later, alike=0)


def test_two_long_tracks_are_compared_in_little_memory():
    rows = [(track, 40 + i * 7 % 40, i / 4 + track / 2, 0.25) for track in range(2) for i in range(4000)]
    tracemalloc.start()
    assert len(cleaning.remove_doubles(Score.from_rows(rows)).tracks) == 2
    assert tracemalloc.get_traced_memory()[1] < 10e6  # each note with each took 260 MB
    tracemalloc.stop()


def test_notes_of_a_line_end_where_the_next_begins_chords_ring_on():
    line = Score.from_rows([(0, 60, 0, 3), (0, 62, 1, 3), (0, 64, 2, 0.5)])
    assert [row[3] for row in rows(cleaning.end_at_next(line))] == [1, 1, 0.5]
    chords = Score.from_rows([(0, 60, 0, 3), (0, 64, 0, 3), (0, 62, 1, 3)])
    assert cleaning.end_at_next(chords) == chords


def eighths(knee, *, n=8):
    return Score.from_rows([(0, 60 + i % 5, i // 2 + (i % 2) * knee, 0.3) for i in range(2 * n)])


def test_swing_is_told_from_straight_dotted_and_triplets():
    assert cleaning.swing_ratio(eighths(2 / 3)) == pytest.approx(2)
    assert cleaning.swing_ratio(eighths(0.6)) == pytest.approx(1.5)
    assert cleaning.swing_ratio(eighths(0.5)) == 1  # even
    assert cleaning.swing_ratio(eighths(0.75)) == 1  # dotted, 3 : 1
    triplets = Score.from_rows([(0, 60, i / 3, 0.2) for i in range(24)])
    assert cleaning.swing_ratio(triplets) == 1
    even = cleaning.straighten(eighths(2 / 3), 2.0)
    assert even.notes["onset"].tolist() == pytest.approx(np.arange(16) / 2)
    with pytest.raises(ScoreError, match=r"swing ratio must be 1 to 10, got 0\.5"):
        cleaning.straighten(even, 0.5)


def test_beats_are_followed_through_a_tempo_that_wanders():
    lengths = [1, 1, 0.5, 0.5, 1, 1, 0.5, 0.5, 1, 2] * 3
    written = np.concatenate([[0], np.cumsum(lengths)])
    per_beat = 0.6 * (1 + 0.15 * np.sin(np.arange(60) / 6))  # seconds: faster and slower by 15 %
    seconds = np.interp(written, np.arange(61), np.concatenate([[0], np.cumsum(per_beat)]))
    played = Score.from_rows([(0, 60, second * 2, 0.5) for second in seconds])  # the file says 120
    straight = cleaning.quantise(played).notes["onset"]
    assert np.isclose(straight, written[: len(straight)]).mean() < 0.3
    followed = cleaning.quantise(cleaning.follow_beats(played))
    assert followed.notes["onset"].tolist() == written.tolist()
    assert followed.tempo == pytest.approx(written[-1] / seconds[-1] * 60)
    with pytest.raises(ScoreError, match="no beats in 1 onsets"):
        cleaning.follow_beats(Score.from_rows([(0, 60, 0, 1), (0, 64, 0, 1)]))


def test_pickups_of_chorales_are_found_and_odd_metres_keep_theirs():
    for name in ("bwv66.6", "bwv255", "bwv10.7"):
        chorale = corpus.read_chorale(name)
        assert cleaning.find_pickup(chorale.replace(pickup=0.0)) == chorale.pickup
    waltz = Score.from_rows(climb(0), beats_per_bar=3.0, pickup=1.0)
    assert cleaning.find_pickup(waltz) == 1.0
    drums = Score.from_rows(climb(1), [Track("Piano"), Track("Kit", is_drum=True)])
    with pytest.raises(ScoreError, match="no barlines without pitched notes"):
        cleaning.find_pickup(drums)


def test_clean_says_what_it_found_in_the_times():
    chorale = corpus.read_chorale("bwv66.6")
    cleaned = cleaning.clean(chorale.replace(pickup=0.0), pickup=True)
    assert cleaned.reasons == ("pickup: 1 beats, not 0",)
    assert cleaning.clean(eighths(2 / 3), swing=True).reasons[0] == "swing: 2.00 : 1 made even"
    copied = cleaning.clean(Score.from_rows(climb(0) + climb(1)))
    assert copied.reasons == ("doubled tracks: 8 of 16 notes left out (1 tracks in unison with another)",)
    assert cleaning.clean(eighths(0.5), free=True).reasons[0].startswith("beats: followed the playing, ")

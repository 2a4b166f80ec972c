"""Playback: files hold the music exactly, sound is where the notes are, text stays text."""

import io
import xml.etree.ElementTree as ET

import mido
import numpy as np
import pytest
import soundfile

from musicgan_edu import corpus, playback
from musicgan_edu.score import Score, Track

HOSTILE = "<img src=x onerror=alert(1)>"


def song(**fields) -> Score:
    """A pickup, a tie over a barline, a triplet, two voices on one staff, and drums."""
    rows = [(0, 72, 0, 1, 90), (0, 74, 1, 1, 70), (0, 76, 2, 2.5), (0, 61, 4.5, 1.5)]
    rows += [(1, 48, 0, 1), (1, 52, 1, 3), (1, 57, 2, 2), (1, 60, 4, 1 / 3), (1, 62, 4 + 1 / 3, 2 / 3)]
    rows += [(2, 36, 1, 0.25), (2, 42, 1, 0.25), (2, 38, 2, 0.25)]
    tracks = [Track(HOSTILE, 73), Track("Bass", 32), Track("Kit", 0, is_drum=True)]
    return Score.from_rows(
        rows, tracks, **{"pickup": 1.0, "tempo": 90.0, "key": (9, "minor"), "title": HOSTILE} | fields
    )


def one_note(pitch: int = 69, onset: float = 0.0, duration: float = 2.0, program: int = 0, **fields) -> Score:
    return Score.from_rows([(0, pitch, onset, duration)], [Track("one", program)], tempo=60.0, **fields)


def read_midi(data: bytes) -> mido.MidiFile:
    return mido.MidiFile(file=io.BytesIO(data), charset="utf-8")


def notes_of(track: mido.MidiTrack, resolution: int) -> list[tuple]:
    """(pitch, onset, duration, velocity) of a track's notes, by an independent reader."""
    now, open_notes, found = 0, {}, []
    for message in track:
        now += message.time
        if message.type == "note_on":
            open_notes[message.note] = (now, message.velocity)
        elif message.type == "note_off":
            start, velocity = open_notes.pop(message.note)
            found.append((message.note, start / resolution, (now - start) / resolution, velocity))
    return sorted(found, key=lambda note: (note[1], note[0]))


# ------------------------------------------------------------------------------------ MIDI


def test_midi_round_trip_through_another_reader():
    score = song()
    file = read_midi(playback.to_midi(score))
    assert (file.type, file.ticks_per_beat, len(file.tracks)) == (1, 480, 4)
    for index in range(3):
        expected = [tuple(row)[1:] for row in score.of_track(index).tolist()]
        assert np.allclose(notes_of(file.tracks[index + 1], 480), expected, atol=1e-9)


def test_midi_carries_what_is_not_a_note():
    conductor, melody, _, kit = read_midi(playback.to_midi(song())).tracks
    metas = [(message.type, message) for message in conductor]
    assert [m.tempo for kind, m in metas if kind == "set_tempo"] == [666667]  # 60e6 / 90
    assert [m.key for kind, m in metas if kind == "key_signature"] == ["Am"]
    assert [m.name for kind, m in metas if kind == "track_name"] == [HOSTILE]
    assert melody[0].name == HOSTILE
    assert [m.program for m in melody if m.type == "program_change"] == [73]
    assert {m.channel for m in kit if m.type == "note_on"} == {9}


def test_a_pickup_is_a_short_first_bar():
    conductor = read_midi(playback.to_midi(song())).tracks[0]
    signatures = [m for m in conductor if m.type == "time_signature"]
    assert [(m.numerator, m.denominator, m.time) for m in signatures] == [(1, 4, 0), (4, 4, 480)]


def test_a_pickup_without_a_signature_is_filled_with_rest():
    file = read_midi(playback.to_midi(one_note(pickup=1 / 3, duration=1 / 3)))
    assert [(m.numerator, m.denominator) for m in file.tracks[0] if m.type == "time_signature"] == [(4, 4)]
    (note,) = notes_of(file.tracks[1], 480)
    assert note[1] == pytest.approx(4 - 1 / 3)  # its bar's end still falls on the barline


@pytest.mark.parametrize(("step", "resolution"), [(1 / 16, 480), (1 / 5, 480), (1 / 7, 3360), (1 / 9, 10080)])
def test_ticks_are_exact(step, resolution):
    file = read_midi(playback.to_midi(one_note(onset=3 * step, duration=step)))
    assert file.ticks_per_beat == resolution
    assert notes_of(file.tracks[1], resolution)[0][1:3] == pytest.approx((3 * step, step), abs=1e-12)


def test_what_is_written_can_be_read_again(tmp_path):
    playback.to_midi(Score.from_rows([(0, 60, 0, 1 / 9), (0, 60, 2000, 1)]), tmp_path / "long.mid")
    assert corpus.read(tmp_path / "long.mid").n_notes == 2


def test_a_repeated_note_ends_before_it_starts_again():
    score = Score.from_rows([(0, 60, 0, 1), (0, 60, 1, 1)])
    kinds = [m.type for m in read_midi(playback.to_midi(score)).tracks[1] if m.type.startswith("note")]
    assert kinds == ["note_on", "note_off", "note_on", "note_off"]


def test_twenty_tracks_share_channels_by_program():
    tracks = [Track(f"t{i}", program=i % 3) for i in range(20)]
    score = Score.from_rows([(i, 60, i, 1) for i in range(20)], tracks)
    channels = [
        next(m.channel for m in t if m.type == "note_on")
        for t in read_midi(playback.to_midi(score)).tracks[1:]
    ]
    assert channels == [i % 3 for i in range(20)]


@pytest.mark.parametrize(
    ("beats", "signature"), [(4, (4, 4)), (3, (3, 4)), (1.5, (3, 8)), (3.5, (7, 8)), (0.3, None)]
)
def test_metres(beats, signature):
    assert playback.metre(beats) == signature


def test_a_metre_nobody_can_write_is_refused():
    score = one_note(beats_per_bar=0.3)
    for door in (playback.to_midi, playback.to_musicxml):
        with pytest.raises(playback.PlaybackError, match=r"a bar of 0\.3 beats has no time signature"):
            door(score)


def test_the_same_score_gives_the_same_bytes_and_writes_only_where_told(tmp_path):
    file = tmp_path / "song.mid"
    assert playback.to_midi(song()) == playback.to_midi(song(), file) == file.read_bytes()
    assert list(tmp_path.iterdir()) == [file]


# ---------------------------------------------------------------------------------- notation


def musicxml(score: Score) -> ET.Element:
    return ET.fromstring(playback.to_musicxml(score))


def test_musicxml_bars_ties_voices_and_triplets():
    melody, bass, kit = musicxml(song()).findall("part")
    for part in (melody, bass, kit):
        assert [bar.get("number") for bar in part.findall("measure")] == ["0", "1", "2"]
    pickup, first, second = melody.findall("measure")
    assert len(pickup.findall("note")) == 1
    tied = [
        (n.findtext("pitch/step"), [t.get("type") for t in n.findall("tie")]) for n in first.findall("note")
    ]
    assert tied == [("D", []), ("E", ["start"]), ("E", ["stop"]), ("C", ["start"])]  # E crosses a beat
    assert second.find("note/tie").get("type") == "stop"
    assert {n.findtext("voice") for n in bass.findall("measure")[1].findall("note")} == {"1", "2"}
    assert bass.findall("measure")[1].find(".//time-modification/actual-notes").text == "3"
    assert kit.find(".//clef/sign").text == "percussion"


def test_musicxml_bars_are_full():
    root = musicxml(song())
    for part in root.findall("part"):
        divisions = int(part.find(".//divisions").text)
        for bar, beats in zip(part.findall("measure"), (1, 4, 4), strict=True):
            sums: dict[str, int] = {}
            for note in bar.findall("note"):
                voice = note.findtext("voice") or "1"
                length = 0 if note.find("chord") is not None else int(note.findtext("duration"))
                sums[voice] = sums.get(voice, 0) + length
            assert set(sums.values()) == {beats * divisions}


def test_pitches_are_spelled_for_the_key():
    def spelled(pitch: int, key: tuple[int, str]) -> tuple[str, str]:
        note = musicxml(one_note(pitch, key=key)).find(".//pitch")
        return note.findtext("step"), note.findtext("alter") or "0"

    assert spelled(70, (5, "major")) == ("B", "-1")  # F major
    assert spelled(68, (9, "minor")) == ("G", "1")  # A minor's leading note
    assert spelled(66, (1, "major")) == ("G", "-1")  # D flat major
    assert spelled(59, (6, "major")) == ("B", "0")  # F sharp major


def test_unquantised_notes_still_make_full_bars():
    rng = np.random.default_rng(0)
    rows = [
        (0, int(p), t, d)
        for p, t, d in zip(
            rng.integers(40, 80, 60), rng.uniform(0, 30, 60), rng.uniform(0.02, 3, 60), strict=True
        )
    ]
    part = musicxml(Score.from_rows(rows)).find("part")
    divisions = int(part.find(".//divisions").text)
    for bar in part.findall("measure"):
        for voice in {note.findtext("voice") for note in bar.findall("note")}:
            notes = [
                n for n in bar.findall("note") if n.findtext("voice") == voice and n.find("chord") is None
            ]
            assert sum(int(note.findtext("duration")) for note in notes) == 4 * divisions


def test_what_was_played_short_or_long_is_written_as_one_would_write_it():
    def lengths(rows, *tracks):
        part = musicxml(Score.from_rows(rows, tracks or (Track("x"),))).find("part")
        unit = int(part.find(".//divisions").text)
        notes = [n for n in part.iter("note") if n.find("rest") is None]
        return [int(n.findtext("duration")) / unit for n in notes if n.find("chord") is None]

    assert lengths([(0, 60, i / 2, 0.45) for i in range(8)]) == [0.5] * 8
    assert lengths([(0, 60, i, 0.9) for i in range(4)]) == [1] * 4
    assert lengths([(0, 60, i, 0.55) for i in range(4)]) == [0.5] * 4  # to the nearest sixteenth
    assert lengths([(0, 60, 0, 1.07), (0, 62, 1, 1)]) == [1, 1]  # no second layer
    assert lengths([(0, 60, i, 0.25) for i in range(4)]) == [0.25] * 4  # as it is written
    assert lengths([(0, 60, i / 3, 0.31) for i in range(3)]) == pytest.approx([1 / 3] * 3, abs=0.01)
    kit = [(0, 42, i / 2, 0.1) for i in range(4)] + [(0, 36, 0, 0.05), (0, 38, 3.75, 0.05)]
    assert lengths(kit, Track("Kit", is_drum=True)) == [0.5, 0.5, 0.5, 1, 0.25]


def test_hostile_text_is_text():
    root = musicxml(song())
    assert root.findtext("work/work-title") == HOSTILE
    assert root.findtext("part-list/score-part/part-name") == HOSTILE
    svg = playback.engrave(song())
    assert "<img" not in svg
    assert HOSTILE in "".join(ET.fromstring(svg).itertext())


def test_engraving_scales_and_repeats():
    svg = playback.engrave(song())
    root = ET.fromstring(svg)
    assert root.get("viewBox") is not None
    assert root.get("width") is None  # as wide as the page
    assert root.get("aria-label", "").startswith(f"Engraved score: {song().n_notes} notes in ")
    assert svg == playback.engrave(song())


def test_an_empty_score_has_every_form():
    empty = Score.from_rows([], [Track("nothing")])
    assert len(read_midi(playback.to_midi(empty)).tracks) == 2
    assert musicxml(empty).find(".//rest") is not None
    assert playback.engrave(empty).startswith("<svg")
    assert not playback.render(empty).any()


# ------------------------------------------------------------------------------------- sound


def level(sound: np.ndarray) -> float:
    return float(np.sqrt(np.mean(sound.astype(np.float64) ** 2)))


def cents_off(sound: np.ndarray, rate: int, pitch: int) -> float:
    """How far the fundamental lies from a pitch, in cents."""
    size, wanted = 1 << 20, 440 * 2 ** ((pitch - 69) / 12)
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound)), size))
    low, high = (int(wanted * 2 ** (c / 1200) * size / rate) for c in (-60, 60))
    peak = low + spectrum[low:high].argmax()
    return float(1200 * np.log2(peak * rate / size / wanted))


def test_sound_is_where_the_note_is():
    sound = playback.render(one_note(onset=1.0, duration=1.0))
    assert sound.shape == (3 * 44100, 2)
    assert sound.dtype == np.float32
    assert not sound[:44000].any()
    assert level(sound[44100 + 441 : 2 * 44100]) > 0.05  # heard within 10 ms
    assert level(sound[2 * 44100 : int(2.3 * 44100)]) > 0  # the release rings on
    assert np.abs(sound[-10:]).max() < 1e-3  # and ends


@pytest.mark.parametrize("program", [0, 6, 11, 16, 19, 24, 32, 48, 56, 65, 71, 73, 80])
@pytest.mark.parametrize("pitch", [57, 60, 69])
def test_a_first_note_sounds_at_once_and_in_tune(program, pitch):
    sound = playback.render(one_note(pitch, program=program))[:, 0]
    assert level(sound[: 44100 // 5]) > 0.01
    assert abs(cents_off(sound[4410 : 2 * 44100], 44100, pitch)) < 7  # strings and pipes beat a little


@pytest.mark.parametrize("n_notes", [1, 4, 40])
def test_the_peak_never_clips_and_is_always_the_same(n_notes):
    score = Score.from_rows([(0, 40 + i, 0, 1, 127) for i in range(n_notes)])
    assert np.abs(playback.render(score)).max() == pytest.approx(10 ** (-3 / 20), rel=1e-4)


def test_every_program_and_drum_sounds():
    for program in range(128):
        score = one_note(60, duration=0.5, program=program)
        assert level(playback.render(score, 8000)) > 0.003, program
    for key in range(35, 82):
        kit = Score.from_rows([(0, key, 0, 0.5)], [Track("kit", is_drum=True)])
        assert level(playback.render(kit, 8000)) > 0.003, key


def test_wav_and_mp3_hold_what_render_gives(tmp_path):
    score = one_note()
    sound, rate = soundfile.read(io.BytesIO(playback.to_wav(score, tmp_path / "one.wav")))
    assert rate == 44100
    assert np.allclose(sound, playback.render(score), atol=1 / 32000)
    mp3 = playback.to_mp3(score)
    sound, rate = soundfile.read(io.BytesIO(mp3))
    assert (sound.ndim, rate) == (1, 24000)
    assert abs(len(sound) / rate - 3) < 0.2
    assert len(mp3) < 40_000


@pytest.mark.parametrize(
    ("score", "sample_rate", "message"),
    [
        (one_note(duration=2000), 44100, "2000 s are too long to render"),
        (one_note(), 1000, "sample_rate must be 8000 to 96000, got 1000"),
    ],
)
def test_what_can_not_be_rendered(score, sample_rate, message):
    with pytest.raises(playback.PlaybackError, match=message):
        playback.render(score, sample_rate)

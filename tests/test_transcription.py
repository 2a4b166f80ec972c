"""transcription: notes of made sounds whose times and pitches are known."""

import tracemalloc

import numpy as np
import pytest

from musicgan_edu import audio, playback, transcription
from musicgan_edu.__main__ import main
from musicgan_edu.score import Score, Track

RATE = transcription.RATE
TUNE = [60, 62, 62, 64, 67, 67, 60]


def tone(midi, seconds, *, gap=0.0):
    t = np.arange(round((seconds - gap) * RATE)) / RATE
    phase = 2 * np.pi * 440 * 2 ** ((midi - 69) / 12) * t
    shape = np.minimum(1, t / 0.01) * np.exp(-2 * t) * np.minimum(1, (seconds - gap - t) / 0.02)
    return np.pad(shape * (0.4 * np.sin(phase) + 0.2 * np.sin(2 * phase)), (0, round(gap * RATE)))


def tune(*, off=0.0, gap=0.0):
    return np.concatenate([np.zeros(RATE), *(tone(p + off, 0.5, gap=gap) for p in TUNE), np.zeros(RATE)])


@pytest.mark.parametrize("tracker", ["yin", pytest.param("pyin", marks=pytest.mark.slow)])
def test_notes_repeated_ones_too_are_where_they_were_struck(tracker):
    heard = transcription.listen(tune(off=0.2), tracker=tracker)
    assert heard.pitches.tolist() == TUNE
    assert np.abs(heard.intervals[:, 0] - (1 + 0.5 * np.arange(7))).max() < 0.05
    assert heard.tuning == pytest.approx(0.2, abs=0.1)  # pYIN counts in fifths of a semitone


def test_a_long_recording_fits_into_little_memory():
    tracemalloc.start()
    heard = transcription.listen(np.tile(tune(), 6))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert heard.pitches.tolist() == TUNE * 6
    assert peak < 120e6  # 33 s; all frames at once took 370 MB, and three minutes a small machine


def test_times_after_trimming_are_those_of_the_recording():
    waits = np.concatenate([tune(), np.zeros(2 * RATE), tune()])
    trimmed = audio.trim(waits, RATE)
    assert trimmed.seconds_removed > 4
    whole = transcription.listen(waits)
    cut = transcription.listen(trimmed.samples, trimmed=trimmed)
    assert cut.pitches.tolist() == whole.pitches.tolist() == TUNE * 2
    assert np.abs(cut.intervals[:, 0] - whole.intervals[:, 0]).max() < 0.05


def test_beats_breaths_and_the_estimated_tempo():
    intervals = np.array([[2.0, 2.4], [2.5, 2.9], [3.0, 3.9], [5.0, 6.0]])
    heard = transcription.Heard(intervals, np.array([60, 62, 64, 65]), 0.0)
    score = transcription.to_score(heard, tempo=120)
    assert score.notes["onset"].tolist() == [0, 1, 2, 6]
    assert score.notes["duration"].tolist() == pytest.approx(
        [1, 1, 1.8, 2]
    )  # 0.2 beats are a breath, 2.2 a rest
    assert transcription.to_score(heard).tempo in (60, 120)  # both put them on half beats


def test_a_recording_without_notes_and_a_tracker_that_isnt_there(tmp_path):
    import soundfile

    noise = 0.1 * np.random.default_rng(1).normal(size=RATE)
    soundfile.write(tmp_path / "noise.wav", noise, RATE)
    with pytest.raises(transcription.TranscriptionError, match=r"noise\.wav holds no note"):
        transcription.transcribe(tmp_path / "noise.wav")
    with pytest.raises(transcription.TranscriptionError, match="one of yin, pyin, got 'ear'"):
        transcription.listen(noise, tracker="ear")


def test_the_command_writes_midi_and_says_what_it_did(tmp_path, capsys):
    import soundfile

    from musicgan_edu import corpus

    hiss = 0.01 * np.random.default_rng(0).normal(size=len(tune()))
    soundfile.write(tmp_path / "hum.wav", tune() + hiss, RATE)
    out = tmp_path / "hum.mid"
    command = [
        "transcribe",
        str(tmp_path / "hum.wav"),
        "--noise",
        "0-0.9",
        "--tempo",
        "120",
        "--out",
        str(out),
    ]
    assert main(command) == 0
    assert corpus.read(out).notes["pitch"].tolist() == TUNE
    said = capsys.readouterr().out
    assert "heard: 7 notes" in said
    assert main(command) == 2
    assert "is there already" in capsys.readouterr().err


def test_a_rendered_melody_comes_back(tmp_path):
    rows = [(0, pitch, n, 1) for n, pitch in enumerate(TUNE)]
    playback.to_wav(Score.from_rows(rows, [Track("Clarinet", 71)], tempo=100), tmp_path / "reed.wav")
    found = transcription.transcribe(tmp_path / "reed.wav", tempo=100)
    assert found.score.notes["pitch"].tolist() == TUNE
    assert np.array_equal(found.score.notes["onset"], np.arange(7))


def test_note_f1_is_mir_evals():
    mir_eval = pytest.importorskip("mir_eval")
    rng = np.random.default_rng(0)
    for _ in range(20):
        written = Score.from_rows(
            [(0, int(rng.integers(60, 63)), n * 0.1, 0.1) for n in range(30)], tempo=60.0
        )
        onset = np.sort(rng.choice(written.notes["onset"], 25, replace=False)) + rng.normal(0, 0.04, 25)
        pitches = rng.integers(60, 63, 25)
        heard = transcription.Heard(np.stack([onset, onset + 0.1], 1) + 1, pitches, 0.0)
        times = np.stack([written.notes["onset"], written.notes["onset"] + 0.1], 1) + 1
        notes = written.notes.copy()
        notes["onset"] += 1
        shifted = written.replace(notes=notes)
        hertz = [
            440 * 2 ** ((p - 69) / 12) for p in (written.notes["pitch"].astype(float), pitches.astype(float))
        ]
        want = mir_eval.transcription.precision_recall_f1_overlap(
            times, hertz[0], heard.intervals, hertz[1], offset_ratio=None
        )[2]
        assert 0.05 < want < 1
        assert transcription.note_f1(heard, shifted) == pytest.approx(want)
    assert transcription.note_f1(transcription.Heard(np.zeros((0, 2)), np.zeros(0, int), 0.0), written) == 0

"""audio: loading, gating and trimming on signals made here, whose answers are known."""

import subprocess
import sys

import numpy as np
import pytest
import soundfile

from musicgan_edu import audio
from musicgan_edu.score import ReadError

RATE = 22_050


def tone(seconds, frequency=440.0, amplitude=0.5, rate=RATE):
    return (amplitude * np.sin(2 * np.pi * frequency * np.arange(round(seconds * rate)) / rate)).astype(
        "float32"
    )


def silence(seconds):
    return np.zeros(round(seconds * RATE), dtype=np.float32)


def decibels(samples):
    return 10 * np.log10(np.mean(np.square(samples, dtype=np.float64)))


def test_import_loads_no_audio_library():
    code = "import sys, musicgan_edu.audio; print([n for n in ('librosa', 'noisereduce', 'soundfile', 'scipy') if n in sys.modules])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


@pytest.mark.parametrize(("suffix", "within"), [(".wav", 1e-4), (".flac", 1e-4), (".ogg", 0.05)])
def test_recordings_load_as_mono(tmp_path, suffix, within):
    left, right = tone(1.0, 440, 0.6), tone(1.0, 440, 0.2)
    soundfile.write(tmp_path / f"two{suffix}", np.stack([left, right], axis=1), RATE)
    samples, rate = audio.load_recording(tmp_path / f"two{suffix}")
    assert (samples.dtype, samples.shape, rate) == (np.float32, (RATE,), RATE)
    assert np.abs(samples - tone(1.0, 440, 0.4)).max() < within


def test_recordings_are_resampled(tmp_path):
    soundfile.write(tmp_path / "cd.wav", tone(1.0, 440, 0.5, 44_100), 44_100)
    samples, rate = audio.load_recording(tmp_path / "cd.wav", sample_rate=16_000)
    assert (len(samples), rate) == (16_000, 16_000)
    spectrum = np.abs(np.fft.rfft(samples))
    assert spectrum.argmax() == 440  # one bin a hertz


@pytest.mark.parametrize(
    ("name", "data", "cause"),
    [
        ("empty.wav", b"", r"empty.wav: not readable as audio"),
        ("text.wav", b"la la la", r"text.wav: not readable as audio"),
        ("half.flac", b"fLaC\x00\x00", r"half.flac: not readable as audio"),
    ],
)
def test_bad_recordings_name_themselves(tmp_path, name, data, cause):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(ReadError, match=cause):
        audio.load_recording(tmp_path / name)


def test_recordings_that_hold_nothing_or_too_much(tmp_path, monkeypatch):
    with pytest.raises(ReadError, match=r"gone.wav: not readable as audio"):
        audio.load_recording(tmp_path / "gone.wav")
    soundfile.write(tmp_path / "none.wav", np.zeros(0), RATE)
    with pytest.raises(ReadError, match=r"none.wav: no samples in it"):
        audio.load_recording(tmp_path / "none.wav")
    soundfile.write(tmp_path / "nan.wav", np.full(9, np.nan, "float32"), RATE, subtype="FLOAT")
    with pytest.raises(ReadError, match=r"nan.wav: samples that are no numbers"):
        audio.load_recording(tmp_path / "nan.wav")
    monkeypatch.setattr(audio, "MAX_SECONDS", 60.0)
    soundfile.write(tmp_path / "long.wav", np.zeros(61 * RATE), RATE)
    with pytest.raises(ReadError, match=r"long.wav: longer than 1 minutes"):
        audio.load_recording(tmp_path / "long.wav")


def test_a_missing_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "noisereduce", None)
    with pytest.raises(
        audio.AudioError, match=r"noisereduce is not installed: pip install 'musicgan-edu\[audio\]'"
    ):
        audio.denoise(tone(1.0), RATE)


def test_gating_takes_noise_and_leaves_the_tone():
    noise = np.random.default_rng(0).normal(0, 0.02, 3 * RATE).astype("float32")
    clean = np.concatenate([silence(1.0), tone(1.0), silence(1.0)])
    gated = audio.denoise(clean + noise, RATE, noise=(0.0, 0.9))
    assert gated.dtype == np.float32
    assert gated.shape == clean.shape
    assert decibels(gated[: RATE // 2]) < decibels(noise) - 20
    middle = slice(RATE + RATE // 4, 2 * RATE - RATE // 4)
    assert decibels(gated[middle] - clean[middle]) < decibels(noise) - 6
    assert abs(decibels(gated[middle]) - decibels(clean[middle])) < 0.5
    assert np.allclose(
        audio.denoise(clean + noise, RATE, noise=(0, 0.9), strength=0.0), clean + noise, atol=1e-3
    )


def test_gating_refuses_what_makes_no_sense():
    with pytest.raises(audio.AudioError, match=r"within the recording's 1.00 s, got 0.5 to 2 s"):
        audio.denoise(tone(1.0), RATE, noise=(0.5, 2.0))
    with pytest.raises(audio.AudioError, match="strength must be 0 to 1, got 2"):
        audio.denoise(tone(1.0), RATE, strength=2)
    with pytest.raises(
        audio.AudioError, match=r"expected mono samples of shape \(n_samples,\), got \(2, 9\)"
    ):
        audio.denoise(np.zeros((2, 9)), RATE)
    with pytest.raises(audio.AudioError, match="needs finite samples at a rate above 0"):
        audio.trim(np.array([np.nan]), RATE)


def test_loudness_of_a_sine_is_half_its_squared_amplitude():
    level = audio.loudness(tone(1.0, 440, 0.5))
    assert level == pytest.approx(10 * np.log10(0.5**2 / 2), abs=0.1)  # −9.03 dB
    assert len(level) == 1 + (RATE - 2048 + 511) // 512
    assert audio.loudness(silence(0.5)).tolist() == [-np.inf] * len(audio.loudness(silence(0.5)))


def test_trim_cuts_ends_and_shortens_inner_silence():
    parts = [silence(1.0), tone(1.0), silence(2.0), tone(1.0), silence(0.3), tone(0.5), silence(0.5)]
    trimmed = audio.trim(np.concatenate(parts), RATE, longest=0.5)
    # the silence of 2 s keeps a quarter of a second on either side; that of 0.3 s is left alone
    assert trimmed.kept == pytest.approx(np.array([[1.0, 2.25], [3.75, 5.8]]), abs=0.06)
    assert trimmed.removed == pytest.approx(np.array([[0.0, 1.0], [2.25, 3.75], [5.8, 6.3]]), abs=0.06)
    assert trimmed.seconds_removed == pytest.approx(3.0, abs=0.2)
    assert len(trimmed.samples) / RATE == pytest.approx(6.3 - trimmed.seconds_removed, abs=0.001)


def test_trim_fades_at_its_cuts_only():
    loud = np.ones(RATE, dtype=np.float32)
    whole = audio.trim(loud, RATE)
    assert np.array_equal(whole.samples, loud)
    assert whole.removed.shape == (0, 2)
    late = audio.trim(np.concatenate([silence(1.0), loud]), RATE, longest=0.0)
    assert late.samples[0] == 0
    assert late.samples[-1] == 1


def test_trim_refuses_silence_and_bad_settings():
    with pytest.raises(audio.AudioError, match="nothing but silence"):
        audio.trim(silence(1.0), RATE)
    with pytest.raises(audio.AudioError, match=r"needs threshold_db > 0 and longest ≥ 0, got -3 and 0.5"):
        audio.trim(tone(1.0), RATE, threshold_db=-3)

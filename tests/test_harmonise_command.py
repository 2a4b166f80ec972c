"""`musicgan harmonise` on files of a user's own."""

import numpy as np
import pytest

from musicgan_edu import __main__ as command
from musicgan_edu import corpus, playback
from musicgan_edu.score import Score, Track

TUNE = [74, 74, 76, 78, 74, 78, 76, 69]
QUICK = ["--drafts", "4", "--suggestions", "2"]


@pytest.fixture
def files(tmp_path):
    rows = [(0, p, i, 1) for i, p in enumerate(TUNE)]
    playback.to_midi(Score.from_rows(rows, [Track("Tune", 73)]), tmp_path / "tune.mid")
    playback.to_wav(Score.from_rows(rows, [Track("Tune", 73)], tempo=100.0), tmp_path / "tune.wav")
    playback.to_midi(Score.from_rows(rows[:6], [Track("Tune")], beats_per_bar=3.0), tmp_path / "waltz.mid")
    return tmp_path


def harmonise(folder, *words):
    paths = [str(folder / word) if "." in word else word for word in words]
    return command.main(["harmonise", *paths])


def test_a_melody_becomes_four_voices(files, capsys):
    assert harmonise(files, "tune.mid", *QUICK, "--out", "four.mid") == 0
    said = capsys.readouterr().out
    assert "heard -2 semitones from D major in C major, and moved back" in said
    assert "1. " in said
    assert "four-2.mid: log p -" in said
    for name in ("four.mid", "four-2.mid"):
        score = corpus.read(files / name)
        assert len(score.tracks) == 4
        assert score.of_track(0)["pitch"].tolist() == TUNE


def test_the_order_is_a_choice_and_makes_no_other_suggestions(files, capsys):
    pieces = []
    for name, rank in (("a", "merit"), ("b", "merit+td")):
        words = ("tune.mid", "--drafts", "4", "--suggestions", "3", "--rank", rank, "--out", f"{name}.mid")
        assert harmonise(files, *words) == 0
        said = capsys.readouterr().out
        assert said.count("tonal distance to the bass") == (0 if rank == "merit" else 3)
        written = [corpus.read(files / f"{name}{tail}.mid") for tail in ("", "-2", "-3")]
        pieces.append({score.notes.tobytes() for score in written})
    assert pieces[0] == pieces[1]
    with pytest.raises(SystemExit):
        harmonise(files, "tune.mid", "--rank", "beauty", "--out", "c.mid")


def test_voices_and_bars_are_kept(files):
    assert harmonise(files, "tune.mid", *QUICK, "--out", "four.musicxml") == 0
    assert harmonise(files, "four.musicxml", *QUICK, "--keep-voices", "4", "--keep-bars", "1", "--seed", "7", "--out", "new.mid") == 0  # fmt: skip
    old, new = corpus.read(files / "four.musicxml"), corpus.read(files / "new.mid")
    sounding = [[s.of_track(3)[name].tolist() for name in ("pitch", "onset")] for s in (old, new)]
    assert sounding[0] == sounding[1]
    first = [{tuple(row)[1:3] for row in s.cut(0, 4).notes.tolist()} for s in (old, new)]
    assert first[0] == first[1]


def test_a_recording_is_heard(files, capsys):
    assert harmonise(files, "tune.wav", *QUICK, "--tempo", "100", "--out", "four.wav") == 0
    assert "heard 8 notes at 100 quarter notes a minute" in capsys.readouterr().out
    assert (files / "four.wav").stat().st_size > 10_000
    assert harmonise(files, "tune.wav", *QUICK, "--out", "four.mid") == 0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ("waltz.mid", "--out", "o.mid"),
            "waltz.mid has 3 beats a bar; this generator has learnt bars of 4 only",
        ),
        (("tune.mid", "--out", "o.ogg"), "can't write o.ogg"),
        (("tune.mid", "--out", "tune.mid"), "tune.mid is there already"),
        (("none.mid", "--out", "o.mid"), "none.mid: can't be opened"),
        (("none.wav", "--out", "o.mid"), "none.wav: not readable as audio"),
        (("tune.mid", "--track", "3", "--out", "o.mid"), "no melody in track 3 of 1"),
        (("tune.mid", "--tempo", "90", "--out", "o.mid"), "says its own tempo"),
        (("tune.mid", "--keep-voices", "4", "--out", "o.mid"), "isn't in 4 single voices"),
        (
            ("tune.mid", "--checkpoint", "melodies", "--out", "o.mid"),
            "needs a recurrent generator of 4 voices",
        ),
    ],
)
def test_what_cannot_be_done_is_one_line(files, words, message, capsys):
    assert harmonise(files, *words) == 2
    said = capsys.readouterr().err
    assert message in said
    assert said.count("\n") == 1
    assert not (files / "o.mid").exists()


def test_nothing_is_overwritten_by_a_later_suggestion(files, capsys):
    (files / "four-2.mid").write_bytes(b"mine")
    assert harmonise(files, "tune.mid", *QUICK, "--out", "four.mid") == 2
    assert "four-2.mid is there already" in capsys.readouterr().err
    assert not (files / "four.mid").exists()
    assert np.array_equal(list((files / "four-2.mid").read_bytes()), list(b"mine"))

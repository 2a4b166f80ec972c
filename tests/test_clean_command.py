"""`musicgan clean`, and the line on pieces without beats."""

import numpy as np

from musicgan_edu import cleaning, corpus, playback
from musicgan_edu.__main__ import main
from musicgan_edu.commands import arguments
from musicgan_edu.score import Score, Track


def wandering():
    """Quarter notes at a tempo that goes from 80 to 120, in a file that says 120."""
    seconds = np.cumsum(60 / np.linspace(80, 120, 40))
    return Score.from_rows([(0, 60 + 2 * (i % 5), s * 2, 0.4) for i, s in enumerate(seconds)])


def test_it_follows_beats_deals_out_voices_and_says_so(tmp_path, capsys):
    playback.to_midi(wandering(), tmp_path / "free.mid")
    assert (
        main(
            [
                "clean",
                str(tmp_path / "free.mid"),
                "--free",
                "--voices",
                "4",
                "--out",
                str(tmp_path / "out.mid"),
            ]
        )
        == 0
    )
    said = capsys.readouterr().out
    assert "beats: followed the playing, " in said
    assert "40 of 40 notes" in said
    found = corpus.read(tmp_path / "out.mid")
    assert np.unique(np.diff(found.notes["onset"])).tolist() == [1]
    assert main(["clean", str(tmp_path / "free.mid"), "--out", str(tmp_path / "out.mid")]) == 2
    assert "is there already" in capsys.readouterr().err


def test_clean_music_has_nothing_to_clean(tmp_path, capsys):
    playback.to_midi(Score.from_rows([(0, 60, n, 1) for n in range(8)]), tmp_path / "even.mid")
    assert main(["clean", str(tmp_path / "even.mid"), "--out", str(tmp_path / "out.mid")]) == 0
    assert "nothing to clean" in capsys.readouterr().out


def test_a_piece_without_beats_is_said_to_be_one(tmp_path, capsys):
    playback.to_midi(wandering(), tmp_path / "free.mid")
    playback.to_midi(Score.from_rows([(0, 60, n / 3, 0.3) for n in range(40)]), tmp_path / "triplets.mid")
    arguments.longest(tmp_path / "triplets.mid")
    assert capsys.readouterr().out == ""
    arguments.longest(tmp_path / "free.mid")
    assert "free.mid keeps to no beat" in capsys.readouterr().out


def test_beat_strength_by_hand():
    even = Score.from_rows([(0, 60, n / 4, 0.2) for n in range(16)])
    assert cleaning.beat_strength(even) == 1
    between = Score.from_rows([(0, 60, n / 5, 0.2) for n in range(20)])  # fifths lie evenly around every grid
    assert cleaning.beat_strength(between) < 1e-9


def test_a_tune_is_the_top_voice_and_two_lines_the_outer_ones():
    tune = [(0, 74 - 5 * (n % 4), n, 1) for n in range(12)]
    assert set(cleaning.to_voices(Score.from_rows(tune), 4).notes["track"].tolist()) == {0}
    two = Score.from_rows(
        [*tune, *((1, 50, n, 1) for n in range(12))], [Track("Flute", 73), Track("Bass", 32)]
    )
    voiced = cleaning.to_voices(two, 4)
    assert voiced.of_track(3)["pitch"].tolist() == [50] * 12
    assert voiced.of_track(0)["pitch"].tolist() == [row[1] for row in tune]

"""`musicgan mix` on files of a user's own: keys, metres, tempi, drums, bad files."""

import pytest

from musicgan_edu import __main__ as command
from musicgan_edu import corpus, playback
from musicgan_edu.score import Score, Track


def scale(tonic, *, n=16, tracks=("Lead",), drums=False, **fields):
    steps = [0, 4, 7, 12, 7, 4, 2, 0]
    rows = [(t, 12 * (5 - t) + tonic + steps[i % 8], i, 1) for i in range(n) for t in range(len(tracks))]
    named = [Track(name) for name in tracks]
    if drums:
        rows += [(len(tracks), 36, i, 1) for i in range(n)]
        named.append(Track("Kit", 0, True))
    return Score.from_rows(rows, named, **fields)


@pytest.fixture
def files(tmp_path):
    playback.to_midi(scale(0, drums=True), tmp_path / "c.mid")
    playback.to_musicxml(scale(7, tracks=("Lead", "Second"), tempo=90.0), tmp_path / "g.musicxml")
    playback.to_midi(scale(0, beats_per_bar=3.0, n=15), tmp_path / "waltz.mid")
    return tmp_path


def mix(folder, *words):
    paths = [str(folder / word) if "." in word else word for word in words]
    return command.main(["mix", *paths])


def test_two_files_of_different_keys_tempi_tracks_and_drums(files, capsys):
    assert mix(files, "c.mid", "g.musicxml", "--how", "join", "--out", "both.mid") == 0
    said = capsys.readouterr().out
    assert "moved by +5 semitones, from G major to go with C major" in said
    assert "plays at 120 quarter notes a minute instead of 90" in said
    assert said.splitlines()[-1].startswith("8 bars, 64 notes: ")
    both = corpus.read(files / "both.mid")
    assert (both.n_bars, both.tempo, len(both.tracks)) == (8, 120.0, 3)
    assert [track.is_drum for track in both.tracks] == [False, True, False]


@pytest.mark.parametrize(
    ("how", "n_bars"),
    [(["splice", "--keep", "2", "--start", "3"], 4), (["layer"], 4), (["crossfade", "--bars", "2"], 6)],
)
def test_each_way_of_mixing(files, how, n_bars):
    assert mix(files, "c.mid", "g.musicxml", "--how", *how, "--out", "both.mid") == 0
    assert corpus.read(files / "both.mid").n_bars == n_bars


def test_layer_takes_the_tracks_that_are_named(files):
    line = ["--how", "layer", "--tracks-a", "2", "--tracks-b", "1", "--no-transpose", "--out", "both.mid"]
    assert mix(files, "c.mid", "g.musicxml", *line) == 0
    both = corpus.read(files / "both.mid")
    assert sorted(track.is_drum for track in both.tracks) == [False, True]
    assert 67 in both.notes["pitch"]


@pytest.mark.parametrize("name", ["both.musicxml", "both.wav"])
def test_it_writes_scores_and_sound(files, name):
    assert mix(files, "c.mid", "g.musicxml", "--out", name) == 0
    assert (files / name).stat().st_size > 1000


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("c.mid", "waltz.mid", "--out", "o.mid"), "has 3 beats a bar"),
        (("c.mid", "g.musicxml", "--keep", "9", "--out", "o.mid"), "can't cut after bar 9 of 4"),
        (("c.mid", "g.musicxml", "--how", "layer", "--tracks-b", "7", "--out", "o.mid"), "no tracks [6]"),
        (("c.mid", "g.musicxml", "--how", "crossfade", "--bars", "5", "--out", "o.mid"), "can't fade over 5 bars"),
        (("c.mid", "g.musicxml", "--out", "c.mid"), "c.mid is there already: choose another file"),
        (("c.mid", "g.musicxml", "--out", "o.ogg"), "can't write o.ogg: give a name that ends in .mid, .musicxml, .wav"),
        (("c.mid", "none.mid", "--out", "o.mid"), "none.mid: can't be opened"),
    ],
)  # fmt: skip
def test_what_does_not_go_together_is_one_line(files, words, message, capsys):
    assert mix(files, *words) == 2
    said = capsys.readouterr().err
    assert message in said
    assert said.count("\n") == 1
    assert not (files / "o.mid").exists()


def test_new_barlines_where_they_are_asked_for(files, capsys):
    assert mix(files, "c.mid", "waltz.mid", "--how", "join", "--rebar", "--out", "o.mid") == 0
    assert "its beats stay, the barlines are new" in capsys.readouterr().out
    assert corpus.read(files / "o.mid").n_bars == 8


@pytest.mark.parametrize(
    ("text", "message"),
    [("0,1", "counted from 1, got 0,1"), ("one", "invalid numbers value: 'one'")],
)
def test_tracks_that_are_no_numbers(files, text, message, capsys):
    with pytest.raises(SystemExit):
        mix(files, "c.mid", "g.musicxml", "--tracks-a", text, "--out", "o.mid")
    assert message in capsys.readouterr().err


def test_of_a_file_with_a_change_of_tempo_the_longest_stretch_is_taken(files, capsys):
    import mido

    file = mido.MidiFile(files / "c.mid")
    late = mido.MetaMessage("set_tempo", tempo=1_000_000, time=file.ticks_per_beat * 4)
    file.tracks[0].insert(len(file.tracks[0]) - 1, late)
    file.save(files / "changing.mid")
    assert mix(files, "changing.mid", "g.musicxml", "--how", "join", "--out", "o.mid") == 0
    assert "changing.mid holds 2 pieces or stretches" in capsys.readouterr().out

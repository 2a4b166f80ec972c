"""Style transfer: cells, the editor in numpy and in Keras, rivals, pieces of any kind, the command."""

import numpy as np
import pytest

from musicgan_edu import corpus, style
from musicgan_edu.__main__ import main
from musicgan_edu.encoding import CHORALE_VOICES
from musicgan_edu.score import CheckpointError, Score, Track
from musicgan_edu.style import rivals
from musicgan_edu.style.cells import REST, Cells
from musicgan_edu.style.editor import FAR, N_FEATURES, N_OPERATIONS, REACH, first_move, hear, moved
from musicgan_edu.style.tunes import matched, tune_windows

CHORD = ((0, 72), (1, 67), (2, 64), (3, 48))


def chords(n_beats=8, **fields):
    rows = [(v, p + (t % 2), t, 1) for v, p in CHORD for t in range(n_beats)]
    return Score.from_rows(rows, CHORALE_VOICES, **({"key": (0, "major"), "source": "chords"} | fields))


def random_cells(n=3, t=16, seed=0):
    rng = np.random.default_rng(seed)
    pitch = rng.integers(50, 75, (n, t, 4)).astype(np.int16)
    pitch[rng.random(pitch.shape) < 0.1] = REST
    return Cells(pitch, (rng.random(pitch.shape) < 0.5) & (pitch != REST))


def random_weights(seed=0, width=8, scale=0.5):
    rng = np.random.default_rng(seed)
    shapes = {
        "into/kernel": (N_FEATURES, width),
        "into/bias": (width,),
        "out/bias": (4 * (N_OPERATIONS + 1),),
    }
    shapes |= {f"block{i}/kernel": (3, width, width) for i in range(3)} | {
        f"block{i}/bias": (width,) for i in range(3)
    }
    shapes["out/kernel"] = (width, 4 * (N_OPERATIONS + 1))
    return {name: scale * rng.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}


# ---- cells ------------------------------------------------------------------------------------


def test_cells_hold_what_stands_on_half_beats():
    piece = Score.from_rows(
        [(0, 60, 0, 1.5), (0, 62, 1.5, 0.25), (0, 64, 1.75, 0.25), (1, 48, 0, 2)], CHORALE_VOICES
    )
    cells = style.cells_of([piece], n_bars=1)
    assert cells.pitch[0, :, 0].tolist() == [60, 60, 60, 62, REST, REST, REST, REST]  # 64 stands between
    assert cells.struck[0, :, 0].tolist() == [True, False, False, True, False, False, False, False]
    assert cells.pitch[0, :5, 1].tolist() == [48] * 4 + [REST]
    back = style.scores_of(cells)[0]
    assert [(n["pitch"], n["onset"], n["duration"]) for n in back.of_track(0)] == [
        (60, 0, 1.5),
        (62, 1.5, 0.5),
    ]


def test_cells_come_back_as_they_were():
    cells = style.cells_of([chords(), chords()], n_bars=2)
    again = style.cells_of(style.scores_of(cells), n_bars=2)
    assert np.array_equal(again.pitch, cells.pitch)
    assert np.array_equal(again.struck, cells.struck)


def test_windows_are_full_and_in_c():
    full = chords(16, key=(2, "major"))
    rests = full.replace(notes=full.notes[~((full.notes["track"] == 1) & (full.notes["onset"] < 2))])
    assert [len(style.windows_of([one])) for one in (full, rests)] == [2, 1]
    assert style.windows_of([full])[0].key == (0, "major")
    assert style.windows_of([full])[0].notes["pitch"].max() == 73 - 2
    assert style.windows_of([chords(16, beats_per_bar=3.0)]) == []


# ---- the editor -------------------------------------------------------------------------------


def test_what_is_heard_knows_no_octave_and_no_texture_but_rests():
    cells = random_cells()
    high = cells._replace(pitch=np.where(cells.pitch == REST, REST, cells.pitch + 12))
    assert hear(cells).shape == (3, 16, N_FEATURES)
    assert np.array_equal(hear(cells), hear(high))
    assert not np.array_equal(hear(cells), hear(rivals.transposed(cells, 1)))


def test_strength_0_changes_nothing_and_more_changes_more():
    cells, weights = random_cells(), random_weights()
    moved = [(style.edit(weights, cells, s).pitch != cells.pitch).mean() for s in (0, 0.2, 0.5, 1)]
    assert moved[0] == 0
    assert np.array_equal(style.edit(weights, cells, 0.0).struck, cells.struck)
    assert moved == sorted(moved)
    assert moved[1] < moved[-1]


def test_the_least_strength_at_which_a_pitch_moves_is_where_it_begins_to():
    for seed in range(4):
        cells, weights = random_cells(seed=seed), random_weights(seed=seed, scale=0.3)
        least, n = first_move(cells, style.wishes(weights, cells))
        moved = [style.edit(weights, cells, least * s).pitch != cells.pitch for s in (0.999, 1.001, 1e6)]
        assert [bool(m.any()) for m in moved] == [False, True, True]
        assert moved[2].sum() == n
    still = cells._replace(pitch=np.full_like(cells.pitch, 60))
    nothing = {name: 0 * value for name, value in weights.items()}
    assert first_move(still, style.wishes(nothing, still)) == (np.inf, 0)


def test_a_transfer_that_moves_no_pitch_says_why():
    held = Score.from_rows([(v, p, 4 * bar, 4) for v, p in CHORD for bar in range(4)], CHORALE_VOICES)
    assert (
        "No pitch moved, and at no strength would one: the way to 'palestrina'"
        in style.restyle(held).changes[-1]
    )
    assert style.restyle(held, strength=0).changes[-1].endswith("taken away")


def test_a_note_moves_a_third_at_most_or_is_one_of_its_neighbours_and_rests_stay():
    cells = random_cells()
    made = style.edit(random_weights(scale=5), cells, 1.0)
    sounds = cells.pitch != REST
    assert np.array_equal(made.pitch == REST, ~sounds)
    assert not made.struck[~sounds].any()
    for n, t, v in np.argwhere(made.pitch != cells.pitch):
        near = abs(int(made.pitch[n, t, v]) - cells.pitch[n, t, v]) <= REACH
        assert near or made.pitch[n, t, v] in cells.pitch[n, max(0, t - FAR) : t + FAR + 1, v]


def test_operations_by_hand():
    pitch = np.array([[60, 62, REST, 64]], np.int16)[..., None]
    assert moved(pitch, -1, 0)[0, :, 0].tolist() == [60, 60, REST, 64]  # no pitch comes from a rest
    assert moved(pitch, 1, 0)[0, :, 0].tolist() == [62, 62, REST, 64]
    assert moved(pitch, 0, -2)[0, :, 0].tolist() == [58, 60, REST, 62]


def test_numpy_and_keras_are_one_editor():
    from musicgan_edu import models
    from musicgan_edu.style import cycle

    editor = cycle.Editor(width=8)
    cells, choices = random_cells(), cycle.choices_of(random_cells())
    for variable, (_, value) in zip(
        editor.trainable_variables, sorted(random_weights().items(), key=lambda kv: order(kv[0])), strict=True
    ):
        variable.assign(value)
    weights = models.network.weights_of(editor)
    assert np.allclose(cycle.hear_choices(choices).numpy(), hear(cells))
    assert np.allclose(editor(choices).numpy(), style.wishes(weights, cells), atol=1e-3)
    hard, *_ = editor.edit(choices)
    assert np.allclose(hard.numpy(), cycle.choices_of(style.edit(weights, cells)), atol=1e-5)


def order(name):
    return ("into block0 block1 block2 out".split().index(name.split("/")[0]), "bias" in name)


def test_cycle_loss_by_hand():
    from musicgan_edu.style import cycle

    start = np.zeros((1, 1, 2, 14), np.float32)
    start[0, 0, :, 0] = 1
    back = start.copy()
    back[0, 0, 1, 0], back[0, 0, 1, 7], back[0, 0, 1, 13] = 0.25, 0.75, 0.5
    # the second cell: 0.75 + 0.75 on pitch classes, 0.5 on the stroke; two cells
    assert float(cycle.cycle_loss(back, start)) == pytest.approx((0 + 2.0) / 2)


@pytest.mark.slow
def test_training_repeats():
    from musicgan_edu.style import cycle

    a, b = random_cells(12, seed=1), random_cells(12, seed=2)
    modes = [np.arange(12) % 2 == 0] * 2
    recipe = cycle.CycleRecipe(width=8, d_width=8, batch_size=4)
    one, log = cycle.train(a, b, modes, recipe, steps=3, seed=4)
    same, _ = cycle.train(a, b, modes, recipe, steps=3, seed=4)
    # Not to the bit: gradients of several uses add up in the order in which threads finish.
    assert all(np.allclose(one[name], same[name], rtol=0, atol=1e-5) for name in one)
    other, _ = cycle.train(a, b, modes, recipe, steps=3, seed=5)
    assert not np.allclose(one["to_b/out/kernel"], other["to_b/out/kernel"], rtol=0, atol=1e-5)
    assert not np.array_equal(
        one["to_b/out/kernel"], cycle.CycleGAN(recipe, seed=4).weights()["to_b/out/kernel"]
    )
    assert {name.split("/")[0] for name in one} == {"to_a", "to_b"}
    assert log[-1]["step"] == 3
    assert np.isfinite(list(log[-1].values())).all()


# ---- rivals -----------------------------------------------------------------------------------


def test_rivals_by_hand():
    cells = style.cells_of([chords()], n_bars=2)
    assert (rivals.transposed(cells, 7).pitch - cells.pitch == 7).all()
    others = Cells(np.stack([cells.pitch[0] + 3, cells.pitch[0] + 12]), np.stack([cells.struck[0]] * 2))
    assert np.array_equal(
        rivals.nearest(cells, others).pitch[0], cells.pitch[0] + 12
    )  # an octave is no difference
    held = rivals.held(cells)
    assert held.pitch[0, :, 0].tolist() == [72] * 16
    assert held.struck[0, :, 0].tolist() == [True, False, False, False] * 4
    beats = rivals.on_the_beat(held)
    assert beats.struck[0, :, 0].tolist() == [True, False] * 8
    assert np.array_equal(beats.pitch, held.pitch)


def test_random_edits_are_as_many():
    cells = random_cells(8)
    made = style.edit(random_weights(), cells)
    chance = rivals.random_edits(cells, made, seed=1)
    assert (chance.pitch != cells.pitch).sum() == (made.pitch != cells.pitch).sum() > 0
    assert (chance.struck != cells.struck).sum() == (made.struck != cells.struck).sum() > 0
    assert not np.array_equal(chance.pitch, made.pitch)


# ---- pieces -----------------------------------------------------------------------------------


def test_strength_0_gives_the_piece_back_in_its_key_with_pickup_and_drums():
    rows = [
        (0, 62, 0, 1),
        (0, 66, 1, 1),
        (0, 69, 2, 3),
        (0, 66, 5, 1),
        (1, 50, 1, 4),
        (2, 38, 1, 0.25),
        (2, 36, 1.75, 0.25),
    ]
    tracks = (Track("Voice", 52), Track("Bass", 32), Track("Kit", 0, is_drum=True))
    piece = Score.from_rows(rows, tracks, pickup=1.0, tempo=100.0, title="Song")
    made = style.restyle(piece, strength=0).score
    assert sorted(map(tuple, made.notes[made.notes["track"] < 2].tolist())) == sorted(
        (t, p, a, d, 80) for t, p, a, d in rows if t < 2
    )
    drums = made.notes[made.notes["track"] == 2]
    assert drums["onset"].tolist() == [1, 1.75]
    assert made.tracks == tracks  # no voice that the piece lacks
    assert (made.pickup, made.tempo, made.title) == (1.0, 100.0, "Song → palestrina")
    assert [track.program for track in made.tracks[:2]] == [52, 32]


def test_a_restyled_chorale_is_changed_and_a_draw_has_a_seed():
    piece = corpus.read_chorale("bwv66.6")
    made = style.restyle(piece, "palestrina")
    assert not np.array_equal(made.score.notes, made.before.notes)
    assert made.score.end == made.before.end
    assert made.changes[-1].startswith("edited: ")
    draws = [style.restyle(piece, "palestrina", seed=seed).score for seed in (1, 1, 2)]
    assert draws[0] == draws[1] != draws[2]


def test_four_two_is_halved_and_chords_are_dealt_out():
    long = chords(16, beats_per_bar=8.0, tempo=120.0)
    made = style.restyle(long, "bach", strength=0)
    assert (made.score.beats_per_bar, made.score.tempo, made.score.end) == (4.0, 60.0, 8.0)
    assert "4/2" in made.changes[0]
    piano = Score.from_rows([(0, p, 0, 4) for p in (40, 48, 55, 60, 64, 67)], [Track("Piano")])
    made = style.restyle(piano, strength=0)
    assert made.changes[0] == "voices: dealt out to four; 2 of 6 notes found no room"
    assert made.score.n_notes == 4
    assert len(made.score.tracks) == 4


def test_free_rhythm_is_moved_to_half_beats_and_sixteenths_are_left_out():
    free = Score.from_rows([(0, 60 + i, 0.78 * i, 0.7) for i in range(8)])
    assert style.prepare(free).cells.struck[0, :, 0].sum() == 8
    exact = Score.from_rows([(0, 60, i / 2, 0.5) for i in range(8)] + [(0, 62, 4, 0.25), (0, 64, 4.25, 0.25)])
    piece = style.prepare(exact)
    assert piece.changes == ("grid: 1 of 10 notes start between half beats and are left out",)


@pytest.mark.parametrize(
    ("piece", "to", "strength", "message"),
    [
        (chords(beats_per_bar=3.0), "bach", 1, "chords has 3 beats a bar: the editors learnt music in 4/4"),
        (
            Score.from_rows([(0, 38, 0, 1)], [Track("Kit", 0, True)]),
            "bach",
            1,
            "the piece has no pitched notes",
        ),
        (
            chords(),
            "verdi",
            1,
            "no style 'verdi': choose one of bach, palestrina, or for a tune in one voice fiddle, folk",
        ),
        (chords(), "bach", 3, "strength must be 0 to 2, got 3"),
    ],
)
def test_what_cannot_be_restyled_is_said(piece, to, strength, message):
    with pytest.raises(style.StyleError, match=message):
        style.restyle(piece, to, strength=strength)


def test_a_damaged_checkpoint_is_named(tmp_path):
    (tmp_path / "card.json").write_text('{"styles": ["a", "b"]}')
    np.savez(tmp_path / "weights.npz", **{"to_a/into/kernel": np.zeros((3, 3))})
    with pytest.raises(CheckpointError, match=f"{tmp_path} holds no editors: "):
        style.load(tmp_path)
    with pytest.raises(CheckpointError, match="holds no editors: FileNotFoundError"):
        style.load(tmp_path / "none")


def test_the_command(tmp_path, capsys):
    from musicgan_edu import playback

    source, out = tmp_path / "mine.mid", tmp_path / "restyled.mid"
    playback.to_midi(corpus.read_chorale("bwv66.6"), source)
    assert main(["restyle", str(source), "--to", "palestrina", "--strength", "0.7", "--out", str(out)]) == 0
    assert "edited: " in capsys.readouterr().out
    assert corpus.read(out).n_notes > 50
    assert main(["restyle", str(source), "--to", "palestrina", "--out", str(out)]) == 2
    assert "is there already" in capsys.readouterr().err
    assert main(["restyle", str(source), "--to", "verdi", "--out", str(tmp_path / "x.mid")]) == 2
    assert "no style 'verdi'" in capsys.readouterr().err
    assert not (tmp_path / "x.mid").exists()


# ---- tunes ------------------------------------------------------------------------------------


def tune(n=32, value=0.5, beats_per_bar=4.0, **fields):
    rows = [(0, 60 + i % 5, i * value, value) for i in range(n)]
    fields = {"key": (0, "major"), "source": "tune", "beats_per_bar": beats_per_bar} | fields
    return Score.from_rows(rows, (Track("Fiddle", 40),), **fields)


def test_a_tunes_note_values_and_its_barlines_are_spelling():
    plain = tune_windows([tune()])
    assert [len(window.notes) for window in plain] == [16, 16]
    assert len(plain[0].tracks) == 4
    for value, beats in ((0.25, 2.0), (1.0, 8.0), (0.5, 2.0), (1.0, 4.0)):
        again = tune_windows([tune(value=value, beats_per_bar=beats)])
        assert [w.notes["pitch"].tolist() for w in again] == [w.notes["pitch"].tolist() for w in plain]
        assert all(np.allclose(w.notes["onset"], v.notes["onset"]) for w, v in zip(again, plain, strict=True))


def test_a_tune_is_restyled_whatever_its_note_values_and_stays_one_track():
    made = {}
    for value, beats in ((0.5, 4.0), (0.25, 2.0), (1.0, 8.0), (1.0, 4.0)):
        piece = tune(value=value, beats_per_bar=beats, pickup=2 * value, tempo=90.0)
        made[value, beats] = style.restyle(piece, "folk", strength=2).score
        notes = made[value, beats].notes
        assert [track.name for track in made[value, beats].tracks] == ["Fiddle"]
        assert (made[value, beats].beats_per_bar, made[value, beats].pickup) == (beats, 2 * value)
        assert (made[value, beats].tempo, made[value, beats].end) == (90.0, 32 * value)
        plain = made[0.5, 4.0].notes
        assert notes["pitch"].tolist() == plain["pitch"].tolist()
        assert np.allclose(notes["onset"] / value, plain["onset"] / 0.5)
    assert made[0.5, 4.0].notes["pitch"].tolist() != tune().notes["pitch"].tolist()


def test_a_slow_tune_is_taken_as_it_stands():
    slow = tune(8, value=2.0)
    made = style.restyle(slow, "fiddle", strength=0).score
    assert np.array_equal(made.notes, slow.notes)


@pytest.mark.parametrize(
    ("piece", "message"),
    [
        (tune(beats_per_bar=3.0), "tune has 3 beats a bar: 'folk' was learnt from tunes in two and four"),
        (chords(), "'folk' was learnt from tunes in one voice: choose one"),
        (Score.from_rows([(0, 38, 0, 1)], [Track("Kit", 0, True)]), "the piece has no pitched notes"),
    ],
)
def test_what_is_no_tune_is_said(piece, message):
    with pytest.raises(style.StyleError, match=message):
        style.restyle(piece, "folk")


@pytest.mark.parametrize("to", ["folk", "fiddle"])
def test_the_command_on_a_tune(tmp_path, capsys, to):
    abc = "X:1\nT:A scale\nM:2/4\nL:1/16\nK:D\nDEFG ABcd|dcBA GFED|FAdA FAdA|GEFD EDCE|D8|]\n"
    (tmp_path / "tune.abc").write_text(abc)
    words = ["restyle", str(tmp_path / "tune.abc"), "--to", to, "--strength", "2"]
    assert main([*words, "--out", str(tmp_path / "new.mid")]) == 0
    assert "edited: " in capsys.readouterr().out
    made, was = corpus.read(tmp_path / "new.mid"), corpus.read(tmp_path / "tune.abc")
    assert (len(made.tracks), made.beats_per_bar, made.end) == (1, 2.0, was.end)
    onsets = [{float(note["onset"]) for note in score.notes} for score in (made, was)]
    assert len(onsets[0] & onsets[1]) > 25  # of 33: still this tune
    assert main([*words[:-2], "--strength", "0", "--out", str(tmp_path / "same.mid")]) == 0
    same = corpus.read(tmp_path / "same.mid")
    assert np.array_equal(
        same.notes[["pitch", "onset", "duration"]], was.notes[["pitch", "onset", "duration"]]
    )


def test_the_command_on_one_track_of_several(tmp_path, capsys):
    from musicgan_edu import playback

    rows = [(1, 60 + i % 5, i / 2, 0.5) for i in range(32)] + [(0, 40, 4 * i, 4) for i in range(4)]
    playback.to_midi(Score.from_rows(rows, [Track("Bass", 33), Track("Flute", 73)]), tmp_path / "two.mid")
    words = ["restyle", str(tmp_path / "two.mid"), "--to", "folk", "--strength", "0"]
    assert main([*words, "--track", "2", "--out", str(tmp_path / "new.mid")]) == 0
    made = corpus.read(tmp_path / "new.mid")
    assert [track.name for track in made.tracks] == ["Flute"]
    assert made.notes["pitch"].tolist() == [60 + i % 5 for i in range(32)]
    capsys.readouterr()
    assert main([*words, "--track", "3", "--out", str(tmp_path / "no.mid")]) == 2
    assert "no pitched notes on track 3 of 2" in capsys.readouterr().err


def test_chords_dealt_out_have_one_instrument():
    piano = Score.from_rows([(0, p, 0, 4) for p in (40, 48, 55, 60, 64, 67)], [Track("Piano", 4)])
    made = style.restyle(piano, strength=0).score
    assert [(track.name, track.program) for track in made.tracks] == [
        (voice.name, 4) for voice in CHORALE_VOICES
    ]


def test_a_singers_legato_stays_the_top_voice():
    vocal = [(0, p, i / 2, 0.9) for i, p in enumerate((74, 81, 74, 78, 74, 81, 76, 74))]
    guitar = [(1, p, 2 * i, 2) for i in range(2) for p in (62, 66, 69)]
    piece = Score.from_rows(vocal + guitar, [Track("Vocal", 53), Track("Guitar", 25)], key=(2, "major"))
    made = style.restyle(piece, strength=0).score
    assert made.of_track(0)["pitch"].tolist() == [row[1] for row in vocal]


def test_what_is_no_even_tune_gives_no_window():
    rests = tune(16).replace(notes=tune(16).notes[:-1])
    assert tune_windows([tune(beats_per_bar=3.0), chords(), rests, tune(1)]) == []


def test_matched_windows_have_as_many_notes_on_both_sides():
    def windows(counts):
        return [tune(n, source=str(i)) for i, n in enumerate(counts)]

    a, b = matched(windows([4, 4, 4, 5, 7]), windows([5, 4, 5, 4, 9]))
    assert [w.n_notes for w in a] == [4, 4, 5]
    assert sorted(w.n_notes for w in b) == [4, 4, 5]
    assert len({w.source for w in a}) == 3

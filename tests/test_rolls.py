"""Polyphonic rolls: cutting music to them, the networks, the game, its measures, the commands."""

import csv
import dataclasses
import io
import json

import keras
import numpy as np
import pytest
import tensorflow as tf

from musicgan_edu import __main__ as command
from musicgan_edu import baselines, cleaning, corpus, evaluation, models, sampling, training
from musicgan_edu.corpus import chosen
from musicgan_edu.corpus.report import ImportReport
from musicgan_edu.encoding import RollEncoding
from musicgan_edu.evaluation import EvaluationError
from musicgan_edu.playback import to_midi
from musicgan_edu.score import CheckpointError, EncodingError, Grid, Score, Track, TrainingError

DUO = (Track("Lute", 24), Track("Viol", 42))
FORM = RollEncoding(tracks=DUO, low=36, high=95)
SMALL = {"width": 8, "batch_size": 8, "latent_dim": 8, "penalty_every": 2}
DETERMINISTIC = dataclasses.replace(training.RECIPES["rolls"], **SMALL)
STOCHASTIC = dataclasses.replace(DETERMINISTIC, noise=1.0, temperature=1.0)


def piece(*rows, tracks=DUO, **fields):
    return Score.from_rows(rows, tracks, **fields)


def duet(seed, n_bars=8):
    """Chords of two or three keys in the lute, in C major, over a viol in octaves."""
    rng, rows = np.random.default_rng(seed), []
    for beat in range(4 * n_bars):
        root = int(rng.choice([60, 62, 65, 67]))
        rows += [(0, root, beat, 1), (0, root + 7, beat, 1), (1, root - 12, beat, 1)]
    return piece(*rows, source=f"duet{seed}", key=(0, "major"))


@pytest.fixture(scope="module")
def windows():
    return training.prepare([duet(seed) for seed in range(8)], FORM)


# ---- music to rolls ------------------------------------------------------------------------------


def test_windows_are_rolls_without_loss(windows):
    cut = training.cut([duet(0)], FORM)
    assert cut.values.dtype == bool
    assert cut.values.shape == (7, 32, 60, 4)  # windows of two bars, one a bar
    assert np.array_equal(cut.values, windows[:7])
    back = FORM.decode(cut.values)
    assert [list(score.notes["pitch"]) for score in back] == [list(s.notes["pitch"]) for s in cut.scores]


def test_what_is_left_out_is_counted_by_its_reason():
    scores = [
        piece((0, 60, 0, 1), (0, 64, 7, 1)),
        piece((0, 60, 0, 1), beats_per_bar=3.0),
        piece((0, 60, 0, 8), tracks=DUO[:1]),
        piece((0, 60, 1 / 3, 1), (0, 64, 7, 1)),  # a triplet
        piece((0, 24, 0, 1), (0, 60, 7, 1), key=(0, "major")),
        piece((0, 60, 8, 4), (0, 64, 0, 0.5), key=(0, "major")).replace(pickup=1.0),
        piece((0, 2, 0, 8), key=(6, "major")),
        piece((0, 38, 0, 8), tracks=(Track("drums", is_drum=True), DUO[1])),
    ]
    left_out = training.cut(scores, FORM).left_out
    assert dict(left_out) == {
        "pieces or stretches of other tracks or metre": 2,
        "windows with notes off the grid": 1,
        "windows with notes out of range or in each other's way": 1,
        "pieces that can't be moved to C": 1,
    }
    assert training.reasons(left_out).startswith(
        "left out: pieces or stretches of other tracks or metre (2), wind"
    )


def test_times_that_are_nearly_on_the_grid_are_meant_to_be():
    played = piece((0, 60, 0.02, 0.9), (0, 62, 0.97, 1.0), (0, 64, 7, 0.94), key=(0, "major"))
    (window,) = training.cut([played], FORM).scores
    assert window.notes["onset"].tolist() == [0, 1, 7]
    assert window.notes["duration"].tolist() == [1, 1, 1]
    assert played.notes["onset"][0] == 0.02  # the piece itself stays as it was


def test_music_that_fits_nowhere_says_why():
    with pytest.raises(TrainingError, match=r"left out: pieces or stretches of other tracks or metre \(1\)"):
        training.cut([piece((0, 60, 0, 8), tracks=DUO[:1])], FORM)
    with pytest.raises(TrainingError, match="no pieces to make rolls of"):
        training.rolls_for([])


def test_the_form_takes_the_tracks_that_the_pieces_agree_on():
    other = piece((0, 60, 0, 8), tracks=(Track("Solo"),))
    assert training.rolls_for([duet(0), duet(1), other]).tracks == DUO
    assert training.rolls_for([other, duet(1)]).tracks == other.tracks  # half are enough
    many = [piece((0, 60, 0, 8), tracks=tuple(Track(f"t{i}", i) for i in range(n))) for n in (9, 9)]
    assert training.rolls_for(many).tracks == cleaning.FAMILIES


def test_music_without_four_four_is_taken_in_its_own_metre():
    waltz = piece((0, 60, 0, 6), beats_per_bar=3.0)
    assert training.rolls_for([waltz]).shape == (24, 60, 4)
    assert training.rolls_for([waltz, waltz, duet(0)]).shape == (32, 60, 4)
    odd = training.rolls_for([piece((0, 60, 0, 9), beats_per_bar=4.5)])
    with pytest.raises(EncodingError, match="got 36 steps"):
        models.RollGenerator(odd)


def test_tracks_of_a_band_are_merged_by_family():
    tracks = (Track("kit", 0, True), Track("organ", 19), Track("slap", 36), Track("flute", 73), Track("p", 1))
    rows = [(0, 38, 0, 8), (1, 60, 0, 8), (2, 40, 0, 8), (3, 72, 0, 8), (4, 64, 0, 8), (4, 60, 0, 4)]
    merged = cleaning.by_family(piece(*rows, tracks=tracks))
    found = sorted(zip(merged.notes["track"].tolist(), merged.notes["pitch"].tolist(), strict=True))
    assert found == [(0, 38), (1, 60), (1, 60), (1, 64), (3, 40), (4, 72)]
    assert cleaning.by_family(merged) is merged
    form = RollEncoding(tracks=cleaning.FAMILIES, low=36, high=95)
    (window,) = training.cut([piece(*rows, tracks=tracks, key=(0, "major"))], form).scores
    assert window.n_notes == 5  # what organ and piano both sound is one note


def test_quartets_are_in_four_parts_and_named_alike():
    four = piece((3, 48, 0, 1), tracks=tuple(Track(f"Part {i}") for i in range(4)), source="a/op1.mxl")
    report = chosen.only_quartets(ImportReport((four, duet(0)), ()))
    assert [score.source for score in report.scores] == ["a/op1"]
    assert report.scores[0].tracks == chosen.QUARTET
    assert report.rejected == (("duet0", "2 parts, not 4"),)


@pytest.mark.slow  # reads 51 files where the cache is cold
def test_the_quartets_have_chords_within_a_track_and_all_splits():
    quartets = corpus.collect("quartets", progress=False)
    assert len(quartets.splits) > 40
    assert set(quartets.splits.values()) == {"train", "validation", "test"}
    scores = [score for score in quartets.scores if score.beats_per_bar == 4]
    form = training.rolls_for(scores)
    assert form.tracks == chosen.QUARTET
    train = [score for score in scores if quartets.splits[score.source] == "train"]
    rate = evaluation.polyphonic_rate(training.cut(train, form).scores, grid=form.grid).value
    assert 0.02 < rate < 0.2  # double stops


# ---- networks ------------------------------------------------------------------------------------


def test_the_generator_makes_a_logit_for_each_key_and_keys_that_are_bits():
    generator = models.RollGenerator(FORM, latent_dim=10, width=8)
    rng = np.random.default_rng(0)
    z, uniform = rng.standard_normal((3, 10), np.float32), rng.random((3, *FORM.shape), np.float32)
    logits = generator(z).numpy()
    assert logits.shape == (3, 32, 60, 4)
    rolls = generator.tokens(z, uniform)
    assert rolls.dtype == bool
    assert np.array_equal(rolls, logits > 0)  # until it has met its music: one key at once
    values = generator.decide(tf.constant(logits), tf.constant(uniform), noise=0.5).numpy()
    assert set(values.ravel().tolist()) == {0.0, 1.0}
    assert np.array_equal(values, uniform < tf.sigmoid(2 * logits).numpy())


def test_the_keys_of_a_track_compete(windows):
    keras.utils.set_random_seed(1)
    generator = models.RollGenerator(FORM, latent_dim=10, width=8)
    generator.meet(windows)
    assert generator.most.numpy().tolist() == [2, 1]
    rng = np.random.default_rng(0)
    z, uniform = rng.standard_normal((50, 10), np.float32), rng.random((50, *FORM.shape), np.float32)
    assert generator.tokens(z, uniform)[..., :2].sum(2).max((0, 1)).tolist() == [2, 1]
    logits = generator(z).numpy()
    bias = generator.usual.numpy()
    bias[24, 0] += 2
    generator.usual.assign(bias)
    change = generator(z).numpy() - logits
    assert (change[:, :, 24, 0] > 0).all()
    assert (np.delete(change[..., 0], 24, axis=2) <= 1e-6).all()
    assert not change[..., 1:].any()  # neither the other track's nor the strikes


@pytest.mark.parametrize("noise", [0.0, 1.0])
def test_who_asks_for_more_keys_gets_them(windows, noise):
    keras.utils.set_random_seed(1)
    generator = models.RollGenerator(FORM, latent_dim=10, width=8)
    generator.meet(windows)
    rng = np.random.default_rng(0)
    z, uniform = rng.standard_normal((50, 10), np.float32), rng.random((50, *FORM.shape), np.float32)
    with tf.GradientTape() as tape:
        keys = tf.reduce_sum(generator.decide(generator(z), tf.constant(uniform), noise=noise)[..., :2])
    slopes = tape.gradient(keys, generator.usual).numpy()[:, :2]
    # a sigmoid of log share would take from the leading key, for the others' sake, until none is down
    assert slopes.min() > -1e-3
    assert slopes.max() > 1


def test_a_newborn_plays_as_much_as_its_music(windows):
    keras.utils.set_random_seed(1)
    generator = models.RollGenerator(FORM, latent_dim=10, width=32)
    generator.meet(windows)
    z = np.random.default_rng(0).standard_normal((100, 10), np.float32)
    born = FORM.decode(generator.tokens(z, np.zeros((100, *FORM.shape))))
    by_key = baselines.random_keys(windows, FORM, 100, seed=1)
    sets = {"born": born, "real": FORM.decode(windows), "random keys": by_key}
    table = evaluation.compare_rolls(sets, train=born[:1], grid=FORM.grid)
    assert 0.5 < table["notes a bar"]["born"] / table["notes a bar"]["real"] < 2
    longer = table["notes longer than a step"]
    assert longer["born"] > 1.5 * longer["random keys"]
    before = generator.usual.numpy()
    generator.meet(windows[:1])  # a run that goes on has met its music
    assert np.array_equal(generator.usual, before)


@pytest.mark.parametrize(
    "form", [dataclasses.replace(FORM, high=94), dataclasses.replace(FORM, grid=Grid(1, 3.0, 4))]
)
def test_the_generator_needs_whole_octaves_and_eighths_of_its_steps(form):
    with pytest.raises(EncodingError, match="a multiple of 8 steps and whole octaves"):
        models.RollGenerator(form)


def test_the_discriminator_hears_as_many_strikes_as_there_are_notes(windows):
    heard = models.features_of_rolls(windows, FORM).numpy()
    keys = heard[..., : 60 * 4].reshape(-1, 32, 60, 4)
    notes = [score.n_notes for score in FORM.decode(windows)]
    assert keys[..., 2:].sum((1, 2, 3)).tolist() == notes
    unmarked = windows.copy()
    unmarked[..., 2:] = False  # a key that begins to sound is struck, said or not
    again = models.features_of_rolls(unmarked, FORM).numpy()[..., : 60 * 4].reshape(-1, 32, 60, 4)
    assert again[..., 2:].sum((1, 2, 3)).tolist() == [s.n_notes for s in FORM.decode(unmarked)]
    assert again[..., 2:].sum() < keys[..., 2:].sum()  # repeated notes have become one


def test_the_discriminator_hears_chords():
    chord = piece((0, 60, 0, 8), (0, 64, 0, 8), (0, 72, 0, 8), (1, 48, 0, 8))
    heard = models.features_of_rolls(FORM.encode([chord]).values, FORM).numpy()[0, 0, 240:]
    chroma, between, lute, viol = heard[:24].reshape(12, 2), *heard[24:60].reshape(3, 12)
    assert chroma[[0, 4], 0].tolist() == [2, 1]
    assert chroma.sum(0).tolist() == [3, 1]
    assert (between[0], between[4], between.sum()) == (2, 1, 3)  # two octaves and a third above the viol
    assert lute.sum() == viol.sum() == 0  # nothing sounded a step before
    assert not heard[60:].any()  # neither rests
    silent = models.features_of_rolls(np.zeros((1, *FORM.shape)), FORM).numpy()[0, 0]
    assert silent[:-2].sum() == 0
    assert (silent[-2:] > 0).all()


def test_a_slope_reaches_every_weight_through_the_keys():
    game = training.make(FORM, DETERMINISTIC, seed=1)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(game.judge(game.generate(4)))
    for variable, slope in zip(
        game.generator.trainable_variables,
        tape.gradient(loss, game.generator.trainable_variables),
        strict=True,
    ):
        assert slope is not None, variable.path
        assert np.abs(slope.numpy()).max() > 0, variable.path


# ---- measures ------------------------------------------------------------------------------------


def test_polyphonic_steps_by_hand():
    # lute: 4 steps alone, 2 with a second key (which the first outlasts), 2 alone; viol: 4 steps alone
    one = piece((0, 60, 0, 2), (0, 64, 1, 0.5), (1, 48, 0, 1))
    rate = evaluation.polyphonic_rate([one, piece((0, 60, 0, 1))], grid=Grid())
    assert (rate.hits.tolist(), rate.cases.tolist()) == ([2, 0], [12, 4])


def test_sets_stand_side_by_side():
    real, fake = training.cut([duet(0)], FORM).scores, training.cut([duet(5)], FORM).scores
    table = evaluation.compare_rolls({"real": real, "fake": fake}, train=real, grid=FORM.grid)
    assert table["copying, median agreement with train"]["real"] == 1.0
    assert table["copying, median agreement with train"]["fake"] < 1.0
    assert table["polyphonic steps of a track"]["real"] == pytest.approx(
        0.5
    )  # all of the lute's, none of the viol's
    assert table["empty bars (EB)"]["real, interval"] is None  # one piece
    lines = evaluation.as_markdown(table).splitlines()
    assert lines[0] == "| measure | real | fake |"
    assert len(lines) == 2 + len(table)
    with pytest.raises(EvaluationError, match="no windows of fake"):
        evaluation.compare_rolls({"real": real, "fake": []}, train=real, grid=FORM.grid)


def test_qualified_notes_of_another_length():
    notes = [piece((0, 60, 0, 0.25), (0, 62, 1, 0.5))]
    assert evaluation.qualified_notes(notes).value == 1
    assert evaluation.qualified_notes(notes, shortest=0.5).value == 0.5


def test_random_keys_have_the_musics_density(windows):
    drawn = baselines.random_keys(windows, FORM, 200, seed=1)
    rolls = FORM.encode(drawn).values[..., :2]
    density = windows[..., :2].mean((0, 1))
    error = np.sqrt(density * (1 - density) / (200 * 32))
    assert (np.abs(rolls.mean((0, 1)) - density) <= 5 * error).all()
    assert np.array_equal(baselines.random_keys(windows, FORM, 3, seed=1)[2].notes, drawn[2].notes)
    with pytest.raises(TrainingError, match="'markov' counts voices, not rolls"):
        baselines.train("markov", windows, "unused", steps=1, encoding=FORM)


# ---- training ------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("recipe", [DETERMINISTIC, STOCHASTIC])
def test_an_interrupted_run_is_the_uninterrupted_one(recipe, windows, tmp_path, monkeypatch):
    options = {"encoding": FORM, "seed": 3, "corpus": "duets"}
    whole = training.train(recipe, windows, tmp_path / "whole", steps=6, **options)
    monkeypatch.setattr("musicgan_edu.training.run.CHECKPOINT_SECONDS", 0)
    monkeypatch.setattr("musicgan_edu.training.run.LOG_SECONDS", 0)

    def stop(progress, step, values):
        if step >= 4 and not (tmp_path / "stopped").exists():
            (tmp_path / "stopped").touch()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        training.train(recipe, windows, tmp_path / "parts", steps=6, report=stop, **options)
    parts = training.train(recipe, windows, tmp_path / "parts", steps=6, **options)
    assert all(np.array_equal(whole.weights[key], parts.weights[key]) for key in whole.weights)
    first, other = whole.sample(3, seed=7), parts.sample(2, seed=7)
    assert all(np.array_equal(a.notes, b.notes) for a, b in zip(first, other, strict=False))
    assert first[0].tracks == DUO
    assert isinstance(whole.encoding, RollEncoding)
    with pytest.raises(EncodingError, match="of voices, not of rolls"):
        sampling.redraw(
            whole,
            whole.latents(1),
            whole.noise(1),
            tokens=np.zeros((32, 60), int),
            keep=np.ones((32, 60), bool),
        )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A band's MIDI files, one of them broken, one in 3/4."""
    folder = tmp_path_factory.mktemp("band")
    for seed in range(30):
        to_midi(duet(seed), folder / f"song{seed}.mid")
    to_midi(piece((0, 60, 0, 6), beats_per_bar=3.0), folder / "minuet.mid")
    (folder / "broken.mid").write_bytes(b"MThd\0\0\0\6\0\1")
    return folder


@pytest.mark.slow
def test_the_commands_take_a_folder_of_many_tracks(folder, tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(baselines.RECIPES, "rolls", DETERMINISTIC)
    monkeypatch.setitem(training.RECIPES, "rolls", DETERMINISTIC)
    run, out = tmp_path / "run", tmp_path / "out"
    train = ["train", "--corpus", str(folder), "--recipe", "rolls", "--steps", "3", "--out", str(run)]
    assert command.main(train) == 0
    said = capsys.readouterr().out
    assert "1 files left out" in said
    assert "windows of Lute, Viol; left out: pieces or stretches of other tracks or metre (1)" in said
    assert command.main(["compose", "--checkpoint", str(run), "--count", "2", "--out", str(out)]) == 0
    score = corpus.read(out / "0000.mid")
    assert [(track.name, track.program) for track in score.tracks if score.n_notes] == [
        ("Lute", 24),
        ("Viol", 42),
    ]
    capsys.readouterr()
    figures = tmp_path / "figures.json"
    assert command.main(["evaluate", str(run), "--count", "16", "--out", str(figures)]) == 0
    said = capsys.readouterr().out
    assert f"| measure | validation | train | {run} | random keys |" in said
    table = json.loads(figures.read_text())
    assert table["notes a bar"]["random keys"] > 0
    rows = list(csv.DictReader(io.StringIO((run / "log.csv").read_text())))
    assert {"d_loss", "g_loss", "gap", "penalty"} <= rows[-1].keys()
    assert (
        command.main(["compose", "--checkpoint", str(run), "--ask", "minor", "--out", str(tmp_path / "x")])
        == 2
    )
    assert "it isn't conditional" in capsys.readouterr().err
    refuse_damage(run, tmp_path)


def refuse_damage(run, tmp_path):
    """A card that promises rolls which its weights can't make."""
    card, weights = json.loads((run / "card.json").read_text()), sampling.read_arrays(run / "weights.npz")
    broken = {**card, "encoding": {**card["encoding"], "high": 94}}
    sampling.write(tmp_path / "pitches", weights, broken)
    with pytest.raises(CheckpointError, match="whole octaves"):
        sampling.load(tmp_path / "pitches")
    huge = {**card, "generator": {**card["generator"], "width": 4096}}
    sampling.write(tmp_path / "huge", weights, huge)
    with pytest.raises(CheckpointError, match="aren't those of a generator of"):
        sampling.load(tmp_path / "huge")
    voices = {**card, "generator": {**card["generator"], "kind": "convolutional"}}
    sampling.write(tmp_path / "voices", weights, voices)
    with pytest.raises(CheckpointError, match="is no checkpoint"):
        sampling.load(tmp_path / "voices")

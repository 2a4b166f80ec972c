"""Filling gaps: where they lie, that nothing else changes, what each way does, what can't be filled."""

import numpy as np
import pytest

from musicgan_edu import __main__ as command
from musicgan_edu import completion, corpus, evaluation, playback, sampling
from musicgan_edu.commands import complete as complete_command
from musicgan_edu.score import Score, Track

FORM = completion.FORM
SIMPLE = ["hold", "mode", "nearest"]


@pytest.fixture(scope="module")
def chorale():
    """A whole chorale of four voices in 4/4 with a pickup, not in C."""
    scores = corpus.load("chorales", split="validation", progress=False)
    return next(
        s for s in scores if len(s.tracks) == 4 and s.beats_per_bar == 4 and s.pickup == 1 and s.n_bars > 6
    )


def test_a_gap_is_bars_of_voices_on_beats(chorale):
    table = completion.Table(chorale)
    assert table.lead == 4
    bars = completion.gap(chorale, bars=[1, 3])
    assert bars.shape == (4 + 16 * chorale.n_bars, 4)
    assert np.flatnonzero(bars[:, 2]).tolist() == [*range(4, 20), *range(36, 52)]
    alto = completion.gap(chorale, bars=[2], voices=[1], beats=[2, 4])
    assert np.argwhere(alto).tolist() == [[s, 1] for s in (*range(24, 28), *range(32, 36))]
    assert np.flatnonzero(completion.gap(chorale, bars=[0])[:, 0]).tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({}, "say what is missing"),
        ({"bars": [99]}, "no bar 99 in .*, it has 0 to"),
        ({"voices": [4]}, "no voice 4 in .*, it has 0 to 3"),
        ({"beats": [5]}, "no beat 5 in .*, it has 1 to 4"),
    ],
)
def test_a_gap_that_is_not_there(chorale, words, message):
    with pytest.raises(completion.CompletionError, match=message):
        completion.gap(chorale, **words)


@pytest.mark.parametrize("method", [*SIMPLE, "gan", "latent", "masked", "likeliest"])
def test_what_was_given_is_as_it_was_and_the_rest_is_new(chorale, method):
    missing = completion.gap(chorale, bars=[3, 4], voices=[1, 2])
    done = completion.complete(chorale, missing, method=method, seed=3, n=8)
    assert completion.fragments(done.score, missing) == completion.fragments(chorale, missing)
    assert done.remarks == ()
    table, before, after = completion.Table(chorale), chorale.notes.tolist(), done.score.notes.tolist()
    low, high = table.at(4 + 32), table.at(4 + 64)
    untouched = [n for n in before if n[0] in (0, 3) or n[2] + n[3] < low or n[2] > high]
    assert set(untouched) <= set(after)  # to the bit
    new = done.score.cut(low, high)
    assert {1, 2} <= set(new.notes["track"].tolist())  # no way leaves these two bars silent
    again = completion.complete(chorale, missing, method=method, seed=3, n=8)
    assert again.score == done.score


def test_learnt_ways_stay_near_the_key_of_a_piece_that_is_not_in_c(chorale):
    from musicgan_edu import cleaning

    missing = completion.gap(chorale, bars=range(2, 5))
    done = completion.complete(chorale, missing, seed=1)
    table = completion.Table(chorale)
    new = done.score.cut(table.at(20), table.at(68))
    assert new.n_notes > 20
    tonic, mode = cleaning.estimate_key(chorale)
    scale = {
        (tonic + step) % 12
        for step in ((0, 2, 4, 5, 7, 9, 11) if mode == "major" else (0, 2, 3, 5, 7, 8, 10, 11))
    }
    assert np.isin(new.notes["pitch"] % 12, list(scale)).mean() > 0.7


def test_notes_across_the_edges_are_cut_or_go_on():
    score = Score.from_rows([(0, 60, 0, 8), (0, 62, 8, 8)], [Track("line")], key=(0, "major"))
    missing = completion.gap(score, bars=[2, 3])
    held = completion.complete(score, missing, method="hold")
    assert held.score.notes[["pitch", "onset", "duration"]].tolist() == [(60, 0.0, 12.0), (62, 12.0, 4.0)]
    assert "left open" in held.remarks[0]


def test_free_rhythm_outside_the_gap_is_kept_to_the_bit():
    rng = np.random.default_rng(1)
    onsets = np.sort(rng.random(40) * 32)
    rows = [(0, 60 + i % 8, onset, 0.1 + rng.random() / 7) for i, onset in enumerate(onsets)]
    score = Score.from_rows(rows, [Track("free")], pickup=0.37)
    missing = completion.gap(score, bars=[3])
    done = completion.complete(score, missing, method="hold")
    assert completion.fragments(done.score, missing) == completion.fragments(score, missing)


def test_what_hold_mode_and_nearest_do():
    tokens = np.full((1, 32, 4), FORM.hold, np.int64)
    tokens[0, 0], tokens[0, 20] = [36, 31, 24, 12], [38, 31, 26, 14]
    missing = np.zeros(tokens.shape, bool)
    missing[0, 8:20] = True
    heard = completion.sounding(completion.fill_windows(tokens, missing, method="hold"))
    assert np.array_equal(heard, completion.sounding(tokens))  # what was held is what stood there
    usual = completion.sounding(completion.fill_windows(tokens, missing, method="mode"))[0, 10]
    windows = completion.sounding(completion.training_windows())
    assert usual.tolist() == [np.bincount(windows[..., v].ravel()).argmax() for v in range(4)]
    own = completion.training_windows()[5:6].astype(int)
    same = completion.fill_windows(own, missing, method="nearest")
    assert np.array_equal(completion.sounding(same), completion.sounding(own))


def test_a_latent_is_found_for_the_cells_that_are_known_only():
    sampler = sampling.load("chorales")
    tokens = sampler.tokens(sampler.latents(1, seed=5), sampler.noise(1, seed=5))[0]
    keep = np.ones(tokens.shape, bool)
    keep[16:] = False
    other = np.where(keep, tokens, FORM.rest)
    one, two = (
        sampling.invert(sampler, t, keep=keep, candidates=8, n_steps=1).log_likelihood
        for t in (tokens, other)
    )
    assert one == pytest.approx(two, rel=1e-4)  # the generator never looks ahead, so the future can't matter


@pytest.mark.parametrize(
    ("rows", "tracks", "message"),
    [
        ([(0, 36, i, 0.5) for i in range(16)], [Track("Kit", 0, True)], "is drums"),
        ([(0, p, i, 1) for i in range(16) for p in (60, 64)], [Track("Piano")], "plays chords .*to_voices"),
        (
            [(v, 60 + v, i, 1) for i in range(16) for v in range(5)],
            [Track(str(v)) for v in range(5)],
            "5 tracks",
        ),
    ],
)
def test_what_can_not_be_filled(rows, tracks, message):
    score = Score.from_rows(rows, tracks, title="mine", key=(0, "major"))
    with pytest.raises(completion.CompletionError, match=message):
        completion.complete(score, completion.gap(score, bars=[2]))


def test_a_singers_legato_is_no_chord_and_stays_to_the_bit():
    rows = [
        (0, p, t, 0.9)
        for p, t in ((72, 0), (74, 1), (76, 1.5), (74, 2.5), (72, 3), (74, 4), (72, 5), (71, 6), (72, 7))
    ]
    score = Score.from_rows([*rows, *[(0, p, 8 + t, d) for _, p, t, d in rows]], [Track("Vocal", 53)])
    missing = completion.gap(score, bars=[3])
    done = completion.complete(score, missing, method="nearest").score
    assert completion.fragments(done, missing) == completion.fragments(score, missing)
    assert set(score.notes.tolist()[:9]) <= set(done.notes.tolist())


@pytest.mark.parametrize("method", ["drafts", "latent", "masked", "likeliest", *SIMPLE])
def test_every_way_keeps_a_singers_range(method):
    windows, missing = (
        completion.training_windows()[[0, 700]].astype(int),
        np.zeros((2, *FORM.shape[:2]), bool),
    )
    missing[..., 1:] = True
    voices = np.arange(1, 4)

    def leaves(**options):
        filled = completion.fill_windows(windows, missing, method=method, n=8, **options)[..., 1:]
        low, high = np.array(evaluation.RANGES)[voices].T + 16 - FORM.low  # a piece that was moved up by 16
        return ((filled < FORM.rest) & ((filled < low) | (filled > high))).sum()

    assert leaves() > 0
    assert leaves(shift=[16, 16]) == 0


def test_a_voice_may_go_where_it_is_given():
    tokens, given = np.full((8, 4), FORM.hold), np.ones((8, 4), bool)
    tokens[0], tokens[4, 3] = [40, 30, 20, 10], 72 - FORM.low
    for known, top in ((True, 72), (False, 66 + 2)):
        given[4:, 3] = known
        bass = np.flatnonzero(completion._allowed(tokens, given, 2)[3, : FORM.n_pitches]) + FORM.low
        assert (bass[0], bass[-1]) == (36 + 2, top)


def test_masks_and_methods_that_do_not_fit(chorale):
    missing = completion.gap(chorale, bars=[2])
    for bad, method, message in (
        (missing[:-1], "hold", "must be bool"),
        (missing.astype(int), "hold", "must be bool"),
        (np.zeros_like(missing), "hold", "the gap is empty"),
        (missing, "magic", "no method 'magic', there are masked"),
    ):
        with pytest.raises(completion.CompletionError, match=message):
            completion.complete(chorale, bad, method=method)


# ------------------------------------------------------------------------------- the command


def test_the_command_fills_a_file(chorale, tmp_path, capsys):
    playback.to_midi(chorale, tmp_path / "in.mid")
    assert tuple(completion.METHODS) == complete_command.WAYS
    line = ["complete", str(tmp_path / "in.mid"), "--bars", "2-3", "--voices", "2", "--method", "hold"]
    assert command.main([*line, "--out", str(tmp_path / "out.mid")]) == 0
    assert "32 of" in capsys.readouterr().out
    out = corpus.read(tmp_path / "out.mid")
    assert out.n_bars == chorale.n_bars
    assert command.main([*line, "--out", str(tmp_path / "out.mid")]) == 2
    assert "is there already" in capsys.readouterr().err
    assert command.main([*line[:2], "--bars", "99", "--out", str(tmp_path / "o.mid")]) == 2
    assert "no bar 99" in capsys.readouterr().err


def test_voices_that_a_tune_lacks_are_new_tracks(tmp_path, capsys):
    rows = [(0, p, i, 1) for i, p in enumerate([74, 74, 76, 78, 74, 78, 76, 69, 74])]
    playback.to_midi(Score.from_rows(rows, [Track("Tune", 73)], beats_per_bar=3.0), tmp_path / "waltz.mid")
    line = ["complete", str(tmp_path / "waltz.mid"), "--method", "nearest", "--out", str(tmp_path / "o.mid")]
    assert command.main([*line, "--voices", "2-4"]) == 0
    said = capsys.readouterr().out
    assert "waltz.mid has 1 track: the voices behind them are new" in said
    assert "learnt 4/4 only" in said
    made = corpus.read(tmp_path / "o.mid")
    assert [track.name for track in made.tracks] == ["Tune", "Alto", "Tenor", "Bass"]
    assert made.of_track(0)["pitch"].tolist() == [row[1] for row in rows]
    means = [made.of_track(i)["pitch"].mean() for i in range(4)]
    assert means == sorted(means, reverse=True)
    for words, message in (("2-5", "knows 4 voices, not 5"), ("0", "voices are counted from 1")):
        assert command.main([*line[:-1], str(tmp_path / "p.mid"), "--voices", words]) == 2
        assert message in capsys.readouterr().err


def test_new_voices_need_one_to_go_with_and_empty_tracks_are_where_they_belong():
    kit = Score.from_rows([(0, 36, i, 0.5) for i in range(8)], [Track("Kit", 0, True)], title="kit")
    with pytest.raises(completion.CompletionError, match="'kit' has no single voice"):
        completion.with_voices(kit, 4)
    names = [Track(name) for name in ("S", "A", "T", "B")]
    rows = [(v, p, i, 1) for v, p in ((0, 72), (1, 65), (2, 60)) for i in range(8)]
    score = Score.from_rows(rows, names, key=(0, "major"))  # the bass is an empty track
    assert completion._voices(score, completion.gap(score, voices=[3])) == ([0, 1, 2, 3], [])


@pytest.mark.parametrize("text", ["one", "4-3", "-1", "1-", ""])
def test_ranges_that_are_none(text, capsys):
    with pytest.raises(SystemExit):
        command.main(["complete", "a.mid", f"--bars={text}", "--out", "o.mid"])
    assert "must be numbers or ranges" in capsys.readouterr().err


# -------------------------------------------------------------------------------- the critic


def test_the_critic_finds_what_gives_fillings_away_and_its_slope_is_zero():
    from musicgan_edu import evaluation
    from musicgan_edu.completion import critic

    windows = completion.training_windows()[:60].astype(int)
    gaps = critic.holes(60, FORM.shape[:2], np.random.default_rng(0))
    assert gaps.any((1, 2)).all()
    filled = completion.fill_windows(windows, gaps, method="mode")
    real, fake = FORM.decode(windows), FORM.decode(filled)
    judge = critic.train(real[:40], fake[:40], ridge=10.0)
    right = ((judge.logit(real[40:]) > judge.logit(fake[40:])) * 1.0).mean()
    assert right > 0.7  # windows that it hasn't seen
    tables = [evaluation.features(scores).values for scores in (real[:40], fake[:40])]
    x, y = (np.concatenate(tables) - judge.mean) / judge.scale, np.repeat([1.0, 0.0], 40)
    slope = x.T @ (1 / (1 + np.exp(-x @ judge.weights)) - y) + 10 * judge.weights
    assert np.abs(slope).max() < 1e-6

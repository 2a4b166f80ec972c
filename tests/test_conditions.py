"""What a generator can be told: measured on music, asked for in words."""

import dataclasses

import numpy as np
import pytest

from musicgan_edu import conditions, sampling
from musicgan_edu.encoding import VoiceEncoding
from musicgan_edu.score import Grid, MusicganError, Score, Track

FORM = VoiceEncoding()
TRACKS = [Track(name) for name in ("Soprano", "Alto", "Tenor", "Bass")]


def window(chords, beats):
    """Two bars of 4/4: the chords in turn, each so many beats."""
    rows = [
        (v, p, i * beats, beats) for i in range(int(8 / beats)) for v, p in enumerate(chords[i % len(chords)])
    ]
    return FORM.tokens([Score.from_rows(rows, TRACKS)]).values[0]


C, G, A_MINOR, E = (72, 67, 64, 48), (71, 67, 62, 55), (69, 64, 60, 45), (68, 64, 59, 52)


@pytest.mark.parametrize(
    ("chords", "beats", "is_"),
    [
        ((C, G), 2.0, ("major", "calm")),  # 2 notes a bar and voice
        ((A_MINOR, E), 1.0, ("minor", "calm")),  # 4
        ((C, G), 0.5, ("major", "lively")),  # 8
        ((A_MINOR, E), 8.0, ("minor", "calm")),
    ],
)
def test_a_window_is_what_one_hears(chords, beats, is_):
    row = conditions.measure(window(chords, beats)[None], FORM, "mode+motion")[0]
    fitting = conditions.combinations("mode+motion")[conditions.columns("mode+motion", is_)]
    assert row.tolist() == fitting[0].tolist()


def test_motion_has_its_bounds_at_4_4_and_5_notes():
    begun = np.full((3, *FORM.shape[:2]), FORM.hold)
    for i, n in enumerate((35, 36, 40)):  # in two bars of four voices: 4.375, 4.5 and 5.0
        begun[i].reshape(-1)[:n] = 20
    assert conditions.measure(begun, FORM, "motion").argmax(1).tolist() == [0, 1, 2]


def test_silence_is_something_too():
    silent = np.full((1, *FORM.shape[:2]), FORM.rest)
    assert conditions.measure(silent, FORM, "mode+motion").sum() == 2


def test_no_condition_has_no_columns():
    assert conditions.measure(np.zeros((3, *FORM.shape[:2]), int), FORM, "").shape == (3, 0)
    assert conditions.combinations("").shape == (1, 0)
    assert conditions.columns("", ()).tolist() == [True]


def test_combinations_are_all_of_them_once():
    rows = conditions.combinations("mode+motion")
    assert rows.shape == (6, 5)
    assert len({tuple(row) for row in rows}) == 6
    assert (rows.sum(1) == 2).all()
    assert conditions.columns("mode+motion", ["minor"]).sum() == 3


@pytest.mark.parametrize("condition", ["mood", "mode+mode", "+", "mode+"])
def test_unknown_properties_are_refused(condition):
    with pytest.raises(MusicganError, match="each once"):
        conditions.names(condition)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (["sad"], "'sad' can't be asked for.*major, minor, calm"),
        (["minor", "major"], "minor and major at once"),
    ],
)
def test_what_cannot_be_asked_for_is_said(asked, message):
    with pytest.raises(MusicganError, match=message):
        conditions.columns("mode+motion", asked)


def test_agreement_counts_each_property_and_says_what_chance_gives():
    windows = np.stack([window((C, G), 2.0), window((A_MINOR, E), 1.0)])
    found = conditions.measure(windows, FORM, "mode+motion")
    told = found.copy()
    told[1, :2] = told[0, :2]  # asked for major, got minor
    shares = conditions.agreement(told, windows, FORM, "mode+motion")
    assert shares == {"mode": (0.5, 0.5), "motion": (1.0, 1.0)}


def test_the_collection_is_told_by_the_name_of_the_piece():
    condition = conditions.of_corpus("corpus+motion", "a+b")
    assert condition == "corpus=a,b+motion"
    assert conditions.of_corpus("mode+motion", "a+b") == "mode+motion"
    windows = np.full((2, *FORM.shape[:2]), FORM.rest)
    rows = conditions.measure(windows, FORM, condition, ["b/1", "a/2"])
    assert rows.tolist() == [[0, 1, 1, 0, 0], [1, 0, 1, 0, 0]]
    assert conditions.split(condition, rows) == {"corpus=a,b": ["b", "a"], "motion": ["calm", "calm"]}
    assert conditions.columns(condition, ["b", "lively"]).sum() == 1
    assert list(conditions.agreement(rows, windows, FORM, condition)) == ["motion"]  # music alone doesn't say
    for sources in (["b/1", "c/1"], []):
        with pytest.raises(MusicganError, match="2 windows must come from a, b"):
            conditions.measure(windows, FORM, condition, sources)


def test_the_metre_is_that_of_most_bars():
    form = VoiceEncoding(Grid(n_bars=4), (Track("Melody"),), shorter=(3.0,))
    windows = np.full((2, 4, 16, 1), 20)
    windows[0, :3, 12:] = form.rest
    assert conditions.measure(windows.reshape(2, 64, 1), form, "metre").tolist() == [[0, 1], [1, 0]]


@pytest.fixture(scope="module")
def told():
    """The shipped generator with five more numbers in front, which it doesn't hear."""
    plain = sampling.load("chorales")
    generator = plain.card["generator"] | {"condition": "mode+motion", "shares": [0.5, 0, 0.25, 0.25, 0, 0]}
    return dataclasses.replace(plain, card=dict(plain.card) | {"generator": generator})


def test_what_is_asked_comes_first_in_z_and_the_rest_as_in_the_music(told):
    assert told.latent_dim == 37
    z = told.latents(400, seed=2)
    rows = conditions.combinations("mode+motion")
    shares = (z[:, None, :5] == rows).all(2).mean(0)
    assert shares[[1, 4, 5]].tolist() == [0, 0, 0]
    assert shares[[0, 2, 3]] == pytest.approx([0.5, 0.25, 0.25], abs=0.08)
    asked = told.latents(50, seed=2, asked=["major", "lively"])
    assert (asked[:, :5] == rows[2]).all()
    assert np.array_equal(asked[:, 5:], z[:50, 5:])  # the rest of z is the same piece
    never = told.latents(50, seed=2, asked=["minor", "lively"])  # not in its music: it may still try
    assert (never[:, :5] == rows[5]).all()


def test_who_isnt_conditional_says_so():
    with pytest.raises(MusicganError, match="it isn't conditional"):
        sampling.load("chorales").sample(1, asked=["minor"])


@pytest.mark.parametrize(("metre", "beats"), [("three", 3), ("four", 4)])
def test_the_metre_that_is_asked_for_is_played(metre, beats):
    sampler = sampling.load("dances")
    played = sampler.sample(30, seed=3, asked=[metre, "ryansMammoth"])
    assert sum(score.beats_per_bar == beats for score in played) >= 28
    assert all(score.n_bars <= 4 and score.end <= 4 * score.beats_per_bar for score in played)
    with pytest.raises(MusicganError, match="one of airdsAirs, oneills1850, ryansMammoth, four, three"):
        sampler.sample(1, asked=["jig"])

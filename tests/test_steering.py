"""Walks, directions, likelihood, inversion and given cells."""

import warnings

import numpy as np
import pytest

from musicgan_edu import baselines, sampling
from musicgan_edu.encoding import VoiceEncoding
from musicgan_edu.score import CheckpointError, EncodingError, Grid, MusicganError, Score, Track

RNG = np.random.default_rng(0)


@pytest.fixture(scope="module")
def sampler():
    return sampling.load("chorales")


# ------------------------------------------------------------------------------------------ walks


def test_lerp_and_slerp_on_a_circle():
    a, b = np.array([2.0, 0.0]), np.array([0.0, 2.0])
    assert sampling.lerp(a, b, 0.5).tolist() == [1.0, 1.0]
    assert np.allclose(sampling.slerp(a, b, 1 / 3), [2 * np.cos(np.pi / 6), 2 * np.sin(np.pi / 6)])
    path = sampling.slerp(a, b, np.linspace(0, 1, 5))
    assert path.shape == (5, 2)
    assert np.allclose(np.linalg.norm(path, axis=1), 2)
    assert np.allclose(path[[0, -1]], [a, b], atol=1e-6)


def test_slerp_gives_every_step_the_same_angle():
    a, b = RNG.normal(size=(2, 32))
    path = sampling.slerp(a / np.linalg.norm(a), b / np.linalg.norm(b), np.linspace(0, 1, 9))
    steps = (path[1:] * path[:-1]).sum(1)
    assert np.ptp(steps) < 1e-5


@pytest.mark.parametrize("factor", [1.0, 2.0, -1.0, 0.0])
def test_slerp_of_parallel_and_opposite_is_the_straight_line(factor):
    a = RNG.normal(size=32)
    assert np.array_equal(sampling.slerp(a, factor * a, 0.25), sampling.lerp(a, factor * a, 0.25))


# -------------------------------------------------------------------------------------- directions


def test_explained_finds_a_linear_rule_and_nothing_in_noise():
    z = RNG.normal(size=(500, 10))
    rule = z @ np.arange(10.0)
    assert sampling.explained(z, rule) > 0.999
    half = rule + rule.std() * RNG.normal(size=500)
    assert 0.4 < sampling.explained(z, half) < 0.6
    assert -0.15 < sampling.explained(z, RNG.normal(size=500)) < 0.05
    assert np.isnan(sampling.explained(z, np.ones(500)))


def test_determined_is_the_intraclass_correlation():
    # By hand: means 1, 3; MS_between = 2·2 = 4, MS_within = 2; (4 − 2)/(4 + 2) = 1/3.
    assert sampling.determined(np.array([[0.0, 2.0], [2.0, 4.0]])) == pytest.approx(1 / 3)
    assert sampling.determined(np.array([[1.0, 1.0], [2.0, 2.0]])) == 1.0
    loud = RNG.normal(size=(4000, 1)) ** 2 + RNG.normal(size=(4000, 2)) * np.sqrt(2)  # not linear in z
    assert sampling.determined(loud) == pytest.approx(0.5, abs=0.05)


def test_along_sets_one_coordinate_and_leaves_the_others():
    unit = np.array([0.6, 0.8, 0.0], np.float32)
    direction = sampling.Direction("x", unit, 1.0, 0.5, 0.0, 1.0)
    z = RNG.normal(size=(5, 3)).astype(np.float32)
    moved = sampling.along(z, direction, 1.5)
    assert np.allclose(direction.of(moved), 1.5, atol=1e-6)
    across = np.array([0.8, -0.6, 0.0]), np.array([0.0, 0.0, 1.0])
    assert all(np.allclose(moved @ u, z @ u, atol=1e-6) for u in across)


def test_directions_of_the_shipped_machine_move_what_they_name(sampler):
    found = sampling.directions(sampler, n=200, seed=3)
    assert [d.explained for d in found] == sorted((d.explained for d in found), reverse=True)
    best = found[0]
    z, noise = sampler.latents(24, seed=9), sampler.noise(24, seed=9)
    low, high = (
        sampling.MEASURES[best.name](
            sampler.encoding.decode(sampler.tokens(sampling.along(z, best, v), noise))
        )
        for v in (-2.0, 2.0)
    )
    assert high.mean() - low.mean() > best.deviation
    with pytest.raises(MusicganError, match="63 pieces are too few for directions in 32 numbers"):
        sampling.directions(sampler, n=63)


def test_what_one_voice_has_none_of_gets_no_direction():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = sampling.directions(sampling.load("melodies"), n=64)
    assert {d.name for d in found} == sampling.MEASURES.keys() - {"spread", "dissonance"}


def test_measures_on_a_score_worked_out_by_hand():
    tracks = [Track("High"), Track("Low")]
    rows = [(0, 72, 0, 1), (0, 74, 1.5, 2.5), (1, 48, 0, 4), (1, 50, 4, 1), (0, 69, 5, 3)]
    score = Score.from_rows(rows, tracks)
    values = {name: float(of([score])[0]) for name, of in sampling.MEASURES.items()}
    assert values["activity"] == 5 / 2
    assert values["late"] == 2 - 3
    assert values["offbeat"] == 1 / 5
    assert values["register"] == pytest.approx((72 + 74 * 2.5 + 48 * 4 + 50 + 69 * 3) / 11.5)
    assert values["spread"] == pytest.approx((72 + 74 + 69) / 3 - 49)
    empty = Score.from_rows([], tracks)
    assert np.isnan(sampling.MEASURES["register"]([empty])[0])


# -------------------------------------------------------------------------------------- likelihood


@pytest.mark.parametrize(
    ("grid", "n_voices", "latent_dim"), [(Grid(), 4, 8), (Grid(1, 3.0, 4), 1, 0), (Grid(3, 1.5, 4), 5, 3)]
)
def test_the_likelihood_is_the_keras_models(grid, n_voices, latent_dim):
    import tensorflow as tf

    from musicgan_edu import models

    encoding = VoiceEncoding(grid, tuple(Track(f"voice {i}") for i in range(n_voices)), low=40, high=90)
    model = models.RecurrentGenerator(encoding, latent_dim=latent_dim, units=16, width=12)
    rng = np.random.default_rng(4)
    for variable in model.trainable_variables:
        variable.assign(rng.normal(0, 0.4, variable.shape))
    card = {
        "generator": {"kind": "recurrent", "latent_dim": latent_dim, "gain": models.GAIN, "temperature": 1.0}
    }
    ours = sampling.Sampler(models.weights_of(model), card, encoding)
    z = rng.standard_normal((16, latent_dim)).astype(np.float32)
    tokens = ours.tokens(z, ours.noise(16))
    logits = tf.nn.log_softmax(model(tokens, z)).numpy()
    want = np.take_along_axis(logits, tokens[..., None], -1)[..., 0]
    assert np.allclose(sampling.log_likelihood(ours, tokens, z), want, atol=1e-4)
    one = sampling.log_likelihood(ours, tokens[:1], z)
    assert one.shape == (16, *encoding.shape[:2])
    assert np.allclose(one[0], want[0], atol=1e-4)


def test_a_first_hold_is_impossible(sampler):
    tokens = sampler.tokens(sampler.latents(1), sampler.noise(1))
    tokens[0, 0, 2] = sampler.encoding.hold
    assert sampling.log_likelihood(sampler, tokens, sampler.latents(1))[0, 0, 2] == -np.inf


def test_likelihood_refuses_other_shapes_and_generators(sampler):
    tokens = sampler.tokens(sampler.latents(1), sampler.noise(1))
    with pytest.raises(
        CheckpointError,
        match=r"expected classes \(B, \(32, 4\)\) and z \(B, 32\), got \(1, 32, 4\), \(1, 5\)",
    ):
        sampling.log_likelihood(sampler, tokens, np.zeros((1, 5)))
    other = sampling.Sampler(sampler.weights, {"generator": {"kind": "convolutional"}}, sampler.encoding)
    with pytest.raises(CheckpointError, match="this one is convolutional"):
        sampling.log_likelihood(other, tokens, sampler.latents(1))


def test_inversion_explains_a_piece_better_than_chance(sampler):
    z = sampler.latents(1, seed=40)
    tokens = sampler.tokens(z, sampler.noise(1, seed=40))
    tried = sampling.invert(sampler, tokens[0], candidates=32, n_steps=0)
    found = sampling.invert(sampler, tokens[0], candidates=32, n_steps=2)
    chance = sampling.log_likelihood(sampler, tokens, sampler.latents(64, seed=7)).sum((1, 2)).mean()
    assert tried.log_likelihood > chance
    better = found.log_likelihood - (found.z**2).sum() / 2
    assert better > tried.log_likelihood - (tried.z**2).sum() / 2
    assert found.log_likelihood == pytest.approx(
        float(sampling.log_likelihood(sampler, tokens, found.z[None]).sum()), abs=1e-3
    )


# --------------------------------------------------------------------------------------- given cells


def test_cells_are_voices_and_bars():
    encoding = VoiceEncoding()
    mask = sampling.cells(encoding, voices=[3], bars=[2])
    assert mask[:16].sum() == 16
    assert mask[:16, 3].all()
    assert mask[16:].all()
    with pytest.raises(EncodingError, match="no voice 4 among 4, counted from 0"):
        sampling.cells(encoding, voices=[4])
    with pytest.raises(EncodingError, match="no bar 0 among 2, counted from 1"):
        sampling.cells(encoding, bars=[0])


@pytest.mark.parametrize("temperature", [None, 0.0, 0.3, 2.0])
@pytest.mark.parametrize("where", [{"voices": [0]}, {"voices": [1, 3]}, {"bars": [1]}, {"bars": [1, 2]}])
def test_what_was_given_stays_bit_identical(sampler, temperature, where):
    encoding = sampler.encoding
    tokens = sampler.tokens(sampler.latents(1, seed=1), sampler.noise(1, seed=1))[0]
    keep = sampling.cells(encoding, **where)
    drawn = sampling.redraw(
        sampler, sampler.latents(6), sampler.noise(6), tokens=tokens, keep=keep, temperature=temperature
    )
    assert (drawn[:, keep] == tokens[keep]).all()
    assert keep.all() or (drawn[:, ~keep] != tokens[~keep]).any()


def test_nothing_given_is_a_plain_draw(sampler):
    z, noise = sampler.latents(3), sampler.noise(3)
    nothing = np.zeros(sampler.encoding.shape[:2], bool)
    tokens = np.zeros_like(nothing, int)
    for heat in (None, 0.0, 0.7):
        drawn = sampling.redraw(sampler, z, noise, tokens=tokens, keep=nothing, temperature=heat)
        assert np.array_equal(drawn, sampler.tokens(z, noise, temperature=heat))


def test_a_hold_whose_note_is_not_kept_is_struck_anew(sampler):
    encoding = sampler.encoding
    tokens = np.full(encoding.shape[:2], encoding.hold)
    tokens[0] = [40, 30, 25, 10]  # one chord, held over the barline
    keep = sampling.cells(encoding, bars=[2])
    drawn = sampling.redraw(sampler, sampler.latents(4), sampler.noise(4), tokens=tokens, keep=keep)
    assert (drawn[:, 16] == tokens[0]).all()
    assert (drawn[:, 17:] == encoding.hold).all()
    assert (encoding.sounding(drawn)[:, 16:] == tokens[0]).all()


def test_a_kept_hold_of_nothing_is_silence(sampler):
    tokens = np.full(sampler.encoding.shape[:2], sampler.encoding.hold)
    keep = np.ones_like(tokens, bool)
    drawn = sampling.redraw(sampler, sampler.latents(1), sampler.noise(1), tokens=tokens, keep=keep)
    assert (sampler.encoding.sounding(drawn) == sampler.encoding.rest).all()


def test_later_voices_hear_what_is_given(sampler):
    encoding = sampler.encoding
    z, noise = sampler.latents(8, seed=5), sampler.noise(8, seed=5)
    one, other = sampler.tokens(sampler.latents(2, seed=6), sampler.noise(2, seed=6))
    keep = sampling.cells(encoding, voices=[0])
    drawn = [sampling.redraw(sampler, z, noise, tokens=tokens, keep=keep) for tokens in (one, other)]
    assert (drawn[0][..., 1:] != drawn[1][..., 1:]).any()


def test_what_was_given_stays_with_a_generator_that_does_not_hear_it(sampler):
    encoding = sampler.encoding
    some = sampler.tokens(sampler.latents(12, seed=1), sampler.noise(12, seed=1))
    card = {"generator": {"kind": "markov", "latent_dim": 0, "width": 0, "temperature": 1.0}}
    chain = sampling.Sampler(baselines.chain(some, encoding), card, encoding)
    keep = sampling.cells(encoding, voices=[0], bars=[1])
    z, noise = chain.latents(3, seed=2), chain.noise(3, seed=2)
    drawn = sampling.redraw(chain, z, noise, tokens=some[0], keep=keep)
    assert (drawn[:, keep] == some[0][keep]).all()
    assert np.array_equal(drawn[:, ~keep], chain.tokens(z, noise)[:, ~keep])


def test_redraw_refuses_masks_of_another_form(sampler):
    tokens = np.zeros((32, 4), int)
    with pytest.raises(EncodingError, match=r"bool mask \(32, 4\), got \(32, 4\) and \(32,\) of bool"):
        sampling.redraw(sampler, sampler.latents(1), sampler.noise(1), tokens=tokens, keep=np.ones(32, bool))


def test_filling_weighs_by_what_the_machine_would_have_said(sampler):
    encoding = sampler.encoding
    tokens = sampler.tokens(sampler.latents(1, seed=8), sampler.noise(1, seed=8))[0]
    keep = sampling.cells(encoding, bars=[2])
    filled = sampling.fill(sampler, tokens, keep, n=24, seed=1)
    assert filled.tokens.shape == (24, *encoding.shape[:2])
    assert (np.diff(filled.log_weights) <= 0).all()
    assert 1 <= filled.effective <= 24
    z = sampler.latents(1, seed=2)[0]
    same = sampling.fill(sampler, tokens, keep, n=4, z=z, seed=1)
    want = sampling.log_likelihood(sampler, same.tokens, np.repeat(z[None], 4, 0))[:, keep].sum(1)
    assert np.allclose(same.log_weights, want)
    everywhere = np.ones_like(keep)
    assert (sampling.fill(sampler, tokens, everywhere, n=3).tokens == tokens).all()


def test_picking_follows_the_weights():
    filled = sampling.Filled(np.arange(3)[:, None, None], np.log([0.6, 0.3, 0.1]))
    rng = np.random.default_rng(1)
    picks = np.bincount([int(filled.pick(rng).item()) for _ in range(2000)], minlength=3) / 2000
    assert np.allclose(picks, [0.6, 0.3, 0.1], atol=0.04)
    assert filled.effective == pytest.approx(1 / (0.36 + 0.09 + 0.01))

"""The baselines: counts against numbers worked out by hand, draws against counts, gaps, folders."""

import json
import os

import numpy as np
import pytest

from musicgan_edu import __main__ as command
from musicgan_edu import baselines, corpus, sampling, training
from musicgan_edu.encoding import VoiceEncoding
from musicgan_edu.sampling import filling
from musicgan_edu.sampling.chain import Chain
from musicgan_edu.score import CheckpointError, EncodingError, Grid, MusicganError, Track, TrainingError

#: One voice, four steps of a beat, pitches 0 and 1; rest is 2, hold 3.
TOY = VoiceEncoding(Grid(1, 4.0, 1), (Track("voice"),), low=60, high=61)
TOY_WINDOWS = np.array([[0, 1, 0, 1], [0, 0, 1, 1]], np.uint8)[..., None]
#: Two voices on sixteenths, with rests and held notes.
PAIR = VoiceEncoding(Grid(1, 2.0, 2), (Track("a"), Track("b")), low=60, high=63)


def pair_windows(n=40, seed=0):
    rng = np.random.default_rng(seed)
    windows = rng.choice([0, 1, 2, 3, PAIR.rest, PAIR.hold], (n, 4, 2), p=[0.2, 0.1, 0.2, 0.1, 0.1, 0.3])
    windows[:, 0][windows[:, 0] == PAIR.hold] = 0
    sounding = PAIR.sounding(windows)
    return np.where((windows == PAIR.hold) & (sounding == PAIR.rest), PAIR.rest, windows).astype(np.uint8)


def gumbel(shape, seed=0):
    return np.random.default_rng(seed).gumbel(size=shape).astype(np.float32)


# ------------------------------------------------------------------------------- counting


def test_cells_are_counted_by_step_and_voice():
    counts = baselines.cells(TOY_WINDOWS, TOY)["cells"][:, 0]
    assert counts.tolist() == [[2, 0, 0, 0], [1, 1, 0, 0], [1, 1, 0, 0], [0, 2, 0, 0]]


def test_the_toy_chain_has_the_probabilities_worked_out_on_paper():
    # Anywhere: both pitches 4 times of 8, so 1/2 each. After a 0: it went on to 0 once, to 1 three
    # times; (1 + 2/2) / 6 = 1/3 and 2/3. In that place of a beat (there is one): the same counts once
    # more, (1 + 2/3) / 6 = 5/18 and 13/18. On beat 1 of the bar: once each, (1 + 2 · 5/18) / 4 = 7/18.
    chain = Chain(baselines.chain(TOY_WINDOWS, TOY, order=1), TOY)
    p, new = chain.probabilities(1, [0], np.array([0]))
    assert p == pytest.approx([7 / 18, 11 / 18])
    n = sampling.chain.NOVELTY * 2  # two kinds in each of the three contexts
    assert new == pytest.approx(n / (4 + n) * n / (4 + n) * n / (2 + n))


def test_an_unknown_past_backs_off_to_what_is_known():
    chain = Chain(baselines.chain(TOY_WINDOWS, TOY, order=1), TOY)
    p, new = chain.probabilities(1, [len(chain.chords) + 1], np.array([2]))
    assert p == pytest.approx([0.5, 0.5])
    assert new == 1


def test_the_toy_chains_surprise_is_the_one_on_paper():
    weights = baselines.chain(TOY_WINDOWS, TOY, order=1)
    windows = np.array([[0, 1, 0, 1], [0, 2, 0, 1]])[..., None]
    nats = sampling.chain.surprise_of_chain(weights, TOY, windows)
    n = 2 * sampling.chain.NOVELTY
    new = n / (4 + n) * n / (4 + n) * n / (2 + n)
    # on its own, step 1 is 0 or 1 with (1 + 1/2) / 4, a rest with (0 + 1/2) / 4
    assert np.exp(-nats[0, 1]) == pytest.approx((1 - new) * 11 / 18 + new * 1.5 / 4)
    assert np.exp(-nats[1, 1]) == pytest.approx(new * 0.5 / 4)


def test_what_may_come_next_has_probability_one_in_all():
    weights = baselines.chain(pair_windows(), PAIR, order=2)
    first = pair_windows(3, seed=9)
    for window in first:
        every = np.array([(a, b) for a in range(6) for b in range(6)])
        for step in range(4):
            options = np.repeat(window[None], len(every), 0)
            options[:, step] = every
            for of in (sampling.chain.surprise_of_chain, sampling.chain.surprise_of_cells):
                nats = of(weights, PAIR, options)[:, step]
                assert np.exp(-nats).sum() == pytest.approx(1, abs=1e-9)


def test_draws_follow_the_chain():
    weights = baselines.chain(TOY_WINDOWS, TOY, order=1)
    tokens = sampling.chain.draw_chain(weights, TOY, gumbel((4000, *TOY.shape)))
    assert tokens[:, 0, 0].mean() < 0.5  # both windows begin with 0; backing off allows a 1
    after = tokens[tokens[:, 0, 0] == 0, 1, 0]
    error = np.sqrt(7 / 18 * 11 / 18 / len(after))
    assert after.mean() == pytest.approx(11 / 18, abs=4 * error)


def test_a_chain_holds_only_what_sounds():
    weights = baselines.chain(pair_windows(), PAIR, order=1)
    tokens = sampling.chain.draw_chain(weights, PAIR, gumbel((300, *PAIR.shape)), temperature=3.0)
    sounding = PAIR.sounding(tokens)
    assert (tokens == PAIR.hold).any()
    assert not ((tokens == PAIR.hold) & (sounding == PAIR.rest)).any()
    rows = {tuple(row) for row in PAIR.sounding(pair_windows()).reshape(-1, 2)}
    assert {tuple(row) for row in sounding.reshape(-1, 2)} <= rows  # chords of the corpus, and no others


def test_a_long_memory_recites():
    windows = pair_windows(6)
    tokens = sampling.chain.draw_chain(
        baselines.chain(windows, PAIR, order=4), PAIR, gumbel((40, *PAIR.shape)), temperature=0.05
    )
    assert {piece.tobytes() for piece in tokens.astype(np.uint8)} <= {w.tobytes() for w in windows}


def test_independent_draws_have_the_corpus_marginals():
    windows, n = pair_windows(), 4000
    tokens = sampling.chain.draw_cells(baselines.cells(windows, PAIR), PAIR, gumbel((n, *PAIR.shape)))
    for step, voice in np.ndindex(4, 2):
        want = np.bincount(windows[:, step, voice], minlength=6) / len(windows)
        got = np.bincount(tokens[:, step, voice], minlength=6) / n
        assert np.abs(got - want) == pytest.approx(0, abs=5 * np.sqrt(0.25 / n))
        assert (got[want == 0] == 0).all()  # what never stood there is never drawn


def test_an_order_below_one_is_refused():
    with pytest.raises(TrainingError, match="at least one step, got order 0"):
        baselines.chain(TOY_WINDOWS, TOY, order=0)


@pytest.mark.parametrize(
    ("temperature", "want"),
    [(1, [0.25, 0.75]), (0.5, [0.1, 0.9]), (0, [0, 1]), (1e9, [0.5, 0.5])],
)
def test_temperature(temperature, want):
    assert sampling.heated(np.array([0.25, 0.75]), temperature) == pytest.approx(want)
    assert sampling.heated(np.array([0.0, 1.0]), temperature or 1).tolist() == [0, 1]  # never what can't be


# -------------------------------------------------------------------------------- filling


def likes_five(tokens, known):
    """A network that is sure of class 5 in every cell that it isn't told."""
    return np.where(np.arange(VoiceEncoding().n_classes) == 5, 50.0, 0.0) * np.ones((*tokens.shape, 1))


def undecided(tokens, known):
    return np.zeros((*tokens.shape, VoiceEncoding().n_classes))


def rngs(n, seed=0):
    return [np.random.default_rng([seed, i]) for i in range(n)]


def test_what_is_given_stays_and_what_is_missing_is_filled():
    form, rng = VoiceEncoding(), np.random.default_rng(1)
    tokens = rng.integers(10, 40, (20, 32, 4))
    mask = rng.random(tokens.shape) < 0.4
    before = tokens.copy()
    filled = filling.fill_masked(likes_five, form, tokens, mask, rngs=rngs(20))
    assert np.array_equal(filled[~mask], before[~mask])
    assert (filled[mask] == 5).all()
    assert np.array_equal(tokens, before)
    nothing = filling.fill_masked(likes_five, form, tokens, np.zeros_like(mask), rngs=rngs(20))
    assert np.array_equal(nothing, tokens)


def test_what_stands_under_the_mask_does_not_matter():
    form, mask = VoiceEncoding(), np.ones((2, 32, 4), bool)
    one, other = (
        filling.fill_masked(undecided, form, np.full((2, 32, 4), value), mask, rngs=rngs(2))
        for value in (0, 40)
    )
    assert np.array_equal(one, other)
    assert not (one[:, 0] == form.hold).any()  # at the first step there is nothing to hold


def test_a_piece_is_filled_alike_in_any_company():
    form = VoiceEncoding()
    tokens, mask = np.zeros((20, 32, 4), int), np.ones((20, 32, 4), bool)
    many = filling.fill_masked(undecided, form, tokens, mask, rngs=rngs(20))
    few = filling.fill_masked(undecided, form, tokens[:3], mask[:3], rngs=rngs(3))
    assert np.array_equal(many[:3], few)
    assert len({piece.tobytes() for piece in many}) == 20


def test_the_hidden_share_falls_from_all_to_little():
    shares = [filling.share_hidden(r, 64) for r in range(64)]
    assert shares[0] == 1.0
    assert shares[-1] == filling.LEAST
    assert (np.diff(shares) <= 0).all()


@pytest.mark.parametrize(
    ("shape", "mask", "message"),
    [
        ((1, 32, 4), np.ones((1, 32, 4)), r"got \(1, 32, 4\) and float64 \(1, 32, 4\)"),
        ((1, 32, 3), np.ones((1, 32, 3), bool), r"a bool mask \(1, 32, 4\), got \(1, 32, 3\)"),
    ],
)
def test_gaps_of_another_form_are_refused(shape, mask, message):
    with pytest.raises(EncodingError, match=message):
        filling.fill_masked(undecided, VoiceEncoding(), np.zeros(shape, int), mask, rngs=rngs(1))


def test_training_hides_every_share_alike_and_never_nothing():
    hidden = baselines.masks(np.random.default_rng(0), (4000, 32, 4))
    assert hidden.any((1, 2)).all()
    share = hidden.mean((1, 2))
    assert share.mean() == pytest.approx(0.5, abs=0.02)
    assert np.quantile(share, [0.1, 0.9]) == pytest.approx([0.08, 0.92], abs=0.1)
    whole_voices = (hidden.all(1) | ~hidden.any(1)).all(1) & (share < 1)
    assert 0.1 < whole_voices.mean() < 0.3  # a quarter, less those that lost nothing or everything


# ----------------------------------------------------------------------------- the network


@pytest.fixture(scope="module")
def network():
    from musicgan_edu import models

    model = models.MaskedNetwork(VoiceEncoding(), width=16)
    rng = np.random.default_rng(3)
    for variable in model.trainable_variables:  # the tables start at 0 and would hide a mistake
        variable.assign(rng.normal(0, 0.3, variable.shape))
    return model


def test_the_network_is_blind_to_what_is_hidden(network):
    rng = np.random.default_rng(0)
    tokens = rng.integers(0, 48, (4, 32, 4)).astype(np.int32)
    known = rng.random(tokens.shape) < 0.5
    changed = np.where(known, tokens, rng.integers(0, 48, tokens.shape)).astype(np.int32)
    one, other = network(tokens, known).numpy(), network(changed, known).numpy()
    assert np.array_equal(one, other)
    assert np.abs(network(tokens, np.ones_like(known)).numpy() - one).max() > 0.1


def test_the_network_hears_intervals_and_holds(network):
    form = VoiceEncoding()
    tokens = np.full((1, 32, 4), form.hold, np.int32)
    tokens[0, 0] = [30, 20, 10, form.rest]
    known = np.ones(tokens.shape, bool)
    known[0, 5:, 0] = False
    heard = network._heard(tokens, known).numpy()[0]
    assert heard[4].tolist() == [30, 20, 10, form.rest]
    assert heard[31].tolist() == [form.hold, 20, 10, form.rest]  # the first voice isn't known any more
    table = network.intervals[0].numpy()
    by_interval = network._by_interval(0, heard[None].astype(np.int32)).numpy()[0, 31]
    gaps = [(np.clip(p - 20, -24, 24) + 24, np.clip(p - 10, -24, 24) + 24) for p in range(46)]
    assert by_interval == pytest.approx([table[1][a] + table[2][b] for a, b in gaps], abs=1e-5)


def test_the_network_knows_where_a_voice_was_and_where_it_will_be(network):
    form = VoiceEncoding()
    heard = np.full((1, 32, 4), form.hold, np.int32)
    heard[0, 3, 0], heard[0, 9, 0], heard[0, 20, 0] = 30, 33, form.rest
    before, after = (network._nearest(heard, later=later).numpy()[0, :, 0] for later in (False, True))
    assert before[[3, 4, 9, 10, 31]].tolist() == [form.hold, 30, 30, 33, 33]
    assert after[[0, 3, 8, 9, 31]].tolist() == [30, 33, 33, form.hold, form.hold]


def test_the_network_takes_other_grids_and_a_single_voice():
    from musicgan_edu import models

    encoding = VoiceEncoding(Grid(1, 3.0, 4), (Track("alone"),), low=40, high=90)
    network = models.MaskedNetwork(encoding, width=8)
    logits = network(np.zeros((2, 12, 1), np.int32), np.zeros((2, 12, 1), bool))
    assert logits.shape == (2, *encoding.shape)


# ------------------------------------------------------------------------------- likelihood


def test_numpys_likelihood_is_that_of_the_keras_model():
    import keras
    import tensorflow as tf

    from musicgan_edu import models

    form = VoiceEncoding()
    model = models.RecurrentGenerator(form, latent_dim=0, units=16, width=12)
    rng = np.random.default_rng(3)
    for variable in model.trainable_variables:
        variable.assign(rng.normal(0, 0.3, variable.shape))
    card = {"generator": {"kind": "recurrent", "latent_dim": 0, "gain": models.GAIN}}
    tokens = rng.integers(0, 48, (3, 32, 4))
    tokens[:, 0] %= 46
    logits = model(tokens, np.zeros((3, 0), np.float32))
    want = tf.reduce_sum(keras.ops.sparse_categorical_crossentropy(tokens, logits, from_logits=True), -1)
    got = baselines.surprise(sampling.Sampler(models.weights_of(model), card, form), tokens)
    assert got == pytest.approx(want.numpy(), rel=1e-4)


def test_only_what_has_a_likelihood_gives_one():
    with pytest.raises(CheckpointError, match="'recurrent' generator with latent_dim 32 gives no likelihood"):
        baselines.surprise(sampling.load("chorales"), np.zeros((1, 32, 4), int))


# ---------------------------------------------------------------------------------- folders


@pytest.fixture(scope="module")
def windows():
    return training.prepare(corpus.load("chorales", split="validation", progress=False), VoiceEncoding())


@pytest.mark.parametrize("recipe", ["random", "markov"])
def test_counting_models_are_runs_like_any_other(recipe, windows, tmp_path):
    one = baselines.train(recipe, windows, tmp_path / "a", minutes=3, seed=2)
    two = baselines.train(recipe, windows, tmp_path / "b", steps=5, seed=2)
    assert (tmp_path / "a" / "weights.npz").read_bytes() == (tmp_path / "b" / "weights.npz").read_bytes()
    assert one.sample(3, seed=5) == two.sample(6, seed=5)[:3]
    assert one.sample(1, seed=5) != one.sample(1, seed=6)
    assert one.corpus == "chorales"
    assert os.path.getsize(tmp_path / "a" / "weights.npz") < 1_500_000
    again = baselines.train(recipe, windows, tmp_path / "a", minutes=3, seed=2)
    assert again.sample(2) == one.sample(2)
    cold = [one.tokens(one.latents(2), one.noise(2, seed=s), temperature=0) for s in (1, 2)]
    assert np.array_equal(*cold)
    nats = baselines.surprise(one, windows[:4])
    assert nats.shape == (4, 32)
    assert (nats >= 0).all()
    with pytest.raises(CheckpointError, match=f"a '{recipe}' generator can't fill gaps"):
        one.fill(windows[:1], np.ones((1, 32, 4), bool))


def test_refusals(windows, tmp_path):
    with pytest.raises(
        TrainingError, match=r"no recipe 'markow', there are chorales, .*masked, random, markov"
    ):
        baselines.train("markow", windows, tmp_path, steps=1)
    with pytest.raises(TrainingError, match="give either minutes or steps"):
        baselines.train("random", windows, tmp_path)
    baselines.train("markov", windows, tmp_path, steps=1)
    for change in ({"seed": 2}, {"corpus": "bach"}, {"order": 3}, {"recipe": "random"}):
        options = {"recipe": "markov", "steps": 1, **change}
        with pytest.raises(
            TrainingError, match=r"holds another run \((seed|corpus|recipe): .* choose another"
        ):
            baselines.train(windows=windows, folder=tmp_path, **options)
    (tmp_path / "card.json").write_text("[]")
    with pytest.raises(CheckpointError, match=r"can't go on from .* \(TypeError.*choose another folder"):
        baselines.train("markov", windows, tmp_path, steps=1)
    (tmp_path / "card.json").unlink()
    with pytest.raises(CheckpointError, match="weights without a card"):
        baselines.train("markov", windows, tmp_path, steps=1)


def damage(folder, **changes):
    arrays = sampling.read_arrays(folder / "weights.npz")
    for name, change in changes.items():
        arrays[name] = change(arrays[name])
    np.savez(folder / "weights.npz", **arrays)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"next": lambda a: a + 10**6}, "book .* doesn't fit together"),
        ({"next": lambda a: a[:-1]}, "book .* doesn't fit together"),
        ({"count": lambda a: a * 0}, "book .* doesn't fit together"),
        ({"count": lambda a: a * np.nan}, "weights that aren't finite"),
        ({"chords": lambda a: a + 100}, "book .* doesn't fit together"),
        ({"struck": lambda a: a[:, :2]}, "book .* doesn't fit together"),
        ({"past": lambda a: a[:, :1]}, "book .* doesn't fit together"),
        ({"past": lambda a: a[0, 0]}, "is no checkpoint: TypeError"),
        ({"struck": lambda a: a * 0, "chords": lambda a: a * 0 + 3}, "no state that can follow at step 0"),
        ({"next": lambda a: np.array([print], object)}, "an array of object"),
    ],
)
def test_a_damaged_book_gives_one_clear_error(changes, message, windows, tmp_path):
    baselines.train("markov", windows[:40], tmp_path, steps=1)
    damage(tmp_path, **changes)
    with pytest.raises(CheckpointError, match=message):
        sampling.load(tmp_path)


@pytest.mark.parametrize("change", [lambda a: a[1:], lambda a: a * 0, lambda a: a.astype(float) - 1])
def test_damaged_cells_give_one_clear_error(change, windows, tmp_path):
    baselines.train("random", windows[:40], tmp_path, steps=1)
    damage(tmp_path, cells=change)
    with pytest.raises(CheckpointError, match=r"expected counts .* of every cell"):
        sampling.load(tmp_path)


def test_a_card_that_lies_about_its_kind_is_refused(windows, tmp_path):
    baselines.train("random", windows[:40], tmp_path, steps=1)
    for kind in ("markov", "recurrent", "masked"):
        card = json.loads((tmp_path / "card.json").read_text())
        card["generator"]["kind"] = kind
        (tmp_path / "card.json").write_text(json.dumps(card))
        with pytest.raises(CheckpointError, match="is no checkpoint"):
            sampling.load(tmp_path)


def test_the_command_trains_and_composes(tmp_path, capsys):
    run = tmp_path / "run"
    assert command.main(["train", "--recipe", "random", "--minutes", "3", "--out", str(run)]) == 0
    assert "counted once, which takes no more of the budget, in 0 s on" in capsys.readouterr().out
    assert (
        command.main(["compose", "--checkpoint", str(run), "--count", "2", "--out", str(tmp_path / "p")]) == 0
    )
    assert (tmp_path / "p" / "0001.mid").is_file()
    assert command.main(["train", "--recipe", "markov", "--steps", "1", "--out", str(run)]) == 2
    assert "holds another run (recipe:" in capsys.readouterr().err


# ------------------------------------------------------------------------- training the network

SMALL = {"width": 16, "batch_size": 8}


@pytest.fixture
def small(monkeypatch):
    import dataclasses

    return dataclasses.replace(baselines.RECIPES["masked"], **SMALL)


@pytest.mark.slow
def test_a_masked_run_learns_resumes_and_fills(small, windows, tmp_path, monkeypatch):
    whole = baselines.train(small, windows, tmp_path / "whole", steps=30, seed=3)
    monkeypatch.setattr("musicgan_edu.training.run.CHECKPOINT_SECONDS", 0)
    monkeypatch.setattr("musicgan_edu.training.run.LOG_SECONDS", 0)

    def stop(progress, step, values):
        if step == 20:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        baselines.train(small, windows, tmp_path / "parts", steps=30, seed=3, report=stop)
    parts = baselines.train(small, windows, tmp_path / "parts", steps=30, seed=3)
    assert all(np.array_equal(whole.weights[key], parts.weights[key]) for key in whole.weights)
    log = parts.card["training"]["log"]
    assert log[-1]["nats_a_cell"] < 0.985 * log[0]["nats_a_cell"]  # 30 small steps: a little
    mask = np.zeros((3, 32, 4), bool)
    mask[:, 8:24, 1:] = True
    filled = whole.fill(windows[:3], mask, seed=1)
    assert np.array_equal(filled[~mask], windows[:3][~mask])
    assert not np.array_equal(filled, windows[:3])
    assert np.array_equal(filled, parts.fill(windows[:3], mask, seed=1))
    assert not np.array_equal(filled, whole.fill(windows[:3], mask, seed=2))
    assert whole.sample(2, seed=4) == parts.sample(5, seed=4)[:2]


def test_heat_that_is_none_is_refused(windows, tmp_path):
    sampler = baselines.train("random", windows[:40], tmp_path, steps=1)
    with pytest.raises(MusicganError, match="temperature must be 0 or more, got -1"):
        sampler.sample(1, temperature=-1)

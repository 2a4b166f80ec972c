"""The game on the plane: gradients against differences and TensorFlow, Dirac-GAN against its formulas."""

import dataclasses
import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from musicgan_edu import losses, plane
from musicgan_edu.plane import GameError, dirac, networks, objectives, optimisers
from musicgan_edu.plane.game import _d_gradient, _g_gradient

RNG = np.random.default_rng(3)
REAL, FAKE = RNG.normal(0, 2, 7), RNG.normal(0, 2, 7)


def nudged(layers, i, k, index, by):
    """The layers with one number of layer i (k: 0 weights, 1 biases) changed."""
    parts = [list(layer) for layer in layers]
    parts[i][k] = parts[i][k].copy()
    parts[i][k][index] += by
    return tuple(map(tuple, parts))


def differences(cost, layers, step=1e-5):
    """Central differences of cost(layers) for every weight and bias."""
    result = []
    for i, layer in enumerate(layers):
        pair = []
        for k, part in enumerate(layer):
            slope = np.empty_like(part)
            for index in np.ndindex(part.shape):
                up, down = (cost(nudged(layers, i, k, index, by)) for by in (step, -step))
                slope[index] = (up - down) / (2 * step)
            pair.append(slope)
        result.append(tuple(pair))
    return tuple(result)


def assert_equal_layers(got, want, **options):
    for one, two in zip(got, want, strict=True):
        for a, b in zip(one, two, strict=True):
            np.testing.assert_allclose(a, b, **options)


def keras_d(layers):
    """The same network as a TensorFlow function, and its variables in our order."""
    variables = [[tf.Variable(part) for part in layer] for layer in layers]

    def network(x):
        for weights, biases in variables[:-1]:
            x = tf.tanh(x @ weights + biases)
        return x @ variables[-1][0] + variables[-1][1]

    return network, variables


def net(sizes=(2, 5, 4, 1), seed=1):
    layers = networks.make(sizes, np.random.default_rng(seed))
    return tuple((w, RNG.normal(0, 0.3, b.shape)) for w, b in layers)


# ------------------------------------------------------------------------------- networks


def test_forward_by_hand():
    layers = ((np.array([[2.0], [0.5]]), np.array([0.1])), (np.array([[3.0]]), np.array([-1.0])))
    out = networks.forward(layers, np.array([[0.2, 0.4]]))[-1]
    assert out[0, 0] == pytest.approx(3 * math.tanh(0.7) - 1)


@pytest.mark.parametrize("sizes", [(2, 1), (2, 5, 1), (2, 5, 4, 3)])
def test_backward_is_the_derivative(sizes):
    layers, x, weight = net(sizes), RNG.normal(size=(6, 2)), RNG.normal(size=(6, sizes[-1]))

    def cost(layers, x=x):
        return float((networks.forward(layers, x)[-1] * weight).sum())

    got, push = networks.backward(layers, networks.forward(layers, x), weight)
    assert_equal_layers(got, differences(cost, layers), atol=1e-7)
    for index in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[index] += 1e-5
        down[index] -= 1e-5
        assert push[index] == pytest.approx((cost(layers, up) - cost(layers, down)) / 2e-5, abs=1e-7)


@pytest.mark.parametrize("sizes", [(2, 1), (2, 5, 1), (2, 5, 4, 1), (2, 4, 3, 3, 1)])
@pytest.mark.parametrize("penalty", ["R1", "gradient penalty"])
def test_second_derivatives_against_differences(sizes, penalty):
    layers, x = net(sizes), RNG.normal(size=(6, 2))

    def cost(layers):
        return objectives.price(penalty, networks.slopes(layers, x), 0.7)[0]

    value, got = networks.penalise(layers, x, lambda s: objectives.price(penalty, s, 0.7))
    assert value == pytest.approx(cost(layers))
    assert_equal_layers(got, differences(cost, layers), atol=1e-6)


@pytest.mark.parametrize("penalty", ["R1", "gradient penalty"])
def test_penalties_are_the_packages_own_in_tensorflow(penalty):
    layers, real, fake, mix = net(), RNG.normal(size=(8, 2)), RNG.normal(size=(8, 2)), RNG.random((8, 1))
    network, variables = keras_d(layers)
    with tf.GradientTape() as tape:
        if penalty == "R1":
            wanted = 0.35 * losses.zero_centred_penalty(network, tf.constant(real))
        else:
            mixed = tf.constant(mix)
            wanted = 0.7 * losses.gradient_penalty(network, tf.constant(real), tf.constant(fake), mix=mixed)
    zeros = tf.UnconnectedGradients.ZERO  # the last bias has no part in a slope
    slopes = tape.gradient(wanted, variables, unconnected_gradients=zeros)
    at = real if penalty == "R1" else mix * real + (1 - mix) * fake
    value, got = networks.penalise(layers, at, lambda s: objectives.price(penalty, s, 0.7))
    assert value == pytest.approx(float(wanted), rel=1e-9)
    assert_equal_layers(got, [[part.numpy() for part in layer] for layer in slopes], atol=1e-9)


# ------------------------------------------------------------------------------ objectives


def test_the_names_are_those_of_the_losses():
    assert list(plane.LOSSES) == list(losses.LOSSES)


@pytest.mark.parametrize("name", plane.LOSSES)
@pytest.mark.parametrize("player", ["discriminator", "generator"])
def test_values_and_slopes_are_those_of_the_losses(name, player):
    real, fake = tf.Variable(REAL), tf.Variable(FAKE)
    with tf.GradientTape() as tape:
        wanted = getattr(losses.LOSSES[name], player)(real, fake)
    slopes = tape.gradient(wanted, [real, fake], unconnected_gradients=tf.UnconnectedGradients.ZERO)
    got = getattr(plane.LOSSES[name], player)(REAL, FAKE)
    assert got.loss == pytest.approx(float(wanted), rel=1e-9)
    np.testing.assert_allclose(got.real, slopes[0], atol=1e-12)
    np.testing.assert_allclose(got.fake, slopes[1], atol=1e-12)


def test_sure_logits_do_not_overflow():
    sure = np.array([-800.0, 800.0])
    with np.errstate(over="raise", invalid="raise"):
        for loss in plane.LOSSES.values():
            assert all(np.isfinite(player(sure, sure[::-1]).loss) for player in loss)


# ------------------------------------------------------------------------------ optimisers


@pytest.mark.parametrize(
    ("name", "twin"),
    [
        ("SGD", lambda: keras.optimizers.SGD(0.01)),
        ("momentum", lambda: keras.optimizers.SGD(0.01, momentum=0.9)),
        ("Adam", lambda: keras.optimizers.Adam(0.01, beta_1=0.5)),
    ],
)
def test_optimisers_walk_as_keras_does(name, twin):
    layers = ((np.array([[1.0, -2.0]]), np.array([0.5, 3.0])),)
    weights, biases = (keras.Variable(part) for part in layers[0])
    optimizer, memory = twin(), optimisers.forget(layers)
    for k in range(5):
        gradients = ((np.array([[0.3, -2.0 + k]]), np.array([0.1, 10.0 * k])),)
        optimizer.apply([tf.constant(part, tf.float32) for part in gradients[0]], [weights, biases])
        layers, memory = optimisers.update(layers, gradients, memory, optimiser=name, rate=0.01)
    np.testing.assert_allclose(layers[0][0], weights.numpy(), rtol=1e-4)
    np.testing.assert_allclose(layers[0][1], biases.numpy(), rtol=1e-4)


# ------------------------------------------------------------------------------------ game


@pytest.mark.parametrize("loss", plane.LOSSES)
@pytest.mark.parametrize("penalty", plane.PENALTIES)
def test_gradients_of_the_whole_game(loss, penalty):
    """Both players' gradients, for any loss and penalty, against differences of their own losses."""
    game = plane.new(loss=loss, penalty=penalty, strength=0.5, batch=6, width=3, seed=5)
    for player, gradient in (("d", _d_gradient), ("g", _g_gradient)):

        def cost(layers, player=player, gradient=gradient):
            return gradient(dataclasses.replace(game, **{player: layers}))[0]

        assert_equal_layers(gradient(game)[1], differences(cost, getattr(game, player)), atol=2e-6)


def same(one, two):
    return all(
        np.array_equal(a, b)
        for x, y in zip(one.d + one.g, two.d + two.g, strict=True)
        for a, b in zip(x, y, strict=True)
    )


def test_the_same_seed_gives_the_same_game_and_a_kept_one_goes_on():
    start = plane.new(batch=16, width=8, seed=4)
    kept = plane.play(start, 5)
    assert same(plane.play(kept, 5), plane.play(start, 10))
    assert not same(plane.play(start, 5), plane.play(plane.new(batch=16, width=8, seed=5), 5))
    assert (start.d_done, kept.d_done, kept.g_done) == (0, 5, 5)  # what was kept is untouched


def test_each_step_moves_its_own_player():
    start = plane.new(batch=16, width=8)
    d, g = plane.step_d(start), plane.step_g(start)
    assert d.g is start.g
    assert g.d is start.d
    assert d.d is not start.d
    assert g.g is not start.g
    assert (d.d_done, d.g_done, g.d_done, g.g_done) == (1, 0, 0, 1)


def test_order_and_number_of_steps():
    start = plane.new(batch=16, width=8, d_steps=3)
    assert same(plane.step_both(start), plane.step_g(plane.step_d(plane.step_d(plane.step_d(start)))))
    at_once = plane.step_both(plane.change(start, order="simultaneous", d_steps=1))
    assert same(at_once, plane.step_both(plane.change(start, order="simultaneous", d_steps=1)))
    np.testing.assert_array_equal(at_once.g[0][0], plane.step_g(start).g[0][0])  # G answered the old D
    np.testing.assert_array_equal(at_once.d[0][0], plane.step_d(start).d[0][0])


def test_settings_change_while_it_runs():
    game = plane.play(plane.new(batch=16, width=8), 3)
    changed = plane.change(game, loss="hinge", optimiser="SGD", shape="drawn", drawn=np.zeros((1, 2)))
    assert same(changed, game)
    assert (game.d_memory.steps, changed.d_memory.steps) == (3, 0)
    assert np.abs(plane.reals(changed, 500)).max() < 0.3
    assert plane.change(game, d_rate=0.1).d_memory.steps == 3


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"loss": "mse"}, r"loss must be one of \['minimax', .*got 'mse'"),
        ({"shape": "cube"}, "shape must be one of"),
        ({"d_rate": -1.0}, r"d_rate must be 0 or more, got -1\.0"),
        ({"g_rate": float("nan")}, "g_rate must be 0 or more, got nan"),
        ({"d_steps": 0}, "d_steps must be at least 1, got 0"),
        ({"drawn": np.zeros((3, 1))}, r"drawn points must have shape \(k, 2\), got \(3, 1\)"),
    ],
)
def test_settings_that_are_not_allowed(settings, message):
    with pytest.raises(GameError, match=message):
        plane.new(**settings)


def test_other_doors_say_what_is_wrong():
    with pytest.raises(GameError, match=r"\['width'\] can't change in a running game"):
        plane.change(plane.new(width=8), width=16)
    with pytest.raises(GameError, match="nothing has been drawn yet"):
        plane.step_d(plane.new(shape="drawn"))
    with pytest.raises(GameError, match=r"step 1 of G: a number is no longer finite \(rate 0\)"):
        plane.play(plane.new(loss="least-squares", optimiser="SGD", d_rate=1e300, g_rate=0, width=8), 5)


def test_pushes_point_where_the_generators_loss_falls():
    game = plane.play(plane.new(width=8), 20)
    points = plane.fakes(game, 50)
    ahead = points + 1e-3 * plane.pushes(game, points)
    before, after = (networks.forward(game.d, p)[-1] for p in (points, ahead))
    assert (after > before).all()  # the non-saturating generator climbs D's surface
    loss = plane.LOSSES["cross-entropy"].generator
    aside = np.array([[1e-6, 0.0]])
    one = (points[:1] + aside, points[:1] - aside)
    up, down = (loss(np.zeros(1), networks.forward(game.d, p)[-1][:, 0]).loss for p in one)
    assert plane.pushes(game, points)[0, 0] == pytest.approx(-(up - down) / 2e-6, rel=1e-5)


def test_the_surface_is_d_on_a_grid():
    game = plane.new(width=8)
    heights = plane.surface(game, 11)
    corner = networks.forward(game.d, np.array([[plane.REACH, -plane.REACH]]))[-1][0, 0]
    assert heights[0, -1] == pytest.approx(corner)


def test_it_learns():
    game = plane.new(shape="one blob", seed=1)
    before, after = plane.measure(game), plane.measure(plane.play(game, 600))
    assert after["w1"] < before["w1"] / 2
    assert after["jsd"] < before["jsd"] / 1.5


def test_every_shape_lies_in_the_window_and_is_seeded():
    for name, shape in plane.SHAPES.items():
        points = shape(2000, np.random.default_rng(0))
        assert points.shape == (2000, 2)
        assert np.mean(np.abs(points) < plane.REACH) > 0.99, name
        assert np.array_equal(points, shape(2000, np.random.default_rng(0)))


def test_the_ring_has_eight_modes():
    points = plane.SHAPES["ring of 8"](4000, np.random.default_rng(0))
    sector = np.round(np.arctan2(points[:, 1], points[:, 0]) / (np.pi / 4)) % 8
    assert np.bincount(sector.astype(int), minlength=8) == pytest.approx([500] * 8, abs=90)


def test_a_game_in_words():
    text = plane.describe(plane.step_d(plane.new(width=8)))
    assert text.startswith("D has made 1 and G 0 steps, D's loss 1.")
    assert "G's loss" not in text  # it has made no step yet
    assert "of the real points have a generated one nearby" in text


# ------------------------------------------------------------------------------- distances


def test_jensen_shannon_by_hand():
    assert plane.jensen_shannon([0.5, 0.5], [0.5, 0.5]) == 0
    assert plane.jensen_shannon([1, 0], [0, 1]) == pytest.approx(math.log(2))
    want = 0.5 * math.log(1 / 0.75) + 0.5 * (0.5 * math.log(0.5 / 0.75) + 0.5 * math.log(0.5 / 0.25))
    assert plane.jensen_shannon([1, 0], [0.5, 0.5]) == pytest.approx(want)
    with pytest.raises(GameError, match=r"q must be probabilities.*sum 1\.5"):
        plane.jensen_shannon([1, 0], [1, 0.5])


def test_histogram_jsd_has_a_floor_that_is_told():
    floor = [
        plane.histogram_jsd(
            *np.random.default_rng(seed).permutation(plane.SHAPES["ring of 8"](4000, RNG)).reshape(2, 2000, 2)
        )
        for seed in range(5)
    ]
    assert np.median(floor) == pytest.approx(0.01, abs=0.005)
    far = np.full((9, 2), 50.0)
    assert plane.histogram_jsd(far, -far) == pytest.approx(math.log(2))  # outside of the window counts


def test_earth_movers_by_hand():
    assert plane.earth_mover([0.0, 3.0], [4.0, 0.0]) == 0.5
    shift = np.array([0.3, 0.4])
    points = RNG.normal(size=(300, 2))
    assert plane.sliced_wasserstein(points, points + shift, n_directions=360) == pytest.approx(
        0.5 * 2 / math.pi, rel=1e-3
    )
    with pytest.raises(GameError, match=r"\(2,\) and \(3,\)"):
        plane.earth_mover([0.0, 1.0], [0.0, 1.0, 2.0])


# ----------------------------------------------------------------------------------- Dirac


def radius(path):
    return np.linalg.norm(path, axis=1)


@pytest.mark.parametrize(
    ("loss", "d_slope", "g_slope"),
    [
        ("minimax", lambda t, s: t * s, lambda p, s: -p * s),
        ("cross-entropy", lambda t, s: t * s, lambda p, s: -p * (1 - s)),
        ("wasserstein", lambda t, s: t, lambda p, s: -p),
        ("hinge", lambda t, s: t, lambda p, s: -p),
        ("relativistic", lambda t, s: t * s, lambda p, s: -p * (1 - s)),
    ],
)
def test_dirac_slopes_by_their_formulas(loss, d_slope, g_slope):
    theta, psi = 0.7, 0.9
    share = 1 / (1 + math.exp(-psi * theta))
    assert dirac.slopes(theta, psi, loss=loss) == pytest.approx((d_slope(theta, share), g_slope(psi, share)))
    with_r1 = dirac.slopes(theta, psi, loss=loss, penalty="R1", strength=0.5)
    assert with_r1[0] == pytest.approx(d_slope(theta, share) + 0.5 * psi)


def test_dirac_least_squares_and_the_gradient_penalty():
    assert dirac.slopes(0.7, 0.9, loss="least-squares") == pytest.approx((0.7 * 1.63, 0.63 * 0.9))
    pulled = dirac.slopes(0.7, 0.9, loss="wasserstein", penalty="gradient penalty", strength=10)
    assert pulled == pytest.approx((0.7 + 20 * -0.1, -0.9))


@pytest.mark.parametrize(
    ("loss", "penalty", "strength", "want"),
    [
        ("minimax", "none", 0, [-0.5j, 0.5j]),
        ("cross-entropy", "none", 0, [-0.5j, 0.5j]),
        ("wasserstein", "none", 0, [-1j, 1j]),
        ("cross-entropy", "R1", 0.6, [-0.3 - 0.4j, -0.3 + 0.4j]),
        ("cross-entropy", "R1", 1.0, [-0.5, -0.5]),
        ("cross-entropy", "R1", 2.0, [-1 - math.sqrt(0.75), -1 + math.sqrt(0.75)]),
        ("relativistic", "R1 + R2", 0.3, [-0.3 - 0.4j, -0.3 + 0.4j]),
        ("relativistic", "R1 + R2", 0.5, [-0.5, -0.5]),
    ],
)
def test_eigenvalues_at_the_equilibrium(loss, penalty, strength, want):
    got = dirac.eigenvalues(loss, penalty, strength=strength)
    np.testing.assert_allclose(got, want, atol=1e-4)  # at a double root, √ of the differences' error


def test_the_gradient_penalty_has_no_jacobian():
    with pytest.raises(GameError, match="jumps at ψ = 0"):
        dirac.eigenvalues("wasserstein", "gradient penalty")


def test_simultaneous_steps_wander_off_or_cycle():
    h = 0.1
    wgan = dirac.trace(60, rate=h, loss="wasserstein", order="simultaneous")
    np.testing.assert_allclose(radius(wgan), (1 + h**2) ** (np.arange(61) / 2))  # exactly
    minimax = radius(dirac.trace(4000, rate=h, loss="minimax", order="simultaneous"))
    assert minimax[-1] > minimax[0] + 0.5
    for start in ((1.0, 0.0), (0.1, 0.0)):  # from outside and from inside
        cycle = radius(dirac.trace(20_000, rate=h, start=start, order="simultaneous"))[-500:]
        assert cycle.mean() == pytest.approx(math.sqrt(2 * h), rel=0.02)


def test_alternating_steps_orbit_or_spiral_slowly_in():
    minimax = radius(dirac.trace(10_000, loss="minimax"))
    assert 0.9 < minimax.min() < minimax.max() < 1.1
    assert radius(dirac.trace(10_000))[-1] == pytest.approx(0.09, abs=0.01)


def test_penalties_that_settle_and_one_that_does_not():
    assert radius(dirac.trace(400, penalty="R1", strength=1.0))[-1] < 1e-4
    wgan_gp = radius(dirac.trace(5000, loss="wasserstein", penalty="gradient penalty"))
    assert wgan_gp[-1000:].min() > 0.5


def test_dirac_refuses():
    with pytest.raises(GameError, match="order must be alternating or simultaneous, got 'both'"):
        dirac.trace(3, order="both")
    with pytest.raises(GameError, match="no loss 'x'"):
        dirac.trace(3, loss="x")


def test_a_path_becomes_a_duet():
    path = np.array([[0.0, 1.0], [0.0, 1 / 7], [1 / 7, -1 / 7], [-1.0, 99.0]])
    rows = dirac.duet(path, title="Duet").notes
    got = [(n["track"], n["pitch"], n["onset"], n["duration"]) for n in rows]
    assert got == [
        (0, 60, 0.0, 1.0), (1, 72, 0.0, 0.5), (1, 62, 0.5, 0.5), (0, 62, 1.0, 0.5),
        (1, 59, 1.0, 0.5), (0, 48, 1.5, 0.5), (1, 96, 1.5, 0.5),
    ]  # fmt: skip
    with pytest.raises(GameError, match=r"got shape \(1, 3\)"):
        dirac.duet(np.zeros((1, 3)))

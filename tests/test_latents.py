"""The latent explorer's Python side: what moves, what stays, what an exported page shows."""

import re

import numpy as np
import pytest

from musicgan_edu import sampling
from musicgan_edu.widgets import front_end, latents

HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def sampler():
    return sampling.load("chorales")


def direction(i, name="activity", *, tilt=0.0):
    unit = np.zeros(32, np.float32)
    unit[i], unit[(i + 1) % 32] = np.cos(tilt), np.sin(tilt)
    return sampling.Direction(name, unit, 2.0, 0.4, 17.0, 2.6)


@pytest.fixture
def explorer(sampler):
    return latents.Latents(sampler, [direction(0), direction(5, "late")], seed=3)


def test_it_starts_at_a_and_says_where_that_is(sampler, explorer):
    a = sampler.latents(1, seed=3)[0]
    assert np.array_equal(explorer.z, a)
    assert explorer.panel.values == pytest.approx([np.clip(a[0], -3, 3), np.clip(a[5], -3, 3)], abs=0.006)
    assert explorer.panel.notes[0] == "+2 a step; z explains 40% of it"
    plain = sampler.tokens(a[None], sampler.noise(1, seed=3))
    assert np.array_equal(explorer.tokens, plain[0])
    assert np.array_equal(explorer.score.notes, sampler.encoding.decode(plain)[0].notes)


def test_a_slider_moves_z_along_its_direction_only(explorer):
    before = explorer.z
    explorer.panel.values = [2.5, explorer.panel.values[1]]
    assert explorer.z[0] == pytest.approx(2.5, abs=1e-5)
    assert np.array_equal(np.delete(explorer.z, 0), np.delete(before, 0))


def test_the_walk_ends_at_b_and_shows_on_the_sliders(sampler, explorer):
    explorer.panel.walk = 1.0
    b = sampler.latents(2, seed=3)[1]
    assert np.allclose(explorer.z, b, atol=1e-6)
    assert explorer.panel.values[0] == pytest.approx(np.clip(b[0], -3, 3), abs=0.006)
    explorer.panel.ends = [0, 7]
    assert np.allclose(explorer.z, sampler.latents(1, seed=3, first=7)[0], atol=1e-6)


def test_a_take_changes_the_noise_and_not_z(explorer):
    z, tokens = explorer.z, explorer.tokens
    explorer.panel.takes = 1
    assert np.array_equal(explorer.z, z)
    assert (explorer.tokens != tokens).any()


def test_what_is_locked_stays_and_the_rest_goes(explorer):
    explorer.panel.locked_voices, explorer.panel.locked_bars = [0], [2]
    for take in (1, 2, 3):
        before = explorer.tokens
        explorer.panel.takes = take
        assert (explorer.tokens[:, 0] == before[:, 0]).all()
        if take > 1:  # the first time, holds over the barline are struck anew
            assert (explorer.tokens[16:] == before[16:]).all()
        assert (explorer.tokens[:16, 1:] != before[:16, 1:]).any()


def test_temperature_zero_is_the_likeliest(sampler, explorer):
    explorer.panel.temperature = 0.0
    explorer.panel.takes = 5
    want = sampler.tokens(explorer.z[None], sampler.noise(1), temperature=0)
    assert np.array_equal(explorer.tokens, want[0])


def test_the_tempo_that_was_set_stays(explorer):
    explorer.player.tempo = 132.0
    explorer.panel.takes = 1
    assert explorer.score.tempo == 132.0


def test_python_can_go_anywhere(explorer):
    explorer.z = np.full(32, 0.5)
    assert explorer.panel.values == [0.5, 0.5]
    explorer.z = np.full(32, 9.0)
    assert explorer.panel.values == [3.0, 3.0]


def test_tilted_directions_are_untangled():
    one, other = latents.untangled([direction(0), direction(0, tilt=np.pi / 3)])
    assert abs(one.unit @ other.unit) < 1e-6
    assert np.linalg.norm(other.unit) == pytest.approx(1)
    assert other.slope == pytest.approx(2.0 * np.sin(np.pi / 3))


def test_a_page_without_a_kernel_gets_picture_and_sound(explorer):
    data = explorer.twin()
    assert data["text/plain"].startswith("Piano roll of Latent explorer: 2 bars")
    assert "data:audio/mpeg" in data["text/html"]


def test_the_front_ends_hold_no_html_and_no_address():
    for name in ("latents.js", "mixer.js"):
        module = front_end(name)
        assert module.count("export default") == 1
        assert not re.search(r"innerHTML|outerHTML|insertAdjacent|document\.write|https?://", module)

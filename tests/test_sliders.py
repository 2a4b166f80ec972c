"""Sliders on a latent: what changes is the slider's doing, and it comes back."""

import numpy as np
import pytest

from musicgan_edu import sampling
from musicgan_edu.score import CheckpointError
from musicgan_edu.widgets import sliders


@pytest.fixture(scope="module")
def sampler():
    return sampling.load("chorales")


def test_it_begins_with_the_first_piece_of_the_seed(sampler):
    widget = sliders.Sliders(sampler, dims=(3, 5), seed=4)
    begin = sampler.latents(1, seed=4)
    assert np.flatnonzero(widget.z[0] != begin[0]).tolist() in ([3, 5], [3], [5], [])  # rounded to tenths
    np.testing.assert_allclose(widget.z, begin, atol=0.051)
    tokens = sampler.tokens(widget.z, sampler.noise(1, seed=4))
    assert widget.player.score.notes.tolist() == sampler.encoding.decode(tokens)[0].notes.tolist()


def test_a_slider_moves_its_dimension_and_the_music_follows(sampler):
    widget = sliders.Sliders(sampler, dims=range(sampler.latent_dim), seed=1)
    before, music = widget.z, widget.player.score
    changed = []
    for dim, slider in widget.sliders.items():
        slider.value = -3.0 if slider.value > 0 else 3.0
        assert np.flatnonzero(widget.z != before).tolist() == [dim]
        changed.append(widget.player.score != music)
        widget.reset()
        assert widget.player.score == music
    assert any(changed)


def test_a_dimension_that_is_not_there_is_named(sampler):
    with pytest.raises(CheckpointError, match=r"dims must be 0 to 31, got \[32\]"):
        sliders.Sliders(sampler, dims=(32,))


def test_a_page_without_a_kernel_says_where_the_sliders_stand(sampler):
    widget = sliders.Sliders(sampler, dims=(2,))
    widget.sliders[2].value = 1.5
    data = widget.twin()
    assert data["text/plain"].startswith("z[2] = 1.5. Piano roll of From z: 2 bars")
    assert "<audio controls" in data["text/html"]
    assert 'alt="Piano roll' in data["text/html"]

"""The numpy sampler against the Keras model, seeds, and checkpoint files that are damaged."""

import json
from pathlib import Path

import numpy as np
import pytest

from musicgan_edu import sampling
from musicgan_edu.encoding import VoiceEncoding
from musicgan_edu.score import CheckpointError, Grid, Track

ENCODING = VoiceEncoding()


@pytest.fixture(scope="module")
def generator():
    from musicgan_edu import models

    model = models.RecurrentGenerator(ENCODING, latent_dim=8, units=24, width=16)
    rng = np.random.default_rng(3)
    for variable in model.trainable_variables:  # tables start at 0 and would hide a mistake
        variable.assign(rng.normal(0, 0.4, variable.shape))
    return model


def card(**changes):
    generator = {
        "kind": "recurrent",
        "latent_dim": 8,
        "units": 24,
        "width": 16,
        "gain": 5.0,
        "temperature": 1.0,
    }
    tracks = [{"name": t.name, "program": t.program, "is_drum": t.is_drum} for t in ENCODING.tracks]
    grid = {"n_bars": 2, "beats_per_bar": 4.0, "steps_per_beat": 4}
    return {
        "name": "tiny",
        "generator": generator,
        "encoding": {"grid": grid, "tracks": tracks, "low": 36, "high": 81},
        **changes,
    }


@pytest.fixture(scope="module")
def checkpoint(generator, tmp_path_factory):
    from musicgan_edu import models

    folder = tmp_path_factory.mktemp("run") / "tiny"
    sampling.write(folder, models.weights_of(generator), card())
    return folder


def test_numpy_sampler_and_keras_model_agree(generator, checkpoint):
    sampler = sampling.load(checkpoint)
    z, noise = sampler.latents(16, seed=1), sampler.noise(16, seed=1)
    tokens = sampler.tokens(z, noise)
    choices = (generator(tokens, z).numpy() + noise).argmax(-1)
    assert len(np.unique(tokens)) > 30  # it does not say the same thing all the time
    assert (choices == tokens).mean() > 0.999  # float32 sums in another order may flip a near tie


def test_they_agree_where_every_bar_has_its_latent():
    from musicgan_edu import models

    phrase = VoiceEncoding(Grid(4, 4.0, 2))
    model = models.RecurrentGenerator(phrase, latent_dim=6, bar_latent_dim=3, units=24, width=16)
    rng = np.random.default_rng(3)
    for variable in model.trainable_variables:
        variable.assign(rng.normal(0, 0.4, variable.shape))
    form = {"kind": "recurrent", "latent_dim": 6, "bar_latent_dim": 3, "gain": 5.0, "temperature": 1.0}
    sampler = sampling.Sampler(models.weights_of(model), {"generator": form}, phrase)
    z, noise = sampler.latents(16, seed=1), sampler.noise(16, seed=1)
    assert z.shape == (16, 6 + 4 * 3)
    tokens = sampler.tokens(z, noise)
    assert ((model(tokens, z).numpy() + noise).argmax(-1) == tokens).mean() > 0.999
    assert (sampler.tokens(np.roll(z, 3, axis=1), noise) != tokens).mean() > 0.3
    logits = model(tokens, z).numpy().astype(np.float64)
    chosen = np.take_along_axis(logits, tokens[..., None], -1)[..., 0]
    assert np.allclose(
        sampling.log_likelihood(sampler, tokens, z), chosen - np.logaddexp.reduce(logits, -1), atol=1e-3
    )


@pytest.mark.parametrize(
    ("grid", "n_voices", "latent_dim"),
    [(Grid(1, 3.0, 4), 1, 0), (Grid(1, 3.0, 4), 2, 5), (Grid(3, 1.5, 4), 5, 3)],
)
def test_they_agree_on_other_grids_and_voices(grid, n_voices, latent_dim):
    from musicgan_edu import models

    encoding = VoiceEncoding(grid, tuple(Track(f"voice {i}") for i in range(n_voices)), low=40, high=90)
    model = models.RecurrentGenerator(encoding, latent_dim=latent_dim, units=16, width=12)
    rng = np.random.default_rng(4)
    for variable in model.trainable_variables:
        variable.assign(rng.normal(0, 0.4, variable.shape))
    z = rng.standard_normal((16, latent_dim)).astype(np.float32)
    noise = rng.gumbel(size=(16, *encoding.shape)).astype(np.float32)
    tokens = sampling.draw(models.weights_of(model), encoding, z, noise, gain=models.GAIN)
    assert ((model(tokens, z).numpy() + noise).argmax(-1) == tokens).mean() > 0.999


def test_first_pieces_of_many_are_the_first_of_few(checkpoint):
    sampler = sampling.load(checkpoint)
    assert sampler.sample(3, seed=5) == sampler.sample(300, seed=5)[:3]
    assert sampler.sample(1, seed=5) != sampler.sample(1, seed=6)


def test_temperature_zero_ignores_the_noise(checkpoint):
    sampler = sampling.load(checkpoint)
    z = sampler.latents(2)
    one, other = (sampler.tokens(z, sampler.noise(2, seed=s), temperature=0) for s in (1, 2))
    assert np.array_equal(one, other)


def test_half_precision_keeps_the_music(generator, checkpoint, tmp_path):
    from musicgan_edu import models

    sampling.write(tmp_path, models.weights_of(generator), card(), dtype="float16")
    full, half = sampling.load(checkpoint), sampling.load(tmp_path)
    z, noise = full.latents(16), full.noise(16)
    assert (full.tokens(z, noise) == half.tokens(z, noise)).mean() > 0.9


def edit(folder, part, **changes):
    card = json.loads((folder / "card.json").read_text())
    card[part].update(changes)
    (folder / "card.json").write_text(json.dumps(card))


def test_missing_checkpoint_names_those_there_are():
    with pytest.raises(CheckpointError, match=r"no checkpoint 'choral': give a folder or one of \["):
        sampling.load("choral")


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda f: (f / "card.json").write_text("{"), "is no checkpoint: JSONDecodeError"),
        (lambda f: (f / "card.json").write_text("[]"), "is no checkpoint: TypeError"),
        (lambda f: (f / "card.json").write_text(json.dumps(card(format=99))), "has format 99"),
        (lambda f: (f / "weights.npz").write_bytes(b"PK"), "no sound .npz .BadZipFile"),
        (lambda f: (f / "weights.npz").unlink(), "is no checkpoint: FileNotFoundError"),
        (lambda f: np.savez(f / "weights.npz", a=np.zeros(3)), "is no checkpoint: KeyError"),
        (
            lambda f: np.savez(
                f / "weights.npz",
                **{**sampling.read_arrays(f / "weights.npz"), "others0/embeddings": np.zeros((5, 16))},
            ),
            "is no checkpoint: IndexError",
        ),
        (lambda f: (f / "card.json").write_text("[" * 200_000), "is no checkpoint: RecursionError"),
        (lambda f: edit(f, "generator", latent_dim=10**12), "is too large: pieces of .* width 1000000000000"),
        (
            lambda f: edit(f, "encoding", grid={"n_bars": 10**9}),
            r"is too large: pieces of \(16000000000, 4, 48",
        ),
        (
            lambda f: edit(f, "encoding", grid={"beats_per_bar": float("inf")}),
            "is no checkpoint: OverflowError",
        ),
        (lambda f: edit(f, "generator", temperature=float("nan")), "temperature must be 0 or more, got nan"),
        (
            lambda f: np.savez(f / "weights.npz", a=np.array([print], dtype=object)),
            "an array of object",
        ),
        (lambda f: np.savez(f / "weights.npz", a=np.array([np.nan])), "weights that aren't finite"),
        (lambda f: np.savez_compressed(f / "weights.npz", a=np.zeros(2**26)), "unpacks to 512 MiB"),
    ],
)
def test_damaged_checkpoint_gives_one_clear_error(checkpoint, tmp_path, damage, message):
    for name in ("card.json", "weights.npz"):
        (tmp_path / name).write_bytes((checkpoint / name).read_bytes())
    damage(tmp_path)
    with pytest.raises(CheckpointError, match=message) as error:
        sampling.load(tmp_path)
    assert str(tmp_path) in str(error.value)


def test_wrong_latents_are_refused(checkpoint):
    sampler = sampling.load(checkpoint)
    with pytest.raises(CheckpointError, match=r"expected z \(B, 8\) and its noise, got \(2, 5\)"):
        sampler.tokens(np.zeros((2, 5)), sampler.noise(2))


def test_a_path_is_a_folder_even_under_a_shipped_name(checkpoint, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    sampling.write(Path("chorales"), sampling.load(checkpoint).weights, card())
    assert sampling.load(Path("chorales")).card["name"] == "tiny"
    assert sampling.load("chorales").card["name"] != "tiny"


def test_a_card_without_a_corpus_says_so(checkpoint, tmp_path):
    with pytest.raises(CheckpointError, match="the card of 'tiny' names no corpus"):
        print(sampling.load(checkpoint).corpus)
    sampling.write(tmp_path, sampling.load(checkpoint).weights, card(training={"corpus": "palestrina"}))
    assert sampling.load(tmp_path).corpus == "palestrina"


def test_a_name_that_is_no_text_is_written_all_the_same(checkpoint, tmp_path):
    sampling.write(tmp_path, sampling.load(checkpoint).weights, card(training={"corpus": "c\udcff"}))
    assert sampling.load(tmp_path).corpus == "c\udcff"


def test_the_same_weights_give_the_same_music_wherever_they_lie(checkpoint, tmp_path):
    elsewhere = tmp_path / "another name"
    sampling.write(elsewhere, sampling.load(checkpoint).weights, card(name="another name"))
    assert sampling.load(elsewhere).sample(2, seed=3) == sampling.load(checkpoint).sample(2, seed=3)

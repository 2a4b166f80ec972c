"""The composition assistant: the melody stays, what is kept stays, and following beats weighing at the end."""

import dataclasses

import numpy as np
import pytest

from musicgan_edu import assistant, evaluation, playback, sampling
from musicgan_edu.assistant import hummed, particles, rivals
from musicgan_edu.score import Score, Track

TUNE = [74, 74, 76, 78, 74, 78, 76, 69]  # D major


def line(pitches, *, pickup=0.0, **fields):
    rows = [(0, pitch, i, 1) for i, pitch in enumerate(pitches)]
    return Score.from_rows(rows, [Track("Tune", 73)], **{"key": (2, "major"), "pickup": pickup} | fields)


@pytest.fixture(scope="module")
def sampler():
    return sampling.load("chorales")


@pytest.fixture(scope="module")
def suggestions(sampler):
    return assistant.harmonise(
        line([69, *TUNE, *TUNE], pickup=1.0), checkpoint=sampler, n=2, n_drafts=16, seed=3
    )


def melody_of(score):
    return [(int(n["pitch"]), float(n["onset"]), float(n["duration"])) for n in score.of_track(0)]


def lower(suggestion, sampler):
    form = assistant._of_length(sampler.encoding, len(suggestion.tokens))
    return form.sounding(suggestion.tokens[None])[0][:, 1:]


# ------------------------------------------------------------------------------- suggestions


def ranks(one, *cases):
    """The names of suggestions (name, merit, the bass's pitch) under C5, by both orders."""
    made = {}
    for name, merit, bass in cases:
        rows = [(0, 72, 0, 4), (1, 64, 0, 4), (2, 55, 0, 4), (3, bass, 0, 4)]
        score = one.score.replace(notes=Score.from_rows(rows, one.score.tracks).notes, pickup=0.0)
        made[name] = dataclasses.replace(one, score=score, merit=merit)
    names = {id(suggestion): name for name, suggestion in made.items()}
    found = list(made.values())
    return ["".join(names[id(s)] for s in assistant.ranked(found, by)) for by in assistant.RANKINGS]


def test_ranks_by_merit_and_by_the_distance_of_the_bass(suggestions):
    one = suggestions[0]
    far, near, between = 42, 48, 43  # F#, C and G below C
    assert ranks(one, ("c", -1.2, between), ("a", -1.0, far), ("b", -1.1, near)) == ["abc", "bac"]
    assert ranks(one, ("b", -1.1, near), ("a", -1.0, between), ("c", -1.2, far)) == [
        "abc",
        "abc",
    ]  # merit decides
    assert one.told() == "; ".join(one.reasons)
    assert one.told("merit+td") == f"{one.told()}; tonal distance to the bass {one.distance:.2f}"
    with pytest.raises(assistant.AssistantError, match="no order 'beauty': choose one of merit, merit\\+td"):
        assistant.ranked(suggestions, "beauty")


def test_the_melody_stays_and_three_voices_come(suggestions):
    for one in suggestions:
        assert melody_of(one.score) == melody_of(line([69, *TUNE, *TUNE], pickup=1.0))
        assert [track.name for track in one.score.tracks] == ["Soprano", "Alto", "Tenor", "Bass"]
        assert (one.score.pickup, one.score.end, one.score.key) == (1.0, 17.0, (2, "major"))
        assert all(len(one.score.of_track(voice)) > 8 for voice in (1, 2, 3))
    assert suggestions[0].merit >= suggestions[1].merit
    assert "heard -2 semitones from D major in C major, and moved back" in suggestions[0].melody.changes


def test_reasons_are_what_the_rules_count(suggestions):
    for one in suggestions:
        whole = one.score.cut(1.0, 17.0).replace(pickup=0.0)
        pitch = evaluation.voices([one.score.replace(pickup=0.0)], n_bars=5).pitch[:, :68]
        counted = sum(evaluation.count_parallels(pitch, interval)[0] for interval in (7, 0))
        assert one.parallels == counted
        assert evaluation.chorale_rules([whole], n_bars=4)["crossings / step"].hits[0] <= one.crossings
        assert one.reasons[0].startswith("log p -")


def test_a_melody_that_rests_is_said_to(sampler):
    rows = [(0, pitch, at, 1) for pitch, at in ((72, 0), (74, 1), (76, 5), (74, 7), (72, 8))]
    made = assistant.prepare(Score.from_rows(rows, [Track("Tune")], key=(0, "major")), sampler.encoding)
    assert made.changes == (
        "the melody rests for 3 beats in all: a chorale's voices rest together, so expect silence there",
    )


def test_the_same_seed_gives_the_same_and_islands_are_alone(sampler):
    few, many = (assistant.harmonise(line(TUNE), checkpoint=sampler, n=n, n_drafts=8, seed=5) for n in (1, 3))
    assert few[0].score in [one.score for one in many]
    assert len({one.score.notes.tobytes() for one in many}) == 3


def test_log_p_is_the_generators_own(sampler):
    one = assistant.harmonise(line(TUNE), checkpoint=sampler, n=1, n_drafts=8)[0]  # two bars: one window
    own = sampling.log_likelihood(sampler, one.tokens[None], one.latents)
    assert one.log_likelihood == pytest.approx(own.sum() / 32, abs=1e-4)


def test_kept_voices_and_bars_stay_and_the_rest_is_new(suggestions, sampler):
    old = suggestions[0]
    for new in assistant.reroll(old, voices=[3], bars=[0, 2], checkpoint=sampler, n=2, n_drafts=16, seed=9):
        assert np.array_equal(new.score.of_track(3), old.score.of_track(3))
        was, now = lower(old, sampler), lower(new, sampler)
        kept = np.zeros(len(was), bool)
        kept[12:16] = kept[32:48] = True  # the pickup's beat, and bar 2
        assert np.array_equal(was[kept], now[kept])
        assert not np.array_equal(was[~kept], now[~kept])


def test_what_lies_between_comes_from_both_ends(suggestions, sampler):
    a, b = suggestions
    assert assistant.interpolate(a, b, 0, checkpoint=sampler) is a
    assert assistant.interpolate(a, b, 1, checkpoint=sampler) is b
    near = [assistant.interpolate(a, b, t, checkpoint=sampler, n_drafts=16) for t in (0.1, 0.9)]
    like_a = [(lower(one, sampler)[12:] == lower(a, sampler)[12:]).mean() for one in near]
    like_b = [(lower(one, sampler)[12:] == lower(b, sampler)[12:]).mean() for one in near]
    assert like_a[0] > like_a[1]
    assert like_b[1] > like_b[0]


def test_a_piece_of_four_voices_is_adopted_as_it_is(suggestions, sampler):
    adopted = assistant.adopt(suggestions[0].score, checkpoint=sampler)
    assert np.array_equal(lower(adopted, sampler)[12:], lower(suggestions[0], sampler)[12:])
    assert adopted.score == suggestions[0].score
    with pytest.raises(assistant.AssistantError, match="isn't in 4 single voices"):
        assistant.adopt(line(TUNE), checkpoint=sampler)


# ------------------------------------------------------------------------------- drafts


def test_systematic_resampling_takes_each_as_often_as_its_weight_says():
    weights, rng = np.array([0.5, 0.25, 0.0, 0.25]), np.random.default_rng(1)
    assert np.bincount(particles.resampled(weights, rng), minlength=4).tolist() == [2, 1, 0, 1]
    uneven = np.array([0.45, 0.55])
    counts = [np.bincount(particles.resampled(uneven, rng), minlength=2)[0] for _ in range(2000)]
    assert set(counts) == {0, 1}  # n w = 0.9: never 2
    assert np.mean(counts) == pytest.approx(0.9, abs=0.03)


def test_resampling_on_the_way_follows_better_than_weighing_at_the_end(sampler):
    tune = line([*TUNE, 66, 67, 69, 71, 73, 74, 73, 74])
    plain = {"parallel": 0, "crossing": 0, "temperature": 1.0, "likeliest": False}
    late, early = (
        np.mean([
            assistant.harmonise(tune, checkpoint=sampler, n=1, n_drafts=32, seed=seed,
                                taste=assistant.Taste(fewest=fewest, **plain))[0].log_likelihood
            for seed in range(4)
        ])
        for fewest in (0.0, 0.5)
    )  # fmt: skip
    assert early > late + 0.2  # nats a step


def test_docks_make_parallels_rarer(sampler):
    tune = line([74, 76, 78, 79, 81, 79, 78, 76, 74, 76, 74, 73, 74, 71, 73, 74])
    loose, strict = (
        sum(s.parallels for s in assistant.harmonise(tune, checkpoint=sampler, n=8, n_drafts=8,
                                                     taste=assistant.Taste(parallel=dock, temperature=1.5)))
        for dock in (-2.0, 8.0)
    )  # fmt: skip
    assert strict < loose


def test_nobody_is_asked_to_sing_out_of_range(sampler):
    low = line([62, 60, 62, 64, 62, 60, 59, 60], key=(7, "minor"))
    for one in assistant.harmonise(low, checkpoint=sampler, n=3, n_drafts=4):
        assert one.out_of_range == 0
        for voice, (lowest, highest) in list(enumerate(evaluation.RANGES))[1:]:
            pitch = one.score.of_track(voice)["pitch"]
            assert lowest <= pitch.min()
            assert pitch.max() <= highest


# ------------------------------------------------------------------------------- melodies of any kind


@pytest.mark.parametrize(
    ("score", "said"),
    [
        (line([p - 12 for p in TUNE]), "moved 1 octave up"),
        (line([p + 24 for p in TUNE]), "moved 2 octaves down"),
        (Score.from_rows([(0, p, i + 0.1, 0.8) for i, p in enumerate(TUNE)], [Track("x")]), "8 of 8 notes are moved"),
        (Score.from_rows([(0, p, i, 1) for i, p in enumerate(TUNE)] + [(0, 60, 0, 8)], [Track("x")]), "1 of 9 notes sound below"),
        (Score.from_rows([(1, p, i, 1) for i, p in enumerate(TUNE)] + [(0, 84, i, 1) for i in range(8)],
                         [Track("Organ"), Track("Vocals")]), "the melody is 'Vocals'; the other tracks, 8 notes"),
        (Score.from_rows([(1, p, i, 1) for i, p in enumerate(TUNE)] + [(0, 84, i, 1) for i in range(8)],
                         [Track("Kit", 0, True), Track("x")]), "the melody is 'x'"),
    ],
)  # fmt: skip
def test_what_is_changed_is_said(score, said, sampler):
    assert said in "\n".join(assistant.prepare(score, sampler.encoding).changes)


@pytest.mark.parametrize(
    ("score", "message"),
    [
        (line(TUNE, beats_per_bar=3.0, title="Waltz"), "Waltz has 3 beats a bar; this generator has learnt bars of 4 only"),
        (Score.from_rows([(0, 40, 0, 1)], [Track("Kit", 0, True)], title="Drums"), "Drums has no pitched note"),
        (Score.from_rows([], [Track("x")]), "has no pitched note"),
        (line(TUNE * 80), "has 160 bars, more than 128"),
    ],
)  # fmt: skip
def test_what_cannot_be_harmonised_is_one_error(score, message, sampler):
    with pytest.raises(assistant.AssistantError, match=message):
        assistant.harmonise(score, checkpoint=sampler)


def test_two_bars_of_two_beats_are_heard_as_one_of_four(sampler):
    short, long = line(TUNE, beats_per_bar=2.0), line(TUNE)
    a, b = (assistant.harmonise(one, checkpoint=sampler, n=1, n_drafts=4)[0].score for one in (short, long))
    assert np.array_equal(a.notes, b.notes)
    assert (a.n_bars, b.n_bars) == (4, 2)


def test_a_note_beyond_the_range_is_heard_folded_and_sung_as_written(sampler):
    wide = line([62, 74, 86, 74] * 2, key=(0, "major"))
    one = assistant.harmonise(wide, checkpoint=sampler, n=1, n_drafts=4)[0]
    assert "2 notes beyond the generator's range are heard an octave" in "\n".join(one.melody.changes)
    assert [p for p, *_ in melody_of(one.score)] == [62, 74, 86, 74] * 2


def test_one_note_is_a_melody(sampler):
    one = assistant.harmonise(line([74]), checkpoint=sampler, n=1, n_drafts=4)[0]
    assert one.score.end == 1.0
    assert {int(t) for t in one.score.notes["track"]} == {0, 1, 2, 3}


def test_other_wishes_are_refused(suggestions, sampler):
    a, b = suggestions
    other = assistant.harmonise(line(TUNE), checkpoint=sampler, n=1, n_drafts=4)[0]
    for wish, message in (
        (lambda: assistant.reroll(a, voices=[4], checkpoint=sampler), "no voice 5 among 4"),
        (lambda: assistant.reroll(a, bars=[9], checkpoint=sampler), "no bar 9 among 4"),
        (lambda: assistant.reroll(other, bars=[0], checkpoint=sampler), "no bar 0"),
        (lambda: assistant.interpolate(a, b, 1.5, checkpoint=sampler), "must be 0 to 1, got 1.5"),
        (lambda: assistant.interpolate(a, other, 0.5, checkpoint=sampler), "the same melody"),
        (
            lambda: assistant.harmonise(line(TUNE), checkpoint="melodies"),
            "needs a recurrent generator of 4 voices",
        ),
        (lambda: assistant.prepare(line(TUNE), sampler.encoding, track=3), "no melody in track 4 of 1"),
    ):
        with pytest.raises(assistant.AssistantError, match=message):
            wish()


# ------------------------------------------------------------------------------- rivals


def test_the_nearest_soprano_brings_its_own_lower_voices():
    def window(pitches, bass):
        rows = [(0, p, i, 1) for i, p in enumerate(pitches)] + [
            (v, bass + 5 * (3 - v), 0, 8) for v in (1, 2, 3)
        ]
        return Score.from_rows(rows, [Track(n) for n in "SATB"], key=(0, "major"))

    scale = [72, 74, 76, 77, 79, 77, 76, 74]
    windows = [window(scale, 48), window([p - 5 for p in scale], 40)]
    found = rivals.nearest_soprano(line([p + 2 for p in scale], key=None), windows)
    assert found.of_track(3)["pitch"].tolist() == [50]  # of the first, two semitones higher
    assert [p for p, *_ in melody_of(found)] == [p + 2 for p in scale]
    any_of = {int(rivals.shuffled_voices(line(scale), windows, rng=np.random.default_rng(i)).of_track(3)["pitch"][0])
              for i in range(8)}  # fmt: skip
    assert any_of == {48, 40}


# ------------------------------------------------------------------------------- humming


def hum(midi, seconds, rate=22_050, *, off=0.0, vibrato=0.2):
    """A voice-like tone: three partials, vibrato, an attack and a release."""
    t = np.arange(round(seconds * rate)) / rate
    pitch = midi + off + vibrato * np.sin(2 * np.pi * 5 * t)
    phase = 2 * np.pi * np.cumsum(440 * 2 ** ((pitch - 69) / 12)) / rate
    shape = np.minimum(1, np.minimum(t / 0.03, (seconds - t) / 0.05))
    return shape * (0.3 * np.sin(phase) + 0.15 * np.sin(2 * phase) + 0.08 * np.sin(3 * phase))


def test_a_hummed_melody_is_heard_out_of_tune_and_with_breaths(tmp_path):
    import soundfile

    tune = [57, 57, 59, 61, 57, 64]
    parts = [np.zeros(8000)] + [hum(p, 0.6, off=0.31) for p in tune[:-1]] + [hum(tune[-1], 1.2, off=0.31)]
    noise = 0.002 * np.random.default_rng(0).normal(size=sum(map(len, parts)))
    soundfile.write(tmp_path / "hum.wav", np.concatenate(parts) + noise, 22_050)
    heard = hummed.hear(tmp_path / "hum.wav", tempo=100)
    assert heard.notes["pitch"].tolist() == tune
    assert np.abs(heard.notes["onset"] - np.arange(6)).max() < 0.2
    assert hummed.hear(tmp_path / "hum.wav").tempo == pytest.approx(100, abs=3)


def test_the_players_own_sound_is_heard(tmp_path):
    playback.to_wav(line(TUNE, tempo=100.0), tmp_path / "flute.wav")
    assert hummed.hear(tmp_path / "flute.wav").notes["pitch"].tolist() == TUNE


def test_silence_holds_no_melody(tmp_path):
    import soundfile

    soundfile.write(tmp_path / "silence.wav", np.zeros(22_050), 22_050)
    soundfile.write(tmp_path / "noise.wav", 0.1 * np.random.default_rng(1).normal(size=22_050), 22_050)
    for name in ("silence.wav", "noise.wav"):
        with pytest.raises(assistant.AssistantError, match=f"{name} holds no note"):
            hummed.hear(tmp_path / name)

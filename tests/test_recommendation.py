"""Recommendation: what is heard of a piece, how an index ranks, what feedback does, and the measures."""

import numpy as np
import pytest

from musicgan_edu import cleaning, corpus, playback, recommendation
from musicgan_edu.recommendation import Index, RecommendationError, Scale, hearing
from musicgan_edu.score import Score, Track

TUNE = [67, 69, 71, 72, 74, 72, 71, 67, 64, 67, 69, 71, 72, 79, 77, 74, 72, 71, 69, 67, 66, 67, 69, 72]


def tune(pitches=TUNE, *, beats=0.5, **fields):
    return Score.from_rows([(0, p, i * beats, beats) for i, p in enumerate(pitches * 3)], **fields)


def with_bass(score, **fields):
    rows = [(0, n["pitch"], n["onset"], n["duration"]) for n in score.notes]
    rows += [(1, 48 + i % 3, 2 * i, 2) for i in range(int(score.end) // 2)]
    return Score.from_rows(rows, **fields)


def same(a, b):
    return np.array_equal(hearing.windows(a), hearing.windows(b)) and np.allclose(
        recommendation.counts(a), recommendation.counts(b), atol=1e-6
    )


@pytest.mark.parametrize("semitones", [-12, -5, 1, 6, 12])
def test_key_and_octave_are_not_heard(semitones):
    for piece in (tune(), with_bass(tune())):
        assert same(piece, cleaning.transpose(piece, semitones))


def test_note_values_drums_and_instruments_are_not_heard():
    piece = tune()
    assert same(piece, tune(beats=2.0, beats_per_bar=16.0))  # the same music, written four times as long
    drums = [(1, 36, i / 2, 0.25) for i in range(72)]
    rows = [(0, n["pitch"], n["onset"], n["duration"]) for n in piece.notes]
    assert same(piece, Score.from_rows(rows + drums, [Track("Flute", 73), Track("Kit", 0, True)]))
    assert not same(piece, tune(TUNE[::-1]))


def test_one_voice_has_no_bottom_line_and_several_have():
    form = hearing.FORM
    assert (hearing.windows(tune())[..., 1] == form.rest).all()
    assert (hearing.windows(with_bass(tune()))[..., 1] != form.rest).any()


@pytest.mark.parametrize("beats_per_bar", [3.0, 2.0, 4.0, 1.5, 5.0])
def test_every_metre_gives_windows_from_a_barline(beats_per_bar):
    piece = tune(beats_per_bar=beats_per_bar, pickup=0.5)
    windows = hearing.windows(piece)
    assert windows.shape[1:] == (hearing.STEPS, 2)
    assert (windows[:, 0, 0] < hearing.FORM.n_pitches).all()  # each begins with a struck note
    assert len(hearing.windows(piece, most=2)) == 2


def test_short_long_low_and_high_pieces_and_those_with_a_pickup_only():
    assert hearing.windows(tune([60, 62])).shape == (1, hearing.STEPS, 2)
    assert len(hearing.windows(tune(TUNE * 30))) == hearing.MAX_WINDOWS
    for low in (0, 103):
        assert hearing.windows(tune([low + p - 60 for p in (60, 62, 64, 84)])).shape[0] >= 1
    assert len(hearing.windows(Score.from_rows([(0, 60, 0, 0.5)], pickup=1.0))) == 1


def test_counts_by_hand():
    """C C G E: of six beats three of C, two of G and one of E; three moves of the top line."""
    rows = [(0, 60, 0, 1), (0, 60, 1, 2), (0, 67, 3, 2), (0, 64, 5, 1)]
    shares = recommendation.counts(Score.from_rows(rows))
    found = {name: value for name, value in zip(recommendation.COUNTS, shares**2, strict=True) if value}
    want = {"C": 1 / 2, "G": 1 / 3, "E": 1 / 6, "C → C": 1 / 3, "C → G": 1 / 3, "G → E": 1 / 3}
    assert found == pytest.approx(want)


def test_a_piece_of_several_sections_and_one_without_notes():
    parts = [tune(), tune(beats_per_bar=3.0)]
    assert len(hearing.windows(parts)) == sum(len(hearing.windows(part)) for part in parts)
    drums = Score.from_rows([(0, 36, 0, 1)], [Track("Kit", 0, True)], source="kit.mid")
    assert same([tune(), drums], tune())
    with pytest.raises(RecommendationError, match=r"no pitched note in kit\.mid"):
        recommendation.counts(drums)
    with pytest.raises(RecommendationError, match="an empty piece"):
        hearing.windows([])


def test_an_incipit_is_the_same_in_any_key_and_empty_for_a_short_tune():
    assert recommendation.incipit(tune()) == recommendation.incipit(cleaning.transpose(tune(), 4)) != b""
    assert recommendation.incipit(tune([60, 62])) == b"" or len(recommendation.incipit(tune([60, 62]))) == 12
    assert recommendation.incipit(tune([60])) == b""


# ------------------------------------------------------------------------------- measures


def test_measures_by_hand():
    ranked = np.array([True, False, True, False, False, True])
    assert recommendation.precision_at(ranked, 5) == pytest.approx(2 / 5)
    assert recommendation.precision_at(ranked[:3], 5) == pytest.approx(2 / 5)  # empty ranks are misses
    assert recommendation.average_precision(ranked) == pytest.approx((1 + 2 / 3 + 3 / 6) / 3)
    assert np.isnan(recommendation.average_precision(np.zeros(3, bool)))


def test_the_judge_leaves_out_the_family():
    likeness = np.array([[0.9, 0.8, 0.1]])
    relevant, allowed = np.array([[True, False, True]]), np.array([[False, True, True]])
    judged = recommendation.judge(likeness, relevant, allowed, k=1)
    assert (judged.precision[0], judged.average[0]) == (0.0, 0.5)


def test_families_join_over_works_and_incipits():
    works = {"a": "mass", "b": "mass", "c": "", "d": "other", "e": ""}
    numbers = recommendation.families(works, {"b": b"tune", "c": b"tune", "d": b"", "e": b""})
    assert numbers["a"] == numbers["b"] == numbers["c"]
    assert len({numbers["a"], numbers["d"], numbers["e"]}) == 3


def test_rocchio_by_hand():
    query, liked, disliked = np.array([1.0, 0]), np.array([[0.0, 1], [0, 1]]), np.array([[1.0, 0]])
    moved = recommendation.rocchio(query, liked, disliked)
    assert moved == pytest.approx(np.array([0.85, 0.75]) / np.hypot(0.85, 0.75))
    assert recommendation.rocchio(query, liked[:0], disliked[:0]) == pytest.approx(query)


# ---------------------------------------------------------------------------------- index


@pytest.fixture
def index():
    """Four pieces around a circle."""
    found = Index({"counts": Scale(np.zeros(2), np.ones(2))})
    angles = {"north": 90, "north-east": 45, "east": 0, "south": -90}
    for key, angle in angles.items():
        spot = np.array([np.cos(np.radians(angle)), np.sin(np.radians(angle))])
        found.add(key, key.title(), {"counts": spot}, label="wind")
    return found


def found(index, *arguments, **options):
    return [hit.key for hit in index.query(*arguments, kind="counts", **options)]


def test_an_index_ranks_by_angle(index):
    query = {"counts": np.array([0.2, 5.0])}
    assert found(index, query, count=3) == ["north", "north-east", "east"]
    hit = index.query(query, kind="counts", count=1)[0]
    assert (hit.title, hit.label) == ("North", "wind")
    assert hit.likeness == pytest.approx(np.cos(np.arctan(0.2 / 4)), abs=1e-6)  # 5 deviations count as 4
    assert found(index, "north") == ["north-east", "east", "south"]
    assert found(index, "north", leave_out=["east"]) == ["north-east", "south"]


def test_a_title_that_a_scanner_has_made_is_shown_as_the_keys_name(index):
    index.add("monteverdi/3.10.mxl", ".lV.L\"'!UCl'l.v .J.u,.:;l';'V", {"counts": np.array([-1.0, 0.0])})
    index.add("a", "№ 3: „Wachet auf!“ ♯", {"counts": np.array([-1.0, 0.1])})
    titles = [hit.title for hit in index.query({"counts": np.array([-1.0, 0.0])}, kind="counts", count=2)]
    assert titles == ["3.10", "№ 3: „Wachet auf!“ ♯"]


def test_liking_and_disliking_rank_anew(index):
    query = {"counts": np.array([0.0, 1.0])}
    assert found(index, query)[:2] == ["north", "north-east"]
    assert found(index, query, liked=["east"])[0] == "north-east"
    assert "north" not in found(index, query, disliked=["north"])
    assert found(index, query, liked=["south"], count=1) == ["north"]  # 1 − 0.75 is left of it


def test_what_is_like_nothing_here_is_said(index):
    assert np.isnan(index.strangeness(index.features(index.keys[0])))  # too few to say what is usual
    rng, ear = np.random.default_rng(1), Index({"sounds": Scale(np.zeros(2), np.ones(2))})
    ear.add_all([(str(i), "", "") for i in range(200)], {"sounds": rng.standard_normal((200, 2))})
    near, far = ({"sounds": np.array([x, 0.0])} for x in (0.1, 40.0))
    assert ear.strangeness(near) < 0.9
    assert not ear.warning(near)
    assert ear.strangeness(far) == 1
    assert "100.0% of the 200 pieces" in ear.warning(far)
    assert ear.query(far, kind="sounds")[0].likeness > 0.99  # though an angle calls it alike
    ear.add_all([(f"far {i}", "", "") for i in range(5)], {"sounds": np.full((5, 2), [40.0, 0.0])})
    assert not ear.warning(far)


def test_noise_is_like_nothing_that_ships_and_a_tune_is():
    rng = np.random.default_rng(1)
    noise = [(0, int(pitch), float(onset), 0.5) for pitch, onset in zip(rng.integers(40, 90, 400), np.sort(rng.uniform(0, 60, 400)), strict=True)]  # fmt: skip
    shipped = recommendation.shipped()
    assert shipped.warning(recommendation.features(Score.from_rows(noise)))
    assert not shipped.warning(recommendation.features(tune()))


def test_adding_and_removing_leave_the_others_as_they_are(index):
    before = index.query("north", kind="counts")
    index.add("west", "West", {"counts": np.array([-1.0, 0.0])})
    assert found(index, {"counts": np.array([-1.0, 0.1])}, count=1) == ["west"]
    index.remove("west")
    assert index.query("north", kind="counts") == before
    assert len(index) == 4
    assert "west" not in index
    assert len(index.empty()) == 0


def test_what_an_index_refuses(index):
    with pytest.raises(RecommendationError, match="'north' is in the index already"):
        index.add("north", "again", {"counts": np.zeros(2)})
    with pytest.raises(RecommendationError, match="counts must be 2 finite numbers a piece"):
        index.add("x", "x", {"counts": np.zeros(3)})
    with pytest.raises(RecommendationError, match="counts must be 2 finite"):
        index.add("x", "x", {"counts": np.array([np.nan, 0])})
    with pytest.raises(RecommendationError, match="no piece 'west' in the index"):
        index.query("west", kind="counts")
    with pytest.raises(RecommendationError, match="no kind 'both', there are counts"):
        index.query("north")
    assert len(index) == 4


def test_a_saved_index_comes_back_titles_and_all(index, tmp_path):
    index.add("<b>#1", "<img src=x> ♯", {"counts": np.array([0.3, 0.1])}, label="\u202e")
    index.save(tmp_path / "index.npz")
    again = Index.load(tmp_path / "index.npz")
    assert (again.keys, again.titles, again.labels) == (index.keys, index.titles, index.labels)
    assert np.allclose(again.values["counts"], index.values["counts"], atol=1 / 127)
    assert found(again, "north") == found(index, "north")


def test_a_damaged_index_is_one_clear_error(index, tmp_path):
    path = tmp_path / "index.npz"
    with pytest.raises(RecommendationError, match=r"index\.npz holds no index \(FileNotFoundError"):
        Index.load(path)
    index.save(path)
    whole = path.read_bytes()
    for data in (b"", b"PK nonsense", whole[: len(whole) // 2]):
        path.write_bytes(data)
        with pytest.raises(RecommendationError, match="holds no index"):
            Index.load(path)


# -------------------------------------------------------------------------------- shipped


def test_the_shipped_index_is_large_enough_and_small_enough():
    index = recommendation.shipped()
    assert len(index) >= 3000
    size = sum(path.stat().st_size for path in recommendation.SHIPPED.iterdir())
    assert size <= 1_500_000
    assert all(np.isfinite(values).all() for values in index.values.values())
    assert str(len(index)) in (recommendation.SHIPPED / "README.md").read_text(encoding="utf-8").replace(
        " ", ""
    )


def test_a_piece_that_the_index_holds_finds_itself():
    index, chorale = recommendation.shipped(), corpus.read_chorale("bwv66.6")
    features = recommendation.features(chorale)
    for kind in recommendation.KINDS:
        hits = index.query(features, kind=kind, count=1)
        assert hits[0].key == "bach/bwv66.6.mxl", kind
        assert hits[0].likeness > 0.99
    moved = index.query(recommendation.features(cleaning.transpose(chorale, 3)), count=1)[0]
    assert moved.key == "bach/bwv66.6.mxl"
    assert all("than usual" in reason for reason in hits[0].reasons)


@pytest.mark.parametrize(
    "key",
    [
        "oneills1850/0001-0050.abc#7",
        "ryansMammoth/7thRegimentReel.abc",
        "essenFolksong/altdeu10.abc#3",
        "palestrina/Agnus_03.krn",
        "mozart/k155/movement2.mxl",
    ],
)
def test_a_keys_music_is_what_was_indexed(key):
    index, piece = recommendation.shipped(), recommendation.music(key)
    step = np.abs(index.values["counts"]).max(0) / 127
    assert np.allclose(recommendation.counts(piece), index.features(key)["counts"], atol=step.max())


@pytest.mark.parametrize(
    "key", ["bach/none.mxl", "nobody/x.abc", "bach/../chopin/x.mxl", "oneills1850/0001-0050.abc#999"]
)
def test_a_key_without_music(key):
    with pytest.raises(RecommendationError, match="recommendation: "):
        recommendation.music(key)


def test_a_folder_of_ones_own(tmp_path):
    playback.to_midi(tune(title="Mine"), tmp_path / "a.mid")
    playback.to_midi(with_bass(tune(TUNE[::-1])), tmp_path / "b.mid")
    (tmp_path / "bad.mid").write_bytes(b"nothing")
    scales = {"counts": recommendation.shipped().scales["counts"]}
    index, reasons = recommendation.of_folder(
        tmp_path, lambda piece: {"counts": recommendation.counts(piece)}, scales, progress=False
    )
    assert found(index, {"counts": recommendation.counts(cleaning.transpose(tune(), 2))})[0] == "a.mid"
    assert [reason.split(":")[0] for reason in reasons] == ["bad.mid"]
    (tmp_path / "a.mid").unlink()
    (tmp_path / "b.mid").unlink()
    with pytest.raises(RecommendationError, match="no music that can be heard"):
        recommendation.of_folder(tmp_path, lambda piece: {}, scales, progress=False)

"""The recommender's Python side: ranking, ratings, playing, asking anew; and the command."""

import numpy as np
import pytest

from musicgan_edu import __main__ as command
from musicgan_edu import playback, recommendation
from musicgan_edu.recommendation import Index, RecommendationError, Scale
from musicgan_edu.score import Score
from musicgan_edu.widgets import recommender

HOSTILE = "<img src=x onerror=alert(1)>"


def piece(first, title=""):
    steps = [0, 2, 4, 5, 7, 4, 0, 7]
    return Score.from_rows([(0, first + s, i, 1) for i, s in enumerate(steps * 4)], title=title)


def features(scores):
    """Not music: the first pitch as an angle, so that the answers are known."""
    angle = np.radians(scores[0].notes["pitch"][0])
    return {"counts": np.array([np.cos(angle), np.sin(angle)])}


PIECES = {f"{n}.mid": piece(n, HOSTILE if n == 50 else f"Tune {n}") for n in (40, 50, 60, 90)}


def music(key):
    if key not in PIECES:
        raise RecommendationError(f"recommendation: no {key}")
    return [PIECES[key]]


@pytest.fixture
def table():
    index = Index({"counts": Scale(np.zeros(2), np.ones(2))})
    for key, score in PIECES.items():
        index.add(key, score.title, features([score]), label="mine")
    return recommender.Recommender(piece(45, "Asked"), index, features=features, music=music, count=3)


def keys(table):
    return [row["key"] for row in table.shelf.hits]


def test_it_begins_with_the_nearest(table):
    assert table.shelf.asking == "Asked"
    assert table.shelf.kinds == ["counts"]
    assert keys(table) == ["40.mid", "50.mid", "60.mid"]
    assert table.shelf.hits[0] == {
        "key": "40.mid", "title": "Tune 40", "label": "mine", "likeness": "+1.00", "why": "",
    }  # fmt: skip


def test_a_piece_of_the_index_is_not_in_its_own_list(table):
    own = recommender.Recommender(PIECES["60.mid"], table.index, key="60.mid", features=features, music=music)
    assert set(keys(own)) == {"40.mid", "50.mid", "90.mid"}
    assert own.shelf.heard == "60.mid"


def test_a_like_and_a_dislike_rank_anew_and_can_be_taken_back(table):
    table.shelf.disliked = ["40.mid"]
    assert keys(table) == ["50.mid", "60.mid", "90.mid"]
    table.shelf.liked = ["90.mid"]
    assert keys(table)[0] == "60.mid"
    assert [row["title"] for row in table.shelf.rated] == ["Tune 90", "Tune 40"]
    table.shelf.liked, table.shelf.disliked = [], []
    assert keys(table) == ["40.mid", "50.mid", "60.mid"]
    assert table.shelf.rated == []


def test_what_is_chosen_plays_and_may_be_asked_with(table):
    table.shelf.liked = ["90.mid"]
    table.shelf.chosen = "60.mid"
    assert np.array_equal(table.player.score.notes, PIECES["60.mid"].notes)
    assert (table.player.playing, table.shelf.heard, table.shelf.chosen) == (True, "60.mid", "")
    table.shelf.ask += 1
    assert (table.shelf.asking, table.shelf.liked) == ("Tune 60", [])
    assert keys(table) == ["50.mid", "40.mid", "90.mid"]


def test_what_cannot_be_read_is_said_and_the_list_stays(table):
    table.shelf.chosen = "gone.mid"
    assert table.shelf.wrong
    assert table.shelf.status == "recommendation: no gone.mid"
    table.shelf.liked = ["nobody.mid"]
    assert "no piece 'nobody.mid'" in table.shelf.status
    assert keys(table) == ["40.mid", "50.mid", "60.mid"]
    table.shelf.liked = []
    assert not table.shelf.wrong


def test_a_page_without_a_kernel_gets_a_table_and_titles_stay_text(table):
    data = table.twin()
    assert HOSTILE not in data["text/html"]
    assert "&lt;img src=x onerror=alert(1)&gt;" in data["text/html"]
    assert data["text/plain"].startswith("Most like Asked:\n+1.00  Tune 40  mine")
    assert "data:audio/mpeg" in data["text/html"]


# -------------------------------------------------------------------------------- command


@pytest.fixture
def folder(tmp_path):
    for name, score in (("a", piece(60)), ("b", piece(65)), ("c", piece(60).cut(0, 3))):
        playback.to_midi(score.replace(title=name), tmp_path / f"{name}.mid")
    (tmp_path / "broken.mid").write_bytes(b"MThd")
    return tmp_path


def test_the_command_ranks_a_folder(folder, capsys):
    path = str(folder / "a.mid")
    assert command.main(["recommend", path, "--folder", str(folder), "--by", "counts"]) == 0
    said = capsys.readouterr().out
    assert "left out: broken.mid" in said
    assert "most like a.mid, of 3 pieces (pitches as in C major or A minor):" in said
    lines = [line for line in said.splitlines() if line.endswith("]")]
    assert [line.split()[-1] for line in lines] == ["[b.mid]", "[c.mid]"]  # and not itself
    assert lines[0].split()[1] == "+1.00"  # the same tune in another key
    assert "than usual" in said


def test_the_command_says_when_there_is_too_little_to_go_by(tmp_path, capsys):
    playback.to_midi(Score.from_rows([(0, 69, 0, 1)]), tmp_path / "note.mid")
    assert command.main(["recommend", str(tmp_path / "note.mid"), "--count", "1"]) == 0
    assert "note.mid has 1 note: too few to tell what it is like" in capsys.readouterr().out


def test_command_list_and_table_say_that_nothing_is_like_noise(tmp_path, capsys):
    rng = np.random.default_rng(1)
    noise = Score.from_rows([(0, int(p), i / 4, 0.25) for i, p in enumerate(rng.integers(40, 90, 400))])
    playback.to_midi(noise, tmp_path / "noise.mid")
    assert command.main(["recommend", str(tmp_path / "noise.mid"), "--count", "1"]) == 0
    said = "nothing here sounds like it"
    assert f"noise.mid: {said}" in capsys.readouterr().out
    table = recommender.Recommender(noise)
    assert said in table.shelf.status
    assert not table.shelf.wrong
    assert said in table.twin()["text/html"]


def test_the_command_finds_music_and_takes_likes(folder, capsys):
    path = str(folder / "a.mid")
    assert command.main(["recommend", path, "--count", "3"]) == 0
    first = capsys.readouterr().out
    listed = [line.split("[")[-1][:-1] for line in first.splitlines() if line.endswith("]")]
    assert len(listed) == 3
    assert f"of {len(recommendation.shipped())} pieces" in first
    assert command.main(["recommend", path, "--count", "3", "--dislike", listed[0], "--like", listed[2]]) == 0
    second = capsys.readouterr().out
    assert f"[{listed[0]}]" not in second
    assert f"[{listed[2]}]" in second.splitlines()[1]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["none.mid"], "none.mid: can't be opened"),
        (["a.mid", "--like", "nobody"], "no piece 'nobody' in the index"),
        (["a.mid", "--folder", "nowhere"], "is not a folder"),
        (["broken.mid"], "broken.mid"),
    ],
)
def test_what_is_wrong_is_one_line(folder, words, message, capsys, monkeypatch):
    monkeypatch.chdir(folder)
    assert command.main(["recommend", *words]) == 2
    said = capsys.readouterr().err
    assert message in said.splitlines()[-1]

"""The player's Python side: traits follow the Score, pages without a kernel get picture and sound."""

import base64
import io
import re

import nbformat
import numpy as np
import pytest
import soundfile
import traitlets
from nbclient import NotebookClient
from nbconvert import HTMLExporter

from musicgan_edu import corpus, playback
from musicgan_edu.score import Score, Track
from musicgan_edu.widgets import front_end, player

HOSTILE = "<img src=x onerror=alert(1)>"


def song(**fields) -> Score:
    rows = [(0, 60, 1 / 3, 1 / 7, 33), (1, 36, 0, 0.25), (0, 64, 5, 2)]
    tracks = [Track("Melody", 73), Track("Kit", 0, is_drum=True)]
    return Score.from_rows(rows, tracks, **{"title": "Song", "tempo": 90.0, "pickup": 1.0} | fields)


def static(widget: player.Player) -> dict[str, str]:
    return widget.twin()


def test_the_score_comes_back_exactly():
    assert player.Player(song()).score == song()


def test_traits_follow_a_new_score():
    widget = player.Player(song())
    widget.score = song(title="Other", tempo=100.0).cut(4, 8)
    assert (widget.title, widget.tempo, widget.pickup) == ("Other", 100.0, 1.0)
    assert np.frombuffer(widget.notes).reshape(-1, 5).tolist() == [[0, 64, 1, 2, 80]]
    assert widget.tracks[1] == {"name": "Kit", "program": 0, "is_drum": True}


def test_tempo_and_notes_changed_in_the_page_are_in_the_score():
    widget = player.Player(song())
    rows = np.array([[1, 38, 0, 1, 100]], dtype=np.float64)
    widget.set_state({"tempo": 150.0, "notes": memoryview(rows.tobytes())})  # as the browser sends them
    assert (widget.score.tempo, widget.score.notes.tolist()) == (150.0, [(1, 38, 0.0, 1.0, 100)])


def test_a_label_stands_instead_of_the_title_and_stays():
    widget = player.Player(song(), label="Bach")
    widget.score = song(title="Other")
    assert widget.title == "Bach"


def test_options_are_traits():
    widget = player.Player(song(), loop=True, muted=[1])
    assert (widget.loop, widget.muted) == (True, [1])
    with pytest.raises(traitlets.TraitError, match=r"should not be greater than 1\.0"):
        player.Player(song(), volume=2.0)


def test_tempo_stays_within_what_the_page_offers():
    assert [player.Player(song(tempo=t)).tempo for t in (3.0, 90.0, 1000.0)] == [20.0, 90.0, 400.0]


def test_players_share_one_bank():
    one, two = player.Player(song()), player.Player(song())
    assert one.bank is two.bank
    assert len(one.bank.recording) < 600_000
    assert set(one.bank.index) >= {"piano", "organ", "strings", "bass", "drums"}


def test_every_recorded_note_lies_inside_the_recording():
    bank = player.Instruments.shared()
    sound, rate = soundfile.read(io.BytesIO(bank.recording))
    for name, entries in bank.index.items():
        for entry in entries:
            place = slice(round(entry["start"] * rate), round((entry["start"] + entry["seconds"]) * rate))
            assert np.abs(sound[place]).max() > 0.05, (name, entry)
            assert 0 <= entry.get("loop", 0) < entry.get("loop_end", 1) <= entry["seconds"] + 1, (name, entry)


def test_a_page_without_a_kernel_gets_picture_words_and_sound():
    data = static(player.Player(song()))
    assert data["text/plain"].startswith("Piano roll of Song: 2 bars")
    assert f'alt="{data["text/plain"]}"' in data["text/html"]
    mp3 = base64.b64decode(re.search(r'src="data:audio/mpeg;base64,([^"]+)"', data["text/html"])[1])
    sound, rate = soundfile.read(io.BytesIO(mp3))
    assert len(sound) / rate == pytest.approx(7 * 60 / 90 + 1, abs=0.2)
    assert base64.b64decode(data["image/png"]).startswith(b"\x89PNG")


def test_a_long_piece_carries_its_first_minute():
    data = static(player.Player(Score.from_rows([(0, 60, i, 1) for i in range(300)], tempo=60.0)))
    mp3 = base64.b64decode(re.search(r'src="data:audio/mpeg;base64,([^"]+)"', data["text/html"])[1])
    assert soundfile.info(io.BytesIO(mp3)).duration == pytest.approx(61, abs=0.2)
    assert "(its first minute)" in data["text/html"]


def test_names_are_text_in_the_static_page():
    score = Score.from_rows([(0, 60, 0, 1)], [Track(HOSTILE)], title=HOSTILE)
    page = static(player.Player(score))["text/html"]
    assert page.count("<img") == 1  # our own
    assert "&lt;img src=x onerror=alert(1)&gt;" in page


def test_the_front_end_is_one_module_without_html():
    module = front_end("sound.js", "roll.js", "player.js")
    assert module.count("export default") == 1
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacent|document\.write|https?://(?!www\.w3\.org)", module
    )


@pytest.mark.slow
def test_an_exported_notebook_shows_and_sounds():
    cell = (
        "from musicgan_edu.score import Score\nfrom musicgan_edu.widgets import player\n"
        "player.play(Score.from_rows([(0, 60, 0, 1)], title='One'), label='A & B')"
    )
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell)])
    NotebookClient(notebook, kernel_name="python3", store_widget_state=False, timeout=60).execute()
    page, _ = HTMLExporter().from_notebook_node(notebook)
    assert 'alt="Piano roll of A &amp; B' in page
    assert re.search(r'<audio [^>]*src="data:audio/mpeg;base64,', page)


@pytest.fixture
def asked(monkeypatch):
    """A player, and a function that asks it as the page does: its answers, with their bytes."""
    widget = player.Player(song(title="A/B: <b>"))
    answers = []
    monkeypatch.setattr(widget, "send", lambda content, buffers=(): answers.append((content, *buffers)))

    def ask(wish, rows, tempo=90.0):
        answers.clear()
        data = np.array(rows, dtype=np.float64).tobytes()
        widget._handle_custom_msg({"do": wish, "tempo": tempo}, [memoryview(data)])
        return answers

    return ask


def test_the_file_holds_what_stands_in_the_page(asked, tmp_path):
    [(content, data)] = asked("midi", [[0, 61, 0, 1, 80], [1, 38, 1, 1, 80]], tempo=150.0)
    assert content == {"kind": "midi", "name": "AB b.mid"}
    (tmp_path / "it.mid").write_bytes(data)
    back = corpus.read(tmp_path / "it.mid")
    assert (back.notes["pitch"].tolist(), round(back.tempo)) == ([61, 38], 150)


def test_the_engraved_page_of_a_long_piece_is_its_beginning(asked):
    [(content, svg)] = asked("page", [[0, 60, 0, 1, 80]])
    assert content["said"] == ""
    assert svg.startswith(b"<svg")
    [(content, _)] = asked("page", [[0, 60, bar * 4, 4, 80] for bar in range(70)])
    assert content["said"] == "The page shows the first 64 of 70 bars."


def test_notes_that_no_score_can_hold_are_a_message(asked):
    [(content,)] = asked("midi", [[0, 200, 0, 1, 80]])
    assert content == {"kind": "problem", "said": "score: pitches must be 0 to 127 ()"}


def test_an_exported_page_has_the_midi_file():
    link = re.search(
        r'<a href="data:audio/midi;base64,([^"]+)" download="Song.mid">',
        static(player.Player(song()))["text/html"],
    )
    assert base64.b64decode(link[1]) == playback.to_midi(song())


def test_a_file_brings_what_it_needs_once_and_first():
    whole = front_end("sound.js", "roll.js", "player.js")
    assert whole.count("function make(") == whole.count("class Transport") == whole.count("class Roll") == 1
    places = [whole.index(f"class {name}") for name in ("Transport", "Roll", "Editor", "Takeaway", "View")]
    assert places == sorted(places)

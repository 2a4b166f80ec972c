"""The player: any Score as a piano roll that sounds.

Comes in: a `Score`. Goes out: a widget with play, stop, loop, seek, mute and solo per track, tempo,
volume and zoom, by mouse and by keyboard, notes that one edits (`player.score` has them), the engraved
score and a MIDI file; and, where no kernel runs (an exported page, a printed
one), a picture with a description, a sound file that the browser itself plays, and the MIDI file.

>>> from musicgan_edu.widgets import player
>>> player.play(score)  # doctest: +SKIP
"""

from __future__ import annotations

import base64
import json
import re
from importlib import resources
from typing import Any

import anywidget
import ipywidgets
import numpy as np
import traitlets
from IPython.display import display

from musicgan_edu import playback, plotting
from musicgan_edu.score import NOTE, MusicganError, Score, Track
from musicgan_edu.widgets import Twin, front_end

__all__ = ["Instruments", "Player", "play"]

STATIC_SECONDS = 60.0  # of sound in an exported page: 0.4 MB
PAGE_BARS = 64  # of an engraved score: it grows slower than it reads


def play(score: Score, *, label: str | None = None, **options: Any) -> None:
    """Show a player for a Score, here and now: `play(score)` is all that a lesson needs.

    Parameters
    ----------
    score : what to play.
    label : stands above it instead of the Score's title.
    options : any trait of `Player` to begin with, such as `loop=True` or `muted=[0]`.

    See Also
    --------
    Player : the widget itself, to keep and to change from Python.
    """
    display(Player(score, label=label, **options))


class Instruments(ipywidgets.Widget):
    """The recorded instruments, sent to the page once, however many players it shows."""

    _model_name = traitlets.Unicode("WidgetModel").tag(sync=True)
    _model_module = traitlets.Unicode("@jupyter-widgets/base").tag(sync=True)
    recording = traitlets.Bytes().tag(sync=True)
    index = traitlets.Dict().tag(sync=True)

    _shared: Instruments | None = None

    @classmethod
    def shared(cls) -> Instruments:
        """The one bank of this kernel, made when the first player asks (and again if it was closed)."""
        if cls._shared is None or cls._shared.comm is None:
            sounds = resources.files("musicgan_edu") / "sounds"
            index = json.loads((sounds / "player.json").read_text(encoding="utf-8"))
            cls._shared = cls(recording=(sounds / "player.ogg").read_bytes(), index=index)
        return cls._shared


class Player(Twin, anywidget.AnyWidget):
    """A piano roll that plays. Assign `score` to change the music, even while it sounds.

    What is edited in the page arrives as a change of `notes`: observe that, and read `score`.

    Traits
    ------
    tempo : quarter notes a minute, 20 to 400; the Score's own to begin with.
    loop, playing : as the buttons; the browser lets sound begin only after a click in the page.
    muted, soloed : lists of track indices.
    volume : 0 to 1.
    position : beats; where the head stands. It follows at pause, stop and seek, not while playing.
    title : above the roll; text, never HTML.
    """

    _esm = front_end("player.js")
    _css = front_end("player.css")

    notes = traitlets.Bytes().tag(sync=True, from_json=lambda value, widget: bytes(value))
    tracks: traitlets.List[Any] = traitlets.List().tag(sync=True)
    beats_per_bar = traitlets.Float(4.0).tag(sync=True)
    pickup = traitlets.Float(0.0).tag(sync=True)
    title = traitlets.Unicode("").tag(sync=True)
    tempo = traitlets.Float(120.0, min=20.0, max=400.0).tag(sync=True)
    loop = traitlets.Bool(False).tag(sync=True)
    playing = traitlets.Bool(False).tag(sync=True)
    position = traitlets.Float(0.0, min=0.0).tag(sync=True)
    volume = traitlets.Float(0.6, min=0.0, max=1.0).tag(sync=True)
    muted = traitlets.List(traitlets.Int()).tag(sync=True)
    soloed = traitlets.List(traitlets.Int()).tag(sync=True)
    bank = traitlets.Instance(Instruments).tag(sync=True, **ipywidgets.widget_serialization)

    def __init__(self, score: Score, *, label: str | None = None, **options: Any) -> None:
        self._score, self._label = score, label
        super().__init__(bank=Instruments.shared(), **(_state(score, label) | options))
        self.on_msg(self._asked)

    @property
    def score(self) -> Score:
        """What it plays: the Score that was given, with the notes and the tempo that stand now."""
        return self._score.replace(notes=_notes(self.notes), tempo=self.tempo)

    @score.setter
    def score(self, score: Score) -> None:
        self._score = score
        with self.hold_sync():
            for name, value in _state(score, self._label).items():
                setattr(self, name, value)

    def _asked(self, widget: Any, wish: dict[str, Any], buffers: list[Any]) -> None:
        """The page asks for something to take away: the notes that stand there come with the wish."""
        try:
            score = self._score.replace(
                notes=_notes(bytes(buffers[0])), tempo=float(wish["tempo"]), title=self.title
            )
            if wish["do"] == "midi":
                self.send({"kind": "midi", "name": f"{_filename(self.title)}.mid"}, [playback.to_midi(score)])
            elif wish["do"] == "page":
                self.send(*_page(score))
        except MusicganError as problem:
            self.send({"kind": "problem", "said": str(problem)})

    def twin(self) -> dict[str, str]:
        """The roll, the sound and the MIDI file."""
        data = plotting.piano_roll(self.score, title=self.title).twin()
        data["text/html"] += f"<br>{_audio(self.score)} {_midi(self.score, self.title)}"
        return data


def _state(score: Score, label: str | None) -> dict[str, Any]:
    """The traits that follow from a Score. Notes travel as rows of five float64, exact both ways."""
    columns = [score.notes[name].astype(np.float64) for name in NOTE.names or ()]
    return {
        "notes": np.stack(columns, axis=1).tobytes(),
        "tracks": [_track(track) for track in score.tracks],
        "beats_per_bar": score.beats_per_bar,
        "pickup": score.pickup,
        "tempo": min(max(score.tempo, 20.0), 400.0),
        "title": score.title if label is None else label,
    }


def _notes(rows: bytes) -> np.ndarray:
    """Notes from the rows in which they travel."""
    table = np.frombuffer(rows, dtype=np.float64).reshape(-1, 5)
    notes = np.empty(len(table), dtype=NOTE)
    for column, name in enumerate(NOTE.names or ()):
        notes[name] = table[:, column]
    return notes


def _track(track: Track) -> dict[str, Any]:
    return {"name": track.name, "program": track.program, "is_drum": track.is_drum}


def _audio(score: Score) -> str:
    """An `<audio>` element that carries the sound: the first minute of a long piece."""
    beats = STATIC_SECONDS * score.tempo / 60
    whole = score.end <= beats
    sound = playback.to_mp3(score if whole else score.cut(0, beats))
    data = base64.b64encode(sound).decode("ascii")
    note = "" if whole else " (its first minute)"
    return f'<audio controls preload="metadata" src="data:audio/mpeg;base64,{data}"></audio>{note}'


def _midi(score: Score, title: str) -> str:
    """A link that carries the MIDI file; nothing for a metre that MIDI can't write."""
    try:
        data = base64.b64encode(playback.to_midi(score)).decode("ascii")
    except playback.PlaybackError:
        return ""
    return f'<a href="data:audio/midi;base64,{data}" download="{_filename(title)}.mid">MIDI file</a>'


def _filename(title: str) -> str:
    """A title as a file's name: letters, digits and spaces of it."""
    return re.sub(r"[^\w -]+", "", title).strip()[:60] or "music"


def _page(score: Score) -> tuple[dict[str, str], list[bytes]]:
    """The engraved score as a message to the page; of a long piece, its first bars."""
    end = score.pickup + PAGE_BARS * score.beats_per_bar
    long = score.end > end
    svg = playback.engrave(score.cut(0, end) if long else score)
    said = f"The page shows the first {PAGE_BARS} of {score.n_bars} bars." if long else ""
    alt = f"Engraved score of {score.title or 'this piece'}: {score.n_notes} notes in {score.n_bars} bars"
    return {"kind": "page", "alt": alt, "said": said}, [svg.encode()]

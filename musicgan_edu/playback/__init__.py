"""Give music away: a `Score` becomes MIDI, MusicXML, sound or an engraved page.

Comes in: a `Score`. Goes out: MIDI bytes, MusicXML text, float32 sound (n_samples, 2), WAV or MP3
bytes, SVG text. Nothing here needs a network or a system package.

Conventions
-----------
Each function returns what it made. It writes a file only to a `path` that you name, and then
replaces what stood there. Titles and track names are data: they come out escaped, never as markup.
Lessons 00 and 01 use all of it; lesson 09 exports with it.
"""

from musicgan_edu.playback.midi import PlaybackError, metre, to_midi
from musicgan_edu.playback.notation import engrave, to_musicxml
from musicgan_edu.playback.sound import render, sounding_seconds, to_mp3, to_wav

__all__ = [
    "PlaybackError",
    "engrave",
    "metre",
    "render",
    "sounding_seconds",
    "to_midi",
    "to_mp3",
    "to_musicxml",
    "to_wav",
]

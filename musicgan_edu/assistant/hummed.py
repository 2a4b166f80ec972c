"""A melody hummed, whistled or played into a recording, as a Score; `transcription` does the listening.

Comes in: a WAV, FLAC or OGG file in which one voice sounds at a time. Goes out: a Score of one track, its times
as they were sung. Lesson 11.
"""

from __future__ import annotations

import os

from musicgan_edu import transcription
from musicgan_edu.assistant.melody import AssistantError
from musicgan_edu.score import Score

__all__ = ["hear"]


def hear(path: str | os.PathLike[str], *, tempo: float | None = None) -> Score:
    """The melody in a recording.

    Parameters
    ----------
    tempo : quarter notes a minute, if you know it.

    Raises
    ------
    ReadError : no audio. AssistantError : nothing in it has a pitch.
    """
    try:
        return transcription.transcribe(path, tempo=tempo, steps_per_beat=None).score
    except transcription.TranscriptionError as error:
        raise AssistantError(str(error).replace("transcription:", "harmonise:", 1)) from error

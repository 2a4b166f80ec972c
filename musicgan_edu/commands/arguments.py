"""What the commands share: how one is registered, readers of arguments, files in and out."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Callable
from pathlib import Path

from musicgan_edu.score import Score, ScoreError

__all__ = [
    "FREE",
    "MIN_NOTES",
    "Command",
    "count",
    "from_to",
    "longest",
    "minutes",
    "moments",
    "numbers",
    "port",
    "say_if_beatless",
    "seed",
    "steps",
    "writer",
]


@dataclasses.dataclass(frozen=True)
class Command:
    """`run` gets the parsed arguments and returns an exit code (None is 0)."""

    run: Callable[[argparse.Namespace], int | None]
    add_arguments: Callable[[argparse.ArgumentParser], None]
    summary: str
    example: str


def from_to(kind: type, low: float, high: float) -> Callable[[str], float]:
    """What reads a number from low to high, for argparse."""

    def read(text: str) -> float:
        number = kind(text)
        if not low <= number <= high:
            raise argparse.ArgumentTypeError(f"must be {low} to {high}, got {text}")
        return number

    read.__name__ = kind.__name__  # what argparse calls it
    return read


port, minutes = from_to(int, 0, 65535), from_to(float, 0.01, 100_000)
steps, count, seed = (from_to(int, low, high) for low, high in ((1, 10**9), (1, 10**5), (0, 2**32 - 1)))


def moments(text: str) -> tuple[float, ...]:
    """What `--snapshots` takes: whole numbers are steps, others shares of the budget."""
    try:
        found = tuple(int(part) if part.strip().isdecimal() else float(part) for part in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"must be steps or shares, such as 0,100,0.5; got {text!r}"
        ) from None
    wrong = [moment for moment in found if isinstance(moment, float) and not 0 <= moment <= 1]
    if wrong:
        raise argparse.ArgumentTypeError(f"a share must be 0.0 to 1.0, got {wrong[0]}")
    return found


def numbers(text: str) -> list[int]:
    """Numbers from 1, with commas between them, as numbers from 0."""
    found = [int(part) - 1 for part in text.split(",")]
    if min(found) < 0:
        raise argparse.ArgumentTypeError(f"counted from 1, got {text}")
    return found


FREE = 0.3  # of `cleaning.beat_strength`; below it a file's beats are not the music's
MIN_NOTES = 16  # of fewer there is little to say


def longest(path: Path) -> Score:
    """The piece in a file; of several, or of stretches of one metre and tempo, the longest.

    A piece whose notes keep to no beat is given back all the same, with a line on what would help.
    """
    from musicgan_edu import corpus

    scores = corpus.read_all(path)
    longest = max(scores, key=lambda score: score.end)
    if len(scores) > 1:
        print(
            f"{path.name} holds {len(scores)} pieces or stretches of one metre and tempo: taking the longest"
        )
    say_if_beatless(path, longest)
    return longest.replace(title=path.stem)  # what the messages call it


def say_if_beatless(path: Path, score: Score) -> None:
    """A line on what would help a piece whose notes keep to no beat."""
    from musicgan_edu import cleaning

    if score.n_notes >= MIN_NOTES and cleaning.beat_strength(score) < FREE:
        print(
            f"{path.name} keeps to no beat, as if played without a metronome, and what comes will make little sense; "
            f"look for its beats first: musicgan clean {path.name} --free --voices 4 --out beats.mid"
        )


def writer(command: str, out: Path) -> Callable[[Score, Path], object]:
    """What writes a Score to a new file of this name; ScoreError for one that is there, or can't be written."""
    from musicgan_edu import playback

    writers = {".mid": playback.to_midi, ".musicxml": playback.to_musicxml, ".wav": playback.to_wav}
    if out.suffix.lower() not in writers:
        raise ScoreError(f"{command}: can't write {out.name}: give a name that ends in {', '.join(writers)}")
    if out.exists():
        raise ScoreError(f"{command}: {out} is there already: choose another file")
    return writers[out.suffix.lower()]

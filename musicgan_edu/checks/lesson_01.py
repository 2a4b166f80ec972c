"""Checks of lesson 01: beats to steps, notes to tokens, tokens to notes."""

import numpy as np

from musicgan_edu.checks import Answer, Wrong, exercise, expect, require
from musicgan_edu.encoding import VoiceEncoding
from musicgan_edu.score import Grid, Score, Track

__all__ = ["notes_of", "to_step", "tokens_of"]

_LOW, _REST, _HOLD = 60, 12, 13  # an octave from middle C: small enough to read in a reason


def to_step(beat: float, steps_per_beat: int) -> int:
    """The step of the grid that lies nearest to `beat`."""
    return round(beat * steps_per_beat)


def _grid_step(beat: float, steps_per_beat: int) -> int:
    """The package's form: `Grid.to_steps`, which refuses what isn't on the grid already."""
    nearest = np.rint(np.array([beat]) * steps_per_beat) / steps_per_beat
    return int(Grid(steps_per_beat=steps_per_beat).to_steps(nearest)[0])


@exercise("01.to_step", reference=to_step, stars=1, twin=_grid_step)
def _(answer: Answer, rng: np.random.Generator) -> None:
    expect(
        answer, [1.0, 4], 4, "beat 1 is where the second beat starts, after 4 steps of a quarter of a beat"
    )
    expect(answer, [0.75, 4], 3, "three sixteenth notes: multiply first, then round")
    expect(
        answer, [1.98, 4], 8, "a player a hair early still means step 8: the nearest step, not the one before"
    )
    for beat, steps in zip(rng.uniform(0, 8, 5).round(2).tolist(), (2, 3, 4, 6, 12), strict=True):
        if abs(beat * steps % 1 - 0.5) > 0.01:  # which way a tie goes doesn't matter
            expect(answer, [beat, steps], to_step(beat, steps))
    require(isinstance(answer(1.0, 4), int | np.integer), "a step counts, so it must be an int")


def tokens_of(notes: list, n_steps: int, low: int, rest: int, hold: int) -> np.ndarray:
    """One voice as a class a step, (n_steps,): pitch − low, `rest` or `hold`.

    `notes` holds (pitch, first step, number of steps).
    """
    tokens = np.full(n_steps, rest)
    for pitch, first, length in notes:
        tokens[first] = pitch - low
        tokens[first + 1 : first + length] = hold
    return tokens


def _package_tokens(notes: list, n_steps: int, low: int, rest: int, hold: int) -> np.ndarray:
    """The package's form of `tokens_of`, from VoiceEncoding."""
    rows = [(0, pitch, first, length) for pitch, first, length in notes]
    score = Score.from_rows(rows, [Track("voice")], beats_per_bar=1.0)
    return _encoding(n_steps, low, rest).tokens([score]).values[0, :, 0]


def _encoding(n_steps: int, low: int, rest: int) -> VoiceEncoding:
    """One voice on a grid of one step a beat, in bars of one beat."""
    return VoiceEncoding(Grid(n_steps, 1.0, 1), (Track("voice"),), low, low + rest - 1)


@exercise("01.tokens_of", reference=tokens_of, stars=2, twin=_package_tokens)
def _(answer: Answer, rng: np.random.Generator) -> None:
    alone = np.asarray(answer([(64, 0, 3)], 4, _LOW, _REST, _HOLD))
    require(alone.shape == (4,), f"four steps need four classes, not shape {alone.shape}")
    require(alone[0] != 64, "it holds MIDI numbers; class 0 is the pitch `low`, so subtract it")
    require(
        alone[1] != 4, f"steps 1 and 2 of a held note read {alone[1]}, so it comes back as three short notes"
    )
    require(alone[2] == _HOLD, f"a note of three steps is one start and two holds, not {alone.tolist()}")
    require(alone[3] != _HOLD, "the hold goes on after the note's end: one step too many")
    require(alone[3] != 0, "silence reads 0, and that is the pitch `low`: a rest is never a pitch")
    late = np.array([_REST, 2, _REST])
    expect(answer, [[(62, 1, 1)], 3, _LOW, _REST, _HOLD], late, "before the first note there's silence, too")
    long = np.array([_REST, _REST, 2, _HOLD, _HOLD])
    expect(
        answer,
        [[(62, 2, 3)], 5, _LOW, _REST, _HOLD],
        long,
        "the holds end before first + length, not before length",
    )
    for _ in range(5):
        notes = _some_notes(rng)
        expect(answer, [notes, 16, _LOW, _REST, _HOLD], tokens_of(notes, 16, _LOW, _REST, _HOLD))


def notes_of(tokens: np.ndarray, low: int, rest: int, hold: int) -> list:
    """The notes (pitch, first step, number of steps) of one voice's classes.

    `tokens` has shape (n_steps,). A hold at the start or after a rest is silence.
    """
    notes: list = []
    for step, token in enumerate(tokens):
        if token == hold and notes and sum(notes[-1][1:]) == step:
            pitch, first, length = notes[-1]
            notes[-1] = (pitch, first, length + 1)
        elif token not in (rest, hold):
            notes.append((int(token) + low, step, 1))
    return notes


def _package_notes(tokens: np.ndarray, low: int, rest: int, hold: int) -> list:
    """The package's form of `notes_of`, from VoiceEncoding."""
    score = _encoding(len(tokens), low, rest).decode(np.asarray(tokens)[None, :, None])[0]
    return [(int(n["pitch"]), int(n["onset"]), int(n["duration"])) for n in score.notes]


@exercise("01.notes_of", reference=notes_of, stars=3, twin=_package_notes)
def _(answer: Answer, rng: np.random.Generator) -> None:
    def ask(tokens: list[int], want: list, because: str) -> None:
        try:
            got = answer(np.array(tokens), _LOW, _REST, _HOLD)
        except IndexError as error:
            raise Wrong(f"{tokens} (rest 12, hold 13) raised IndexError, {error}: {because}") from error
        require(got is not None, "it gave None: is a `return` missing?")
        got = [tuple(int(part) for part in note) for note in got]
        require(got == want, f"{tokens} (low 60, rest 12, hold 13) gave {got} instead of {want}: {because}")

    ask([4, 13, 13, 12], [(64, 0, 3)], "one start and two holds are one note of three steps")
    ask([12, 12, 7, 13], [(67, 2, 2)], "the last note has no rest behind it, and counts all the same")
    ask([4, 4, 13, 12], [(64, 0, 1), (64, 1, 2)], "the same pitch twice is two notes: a start always starts")
    ask([13, 13, 4, 12], [(64, 2, 1)], "a hold with nothing before it is silence")
    ask([4, 12, 13, 13], [(64, 0, 1)], "a rest ends a note; a hold after it holds nothing")
    for _ in range(5):
        notes = _some_notes(rng)
        ask(tokens_of(notes, 16, _LOW, _REST, _HOLD).tolist(), notes, "compare note by note")


def _some_notes(rng: np.random.Generator) -> list:
    """A voice of 16 steps with rests, held and repeated notes."""
    cuts = np.sort(rng.choice(np.arange(1, 16), size=6, replace=False)).tolist()
    spans = zip([0, *cuts], [*cuts, 16], strict=True)
    drawn = [(int(rng.integers(60, 64)), first, stop - first) for first, stop in spans]
    return [note for note in drawn if rng.random() < 0.7]

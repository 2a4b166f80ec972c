"""What a transfer of style must beat, on windows as `Cells`: nothing, another key, somebody else's piece, chance.

Comes in: cells before, cells of the target style. Goes out: cells after. Lesson 13 and `benchmarks/restyle.py`.
"""

from __future__ import annotations

import numpy as np

from musicgan_edu.style.cells import PER_BEAT, REST, Cells

__all__ = ["held", "nearest", "on_the_beat", "random_edits", "transposed"]


def transposed(cells: Cells, semitones: int) -> Cells:
    """Every note moved alike: nothing of the content goes, and nothing of the style comes."""
    return cells._replace(pitch=np.where(cells.pitch == REST, REST, cells.pitch + semitones).astype(np.int16))


def nearest(cells: Cells, target: Cells) -> Cells:
    """For each window the target's real one whose cells agree best: all of the style, and another piece."""
    found = [int((target.pitch % 12 == pitch % 12).mean((1, 2)).argmax()) for pitch in cells.pitch]
    return target.take(np.array(found))


def random_edits(cells: Cells, edited: Cells, *, seed: int = 0) -> Cells:
    """As many edits as `edited` has, on cells at random: how much style comes from change alone.

    Pitches move by what other cells were moved by; strokes are turned where chance says.
    """
    rng = np.random.default_rng(seed)
    sounds = cells.pitch != REST
    moves = (edited.pitch.astype(int) - cells.pitch)[sounds]
    pitch = cells.pitch.astype(int)
    pitch[sounds] += rng.permutation(moves)
    turned = rng.permutation((cells.struck != edited.struck)[sounds])
    struck = cells.struck.copy()
    struck[sounds] ^= turned
    return Cells(pitch.astype(np.int16), struck)


def held(cells: Cells, *, beats: int = 2) -> Cells:
    """A rule instead of a network: what each voice sounds at every second beat is held until the next."""
    size = beats * PER_BEAT
    first = np.arange(cells.pitch.shape[1]) // size * size
    struck = np.zeros_like(cells.struck)
    struck[:, ::size] = True
    return Cells(cells.pitch[:, first], struck & (cells.pitch[:, first] != REST))


def on_the_beat(cells: Cells) -> Cells:
    """The other rule: every voice strikes its note again on every beat. No pitch changes."""
    struck = cells.struck.copy()
    struck[:, ::PER_BEAT] = True
    return cells._replace(struck=struck & (cells.pitch != REST))

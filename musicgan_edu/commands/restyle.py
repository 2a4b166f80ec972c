"""A piece in another style: `restyle`."""

from __future__ import annotations

import argparse
from pathlib import Path

from musicgan_edu.commands import arguments

__all__ = ["COMMANDS"]

_strength = arguments.from_to(float, 0, 2)


def _restyle_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "piece",
        type=Path,
        metavar="PIECE",
        help="a MIDI, MusicXML or ABC file in 4/4 or 4/2; a tune in 2/4, too",
    )
    parser.add_argument(
        "--to",
        default="palestrina",
        metavar="STYLE",
        help="palestrina or bach; for a tune in one voice, fiddle or folk",
    )
    parser.add_argument(
        "--strength",
        type=_strength,
        default=1.0,
        help="0 changes nothing, 1 is what was learnt (1), 2 the most",
    )
    parser.add_argument(
        "--track", type=arguments.count, metavar="N", help="only this track, from 1: a tune among others"
    )
    parser.add_argument("--seed", type=arguments.seed, help="draw the edits instead of taking the likeliest")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help=".mid, .musicxml or .wav")


def _restyle(given: argparse.Namespace) -> None:
    from musicgan_edu import style

    write = arguments.writer("restyle", given.out)
    piece = arguments.longest(given.piece)
    if given.track is not None:
        piece = style.one_voice(piece, given.track - 1)
    made = style.restyle(piece, given.to, strength=given.strength, seed=given.seed)
    write(made.score, given.out)
    print(*made.changes, f"{made.score.n_bars} bars, {made.score.n_notes} notes: {given.out}", sep="\n")


COMMANDS = {
    "restyle": arguments.Command(
        _restyle, _restyle_arguments, "put a piece of yours into another composer's style",
        "musicgan restyle chorale.mid --to palestrina --strength 0.7 --out restyled.mid",
    ),
}  # fmt: skip

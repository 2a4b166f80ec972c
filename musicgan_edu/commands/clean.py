"""A file without its dirt: `clean`."""

from __future__ import annotations

import argparse
from pathlib import Path

from musicgan_edu.commands import arguments

__all__ = ["COMMANDS"]


def _clean_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("piece", type=Path, metavar="PIECE", help="a MIDI, MusicXML or ABC file")
    for name, what in (
        ("free", "played without a metronome: look for beats and pickup"),
        ("swing", "look for swing, and make it even"),
        ("pickup", "the file states no pickup: look for it (4/4 only)"),
        ("lines", "end each note of a line where its next begins"),
        ("in-c", "move it to C major or A minor"),
    ):
        parser.add_argument(f"--{name}", action="store_true", help=what)
    parser.add_argument(
        "--voices", type=arguments.from_to(int, 1, 16), metavar="N", help="deal it out to N voices"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help=".mid, .musicxml or .wav")


def _clean(given: argparse.Namespace) -> None:
    from musicgan_edu import cleaning, corpus

    scores = corpus.read_all(given.piece)
    outs = [
        given.out.with_stem(f"{given.out.stem}-{i}") if i > 1 else given.out
        for i in range(1, len(scores) + 1)
    ]
    writers = [arguments.writer("clean", out) for out in outs]
    for score, out, write in zip(scores, outs, writers, strict=True):
        cleaned = cleaning.clean(
            score,
            free=given.free,
            swing=given.swing,
            pickup=given.pickup,
            lines=given.lines,
            in_c=given.in_c,
            n_voices=given.voices,
        )
        write(cleaned.score, out)
        print(*(cleaned.reasons or ("nothing to clean",)), sep="\n")
        print(f"{cleaned.score.n_notes} of {score.n_notes} notes, {cleaned.score.n_bars} bars: {out}")


COMMANDS = {
    "clean": arguments.Command(
        _clean, _clean_arguments, "ghost notes, doubles, grid, silence and more, each with a reason",
        "musicgan clean played.mid --free --voices 4 --out cleaned.mid",
    ),
}  # fmt: skip

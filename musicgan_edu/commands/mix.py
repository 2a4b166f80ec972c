"""Two pieces into one: `mix`."""

from __future__ import annotations

import argparse
from pathlib import Path

from musicgan_edu.commands import arguments

__all__ = ["COMMANDS"]


def _mix_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "a", type=Path, metavar="A", help="a MIDI, MusicXML or ABC file; the other is fitted to it"
    )
    parser.add_argument("b", type=Path, metavar="B")
    parser.add_argument(
        "--how", choices=["splice", "join", "layer", "crossfade"], default="splice",
        help="splice: A up to a bar, then B from a bar on; join: B after A; layer: tracks of both at once; "
        "crossfade: B fades in while A fades out",
    )  # fmt: skip
    parser.add_argument(
        "--keep", type=arguments.count, metavar="BAR", help="splice: A's last bar; else where it leaps least"
    )
    parser.add_argument(
        "--start",
        type=arguments.count,
        metavar="BAR",
        help="splice: B's first bar; else where it leaps least",
    )
    for name in ("a", "b"):
        help_ = f"layer: {name.upper()}'s tracks, such as 1,2 (all)"
        parser.add_argument(f"--tracks-{name}", type=arguments.numbers, metavar="LIST", help=help_)
    parser.add_argument("--bars", type=arguments.count, default=1, help="crossfade: over so many bars (1)")
    parser.add_argument("--no-transpose", action="store_true", help="leave B in its key")
    parser.add_argument(
        "--rebar", action="store_true", help="where the metres differ, lay A's barlines over B"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help=".mid, .musicxml or .wav")


def _mix(given: argparse.Namespace) -> None:
    from musicgan_edu import sampling

    write = arguments.writer("mix", given.out)
    a, b = arguments.longest(given.a), arguments.longest(given.b)
    how, fitting = given.how, {"key": not given.no_transpose, "rebar": given.rebar}
    if how == "splice":
        mixed = sampling.splice(a, b, keep=given.keep, start=given.start, **fitting)
    elif how == "join":
        mixed = sampling.join(a, b, **fitting)
    elif how == "layer":
        of_a, of_b = given.tracks_a or range(len(a.tracks)), given.tracks_b or range(len(b.tracks))
        mixed = sampling.layer(a, b, of_a=of_a, of_b=of_b, **fitting)
    else:
        mixed = sampling.crossfade(a, b, n_bars=given.bars, **fitting)
    write(mixed.score, given.out)
    print(*mixed.changes, f"{mixed.score.n_bars} bars, {mixed.score.n_notes} notes: {given.out}", sep="\n")


COMMANDS = {
    "mix": arguments.Command(
        _mix, _mix_arguments, "mix or splice two pieces of yours into one",
        "musicgan mix a.mid b.mid --out both.mid",
    ),
}  # fmt: skip

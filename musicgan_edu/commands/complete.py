"""What is missing from a piece: `complete`."""

from __future__ import annotations

import argparse
from pathlib import Path

from musicgan_edu.commands import arguments

__all__ = ["COMMANDS"]

WAYS = (
    "masked",
    "likeliest",
    "gan",
    "drafts",
    "latent",
    "mode",
    "hold",
    "nearest",
)  # a test holds it to completion.METHODS


def ranges(text: str) -> list[int]:
    """Numbers and ranges with commas between them: 3-4,7 is [3, 4, 7]."""
    found: list[int] = []
    try:
        for part in text.split(","):
            first, _, last = part.partition("-")
            low, high = int(first), int(last) if "-" in part else int(first)
            if not 0 <= low <= high <= 100_000:
                raise ValueError
            found += range(low, high + 1)
    except ValueError:
        raise argparse.ArgumentTypeError(f"must be numbers or ranges, such as 3-4,7; got {text!r}") from None
    return found


def _complete_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("piece", type=Path, metavar="PIECE", help="a MIDI, MusicXML or ABC file")
    parser.add_argument(
        "--bars", type=ranges, default=[], metavar="LIST", help="such as 3-4,7; 0 is the pickup"
    )
    parser.add_argument(
        "--voices",
        type=ranges,
        default=[],
        metavar="LIST",
        help="tracks from 1, such as 2; new ones up to the fourth",
    )
    parser.add_argument(
        "--beats", type=ranges, default=[], metavar="LIST", help="beats of the bar from 1, such as 3-4"
    )
    parser.add_argument(
        "--method", choices=WAYS, default="drafts",
        help="drafts: the trained GAN's drafts, weighed by how well they meet what is given (drafts); gan: by a critic, too; "
        "masked: the network that hears both sides; latent: the latent that fits best; the others are simple",
    )  # fmt: skip
    parser.add_argument("--seed", type=arguments.seed, default=1)
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help=".mid, .musicxml or .wav")


def _complete(given: argparse.Namespace) -> None:
    from musicgan_edu import completion

    write = arguments.writer("complete", given.out)
    score = arguments.longest(given.piece)
    if 0 in given.voices:
        raise completion.CompletionError("complete: voices are counted from 1")
    if max(given.voices, default=0) > (own := len(score.tracks)):
        score = completion.with_voices(score, max(given.voices))
        print(f"{given.piece.name} has {own} track{'s' * (own > 1)}: the voices behind them are new")
    voices = [voice - 1 for voice in given.voices]
    missing = completion.gap(score, bars=given.bars, voices=voices, beats=given.beats)
    done = completion.complete(score, missing, method=given.method, seed=given.seed)
    write(done.score, given.out)
    print(*done.remarks, f"{int(missing.sum())} of {missing.size} cells filled: {given.out}", sep="\n")


COMMANDS = {
    "complete": arguments.Command(
        _complete, _complete_arguments, "fill missing bars, voices or beats of a piece of yours",
        "musicgan complete piece.mid --bars 3-4 --out filled.mid",
    ),
}  # fmt: skip

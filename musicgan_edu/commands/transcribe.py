"""The notes in a recording: `transcribe`."""

from __future__ import annotations

import argparse
from pathlib import Path

from musicgan_edu.commands import arguments

__all__ = ["COMMANDS"]


def _stretch(text: str) -> tuple[float, float]:
    try:
        start, end = map(float, text.split("-"))
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"must be two times in seconds, such as 0-1.5; got {text!r}"
        ) from None
    return start, end


def _transcribe_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "recording", type=Path, metavar="RECORDING", help="a .wav, .flac or .ogg of one voice"
    )
    parser.add_argument(
        "--tempo", type=arguments.from_to(float, 20, 300), help="quarter notes a minute, if you know it"
    )
    parser.add_argument(
        "--noise", type=_stretch, metavar="FROM-TO", help="seconds in which only noise sounds, such as 0-1: gate it"
    )  # fmt: skip
    parser.add_argument(
        "--tracker", choices=["yin", "pyin"], default="yin", help="pyin is slower; benchmarks compare them (yin)"
    )  # fmt: skip
    parser.add_argument("--as-played", action="store_true", help="leave the times off the grid")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help=".mid, .musicxml or .wav")


def _transcribe(given: argparse.Namespace) -> None:
    from musicgan_edu import transcription

    write = arguments.writer("transcribe", given.out)
    found = transcription.transcribe(
        given.recording,
        tempo=given.tempo,
        noise=given.noise,
        tracker=given.tracker,
        steps_per_beat=None if given.as_played else 4,
    )
    write(found.score, given.out)
    print(*found.reasons, f"{found.score.n_notes} notes, {found.score.n_bars} bars: {given.out}", sep="\n")


COMMANDS = {
    "transcribe": arguments.Command(
        _transcribe, _transcribe_arguments, "write down the melody in a recording of one voice",
        "musicgan transcribe hummed.wav --noise 0-1 --out melody.mid",
    ),
}  # fmt: skip

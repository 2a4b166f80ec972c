"""A melody in, four voices out: `harmonise`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from musicgan_edu.commands import arguments
from musicgan_edu.score import Score, ScoreError

if TYPE_CHECKING:
    from musicgan_edu.assistant import Suggestion

__all__ = ["COMMANDS"]

_SOUND = (".wav", ".flac", ".ogg", ".mp3")


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "melody",
        type=Path,
        metavar="MELODY",
        help="a MIDI, MusicXML or ABC file, or a recording (.wav) of one voice",
    )
    parser.add_argument(
        "--checkpoint", default="chorales", help="a shipped checkpoint's name or a run's folder"
    )
    parser.add_argument(
        "--suggestions", type=arguments.from_to(int, 1, 16), default=4, metavar="N", help="how many (4)"
    )
    parser.add_argument(
        "--drafts", type=arguments.from_to(int, 1, 4096), default=64,
        help="for each suggestion: more follow better (64)",
    )  # fmt: skip
    parser.add_argument(
        "--rank", choices=("merit", "merit+td"), default="merit",
        help="the first suggestion is the one that the machine finds likeliest, or the best by that and by how near "
        "the bass is to the melody (tonal distance); measured with --suggestions 8 --drafts 32 (merit)",
    )  # fmt: skip
    parser.add_argument(
        "--track", type=arguments.count, metavar="N", help="the track that has the melody, from 1"
    )
    parser.add_argument(
        "--tempo", type=arguments.from_to(float, 20, 300), help="of a recording, if you know it"
    )
    parser.add_argument("--seed", type=arguments.seed, default=1)
    parser.add_argument(
        "--keep-voices", type=arguments.numbers, default=[], metavar="LIST",
        help="voices of MELODY, a file of four voices, to keep beside the first, such as 4",
    )  # fmt: skip
    parser.add_argument(
        "--keep-bars", type=arguments.numbers, default=[], metavar="LIST",
        help="its bars to keep, such as 1,2,8",
    )  # fmt: skip
    parser.add_argument(
        "--out", type=Path, required=True, metavar="FILE",
        help=".mid, .musicxml or .wav: the first suggestion; the others get -2, -3 … behind their name",
    )  # fmt: skip


def _harmonise(given: argparse.Namespace) -> None:
    from musicgan_edu import assistant

    outs = [
        given.out.with_stem(f"{given.out.stem}-{i}") if i > 1 else given.out
        for i in range(1, given.suggestions + 1)
    ]
    writers = [arguments.writer("harmonise", out) for out in outs]
    score = _melody(given)
    options = {
        "checkpoint": given.checkpoint,
        "n": given.suggestions,
        "n_drafts": given.drafts,
        "seed": given.seed,
    }
    if given.keep_voices or given.keep_bars:
        bars = [bar + 1 for bar in given.keep_bars]
        found = assistant.reroll(
            assistant.adopt(score, checkpoint=given.checkpoint),
            voices=given.keep_voices,
            bars=bars,
            **options,
        )
    else:
        track = None if given.track is None else given.track - 1
        found = assistant.harmonise(score, track=track, **options)
    found = assistant.ranked(found, given.rank)
    for write, out, suggestion in zip(writers, outs, found, strict=True):
        write(suggestion.score, out)
    _print(found, outs, given.rank)


def _melody(given: argparse.Namespace) -> Score:
    if given.melody.suffix.lower() not in _SOUND:
        if given.tempo is not None:
            raise ScoreError(f"harmonise: {given.melody.name} says its own tempo: --tempo is for recordings")
        return arguments.longest(given.melody)
    from musicgan_edu.assistant import hummed

    score = hummed.hear(given.melody, tempo=given.tempo)
    print(f"heard {score.n_notes} notes at {score.tempo:g} quarter notes a minute")
    return score


def _print(found: Sequence[Suggestion], outs: Sequence[Path], by: str) -> None:
    print(*found[0].melody.changes, sep="\n", end="\n" if found[0].melody.changes else "")
    for rank, (suggestion, out) in enumerate(zip(found, outs, strict=True), start=1):
        print(f"{rank}. {out}: {suggestion.told(by)}")


COMMANDS = {
    "harmonise": arguments.Command(
        _harmonise, _arguments, "three more voices for a melody of yours",
        "musicgan harmonise melody.mid --out four-voices.mid",
    ),
}  # fmt: skip

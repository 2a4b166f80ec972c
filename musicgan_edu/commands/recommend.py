"""Music like a piece of yours: `recommend`."""

from __future__ import annotations

import argparse
from pathlib import Path

from musicgan_edu.commands import arguments

__all__ = ["COMMANDS"]


def _recommend_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("piece", type=Path, metavar="PIECE", help="a MIDI, MusicXML or ABC file")
    parser.add_argument(
        "--folder", type=Path, metavar="MY", help="look among this folder's music, not in music21's corpus"
    )
    parser.add_argument("--count", type=arguments.count, default=5, help="how many (5)")
    parser.add_argument(
        "--by", choices=["both", "counts", "sounds"], default="both",
        help="counts: pitch classes and steps; sounds: what the discriminator hears; both (the default)",
    )  # fmt: skip
    for name, what in (("like", "more like this"), ("dislike", "less like this, and not this")):
        help_ = f"{what}: a key that the list shows in brackets; may be given again"
        parser.add_argument(f"--{name}", action="append", default=[], metavar="KEY", help=help_)


def _recommend(given: argparse.Namespace) -> None:
    from musicgan_edu import corpus, recommendation

    scores = corpus.read_all(given.piece)
    features = recommendation.features(scores)
    arguments.say_if_beatless(given.piece, max(scores, key=lambda score: score.end))
    if (n := sum(score.n_notes for score in scores)) < arguments.MIN_NOTES:
        print(f"{given.piece.name} has {n} note{'s' * (n > 1)}: too few to tell what it is like")
    index, here = recommendation.shipped(), []
    if given.folder:
        index, left_out = recommendation.of_folder(given.folder, recommendation.features, index.scales)
        here = _itself(given.piece, given.folder)
        print(*(f"left out: {reason}" for reason in left_out), sep="\n", end="\n" if left_out else "")
    hits = index.query(
        features, count=given.count, kind=given.by, liked=given.like, disliked=given.dislike, leave_out=here
    )
    if warning := index.warning(features):
        print(f"{given.piece.name}: {warning}")
    print(f"most like {given.piece.name}, of {len(index)} pieces (pitches as in C major or A minor):")
    for rank, hit in enumerate(hits, 1):
        of = f", {hit.label}" if hit.label else ""
        print(f"{rank:3}. {hit.likeness:+.2f}  {hit.title}{of}  [{hit.key}]")
        print(
            f"           both: {'; '.join(hit.reasons)}" if hit.reasons else "", end="\n" * bool(hit.reasons)
        )


def _itself(piece: Path, folder: Path) -> list[str]:
    """The key of the piece in the folder, if it lies there: nobody asks to be recommended what he has."""
    piece, folder = piece.resolve(), folder.resolve()
    return [piece.relative_to(folder).as_posix()] if piece.is_relative_to(folder) else []


COMMANDS = {
    "recommend": arguments.Command(
        _recommend, _recommend_arguments, "find music like a piece of yours, in music21's corpus or a folder",
        "musicgan recommend piece.mid --count 5 --like bach/bwv66.6.mxl",
    ),
}  # fmt: skip

"""Five pieces that no model here has learnt from, through cleaning and the four tools.

    python benchmarks/foreign.py                    # all; prints what came out, or which message
    python benchmarks/foreign.py --only pop hymn --keep FOLDER    # and keeps the files, with piano rolls and engraved scores
    python benchmarks/foreign.py --cant             # what the tools say to music that isn't any, or isn't theirs

The pieces are made here, by rule, and no better than that: `pop` (voice, guitar, bass and drums over four chords, 16 bars
of 4/4, with a drum kit's ghost notes), `piano` (broken chords and a tune on one track, pedal held, a tempo that wanders, in a
file that claims 120), `hymn` (four voices in 3/4 with a pickup), `mass` (music21's encoding of a movement by Palestrina) and
`tune` (a jig, one line in 6/8).
"""

from __future__ import annotations

import argparse
import contextlib
import io
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from musicgan_edu import cleaning, corpus, evaluation, playback, plotting
from musicgan_edu.__main__ import main as musicgan
from musicgan_edu.score import MusicganError, Score, Track

CHORDS = ((62, 66, 69), (57, 61, 64), (59, 62, 66), (55, 59, 62))  # D A b G


def pop(path: Path) -> None:
    """I V vi IV, eight times two bars of each half."""
    rng = np.random.default_rng(1)
    tracks = [Track("Lead Vocal", 53), Track("Guitar", 25), Track("Bass", 33), Track("Drums", is_drum=True)]
    rows: list[tuple[float, ...]] = []
    for bar in range(16):
        chord = CHORDS[bar % 4]
        rows += [(1, pitch, 4 * bar + half, 2, 70) for pitch in chord for half in (0, 2)]
        rows += [(2, chord[0] - 24, 4 * bar + eighth / 2, 0.45, 90) for eighth in range(8)]
        rows += [(0, int(rng.choice(chord)) + 12, 4 * bar + at, 0.9, 85) for at in (0, 1, 1.5, 2.5, 3)]
        rows += [(3, 42, 4 * bar + eighth / 2, 0.1, 60) for eighth in range(8)]
        rows += [(3, 36, 4 * bar + at, 0.1, 100) for at in (0, 2)] + [
            (3, 38, 4 * bar + at, 0.1, 100) for at in (1, 3)
        ]
        rows += [(3, 38, 4 * bar + 2.75, 0.05, 20)]
    playback.to_midi(Score.from_rows(rows, tracks, tempo=118.0), path)


def piano(path: Path) -> None:
    """Seconds only: a tempo of 66 that wanders by 12 %; the pedal goes down with each bar."""
    import pretty_midi

    rng = np.random.default_rng(2)
    per_beat = 60 / 66 * np.exp(0.12 * np.sin(np.arange(80) / 3.0))
    times = np.concatenate([[0], np.cumsum(per_beat)])

    def at(beat: float) -> float:
        return float(max(0, np.interp(beat, np.arange(81), times) + rng.normal(0, 0.012)))

    midi, hands = pretty_midi.PrettyMIDI(initial_tempo=120.0), pretty_midi.Instrument(0, name="Piano")
    for bar in range(16):
        chord = [pitch - 12 for pitch in CHORDS[bar % 4]]
        for eighth in range(8):
            start = at(4 * bar + eighth / 2)
            pitch = [chord[0] - 12, chord[1], chord[2], chord[1]][eighth % 4]
            hands.notes.append(pretty_midi.Note(55, pitch, start, at(4 * bar + 4) + 0.05))
        for beat, length in ((0, 1.5), (1.5, 0.5), (2, 2)):
            start = at(4 * bar + beat)
            top = int(rng.choice(chord)) + 24
            hands.notes.append(pretty_midi.Note(80, top, start, start + length * 0.9))
        hands.control_changes += [
            pretty_midi.ControlChange(64, v, at(4 * bar + b)) for v, b in ((127, 0.1), (0, 3.9))
        ]
    midi.instruments.append(hands)
    midi.write(str(path))


def hymn(path: Path) -> None:
    """Four voices in G, 3/4, from a pickup of one beat."""
    chords = [
        (67, 62, 59, 43),
        (69, 62, 57, 50),
        (71, 62, 55, 55),
        (72, 64, 60, 48),
        (74, 62, 59, 43),
        (69, 66, 60, 50),
    ]
    rows: list[tuple[float, ...]] = [(v, p, 0, 1) for v, p in enumerate(chords[0])]
    for bar in range(16):
        first, last = (chords[(bar + n) % 6] if bar < 15 else chords[0] for n in range(2))
        rows += [(v, p, 1 + 3 * bar, 2) for v, p in enumerate(first)]
        rows += [(v, p, 3 + 3 * bar, 1) for v, p in enumerate(last)] if bar < 15 else []
    names = [Track(name, 19) for name in ("Soprano", "Alto", "Tenor", "Bass")]
    playback.to_musicxml(Score.from_rows(rows, names, beats_per_bar=3.0, pickup=1.0, tempo=84.0), path)


def mass(path: Path) -> None:
    shutil.copyfile(corpus.folder_of("palestrina") / "Agnus_00.krn", path)


def tune(path: Path) -> None:
    """A jig in D: two strains of eight bars of 6/8, each twice."""
    first = "62 66 69 74 69 66  67 71 67 66 69 66  64 67 64 62 66 69  64 62 61 64 57 61"
    last = "62 66 69 74 69 66  67 71 67 66 69 66  64 67 71 69 67 64  66 62 62 62 0 0"
    high = "74 76 78 81 78 74  76 74 71 69 71 73  74 78 74 71 74 71  69 66 69 64 0 0"
    pitches = [
        int(word) for words in (first, last, first, last, high, last, high, last) for word in words.split()
    ]
    rows = [(0, pitch, eighth / 2, 0.5) for eighth, pitch in enumerate(pitches) if pitch]
    playback.to_midi(Score.from_rows(rows, [Track("Fiddle", 40)], beats_per_bar=3.0), path)


def rows(
    path: Path, notes: list[tuple[float, ...]], *, drums: bool = False, beats_per_bar: float = 4.0
) -> None:
    track = Track("Track", 0, is_drum=drums)
    playback.to_midi(Score.from_rows(notes, [track], beats_per_bar=beats_per_bar, tempo=120.0), path)


def noise(path: Path) -> None:
    """Ten minutes, eight notes a second, of any pitch at any time."""
    import pretty_midi

    rng = np.random.default_rng(3)
    midi, track = pretty_midi.PrettyMIDI(), pretty_midi.Instrument(0, name="Noise")
    for start, pitch in zip(rng.uniform(0, 600, 4800), rng.integers(21, 109, 4800), strict=True):
        length = rng.uniform(0.05, 1)
        track.notes.append(pretty_midi.Note(80, int(pitch), float(start), float(start + length)))
    midi.instruments.append(track)
    midi.write(str(path))


#: Music that isn't any, or not what the tools have learnt.
CANT: dict[str, Callable[[Path], None]] = {
    "empty": lambda path: rows(path, []),
    "drums": lambda path: rows(path, [(0, 36 + 2 * (b % 2), b, 0.5) for b in range(32)], drums=True),
    "one-note": lambda path: rows(path, [(0, 69, 0, 1)]),
    "noise": noise,
    "five-four": lambda path: rows(path, [(0, 60 + b * 2 % 9, b, 1) for b in range(40)], beats_per_bar=5.0),
}
PIECES: dict[str, tuple[Callable[[Path], None], str]] = {
    "pop": (pop, ".mid"),
    "piano": (piano, ".mid"),
    "hymn": (hymn, ".musicxml"),
    "mass": (mass, ".krn"),
    "tune": (tune, ".mid"),
}
TOOLS = {
    "harmonise": ["--suggestions", "1", "--drafts", "16"],
    "complete": ["--bars", "3-4"],
    "restyle": ["--to", "palestrina"],
    "recommend": ["--count", "3"],
}
#: What a message of the first attempt says that one can do instead.
ALSO = {
    "pop": ("complete", ["--bars", "3-4", "--voices", "1,3"]),
    "hymn": ("complete", ["--voices", "2-4"]),
    "tune": ("complete", ["--voices", "2-4"]),
}
OPTIONS = {"piano": {"free": True}}
#: Which notes are the tune, where a piece was made with one.
TUNE: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "pop": lambda notes: notes["track"] == 0,
    "piano": lambda notes: notes["velocity"] == 80,
}


def run(command: list[str]) -> tuple[int, str]:
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        code = musicgan(command)
    return code, said.getvalue().strip()


def through(tool: str, options: list[str], piece: Path, folder: Path, again: str = "") -> None:
    out = folder / f"{piece.stem}-{tool}{again}.mid"
    write = [] if tool == "recommend" else ["--out", str(out)]
    code, said = run([tool, str(piece), *options, *write])
    print(f"  {' '.join((tool, *options))} ({'done' if code == 0 else f'exit code {code}'})")
    print(*(f"    {line}" for line in said.splitlines()), sep="\n")
    if out.exists():
        scores = corpus.read_all(out)
        print(*(f"    measured: {about(score)}" for score in scores), sep="\n")
        print(f"    heard: {heard(scores[0])}")
        draw(scores[0], out.with_suffix(".png"))


def about(score: Score) -> str:
    steps = (score.notes["onset"] - score.pickup) * 4
    on = np.isclose(steps, np.rint(steps), atol=1e-3).mean()
    pitches = f"{score.notes['pitch'].min()} to {score.notes['pitch'].max()}"
    sung = ""
    if len(score.tracks) == 4 and not any(track.is_drum for track in score.tracks):
        low, high = np.array(evaluation.RANGES)[score.notes["track"]].T
        beyond = (score.notes["pitch"] < low) | (score.notes["pitch"] > high)
        sung = f", {int(beyond.sum())} beyond their singers' ranges"
    return (
        f"{score.n_notes} notes on {len(score.tracks)} tracks, {score.n_bars} bars of {score.beats_per_bar:g}, pickup "
        f"{score.pickup:g}, {score.tempo:.0f} a minute, pitches {pitches}, {on:.0%} on sixteenths{sung}"
    )


def dealt(name: str, score: Score) -> str:
    """How many of the tune's notes are in the top voice after dealing out, of how many."""
    notes = cleaning.clean(score, **OPTIONS.get(name, {})).score.notes
    tune = set(notes[TUNE[name](notes)][["pitch", "onset"]].tolist())
    top = cleaning.clean(score, n_voices=4, **OPTIONS.get(name, {})).score.of_track(0)
    return f"{len(tune & set(top[['pitch', 'onset']].tolist()))} of {len(tune)} notes of the tune are the top voice's"


def heard(score: Score) -> str:
    """What a meter says of the sound: its level, how near to the top it comes, how much of it is silence."""
    sound = playback.render(score, 22050).mean(1)
    frames = sound[: len(sound) // 1102 * 1102].reshape(-1, 1102)  # 50 ms
    level = 10 * np.log10((frames**2).mean(1) + 1e-12)
    inside = level[: max(1, int(score.seconds / 0.05))]  # what rings on after the end doesn't count
    gaps = np.split(inside < -60, np.flatnonzero(np.diff(inside < -60)) + 1)
    longest = max((len(gap) for gap in gaps if gap[0]), default=0)
    peak = 20 * np.log10(np.abs(sound).max() + 1e-12)
    return (
        f"{score.seconds:.0f} s, {10 * np.log10((sound**2).mean() + 1e-12):.0f} dBFS, peak {peak:.1f}, {(np.abs(sound) >= 0.999).sum()} "
        f"samples clipped, silent {(inside < -60).mean():.0%}, {longest * 0.05:.2f} s at most"
    )


def draw(score: Score, path: Path) -> None:
    path.with_suffix(".svg").write_text(playback.engrave(score), encoding="utf-8")
    figure = plotting.piano_roll(score, end=min(score.end, 32.0))
    path.write_bytes(figure.to_png())


def clean(name: str, score: Score, folder: Path) -> Score:
    """The piece in four voices, with what was lost; as it is where that can't be had."""
    try:
        cleaned = cleaning.clean(score, n_voices=4, **OPTIONS.get(name, {}))
    except MusicganError as error:
        print(f"  cleaning: {error}")
        return score
    print(*(f"  cleaning: {reason}" for reason in cleaned.reasons), sep="\n")
    print(f"  cleaned: {about(cleaned.score)}")
    if name in TUNE:
        print(f"  {dealt(name, score)}")
    draw(cleaned.score, folder / f"{name}-cleaned.png")
    return cleaned.score


def piece(name: str, folder: Path, tools: list[str]) -> None:
    """One of the five through cleaning and the tools."""
    make, suffix = PIECES[name]
    file = folder / f"{name}{suffix}"
    make(file)
    for score in corpus.read_all(file):
        print(f"{name}: {about(score)}")
        draw(score, folder / f"{name}.png")
        cleaned = clean(name, score, folder)
    for tool in tools:
        through(tool, TOOLS[tool], file, folder)
    if name in ALSO and ALSO[name][0] in tools:
        through(*ALSO[name], file, folder, again="-again")
    if name in OPTIONS:
        playback.to_midi(cleaned, folder / f"{name}-cleaned.mid")
        print("  the same, cleaned first:")
        for tool in tools:
            through(tool, TOOLS[tool], folder / f"{name}-cleaned.mid", folder)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", choices=PIECES, default=list(PIECES))
    parser.add_argument("--tools", nargs="+", choices=TOOLS, default=list(TOOLS))
    parser.add_argument("--cant", action="store_true", help="only the music that they can't handle")
    parser.add_argument("--keep", type=Path, help="a folder for what is made")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = given.keep or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        if not given.cant:
            for name in given.only:
                piece(name, folder, given.tools)
            return
        for name, make in CANT.items():
            make(folder / f"{name}.mid")
            print(f"{name}:")
            for tool in given.tools:
                through(tool, TOOLS[tool], folder / f"{name}.mid", folder)


if __name__ == "__main__":
    main()

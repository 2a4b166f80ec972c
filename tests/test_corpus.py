"""corpus: readers against files written here note by note, imports of bad folders, cache, splits."""

import io
import json
import os
import subprocess
import sys
import textwrap
import zipfile

import mido
import numpy as np
import pretty_midi
import pytest

from musicgan_edu import corpus
from musicgan_edu.corpus import ImportReport, store, workers
from musicgan_edu.corpus.report import united
from musicgan_edu.corpus.sections import Bars, bars_of, split
from musicgan_edu.encoding import CHORALE_VOICES
from musicgan_edu.score import ReadError, Score, Track


@pytest.fixture
def own_cache(tmp_path, monkeypatch):
    """A fresh user cache."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return corpus.cache_folder()


def on(pitch, time=0, channel=0, velocity=80):
    return mido.Message("note_on", note=pitch, time=time, channel=channel, velocity=velocity)


def off(pitch, time, channel=0):
    return mido.Message("note_off", note=pitch, time=time, channel=channel)


def meta(kind, time=0, **fields):
    return mido.MetaMessage(kind, time=time, **fields)


def write_midi(path, *tracks, kind=1, resolution=480):
    midi = mido.MidiFile(type=kind, ticks_per_beat=resolution)
    midi.tracks.extend(mido.MidiTrack(track) for track in tracks)
    midi.save(path)
    return path


def rows(score):
    return [(int(n["track"]), int(n["pitch"]), float(n["onset"]), float(n["duration"])) for n in score.notes]


def outcome(path):
    """The Scores, or the message of the ReadError; any other error fails the test."""
    try:
        return corpus.read_all(path)
    except ReadError as error:
        return str(error)


# ---- splits ---------------------------------------------------------------------------------------


def test_split_is_crc32_modulo_10():
    # crc32: bwv66.6 is 3505064014, bwv269 is 11461870, and bwv1.6 is 273473407
    assert corpus.split_of("bwv66.6") == "train"
    assert corpus.split_of("bwv269") == "test"
    names = [f"piece {i}" for i in range(2000)]
    shares = [sum(corpus.split_of(n) == s for n in names) / 2000 for s in ("train", "validation", "test")]
    assert np.allclose(shares, [0.8, 0.1, 0.1], atol=0.03)


def test_a_transposed_copy_follows_the_first_in_path_order(tmp_path, own_cache):
    first = next(f"a{i}.mid" for i in range(99) if corpus.split_of(f"a{i}.mid") == "test")
    copy = next(f"b{i}.mid" for i in range(99) if corpus.split_of(f"b{i}.mid") == "train")
    other = next(f"c{i}.mid" for i in range(99) if corpus.split_of(f"c{i}.mid") == "train")
    tune = [60, 64, 67, 65, 62, 60]
    for name, pitches in ((first, tune), (copy, [p + 3 for p in tune]), (other, tune[::-1])):
        write_midi(tmp_path / name, [m for p in pitches for m in (on(p), off(p, 480))])
    assert [s.source for s in corpus.load(tmp_path, split="test", progress=False)] == [first, copy]
    assert [s.source for s in corpus.load(tmp_path, split="train", progress=False)] == [other]


def tune(source, *pitches, title=""):
    rows = [(0, pitch, i, 1) for i, pitch in enumerate(pitches)]
    return Score.from_rows(rows, [Track("Melody")], source=source, title=title)


def test_a_tune_that_stands_in_two_collections_is_in_one_split():
    a = ImportReport((tune("1", 60, 62, title="Kitty"), tune("2", 60, 64), tune("3", 60, 65)))
    b = ImportReport((tune("1", 61, 65), tune("2", 60, 69, 71, title=" kitty"), tune("3", 60, 72)))
    vars(a)["splits"] = {"1": "test", "2": "validation", "3": "train"}
    vars(b)["splits"] = {"1": "train", "2": "train", "3": "test"}
    union = united({"a": a, "b": b})
    assert union.splits == {
        "a/1": "test", "a/2": "validation", "a/3": "train",
        "b/1": "validation", "b/2": "test", "b/3": "test",  # the notes of a/2, the title of a/1, its own
    }  # fmt: skip
    assert [score.source for score in union.scores] == list(union.splits)


def test_collections_joined_by_a_plus_are_one():
    both = corpus.load("handel+joplin", progress=False)
    assert {score.source.partition("/")[0] for score in both} == {"handel", "joplin"}
    assert len(both) == len(corpus.load("handel", progress=False)) + len(
        corpus.load("joplin", progress=False)
    )
    with pytest.raises(ReadError, match="neither a folder nor one of"):
        corpus.load("handel+nobody")


def test_a_file_name_that_is_no_unicode_stops_nothing(tmp_path, own_cache):
    old = os.fsdecode(b"caf\xe9.mid")  # Latin-1, as old archives have it
    for name in (old, "ok.mid"):
        write_midi(tmp_path / name, [m for p in range(60, 60 + len(name)) for m in (on(p), off(p, 480))])
    assert set(corpus.import_folder(tmp_path, progress=False).splits) == {old, "ok.mid"}


# ---- the chorales ---------------------------------------------------------------------------------


def test_chorales_by_the_numbers():
    pieces = {
        split: {s.source for s in corpus.load(split=split)} for split in ("train", "validation", "test")
    }
    assert {split: len(names) for split, names in pieces.items()} == {
        "train": 258,
        "validation": 34,
        "test": 34,
    }
    assert not pieces["train"] & pieces["test"]
    scores = corpus.load("chorales")
    assert len(scores) == 332  # six pieces move their barlines on the way
    assert all(score.tracks == CHORALE_VOICES and score.beats_per_bar == 4 for score in scores)
    assert sum(score.n_notes for score in scores) == 75744
    assert [s.source for s in scores] == sorted((s.source for s in scores), key=lambda name: f"{name}.mxl")


def test_the_first_bar_of_bwv66_6():
    score = next(score for score in corpus.load("chorales") if score.source == "bwv66.6")
    soprano = [row[1:] for row in rows(score) if row[0] == 0][:5]
    assert soprano == [(73, 0.0, 0.5), (71, 0.5, 0.5), (69, 1.0, 1.0), (71, 2.0, 1.0), (73, 3.0, 1.0)]
    assert score.pickup == 1.0
    assert score.key == (6, "minor")
    assert score.n_bars == 9


def test_duplicate_chorales_share_a_split():
    report = corpus.collect("chorales")
    assert report.splits["bwv398"] == report.splits["bwv197.7-a"] == corpus.split_of("bwv197.7-a")


def test_cached_chorales_load_fast_and_without_music21():
    corpus.load("chorales")
    code = """
        import time
        start = time.process_time()
        from musicgan_edu import corpus
        corpus.load("chorales")
        import sys
        print(time.process_time() - start, "music21" in sys.modules, "pretty_midi" in sys.modules)
    """
    run = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=True
    )
    seconds, *loaded = run.stdout.split()
    assert float(seconds) < 1.0
    assert loaded == ["False", "False"]


def test_names_and_what_is_none():
    assert {"chorales", "palestrina", "ryansMammoth", "essenFolksong", "oneills1850", "nottingham"} <= set(
        corpus.names()
    )
    with pytest.raises(
        ReadError, match="'choral' is neither a folder nor one of chorales, masses, quartets, airdsAirs"
    ):
        corpus.load("choral")
    with pytest.raises(ReadError, match="split must be one of train, validation, test or None, got 'dev'"):
        corpus.load("chorales", split="dev")


@pytest.mark.slow  # reads 231 files where the cache is cold
def test_the_masses_are_palestrinas_in_four_voices_and_halved_values():
    masses = corpus.collect("masses", progress=False)
    assert len(masses.scores) > 200
    assert {(len(score.tracks), score.beats_per_bar) for score in masses.scores} == {(4, 4.0)}
    assert set(masses.splits.values()) == {"train", "validation", "test"}
    one = masses.scores[0]
    whole = corpus.read(corpus._root_of("palestrina") / f"{one.source}.krn")
    assert whole.beats_per_bar == 8
    assert np.array_equal(one.notes["onset"], whole.notes["onset"] / 2)
    assert np.array_equal(one.notes["duration"], whole.notes["duration"] / 2)
    assert np.array_equal(one.notes["pitch"], whole.notes["pitch"])


# ---- reading MIDI ---------------------------------------------------------------------------------


def test_midi_beats_are_exact_under_a_tempo_map(tmp_path):
    # 96 ticks a beat; a triplet (32 ticks) and a tempo that changes every beat, as a player's does
    tempos = [meta("set_tempo", tempo=500_000 + 7_777 * (i % 3), time=96 * (i > 0)) for i in range(12)]
    notes = [m for i in range(36) for m in (on(60 + i % 5), off(60 + i % 5, 32))]
    score = corpus.read(write_midi(tmp_path / "live.mid", tempos, notes, resolution=96))
    assert np.array_equal(score.notes["onset"], np.arange(36) * 32 / 96)
    assert np.array_equal(score.notes["duration"], np.full(36, 32 / 96))
    # beats over minutes: 12 beats in 4 × (0.5 + 0.507777 + 0.515554) s
    assert score.tempo == pytest.approx(12 / (4 * 1.523331 / 60), abs=0.001)


def test_midi_splits_where_metre_or_tempo_changes(tmp_path):
    marks = [
        meta("time_signature", numerator=4, denominator=4),
        meta("set_tempo", tempo=500_000),
        meta("time_signature", numerator=3, denominator=4, time=8 * 480),
        meta("set_tempo", tempo=1_000_000, time=6 * 480),
    ]
    notes = [m for i in range(20) for m in (on(60 + i % 12), off(60 + i % 12, 480))]
    path = write_midi(tmp_path / "suite.mid", marks, notes)
    found = [(s.beats_per_bar, s.tempo, s.n_notes, s.pickup, s.source) for s in corpus.read_all(path)]
    assert found == [
        (4.0, 120.0, 8, 0.0, "suite.mid"),
        (3.0, 120.0, 6, 0.0, "suite.mid"),
        (3.0, 60.0, 6, 0.0, "suite.mid"),
    ]
    with pytest.raises(ReadError, match=r"suite.mid: holds 3 pieces .* corpus.read_all gives them all"):
        corpus.read(path)


def test_midi_marks_count_on_any_track_and_a_short_first_bar_is_a_pickup(tmp_path):
    notes = [
        meta("time_signature", numerator=1, denominator=4),
        on(67),
        off(67, 480),
        meta("time_signature", numerator=4, denominator=4),
        meta("set_tempo", tempo=750_000),
        *[m for pitch in (72, 71, 69, 67) for m in (on(pitch), off(pitch, 480))],
    ]
    score = corpus.read(write_midi(tmp_path / "upbeat.mid", [], notes))
    assert (score.pickup, score.beats_per_bar, score.n_bars) == (1.0, 4.0, 1)
    assert score.tempo == pytest.approx(5 / (1 / 120 + 4 / 80), abs=0.001)  # the upbeat is at MIDI's 120


def test_midi_type_0_drums_and_names(tmp_path):
    track = [
        meta("track_name", name="A <b>song</b>\x07"),
        mido.Message("program_change", program=40, channel=1),
        on(76, channel=1),
        on(36, channel=9),
        off(36, 240, channel=9),
        off(76, 240, channel=1),
    ]
    score = corpus.read(write_midi(tmp_path / "zero.mid", track, kind=0))
    assert score.tracks == (Track("Drums", 0, True), Track("Violin", 40, False))
    assert rows(score) == [(0, 36, 0.0, 0.5), (1, 76, 0.0, 1.0)]
    named = [meta("track_name", name="Flöte\n\x00".encode().decode("latin1")), on(76), off(76, 480)]
    assert corpus.read(write_midi(tmp_path / "one.mid", [], named)).tracks == (Track("Flöte"),)


def test_midi_keeps_a_note_that_nothing_ends(tmp_path):
    track = [on(60), off(60, 480), on(64), on(67), off(67, 480)]
    score = corpus.read(write_midi(tmp_path / "open.mid", track))
    assert rows(score) == [(0, 60, 0.0, 1.0), (0, 64, 1.0, 1.0), (0, 67, 1.0, 1.0)]


def test_midi_key_is_estimated_and_drums_have_none(tmp_path):
    scale = [m for p in (62, 64, 66, 67, 69, 71, 73, 74, 69, 66, 62) for m in (on(p), off(p, 480))]
    assert corpus.read(write_midi(tmp_path / "d.mid", scale)).key == (2, "major")
    beat = [m for _ in range(4) for m in (on(36, channel=9), off(36, 480, channel=9))]
    assert corpus.read(write_midi(tmp_path / "beat.mid", beat)).key is None


@pytest.mark.parametrize(
    ("name", "data", "cause"),
    [
        ("empty.mid", b"", r"empty.mid: the file is empty"),
        ("text.mid", b"Dear diary, today", r"text.mid: not a MIDI file, it begins with b'Dear'"),
        ("head.mid", b"MThd", r"head.mid: the MIDI data is cut off"),
        ("rtf.doc", b"{rtf", r"rtf.doc: not a kind of file that is read \(.mid, .midi, .xml"),
        ("page.xml", b"<html><body>no</body></html>", r"page.xml: .*"),
        (
            "half.musicxml",
            b'<?xml version="1.0"?><score-partwise><part',
            r"half.musicxml: not readable as musicxml",
        ),
        ("zip.mxl", b"PK\x03\x04 not really", r"zip.mxl: not a sound .mxl archive"),
        ("words.abc", b"no tune at all", r"words.abc: "),
        ("words.krn", b"**nothing", r"words.krn: "),
        ("bytes.krn", bytes(range(256)), r"bytes.krn: "),
    ],
)
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # music21 leaves files open
def test_bad_files_name_themselves_and_the_cause(tmp_path, name, data, cause):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(ReadError, match=cause):
        corpus.read(tmp_path / name)


def test_bad_midi_of_each_kind(tmp_path):
    path = write_midi(tmp_path / "two.mid", [on(60), off(60, 480)], kind=2)
    with pytest.raises(ReadError, match=r"two.mid: MIDI type 2 holds independent patterns"):
        corpus.read(path)
    good = write_midi(tmp_path / "good.mid", [on(60), off(60, 480)]).read_bytes()
    (tmp_path / "film.mid").write_bytes(good[:12] + b"\xe7\x28" + good[14:])  # 25 frames, 40 ticks each
    with pytest.raises(ReadError, match=r"film.mid: timed in film frames \(SMPTE\)"):
        corpus.read(tmp_path / "film.mid")
    (tmp_path / "cut.mid").write_bytes(good[:-6])
    with pytest.raises(ReadError, match=r"cut.mid: the MIDI data is cut off"):
        corpus.read(tmp_path / "cut.mid")
    path = write_midi(tmp_path / "long.mid", [on(60), off(60, 20_000_000)])
    with pytest.raises(ReadError, match=r"long.mid: 20000000 ticks long, more than 5000000"):
        corpus.read(path)
    path = write_midi(tmp_path / "mute.mid", [meta("track_name", name="nothing")])
    with pytest.raises(ReadError, match=r"mute.mid: no notes in it"):
        corpus.read(path)
    with pytest.raises(ReadError, match=r"gone.mid: can't be opened \(No such file"):
        corpus.read(tmp_path / "gone.mid")
    (tmp_path / "folder.mid").mkdir()
    with pytest.raises(ReadError, match=r"folder.mid: not a plain file"):
        corpus.read(tmp_path / "folder.mid")
    os.truncate(tmp_path / "good.mid", 9 << 20)
    with pytest.raises(ReadError, match=r"good.mid: 9 MiB, more than 8 MiB"):
        corpus.read(tmp_path / "good.mid")


def test_every_cut_of_a_midi_file_is_refused_or_read(tmp_path):
    good = write_midi(tmp_path / "g.mid", [meta("track_name", name="x"), on(60), off(60, 480)]).read_bytes()
    for length in range(1, len(good)):
        (tmp_path / "cut.mid").write_bytes(good[:length])
        with pytest.raises(ReadError, match=r"cut.mid: "):
            corpus.read(tmp_path / "cut.mid")


def test_a_flipped_byte_never_gets_past_read_error(tmp_path):
    track = [meta("set_tempo", tempo=500_000), on(60), off(60, 480), on(64), off(64, 480)]
    good = write_midi(tmp_path / "g.mid", track).read_bytes()
    rng = np.random.default_rng(0)
    for _ in range(200):
        bad = bytearray(good)
        bad[rng.integers(len(bad))] = rng.integers(256)
        (tmp_path / "bad.mid").write_bytes(bad)
        found = outcome(tmp_path / "bad.mid")
        assert isinstance(found[0], Score) or found.startswith("bad.mid: ")


# ---- reading notation -----------------------------------------------------------------------------


def musicxml(bars, part="Flute", about="", instrument=""):
    body = "".join(f'<measure number="{i}">{bar}</measure>' for i, bar in enumerate(bars, start=1))
    return (
        f'<?xml version="1.0"?><score-partwise version="4.0"><work><work-title>{about}</work-title></work>'
        f'<part-list><score-part id="P1"><part-name>{part}</part-name>{instrument}</score-part></part-list>'
        f'<part id="P1">{body}</part></score-partwise>'
    )


def note(step, octave, beats, extra=""):
    return (
        f"<note><pitch><step>{step}</step><octave>{octave}</octave></pitch>"
        f"<duration>{int(beats * 4)}</duration>{extra}</note>"
    )


FOUR = (
    "<attributes><divisions>4</divisions><time><beats>4</beats><beat-type>4</beat-type></time></attributes>"
)


def test_musicxml_pickup_ties_grace_notes_and_chord_symbols(tmp_path):
    bars = [
        FOUR + note("G", 4, 1),
        "<harmony><root><root-step>C</root-step></root><kind>major</kind></harmony>"
        + "<note><grace/><pitch><step>D</step><octave>5</octave></pitch><type>eighth</type></note>"
        + note("C", 5, 4, '<tie type="start"/>'),
        note("C", 5, 1, '<tie type="stop"/>') + note("C", 5, 2) + note("B", 4, 0.5) + note("A", 4, 0.5),
    ]
    (tmp_path / "tune.musicxml").write_text(musicxml(bars, about="  A\ttune "))
    score = corpus.read(tmp_path / "tune.musicxml")
    assert rows(score) == [
        (0, 67, 0.0, 1.0),
        (0, 72, 1.0, 5.0),
        (0, 72, 6.0, 2.0),
        (0, 71, 8.0, 0.5),
        (0, 69, 8.5, 0.5),
    ]
    assert (score.pickup, score.n_bars, score.title) == (1.0, 2, "A tune")
    assert score.tracks[0].name == "Flute"


def test_musicxml_transposing_instruments_sound_where_they_sound(tmp_path):
    transpose = FOUR.replace(
        "</attributes>",
        "<transpose><diatonic>-1</diatonic><chromatic>-2</chromatic></transpose></attributes>",
    )
    (tmp_path / "clarinet.xml").write_text(musicxml([transpose + note("D", 5, 4)], part="Clarinet"))
    assert rows(corpus.read(tmp_path / "clarinet.xml")) == [(0, 72, 0.0, 4.0)]


def test_mxl_is_unpacked_but_bombs_are_refused(tmp_path):
    def pack(name, text):
        with zipfile.ZipFile(tmp_path / name, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(
                "META-INF/container.xml",
                '<container><rootfiles><rootfile full-path="a.xml"/></rootfiles></container>',
            )
            archive.writestr("a.xml", text)

    pack("good.mxl", musicxml([FOUR + note("C", 5, 4)]))
    assert rows(corpus.read(tmp_path / "good.mxl")) == [(0, 72, 0.0, 4.0)]
    pack("bomb.mxl", b"\0" * (40 << 20))
    assert (tmp_path / "bomb.mxl").stat().st_size < 50_000
    with pytest.raises(ReadError, match=r"bomb.mxl: unpacks to more than 32 MiB"):
        corpus.read(tmp_path / "bomb.mxl")
    # the same with a lie about its size in both headers
    lie = (
        (tmp_path / "bomb.mxl")
        .read_bytes()
        .replace((40 << 20).to_bytes(4, "little"), (99).to_bytes(4, "little"))
    )
    (tmp_path / "lie.mxl").write_bytes(lie)
    with pytest.raises(ReadError, match=r"lie.mxl: not a sound .mxl archive"):
        corpus.read(tmp_path / "lie.mxl")


def test_damaged_archives_are_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "good.mxl", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.xml", musicxml([FOUR + note("C", 5, 4)]))
    good = (tmp_path / "good.mxl").read_bytes()
    for place in range(0, len(good), 7):
        bad = good[:place] + bytes([good[place] ^ 0x55]) + good[place + 1 :]
        (tmp_path / "bad.mxl").write_bytes(bad)
        found = outcome(tmp_path / "bad.mxl")
        assert isinstance(found[0], Score) or found.startswith("bad.mxl: ")


def test_xml_entities_do_not_explode_or_read_files(tmp_path):
    laughs = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 10))
    text = (
        f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY l0 "ha">{laughs}]><score-partwise>&l9;</score-partwise>'
    )
    (tmp_path / "laughs.xml").write_text(text)
    with pytest.raises(ReadError, match=r"laughs.xml: not readable as musicxml"):
        corpus.read(tmp_path / "laughs.xml")
    (tmp_path / "secret").write_text("the secret")
    entity = f'<!DOCTYPE x [<!ENTITY s SYSTEM "{(tmp_path / "secret").as_uri()}">]>'
    spy = musicxml([FOUR + note("C", 5, 4)], about="&s;").replace(
        "<score-partwise", entity + "<score-partwise"
    )
    (tmp_path / "spy.xml").write_text(spy)
    assert "the secret" not in repr(outcome(tmp_path / "spy.xml"))


def test_abc_tune_books_number_their_tunes(tmp_path, own_cache):
    tune = "X:{n}\nT:Tune {n}\nM:{metre}\nL:1/4\nK:C\n{notes}|\n\n"
    book = tune.format(n=7, metre="3/4", notes="C E G|c2 G") + tune.format(n=9, metre="4/4", notes="c B A G")
    (tmp_path / "book").mkdir()
    (tmp_path / "book" / "two.abc").write_text(book)
    scores = corpus.load(tmp_path, progress=False)
    assert [(s.source, s.title, s.beats_per_bar, s.n_notes) for s in scores] == [
        ("book/two.abc#1", "Tune 7", 3.0, 5),
        ("book/two.abc#2", "Tune 9", 4.0, 4),
    ]


def test_written_bars_that_move_the_barlines_begin_anew():
    four = [(0.0, 4.0)]
    # a pickup, a bar cut in two by a repeat (3 + 1), a close of 3
    assert bars_of([0, 1, 5, 8, 9, 13], 16, four) == [Bars(0.0, 4.0, 1.0)]
    # a bar of 3 that nothing completes: the barlines after it stand elsewhere
    assert bars_of([0, 4, 7, 11], 15, four) == [Bars(0.0, 4.0), Bars(7.0, 4.0)]
    # an upbeat in the middle leads into the bars that follow it
    assert bars_of([0, 4, 5, 9], 13, four) == [Bars(0.0, 4.0), Bars(4.0, 4.0, 1.0)]
    # a bar of ten beats under a 4/4 signature, and a change of metre
    assert bars_of([0, 4, 14, 18], 22, four) == [Bars(0.0, 4.0), Bars(14.0, 4.0)]
    assert bars_of([0, 4, 7], 10, [(0.0, 4.0), (4.0, 3.0)]) == [Bars(0.0, 4.0), Bars(4.0, 3.0)]


def test_a_ritardando_is_no_other_tempo_but_a_lasting_change_is():
    score = Score.from_rows([(0, 60, beat, 1) for beat in range(24)])
    ritardando = [(0.0, 100.0), (22.0, 80.0), (23.0, 60.0)]
    (whole,) = split(score, [Bars(0.0)], ritardando)
    assert whole.tempo == pytest.approx(24 / (22 / 100 + 1 / 80 + 1 / 60), abs=0.001)
    wavering = [(4.0 * i, 100.0 + 2 * (-1) ** i) for i in range(6)]
    assert len(split(score, [Bars(0.0)], wavering)) == 1
    slow, fast = split(score, [Bars(0.0)], [(0.0, 60.0), (10.0, 120.0)])
    assert (slow.tempo, slow.end, fast.tempo, fast.end, fast.pickup) == (60.0, 10.0, 120.0, 14.0, 2.0)


# ---- a folder ------------------------------------------------------------------------------------


def pop_song(path):
    """Eight bars for melody, piano, bass and drums, written with pretty_midi."""
    song = pretty_midi.PrettyMIDI(initial_tempo=100)
    song.time_signature_changes.append(pretty_midi.TimeSignature(4, 4, 0))
    beat = 0.6
    parts = {"Lead": 80, "Piano": 0, "Bass": 33, "Drums": 0}
    lead, piano, bass, drums = (
        pretty_midi.Instrument(program, is_drum=name == "Drums", name=name) for name, program in parts.items()
    )
    for bar, root in enumerate([48, 53, 55, 48] * 2):
        start = 4 * bar * beat
        for i, step in enumerate((16, 19, 24, 19)):
            lead.notes.append(pretty_midi.Note(90, root + step, start + i * beat, start + (i + 1) * beat))
            drums.notes.append(
                pretty_midi.Note(100, 36 if i % 2 == 0 else 38, start + i * beat, start + (i + 0.5) * beat)
            )
        for step in (12, 16, 19):
            piano.notes.append(pretty_midi.Note(70, root + step, start, start + 4 * beat))
        bass.notes.append(pretty_midi.Note(95, root - 12, start, start + 4 * beat))
    song.instruments.extend([lead, piano, bass, drums])
    song.write(str(path))


@pytest.fixture
def mixed_folder(tmp_path):
    """The folder of bad and good files that the import must sort out."""
    folder = tmp_path / "mixed"
    folder.mkdir()
    pop_song(folder / "pop.mid")
    (folder / "truncated.mid").write_bytes((folder / "pop.mid").read_bytes()[:-200])
    (folder / "empty.mid").write_bytes(b"")
    (folder / "text.mid").write_text("This was a MIDI file once.\n")
    (folder / "notes.txt").write_text("Bought in 1998.")
    write_midi(folder / "no_notes.mid", [meta("track_name", name="silence"), meta("end_of_track", time=960)])
    line = [meta("track_name", name="line"), *[m for p in (60, 64, 67, 72) for m in (on(p), off(p, 480))]]
    write_midi(folder / "type0.mid", line, kind=0)
    waltz = [m for bar in range(4) for p in (48, 64, 67) for m in (on(p + bar), off(p + bar, 480))]
    write_midi(folder / "waltz.mid", [meta("time_signature", numerator=3, denominator=4)], waltz)
    beat = [m for p in (36, 42, 38, 42) * 4 for m in (on(p, channel=9), off(p, 480, channel=9))]
    write_midi(folder / "drums.mid", beat)
    return folder


def test_import_of_a_mixed_folder(mixed_folder, own_cache):
    report = corpus.import_folder(mixed_folder, progress=False, n_processes=2)
    print(report)
    kept = {score.source: (score.n_bars, score.beats_per_bar, len(score.tracks)) for score in report.scores}
    assert kept == {
        "drums.mid": (4, 4.0, 1),
        "pop.mid": (8, 4.0, 4),
        "type0.mid": (1, 4.0, 1),
        "waltz.mid": (4, 3.0, 1),
    }
    assert report.rejected == (
        ("empty.mid", "empty.mid: the file is empty"),
        ("no_notes.mid", "no_notes.mid: no notes in it"),
        ("text.mid", "text.mid: not a MIDI file, it begins with b'This', not b'MThd'"),
        ("truncated.mid", "truncated.mid: the MIDI data is cut off"),
    )
    assert report.ignored == ("notes.txt",)
    table = str(report)
    for line in (
        "drums.mid     4     4            Drums (drums)                      no: drums only; encoding.RollEncoding",
        "pop.mid       8     4            Lead, Piano, Bass, Drums (drums)   after cleaning.to_voices(score, 4)",
        "waltz.mid     4     3            Acoustic Grand Piano               no: bars of 3 beats; give the encoding",
        "truncated.mid  the MIDI data is cut off",
        "not looked at, by their suffix: 1 × .txt",
        "4 pieces kept, 4 files left out",
    ):
        assert " ".join(line.split()) in " ".join(table.split())


def test_import_says_where_there_is_nothing(tmp_path, own_cache):
    with pytest.raises(ReadError, match="nowhere' is not a folder"):
        corpus.import_folder(tmp_path / "nowhere")
    (tmp_path / "none").mkdir()
    assert "nothing kept" in str(corpus.import_folder(tmp_path / "none", progress=False))
    with pytest.raises(ReadError, match="no music found in"):
        corpus.load(tmp_path / "none", progress=False)


def test_hostile_names_stay_on_one_line(tmp_path, own_cache):
    write_midi(tmp_path / "x\x1b[31m\nred.mid", [meta("track_name", name="a\x1b[2Jb"), on(60), off(60, 480)])
    table = str(corpus.import_folder(tmp_path, progress=False))
    assert "\x1b" not in table
    assert len(table.splitlines()) == 5


# ---- workers and cache ----------------------------------------------------------------------------


def test_a_worker_that_hangs_or_dies_costs_its_file_only(mixed_folder, monkeypatch):
    paths = [mixed_folder / "pop.mid", mixed_folder / "waltz.mid"]
    late = dict(workers.read_many(paths, n_processes=1, timeout=0.01))
    assert late == {i: f"{path.name}: took longer than 0.01 s" for i, path in enumerate(paths)}
    monkeypatch.setattr(workers, "_SERVE", "import os; os._exit(3)")
    dead = dict(workers.read_many(paths, n_processes=2))
    assert dead == {i: f"{path.name}: ended its reader" for i, path in enumerate(paths)}


def test_stopping_early_ends_the_workers(mixed_folder, monkeypatch):
    started = []
    start = workers._start
    monkeypatch.setattr(workers, "_start", lambda: started.append(start()) or started[-1])
    reading = workers.read_many([mixed_folder / "pop.mid"] * 20, n_processes=2)
    next(reading)
    reading.close()
    assert started
    assert all(process.poll() is not None for process in started)


def test_an_unguarded_script_can_import(mixed_folder, tmp_path):
    (tmp_path / "random.py").write_text("raise SystemExit('the worker imported the learner's file')")
    script = tmp_path / "script.py"
    script.write_text(f"from musicgan_edu import corpus\nprint(len(corpus.load({str(mixed_folder)!r})))\n")
    env = os.environ | {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    run = subprocess.run(
        [sys.executable, "-P", str(script)],
        capture_output=True,
        text=True,
        env=env,
        cwd=tmp_path,
        check=False,
    )
    assert run.stdout.splitlines() == [
        f"4 files left out; print(corpus.import_folder({str(mixed_folder)!r})) says why",
        "4",
    ], run.stderr


def test_store_round_trip_and_no_pickle():
    scores = [
        Score.from_rows(
            [(0, 60, 1 / 3, 0.1), (1, 40, 0, 2)], pickup=1.0, tempo=73.5, key=(3, "minor"), title="é"
        ),
        Score.from_rows([(0, 36, 0, 1)], [Track("Drums", 0, True)], beats_per_bar=3.0, source="a/b.mid#2"),
    ]
    again, about = store.unpack(store.pack(scores, {"note": [1, "two"]}))
    assert again == scores
    assert about == {"note": [1, "two"]}
    assert store.unpack(store.pack([], {})) == ([], {})
    buffer = io.BytesIO()
    np.savez(buffer, json=np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(ReadError, match=r"damaged store .*an array of object"):
        store.unpack(buffer.getvalue())


def test_cache_is_used_rebuilt_when_damaged_and_renewed_when_a_file_changes(tmp_path, own_cache, monkeypatch):
    folder = tmp_path / "songs"
    folder.mkdir()
    write_midi(folder / "a.mid", [on(60), off(60, 480)])
    first = corpus.load(folder, progress=False)
    (cache,) = own_cache.iterdir()  # one file, nothing temporary left
    with monkeypatch.context() as patch:
        patch.setattr(workers, "read_many", lambda *_, **__: pytest.fail("read again"))
        assert corpus.load(folder, progress=False) == first
    for damage in (
        b"",
        b"PK",
        cache.read_bytes()[:-30],
        cache.read_bytes()[:60] + b"x" + cache.read_bytes()[61:],
    ):
        cache.write_bytes(damage)
        assert corpus.load(folder, progress=False) == first
        assert store.load(cache)[0] == first
    write_midi(folder / "b.mid", [on(62), off(62, 480)])
    assert [score.source for score in corpus.load(folder, progress=False)] == ["a.mid", "b.mid"]
    monkeypatch.setattr(corpus, "CACHE_VERSION", 999)
    before = cache.stat().st_mtime_ns
    corpus.load(folder, progress=False)
    assert cache.stat().st_mtime_ns > before


def test_a_cache_that_cannot_be_written_is_no_obstacle(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    folder = tmp_path / "songs"
    folder.mkdir()
    write_midi(folder / "a.mid", [on(60), off(60, 480)])
    assert len(corpus.load(folder, progress=False)) == 1


def test_cache_header_is_json(tmp_path, own_cache):
    write_midi(tmp_path / "a.mid", [on(60), off(60, 480)])
    corpus.load(tmp_path, progress=False)
    (cache,) = own_cache.iterdir()
    with np.load(cache, allow_pickle=False) as arrays:
        header = json.loads(arrays["json"].tobytes())
    assert header["scores"][0]["source"] == "a.mid"
    assert f"music21 {corpus.importlib.metadata.version('music21')}" in header["about"]["stamp"]


def test_one_chorale_read_alone_is_the_collection_s():
    assert corpus.read_chorale("bwv66.6") == next(s for s in corpus.load() if s.source == "bwv66.6")
    with pytest.raises(ReadError, match=r"bwv0.mxl: can't be opened"):
        corpus.read_chorale("bwv0")
    with pytest.raises(ReadError, match=r"'bwv1.6' is no chorale of the collection: 5 parts, not 4"):
        corpus.read_chorale("bwv1.6")


def test_only_the_latest_folders_stay_cached(tmp_path, own_cache, monkeypatch):
    monkeypatch.setattr(corpus, "_MAX_FOLDERS", 2)
    caches = []
    for name in "abc":
        (tmp_path / name).mkdir()
        write_midi(tmp_path / name / "x.mid", [on(60), off(60, 480)])
        corpus.load(tmp_path / name, progress=False)
        new = set(own_cache.iterdir()) - set(caches)
        caches += new
        for age, path in enumerate(reversed(caches)):
            if path.exists():
                os.utime(path, (1e9 - age, 1e9 - age))
    assert [path.exists() for path in caches] == [False, True, True]


def test_a_folder_named_like_a_collection_is_a_folder(tmp_path, own_cache, monkeypatch):
    (tmp_path / "bach").mkdir()
    write_midi(tmp_path / "bach" / "mine.mid", [on(60), off(60, 480)])
    monkeypatch.chdir(tmp_path)
    assert [score.source for score in corpus.import_folder("bach", progress=False).scores] == ["mine.mid"]

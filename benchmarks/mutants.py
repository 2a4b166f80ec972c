"""Files that no honest program wrote: real ones, made here from music21's corpus, and what is done to them.

Comes in: a kind of file and a number. Goes out: its name and its bytes (for a folder: of each file in it), the
same for the same number. `soak.py` hands them to the readers.
"""

from __future__ import annotations

import copy
import functools
import io
import json
import pickle
import re
import struct
import wave
import zipfile
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from musicgan_edu import corpus, playback, sampling

__all__ = ["KINDS", "mutant"]

Rng = np.random.Generator
Files = dict[str, bytes]  # name → contents; the first is what is read
Change = Callable[[bytes, Rng], bytes]

CANARY = "/tmp/musicgan_canary"  # what executed code would leave behind
NUMBERS = (
    "0 -1 1 2 127 128 255 256 32767 65536 2147483647 4294967296 -2147483648 9007199254740993 1e308 -1e308 1e-300 "
    "NaN inf -inf 0.0000001 99999999999999999999999999 0x10 1/0 1/3 ٣ ½ abc"
).split() + ["", " ", "9" * 5000]


def mutant(kind: str, number: int) -> Files:
    """File `number` of a kind; every fortieth is a seed as it is, so that accepting is tested too."""
    rng = np.random.default_rng([zlib.crc32(kind.encode()), number])
    seeds, changes = KINDS[kind]
    files = dict(choice(seeds(), rng))
    if number % 40 == 0:
        return files
    name = choice(list(files), rng)
    changes = changes[name] if isinstance(changes, dict) and name in changes else GENERIC if isinstance(changes, dict) else changes  # fmt: skip
    for _ in range(int(rng.choice([1, 1, 1, 2, 3]))):
        longest = 2 * len(files[name]) + 1500 if kind in ("abc", "krn") else 4 << 20  # music21's time grows with it
        files[name] = choice(changes, rng)(files[name], rng)[:longest]
    return files


def choice(options: Sequence[Any], rng: Rng) -> Any:
    return options[int(rng.integers(len(options)))]


# ---- bytes ----------------------------------------------------------------------------------------


def flip(data: bytes, rng: Rng) -> bytes:
    found = bytearray(data)
    for at in rng.integers(0, max(1, len(found)), int(rng.integers(1, 17))):
        if at < len(found):
            found[at] ^= 1 << int(rng.integers(8))
    return bytes(found)


def span(data: bytes, rng: Rng, longest: int = 4096) -> tuple[int, int]:
    start = int(rng.integers(len(data) + 1))
    return start, min(len(data), start + int(rng.integers(1, longest)))


def truncate(data: bytes, rng: Rng) -> bytes:
    return data[: int(rng.integers(len(data) + 1))]


def delete(data: bytes, rng: Rng) -> bytes:
    a, b = span(data, rng, 200)
    return data[:a] + data[b:]


def duplicate(data: bytes, rng: Rng) -> bytes:
    a, b = span(data, rng)
    return data[:b] + data[a:b] * int(rng.choice([1, 2, 10, 100])) + data[b:]


def insert(data: bytes, rng: Rng) -> bytes:
    a, _ = span(data, rng)
    return data[:a] + rng.bytes(int(rng.integers(1, 64))) + data[a:]


def extreme(data: bytes, rng: Rng) -> bytes:
    """A field of one to eight bytes set to an end of its range."""
    size = int(rng.choice([1, 2, 3, 4, 8]))
    value = choice([b"\0" * size, b"\xff" * size, b"\x7f" + b"\xff" * (size - 1), b"\x80" + b"\0" * (size - 1),
                    b"\0" * (size - 1) + b"\1"], rng)  # fmt: skip
    at = int(rng.integers(max(1, len(data) - size)))
    at = min(at, int(rng.integers(1, 200))) if rng.random() < 0.5 else at  # headers more often
    return data[:at] + value + data[at + size :]


GENERIC: list[Change] = [flip, truncate, delete, duplicate, insert, extreme]

# ---- MIDI -----------------------------------------------------------------------------------------


def in_midi(*at: int) -> Change:
    """A field of the header at an end of its range."""

    def change(data: bytes, rng: Rng) -> bytes:
        value = choice([0, 1, 2, 3, 0x7FFF, 0x8000, 0xFFFF, 0xE728], rng)
        return data[: at[0]] + struct.pack(">H", value) + data[at[0] + 2 :]

    return change


def chunks(data: bytes) -> list[int]:
    return [found.start() for found in re.finditer(b"MTrk", data)]


def midi_length(data: bytes, rng: Rng) -> bytes:
    at = choice(chunks(data) or [4], rng) + 4
    return data[:at] + struct.pack(">I", choice([0, 1, 2**16, 2**31, 2**32 - 1], rng)) + data[at + 4 :]


def midi_insert(*events: bytes) -> Change:
    """Events at a track's start, its length put right."""

    def change(data: bytes, rng: Rng) -> bytes:
        starts = chunks(data)
        if not starts:
            return data
        at = choice(starts, rng)
        (length,) = struct.unpack(">I", data[at + 4 : at + 8].ljust(4, b"\0"))
        new = choice(events, rng) * int(rng.choice([1, 1, 2, 50, 2000]))
        head = struct.pack(">I", min(2**32 - 1, length + len(new)))
        return data[: at + 4] + head + new + data[at + 8 :]

    return change


def midi_times(data: bytes, rng: Rng) -> bytes:
    """Each of some bytes replaced by the longest gap that MIDI can write."""
    found = bytearray(data)
    for at in rng.integers(22, max(23, len(found)), int(rng.integers(1, 40))):
        found[at : at + 1] = choice([b"\xff\xff\xff\x7f", b"\x8f\xff\x7f", b"\x80\x80\x00"], rng)
    return bytes(found)


def midi_tracks(data: bytes, rng: Rng) -> bytes:
    """The tracks many times over, as the header says or not."""
    n = int(rng.choice([2, 16, 300, 3000]))
    body = (data[14:] * n)[: 1 << 20]
    count = choice([min(65535, n), 65535, 1], rng)
    return data[:10] + struct.pack(">H", count) + data[12:14] + body


TEMPOS = midi_insert(
    b"\0\xff\x51\x03\0\0\0", b"\0\xff\x51\x03\0\0\1", b"\0\xff\x51\x03\xff\xff\xff", b"\1\xff\x51\x03\0\0\0",
    b"\x83\x60\xff\x51\x03\0\1\0", b"\0\xff\x51\x02\0\0",
)  # fmt: skip
METRES = midi_insert(
    *(b"\0\xff\x58\x04" + bytes(each) for each in ((0, 0, 0, 0), (255, 0, 24, 8), (1, 255, 24, 8), (0, 2, 24, 8),
      (4, 30, 0, 0), (255, 255, 255, 255))),
    b"\1\xff\x58\x04\5\2\x18\x08\1\xff\x58\x04\4\2\x18\x08", b"\0\xff\x59\x02\x7f\x02", b"\0\xff\x59\x02\x80\xff",
)  # fmt: skip
ODD = midi_insert(
    b"\0\x90\x3c\x40", b"\0\x90\x3c\x40\x83\x60\x80\x3c\x40", b"\0\xf0\xff\xff\xff\x7f", b"\0\xf0\x05abc\xf7", b"\0\xf7\0",
    b"\0\xff\x03\xff\xff\xff\x7f", b"\0\xff\x2f\0", b"\0\xc0\x7f\0\xc9\x05", b"\0\x3c\x40", b"\0\xff\x03\x09<b>\x1b[2J\r\n",
    b"\0\xb0\x7b\0\0\xe0\x7f\x7f", b"\0\xfe", b"\0\xff\x54\x05\x60\x3b\x3b\x1d\x63", b"\0\x9f\x7f\x01\xff\xff\xff\x7f\x8f\x7f\0",
)  # fmt: skip
MIDI = [*GENERIC, in_midi(8), in_midi(10), in_midi(12), midi_length, midi_times, midi_tracks, TEMPOS, METRES, ODD]

# ---- text -----------------------------------------------------------------------------------------


def numbers(data: bytes, rng: Rng) -> bytes:
    """One to many of the numbers in a text set to extremes."""
    places = list(re.finditer(rb"\d+", data))
    chosen = {int(i) for i in rng.integers(0, max(1, len(places)), int(rng.choice([1, 2, 30])))}
    for i in sorted(chosen, reverse=True):
        if i < len(places):
            a, b = places[i].span()
            data = data[:a] + choice(NUMBERS, rng).encode() + data[b:]
    return data


def lines(data: bytes, rng: Rng) -> bytes:
    """Lines lost, doubled, exchanged."""
    rows = data.split(b"\n")
    i, j = (int(x) for x in rng.integers(0, len(rows), 2))
    how = rng.integers(4)
    if how == 0:
        del rows[i]
    elif how == 1:
        rows[i:i] = [rows[j]] * int(rng.choice([1, 5, 300]))
    elif how == 2:
        rows[i], rows[j] = rows[j], rows[i]
    else:
        rows[i] = b"".join(rows[i:j]) or rows[i] * 3
    return b"\n".join(rows)


def alphabet(data: bytes, rng: Rng) -> bytes:
    """Another alphabet, or a mark that says so."""
    text = data.decode("utf-8", "replace")
    return choice([lambda: text.encode("utf-16"), lambda: text.encode("utf-32"), lambda: b"\xef\xbb\xbf" + data,
                   lambda: data.replace(b"UTF-8", b"UTF-7"), lambda: data.replace(b"utf-8", b"rot13"),
                   lambda: data.replace(b"\n", b"\r"), lambda: data.replace(b"a", b"\0", 3)], rng)()  # fmt: skip


TEXT = [*GENERIC, numbers, numbers, lines, alphabet]

# ---- MusicXML -------------------------------------------------------------------------------------

BOMBS = [
    '<!DOCTYPE x [<!ENTITY a "' + "ha" * 40 + '">' + "".join(f'<!ENTITY {b} "{f"&{a};" * 12}">' for a, b in zip("abcdefgh", "bcdefghi", strict=True)) + "]>",
    '<!DOCTYPE x [<!ENTITY i SYSTEM "file:///etc/passwd">]>',
    '<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd" [<!ENTITY % p SYSTEM "file:///etc/hostname">%p;]>',
    '<!DOCTYPE x [<!ENTITY i "' + "A" * 50_000 + '">]>',
    '<?xml-stylesheet href="file:///etc/passwd"?>',
]  # fmt: skip


def xml_entities(data: bytes, rng: Rng) -> bytes:
    """Billion laughs, a large entity told often, files from elsewhere."""
    text = re.sub(r"<!DOCTYPE.*?>", "", data.decode("utf-8", "replace"), flags=re.S)
    head, found, rest = text.partition("?>")
    used = re.sub(r"<(part-name|work-title|step)>", rf"<\1>{'&i;' * int(rng.choice([1, 3, 500]))}", rest)
    return (head + found + choice(BOMBS, rng) + (used or text)).encode()


def xml_deep(data: bytes, rng: Rng) -> bytes:
    """Elements within elements within elements."""
    name = choice([b"a", b"part-group", b"note", b"measure", b"attributes", b"notations", b"score-partwise"], rng)
    n = int(rng.choice([10, 500, 5000, 100_000]))
    at = [m.end() for m in re.finditer(rb"<(?:note|measure|attributes|part-list|part)\b[^>]*>", data)] or [0]
    where = choice(at, rng)
    return data[:where] + (b"<" + name + b">") * n + (b"</" + name + b">") * n + data[where:]


def xml_elements(data: bytes, rng: Rng) -> bytes:
    """An element lost, doubled or moved."""
    found = list(re.finditer(rb"<([\w-]+)\b[^>]*>(?:(?!<\1\b).)*?</\1>", data, flags=re.S))
    if not found:
        return data
    one, other = choice(found, rng), choice(found, rng)
    how = rng.integers(4)
    if how == 0:
        return data[: one.start()] + data[one.end() :]
    if how == 1:
        return data[: one.end()] + one[0] * int(rng.choice([1, 3, 50])) + data[one.end() :]
    if how == 2:
        return data[: one.start()] + other[0] + data[one.end() :]
    return data[: one.start()] + re.sub(rb">[^<]*<", b"><", one[0]) + data[one.end() :]


def xml_insert(*elements: str) -> Change:
    """Something said in many places."""

    def change(data: bytes, rng: Rng) -> bytes:
        new = choice(elements, rng).replace("#", choice(NUMBERS, rng)).encode()
        new *= int(rng.choice([1, 1, 10, 300]))
        at = [m.end() for m in re.finditer(rb"<(?:note|measure|attributes|part)\b[^>]*>|</note>", data)] or [0]
        for where in sorted({choice(at, rng) for _ in range(int(rng.choice([1, 2, 8])))}, reverse=True):
            data = data[:where] + new + data[where:]
        return data

    return change


SAID = xml_insert(
    '<barline location="right"><repeat direction="backward" times="#"/></barline>',
    '<barline location="left"><repeat direction="forward"/><ending number="#" type="start"/></barline>',
    "<divisions>#</divisions>", "<attributes><divisions>#</divisions></attributes>", "<duration>#</duration>",
    "<attributes><time><beats>#</beats><beat-type>#</beat-type></time></attributes>",
    "<attributes><transpose><chromatic>#</chromatic><octave-change>#</octave-change></transpose></attributes>",
    "<attributes><key><fifths>#</fifths></key></attributes>", "<attributes><staves>#</staves></attributes>",
    "<backup><duration>#</duration></backup>", "<forward><duration>#</duration></forward>", "<chord/>", "<grace/>",
    '<direction><sound tempo="#"/></direction>', '<sound dacapo="yes" segno="#"/>',
    "<time-modification><actual-notes>#</actual-notes><normal-notes>#</normal-notes></time-modification>",
    "<direction><direction-type><metronome><beat-unit>quarter</beat-unit><per-minute>#</per-minute></metronome>"
    "</direction-type></direction>", '<dot/>', '<tie type="stop"/><tie type="start"/>', "<alter>#</alter>",
    '<note><pitch><step>C</step><octave>#</octave></pitch><duration>#</duration></note>',
    '<attributes><measure-style><multiple-rest>#</multiple-rest></measure-style></attributes>',
    '<harmony><root><root-step>C</root-step></root><kind>#</kind><degree><degree-value>#</degree-value></degree></harmony>',
    '<notations><ornaments><tremolo>#</tremolo></ornaments></notations>', '<notations><tuplet type="start"/></notations>',
    '<direction><direction-type><octave-shift type="up" size="#" number="#"/></direction-type></direction>',
)  # fmt: skip
XML = [*TEXT, xml_entities, xml_deep, xml_elements, xml_elements, SAID, SAID, SAID]

# ---- compressed MusicXML --------------------------------------------------------------------------


def packed(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    found = io.BytesIO()
    with zipfile.ZipFile(found, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name), data, method)  # of 1980: the same bytes every day
    return found.getvalue()


def container(path: str) -> bytes:
    return f'<?xml version="1.0"?><container><rootfiles><rootfile full-path="{path}"/></rootfiles></container>'.encode()


def mxl_of(path: str, change: Change | None = None, **more: bytes) -> Change:
    """The archive packed anew: its score under another name or changed, with other members."""

    def repack(data: bytes, rng: Rng) -> bytes:
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                score = next(archive.read(n) for n in archive.namelist() if not n.startswith("META"))
        except Exception:  # a change before this one
            return data
        score = score if change is None else change(score, rng)
        return packed({"META-INF/container.xml": container(path), path: score, **more})

    return repack


def mxl_inner(data: bytes, rng: Rng) -> bytes:
    return mxl_of("score.xml", choice(XML, rng))(data, rng)


def mxl_bomb(data: bytes, rng: Rng) -> bytes:
    """Small packed, large unpacked; as it claims, or not."""
    size = int(rng.choice([40, 200])) << 20
    body = choice([b" ", b"<a>", b"\0"], rng)
    found = bytearray(bomb(size, body))
    if rng.random() < 0.5:  # lies about its size, in the directory
        at = found.rfind(b"PK\1\2")
        found[at + 24 : at + 28] = struct.pack("<I", 1000)
    return bytes(found)


@functools.cache
def bomb(size: int, body: bytes) -> bytes:
    return packed({"META-INF/container.xml": container("a.xml"), "a.xml": b"<?xml version='1.0'?>" + body * (size // len(body))})


def mxl_many(data: bytes, rng: Rng) -> bytes:
    n = int(rng.choice([100, 3000]))
    return packed({"META-INF/container.xml": container("0.xml")} | {f"{i}.xml": b"<a/>" for i in range(n)})


def mxl_nested(data: bytes, rng: Rng) -> bytes:
    for _ in range(int(rng.choice([1, 3, 30]))):
        data = packed({"META-INF/container.xml": container("a.mxl"), "a.mxl": data})
    return data


CLIMBS = ["../../climbed.xml", "/tmp/musicgan_climbed.xml", "..\\climbed.xml", "a/../../../climbed.xml", "C:\\climbed.xml",
          "file:///etc/passwd", "/etc/passwd", "a\0b.xml", "x" * 5000 + ".xml", "‮.xml"]  # fmt: skip
MXL = [*GENERIC, mxl_inner, mxl_inner, mxl_inner, mxl_bomb, mxl_many, mxl_nested, *map(mxl_of, CLIMBS[:7]), *map(mxl_of, CLIMBS[8:]),
       mxl_of("score.xml", None, **{"../../climbed.xml": b"<a/>"})]  # fmt: skip

# ---- ABC and Humdrum ------------------------------------------------------------------------------


def says(*texts: str) -> Change:
    """A line or a word that the format knows, anywhere, once or often."""

    def change(data: bytes, rng: Rng) -> bytes:
        new = choice(texts, rng).replace("#", choice(NUMBERS, rng)).encode() * int(rng.choice([1, 1, 10, 1000]))
        a = choice([m.end() for m in re.finditer(rb"\n|\s", data)] or [0], rng)
        return data[:a] + new + data[a:]

    return change


ABC = [*TEXT, numbers, says(
    "X:#\n", "L:#/#\n", "M:#/#\n", "Q:#/#=#\n", "Q:#\n", "K:#\n", "K:C transpose=#\n", "V:#\n", "P:#\n", "w:#\n", "C#", "C#/#", "C///////",
    "(#:#:#", "(#", "|:", ":|", "::", "[1", "[2", "[CEG", "[", "]", "{", "}", '"', "!", "C" + "," * 400, "c" + "'" * 400, "^" * 300 + "C", "-", "<" * 50,
    ">" * 50, "z#", "Z#", "|1", "\\\n", "%%MIDI program #\n", "I:abc-include /etc/passwd\n", "M:C|\n", "M:\n", "L:\n", "U:T=#\n", "m:~g2=(3{a}g{f}g\n",
)] * 1  # fmt: skip
KRN = [*TEXT, numbers, says(
    "*^\t*\n", "*v\t*v\n", "*+\n", "*-\n", "*x\t*x\n", "*M#/#\n", "*MM#\n", "*k[#]\n", "*C:\n", "=#\n", "=:|!|:\n", "#C\t#c\n", "#%#C\n", "0C\n", "00C\n", "4.......C\n",
    "4" + "C" * 400 + "\n", "4c" + "#" * 50 + "\n", "[4C\t4c]\n", "(4C\n", "4r\t.\n", "**kern\t**text\n", "!!!OTL: #\n", "*>[A,A,B]\n", "*tuplet\n", "4qC\n", "&&&\n", "\t\t\n",
)]  # fmt: skip

# ---- numbers in files: audio, .npz, checkpoints ---------------------------------------------------


def wav_sizes(data: bytes, rng: Rng) -> bytes:
    """RIFF's sizes, channels, rate and width at the ends of their ranges."""
    at, form = choice([(4, "<I"), (16, "<I"), (20, "<H"), (22, "<H"), (24, "<I"), (28, "<I"), (32, "<H"), (34, "<H"), (40, "<I")], rng)  # fmt: skip
    value = choice([0, 1, 3, 0x7FFF, 0xFFFE, 2**31 - 1, 2**32 - 1], rng) & (0xFFFF if form == "<H" else 0xFFFFFFFF)
    return data[:at] + struct.pack(form, value) + data[at + struct.calcsize(form) :]


def wav_floats(data: bytes, rng: Rng) -> bytes:
    """Samples that are no numbers."""
    body = np.full(200, choice([np.nan, np.inf, -np.inf, 1e38], rng), np.float32).tobytes()
    return data[:44] + body + data[44 + len(body) :]


class Evil:
    def __reduce__(self) -> tuple:
        return open, (CANARY, "w")


def npy(descr: str, shape: str, body: bytes = b"", order: str = "False") -> bytes:
    head = f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}\n".encode()
    return b"\x93NUMPY\1\0" + struct.pack("<H", len(head)) + head + body


def npz_member(*members: bytes) -> Change:
    """One array of the archive replaced by another."""

    def change(data: bytes, rng: Rng) -> bytes:
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                files = {name: archive.read(name) for name in archive.namelist()}
        except Exception:  # a change before this one
            return data
        name = choice(list(files), rng)
        files[name] = choice(members, rng) if members else choice(GENERIC, rng)(files[name], rng)
        if rng.random() < 0.2:
            files[choice(["../../climbed.npy", "/tmp/musicgan_climbed.npy", "x.txt", "json.npy"], rng)] = files[name]
        return packed(files, choice([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED], rng))

    return change


HOSTILE = npz_member(
    npy("'|O'", "(1,)", pickle.dumps(np.array([Evil()], object))), npy("'<f8'", "(1000000000000,)"), npy("'<f8'", "(-1,)"),
    npy("'<f4'", "(1073741824, 4)"), npy("'<f8'", "()"), npy("[('a', '|O')]", "(1,)", pickle.dumps(Evil())), npy("'<U1000000000'", "(3,)"),
    npy("'<f8'", "(" + "1," * 70 + ")"), npy("__import__('os').system('touch " + CANARY + "')", "(1,)"), npy("'<f8'", "(2**40,)"),
    npy("'<f4'", "(2,)", struct.pack("<2f", np.nan, np.inf)), npy("'<M8[s]'", "(1,)", b"\0" * 8), npy("'<f8'", "(0, 99999999999)"),
    npy("'|b1'", "(3,)", b"\7\7\7"), npy("'<c16'", "(1,)", b"\0" * 16), npy("'" + "(" * 3000 + "'", "(1,)"), pickle.dumps(Evil()), b"",
    npy("'|V500000000'", "(9,)"),
)  # fmt: skip
NPZ = [*GENERIC, npz_member(), npz_member(), HOSTILE, HOSTILE]


def deep_json(data: bytes, rng: Rng) -> bytes:
    """Lists in lists in lists, or the text inside them."""
    n = int(rng.choice([10, 1000, 100_000]))
    how = choice([b"[", b'{"a":'], rng)
    close = b"]" if how == b"[" else b"}"
    return how * n + choice([data, b"1"], rng) + close * n


def json_values(data: bytes, rng: Rng) -> bytes:
    """One to three values replaced by others, of other kinds."""
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        return data
    other = [None, True, 0, -1, 1e308, float("nan"), float("inf"), 2**70, "", "x" * 10_000, [], {}, [[]], "../../x", "\ud800", "<b>", 3.5, 1000]
    for _ in range(int(rng.integers(1, 4))):
        places: list = []
        walk(found, places)
        if not places:
            return data
        box, key = choice(places, rng)
        if rng.random() < 0.15 and isinstance(box, dict):
            box.pop(key, None)
        else:
            box[key] = copy.deepcopy(choice(other, rng))
    return json.dumps(found).encode("utf-8", "surrogatepass")


def walk(value: object, places: list) -> None:
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, below in list(pairs):
        places.append((value, key))
        walk(below, places)


JSON = [*TEXT, deep_json, json_values, json_values, json_values]


def keras_evil(data: bytes, rng: Rng) -> bytes:
    """A .keras file whose model has a Lambda layer that would run code."""
    layer = {"module": "keras.layers", "class_name": "Lambda", "config": {"name": "l", "function": {
        "class_name": "__lambda__", "config": {"code": "YwAA", "defaults": None, "closure": None}}}}  # fmt: skip
    config = {"module": "keras", "class_name": "Sequential", "config": {"name": "s", "layers": [layer]}}
    return packed({"metadata.json": b'{"keras_version": "3.12.0"}', "config.json": json.dumps(config).encode(), "model.weights.h5": data[:2000]})


# ---- seeds ----------------------------------------------------------------------------------------


@functools.cache
def pieces() -> list:
    """Short pieces of several kinds."""
    chorales = corpus.load("chorales", progress=False)
    tunes = corpus.load("ryansMammoth", progress=False)
    return [s.cut(s.pickup, s.pickup + 8) for s in chorales[:60:6]] + [s.cut(0, 12) for s in tunes[:200:25]]


@functools.cache
def midi_seeds() -> list[Files]:
    return [{"a.mid": playback.to_midi(piece)} for piece in pieces()]


@functools.cache
def xml_seeds() -> list[Files]:
    return [{"a.musicxml": playback.to_musicxml(piece.cut(0, 4)).encode()} for piece in pieces()[::2]]


@functools.cache
def mxl_seeds() -> list[Files]:
    return [
        {"a.mxl": packed({"META-INF/container.xml": container("score.xml"), "score.xml": data})}
        for files in xml_seeds()
        for data in files.values()
    ]


@functools.cache
def abc_seeds() -> list[Files]:
    books = sorted(corpus.folder_of("ryansMammoth").glob("*.abc"))[:600:40]
    tunes = [book.read_bytes().split(b"\n") for book in books]
    return [{"a.abc": b"\n".join(rows[: next(i for i, row in enumerate(rows) if row.startswith(b"K:")) + 4])} for rows in tunes]


@functools.cache
def krn_seeds() -> list[Files]:
    found = []
    for path in sorted(corpus.folder_of("palestrina").glob("*.krn"))[:60:10]:
        rows = path.read_text(encoding="utf-8", errors="replace").split("\n")
        body = next(i for i, row in enumerate(rows) if row.startswith("="))
        n_spines = rows[body].count("\t") + 1
        found.append({"a.krn": "\n".join([*rows[: body + 25], "\t".join(["*-"] * n_spines), ""]).encode()})
    return found


@functools.cache
def audio_seeds() -> list[Files]:
    import soundfile

    rng = np.random.default_rng(0)
    found = []
    sound = (0.3 * np.sin(np.arange(4000) / 9) + 0.01 * rng.normal(size=4000)).astype(np.float32)
    for suffix, kind in (("wav", "PCM_16"), ("wav", "PCM_24"), ("wav", "FLOAT"), ("wav", "MS_ADPCM"), ("flac", "PCM_16"), ("ogg", "VORBIS"), ("wav", "PCM_U8")):  # fmt: skip
        for both in (sound, np.stack([sound, sound[::-1]], axis=1)):
            data = io.BytesIO()
            soundfile.write(data, both, 22_050, format=suffix.upper(), subtype=kind)
            found.append({f"a.{suffix}": data.getvalue()})
    for rate in (22_050, 44_100):  # the last warms the resampling up
        plain = io.BytesIO()
        with wave.open(plain, "wb") as file:
            file.setparams((1, 2, rate, 0, "NONE", ""))
            file.writeframes((sound * 30_000).astype("<i2").tobytes())
        found.append({"a.wav": plain.getvalue()})
    return found


@functools.cache
def npz_seeds() -> list[Files]:
    """A checkpoint's weights (small), the corpus' cache, an index."""
    weights = io.BytesIO()
    np.savez_compressed(weights, **{"a/kernel": np.ones((3, 4), np.float32), "bias": np.zeros(5, np.int16)})
    index = io.BytesIO()
    about = {"format": 1, "keys": ["a", "b"], "titles": ["A", "B"], "labels": ["", "x"]}
    columns = {"counts.values": np.ones((2, 3), np.int8), **{f"counts.{n}": np.ones(3, np.float32) for n in ("step", "mean", "deviation")}}  # fmt: skip
    np.savez(index, json=np.frombuffer(json.dumps(about).encode(), np.uint8), **columns)
    cache = corpus.store.pack(pieces()[:2], {"stamp": "", "rejected": [], "ignored": [], "splits": {}})
    return [{"arrays.npz": weights.getvalue()}, {"index.npz": index.getvalue()}, {"store.npz": cache}]


@functools.cache
def run_seeds() -> list[Files]:
    """A run's folder: a small generator that was never trained, its card, state and log."""
    folder = sampling.CHECKPOINTS / "melodies"
    files = {name: (folder / name).read_bytes() for name in ("card.json", "weights.npz")}
    state = io.BytesIO()
    np.savez(state, **{str(i): np.ones(3, np.float32) for i in range(3)})
    return [{**files, "state.npz": state.getvalue(), "log.csv": b"step,d_loss\n1,0.5\n"}]


@functools.cache
def keras_seeds() -> list[Files]:
    import h5py

    weights = io.BytesIO()
    with h5py.File(weights, "w") as file:
        file.create_group("layers/dense/vars")["0"] = np.ones((3, 4), np.float32)
    h5 = weights.getvalue()
    model = packed({"metadata.json": b"{}", "config.json": b"{}", "model.weights.h5": h5})
    card = (sampling.CHECKPOINTS / "melodies" / "card.json").read_bytes()
    return [{"a.keras": model}, {"a.weights.h5": h5}, {"weights.npz": model, "card.json": card}, {"weights.npz": h5, "card.json": card}]  # fmt: skip


@functools.cache
def json_seeds() -> list[Files]:
    progress = json.dumps({"version": 1, "passed": {"01.to_step": "2026-01-02", "02.loss": "2026-01-03"}}).encode()
    trials = [["abc", True, False], ["def", False, False]]
    sitting = {"format": 1, "series": "s", "listener": "l", "day": "2026-01-02", "model": "m", "trials": trials}
    listening = b"\n".join([json.dumps(sitting).encode()] * 2) + b"\n"
    notebook = json.dumps({"cells": [{"cell_type": "code", "source": "1", "outputs": [], "execution_count": 1, "metadata": {}}], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode()  # fmt: skip
    work = packed({"musicgan_progress.json": progress, "lessons/00_make_sound.ipynb": notebook})
    return [{"musicgan_progress.json": progress}, {"listening.jsonl": listening}, {"card.json": run_seeds()[0]["card.json"]}, {"work.zip": work},
            {".musicgan_lessons.json": b'{"00_make_sound.ipynb": "abc"}'}]  # fmt: skip


def zip_members(data: bytes, rng: Rng) -> bytes:
    """What travels, with a member changed, added or under another name."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            files = {name: archive.read(name) for name in archive.namelist()}
    except Exception:  # a change before this one
        return data
    name = choice(list(files), rng)
    if rng.random() < 0.7:
        files[name] = choice(JSON, rng)(files[name], rng)
    else:
        files[choice(["../../climbed", "/tmp/musicgan_climbed", "run/state.npz", "run/card.json", "lessons/../../x.ipynb"], rng)] = files[name]
    return packed(files)


KINDS: dict[str, tuple[Callable[[], list[Files]], list[Change] | dict[str, list[Change]]]] = {
    "midi": (midi_seeds, MIDI),
    "musicxml": (xml_seeds, XML),
    "mxl": (mxl_seeds, MXL),
    "abc": (abc_seeds, ABC),
    "krn": (krn_seeds, KRN),
    "audio": (audio_seeds, [*GENERIC, wav_sizes, wav_sizes, wav_floats]),
    "npz": (npz_seeds, NPZ),
    "keras": (keras_seeds, {"a.keras": [*GENERIC, keras_evil, npz_member()], "a.weights.h5": GENERIC, "weights.npz": [*GENERIC, keras_evil], "card.json": JSON}),
    "run": (run_seeds, {"card.json": JSON, "weights.npz": NPZ, "state.npz": NPZ, "log.csv": TEXT}),
    "json": (json_seeds, {"work.zip": [*GENERIC, zip_members, zip_members], **dict.fromkeys(("musicgan_progress.json", "listening.jsonl", "card.json", ".musicgan_lessons.json"), JSON)}),
}  # fmt: skip


def write(files: Files, folder: Path) -> Path:
    """Into a folder; the path of the first."""
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return folder / next(iter(files))

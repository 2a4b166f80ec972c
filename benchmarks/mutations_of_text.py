"""What is done to files of text, plain or packed: MusicXML, ABC, Humdrum, JSON.

Comes in: a file's bytes and a generator of chance. Goes out: other bytes.
"""

from __future__ import annotations

import copy
import functools
import io
import json
import re
import struct
import zipfile

from mutations_of_bytes import CANARY, GENERIC, Change, Rng, choice
from soak_seeds import container, packed, unpacked

NUMBERS = [
    *(
    "0 -1 1 2 127 128 255 256 32767 65536 2147483647 4294967296 -2147483648 9007199254740993 1e308 -1e308 1e-300 "
    "NaN inf -inf 0.0000001 99999999999999999999999999 0x10 1/0 1/3 ٣ ½ abc"
    ).split(), "", " ", "9" * 5000,
]  # fmt: skip


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
    name = choice(
        [b"a", b"part-group", b"note", b"measure", b"attributes", b"notations", b"score-partwise"], rng
    )
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
        at = [m.end() for m in re.finditer(rb"<(?:note|measure|attributes|part)\b[^>]*>|</note>", data)] or [
            0
        ]
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
    size = int(rng.choice([30, 40, 200])) << 20
    body = choice([b" ", b"<a>", b"\0"], rng)
    found = bytearray(bomb(size, body))
    if rng.random() < 0.5:  # lies about its size, in the directory
        at = found.rfind(b"PK\1\2")
        found[at + 24 : at + 28] = struct.pack("<I", 1000)
    return bytes(found)


@functools.cache
def bomb(size: int, body: bytes) -> bytes:
    return packed(
        {
            "META-INF/container.xml": container("a.xml"),
            "a.xml": b"<?xml version='1.0'?>" + body * (size // len(body)),
        }
    )


def mxl_many(data: bytes, rng: Rng) -> bytes:
    n = int(rng.choice([100, 3000]))
    return packed({"META-INF/container.xml": container("0.xml")} | {f"{i}.xml": b"<a/>" for i in range(n)})


def mxl_nested(data: bytes, rng: Rng) -> bytes:
    for _ in range(int(rng.choice([1, 3, 30]))):
        data = packed({"META-INF/container.xml": container("a.mxl"), "a.mxl": data})
    return data


CLIMBS = ["../../climbed.xml", f"{CANARY}.xml", "..\\climbed.xml", "a/../../../climbed.xml", "C:\\climbed.xml",
          "file:///etc/passwd", "/etc/passwd", "a\0b.xml", "x" * 5000 + ".xml", "‮.xml"]  # fmt: skip
MXL = [*GENERIC, mxl_inner, mxl_inner, mxl_inner, mxl_bomb, mxl_many, mxl_nested, *map(mxl_of, CLIMBS[:7]), *map(mxl_of, CLIMBS[8:]),
       mxl_of("score.xml", None, **{"../../climbed.xml": b"<a/>"})]  # fmt: skip


# ---- ABC and Humdrum ------------------------------------------------------------------------------


def says(*texts: str) -> Change:
    """A line or a word that the format knows, anywhere, once or often."""

    def change(data: bytes, rng: Rng) -> bytes:
        new = choice(texts, rng).replace("#", choice(NUMBERS, rng)).encode() * int(
            rng.choice([1, 1, 10, 1000])
        )
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


# ---- JSON -----------------------------------------------------------------------------------------


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
    other = [
        None,
        True,
        0,
        -1,
        1e308,
        float("nan"),
        float("inf"),
        2**70,
        "",
        "x" * 10_000,
        [],
        {},
        [[]],
        "../../x",
        "\ud800",
        "<b>",
        3.5,
        1000,
    ]
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


def zip_members(data: bytes, rng: Rng) -> bytes:
    """What travels, with a member changed, added or under another name."""
    files = unpacked(data)
    if not files:
        return data
    name = choice(list(files), rng)
    if rng.random() < 0.7:
        files[name] = choice(JSON, rng)(files[name], rng)
    else:
        files[
            choice(
                [
                    "../../climbed",
                    CANARY,
                    "run/state.npz",
                    "run/card.json",
                    "lessons/../../x.ipynb",
                ],
                rng,
            )
        ] = files[name]
    return packed(files)

"""Cut the package's instruments from FluidR3Mono: `python benchmarks/cut_sounds.py [FONT.sf3]`.

Comes in: Debian's FluidR3Mono_GM.sf3 (package fluidr3mono-gm-soundfont, 23 MB, MIT licence).
Goes out, into musicgan_edu/sounds/:

- `band.sf3`: every General MIDI program and the standard drum kit on 30 thinned instruments, which
  `playback.render` plays;
- `player.ogg` and `player.json`: one recording with fewer notes one after another, and where each
  lies, which the player plays in the browser.

Thinning keeps every nth recorded note and stretches its range; sounds are encoded anew as Vorbis.
Ogg streams carry a random serial number, so a second run gives the same sound in other bytes.
"""

from __future__ import annotations

import io
import itertools
import json
import struct
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from scipy.signal import resample_poly

FONT = Path("/usr/share/sounds/sf3/FluidR3Mono_GM.sf3")  # where Debian puts it
SOUNDS = Path(__file__).parent.parent / "musicgan_edu" / "sounds"

GEN = np.dtype([("op", "<u2"), ("amount", "<i2")])
BAG = np.dtype([("gen", "<u2"), ("mod", "<u2")])
PRESET = np.dtype([("name", "S20"), ("program", "<u2"), ("bank", "<u2"), ("bag", "<u2"), ("x", "<u4", 3)])
INST = np.dtype([("name", "S20"), ("bag", "<u2")])
SAMPLE = np.dtype("S20, <u4, <u4, <u4, <u4, <u4, u1, i1, <u2, <u2")
SAMPLE.names = ("name", "start", "end", "loop_start", "loop_end", "rate", "pitch", "cents", "link", "type")
CHUNKS = {"phdr": PRESET, "pbag": BAG, "pgen": GEN, "inst": INST, "ibag": BAG, "igen": GEN, "shdr": SAMPLE}
KEYS, VELOCITIES, INSTRUMENT, SAMPLE_ID, LOOPS, ROOT, COARSE, FINE = 43, 44, 41, 53, 54, 58, 51, 52
DECAY = 36

#: (source program, keep every nth recorded note, General MIDI programs that it plays)
BAND = [
    (0, 2, [0, 1, 3]), (4, 3, [2, 4, 5]), (6, 2, [6, 7]), (8, 2, [8, 9, 10, 14, 112]),
    (11, 3, [11, 98]), (12, 2, [12, 13, 108, 114, 115]), (16, 1, [16, 17, 18, 20, 21, 22, 23]), (19, 2, [19]),
    (24, 2, [15, 24, 25, *range(104, 108)]), (27, 2, [26, 27, 28, 31, 120]), (30, 4, [29, 30, 84, 86]),
    (32, 2, [32, 43]), (33, 2, [*range(33, 38)]), (38, 1, [38, 39, 87]), (40, 3, [40, 41, 110]), (42, 4, [42]),
    (45, 3, [45, 55]), (46, 3, [46]), (47, 1, [47]), (48, 2, [44, 48, 49, 50, 51]), (53, 1, [52, 53, 54, 85, 91]),
    (56, 1, [56, 59]), (57, 3, [57, 58, 61, 62, 63]), (60, 2, [60]), (65, 3, [64, 65, 66, 67]),
    (68, 2, [68, 69, 109, 111]), (70, 3, [70]), (71, 2, [71]), (73, 2, [*range(72, 80), 82, 83]),
    (80, 1, [80]), (81, 1, [81, 90]), (89, 1, [88, 89, *range(92, 98), *range(99, 104), *range(121, 128)]),
    (117, 1, [113, 116, 117, 118, 119]),
]  # fmt: skip

#: The player's instruments: (name, source program, recorded notes about these pitches, sustains)
PLAYER = [
    ("piano", 0, [30, 42, 50, 58, 66, 74, 84, 94], False),
    ("harpsichord", 6, [40, 54, 66, 78], False),
    ("mallets", 11, [53, 65, 77, 89], False),
    ("organ", 19, [36, 48, 57, 66, 75, 84], True),
    ("guitar", 24, [40, 50, 59, 69, 76], False),
    ("bass", 32, [28, 36, 46, 54], False),
    ("strings", 48, [34, 47, 61, 70, 79], True),
    ("choir", 53, [48, 60, 66, 72, 84], True),
    ("brass", 56, [64, 67, 72, 79, 88], True),
    ("reed", 71, [52, 59, 65, 74], True),
    ("flute", 73, [61, 67, 74, 84], True),
]
#: The player's drums; General MIDI's others borrow the nearest of these (see player.js).
PLAYER_DRUMS = [36, 38, 39, 37, 42, 46, 45, 50, 49, 51, 56, 54, 76]
PLAYER_RATE = 32_000
LONGEST_DRUM = 2.5  # seconds of a cymbal
LONGEST = 2.8  # seconds of a sound that dies away by itself


@dataclass
class Sound:
    """One recording: samples (n,), its rate, its loop in frames, the pitch that it sounds at."""

    samples: np.ndarray
    rate: int
    loop: tuple[int, int]
    pitch: float
    decay: float  # seconds in which its envelope falls by 100 dB; 0 where it is kept up


class Font:
    """A SoundFont's tables and sounds, read as they are written."""

    def __init__(self, path: Path) -> None:
        data = path.read_bytes()
        start = data.find(b"smpl") + 8
        self.sounds = data[start : start + struct.unpack("<I", data[start - 4 : start])[0]]
        at = data.find(b"pdtaphdr") + 4
        self.tables: dict[str, np.ndarray] = {}
        while at < len(data):
            name, size = data[at : at + 4].decode(), struct.unpack("<I", data[at + 4 : at + 8])[0]
            if name in CHUNKS:
                self.tables[name] = np.frombuffer(data[at + 8 : at + 8 + size], CHUNKS[name])
            at += 8 + size

    def zones(self, kind: str, index: int) -> list[dict[int, int]]:
        """The zones of a preset ("p") or an instrument ("i"): {generator: amount}, in order."""
        heads, bags = self.tables["phdr" if kind == "p" else "inst"], self.tables[kind + "bag"]["gen"]
        rows = self.tables[kind + "gen"]
        places = range(heads[index]["bag"], heads[index + 1]["bag"])
        return [dict(rows[bags[i] : bags[i + 1]].tolist()) for i in places]

    def preset(self, bank: int, program: int) -> int:
        heads = self.tables["phdr"][:-1]
        return int(np.flatnonzero((heads["bank"] == bank) & (heads["program"] == program))[0])

    def instruments(self, bank: int, program: int) -> list[int]:
        zones = self.zones("p", self.preset(bank, program))
        return list(dict.fromkeys(zone[INSTRUMENT] for zone in zones if INSTRUMENT in zone))

    def sound(self, zone: dict[int, int]) -> Sound:
        """The recording that an instrument's zone plays."""
        row = self.tables["shdr"][zone[SAMPLE_ID]]
        samples, rate = soundfile.read(io.BytesIO(self.sounds[row["start"] : row["end"]]), dtype="float32")
        tuning = zone.get(COARSE, 0) + (zone.get(FINE, 0) + int(row["cents"])) / 100
        pitch = zone.get(ROOT, int(row["pitch"])) - tuning
        decay = 2 ** (zone[DECAY] / 1200) if DECAY in zone else 0.0
        return Sound(samples, rate, (int(row["loop_start"]), int(row["loop_end"])), pitch, decay)


def low_high(zone: dict[int, int]) -> tuple[int, int]:
    """A zone's range of keys, low and high, both inside."""
    packed = zone.get(KEYS, 127 << 8) & 0xFFFF
    return packed & 0xFF, packed >> 8


def thin(zones: list[dict[int, int]], every: int) -> list[dict[int, int]]:
    """An instrument's zones with every nth recording of its range kept, stretched over the others."""
    groups: dict[int, list[dict[int, int]]] = {}
    for zone in zones:
        if SAMPLE_ID in zone:
            groups.setdefault(zone.get(VELOCITIES, 0), []).append(zone)
    kept = [zone for zone in zones if SAMPLE_ID not in zone]
    for group in groups.values():
        group.sort(key=low_high)
        chosen = group[every // 2 :: every] or group[:1]
        edges = [0, *[(low_high(a)[1] + low_high(b)[0] + 1) // 2 for a, b in itertools.pairwise(chosen)], 128]
        for zone, low, high in zip(chosen, edges, edges[1:], strict=False):
            kept.append({KEYS: low | (high - 1) << 8} | {op: v for op, v in zone.items() if op != KEYS})
    return kept


def encode(samples: np.ndarray, rate: int, compression: float) -> bytes:
    """Ogg Vorbis, from 0 (best) to 1 (smallest)."""
    file = io.BytesIO()
    form = {"format": "OGG", "subtype": "VORBIS", "compression_level": compression}
    with soundfile.SoundFile(file, "w", rate, 1, **form) as out:
        for at in range(0, len(samples), 4096):  # libsndfile crashes on long stretches
            out.write(samples[at : at + 4096])
    return file.getvalue()


# ------------------------------------------------------------------------------- band.sf3


class Writer:
    """A SoundFont in the making: instruments and sounds are written once, however often used."""

    def __init__(self, font: Font) -> None:
        self.font = font
        self.sounds = bytearray()
        self.rows: dict[str, list] = {name: [] for name in CHUNKS}
        self.known_instruments: dict[int, int] = {}
        self.known_sounds: dict[tuple[int, float], int] = {}
        self.known_bytes: dict[int, tuple[int, int]] = {}

    def preset(self, program: int, bank: int, source: int, every: int) -> None:
        index = self.font.preset(bank, source)
        name = self.font.tables["phdr"][index]["name"]
        self.rows["phdr"].append((name, program, bank, len(self.rows["pbag"]), (0, 0, 0)))
        for zone in self.font.zones("p", index):
            if INSTRUMENT in zone:
                zone[INSTRUMENT] = self.instrument(zone[INSTRUMENT], every)
            self._zone("p", zone, last=INSTRUMENT)

    def instrument(self, index: int, every: int) -> int:
        if index not in self.known_instruments:
            zones = self.font.zones("i", index)
            common = next((zone for zone in zones if SAMPLE_ID not in zone), {})
            zones = thin(zones, every) if every > 1 else zones
            zones = [self.tuned(zone, common) for zone in zones]
            self.known_instruments[index] = len(self.rows["inst"])
            self.rows["inst"].append((self.font.tables["inst"][index]["name"], len(self.rows["ibag"])))
            for zone in zones:
                self._zone("i", zone, last=SAMPLE_ID)
        return self.known_instruments[index]

    def tuned(self, zone: dict[int, int], common: dict[int, int]) -> dict[int, int]:
        """A zone whose tuning stands in its sound's own row: symusic 0.5.9 looks nowhere else."""
        rest = {op: value for op, value in zone.items() if op not in (ROOT, COARSE, FINE)}
        if SAMPLE_ID in zone:
            rest[SAMPLE_ID] = self.sound(common | zone)
        return rest

    def sound(self, zone: dict[int, int]) -> int:
        """The row of a zone's sound at its tuning, written if it is new."""
        sound, row = self.font.sound(zone), self.font.tables["shdr"][zone[SAMPLE_ID]].copy()
        if zone.get(LOOPS):  # a tone, not a stroke
            sound.pitch += detuned(sustained(sound.samples, sound.rate, sound.loop), sound.rate, sound.pitch)
        key = (zone[SAMPLE_ID], sound.pitch)
        if key not in self.known_sounds:
            self.known_sounds[key] = len(self.rows["shdr"])
            row["start"], row["end"] = self.stored(zone, sound)
            row["pitch"] = round(sound.pitch)
            row["cents"] = round(100 * (round(sound.pitch) - sound.pitch))
            row["link"], row["type"] = 0, 17
            row["loop_end"] = (
                min(row["loop_end"], sound.rate * LONGEST_DRUM) if not zone.get(LOOPS) else row["loop_end"]
            )
            self.rows["shdr"].append(tuple(row))
        return self.known_sounds[key]

    def stored(self, zone: dict[int, int], sound: Sound) -> tuple[int, int]:
        """Where a sound's bytes lie, start and end."""
        index, samples, longest = zone[SAMPLE_ID], sound.samples, int(LONGEST_DRUM * sound.rate)
        if index not in self.known_bytes:
            if not zone.get(LOOPS) and len(samples) > longest:  # a cymbal
                samples = samples[:longest] * np.linspace(1, 0, longest) ** 0.5
            start = len(self.sounds)
            self.sounds += encode(samples, sound.rate, 0.72)
            self.known_bytes[index] = (start, len(self.sounds))
        return self.known_bytes[index]

    def _zone(self, kind: str, zone: dict[int, int], *, last: int) -> None:
        """Write a zone's generators in the order that the format wants."""
        self.rows[kind + "bag"].append((len(self.rows[kind + "gen"]), 0))
        order = sorted(
            zone.items(), key=lambda pair: (pair[0] == last, pair[0] != KEYS, pair[0] != VELOCITIES)
        )
        self.rows[kind + "gen"].extend(order)

    def finish(self) -> bytes:
        """The whole file, with the end records that each table needs."""
        self.rows["phdr"].append((b"EOP", 0, 0, len(self.rows["pbag"]), (0, 0, 0)))
        self.rows["inst"].append((b"EOI", len(self.rows["ibag"])))
        self.rows["shdr"].append((b"EOS", *[0] * 9))
        for kind in "pi":
            self.rows[kind + "bag"].append((len(self.rows[kind + "gen"]), 0))
            self.rows[kind + "gen"].append((0, 0))
        tables = {name: np.array(self.rows[name], kind).tobytes() for name, kind in CHUNKS.items()}
        order = ["phdr", "pbag", "pmod", "pgen", "inst", "ibag", "imod", "igen", "shdr"]
        pdta = b"".join(chunk(name, tables.get(name, bytes(10))) for name in order)
        about = [
            (b"ifil", struct.pack("<HH", 3, 1)),
            (b"isng", b"EMU8000\0"),
            (b"INAM", b"musicgan_edu band\0"),
        ]
        about += [(b"ICOP", b"MIT, FluidR3Mono: see LICENSE.txt\0")]
        info = b"".join(chunk(name.decode(), text) for name, text in about)
        body = [(b"INFO", info), (b"sdta", chunk("smpl", bytes(self.sounds))), (b"pdta", pdta)]
        return chunk("RIFF", b"sfbk" + b"".join(chunk("LIST", name + data) for name, data in body))


def chunk(name: str, data: bytes) -> bytes:
    data += bytes(len(data) % 2)
    return name.encode() + struct.pack("<I", len(data)) + data


def cut_band(font: Font) -> bytes:
    writer = Writer(font)
    sources = {program: (source, every) for source, every, programs in BAND for program in programs}
    for program in range(128):
        source, every = sources[program]
        writer.preset(program, 0, source, every)
    writer.preset(0, 128, 0, 1)
    return writer.finish()


# ----------------------------------------------------------------------------- player.ogg


def cut_player(font: Font) -> tuple[bytes, dict]:
    """One recording of all notes with gaps between, and the index of what lies where, in seconds."""
    pieces: list[np.ndarray] = []
    index: dict[str, list] = {}
    for name, program, pitches, sustains in PLAYER:
        zones = [z for i in font.instruments(0, program) for z in font.zones("i", i) if SAMPLE_ID in z]
        nearest = [min(zones, key=lambda zone: abs(font_pitch(font, zone) - pitch)) for pitch in pitches]
        index[name] = [add(pieces, font.sound(zone), sustains=sustains) for zone in nearest]
    drums = {
        low_high(z)[0]: z for i in font.instruments(128, 0) for z in font.zones("i", i) if SAMPLE_ID in z
    }
    drums |= {36: drums.get(36, drums.get(35))}
    index["drums"] = [add(pieces, font.sound(drums[key]), drum=key) for key in PLAYER_DRUMS]
    return encode(np.concatenate(pieces), PLAYER_RATE, 0.85), index


def font_pitch(font: Font, zone: dict[int, int]) -> float:
    row = font.tables["shdr"][zone[SAMPLE_ID]]
    return float(zone.get(ROOT, int(row["pitch"])) - zone.get(COARSE, 0))


def add(pieces: list[np.ndarray], sound: Sound, *, sustains: bool = False, drum: int | None = None) -> dict:
    """Append a sound and a gap; its entry: where it lies, its loop, pitch, level and decay."""
    start = sum(map(len, pieces)) / PLAYER_RATE
    loops = sustains or (drum is None and sound.loop[1] < LONGEST * sound.rate)
    frames = min(len(sound.samples), sound.loop[1] + 64 if loops else int(LONGEST * sound.rate))
    samples = resample_poly(sound.samples[:frames], PLAYER_RATE // 100, sound.rate // 100).astype(np.float32)
    if frames == int(LONGEST * sound.rate):
        tail = PLAYER_RATE
        samples[-tail:] *= np.linspace(1, 0, tail, dtype=np.float32)
    pieces += [samples, np.zeros(PLAYER_RATE // 25, np.float32)]
    entry = {"pitch": float(drum or sound.pitch), "start": start, "seconds": len(samples) / PLAYER_RATE}
    if drum is None:
        loop = tuple(round(frame * PLAYER_RATE / sound.rate) for frame in sound.loop)
        entry["pitch"] += detuned(
            sustained(samples, PLAYER_RATE, loop if loops else None), PLAYER_RATE, sound.pitch
        )
        entry["fade"] = 0.0 if sustains else (sound.decay or 20) / 11.5  # 100 dB are 11.5 time constants
    if loops:
        entry["loop"] = sound.loop[0] / sound.rate
        entry["loop_end"] = sound.loop[1] / sound.rate
    body = samples[: PLAYER_RATE // 2]
    entry["gain"] = 0.5 / float(np.abs(body).max()) if drum else 0.12 / float(np.sqrt(np.mean(body**2)))
    return {key: round(value, 5) for key, value in entry.items()}


def sustained(samples: np.ndarray, rate: int, loop: tuple[int, int] | None) -> np.ndarray:
    """Two seconds as a player would hold them: the loop again and again, if there is one."""
    if loop is None or loop[1] - loop[0] < 8:
        return samples[: 2 * rate]
    times = 2 * rate // (loop[1] - loop[0]) + 1
    return np.concatenate([samples[: loop[1]], np.tile(samples[loop[0] : loop[1]], times)])[: 2 * rate]


def detuned(samples: np.ndarray, rate: int, pitch: float) -> float:
    """How far a sound lies from its pitch, in semitones: its first partials', weighted by level."""
    body = samples[rate // 50 :]
    size = 1 << 20
    levels = np.abs(np.fft.rfft(body * np.hanning(len(body)), size))
    offsets, weights = [], []
    for partial in (1, 2, 3):
        wanted = 440 * 2 ** ((pitch - 69) / 12) * partial * size / rate
        low, high = int(wanted * 2 ** (-0.4 / 12)), int(wanted * 2 ** (0.4 / 12)) + 2
        if high < len(levels):
            peak = low + int(levels[low:high].argmax())
            offsets.append(12 * np.log2(peak / wanted))
            weights.append(float(levels[peak]) ** 2 + 1e-9)
    return float(np.average(offsets, weights=weights)) if offsets else 0.0


if __name__ == "__main__":
    source = Font(Path(sys.argv[1]) if len(sys.argv) > 1 else FONT)
    recording, where = cut_player(source)
    band = cut_band(source)
    (SOUNDS / "band.sf3").write_bytes(band)
    (SOUNDS / "player.ogg").write_bytes(recording)
    (SOUNDS / "player.json").write_text(json.dumps(where, separators=(",", ":")) + "\n")
    print(f"band.sf3 {len(band) / 1e6:.2f} MB, player.ogg {len(recording) / 1e3:.0f} kB")

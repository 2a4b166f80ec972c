// A piano roll on a canvas: tracks in colour-blind-safe colours, drums in a lane of their own.
//
// Code map
//   COLOURS, drumName, pitchName, pageTheme   what things are called and which colour they wear
//   Roll             measures (beats <-> pixels), draws what is in view, finds the note under a point
// The canvas is as wide as its window, never as the piece: `left` says which part it shows.

/** Okabe and Ito's colours, in the order of plotting.COLOURS, so that figures and players agree. */
const COLOURS = ["#0072B2", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#56B4E9", "#F0E442"];
const ON_DARK = { "#0072B2": "#3D9BDC" }; // the one that drowns on a dark page
const RULER = 20; // px above the notes, for bar numbers
const DRUM_ROW = 12; // px
const DRUMS = { 35: "kick", 36: "kick", 37: "rim", 38: "snare", 39: "clap", 40: "snare", 42: "hi-hat", 44: "pedal", 46: "open hat", 49: "crash", 51: "ride", 57: "crash" };

const drumName = (key) => DRUMS[key] ?? (key >= 41 && key <= 50 ? "tom" : `drum ${key}`);
const pitchName = (pitch) => "C C♯ D E♭ E F F♯ G A♭ A B♭ B".split(" ")[pitch % 12] + (Math.floor(pitch / 12) - 1);

/** The page's colours at an element; again whenever the theme changes. */
function pageTheme(element) {
  const style = getComputedStyle(element);
  const get = (name) => style.getPropertyValue(`--mg-${name}`).trim();
  const [red, green, blue] = style.color.match(/[\d.]+/g)?.map(Number) ?? [0, 0, 0]; // none before it is in the page
  const named = Object.fromEntries(["ground", "shade", "line", "faint", "accent"].map((name) => [name, get(name)]));
  return { ...named, text: style.color || "black", font: style.fontFamily, dark: red + green + blue > 380 };
}

/** The last index with `notes[i].onset` < beat, plus one. */
function countBefore(notes, beat) {
  let low = 0;
  for (let high = notes.length; low < high; ) {
    const middle = (low + high) >> 1;
    if (notes[middle].onset < beat) low = middle + 1;
    else high = middle;
  }
  return low;
}

class Roll {
  /** @param {HTMLCanvasElement} canvas the notes; @param {HTMLCanvasElement} keys the pitches beside them */
  constructor(canvas, keys) {
    Object.assign(this, { canvas, keys, notes: [], tracks: [], left: 0, scale: 40, width: 600, faint: new Set() });
  }

  /** Take a piece: {notes, tracks, end, beatsPerBar, pickup}. */
  setPiece(piece) {
    Object.assign(this, piece);
    this.markUnisons();
    this.longest = this.notes.reduce((most, note) => Math.max(most, note.duration), 0);
    const pitched = this.notes.filter((note) => !this.tracks[note.track].is_drum).map((note) => note.pitch);
    this.drums = [...new Set(this.notes.filter((note) => this.tracks[note.track].is_drum).map((note) => note.pitch))];
    this.drums.sort((a, b) => b - a);
    const low = pitched.reduce((a, b) => Math.min(a, b), 127);
    const high = pitched.reduce((a, b) => Math.max(a, b), 0);
    this.rows = pitched.length ? Math.max(high - low + 5, 20) : 0;
    this.top = high + 2 + Math.max(0, Math.floor((20 - (high - low + 5)) / 2)); // the pitch of the first row
    this.row = Math.min(12, Math.max(4, Math.floor(250 / Math.max(this.rows, 1))));
    this.laneTop = RULER + this.rows * this.row + (this.rows && this.drums.length ? 6 : 0);
    this.height = this.laneTop + this.drums.length * DRUM_ROW + 4;
    if (!this.notes.length) this.height = RULER + 90;
  }

  /** Where two tracks sound one pitch, the shorter note is drawn half as high: neither hides the other. */
  markUnisons() {
    const last = new Map();
    for (const note of this.notes) {
      const key = note.pitch + (this.tracks[note.track].is_drum ? 128 : 0);
      const before = last.get(key);
      const both = before && before.track !== note.track && before.onset + before.duration > note.onset + 1e-6;
      const short = both && before.duration < note.duration ? before : note;
      note.unison = false;
      short.unison = Boolean(both);
      if (!both || short === before) last.set(key, note);
    }
  }

  x(beat) {
    return beat * this.scale - this.left;
  }

  beatAt(x) {
    return (x + this.left) / this.scale;
  }

  /** A note's box: [x, y, width, height]. */
  box({ track, pitch, onset, duration, unison }) {
    const x = this.x(onset);
    const drum = this.tracks[track].is_drum;
    const y = drum ? this.laneTop + this.drums.indexOf(pitch) * DRUM_ROW : RULER + (this.top - pitch) * this.row;
    const length = drum ? Math.min(duration * this.scale, DRUM_ROW) : duration * this.scale;
    const height = (drum ? DRUM_ROW : this.row) - 1;
    const low = unison ? height / 2 : 0;
    return [x, y + 0.5 + low, Math.max(length - Math.min(1.5, length * 0.2), 2), height - low];
  }

  /** Notes that touch the stretch of beats, in order. */
  between(from, to) {
    return this.notes
      .slice(countBefore(this.notes, from - this.longest), countBefore(this.notes, to))
      .filter((note) => note.onset + note.duration > from);
  }

  /** The note under a point of the canvas, the topmost, or undefined. */
  noteAt(x, y) {
    const beat = this.beatAt(x);
    const inside = ([left, top, width, height]) => x >= left - 1 && x <= left + width + 1 && y >= top - 1 && y <= top + height + 1;
    return this.between(beat - 0.5, beat + 0.5).findLast((note) => inside(this.box(note)));
  }

  /** The pitch of the row at a height, among the drums or above them; undefined where there is none. */
  pitchAt(y, drum) {
    if (drum) return this.drums[Math.floor((y - this.laneTop) / DRUM_ROW)];
    const row = Math.floor((y - RULER) / this.row);
    const pitch = this.top - row;
    return row >= 0 && row < this.rows && pitch >= 0 && pitch <= 127 ? pitch : undefined;
  }

  colour(track) {
    const colour = COLOURS[track % COLOURS.length];
    return this.theme.dark ? ON_DARK[colour] ?? colour : colour;
  }

  /** Read the page's colours; again whenever the theme changes. */
  readTheme(element) {
    this.theme = pageTheme(element);
  }

  /** A canvas of the right size in device pixels, wiped. */
  wipe(canvas, width, height) {
    const ratio = globalThis.devicePixelRatio || 1;
    const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
    if (canvas.width !== w || canvas.height !== h) Object.assign(canvas, { width: w, height: h });
    Object.assign(canvas.style, { width: `${width}px`, height: `${height}px` });
    const pen = canvas.getContext("2d");
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, width, height);
    pen.font = `11px ${this.theme.font}`;
    pen.textBaseline = "middle";
    return pen;
  }

  draw() {
    const pen = this.wipe(this.canvas, this.width, this.height);
    this.drawGround(pen);
    this.drawBars(pen);
    const seen = this.between(this.beatAt(0), this.beatAt(this.width));
    for (const above of [false, true]) for (const note of seen) if (note.unison === above) this.drawNote(pen, note);
    if (!this.notes.length) {
      pen.fillStyle = this.theme.faint;
      pen.textAlign = "center";
      pen.fillText("no notes", this.width / 2, this.height / 2 + RULER / 2);
    }
    this.drawKeys();
  }

  drawGround(pen) {
    pen.fillStyle = this.theme.shade; // the rows of the black keys, and every other drum
    for (let i = 0; i < this.rows; i++) {
      if ([1, 3, 6, 8, 10].includes((this.top - i + 120) % 12)) pen.fillRect(0, RULER + i * this.row, this.width, this.row);
    }
    this.drums.forEach((_, i) => i % 2 || pen.fillRect(0, this.laneTop + i * DRUM_ROW, this.width, DRUM_ROW));
  }

  drawBars(pen) {
    const every = Math.max(1, Math.ceil(34 / (this.beatsPerBar * this.scale))); // numbers that don't touch
    const first = Math.floor((this.beatAt(0) - this.pickup) / this.beatsPerBar);
    const last = Math.ceil((Math.min(this.beatAt(this.width), this.end) - this.pickup) / this.beatsPerBar);
    pen.textAlign = "left";
    for (let bar = Math.max(first, this.pickup ? -1 : 0); bar <= last; bar++) {
      const start = this.pickup + bar * this.beatsPerBar;
      if (bar >= 0 && (bar % every === 0 || this.beatsPerBar * this.scale > 12)) this.drawLine(pen, start, 1);
      if (bar >= 0 && bar % every === 0 && start < this.end - 1e-6) {
        pen.fillStyle = this.theme.faint;
        pen.fillText(String(bar + 1), this.x(start) + 4, RULER / 2);
      }
      for (let beat = start + 1; this.scale >= 14 && beat < start + this.beatsPerBar - 1e-6; beat++) {
        if (beat < this.end && beat > 0) this.drawLine(pen, beat, 0.35);
      }
    }
  }

  drawLine(pen, beat, strength) {
    pen.globalAlpha = strength;
    pen.fillStyle = this.theme.line;
    pen.fillRect(Math.round(this.x(beat)), RULER, 1, this.height - RULER);
    pen.globalAlpha = 1;
  }

  drawNote(pen, note, grown = 0) {
    const [x, y, width, height] = this.box(note);
    const strength = grown ? 1 : 0.6 + 0.4 * Math.min(1, note.velocity / 90);
    pen.globalAlpha = this.faint.has(note.track) ? 0.18 : strength;
    pen.fillStyle = this.colour(note.track);
    pen.beginPath();
    pen.roundRect(x - grown, y - grown, width + 2 * grown, height + 2 * grown, Math.min(3, height / 3 + grown, width / 2));
    pen.fill();
    pen.globalAlpha = 1;
  }

  /** The note that somebody edits, with a rim in two colours: it shows on any ground. */
  drawChosen(note) {
    const pen = this.canvas.getContext("2d");
    const [x, y, width, height] = this.box(note);
    for (const [colour, grown] of [[this.theme.ground || "white", 1], [this.theme.text, 2.5]]) {
      Object.assign(pen, { strokeStyle: colour, lineWidth: 1.5 });
      pen.strokeRect(x - grown, y - grown, width + 2 * grown, height + 2 * grown);
    }
  }

  /** On a canvas of its own: the notes that sound now, grown and rimmed. */
  drawSounding(canvas, beat) {
    const pen = this.wipe(canvas, this.width, this.height);
    if (beat === null) return;
    pen.strokeStyle = this.theme.text;
    for (const note of this.between(beat, beat + 1e-9)) {
      if (this.faint.has(note.track)) continue;
      this.drawNote(pen, note, 1);
      pen.stroke();
    }
  }

  drawKeys() {
    const width = this.keys.clientWidth || 48;
    const pen = this.wipe(this.keys, width, this.height);
    pen.fillStyle = this.theme.faint;
    pen.textAlign = "right";
    const wanted = this.row * 12 < 60 ? [0] : [0, 4, 7];
    for (let i = 0; i < this.rows; i++) {
      const pitch = this.top - i;
      if (wanted.includes(pitch % 12)) pen.fillText(pitchName(pitch), width - 6, RULER + (i + 0.5) * this.row);
    }
    this.drums.forEach((key, i) => pen.fillText(drumName(key), width - 6, this.laneTop + (i + 0.5) * DRUM_ROW, width - 8));
  }
}

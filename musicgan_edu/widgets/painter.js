// The gap painter's sheet: the voices' cells, a cursor, and a brush for cells, bars and voices.
// Needs page.js and roll.js (colours, names of pitches).
//
// Code map
//   Sheet            one view: builds it, draws cells and paint, turns keys and the pointer into paint
//   default export   a Sheet for each place where the widget shows
// Names of voices come from files: they enter the page through textContent and fillText only.

const GUTTER = 49; // px: as wide as the player's keyboard, so that steps stand below their notes
const TOP = 18; // px, the bars' numbers
const CELL = 24; // px, a voice's row
const MOVES = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0], Home: [0, -1e9], End: [0, 1e9] };
const BRUSHES = { " ": "cell", b: "bar", B: "bars", v: "voice" };
const TRAITS = ["pitches", "filled", "gap", "voices", "cell"];

class Sheet {
  constructor(model, el) {
    this.model = model;
    this.undo = new AbortController();
    this.build(el);
    this.redraw = () => this.draw();
    for (const trait of TRAITS) model.on(`change:${trait}`, this.redraw);
    this.sizes = new ResizeObserver(this.redraw);
    this.sizes.observe(this.root);
    onTheme(this.redraw, this.undo.signal);
    this.draw();
  }

  build(el) {
    const on = (target, type, react) => target.addEventListener(type, react, { signal: this.undo.signal });
    this.canvas = make("canvas", { tabindex: 0, role: "application", "aria-label": "Cells by voice and step: arrow keys choose one, space paints it, B its bar, Shift B the bar in all voices, V the voice" });
    this.canvas.style.touchAction = "none";
    const names = { cell: "Paint cell", bar: "Paint bar", bars: "Bar, all voices", voice: "Paint voice" };
    this.buttons = Object.entries(names).map(([brush, text]) => make("button", { type: "button", "data-brush": brush, text }));
    this.status = make("output", { "aria-live": "polite" });
    this.root = make("div", { class: "mg-strip mg-painter", role: "group", "aria-label": "Gap painter" }, this.canvas, make("div", { class: "mg-strip-bar" }, ...this.buttons, this.status));
    el.append(this.root);
    on(this.canvas, "keydown", (event) => this.pressed(event));
    on(this.canvas, "pointerdown", (event) => this.began(event));
    on(this.canvas, "pointermove", (event) => this.moved(event));
    for (const type of ["pointerup", "pointercancel"]) on(this.canvas, type, () => this.ended());
    for (const button of this.buttons) on(button, "click", () => this.toggle(button.dataset.brush));
    const ours = (event) => !event.ctrlKey && !event.metaKey && (event.key in MOVES || event.key in BRUSHES);
    keepKeys(this.root, ours, this.undo.signal);
  }

  remove() {
    this.undo.abort();
    this.sizes.disconnect();
    for (const trait of TRAITS) this.model.off(`change:${trait}`, this.redraw);
    this.root.remove();
  }

  // ----------------------------------------------------------------------------- the brush

  get size() {
    const rows = this.model.get("pitches");
    return [rows.length, rows[0]?.length ?? 0];
  }

  /** Put the cursor on a cell, as near as there is one. */
  choose(voice, step) {
    const inside = (value, end) => Math.min(Math.max(value, 0), end - 1);
    const [voices, steps] = this.size;
    this.model.set("cell", [inside(voice, voices), inside(step, steps)]);
    this.model.save_changes();
  }

  /** The cells that a brush at the cursor covers: [voices, first step, step after the last]. */
  covered(brush) {
    const [voice, step] = this.model.get("cell");
    const [voices, steps] = this.size;
    const all = Array.from({ length: voices }, (_, i) => i);
    const [lead, perBar] = [this.model.get("lead"), this.model.get("steps_per_bar")];
    const bar = Math.floor((step - lead) / perBar);
    const [from, to] = [Math.max(0, lead + bar * perBar), Math.min(steps, lead + (bar + 1) * perBar)];
    return { cell: [[voice], step, step + 1], bar: [[voice], from, to], bars: [all, from, to], voice: [[voice], 0, steps] }[brush];
  }

  /** Paint what a brush covers, or wipe it where all of it is painted already. */
  toggle(brush) {
    const [voices, from, to] = this.covered(brush);
    const painted = voices.every((v) => this.model.get("gap")[v].slice(from, to).every(Boolean));
    this.put(voices, from, to, painted ? 0 : 1);
    this.model.save_changes();
  }

  put(voices, from, to, value) {
    const gap = this.model.get("gap").map((row, v) => (voices.includes(v) ? row.map((old, step) => (step >= from && step < to ? value : old)) : row));
    this.model.set("gap", gap);
  }

  pressed(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const [voice, step] = this.model.get("cell");
    const move = MOVES[event.key];
    if (move) this.choose(voice + move[0], step + move[1]);
    else if (event.key in BRUSHES) this.toggle(BRUSHES[event.key]);
    else return;
    event.preventDefault();
  }

  under(event) {
    return [Math.floor((event.offsetY - TOP) / CELL), Math.floor((event.offsetX - GUTTER) / this.step)];
  }

  /** Press: the ruler takes a bar of all voices, a name its voice, a cell begins a stroke. */
  began(event) {
    if (event.button !== 0) return;
    const [voice, step] = this.under(event);
    this.choose(voice, step);
    if (voice < 0) return this.toggle("bars");
    if (step < 0) return this.toggle("voice");
    const [v, s] = this.model.get("cell");
    this.stroke = this.model.get("gap")[v][s] ? 0 : 1;
    this.canvas.setPointerCapture(event.pointerId);
    this.put([v], s, s + 1, this.stroke);
  }

  moved(event) {
    if (this.stroke === undefined) return;
    const [before, [voice, step]] = [this.model.get("cell"), this.under(event)];
    this.choose(voice, step);
    const [v, s] = this.model.get("cell");
    const from = v === before[0] ? Math.min(s, before[1]) : s; // a quick hand leaves no holes
    this.put([v], from, (v === before[0] ? Math.max(s, before[1]) : s) + 1, this.stroke);
  }

  ended() {
    if (this.stroke === undefined) return;
    this.stroke = undefined;
    this.model.save_changes();
  }

  // ---------------------------------------------------------------------------- drawing

  draw() {
    const [voices, steps] = this.size;
    const width = this.root.clientWidth;
    if (!width || !steps) return; // not in the page yet, or hidden
    const height = TOP + voices * CELL + 4;
    const ratio = globalThis.devicePixelRatio || 1;
    Object.assign(this.canvas, { width: Math.round(width * ratio), height: Math.round(height * ratio) });
    Object.assign(this.canvas.style, { width: `${width}px`, height: `${height}px` });
    const style = getComputedStyle(this.root);
    const [red, green, blue] = style.color.match(/[\d.]+/g).map(Number);
    this.theme = { text: style.color, dark: red + green + blue > 380 };
    for (const name of ["line", "faint"]) this.theme[name] = style.getPropertyValue(`--mg-${name}`).trim();
    this.step = (width - GUTTER) / steps;
    const pen = this.canvas.getContext("2d");
    pen.scale(ratio, ratio);
    Object.assign(pen, { font: `11px ${style.fontFamily}`, textBaseline: "middle" });
    this.drawBars(pen, steps, height);
    for (let voice = 0; voice < voices; voice++) this.drawVoice(pen, voice, steps);
    const [voice, step] = this.model.get("cell");
    Object.assign(pen, { strokeStyle: this.theme.text, lineWidth: 2 });
    pen.strokeRect(this.x(step), TOP + voice * CELL + 1, Math.max(this.step, 3), CELL - 2);
    this.status.textContent = this.describe();
  }

  x(step) {
    return GUTTER + step * this.step;
  }

  drawBars(pen, steps, height) {
    const [lead, perBar] = [this.model.get("lead"), this.model.get("steps_per_bar")];
    pen.fillStyle = this.theme.faint;
    pen.textAlign = "left";
    for (let step = lead, bar = 1; step < steps; step += perBar, bar++) {
      pen.fillRect(Math.round(this.x(step)), 0, 1, height);
      pen.fillText(String(bar), this.x(step) + 4, TOP / 2);
    }
  }

  /** A row: notes as high as they sound within their voice, composed ones with a dot, paint as hatching. */
  drawVoice(pen, voice, steps) {
    const [row, filled, gap] = ["pitches", "filled", "gap"].map((name) => this.model.get(name)[voice]);
    const top = TOP + voice * CELL;
    pen.fillStyle = this.theme.faint;
    pen.textAlign = "right";
    pen.fillText(this.model.get("voices")[voice] ?? "", GUTTER - 6, top + CELL / 2, GUTTER - 8);
    const sounding = row.filter((pitch) => pitch >= 0);
    const [low, high] = [Math.min(...sounding), Math.max(...sounding)];
    const colour = COLOURS[voice % COLOURS.length];
    for (let step = 0; step < steps; step++) {
      const [x, pitch] = [this.x(step), row[step]];
      const y = top + 4 + (pitch >= 0 && high > low ? ((high - pitch) / (high - low)) * (CELL - 12) : (CELL - 12) / 2);
      pen.fillStyle = this.theme.dark ? ON_DARK[colour] ?? colour : colour;
      pen.globalAlpha = gap[step] ? 0.25 : 1;
      if (pitch !== -1) pen.fillRect(x, y, this.step + 0.3, 5);
      pen.globalAlpha = 1;
      pen.fillStyle = this.theme.text;
      if (filled[step] && pitch !== -1) pen.fillRect(x + this.step / 2 - 1, y + 6.5, 2, 2);
      if (gap[step]) this.drawPaint(pen, x, top);
    }
  }

  drawPaint(pen, x, top) {
    pen.save();
    pen.beginPath();
    pen.rect(x, top + 1, this.step + 0.3, CELL - 2);
    pen.clip();
    pen.globalAlpha = 0.16;
    pen.fillStyle = this.theme.text;
    pen.fillRect(x, top, this.step + 1, CELL);
    pen.globalAlpha = 0.8;
    Object.assign(pen, { strokeStyle: this.theme.text, lineWidth: 1 });
    pen.beginPath();
    for (let start = Math.floor((x - CELL) / 6) * 6; start < x + this.step; start += 6) {
      pen.moveTo(start, top + CELL);
      pen.lineTo(start + CELL, top);
    }
    pen.stroke();
    pen.restore();
  }

  /** The cursor's cell in words. */
  describe() {
    const [voice, step] = this.model.get("cell");
    const pitch = this.model.get("pitches")[voice]?.[step];
    const [lead, perBar] = [this.model.get("lead"), this.model.get("steps_per_bar")];
    const bar = Math.floor((step - lead) / perBar);
    const beat = (step - lead - bar * perBar) / 4 + 1;
    const what = pitch === -2 ? "several pitches" : pitch >= 0 ? pitchName(pitch) : "silent";
    const marks = `${this.model.get("filled")[voice]?.[step] ? ", composed" : ""}${this.model.get("gap")[voice]?.[step] ? ", painted" : ""}`;
    const painted = this.model.get("gap").flat().filter(Boolean).length;
    return `${this.model.get("voices")[voice]}, ${bar < 0 ? "pickup" : `bar ${bar + 1}`}, beat ${beat}: ${what}${marks}. ${painted} cells painted.`;
  }
}

export default function () {
  return {
    render({ model, el }) {
      const sheet = new Sheet(model, el);
      return () => sheet.remove();
    },
  };
}

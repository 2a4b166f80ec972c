// The strip below a player: the verdict of each step, the voices' cells, a cursor that moves notes.
// Needs page.js and roll.js (colours, names of pitches).
//
// Code map
//   Strip            one view: builds it, draws verdicts and cells, turns keys and clicks into wishes
//   default export   a Strip for each place where the widget shows
// Names of voices come from files: they enter the page through textContent and fillText only.

const GUTTER = 49; // px: as wide as the player's keyboard in JupyterLab, so that steps stand below their notes
const CURVE = 116; // px, the verdicts
const CELL = 17; // px, a voice's row
const DAMAGED = "#D55E00";
const MOVES = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0], Home: [0, -1e9], End: [0, 1e9] };
const NUDGES = { "+": 1, "=": 1, "-": -1 };

class Strip {
  constructor(model, el) {
    this.model = model;
    this.undo = new AbortController();
    this.build(el);
    this.redraw = () => this.draw();
    for (const trait of ["before", "now", "pitches_before", "pitches", "voices", "cell"]) model.on(`change:${trait}`, this.redraw);
    this.sizes = new ResizeObserver(this.redraw);
    this.sizes.observe(this.root);
    onTheme(this.redraw, this.undo.signal);
    this.draw();
  }

  build(el) {
    const on = (target, type, react) => target.addEventListener(type, react, { signal: this.undo.signal });
    this.canvas = make("canvas", { tabindex: 0, role: "application", "aria-label": "Verdicts and notes by step: arrow keys choose a cell, plus and minus move its note" });
    this.lower = make("button", { type: "button", "aria-label": "Lower the note by a semitone", title: "Lower (-)", text: "−" });
    this.raise = make("button", { type: "button", "aria-label": "Raise the note by a semitone", title: "Raise (+)", text: "+" });
    this.status = make("output", { "aria-live": "polite" });
    this.root = make("div", { class: "mg-strip", role: "group", "aria-label": "Verdicts" }, this.canvas, make("div", { class: "mg-strip-bar" }, this.lower, this.raise, this.status));
    el.append(this.root);
    on(this.canvas, "keydown", (event) => this.pressed(event));
    on(this.canvas, "pointerdown", (event) => this.pointed(event));
    on(this.lower, "click", () => this.nudge(-1));
    on(this.raise, "click", () => this.nudge(1));
    keepKeys(this.root, (event) => !event.ctrlKey && !event.metaKey && (event.key in MOVES || event.key in NUDGES), this.undo.signal);
    tellLoss(this.model, this.root);
  }

  remove() {
    this.undo.abort();
    this.sizes.disconnect();
    for (const trait of ["before", "now", "pitches_before", "pitches", "voices", "cell"]) this.model.off(`change:${trait}`, this.redraw);
    this.root.remove();
  }

  // ----------------------------------------------------------------------------- wishes

  /** Put the cursor on a cell, as near as there is one. */
  choose(voice, step) {
    const inside = (value, end) => Math.min(Math.max(value, 0), end - 1);
    const { model } = this;
    model.set("cell", [inside(voice, model.get("pitches").length), inside(step, model.get("now").length)]);
    model.save_changes();
  }

  nudge(semitones) {
    const [voice, step] = this.model.get("cell");
    const count = (this.model.get("asked")[3] ?? 0) + 1;
    this.model.set("asked", [voice, step, semitones, count]);
    this.model.save_changes();
  }

  pressed(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const [voice, step] = this.model.get("cell");
    const move = MOVES[event.key];
    if (move) this.choose(voice + move[0], step + move[1]);
    else if (event.key in NUDGES) this.nudge(NUDGES[event.key]);
    else return;
    event.preventDefault();
  }

  pointed(event) {
    if (event.button !== 0) return;
    const row = Math.floor((event.offsetY - CURVE) / CELL);
    const step = Math.floor((event.offsetX - GUTTER) / this.step);
    this.choose(row < 0 ? this.model.get("cell")[0] : row, step);
  }

  // ---------------------------------------------------------------------------- drawing

  draw() {
    const [before, now, pitches] = ["before", "now", "pitches"].map((name) => this.model.get(name));
    const width = this.root.clientWidth;
    if (!width || !now.length) return; // not in the page yet, or hidden
    const height = CURVE + pitches.length * CELL + 4;
    const ratio = globalThis.devicePixelRatio || 1;
    Object.assign(this.canvas, { width: Math.round(width * ratio), height: Math.round(height * ratio) });
    Object.assign(this.canvas.style, { width: `${width}px`, height: `${height}px` });
    this.theme = pageTheme(this.root);
    this.step = (width - GUTTER) / now.length;
    const pen = this.canvas.getContext("2d");
    pen.scale(ratio, ratio);
    Object.assign(pen, { font: `11px ${this.theme.font}`, textBaseline: "middle" });
    this.drawGrid(pen, now.length, height);
    this.drawVerdicts(pen, before, now);
    this.drawCells(pen, this.model.get("pitches_before"), pitches);
    this.status.textContent = this.describe();
  }

  x(step) {
    return GUTTER + step * this.step;
  }

  drawGrid(pen, n, height) {
    pen.fillStyle = this.theme.line;
    const [perBeat, perBar] = [this.model.get("steps_per_beat"), this.model.get("steps_per_bar")];
    for (let step = 0; step < n; step += perBeat) {
      pen.globalAlpha = step % perBar ? 0.4 : 1;
      pen.fillRect(Math.round(this.x(step)), 0, 1, height);
    }
    pen.globalAlpha = 1;
  }

  /** Both curves, one value a step, and what has been lost between them. */
  drawVerdicts(pen, before, now) {
    const all = [...before, ...now, -1, 1];
    const [low, high] = [Math.min(...all), Math.max(...all)];
    const y = (value) => 8 + ((high - value) / (high - low)) * (CURVE - 16);
    pen.globalAlpha = 0.28;
    pen.fillStyle = DAMAGED;
    now.forEach((value, i) => value < before[i] - 1e-6 && pen.fillRect(this.x(i), y(before[i]), this.step, y(value) - y(before[i])));
    pen.globalAlpha = 1;
    pen.fillStyle = this.theme.faint;
    pen.fillRect(GUTTER, Math.round(y(0)), now.length * this.step, 1);
    pen.textAlign = "right";
    pen.fillText("0", GUTTER - 6, y(0));
    if (y(0) > 24) pen.fillText("real ↑", GUTTER - 6, 8);
    if (y(0) < CURVE - 24) pen.fillText("fake ↓", GUTTER - 6, CURVE - 9);
    this.drawCurve(pen, before, y, this.theme.faint, 1.5, [4, 3]);
    this.drawCurve(pen, now, y, this.theme.accent, 2.5, []);
  }

  drawCurve(pen, values, y, colour, width, dash) {
    Object.assign(pen, { strokeStyle: colour, lineWidth: width });
    pen.setLineDash(dash);
    pen.beginPath();
    values.forEach((value, i) => {
      pen.lineTo(this.x(i), y(value));
      pen.lineTo(this.x(i + 1), y(value));
    });
    pen.stroke();
    pen.setLineDash([]);
  }

  /** A row of cells for each voice; what isn't as it was wears a cross. */
  drawCells(pen, before, pitches) {
    pitches.forEach((row, voice) => {
      const top = CURVE + voice * CELL;
      pen.fillStyle = this.theme.faint;
      pen.textAlign = "right";
      pen.fillText(this.model.get("voices")[voice] ?? "", GUTTER - 6, top + CELL / 2, GUTTER - 8);
      const colour = COLOURS[voice % COLOURS.length];
      pen.fillStyle = this.theme.dark ? ON_DARK[colour] ?? colour : colour;
      row.forEach((pitch, step) => {
        if (pitch < 0) return;
        const changed = pitch !== before[voice]?.[step];
        const gap = step + 1 < row.length && row[step + 1] === pitch ? 0 : 1.5;
        pen.globalAlpha = changed ? 1 : 0.35;
        pen.fillRect(this.x(step), top + 2, this.step - gap, CELL - 3);
        pen.globalAlpha = 1;
        if (changed) this.drawCross(pen, this.x(step) + this.step / 2, top + CELL / 2 + 0.5);
      });
    });
    const [voice, step] = this.model.get("cell");
    Object.assign(pen, { strokeStyle: this.theme.text, lineWidth: 2 });
    pen.strokeRect(this.x(step) + 1, CURVE + voice * CELL + 1.5, this.step - 2, CELL - 2);
  }

  drawCross(pen, x, y) {
    Object.assign(pen, { strokeStyle: this.theme.dark ? "#000" : "#fff", lineWidth: 1.5 });
    pen.beginPath();
    for (const slope of [1, -1]) {
      pen.moveTo(x - 3, y - 3 * slope);
      pen.lineTo(x + 3, y + 3 * slope);
    }
    pen.stroke();
  }

  /** The cursor's cell in words. */
  describe() {
    const [voice, step] = this.model.get("cell");
    const [pitch, was] = [this.model.get("pitches")[voice]?.[step], this.model.get("pitches_before")[voice]?.[step]];
    const name = (number) => (number >= 0 ? pitchName(number) : "silent");
    const [perBeat, perBar] = [this.model.get("steps_per_beat"), this.model.get("steps_per_bar")];
    const beat = (step % perBar) / perBeat + 1;
    const note = pitch === was ? name(pitch) : `${name(pitch)}, was ${name(was)}`;
    const [now, before] = [this.model.get("now")[step], this.model.get("before")[step]];
    return `${this.model.get("voices")[voice]}, bar ${Math.floor(step / perBar) + 1}, beat ${beat}: ${note}. Verdict ${now.toFixed(2)}, was ${before.toFixed(2)}.`;
  }
}

export default function () {
  return {
    render({ model, el }) {
      const strip = new Strip(model, el);
      return () => strip.remove();
    },
  };
}

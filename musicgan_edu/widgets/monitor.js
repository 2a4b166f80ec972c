// The monitor's panel: curves, controls, the moments of a run. Needs page.js and roll.js (for its colours).
//
// Code map
//   readTable        a packed table as {name: Float32Array}
//   Chart            a few curves on a canvas, each with a colour and a dash of its own
//   View             one place in the page where the panel shows: builds it, keeps it up to date
// Names and messages come from Python and from files: they enter the page through textContent only.

const DASHES = [[], [7, 4], [8, 3, 2, 3], [2, 3]];
const SILENCE = 20_000; // ms without a word from a running kernel
const NOW = -1;
const WORDS = { starting: "Getting ready", running: "Training", paused: "Paused", finished: "Finished", stopped: "Stopped and kept", failed: "Failed" };
const LOST = "The kernel was restarted, and the training ended with it. Run the cell again: it goes on from its last checkpoint.";

/** {names, values: bytes} as one Float32Array a name. */
function readTable({ names = [], values } = {}) {
  if (!names.length || !values?.byteLength) return {};
  const buffer = values.buffer ? values.buffer.slice(values.byteOffset, values.byteOffset + values.byteLength) : values;
  const all = new Float32Array(buffer);
  const n = all.length / names.length;
  return Object.fromEntries(names.map((name, i) => [name, all.subarray(i * n, (i + 1) * n)]));
}

const short = (said, x = Number(said)) => (x === 0 ? "0" : Math.abs(x) >= 0.0001 && Math.abs(x) < 10_000 ? String(Number(x.toPrecision(3))) : x.toExponential(1));

function inWords(seconds) {
  if (seconds < 0) return "";
  const [minutes, rest] = [Math.floor(seconds / 60), Math.round(seconds % 60)];
  return minutes ? `, about ${minutes} min ${rest} s to go` : `, about ${rest} s to go`;
}

class Chart {
  constructor(title, names) {
    Object.assign(this, { title, names, table: {} });
    this.canvas = make("canvas", { role: "img", hidden: "" });
  }

  /** Take a table; a chart without a curve stays hidden. */
  set(table) {
    this.table = table;
    this.shown = this.names.filter((name) => table[name]?.length);
    this.canvas.toggleAttribute("hidden", !this.shown.length);
    const last = this.shown.map((name) => `${name} ${short(table[name].findLast(Number.isFinite) ?? NaN)}`);
    this.canvas.setAttribute("aria-label", `${this.title}; last values: ${last.join(", ")}`);
  }

  draw(theme) {
    if (!this.shown?.length || !this.canvas.clientWidth) return;
    const [width, height, ratio] = [this.canvas.clientWidth, this.canvas.clientHeight, globalThis.devicePixelRatio || 1];
    Object.assign(this.canvas, { width: Math.round(width * ratio), height: Math.round(height * ratio) });
    const pen = this.canvas.getContext("2d");
    pen.scale(ratio, ratio);
    pen.font = `11px ${theme.font}`;
    pen.textBaseline = "middle";
    const area = { left: 44, right: width - 10, top: 36, bottom: height - 18 };
    const values = this.shown.flatMap((name) => [...this.table[name]].filter(Number.isFinite));
    let [low, high] = [Math.min(...values), Math.max(...values)];
    if (low === high) [low, high] = [low - 0.5, high + 0.5];
    const steps = this.table.step;
    const [first, last] = [steps[0], Math.max(steps.at(-1), steps[0] + 1)];
    const x = (step) => area.left + ((step - first) / (last - first)) * (area.right - area.left);
    const y = (value) => area.bottom - ((value - low) / (high - low)) * (area.bottom - area.top);
    this.frame(pen, theme, area, { low, high, first, last });
    this.shown.forEach((name, i) => this.curve(pen, theme, i, this.table[name], steps, x, y));
    this.legend(pen, theme, area);
  }

  frame(pen, theme, area, { low, high, first, last }) {
    pen.strokeStyle = theme.line;
    pen.beginPath();
    for (const y of [area.top, area.bottom]) pen.moveTo(area.left, y), pen.lineTo(area.right, y);
    pen.stroke();
    pen.fillStyle = theme.text;
    pen.textAlign = "left";
    pen.fillText(this.title, 8, 11);
    pen.fillStyle = theme.faint;
    pen.textAlign = "right";
    pen.fillText(short(high), area.left - 4, area.top);
    pen.fillText(short(low), area.left - 4, area.bottom);
    pen.fillText(`step ${Math.round(last)}`, area.right, area.bottom + 10);
    pen.textAlign = "left";
    pen.fillText(String(Math.round(first)), area.left, area.bottom + 10);
  }

  curve(pen, theme, i, values, steps, x, y) {
    pen.strokeStyle = this.colour(theme, i);
    pen.lineWidth = 1.6;
    pen.setLineDash(DASHES[i % DASHES.length]);
    pen.beginPath();
    let on = false;
    values.forEach((value, j) => {
      if (!Number.isFinite(value)) return void (on = false);
      if (on) pen.lineTo(x(steps[j]), y(value));
      else pen.moveTo(x(steps[j]), y(value)), pen.lineTo(x(steps[j]) + 0.5, y(value));
      on = true;
    });
    pen.stroke();
    pen.setLineDash([]);
  }

  legend(pen, theme, area) {
    let at = area.left;
    this.shown.forEach((name, i) => {
      pen.strokeStyle = this.colour(theme, i);
      pen.lineWidth = 2;
      pen.setLineDash(DASHES[i % DASHES.length]);
      pen.beginPath();
      pen.moveTo(at, 26);
      pen.lineTo(at + 22, 26);
      pen.stroke();
      pen.setLineDash([]);
      pen.fillStyle = theme.text;
      pen.fillText(name, at + 27, 26);
      at += 39 + pen.measureText(name).width;
    });
  }

  colour(theme, i) {
    const colour = COLOURS[i % COLOURS.length];
    return theme.dark ? ON_DARK[colour] ?? colour : colour;
  }
}

class View {
  constructor(model, el) {
    this.model = model;
    this.undo = new AbortController();
    this.build(el);
    this.watch();
    this.setCharts();
    this.heard();
  }

  // ------------------------------------------------------------------------------- building

  build(el) {
    const { model } = this;
    this.pause = make("button", { type: "button", class: "mg-words", text: "Pause" });
    this.stop = make("button", { type: "button", class: "mg-words", text: "Stop and keep" });
    this.bar = make("progress", { max: 1, "aria-label": "Progress of the training" });
    this.status = make("span", { role: "status", class: "mg-title" });
    this.values = make("div", { class: "mg-values" });
    this.alert = make("div", { role: "alert", class: "mg-alert" });
    this.charts = model.get("charts").map(({ title, names }) => new Chart(title, names));
    this.board = make("div", { class: "mg-charts" }, ...this.charts.map((chart) => chart.canvas));
    this.latent = this.range("Latent", 0, model.get("n_latents") - 1);
    this.moment = this.range("Moment", 0, 0);
    this.turns = model.get("sliders").map((slider) => this.turn(slider));
    const places = make("div", { class: "mg-turns", role: "group", "aria-label": "What to hear" }, this.latent.row, this.moment.row);
    const turns = make("div", { class: "mg-turns", role: "group", "aria-label": "Rates and weights" }, ...this.turns.map((one) => one.row));
    const head = make("div", { class: "mg-bar" }, this.pause, this.stop, this.status, this.bar);
    this.root = make("div", { class: "mg-player mg-monitor", role: "group", "aria-label": "Monitor of a training" }, head, this.alert, this.board, this.values, turns, places);
    el.append(this.root);
  }

  /** A labelled slider with its value in words beside it. */
  range(label, low, high, step = 1) {
    const input = make("input", { type: "range", min: low, max: high, step, "aria-label": label });
    const output = make("span", { class: "mg-value" }); // no <output>: that would be read out at every change
    return { input, output, row: make("label", {}, make("span", { text: label }), input, output) };
  }

  /** A slider for a setting: a hundred places from low to high, in equal ratios or equal steps. */
  turn({ name, label, low, high, ratio }) {
    const valueAt = (place) => (ratio ? low * (high / low) ** (place / 100) : low + ((high - low) * place) / 100);
    const placeOf = (value) => (ratio ? (100 * Math.log(value / low)) / Math.log(high / low) : (100 * (value - low)) / (high - low));
    const one = { name, placeOf, ...this.range(label, 0, 100) };
    const value = () => Number(valueAt(Number(one.input.value)).toPrecision(3));
    const say = (said) => {
      one.output.textContent = short(said);
      one.input.setAttribute("aria-valuetext", short(said));
    };
    one.show = (now) => {
      if (document.activeElement !== one.input) one.input.value = placeOf(now);
      say(now);
    };
    one.input.addEventListener("input", () => say(value()), { signal: this.undo.signal });
    one.input.addEventListener("change", () => this.save("settings", { ...this.model.get("settings"), [name]: value() }), { signal: this.undo.signal });
    return one;
  }

  watch() {
    const on = (target, type, react) => target.addEventListener(type, react, { signal: this.undo.signal });
    on(this.pause, "click", () => this.save("pause", !this.model.get("pause")));
    on(this.stop, "click", () => this.save("stop", true));
    on(this.latent.input, "input", () => this.save("latent", Number(this.latent.input.value)));
    on(this.moment.input, "input", () => this.save("moment", this.places()[Number(this.moment.input.value)]));
    this.sizes = new ResizeObserver(() => this.draw());
    this.sizes.observe(this.board);
    onTheme(() => this.draw(), this.undo.signal);
    keepKeys(this.root, (event) => plain(event) && !event.shiftKey, this.undo.signal);
  }

  remove() {
    this.undo.abort();
    this.sizes.disconnect();
    clearTimeout(this.silence);
    this.root.remove();
  }

  // ------------------------------------------------------------------------- model -> view

  /** The moments that the slider offers: the stored ones, and now. */
  places() {
    return [...this.model.get("moments"), NOW];
  }

  setCharts() {
    const tables = [readTable(this.model.get("curves")), readTable(this.model.get("music"))];
    for (const chart of this.charts) chart.set(tables.find((table) => chart.names.some((name) => name in table)) ?? {});
    this.draw();
  }

  draw() {
    const theme = pageTheme(this.root);
    for (const chart of this.charts) chart.draw(theme);
  }

  update() {
    const { model } = this;
    const { progress = 0, step = 0, remaining = -1, values = {} } = model.get("now");
    const state = model.get("state");
    const alive = ["starting", "running", "paused"].includes(state) && !this.lost;
    const going = state === "running" ? `: step ${step}${inWords(remaining)}` : step ? ` at step ${step}` : "";
    this.say(this.status, this.lost ? "No longer running" : WORDS[state] + going);
    this.bar.value = progress;
    this.bar.setAttribute("aria-valuetext", `${Math.round(100 * progress)} %`);
    this.pause.textContent = model.get("pause") ? "Go on" : "Pause";
    this.pause.setAttribute("aria-pressed", model.get("pause"));
    this.pause.disabled = !alive;
    this.stop.disabled = !alive || model.get("stop");
    for (const one of this.turns) {
      one.input.disabled = !alive;
      if (one.name in model.get("settings")) one.show(model.get("settings")[one.name]);
    }
    this.say(this.values, Object.entries(values).map(([name, value]) => `${name} ${short(value)}`).join("  ·  "));
    this.say(this.alert, this.lost ? LOST : this.still ? this.still : model.get("message"));
    this.updatePlaces(step);
  }

  updatePlaces(step) {
    const [places, moment, latent] = [this.places(), this.model.get("moment"), this.model.get("latent")];
    const chosen = Math.max(0, places.indexOf(moment));
    this.moment.input.max = places.length - 1;
    this.moment.input.value = chosen;
    this.moment.input.disabled = places.length < 2;
    this.moment.output.textContent = moment === NOW ? "now" : `step ${moment}`;
    this.moment.input.setAttribute("aria-valuetext", moment === NOW ? `now, step ${step}` : `step ${moment}`);
    this.latent.input.value = latent;
    this.latent.output.textContent = `${latent + 1} of ${this.model.get("n_latents")}`;
  }

  say(place, text) {
    if (place.textContent !== text) place.textContent = text;
  }

  /** A word from the kernel; if none follows while it should be training, say so. */
  heard() {
    clearTimeout(this.silence);
    this.still = "";
    this.lost = false; // a connection may come back
    this.update();
    if (this.model.get("state") !== "running") return;
    this.silence = setTimeout(() => {
      this.still = `No word from the kernel for ${SILENCE / 1000} s: it is very busy, or gone. If it was restarted, run the cell again: the training goes on from its last checkpoint.`;
      this.update();
    }, SILENCE);
  }

  /** The kernel has gone: nothing here is connected any more. */
  lose() {
    this.lost = ["starting", "running", "paused"].includes(this.model.get("state"));
    clearTimeout(this.silence);
    this.update();
  }

  // ------------------------------------------------------------------------- view -> model

  save(trait, value) {
    this.model.set(trait, value);
    this.model.save_changes();
  }
}

export default function () {
  const views = new Set();
  const all = (react) => () => views.forEach(react);
  return {
    initialize({ model }) {
      const word = all((view) => view.heard()); // only Python sets these
      for (const trait of ["state", "message", "now"]) model.on(`change:${trait}`, word);
      const update = all((view) => view.update());
      for (const trait of ["moments", "moment", "latent", "settings", "pause", "stop"]) model.on(`change:${trait}`, update);
      for (const trait of ["curves", "music"]) model.on(`change:${trait}`, all((view) => view.setCharts()));
      model.on("comm_live_update", all((view) => view.lose()));
    },
    render({ model, el }) {
      const view = new View(model, el);
      views.add(view);
      return () => {
        views.delete(view);
        view.remove();
      };
    },
  };
}

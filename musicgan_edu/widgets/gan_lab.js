// The GAN lab: a plane with points, D's opinion as colours, pushes as arrows; buttons, settings, curves.
// Needs page.js.
//
// Code map
//   floats           a trait of bytes as float32
//   View             one place in the page where the lab shows: builds it, draws it, hears its controls
//   default export   one conversation with Python per widget, however many views it has
// Python owns the game. While `running`, the page asks for the next picture when it has drawn the last.

const [BLUE, VERMILION, ORANGE] = ["#0072b2", "#d55e00", "#e69f00"]; // real, fake: Okabe and Ito's
const SETTINGS = [
  ["shape", "Data"], ["loss", "Loss"], ["penalty", "Penalty on D"], ["strength", "Strength γ", 0, 100, 0.01],
  ["optimiser", "Optimiser"], ["d_rate", "D's rate", 0, 10, 0.0005], ["g_rate", "G's rate", 0, 10, 0.0005],
  ["d_steps", "Steps of D per G", 1, 20, 1], ["order", "Order"], ["rounds", "Rounds a picture", 1, 100, 1], ["seed", "Seed", 0, 9999, 1],
];
const HELP = "Arrow keys move the cross, Enter draws a point there, Backspace takes the last one back. Space runs or pauses, D, G and B step, R starts anew.";

function floats(model, trait) {
  const bytes = model.get(trait);
  if (!bytes?.byteLength) return new Float32Array(0);
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
}

const number = (value, digits = 3) => (value === null || value === undefined ? "–" : value.toFixed(digits));
const rgb = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));

class View {
  constructor(model, ask, el) {
    Object.assign(this, { model, ask, facts: model.get("facts"), cross: [0, 0], times: [], spoken: 0 });
    this.undo = new AbortController(); // removes every listener when the view goes
    this.build(el);
    this.watch();
    this.retint();
  }

  // ------------------------------------------------------------------------------- building

  build(el) {
    this.buttons = {};
    const press = (name, text, title) => (this.buttons[name] = make("button", { type: "button", "data-do": name, title, text }));
    const bar = make("div", { class: "gl-bar", role: "group", "aria-label": "Steps" },
      press("run", "Run", "Run (Space)"), press("d", "Step D", "One step of the discriminator (D)"),
      press("g", "Step G", "One step of the generator (G)"), press("both", "Step both", "One round (B)"),
      press("reset", "Start anew", "Start anew with these settings (R)"), press("clear", "Clear drawing", "Take all drawn points away"));
    this.count = make("span", { class: "gl-count" });
    bar.append(this.count);
    this.stage = make("canvas", { class: "gl-stage", tabindex: 0, role: "application", "aria-label": `The plane. ${HELP}` });
    this.ends = ["low", "middle", "high"].map((name) => make("span", { class: `gl-${name}` }));
    const key = make("div", { class: "gl-key" },
      make("span", { text: "○ real" }), make("span", { class: "gl-fake", text: "▲ generated" }), make("span", { text: "→ where G is pushed" }));
    const scale = make("div", { class: "gl-scale" }, ...this.ends);
    const left = make("div", { class: "gl-left" }, this.stage, make("div", { class: "gl-ramp", "aria-hidden": "true" }), scale, key);
    this.lossChart = make("canvas", { class: "gl-chart", "aria-hidden": "true" });
    this.distanceChart = make("canvas", { class: "gl-chart", "aria-hidden": "true" });
    const right = make("div", { class: "gl-right" }, this.controls(), this.lossChart, this.distanceChart);
    this.status = make("div", { class: "gl-status", "aria-live": "polite" });
    this.root = make("div", { class: "gl-lab", role: "group", "aria-label": "GAN lab" }, bar, make("div", { class: "gl-main" }, left, right), this.status);
    el.append(this.root);
  }

  controls() {
    this.inputs = {};
    const rows = SETTINGS.map(([name, label, min, max, step]) => {
      const input = min === undefined ? this.list(name) : make("input", { type: "number", min, max, step: step < 0.1 ? "any" : step });
      input.dataset.trait = name;
      input.setAttribute("aria-label", label);
      this.inputs[name] = input;
      return make("label", {}, make("span", { text: label }), input);
    });
    return make("div", { class: "gl-controls", role: "group", "aria-label": "Settings" }, ...rows);
  }

  list(name) {
    return make("select", {}, ...this.facts.choices[name].map((choice) => make("option", { value: choice, text: choice })));
  }

  watch() {
    const on = (target, type, react) => target.addEventListener(type, react, { signal: this.undo.signal });
    on(this.root, "click", (event) => this.pressed(event.target.closest("button")?.dataset.do));
    on(this.root, "change", (event) => this.changed(event.target));
    on(this.stage, "keydown", (event) => this.typed(event));
    on(this.stage, "pointerdown", (event) => this.pointed(event));
    on(this.stage, "pointermove", (event) => this.dragged(event));
    for (const type of ["pointerup", "pointercancel"]) on(this.stage, type, () => this.lifted());
    on(this.stage, "focus", () => this.draw());
    on(this.stage, "blur", () => this.draw());
    keepKeys(this.root, plain, this.undo.signal); // D twice deletes a cell in JupyterLab
    onTheme(() => this.retint(), this.undo.signal);
    tellLoss(this.model, this.root);
    this.sizes = new ResizeObserver(() => this.retint()); // the first time in the page: only there has it a colour
    this.sizes.observe(this.root);
  }

  remove() {
    this.undo.abort();
    this.sizes.disconnect();
    this.root.remove();
  }

  retint() {
    const ink = getComputedStyle(this.root).color.match(/[\d.]+/g)?.map(Number) ?? [0, 0, 0];
    this.dark = ink[0] + ink[1] + ink[2] > 382;
    this.ink = this.dark ? "#ffffff" : "#1a1a1a";
    this.grey = this.dark ? "#b0b0b0" : "#5f5f5f";
    this.middle = this.dark ? "#26282b" : "#f7f4ef";
    this.root.style.setProperty("--gl-middle", this.middle);
    this.update();
  }

  // --------------------------------------------------------------------------- model → view

  update() {
    const { model } = this;
    for (const [name, input] of Object.entries(this.inputs)) {
      if (document.activeElement !== input || input.tagName === "SELECT") input.value = model.get(name);
    }
    const running = model.get("running");
    this.buttons.run.textContent = running ? "Pause" : "Run";
    this.buttons.run.setAttribute("aria-pressed", running);
    for (const name of ["d", "g", "both"]) this.buttons[name].disabled = running;
    this.buttons.clear.hidden = model.get("shape") !== "drawn";
    this.draw();
    this.say();
  }

  /** Count a delivered picture; the rate stands beside the steps. */
  delivered() {
    const time = performance.now();
    this.times = [...this.times.filter((past) => time - past < 1000), time];
  }

  say() {
    const { model } = this;
    const now = model.get("now");
    const running = model.get("running");
    const rate = running && this.times.length > 1 ? ` · ${this.times.length} pictures a second` : "";
    this.count.textContent = `D ${now.d} steps, G ${now.g} steps${rate}`;
    this.root.dataset.rate = this.times.length;
    const time = performance.now();
    if (running && time - this.spoken < 4000) return; // a screen reader wants to finish its sentence
    this.spoken = time;
    const summary = model.get("summary");
    if (this.status.textContent !== summary) this.status.textContent = summary;
  }

  // -------------------------------------------------------------------------------- drawing

  /** A canvas's context, cleared and in CSS pixels: [context, width, height]. */
  paper(canvas) {
    const { clientWidth: width, clientHeight: height } = canvas;
    const ratio = globalThis.devicePixelRatio || 1;
    if (canvas.width !== Math.round(width * ratio)) canvas.width = Math.round(width * ratio);
    if (canvas.height !== Math.round(height * ratio)) canvas.height = Math.round(height * ratio);
    const context = canvas.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    return [context, width, height];
  }

  draw() {
    const [context, size] = this.paper(this.stage);
    if (!size) return; // not in the page yet, or hidden
    const { reach, n_fake: n } = this.facts;
    const frame = floats(this.model, "frame");
    this.at = (x, y) => [((x + reach) / (2 * reach)) * size, ((reach - y) / (2 * reach)) * size];
    this.drawSurface(context, size, frame.subarray(4 * n));
    this.drawReal(context, floats(this.model, "real"));
    this.drawFakes(context, size, frame.subarray(0, 2 * n), frame.subarray(2 * n, 4 * n));
    this.drawFrame(context, size);
    this.drawCharts();
  }

  drawSurface(context, size, logits) {
    const n = this.facts.n_grid;
    const probability = this.model.get("now").probability;
    const top = probability ? 1 : Math.max(1e-9, logits.reduce((most, one) => Math.max(most, Math.abs(one)), 0));
    const [low, middle, high] = [VERMILION, this.middle, BLUE].map(rgb);
    const image = new ImageData(n, n);
    logits.forEach((logit, i) => {
      const share = probability ? 2 / (1 + Math.exp(-logit)) - 1 : logit / top; // −1 fake … 1 real
      const [end, far] = [share < 0 ? low : high, Math.sqrt(Math.abs(share))]; // √: a slight opinion shows, too
      const to = 4 * ((n - 1 - Math.floor(i / n)) * n + (i % n));
      for (let c = 0; c < 3; c++) image.data[to + c] = middle[c] + 0.85 * far * (end[c] - middle[c]);
      image.data[to + 3] = 255;
    });
    this.small ??= make("canvas", { width: n, height: n });
    this.small.getContext("2d").putImageData(image, 0, 0);
    context.imageSmoothingEnabled = true;
    const half = size / (n - 1) / 2; // the outer grid points lie on the window's edge
    context.drawImage(this.small, -half, -half, size + 2 * half, size + 2 * half);
    const labels = probability ? ["σ(D) = 0, fake", "½, can't tell", "1, real"] : [`D's score −${top.toPrecision(2)}`, "0", top.toPrecision(2)];
    labels.forEach((text, i) => (this.ends[i].textContent = text));
  }

  drawReal(context, points) {
    context.strokeStyle = this.ink;
    context.lineWidth = 1.2;
    context.beginPath();
    for (let i = 0; i < points.length; i += 2) {
      const [x, y] = this.at(points[i], points[i + 1]);
      context.moveTo(x + 3.2, y);
      context.arc(x, y, 3.2, 0, 7);
    }
    context.stroke();
  }

  drawFakes(context, size, points, pushes) {
    let longest = 1e-9;
    for (let i = 0; i < pushes.length; i += 2) longest = Math.max(longest, Math.hypot(pushes[i], pushes[i + 1]));
    const stretch = (0.09 * size) / longest;
    context.strokeStyle = this.ink;
    context.lineWidth = 1;
    context.globalAlpha = 0.75;
    context.beginPath();
    for (let i = 0; i < points.length; i += 2) this.arrow(context, this.at(points[i], points[i + 1]), pushes[i] * stretch, -pushes[i + 1] * stretch);
    context.stroke();
    context.globalAlpha = 1;
    context.fillStyle = VERMILION;
    context.strokeStyle = this.dark ? "#26282b" : "#ffffff";
    context.beginPath();
    for (let i = 0; i < points.length; i += 2) {
      const [x, y] = this.at(points[i], points[i + 1]);
      context.moveTo(x, y - 4.5);
      context.lineTo(x + 4, y + 3);
      context.lineTo(x - 4, y + 3);
      context.closePath();
    }
    context.fill();
    context.stroke();
  }

  arrow(context, [x, y], dx, dy) {
    const length = Math.hypot(dx, dy);
    if (length < 2) return;
    const [ux, uy] = [(dx / length) * 3, (dy / length) * 3];
    context.moveTo(x, y);
    context.lineTo(x + dx, y + dy);
    context.moveTo(x + dx - ux - uy, y + dy - uy + ux);
    context.lineTo(x + dx, y + dy);
    context.lineTo(x + dx - ux + uy, y + dy - uy - ux);
  }

  /** The axes' names, and the cross while the keyboard is here. */
  drawFrame(context, size) {
    const [right, up] = this.model.get("axes");
    context.fillStyle = this.ink;
    context.font = "12px system-ui, sans-serif";
    context.fillText(`${right} →`, size - context.measureText(`${right} →`).width - 6, size - 6);
    context.fillText(`↑ ${up}`, 6, 15);
    if (document.activeElement !== this.stage) return;
    const [x, y] = this.at(...this.cross);
    context.strokeStyle = this.ink;
    context.lineWidth = 2;
    context.beginPath();
    for (const [dx, dy] of [[9, 0], [0, 9]]) {
      context.moveTo(x - dx, y - dy);
      context.lineTo(x + dx, y + dy);
    }
    context.stroke();
  }

  drawCharts() {
    const rows = floats(this.model, "curves");
    const now = this.model.get("now");
    const blue = this.dark ? "#56b4e9" : BLUE; // a thin line needs more contrast than a field
    this.chart(this.lossChart, rows, [[1, `D's loss ${number(now.d_loss)}`, blue, []], [2, `G's loss ${number(now.g_loss)}`, ORANGE, [6, 3]]]);
    this.chart(this.distanceChart, rows, [[3, `JSD ${number(now.jsd, 2)} (nats)`, blue, []], [4, `sliced W1 ${number(now.w1, 2)}`, ORANGE, [6, 3]]], 0);
  }

  chart(canvas, rows, lines, floor) {
    const [context, width, height] = this.paper(canvas);
    if (!width) return;
    const n = rows.length / 5;
    const values = lines.flatMap(([column]) => Array.from({ length: n }, (_, i) => rows[5 * i + column])).filter(Number.isFinite);
    const low = floor ?? Math.min(0, ...values);
    const high = Math.max(low + 1e-3, ...values);
    const last = n ? Math.max(1, rows[5 * (n - 1)]) : 1;
    const [left, top, bottom] = [38, 18, 16];
    const x = (round) => left + (round / last) * (width - left - 6);
    const y = (value) => top + (1 - (value - low) / (high - low)) * (height - top - bottom);
    context.font = "11px system-ui, sans-serif";
    context.strokeStyle = this.grey;
    context.lineWidth = 1;
    context.strokeRect(left, top, width - left - 6, height - top - bottom);
    context.fillStyle = this.grey;
    context.fillText(high.toPrecision(2), 2, top + 8);
    context.fillText(low ? low.toPrecision(2) : "0", 2, height - bottom);
    context.fillText(`steps, 0 to ${last}`, left, height - 3);
    lines.forEach((line, i) => this.curve(context, rows, line, x, y, left + 8 + i * ((width - left) / 2)));
  }

  curve(context, rows, [column, label, colour, dash], x, y, at) {
    context.strokeStyle = colour;
    context.lineWidth = 1.8;
    context.setLineDash(dash);
    context.beginPath();
    context.moveTo(at, 9);
    context.lineTo(at + 22, 9);
    let open = false;
    for (let i = 0; i < rows.length; i += 5) {
      const value = rows[i + column];
      if (Number.isFinite(value)) context[open ? "lineTo" : "moveTo"](x(rows[i]), y(value));
      open = Number.isFinite(value);
    }
    context.stroke();
    context.setLineDash([]);
    context.fillStyle = this.ink;
    context.fillText(label, at + 27, 13);
  }

  // --------------------------------------------------------------------------- view → model

  save(trait, value) {
    this.model.set(trait, value);
    this.model.save_changes();
  }

  pressed(name) {
    if (name === "run") this.save("running", !this.model.get("running"));
    else if (name === "clear") this.save("drawn", []);
    else if (name) this.ask(name);
  }

  changed(input) {
    const name = input.dataset.trait;
    if (!name) return;
    if (input.tagName === "SELECT") return this.save(name, input.value);
    const [low, high] = [Number(input.min), Number(input.max)];
    const value = input.value === "" ? this.model.get(name) : Math.min(high, Math.max(low, Number(input.value)));
    input.value = Number.isInteger(Number(input.step)) ? Math.round(value) : value;
    this.save(name, Number(input.value));
  }

  typed(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const step = event.shiftKey ? 0.5 : 0.1;
    const move = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, step], ArrowDown: [0, -step] }[event.key];
    const press = { " ": "run", d: "d", g: "g", b: "both", r: "reset" }[event.key.toLowerCase()];
    if (move) {
      const { reach } = this.facts;
      this.cross = this.cross.map((value, i) => Math.round(10 * Math.min(reach, Math.max(-reach, value + move[i]))) / 10);
      this.draw();
      this.status.textContent = `Cross at ${this.cross.map((value) => value.toFixed(1)).join(", ")}`;
    } else if (event.key === "Enter" && !event.shiftKey) this.addPoints([[...this.cross]]);
    else if (event.key === "Backspace") this.save("drawn", this.model.get("drawn").slice(0, -1));
    else if (press && !this.buttons[press].disabled) this.pressed(press);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  addPoints(points) {
    this.model.set("drawn", [...this.model.get("drawn"), ...points]);
    this.model.set("shape", "drawn");
    this.model.save_changes();
  }

  placeOf(event) {
    const { reach } = this.facts;
    const size = this.stage.clientWidth;
    return [(event.offsetX / size) * 2 * reach - reach, reach - (event.offsetY / size) * 2 * reach];
  }

  pointed(event) {
    if (event.button !== 0) return;
    this.stage.setPointerCapture(event.pointerId);
    this.stroke = [];
    this.cross = this.placeOf(event);
    this.dragged(event, true);
  }

  /** Points along a stroke, one every few pixels; Python gets them ten times a second. */
  dragged(event, first = false) {
    if (!this.stroke) return;
    const place = this.placeOf(event);
    const gap = Math.hypot(place[0] - this.lastPlace?.[0], place[1] - this.lastPlace?.[1]);
    if (!first && gap < 0.08) return;
    this.lastPlace = place;
    this.stroke.push(place);
    if (performance.now() - (this.sent ?? 0) > 100) this.flush();
  }

  flush() {
    this.sent = performance.now();
    if (this.stroke?.length) this.addPoints(this.stroke.splice(0));
  }

  lifted() {
    this.flush();
    this.stroke = null;
  }
}

export default function () {
  const views = new Set();
  let model;
  let waiting = false; // for the picture that was asked for

  const ask = (wish) => model.send({ do: wish });
  const update = () => views.forEach((view) => view.update());

  function askForPicture() {
    if (waiting || !views.size || !model.get("running")) return;
    waiting = true;
    ask("frame");
  }

  /** Python answers every wish: with a picture, or "idle" where it isn't running (yet: the wish may overtake the switch). */
  function answered(message) {
    waiting = false;
    if (message?.kind !== "frame") return setTimeout(askForPicture, 100);
    views.forEach((view) => view.delivered());
    requestAnimationFrame(() => {
      update();
      askForPicture();
    });
  }

  return {
    initialize({ model: own }) {
      model = own;
      const quiet = ["frame", "real", "curves", "now"]; // they come in one bundle with a picture
      for (const trait of [...SETTINGS.map(([name]) => name), "drawn", "summary", "axes"]) model.on(`change:${trait}`, () => model.get("running") || update());
      for (const trait of quiet) model.on(`change:${trait}`, () => model.get("running") || requestAnimationFrame(update));
      model.on("change:running", () => {
        update();
        askForPicture();
      });
      model.on("msg:custom", answered);
    },
    render({ model: own, el }) {
      const view = new View(own, ask, el);
      views.add(view);
      askForPicture();
      return () => {
        views.delete(view);
        view.remove();
        if (views.size || !model.get("running")) return;
        model.set("running", false); // its cell was run again, or its output cleared
        model.save_changes();
      };
    },
  };
}

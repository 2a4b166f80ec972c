// The latent explorer's panel: sliders along directions, a pad for two of them, a walk, locks. Needs panel.js.
//
// Code map
//   Panel            builds the controls, sends what moves, shows what Python answers
//   default export   one Panel for each view
// The music is the player's, beside it. Names come from Python: they enter the page through textContent only.

const LIMIT = 3; // standard deviations, either way
const PAD_KEYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowDown: [0, -1], ArrowUp: [0, 1] };

const clip = (value) => Math.min(LIMIT, Math.max(-LIMIT, Math.round(value * 100) / 100));

class Panel {
  constructor(model, el) {
    this.model = model;
    this.undo = new AbortController();
    this.build(el);
    this.watch();
    this.update();
  }

  build(el) {
    const { model } = this;
    const names = model.get("names");
    this.sliders = names.map((name) => panelSlider(name, -LIMIT, LIMIT, 0.05));
    this.walk = panelSlider("Walk from A to B", 0, 1, 0.01);
    this.heat = panelSlider("Temperature", 0, 2, 0.05);
    const rows = this.sliders.map((slider, i) => panelRow(names[i], slider, model.get("notes")[i]));
    const pad = names.length > 1 ? [make("div", { class: "mg-row" }, this.makePad(names), this.hint(names))] : [];
    this.locks = [
      ...model.get("voices").map((name, i) => this.lock(name, "locked_voices", i)),
      ...Array.from({ length: model.get("n_bars") }, (_, i) => this.lock(`Bar ${i + 1}`, "locked_bars", i + 1)),
    ];
    this.roll = make("button", { type: "button", text: "Re-roll", title: "Other noise, the same z" });
    this.fresh = ["A", "B"].map((end) => make("button", { type: "button", text: `New ${end}` }));
    const left = make("div", { class: "mg-column" }, ...rows, ...pad);
    const right = make("div", { class: "mg-column" },
      panelRow("Walk A to B", this.walk), make("div", { class: "mg-row" }, ...this.fresh, this.roll),
      panelRow("Temperature", this.heat),
      make("div", { class: "mg-row", role: "group", "aria-label": "Locks" }, make("span", { class: "mg-label", text: "Lock" }), ...this.locks),
      make("div", { class: "mg-small", text: "What is locked stays as it is, note for note; the rest is drawn anew at the next move." }));
    this.root = make("div", { class: "mg-panel mg-latents", role: "group", "aria-label": "Latent explorer" }, left, right);
    el.append(this.root);
  }

  makePad([across, up]) {
    this.knob = make("div", { class: "mg-knob" });
    this.pad = make("div", { class: "mg-pad", tabindex: 0, role: "slider", "aria-label": `Pad: ${across} to the right, ${up} upwards`, "aria-valuemin": -LIMIT, "aria-valuemax": LIMIT },
      make("span", { class: "mg-axis mg-small mg-across", text: `${across} →` }),
      make("span", { class: "mg-axis mg-small mg-up", text: `↑ ${up}` }), this.knob);
    return this.pad;
  }

  hint([across, up]) {
    return make("span", { class: "mg-small", style: "flex: 1 1 120px", text: `Drag, or use the arrow keys: ${across} and ${up} at once.` });
  }

  lock(name, list, value) {
    return make("button", { type: "button", text: name, "aria-label": `Lock ${name}`, "data-list": list, "data-value": value });
  }

  watch() {
    const on = (target, type, react) => target.addEventListener(type, react, { signal: this.undo.signal });
    this.sliders.forEach((slider, i) => on(slider, "input", () => this.steer({ [i]: Number(slider.value) })));
    on(this.walk, "input", () => this.save("walk", Number(this.walk.value)));
    on(this.heat, "input", () => this.save("temperature", Number(this.heat.value)));
    on(this.roll, "click", () => this.save("takes", this.model.get("takes") + 1));
    this.fresh.forEach((button, i) => on(button, "click", () => this.renew(i)));
    for (const lock of this.locks) on(lock, "click", () => this.toggle(lock.dataset.list, Number(lock.dataset.value)));
    if (this.pad) {
      on(this.pad, "pointerdown", (event) => this.grab(event));
      on(this.pad, "pointermove", (event) => event.buttons && this.point(event));
      on(this.pad, "keydown", (event) => this.pressed(event));
    }
    keepKeys(this.root, panelKeys, this.undo.signal);
    tellLoss(this.model, this.root);
  }

  grab(event) {
    if (event.button !== 0) return;
    this.pad.setPointerCapture(event.pointerId);
    this.pad.focus();
    this.point(event);
  }

  point(event) {
    const box = this.pad.getBoundingClientRect();
    const across = ((event.clientX - box.left) / box.width - 0.5) * 2 * LIMIT;
    const up = (0.5 - (event.clientY - box.top) / box.height) * 2 * LIMIT;
    this.steer({ 0: across, 1: up });
  }

  pressed(event) {
    const [dx, dy] = PAD_KEYS[event.key] ?? [0, 0];
    const [x, y] = this.model.get("values");
    const step = event.shiftKey ? 1 : 0.25;
    if (event.key === "Home") this.steer({ 0: 0, 1: 0 });
    else if (dx || dy) this.steer(dx ? { 0: x + dx * step } : { 1: y + dy * step });
    else return;
    event.preventDefault();
  }

  /** Some directions get new values. */
  steer(changes) {
    this.save("values", this.model.get("values").map((value, i) => (i in changes ? clip(changes[i]) : value)));
    this.update();
  }

  /** A seed that neither end has had. */
  renew(i) {
    const ends = [...this.model.get("ends")];
    ends[i] = Math.max(...ends) + 1;
    this.save("ends", ends);
  }

  toggle(list, value) {
    const now = this.model.get(list);
    this.save(list, now.includes(value) ? now.filter((one) => one !== value) : [...now, value]);
  }

  save(trait, value) {
    this.model.set(trait, value);
    this.model.save_changes();
    this.update();
  }

  update() {
    const values = this.model.get("values");
    this.sliders.forEach((slider, i) => this.set(slider, values[i]));
    this.set(this.walk, this.model.get("walk"));
    this.set(this.heat, this.model.get("temperature"));
    for (const lock of this.locks) {
      const on = this.model.get(lock.dataset.list).includes(Number(lock.dataset.value));
      lock.setAttribute("aria-pressed", on);
    }
    if (!this.pad) return;
    const [x, y] = values;
    this.knob.style.left = `${50 + (50 * x) / LIMIT}%`;
    this.knob.style.top = `${50 - (50 * y) / LIMIT}%`;
    const [across, up] = this.model.get("names");
    this.pad.setAttribute("aria-valuenow", x);
    this.pad.setAttribute("aria-valuetext", `${across} ${x}, ${up} ${y}`);
  }

  set(slider, value) {
    if (Number(slider.value) !== value) slider.value = value;
    slider.shown.textContent = (Math.round(value * 100) / 100).toFixed(2).replace("-", "−");
  }

  remove() {
    this.undo.abort();
    this.root.remove();
  }
}

export default {
  render({ model, el }) {
    const panel = new Panel(model, el);
    for (const trait of ["values", "walk", "temperature", "locked_voices", "locked_bars"]) model.on(`change:${trait}`, () => panel.update());
    return () => panel.remove();
  },
};

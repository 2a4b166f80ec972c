// The mixer's table: how to mix, where to cut, which voices, what to hear.
// Needs panel.js.
//
// Code map
//   Table            builds the controls, sends what changes, shows what Python answers
//   default export   one Table for each view
// The music is the player's, beside it. Titles and track names come from files: textContent only.

const WAYS = { splice: "Splice", join: "Join", layer: "Layer", crossfade: "Cross-fade" };
const HEAR = { a: "A", b: "B", mix: "The mix" };
const MOST_BARS = 200; // in a strip; sliders reach the others

class Table {
  constructor(model, el) {
    this.model = model;
    this.undo = new AbortController();
    this.build(el);
    this.watch();
    this.update();
  }

  build(el) {
    const { model } = this;
    const [a, b] = model.get("titles");
    const [barsA, barsB] = model.get("n_bars");
    this.ways = this.choices("how", WAYS);
    this.hear = this.choices("hear", HEAR);
    this.keep = this.slider("keep", "Keep bars of A, up to", barsA);
    this.start = this.slider("start", "Enter B at bar", barsB);
    this.fade = this.slider("fade", "Fade over bars", Math.max(1, Math.min(barsA, barsB)));
    this.strips = [this.strip("keep", barsA), this.strip("start", barsB)];
    this.smooth = make("button", { type: "button", text: "Smoothest cut", title: "Where the voices leap least" });
    this.flags = [this.flag("transpose", "Move B to A's key"), this.flag("rebar", "New barlines, if the metres differ")];
    this.voices = [...this.tracks("of_a", "A", model.get("tracks_a")), ...this.tracks("of_b", "B", model.get("tracks_b"))];
    this.status = make("div", { class: "mg-status mg-small", role: "status" });
    const pieces = make("div", { class: "mg-small" }, make("div", { class: "mg-piece", text: `A: ${a}, bars 1 to ${barsA}` }), make("div", { class: "mg-piece", text: `B: ${b}, bars 1 to ${barsB}` }));
    const left = make("div", { class: "mg-column" }, pieces, this.group("Mix", this.ways), this.group("Hear", this.hear), make("div", { class: "mg-row" }, ...this.flags));
    const right = make("div", { class: "mg-column" },
      this.part("splice", panelRow("A up to bar", this.keep, this.strips[0]), panelRow("B from bar", this.start, this.strips[1]), make("div", { class: "mg-row" }, this.smooth)),
      this.part("layer", this.group("From A", this.voices.filter((one) => one.dataset.list === "of_a")), this.group("From B", this.voices.filter((one) => one.dataset.list === "of_b"))),
      this.part("crossfade", panelRow("Fade, bars", this.fade)),
      this.part("join", make("div", { class: "mg-small", text: "B begins on the first barline after A's end; its pickup comes before that." })));
    this.root = make("div", { class: "mg-panel mg-mixer", role: "group", "aria-label": `Mixer of ${a} and ${b}` }, left, right, this.status);
    el.append(this.root);
  }

  /** Buttons of which one is down. */
  choices(trait, names) {
    return Object.entries(names).map(([value, text]) => make("button", { type: "button", "data-trait": trait, "data-value": value, text }));
  }

  tracks(list, piece, names) {
    return names.map((name, i) => make("button", { type: "button", "data-list": list, "data-value": i, "aria-label": `${piece}: ${name}`, text: name || `Track ${i + 1}` }));
  }

  slider(trait, label, max) {
    return panelSlider(label, 1, Math.max(max, 1), 1, { "data-trait": trait });
  }

  /** The bars of a piece side by side, for the pointer; the slider above does the same for the keyboard. */
  strip(trait, n) {
    const bars = Array.from({ length: Math.min(n, MOST_BARS) }, (_, i) => make("button", { type: "button", tabindex: -1, "data-trait": trait, "data-value": i + 1, text: i + 1 }));
    return make("div", { class: "mg-bars", "aria-hidden": "true", tabindex: -1 }, ...bars);
  }

  flag(trait, text) {
    return make("button", { type: "button", "data-flag": trait, text });
  }

  group(name, buttons) {
    return make("div", { class: "mg-row", role: "group", "aria-label": name }, make("span", { class: "mg-label", text: name }), ...buttons);
  }

  /** What one way of mixing needs. */
  part(way, ...children) {
    return make("div", { class: "mg-column", "data-for": way }, ...children);
  }

  watch() {
    const on = (target, type, react) => target.addEventListener(type, react, { signal: this.undo.signal });
    for (const slider of [this.keep, this.start, this.fade]) on(slider, "input", () => this.save(slider.dataset.trait, Number(slider.value)));
    on(this.root, "click", (event) => this.pressed(event.target.closest("button")));
    on(this.smooth, "click", () => this.save("smooth", this.model.get("smooth") + 1));
    keepKeys(this.root, panelKeys, this.undo.signal);
    tellLoss(this.model, this.root);
  }

  pressed(button) {
    const { trait, list, flag, value } = button?.dataset ?? {};
    if (trait) this.save(trait, trait === "how" || trait === "hear" ? value : Number(value));
    else if (flag) this.save(flag, !this.model.get(flag));
    else if (list) {
      const [now, index] = [this.model.get(list), Number(value)];
      this.save(list, now.includes(index) ? now.filter((one) => one !== index) : [...now, index].sort((x, y) => x - y));
    }
  }

  save(trait, value) {
    this.model.set(trait, value);
    this.model.save_changes();
    this.update();
  }

  update() {
    const { model } = this;
    const how = model.get("how");
    for (const button of [...this.ways, ...this.hear]) button.setAttribute("aria-pressed", model.get(button.dataset.trait) === button.dataset.value);
    for (const button of this.flags) button.setAttribute("aria-pressed", model.get(button.dataset.flag));
    for (const button of this.voices) button.setAttribute("aria-pressed", model.get(button.dataset.list).includes(Number(button.dataset.value)));
    for (const slider of [this.keep, this.start, this.fade]) {
      slider.value = model.get(slider.dataset.trait);
      slider.shown.textContent = model.get(slider.dataset.trait);
    }
    for (const part of this.root.querySelectorAll("[data-for]")) part.hidden = part.dataset.for !== how;
    const [keep, start] = [model.get("keep"), model.get("start")];
    [...this.strips[0].children].forEach((bar, i) => bar.classList.toggle("mg-used", i < keep));
    [...this.strips[1].children].forEach((bar, i) => bar.classList.toggle("mg-used", i >= start - 1));
    this.status.classList.toggle("mg-wrong", model.get("wrong"));
    if (this.status.textContent !== model.get("report")) this.status.textContent = model.get("report");
  }

  remove() {
    this.undo.abort();
    this.root.remove();
  }
}

const SHOWN = ["how", "keep", "start", "fade", "of_a", "of_b", "transpose", "rebar", "hear", "report", "wrong"];

export default {
  render({ model, el }) {
    const table = new Table(model, el);
    for (const trait of SHOWN) model.on(`change:${trait}`, () => table.update());
    return () => table.remove();
  },
};

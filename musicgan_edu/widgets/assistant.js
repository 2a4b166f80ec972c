// The assistant's desk: type a melody, choose among suggestions, keep voices and bars, go between two. Needs panel.js.
//
// Code map
//   Desk             builds the controls, sends what changes, shows what Python answers
//   default export   one Desk for each view
// The music is the player's, below it. What is typed and what Python says is text: textContent only.

const HEAR = { melody: "The melody", suggestion: "The suggestion" };
const RANK = { merit: "likely voices", "merit+td": "likely voices, near bass" };

class Desk {
  constructor(model, el) {
    this.model = model;
    this.undo = new AbortController();
    this.build(el);
    this.watch();
    this.update();
  }

  build(el) {
    this.text = make("textarea", { rows: 2, "aria-label": "Melody", spellcheck: "false", maxlength: 4000, style: "flex: 1 1 300px; min-width: 0; font: inherit; color: inherit; background: var(--mg-ground); border: 1px solid var(--mg-line); border-radius: 6px; padding: 4px 8px" });
    this.ask = this.button("Suggest", { title: "Three more voices for this melody (Ctrl+Enter in the text)" });
    this.list = make("div", { class: "mg-column", role: "group", "aria-label": "Suggestions" });
    this.rank = Object.entries(RANK).map(([value, text]) => this.button(text, { "data-rank": value }));
    this.hear = Object.entries(HEAR).map(([value, text]) => this.button(text, { "data-hear": value }));
    this.voices = make("div", { class: "mg-row", role: "group", "aria-label": "Keep voices" });
    this.bars = make("div", { class: "mg-row", role: "group", "aria-label": "Keep bars" });
    this.roll = this.button("Re-roll the rest");
    this.other = make("select", { "aria-label": "Go towards suggestion" });
    this.between = make("input", { type: "range", min: 0, max: 1, step: 0.25, "aria-label": "How far towards it" });
    this.far = make("output", { class: "mg-small" });
    this.status = make("div", { class: "mg-status mg-small", role: "status", style: "white-space: pre-line" });
    const hint = make("div", { class: "mg-small", text: "Notes such as F#4 or Bb4:1/2 (half a beat), r for a rest, | between bars; a pickup stands before the first |." });
    const left = make("div", { class: "mg-column" }, make("div", { class: "mg-row" }, this.text, this.ask), hint, this.list,
      this.row("First", make("div", { class: "mg-row", role: "group", "aria-label": "What comes first" }, ...this.rank)));
    const right = make("div", { class: "mg-column" },
      this.row("Hear", ...this.hear), this.row("Keep", this.voices), this.row("Bars", this.bars), this.row("", this.roll),
      this.row("Towards", this.other, this.between, this.far));
    this.root = make("div", { class: "mg-panel mg-assistant", role: "group", "aria-label": "Composition assistant" }, left, right, this.status);
    el.append(this.root);
  }

  button(text, attributes = {}) {
    return make("button", { type: "button", text, ...attributes });
  }

  row(name, ...children) {
    return make("div", { class: "mg-row" }, make("span", { class: "mg-label", text: name }), ...children);
  }

  watch() {
    const on = (target, type, react) => target.addEventListener(type, react, { signal: this.undo.signal });
    on(this.root, "click", (event) => this.pressed(event.target.closest("button")));
    on(this.text, "input", () => this.save("text", this.text.value));
    on(this.text, "keydown", (event) => event.key === "Enter" && event.ctrlKey && (event.preventDefault(), event.stopPropagation(), this.count("asked")));
    on(this.other, "change", () => this.save("other", Number(this.other.value)));
    on(this.between, "change", () => this.save("between", Number(this.between.value))); // once it stands: drafts take a while
    const typing = (event) => event.target === this.text && !(event.key === "Enter" && event.shiftKey);
    keepKeys(this.root, (event) => typing(event) || panelKeys(event), this.undo.signal);
    tellLoss(this.model, this.root);
  }

  pressed(button) {
    const { at, hear, list, rank, value } = button?.dataset ?? {};
    if (at !== undefined) this.save("at", Number(at));
    else if (hear) this.save("hear", hear);
    else if (rank) this.save("rank", rank);
    else if (list) {
      const [now, index] = [this.model.get(list), Number(value)];
      this.save(list, now.includes(index) ? now.filter((one) => one !== index) : [...now, index].sort((x, y) => x - y));
    } else if (button === this.ask) this.count("asked");
    else if (button === this.roll) this.count("rolled");
  }

  count(trait) {
    this.status.textContent = "writing drafts …";
    this.save(trait, this.model.get(trait) + 1);
  }

  save(trait, value) {
    this.model.set(trait, value);
    this.model.save_changes();
    this.update();
  }

  /** Buttons for a list of things to keep or to choose; made anew only when there are other ones, lest the focus goes. */
  fill(box, entries) {
    const key = JSON.stringify(entries);
    if (box.key === key) return;
    box.key = key;
    box.replaceChildren(...entries.map(([text, attributes]) => this.button(text, attributes)));
  }

  update() {
    const { model } = this;
    if (this.text.value !== model.get("text")) this.text.value = model.get("text");
    this.fill(this.list, model.get("listed").map((text, i) => [`${i + 1}. ${text}`, { "data-at": i, style: "text-align: left" }]));
    this.fill(this.voices, model.get("voices").slice(1).map((name, i) => [name, { "data-list": "kept_voices", "data-value": i + 1 }]));
    const first = model.get("has_pickup") ? 0 : 1;
    const bars = Array.from({ length: Math.max(0, model.get("n_bars") + 1 - first) }, (_, i) => i + first);
    this.fill(this.bars, bars.map((bar) => [bar || "pickup", { "data-list": "kept_bars", "data-value": bar, "aria-label": bar ? `Bar ${bar}` : "Pickup" }]));
    const others = JSON.stringify(model.get("listed").map((_, i) => i));
    if (this.other.key !== others) {
      this.other.key = others;
      this.other.replaceChildren(...model.get("listed").map((_, i) => make("option", { value: i, text: i + 1 })));
    }
    this.other.value = model.get("other");
    this.between.value = model.get("between");
    this.far.textContent = `${Math.round(100 * model.get("between"))} %`;
    for (const one of this.list.children) one.setAttribute("aria-pressed", Number(one.dataset.at) === model.get("at"));
    for (const one of this.hear) one.setAttribute("aria-pressed", one.dataset.hear === model.get("hear"));
    for (const one of this.rank) one.setAttribute("aria-pressed", one.dataset.rank === model.get("rank"));
    for (const one of this.root.querySelectorAll("[data-list]")) one.setAttribute("aria-pressed", model.get(one.dataset.list).includes(Number(one.dataset.value)));
    for (const one of [this.roll, this.between, this.other]) one.disabled = !model.get("listed").length;
    this.root.setAttribute("aria-busy", model.get("busy"));
    this.status.classList.toggle("mg-wrong", model.get("wrong"));
    const said = model.get("busy") ? "writing drafts …" : model.get("report");
    if (this.status.textContent !== said) this.status.textContent = said;
  }

  remove() {
    this.undo.abort();
    this.root.remove();
  }
}

const SHOWN = ["text", "listed", "rank", "at", "hear", "voices", "n_bars", "has_pickup", "kept_voices", "kept_bars", "other", "between", "report", "wrong", "busy"];

export default {
  render({ model, el }) {
    const desk = new Desk(model, el);
    for (const trait of SHOWN) model.on(`change:${trait}`, () => desk.update());
    return () => desk.remove();
  },
};

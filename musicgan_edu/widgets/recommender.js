// The recommender's list: play a piece, like it or not, ask with what plays now. Needs panel.js.
//
// Code map
//   Shelf            builds the controls, sends what is pressed, shows what Python ranked
//   default export   one Shelf for each view
// The music is the player's, beside it. Titles come from files: textContent only.

const KINDS = { both: "Both", counts: "Notes and steps", sounds: "What D hears" };

class Shelf {
  constructor(model, el) {
    this.model = model;
    this.undo = new AbortController();
    this.build(el);
    this.watch();
    this.update();
  }

  build(el) {
    this.head = make("div", { class: "mg-piece", id: `mg-shelf-${Math.random().toString(36).slice(2)}` });
    this.kinds = this.model.get("kinds").map((kind) => make("button", { type: "button", "data-kind": kind, text: KINDS[kind] ?? kind }));
    this.ask = make("button", { type: "button", text: "Like what plays now", title: "Begin a new list with the piece in the player" });
    this.list = make("ol", { "aria-label": "Pieces like it, the nearest first" });
    this.rated = make("div", { class: "mg-row", role: "group", "aria-label": "Your ratings" });
    this.status = make("div", { class: "mg-status mg-small", role: "status" });
    const kinds = make("div", { class: "mg-row", role: "group", "aria-label": "Compare" }, make("span", { class: "mg-label", text: "Compare" }), ...this.kinds, this.ask);
    this.root = make("div", { class: "mg-panel mg-recommender", role: "group", "aria-labelledby": this.head.id }, make("div", { class: "mg-column" }, this.head, kinds, this.list, this.rated), this.status);
    el.append(this.root);
  }

  watch() {
    const on = (target, type, react) => target.addEventListener(type, react, { signal: this.undo.signal });
    on(this.root, "click", (event) => this.pressed(event.target.closest("button")));
    on(this.ask, "click", () => this.save("ask", this.model.get("ask") + 1));
    keepKeys(this.root, panelKeys, this.undo.signal);
    tellLoss(this.model, this.root);
  }

  pressed(button) {
    const { kind, play, rate, key } = button?.dataset ?? {};
    if (kind) this.save("kind", kind);
    else if (play !== undefined) this.save("chosen", play);
    else if (rate) this.rate(rate, key);
  }

  /** A second press takes a rating back; a piece is liked or disliked, never both. */
  rate(trait, key) {
    const other = trait === "liked" ? "disliked" : "liked";
    const now = this.model.get(trait);
    if (this.model.get(other).includes(key)) this.model.set(other, this.model.get(other).filter((one) => one !== key));
    this.save(trait, now.includes(key) ? now.filter((one) => one !== key) : [...now, key]);
  }

  save(trait, value) {
    this.model.set(trait, value);
    this.model.save_changes();
  }

  row({ key, title, label, likeness, why }) {
    const name = title || key;
    const liked = this.model.get("liked").includes(key);
    const play = make("button", { type: "button", "data-play": key, text: "Play", "aria-label": `Play ${name}` });
    const like = make("button", { type: "button", "data-rate": "liked", "data-key": key, text: "Like", "aria-label": `Like ${name}`, "aria-pressed": liked });
    const dislike = make("button", { type: "button", "data-rate": "disliked", "data-key": key, text: "Dislike", "aria-label": `Dislike ${name}` });
    const about = make("div", {}, make("div", { class: "mg-piece", text: label ? `${name}, ${label}` : name }), make("div", { class: "mg-small", text: why ? `both: ${why}` : "" }));
    const item = make("li", {}, make("span", { class: "mg-number mg-small", text: likeness }), about, make("div", { class: "mg-row" }, play, like, dislike));
    item.classList.toggle("mg-heard", this.model.get("heard") === key);
    return item;
  }

  mark({ key, title }) {
    const trait = this.model.get("liked").includes(key) ? "liked" : "disliked";
    const name = title || key;
    return make("button", { type: "button", "data-rate": trait, "data-key": key, text: `${trait}: ${name} ×`, "aria-label": `Take back: ${trait} ${name}` });
  }

  update() {
    const { model } = this;
    const focused = this.root.contains(document.activeElement) ? { ...document.activeElement.dataset } : null;
    this.head.textContent = `Most like: ${model.get("asking")}`;
    for (const button of this.kinds) button.setAttribute("aria-pressed", model.get("kind") === button.dataset.kind);
    this.list.replaceChildren(...model.get("hits").map((hit) => this.row(hit)));
    this.rated.replaceChildren(...model.get("rated").map((one) => this.mark(one)));
    this.rated.hidden = !model.get("rated").length;
    this.status.classList.toggle("mg-wrong", model.get("wrong"));
    if (this.status.textContent !== model.get("status")) this.status.textContent = model.get("status");
    this.focus(focused);
  }

  /** The list was rebuilt: whoever pressed a key stays on the same button, or near it. */
  focus(was) {
    if (!was || this.root.contains(document.activeElement)) return;
    const same = [...this.root.querySelectorAll("button")].find(({ dataset }) => Object.keys(was).length && Object.entries(was).every(([name, value]) => name === "lmSuppressShortcuts" || dataset[name] === value));
    (same ?? this.list.querySelector("button") ?? this.ask).focus();
  }

  remove() {
    this.undo.abort();
    this.root.remove();
  }
}

const SHOWN = ["asking", "heard", "hits", "rated", "kind", "status", "wrong"];

export default {
  render({ model, el }) {
    const shelf = new Shelf(model, el);
    for (const trait of SHOWN) model.on(`change:${trait}`, () => shelf.update());
    return () => shelf.remove();
  },
};

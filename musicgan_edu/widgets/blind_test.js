// The blind test: one clip, two answers. Needs page.js and sound.js.
//
// Code map
//   Asking           the question: play, real, machine
//   Telling          after the last answer: the score, each clip's truth, another series
//   default export   one Transport per widget, one view after another
// The page knows the notes of the present clip and its number. What it was, Python tells at the end.
// Titles come from files: they enter the page through textContent only.

const KEYS = " ,Enter,p,P,r,R,m,M".split(",");

const press = (text, attributes = {}) => make("button", { type: "button", text, ...attributes });

/** The question about the present clip. */
class Asking {
  constructor(game) {
    this.game = game;
    this.count = make("div", { class: "mg-blind-count", "aria-live": "polite" });
    this.play = press("▶ Play", { class: "mg-blind-play", "aria-keyshortcuts": "p" });
    this.done = make("div", { class: "mg-blind-done" });
    const track = make("div", { class: "mg-blind-track", "aria-hidden": "true" }, this.done);
    this.real = press("Real", { class: "mg-blind-answer", "aria-keyshortcuts": "r" });
    this.machine = press("Machine", { class: "mg-blind-answer", "aria-keyshortcuts": "m" });
    const question = make("div", { class: "mg-blind-row", role: "group", "aria-label": "Your answer" }, this.real, this.machine);
    const help = make("div", { class: "mg-blind-help", text: "Keys: P plays, R says real, M says machine. Hear a clip as often as you like." });
    this.el = make("div", {}, this.count, make("div", { class: "mg-blind-row" }, this.play, track), question, help);
    this.play.addEventListener("click", () => game.toggle());
    this.real.addEventListener("click", () => this.answer("real"));
    this.machine.addEventListener("click", () => this.answer("machine"));
  }

  answer(word) {
    if (!this.game.heard) return this.game.say("Listen first.");
    this.game.answer(word);
    this.play.focus();
  }

  key(letter) {
    if (letter === "p") this.game.toggle();
    else this.answer(letter === "r" ? "real" : "machine");
  }

  update() {
    const { model, transport, heard } = this.game;
    const text = `Clip ${model.get("number")} of ${model.get("n_clips")}`;
    if (this.count.textContent !== text) this.count.textContent = text;
    this.play.textContent = transport.playing ? "❚❚ Pause" : "▶ Play";
    this.real.disabled = this.machine.disabled = !heard;
    this.done.style.width = `${(100 * transport.position) / transport.end}%`;
  }
}

/** What there is to know after the last answer. */
class Telling {
  constructor(game) {
    this.game = game;
    const { lines, clips, kept, results } = game.model.get("report");
    const told = lines.map((text, i) => make(i ? "p" : "h3", { text }));
    const again = press("Another series");
    again.addEventListener("click", () => game.wish("again"));
    const row = make("div", { class: "mg-blind-row" }, again);
    if (results) row.append(this.saving(results));
    const heads = ["Clip", "was", "you said", "", "from"].map((text) => make("th", { text, scope: "col" }));
    const rows = clips.map((clip, i) => this.row(clip, i));
    const table = make("table", {}, make("thead", {}, make("tr", {}, ...heads)), make("tbody", {}, ...rows));
    this.el = make("div", {}, ...told, row, make("div", { class: "mg-blind-help", text: kept }), table);
    this.first = again;
  }

  row({ real, said, title }, i) {
    const word = (isReal) => (isReal ? "real" : "machine");
    const hear = press(`▶ ${i + 1}`, { "aria-label": `Play clip ${i + 1}` });
    hear.addEventListener("click", () => this.game.hear(i));
    const cells = [word(real), word(said), real === said ? "✔" : "✘", title].map((text) => make("td", { text }));
    cells[2].setAttribute("aria-label", real === said ? "right" : "wrong");
    return make("tr", {}, make("td", {}, hear), ...cells);
  }

  saving(results) {
    const link = make("a", { class: "mg-blind-save", download: "musicgan_listening.jsonl", text: "Save my results" });
    link.href = URL.createObjectURL(new Blob([results], { type: "application/x-ndjson" }));
    return link;
  }

  key(letter) {
    if (letter === "p") this.game.toggle();
  }

  update() {}
}

/** One widget in the page. */
class Game {
  constructor(model, el) {
    this.model = model;
    this.transport = new Transport(() => this.follow());
    this.undo = new AbortController();
    this.stage = make("div");
    this.status = make("div", { class: "mg-blind-status", role: "status" });
    this.root = make("div", { class: "mg-blind", role: "group", "aria-label": "Blind test: real or machine?" }, this.stage, this.status);
    el.append(this.root);
    const on = (target, type, react) => target.addEventListener(type, react, { signal: this.undo.signal });
    for (const type of ["pointerdown", "keydown"]) on(this.root, type, openAudio);
    on(this.root, "keydown", (event) => this.pressed(event));
    keepKeys(this.root, (event) => KEYS.includes(event.key) && plain(event), this.undo.signal); // M and R are JupyterLab's, too
    tellLoss(model, this.root);
    this.changed = () => this.renew();
    for (const trait of ["notes", "number", "report"]) model.on(`change:${trait}`, this.changed);
    this.renew();
  }

  /** Another clip, or the end: show what fits. */
  renew() {
    const { model, transport } = this;
    const [number, over] = [model.get("number"), Object.keys(model.get("report")).length > 0];
    const next = over ? "end" : number;
    if (model.get("notes") !== this.notes) this.setClip();
    if (next === this.shown) return this.follow();
    const focused = this.root.contains(document.activeElement);
    this.shown = next;
    this.heard = false;
    this.say("");
    this.playingClip = model.get("n_clips") - 1; // whose notes are here when the end comes
    if (over || !(this.view instanceof Asking)) {
      this.view = over ? new Telling(this) : new Asking(this);
      this.stage.replaceChildren(this.view.el);
      if (focused) (this.view.first ?? this.view.play).focus();
    }
    transport.stop();
    this.follow();
  }

  setClip() {
    const { model, transport } = this;
    this.notes = model.get("notes");
    transport.stop();
    transport.setTempo(model.get("tempo"));
    transport.setNotes(readNotes(model), model.get("tracks"), model.get("beats"));
    if (this.wanted) this.toggle();
    this.wanted = false;
  }

  async toggle() {
    if (this.transport.playing) return this.transport.pause();
    this.say("");
    try {
      await this.transport.start();
      this.heard = true;
      this.follow();
    } catch {
      this.say("The browser holds sound back until you click into the page: press play once more.");
    }
  }

  answer(word) {
    this.transport.stop();
    this.save("said", [this.model.get("number"), word]);
  }

  /** Hear a clip once more, after the end. */
  hear(i) {
    this.transport.stop();
    this.wanted = true;
    this.wish(i);
    if (this.playingClip === i) this.setClip(); // the same notes as before: no change will be told
    this.playingClip = i;
  }

  wish(what) {
    this.wishes = (this.wishes ?? 0) + 1;
    this.save("wish", [`${Date.now()}-${this.wishes}`, what]);
  }

  save(trait, value) {
    this.model.set(trait, value);
    this.model.save_changes();
  }

  pressed(event) {
    const letter = event.key.toLowerCase();
    if (!["p", "r", "m"].includes(letter) || event.ctrlKey || event.metaKey || event.altKey) return;
    this.view.key(letter);
    event.preventDefault();
  }

  follow() {
    cancelAnimationFrame(this.frame);
    this.view?.update();
    if (this.transport.playing) this.frame = requestAnimationFrame(() => this.follow());
  }

  say(text) {
    if (this.status.textContent !== text) this.status.textContent = text;
  }

  remove() {
    this.undo.abort();
    cancelAnimationFrame(this.frame);
    this.transport.pause();
    for (const trait of ["notes", "number", "report"]) this.model.off(`change:${trait}`, this.changed);
    this.root.remove();
  }
}

export default {
  render({ model, el }) {
    const game = new Game(model, el);
    loadInstruments(() => fetchInstruments(model));
    return () => game.remove();
  },
};

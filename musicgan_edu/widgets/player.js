// The player: buttons, piano roll, tracks. Needs sound.js and roll.js before it.
//
// Code map
//   readPiece        the model's traits as {notes, tracks, ...}
//   View             one place in the page where the player shows: builds it, keeps it up to date
//   default export   one Transport per widget, however many views it has; silence with the last view
// Names and titles come from files: they enter the page through textContent only.

const ICONS = {
  play: "M4 2.5v11l9.5-5.5z",
  pause: "M3.5 2.5h3v11h-3zM9.5 2.5h3v11h-3z",
  stop: "M3 3h10v10H3z",
  loop: "M11 1.5 14 4l-3 2.5V5H5.5a2.5 2.5 0 0 0-2.3 3.5L1.7 9.4A4.3 4.3 0 0 1 5.5 3.2H11zM5 14.5 2 12l3-2.5V11h5.5a2.5 2.5 0 0 0 2.3-3.5l1.5-.9a4.3 4.3 0 0 1-3.8 6.2H5z",
};
const OUR_KEYS = " ,Enter,ArrowLeft,ArrowRight,ArrowUp,ArrowDown,Home,End,PageUp,PageDown,+,-,0,l,L".split(",");

/** An element with attributes, children and text; the only place where elements are made. */
function make(tag, { text, ...attributes } = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  if (text !== undefined) element.textContent = text;
  element.append(...children);
  return element;
}

function button(label, icon, attributes = {}) {
  const element = make("button", { type: "button", "aria-label": label, title: label, ...attributes });
  setIcon(element, icon);
  return element;
}

function setIcon(element, icon) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  path.setAttribute("d", ICONS[icon]);
  svg.append(path);
  element.replaceChildren(svg);
}

/** The model's traits as a piece; notes travel as rows of five float64. */
function readPiece(model) {
  const bytes = model.get("notes");
  const rows = new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
  const notes = Array.from({ length: rows.length / 5 }, (_, i) => {
    const [track, pitch, onset, duration, velocity] = rows.subarray(5 * i, 5 * i + 5);
    return { track, pitch, onset, duration, velocity };
  });
  const [beatsPerBar, pickup] = [model.get("beats_per_bar"), model.get("pickup")];
  const last = notes.reduce((end, note) => Math.max(end, note.onset + note.duration), 0);
  const end = Math.max(1, Math.ceil((last - pickup) / beatsPerBar - 1e-6)) * beatsPerBar + pickup;
  return { notes, tracks: model.get("tracks"), end, beatsPerBar, pickup };
}

const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;

class View {
  constructor(model, transport, el) {
    Object.assign(this, { model, transport });
    this.calm = matchMedia("(prefers-reduced-motion: reduce)");
    this.undo = new AbortController(); // removes every listener when the view goes
    this.build(el);
    this.roll = new Roll(this.canvas, this.keys);
    this.roll.readTheme(this.root);
    this.watch();
    this.setPiece();
    this.update();
  }

  // ------------------------------------------------------------------------------- building

  build(el) {
    this.play = button("Play", "play", { class: "mg-play" });
    this.stop = button("Stop", "stop");
    this.loop = button("Loop", "loop", { "aria-pressed": "false" });
    this.title = make("span", { class: "mg-title" });
    this.time = make("span", { class: "mg-time" });
    this.tempo = make("input", { type: "number", min: 20, max: 400, step: 1, "aria-label": "Tempo, quarter notes a minute" });
    this.volume = make("input", { type: "range", min: 0, max: 1, step: 0.01, "aria-label": "Volume" });
    this.zoomOut = make("button", { type: "button", "aria-label": "Zoom out", title: "Zoom out (-)", text: "−" });
    this.zoomIn = make("button", { type: "button", "aria-label": "Zoom in", title: "Zoom in (+)", text: "+" });
    const more = make("span", { class: "mg-more" },
      make("label", { class: "mg-tempo", title: "Tempo" }, make("span", { "aria-hidden": "true", text: "♩ =" }), this.tempo),
      make("label", { class: "mg-volume", title: "Volume" }, make("span", { "aria-hidden": "true", text: "Vol" }), this.volume),
      make("span", { class: "mg-zoom" }, this.zoomOut, this.zoomIn));
    const bar = make("div", { class: "mg-bar" }, this.play, this.stop, this.loop, this.title, this.time, more);
    this.keys = make("canvas", { class: "mg-keys", "aria-hidden": "true" });
    this.canvas = make("canvas", { "aria-hidden": "true" });
    this.lights = make("canvas", { class: "mg-lights", "aria-hidden": "true" });
    this.head = make("div", { class: "mg-head" });
    this.window = make("div", { class: "mg-window" }, this.canvas, this.lights, this.head);
    this.spacer = make("div", { class: "mg-spacer" }, this.window);
    this.scroll = make("div", { class: "mg-scroll", tabindex: 0, role: "slider", "aria-label": "Position in the music", "aria-valuemin": 0 }, this.spacer);
    this.tracks = make("div", { class: "mg-tracks", role: "group", "aria-label": "Tracks" });
    this.hint = make("div", { class: "mg-hint", "aria-hidden": "true" });
    this.status = make("div", { class: "mg-status", role: "status" });
    this.root = make("div", { class: "mg-player", role: "group" }, bar, make("div", { class: "mg-view" }, this.keys, this.scroll), make("div", { class: "mg-foot" }, this.tracks, this.hint), this.status);
    el.append(this.root);
  }

  /** Everything that can happen to a view. */
  watch() {
    const on = (target, type, react, capture = false) => target.addEventListener(type, react, { capture, signal: this.undo.signal });
    for (const type of ["pointerdown", "keydown"]) on(this.root, type, openAudio); // warm by the time of the click
    on(this.play, "click", () => this.toggle());
    on(this.stop, "click", () => this.transport.stop());
    on(this.loop, "click", () => this.save("loop", !this.model.get("loop")));
    on(this.tempo, "change", () => this.changeTempo());
    on(this.volume, "input", () => this.save("volume", Number(this.volume.value)));
    on(this.zoomIn, "click", () => this.zoom(1.4));
    on(this.zoomOut, "click", () => this.zoom(1 / 1.4));
    on(this.scroll, "scroll", () => this.redraw());
    on(this.scroll, "keydown", (event) => this.pressed(event));
    on(this.window, "pointerdown", (event) => this.pointed(event));
    on(this.window, "pointermove", (event) => this.hovered(event));
    on(this.window, "pointerleave", () => (this.hint.textContent = ""));
    on(this.tracks, "click", (event) => this.switched(event.target.closest("button")));
    // Runs before JupyterLab's own shortcuts: they must not take the keys that our controls use,
    // and must keep the others (Shift+Enter runs the cell even after a click on a button here).
    on(globalThis, "keydown", (event) => {
      const ours = OUR_KEYS.includes(event.key) && !event.ctrlKey && !event.metaKey && !(event.key === "Enter" && event.shiftKey);
      this.root.contains(event.target) && event.target.toggleAttribute("data-lm-suppress-shortcuts", ours);
    }, true);
    this.sizes = new ResizeObserver(() => this.resized());
    this.sizes.observe(this.scroll);
    this.themes = new MutationObserver(() => this.retheme());
    this.themes.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-light", "data-jp-theme-name", "class"] });
    on(matchMedia("(prefers-color-scheme: dark)"), "change", () => this.retheme());
  }

  remove() {
    this.undo.abort();
    this.sizes.disconnect();
    this.themes.disconnect();
    cancelAnimationFrame(this.frame);
    clearTimeout(this.later);
    this.root.remove();
  }

  // ------------------------------------------------------------------------- model -> view

  setPiece() {
    const piece = readPiece(this.model);
    this.end = piece.end;
    this.roll.setPiece(piece);
    this.fit ??= true;
    this.window.style.height = `${this.roll.height}px`;
    this.listTracks(piece.tracks);
    this.play.disabled = this.stop.disabled = !piece.notes.length;
    this.resized();
  }

  listTracks(tracks) {
    const rows = tracks.map((track, i) => {
      const name = track.name || `Track ${i + 1}`;
      const mute = make("button", { type: "button", "data-track": i, "data-list": "muted", title: `Mute ${name}`, "aria-label": `Mute ${name}`, text: "M" });
      const solo = make("button", { type: "button", "data-track": i, "data-list": "soloed", title: `Solo ${name}`, "aria-label": `Solo ${name}`, text: "S" });
      return make("span", { class: "mg-track" }, make("span", { class: "mg-dot", "data-track": i }), make("span", { class: "mg-name", text: name }), mute, solo);
    });
    this.tracks.replaceChildren(...rows);
  }

  /** Bring every control up to date with model and transport. */
  update() {
    const { model, transport, roll } = this;
    const title = model.get("title");
    this.root.setAttribute("aria-label", title ? `Player: ${title}` : "Player");
    this.title.textContent = this.title.title = title;
    const action = transport.playing ? "Pause" : "Play";
    if (this.play.title !== action) {
      setIcon(this.play, action.toLowerCase());
      this.play.setAttribute("aria-label", action);
      this.play.title = action;
    }
    this.loop.setAttribute("aria-pressed", model.get("loop"));
    if (document.activeElement !== this.tempo) this.tempo.value = Math.round(model.get("tempo") * 100) / 100;
    this.volume.value = model.get("volume");
    roll.faint = transport.silent;
    for (const one of this.tracks.querySelectorAll("button")) {
      one.setAttribute("aria-pressed", model.get(one.dataset.list).includes(Number(one.dataset.track)));
    }
    for (const dot of this.tracks.querySelectorAll(".mg-dot")) dot.style.background = roll.colour(Number(dot.dataset.track));
    this.redraw();
    this.follow();
  }

  retheme() {
    clearTimeout(this.later); // the theme's style sheet may arrive after its name
    this.later = setTimeout(() => this.retint(), 300);
    this.retint();
  }

  retint() {
    this.roll.readTheme(this.root);
    this.update();
  }

  resized() {
    const width = this.scroll.clientWidth;
    if (!width) return; // not in the page yet, or hidden
    this.roll.readTheme(this.root);
    this.roll.width = width;
    const whole = (width - 1) / this.end;
    if (this.fit) this.roll.scale = Math.min(280, Math.max(whole, 20));
    this.spacer.style.width = `${Math.max(Math.ceil(this.end * this.roll.scale), 1)}px`;
    this.window.style.width = `${width}px`;
    this.redraw();
  }

  redraw() {
    this.roll.left = this.scroll.scrollLeft;
    this.roll.draw();
    this.placeHead();
  }

  // ------------------------------------------------------------------------------ the head

  /** Follow the music frame by frame as long as it plays. */
  follow() {
    cancelAnimationFrame(this.frame);
    this.placeHead();
    if (!this.transport.playing) return;
    this.keepInView();
    this.frame = requestAnimationFrame(() => this.follow());
  }

  placeHead() {
    const { playing, position } = this.transport;
    const shown = playing && this.calm.matches ? Math.floor(position) : position; // a step a beat is calm
    this.head.style.transform = `translateX(${this.roll.x(shown)}px)`;
    this.roll.drawSounding(this.lights, playing ? position : null);
    const perBeat = 60 / this.transport.tempo;
    const text = `${clock(position * perBeat)} / ${clock(this.end * perBeat)}`;
    if (this.time.textContent !== text) this.time.textContent = text;
    if (this.shownBeat === Math.floor(position)) return;
    this.shownBeat = Math.floor(position);
    const bar = Math.floor((position - this.roll.pickup) / this.roll.beatsPerBar + 1e-9);
    const beat = Math.floor(position - this.roll.pickup - bar * this.roll.beatsPerBar + 1e-9);
    this.scroll.setAttribute("aria-valuemax", Math.round(this.end));
    this.scroll.setAttribute("aria-valuenow", this.shownBeat);
    this.scroll.setAttribute("aria-valuetext", bar < 0 ? "pickup" : `bar ${bar + 1}, beat ${beat + 1}`);
  }

  /** Turn the page when the head has left it. */
  keepInView() {
    const x = this.roll.x(this.transport.position);
    if (x < 0 || x > this.roll.width - 4) this.scroll.scrollLeft += x - this.roll.width * 0.08;
  }

  // ------------------------------------------------------------------------ view -> model

  save(trait, value) {
    this.model.set(trait, value);
    this.model.save_changes();
  }

  async toggle() {
    if (this.transport.playing) return this.transport.pause();
    this.say("");
    try {
      await this.transport.start();
    } catch {
      this.say("The browser holds sound back until you click into the page: press play once more.");
      this.save("playing", false);
    }
  }

  changeTempo() {
    const tempo = Math.min(400, Math.max(20, Number(this.tempo.value) || this.model.get("tempo")));
    this.tempo.value = tempo;
    this.save("tempo", tempo);
  }

  switched(control) {
    if (!control) return;
    const { track, list } = control.dataset;
    const now = this.model.get(list);
    const index = Number(track);
    this.save(list, now.includes(index) ? now.filter((i) => i !== index) : [...now, index]);
  }

  pressed(event) {
    const { position, playing } = this.transport;
    const bar = this.roll.beatsPerBar;
    const step = event.shiftKey ? bar : 1;
    const to = { ArrowLeft: Math.ceil(position - 1e-6) - step, ArrowRight: Math.floor(position + 1e-6) + step, PageUp: position - bar, PageDown: position + bar, Home: 0, End: playing ? position : this.end }[event.key];
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (to !== undefined) this.seek(to);
    else if (event.key === " ") this.toggle();
    else if (event.key === "+") this.zoom(1.4);
    else if (event.key === "-") this.zoom(1 / 1.4);
    else if (event.key === "0") this.zoom(0);
    else if (event.key === "l" || event.key === "L") this.save("loop", !this.model.get("loop"));
    else return;
    event.preventDefault();
  }

  seek(beat) {
    this.transport.seek(beat);
    this.keepInView();
  }

  pointed(event) {
    if (event.button === 0) this.transport.seek(this.roll.beatAt(event.offsetX));
  }

  /** Say which note lies under the pointer. */
  hovered(event) {
    const note = this.roll.noteAt(event.offsetX, event.offsetY);
    this.hint.textContent = note ? this.describe(note) : "";
  }

  describe(note) {
    const track = this.roll.tracks[note.track];
    const what = track.is_drum ? drumName(note.pitch) : `${pitchName(note.pitch)} (${note.pitch})`;
    const round = (beats) => Math.round(beats * 100) / 100;
    return `${track.name}: ${what}, beat ${round(note.onset)}, ${round(note.duration)} long`;
  }

  /** Change the scale about the head, or fit the whole piece with 0. */
  zoom(factor) {
    this.fit = factor === 0;
    const beat = this.transport.position;
    const x = Math.min(Math.max(this.roll.x(beat), 0), this.roll.width);
    this.roll.scale = Math.min(400, Math.max(Math.min(2, this.roll.width / this.end), this.roll.scale * (factor || 1)));
    this.resized();
    this.scroll.scrollLeft = beat * this.roll.scale - x;
    this.redraw();
  }

  say(text) {
    if (this.status.textContent !== text) this.status.textContent = text;
  }
}

/** The instruments, from the bank that all players of a kernel share. */
async function fetchInstruments(model) {
  const id = model.get("bank").replace("IPY_MODEL_", "");
  for (let attempt = 0; ; attempt++) {
    try {
      const bank = await model.widget_manager.get_model(id);
      const data = bank.get("recording");
      return { recording: data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength), index: bank.get("index") };
    } catch (problem) {
      if (attempt === 20) throw problem;
      await new Promise((done) => setTimeout(done, 250)); // a reloaded page brings its models back in any order
    }
  }
}

export default function () {
  const views = new Set();
  const transport = new Transport((event) => {
    if (event === "crowded") for (const view of views) view.say(`Too many notes at once: ${MAX_VOICES} of them sound.`);
    else changed();
  });
  let model;

  /** Playing, or the place where it stopped, changed: tell Python (not while it moves) and the views. */
  function changed() {
    if (model.get("playing") !== transport.playing) model.set("playing", transport.playing);
    if (!transport.playing) model.set("position", transport.beat);
    model.save_changes();
    for (const view of views) view.update();
  }

  function setPiece() {
    const { notes, tracks, end } = readPiece(model);
    transport.setNotes(notes, tracks, end);
    setSilent();
    for (const view of views) view.setPiece();
    update();
  }

  function setSilent() {
    const [muted, soloed] = [model.get("muted"), model.get("soloed")];
    const silent = model.get("tracks").map((_, i) => i).filter((i) => muted.includes(i) || (soloed.length && !soloed.includes(i)));
    transport.setSilent(new Set(silent));
  }

  const update = () => views.forEach((view) => view.update());
  const REACTIONS = {
    notes: setPiece,
    tracks: setPiece,
    tempo: () => transport.setTempo(model.get("tempo")),
    loop: () => transport.setLoop(model.get("loop")),
    volume: () => transport.setVolume(model.get("volume")),
    muted: setSilent,
    soloed: setSilent,
    title: () => {},
    position: () => model.get("position") === transport.beat || transport.seek(model.get("position")),
    playing: () => model.get("playing") !== transport.playing && [...views][0]?.toggle(),
  };

  return {
    initialize({ model: own }) {
      model = own;
      for (const react of Object.values(REACTIONS).slice(1, 7)) react();
      for (const [trait, react] of Object.entries(REACTIONS)) {
        model.on(`change:${trait}`, () => {
          react();
          update();
        });
      }
      return () => transport.pause();
    },
    render({ model: own, el }) {
      const view = new View(own, transport, el);
      views.add(view);
      loadInstruments(() => fetchInstruments(own));
      return () => {
        views.delete(view);
        view.remove();
        if (!views.size) transport.pause(); // its cell was run again, or its output cleared
      };
    },
  };
}

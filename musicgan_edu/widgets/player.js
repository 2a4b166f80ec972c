// The player: buttons, piano roll, tracks. Needs sound.js, edit.js and takeaway.js.
//
// Code map
//   View             one place in the page where the player shows: builds it, keeps it up to date
//   default export   one Transport per widget, however many views it has; silence with the last view
// Names and titles come from files: they enter the page through textContent only.

const LOST_SOUND = "The kernel has stopped or was restarted. What stands here still plays, but changes reach Python no more: run the cell again to go on.";
const OUR_KEYS = " ,Enter,ArrowLeft,ArrowRight,ArrowUp,ArrowDown,Home,End,PageUp,PageDown,+,-,0,l,L".split(",");

const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;

class View {
  constructor(model, { transport, editor, ask }, el) {
    Object.assign(this, { model, transport, editor, ask });
    this.calm = matchMedia("(prefers-reduced-motion: reduce)");
    this.undo = new AbortController(); // removes every listener when the view goes
    this.build(el);
    this.roll = new Roll(this.canvas, this.keys);
    this.roll.readTheme(this.root);
    this.edit = new EditBar(editor, { roll: this.roll, position: () => transport.position, show: (note) => this.showEdit(note) });
    this.bar.after(this.edit.root);
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
    this.editing = button("Edit notes", "edit", { "aria-pressed": "false" });
    this.takeaway = new Takeaway((wish) => this.ask(wish), (text) => this.say(text));
    const more = make("span", { class: "mg-more" },
      make("label", { class: "mg-tempo", title: "Tempo" }, make("span", { "aria-hidden": "true", text: "♩ =" }), this.tempo),
      make("label", { class: "mg-volume", title: "Volume" }, make("span", { "aria-hidden": "true", text: "Vol" }), this.volume),
      make("span", { class: "mg-zoom" }, this.zoomOut, this.zoomIn));
    const tools = make("span", { class: "mg-zoom", role: "group", "aria-label": "Edit and take away" }, this.editing, ...this.takeaway.buttons);
    this.bar = make("div", { class: "mg-bar" }, this.play, this.stop, this.loop, this.title, this.time, more);
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
    this.root = make("div", { class: "mg-player", role: "group" }, this.bar, make("div", { class: "mg-view" }, this.keys, this.scroll), make("div", { class: "mg-foot" }, this.tracks, this.hint, tools), this.status, this.takeaway.page);
    el.append(this.root);
  }

  /** Everything that can happen to a view. */
  watch() {
    const on = (target, type, react) => target.addEventListener(type, react, { signal: this.undo.signal });
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
    on(this.editing, "click", () => this.turnEditing());
    for (const type of ["pointerup", "pointercancel"]) on(this.window, type, () => this.edit.dropped());
    keepKeys(this.root, (event) => (OUR_KEYS.includes(event.key) && plain(event)) || this.edit.wants(event), this.undo.signal);
    onTheme(() => this.retint(), this.undo.signal);
    tellLoss(this.model, this.root, { parts: this.takeaway.buttons, text: LOST_SOUND });
    this.sizes = new ResizeObserver(() => this.resized());
    this.sizes.observe(this.scroll);
  }

  remove() {
    this.undo.abort();
    this.sizes.disconnect();
    cancelAnimationFrame(this.frame);
    this.takeaway.remove();
    this.root.remove();
  }

  // ------------------------------------------------------------------------- model -> view

  setPiece() {
    const piece = readPiece(this.model);
    this.end = piece.end;
    this.roll.setPiece(piece);
    this.edit.setTracks(piece.tracks);
    this.edit.update();
    this.takeaway.renew();
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
    if (this.edit.on && this.editor.chosen) this.roll.drawChosen(this.editor.chosen);
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
    if (this.edit.wants(event)) this.edit.pressed(event);
    else if (event.ctrlKey || event.metaKey || event.altKey) return;
    else if (to !== undefined) this.seek(to);
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
    if (event.button !== 0) return;
    if (this.edit.on && this.edit.grabbed(event)) this.window.setPointerCapture(event.pointerId);
    else this.transport.seek(this.roll.beatAt(event.offsetX));
  }

  /** Say which note lies under the pointer. */
  hovered(event) {
    if (this.edit.held) return this.edit.dragged(event);
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

  // ------------------------------------------------------------------------------- editing

  turnEditing() {
    this.edit.toggle(!this.edit.on);
    this.editing.setAttribute("aria-pressed", this.edit.on);
    this.root.classList.toggle("mg-editing", this.edit.on);
  }

  /** What was edited, or which note is chosen. */
  showEdit(note) {
    this.edit.update();
    const x = note ? this.roll.x(note.onset) : 0;
    if (x < 0 || x > this.roll.width - 4) this.scroll.scrollLeft += x - this.roll.width / 2;
    this.redraw();
    this.say(note ? this.describe(note) : "");
  }

  say(text) {
    if (this.status.textContent !== text) this.status.textContent = text;
  }
}

export default function () {
  const views = new Set();
  const editor = new Editor();
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
    editor.follow(notes);
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

  /** Python writes what can be taken away. The notes go along: a message may overtake a trait's change. */
  function ask(wish) {
    const { buffer } = packNotes(readNotes(model));
    model.send({ do: wish, tempo: model.get("tempo") }, undefined, [buffer]);
  }

  function answered(message, buffers) {
    if (message?.kind === "midi") deliver(buffers[0], message.name, "audio/midi");
    for (const view of views) view.takeaway.answered(message, buffers);
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
      editor.model = model = own;
      model.on("msg:custom", answered);
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
      const view = new View(own, { transport, editor, ask }, el);
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

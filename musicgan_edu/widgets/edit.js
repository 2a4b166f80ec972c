// Editing a player's notes. Needs page.js and roll.js.
//
// Code map
//   Editor     the notes, which one is chosen, what was undone; one for each widget
//   EditBar    the controls of one view: whose notes, undo, redo, delete; its keys and its pointer
// An edit is a new list of notes: the old one is kept for undo, and the model's trait tells Python.

const EDIT_GRID = 0.25; // beats: where a new note may begin, how far an arrow key moves one
const MOST_UNDONE = 200;
const EDIT_KEYS = ["Delete", "Backspace", "Escape", ",", "."];
const EDIT_HELP = "Click: add a note, or choose and drag one; its right end is its length. Keys: Enter adds at the head; , and . choose; arrows move, with Shift by octaves and in length; Delete; Ctrl+Z.";

const sameNote = (a, b) => a && b && ["track", "pitch", "onset", "duration", "velocity"].every((name) => a[name] === b[name]);
const inOrder = (a, b) => a.onset - b.onset || a.track - b.track || a.pitch - b.pitch; // as a Score keeps them

class Editor {
  constructor() {
    Object.assign(this, { notes: [], chosen: null, past: [], future: [] });
  }

  /** The notes that stand now; those that Python sets leave nothing to undo. */
  follow(notes) {
    const ours = notes.length === this.notes.length && notes.every((note, i) => sameNote(note, this.notes[i]));
    if (!ours) Object.assign(this, { chosen: null, past: [], future: [] });
    this.notes = notes;
    this.chosen = notes.find((note) => sameNote(note, this.chosen)) ?? null;
  }

  write(notes, chosen) {
    this.notes = [...notes].sort(inOrder);
    this.chosen = chosen;
    this.model.set("notes", packNotes(this.notes));
    this.model.save_changes();
  }

  /** One edit, or with `joined` a further move of the last one. */
  put(notes, chosen, joined = false) {
    if (!joined) this.past = [...this.past, this.notes].slice(-MOST_UNDONE);
    this.future = [];
    this.write(notes, chosen);
  }

  add(note) {
    this.put([...this.notes, note], note);
  }

  /** All notes but the chosen one; of two alike, only one goes. */
  others() {
    const at = this.notes.findIndex((note) => sameNote(note, this.chosen));
    return this.notes.filter((_, i) => i !== at);
  }

  remove() {
    if (this.chosen) this.put(this.others(), null);
  }

  change(fields, joined) {
    const old = this.chosen;
    const within = (value, low, high) => Math.min(Math.max(value, low), high);
    const next = { ...old, ...fields };
    next.pitch = within(next.pitch, 0, 127);
    next.onset = within(next.onset, 0, 1e5);
    next.duration = within(next.duration, Math.min(EDIT_GRID, old.duration), 1e5);
    if (!sameNote(old, next)) this.put([...this.others(), next], next, joined);
  }

  undo() {
    this.travel(this.past, this.future);
  }

  redo() {
    this.travel(this.future, this.past);
  }

  travel(from, to) {
    if (!from.length) return;
    to.push(this.notes);
    this.write(from.pop(), null);
  }

  /** Choose the next note of one that sounds with or after it; the first after `beat` to begin with. */
  step(by, beat) {
    const at = this.chosen ? this.notes.findIndex((note) => sameNote(note, this.chosen)) + by : this.notes.findIndex((note) => note.onset >= beat - 1e-6);
    this.chosen = this.notes[Math.min(Math.max(at, 0), this.notes.length - 1)] ?? null;
  }
}

class EditBar {
  /** @param {{roll: Roll, position: () => number, show: (note: object?) => void}} view */
  constructor(editor, view) {
    Object.assign(this, { editor, view, on: false });
    this.track = make("select", { "aria-label": "Whose notes" });
    this.undo = make("button", { type: "button", text: "Undo", title: "Undo (Ctrl+Z)" });
    this.redo = make("button", { type: "button", text: "Redo", title: "Redo (Ctrl+Shift+Z)" });
    this.remove = make("button", { type: "button", text: "Delete", title: "Delete the chosen note (Delete)" });
    this.root = make("div", { class: "mg-edit", role: "group", "aria-label": "Edit notes", hidden: "" }, this.track, this.undo, this.redo, this.remove, make("span", { class: "mg-help", text: EDIT_HELP }));
    for (const name of ["undo", "redo", "remove"]) this[name].addEventListener("click", () => this.act(() => editor[name]()));
  }

  setTracks(tracks) {
    const before = this.track.selectedIndex;
    this.track.replaceChildren(...tracks.map((track, i) => make("option", { value: i, text: track.name || `Track ${i + 1}` })));
    this.track.selectedIndex = Math.min(Math.max(before, 0), tracks.length - 1);
  }

  toggle(on) {
    this.on = on;
    this.root.hidden = !on;
    this.editor.chosen = null;
    this.act(() => {});
  }

  update() {
    const { past, future, chosen } = this.editor;
    for (const [button, can] of [[this.undo, past.length], [this.redo, future.length], [this.remove, chosen]]) button.disabled = !can;
  }

  act(move) {
    move();
    this.view.show(this.editor.chosen);
  }

  /** A note where somebody points or stands, on the grid, as long as the last one. */
  add(beat, pitch) {
    const { chosen } = this.editor;
    const onset = Math.max(0, Math.floor(beat / EDIT_GRID + 1e-6) * EDIT_GRID);
    const track = Number(this.track.value);
    this.act(() => this.editor.add({ track, pitch, onset, duration: chosen?.duration ?? 1, velocity: chosen?.velocity ?? 80 }));
  }

  // ------------------------------------------------------------------------------ keys

  /** Whether a key is an edit. */
  wants(event) {
    if (!this.on || event.altKey) return false;
    if (event.ctrlKey || event.metaKey) return ["z", "y"].includes(event.key.toLowerCase());
    return EDIT_KEYS.includes(event.key) || (event.key === "Enter" && !event.shiftKey) || (this.editor.chosen && event.key.startsWith("Arrow"));
  }

  pressed(event) {
    const { editor } = this;
    const key = event.key.toLowerCase();
    if (event.ctrlKey || event.metaKey) return this.act(() => (key === "z" && !event.shiftKey ? editor.undo() : editor.redo()));
    if (key === "enter") return this.add(this.view.position(), this.pitchHere());
    if (key === "," || key === ".") return this.act(() => editor.step(key === "," ? -1 : 1, this.view.position()));
    if (key === "escape") return this.act(() => (editor.chosen = null));
    if (key === "delete" || key === "backspace") return this.act(() => editor.remove());
    const sign = key === "arrowup" || key === "arrowright" ? 1 : -1;
    const { pitch, onset, duration } = editor.chosen;
    const along = key === "arrowleft" || key === "arrowright";
    if (!along) return this.act(() => editor.change({ pitch: pitch + sign * (event.shiftKey ? 12 : 1) }));
    return this.act(() => editor.change(event.shiftKey ? { duration: duration + sign * EDIT_GRID } : { onset: onset + sign * EDIT_GRID }));
  }

  pitchHere() {
    const drum = this.view.roll.tracks[Number(this.track.value)]?.is_drum;
    return this.editor.chosen?.pitch ?? (drum ? 36 : 60);
  }

  // --------------------------------------------------------------------------- pointer

  /** Take hold of the note under the pointer, or put one there; false on the ruler. */
  grabbed(event) {
    const { roll } = this.view;
    const note = roll.noteAt(event.offsetX, event.offsetY);
    const pitch = roll.pitchAt(event.offsetY, roll.tracks[Number(this.track.value)]?.is_drum);
    if (!note && pitch === undefined) return false;
    if (note) this.act(() => (this.editor.chosen = note));
    else this.add(roll.beatAt(event.offsetX), pitch);
    const held = this.editor.chosen;
    const right = roll.x(held.onset + held.duration);
    this.held = { note: held, x: event.offsetX, y: event.offsetY, end: !note || right - event.offsetX < Math.min(8, (held.duration * roll.scale) / 3), moved: !note };
    return true;
  }

  dragged(event) {
    if (!this.held) return;
    const { note, x, y, end, moved } = this.held;
    const { roll } = this.view;
    const beats = Math.round((event.offsetX - x) / roll.scale / EDIT_GRID) * EDIT_GRID;
    const rows = roll.tracks[note.track].is_drum ? 0 : Math.round((y - event.offsetY) / roll.row);
    const fields = end ? { duration: note.duration + beats } : { onset: note.onset + beats, pitch: note.pitch + rows };
    const before = this.editor.chosen;
    this.act(() => this.editor.change(fields, moved));
    if (this.editor.chosen !== before) this.held.moved = true;
  }

  dropped() {
    this.held = null;
  }
}

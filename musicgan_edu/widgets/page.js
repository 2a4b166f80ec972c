// What every widget does in a page. `front_end` puts it before the widgets that say they need it.
//
// Code map
//   make             an element; the only place where elements are made
//   keepKeys, plain  JupyterLab's shortcuts stay away from a widget's own keys
//   onTheme          the page turned light or dark
//   tellLoss         the kernel is gone: say so, and disarm what needs it
//   deliver          a file to download
//   readNotes, readPiece, packNotes, fetchInstruments   what Python sent: notes as objects, and back; the recording
// Text from files is data: it enters the page as `text`, never as HTML.

const NO_KERNEL = "The kernel has stopped or was restarted: nothing here reaches Python any more. Run the cell again to go on.";

/** An element with attributes, children and text. */
function make(tag, { text, ...attributes } = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  if (text !== undefined) element.textContent = text;
  element.append(...children);
  return element;
}

/** Whether a key is pressed without what makes it another's: Shift+Enter always runs the cell. */
const plain = (event) => !event.ctrlKey && !event.metaKey && !(event.key === "Enter" && event.shiftKey);

/**
 * Before JupyterLab's own shortcuts: they must not take the keys that the widget uses, and keep the others.
 * The mark stands on the control itself, because JupyterLab matches the focused element first.
 * @param {(event: KeyboardEvent) => boolean} ours
 */
function keepKeys(root, ours, signal) {
  const mark = (event) => root.contains(event.target) && event.target.toggleAttribute("data-lm-suppress-shortcuts", Boolean(ours(event)));
  globalThis.addEventListener("keydown", mark, { capture: true, signal });
}

/** Call `react` when the page's theme changes, and when the theme's style sheet has come: over a slow network that is later. */
function onTheme(react, signal) {
  let later;
  const both = () => {
    clearTimeout(later);
    later = setTimeout(react, 300);
    react();
  };
  const watcher = new MutationObserver(both);
  watcher.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-light", "data-jp-theme-name", "class"] });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", both, { signal });
  document.addEventListener("load", ({ target }) => target.localName === "link" && both(), { capture: true, signal });
  signal.addEventListener("abort", () => {
    watcher.disconnect();
    clearTimeout(later);
  });
}

/** When the kernel is gone, say so at the top, and disarm the parts that need it: all of them, unless named. */
function tellLoss(model, root, { parts = [...root.children], text = NO_KERNEL } = {}) {
  model.on("comm_live_update", () => {
    if (root.querySelector(":scope > .mg-lost")) return;
    for (const part of parts) Object.assign(part, { inert: true, disabled: true }).style.opacity = 0.45;
    const style = "flex: 1 0 100%; padding: 6px 10px; font-weight: 600; border-left: 4px solid #D55E00";
    root.prepend(make("div", { class: "mg-lost", role: "alert", style, text }));
  });
}

/** The model's notes; they travel as rows of five float64. */
function readNotes(model) {
  const bytes = model.get("notes");
  const rows = new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
  return Array.from({ length: rows.length / 5 }, (_, i) => {
    const [track, pitch, onset, duration, velocity] = rows.subarray(5 * i, 5 * i + 5);
    return { track, pitch, onset, duration, velocity };
  });
}

/** The model's traits as a piece. */
function readPiece(model) {
  const notes = readNotes(model);
  const [beatsPerBar, pickup] = [model.get("beats_per_bar"), model.get("pickup")];
  const last = notes.reduce((end, note) => Math.max(end, note.onset + note.duration), 0);
  const end = Math.max(1, Math.ceil((last - pickup) / beatsPerBar - 1e-6)) * beatsPerBar + pickup;
  return { notes, tracks: model.get("tracks"), end, beatsPerBar, pickup };
}

/** Notes as they travel. */
function packNotes(notes) {
  const rows = notes.flatMap(({ track, pitch, onset, duration, velocity }) => [track, pitch, onset, duration, velocity]);
  return new DataView(Float64Array.from(rows).buffer);
}

/** Give bytes to whoever sits there, as a file. */
function deliver(bytes, name, type) {
  const address = URL.createObjectURL(new Blob([bytes], { type }));
  make("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
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

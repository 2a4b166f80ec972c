// Buttons with icons, and what one takes away from a player: the engraved score, a MIDI file. Needs page.js.
//
// Code map
//   button, setIcon  a button with a picture and a name
//   Takeaway         two buttons and a page: they ask Python, which writes MIDI and engraves

const ICONS = {
  play: "M4 2.5v11l9.5-5.5z",
  pause: "M3.5 2.5h3v11h-3zM9.5 2.5h3v11h-3z",
  stop: "M3 3h10v10H3z",
  loop: "M11 1.5 14 4l-3 2.5V5H5.5a2.5 2.5 0 0 0-2.3 3.5L1.7 9.4A4.3 4.3 0 0 1 5.5 3.2H11zM5 14.5 2 12l3-2.5V11h5.5a2.5 2.5 0 0 0 2.3-3.5l1.5-.9a4.3 4.3 0 0 1-3.8 6.2H5z",
  edit: "M11.4 1.6l3 3-8.9 8.9H2.5v-3z",
  score: "M6 2.8 13.5 1v9.3a2.2 1.9 0 1 1-1.5-1.8V4.8L7.5 5.9v6.6A2.2 1.9 0 1 1 6 10.7z",
  file: "M7 1.5h2v5.6h3l-4 4.2-4-4.2h3zM2.5 12.7h11v1.8h-11z",
};

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

class Takeaway {
  /** @param {(wish: "midi" | "page") => void} ask @param {(text: string) => void} say */
  constructor(ask, say) {
    Object.assign(this, { ask, say });
    this.turn = button("Engraved score", "score", { "aria-pressed": "false" });
    this.file = button("Download MIDI", "file");
    this.buttons = [this.turn, this.file];
    this.page = make("div", { class: "mg-page", hidden: "" });
    this.turn.addEventListener("click", () => this.toggle());
    this.file.addEventListener("click", () => ask("midi"));
  }

  toggle() {
    this.page.hidden = !this.page.hidden;
    this.turn.setAttribute("aria-pressed", !this.page.hidden);
    if (!this.page.hidden) this.ask("page");
  }

  /** Other notes: engrave them soon, and once for many changes, since it takes Python a moment. */
  renew() {
    if (this.page.hidden) return;
    clearTimeout(this.later);
    this.later = setTimeout(() => this.ask("page"), 400);
  }

  /** Python's answer. As a picture, an SVG runs no scripts. */
  answered({ kind, said, alt } = {}, [data] = []) {
    if (kind === "problem") this.say(said);
    if (kind !== "page") return;
    const reader = new FileReader();
    reader.onload = () => this.page.replaceChildren(make("img", { src: reader.result, alt }));
    reader.readAsDataURL(new Blob([data], { type: "image/svg+xml" }));
    if (said) this.say(said);
  }

  remove() {
    clearTimeout(this.later);
  }
}

// A panel of sliders and buttons beside a player. Needs page.js.
//
// Code map
//   panelSlider, panelRow   a slider; a slider with its name before it and its value behind it
//   panelKeys        the keys that such controls use

const PANEL_KEYS = [" ", "Enter", "Home", "End", "PageUp", "PageDown", "ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"];
const panelKeys = (event) => PANEL_KEYS.includes(event.key) && plain(event);

function panelSlider(label, min, max, step, attributes = {}) {
  return make("input", { type: "range", min, max, step, "aria-label": label, ...attributes });
}

/** `slider.shown` is where its value goes; `more` is text or an element. */
function panelRow(name, slider, more) {
  slider.shown = make("output", { class: "mg-small" });
  const row = make("div", { class: "mg-row" }, make("span", { class: "mg-label", text: name, title: name }), slider, slider.shown);
  if (more) row.append(typeof more === "string" ? make("span", { class: "mg-small", text: more }) : more);
  return row;
}

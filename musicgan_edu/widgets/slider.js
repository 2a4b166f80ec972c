// A slider with its name before it and its value behind it, for Python's layouts. Needs page.js and panel.js.

export default {
  render({ model, el }) {
    const undo = new AbortController();
    const slider = panelSlider(model.get("description"), model.get("min"), model.get("max"), model.get("step"));
    const root = make("div", { class: "mg-panel mg-slider" }, panelRow(model.get("description"), slider));
    const show = () => {
      const value = model.get("value");
      if (Number(slider.value) !== value) slider.value = value;
      slider.shown.textContent = value.toFixed(model.get("decimals")).replace("-", "−");
    };
    const moved = () => {
      model.set("value", Number(slider.value));
      model.save_changes();
      show();
    };
    slider.addEventListener("input", moved, { signal: undo.signal });
    keepKeys(root, panelKeys, undo.signal);
    model.on("change:value", show);
    model.on("comm_live_update", () => { slider.disabled = true; }); // the player beside it says why
    el.append(root);
    show();
    return () => undo.abort();
  },
};

"""What axe-core says of the pages, the widgets, the static twins, in both themes; every control by the Tab key.

`benchmarks/accessibility.py` looks at every lesson with all its outputs; this is the part that CI waits for.
"""

from __future__ import annotations

import re
import shutil

import pytest
from axe import EXPORTED, THEMES, violations
from conftest import Lab, screenshot
from nbconvert import HTMLExporter
from playwright.sync_api import Page, expect

from musicgan_edu import course

pytestmark = pytest.mark.browser

SETUP = """
import dataclasses
import numpy as np
from musicgan_edu import corpus, lab, plotting, sampling, training
from musicgan_edu.widgets import (
    ab, assistant, blind_test, clinic, corruption, gan_lab, latents, mixer, monitor, painter, player, recommender,
    slider, sliders, temperature,
)
chorale = corpus.read_chorale("bwv66.6")
score = chorale.cut(1, 9).replace(pickup=0.0)
sampler = sampling.load("chorales")
score
"""
CELLS = [
    "player.Player(score)",
    "lab.lights()",
    "ab.Restyling(score, 'palestrina')",
    "assistant.Assistant('C5 D5 E5:2', checkpoint=sampler, n=2, n_drafts=4)",
    "blind_test.BlindTest([score] * 2, [score.replace(title='other')] * 2, n=2, seed=1, keep=False)",
    "figure = plotting.losses({'D': [1.0, 2.0], 'G': [0.7, 0.6]}, title='Curves')\n"
    "clinic.Clinic([clinic.Case(figure, score, 'a', {'a': 'yes', 'b': 'no'})])",
    "corruption.Bench(score, lambda scores: np.zeros((len(scores), 32)))",
    "gan_lab.GanLab(shape='ring of 8')",
    "found = [sampling.Direction(n, np.eye(32, dtype=np.float32)[i], 2.0, 0.4, 17.0, 2.6) for i, n in enumerate('ab')]\n"
    "latents.Latents(sampler, found, seed=4)",
    "mixer.Mixer(score, score)",
    "recipe = training.RECIPES['chorales']\nmonitor.Panel(\n"
    "    charts=[{'title': title, 'names': list(names)} for title, names in monitor.CHARTS.items()],\n"
    "    sliders=[monitor._slider(*one) for one in training.settings_of(recipe).items()],\n"
    "    settings=training.settings_of(recipe), state='running', moments=[0, 50],\n"
    "    now={'progress': 0.6, 'step': 9, 'remaining': 75.0, 'values': {'d_loss': 1.39}},\n"
    "    curves=monitor._packed([{'step': s, 'd_loss': 1.4, 'g_loss': 0.7} for s in range(9)]))",
    "painter.Painter(score)",
    "recommender.Recommender(score, key='bach/bwv66.6.mxl')",
    "sliders.Sliders(sampler, dims=(0, 1))",
    "temperature.Temperature({'GAN': sampler, 'another': sampler})",
    "slider.Column([slider.Slider('network, Gbit/s', 1, min=1, max=100, step=1, decimals=0), player.Player(score)])",
    "print(lab.progress())",
    "plotting.progress(lab.progress().counts(), title='Exercises passed')",
]
PLATE = {"light": {"oklch(1 0 0)"}, "dark": {"oklch(0 0 0)"}}  # white and black
OPEN = """async (path) => {
  const options = { path, factory: "Notebook", kernelPreference: { shouldStart: false, canStart: false } };
  const widget = await jupyterapp.commands.execute("docmanager:open", options);
  await widget.context.ready;
  await widget.revealed;
}"""


def test_every_page_as_it_opens(lab: Lab, page: Page):
    """Headings, tables, formulas, folds and quizzes of all lessons and pages; no kernel, so only the markdown."""
    pages = sorted(course.ROOT.glob("*.ipynb"))
    page.goto(f"{lab.url}/lab?token={lab.token}&reset")
    page.wait_for_function("globalThis.jupyterapp?.started", timeout=90_000)
    page.evaluate("jupyterapp.restored")
    found = {}
    for notebook in pages:
        shutil.copy(notebook, lab.folder)
        page.evaluate(OPEN, notebook.name)
        expect(page.locator(".jp-RenderedMarkdown h1").first).to_be_visible()
        found[notebook.stem] = violations(page)
        page.evaluate("jupyterapp.shell.currentWidget.dispose()")
    # ipywidgets' extension expects a kernel behind every notebook
    page.mishaps[:] = [m for m in page.mishaps if "reading 'kernel'" not in m]  # type: ignore[attr-defined]
    assert len(found) >= 19
    assert not any(found.values()), "\n".join(f"{n}: {v}" for n, some in found.items() for v in some)


CONTROLS = """() => {
  const found = [...document.querySelectorAll(".jp-OutputArea-output :is(button, input, select, textarea, a[href], summary, [tabindex='0'])")]
    .filter((e) => !e.disabled && e.tabIndex >= 0 && e.checkVisibility({ visibilityProperty: true }) && !e.closest("[inert]"));
  found.forEach((e, i) => { Object.assign(e.dataset, { control: i, border: getComputedStyle(e).borderColor }); });
  return found.map((e) => e.outerHTML.slice(0, 160));
}"""
FOCUSED = """() => {
  const e = document.activeElement, style = getComputedStyle(e);
  const ring = (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== "none"
    || style.borderColor !== e.dataset.border; // ipywidgets' own lists
  return [e.dataset.control ?? null, ring, e.outerHTML.slice(0, 160)];
}"""


def test_every_widget_and_its_static_twin(lab: Lab, page: Page):
    lab.open(page, lab.notebook("accessibility.ipynb", SETUP, *CELLS))
    lab.run_all(page)
    expect(page.locator(".mg-player").last).to_be_visible(timeout=60_000)
    page.wait_for_timeout(500)
    assert_the_tab_key_reaches_every_control(page)
    for theme in THEMES:
        lab.theme(page, theme)
        screenshot(page, f"accessibility_{theme.split()[-1].lower()}")
        found = violations(page)
        assert not found, "\n".join([theme, *found])
        assert behind_figures(page) == PLATE[theme.split()[-1].lower()]
    page.evaluate("jupyterapp.commands.execute('docmanager:save')")
    page.wait_for_timeout(500)
    assert_the_export_is_as_good(page, lab)


def behind_figures(page: Page) -> set[str]:
    """The colours that stand behind the letters of figures, which axe can't read."""
    figures = page.locator(".jp-OutputArea-output img[src^='data:image/png']")
    return set(figures.evaluate_all("all => all.map((one) => getComputedStyle(one).backgroundColor)"))


def assert_the_tab_key_reaches_every_control(page: Page) -> None:
    """And shows that it does: an outline, a shadow, or another border."""
    controls = page.evaluate(CONTROLS)
    assert len(controls) > 100
    page.evaluate("document.querySelector('[data-control=\"0\"]').focus()")
    reached, without_ring = set(), []
    for _ in range(2 * len(controls)):  # JupyterLab's own lie between
        control, ring, text = page.evaluate(FOCUSED)
        if control is not None:
            reached.add(int(control))
            if not ring:
                without_ring.append(text)
        if len(reached) == len(controls):
            break
        page.keyboard.press("Tab")
    missed = [controls[i] for i in range(len(controls)) if i not in reached]
    assert not missed, "\n".join(missed)
    assert not without_ring, "\n".join(without_ring)


def assert_the_export_is_as_good(page: Page, lab: Lab) -> None:
    page.route(re.compile(r"^https?://"), lambda route: route.abort())  # nbconvert's own scripts
    for theme in ("light", "dark"):
        exported, _ = HTMLExporter(theme=theme).from_filename(str(lab.folder / "accessibility.ipynb"))
        file = lab.folder / f"accessibility.{theme}.html"
        file.write_text(exported, encoding="utf-8")
        page.goto(file.as_uri())
        assert page.locator("img[alt]").count() >= 10
        found = violations(page, EXPORTED)
        assert not found, "\n".join([theme, *found])
        assert behind_figures(page) == PLATE[theme]
    page.mishaps.clear()  # type: ignore[attr-defined]  # the requests above

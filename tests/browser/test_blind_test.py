"""The blind test in the browser: heard, answered by keyboard, silent about the truth until the end."""

from __future__ import annotations

import base64

import pytest
from conftest import Ear, Lab, onsets, rms, screenshot
from playwright.sync_api import Page, expect

from musicgan_edu.widgets import blind_test
from tests.test_listening import fake, real

pytestmark = pytest.mark.browser

HOSTILE = "<img src=x onerror=alert(1)>"
TRAITS = "notes tracks tempo beats n_clips number said wish report".split()

#: A model whose `save_changes` goes to the Python widget, and brings its new state back.
BRIDGE = """
async ([source, state, bank]) => {
  const revive = (traits) => ({ ...traits, ...(traits.notes ? { notes: bytes(traits.notes) } : {}) });
  state = { ...revive(state), bank: "IPY_MODEL_bank" };
  const reactions = {}, dirty = {};
  const model = {
    state, get: (name) => state[name],
    set(name, value) { state[name] = dirty[name] = value; },
    async save_changes() {
      const sent = { ...dirty };
      for (const name of Object.keys(dirty)) delete dirty[name];
      const changed = revive(await toPython(sent));
      Object.assign(state, changed);
      for (const name of Object.keys(changed)) for (const react of reactions[`change:${name}`] ?? []) react();
    },
    on(event, react) { (reactions[event] ??= []).push(react); },
    off() {},
    widget_manager: { get_model: async () => ({ get: (name) => ({ recording: bytes(bank.recording), index: bank.index })[name] }) },
  };
  const { default: widget } = await import(URL.createObjectURL(new Blob([source], { type: "text/javascript" })));
  const el = document.body.appendChild(document.createElement("div"));
  const forget = widget.render({ model, el });
  globalThis.shown = { model, el, remove: forget };
}
"""


def sendable(widget: blind_test.BlindTest) -> dict:
    state = {name: getattr(widget, name) for name in TRAITS}
    return state | {"notes": base64.b64encode(widget.notes).decode()}


@pytest.fixture(autouse=True)
def results(tmp_path, monkeypatch):
    monkeypatch.setenv("MUSICGAN_LISTENING", str(tmp_path / "mine.jsonl"))
    return tmp_path / "mine.jsonl"


@pytest.fixture
def shown(bare: Page) -> blind_test.BlindTest:
    """A series of four in the page, answered by the real Python widget."""
    pieces = [score.replace(title=HOSTILE) for score in real()]
    widget = blind_test.BlindTest(pieces, fake(), n=4, seed=1)

    def to_python(changes: dict) -> dict:
        before = sendable(widget)
        for name, value in changes.items():
            setattr(widget, name, value)
        return {name: value for name, value in sendable(widget).items() if value != before[name]}

    bare.expose_function("toPython", to_python)
    bare.add_style_tag(content=blind_test.BlindTest._css)
    bank = {"recording": base64.b64encode(widget.bank.recording).decode(), "index": widget.bank.index}
    bare.evaluate(BRIDGE, [blind_test.BlindTest._esm, sendable(widget), bank])
    bare.wait_for_function("globalThis[Symbol.for('musicgan_edu')].instruments")
    return widget


def answer(page: Page, key: str, number: int) -> None:
    """Hear a little of clip `number`, then say it by keyboard."""
    expect(page.locator(".mg-blind-count")).to_have_text(f"Clip {number} of 4")
    page.locator(".mg-blind-play").press("p")
    expect(page.get_by_role("button", name="Real")).to_be_enabled()
    page.keyboard.press(key)


def test_a_clip_is_heard_whole_and_ends(bare: Page, shown):
    bare.get_by_role("button", name="Play").click()
    bare.wait_for_timeout(2500)
    width = bare.evaluate(
        "(() => { const e = document.querySelector('.mg-blind-done'); return e.offsetWidth / e.parentElement.clientWidth; })()"
    )
    screenshot(bare, "blind_test_asking")
    sound, rate = Ear(bare).sound()
    assert 0.2 < width < 0.8  # some 2.5 of 6.7 seconds
    assert onsets(sound, rate)[0] < 1.5
    assert rms(sound[rate : 2 * rate]) > 0.01
    assert abs(sound).max() < 0.9
    expect(bare.get_by_role("button", name="Play")).to_be_visible(timeout=8000)  # it was Pause until the end
    bare.wait_for_timeout(700)
    assert Ear(bare).level() < 1e-3


def test_no_answer_before_the_clip_was_heard(bare: Page, shown):
    expect(bare.get_by_role("button", name="Real")).to_be_disabled()
    bare.locator(".mg-blind-play").press("r")
    expect(bare.get_by_role("status")).to_have_text("Listen first.")
    assert (shown.number, shown._trials) == (1, [])


def test_a_series_by_keyboard_alone(bare: Page, shown, results):
    reached = []
    bare.keyboard.press("Tab")
    bare.keyboard.press("Enter")  # plays: the first stop is the play button
    expect(bare.get_by_role("button", name="Machine")).to_be_enabled()
    for _ in range(2):
        bare.keyboard.press("Tab")
        reached.append(bare.evaluate("document.activeElement.textContent"))
    assert reached == ["Real", "Machine"]
    bare.keyboard.press("r")
    for number, key in ((2, "m"), (3, "r"), (4, "m")):
        answer(bare, key, number)
    expect(bare.locator("h3")).to_contain_text("of 4 right.")
    assert [trial.said_real for trial in shown._trials] == [True, False, True, False]
    right = sum(t.is_real == t.said_real for t in shown._trials)
    expect(bare.locator("h3")).to_have_text(f"{right} of 4 right.")
    expect(bare.locator("tbody tr")).to_have_count(4)
    expect(bare.locator("td[aria-label=right]")).to_have_count(right)
    assert bare.evaluate("document.activeElement.textContent") == "Another series"
    assert results.exists()
    screenshot(bare, "blind_test_told")


def test_titles_are_text_and_come_only_at_the_end(bare: Page, shown):
    for number in range(1, 5):
        assert "onerror" not in bare.content()
        assert "machine 1" not in bare.content()
        assert "bwv" not in bare.evaluate("JSON.stringify(shown.model.state)")
        assert bare.evaluate("JSON.stringify(shown.model.state.report)") == "{}"
        answer(bare, "r", number)
    expect(bare.locator("tbody")).to_contain_text(HOSTILE)
    assert bare.locator("img").count() == 0


def test_clips_can_be_heard_again_and_results_saved(bare: Page, shown, results):
    for number in range(1, 5):
        answer(bare, "m", number)
    ear = Ear(bare)
    for name in ("Play clip 1", "Play clip 4", "Play clip 4"):
        bare.get_by_role("button", name=name).click()
        bare.wait_for_timeout(300)
        assert ear.level() > 0.01, name
    with bare.expect_download() as download:
        bare.get_by_role("link", name="Save my results").click()
    assert download.value.path().read_text() == results.read_text()
    bare.get_by_role("button", name="Another series").click()
    expect(bare.locator(".mg-blind-count")).to_have_text("Clip 1 of 4")
    expect(bare.get_by_role("button", name="Real")).to_be_disabled()
    bare.wait_for_timeout(300)
    assert ear.level() < 1e-4


def test_silence_when_the_view_goes(bare: Page, shown):
    bare.get_by_role("button", name="Play").click()
    bare.wait_for_timeout(800)
    bare.evaluate("shown.remove()")
    bare.wait_for_timeout(300)
    assert Ear(bare).level() < 1e-4
    assert bare.locator(".mg-blind").count() == 0


CELL = """
import numpy as np
from musicgan_edu import cleaning, corpus, sampling
from musicgan_edu.widgets import blind_test
real = [w for n in ("bwv66.6", "bwv227.1") for w in cleaning.windows(corpus.read_chorale(n))]
widget = blind_test.BlindTest(real, sampling.load("chorales").sample(8, seed=3), n=4, seed=2, keep=False)
widget
"""


def test_in_jupyterlab_with_a_real_kernel(lab: Lab, page: Page):
    lab.open(page, lab.notebook("blind.ipynb", CELL))
    lab.run_all(page)
    page.locator(".mg-blind-play").wait_for()
    page.wait_for_function("globalThis[Symbol.for('musicgan_edu')].instruments", timeout=20_000)
    page.locator(".mg-blind-play").click()
    page.wait_for_timeout(2500)
    sound, rate = Ear(page).sound()
    assert rms(sound[-rate:]) > 0.01
    screenshot(page, "blind_test_lab_light")
    page.keyboard.press("m")  # in JupyterLab M makes a cell markdown, R raw
    for number in range(2, 5):
        expect(page.locator(".mg-blind-count")).to_have_text(f"Clip {number} of 4")
        page.keyboard.press("p")
        expect(page.get_by_role("button", name="Real")).to_be_enabled()
        page.keyboard.press("r")
    expect(page.locator(".mg-blind h3")).to_contain_text("of 4 right.")
    assert lab.python(page, "[t.said_real for t in widget._trials]") == [False, True, True, True]
    assert page.locator(".jp-CodeCell").count() == 1
    lab.theme(page, "JupyterLab Dark")
    screenshot(page, "blind_test_lab_dark")

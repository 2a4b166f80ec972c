"""The monitor in a real JupyterLab: a real training watched, heard, steered, paused, stopped, lost."""

from __future__ import annotations

import base64

import numpy as np
import pytest
from conftest import Ear, Lab, onsets, rms, screenshot
from playwright.sync_api import Page, expect

from musicgan_edu import training
from musicgan_edu.widgets import monitor

pytestmark = pytest.mark.browser

SETUP = """
import dataclasses, tempfile, time
from pathlib import Path
from musicgan_edu import corpus, training
from musicgan_edu.encoding import VoiceEncoding
from musicgan_edu.training import run
from musicgan_edu.widgets import monitor
run.LOG_SECONDS = 0.2
small = {"units": 16, "width": 16, "batch_size": 8, "latent_dim": 4}
recipe = dataclasses.replace(training.RECIPES["convolutional"], **small)
scores = corpus.load("chorales", split="validation", progress=False)[:8]
windows = training.prepare(scores, VoiceEncoding())
folder = Path(tempfile.mkdtemp()) / "run"
def until(condition):
    while not condition():
        time.sleep(0.05)
"""
WATCH = "watched = monitor.watch(recipe, windows, folder, steps=100_000, seed=1, snapshots=(0, 5))"
expect.set_options(timeout=60_000)  # a browser, a server, a kernel and a training on two cores
SLOW = 240_000  # ms: a training in a kernel beside a browser, on two cores


HOSTILE = "<img src=x onerror=alert(1)>"


def mount(page: Page, **state: object) -> None:
    """Show a panel in a bare page, with made-up curves: what Python sends, without a training."""
    steps = np.arange(1, 200)
    rows = [{"step": s, "nll": 500 * 0.99**s} for s in steps[:120]]
    rows += [{"step": s, "d_loss": 1.386 + 0.05 * np.sin(s), "g_loss": 0.7} for s in steps[120:]]
    traits = monitor.Panel(
        charts=[{"title": title, "names": list(names)} for title, names in monitor.CHARTS.items()],
        sliders=[monitor._slider(*one) for one in training.settings_of(training.RECIPES["chorales"]).items()],
        settings=training.settings_of(training.RECIPES["chorales"]),
        now={"progress": 0.6, "step": 199, "remaining": 75.0, "values": {"d_loss": 1.39, "g_loss": 0.7}},
        **{"state": "running", "curves": monitor._packed(rows), "moments": [0, 50]} | state,
    ).get_state()
    traits = {name: value for name, value in traits.items() if not name.startswith("_") and name != "layout"}
    for name in ("curves", "music"):
        packed = traits[name] or {"names": [], "values": b""}
        traits[name] = packed | {"values": base64.b64encode(packed["values"]).decode()}
    page.add_style_tag(content=monitor.Panel._css)
    page.evaluate(
        """async ([source, state]) => {
          for (const name of ["curves", "music"]) state[name].values = bytes(state[name].values);
          await mount(source, { ...state, notes: "" });
        }""",
        [monitor.Panel._esm, traits],
    )


def test_curves_words_and_sliders_in_a_bare_page(bare: Page):
    mount(bare, message=HOSTILE)
    expect(bare.get_by_role("status")).to_have_text("Training: step 199, about 1 min 15 s to go")
    expect(bare.get_by_role("alert")).to_have_text(HOSTILE)
    expect(bare.locator(".mg-charts canvas:not([hidden])")).to_have_count(2)
    expect(bare.get_by_role("img", name="surprise: nats a window; last values: nll 150")).to_be_visible()
    assert ink(bare) > 1000
    screenshot(bare, "monitor_bare_light")
    bare.evaluate("document.documentElement.style.colorScheme = 'dark'")
    bare.emulate_media(color_scheme="dark")  # its media query has the curves drawn anew
    bare.wait_for_timeout(500)
    screenshot(bare, "monitor_bare_dark")
    slider = bare.get_by_label("generator: rate")
    expect(slider).to_have_value("67")  # 3e-4 from 3e-6 to 3e-3, in equal ratios
    slider.focus()
    slider.press("End")
    assert bare.evaluate("mounted[0].model.state.settings.g_rate") == pytest.approx(3e-3)
    slider.press("Home")
    assert bare.evaluate("mounted[0].model.state.settings.g_rate") == pytest.approx(3e-6)
    likelihood = bare.get_by_label("weight of likelihood")
    likelihood.press("Home")
    assert bare.evaluate("mounted[0].model.state.settings.likelihood") == 0
    assert bare.evaluate("mounted[0].model.state.settings.d_rate") == 1e-3
    bare.get_by_label("Moment", exact=True).press("Home")
    assert bare.evaluate("mounted[0].model.state.moment") == 0
    bare.get_by_label("Latent", exact=True).press("End")
    assert bare.evaluate("mounted[0].model.state.latent") == 15
    bare.get_by_role("button", name="Pause").press("Space")
    assert bare.evaluate("mounted[0].model.state.pause") is True
    bare.get_by_role("button", name="Stop and keep").click()
    assert bare.evaluate("mounted[0].model.state.stop") is True
    expect(bare.get_by_role("button", name="Stop and keep")).to_be_disabled()


def test_a_silent_kernel_is_told_and_the_notice_goes(bare: Page):
    bare.clock.install()
    mount(bare)
    bare.clock.fast_forward(21_000)
    expect(bare.get_by_role("alert")).to_contain_text("No word from the kernel for 20 s")
    bare.evaluate("mounted[0].model.set('now', { ...mounted[0].model.state.now, step: 200 })")
    expect(bare.get_by_role("alert")).to_have_text("")
    expect(bare.get_by_role("status")).to_contain_text("step 200")


def begin(lab: Lab, page: Page, name: str, watch: str = WATCH) -> None:
    """Open a notebook, and wait until its training runs."""
    lab.open(page, lab.notebook(name, SETUP, watch))
    lab.run_all(page)
    expect(page.locator(".mg-monitor")).to_have_count(1, timeout=SLOW)


def running(page: Page) -> None:
    expect(page.locator(".mg-monitor [role=status]").filter(has_text="Training: step")).to_be_visible(
        timeout=SLOW
    )
    page.wait_for_function(
        "document.querySelector('.mg-monitor input[aria-label=Moment]').max === '2'", timeout=SLOW
    )


def ink(page: Page) -> int:
    """How many pixels of the charts that are shown aren't empty."""
    return page.evaluate(
        """[...document.querySelectorAll(".mg-charts canvas:not([hidden])")].reduce((sum, canvas) => {
          const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
          return sum + data.filter((value, i) => i % 4 === 3 && value > 0).length;
        }, 0)"""
    )


def step(lab: Lab, page: Page) -> int:
    return lab.python(page, "watched.panel.now['step']")


def test_a_training_is_watched_heard_and_steered(lab: Lab, page: Page):
    begin(lab, page, "monitor.ipynb")
    running(page)
    # The curves: at least the game and the music, drawn, and described for those who can't see them.
    expect(page.locator(".mg-charts canvas:not([hidden])")).to_have_count(3, timeout=SLOW)
    assert ink(page) > 2000
    described = page.get_by_role("img", name="the game: nats; last values: d_loss")
    expect(described).to_be_visible()
    # A slider for a rate, by keyboard: one change, noted by the control.
    rate = page.get_by_label("generator: rate")
    before = lab.python(page, "watched.panel.settings")
    rate.focus()
    rate.press("ArrowLeft")
    page.wait_for_function("document.activeElement.getAttribute('aria-label') === 'generator: rate'")
    page.wait_for_timeout(3000)
    after = lab.python(page, "watched.panel.settings")
    assert after["g_rate"] == pytest.approx(before["g_rate"] * 1000 ** (-1 / 100), rel=0.04)  # whole places
    assert after == before | {"g_rate": after["g_rate"]}
    # Pause, by keyboard: the steps stand still. Go on: they don't.
    page.get_by_role("button", name="Pause", exact=True).first.press("Enter")
    expect(page.locator(".mg-monitor [role=status]").filter(has_text="Paused at step")).to_be_visible()
    lab.python(page, "until(lambda: watched.control.waiting)")
    stood = step(lab, page)
    page.wait_for_timeout(1000)
    assert step(lab, page) == stood
    assert lab.python(page, "watched.control.paused") is True
    # The same latent at every stored moment.
    moment, latent = page.get_by_label("Moment", exact=True), page.get_by_label("Latent", exact=True)
    title = page.locator(".mg-player:not(.mg-monitor) .mg-title")
    latent.press("ArrowRight")
    moment.press("Home")
    expect(title).to_have_text("Latent 2 of 16 at step 0")
    newborn = lab.python(page, "watched.player.score.notes.tolist()")
    moment.press("ArrowRight")
    expect(title).to_have_text("Latent 2 of 16 at step 5")
    assert lab.python(page, "watched.player.score.notes.tolist()") != newborn
    assert lab.python(page, "[watched.panel.latent, watched.panel.moment]") == [1, 5]
    # It sounds, and loops.
    page.wait_for_function("globalThis[Symbol.for('musicgan_edu')].instruments", timeout=SLOW)
    page.get_by_label("Play", exact=True).click()
    page.wait_for_timeout(2500)
    sound, rate_ = Ear(page).sound()
    assert onsets(sound, rate_)[0] < 2
    assert rms(sound[-rate_:]) > 0.005
    for theme in ("Light", "Dark"):
        lab.theme(page, f"JupyterLab {theme}")
        page.locator(".mg-monitor").scroll_into_view_if_needed()
        screenshot(page, f"monitor_{theme.lower()}")
    # On again, while it sounds: what is heard becomes the generator as it stands.
    moment.press("End")
    expect(moment).to_have_attribute("aria-valuetext", f"now, step {stood}")
    page.get_by_role("button", name="Go on").click()
    page.wait_for_function(
        f"Number(document.querySelector('.mg-monitor [role=status]').textContent.match(/step (\\d+)/)?.[1]) > {stood}",
        timeout=SLOW,
    )
    assert Ear(page).level() > 0.005
    page.get_by_label("Stop", exact=True).click()
    # Stop and keep.
    page.get_by_role("button", name="Stop and keep").click()
    expect(
        page.locator(".mg-monitor [role=status]").filter(has_text="Stopped and kept at step")
    ).to_be_visible(timeout=SLOW)
    changes = lab.python(page, "watched.wait().card['training']['changes']")
    assert [sorted(change) for change in changes] == [["g_rate", "step"], ["step", "stop"]]
    assert changes[0]["g_rate"] == after["g_rate"]
    for name in ("Go on", "Pause", "Stop and keep"):
        button = page.locator(".mg-monitor").get_by_role("button", name=name, exact=True)
        assert button.count() == 0 or button.is_disabled()
    expect(rate).to_be_disabled()


def test_an_error_in_the_training_shows_and_stays(lab: Lab, page: Page):
    broken = "recipe = dataclasses.replace(recipe, g_rate=float('nan'))\n" + WATCH
    begin(lab, page, "broken.ipynb", broken)
    alert = page.locator(".mg-monitor [role=alert]")
    expect(alert).to_contain_text("lesson 08", timeout=SLOW)
    expect(page.locator(".mg-monitor [role=status]").filter(has_text="Failed")).to_be_visible()
    assert "lesson 08" in lab.python(page, "str(watched.error)")
    expect(page.get_by_role("button", name="Stop and keep")).to_be_disabled()


def test_a_restarted_kernel_is_told(lab: Lab, page: Page):
    begin(lab, page, "restart.ipynb")
    running(page)
    page.evaluate("jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()")
    alert = page.locator(".mg-monitor [role=alert]")
    expect(alert).to_contain_text("The kernel was restarted, and the training ended with it", timeout=30_000)
    expect(page.locator(".mg-monitor").get_by_role("button", name="Pause")).to_be_disabled()

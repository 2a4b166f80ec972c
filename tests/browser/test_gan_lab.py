"""The GAN lab in a real JupyterLab: every control, drawing, pictures a second, themes, its end."""

from __future__ import annotations

import pytest
from conftest import Lab, screenshot
from playwright.sync_api import Locator, Page, expect

pytestmark = pytest.mark.browser

SETUP = "from musicgan_edu.widgets import gan_lab\n"
CHART = """(canvas) => { const { width, height } = canvas;
  const data = canvas.getContext('2d').getImageData(0, 0, width, height).data;
  const seen = new Set(); for (let i = 0; i < data.length; i += 4) seen.add(data.slice(i, i + 3).join());
  return seen.size; }"""
PIXEL = """(canvas, [x, y]) => { const ratio = canvas.width / canvas.clientWidth;
  return [...canvas.getContext('2d').getImageData(x * ratio, y * ratio, 1, 1).data]; }"""


def opened(lab: Lab, page: Page, name: str, *cells: str) -> Locator:
    """A notebook with the lab in it, run; the lab's element."""
    lab.open(page, lab.notebook(name, *(cells or (SETUP + "widget = gan_lab.GanLab()\nwidget",))))
    lab.run_all(page)
    element = page.locator(".gl-lab").first
    element.wait_for()
    element.evaluate("element => element.scrollIntoView({ block: 'center' })")
    return element


def steps(lab: Lab, page: Page) -> list[int]:
    return lab.python(page, "[widget.game.d_done, widget.game.g_done]")


def button(element: Locator, name: str) -> Locator:
    return element.get_by_role("button", name=name, exact=True)


def test_every_button_moves_the_game(lab: Lab, page: Page):
    element = opened(lab, page, "buttons.ipynb")
    for name, wanted in [("Step D", [1, 0]), ("Step G", [1, 1]), ("Step both", [2, 2])]:
        button(element, name).click()
        expect(element.locator(".gl-count")).to_contain_text(f"D {wanted[0]} steps, G {wanted[1]} steps")
        assert steps(lab, page) == wanted
    expect(element.locator("[aria-live=polite]")).to_contain_text("D has made 2")
    button(element, "Run").click()
    expect(button(element, "Pause")).to_have_attribute("aria-pressed", "true")
    expect(button(element, "Step D")).to_be_disabled()
    page.wait_for_timeout(1500)
    button(element, "Pause").click()
    page.wait_for_timeout(500)
    done = steps(lab, page)
    assert done[0] > 10
    page.wait_for_timeout(500)
    assert steps(lab, page) == done
    assert all(element.locator(".gl-chart").nth(i).evaluate(CHART) > 3 for i in range(2))
    button(element, "Start anew").click()
    expect(element.locator(".gl-count")).to_contain_text("D 0 steps, G 0 steps")
    assert steps(lab, page) == [0, 0]


def test_every_setting_changes_the_running_game(lab: Lab, page: Page):
    element = opened(lab, page, "settings.ipynb")
    button(element, "Run").click()
    choices = {"Data": "two moons", "Loss": "wasserstein", "Penalty on D": "gradient penalty"}
    choices |= {"Optimiser": "SGD", "Order": "simultaneous"}
    for label, value in choices.items():
        element.get_by_label(label, exact=True).select_option(value)
    numbers = {"Strength γ": "1.5", "D's rate": "0.01", "G's rate": "0.004", "Steps of D per G": "3"}
    for label, value in numbers.items():
        box = element.get_by_label(label, exact=True)
        box.fill(value)
        box.press("Tab")
    page.wait_for_timeout(600)
    found = lab.python(
        page,
        "(lambda s: [s.shape, s.loss, s.penalty, s.optimiser, s.order, s.strength, s.d_rate, s.g_rate, "
        "s.d_steps])(widget.game.settings)",
    )
    assert found == [*choices.values(), 1.5, 0.01, 0.004, 3]
    assert lab.python(page, "widget.running") is True
    assert lab.python(page, "widget.game.d_done") > 0
    expect(element.locator(".gl-low")).to_contain_text("D's score")
    rounds = element.get_by_label("Rounds a picture")
    rounds.fill("999")
    rounds.press("Tab")
    seed = element.get_by_label("Seed")
    seed.fill("4")
    seed.press("Tab")
    page.wait_for_timeout(500)
    assert lab.python(page, "[widget.rounds, widget.seed, widget.game.settings.seed]") == [100, 4, 4]
    lab.python(page, "[setattr(widget, 'running', False), setattr(widget, 'loss', 'hinge')]")
    expect(element.get_by_label("Loss", exact=True)).to_have_value("hinge")  # Python's side reaches the page
    expect(button(element, "Run")).to_be_visible()


def test_draw_with_the_mouse_and_with_the_keyboard(lab: Lab, page: Page):
    element = opened(lab, page, "draw.ipynb")
    stage = element.locator(".gl-stage")
    box = stage.bounding_box()
    assert box
    start = (box["x"] + 0.2 * box["width"], box["y"] + 0.2 * box["height"])
    page.mouse.move(*start)
    page.mouse.down()
    for i in range(1, 21):
        page.mouse.move(start[0] + 10 * i, start[1])
    page.mouse.up()
    page.wait_for_timeout(500)
    drawn = lab.python(page, "widget.drawn")
    assert len(drawn) > 8
    assert drawn[0] == pytest.approx([-1.5, 1.5], abs=0.06)
    assert all(abs(y - 1.5) < 0.06 for _, y in drawn)
    assert lab.python(page, "widget.game.settings.shape") == "drawn"
    button(element, "Clear drawing").click()
    page.wait_for_timeout(300)
    expect(element.locator(".gl-status")).to_contain_text("Nothing is drawn yet")

    lab.python(page, "setattr(widget, 'drawn', [])")
    stage.focus()
    for key in ("Shift+ArrowRight", "ArrowUp", "ArrowUp", "Enter", "ArrowLeft", "Enter"):
        page.keyboard.press(key)
    page.wait_for_timeout(400)
    one, two = lab.python(page, "widget.drawn")
    assert one[0] - two[0] == pytest.approx(0.1)
    assert one[1] == two[1]
    page.keyboard.press("Backspace")
    page.wait_for_timeout(300)
    assert lab.python(page, "widget.drawn") == [one]


def test_letters_step_and_do_not_delete_the_cell(lab: Lab, page: Page):
    element = opened(lab, page, "keys.ipynb", SETUP + "widget = gan_lab.GanLab()\nwidget", "1 + 1")
    element.locator(".gl-stage").focus()
    for key in ("d", "d", "g", "b"):
        page.keyboard.press(key)
    expect(element.locator(".gl-count")).to_contain_text("D 3 steps, G 2 steps")
    cells = "jupyterapp.shell.currentWidget.content.widgets.length"
    assert page.evaluate(cells) == 2
    page.keyboard.press("Space")
    expect(button(element, "Pause")).to_be_visible()
    page.keyboard.press("Space")
    expect(button(element, "Run")).to_be_visible()
    page.keyboard.press("r")
    expect(element.locator(".gl-count")).to_contain_text("D 0 steps, G 0 steps")
    element.get_by_label("Loss", exact=True).focus()
    for key in ("d", "d"):  # in a list, these are the list's
        page.keyboard.press(key)
    assert page.evaluate(cells) == 2


def test_pictures_a_second_and_a_kernel_that_answers(lab: Lab, page: Page):
    element = opened(lab, page, "rate.ipynb")
    button(element, "Run").click()
    page.wait_for_timeout(1500)
    rates = []
    for _ in range(8):
        page.wait_for_timeout(500)
        rates.append(int(element.get_attribute("data-rate") or 0))
    delay = page.evaluate("performance.now()")
    lab.python(page, "1 + 1")  # while it runs
    delay = page.evaluate("performance.now()") - delay
    print(f"pictures a second: {sorted(rates)}; a cell's answer after {delay:.0f} ms")
    assert sorted(rates)[len(rates) // 2] >= 1  # how fast is the machine's affair: see the printed line
    assert delay < 3000
    expect(element.locator(".gl-count")).to_contain_text("pictures a second")


def test_it_looks_the_same_in_both_themes_and_learns(lab: Lab, page: Page):
    element = opened(lab, page, "look.ipynb", SETUP + "widget = gan_lab.GanLab(seed=1)\nwidget")
    stage = element.locator(".gl-stage")
    lab.python(page, "widget.step_both(400)")
    lab.theme(page, "JupyterLab Light")
    screenshot(page, "gan_lab_light")
    light = stage.evaluate(PIXEL, [3, 200])
    lab.theme(page, "JupyterLab Dark")
    screenshot(page, "gan_lab_dark")
    dark = stage.evaluate(PIXEL, [3, 200])
    assert sum(light[:3]) > sum(dark[:3]) + 60  # the ground follows the theme
    words = element.locator(".gl-status").inner_text()
    assert words == lab.python(page, "widget.summary")
    assert "JSD" in words
    page.evaluate("jupyterapp.commands.execute('notebook:run-all-cells')")
    page.wait_for_timeout(1500)
    born_dark = page.locator(".gl-stage").first.evaluate(PIXEL, [3, 200])
    assert sum(light[:3]) > sum(born_dark[:3]) + 60  # and that of the page that it is born into
    lab.theme(page, "JupyterLab Light")


def test_it_ends_with_its_last_view(lab: Lab, page: Page):
    cell = (
        SETUP
        + "widget = gan_lab.GanLab()\nwidget.running = True\nfirst = globals().setdefault('first', widget)\nwidget"
    )
    opened(lab, page, "end.ipynb", cell)
    page.wait_for_timeout(1500)
    assert lab.python(page, "first.game.d_done") > 5
    page.evaluate("jupyterapp.commands.execute('notebook:run-all-cells')")
    page.wait_for_timeout(1500)
    done = lab.python(page, "[first.game.d_done, first.running, widget is first]")
    page.wait_for_timeout(700)
    assert done[1:] == [False, False]
    assert lab.python(page, "first.game.d_done") == done[0]  # the old one stands still
    page.evaluate("jupyterapp.commands.execute('notebook:clear-all-cell-outputs')")
    page.wait_for_timeout(700)
    assert lab.python(page, "widget.running") is False

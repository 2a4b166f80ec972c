"""What axe-core (Deque's checker, MPL-2.0) says of a page: what breaks WCAG 2.2 AA or its own good practice.

The script comes with the package axe-playwright-python of the extra `test`; nothing of it is in ours.
Asked about what the course makes: rendered markdown, outputs and widgets. The frame around them is
JupyterLab's or nbconvert's: toolbars, prompts, the colours of code, links without an underline.
"""

from __future__ import annotations

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

THEMES = ("JupyterLab Light", "JupyterLab Dark")
OURS = {
    "include": [[".jp-RenderedMarkdown"], [".jp-OutputArea-output"]],
    "exclude": [[".jp-RenderedMarkdown pre"]],
}
EXPORTED = OURS | {"exclude": [*OURS["exclude"], [".jp-OutputPrompt"]]}
#: JupyterLab and nbconvert underline a link when it is pointed at; the rules on a whole page ask for its frame.
THEIRS = ("link-in-text-block", "region", "landmark-one-main", "page-has-heading-one", "bypass")
RULES = {rule: {"enabled": False} for rule in THEIRS}


def open_folds(page: Page) -> None:
    page.evaluate("document.querySelectorAll('details').forEach((fold) => { fold.open = true; })")


def looked_at(page: Page, context: dict[str, Any], rules: dict[str, Any] = RULES) -> dict[str, Any]:
    """axe's answer: `passes`, `violations` and `incomplete` (for people to judge), rules with their nodes."""
    return dict(Axe().run(page, context=context or None, options={"rules": rules}).response)


def said(found: dict[str, Any]) -> list[str]:
    """A line for each element that breaks a rule."""
    return [
        f"{broken['id']}: {node['html'][:200]} ({'; '.join(why['message'] for why in node['any'] + node['all'] + node['none'])})"
        for broken in found["violations"]
        for node in broken["nodes"]
    ]


def violations(page: Page, context: dict[str, Any] = OURS) -> list[str]:
    """A line for each element of the page that breaks a rule, folds opened; never of an empty page."""
    open_folds(page)
    found = looked_at(page, context)
    assert found["passes"], "axe found nothing to look at"
    return said(found)

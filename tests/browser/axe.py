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
EXPORTED = {
    "include": [[".jp-RenderedMarkdown"], [".jp-OutputArea-output"]],
    "exclude": [[".jp-RenderedMarkdown pre"], [".jp-OutputPrompt"]],
}
#: JupyterLab and nbconvert underline a link when it is pointed at; the rules on a whole page ask for its frame.
THEIRS = ("link-in-text-block", "region", "landmark-one-main", "page-has-heading-one", "bypass")
OPTIONS = {"rules": {rule: {"enabled": False} for rule in THEIRS}}


def violations(page: Page, context: dict[str, Any] | None = None) -> list[str]:
    """A line for each element that breaks a rule; folds are opened first."""
    page.evaluate("document.querySelectorAll('details').forEach((fold) => { fold.open = true; })")
    found = Axe().run(page, context=context or OURS, options=OPTIONS).response
    assert found["passes"], "axe found nothing to look at"
    return [
        f"{broken['id']}: {node['html'][:200]} ({'; '.join(why['message'] for why in node['any'] + node['all'] + node['none'])})"
        for broken in found["violations"]
        for node in broken["nodes"]
    ]

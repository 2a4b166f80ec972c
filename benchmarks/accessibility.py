"""What axe-core says of every lesson as it looks after running: markdown, outputs and static twins, in both themes.

    pytest -m notebook                  # leaves the executed notebooks in test-results/executed (twenty minutes)
    python benchmarks/accessibility.py  # looks at those; other notebooks or folders may be named. Needs Chromium

Exports each by nbconvert, light and dark, opens every fold, and prints a row each: elements that passed a rule, elements
that break one (listed below the table), and elements that axe leaves to people. Widgets live in JupyterLab only:
tests/browser/test_accessibility.py looks at them there. What nbconvert itself draws (prompts, the colours of code,
links without an underline) is counted in the last column and isn't ours to mend.
"""

from __future__ import annotations

import argparse
import re
import shutil
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from nbconvert import HTMLExporter
from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "tests" / "browser")]

from axe import EXPORTED, looked_at, open_folds, said  # noqa: E402

EXECUTED = ROOT / "test-results" / "executed"


def opened(page: Page, notebook: Path, theme: str, folder: Path) -> None:
    """The page shows the notebook's export."""
    exported, _ = HTMLExporter(theme=theme).from_filename(str(notebook))
    file = folder / f"{notebook.stem}.{theme}.html"
    file.write_text(exported, encoding="utf-8")
    page.goto(file.as_uri())
    open_folds(page)


def n_nodes(rules: list[dict[str, Any]]) -> int:
    return sum(len(rule["nodes"]) for rule in rules)


def row(page: Page) -> tuple[list[int], list[str], Counter[str]]:
    """The numbers of a row, a line for each violation, and what axe leaves to people by rule."""
    ours, all_of_it = looked_at(page, EXPORTED), looked_at(page, {}, rules={})
    theirs = n_nodes(all_of_it["violations"]) - n_nodes(ours["violations"])
    numbers = [n_nodes(ours["passes"]), n_nodes(ours["violations"]), n_nodes(ours["incomplete"]), theirs]
    return numbers, said(ours), Counter({rule["id"]: len(rule["nodes"]) for rule in ours["incomplete"]})


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "notebooks", nargs="*", type=Path, default=[EXECUTED], help="notebooks, or folders of them"
    )
    found = [one for given in parser.parse_args().notebooks for one in (sorted(given.glob("*.ipynb")) if given.is_dir() else [given])]  # fmt: skip
    if not found:
        parser.error(f"no notebooks in {EXECUTED}: `pytest -m notebook` leaves them there")
    broken, for_people = [], Counter[str]()
    print("| notebook | theme | passed | broken | for people | nbconvert's own |\n|---|---|---|---|---|---|")
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1200, "height": 900})
        page.route(re.compile(r"^https?://"), lambda route: route.abort())  # nbconvert's own scripts
        for notebook in found:
            for theme in ("light", "dark"):
                opened(page, notebook, theme, Path(folder))
                numbers, lines, left = row(page)
                print("|", " | ".join([notebook.stem, theme, *map(str, numbers)]), "|", flush=True)
                broken += [f"{notebook.stem}, {theme}: {line}" for line in lines]
                for_people += left
        browser.close()
    print("\nFor people:", dict(for_people))
    print(*broken, sep="\n")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())

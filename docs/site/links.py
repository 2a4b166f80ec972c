"""Every link inside the built site leads somewhere: `python docs/site/links.py build/site/html`.

Looks at href, src and fragments of all pages; addresses on the web aren't asked. Also counts the sounds, and
says which page has a picture without alt text or anything that would be fetched from the web.
"""

from __future__ import annotations

import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit


class Page(HTMLParser):
    """The links, ids, sounds, undescribed pictures and fetched addresses of one page."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.ids: set[str] = set()
        self.problems: list[str] = []
        self.sounds = 0
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.ids |= {value for key in ("id", "name") if (value := found.get(key))}
        self.links += [value for key in ("href", "src") if (value := found.get(key))]
        self.sounds += tag == "audio"
        if tag == "img" and not found.get("alt") and not found.get("aria-hidden"):
            self.problems.append(f"picture without alt text: {str(found.get('src'))[:60]}")
        fetched = found.get("href" if tag == "link" else "src") or ""
        if tag != "a" and fetched.startswith(("http:", "https:", "//")):
            self.problems.append(f"would be fetched: {fetched[:80]}")


def problems(site: Path) -> list[str]:
    """What is wrong, a line each: "page: dead link"."""
    pages = {
        path.resolve(): Page(path) for path in sorted(site.rglob("*.html")) if "_static" not in path.parts
    }
    found = []
    for path, page in pages.items():
        where = path.relative_to(site.resolve()).as_posix()
        found += [f"{where}: {problem}" for problem in page.problems]
        found += [f"{where}: dead link {link}" for link in page.links if not _leads(link, path, pages)]
    sounds = sum(page.sounds for page in pages.values())
    size = sum(path.stat().st_size for path in site.rglob("*") if path.is_file())
    n_links = sum(len(page.links) for page in pages.values())
    print(f"{len(pages)} pages, {n_links} links, {sounds} sounds, {size / 1e6:.1f} MB")
    return found or ([] if pages else [f"no page in {site}"])


def _leads(link: str, path: Path, pages: dict[Path, Page]) -> bool:
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        return True
    target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
    if not target.is_file():
        return False
    fragment = unquote(parts.fragment)
    return not fragment or target not in pages or fragment in pages[target].ids


if __name__ == "__main__":
    wrong = problems(Path(sys.argv[1]))
    print(*wrong, sep="\n", file=sys.stderr)
    sys.exit(1 if wrong else 0)

"""The pages of `docs/` that the portal shows to people: which they are, and how they are drawn.

One text serves both: a file reads well in the repository, and its page here is that file. Links
between files become links between pages; `find_page` knows where a file is shown.
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from functools import cache
from html import unescape
from itertools import count

from django.conf import settings
from django.utils.html import strip_tags
from django.utils.safestring import SafeString

from marketplace.readme.markdown import render_markdown


@dataclass(frozen=True, slots=True)
class Page:
    """One page: its file below `docs/`, where it is shown, its name, and what it is about."""

    file: str
    path: str
    title: str
    about: str


@dataclass(frozen=True, slots=True)
class Section:
    """A group of pages."""

    title: str
    pages: tuple[Page, ...]


# The pages of the API and of error codes, which are drawn from the code, are listed here too.
REFERENCE = "Reference"
SECTIONS = (
    Section(
        "Begin",
        (
            Page(
                "guides/concepts.md",
                "/docs/concepts",
                "What a plugin is",
                "Plugins, releases, manifests and scopes, and what the registry does with them.",
            ),
            Page(
                "guides/find.md",
                "/docs/find",
                "Find a plugin",
                "What matches a search, in which order, and how to narrow it down.",
            ),
            Page(
                "guides/judge.md",
                "/docs/judge",
                "Judge a plugin",
                "What its page shows: files, permissions, what a release changed, who depends on it.",
            ),
            Page(
                "guides/install.md",
                "/docs/install",
                "Install a plugin",
                "Which release you get, when you are asked, and what is checked on the way.",
            ),
            Page(
                "guides/trust.md",
                "/docs/trust",
                "Trust and permissions",
                "What the badges, states and permissions on a plugin's page mean.",
            ),
        ),
    ),
    Section(
        "For authors",
        (
            Page(
                "guides/publish.md",
                "/publish",
                "Publish a plugin",
                "From a folder to a release that everybody can install, step by step.",
            ),
            Page(
                "guides/kinds.md",
                "/docs/kinds",
                "A manifest for every kind",
                "An example to begin with for each of the kinds.",
            ),
            Page(
                "guides/versions.md",
                "/docs/versions",
                "Versions and tags",
                "Raising versions, ranges, dist-tags; deprecating and yanking a release.",
            ),
            Page(
                "guides/ci.md",
                "/docs/ci",
                "Publish from CI",
                "Tokens that may do one thing, and a job that publishes.",
            ),
            Page(
                "guides/readme.md",
                "/docs/readme",
                "Your README",
                "What it may contain, where its links lead, how its pictures are shown.",
            ),
            Page(
                "guides/badges.md",
                "/docs/badges",
                "Badges and feeds",
                "Pictures for your README, and news for feed readers.",
            ),
        ),
    ),
    Section(
        REFERENCE,
        (
            Page(
                "manifest.md",
                "/docs/manifest",
                "Manifests",
                "Every field of every dialect, and the rules for all of them.",
            ),
            Page("checks.md", "/docs/checks", "Checks", "What is looked for, and what to do."),
            Page("limits.md", "/docs/limits", "Limits", "How large and how many."),
            Page("cli.md", "/docs/cli", "The command line", "Every command and its options."),
        ),
    ),
    Section(
        "Run a registry",
        (
            Page(
                "operations.md",
                "/docs/operations",
                "Running a registry",
                "Starting, health, outages, maintenance, moderating.",
            ),
            Page(
                "configuration.md",
                "/docs/configuration",
                "Configuration",
                "Every environment variable and its default.",
            ),
            Page("search.md", "/docs/search", "Search", "How plugins are found and ranked."),
        ),
    ),
)
PAGES = tuple(page for section in SECTIONS for page in section.pages)
_BY_FILE = {page.file: page for page in PAGES}
_BY_PATH = {page.path: page for page in PAGES}
# Stands for the reader's registry: here it is this one, so that lines can be copied.
_EXAMPLE_URL = "https://plugins.example.org"
# Pages of the portal that show the same as a file.
_ELSEWHERE = {"errors.md": "/docs/errors", "API-DESIGN.md": "/docs/api"}


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of the second level, for the contents of a page."""

    anchor: str
    title: str


@dataclass(frozen=True, slots=True)
class Document:
    """A page as it is shown, with its neighbours."""

    page: Page
    title: str
    html: SafeString
    headings: tuple[Heading, ...]
    before: Page | None
    after: Page | None


def find_page(path: str) -> Page | None:
    """The page that is shown at the path."""
    return _BY_PATH.get(path)


@cache
def read_document(page: Page) -> Document:
    """The page, drawn once in the life of a process: the files come with the code."""
    text = (settings.BASE_DIR / "docs" / page.file).read_text(encoding="utf-8")
    html = render_markdown(text.replace(_EXAMPLE_URL, settings.BASE_URL))
    html = _HREF.sub(lambda match: _resolve(match, page), html)
    title, html = _take_title(_make_scrollable(html))
    place = PAGES.index(page)
    return Document(
        page,
        title,
        # Our own text, from our own files: no stranger has a say in it.
        SafeString(_HEADING.sub(_add_anchor, html)),
        tuple(Heading(m[2], _get_text(m[3])) for m in _HEADING.finditer(html) if m[1] == "2"),
        PAGES[place - 1] if place else None,
        PAGES[place + 1] if place + 1 < len(PAGES) else None,
    )


_CODE = '<div class="docs-code" data-copy>'
# Shown by `site.js`: without it there is nothing that the button could do.
_COPY = '<button type="button" hidden><span aria-live="polite">Copy</span></button></div>'
_HREF = re.compile(r'href="(?!https?:|mailto:|/|#)([^"#]*)(#[^"]*)?"')
_HEADING = re.compile(r'<h([23]) id="([^"]+)">(.*?)</h\1>', re.DOTALL)
_TABLE = re.compile(r"<table>(.*?)</table>", re.DOTALL)


def _take_title(html: str) -> tuple[str, str]:
    """The heading of the first level, which every file begins with, and what follows."""
    head, _, rest = html.partition("</h1>")
    return _get_text(head).strip(), rest


def _resolve(match: re.Match[str], page: Page) -> str:
    """A link to a file as a link to its page; of a file without one only the words stay."""
    file = posixpath.normpath(posixpath.join(posixpath.dirname(page.file), match[1]))
    path = _BY_FILE[file].path if file in _BY_FILE else _ELSEWHERE.get(file)
    return f'href="{path}{match[2] or ""}"' if path else ""


def _make_scrollable(html: str) -> str:
    """Let wide tables and code be moved sideways, by keyboard too, and code be copied."""
    numbers = count(1)
    html = html.replace("<pre>", f'{_CODE}<pre tabindex="0">').replace("</pre>", f"</pre>{_COPY}")
    return _TABLE.sub(
        lambda match: (
            f'<div class="scroll" tabindex="0" role="region" aria-label="Table {next(numbers)}">'
            f'<table class="table">{match[1]}</table></div>'
        ),
        html,
    )


def _add_anchor(match: re.Match[str]) -> str:
    level, anchor, title = match.groups()
    return (
        f'<h{level} id="{anchor}">{title} <a class="anchor" href="#{anchor}"'
        f' aria-label="Link to this section">#</a></h{level}>'
    )


def _get_text(html: str) -> str:
    return unescape(strip_tags(html))

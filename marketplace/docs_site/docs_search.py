"""Full-text search of the documentation: sections of pages, error codes and API operations.

A few hundred short texts: each search reads all of them, in a few milliseconds and without an index
on disk. `marketplace.search` is for plugins.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import unescape
from inspect import getdoc

from django.utils.html import escape, strip_tags
from django.utils.safestring import SafeString, mark_safe

from common.once import built_once
from marketplace.docs_site import guides
from marketplace.docs_site.api_reference import build_reference
from plugport.spec.errors import list_error_codes

MAX_QUERY_CHARS = 200
MAX_RESULTS = 20
_MAX_WORDS = 8
_EXCERPT_CHARS, _CHARS_BEFORE_MATCH = 180, 50
# A match in a title says more than one in the text, where repetitions count up to a bound.
_TITLE_POINTS, _PAGE_POINTS, _MAX_TEXT_POINTS = 12, 4, 5
_WORD = re.compile(r"[^\W_]+(?:[_.-][^\W_]+)*")
_HEADING = re.compile(r'<h[23] id="([^"]+)">(.*?) <a class="anchor".*?</h[23]>', re.DOTALL)
_BLOCK_END = re.compile(r"</(?:p|li|td|th|tr|h\d|pre|dt|dd)>")
_BUTTON = re.compile(r"<button.*?</button>", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Passage:
    """A section with its page and URL. `words` is page, title and text in lowercase."""

    page: str
    title: str
    address: str
    text: str
    words: str


@dataclass(frozen=True, slots=True)
class DocsResult:
    """A section that matches. The excerpt is HTML, with the words in `<mark>`."""

    page: str
    title: str
    address: str
    excerpt: SafeString


def search_docs(query: str) -> list[DocsResult]:
    """Return the best sections that contain all words, or beginnings of words, of the query.

    If no section contains all of them, those with some. Empty without words. No SQL query.
    """
    words = list(dict.fromkeys(_WORD.findall(query[:MAX_QUERY_CHARS].lower())))[:_MAX_WORDS]
    if not words:
        return []
    patterns = [re.compile(rf"(?<![^\W_]){re.escape(word)}") for word in words]
    terms = list(zip(words, patterns, strict=True))
    scored = [
        (sum(scores), all(scores), passage)
        for passage in _list_passages()
        if any(scores := [_score(passage, *term) for term in terms])
    ]
    complete = [row for row in scored if row[1]] or scored
    complete.sort(key=lambda row: -row[0])
    return [
        DocsResult(
            passage.page, passage.title, passage.address, _build_excerpt(passage.text, patterns)
        )
        for _points, _is_complete, passage in complete[:MAX_RESULTS]
    ]


def _score(passage: Passage, word: str, pattern: re.Pattern[str]) -> int:
    # Most sections do not contain the word, and this is several times faster than the pattern.
    if word not in passage.words:
        return 0
    points = min(len(pattern.findall(passage.words)), _MAX_TEXT_POINTS)
    # Shorter titles are more about the word than longer ones.
    if pattern.search(passage.title.lower()):
        points += _TITLE_POINTS + _TITLE_POINTS // len(passage.title.split())
    return points + _PAGE_POINTS * bool(pattern.search(passage.page.lower()))


def _build_excerpt(text: str, patterns: Sequence[re.Pattern[str]]) -> SafeString:
    lower = text.lower()
    # Lowercasing changes the length of a few letters; then positions do not fit.
    lower = lower if len(lower) == len(text) else text
    first = min((m.start() for p in patterns if (m := p.search(lower))), default=0)
    start = max(0, first - _CHARS_BEFORE_MATCH)
    start = text.rfind(" ", 0, start) + 1 if start else 0
    end = start + _EXCERPT_CHARS
    pieces, last = ["… " if start else ""], start
    spans = sorted(m.span() for p in patterns for m in p.finditer(lower, start, end))
    for left, right in spans:
        if left >= last:
            pieces += escape(text[last:left]), f"<mark>{escape(text[left:right])}</mark>"
            last = right
    pieces += escape(text[last:end]), " …" if end < len(text) else ""
    return mark_safe("".join(pieces))  # noqa: S308 -- every text is escaped


@built_once
def _list_passages() -> tuple[Passage, ...]:
    """Return all sections. The documentation changes only with the code."""
    return tuple(
        Passage(page, title, address, text, f"{page} {title} {text}".lower())
        for page, title, address, text in _iter_passages()
    )


def _iter_passages() -> Iterator[tuple[str, str, str, str]]:
    """Yield page, title, URL and text of each section."""
    for page in guides.PAGES:
        yield from _iter_sections(page)
    for code, error in list_error_codes().items():
        yield "Error codes", f"{code}: {error.title}", f"/docs/errors#{code}", getdoc(error) or ""
    for _group, operations in build_reference().groups:
        for operation in operations:
            parameters = ", ".join(field.name for field in operation.parameters)
            text = f"{operation.description} {parameters}"
            title = f"{operation.method} {operation.path}"
            yield "HTTP API", title, f"/docs/api#{operation.id}", " ".join(text.split())


def _iter_sections(page: guides.Page) -> Iterator[tuple[str, str, str, str]]:
    html = str(guides.load_document(page).html)
    # The text before the first heading, then anchor, title and text of each section.
    first, *others = _HEADING.split(html)
    yield page.title, page.title, page.path, f"{page.summary} {_get_text(first)}"
    for anchor, title, text in zip(others[::3], others[1::3], others[2::3], strict=True):
        yield page.title, _get_text(title), f"{page.path}#{anchor}", _get_text(text)


def _get_text(html: str) -> str:
    html = _BUTTON.sub("", html)
    # Cells and blocks end words.
    return " ".join(unescape(strip_tags(_BLOCK_END.sub(" ", html))).split())

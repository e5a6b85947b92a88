"""The files of `docs/` that the portal shows as pages, and how they are rendered.

Each page is a file of the repository. Links between files become links between pages.
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from html import unescape
from itertools import count
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.html import strip_tags
from django.utils.safestring import SafeString

from common.once import built_once
from marketplace.readme.anchors import ID_PREFIX, Anchors
from marketplace.readme.markdown import render_markdown


@dataclass(frozen=True, slots=True)
class Page:
    """A page: its file below `docs/`, its path in the portal, its title and a summary."""

    file: str
    path: str
    title: str
    summary: str


@dataclass(frozen=True, slots=True)
class Section:
    """A group of pages in the navigation."""

    title: str
    pages: tuple[Page, ...]


# The pages of the API and of error codes are generated from the code and belong to this section.
REFERENCE = "Reference"
SECTIONS = (
    Section(
        "Get started",
        (
            Page(
                "guides/concepts.md",
                "/docs/concepts",
                "What a plugin is",
                "Plugins, releases, manifests and scopes, and how the registry processes them.",
            ),
            Page(
                "guides/get.md",
                "/install",
                "Get the command line",
                "Install the program `plugport` with pipx, uv or pip, also without a public index.",
            ),
            Page(
                "guides/find.md",
                "/docs/find",
                "Find a plugin",
                "How search matches and ranks plugins, and how to filter results.",
            ),
            Page(
                "guides/judge.md",
                "/docs/judge",
                "Evaluate a plugin",
                "Files, permissions, changes of releases and dependents on the page of a plugin.",
            ),
            Page(
                "guides/install.md",
                "/docs/install",
                "Install a plugin",
                "Which release is installed, when you must confirm, and what is verified.",
            ),
            Page(
                "guides/trust.md",
                "/docs/trust",
                "Trust and permissions",
                "The badges, states and permissions on the page of a plugin.",
            ),
            Page(
                "guides/terms.md",
                "/docs/terms",
                "Terms of use",
                "What you may publish, what the registry does with it, and what it stores about you.",
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
                "From a folder to a published release, step by step.",
            ),
            Page(
                "guides/account.md",
                "/docs/account",
                "Secure your account",
                "Passkeys, authenticator apps and recovery codes, and what needs them.",
            ),
            Page(
                "guides/private.md",
                "/docs/private",
                "Private plugins",
                "Who sees a plugin, and how to publish for your members only.",
            ),
            Page(
                "guides/kinds.md",
                "/docs/kinds",
                "A manifest for every kind",
                "An example manifest for each kind.",
            ),
            Page(
                "guides/versions.md",
                "/docs/versions",
                "Versions and tags",
                "Increase versions, use ranges and dist-tags, deprecate and yank releases.",
            ),
            Page(
                "guides/tokens.md",
                "/docs/tokens",
                "Tokens",
                "What tokens may do, how programs get them, and how leaked ones are found and revoked.",
            ),
            Page(
                "guides/organizations.md",
                "/docs/organizations",
                "Publish as an organization",
                "Members, teams and robots, and whose plugins they publish.",
            ),
            Page(
                "guides/ownership.md",
                "/docs/ownership",
                "Change the owner",
                "Transfer a plugin or a scope to another account or organization.",
            ),
            Page(
                "guides/ci.md",
                "/docs/ci",
                "Publish from CI",
                "Create a limited token and a publish job.",
            ),
            Page(
                "guides/readme.md",
                "/docs/readme",
                "Your README",
                "Supported Markdown and HTML, and how links and images are resolved.",
            ),
            Page(
                "guides/badges.md",
                "/docs/badges",
                "Badges and feeds",
                "Badges for your README, social cards and Atom feeds.",
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
                "Every field of every manifest format.",
            ),
            Page(
                "checks.md",
                "/docs/checks",
                "Checks",
                "What the checks examine, and how to fix findings.",
            ),
            Page("limits.md", "/docs/limits", "Limits", "Limits of packages, texts and requests."),
            Page("cli.md", "/docs/cli", "Command line", "Every command and its options."),
        ),
    ),
    Section(
        "Run a registry",
        (
            Page(
                "operations.md",
                "/docs/operations",
                "Operations",
                "Start, health checks, outages, maintenance and moderation.",
            ),
            Page(
                "configuration.md",
                "/docs/configuration",
                "Configuration",
                "Every environment variable and its default.",
            ),
            Page(
                "guides/sso.md",
                "/docs/sso",
                "Single sign-on",
                "Connect an identity provider with OpenID Connect or SAML.",
            ),
            Page(
                "audit.md",
                "/docs/audit",
                "Audit log",
                "Read, verify and export the audit log, and send it to a syslog server.",
            ),
            Page("search.md", "/docs/search", "Search", "How search finds and ranks plugins."),
        ),
    ),
)
PAGES = tuple(page for section in SECTIONS for page in section.pages)
_BY_FILE = {page.file: page for page in PAGES}
_BY_PATH = {page.path: page for page in PAGES}
# The example URL in the files. Pages show the URL of this registry, so that commands can be copied, and its
# host where there is no scheme, such as the audience of identity tokens.
_EXAMPLE_HOST = "plugins.example.org"
_EXAMPLE_URL = f"https://{_EXAMPLE_HOST}"
# Pages of the portal with the content of a file.
_OTHER_PATHS = {"errors.md": "/docs/errors", "API-DESIGN.md": "/docs/api"}


@dataclass(frozen=True, slots=True)
class Heading:
    """A second-level heading, for the table of contents."""

    anchor: str
    title: str


@dataclass(frozen=True, slots=True)
class Document:
    """A rendered page, with the previous and the next page."""

    page: Page
    title: str
    html: SafeString
    headings: tuple[Heading, ...]
    before: Page | None
    after: Page | None


def find_page(path: str) -> Page | None:
    """The page at a path of the portal, or None."""
    return _BY_PATH.get(path)


@built_once
def load_document(page: Page) -> Document:
    """The rendered page. Cached for the lifetime of the process, because files change with the code."""
    text = (settings.BASE_DIR / "docs" / page.file).read_text(encoding="utf-8")
    text = text.replace(_EXAMPLE_URL, settings.BASE_URL)
    html = render_markdown(text.replace(_EXAMPLE_HOST, urlsplit(settings.BASE_URL).netloc))
    html = _HREF.sub(lambda match: _resolve_link(match, page), html)
    title, html = _split_title(_add_scroll_containers(html))
    html, headings = _add_anchors(html)
    index = PAGES.index(page)
    return Document(
        page,
        title,
        # Safe: the files are part of the code.
        SafeString(html),
        headings,
        PAGES[index - 1] if index else None,
        PAGES[index + 1] if index + 1 < len(PAGES) else None,
    )


_CODE_START = '<div class="docs-code" data-copy>'
# Hidden until `site.js` runs, because the button needs it.
_CODE_END = '<button type="button" hidden><span aria-live="polite">Copy</span></button></div>'
_HREF = re.compile(r'href="(?!https?:|mailto:|/|#)([^"#]*)(#[^"]*)?"')
_HEADING = re.compile(r"<h([2-6])>(.*?)</h\1>", re.DOTALL)
_TABLE = re.compile(r"<table>(.*?)</table>", re.DOTALL)


def _split_title(html: str) -> tuple[str, str]:
    """The first-level heading at the start of every file, and the rest."""
    head, _, rest = html.partition("</h1>")
    return _get_text(head).strip(), rest


def _resolve_link(match: re.Match[str], page: Page) -> str:
    """Replace a link to a file by a link to its page, or remove it if the file has no page."""
    file = posixpath.normpath(posixpath.join(posixpath.dirname(page.file), match[1]))
    path = _BY_FILE[file].path if file in _BY_FILE else _OTHER_PATHS.get(file)
    return f'href="{path}{match[2] or ""}"' if path else ""


def _add_scroll_containers(html: str) -> str:
    """Make wide tables and code scrollable by keyboard, and add copy buttons to code."""
    numbers = count(1)
    html = html.replace("<pre>", f'{_CODE_START}<pre tabindex="0">').replace(
        "</pre>", f"</pre>{_CODE_END}"
    )
    return _TABLE.sub(
        lambda match: (
            f'<div class="scroll" tabindex="0" role="region" aria-label="Table {next(numbers)}">'
            f'<table class="table">{match[1]}</table></div>'
        ),
        html,
    )


def _add_anchors(html: str) -> tuple[str, tuple[Heading, ...]]:
    """Give headings the ids that links in the files have, and list those of the second level."""
    anchors = Anchors()
    headings = []

    def add_anchor(match: re.Match[str]) -> str:
        level, title = match.groups()
        # Without the prefix of READMEs: these files are part of the code.
        anchor = (anchors.build_heading_id(_get_text(title)) or "").removeprefix(ID_PREFIX)
        if level == "2":
            headings.append(Heading(anchor, _get_text(title)))
        link = f' <a class="anchor" href="#{anchor}" aria-label="Link to this section">#</a>'
        return f'<h{level} id="{anchor}">{title}{link if level in "23" else ""}</h{level}>'

    return _HEADING.sub(add_anchor, html), tuple(headings)


def _get_text(html: str) -> str:
    return unescape(strip_tags(html))

"""The variables, paths, URLs, codes and identifiers that the documents name exist."""

from __future__ import annotations

import re
import subprocess
from functools import cache
from pathlib import PurePosixPath

import pytest
from django.urls import Resolver404, resolve

from accounts.sso.errors import REASONS
from config.env import DECLARED
from marketplace.docs_site import guides
from plugport.checks.rules import RULES
from plugport.environment.variables import VARIABLES
from tests.support.data import ROOT
from tests.support.documents import PAGES, iter_named, list_inline_code, load_page

# Prefixes of URLs, each with a URL below it.
URL_FOLDERS = {
    "/images/": "/images/signature/payload",
    "/account/email/key/": "/account/email/key/secret/",
    "/password/reset/key/": "/password/reset/key/user-secret/",
}
SERVED_BEFORE_URLS = {"/static/"}
# Pages whose code is that of this repository, not of a plugin.
# An endpoint of Meilisearch.
ENDPOINTS_OF_OTHERS = {"/multi-search"}
DEVELOPER_PAGES = (
    *("CONTRIBUTING.md", "docs/ARCHITECTURE.md", "docs/API-DESIGN.md", "docs/LOGGING.md"),
    *("docs/search.md", "docs/operations.md", "docs/limits.md", "CHANGELOG.md", "SECURITY.md"),
)
SOURCES = ("plugport", "common", "config", "accounts", "registry", "marketplace")
# Words with dashes that are no codes.
NO_CODES = (
    *("agent-relay", "agent-plugins", "postgresql-client", "us-east-1", "slack-bridge", "a-z"),
    *("rate-limits", "add-issuer", "remove-issuer", "jane-my-company"),
    *("leak-report-keys", "acme-tools", "acrne-tools", "plugport-verification"),
)
# What libraries and services define, not this repository.
NAMES_OF_OTHERS = {
    *("SnippetGenerator", "_formatted", "TypedDict", "AppConfig.ready", "MEILI_KEY"),
    # The generator of the OpenAPI document builds it from the name of a class.
    "PatchedMetadataRequest",
}


@cache
def list_tracked() -> frozenset[str]:
    """List every file of the repository, and every folder with a slash at its end."""
    out = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    folders = {f"{parent}/" for name in out for parent in PurePosixPath(name).parents}
    return frozenset({*out, *folders})


def test_variables_exist() -> None:
    """Every variable of Plugport in a document is a setting of the server or the command line."""
    known = {*DECLARED, *VARIABLES}
    for path in PAGES:
        for name in re.findall(r"\bPLUGPORT_[A-Z0-9_]+", load_page(path)):
            # `PLUGPORT_LIMIT_*` names several.
            is_group = name.endswith("_") and any(each.startswith(name) for each in known)
            assert name in known or is_group, (path.name, name)


def is_in_repository(code: str) -> bool:
    """Whether a path names tracked files: from the root, or from a folder of the source."""
    pattern = re.escape(code.rstrip("/"))
    pattern = re.sub(r"NAME|VERSION|\\\*", r"[^/]+", pattern)
    return any(re.fullmatch(rf"(?:.*/)?{pattern}/?", name) for name in list_tracked())


def test_paths_of_the_repository_exist() -> None:
    """A path that starts with a folder of this repository, or ends with `.py`, exists."""
    roots = {name.partition("/")[0] for name in list_tracked() if "/" in name} - {".", "docs"}
    seen = 0
    for page, code in iter_named(r"[\w.*-]+(?:/[\w.*-]*)+|[\w-]+\.py", inline_only=True):
        if code.partition("/")[0] in roots or code.endswith(".py"):
            seen += 1
            # A recipe names the file to add.
            folder = re.sub(r"[^/]*NAME[^/]*$", "", code)
            assert is_in_repository(folder), (page, code)
    assert seen > 50


def test_files_of_the_data_folder_exist() -> None:
    """The source names each file and folder of the data folder that operators may see."""
    source = "".join(
        (ROOT / name).read_text()
        for name in list_tracked()
        if name.startswith(("config/", "marketplace/images/", "demo/")) and name.endswith(".py")
    )
    page = load_page(ROOT / "docs" / "operations.md") + load_page(ROOT / "docs" / "search.md")
    for name in (
        *("mail/", "client/", "images/", "readmes/", "counters.sqlite3", "results/", "search/"),
        "secret_key",
    ):
        assert f"`{name}`" in page
        assert re.search(rf'(?i)data_dir\)? / "{name.rstrip("/")}"', source), name


def find_view(url: str) -> str | None:
    """The URL pattern of the view that serves a URL of the documents; None if there is none."""
    path = url.partition("?")[0]
    path = URL_FOLDERS.get(path.rstrip("…"), path).rstrip("…")
    for name, example in (
        *(("{name}", "@acme/chat"), ("{version}", "1.0.0"), ("{path}", "README.md")),
        *(("scope/name", "acme/chat"), ("NAME", "chat"), ("SCOPE", "acme")),
    ):
        path = path.replace(name, example)
    for candidate in (path, path.rstrip("/") or "/"):
        try:
            route = resolve(candidate).route
        except Resolver404:
            continue
        # Any word matches the route of guides.
        if route != "docs/<slug:slug>" or guides.find_page(candidate):
            return route
    return None


def list_urls() -> list[str]:
    """List the URLs between backticks, and those of links."""
    pages = [path for path in PAGES if path.parent.name != "demo"]
    code = {c for p in pages for c in list_inline_code(p) if re.fullmatch(r"/[\w.@{][^ ]*", c)}
    links = {u for p in pages for u in re.findall(r"\]\((/[^)#]*)", load_page(p))}
    return sorted((code | links) - SERVED_BEFORE_URLS - {"/api", "/api/v1"})


@pytest.mark.parametrize("url", list_urls())
def test_urls_exist(url: str) -> None:
    """A URL is a page, a file or an endpoint of a registry; `/plugins/…` is both."""
    assert find_view(url) is not None or find_view(f"/api/v1{url}") is not None


@pytest.mark.parametrize(
    "url", ["/docs/nothing", "/docs/api/nothing", "/feeds/none", "/api/v1/nothing", "/readyy"]
)
def test_an_unknown_url_does_not_exist(url: str) -> None:
    assert find_view(url) is None


def test_endpoints_exist() -> None:
    """`GET /plugins/…` and the like are operations of the API, with this method."""
    from registry.api.schema import build_document

    operations = {
        (method.upper(), re.sub(r"\{\w+\}", "{}", path.removeprefix("/api/v1")))
        for path, methods in build_document()["paths"].items()
        for method in methods
    }
    seen = set()
    for page, code in iter_named(r"(?:GET|POST|PUT|PATCH|DELETE|HEAD) /\S+", inline_only=True):
        method, _, url = code.partition(" ")
        path = url.partition("?")[0].removeprefix("/api/v1").replace("/scope/name", "/{name}")
        path = re.sub(r"\{\w+\}|\bNAME\b|\b\d\.\d\.\d\b", "{}", path)
        seen.add(path)
        assert path in ENDPOINTS_OF_OTHERS or (method, path) in operations, (page, code)
    assert len(seen) > 5


def list_statuses() -> dict[str, int]:
    """The HTTP status of every error code, from the generated page."""
    rows = re.findall(r"</a>`([a-z-]+)` \| (\d+) ", load_page(ROOT / "docs" / "errors.md"))
    return {code: int(status) for code, status in rows}


def list_manifest_codes() -> set[str]:
    """The codes of fields of a manifest; a test of manifests compares the page with the source."""
    return set(
        re.findall(r"^\| `([a-z0-9-]+)`", load_page(ROOT / "docs/manifest.md"), re.MULTILINE)
    )


def list_doctor_codes() -> set[str]:
    """The codes of the table of `plugport doctor`, which are texts in the source."""
    section = load_page(ROOT / "docs" / "cli.md").split("\n## doctor\n")[1].split("\n## ")[0]
    codes = set(re.findall(r"^\| `([a-z]+-[a-z-]+)`", section, re.MULTILINE))
    source = [path.read_text() for path in (ROOT / "plugport" / "installer").glob("*.py")]
    known = set(list_statuses()) | set(re.findall(r'"([a-z]+-[a-z-]+)"', "\n".join(source)))
    assert codes, "the table is not found"
    assert codes <= known
    return codes


def test_codes_have_these_statuses() -> None:
    """A code next to an HTTP status exists and has this status; a manifest is a 400."""
    statuses = dict.fromkeys(list_manifest_codes(), 400) | list_statuses()
    seen = 0
    for path in PAGES:
        for status, code in re.findall(r"\b([45]\d\d)(?: with)? `([a-z-]+)`", load_page(path)):
            seen += 1
            assert statuses.get(code) == int(status), (path.name, code)
    assert seen > 15


def test_words_like_codes_are_codes() -> None:
    """A word with dashes between backticks is a code or a known name."""
    known = {
        *REASONS,
        *list_manifest_codes(),
        *list_statuses(),
        *RULES,
        *list_doctor_codes(),
        *NO_CODES,
    }
    for page, code in iter_named(r"[a-z]+(?:-[a-z]+)+", inline_only=True):
        assert page in {"docs/manifest.md", "docs/STYLE.md"} or code in known, (page, code)


@cache
def list_identifiers() -> frozenset[str]:
    """Every word of the source and of the scripts."""
    folders = (*(f"{name}/" for name in (*SOURCES, "bench", "bin")), "tests/docs/")
    names = [
        n
        for n in list_tracked()
        if re.match(r"bin/.", n) or (n.endswith((".py", ".html")) and "/migrations/" not in n)
    ]
    text = [(ROOT / n).read_text() for n in names if n.startswith(folders)]
    return frozenset(re.findall(r"\w+", "\n".join(text))) | {PurePosixPath(n).stem for n in names}


@pytest.mark.parametrize("page", DEVELOPER_PAGES)
def test_identifiers_exist(page: str) -> None:
    """Classes, functions, members and tables that a page for developers names are in the source."""
    shape = r"_?[A-Za-z]+(?:[A-Z_.][A-Za-z_]+)+(?:\(.*\))?"
    for code in list_inline_code(ROOT / page):
        if re.fullmatch(shape, code) and not code.endswith(
            (".py", ".md", ".yml", ".yaml", ".json")
        ):
            parts = code.partition("(")[0].split(".")
            # A prefix or a suffix of names, such as `find_` and `_ms`, is none.
            if code not in NAMES_OF_OTHERS and not code.endswith("_"):
                is_end = any(name.endswith(code) for name in list_identifiers())
                assert is_end or set(parts) <= list_identifiers(), code

"""Rules for all pages: no dead links, no inline code, one heading, labels, unique ids."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from itertools import pairwise
from pathlib import Path
from urllib.parse import parse_qsl, urljoin, urlsplit

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.test import Client
from django.urls import Resolver404, resolve

from accounts.models import User
from registry.actions import flag_release
from registry.models import Plugin, Release
from tests.functional.pages.dom import Node, parse
from tests.support.people import create_api_token
from tests.support.runs import is_quick_run

pytestmark = pytest.mark.usefixtures("_module_packages")


# Enough for a second page of each list of plugins.
_NUMBERED_PLUGINS = 19


@pytest.fixture(scope="module")
def catalog(module_publisher) -> Release:
    """Some plugins of each type."""
    publisher = module_publisher
    chat = publisher.publish(
        "@acme/chat",
        "1.0.0",
        categories=["communication"],
        tags=["chat", "c++ & more"],
        license="MIT OR Apache-2.0",
        author={"name": "Ä & Söhne"},
        dependencies={"plugins": {"vault": "*"}},
        permissions={"network": ["a.test"]},
        files={"README.md": "# A\n\n[b](#a) [c](d.md)\n"},
    )
    _copy_plugin(publisher.publish("plugin-00", "1.0.0-rc.1+build.5").plugin)
    old = publisher.publish("vault", "0.9.0")
    publisher.publish("vault", "1.0.0")
    flag_release.deprecate_release(
        actor=publisher.actor, release=old, message="Old.", replacement="@acme/chat"
    )
    return chat


def _copy_plugin(plugin: Plugin) -> None:
    """Add plugins to the lists that differ in their names only. Their pages are not read."""
    (member,) = plugin.members.all()
    for number in range(1, _NUMBERED_PLUGINS):
        name = f"plugin-{number:02}"
        plugin.pk = member.pk = None
        plugin.name = plugin.collision_key = name
        plugin.document = {**plugin.document, "name": name}
        plugin.save()
        member.plugin = plugin
        member.save()


@pytest.fixture
def owner(db, module_publisher) -> User:
    """The account that published the catalog."""
    return module_publisher.copy_actor()


def _find_faults(path: str, page: Node) -> list[str]:
    """Return the problems of a page."""
    faults = [*_find_doubles(page), *_find_unlabelled(page), *_find_bad_headings(page)]
    for tag, name in sorted({(node.tag, name) for node in page for name in node.attrs}):
        if name == "style" or name.startswith("on"):
            faults.append(f"inline code in <{tag}>")
    for node in page:
        if node.tag == "style" or (node.tag == "script" and "src" not in node.attrs):
            faults.append(f"inline <{node.tag}>")
        if node.tag in ("a", "button") and not node.text and not node.all("img"):
            faults.append(f"<{node.tag}> without words: {node.attrs.get('href')}")
    if not page.one("title").text or page.one("html").attrs.get("lang") != "en":
        faults.append("title or language missing")
    return [f"{path}: {fault}" for fault in faults]


def _find_doubles(page: Node) -> list[str]:
    ids = [node.attrs["id"] for node in page if "id" in node.attrs]
    named = [
        each
        for node in page
        for name in ("aria-labelledby", "aria-describedby")
        if name in node.attrs
        for each in node.attrs[name].split()
    ]
    return [f"id {name} twice" for name, count in Counter(ids).items() if count > 1] + [
        f"id {name} is named and not there" for name in named if name not in ids
    ]


def _find_unlabelled(page: Node) -> list[str]:
    labels = page.all("label")
    targets = {label.attrs.get("for") for label in labels}
    inner = {id(node) for label in labels for node in label}
    fields = [n for n in page if n.tag in ("input", "select") and n.attrs.get("type") != "hidden"]
    return [
        f"<{field.tag} name={field.attrs.get('name')}> without a label"
        for field in fields
        if field.attrs.get("id") not in targets and id(field) not in inner
    ]


def _find_bad_headings(page: Node) -> list[str]:
    levels = [int(node.tag[1]) for node in page if node.tag in ("h1", "h2", "h3", "h4", "h5", "h6")]
    faults = [
        f"h{after} after h{before}" for before, after in pairwise(levels) if after > before + 1
    ]
    return faults if levels.count(1) == 1 else [*faults, f"{levels.count(1)} h1"]


def _list_targets(path: str, page: Node) -> set[str]:
    """Return all local URLs that the page links to or loads, except the API and forms."""
    names = {"href", "src", "action"}
    values = {node.attrs[name] for node in page for name in node.attrs.keys() & names}
    targets = (_find_target("/" if value[:1] == "/" else path, value) for value in values)
    return {target for target in targets if target}


@cache
def _find_target(path: str, value: str) -> str:
    """Return the local URL that a link on the page leads to, "" if it is not followed."""
    parts = urlsplit(urljoin(f"http://testserver{path}", value))
    # Filters and orders combine in thousands of ways: test one at a time.
    if parts.path == "/search" and "&" in parts.query:
        return ""
    # All are alike: one is enough.
    if re.match(r"/plugins/plugin-(?!00)\d", parts.path):
        return ""
    if parts.netloc not in ("testserver", "127.0.0.1:8000"):
        return ""
    return parts.path + (f"?{parts.query}" if parts.query else "")


def _get_kind(path: str) -> tuple[str, ...]:
    """Return the route of a local URL and the names of its query parameters."""
    parts = urlsplit(path)
    try:
        route = resolve(parts.path).route
    except Resolver404:
        return (path,)
    return (route, *sorted({name for name, _ in parse_qsl(parts.query)}))


def _crawl(client: Client, *, quick_links: int, reads_guides: bool = True) -> tuple[int, list[str]]:
    """Follow every link from the home page; return the number of pages and all problems.

    Quick runs follow `quick_links` of a kind: a route and the names of its query parameters.
    Guides differ from each other, so `reads_guides` follows all links to them.
    """
    waiting, seen, pages, faults = ["/"], {"/"}, 0, []
    followed: Counter[tuple[str, ...]] = Counter()
    while waiting:
        path = waiting.pop()
        if path.startswith("/static/"):
            if finders.find(urlsplit(path).path.removeprefix("/static/")) is None:
                faults.append(f"{path}: no such file")
            continue
        kind = _get_kind(path)
        followed[kind] += 1
        is_guide = reads_guides and path.startswith("/docs/")
        if is_quick_run() and followed[kind] > quick_links and not is_guide:
            continue
        response = client.get(path)
        if response.status_code not in (200, 302, 405):
            faults.append(f"{path}: {response.status_code}")
        if (
            not response.headers["Content-Type"].startswith("text/html")
            or response.status_code != 200
        ):
            continue
        pages += 1
        policy = response.headers["Content-Security-Policy"]
        if "default-src 'none'" not in policy or "script-src 'self';" not in policy:
            faults.append(f"{path}: {policy}")
        page = parse(response.content.decode())
        faults += _find_faults(path, page)
        new = _list_targets(path, page) - seen
        seen |= new
        waiting += sorted(new)
    return pages, faults


def test_as_an_anonymous_visitor(client, db, catalog):
    """A visitor without an account finds no dead link, and scripts of this host only."""
    pages, faults = _crawl(client, quick_links=2)
    assert faults == []
    assert pages > 60


def test_as_an_author(owner_client, catalog, owner):
    """A user with plugins and tokens finds no dead link.

    Most pages are those of the other test with another header.
    """
    create_api_token(owner)
    pages, faults = _crawl(owner_client, quick_links=1, reads_guides=False)
    assert faults == []
    assert pages > 40


def test_style_sheets_name_no_other_host():
    """Fonts, images and style sheets are local."""
    files = [*Path(settings.BASE_DIR, "static").rglob("*.css")]
    assert files
    for file in files:
        text = file.read_text(encoding="utf-8")
        assert "://" not in text
        assert "@import" not in text

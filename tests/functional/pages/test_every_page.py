"""What holds for all pages: no dead links, nothing inline, one heading, labels, unique ids."""

from __future__ import annotations

from itertools import pairwise
from urllib.parse import urljoin, urlsplit

import pytest
from django.contrib.staticfiles import finders
from django.test import Client

from registry.actions import flag_release
from tests.functional.pages.dom import Node, parse


@pytest.fixture
def catalogue(publisher, owner):
    """A little of everything."""
    publisher.publish(
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
    for number in range(25):
        publisher.publish(f"plugin-{number:02}", "1.0.0-rc.1+build.5")
    old = publisher.publish("vault", "0.9.0")
    publisher.publish("vault", "1.0.0")
    flag_release.deprecate_release(
        actor=owner, release=old, message="Old.", replacement="@acme/chat"
    )


def _find_faults(path: str, page: Node) -> list[str]:
    """What no page may have."""
    faults = [*_find_doubles(page), *_find_unlabelled(page), *_find_bad_headings(page)]
    for node in page:
        if "style" in node.attrs or any(name.startswith("on") for name in node.attrs):
            faults.append(f"inline code in <{node.tag}>")
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
        for each in node.attrs.get(name, "").split()
    ]
    return [f"id {name} twice" for name in set(ids) if ids.count(name) > 1] + [
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
    """Every address of ours that the page leads to or is made of, but for the API's and forms'."""
    found = set()
    for node in page:
        for name in ("href", "src", "action"):
            target = urljoin(f"http://testserver{path}", node.attrs.get(name, ""))
            parts = urlsplit(target)
            # Filters and orders go together in thousands of ways: one at a time is enough.
            if parts.path == "/search" and "&" in parts.query:
                continue
            if name in node.attrs and parts.netloc in ("testserver", "127.0.0.1:8000"):
                found.add(parts.path + (f"?{parts.query}" if parts.query else ""))
    return found


def _crawl(client: Client) -> tuple[int, list[str]]:
    """Follow every link from the first page on; returns how many pages and all faults."""
    waiting, seen, pages, faults = ["/"], {"/"}, 0, []
    while waiting:
        path = waiting.pop()
        if path.startswith("/static/"):
            if finders.find(urlsplit(path).path.removeprefix("/static/")) is None:
                faults.append(f"{path}: no such file")
            continue
        answer = client.get(path)
        if answer.status_code not in (200, 302, 405):
            faults.append(f"{path}: {answer.status_code}")
        if not answer.headers["Content-Type"].startswith("text/html") or answer.status_code != 200:
            continue
        pages += 1
        page = parse(answer.content.decode())
        faults += _find_faults(path, page)
        new = _list_targets(path, page) - seen
        seen |= new
        waiting += sorted(new)
    return pages, faults


def test_as_a_stranger(client, catalogue):
    """Nothing leads nowhere, for somebody without an account."""
    pages, faults = _crawl(client)
    assert faults == []
    assert pages > 60


def test_as_an_author(owner_client, catalogue, owner):
    """Nor for somebody with plugins and tokens."""
    from tests.support.people import make_token

    make_token(owner)
    pages, faults = _crawl(owner_client)
    assert faults == []
    assert pages > 60


@pytest.mark.parametrize("path", ["/", "/search", "/plugins/@acme/chat", "/docs/api/try", "/login"])
def test_policy_forbids_inline_code(client, publisher, path):
    """The policy that makes a slip harmless is on every page."""
    publisher.publish()
    policy = client.get(path).headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy


def test_style_sheets_name_no_other_host():
    """No font, picture or sheet comes from elsewhere."""
    from pathlib import Path

    from django.conf import settings

    files = [*Path(settings.BASE_DIR, "static").rglob("*.css")]
    assert files
    for file in files:
        text = file.read_text(encoding="utf-8")
        assert "://" not in text
        assert "@import" not in text

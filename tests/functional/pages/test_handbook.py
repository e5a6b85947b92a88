"""The guides and references of `docs/` as pages, and that what they say is so."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
import yaml

from marketplace import handbook, words
from plugport.spec.manifest.detect import DETECTION
from plugport.spec.manifest.kinds import KINDS
from plugport.spec.manifest.reading import read_manifest
from plugport.spec.ranges import Range
from registry.publishing.states import ReleaseState
from tests.functional.pages.dom import Node
from tests.support.data import ROOT

PATHS = [page.path for page in handbook.PAGES]


def list_anchors(page: Node) -> set[str]:
    return {node.attrs["id"] for node in page if "id" in node.attrs}


def test_index_leads_everywhere(open_page):
    links = open_page("/docs").one("main").links
    assert {*PATHS, "/docs/api", "/docs/errors", "/api/v1/openapi.json"} <= set(links)


def test_the_old_address_of_the_guide(client):
    answer = client.get("/docs/publish")
    assert (answer.status_code, answer.url) == (301, "/publish")


@pytest.mark.parametrize("path", ["/docs/nope", "/docs/publish.md", "/docs/guides/install.md"])
def test_pages_that_are_not_there(client, db, path):
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("path", PATHS)
def test_a_page_has_its_place(open_page, path):
    """The menu marks it, its contents lead to its headings, it leads on and back."""
    page = open_page(path)
    here = handbook.find_page(path)
    marked = [a.attrs["href"] for a in page.all("a", aria_current="page")]
    assert set(marked) == {path}
    assert page.one("h1").text
    headings = [node.attrs["id"] for node in page.one("article").all("h2")]
    assert [link[1:] for link in _list_contents(page)] == headings
    place = handbook.PAGES.index(here)
    turn = {a.attrs["rel"]: a.attrs["href"] for a in page.all("a") if "rel" in a.attrs}
    assert turn.get("prev") == (PATHS[place - 1] if place else None)
    assert turn.get("next") == (PATHS[place + 1] if place + 1 < len(PATHS) else None)


def _list_contents(page: Node) -> list[str]:
    found = page.all("nav", aria_label="On this page")
    return found[0].by_class("docs-side")[0].links if found else []


def test_no_link_of_any_page_is_dead(open_page, client):
    """Pages and anchors, in this registry and on the page itself."""
    pages = {path: open_page(path) for path in [*PATHS, "/docs", "/docs/errors", "/docs/api"]}
    dead = []
    for path in PATHS:
        for link in pages[path].one("article").all("a"):
            assert "href" in link.attrs, (path, link.text)
            target = urlsplit(urljoin(path, link.attrs["href"]))
            if target.netloc and target.netloc != "127.0.0.1:8000":
                continue
            if (target.fragment and target.fragment not in list_anchors(pages[target.path])) or (
                target.path not in pages and client.get(target.path).status_code not in (200, 302)
            ):
                dead.append((path, link.attrs["href"]))
    assert dead == []


def test_lines_to_copy_name_this_registry(open_page):
    assert (
        "http://127.0.0.1:8000/badges/@acme/slack-bridge/version.svg" in open_page("/publish").text
    )
    assert "plugins.example.org" not in "".join(open_page(path).text for path in PATHS)


def test_nothing_is_wider_than_the_page(open_page):
    """Tables and code scroll by themselves, also by keyboard; browsers are asked elsewhere."""
    for path in PATHS:
        article = open_page(path).one("article")
        boxes = article.by_class("scroll")
        assert len(boxes) == len(article.all("table"))
        labels = [box.attrs["aria-label"] for box in boxes]
        assert len(set(labels)) == len(labels)
        assert all(box.attrs["tabindex"] == "0" for box in [*boxes, *article.all("pre")])


def test_every_block_of_code_can_be_copied(open_page):
    """Hidden until the script that copies is there."""
    article = open_page("/publish").one("article")
    blocks = article.all(data_copy="")
    assert len(blocks) == len(article.all("pre")) > 5
    for block in blocks:
        assert block.one("code").raw.strip()
        assert "hidden" in block.one("button").attrs


def test_the_files_come_with_the_server():
    """Nothing that is shown is left out of the image."""
    left_out = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    shown = [f"docs/{page.file}" for page in handbook.PAGES]
    assert [path for path in shown if any(path.startswith(each) for each in left_out)] == []


def read_example(text: str) -> Any:
    """Read a `plugport.yaml` with the files that it names beside it."""
    said = yaml.safe_load(text)
    paths = [said.get("main"), *said.get("components", {}).get("commands", [])]
    paths += [f"{each['from']}/a.ts" for each in said.get("copy", [])]
    paths += [said["entrypoint"]["target"]] if "entrypoint" in said else []
    files = {path.removeprefix("./"): b"x" for path in paths if path}
    files["plugport.yaml"] = text.encode()
    return read_manifest(files, list(files))


def list_examples(file: str) -> list[str]:
    text = (ROOT / "docs" / file).read_text(encoding="utf-8")
    return re.findall(r"```yaml\n(schema:.*?)```", text, re.DOTALL)


def test_the_guide_has_an_example_of_every_kind():
    """Each passes the registry's own reader, without a warning."""
    readings = [read_example(text) for text in list_examples("guides/kinds.md")]
    assert [reading.manifest.kind for reading in readings] == list(KINDS)
    assert [reading.warnings for reading in readings] == [()] * len(KINDS)
    for kind in KINDS.values():
        recommended = {field.name for field in kind.fields if field.need != "optional"}
        given = readings[list(KINDS).index(kind.name)].manifest.kind_fields
        assert recommended <= set(given), kind.name


def test_the_example_of_the_guide_is_good(open_page):
    (text,) = list_examples("guides/publish.md")
    reading = read_example(text)
    assert reading.warnings == ()
    assert str(reading.manifest.name) == "@acme/slack-bridge"
    assert reading.manifest.permissions.env == ("SLACK_TOKEN",)
    assert 'name: "@acme/slack-bridge"' in open_page("/publish").one("article").raw


def test_an_example_can_be_published(publisher):
    """As it stands, through every check of the registry."""
    said = yaml.safe_load(list_examples("guides/publish.md")[0])
    fields = {k: v for k, v in said.items() if k not in ("schema", "name", "version")}
    release = publisher.publish(
        said["name"], said["version"], files={"plugin.py": "x = 1\n"}, **fields
    )
    assert release.state == ReleaseState.PUBLISHED


def test_the_guide_names_every_kind_and_manifest(open_page):
    """In the order in which they count."""
    rows = [
        [cell.text for cell in row.all("td")]
        for row in open_page("/publish").one("article").all("tr")
    ]
    manifests = [[pattern, words.DIALECTS[dialect]] for pattern, dialect in DETECTION]
    kinds = [[kind.name, kind.doc] for kind in KINDS.values()]
    assert [row for row in rows if row in manifests] == manifests
    assert [row for row in rows if row in kinds] == kinds


def test_trust_levels_and_states_are_told_as_elsewhere(open_page):
    """In the words of the badges."""
    text = open_page("/docs/trust").one("article").text
    for word in (*words.TRUST.values(), *words.STATES.values()):
        assert f"{word.label} {word.reason}" in text


@pytest.mark.parametrize("text", ["^1.2.0", "~1.2.0", ">=1 <3", "1.x", "1.2.0"])
def test_ranges_that_are_shown_are_ranges(open_page, text):
    assert text in open_page("/docs/versions").text
    assert Range.parse(text)

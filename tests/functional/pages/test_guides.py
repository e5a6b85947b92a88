"""The guides and references of `docs/` as pages, and the correctness of their statements."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
import yaml

from marketplace import labels
from marketplace.docs_site import guides
from plugport.spec.manifest.detection import MANIFEST_PATTERNS
from plugport.spec.manifest.kinds import KINDS
from plugport.spec.manifest.parsing import parse_manifest
from plugport.spec.ranges import Range
from registry.models.states import ReleaseState
from tests.functional.pages.dom import Node
from tests.support.data import ROOT

PATHS = [page.path for page in guides.PAGES]


def list_anchors(page: Node) -> set[str]:
    return {node.attrs["id"] for node in page if "id" in node.attrs}


def test_index_leads_everywhere(open_page):
    links = open_page("/docs").one("main").links
    assert {*PATHS, "/docs/api", "/docs/errors", "/api/v1/openapi.json"} <= set(links)


def test_the_old_address_of_the_guide(client):
    response = client.get("/docs/publish")
    assert (response.status_code, response.url) == (301, "/publish")


@pytest.mark.parametrize("path", ["/docs/nope", "/docs/publish.md", "/docs/guides/install.md"])
def test_unknown_pages(client, db, path):
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("path", PATHS)
def test_a_page_has_navigation(open_page, path):
    """The menu marks the page, its contents link to headings, and it links to the next and previous page."""
    page = open_page(path)
    here = guides.find_page(path)
    marked = [a.attrs["href"] for a in page.all("a", aria_current="page")]
    assert set(marked) == {path}
    assert page.one("h1").text
    headings = [node.attrs["id"] for node in page.one("article").all("h2")]
    assert [link[1:] for link in _list_contents(page)] == headings
    position = guides.PAGES.index(here)
    turn = {a.attrs["rel"]: a.attrs["href"] for a in page.all("a") if "rel" in a.attrs}
    assert turn.get("prev") == (PATHS[position - 1] if position else None)
    assert turn.get("next") == (PATHS[position + 1] if position + 1 < len(PATHS) else None)


def _list_contents(page: Node) -> list[str]:
    contents = page.all("nav", aria_label="On this page")
    return contents[0].by_class("docs-side")[0].links if contents else []


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


def test_commands_have_the_url_of_this_registry(open_page):
    assert (
        "http://127.0.0.1:8000/badges/@acme/slack-bridge/version.svg" in open_page("/publish").text
    )
    assert "plugins.example.org" not in "".join(open_page(path).text for path in PATHS)


def test_nothing_is_wider_than_the_page(open_page):
    """Tables and code scroll separately, also by keyboard; browser tests measure widths."""
    for path in PATHS:
        article = open_page(path).one("article")
        boxes = article.by_class("scroll")
        assert len(boxes) == len(article.all("table"))
        labels = [box.attrs["aria-label"] for box in boxes]
        assert len(set(labels)) == len(labels)
        assert all(box.attrs["tabindex"] == "0" for box in [*boxes, *article.all("pre")])


def test_every_block_of_code_can_be_copied(open_page):
    """The button is hidden until the script runs."""
    article = open_page("/publish").one("article")
    blocks = article.all(data_copy="")
    assert len(blocks) == len(article.all("pre")) > 5
    for block in blocks:
        assert block.one("code").raw.strip()
        assert "hidden" in block.one("button").attrs


def test_the_files_come_with_the_server():
    """The container image contains every documentation file."""
    left_out = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    shown = [f"docs/{page.file}" for page in guides.PAGES]
    assert [path for path in shown if any(path.startswith(each) for each in left_out)] == []


def get_example(text: str) -> Any:
    """Parse a `plugport.yaml` with the files that it references."""
    document = yaml.safe_load(text)
    paths = [document.get("main"), *document.get("components", {}).get("commands", [])]
    paths += [f"{each['from']}/a.ts" for each in document.get("copy", [])]
    paths += [document["entrypoint"]["target"]] if "entrypoint" in document else []
    files = {path.removeprefix("./"): b"x" for path in paths if path}
    files["plugport.yaml"] = text.encode()
    return parse_manifest(files, list(files))


def list_examples(file: str) -> list[str]:
    text = (ROOT / "docs" / file).read_text(encoding="utf-8")
    return re.findall(r"```yaml\n(schema:.*?)```", text, re.DOTALL)


def test_the_guide_has_an_example_of_every_kind():
    """Each is valid, without a warning."""
    readings = [get_example(text) for text in list_examples("guides/kinds.md")]
    assert [reading.manifest.kind for reading in readings] == list(KINDS)
    assert [reading.warnings for reading in readings] == [()] * len(KINDS)
    for kind in KINDS.values():
        recommended = {field.name for field in kind.fields if field.need != "optional"}
        fields = readings[list(KINDS).index(kind.name)].manifest.kind_fields
        assert recommended <= set(fields), kind.name


def test_the_example_of_the_guide_is_good(open_page):
    (text,) = list_examples("guides/publish.md")
    reading = get_example(text)
    assert reading.warnings == ()
    assert str(reading.manifest.name) == "@acme/slack-bridge"
    assert reading.manifest.permissions.env == ("SLACK_TOKEN",)
    assert 'name: "@acme/slack-bridge"' in open_page("/publish").one("article").raw


def test_an_example_can_be_published(publisher):
    """Unchanged, it passes every check of the registry."""
    document = yaml.safe_load(list_examples("guides/publish.md")[0])
    fields = {k: v for k, v in document.items() if k not in ("schema", "name", "version")}
    release = publisher.publish(
        document["name"], document["version"], files={"plugin.py": "x = 1\n"}, **fields
    )
    assert release.state == ReleaseState.PUBLISHED


def test_the_guide_names_every_kind_and_manifest(open_page):
    """In the order in which they count."""
    rows = [
        [cell.text for cell in row.all("td")]
        for row in open_page("/publish").one("article").all("tr")
    ]
    manifests = [
        [pattern, labels.MANIFEST_FORMATS[dialect]] for pattern, dialect in MANIFEST_PATTERNS
    ]
    kinds = [[kind.name, kind.doc] for kind in KINDS.values()]
    assert [row for row in rows if row in manifests] == manifests
    assert [row for row in rows if row in kinds] == kinds


def test_trust_levels_and_states_have_the_texts_of_the_labels(open_page):
    """The guide has the texts of the badges."""
    text = open_page("/docs/trust").one("article").text
    for word in (*labels.TRUST.values(), *labels.STATES.values()):
        assert f"{word.label} {word.reason}" in text


@pytest.mark.parametrize("text", ["^1.2.0", "~1.2.0", ">=1 <3", "1.x", "1.2.0"])
def test_ranges_that_are_shown_are_ranges(open_page, text):
    assert text in open_page("/docs/versions").text
    assert Range.parse(text)

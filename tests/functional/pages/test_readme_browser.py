"""READMEs in Chromium: hostile ones are harmless, real ones are accessible.

They stand in the pages of a whole registry, so that what is checked is what a reader gets: the
policy of the page, its scripts, its styles, and everything around the README.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from marketplace.readme.highlight import CLASSES
from tests.support.axe import run_axe
from tests.support.data import shared_data
from tests.support.pictures import PNG
from tests.support.publishing import build_package

pytestmark = pytest.mark.browser
PLAIN = "Words.\n\n![Shown](docs/shown.png)\n\n![Away](https://pictures.invalid/a.png)\n"
# Every supported element of Markdown.
RICH = """Words[^1] and `code`, *more*, [a link](https://example.org).

- [x] done
- [ ] open

> [!WARNING]
> Take care.

| a | b |
|---|--:|
| 1 | 2 |

<details><summary>More</summary>

Hidden words.

</details>

```python
import os
```

[^1]: A note, with [a link](https://example.org).
"""
# Run before anything of the page: what a script of a README could do leaves a trace.
_TRAP = """
window.harm = [];
for (const name of ["alert", "confirm", "prompt", "open", "print"])
  window[name] = () => { window.harm.push(name); };
window.addEventListener("securitypolicyviolation", (e) => window.harm.push(e.violatedDirective));
"""
_BREACHES = """
([policy, prefix]) => {
  const box = document.querySelector(".readme");
  const found = [];
  for (const element of box.querySelectorAll("*")) {
    const tag = element.localName;
    if (policy.forbid_tags.includes(tag)) found.push(`<${tag}>`);
    if (tag === "input" && !(element.type === "checkbox" && element.disabled))
      found.push(`<input ${element.type}>`);
    for (const { name, value } of element.attributes) {
      if (policy.forbid_attributes.includes(name)) found.push(`${tag} ${name}`);
      if (policy.forbid_attribute_prefixes.some((start) => name.startsWith(start)))
        found.push(`${tag} ${name}`);
      if (name === "id" && !value.startsWith(prefix)) found.push(`id ${value}`);
    }
    for (const key of ["href", "src", "currentSrc"]) {
      const address = element.getAttribute(key);
      if (!address) continue;
      const scheme = new URL(address, document.baseURI).protocol.slice(0, -1);
      if (!policy.allowed_url_schemes.includes(scheme)) found.push(`${key}=${address}`);
      if (key === "src" && new URL(address, document.baseURI).origin !== location.origin)
        found.push(`asks ${address}`);
    }
    const style = getComputedStyle(element);
    if (["fixed", "sticky", "absolute"].includes(style.position)) found.push(style.position);
    if (style.zIndex !== "auto") found.push(`z-index ${style.zIndex}`);
  }
  const room = box.getBoundingClientRect();
  for (const element of box.querySelectorAll("*")) {
    const place = element.getBoundingClientRect();
    if (place.width && (place.top < room.top - 40 || place.left < room.left - 40))
      found.push(`<${element.localName}> stands outside`);
  }
  return found;
}
"""
# The page around the README, which is the same for every README.
_AROUND = """
() => {
  const names = [];
  for (let at = document.querySelector(".readme"); at.parentElement; at = at.parentElement)
    names.push([...at.parentElement.children].map((e) => e.localName + "#" + e.id).join(" "));
  const ids = [...document.querySelectorAll("[id]")].map((e) => e.id);
  return {
    names,
    twins: ids.filter((id, at) => ids.indexOf(id) !== at && !id.startsWith("readme-")),
    clobbered: ["cookie", "forms", "body", "getElementById", "location"].filter(
      (key) => document[key] instanceof Element && key !== "body"
    ),
    title: document.title,
  };
}
"""
_FLATTEN = """
() => document.querySelectorAll(".readme pre > code").forEach((code) => {
  code.textContent = code.textContent;
})
"""
# A code block with a word of every class.
_PAINT = """
(classes) => {
  const code = document.createElement("code");
  for (const name of classes) {
    const span = document.createElement("span");
    span.className = name;
    span.textContent = "word ";
    code.append(span);
  }
  const block = document.createElement("pre");
  block.append(code);
  document.querySelector(".readme-text").append(block);
}
"""


def _list_texts(*folder: str) -> list[str]:
    """The file names, known when tests are collected; none where the data is not there."""
    from tests.support.data import DATA

    return sorted(
        path.name for path in DATA.joinpath(*folder).glob("*.md") if path.stem != "README"
    )


HOSTILE = _list_texts("readmes", "adversarial")
REAL = _list_texts("readmes")


def _make_name(file: str) -> str:
    return "readme-" + re.sub("[^a-z0-9]+", "-", file.lower().removesuffix(".md"))[:50].strip("-")


@pytest.fixture(scope="module")
def registry(live_registry: Any) -> Any:
    """A registry that has every text as the README of a plugin."""
    folder = shared_data("readmes")
    texts = {name: (folder / "adversarial" / name).read_bytes() for name in HOSTILE}
    texts |= {name: (folder / name).read_bytes() for name in REAL}
    texts |= {"rich": RICH.encode(), "plain": PLAIN.encode()}
    token = live_registry.create_api_tokens("reader")["reader"]
    with live_registry.client(token) as client:
        for file, text in texts.items():
            files = {"README.md": text, "docs/shown.png": PNG}
            body = build_package(_make_name(file), "1.0.0", files=files)
            wait = "?wait=60" if file in ("plain", "rich") else ""
            response = client.post(f"/api/v1/plugins{wait}", files={"package": body})
            assert response.status_code in (200, 201, 202), (file, response.text)
    return live_registry


@pytest.fixture
def tab(chromium: Any, registry: Any) -> Iterator[Any]:
    """A tab that records requests to other hosts and the effects of scripts."""
    context = chromium.new_context(
        base_url=registry.url, viewport={"width": 1280, "height": 900}, reduced_motion="reduce"
    )
    context.add_init_script(_TRAP)
    tab = context.new_page()
    tab.asked = []
    tab.on("request", lambda request: tab.asked.append(request.url))
    tab.faults = []
    tab.on("pageerror", lambda error: tab.faults.append(str(error)))
    tab.on("dialog", lambda dialog: (tab.faults.append("dialog"), dialog.dismiss()))
    yield tab
    strangers = [url for url in tab.asked if not url.startswith((registry.url, "data:"))]
    assert strangers == []
    assert tab.faults == []
    context.close()


def open_readme(tab: Any, file: str) -> None:
    response = tab.goto(f"/plugins/{_make_name(file)}", wait_until="load")
    assert response.status == 200
    assert tab.evaluate("window.harm") == []


def test_every_text_is_here():
    """Every file of the data set's list is tested."""
    folder = shared_data("readmes")
    expect = json.loads((folder / "adversarial" / "expect.json").read_text())
    assert {case["file"] for case in expect["files"]} == set(HOSTILE)
    assert {row["file"] for row in json.loads((folder / "index.json").read_text())} == set(REAL)


@pytest.mark.parametrize("file", HOSTILE)
def test_hostile(tab: Any, file: str):
    """The policy of the data set, in the tree that the browser makes; the page as it always is."""
    expect = json.loads(shared_data("readmes", "adversarial", "expect.json").read_text())
    open_readme(tab, "plain")
    around = tab.evaluate(_AROUND)
    open_readme(tab, file)
    assert tab.evaluate(_BREACHES, [expect["policy"], "readme-"]) == []
    surroundings = tab.evaluate(_AROUND)
    assert surroundings["names"] == around["names"]
    assert surroundings["twins"] == []
    assert surroundings["clobbered"] == []
    (case,) = (case for case in expect["files"] if case["file"] == file)
    text = " ".join(tab.inner_text(".readme").split())
    for word in case["require_text"]:
        assert word in text
    # Everything that can be clicked or focused in it is, and nothing happens but following a link.
    for element in tab.query_selector_all(".readme :is(summary, img, details, input)"):
        element.dispatch_event("click")
        element.dispatch_event("mouseover")
    assert tab.evaluate("window.harm") == []
    assert tab.url.startswith(tab.evaluate("location.origin") + "/plugins/")


@pytest.mark.parametrize("file", [*REAL, "rich"])
def test_real(tab: Any, file: str):
    """No text runs out of a narrow screen, in either scheme everything can be read and reached."""
    policy = json.loads(shared_data("readmes", "adversarial", "expect.json").read_text())["policy"]
    open_readme(tab, file)
    assert tab.evaluate(_BREACHES, [policy, "readme-"]) == []
    # Colored words are many, and of few colors: `test_colors_of_code` looks at these.
    tab.evaluate(_FLATTEN)
    assert _find_violations(tab) == []
    tab.emulate_media(color_scheme="dark")
    assert _find_violations(tab, "color-contrast") == []
    tab.set_viewport_size({"width": 320, "height": 800})
    assert tab.evaluate("document.documentElement.scrollWidth") <= 320
    assert _find_violations(tab, "scrollable-region-focusable", "target-size") == []


_IS_SHOWN = "(at) => document.querySelectorAll('.readme img')[at].naturalWidth > 0"

_IS_HIDDEN = "(image) => getComputedStyle(image).opacity === '0'"


def test_pictures(tab: Any):
    """An image of the release is shown; an unavailable one shows its alternative text."""
    open_readme(tab, "plain")
    tab.locator(".readme img").last.scroll_into_view_if_needed()
    for at in (0, 1):
        tab.wait_for_function(_IS_SHOWN, arg=at)
    assert "/raw/docs/shown.png" in tab.get_by_alt_text("Shown").get_attribute("src")
    assert tab.get_by_alt_text("Away").evaluate("(image) => image.naturalHeight") == 24


def test_pictures_that_come_later(tab: Any):
    """An image that is still being fetched is requested again; a failed one shows its alternative text."""
    tab.clock.install()
    answers = [{"status": 202}, {"status": 200, "content_type": "image/png", "body": PNG}]
    tab.route("**/images/**", lambda route: route.fulfill(**answers.pop(0)))
    tab.route("**/raw/**", lambda route: route.fulfill(status=404))
    with tab.expect_response("**/images/**") as first:
        open_readme(tab, "plain")
        tab.get_by_alt_text("Away").scroll_into_view_if_needed()
    assert first.value.status == 202
    assert tab.get_by_alt_text("Away").evaluate(_IS_HIDDEN)
    tab.wait_for_function("() => document.querySelector('.readme .readme-image')")
    assert tab.inner_text(".readme .readme-image") == "Shown"
    tab.clock.run_for(2000)
    tab.wait_for_function(_IS_SHOWN, arg=0)
    assert not tab.get_by_alt_text("Away").evaluate(_IS_HIDDEN)
    assert answers == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colors_of_code(tab: Any, scheme: str):
    """Every color that code can have can be read, in both schemes."""
    tab.emulate_media(color_scheme=scheme)
    open_readme(tab, "plain")
    tab.evaluate(_PAINT, sorted(CLASSES))
    options = {"runOnly": ["color-contrast"], "resultTypes": ["violations", "passes"]}
    results = run_axe(tab, context=".readme", options=options)
    assert results["violations"] == []
    assert len(results["passes"][0]["nodes"]) >= len(CLASSES)


def _find_violations(tab: Any, *rules: str) -> list[str]:
    """What axe finds in the README by all its rules, or these: each with the first place."""
    only = {"runOnly": {"type": "rule", "values": list(rules)}} if rules else {}
    results = run_axe(tab, context=".readme", options=only)
    return [f"{rule['id']}: {rule['nodes'][0]['html'][:200]}" for rule in results["violations"]]

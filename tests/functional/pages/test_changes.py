"""The changelog entry of a release: on its page, in the Versions tab, in feeds and in the API."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from registry.actions.moderate_release import quarantine_release

CHANGELOG = """# Changes

1.1.0 (2026-02-03)
------------------

- Sends *faster*. See [the guide](docs/a.md) and [below](#details).

### Details

<a name="details"></a> More.

## 1.0.0

- It works.
"""
FILES = {"CHANGELOG.md": CHANGELOG, "docs/a.md": "# A\n"}


def get_descriptions(client: Client) -> list[str]:
    versions = client.get("/api/v1/plugins/@acme/chat/versions").json()["versions"]
    return [each["description"].split("\n")[0] for each in versions]


def test_every_place(open_page: Any, client: Client, publisher: Any):
    """The section of each version is shown with its release, without the text of others."""
    publisher.publish("@acme/chat", "1.0.0", files=FILES)
    publisher.publish("@acme/chat", "1.1.0", files=FILES)
    page = open_page("/plugins/@acme/chat")
    (latest,) = page.by_class("changes")
    assert latest.one("h2").text == "Changes in 1.1.0"
    assert page.by_class("changes-link")[0].links == ["#changes"]
    assert latest.attrs["id"] == "changes"
    # The README is first.
    assert page.by_class("readme")[0].one("h3").text == "@acme/chat"
    assert latest.one("em").text == "faster"
    assert latest.links == ["/plugins/@acme/chat/1.1.0/files/docs/a.md"]
    (older,) = open_page("/plugins/@acme/chat/1.0.0").by_class("changes")
    assert older.one("li").text == "It works."
    rows = open_page("/plugins/@acme/chat/versions").by_class("changes")
    assert [row.all("li")[0].text[:12] for row in rows] == ["Sends faster", "It works."]
    assert get_descriptions(client)[1] == "- It works."
    release = client.get("/api/v1/plugins/@acme/chat/1.1.0").json()
    assert release["description"].startswith("- Sends *faster*.")
    assert "It works" not in release["description"]
    feed = client.get("/feeds/plugins/@acme/chat.atom").content.decode()
    assert "It works." in feed


@pytest.mark.parametrize("path", ["/plugins/@acme/chat", "/plugins/@acme/chat/versions"])
def test_ids_are_unique(open_page: Any, publisher: Any, path: str):
    """Entries have no ids of their own, so a page can show several."""
    publisher.publish("@acme/chat", "1.0.0", files=FILES, changelog="## Usage\n\n[^1]\n\n[^1]: x")
    publisher.publish("@acme/chat", "1.1.0", files={**FILES, "README.md": "## Details\n\n" * 20})
    ids = [node.attrs["id"] for node in open_page(path) if "id" in node.attrs]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("name", ["changes.md", "HISTORY.rst", "Releases.txt", "RELEASE"])
def test_names_of_changelogs(client: Client, publisher: Any, name: str):
    """The names that the checks accept are read."""
    publisher.publish("@acme/chat", files={"CHANGELOG.md": None, name: CHANGELOG})
    assert get_descriptions(client) == ["- It works."]


def test_sent_text_precedes_the_file(open_page: Any, client: Client, publisher: Any):
    """The text sent with a release is its entry."""
    publisher.publish("@acme/chat", files=FILES, changelog="Sent.")
    assert get_descriptions(client) == ["Sent."]
    assert open_page("/plugins/@acme/chat").by_class("changes")[0].one("p").text == "Sent."


def test_without_an_entry(open_page: Any, client: Client, publisher: Any):
    """Nothing is shown for a version without a section."""
    publisher.publish("@acme/chat", "3.0.0", files=FILES)
    assert not open_page("/plugins/@acme/chat").by_class("changes")
    assert not open_page("/plugins/@acme/chat/versions").by_class("changes")
    assert get_descriptions(client) == [""]


def test_blocked_release(open_page: Any, client: Client, publisher: Any, moderator: Any):
    """The entry of a blocked release is not shown."""
    publisher.publish("@acme/chat", "1.0.0", files=FILES)
    release = publisher.publish("@acme/chat", "1.1.0", files=FILES)
    quarantine_release(actor=moderator, release=release, reason="Test.")
    assert not open_page("/plugins/@acme/chat/1.1.0").by_class("changes")
    (row,) = open_page("/plugins/@acme/chat/versions").by_class("changes")
    assert row.one("li").text == "It works."
    assert get_descriptions(client) == ["", "- It works."]


def test_long_entries(open_page: Any, client: Client, publisher: Any):
    """Lists contain the start of a long entry; the release has all of it, up to a limit."""
    lines = "".join(f"- Line {number}.\n" for number in range(8_000))
    publisher.publish("@acme/chat", files={"CHANGELOG.md": f"## 1.0.0\n\n{lines}"})
    (row,) = open_page("/plugins/@acme/chat/versions").by_class("changes")
    assert row.text.startswith("Changes in 1.0.0 Line 0.")
    assert row.links == ["/plugins/@acme/chat/1.0.0"]
    assert len(row.all("li")) < 200
    (listed,) = client.get("/api/v1/plugins/@acme/chat/versions").json()["versions"]
    assert len(listed["description"]) <= 1_000
    assert listed["description"].endswith(".\n…")
    release = client.get("/api/v1/plugins/@acme/chat/1.0.0").json()
    assert 60_000 < len(release["description"]) <= 65_536
    assert release["description"].endswith(".\n…")


def test_hostile_entry(open_page: Any, publisher: Any):
    """Markup in an entry is sanitized."""
    text = "## 1.0.0\n\n<script>x</script><b onclick=x>bold</b> <h2 id='panel-title'>T</h2>\n"
    publisher.publish("@acme/chat", files={"CHANGELOG.md": text})
    for path in ("/plugins/@acme/chat", "/plugins/@acme/chat/versions"):
        (entry,) = open_page(path).by_class("changes")
        assert not entry.all("script")
        assert entry.one("b").attrs == {}
        assert not [node for node in entry if "id" in node.attrs]

"""Comparing two releases (REL-8)."""

from __future__ import annotations

import pytest

from marketplace.pages.plugin import compare
from registry.actions import moderate_release
from registry.models import Release
from registry.representations import comparison_extract

COMPARE = "/plugins/@acme/chat/compare"
COMPARE_TALK = "/plugins/@acme/talk/compare"


@pytest.fixture(scope="module")
def _published(module_publisher):
    """`@acme/chat`; tests that publish do so under another name."""
    publisher = module_publisher
    publisher.publish(
        "@acme/chat",
        "1.0.0",
        kind="bridge",
        provides=["internal"],
        tags=["chat"],
        permissions={"network": ["api.example.test"], "exec": ["git"]},
        dependencies={"plugins": {"base": "^1.0.0"}},
        files={"old.js": "let same = 1;\n", "gone.txt": "x", "a.txt": "one\ntwo\n", "b.bin": b"\0"},
    )
    publisher.publish(
        "@acme/chat",
        "1.1.0",
        kind="bridge",
        provides=["internal", "external"],
        tags=["chat", "talk"],
        permissions={"network": ["*.example.test"], "filesystem": ["write:./data"]},
        dependencies={"plugins": {"base": "*"}, "packages": {"left": "1"}},
        files={"new.js": "let same = 1;\n", "a.txt": "one\n<two>\n", "b.bin": b"\1"},
    )
    publisher.publish("@acme/chat", "2.0.0")


@pytest.fixture
def releases(db, _published, _module_packages):
    """1.0.0, a 1.1.0 that differs in every field, and a 2.0.0 without permissions."""
    return {each.version: each for each in Release.objects.filter(plugin__name="@acme/chat")}


@pytest.fixture
def owner(db, module_publisher):
    return module_publisher.copy_actor()


def test_gained_comes_first(open_page, releases):
    """New permissions and capabilities come first, then removed ones, then the rest."""
    panel = open_page(COMPARE, **{"from": "1.0.0", "to": "1.1.0"}).one(id="compare")
    gained = panel.by_class("gained")[0].text
    assert "New in 1.1.0" in gained
    assert "Reads and writes files ./data" in gained
    assert "Connects to *.example.test" in gained
    assert "Provides : external" in gained
    assert "Runs programs git" in panel.by_class("lost")[0].text
    assert [h.text.split()[0] for h in panel.all("h3")] == [
        "Permissions",
        "Dependencies",
        "Manifest",
        "Files",
    ]
    assert "changed base ^1.0.0 *" in panel.text
    assert "added left 1 language package" in panel.text
    assert "changed tags chat chat, talk" in panel.text
    assert "renamed new.js was old.js" in panel.text
    assert "removed gone.txt 1 B" in panel.text


def test_defaults(open_page, releases):
    """The default is the newest release and the one before it."""
    panel = open_page(COMPARE).one(id="compare")
    fields = {
        select.attrs["name"]: [o.text for o in select.all("option") if "selected" in o.attrs]
        for select in panel.all("select")
    }
    assert fields == {"from": ["1.1.0"], "to": ["2.0.0"]}
    assert "2.0.0 has no new permissions or capabilities." in panel.text
    older = open_page(COMPARE, to="1.1.0").one(id="compare")
    assert "New in 1.1.0" in older.text


def test_the_other_way_round(open_page, releases):
    """The comparison works in both directions."""
    panel = open_page(COMPARE, **{"from": "1.1.0", "to": "1.0.0"}).one(id="compare")
    assert "Runs programs git" in panel.by_class("gained")[0].text


def test_one_release(open_page, publisher):
    """A first release, and a release compared with itself."""
    publisher.publish("@acme/talk")
    assert "1.0.0 is the first release" in open_page(COMPARE_TALK).text
    same = open_page(COMPARE_TALK, **{"from": "1.0.0", "to": "1.0.0"})
    assert "You are comparing 1.0.0 with itself." in same.text


def _open_diff(open_page, path, compare_url=COMPARE):
    query = {"from": "1.0.0", "to": "1.1.0", "file": path}
    return open_page(compare_url, **query).one(id="diff")


def test_lines_of_a_file(open_page, releases):
    """Removed and added lines with numbers, escaped."""
    diff = _open_diff(open_page, "a.txt")
    rows = [
        (row.attrs["class"], *(cell.text for cell in row.all("td")))
        for row in diff.all("tr")
        if row.attrs["class"] != "hunk"
    ]
    assert rows == [
        ("line-same", "1", "1", "one"),
        ("line-removed", "2", "", "- two"),
        ("line-added", "", "2", "+ <two>"),
    ]
    assert "+1 −1" in diff.text


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("b.bin", "Binary file: the lines cannot be compared."),
        ("new.js", "The file was renamed without changes."),
    ],
)
def test_why_no_lines(open_page, releases, path, words):
    """The reason is shown."""
    assert words in _open_diff(open_page, path).text


def test_added_and_removed_files(open_page, releases):
    """Added files are all plus, removed ones all minus."""
    assert _open_diff(open_page, "gone.txt").all("tr")[1].attrs["class"] == "line-removed"


def test_large_files(open_page, releases, monkeypatch):
    """A large file is not compared by line; the reason is shown with the list."""
    monkeypatch.setattr(comparison_extract, "MAX_DIFF_BYTES", 3)
    diff = _open_diff(open_page, "a.txt")
    assert "The lines cannot be compared: a.txt has 8 B; 3 B can be shown." in diff.text
    assert diff.one("p").links == [
        "/plugins/@acme/chat/1.0.0/files/a.txt",
        "/plugins/@acme/chat/1.1.0/files/a.txt",
    ]
    monkeypatch.setattr(comparison_extract, "MAX_DIFF_BYTES", 1_000)
    monkeypatch.setattr(compare, "MAX_DIFF_INPUT_LINES", 1)
    assert "more than 1 lines" in _open_diff(open_page, "a.txt").text


def test_large_files_are_called_out(open_page, publisher, monkeypatch):
    """Large changed files are listed with links, so that size cannot hide a change."""
    monkeypatch.setattr(comparison_extract, "MAX_DIFF_BYTES", 5_000)
    for version, last in (("1.0.0", "fine();\n"), ("1.1.0", "evil();\n")):
        large = "fine();\n" * 700
        files = {"dist/bundle.js": large + last, "same.js": large, f"{version}.js": f"{large} "}
        publisher.publish("@acme/talk", version, files=files)
    panel = open_page(COMPARE_TALK).one(id="compare")
    notice = panel.by_class("notice-waiting")[0]
    assert "1 changed file is too large to compare by line." in notice.text
    assert notice.links == ["/plugins/@acme/talk/1.1.0/files/dist/bundle.js"]
    assert panel.one(id="compared-files").text == "Files 4 changed, 1 renamed"
    assert not open_page(COMPARE_TALK, to="1.0.0").by_class("notice-waiting")


def test_many_lines_are_cut(open_page, publisher, monkeypatch):
    """A long diff is truncated."""
    monkeypatch.setattr(comparison_extract, "MAX_DIFF_LINES", 10)
    publisher.publish("@acme/talk", "1.0.0", files={"a.txt": "x\n" * 50})
    publisher.publish("@acme/talk", "1.1.0", files={"a.txt": "y\n" * 50 + "z" * 1_000})
    diff = _open_diff(open_page, "a.txt", COMPARE_TALK)
    assert len(diff.all("tr")) == 11
    assert "The diff is truncated." in diff.text
    assert "+51 −50" in diff.text


def test_blocked_releases(open_page, moderator, releases):
    """Facts of blocked releases are compared; names and contents of files are hidden."""
    query = {"from": "1.0.0", "to": "1.1.0", "file": "a.txt"}
    assert open_page(COMPARE, **query).one(id="diff").all("tr")
    moderate_release.revoke_release(actor=moderator, release=releases["1.0.0"], reason="Odd.")
    panel = open_page(COMPARE, **query).one(id="compare")
    assert "The manifest and the files of 1.0.0 are not shown." in panel.text
    assert "Permissions and capabilities" in panel.text
    assert not panel.all("tr")
    assert "a.txt" not in panel.text


def test_text_of_authors_is_escaped(open_page, publisher):
    """Markup in manifests, paths and files is escaped."""
    for version, text in (("1.0.0", "<i>one</i>"), ("1.1.0", "<i>two</i>")):
        publisher.publish(
            "@acme/talk",
            version,
            description=text,
            tags=[text],
            permissions={"exec": [text]},
            files={"a.txt": text},
        )
    page = open_page(COMPARE_TALK, file="a.txt")
    assert not page.all("i")
    assert "<i>two</i>" in page.text

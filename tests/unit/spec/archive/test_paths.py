"""Names of members: rejected ones, and the messages of their errors."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.archives import PackageBuilder, Read, Refuse, build_extended_header, load_tree

HOSTILE = [
    ("../evil", "traversal"),
    ("..", "traversal"),
    ("a/../../evil", "traversal"),
    ("a/..", "traversal"),
    ("./../evil", "traversal"),
    ("a/\uff0e\uff0e/evil", "traversal"),
    ("a\uff0f..\uff0fevil", "traversal"),
    ("a\uff3cevil", "traversal"),
    ("/etc/passwd", "absolute"),
    ("//host/share", "absolute"),
    (".//etc/passwd", "absolute"),
    ("C:/evil", "absolute"),
    ("c:evil", "absolute"),
    ("C:\\evil", "absolute"),
    ("\\\\host\\share", "absolute"),
    ("..\\evil", "backslash"),
    ("a\\b", "backslash"),
    ("a\nb", "control-character"),
    ("\x1b[31mred", "control-character"),
    ("a\x7fb", "control-character"),
    ("a\u0085b", "control-character"),
    ("a\u2028b", "control-character"),
    ("exe.\u202etxt", "control-character"),
    ("a\u2066b", "control-character"),
    ("a//b", "malformed"),
    ("a/./b", "malformed"),
    ("././a", "malformed"),
    ("a/", "malformed"),
    ("./", "malformed"),
    (".", "malformed"),
    ("", "malformed"),
    ("CON", "unportable"),
    ("a/nul.txt", "unportable"),
    ("aux .js", "unportable"),
    ("com1", "unportable"),
    ("Lpt\u00b9.x", "unportable"),
    ("conout$", "unportable"),
    ("a./b", "unportable"),
    ("a ", "unportable"),
    ("...", "unportable"),
    ("a?.txt", "unportable"),
    ("file.txt:stream", "unportable"),
    ('a"b', "unportable"),
    ("a|b", "unportable"),
    ("a*", "unportable"),
    ("<b>", "unportable"),
    ("n" * 201, "too-long"),
    ("/".join(["n" * 99] * 6), "too-long"),
    ("/".join(["d"] * 33), "too-deep"),
    ("/".join(["d"] * 1500), "too-deep"),
]


@pytest.mark.parametrize(("name", "code"), HOSTILE)
def test_hostile_names_are_refused_however_they_come(refuse: Refuse, name: str, code: str) -> None:
    for source in _name_in_all_ways(name):
        error = refuse(source, f"archive-path-{code}")
        assert len(str(error)) < 400
        assert str(error).isprintable()


def _name_in_all_ways(name: str) -> list[PackageBuilder]:
    """Return files and folders with this name, in every field that can contain it."""
    raw = name.encode()
    ways = (
        [PackageBuilder().raw(build_extended_header(b"L", raw + b"\0")).file("ok")] if raw else []
    )
    # An empty pax path takes the override back, so the name in the header counts.
    ways.append(PackageBuilder().pax({"path": raw}).file("ok" if raw else ""))
    if len(raw) > 99:
        return ways
    ways.append(PackageBuilder().file(raw))
    if raw.strip(b"./"):
        ways.append(PackageBuilder().folder(raw + b"/"))
    head, slash, tail = raw.rpartition(b"/")
    if slash and head:
        ways.append(PackageBuilder().file(tail, prefix=head))
    return ways


@pytest.mark.parametrize(
    "name",
    [
        ".claude-plugin/plugin.json",
        "[slug]/(group)/@modal/page.tsx",
        "..a/b..c",
        "a b/c",
        "console.js",
        "com10/lpt/auxiliary.js",
        "naïve/日本語/emoji-😀.md",
        "हिन्दी.md",
        "~/x",
        "-rf",
        "$HOME",
        "%2e%2e/x",
        "/".join(["d"] * 32),
        "n" * 200,
    ],
)
def test_unusual_names_are_fine(read: Read, tmp_path: Path, name: str) -> None:
    (tree := tmp_path / "tree").mkdir()
    package = read(PackageBuilder().pax({"path": name}).file("short", "x"), tree=tree)
    assert [entry.path for entry in package.files] == [name]
    assert load_tree(tree) == {name: b"x"}


def test_a_leading_dot_slash_is_taken_off(read: Read) -> None:
    package = read(PackageBuilder().folder("./").folder("./d/").file("./d/a", "x"))
    assert [entry.path for entry in package.files] == ["d/a"]


def test_names_that_are_not_utf8(refuse: Refuse) -> None:
    error = refuse(PackageBuilder().file(b"caf\xe9.md"), "archive-path-encoding")
    assert error.context["path"] == "caf\\xe9.md"
    refuse(PackageBuilder().pax({"path": b"\xed\xa0\x80"}).file("a"), "archive-path-encoding")


def test_nul_in_a_pax_path(refuse: Refuse) -> None:
    source = PackageBuilder().pax({"path": "evil\0.txt"}).file("a")
    assert "`evil\\x00.txt`" in refuse(source, "archive-path-control-character").detail


def test_errors_have_a_hint(refuse: Refuse) -> None:
    error = refuse(PackageBuilder().file("aux.js"), "archive-path-unportable")
    assert "`aux.js` is a device name on Windows" in error.detail
    assert error.hint == "Rename the file."


class TestClashes:
    @pytest.mark.parametrize(
        ("first", "second"),
        [
            ("README.md", "readme.md"),
            ("docs/caf\u00e9", "docs/cafe\u0301"),
            ("Docs/a", "docs/b"),
            ("a/B/c", "a/b"),
            ("stra\u00dfe", "STRASSE"),
            ("\ufb01le", "file"),
            ("\u212bngstrom", "\u00e5ngstrom"),
            ("\uff41", "a"),
            ("plugport.yaml", "plug\u200bport.yaml"),
            ("K", "\u212a"),
            ("\u0390", "\u1fd3"),
        ],
    )
    def test_names_that_are_equal_on_some_systems(
        self, refuse: Refuse, first: str, second: str
    ) -> None:
        for names in ((first, second), (second, first)):
            refuse(PackageBuilder(dict.fromkeys(names, "x")), "archive-path-collision")

    def test_the_same_name_twice(self, refuse: Refuse) -> None:
        refuse(PackageBuilder().file("a", "1").file("a", "2"), "archive-path-duplicate")
        refuse(PackageBuilder().file("./a", "1").file("a", "2"), "archive-path-duplicate")
        refuse(PackageBuilder().folder("a/").folder("a"), "archive-path-duplicate")
        refuse(PackageBuilder().folder("./").folder("./"), "archive-path-duplicate")

    def test_a_file_that_is_a_folder_too(self, refuse: Refuse) -> None:
        refuse(PackageBuilder().file("a").file("a/b"), "archive-path-conflict")
        refuse(PackageBuilder().file("a/b").file("a"), "archive-path-conflict")
        refuse(PackageBuilder().folder("a/").file("a"), "archive-path-conflict")
        refuse(PackageBuilder().file("a").folder("a/"), "archive-path-conflict")
        refuse(PackageBuilder().file("a").file("a/b/c/d"), "archive-path-conflict")

    def test_a_folder_may_be_listed_before_or_after_its_files(self, read: Read) -> None:
        builder = PackageBuilder().folder("a/").file("a/b").folder("c/d/").file("e/f").folder("e/")
        assert [entry.path for entry in read(builder).files] == ["a/b", "e/f"]

    def test_errors_have_both_names(self, refuse: Refuse) -> None:
        source = PackageBuilder({"README.md": "", "readme.md": ""})
        error = refuse(source, "archive-path-collision")
        assert error.context == {"path": "readme.md", "found": "README.md"}

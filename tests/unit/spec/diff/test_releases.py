"""Files, dependencies, capabilities and fields of two releases."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from plugport.spec.diff.capabilities import compare_capabilities
from plugport.spec.diff.dependencies import compare_dependencies
from plugport.spec.diff.files import ListedFile, compare_files
from plugport.spec.diff.releases import ReleaseFacts, compare_releases
from plugport.spec.diff.values import Change, compare_values
from plugport.spec.manifest.model import Permissions


def _files(**digests: str) -> list[ListedFile]:
    return [ListedFile(path.replace("__", "/"), 5, digest) for path, digest in digests.items()]


def _show(changes) -> list[tuple[str, str | None, str | None]]:
    return [
        (each.change.value, each.before and each.before.path, each.after and each.after.path)
        for each in changes
    ]


def test_files():
    """Added, removed, changed, renamed; the same is left out."""
    before = _files(same="0", changed="1", gone="2", old="3")
    after = _files(same="0", changed="9", new="4", moved="3")
    assert _show(compare_files(before, after)) == [
        ("changed", "changed", "changed"),
        ("removed", "gone", None),
        ("renamed", "old", "moved"),
        ("added", None, "new"),
    ]


def test_mode_counts():
    """A file that became a program has changed."""
    before, after = ListedFile("run", 1, "0"), ListedFile("run", 1, "0", executable=True)
    assert _show(compare_files([before], [after])) == [("changed", "run", "run")]


def test_copies_are_paired_by_name():
    """Of several with one content, the one that kept its name moved."""
    before = _files(a__x="1", a__y="1")
    after = _files(b__y="1", b__x="1", b__z="1")
    assert _show(compare_files(before, after)) == [
        ("renamed", "a/x", "b/x"),
        ("renamed", "a/y", "b/y"),
        ("added", None, "b/z"),
    ]


def test_empty_files_do_not_move():
    """All of them have the same content."""
    before, after = ListedFile("a", 0, "0"), ListedFile("b", 0, "0")
    assert _show(compare_files([before], [after])) == [("removed", "a", None), ("added", None, "b")]


_trees = st.dictionaries(st.sampled_from("abcdef"), st.sampled_from("0123"), max_size=6)


@given(_trees, _trees)
def test_changes_lead_from_one_tree_to_the_other(before, after):
    """Carried out on the old tree, they give the new one."""
    tree = dict(before)
    changes = compare_files(_files(**before), _files(**after))
    for each in changes:
        if each.before and (each.after is None or each.before.path != each.after.path):
            del tree[each.before.path]
    for each in changes:
        if each.after:
            tree[each.after.path] = each.after.sha256
    assert tree == after


def test_dependencies():
    """By group, with both ranges."""
    before = {"plugins": {"a": "^1.0.0", "b": "*"}, "packages": {"left": "1"}}
    after = {"plugins": {"a": "^2.0.0", "c": "*"}, "packages": {"left": "1"}, "peer": {"d": "*"}}
    rows = compare_dependencies(before, after)
    assert [(row.group, row.name, row.change, row.before, row.after) for row in rows] == [
        ("plugins", "a", Change.CHANGED, "^1.0.0", "^2.0.0"),
        ("plugins", "b", Change.REMOVED, "*", None),
        ("plugins", "c", Change.ADDED, None, "*"),
        ("peer", "d", Change.ADDED, None, "*"),
    ]


def test_capabilities():
    """The words of the kind's own fields, each field by itself."""
    before = {"kind": "bridge", "kindFields": {"provides": ["read", "send"]}}
    after = {"kind": "bridge", "kindFields": {"provides": ["send", "delete", "delete"]}}
    change = compare_capabilities(before, after)
    assert change.gained == {"provides": ("delete",)}
    assert change.lost == {"provides": ("read",)}


def test_capabilities_that_are_objects():
    """They count by their names."""
    after = {"kind": "container", "kindFields": {"capabilities": [{"name": "gpu"}, {"x": 1}]}}
    assert compare_capabilities({"kind": "container"}, after).gained == {"capabilities": ("gpu",)}


def test_fields():
    """Nested ones by path; lists as a whole; truth values are no numbers."""
    before = {"a": 1, "b": {"c": [1], "d": 1}, "e": "x", "same": {"f": 1}, "version": "1"}
    after = {"a": 2, "b": {"c": [2], "d": True}, "g": None, "same": {"f": 1}, "version": "2"}
    rows = compare_values(before, after, leave_out=frozenset({"version"}))
    assert [(row.field, row.change.value, row.before, row.after) for row in rows] == [
        ("a", "changed", 1, 2),
        ("b.c", "changed", [1], [2]),
        ("b.d", "changed", 1, True),
        ("e", "removed", "x", None),
        ("g", "added", None, None),
    ]


def test_very_deep_values():
    """No document is too deep."""
    before, after = {"x": 1}, {"x": 2}
    for _ in range(500):
        before, after = {"a": before}, {"a": after}
    assert len(compare_values(before, after)) == 1


def test_the_same_release():
    """Nothing differs from itself, whatever it holds."""
    manifest = {"name": "a", "permissions": {"exec": ["git"]}, "dependencies": {"peer": {"b": "*"}}}
    files = [{"path": "a", "size": 1, "sha256": "0", "executable": False}]
    same = ReleaseFacts(manifest, files)
    diff = compare_releases(same, same)
    assert diff.permissions.gained == Permissions()
    assert not any((diff.manifest, diff.dependencies, diff.files))


def test_with_nothing_before():
    """All of it is new."""
    files = [{"path": "a", "size": 1, "sha256": "0", "executable": False}]
    manifest = {"name": "a", "permissions": {"exec": ["git"]}}
    diff = compare_releases(ReleaseFacts(), ReleaseFacts(manifest, files))
    assert diff.permissions.gained.exec == ("git",)
    assert [row.field for row in diff.manifest] == ["name"]
    assert [row.change for row in diff.files] == [Change.ADDED]

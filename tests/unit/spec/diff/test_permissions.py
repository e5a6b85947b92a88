"""Gained permissions: everything that no entry of the old release covers (PKG-6a)."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from plugport.spec.diff.permissions import compare_permissions, parse_permissions, subtract_covered
from plugport.spec.manifest.model import Permissions
from plugport.spec.manifest.permissions import build_permissions, join_permissions


def _covers(name, held, requested):
    old, new = build_permissions(**{name: [held]}), build_permissions(**{name: [requested]})
    return compare_permissions(old, new).gained == Permissions()


def covers_path(held, requested):
    return _covers("filesystem", held, requested)


@pytest.mark.parametrize(
    ("held", "requested"),
    [
        ("read:./data", "read:./data"),
        ("read:./data", "read:data"),
        ("read:./data", "read:./data/"),
        ("read:./data", "read:./data/a/b.txt"),
        ("read:./data", "read:./data/*.txt"),
        ("read:./data/**", "read:./data/a"),
        ("read:./data/*.txt", "read:./data/*.txt"),
        ("write:./data", "read:./data/a"),
        ("read:.", "read:./a"),
        ("read:.", "read:a/../b"),
        ("read:..", "read:../a"),
        ("read:*", "read:/etc/passwd"),
        ("write:*", "read:*"),
        ("read:/", "read:./a"),
        ("read:/", "read:~/.ssh"),
        ("read:/**", "read:/etc"),
        ("read:/etc", "read:/etc//passwd"),
        ("read:~", "read:~/notes"),
        ("read:${DATA}", "read:${DATA}/x"),
        ("read:", "read:"),
        ("read:*", "read:"),
    ],
)
def test_paths_that_are_covered(held, requested):
    """Nothing new comes with them."""
    assert covers_path(held, requested)


@pytest.mark.parametrize(
    ("held", "requested"),
    [
        ("read:./data", "write:./data"),
        ("read:./data", "read:./database"),
        ("read:./data/a", "read:./data"),
        ("read:./data", "read:./data/../secret"),
        ("read:./data", "read:/data"),
        ("read:.", "read:/"),
        ("read:.", "read:.."),
        ("read:.", "read:../other"),
        ("read:.", "read:a/../../other"),
        ("read:..", "read:../.."),
        ("read:.", "read:*"),
        ("read:.", "read:~/.ssh"),
        ("read:.", "read:$HOME"),
        ("read:.", "read:./$UP/x"),
        ("read:./data", "read:./data/${UP}"),
        ("read:.", "read:**/../.."),
        ("read:.", "read:%APPDATA%"),
        ("read:.", "read:C:\\Users"),
        ("read:/srv", "read:/srv/../etc"),
        ("read:./data/*", "read:./data/a"),
        ("read:./*", "read:./secret"),
        ("read:~", "read:~root"),
        ("read:~/a", "read:~/a/../../x"),
        ("read:", "read:.."),
        ("read:", "read:/etc"),
        ("read:", "read:$HOME"),
        ("read:.", "read:"),
    ],
)
def test_paths_that_are_not(held, requested):
    """They count as gained, also if it is uncertain."""
    assert not covers_path(held, requested)


@pytest.mark.parametrize(
    ("held", "requested", "is_covered"),
    [
        ("*", "anything.test", True),
        ("a.test", "a.test", True),
        ("a.test", "a.test:8080", True),
        ("a.test:8080", "a.test", False),
        ("a.test:8080", "a.test:8080", True),
        ("*.a.test", "b.a.test", True),
        ("*.a.test", "c.b.a.test", True),
        ("*.a.test", "*.b.a.test", True),
        ("*.a.test", "*.a.test:443", True),
        ("*.a.test:443", "b.a.test:80", False),
        ("*.a.test", "a.test", False),
        ("*.a.test", "ba.test", False),
        ("*.a.test", "a.test.evil.test", False),
        ("b.a.test", "*.a.test", False),
        ("*.a.test", "*", False),
        ("[::1]", "[::1]:80", True),
        ("[::1]:80", "[::1]", False),
    ],
)
def test_hosts(held, requested, is_covered):
    """A star stands for hosts below the domain, not for the domain; no port is any port."""
    assert _covers("network", held, requested) is is_covered


@pytest.mark.parametrize(
    ("held", "requested", "is_covered"),
    [
        ("*", "hook:Stop", True),
        ("hook:*", "hook:Stop", True),
        ("hook:*", "mcp:issues", False),
        ("hook:Stop", "hook:Start", False),
    ],
)
def test_components(held, requested, is_covered):
    """One sort does not stand for another."""
    assert _covers("components", held, requested) is is_covered


def test_gained_and_lost():
    """Both directions, each list by itself."""
    before = build_permissions(filesystem=["read:./data"], network=["a.test"], exec=["git"])
    after = build_permissions(filesystem=["write:./data"], network=["*.a.test", "a.test"])
    change = compare_permissions(before, after)
    assert change.gained == build_permissions(filesystem=["write:./data"], network=["*.a.test"])
    assert change.lost == build_permissions(exec=["git"])
    assert change.gained != Permissions()


@pytest.mark.parametrize("data", [None, [], "x", {"network": "a.test"}, {"network": [1, None, {}]}])
def test_invalid_permissions_are_ignored(data):
    """Stored and answered documents are read without trust."""
    assert parse_permissions(data) == Permissions()


_part = st.sampled_from(["a", "b", "..", ".", "*", "**", "$X", "~", "a b", ""])
_path = st.lists(_part, min_size=1, max_size=4).map("/".join)
_host = st.sampled_from(["a.t", "b.a.t", "*.a.t", "*.b.a.t", "a.t:1", "*.a.t:1", "*", "[::1]"])
_permissions = st.builds(
    build_permissions,
    filesystem=st.lists(
        st.builds("{}:{}".format, st.sampled_from(["read", "write"]), _path), max_size=4
    ),
    network=st.lists(_host, max_size=4),
    exec=st.lists(st.sampled_from(["git", "sh", "*"]), max_size=2),
    env=st.lists(st.sampled_from(["A", "B", "*"]), max_size=2),
    components=st.lists(st.sampled_from(["hook:A", "hook:*", "mcp:a", "*"]), max_size=2),
)


@given(_permissions)
def test_nothing_is_gained_over_itself(permissions):
    """No change, no notice."""
    assert compare_permissions(permissions, permissions).gained == Permissions()


@given(_permissions, _permissions)
def test_less_gains_nothing(some, more):
    """What was joined into the old one is not new."""
    assert compare_permissions(join_permissions(some, more), some).gained == Permissions()


@given(_permissions, _permissions)
def test_old_and_gained_permissions_cover_the_new_ones(before, after):
    """The old entries and the gained ones cover all of the new."""
    gained = compare_permissions(before, after).gained
    assert subtract_covered(after, by=join_permissions(before, gained)) == Permissions()


@given(_permissions, _permissions, _permissions)
def test_more_held_is_never_more_gained(before, extra, after):
    """An old release that may do more leaves less to gain."""
    small = compare_permissions(before, after).gained
    large = compare_permissions(join_permissions(before, extra), after).gained
    assert set(large.filesystem) <= set(small.filesystem)
    assert set(large.network) <= set(small.network)


@given(_path, _path, _path)
@example(".", "", "..")
def test_covering_is_transitive(first, second, third):
    """What covers a cover covers what that covers."""
    a, b, c = (f"read:{path}" for path in (first, second, third))
    if covers_path(a, b) and covers_path(b, c):
        assert covers_path(a, c)


def test_covering_is_reflexive_and_transitive_for_all_short_paths():
    """Random examples rarely meet the few triples that show a mistake, so all are compared."""
    parts = ["a", "..", ".", "**", "$X", ""]
    paths = ["/".join(some) for n in (1, 2) for some in product(parts, repeat=n)]
    covered = {
        held: {path for path in paths if covers_path(f"read:{held}", f"read:{path}")}
        for held in paths
    }
    for held, below in covered.items():
        assert held in below
        assert all(covered[path] <= below for path in below), held


def test_long_lists():
    """Time grows with the lists, not with their product: this many would take minutes."""
    before = build_permissions(filesystem=[f"read:./a/{n}" for n in range(20_000)])
    after = build_permissions(filesystem=[f"read:./a/{n}/x" for n in range(10_000, 30_000)])
    assert len(compare_permissions(before, after).gained.filesystem) == 10_000

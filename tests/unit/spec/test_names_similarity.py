"""Names that can be confused although they do not look the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugport.spec.names import MAX_PART_CHARS, PluginName, list_similar_keys

PARTS = st.from_regex(r"[a-z0-9](?:[.-]?[a-z0-9]){0,12}", fullmatch=True)


def is_similar(one: str, other: str) -> bool:
    return PluginName.parse(other).collision_key in list_similar_keys(PluginName.parse(one))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("token-bucket", "token-buckets"),
        ("token-bucket", "tokens-bucket"),
        ("token-bucket", "tokenbuckets"),
        ("token-bucket", "token-bucke"),
        ("token-bucket", "token-buckat"),
        ("token-bucket", "tokne-bucket"),
        ("token-bucket", "bucket-token"),
        ("token-bucket", "buckettoken"),
        ("token-bucket", "@token/bucket"),
        ("@slack/bridge", "slack-bridge"),
        ("@slack/bridge", "@slak/bridge"),
        ("@slack/bridge", "@slacks/bridge"),
        ("@ab/c-d", "@ab-c/d"),
        ("box-factory", "boxes-factory"),
        ("query-tool", "queries-tool"),
        ("mcp-slack-tools", "slack-tools-mcp"),
        ("modern", "moden"),
        ("car", "cars"),
    ],
)
def test_similar_in_both_directions(one: str, other: str) -> None:
    assert is_similar(one, other)
    assert is_similar(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("s3", "k3"),
        ("vue", "vite"),
        ("token-bucket", "token-basket"),
        ("token-bucket", "@acme/token-bucket"),
        ("@acme/token-bucket", "@acme/token-buckets"),
        ("@acme/chat", "@other/chat"),
        ("react", "preacts"),
        ("chat", "chat"),
    ],
)
def test_other_names_are_not_similar(one: str, other: str) -> None:
    assert not is_similar(one, other)
    assert not is_similar(other, one)


@given(PARTS, st.none() | PARTS)
def test_the_number_of_keys_is_bounded(name: str, scope: str | None) -> None:
    keys = list_similar_keys(PluginName(scope, name))
    assert len(keys) <= 5_000
    assert all(key.isascii() for key in keys)


@pytest.mark.parametrize("part", ["abcdefghj" * 8, "a-" * 40, "a-b-c-d-e-" * 8])
def test_the_longest_names_have_few_keys(part: str) -> None:
    longest = part[:MAX_PART_CHARS].strip("-")
    assert len(list_similar_keys(PluginName(None, longest))) <= 5_000
    assert len(list_similar_keys(PluginName(longest, longest))) <= 5_000

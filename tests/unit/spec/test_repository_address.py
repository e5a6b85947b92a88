"""Addresses of repositories and of files in them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugport.spec.manifest.links import normalize_repository_url
from plugport.spec.repository_address import (
    RepositoryAddress,
    find_raw_url,
    parse_repository_address,
)

CHAT = RepositoryAddress("github.com", "acme/chat")
DEEP = RepositoryAddress("gitlab.com", "group/sub/team/chat")


def at(address: RepositoryAddress, ref: str, folder: str = "") -> RepositoryAddress:
    return RepositoryAddress(address.host, address.project, ref, folder)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("https://github.com/acme/chat", CHAT),
        ("http://github.com/acme/chat/", CHAT),
        ("https://www.github.com/acme/chat", CHAT),
        ("https://GitHub.com/acme/chat.git", CHAT),
        ("https://github.com/acme/chat.git/", CHAT),
        ("https://github.com:443/acme/chat", CHAT),
        ("https://github.com/acme/chat?tab=readme-ov-file#readme", CHAT),
        ("https://github.com/acme/chat#readme", CHAT),
        ("https://github.com/acme/chat/issues", CHAT),
        ("https://github.com/acme/chat/releases/tag/v1", CHAT),
        ("https://github.com/acme/chat/tree", CHAT),
        ("git://github.com/acme/chat.git", CHAT),
        ("git+https://github.com/acme/chat.git", CHAT),
        ("git+ssh://git@github.com/acme/chat.git", CHAT),
        ("ssh://git@github.com:22/acme/chat.git", CHAT),
        ("git+ssh://git@github.com:acme/chat.git", CHAT),
        ("git@github.com:acme/chat.git", CHAT),
        ("github:acme/chat", CHAT),
        ("acme/chat", CHAT),
        ("https://github.com/acme/chat/tree/main", at(CHAT, "main")),
        ("https://github.com/acme/chat/tree/main/", at(CHAT, "main")),
        ("https://github.com/acme/chat/commit/0a1b2c", at(CHAT, "0a1b2c")),
        ("https://github.com/acme/chat/tree/main/packages/x", at(CHAT, "main", "packages/x")),
        ("https://github.com/acme/chat.git/tree/v1/x/", at(CHAT, "v1", "x")),
        ("https://github.com/acme/chat/tree/main/a%20b/%C3%A9", at(CHAT, "main", "a b/é")),
        ("https://github.com/acme/chat/tree/fix%2Fa/x", at(CHAT, "fix/a", "x")),
        ("https://github.com/acme/chat/blob/main/x/README.md", at(CHAT, "main", "x")),
        ("https://github.com/acme/chat/blob/main/README.md", at(CHAT, "main")),
        ("https://github.com/acme/chat/tree/main/../../x", CHAT),
        ("https://github.com/acme/chat/tree/../x", CHAT),
        ("https://github.com/acme/chat/tree/%2e%2e%2fx/y", CHAT),
        ("https://github.com/acme/chat.git#../x", CHAT),
        ("https://github.com/acme/chat.git#v1:plugins/x", at(CHAT, "v1", "plugins/x")),
        ("git+https://github.com/acme/chat.git#main", at(CHAT, "main")),
        ("git+https://github.com/acme/chat.git#semver:^1.0.0", CHAT),
        ("https://gitlab.com/group/chat", RepositoryAddress("gitlab.com", "group/chat")),
        ("https://gitlab.com/group/sub/team/chat.git", DEEP),
        ("git@gitlab.com:group/sub/team/chat.git", DEEP),
        ("https://gitlab.com/group/sub/team/chat/-/issues", DEEP),
        ("https://gitlab.com/group/sub/team/chat/-/tree/main/x", at(DEEP, "main", "x")),
        ("https://gitlab.com/group/sub/team/chat/tree/main/x", at(DEEP, "main", "x")),
        ("https://gitlab.com/group/sub/team/chat/-/blob/main/x/a.md?ref_type=heads", at(DEEP, "main", "x")),
        (
            "https://bitbucket.org/acme/chat/src/main/x/",
            RepositoryAddress("bitbucket.org", "acme/chat", "main", "x"),
        ),
        ("https://www.bitbucket.org/acme/chat", RepositoryAddress("bitbucket.org", "acme/chat")),
    ],
)  # fmt: skip
def test_forms(text: str, address: RepositoryAddress) -> None:
    """Every form that a manifest may have is understood."""
    assert parse_repository_address(normalize_repository_url(text)) == address


@pytest.mark.parametrize(
    "text",
    [
        "",
        "words",
        "https://[",
        "https://github.com",
        "https://github.com/acme",
        "https://github.com/acme/.git",
        "https://github.com/acme/..",
        "https://github.com/%2e%2e/x",
        "https://github.com/a b/x",
        "https://github.com:8443/acme/chat",
        "https://github.com:x/acme/chat",
        "https://github.com.evil.test/acme/chat",
        "https://notgithub.com/acme/chat",
        "https://git.example.test/acme/chat",
        "https://gitlab.com/group/-/tree/main",
        "https://github.com/acme/" + "x" * 5_000,
    ],
)
def test_others(text: str) -> None:
    """Other hosts, and paths without a project, have no address."""
    assert parse_repository_address(text) is None


@pytest.mark.parametrize(
    ("address", "urls"),
    [
        (
            CHAT,
            (
                "https://github.com/acme/chat",
                "https://github.com/acme/chat/blob/HEAD/a%20b%23.md",
                "https://github.com/acme/chat/raw/HEAD/a%20b%23.md",
            ),
        ),
        (
            at(DEEP, "fix/a", "x"),
            (
                "https://gitlab.com/group/sub/team/chat/-/tree/fix/a/x",
                "https://gitlab.com/group/sub/team/chat/-/blob/fix/a/a%20b%23.md",
                "https://gitlab.com/group/sub/team/chat/-/raw/fix/a/a%20b%23.md",
            ),
        ),
        (
            RepositoryAddress("bitbucket.org", "acme/chat", "v1", "x"),
            (
                "https://bitbucket.org/acme/chat/src/v1/x",
                "https://bitbucket.org/acme/chat/src/v1/a%20b%23.md",
                "https://bitbucket.org/acme/chat/raw/v1/a%20b%23.md",
            ),
        ),
    ],
)
def test_urls(address: RepositoryAddress, urls: tuple[str, str, str]) -> None:
    """The URLs of the repository, of a page and of a file."""
    path = "a b#.md"
    assert (address.url, address.build_page_url(path), address.build_file_url(path)) == urls


@pytest.mark.parametrize(
    ("page", "raw"),
    [
        ("https://github.com/a/b/blob/main/i/x.png", "https://github.com/a/b/raw/main/i/x.png"),
        ("https://github.com/a/b/blob/main/x.png?raw=true#y", "https://github.com/a/b/raw/main/x.png"),
        ("http://www.github.com/a/b/blob/v1/%C3%A9.png", "https://github.com/a/b/raw/v1/%C3%A9.png"),
        ("https://gitlab.com/a/s/b/-/blob/main/x.png", "https://gitlab.com/a/s/b/-/raw/main/x.png"),
        ("https://bitbucket.org/a/b/src/main/x.png", "https://bitbucket.org/a/b/raw/main/x.png"),
        ("https://github.com/a/b/raw/main/x.png", None),
        ("https://github.com/a/b/workflows/CI/badge.svg", None),
        ("https://github.com/a/b/blob/main", None),
        ("https://github.com/user-attachments/assets/0b", None),
        ("https://site.test/a/b/blob/main/x.png", None),
        ("/plugins/a/1.0.0/raw/x.png", None),
    ],
)  # fmt: skip
def test_raw_urls(page: str, raw: str | None) -> None:
    """The page of a file leads to its content; other URLs stay."""
    assert find_raw_url(page) == raw


@given(st.text(alphabet="/.%2e-#?:@~ag\u00e9", max_size=60))
def test_any_path(path: str) -> None:
    """No path fails, and what it leads to is on the host and below a project."""
    address = parse_repository_address(f"https://github.com/{path}")
    if address:
        assert address.url.startswith(f"https://github.com/{address.project}")
        assert ".." not in address.url.split("/")
        assert parse_repository_address(address.url) == address

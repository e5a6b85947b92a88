"""URLs of registries, and the origin to which a token is limited."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugport.client.errors import InvalidTokenError, InvalidUrlError
from plugport.client.tokens import Token
from plugport.client.urls import Origin, RegistryUrl


@pytest.mark.parametrize(
    ("text", "normalized"),
    [
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("https://Plugins.Example.org/", "https://plugins.example.org"),
        ("https://plugins.example.org:443", "https://plugins.example.org"),
        ("http://example.org:80/base/", "http://example.org/base"),
        ("https://example.org/base/api/v1", "https://example.org/base"),
        ("http://[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_normalizes_urls(text: str, normalized: str) -> None:
    assert str(RegistryUrl.parse(text)) == normalized


@pytest.mark.parametrize(
    "text",
    [
        "",
        "example.org",
        "ftp://example.org",
        "file:///etc/passwd",
        "https://",
        "https://example.org?x=1",
        "https://example.org#top",
        "https://example.org/a b",
        "https://example.org\r\nHost: other",
        "https://example.org:99999",
        "https://example.org:0",
        "https://[::1",
        "https://" + "a" * 5000,
    ],
)
def test_rejects_invalid_urls(text: str) -> None:
    with pytest.raises(InvalidUrlError):
        RegistryUrl.parse(text)


def test_does_not_print_a_password() -> None:
    with pytest.raises(InvalidUrlError) as caught:
        RegistryUrl.parse("https://alice:sesame@example.org")
    assert "sesame" not in f"{caught.value.detail}{caught.value.hint}"


@pytest.mark.parametrize(
    ("url", "is_open"),
    [
        ("http://example.org", True),
        ("http://192.168.0.7:8000", True),
        ("https://example.org", False),
        ("http://127.0.0.1:8000", False),
        ("http://localhost", False),
        ("http://[::1]", False),
        ("http://localhost.example.org", True),
    ],
)
def test_insecure_origins(url: str, is_open: bool) -> None:
    assert Origin.of(url).is_insecure is is_open


def test_origins_differ_by_scheme_host_and_port() -> None:
    base = Origin.of("https://example.org/a")
    assert base == Origin.of("https://EXAMPLE.org:443/b?c")
    assert base != Origin.of("http://example.org")
    assert base != Origin.of("https://example.org:8443")
    assert base != Origin.of("https://sub.example.org")


@given(st.text(max_size=60))
def test_any_text_is_a_url_or_an_error(text: str) -> None:
    try:
        url = RegistryUrl.parse("http" + text)
    except InvalidUrlError:
        return
    assert RegistryUrl.parse(str(url)) == url


@pytest.mark.parametrize("text", ["", "short", "with blank inside", "käse-käse-käse", "a" * 5000])
def test_rejects_invalid_tokens(text: str) -> None:
    with pytest.raises(InvalidTokenError):
        Token.parse(text)


def test_repr_hides_the_token() -> None:
    token = Token.parse("  secret-secret-secret\n")
    assert "secret" not in f"{token} {token!r} {[token]}"
    assert token.reveal() == "secret-secret-secret"

"""Which names of domains can belong to an owner."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from accounts.domains.errors import DomainNameError
from accounts.domains.names import MAIL_PROVIDERS, MAX_DOMAIN_CHARS, fold_domain, parse_domain
from accounts.domains.namespaces import is_in_namespace

_LABELS = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?", fullmatch=True).filter(
    lambda label: label[2:4] != "--"
)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("example.com", "example.com"),
        (" EXAMPLE.Com. ", "example.com"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("BÜCHER.example", "xn--bcher-kva.example"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("example。com", "example.com"),
        ("mail.example.co.uk", "mail.example.co.uk"),
        ("someone.github.io", "someone.github.io"),
        ("corp.internal", "corp.internal"),
    ],
)
def test_accepted(text: str, name: str) -> None:
    assert parse_domain(text) == name


@pytest.mark.parametrize(
    "text",
    [
        *("", ".", "..", "com", "co.uk", "github.io", "localhost", "internal"),
        *("gmail.com", "GMAIL.com.", "192.0.2.1", "192.0.2.1.", "[::1]", "::1", "1.2.3", "0x7f.1"),
        *("a..example.com", ".example.com", "-a.example.com", "a-.example.com", "exa mple.com"),
        *(
            "exam_ple.com",
            "_plugport-challenge.example.com",
            "https://example.com",
            "a@example.com",
        ),
        *(
            "example.com/path",
            "example.com:53",
            "*.example.com",
            "exa\0mple.com",
            "example.com\n.org",
        ),
        *("a" * 64 + ".com", ".".join(["a" * 60] * 4) + ".com", "x" * 100_000, "xn--a.example"),
    ],
)
def test_refused(text: str) -> None:
    with pytest.raises(DomainNameError) as caught:
        parse_domain(text)
    assert caught.value.fields[0].field == "domain"
    assert "\0" not in caught.value.detail


@given(st.text(max_size=300))
@example("\ud800.com")
@example("ß.ﬁ")
@example("\u200d.com")
def test_any_text_is_refused_by_name_or_in_the_stored_form(text: str) -> None:
    try:
        name = parse_domain(text)
    except DomainNameError:
        return
    assert name.isascii()
    assert name == name.lower()
    assert len(name) <= MAX_DOMAIN_CHARS
    assert parse_domain(name) == name
    assert name not in MAIL_PROVIDERS


@given(st.lists(_LABELS, min_size=1, max_size=5))
def test_host_names_keep_their_form_under_a_domain(labels: list[str]) -> None:
    name = ".".join([*labels, "example", "com"])
    assert parse_domain(name.upper() + ".") == fold_domain(name) == name


@pytest.mark.parametrize(
    "url",
    [
        "https://github.com/acme/chat",
        "https://github.com/Acme/chat.git",
        "git+https://github.com/acme/chat.git",
        "ssh://git@github.com/acme/chat.git",
        "https://github.com/acme/chat/tree/main/plugins",
    ],
)
def test_repositories_of_an_account(url: str) -> None:
    assert is_in_namespace(url, "github.com/acme")


@pytest.mark.parametrize(
    "url",
    [
        "https://github.com/acme",
        "https://github.com/acme-2/chat",
        "https://github.com/other/acme/chat",
        "https://gitlab.com/acme/chat",
        "https://github.com.evil.test/acme/chat",
        "https://github.com@evil.test/acme/chat",
        "https://evil.test/github.com/acme/chat",
        "https://github.com/acme/../evil/chat",
        "https://github.com/acme/%2e%2e/evil/chat",
        "https://github.com/acme/chat/../../evil/chat",
        "https://github.com/acme\\..\\evil/chat",
        "",
    ],
)
def test_what_is_no_repository_of_the_account(url: str) -> None:
    assert not is_in_namespace(url, "github.com/acme")


def test_projects_below_a_group() -> None:
    assert is_in_namespace("https://gitlab.com/acme/tools/chat", "gitlab.com/acme")
    assert not is_in_namespace("https://gitlab.com/acme/chat", "gitlab.com/acme/tools")

"""The search for secrets in texts: findings, positions, masked output, and exceptions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugport.checks.secret_patterns import build_builtin_detectors, load_detect_secrets_detectors
from plugport.checks.secret_scan import MAX_MATCHES, PIECE_CHARS, SecretMatch, scan_text
from tests.support.data import shared_data
from tests.unit.checks.samples import FOREIGN_FORMATS, OWN_FORMATS, jwt, private_key


def scan(text: str) -> list[SecretMatch]:
    return scan_text(text, build_builtin_detectors() + load_detect_secrets_detectors())


@pytest.mark.parametrize(("what", "secret"), [*OWN_FORMATS.items(), *FOREIGN_FORMATS.items()])
def test_a_secret_is_found_with_its_line_and_without_its_value(what: str, secret: str) -> None:
    hits = scan(f"# settings\n\nvalue = '{secret}'\n")
    assert [(hit.what, hit.line) for hit in hits] == [(what, 3)]
    shown = hits[0].masked.rstrip("…")
    assert len(shown) <= 4
    assert secret.find(shown) in {0, secret.find("://")}


@pytest.mark.parametrize(("what", "secret"), OWN_FORMATS.items())
def test_own_formats_are_found_without_the_extra(what: str, secret: str) -> None:
    assert [hit.what for hit in scan_text(f'"{secret}"', build_builtin_detectors())] == [what]


@pytest.mark.parametrize("label", ["", "RSA ", "EC ", "OPENSSH ", "ENCRYPTED "])
def test_private_keys_are_found_at_their_first_line(label: str) -> None:
    assert [(hit.rule, hit.line) for hit in scan("a\nb\n" + private_key(label))] == [
        ("secret-private-key", 3)
    ]


def test_a_private_key_in_a_json_text_is_found() -> None:
    escaped = private_key("").replace("\n", "\\n")
    assert [hit.rule for hit in scan(f'{{"private_key": "{escaped}"}}')] == ["secret-private-key"]


def test_an_encrypted_key_with_header_lines_is_found() -> None:
    first, _, rest = private_key().partition("\n")
    text = f"{first}\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00FF\n\n{rest}"
    assert [hit.rule for hit in scan(text)] == ["secret-private-key"]


def test_a_putty_key_is_found() -> None:
    text = "PuTTY-User-" + "Key-File-3: ssh-ed25519\nPrivate-" + "Lines: 1\nAAAA\n"
    assert [hit.rule for hit in scan(text)] == ["secret-private-key"]


@pytest.mark.parametrize(
    "harmless",
    [
        "-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----",
        "if text.startswith('-----BEGIN RSA PRIVATE KEY-----'):",
        "-----BEGIN PUBLIC KEY-----\n" + "A" * 64,
        "postgres://user:password@db.company.io/x",
        "postgres://scott:tiger@db.company.io/x",
        "https://${USER}:${PASSWORD}@ci.company.io",
        "redis://app:s3cretive9@localhost:6379",
        "redis://app:s3cretive9@127.0.0.1/0",
        "amqp://app:s3cretive9@rabbit",
        "https://app:s3cretive9@api.example.com/v1",
        "https://company.io:8443/a@b",
        "AK" + "IAIOSFODNN7EXAMPLE",
        "gh" + "p_" + "x" * 36,
        "TATCGTCGAAATCTACGGACCGGAATCTTCCGGTACCACCAACGCTGACGCTGCAGGTG",
        "xo" + "xb-your-token-here",
        jwt("1234567890"),
        "eyJhbGciOi.not.a.token",
        "sha512-" + "a1B2c3D4" * 10 + "==",
        "commit 9f3a7c1e5b8d2046e1c7a95b3d8f0a6c4e2b7d19",
    ],
)
def test_examples_placeholders_and_hashes_pass(harmless: str) -> None:
    assert scan(harmless) == []


@pytest.mark.parametrize(
    "text",
    [
        "token = '{}'  # pragma: allowlist secret",
        "# pragma: allowlist nextline secret\ntoken = '{}'",
    ],
)
def test_a_marked_line_is_reported_as_allowed(text: str) -> None:
    hits = scan(text.format(OWN_FORMATS["an npm token"]))
    assert [hit.is_allowed for hit in hits] == [True]


def test_a_mark_does_not_cover_other_lines() -> None:
    secret = OWN_FORMATS["an npm token"]
    hits = scan(f"a = '{secret}'  # pragma: allowlist secret\nb = '{secret}'\n")
    assert [hit.is_allowed for hit in hits] == [True, False]


@pytest.mark.parametrize("before", [0, 1, PIECE_CHARS - 40, PIECE_CHARS, 3 * PIECE_CHARS + 7])
def test_a_secret_is_found_anywhere_in_a_very_long_line(before: int) -> None:
    line = " " * before + OWN_FORMATS["a GitHub token"] + " " * (5 * PIECE_CHARS)
    assert [(hit.what, hit.line) for hit in scan(line)] == [("a GitHub token", 1)]


def test_hits_of_one_kind_are_bounded_and_the_others_counted() -> None:
    secret = OWN_FORMATS["an npm token"]
    hits = scan(f"'{secret}'\n" * 500 + f"'{secret}' # pragma: allowlist secret\n")
    assert [hit.more for hit in hits] == [0] * (MAX_MATCHES - 1) + [500 - MAX_MATCHES, 0]
    assert (hits[-1].line, hits[-1].is_allowed) == (501, True)


@given(st.text(alphabet=st.sampled_from("eyJ.:/@-_=AKIAsk ghp\n\r\0é" + "M1"), max_size=400))
def test_any_text_is_scanned_without_an_error(text: str) -> None:
    for hit in scan(text):
        assert 1 <= hit.line <= text.count("\n") + 1


def test_real_readmes_raise_no_false_alarm() -> None:
    for path in sorted(shared_data("readmes").rglob("*.md")):
        assert scan(path.read_text(encoding="utf-8", errors="replace")) == [], path.name

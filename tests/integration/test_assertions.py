"""Identity tokens of CI systems: what is accepted, once, and what is refused with which reason."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone
from jwt import api_jws

from accounts.errors import AssertionRefusedError, IssuerUnavailableError, IssuerUrlError
from accounts.models import IssuerKeys, UsedAssertion
from accounts.trusted_publishing.assertions import (
    MAX_TOKEN_CHARS,
    VerifiedAssertion,
    read_issuer,
    verify_assertion,
)
from accounts.trusted_publishing.keys import (
    FETCH_INTERVAL,
    MAX_AGE,
    fetch_slots,
    require_issuer_url,
)
from accounts.trusted_publishing.used import delete_expired_uses, record_use
from common.http.safe import PrivateHosts
from tests.support.issuer import (
    AUDIENCE,
    Issuer,
    build_jwk,
    encode_part,
    get_ec_key,
    get_ed25519_key,
    get_public_pem,
    get_rsa_key,
    get_small_rsa_key,
    open_issuer,
)
from tests.support.odd_server import build_response, redirect_to

pytestmark = pytest.mark.django_db


@pytest.fixture
def issuer(settings: Any) -> Iterator[Issuer]:
    with open_issuer(settings) as issuer:
        yield issuer


def verify(issuer: Issuer, token: str) -> VerifiedAssertion:
    return verify_assertion(token, issuers={issuer.url})


def refuse(issuer: Issuer, token: str) -> str:
    """Return the reason for which the token is refused."""
    with pytest.raises(AssertionRefusedError) as caught:
        verify(issuer, token)
    # What is logged and shown must not be usable.
    signature = token.rpartition(".")[2]
    assert len(signature) < 20 or signature not in f"{caught.value.detail}{caught.value.hint}"
    return caught.value.reason


def allow_fetch(issuer: Issuer) -> None:
    """Let the time pass after which the keys may be fetched again."""
    IssuerKeys.objects.filter(issuer=issuer.url).update(next_fetch_at=timezone.now())


def test_a_valid_token_is_accepted(issuer: Issuer) -> None:
    verified = verify(issuer, issuer.sign(sub="repo:acme/chat", aud=[AUDIENCE]))
    assert (verified.issuer, verified.claims["sub"]) == (issuer.url, "repo:acme/chat")
    assert read_issuer(issuer.sign()) == issuer.url


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [
        (get_rsa_key, "RS256"),
        (get_rsa_key, "PS256"),
        (get_ec_key, "ES256"),
        (get_ed25519_key, "EdDSA"),
    ],
)
def test_asymmetric_algorithms_are_accepted(issuer: Issuer, key: Any, algorithm: str) -> None:
    issuer.publish(build_jwk(key(), "one"), build_jwk(get_rsa_key(2), "two"))
    assert verify(issuer, issuer.sign(key(), algorithm=algorithm))


def test_without_a_key_id_the_only_key_is_used(issuer: Issuer) -> None:
    token = issuer.sign(headers={"kid": ""})
    assert verify(issuer, token)
    issuer.publish(build_jwk(get_rsa_key(), "one"), build_jwk(get_rsa_key(2), "two"))
    IssuerKeys.objects.all().delete()
    assert refuse(issuer, token) == "unknown-key"


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"aud": "pypi"}, "wrong-audience"),
        ({"aud": None}, "wrong-audience"),
        ({"aud": [AUDIENCE, "pypi"]}, "wrong-audience"),
        ({"aud": f"http://{AUDIENCE}"}, "wrong-audience"),
        ({"iss": "https://ci.example.test"}, "unknown-issuer"),
        ({"iss": None}, "no-issuer"),
        ({"exp": None}, "no-times"),
        ({"iat": None, "nbf": None}, "no-times"),
        ({"exp": True}, "malformed"),
        ({"exp": 10**30}, "malformed"),
        # The last second of the year 9999, and the first one of the year 1.
        ({"exp": 253_402_300_799}, "malformed"),
        ({"iat": -62_135_596_800, "nbf": None}, "malformed"),
        ({"nbf": "tomorrow"}, "malformed"),
    ],
)
def test_wrong_claims_are_refused(issuer: Issuer, claims: dict[str, Any], reason: str) -> None:
    assert refuse(issuer, _sign_any(issuer, claims)) == reason
    # Nothing was fetched for it.
    assert not issuer.server.requests


@pytest.mark.parametrize("part", ["alg", "typ", "kid", "aud"])
def test_deeply_nested_values_are_refused(issuer: Issuer, part: str) -> None:
    deep = f'"{part}":{"[" * 1020}{"]" * 1020}}}'
    head, claims, signature = issuer.sign().split(".")
    if part == "aud":
        claims = _encode_text(json.dumps(issuer.build_claims())[:-1] + "," + deep)
    else:
        head = _encode_text('{"alg":"RS256","kid":"one",' + deep)
    reason = {"alg": "wrong-algorithm", "typ": "wrong-type", "aud": "wrong-audience"}
    assert refuse(issuer, f"{head}.{claims}.{signature}") == reason.get(part, "malformed")


def _encode_text(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _sign_any(issuer: Issuer, claims: dict[str, Any]) -> str:
    """Sign claims that `jwt.encode` would not sign."""
    return api_jws.encode(
        json.dumps(issuer.build_claims(**claims)).encode(),
        get_rsa_key(),
        algorithm="RS256",
        headers={"kid": "one"},
    )


@pytest.mark.parametrize(
    ("times", "reason"),
    [
        ({"iat": -600, "nbf": -600, "exp": -31}, "expired"),
        ({"iat": 300, "nbf": None, "exp": 600}, "not-yet-valid"),
        ({"iat": 0, "nbf": 300, "exp": 600}, "not-yet-valid"),
        ({"iat": 0, "nbf": 0, "exp": 86_401}, "valid-too-long"),
        ({"iat": -25, "nbf": -25, "exp": -5}, None),
        ({"iat": 15, "nbf": 15, "exp": 600}, None),
    ],
)
def test_times_are_checked_with_a_leeway(
    issuer: Issuer, times: dict[str, int | None], reason: str | None
) -> None:
    now = int(time.time())
    claims = {name: None if value is None else now + value for name, value in times.items()}
    token = issuer.sign(**claims)
    if reason is None:
        assert verify(issuer, token)
    else:
        assert refuse(issuer, token) == reason


def test_slow_issuers_occupy_few_threads(issuer: Issuer) -> None:
    """Everybody can register issuers; a process fetches the keys of two at the same time."""
    with fetch_slots, fetch_slots:
        with pytest.raises(IssuerUnavailableError):
            verify(issuer, issuer.sign())
        assert not issuer.server.requests
    assert verify(issuer, issuer.sign())


def test_a_token_of_another_key_is_refused(issuer: Issuer) -> None:
    assert refuse(issuer, issuer.sign(get_rsa_key(2))) == "wrong-signature"
    header, payload, signature = issuer.sign().split(".")
    changed = encode_part(issuer.build_claims(sub="other"))
    assert refuse(issuer, f"{header}.{changed}.{signature}") == "wrong-signature"
    assert refuse(issuer, f"{header}.{payload}.") == "wrong-signature"


def test_the_public_key_is_no_secret(issuer: Issuer) -> None:
    """Algorithm confusion: HMAC with what everybody knows (RFC 8725, section 2.1)."""
    for algorithm in ("HS256", "hs256"):
        head = encode_part({"alg": algorithm, "typ": "JWT", "kid": "one"})
        signed = f"{head}.{encode_part(issuer.build_claims())}"
        digest = hmac.new(get_public_pem(get_rsa_key()), signed.encode(), hashlib.sha256).digest()
        signature = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        assert refuse(issuer, f"{signed}.{signature}") == "wrong-algorithm"


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "", None, ["RS256"], 1])
def test_unsigned_tokens_are_refused(issuer: Issuer, algorithm: object) -> None:
    head = encode_part({"alg": algorithm, "kid": "one"})
    assert refuse(issuer, f"{head}.{encode_part(issuer.build_claims())}.") == "wrong-algorithm"


def test_the_algorithm_must_be_that_of_the_key(issuer: Issuer) -> None:
    issuer.publish(build_jwk(get_rsa_key(), "one", alg="PS256"))
    assert refuse(issuer, issuer.sign()) == "unknown-key"
    issuer.publish(build_jwk(get_ec_key(), "one"))
    IssuerKeys.objects.all().delete()
    assert refuse(issuer, issuer.sign()) == "unknown-key"


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
def test_short_keys_and_keys_for_encryption_are_not_used(issuer: Issuer) -> None:
    issuer.publish(
        build_jwk(get_small_rsa_key(), "one"), build_jwk(get_rsa_key(), "enc", use="enc")
    )
    assert refuse(issuer, issuer.sign(get_small_rsa_key())) == "unknown-key"
    assert refuse(issuer, issuer.sign(headers={"kid": "enc"})) == "unknown-key"


@pytest.mark.parametrize(
    "headers",
    [
        {"crit": ["exp"]},
        {"crit": []},
        {"typ": "logout+jwt"},
        {"typ": "at+jwt"},
    ],
)
def test_other_kinds_of_jwt_are_refused(issuer: Issuer, headers: dict[str, Any]) -> None:
    head = encode_part({"alg": "RS256", "kid": "one", **headers})
    reason = refuse(issuer, f"{head}.{encode_part(issuer.build_claims())}.c2ln")
    assert reason in ("malformed", "wrong-type")


def test_keys_that_the_header_brings_are_not_read(issuer: Issuer) -> None:
    """`jwk` and `jku` would let the sender choose the key."""
    headers = {"jwk": build_jwk(get_rsa_key(2), "one"), "jku": f"{issuer.url}/own"}
    assert refuse(issuer, issuer.sign(get_rsa_key(2), headers=headers)) == "wrong-signature"
    assert not issuer.count_requests("/own")


@pytest.mark.parametrize(
    "token",
    [
        "",
        "a.b",
        "a.b.c.d",
        "..",
        "e30.e30.e30.",
        "é.e30.x",
        f"{encode_part([])}.{encode_part({})}.x",
        f"{encode_part({})}.{'W' * 8000}.x",
        "x" * (MAX_TOKEN_CHARS + 1),
        "[" * 4000 + ".e30.x",
        "W1tb" * 2000 + ".W1tb.x",
    ],
)
def test_what_is_no_jwt_is_refused(issuer: Issuer, token: str) -> None:
    assert refuse(issuer, token) in ("malformed", "no-issuer")
    assert not issuer.server.requests


def test_keys_are_fetched_once(issuer: Issuer) -> None:
    for _ in range(3):
        verify(issuer, issuer.sign())
    assert issuer.count_requests() == 1


def test_unknown_keys_cause_one_fetch_in_a_minute(issuer: Issuer) -> None:
    verify(issuer, issuer.sign())
    allow_fetch(issuer)
    for number in range(20):
        assert refuse(issuer, issuer.sign(headers={"kid": f"flood-{number}"})) == "unknown-key"
    assert issuer.count_requests() == 2
    assert verify(issuer, issuer.sign())


def test_a_new_key_is_found_and_an_old_one_ends(issuer: Issuer) -> None:
    old = issuer.sign()
    verify(issuer, issuer.sign())
    issuer.publish(build_jwk(get_rsa_key(2), "two"))
    new = issuer.sign(get_rsa_key(2), headers={"kid": "two"})
    # Asked a moment ago: the issuer is not asked again for every token.
    assert refuse(issuer, new) == "unknown-key"
    allow_fetch(issuer)
    assert verify(issuer, new)
    assert refuse(issuer, old) == "unknown-key"


def test_old_keys_are_fetched_again(issuer: Issuer) -> None:
    verify(issuer, issuer.sign())
    issuer.publish(build_jwk(get_rsa_key(2), "one"))
    IssuerKeys.objects.update(
        fetched_at=timezone.now() - MAX_AGE, next_fetch_at=timezone.now() - FETCH_INTERVAL
    )
    assert refuse(issuer, issuer.sign()) == "wrong-signature"


def test_keys_stay_in_use_for_a_day_while_the_issuer_is_down(issuer: Issuer) -> None:
    verify(issuer, issuer.sign())
    issuer.server.answers.clear()
    IssuerKeys.objects.update(fetched_at=timezone.now() - MAX_AGE, next_fetch_at=timezone.now())
    assert verify(issuer, issuer.sign())
    # The next attempt is a minute away.
    assert verify(issuer, issuer.sign())
    IssuerKeys.objects.update(fetched_at=timezone.now() - 25 * MAX_AGE)
    assert refuse(issuer, issuer.sign()) == "unknown-key"


def test_an_issuer_without_keys_is_unavailable(issuer: Issuer) -> None:
    def fail(text: str) -> None:
        IssuerKeys.objects.all().delete()
        with pytest.raises(IssuerUnavailableError, match=text):
            verify(issuer, issuer.sign())

    issuer.server.answers.clear()
    fail("status 404")
    issuer.publish(build_jwk(get_rsa_key(), "one"), issuer="https://ci.example.test")
    fail("another issuer")
    issuer.publish(build_jwk(get_rsa_key(), "one"), jwks_uri=7)
    fail("names no keys")
    issuer.publish()
    fail("no public key")
    issuer.publish({"kty": "oct", "k": "c2VjcmV0", "kid": "one"})
    fail("no public key")
    issuer.publish(*[build_jwk(get_rsa_key(), f"{number}") for number in range(51)])
    fail("at most 50")
    issuer.publish(build_jwk(get_rsa_key(), "one", x5c="A" * 70_000))
    fail("65536 are allowed")
    issuer.server.answers["/jwks"] = build_response(b"{" * 5000)
    fail("not valid JSON")


def test_redirects_are_not_followed(issuer: Issuer) -> None:
    issuer.server.answers["/jwks"] = redirect_to("http://169.254.169.254/latest/meta-data/")
    with pytest.raises(IssuerUnavailableError, match="redirects"):
        verify(issuer, issuer.sign())


@pytest.mark.parametrize("host", ["10.0.0.1", "169.254.169.254", "127.0.0.1:9"])
def test_keys_are_not_fetched_from_private_addresses(issuer: Issuer, host: str) -> None:
    issuer.publish(build_jwk(get_rsa_key(), "one"), jwks_uri=f"http://{host}/jwks")
    with pytest.raises(IssuerUnavailableError, match=r"not public|default ports"):
        verify(issuer, issuer.sign())


@pytest.mark.parametrize(
    "url",
    [
        "http://ci.example.test",
        "https://u:p@ci.example.test",
        "https://ci.example.test/?a=b",
        "https://",
        "ftp://ci.example.test",
        "https://[",
        "http://127.0.0.1:8000",
        f"https://{'a' * 300}.test",
    ],
)
def test_issuers_are_https_urls(settings: Any, url: str) -> None:
    settings.CI_ISSUER_PRIVATE_HOSTS = PrivateHosts.parse(["10.0.0.0/8", "ci.example.test"])
    with pytest.raises(IssuerUrlError):
        require_issuer_url(url)
    assert require_issuer_url("https://ci.example.test/tenant")


def test_private_parts_of_keys_are_not_stored(issuer: Issuer) -> None:
    issuer.publish(build_jwk(get_rsa_key(), "one", d="c2VjcmV0", p="x"))
    verify(issuer, issuer.sign())
    (stored,) = IssuerKeys.objects.get(issuer=issuer.url).keys
    assert set(stored) == {"kty", "kid", "use", "n", "e"}


def test_a_token_is_used_once(issuer: Issuer) -> None:
    token = issuer.sign()
    record_use(verify(issuer, token))
    with pytest.raises(AssertionRefusedError) as caught:
        record_use(verify(issuer, token))
    assert caught.value.reason == "replayed"
    # The same id in another token, and a token without an id.
    jti = issuer.sign(jti="same"), issuer.sign(jti="same", sub="other")
    record_use(verify(issuer, jti[0]))
    with pytest.raises(AssertionRefusedError):
        record_use(verify(issuer, jti[1]))
    nameless = issuer.sign(jti=None)
    record_use(verify(issuer, nameless))
    with pytest.raises(AssertionRefusedError):
        record_use(verify(issuer, nameless))


def test_another_signature_of_the_same_token_is_the_same_token(issuer: Issuer) -> None:
    """Each signature of PS256 and ES256 is different, and each of ES256 has a twin."""
    import base64

    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature  # noqa: F401

    issuer.publish(build_jwk(get_ec_key(), "one"))
    token = issuer.sign(get_ec_key(), algorithm="ES256", jti=None)
    signed, _, text = token.rpartition(".")
    raw = base64.urlsafe_b64decode(text + "==")
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    twin = raw[:32] + (order - int.from_bytes(raw[32:])).to_bytes(32)
    twin_token = f"{signed}.{base64.urlsafe_b64encode(twin).rstrip(b'=').decode()}"
    record_use(verify(issuer, token))
    with pytest.raises(AssertionRefusedError):
        record_use(verify(issuer, twin_token))


def test_uses_are_forgotten_after_the_token_has_expired(issuer: Issuer) -> None:
    record_use(verify(issuer, issuer.sign()))
    assert delete_expired_uses() == 0
    UsedAssertion.objects.update(expires_at=timezone.now() - MAX_AGE)
    assert delete_expired_uses() == 1

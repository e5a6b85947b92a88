"""Signed reports of leaked tokens, in the format of GitHub's secret scanning."""

from __future__ import annotations

import base64
import json
import logging
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.test import Client

from accounts.actions.organizations.robots import create_robot, create_robot_token
from accounts.actions.tokens.create_token import create_token
from accounts.models import AuditEntry, Token, User
from accounts.models.token import hash_token
from tests.functional.api.calls import BASE, Api, expect_problem
from tests.support.organizations import build_organization
from tests.support.people import create_api_token, create_user
from tests.support.scim import build_provider

URL = "https://github.example.test/acme/chat/blob/main/ci.yml"
KEY_ID = "f9525bf080f75b3506ca1ead061add62b8633a346606dc5fe544e29231c6ee0d"


def _write_keys(folder: Path, source: str, *keys: tuple[str, Any]) -> None:
    rows = [
        {
            "key_identifier": key_id,
            "key": key.public_key()
            .public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
            .decode(),
            "is_current": True,
        }
        for key_id, key in keys
    ]
    (folder / f"{source}.json").write_text(json.dumps({"public_keys": rows}))


@pytest.fixture
def keys_dir(db: None, settings: Any, tmp_path: Path) -> Path:
    settings.LEAK_REPORT_KEYS_DIR = tmp_path
    return tmp_path


@pytest.fixture
def key(keys_dir: Path) -> ec.EllipticCurvePrivateKey:
    key = ec.generate_private_key(ec.SECP256R1())
    _write_keys(keys_dir, "github", (KEY_ID, key))
    return key


def _sign(key: Any, body: bytes) -> str:
    return base64.b64encode(key.sign(body, ec.ECDSA(SHA256()))).decode()


def _send(body: bytes, signature: str, key_id: str = KEY_ID) -> Any:
    client = Client(raise_request_exception=False)
    headers = {
        "Github-Public-Key-Identifier": key_id,
        "Github-Public-Key-Signature": signature,
    }
    return client.post(
        f"{BASE}/leaked-tokens", body, content_type="application/json", headers=headers
    )


def _report(key: Any, *texts: str, url: str = URL) -> Any:
    rows = [
        {"token": text, "type": "plugport_token", "url": url, "source": "content"} for text in texts
    ]
    body = json.dumps(rows).encode()
    return _send(body, _sign(key, body))


def test_a_leaked_token_ends_at_once(
    key: Any, owner: User, mailoutbox: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    text = create_api_token(owner, "publish", "manage")
    child = Api(text).post("/me/tokens", {"name": "child", "scopes": ["publish"], "days": 1})
    mailoutbox.clear()
    response = _report(key, text, "pp_" + "x" * 49, url=f"{URL}?q={text}")
    assert response.status_code == 200
    assert response.json() == [
        {"token_hash": hash_token(text), "token_type": "plugport_token", "label": "true_positive"},
        {
            "token_hash": hash_token("pp_" + "x" * 49),
            "token_type": "plugport_token",
            "label": "false_positive",
        },
    ]
    for each in (text, child.json()["token"]):
        expect_problem(Api(each).get("/me"), 401, "invalid-token")
    (mail,) = mailoutbox
    assert mail.to == [owner.email]
    assert URL in mail.body
    assert "github" in mail.body
    entries = AuditEntry.objects.filter(action="token.revoked")
    assert {entry.details["source"] for entry in entries} == {"github"}
    assert len(entries) == 2
    stored = str([*AuditEntry.objects.values(), *Token.objects.values()])
    for shown in (stored, mail.body, response.content.decode(), caplog.text):
        assert text not in shown


def test_scim_tokens_end_at_once(
    key: Any, owner: User, outsider: User, mailoutbox: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    """Each open owner of the organization gets one mail; others get none."""
    caplog.set_level(logging.DEBUG)
    organization = build_organization(owner, "harbor", mara="manager", zed="owner")
    User.objects.filter(username="zed").update(is_active=False)
    second = create_user("sue")
    organization.memberships.create(user=second, role="owner")
    providers = [build_provider(organization, owner) for _ in range(2)]
    other = build_provider(build_organization(outsider, "canyon"), outsider)
    personal = create_api_token(owner)
    mailoutbox.clear()
    texts = [*(each.token for each in providers), personal]
    response = _report(key, *texts)
    assert [each["label"] for each in response.json()] == ["true_positive"] * 3
    for each in providers:
        assert each.send("GET", "Users").status == 401
    assert other.send("GET", "Users").status == 200
    recipients = sorted(mail.to[0] for mail in mailoutbox)
    assert recipients == sorted([owner.email, owner.email, second.email])
    message = next(mail for mail in mailoutbox if mail.to == [second.email])
    assert "Leaked SCIM tokens of harbor" in message.subject
    assert message.body.count(URL) == 2
    assert "/organizations/harbor/provisioning" in message.body
    entries = AuditEntry.objects.filter(action="scim-token.revoked")
    assert {entry.details["reason"] for entry in entries} == {"leaked"}
    assert {entry.details["url"] for entry in entries} == {URL}
    assert len(entries) == 2
    shown = (str(list(AuditEntry.objects.values())), message.body, caplog.text)
    assert not [text for text in texts for each in shown if text in each]
    # One that has ended is recognized, without another mail.
    mailoutbox.clear()
    again = _report(key, providers[0].token, url="https://elsewhere.example.test/")
    assert [each["label"] for each in again.json()] == ["true_positive"]
    assert not mailoutbox


def test_the_owners_of_a_robot_learn_of_its_token(
    key: Any, owner: User, mailoutbox: list[Any]
) -> None:
    """A robot has no address of its own."""
    organization = build_organization(owner, "harbor", mara="manager", olga="owner")
    robot = create_robot(actor=owner, organization=organization, name="ci")
    _, text = create_robot_token(
        actor=owner,
        organization=organization,
        robot_name=robot.username,
        name="nightly",
        scopes=["read"],
    )
    mailoutbox.clear()
    _report(key, text)
    assert Token.objects.get(user=robot).revoked_at
    assert sorted(each.to[0] for each in mailoutbox) == sorted([owner.email, "olga@example.test"])
    message = mailoutbox[0]
    assert "Leaked tokens of robots of harbor" in message.subject
    assert "- `nightly`" in message.body
    assert "of the robot harbor+ci" in message.body
    assert "/organizations/harbor/robots" in message.body
    assert text not in message.body


def test_what_it_created_for_a_robot_ends_too(key: Any, owner: User, mailoutbox: list[Any]) -> None:
    """Otherwise a thief would keep the access that a stolen token gave."""
    organization = build_organization(owner, "harbor", mara="manager")
    create_robot(actor=owner, organization=organization, name="ci")
    mara = create_api_token(User.objects.get(username="mara"))
    path = "/organizations/harbor/robots/harbor+ci/tokens"
    body = {"name": "nightly", "scopes": ["read", "manage"], "days": 9}
    made, kept = (Api(text).post(path, body).json() for text in (mara, create_api_token(owner)))
    child = {"name": "child", "scopes": ["read"], "days": 1}
    second = Api(made["token"]).post("/me/tokens", child).json()
    mailoutbox.clear()
    _report(key, mara)
    for text in (mara, made["token"], second["token"]):
        expect_problem(Api(text).get("/me"), 401, "invalid-token")
    assert Api(kept["token"]).get("/me").status_code == 200
    messages = {each.to[0]: each for each in mailoutbox}
    assert set(messages) == {"mara@example.test", owner.email}
    told = messages[owner.email].body
    assert "- `nightly`" in told
    assert "of the robot harbor+ci, created with a token of mara" in told
    assert mara not in told
    # The second report finds nothing more, and mails nobody.
    mailoutbox.clear()
    _report(key, mara, url="https://elsewhere.example.test/")
    assert not mailoutbox


def test_a_token_that_has_ended_is_recognized(key: Any, owner: User, mailoutbox: list[Any]) -> None:
    text = create_api_token(owner)
    _report(key, text)
    mailoutbox.clear()
    response = _report(key, text, url="https://elsewhere.example.test/")
    assert [each["label"] for each in response.json()] == ["true_positive"]
    assert not mailoutbox
    assert AuditEntry.objects.filter(action="token.revoked").count() == 1


def test_what_a_revoked_token_has_created_ends_too(
    key: Any, owner: User, mailoutbox: list[Any]
) -> None:
    """A program signs out alone: the token ends, and those that it created stay."""
    text = create_api_token(owner, "publish", "manage")
    child = Api(text).post("/me/tokens", {"name": "child", "scopes": ["publish"], "days": 1})
    assert Api(text).call("DELETE", "/me/tokens/current").status_code == 200
    assert Api(child.json()["token"]).get("/me").status_code == 200
    mailoutbox.clear()
    _report(key, text)
    expect_problem(Api(child.json()["token"]).get("/me"), 401, "invalid-token")
    assert len(mailoutbox) == 1


def test_owners_get_one_mail_each(
    key: Any, owner: User, outsider: User, mailoutbox: list[Any]
) -> None:
    texts = [
        create_token(actor=user, name=name, scopes=["read"])[1]
        for user, name in ((owner, "a"), (outsider, "b"), (owner, "c"))
    ]
    _report(key, *texts)
    assert sorted(mail.to[0] for mail in mailoutbox) == sorted([owner.email, outsider.email])


def test_a_report_is_processed_once(key: Any, owner: User) -> None:
    body = json.dumps([{"token": create_api_token(owner)}]).encode()
    assert _send(body, _sign(key, body)).status_code == 200
    # Another signature of the same body.
    expect_problem(_send(body, _sign(key, body)), 409, "leak-report-replayed")


def test_unsigned_reports_are_refused(key: Any, keys_dir: Path, owner: User) -> None:
    text = create_api_token(owner)
    body = json.dumps([{"token": text}]).encode()
    stranger = ec.generate_private_key(ec.SECP256R1())
    other_curve = ec.generate_private_key(ec.SECP384R1())
    other_kind = ed25519.Ed25519PrivateKey.generate()
    _write_keys(keys_dir, "other", ("curve", other_curve), ("kind", other_kind))
    (keys_dir / "broken.json").write_text("[")
    attempts = [
        ("", ""),
        (KEY_ID, ""),
        ("", _sign(key, body)),
        ("unknown", _sign(key, body)),
        (KEY_ID, _sign(stranger, body)),
        (KEY_ID, _sign(key, body + b" ")),
        (KEY_ID, "not base 64"),
        (KEY_ID, base64.b64encode(b"\x30\x00").decode()),
        ("curve", _sign(other_curve, body)),
        ("kind", base64.b64encode(other_kind.sign(body)).decode()),
        ("../github", _sign(key, body)),
    ]
    for key_id, signature in attempts:
        problem = expect_problem(_send(body, signature, key_id), 403, "leak-report-denied")
        assert text not in str(problem)
    assert Api(text).get("/me").status_code == 200
    # The broken file of one source does not stop another.
    assert _send(body, _sign(key, body)).status_code == 200


def test_several_sources(keys_dir: Path, owner: User) -> None:
    keys = {name: ec.generate_private_key(ec.SECP256R1()) for name in ("github", "scanner")}
    for name, key in keys.items():
        # Both may have used the same id.
        _write_keys(keys_dir, name, (KEY_ID, key))
    assert _report(keys["scanner"], create_api_token(owner)).status_code == 200
    assert AuditEntry.objects.get(action="token.revoked").details["source"] == "scanner"


def test_without_keys_nobody_reports(keys_dir: Path, owner: User) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    expect_problem(_report(key, create_api_token(owner)), 403, "leak-report-denied")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"[1]",
        b'[{"token": 1}]',
        b'[{"type": "x"}]',
        b"[" * 100_000,
        json.dumps([{"token": "x"}] * 1001).encode(),
    ],
)
def test_signed_reports_in_another_format(key: Any, body: bytes) -> None:
    expect_problem(_send(body, _sign(key, body)), 400, "invalid-leak-report")


def test_a_large_report_is_refused(key: Any) -> None:
    body = json.dumps([{"token": "x" * (1 << 20)}]).encode()
    expect_problem(_send(body, _sign(key, body)), 413, "body-too-large")


def test_odd_texts(key: Any, owner: User) -> None:
    text = create_api_token(owner)
    rows = [
        {"token": text, "url": "https://x.example.test/\ud800\0", "type": ["a"], "source": {}},
        {"token": "\ud800"},
        {"token": ""},
    ]
    body = json.dumps(rows).encode()
    response = _send(body, _sign(key, body))
    assert [each["label"] for each in response.json()] == [
        "true_positive",
        "false_positive",
        "false_positive",
    ]


def test_other_methods(keys_dir: Path) -> None:
    assert Client().get(f"{BASE}/leaked-tokens").status_code == 405

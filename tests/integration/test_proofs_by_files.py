"""Accounts and groups of code hosts, proven by a file in a public repository."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core import mail
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone

from accounts.actions.domains.add_domain import add_domain, remove_domain
from accounts.actions.domains.check_domain import check_domain
from accounts.actions.domains.prove_by_job import JOB_PROOF_LIFETIME, prove_by_job
from accounts.actions.domains.recheck_domains import GRACE, recheck_domains
from accounts.domains.errors import (
    CodeHostUnavailableError,
    DomainNameError,
    DomainNotProvenError,
    DomainTakenError,
)
from accounts.domains.namespaces import MAX_FILE_BYTES
from accounts.models import AuditEntry, OwnerDomain, User
from accounts.queries.domains import find_owner_of_domain, list_proofs, list_proven_domains
from common.http.safe import PrivateHosts
from config.env import get_env_url_templates
from tests.support.code_host import CodeHost, open_code_host
from tests.support.odd_server import build_response, redirect_to

pytestmark = pytest.mark.django_db
NAME = "code.example/acme"


@pytest.fixture
def host(settings: Any) -> Iterator[CodeHost]:
    """A code host that the registry knows."""
    with open_code_host(settings) as opened:
        yield opened


@pytest.fixture
def ada(create_user: Callable[..., User]) -> User:
    """The person who proves."""
    return create_user("ada")


def _check(actor: User, name: str = NAME) -> OwnerDomain:
    return check_domain(actor=actor, owner=actor.owner, domain=name)


def test_a_person_proves_an_account(host: CodeHost, ada: User) -> None:
    added = add_domain(actor=ada, owner=ada.owner, domain="https://Code.Example/Acme/")
    assert (added.domain, added.state, added.method) == (NAME, "pending", "file")
    assert add_domain(actor=ada, owner=ada.owner, domain=NAME).token == added.token
    with pytest.raises(DomainNotProvenError, match="does not exist, or has no token"):
        _check(ada)
    host.write("acme", b"plugport-domain-verification=other\n")
    with pytest.raises(DomainNotProvenError, match="has another token"):
        _check(ada)
    host.prove(added)
    assert (_check(ada, "CODE.example/ACME").state, host.server.requests[-1].split()[1]) == (
        "proven",
        "/acme/plugport-verification/HEAD/plugport-verification.txt",
    )
    assert [each.domain for each in list_proofs(ada.owner)] == [NAME]
    # It is no domain: no address and no single sign-on depends on it.
    assert list_proven_domains(ada.owner) == []
    for name in (NAME, "code.example", "acme"):
        assert find_owner_of_domain(name) is None
    remove_domain(actor=ada, owner=ada.owner, domain=NAME)
    assert list_proofs(ada.owner) == []
    actions = AuditEntry.objects.filter(action__startswith="domain.").order_by("pk")
    expected = ["domain.added", "domain.proven", "domain.removed"]
    assert list(actions.values_list("action", flat=True)) == expected


@pytest.mark.usefixtures("host")
@pytest.mark.parametrize(
    "name",
    [
        *("github.com/acme", "code.example/", "/acme", "code.example/a/../b", "code.example/.git"),
        *("code.example/a b", "code.example/a%2fb", "code.example/a?x", "code.example//a"),
        *("http://code.example/acme", "code.example@evil.example/acme", "code.example/a\0"),
        "code.example/" + "a" * 300,
    ],
)
def test_names_that_cannot_be_proven(ada: User, name: str) -> None:
    with pytest.raises(DomainNameError, match=r"Allowed: `code\.example/NAME`"):
        add_domain(actor=ada, owner=ada.owner, domain=name)


def test_answers_that_prove_nothing(host: CodeHost, ada: User, settings: Any) -> None:
    added = add_domain(actor=ada, owner=ada.owner, domain=NAME)
    host.prove(added)
    path, answers = host.get_path("acme"), host.server.answers
    proof = answers.pop(path)
    # A redirect could lead to another account.
    host.server.answers["/other"] = proof
    answers[path] = redirect_to(f"{host.server.url}/other")
    with pytest.raises(DomainNotProvenError):
        _check(ada)
    assert "/other" not in [text.split()[1] for text in host.server.requests]
    answers[path] = build_response(b"", status="403 Forbidden")
    with pytest.raises(DomainNotProvenError):
        _check(ada)
    for answer, said in (
        (build_response(b"", status="500 Oops"), "status 500"),
        (build_response(b"", status="429 Later"), "status 429"),
        (build_response(b"x" * (MAX_FILE_BYTES + 1)), f"{MAX_FILE_BYTES} are allowed"),
        (b"nonsense", "valid HTTP response"),
    ):
        answers[path] = answer
        with pytest.raises(CodeHostUnavailableError, match=said):
            _check(ada)
    answers[path] = proof
    # The host is private, and the operator no longer allows it.
    settings.PROOF_PRIVATE_HOSTS = PrivateHosts.parse([])
    with pytest.raises(CodeHostUnavailableError, match="cannot be fetched"):
        _check(ada)
    settings.PROOF_FILES = {}
    with pytest.raises(CodeHostUnavailableError, match="does not look for proofs"):
        _check(ada)
    added.refresh_from_db()
    assert not added.is_proven


def test_one_owner_at_a_time(host: CodeHost, ada: User, create_user: Callable[..., User]) -> None:
    ben = create_user("ben")
    host.prove(add_domain(actor=ada, owner=ada.owner, domain=NAME))
    _check(ada)
    added = add_domain(actor=ben, owner=ben.owner, domain=NAME)
    both = "\n".join(
        f"plugport-domain-verification={each.token}" for each in OwnerDomain.objects.all()
    )
    host.write("acme", both.encode())
    with pytest.raises(DomainTakenError, match="`ada` has proven"):
        _check(ben)
    # The account has another holder, who replaced the file.
    host.prove(added)
    _check(ben)
    assert (list_proofs(ada.owner), len(list_proofs(ben.owner))) == ([], 1)


def test_it_is_checked_again_and_lapses(host: CodeHost, ada: User) -> None:
    added = add_domain(actor=ada, owner=ada.owner, domain=NAME)
    host.prove(added)
    _check(ada)
    now = timezone.now()

    def recheck(at: Any) -> str:
        OwnerDomain.objects.update(next_check_at=at)
        assert recheck_domains(at) == 1
        added.refresh_from_db()
        return added.state

    assert recheck(now) == "proven"
    host.remove("acme")
    assert recheck(now) == "failing"
    assert "put this line into the file" in mail.outbox[-1].body
    assert host.get_path("acme") in mail.outbox[-1].body
    assert recheck(now + GRACE) == "pending"
    assert "code.example/acme no longer counts as proven" in mail.outbox[-1].body
    host.prove(added)
    assert _check(ada).state == "proven"


def test_a_proof_by_a_job_ends_after_its_time(host: CodeHost, ada: User) -> None:
    added = add_domain(actor=ada, owner=ada.owner, domain=NAME)
    prove_by_job(owner=ada.owner, name="code.example/Acme", namespace_id="7")
    added.refresh_from_db()
    assert (added.state, added.method) == ("proven", "job")
    assert recheck_domains(timezone.now() + JOB_PROOF_LIFETIME / 2) == 1
    added.refresh_from_db()
    assert added.state == "proven"
    assert recheck_domains(timezone.now() + JOB_PROOF_LIFETIME) == 1
    added.refresh_from_db()
    assert (added.state, added.problem) == (
        "pending",
        "No longer proven: no job of it published for 90 days.",
    )
    assert "no longer counts as proven" in mail.outbox[-1].body
    # A file is checked instead.
    host.prove(added)
    assert _check(ada).method == "file"


@pytest.mark.parametrize(
    "text", ["github.com", "a=http://b/{namespace}", "a=https://b/", "A b=https://b/{namespace}"]
)
def test_addresses_of_files_that_are_not_valid(monkeypatch: Any, text: str) -> None:
    monkeypatch.setenv("PLUGPORT_PROOF_FILES", text)
    with pytest.raises(ImproperlyConfigured, match="PLUGPORT_PROOF_FILES has"):
        get_env_url_templates("PLUGPORT_PROOF_FILES", [], "", placeholder="{namespace}")

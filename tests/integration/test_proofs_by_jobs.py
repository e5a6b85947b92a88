"""Accounts and groups of code hosts, proven by the identity token of a CI job (trusted publishing)."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone

from accounts.actions.domains.add_domain import add_domain
from accounts.actions.domains.prove_by_job import JOB_PROOF_LIFETIME
from accounts.actions.domains.recheck_domains import recheck_domains
from accounts.errors import AssertionRefusedError
from accounts.models import AuditEntry, OwnerDomain, User
from plugport.spec.names import PluginName
from registry.actions.mint_publish_token import mint_publish_token
from registry.models import Plugin, TrustedPublisher
from tests.support.issuer import Issuer, open_issuer
from tests.support.people import create_user
from tests.support.publishing import Publisher

pytestmark = pytest.mark.django_db
NAME = PluginName.parse("@ada/chat")


@pytest.fixture
def ada() -> User:
    """The owner of the plugin."""
    return create_user("ada")


@pytest.fixture
def plugin(ada: User) -> Plugin:
    """A published plugin in the scope of `ada`."""
    return Publisher(ada).publish(str(NAME)).plugin


@pytest.fixture
def ci(settings: Any) -> Iterator[Issuer]:
    """A CI system, whose host is also a code host."""
    with open_issuer(settings) as issuer:
        settings.CI_ISSUERS = {"github": [issuer.url], "gitlab": []}
        settings.PROOF_FILES = {get_host(issuer): issuer.url + "/{namespace}"}
        yield issuer


def get_host(ci: Issuer) -> str:
    return ci.url.partition("//")[2]


def trust(plugin: Plugin, actor: User, ci: Issuer, provider: str, **columns: str) -> None:
    """Let jobs of the repository publish the plugin."""
    TrustedPublisher.objects.create(
        plugin=plugin,
        name=plugin.name,
        created_by=actor,
        provider=provider,
        issuer=ci.url,
        identity="x",
        **columns,
    )


def trust_github(plugin: Plugin, actor: User, ci: Issuer) -> None:
    names = {"repository": "acme/chat", "workflow": "release.yml"}
    trust(plugin, actor, ci, "github", repository_id="11", owner_id="7", **names)


def run_job(ci: Issuer, plugin: PluginName | None = NAME, **claims: str) -> None:
    """Exchange the identity token of a GitHub job."""
    workflow = "acme/chat/.github/workflows/release.yml@refs/tags/v1"
    values = {
        "repository": "acme/chat",
        "repository_id": "11",
        "repository_owner": "Acme",
        "repository_owner_id": "7",
        "job_workflow_ref": workflow,
        "event_name": "release",
        **claims,
    }
    mint_publish_token(identity_token=ci.sign(**values), plugin=plugin)


def test_only_what_the_owner_has_added_is_proven(ada: User, plugin: Plugin, ci: Issuer) -> None:
    trust_github(plugin, ada, ci)
    run_job(ci)
    assert not OwnerDomain.objects.exists()
    added = add_domain(actor=ada, owner=ada.owner, domain=f"{get_host(ci)}/acme")
    # A job that names no plugin could be configured by everybody for a plugin of their own.
    run_job(ci, plugin=None)
    with pytest.raises(AssertionRefusedError):
        run_job(ci, event_name="pull_request_target")
    added.refresh_from_db()
    assert not added.is_proven
    run_job(ci)
    added.refresh_from_db()
    assert (added.state, added.method, added.namespace_id) == ("proven", "job", "7")
    assert AuditEntry.objects.get(action="domain.proven").target_name == added.domain
    # Each job prolongs it.
    OwnerDomain.objects.update(next_check_at=timezone.now())
    run_job(ci)
    added.refresh_from_db()
    assert added.next_check_at is not None
    assert added.next_check_at > timezone.now()


def test_a_name_that_another_account_got_proves_nothing(
    ada: User, plugin: Plugin, ci: Issuer
) -> None:
    trust_github(plugin, ada, ci)
    added = add_domain(actor=ada, owner=ada.owner, domain=f"{get_host(ci)}/acme")
    run_job(ci)
    # The plugin trusts the new holder of the name too.
    TrustedPublisher.objects.update(owner_id="8")
    run_job(ci, repository_owner_id="8")
    added.refresh_from_db()
    assert "another account" in added.problem
    assert not added.is_proven


def test_a_job_changes_no_stronger_proof_and_takes_nothing(
    ada: User, plugin: Plugin, ci: Issuer
) -> None:
    trust_github(plugin, ada, ci)
    name = f"{get_host(ci)}/acme"
    added = add_domain(actor=ada, owner=ada.owner, domain=name)
    OwnerDomain.objects.update(verified_at=timezone.now())
    run_job(ci)
    added.refresh_from_db()
    assert added.method == "file"
    OwnerDomain.objects.update(owner=create_user("zoe").owner)
    mine = add_domain(actor=ada, owner=ada.owner, domain=name)
    run_job(ci)
    mine.refresh_from_db()
    assert not mine.is_proven


def test_a_job_of_gitlab_proves_the_group_of_its_project(
    ada: User, plugin: Plugin, ci: Issuer, settings: Any
) -> None:
    settings.CI_ISSUERS = {"github": [], "gitlab": [ci.url]}
    names = {"repository": "acme/tools/chat", "workflow": ".gitlab-ci.yml"}
    trust(plugin, ada, ci, "gitlab", repository_id="21", owner_id="5", **names)
    host = get_host(ci)
    group = add_domain(actor=ada, owner=ada.owner, domain=f"{host}/acme/tools")
    parent = add_domain(actor=ada, owner=ada.owner, domain=f"{host}/acme")
    token = ci.sign(
        project_path="acme/tools/chat",
        project_id="21",
        namespace_id="5",
        ci_config_ref_uri=f"{host}/acme/tools/chat//.gitlab-ci.yml@refs/tags/v1",
        pipeline_source="push",
    )
    mint_publish_token(identity_token=token, plugin=NAME)
    group.refresh_from_db()
    parent.refresh_from_db()
    assert (group.method, group.namespace_id, parent.is_proven) == ("job", "5", False)


def prove(plugin: Plugin, actor: User, ci: Issuer) -> OwnerDomain:
    """The account `acme` with the id 7, proven by a job."""
    trust_github(plugin, actor, ci)
    added = add_domain(actor=actor, owner=actor.owner, domain=f"{get_host(ci)}/acme")
    run_job(ci)
    added.refresh_from_db()
    assert added.is_proven
    return added


@pytest.mark.parametrize(
    "claims",
    [
        pytest.param({"repository_owner_id": "8", "repository_id": "12"}, id="name-of-another"),
        pytest.param({"repository_owner": "acme-2"}, id="renamed"),
        pytest.param({"repository_owner_id": "8", "event_name": "issue_comment"}, id="refused"),
    ],
)
def test_any_genuine_token_ends_a_proof_of_an_account_that_was_renamed(
    ada: User, plugin: Plugin, ci: Issuer, claims: dict[str, str]
) -> None:
    added = prove(plugin, ada, ci)
    with contextlib.suppress(AssertionRefusedError):
        run_job(ci, **claims)
    added.refresh_from_db()
    assert (added.is_proven, "another account" in added.problem) == (False, True)
    assert AuditEntry.objects.filter(action="domain.lapsed").count() == 1


def test_the_new_holder_of_a_name_proves_it_with_the_first_job(
    ada: User, plugin: Plugin, ci: Issuer
) -> None:
    old = prove(plugin, ada, ci)
    zoe = create_user("zoe")
    other = Publisher(zoe).publish("@zoe/chat").plugin
    names = {"repository": "acme/chat", "workflow": "release.yml"}
    trust(other, zoe, ci, "github", repository_id="12", owner_id="8", **names)
    new = add_domain(actor=zoe, owner=zoe.owner, domain=old.domain)
    ids = {"repository_id": "12", "repository_owner_id": "8"}
    run_job(ci, PluginName.parse("@zoe/chat"), **ids)
    old.refresh_from_db()
    new.refresh_from_db()
    assert (old.is_proven, new.is_proven, new.namespace_id) == (False, True, "8")


def test_tokens_of_other_accounts_end_nothing(ada: User, plugin: Plugin, ci: Issuer) -> None:
    added = prove(plugin, ada, ci)
    with pytest.raises(AssertionRefusedError):
        run_job(ci, repository_owner="other", repository_owner_id="9", repository="other/chat")
    # A file is the proof of the name as it is now, and is looked for each month.
    OwnerDomain.objects.update(method="file")
    with pytest.raises(AssertionRefusedError):
        run_job(ci, repository_owner_id="8")
    added.refresh_from_db()
    assert added.is_proven


def test_the_code_host_is_asked_daily_whether_the_name_has_the_id(
    ada: User, plugin: Plugin, ci: Issuer
) -> None:
    added = prove(plugin, ada, ci)
    now = timezone.now()
    assert recheck_domains(now) == 0
    # It does not say.
    assert recheck_domains(now + dt.timedelta(days=2)) == 1
    ci.serve("/api/v3/users/acme", {"id": 7})
    assert recheck_domains(now + dt.timedelta(days=4)) == 1
    added.refresh_from_db()
    assert (added.state, added.problem) == ("proven", "")
    ci.serve("/api/v3/users/acme", {"id": 8})
    assert recheck_domains(now + dt.timedelta(days=6)) == 1
    added.refresh_from_db()
    assert (added.is_proven, "another account" in added.problem) == (False, True)


def test_a_daily_check_prolongs_nothing(ada: User, plugin: Plugin, ci: Issuer) -> None:
    added = prove(plugin, ada, ci)
    ci.serve("/api/v3/users/acme", {"id": 7})
    now = timezone.now()
    assert recheck_domains(now + JOB_PROOF_LIFETIME / 2) == 1
    assert recheck_domains(now + JOB_PROOF_LIFETIME) == 1
    added.refresh_from_db()
    assert (added.is_proven, "90 days" in added.problem) == (False, True)

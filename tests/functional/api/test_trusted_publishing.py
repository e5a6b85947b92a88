"""Trusted publishing: who configures it, which jobs get a token, and what the token can do (SIGN-3)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from allauth.socialaccount.models import SocialAccount
from django.utils import timezone

from accounts.actions.tokens.mint_token import LIFETIME, delete_expired_tokens
from accounts.models import AuditEntry, IssuerKeys, OwnerDomain, Token, User
from registry.jobs.runner import run_pending_jobs
from registry.models import Member, Plugin, Release, Role, TrustedPublisher
from tests.functional.api.calls import Api, expect_problem
from tests.support.issuer import Issuer, build_jwk, get_rsa_key, open_issuer
from tests.support.organizations import build_organization
from tests.support.people import create_api_token, create_user
from tests.support.publishing import Publisher, build_package

NAME = "@ada/chat"
PUBLISHERS = f"/plugins/{NAME}/trusted-publishers"
PUBLISHING = f"/plugins/{NAME}/publishing"
GITHUB = {"provider": "github", "repository": "acme/chat", "workflow": "release.yml"}
GITLAB = {"provider": "gitlab", "repository": "acme/tools/chat"}


@pytest.fixture(scope="module")
def plugin(module_publisher: Publisher) -> Plugin:
    """A published plugin of `ada`."""
    return module_publisher.publish(NAME).plugin


@pytest.fixture
def owner(db: None, module_publisher: Publisher) -> User:
    """The owner of the plugin."""
    return module_publisher.copy_actor()


@pytest.fixture
def ci(settings: Any) -> Iterator[Issuer]:
    """A CI system that signs tokens as GitHub does, with its API."""
    with open_issuer(settings) as issuer:
        settings.CI_ISSUERS = {"github": [issuer.url], "gitlab": []}
        issuer.serve("/api/v3/repos/acme/chat", {"id": 11, "owner": {"id": 7}})
        yield issuer


@pytest.fixture
def gitlab(settings: Any) -> Iterator[Issuer]:
    with open_issuer(settings) as issuer:
        settings.CI_ISSUERS = {"github": [], "gitlab": [issuer.url]}
        issuer.serve("/api/v4/projects/acme%2Ftools%2Fchat", {"id": 21, "namespace": {"id": 5}})
        yield issuer


def sign_github(ci: Issuer, **claims: Any) -> str:
    repository = claims.get("repository", "acme/chat")
    return ci.sign(
        **{
            "sub": f"repo:{repository}:ref:refs/tags/v1",
            "repository": repository,
            "repository_id": "11",
            "repository_owner_id": "7",
            "job_workflow_ref": f"{repository}/.github/workflows/release.yml@refs/tags/v1",
            "event_name": "release",
            "ref": "refs/tags/v1",
            "sha": "a" * 40,
            "run_id": "123",
            **claims,
        }
    )


def sign_gitlab(issuer: Issuer, **claims: Any) -> str:
    host = issuer.url.partition("//")[2]
    return issuer.sign(
        **{
            "sub": "project_path:acme/tools/chat:ref_type:tag:ref:v1",
            "project_path": "acme/tools/chat",
            "project_id": "21",
            "namespace_id": "5",
            "ci_config_ref_uri": f"{host}/acme/tools/chat//.gitlab-ci.yml@refs/tags/v1",
            "pipeline_source": "push",
            "sha": "b" * 40,
            "ref": "v1",
            "ref_path": "refs/tags/v1",
            "job_id": "99",
            **claims,
        }
    )


def mint(api: Api, token: str, **body: Any) -> Any:
    return api.post("/oidc/mint-token", {"token": token, **body})


def refuse(api: Api, token: str, **body: Any) -> str:
    """Return the reason for which the job gets no token."""
    problem = expect_problem(mint(api, token, **body), 403, "identity-token-refused")
    reason: str = problem["reason"]
    return reason


def open_job(api: Api, token: str, **body: Any) -> Api:
    """Return a caller with the token of a job."""
    response = mint(api, token, **body)
    assert response.status_code == 201, response.content
    return Api(response.json()["token"])


def add(caller: Api, path: str = PUBLISHERS, body: Any = None) -> dict[str, Any]:
    response = caller.post(path, body or GITHUB)
    assert response.status_code == 201, response.content
    document: dict[str, Any] = response.json()
    return document


def test_a_job_publishes_without_a_stored_secret(
    plugin: Plugin, author: Api, api: Api, ci: Issuer
) -> None:
    added = add(author)
    assert (added["repositoryId"], added["ownerId"], added["pending"]) == ("11", "7", False)
    response = mint(api, sign_github(ci))
    assert response.headers["Cache-Control"].endswith("no-store")
    document = response.json()
    assert document["plugin"] == NAME
    job = Api(document["token"])
    assert job.publish(build_package(NAME, "2.0.0")).status_code == 202
    run_pending_jobs()
    release = api.get(f"/plugins/{NAME}/2.0.0").json()
    assert release["publishedBy"] == "ada"
    assert release["trustedPublisher"] == {
        "provider": "github",
        "repository": "acme/chat",
        "commit": "a" * 40,
        "ref": "refs/tags/v1",
        "workflow": ".github/workflows/release.yml",
        "environment": None,
        "url": f"{ci.url}/acme/chat/actions/runs/123",
        "issuer": None,
        "subject": None,
    }
    assert api.get(f"/plugins/{NAME}/1.0.0").json()["trustedPublisher"] is None
    assert author.get(PUBLISHING).json()["publishers"][0]["lastUsedAt"]
    # Nothing of the identity token is stored.
    entry = AuditEntry.objects.get(action="token.minted")
    assert entry.details["run"]["commit"] == "a" * 40


def test_the_token_of_a_job_does_nothing_else(
    plugin: Plugin, author: Api, api: Api, ci: Issuer
) -> None:
    add(author)
    job = open_job(api, sign_github(ci))
    expect_problem(job.publish(build_package("@ada/other")), 403, "token-scope")
    expect_problem(job.post(f"/plugins/{NAME}/1.0.0/yank", {}), 403, "token-scope")
    expect_problem(job.post(PUBLISHERS, GITHUB), 403, "token-scope")
    expect_problem(job.post(f"/plugins/{NAME}/1.0.0/approve"), 403, "token-scope")
    expect_problem(job.get(PUBLISHING), 403, "token-scope")


def test_the_token_ends_after_15_minutes(plugin: Plugin, author: Api, api: Api, ci: Issuer) -> None:
    add(author)
    job = open_job(api, sign_github(ci))
    token = Token.objects.get(minted__isnull=False)
    assert token.expires_at is not None
    assert token.expires_at - token.created_at <= LIFETIME + dt.timedelta(seconds=1)
    Token.objects.filter(pk=token.pk).update(expires_at=timezone.now())
    expect_problem(job.publish(build_package(NAME, "2.0.0")), 401, "invalid-token")
    assert delete_expired_tokens() == 0
    Token.objects.filter(pk=token.pk).update(expires_at=timezone.now() - 100 * LIFETIME)
    assert delete_expired_tokens() == 2  # with its mark
    assert Token.objects.exists()


def test_an_identity_token_is_exchanged_once(
    plugin: Plugin, author: Api, api: Api, ci: Issuer
) -> None:
    add(author)
    token = sign_github(ci)
    assert mint(api, token).status_code == 201
    assert refuse(api, token) == "replayed"
    assert Token.objects.filter(minted__isnull=False).count() == 1


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        # Renamed, and registered again by somebody else.
        ({"repository_id": "12"}, "no-match"),
        ({"repository_owner_id": "8"}, "no-match"),
        ({"repository_id": None}, "no-match"),
        ({"repository_owner_id": None}, "no-match"),
        ({"job_workflow_ref": "acme/chat/.github/workflows/other.yml@refs/tags/v1"}, "no-match"),
        ({"job_workflow_ref": "evil/x/.github/workflows/release.yml@refs/tags/v1"}, "no-match"),
        ({"job_workflow_ref": "acme/chat/x/.github/workflows/release.yml@v1"}, "no-match"),
        ({"job_workflow_ref": None}, "no-match"),
        ({"event_name": "pull_request_target"}, "refused-event"),
        ({"event_name": "workflow_run"}, "refused-event"),
        ({"aud": "pypi"}, "wrong-audience"),
        ({"exp": 1}, "expired"),
        ({"iss": "https://token.actions.example"}, "unknown-issuer"),
    ],
)
def test_other_jobs_get_no_token(
    plugin: Plugin, author: Api, api: Api, ci: Issuer, claims: dict[str, Any], reason: str
) -> None:
    add(author)
    assert refuse(api, sign_github(ci, **claims)) == reason
    assert not Token.objects.filter(minted__isnull=False).exists()


def test_tokens_that_the_ci_system_did_not_sign_are_refused(
    plugin: Plugin, author: Api, api: Api, ci: Issuer
) -> None:
    add(author)
    token = sign_github(ci)
    forged = Issuer.sign(ci, get_rsa_key(2), repository_id="11", repository_owner_id="7")
    assert refuse(api, forged) == "wrong-signature"
    assert refuse(api, token.rpartition(".")[0] + ".") == "wrong-signature"
    # Everyone could write these.
    assert not AuditEntry.objects.filter(action="identity-token.refused").exists()
    assert refuse(api, sign_github(ci, repository_id="12")) == "no-match"
    entry = AuditEntry.objects.get(action="identity-token.refused")
    assert (entry.details["reason"], entry.details["run"]["repository"]) == (
        "no-match",
        "acme/chat",
    )
    assert token.split(".")[1] not in str(entry.details)


def test_refusals_do_not_fill_the_audit_log(
    plugin: Plugin, author: Api, api: Api, ci: Issuer, settings: Any
) -> None:
    """Everyone gets genuine tokens of a public CI system, and a refused one is not used up."""
    settings.RATE_LIMITS = {
        **settings.RATE_LIMITS,
        "failed-sign-in": "2/hour",
        "failed-sign-ins": "3/hour",
    }
    add(author)
    token = sign_github(ci, repository_id="12")
    for _ in range(4):
        assert refuse(api, token) == "no-match"
    entries = AuditEntry.objects.filter(action="identity-token.refused")
    assert entries.count() == 2
    for number in range(13, 18):
        assert refuse(api, sign_github(ci, repository_id=str(number))) == "no-match"
    assert entries.count() == 3


def test_a_renamed_repository_goes_on(plugin: Plugin, author: Api, api: Api, ci: Issuer) -> None:
    """The ids are the same, whatever its name."""
    add(author)
    assert open_job(api, sign_github(ci, repository="acme-labs/talk"))


def test_the_environment_is_part_of_the_job(
    plugin: Plugin, author: Api, api: Api, ci: Issuer
) -> None:
    add(author, body={**GITHUB, "environment": "release"})
    assert refuse(api, sign_github(ci)) == "no-match"
    assert refuse(api, sign_github(ci, environment="test")) == "no-match"
    assert open_job(api, sign_github(ci, environment="Release"))


def test_a_reusable_workflow_is_named_with_its_repository(
    plugin: Plugin, author: Api, api: Api, ci: Issuer
) -> None:
    path = "acme/ci/.github/workflows/publish.yml"
    add(author, body={**GITHUB, "workflow": path})
    assert refuse(api, sign_github(ci)) == "no-match"
    assert open_job(api, sign_github(ci, job_workflow_ref=f"{path}@refs/heads/main"))


def test_the_id_of_a_private_repository_is_that_of_its_first_token(
    plugin: Plugin, author: Api, api: Api, ci: Issuer
) -> None:
    ci.server.answers.pop("/api/v3/repos/acme/chat")
    problem = expect_problem(author.post(PUBLISHERS, GITHUB), 400, "invalid-trusted-publisher")
    assert problem["errors"][0]["field"] == "ownerId"
    ci.serve("/api/v3/users/acme", {"id": 7})
    assert add(author)["repositoryId"] is None
    # Another repository of the same owner, and the name in the hands of another owner.
    assert refuse(api, sign_github(ci, repository="acme/x", repository_id="9")) == "no-match"
    assert refuse(api, sign_github(ci, repository_owner_id="8")) == "no-match"
    assert open_job(api, sign_github(ci))
    # Deleted and created again.
    assert refuse(api, sign_github(ci, repository_id="12")) == "no-match"


def test_entered_ids_must_be_those_of_the_repository(
    plugin: Plugin, author: Api, ci: Issuer
) -> None:
    for ids in ({"ownerId": "8"}, {"repositoryId": "12"}, {"ownerId": "x"}):
        response = author.post(PUBLISHERS, {**GITHUB, **ids})
        problem = expect_problem(response, 400, "invalid-trusted-publisher")
        assert [each["field"] for each in problem["errors"]] == list(ids)
    assert add(author, body={**GITHUB, "ownerId": "7", "repositoryId": "11"})


def test_gitlab_jobs_publish(plugin: Plugin, author: Api, api: Api, gitlab: Issuer) -> None:
    added = add(author, body=GITLAB)
    assert (added["workflow"], added["repositoryId"]) == (".gitlab-ci.yml", "21")
    job = open_job(api, sign_gitlab(gitlab))
    job.publish(build_package(NAME, "2.0.0"))
    run_pending_jobs()
    run = api.get(f"/plugins/{NAME}/2.0.0").json()["trustedPublisher"]
    assert run["url"] == f"{gitlab.url}/acme/tools/chat/-/jobs/99"
    assert (run["workflow"], run["ref"]) == (".gitlab-ci.yml", "refs/tags/v1")
    for claims, reason in (
        ({"project_id": "22"}, "no-match"),
        ({"namespace_id": "6"}, "no-match"),
        ({"ci_config_ref_uri": "x/evil/y//.gitlab-ci.yml@refs/heads/main"}, "no-match"),
        ({"ci_config_ref_uri": "x/acme/tools/chat//other.yml@v1"}, "no-match"),
        ({"pipeline_source": "merge_request_event"}, "refused-event"),
    ):
        assert refuse(api, sign_gitlab(gitlab, **claims)) == reason


def test_a_registered_issuer_publishes_plugins_of_its_owner(
    plugin: Plugin, author: Api, api: Api, settings: Any
) -> None:
    with open_issuer(settings) as issuer:
        body = {"provider": "oidc", "issuer": issuer.url, "claims": {"sub": "job", "team": "a"}}
        expect_problem(author.post(PUBLISHERS, body), 400, "invalid-trusted-publisher")
        # Another account that registers it changes nothing.
        other = Api(create_api_token(create_user("bob")))
        assert other.post("/me/issuers", {"url": issuer.url}).status_code == 201
        expect_problem(author.post(PUBLISHERS, body), 400, "invalid-trusted-publisher")
        registered = author.post("/me/issuers", {"url": issuer.url}).json()
        add(author, body=body)
        assert refuse(api, issuer.sign(team="b")) == "no-match"
        assert refuse(api, issuer.sign(team=["a"])) == "no-match"
        assert refuse(api, issuer.sign()) == "no-match"
        job = open_job(api, issuer.sign(team="a"))
        expect_problem(
            other.call("DELETE", f"/me/issuers/{registered['id']}"), 404, "unknown-issuer"
        )
        assert author.call("DELETE", f"/me/issuers/{registered['id']}").status_code == 200
        expect_problem(job.publish(build_package(NAME, "2.0.0")), 403, "identity-token-refused")
        assert refuse(api, issuer.sign(team="a")) == "not-in-force"
        assert author.get("/me/issuers").json() == {"issuers": []}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"provider": "github"}, "repository"),
        ({**GITHUB, "repository": "acme"}, "repository"),
        ({**GITHUB, "repository": "../x"}, "repository"),
        ({**GITHUB, "repository": "acme/chat/../x"}, "repository"),
        ({**GITHUB, "workflow": "release.txt"}, "workflow"),
        ({**GITHUB, "workflow": "../release.yml"}, "workflow"),
        ({**GITHUB, "workflow": ""}, "workflow"),
        ({**GITHUB, "issuer": "https://evil.example"}, "issuer"),
        ({"provider": "oidc", "issuer": "https://ci.example", "claims": {}}, "claims"),
        (
            {"provider": "oidc", "issuer": "https://ci.example", "claims": {"aud": "x"}},
            "claims",
        ),
        ({"provider": "oidc", "issuer": "http://ci.example", "claims": {"sub": "x"}}, "issuer"),
    ],
)
def test_incomplete_descriptions_are_refused(
    plugin: Plugin, author: Api, ci: Issuer, body: dict[str, Any], field: str
) -> None:
    response = author.post(PUBLISHERS, body)
    problem = expect_problem(response, 400, "invalid-trusted-publisher")
    assert field in [each["field"] for each in problem["errors"]]
    assert not ci.server.requests


def test_the_rules_of_github_cannot_be_avoided(plugin: Plugin, author: Api, ci: Issuer) -> None:
    body = {"provider": "oidc", "issuer": ci.url, "claims": {"sub": "repo:acme/chat"}}
    problem = expect_problem(author.post(PUBLISHERS, body), 400, "invalid-trusted-publisher")
    assert problem["errors"][0]["field"] == "issuer"


def test_owners_and_maintainers_configure(
    plugin: Plugin, author: Api, stranger: Api, judge: Api, ci: Issuer
) -> None:
    added = add(author)
    path = f"{PUBLISHERS}/{added['id']}"
    people = {}
    for name, role in (("mia", Role.MAINTAINER), ("pat", Role.PUBLISHER)):
        user = create_user(name)
        Member.objects.create(plugin=plugin, holder=user.owner, role=role)
        people[name] = Api(create_api_token(user))
    for caller in (stranger, judge, people["pat"]):
        expect_problem(caller.post(PUBLISHERS, GITHUB), 403, "not-a-member")
        expect_problem(caller.get(PUBLISHING), 403, "not-a-member")
        body = {"trustedPublishingOnly": True}
        expect_problem(caller.call("PATCH", PUBLISHING, body), 403, "not-a-member")
        expect_problem(caller.call("DELETE", path), 404, "unknown-trusted-publisher")
    expect_problem(people["mia"].post(PUBLISHERS, GITHUB), 409, "trusted-publisher-exists")
    add(people["mia"], body={**GITHUB, "environment": "release"})
    assert people["mia"].call("DELETE", path).status_code == 200
    expect_problem(people["mia"].call("DELETE", path), 404, "unknown-trusted-publisher")


def test_removing_a_trusted_publisher_ends_its_tokens(
    plugin: Plugin, author: Api, api: Api, ci: Issuer
) -> None:
    added = add(author)
    job = open_job(api, sign_github(ci))
    author.call("DELETE", f"{PUBLISHERS}/{added['id']}")
    expect_problem(job.publish(build_package(NAME, "2.0.0")), 401, "invalid-token")
    assert refuse(api, sign_github(ci)) == "no-match"


def test_a_job_ends_with_the_role_of_who_added_it(
    plugin: Plugin, author: Api, api: Api, ci: Issuer
) -> None:
    mia = create_user("mia")
    member = Member.objects.create(plugin=plugin, holder=mia.owner, role=Role.MAINTAINER)
    add(Api(create_api_token(mia)))
    job = open_job(api, sign_github(ci))
    Member.objects.filter(pk=member.pk).update(role=Role.PUBLISHER)
    expect_problem(job.publish(build_package(NAME, "2.0.0")), 403, "identity-token-refused")
    assert refuse(api, sign_github(ci)) == "not-in-force"
    # An owner takes it over.
    add(author)
    expect_problem(job.publish(build_package(NAME, "2.0.0")), 401, "invalid-token")
    again = open_job(api, sign_github(ci))
    assert again.publish(build_package(NAME, "2.0.0")).status_code == 202
    assert Release.objects.get(version="2.0.0").published_by.username == "ada"


def test_a_closed_account_publishes_nothing(
    plugin: Plugin, owner: User, author: Api, api: Api, ci: Issuer
) -> None:
    add(author)
    job = open_job(api, sign_github(ci))
    User.objects.filter(pk=owner.pk).update(is_active=False)
    expect_problem(job.publish(build_package(NAME, "2.0.0")), 401, "invalid-token")
    assert refuse(api, sign_github(ci)) == "not-in-force"


def test_a_pending_publisher_creates_the_plugin(
    owner: User, author: Api, api: Api, ci: Issuer
) -> None:
    path = "/plugins/new-tool/trusted-publishers"
    assert add(author, path)["pending"] is True
    assert [row["plugin"] for row in author.get("/me/pending-publishers").json()["publishers"]] == [
        "new-tool"
    ]
    # It reserves nothing.
    other = create_user("bob")
    add(Api(create_api_token(other)), path, {**GITHUB, "workflow": "other.yml"})
    job = open_job(api, sign_github(ci), plugin="new-tool")
    assert job.publish(build_package("new-tool")).status_code == 202
    run_pending_jobs()
    assert api.get("/plugins/new-tool").json()["owners"] == ["ada"]
    assert author.get("/me/pending-publishers").json() == {"publishers": []}
    publishers = author.get("/plugins/new-tool/publishing").json()["publishers"]
    assert [(row["pending"], row["addedBy"]) for row in publishers] == [(False, "ada")]
    # The other account's has ended.
    assert not TrustedPublisher.objects.filter(created_by=other).exists()


def test_a_pending_publisher_can_be_withdrawn_by_its_account_only(
    author: Api, stranger: Api, api: Api, ci: Issuer
) -> None:
    path = "/plugins/new-tool/trusted-publishers"
    added = add(author, path)
    expect_problem(
        stranger.call("DELETE", f"{path}/{added['id']}"), 404, "unknown-trusted-publisher"
    )
    expect_problem(
        author.call("DELETE", f"/plugins/other/trusted-publishers/{added['id']}"),
        404,
        "unknown-trusted-publisher",
    )
    assert author.call("DELETE", f"{path}/{added['id']}").status_code == 200
    assert refuse(api, sign_github(ci)) == "no-match"


def test_a_pending_publisher_ends_when_the_name_is_taken(
    author: Api, api: Api, ci: Issuer, outsider: User
) -> None:
    add(author, "/plugins/new-tool/trusted-publishers")
    job = open_job(api, sign_github(ci))
    Publisher(outsider).publish("new-tool")
    expect_problem(job.publish(build_package("new-tool")), 403, "not-a-member")
    assert refuse(api, sign_github(ci)) == "no-match"
    response = author.post("/plugins/new-tool/trusted-publishers", GITHUB)
    expect_problem(response, 403, "not-a-member")


def test_two_accounts_with_the_same_pending_job_are_ambiguous(
    author: Api, stranger: Api, api: Api, ci: Issuer
) -> None:
    """Nobody gets a plugin whose releases another account's repository sends."""
    for caller in (author, stranger):
        add(caller, "/plugins/new-tool/trusted-publishers")
    assert refuse(api, sign_github(ci), plugin="new-tool") == "ambiguous"


def test_a_stranger_cannot_stop_the_owner_of_the_repository(
    owner: User, outsider: User, author: Api, stranger: Api, api: Api, ci: Issuer
) -> None:
    """The account that signs in with the GitHub account of the repository's owner is preferred."""
    for caller in (stranger, author):
        add(caller, "/plugins/new-tool/trusted-publishers")
    link = SocialAccount.objects.create(user=outsider, provider="github", uid="999999")
    assert refuse(api, sign_github(ci), plugin="new-tool") == "ambiguous"
    link.delete()
    SocialAccount.objects.create(user=owner, provider="github", uid="7")
    assert mint(api, sign_github(ci), plugin="new-tool").status_code == 201
    assert Token.objects.filter(minted__isnull=False).get().user == owner


def test_who_has_proven_the_namespace_of_the_repository_is_preferred(
    owner: User, author: Api, stranger: Api, api: Api, ci: Issuer
) -> None:
    """Nobody signs in with an organization of GitHub. A file proves it, and a job does not."""
    _ = [add(each, "/plugins/new-tool/trusted-publishers") for each in (stranger, author)]
    harbor, name = build_organization(owner, "harbor").owner, f"{urlsplit(ci.url).netloc}/acme"
    proof = OwnerDomain(owner=harbor, domain=name, token="t", verified_at=timezone.now())
    for proof.method, status in (("job", 403), ("file", 201)):
        proof.save()
        assert mint(api, sign_github(ci), plugin="new-tool").status_code == status
    assert Token.objects.filter(minted__isnull=False).get().user == owner


def test_names_that_the_account_may_not_use_cannot_be_prepared(author: Api, ci: Issuer) -> None:
    for name, code in (
        ("@mallory/x", "scope-not-created"),
        ("react", "well-known-name"),
        ("login", "reserved-name"),
    ):
        response = author.post(f"/plugins/{name}/trusted-publishers", GITHUB)
        expect_problem(response, response.status_code, code)
    assert not TrustedPublisher.objects.exists()


def test_a_job_of_several_plugins_must_say_which(
    plugin: Plugin, owner: User, author: Api, api: Api, ci: Issuer
) -> None:
    Publisher(owner).publish("@ada/talk")
    add(author)
    add(author, "/plugins/@ada/talk/trusted-publishers")
    token = sign_github(ci)
    assert refuse(api, token) == "ambiguous"
    # It was not used up.
    assert mint(api, token, plugin="@ada/talk").json()["plugin"] == "@ada/talk"
    assert refuse(api, sign_github(ci), plugin="@ada/other") == "no-match"


def test_tokens_of_people_can_be_refused(plugin: Plugin, author: Api, api: Api, ci: Issuer) -> None:
    add(author)
    assert api.get(f"/plugins/{NAME}").json()["trustedPublishingOnly"] is False
    changed = author.call("PATCH", PUBLISHING, {"trustedPublishingOnly": True}).json()
    assert changed["trustedPublishingOnly"] is True
    assert api.get(f"/plugins/{NAME}").json()["trustedPublishingOnly"] is True
    response = author.publish(build_package(NAME, "2.0.0"))
    problem = expect_problem(response, 403, "trusted-publishing-only")
    assert "trusted publishing" in problem["detail"]
    job = open_job(api, sign_github(ci))
    assert job.publish(build_package(NAME, "2.0.0")).status_code == 202
    author.call("PATCH", PUBLISHING, {"trustedPublishingOnly": False})
    assert author.publish(build_package(NAME, "2.1.0")).status_code == 202


def test_minting_is_limited(api: Api, settings: Any) -> None:
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "mint": "3/hour"}
    for _ in range(3):
        assert refuse(api, "a.b.c") == "malformed"
    expect_problem(mint(api, "a.b.c"), 429, "rate-limited")


def test_keys_that_cannot_be_fetched_are_a_temporary_failure(
    plugin: Plugin, author: Api, api: Api, ci: Issuer
) -> None:
    add(author)
    ci.server.answers.clear()
    expect_problem(mint(api, sign_github(ci)), 503, "issuer-unavailable")
    ci.publish(build_jwk(get_rsa_key(), "one"))
    IssuerKeys.objects.update(next_fetch_at=timezone.now())
    assert open_job(api, sign_github(ci))


def test_releases_of_jobs_wait_for_approval_if_the_owners_want_it(
    plugin: Plugin, author: Api, api: Api, ci: Issuer
) -> None:
    add(author)
    author.call("PATCH", PUBLISHING, {"stageTrustedReleases": True})
    job = open_job(api, sign_github(ci))
    job.publish(build_package(NAME, "2.0.0"), "/plugins?stage=false")
    run_pending_jobs()
    expect_problem(api.get(f"/plugins/{NAME}/2.0.0"), 404, "unknown-release")
    expect_problem(job.post(f"/plugins/{NAME}/2.0.0/approve"), 403, "token-scope")
    assert author.post(f"/plugins/{NAME}/2.0.0/approve").status_code == 200
    assert api.get(f"/plugins/{NAME}/2.0.0").json()["trustedPublisher"]["commit"] == "a" * 40

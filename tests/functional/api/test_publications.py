"""`/publications/{id}`: the status of an upload, for the members of its plugin."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from accounts.models import User
from registry.jobs.runner import run_pending_jobs
from registry.models import CheckRun, CheckState, Member, Plugin, Role
from tests.functional.api.calls import AWS_KEY, Api, expect_problem
from tests.support.people import create_api_token
from tests.support.publishing import Publisher, build_package

CHECKS = ["archive", "manifest", "limits", "files", "licence", "secrets"]


def send(author: Api, **fields: Any) -> str:
    """Publish `@acme/chat` 1.0.0 without running checks; return the path of its status."""
    status_url: str = author.publish(
        build_package(files=fields.pop("files", None)), **fields
    ).json()["statusUrl"]
    base, _, rest = status_url.partition("/api/v1")
    assert base == "http://127.0.0.1:8000"
    return rest


def test_before_the_checks(author: Api) -> None:
    path = send(author, tag="beta")
    response = author.get(path)
    document = response.json()
    assert response.headers["Cache-Control"] == "private, no-store"
    assert path == f"/publications/{document['id']}"
    assert (document["name"], document["version"]) == ("@acme/chat", "1.0.0")
    assert (document["state"], document["tag"]) == ("checking", "beta")
    assert (document["verdict"], document["finishedAt"]) == (None, None)
    assert document["pageUrl"].endswith("/plugins/@acme/chat")
    assert document["publicationUrl"] == f"http://127.0.0.1:8000{path}"
    assert document["releaseUrl"].endswith("/api/v1/plugins/@acme/chat/1.0.0")
    assert [check["name"] for check in document["checks"]] == CHECKS
    assert all(
        (check["state"], check["durationMs"], check["findings"]) == ("queued", None, [])
        for check in document["checks"]
    )


def test_after_the_checks(author: Api) -> None:
    path = send(author)
    run_pending_jobs()
    document = author.get(path).json()
    assert (document["state"], document["verdict"]) == ("published", "All checks passed.")
    assert document["tag"] is None
    assert document["finishedAt"] >= document["createdAt"]
    assert [check["state"] for check in document["checks"]] == ["passed"] * 6


def test_rejection_has_findings_and_hints(author: Api) -> None:
    path = send(author, files={"keys.js": f'\nconst k = "{AWS_KEY}";\n'})
    run_pending_jobs()
    document = author.get(path).json()
    assert document["state"] == "rejected"
    checks = {check["name"]: check for check in document["checks"]}
    assert checks["secrets"]["state"] == "failed"
    finding = checks["secrets"]["findings"][0]
    assert (finding["path"], finding["line"], finding["severity"]) == ("keys.js", 2, "error")
    assert finding["rule"]
    assert finding["message"] in document["verdict"]
    assert finding["hint"]
    assert AWS_KEY not in str(document)


def test_check_that_broke_holds_the_release(author: Api, judge: Api) -> None:
    """A check that no longer exists has no result, so the release is held for review."""
    path = send(author)
    CheckRun.objects.filter(name="licence").update(name="vanished")
    run_pending_jobs()
    document = author.get(path).json()
    assert document["state"] == "held"
    assert "vanished" in document["verdict"]
    broken = next(check for check in document["checks"] if check["name"] == "vanished")
    assert broken["state"] == CheckState.ERRORED
    assert broken["title"] == "vanished"
    assert "error of the registry" in broken["findings"][0]["hint"]
    expect_problem(judge.get("/plugins/@acme/chat"), 404, "unknown-plugin")


@pytest.mark.parametrize("role", list(Role))
def test_members_see_it(author: Api, stranger: Api, outsider: User, role: Role) -> None:
    path = send(author)
    Member.objects.create(plugin=Plugin.objects.get(), holder=outsider.owner, role=role)
    assert stranger.get(path).status_code == 200


def test_moderators_see_it(author: Api, judge: Api) -> None:
    assert judge.get(send(author)).status_code == 200


@pytest.mark.parametrize("scope", ["read", "publish", "manage"])
def test_any_token_of_a_member_will_do(author: Api, owner: User, scope: str) -> None:
    assert Api(create_api_token(owner, scope)).get(send(author)).status_code == 200


def test_outsiders_get_404(author: Api, stranger: Api) -> None:
    path = send(author)
    hidden = expect_problem(stranger.get(path), 404, "unknown-publication")
    number = uuid.uuid4()
    absent = expect_problem(stranger.get(f"/publications/{number}"), 404, "unknown-publication")
    assert hidden["detail"].replace(path.rpartition("/")[2], "") == absent["detail"].replace(
        str(number), ""
    )


def test_anonymous_need_a_token(author: Api, api: Api) -> None:
    expect_problem(api.get(send(author)), 401, "unauthenticated")
    expect_problem(api.get(f"/publications/{uuid.uuid4()}"), 401, "unauthenticated")


@pytest.mark.parametrize("number", ["1", "x", "%00", "0" * 500, "{}"])
def test_invalid_ids_are_not_found(author: Api, number: str) -> None:
    expect_problem(author.get(f"/publications/{number}"), 404, "unknown-publication")


def test_id_of_a_refused_attempt_stays(author: Api, publisher: Publisher) -> None:
    path = send(author, files={"keys.js": f'const k = "{AWS_KEY}";\n'})
    run_pending_jobs()
    publisher.publish()
    assert author.get(path).json()["state"] == "rejected"
    assert author.get("/plugins/@acme/chat/1.0.0").json()["state"] == "published"


def test_a_token_for_another_plugin_reads_no_status(author: Api, owner: User) -> None:
    path = send(author)
    for limit in ("@acme/other", "@other", "acme"):
        caller = Api(create_api_token(owner, "read", "publish", "manage", limit=limit))
        expect_problem(caller.get(path), 403, "token-scope")
    for limit in ("@acme/chat", "@acme"):
        assert Api(create_api_token(owner, "publish", limit=limit)).get(path).status_code == 200

"""Publishing from CI jobs, `plugport trusted-publisher` and `plugport approve`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from accounts.models import Token
from registry.models import Release
from tests.client.registry import LocalRegistry
from tests.client.support import Cli, build_name, write_plugin
from tests.support.issuer import Issuer, open_issuer
from tests.support.odd_server import build_response

_REQUEST_PATH = "/token?api-version=2&audience=127.0.0.1%3A8000"


@pytest.fixture
def ci(settings: Any) -> Iterator[Issuer]:
    """GitHub, as its jobs and the registry see it."""
    with open_issuer(settings) as issuer:
        settings.CI_ISSUERS = {"github": [issuer.url], "gitlab": []}
        issuer.serve("/api/v3/repos/acme/chat", {"id": 11, "owner": {"id": 7}})
        yield issuer


def sign(ci: Issuer, **claims: Any) -> str:
    return ci.sign(
        **{
            "repository": "acme/chat",
            "repository_id": "11",
            "repository_owner_id": "7",
            "job_workflow_ref": "acme/chat/.github/workflows/release.yml@refs/tags/v1",
            "sha": "a" * 40,
            **claims,
        }
    )


@pytest.fixture
def job(cli: Cli, ci: Issuer, registry: LocalRegistry) -> Cli:
    """The command line in a job of GitHub Actions that may request an identity token."""
    ci.serve(_REQUEST_PATH, {"value": sign(ci)})
    cli.env |= {
        "GITHUB_ACTIONS": "true",
        "ACTIONS_ID_TOKEN_REQUEST_URL": f"{ci.url}/token?api-version=2",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "secret-of-this-job",
    }
    return cli


def add(cli: Cli, name: str) -> None:
    cli.ok(
        *("trusted-publisher", "add", name),
        *("--repository", "acme/chat", "--workflow", "release.yml"),
    )


def become_job(cli: Cli) -> None:
    """Leave the user's token behind."""
    cli.env["PLUGPORT_TOKEN"] = None


def test_a_job_of_github_publishes_the_first_release(job: Cli, ci: Issuer, tmp_path: Path) -> None:
    name = build_name()
    result = job.ok(
        *("trusted-publisher", "add", name),
        *("--repository", "acme/chat", "--workflow", "release.yml"),
    )
    assert result.stdout == f"acme/chat release.yml may publish {name}\n"
    assert "the first release creates it for alice" in result.stderr
    assert name in job.ok("trusted-publisher", "pending").stdout
    become_job(job)
    result = job.ok("publish", str(write_plugin(tmp_path / "source", name)))
    assert result.stdout.splitlines()[-1].startswith(f"published {name}@1.0.0 ")
    assert "publishing as a trusted publisher" in result.stderr
    release = Release.objects.get(plugin__name=name)
    assert (release.published_by.username, release.publisher_run["commit"]) == ("alice", "a" * 40)
    (request,) = [each for each in ci.server.requests if each.startswith("GET /token")]
    assert request.split()[1] == _REQUEST_PATH
    assert "authorization: bearer secret-of-this-job" in request.lower()
    # What could be used by others is not printed.
    minted = Token.objects.get(minted__isnull=False)
    for secret in ("secret-of-this-job", minted.start):
        assert secret not in result.stdout + result.stderr


def test_a_job_of_another_system_has_its_token_in_a_variable(
    cli: Cli, ci: Issuer, tmp_path: Path
) -> None:
    name = build_name()
    add(cli, name)
    become_job(cli)
    cli.env["PLUGPORT_ID_TOKEN"] = sign(ci)
    cli.ok("publish", str(write_plugin(tmp_path / "source", name)))
    # Each is accepted once.
    error = cli.error(4, "publish", str(write_plugin(tmp_path / "next", name, "2.0.0")))
    assert error["code"] == "identity-token-refused"
    assert "was used before" in error["detail"]


def test_a_token_of_the_user_comes_first(job: Cli, ci: Issuer, tmp_path: Path) -> None:
    job.ok("publish", str(write_plugin(tmp_path / "source", build_name())))
    assert not ci.server.requests


def test_a_job_that_is_not_trusted_learns_why(job: Cli, tmp_path: Path) -> None:
    become_job(job)
    error = job.error(4, "publish", str(write_plugin(tmp_path / "source", build_name())))
    assert error["code"] == "identity-token-refused"
    assert "repository `acme/chat`" in error["detail"]


@pytest.mark.parametrize("answer", [b"{}", b'{"value": 7}', b"[]"])
def test_github_without_a_token_is_reported(
    job: Cli, ci: Issuer, tmp_path: Path, answer: bytes
) -> None:
    become_job(job)
    ci.server.answers[_REQUEST_PATH] = build_response(answer, media_type="application/json")
    error = job.error(8, "publish", str(write_plugin(tmp_path / "source", build_name())))
    assert error["code"] == "no-identity-token"
    ci.server.answers.pop(_REQUEST_PATH)
    error = job.error(8, "publish", str(write_plugin(tmp_path / "source", build_name())))
    assert error["code"] == "no-identity-token"
    assert "secret-of-this-job" not in str(error)


def test_a_job_without_the_permission_gets_a_hint(cli: Cli, tmp_path: Path) -> None:
    become_job(cli)
    cli.env |= {"GITHUB_ACTIONS": "true", "ACTIONS_ID_TOKEN_REQUEST_URL": None}
    result = cli.run("publish", str(write_plugin(tmp_path / "source", build_name())))
    assert result.exit_code == 4
    assert "`permissions: id-token: write`" in result.stderr


def test_the_rules_of_a_plugin(cli: Cli, ci: Issuer, tmp_path: Path) -> None:
    name = build_name()
    cli.publish(name)
    add(cli, name)
    (publisher,) = cli.json("trusted-publisher", "list", name)["publishers"]
    line = cli.ok("trusted-publisher", "list", name).stdout.splitlines()[1]
    assert line.split() == [
        *(str(publisher["id"]), name, "github", "acme/chat", "release.yml", "alice")
    ]
    cli.ok("trusted-publisher", "require", name)
    error = cli.error(4, "publish", str(write_plugin(tmp_path / "source", name, "2.0.0")))
    assert error["code"] == "trusted-publishing-only"
    assert "tokens of people" in cli.ok("trusted-publisher", "list", name).stderr
    cli.ok("trusted-publisher", "unrequire", name)
    cli.ok("trusted-publisher", "stage", name)
    assert "wait for approval" in cli.ok("trusted-publisher", "list", name).stderr
    cli.ok("trusted-publisher", "unstage", name)
    removed = cli.ok("trusted-publisher", "remove", name, str(publisher["id"])).stdout
    assert removed == f"acme/chat release.yml may no longer publish {name}\n"
    assert cli.ok("trusted-publisher", "list", name).stdout == "no trusted publishers\n"


def test_an_issuer_of_the_user(cli: Cli, ci: Issuer, settings: Any, tmp_path: Path) -> None:
    settings.CI_ISSUERS = {"github": [], "gitlab": []}
    name = build_name()
    assert cli.ok("trusted-publisher", "issuers").stdout == "no issuers\n"
    cli.ok("trusted-publisher", "add-issuer", ci.url)
    (issuer,) = cli.json("trusted-publisher", "issuers")["issuers"]
    cli.ok(
        *("trusted-publisher", "add", name, "--provider", "oidc", "--issuer", ci.url),
        *("--claim", "sub=job", "--claim", "team=a=b"),
    )
    token, cli.env["PLUGPORT_TOKEN"] = cli.env["PLUGPORT_TOKEN"], None
    cli.env["PLUGPORT_ID_TOKEN"] = ci.sign(team="a=b")
    cli.ok("publish", str(write_plugin(tmp_path / "source", name)))
    cli.env["PLUGPORT_TOKEN"] = token
    cli.ok("trusted-publisher", "remove-issuer", str(issuer["id"]))
    assert cli.error(5, "trusted-publisher", "remove-issuer", "1")["code"] == "unknown-issuer"


def test_a_staged_release_is_approved_or_discarded(cli: Cli, tmp_path: Path) -> None:
    name = build_name()
    source = str(write_plugin(tmp_path / "source", name))
    result = cli.ok("publish", source, "--stage")
    assert result.stdout.splitlines()[-1].startswith(f"staged {name}@1.0.0; ")
    assert f"`plugport approve {name}@1.0.0`" in result.stderr
    assert cli.error(5, "info", name)["code"] == "unknown-plugin"
    assert cli.ok("approve", f"{name}@1.0.0").stdout.startswith(f"published {name}@1.0.0 ")
    assert cli.json("info", name)["release"]["state"] == "published"
    assert cli.error(6, "approve", f"{name}@1.0.0")["code"] == "state-conflict"
    cli.ok("publish", str(write_plugin(tmp_path / "next", name, "2.0.0")), "--stage")
    assert cli.ok("approve", f"{name}@2.0.0", "--discard").stdout == f"discarded {name}@2.0.0\n"
    assert cli.error(5, "approve", f"{name}@2.0.0")["code"] == "unknown-release"


@pytest.mark.parametrize(
    "arguments",
    [
        ("approve", "@acme/chat"),
        ("approve", "chat"),
        ("trusted-publisher", "list"),
        ("trusted-publisher", "list", "a", "b"),
        ("trusted-publisher", "remove", "a"),
        ("trusted-publisher", "remove", "a", "x"),
        ("trusted-publisher", "list", "a", "--repository", "b/c"),
        ("trusted-publisher", "add", "a", "--claim", "sub"),
    ],
)
def test_wrong_command_lines(cli: Cli, arguments: tuple[str, ...]) -> None:
    assert cli.error(2, *arguments)["code"] == "usage"

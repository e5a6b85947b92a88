"""An author signs up with a passkey and publishes the first release from a CI job, without a stored secret."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.client.support import Cli, RemoteRegistry, write_plugin
from tests.journeys.axe import expect_usable
from tests.journeys.conftest import sign_up_with_passkey
from tests.support.issuer import Issuer
from tests.support.odd_server import open_server
from tests.support.server import LiveRegistry, wait_until

NAME = "tide-tables"
REPOSITORY = "tide/tables"
_LINK = re.compile(r"https?://localhost:\d+(/account/email/key/\S+)")


@pytest.fixture
def ci(named_registry: LiveRegistry) -> Iterator[Issuer]:
    """GitHub with a public repository, and the started registry, where publishing needs a second factor."""
    with open_server() as server:
        issuer = Issuer(server)
        issuer.serve(f"/api/v3/repos/{REPOSITORY}", {"id": 11, "owner": {"id": 7}})
        named_registry.environment |= {
            "PLUGPORT_GITHUB_ISSUERS": issuer.url,
            "PLUGPORT_CI_ISSUER_PRIVATE_HOSTS": f"127.0.0.1:{server.port}",
            "PLUGPORT_REQUIRE_MFA_TO_PUBLISH": "1",
        }
        named_registry.start()
        yield issuer


@pytest.fixture
def job(
    ci: Issuer, named_registry: LiveRegistry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Cli:
    """The command line in a job of that repository, which may request an identity token."""
    audience = f"localhost:{named_registry.port}"
    token = ci.sign(
        aud=audience,
        repository=REPOSITORY,
        repository_id="11",
        repository_owner_id="7",
        job_workflow_ref=f"{REPOSITORY}/.github/workflows/release.yml@refs/tags/v1",
        sha="a" * 40,
    )
    ci.serve(f"/token?api-version=2&audience=localhost%3A{named_registry.port}", {"value": token})
    folder = tmp_path / "job"
    folder.mkdir()
    url = named_registry.environment["PLUGPORT_BASE_URL"]
    cli = Cli.create(folder, RemoteRegistry(url), monkeypatch)
    cli.env |= {
        "PLUGPORT_TOKEN": None,
        "GITHUB_ACTIONS": "true",
        "ACTIONS_ID_TOKEN_REQUEST_URL": f"{ci.url}/token?api-version=2",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "secret-of-this-job",
    }
    return cli


def test_from_sign_up_to_the_first_release(
    passkey_tab: Any, job: Cli, named_registry: LiveRegistry, tmp_path: Path
) -> None:
    tab = passkey_tab
    sign_up_with_passkey(tab, "tide")
    expect_usable(tab)
    tab.goto("/account/publishing")
    assert tab.get_by_text("Verify your email address").is_visible()
    assert tab.get_by_role("button", name="Add").count() == 0
    tab.goto(read_link(named_registry))
    tab.get_by_role("button", name="Verify").click()
    tab.goto("/account/publishing")
    tab.get_by_role("textbox", name="Plugin", exact=True).fill(NAME)
    tab.get_by_role("textbox", name="Repository", exact=True).fill(REPOSITORY)
    tab.get_by_role("textbox", name="Workflow file").fill("release.yml")
    assert not tab.get_by_label("Claims").is_visible()
    tab.get_by_label("OpenID Connect").check()
    assert tab.get_by_label("Claims").is_visible()
    assert not tab.get_by_role("textbox", name="Repository", exact=True).is_visible()
    tab.get_by_label("GitHub Actions").check()
    tab.get_by_role("button", name="Add", exact=True).click()
    tab.get_by_text(f"Jobs of {REPOSITORY} may publish {NAME}.").wait_for()
    expect_usable(tab)

    code, stdout, stderr = job.run_program("publish", str(write_plugin(tmp_path / "source", NAME)))
    assert code == 0, stderr
    assert stdout.splitlines()[-1].startswith(f"published {NAME}@1.0.0 ")
    assert "publishing as a trusted publisher" in stderr

    tab.goto(f"/plugins/{NAME}")
    aside = tab.get_by_role("complementary").filter(has_text="Trusted publisher")
    for text in (f"GitHub Actions, {REPOSITORY}", ".github/workflows/release.yml", "tide"):
        assert text in aside.inner_text()
    expect_usable(tab)
    tab.goto("/account/publishing")
    assert tab.get_by_text("No CI job may create a plugin for you.").is_visible()


def read_link(registry: LiveRegistry) -> str:
    """The path of the link in the mail that verifies the author's address."""
    found: list[str] = []

    def has_arrived() -> bool:
        for mail in (registry.data_dir / "mail").glob("*"):
            found.extend(_LINK.findall(mail.read_text()))
        return bool(found)

    wait_until(has_arrived)
    return found[0]

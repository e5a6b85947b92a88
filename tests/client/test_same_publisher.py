"""A version of another owner than the installed one is refused until the user accepts the owner."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from registry.actions.transfers.answer import accept_transfer
from registry.actions.transfers.effect import run_due_transfers
from registry.actions.transfers.offer import offer_plugin_transfer
from registry.models import Plugin, Release, Transfer
from tests.client.registry import LocalRegistry, publish_plugin
from tests.client.support import Cli, write_plugin
from tests.support.people import create_user

NEEDS_MOVED = "dependencies:\n  plugins:\n    moved-plugin: '>=1.1.0'\n"


@pytest.fixture(scope="module", autouse=True)
def _published(alice: User, publish: Callable[..., Release]) -> None:
    """1.0.0 and 1.0.1 are of `alice`; then the plugin moves to `bianca`, who publishes 1.1.0."""
    bianca = create_user("bianca")
    publish("moved-plugin", "1.0.0")
    publish("moved-plugin", "1.0.1")
    plugin = Plugin.objects.get(name="moved-plugin")
    transfer = offer_plugin_transfer(actor=alice, plugin=plugin, to="bianca")
    accept_transfer(actor=bianca, transfer_id=transfer.pk)
    Transfer.objects.update(takes_effect_at=timezone.now() - dt.timedelta(seconds=1))
    assert run_due_transfers() == 1
    publish_plugin(bianca, "moved-plugin", "1.1.0")
    publish("needs-moved", manifest=NEEDS_MOVED)
    Release.objects.update(trust="verified")


@pytest.fixture
def _installed(cli: Cli) -> None:
    """1.0.0 is installed, as its record says of `alice`."""
    cli.ok("install", "moved-plugin@1.0.0")


def read_record(cli: Cli) -> dict[str, Any]:
    path = cli.project / ".plugport" / "installed.json"
    record: dict[str, Any] = json.loads(path.read_text())["plugins"]["moved-plugin"]
    return record


def change_record(cli: Cli, **members: str | None) -> None:
    path = cli.project / ".plugport" / "installed.json"
    document = json.loads(path.read_text())
    record = document["plugins"]["moved-plugin"] | members
    document["plugins"]["moved-plugin"] = {
        key: value for key, value in record.items() if value is not None
    }
    path.write_text(json.dumps(document))


@pytest.mark.usefixtures("_installed")
def test_another_owner_is_refused_by_name_and_date(cli: Cli, registry: LocalRegistry) -> None:
    assert read_record(cli)["publisher"] == "alice"
    sent = len(registry.requests)
    error = cli.error(4, "install", "moved-plugin", "--yes")
    moved = Transfer.objects.get().ended_at
    assert moved is not None
    assert error["code"] == "publisher-changed"
    assert error["detail"] == (
        "`moved-plugin@1.1.0` is of `bianca`, and the installed 1.0.0 of `alice`; it was"
        f" transferred on {moved:%Y-%m-%d}"
    )
    assert error["hint"].endswith(" --json --accept-publisher bianca`.")
    members = ("publisher", "installedPublisher", "version", "installedVersion")
    assert [error["context"][each] for each in members] == ["bianca", "alice", "1.1.0", "1.0.0"]
    assert error["context"]["transferredAt"].startswith(f"{moved:%Y-%m-%d}")
    assert read_record(cli)["version"] == "1.0.0"
    paths = [request.path for request in registry.requests[sent:]]
    assert not [path for path in paths if path.endswith("/download")]


@pytest.mark.usefixtures("_installed")
def test_only_the_named_owner_is_accepted(cli: Cli) -> None:
    cli.error(4, "install", "moved-plugin", "--accept-publisher", "carl")
    accepted = cli.ok(
        "install", "moved-plugin", "--accept-publisher", "carl", "--accept-publisher", "bianca"
    )
    assert (
        "`moved-plugin@1.1.0` is of `bianca`, and the installed one of `alice`" in accepted.stderr
    )
    assert read_record(cli)["publisher"] == "bianca"
    # The way back is a change of publisher too.
    error = cli.error(4, "install", "moved-plugin@1.0.1")
    assert error["context"]["installedPublisher"] == "bianca"


@pytest.mark.usefixtures("_installed")
def test_what_the_former_owner_published_needs_no_acceptance(cli: Cli) -> None:
    assert cli.ok("install", "moved-plugin@1.0.1").stderr == ""
    assert read_record(cli)["publisher"] == "alice"


@pytest.mark.usefixtures("_installed")
def test_dependencies_are_compared_too(cli: Cli) -> None:
    assert cli.error(4, "install", "needs-moved")["code"] == "publisher-changed"
    cli.ok("install", "needs-moved", "--accept-publisher", "bianca")
    assert read_record(cli)["version"] == "1.1.0"


@pytest.mark.usefixtures("_installed")
def test_an_old_record_without_a_publisher_says_so(cli: Cli) -> None:
    change_record(cli, publisher=None)
    shown = cli.ok("install", "moved-plugin").stderr
    assert "the record of `moved-plugin@1.0.0` has no publisher to compare with" in shown
    assert "from now on it is `bianca`" in shown
    assert read_record(cli)["publisher"] == "bianca"


@pytest.mark.usefixtures("_installed")
def test_a_registry_that_does_not_say_it_keeps_the_known_one(
    cli: Cli, registry: LocalRegistry
) -> None:
    registry.faults.release_members = {"publisher": None}
    shown = cli.ok("install", "moved-plugin").stderr
    assert "does not say who published `moved-plugin@1.1.0`" in shown
    assert read_record(cli)["publisher"] == "alice"


@pytest.mark.usefixtures("_installed")
def test_hostile_names_stay_on_their_line(cli: Cli, registry: LocalRegistry) -> None:
    registry.faults.release_members = {
        "publisher": {"name": "eve\n\x1b[2Jhint: ok", "kind": "person"}
    }
    shown = cli.run("install", "moved-plugin").stderr
    assert "\x1b" not in shown
    assert "\nhint: ok" not in shown


def test_packages_from_paths_have_no_publisher(cli: Cli, tmp_path: Any) -> None:
    source = write_plugin(tmp_path / "source", "moved-plugin", "0.9.0")
    cli.ok("install", str(source))
    assert "publisher" not in read_record(cli)
    assert cli.ok("install", "moved-plugin@1.0.0").stderr == ""
    assert read_record(cli)["publisher"] == "alice"

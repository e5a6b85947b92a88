"""Installing several plugins in one run: all are checked before the first is installed."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from registry.models import Plugin, Release
from registry.publishing.refresh import refresh_plugin
from tests.client.registry import LocalRegistry
from tests.client.support import Cli, write_plugin


def need(name: str, text: str) -> str:
    return f"dependencies:\n  plugins:\n    {name}: '{text}'\n"


@pytest.fixture(scope="module", autouse=True)
def _published(publish: Callable[..., Any]) -> None:
    """Two versions of a plugin, and plugins that need it in different ranges."""
    for version in ("1.0.0", "1.1.0", "2.0.0"):
        publish("many-base", version)
    publish("many-any", manifest=need("many-base", ">=1"))
    publish("many-old", manifest=need("many-base", "^1.0.0"))
    publish("many-new", manifest=need("many-base", "^2.0.0"))
    publish("many-bad")


def load_versions(cli: Cli) -> dict[str, str]:
    path = cli.project / ".plugport" / "installed.json"
    rows = json.loads(path.read_text())["plugins"] if path.exists() else {}
    return {name: row["version"] for name, row in rows.items()}


def test_what_all_need_is_chosen_together(cli: Cli) -> None:
    """Each alone would get another version of `many-base`."""
    document = cli.json("install", "many-any", "many-old", "--yes")
    assert load_versions(cli) == {"many-any": "1.0.0", "many-old": "1.0.0", "many-base": "1.1.0"}
    assert [row["installed"]["name"] for row in document["plugins"]] == ["many-any", "many-old"]
    (base,) = document["dependencies"]
    assert base["installed"]["version"] == "1.1.0"
    assert base["neededBy"] == ["many-any@1.0.0", "many-old@1.0.0"]
    assert cli.json("list", "--installed")["plugins"][1]["requested"] is False


def test_a_requested_version_is_the_one_that_the_others_get(cli: Cli) -> None:
    lines = cli.ok("install", "many-any", "many-base@1.0.0", "--yes").stdout.splitlines()
    assert [line.split(" (")[0] for line in lines] == [
        "installed many-any@1.0.0",
        "installed many-base@1.0.0",
    ]
    assert cli.json("list", "--installed")["plugins"][1]["requested"] is True
    again = cli.ok("install", "many-any", "many-base@1.0.0", "--yes").stdout
    assert again.count("is already up to date") == 2
    cli.ok("install", "many-any", "many-base@2.0.0", "--yes")
    assert load_versions(cli) == {"many-any": "1.0.0", "many-base": "2.0.0"}


@pytest.mark.parametrize(
    ("sources", "code", "words"),
    [
        (("many-any", "many-bsae"), 5, "`many-bsae`"),
        (("many-any", "many-base@7"), 5, "many-base"),
        (("many-old", "many-new"), 6, "`many-new@1.0.0` needs `many-base ^2.0.0`"),
        (("many-old", "many-base@2.0.0"), 6, "`2.0.0` does not fit"),
        (("many-base@2.0.0", "many-old"), 6, "`2.0.0` does not fit"),
        (("many-base@1.0.0", "many-base@2.0.0"), 2, "not as `1.0.0` and `2.0.0`"),
        (("many-any", "./folder"), 2, "a path or URL cannot be installed together"),
        (("many-any", "Not A Name"), 3, "is not a plugin name"),
    ],
)
def test_one_bad_name_installs_nothing(
    cli: Cli, registry: LocalRegistry, sources: tuple[str, ...], code: int, words: str
) -> None:
    write_plugin(cli.project / "folder", "many-local")
    assert words in cli.error(code, "install", *sources, "--yes")["detail"]
    assert load_versions(cli) == {}
    assert not registry.list_requests("/download")


def test_one_blocked_release_installs_nothing(cli: Cli, registry: LocalRegistry) -> None:
    Release.objects.filter(plugin__name="many-bad").update(state="quarantined")
    refresh_plugin(Plugin.objects.get(name="many-bad").pk)
    assert (
        cli.error(4, "install", "many-any", "many-bad@1.0.0", "--yes")["code"] == "install-blocked"
    )
    assert load_versions(cli) == {}
    assert not registry.list_requests("/download")


def test_one_refused_consent_installs_nothing(cli: Cli, registry: LocalRegistry) -> None:
    """One of them needs consent; the hint repeats the command for all."""
    Release.objects.filter(plugin__name="many-old").update(trust="experimental")
    error = cli.error(4, "install", "many-any", "many-old")
    assert error["code"] == "consent-needed"
    assert error["hint"].endswith("then `plugport install many-any many-old --json --yes`.")
    assert not registry.list_requests("/download")


def test_one_damaged_package_installs_nothing(cli: Cli, registry: LocalRegistry) -> None:
    cli.ok("install", "many-base@1.0.0", "--yes")
    registry.faults.cut_downloads_after = [0] * 20
    registry.faults.download_body = b"damaged"
    result = cli.run("install", "many-any", "many-old", "--yes")
    assert result.exit_code != 0
    assert load_versions(cli) == {"many-base": "1.0.0"}


def test_the_same_name_twice_is_one_plugin(cli: Cli) -> None:
    document = cli.json("install", "many-base", "many-base@latest", "--yes")
    assert document["installed"]["version"] == "2.0.0"

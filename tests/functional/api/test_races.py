"""Concurrent publishers over real HTTP: one success, and a conflict for all others."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from typing import TypeVar

import httpx
import pytest

from tests.support.publishing import build_package
from tests.support.server import RECORDED, LiveRegistry

pytestmark = pytest.mark.processes
RACERS = [f"racer{number}" for number in range(20)]
T = TypeVar("T")
_ADD_MEMBERS = """
import json, sys
from accounts.models import User
from registry.models import Member, Plugin, Role
wanted = json.load(sys.stdin)
plugin = Plugin.objects.get(name=wanted["plugin"])
for user in User.objects.filter(username__in=wanted["users"]):
    Member.objects.get_or_create(plugin=plugin, holder=user.owner, defaults={"role": Role.PUBLISHER})
"""


@pytest.fixture(scope="module")
def tokens(live_registry: LiveRegistry) -> dict[str, str]:
    """Tokens of twenty accounts that may publish `@racer0/track`."""
    tokens = live_registry.create_api_tokens(*RACERS)
    with live_registry.client(tokens["racer0"]) as client:
        assert send(client, build_package("@racer0/track", "0.1.0")).status_code in RECORDED
    live_registry.run(_ADD_MEMBERS, {"plugin": "@racer0/track", "users": RACERS[1:]})
    return tokens


def send(client: httpx.Client, package: bytes, wait: int = 0) -> httpx.Response:
    return client.post(f"/api/v1/plugins?wait={wait}", files={"package": ("p.tgz", package)})


def race(tasks: Sequence[Callable[[], T]]) -> list[T]:
    """Run each task in a thread, all starting at the same time; return their results."""
    line = threading.Barrier(len(tasks))
    results: list[T] = []

    def run(task: Callable[[], T]) -> None:
        line.wait()
        results.append(task())

    threads = [threading.Thread(target=run, args=(task,)) for task in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == len(tasks)
    return results


def publish_together(
    registry: LiveRegistry, tokens: dict[str, str], packages: dict[str, bytes]
) -> list[tuple[str, httpx.Response]]:
    """Upload all packages at the same time; return the response of each account."""

    def build_task(name: str) -> Callable[[], tuple[str, httpx.Response]]:
        def task() -> tuple[str, httpx.Response]:
            with registry.client(tokens[name]) as client:
                return name, send(client, packages[name])

        return task

    return race([build_task(name) for name in packages])


def count_statuses(responses: list[tuple[str, httpx.Response]]) -> Counter[int | str]:
    """Count the responses by status; those of a recorded release count together."""
    statuses = [response.status_code for _, response in responses]
    return Counter("recorded" if status in RECORDED else status for status in statuses)


def list_versions(registry: LiveRegistry, name: str) -> list[str]:
    with registry.client() as client:
        document = client.get(f"/api/v1/plugins/{name}/versions").json()
    return [release["version"] for release in document["versions"]]


def test_one_of_twenty_wins(live_registry: LiveRegistry, tokens: dict[str, str]) -> None:
    packages = {
        name: build_package("@racer0/track", "1.0.0", files={"who.txt": name}) for name in RACERS
    }
    responses = publish_together(live_registry, tokens, packages)
    winners = [name for name, response in responses if response.status_code in RECORDED]
    assert len(winners) == 1, Counter(response.status_code for _, response in responses)
    losers = [response for name, response in responses if name != winners[0]]
    assert [response.status_code for response in losers] == [409] * 19
    for response in losers:
        problem = response.json()
        assert problem["code"] == "version-taken"
        assert problem["publishedBy"] == winners[0]
        assert f"`{winners[0]}`" in problem["detail"]
    with live_registry.client(tokens[winners[0]]) as client:
        again = send(client, packages[winners[0]], wait=60)
        assert (again.status_code, again.json()["state"]) == (200, "published")
        served = client.get(again.json()["packageUrl"])
        assert served.content == packages[winners[0]]
    assert list_versions(live_registry, "@racer0/track").count("1.0.0") == 1


def test_same_bytes_all_succeed(live_registry: LiveRegistry, tokens: dict[str, str]) -> None:
    package = build_package("@racer0/track", "2.0.0")
    responses = publish_together(live_registry, tokens, dict.fromkeys(RACERS, package))
    assert {response.status_code for _, response in responses} <= {200, *RECORDED}
    assert len({response.json()["statusUrl"] for _, response in responses}) == 1
    with live_registry.client(tokens["racer0"]) as client:
        assert send(client, package, wait=60).json()["state"] == "published"
    assert list_versions(live_registry, "@racer0/track").count("2.0.0") == 1


def test_a_new_name_goes_to_one(live_registry: LiveRegistry, tokens: dict[str, str]) -> None:
    """Twenty accounts publish the same free name: one succeeds, the others get its owner in the error."""
    packages = {
        name: build_package("first-come", "1.0.0", files={"who.txt": name}) for name in RACERS
    }
    responses = publish_together(live_registry, tokens, packages)
    assert count_statuses(responses) == {"recorded": 1, 403: 19}
    assert {a.json()["code"] for _, a in responses if a.status_code == 403} == {"not-a-member"}


def test_names_that_look_alike_go_to_one(
    live_registry: LiveRegistry, tokens: dict[str, str]
) -> None:
    spellings = ["look-alike", "look.alike", "lookalike", "l-ook-alike", "looka-like"]
    packages = {
        name: build_package(spelling, "1.0.0")
        for name, spelling in zip(RACERS, spellings, strict=False)
    }
    responses = publish_together(live_registry, tokens, packages)
    assert count_statuses(responses) == {"recorded": 1, 409: 4}
    assert {a.json()["code"] for _, a in responses if a.status_code == 409} == {"name-collision"}


def test_different_versions_all_succeed(
    live_registry: LiveRegistry, tokens: dict[str, str]
) -> None:
    """No upload fails because of a lock, and `latest` is the highest version in any order."""
    packages = {
        name: build_package("@racer0/track", f"3.{number}.0") for number, name in enumerate(RACERS)
    }
    responses = publish_together(live_registry, tokens, packages)
    assert count_statuses(responses) == {"recorded": 20}
    with live_registry.client(tokens["racer0"]) as client:
        for package in packages.values():
            assert send(client, package, wait=60).json()["state"] == "published"
        plugin = client.get("/api/v1/plugins/@racer0/track").json()
    assert plugin["latestVersion"] == "3.19.0"

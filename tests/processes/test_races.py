"""Many clients at once against one registry on SQLite (REL-5)."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.processes.harness import Registry
from tests.support.publishing import build_package
from tests.support.server import RECORDED

pytestmark = pytest.mark.processes

CLIENTS = 8


def send_together(registry: Registry, packages: list[bytes]) -> list[tuple[int, dict[str, object]]]:
    with ThreadPoolExecutor(len(packages)) as pool:
        responses = list(pool.map(registry.send, packages))
    return [(response.status_code, response.json()) for response in responses]


def test_one_of_many_publishers_of_a_version_succeeds(registry: Registry) -> None:
    packages = [build_package("@acme/race", files={"n.txt": str(n)}) for n in range(CLIENTS)]
    responses = send_together(registry, packages)
    assert Counter(status in RECORDED for status, _ in responses) == {True: 1, False: CLIENTS - 1}
    for status, document in responses:
        if status not in RECORDED:
            assert status == 409
            assert document["code"] == "version-taken"
            assert document["publishedBy"] == "acme"
    winner = next(document for status, document in responses if status in RECORDED)
    registry.wait_until_published(str(winner["statusUrl"]))
    registry.wait_until_clean()


def test_the_same_bytes_sent_at_once_succeed_for_all(registry: Registry) -> None:
    responses = send_together(registry, [build_package("@acme/same")] * CLIENTS)
    assert {status for status, _ in responses} <= {200, *RECORDED}
    assert len({document["statusUrl"] for _, document in responses}) == 1
    registry.wait_until_published(str(responses[0][1]["statusUrl"]))
    registry.wait_until_clean()


def test_the_journal_has_no_gap_after_many_publishes_at_once(registry: Registry) -> None:
    packages = [build_package(f"@acme/many-{n}") for n in range(CLIENTS)]
    responses = send_together(registry, packages)
    assert {status for status, _ in responses} <= {*RECORDED}
    for _, document in responses:
        registry.wait_until_published(str(document["statusUrl"]))
    serials = [serial for (serial,) in registry.query("SELECT serial FROM registry_journalentry")]
    assert sorted(serials) == list(range(1, len(serials) + 1))
    registry.wait_until_clean()

"""Many clients at once against one registry on SQLite (REL-5)."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.processes.harness import Registry
from tests.support.publishing import make_package

pytestmark = pytest.mark.processes

CLIENTS = 8


def send_together(registry: Registry, packages: list[bytes]) -> list[tuple[int, dict[str, object]]]:
    with ThreadPoolExecutor(len(packages)) as pool:
        answers = list(pool.map(registry.send, packages))
    return [(answer.status_code, answer.json()) for answer in answers]


def test_of_many_publishers_of_a_version_one_wins(registry: Registry) -> None:
    packages = [make_package("@acme/race", files={"n.txt": str(n)}) for n in range(CLIENTS)]
    answers = send_together(registry, packages)
    assert Counter(status for status, _ in answers) == {202: 1, 409: CLIENTS - 1}
    for status, document in answers:
        if status == 409:
            assert document["code"] == "version-taken"
            assert document["publishedBy"] == "acme"
    winner = next(document for status, document in answers if status == 202)
    registry.wait_until_published(str(winner["statusUrl"]))
    registry.wait_until_clean()


def test_the_same_bytes_at_once_succeed_for_everybody(registry: Registry) -> None:
    answers = send_together(registry, [make_package("@acme/same")] * CLIENTS)
    assert {status for status, _ in answers} <= {200, 202}
    assert len({document["statusUrl"] for _, document in answers}) == 1
    registry.wait_until_published(str(answers[0][1]["statusUrl"]))
    registry.wait_until_clean()


def test_the_journal_has_no_gap_after_many_publishes_at_once(registry: Registry) -> None:
    packages = [make_package(f"@acme/many-{n}") for n in range(CLIENTS)]
    answers = send_together(registry, packages)
    assert {status for status, _ in answers} == {202}
    for _, document in answers:
        registry.wait_until_published(str(document["statusUrl"]))
    serials = [serial for (serial,) in registry.query("SELECT serial FROM registry_journalentry")]
    assert sorted(serials) == list(range(1, len(serials) + 1))
    registry.wait_until_clean()

"""Fixtures: a registry, a plugin's folder, and the command line in a project of its own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.client.contract.server import ContractServer, run_contract_server
from tests.client.support import Cli, ExternalRegistry, Registry


@pytest.fixture
def contract() -> Iterator[ContractServer]:
    """The contract server, for tests that look behind the API or need faults."""
    with run_contract_server() as server:
        yield server


@pytest.fixture
def registry(request: pytest.FixtureRequest) -> Registry:
    """Any registry with `url` and `token`: the contract server, or the one that is named.

    PLUGPORT_TEST_REGISTRY_URL and PLUGPORT_TEST_REGISTRY_TOKEN run the same tests against a real
    server, all but those that ask for `contract` because they need its faults.
    """
    url = os.environ.get("PLUGPORT_TEST_REGISTRY_URL")
    if url and "contract" not in request.fixturenames:
        return ExternalRegistry(url, os.environ["PLUGPORT_TEST_REGISTRY_TOKEN"])
    server: ContractServer = request.getfixturevalue("contract")
    return server


@pytest.fixture
def cli(tmp_path: Path, registry: Registry, monkeypatch: pytest.MonkeyPatch) -> Cli:
    """The command line, logged in, in an empty project, with a home of its own."""
    return Cli.make(tmp_path, registry, monkeypatch)

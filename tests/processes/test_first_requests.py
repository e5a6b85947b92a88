"""The first requests after a start arrive at once, and none fails."""

from __future__ import annotations

from typing import Any

import pytest

from tests.processes.harness import build_environment, prepare_folder
from tests.support.first_requests import NAMES, check_first_requests, send_first_requests

pytestmark = pytest.mark.processes


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory, empty_database: bytes) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("first") / "data"
    prepare_folder(folder, empty_database)
    return send_first_requests(build_environment(folder))


@pytest.mark.parametrize("name", NAMES)
def test_the_first_requests_of_a_process_succeed(results: dict[str, Any], name: str) -> None:
    check_first_requests(results, name)

"""Uploads that wait for their checks (`?wait=`) in one web process."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.conf import settings

from tests.processes.harness import Registry
from tests.support.data import ROOT

pytestmark = pytest.mark.processes


def test_as_many_uploads_wait_as_documented(registry: Registry) -> None:
    row = re.search(r"`\?wait=`.* (\d+) simultaneous", (ROOT / "docs/limits.md").read_text())
    assert row is not None
    assert int(row[1]) == settings.MAX_WAITING >= 4
    packages = [registry.build_version()[1] for _ in range(settings.MAX_WAITING)]
    with ThreadPoolExecutor(len(packages)) as pool:
        responses = list(pool.map(lambda package: registry.send(package, wait=60), packages))
    assert [response.status_code for response in responses] == [201] * len(packages)
    assert [response.json()["state"] for response in responses] == ["published"] * len(packages)

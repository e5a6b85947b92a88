"""The service against two independent testers of SCIM."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core.wsgi import get_wsgi_application
from scim2_client.engines.wsgi import WSGISCIMClient
from scim2_tester import Status, check_server
from scim_sanity.probe.runner import run_probe

from tests.client.registry import LocalRegistry
from tests.support.scim import Provider


def test_scim2_tester_finds_one_deviation(provider: Provider) -> None:
    client = WSGISCIMClient(
        get_wsgi_application(),
        base_url="http://testserver/scim/v2/harbor",
        headers={"Authorization": f"Bearer {provider.token}"},
    )
    results = check_server(client)
    failed = [
        f"{each.resource_type} {each.title}: {each.reason}"
        for each in results
        if each.status not in (Status.SUCCESS, Status.SKIPPED)
    ]
    # Explained in docs/guides/scim.md: a user is always active or not, and the response says which.
    explained = ["User check_remove_attribute: PATCH modify() did not remove attribute 'active'"]
    assert failed == explained, "\n".join(failed)
    assert len([each for each in results if each.status == Status.SUCCESS]) > 50


def test_scim_sanity_finds_one_deviation(
    provider: Provider, settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    server = LocalRegistry("")
    with server.serve():
        run_probe(f"{server.url}/scim/v2/harbor", provider.token, accept_side_effects=True)
    report = re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out)
    # Explained in docs/guides/scim.md: it adds a member that does not exist.
    assert re.findall(r"\[(?:FAIL|ERROR)\] (.*)", report) == ["PATCH /Groups/{id} add member"], (
        report
    )
    assert len(re.findall(r"\[PASS\]", report)) > 20

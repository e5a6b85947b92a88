"""What an answer of the API shows only to some callers is never `public`: every GET operation."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import User
from registry.actions.invite_member import invite_member
from registry.api.schema import build_document
from registry.models import Plugin
from tests.functional.api.calls import Api
from tests.support.publishing import Publisher, build_package, publish_bytes

pytestmark = pytest.mark.django_db


def list_paths(values: dict[str, str]) -> list[str]:
    """The path of every GET operation, with the values."""
    document = build_document()
    return [
        path.format(**values) for path, methods in document["paths"].items() if "get" in methods
    ]


def read(response: Any) -> tuple[int, bytes]:
    """The status and the body of a response, without the id of an error's request."""
    body = response.getvalue()
    return response.status_code, body if response.status_code < 400 else b""


def test_what_only_some_callers_see_is_private(
    api: Api,
    author: Api,
    stranger: Api,
    judge: Api,
    owner: User,
    outsider: User,
    publisher: Publisher,
) -> None:
    public = publisher.publish("@acme/chat")
    hidden = publish_bytes(owner, build_package("@acme/new"))
    for plugin in Plugin.objects.all():
        invite_member(actor=owner, plugin=plugin, username=outsider.username, role="maintainer")
    public_reads = private_reads = 0
    for release, name in ((public, "@acme/chat"), (hidden, "@acme/new")):
        values = {"name": name, "version": "1.0.0", "id": str(release.public_id)}
        values |= {"organization": "harbor", "team": "docks", "robot": "ci", "owner": "acme"}
        for path in list_paths(values):
            expected = read(api.get(path))
            for caller in (author, stranger, judge):
                response = caller.get(path)
                if read(response) == expected:
                    public_reads += response.status_code == 200
                    continue
                private_reads += 1
                # Errors are for nobody's cache.
                cache = "private, no-store" if response.status_code == 200 else "no-store"
                assert response.headers["Cache-Control"] == cache, path
    assert public_reads > 50
    assert private_reads > 5

"""JSON has no largest integer: manifests keep theirs in the database and in responses."""

from __future__ import annotations

import json

import pytest

from common.api.json_encoding import dump_json
from registry.jobs.runner import run_pending_jobs
from tests.functional.api.calls import Api
from tests.support.publishing import build_package

LARGE = {"n": 2**70, "m": -(2**70), "text": "ü", "list": [2**64]}


def test_publish_and_read(author: Api, api: Api) -> None:
    """The responses to the upload and for its status, release and page."""
    package = build_package(extensions={"com.example.x": LARGE})
    response = author.publish(package)
    assert response.status_code == 202, response.content
    run_pending_jobs()
    release = api.get("/plugins/@acme/chat/1.0.0")
    assert release.status_code == 200
    extension = json.loads(release.content)["manifest"]["extensions"]["com.example.x"]
    assert extension == LARGE
    again = api.get("/plugins/@acme/chat/1.0.0", headers={"If-None-Match": release["ETag"]})
    assert again.status_code == 304
    assert author.get(response.json()["statusUrl"].partition("/api/v1")[2]).status_code == 200
    assert api.client.get("/plugins/@acme/chat").status_code == 200


def test_same_form_either_way() -> None:
    """Both encoders write the same JSON."""
    document = {"a": [1, 2.5, None, True], "é": "\u2028 \n"}
    large = dump_json({**document, "n": 2**64})
    assert large == dump_json(document)[:-1] + b',"n":18446744073709551616}'


def test_invalid_json_is_refused() -> None:
    with pytest.raises(TypeError):
        dump_json({"a": object()})

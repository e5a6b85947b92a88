"""JSON knows no largest integer: manifests with any are stored and answered as they are."""

from __future__ import annotations

import json

import pytest

from config.json_text import dump_json
from registry.work import work_off
from tests.functional.api.calls import Api
from tests.support.publishing import make_package

LARGE = {"n": 2**70, "m": -(2**70), "text": "ü", "list": [2**64]}


def test_publish_and_read(author: Api, api: Api) -> None:
    """The answer to the upload, its status, the release and the page of it."""
    package = make_package(extensions={"com.example.x": LARGE})
    answer = author.publish(package)
    assert answer.status_code == 202, answer.content
    work_off()
    release = api.get("/plugins/@acme/chat/1.0.0")
    assert release.status_code == 200
    found = json.loads(release.content)["manifest"]["extensions"]["com.example.x"]
    assert found == LARGE
    again = api.get("/plugins/@acme/chat/1.0.0", headers={"If-None-Match": release["ETag"]})
    assert again.status_code == 304
    assert author.get(answer.json()["statusUrl"].partition("/api/v1")[2]).status_code == 200
    assert api.client.get("/plugins/@acme/chat").status_code == 200


def test_same_form_either_way() -> None:
    """What goes the slow way looks as what goes the fast way."""
    document = {"a": [1, 2.5, None, True], "é": "\u2028 \n"}
    large = dump_json({**document, "n": 2**64})
    assert large == dump_json(document)[:-1] + b',"n":18446744073709551616}'


def test_what_is_no_json_is_refused() -> None:
    with pytest.raises(TypeError):
        dump_json({"a": object()})

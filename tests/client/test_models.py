"""Responses as the client reads them: lenient where it displays them, strict where it acts on them."""

from __future__ import annotations

from typing import Any

import pytest

from plugport.client.errors import UnexpectedResponseError
from plugport.client.models import (
    Account,
    Plugin,
    PluginPage,
    PublishStatus,
    Release,
    ReleasePermissionChanges,
)

RELEASE: dict[str, Any] = {"name": "@ada/chat", "version": "1.0.0", "state": "published"}


@pytest.mark.parametrize(
    "model", [Account, Plugin, PluginPage, PublishStatus, Release, ReleasePermissionChanges]
)
@pytest.mark.parametrize("document", [None, [], "text", 5])
def test_responses_must_be_objects(model: Any, document: Any) -> None:
    with pytest.raises(UnexpectedResponseError):
        model.from_document(document)


@pytest.mark.parametrize("document", [{}, {"plugins": None}, {"plugins": {}}, {"plugins": "none"}])
def test_a_missing_list_is_not_an_empty_one(document: dict[str, Any]) -> None:
    with pytest.raises(UnexpectedResponseError) as caught:
        PluginPage.from_document(document)
    assert "`plugins`" in caught.value.detail
    assert PluginPage.from_document({"plugins": []}).plugins == ()


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "Not A Name"},
        {"name": None},
        {"version": "1"},
        {"version": 1},
        {"state": ""},
        {"state": None},
        {"state": 7},
        {"yanked": True},
        {"yanked": "broken"},
        {"yanked": []},
    ],
)
def test_release_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(UnexpectedResponseError) as caught:
        Release.from_document({**RELEASE, **wrong})
    assert f"`{next(iter(wrong))}`" in caught.value.detail


def test_release_is_shown_despite_invalid_members() -> None:
    odd = {**RELEASE, "size": "large", "trust": None, "dependencies": 5, "deprecated": "old"}
    release = Release.from_document(odd)
    assert release.data["size"] == 0
    assert release.data["trust"] == ""
    assert release.data["dependencies"]["plugins"] == {}
    assert release.is_deprecated is False
    assert release.is_installable is True
    assert release.document is odd


def test_notices() -> None:
    flags = {
        "yanked": {"reason": "Broken.", "at": "2030-01-01T00:00:00.000Z"},
        "deprecated": {"message": "Old.", "replacement": "@ada/talk", "at": None},
    }
    release = Release.from_document({**RELEASE, **flags})
    assert release.is_installable is False
    assert release.yank_reason == "Broken."
    assert release.deprecation_notice == "Old. Use `@ada/talk` instead."
    assert Release.from_document({**RELEASE, "yanked": {}}).yank_reason == ""
    assert Release.from_document(RELEASE).yank_reason is None


def test_status_of_an_upload_may_be_a_release_or_a_publication() -> None:
    published = PublishStatus.from_document({**RELEASE, "statusUrl": "https://x/status"})
    assert published.status_url == "https://x/status"
    assert published.data["verdict"] is None
    publication = PublishStatus.from_document({"state": "held", "verdict": "why", "checks": None})
    assert publication.status_url is None
    assert (publication.data["verdict"], publication.data["checks"]) == ("why", [])


def test_first_release_has_nothing_to_compare_with() -> None:
    assert ReleasePermissionChanges.from_document({"from": None}) is None
    with pytest.raises(UnexpectedResponseError):
        ReleasePermissionChanges.from_document({"from": "x"})

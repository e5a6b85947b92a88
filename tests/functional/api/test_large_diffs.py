"""Comparisons of large releases: computed in another process, stored, and refused beyond a bound."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from common.expensive.results import get_pool
from registry.actions.moderate_release import quarantine_release
from registry.models import Release
from registry.representations import compared_releases
from tests.functional.api.calls import Api, expect_problem
from tests.support.publishing import Publisher

DIFF = "/plugins/@ada/large/2.0.0/diff"
PAGE = "/plugins/@ada/large/compare"
# Beyond the files that the page lists.
LAST = "src/file299.js"


@pytest.fixture
def owner(db: None, module_publisher: Publisher) -> User:
    """The publisher."""
    return module_publisher.copy_actor()


@pytest.fixture(scope="module")
def _releases(module_publisher: Publisher) -> None:
    """Two releases with 300 files that differ."""
    for version in ("1.0.0", "2.0.0"):
        files = {f"src/file{n:03}.js": f"export default '{version}';\n" for n in range(300)}
        module_publisher.publish("@ada/large", version, files=files)


@pytest.fixture(autouse=True)
def _everything_is_large(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    monkeypatch.setattr(compared_releases, "MAX_CHEAP_CHARS", 0)
    settings.COMPUTATION_SECONDS = 60.0


@pytest.fixture
def stored(settings: Any) -> Path:
    """The folder of the stored results."""
    return Path(settings.RESULT_CACHE_DIR)


@pytest.mark.usefixtures("_releases")
def test_the_result_is_the_same_wherever_it_is_computed(
    api: Api, monkeypatch: pytest.MonkeyPatch, stored: Path
) -> None:
    # No other test asks for this one: it is not known as large before.
    path = "/plugins/@ada/large/1.0.0/diff"
    with monkeypatch.context() as patch:
        patch.setattr(compared_releases, "MAX_CHEAP_CHARS", 1 << 30)
        here = api.get(path)
    assert list(stored.glob("*/*")) == []
    computed, loaded = api.get(path), api.get(path)
    assert here.status_code == computed.status_code == loaded.status_code == 200
    assert here.content == computed.content == loaded.content
    assert here.headers["ETag"] == computed.headers["ETag"] == loaded.headers["ETag"]
    assert len(list(stored.glob("*/*"))) == 1


@pytest.mark.usefixtures("_releases")
def test_a_stored_result_needs_no_contents(api: Api, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(3):
        api.get(DIFF)
    with django_assert_num_queries(2):
        api.get(DIFF)


@pytest.mark.usefixtures("_releases", "_module_packages")
def test_pages_use_stored_results(client: Client, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(12):
        first = client.get(PAGE)
    with django_assert_num_queries(22):
        assert client.get(PAGE).content == first.content
        assert client.get(f"{PAGE}?from=1.0.0&to=2.0.0").status_code == 200
    assert "303 changed" in first.content.decode()
    assert LAST not in first.content.decode()
    for _ in range(2):
        assert 'id="diff"' in client.get(f"{PAGE}?file={LAST}").content.decode()
        assert client.get(f"{PAGE}?file=src/none.js").status_code == 404


@pytest.mark.usefixtures("_releases")
def test_a_stored_result_of_a_release_that_was_blocked_is_not_shown(
    api: Api, client: Client, moderator: User
) -> None:
    assert api.get(DIFF).json()["files"]
    assert LAST in api.get(DIFF).content.decode()
    release = Release.objects.get(plugin__name="@ada/large", version="1.0.0")
    quarantine_release(actor=moderator, release=release, reason="It is looked at.")
    after = api.get(f"{DIFF}?from=1.0.0").json()
    assert (after["fromState"], after["files"]) == ("quarantined", [])
    assert "src/file000.js" not in client.get(f"{PAGE}?from=1.0.0").content.decode()


@pytest.mark.usefixtures("_releases")
def test_others_are_told_to_come_again(
    api: Api, client: Client, settings: Any, django_assert_num_queries: Any
) -> None:
    settings.COMPUTATION_SECONDS = 0.05
    with get_pool().turns.take(max_seconds=60):
        response = api.get(DIFF)
        # Further ones do not load what they would compare.
        with django_assert_num_queries(2):
            assert api.get(DIFF).status_code == 503
        page = client.get(PAGE)
        assert client.get("/plugins/@ada/large/files").status_code == 200
    expect_problem(response, 503, "server-busy")
    assert response.headers["Retry-After"] == "2"
    assert (page.status_code, page.headers["Retry-After"]) == (503, "2")
    settings.COMPUTATION_SECONDS = 60.0
    assert api.get(DIFF).status_code == client.get(PAGE).status_code == 200

"""Downloads of packages on S3: streamed, sent by the gateway, or by redirect to a presigned URL."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from accounts.models import User
from config import backends
from registry.actions.moderate_release import quarantine_release
from registry.downloads.counts import flush_downloads
from registry.models import Release
from registry.storage import get_store
from tests.functional.api.calls import Api, expect_problem
from tests.support.publishing import Publisher, build_package, publish_bytes
from tests.support.s3 import ACCESS_KEY, REGION, SECRET_KEY, S3Server, start_s3

PATH = "/plugins/@acme/chat/1.0.0/download"
PACKAGE = build_package("@acme/chat")
SIZE = len(PACKAGE)
PUBLIC_ENDPOINT = "https://s3.example.test:9000"

pytestmark = [pytest.mark.s3, pytest.mark.usefixtures("_on_s3")]


@pytest.fixture(scope="module")
def s3() -> Iterator[S3Server]:
    with start_s3() as server:
        server.create_bucket("packages")
        yield server


@pytest.fixture
def _on_s3(_own_storage: None, s3: S3Server, settings: Any) -> Iterator[None]:
    """Keep packages on S3."""
    use_bucket(settings, s3)
    yield
    s3.empty_bucket("packages")
    get_store.cache_clear()


def use_bucket(settings: Any, s3: S3Server, *, public_endpoint: str = "") -> None:
    settings.STORAGES = backends.build_storage_settings(
        Path("unused"),
        s3_bucket="packages",
        s3_endpoint=s3.url,
        s3_region=REGION,
        s3_access_key=ACCESS_KEY,
        s3_secret_key=SECRET_KEY,
        use_manifest=False,
    )
    settings.PACKAGE_STORE = backends.build_package_store_settings(
        settings.STORAGES, s3_public_endpoint=public_endpoint
    )
    get_store.cache_clear()


def select_sender(settings: Any, *, redirects: bool, is_behind_gateway: bool) -> None:
    settings.PACKAGE_SENDER = backends.build_package_sender_settings(
        x_accel_prefix="", redirects=redirects, is_behind_gateway=is_behind_gateway
    )
    settings.BEHIND_GATEWAY = is_behind_gateway


def fetch(url: str, range_: str = "") -> httpx.Response:
    """Fetch a presigned URL, as a client does that knows nothing else."""
    return httpx.get(url, headers={"Range": range_} if range_ else {})


def test_without_a_setting_packages_are_streamed(api: Api, publisher: Publisher) -> None:
    publisher.publish()
    assert api.get(PATH).getvalue() == PACKAGE
    assert api.get(PATH, headers={"Range": "bytes=5-9"}).getvalue() == PACKAGE[5:10]
    assert flush_downloads() == 1


def test_the_gateway_gets_a_url(api: Api, publisher: Publisher, settings: Any) -> None:
    publisher.publish()
    select_sender(settings, redirects=False, is_behind_gateway=True)
    whole = api.get(PATH)
    assert (whole.status_code, whole.content) == (200, b"")
    assert whole.headers["X-Plugport-Length"] == str(SIZE)
    assert whole.headers["Content-Length"] == "0"
    assert whole.headers["X-Plugport-Cache"] == "plugin=%40acme%2Fchat"
    assert fetch(whole.headers["X-Plugport-Fetch"]).content == PACKAGE
    assert get_lifetime_seconds(whole.headers["X-Plugport-Fetch"]) <= 60
    part = api.get(PATH, headers={"Range": "bytes=5-9"})
    assert (part.status_code, part.headers["X-Plugport-Bytes"]) == (206, "5-10")
    assert fetch(part.headers["X-Plugport-Fetch"]).content == PACKAGE
    assert flush_downloads() == 1


def test_clients_are_redirected_to_a_url_that_expires(
    api: Api, publisher: Publisher, settings: Any
) -> None:
    publisher.publish()
    select_sender(settings, redirects=True, is_behind_gateway=True)
    response = api.get(PATH)
    assert (response.status_code, response.content) == (302, b"")
    assert response.headers["Cache-Control"] == "no-store"
    assert not [name for name in response.headers if name.startswith("X-Plugport")]
    url = response.headers["Location"]
    assert get_lifetime_seconds(url) <= 60
    package = fetch(url)
    assert hashlib.sha256(package.content).digest() == hashlib.sha256(PACKAGE).digest()
    assert package.headers["Content-Type"] == "application/gzip"
    assert "acme-chat-1.0.0.tgz" in package.headers["Content-Disposition"]
    assert package.headers["Cache-Control"] == "no-store"
    assert fetch(url, "bytes=5-9").content == PACKAGE[5:10]
    assert flush_downloads() == 1


def get_lifetime_seconds(url: str) -> int:
    (seconds,) = parse_qs(urlsplit(url).query)["X-Amz-Expires"]
    return int(seconds)


def test_ranges_are_left_to_s3_and_count_when_they_are_complete(
    api: Api, publisher: Publisher, settings: Any
) -> None:
    publisher.publish()
    select_sender(settings, redirects=True, is_behind_gateway=False)
    for header, count in ((f"bytes={SIZE // 2}-", 0), (f"bytes=0-{SIZE // 2}", 1)):
        assert api.get(PATH, headers={"Range": header}).status_code == 302
        assert flush_downloads() == count
    outside = api.get(PATH, headers={"Range": f"bytes={SIZE}-"})
    expect_problem(outside, 416, "range-not-satisfiable")


def test_head_and_conditions_are_answered_by_the_registry(
    api: Api, publisher: Publisher, settings: Any
) -> None:
    publisher.publish()
    select_sender(settings, redirects=True, is_behind_gateway=False)
    head = api.call("HEAD", PATH)
    assert (head.status_code, head.headers["Content-Length"]) == (200, str(SIZE))
    unchanged = api.get(PATH, headers={"If-None-Match": head.headers["ETag"]})
    assert unchanged.status_code == 304
    assert flush_downloads() == 0


def test_urls_have_the_host_that_clients_reach(
    api: Api, publisher: Publisher, settings: Any, s3: S3Server
) -> None:
    publisher.publish()
    use_bucket(settings, s3, public_endpoint=PUBLIC_ENDPOINT)
    select_sender(settings, redirects=True, is_behind_gateway=False)
    assert api.get(PATH).headers["Location"].startswith(f"{PUBLIC_ENDPOINT}/packages/")
    assert "s3.example.test:9000" in api.get("/instance").json()["downloadHosts"]
    select_sender(settings, redirects=False, is_behind_gateway=True)
    assert api.get(PATH).headers["X-Plugport-Fetch"].startswith(s3.url)
    assert "s3.example.test:9000" not in api.get("/instance").json()["downloadHosts"]


def test_a_blocked_release_is_not_redirected(
    api: Api, publisher: Publisher, settings: Any, moderator: User
) -> None:
    release = publisher.publish()
    select_sender(settings, redirects=True, is_behind_gateway=False)
    quarantine_release(actor=moderator, release=release, reason="Steals tokens.")
    expect_problem(api.get(PATH), 403, "release-blocked")


def test_a_package_that_is_not_public_is_streamed(client: Any, owner: User, settings: Any) -> None:
    """Anybody who sees a presigned URL can use it."""
    select_sender(settings, redirects=True, is_behind_gateway=False)
    release: Release = publish_bytes(owner, PACKAGE)
    client.force_login(owner)
    response = client.get(f"/publications/{release.public_id}/package")
    assert (response.status_code, response.getvalue()) == (200, PACKAGE)
    assert flush_downloads() == 0

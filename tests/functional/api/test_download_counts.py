"""Which requests count as a download: one whole package per client, release and day."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.test import RequestFactory
from django.utils import timezone

from registry.downloads.counts import discard_downloads, flush_downloads
from registry.downloads.receipts import delete_old_receipts
from registry.models import DownloadReceipt, DownloadSalt
from tests.functional.api.calls import Api
from tests.support.publishing import Publisher, build_package

PATH = "/plugins/@ada/chat/1.0.0/download"
SIZE = len(build_package("@ada/chat"))

pytestmark = pytest.mark.usefixtures("_chat", "_module_packages")


@pytest.fixture(scope="module")
def _chat(module_publisher: Publisher) -> None:
    """`@ada/chat` 1.0.0 and 1.1.0."""
    module_publisher.publish("@ada/chat")
    module_publisher.publish("@ada/chat", "1.1.0")


def download(api: Api, path: str = PATH, *, client: str = "192.0.2.1", range_: str = "") -> Any:
    headers = {"Range": f"bytes={range_}"} if range_ else {}
    response = api.get(path, headers=headers, REMOTE_ADDR=client)
    assert response.status_code in (200, 206)
    response.getvalue()
    return response


def flush_in_another_process() -> int:
    """Write the counts and forget everything that a new process would not know."""
    count = flush_downloads()
    discard_downloads()
    return count


def test_one_client_counts_once_a_day_and_version(api: Api) -> None:
    for _ in range(3):
        download(api)
    assert flush_in_another_process() == 1
    download(api)
    assert flush_in_another_process() == 0
    download(api, "/plugins/@ada/chat/1.1.0/download")
    download(api, client="192.0.2.2")
    assert flush_in_another_process() == 2
    assert api.get("/plugins/@ada/chat/stats").json()["versions"] == {"1.0.0": 2, "1.1.0": 1}


def test_sixty_single_bytes_are_no_download(api: Api) -> None:
    for _ in range(60):
        download(api, range_="0-0")
    download(api, range_="-1")
    assert flush_in_another_process() == 0


def test_a_package_in_ranges_counts_once_through_several_processes(api: Api) -> None:
    middle = SIZE // 2
    download(api, range_=f"{middle}-")
    assert flush_in_another_process() == 0
    download(api, range_=f"0-{middle - 2}")
    assert flush_in_another_process() == 0
    download(api, range_=f"0-{middle - 1}", client="192.0.2.2")
    assert flush_in_another_process() == 0
    download(api, range_=f"{middle - 1}-{middle}")
    download(api)
    assert flush_in_another_process() == 1
    assert DownloadReceipt.objects.get(is_complete=True).ranges == []


def test_a_download_counts_when_its_last_byte_went_out(api: Api) -> None:
    response = api.get(PATH)
    chunks = iter(response)
    assert next(chunks)
    assert flush_in_another_process() == 0
    assert b"".join(chunks) is not None
    assert flush_in_another_process() == 1


def test_a_client_that_disconnects_is_counted_when_it_resumes(api: Api) -> None:
    # Straight through WSGI: closing a response of the test client early closes the database
    # connection, and with it the transaction of the test.
    environ = RequestFactory().get(f"/api/v1{PATH}", REMOTE_ADDR="192.0.2.1").environ
    response = WSGIHandler()(environ, lambda _status, _headers: None)
    assert next(iter(response))
    response.close()
    assert flush_in_another_process() == 0
    download(api, range_="0-")
    assert flush_in_another_process() == 1


@pytest.mark.parametrize(
    ("one", "two", "count"),
    [
        ("2001:db8::1", "2001:db8::ffff:2", 1),
        ("2001:db8:0:1::1", "2001:db8:0:2::1", 2),
        ("::ffff:192.0.2.1", "192.0.2.1", 1),
        ("192.0.2.1:4711", "192.0.2.1:4712", 1),
        ("[2001:db8::1]:80", "2001:db8::1", 1),
        ("fe80::1%eth0", "fe80::2", 1),
        ("", "nonsense", 1),
    ],
)
def test_a_client_is_an_address_or_a_network(api: Api, one: str, two: str, count: int) -> None:
    for client in (one, two):
        download(api, client=client)
    assert flush_downloads() == count


def test_addresses_are_hashed_with_a_salt_that_is_deleted(api: Api) -> None:
    download(api)
    flush_downloads()
    (receipt,), (salt,) = DownloadReceipt.objects.all(), DownloadSalt.objects.all()
    assert len(salt.salt) == 64
    assert len(receipt.client) == 32
    assert "192" not in str(DownloadReceipt.objects.values_list("ranges", "day", "release"))
    # Not yesterday, which is kept for an hour after midnight.
    past = timezone.now().date() - dt.timedelta(days=2)
    DownloadSalt.objects.update(day=past)
    DownloadReceipt.objects.update(day=past)
    download(api)
    assert flush_downloads() == 1
    assert len(set(DownloadReceipt.objects.values_list("client", flat=True))) == 2
    delete_old_receipts()
    assert [row.day for row in DownloadSalt.objects.all()] == [timezone.now().date()]
    assert [row.day for row in DownloadReceipt.objects.all()] == [timezone.now().date()]


def test_many_small_ranges_are_stored_within_a_limit(api: Api) -> None:
    for start in range(0, 400, 2):
        download(api, range_=f"{start}-{start}")
    assert flush_downloads() == 0
    assert len(DownloadReceipt.objects.get().ranges) == 64

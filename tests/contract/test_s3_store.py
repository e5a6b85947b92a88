"""The store that keeps packages in an S3 bucket, on an S3 server of this machine."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from django.test import override_settings

from common.http.errors import StorageError
from config import backends
from registry.storage.base import ObjectStore
from registry.storage.s3 import S3ObjectStore
from tests.contract.object_store import ObjectStoreContract
from tests.support.s3 import S3Server, start_s3
from tests.support.server import find_free_port

pytestmark = pytest.mark.s3
BUCKET = "plugport"


@pytest.fixture(scope="module")
def s3() -> Iterator[S3Server]:
    with start_s3() as server:
        yield server


def build_store(endpoint: str, bucket: str) -> S3ObjectStore:
    storages = backends.build_storage_settings(
        Path("unused"),
        s3_bucket=bucket,
        s3_endpoint=endpoint,
        s3_region="us-east-1",
        s3_access_key="someone",
        s3_secret_key="something",
        use_manifest=False,
    )
    with override_settings(STORAGES=storages):
        return S3ObjectStore("packages")


@pytest.fixture(scope="module")
def filled_store(s3: S3Server) -> ObjectStore:
    """A store for all tests: building the client takes longer than most of them."""
    return build_store(s3.url, s3.create_bucket(BUCKET))


@pytest.fixture
def store(s3: S3Server, filled_store: ObjectStore) -> ObjectStore:
    s3.empty_bucket(BUCKET)
    return filled_store


@pytest.fixture
def broken_store() -> ObjectStore:
    """No server listens on its port."""
    return build_store(f"http://127.0.0.1:{find_free_port()}", "nowhere")


class TestS3ObjectStore(ObjectStoreContract):
    """The contract, and behavior specific to S3."""

    def test_a_missing_bucket_is_unavailable_storage(self, s3: S3Server, small: Path) -> None:
        store = build_store(s3.url, "never-made")
        for call in (store.ping, lambda: store.put_file("quarantine/a", small)):
            with pytest.raises(StorageError):
                call()

    def test_uploads_in_parts_that_were_cut_off_are_aborted(
        self, store: ObjectStore, s3: S3Server
    ) -> None:
        upload = s3.client.create_multipart_upload(Bucket=BUCKET, Key="quarantine/a")
        s3.client.upload_part(
            Bucket=BUCKET,
            Key="quarantine/a",
            UploadId=upload["UploadId"],
            PartNumber=1,
            Body=b"half",
        )
        assert list(store.iter_objects("")) == []
        assert store.discard_unfinished(dt.datetime(2001, 1, 1, tzinfo=dt.UTC)) == 0
        assert store.discard_unfinished(dt.datetime.now(dt.UTC) + dt.timedelta(days=1)) == 1
        assert "Uploads" not in s3.client.list_multipart_uploads(Bucket=BUCKET)

    def test_an_object_has_a_url_and_no_path(self, store: ObjectStore, small: Path) -> None:
        store.put_file("quarantine/a", small)
        assert store.find_path("quarantine/a") is None
        url = store.find_signed_url(
            "quarantine/a", seconds=60, headers={"Content-Type": "application/gzip"}
        )
        assert url
        response = httpx.get(url)
        assert (response.status_code, response.content) == (200, b"0123456789")
        assert response.headers["Content-Type"] == "application/gzip"
        assert "X-Amz-Expires=60" in url
        unknown = store.find_signed_url("quarantine/none", seconds=60)
        assert unknown
        assert httpx.get(unknown).status_code == 404

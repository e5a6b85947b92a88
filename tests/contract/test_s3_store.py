"""The store that keeps packages in an S3 bucket, on an S3 server of this machine."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from config import backends
from registry.errors import StorageError
from registry.storage.base import ObjectStore
from registry.storage.s3 import S3ObjectStore
from tests.contract.object_store import ObjectStoreContract
from tests.support.s3 import S3Server, start_s3
from tests.support.server import find_free_port

pytestmark = pytest.mark.s3
_numbers = count()


@pytest.fixture(scope="module")
def s3() -> Iterator[S3Server]:
    with start_s3() as server:
        yield server


def use_bucket(settings: Any, endpoint: str, bucket: str) -> S3ObjectStore:
    settings.STORAGES = backends.storages(
        Path("unused"),
        s3_bucket=bucket,
        s3_endpoint=endpoint,
        s3_region="us-east-1",
        s3_access_key="someone",
        s3_secret_key="something",
        use_manifest=False,
    )
    return S3ObjectStore("packages")


@pytest.fixture
def store(settings: Any, s3: S3Server) -> ObjectStore:
    return use_bucket(settings, s3.url, s3.make_bucket(f"bucket-{next(_numbers)}"))


@pytest.fixture
def broken_store(settings: Any) -> ObjectStore:
    """Nobody listens there."""
    return use_bucket(settings, f"http://127.0.0.1:{find_free_port()}", "nowhere")


class TestS3ObjectStore(ObjectStoreContract):
    """As above, and what is particular to S3."""

    def test_a_bucket_that_is_not_there_is_storage_that_is_away(
        self, settings: Any, s3: S3Server, small: Path
    ) -> None:
        store = use_bucket(settings, s3.url, "never-made")
        for call in (store.ping, lambda: store.put_file("quarantine/a", small)):
            with pytest.raises(StorageError):
                call()

    def test_uploads_in_parts_that_were_cut_off_are_aborted(
        self, store: ObjectStore, s3: S3Server
    ) -> None:
        bucket = s3.list_buckets()[-1]
        upload = s3.client.create_multipart_upload(Bucket=bucket, Key="quarantine/a")
        s3.client.upload_part(
            Bucket=bucket,
            Key="quarantine/a",
            UploadId=upload["UploadId"],
            PartNumber=1,
            Body=b"half",
        )
        assert list(store.list_objects("")) == []
        assert store.discard_unfinished(dt.datetime(2001, 1, 1, tzinfo=dt.UTC)) == 0
        assert store.discard_unfinished(dt.datetime.now(dt.UTC) + dt.timedelta(days=1)) == 1
        assert "Uploads" not in s3.client.list_multipart_uploads(Bucket=bucket)

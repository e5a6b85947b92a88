"""Packages in an S3 bucket."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from boto3.exceptions import Boto3Error
from botocore.exceptions import BotoCoreError, ClientError
from django.core.files.storage import storages

from registry.errors import StorageError
from registry.storage.base import CHUNK_BYTES, StoredObject

_MISSING = {"404", "NoSuchKey", "NotFound"}


class S3ObjectStore:
    """Objects in one bucket. S3 shows an object only when it is whole."""

    def __init__(self, storage: str) -> None:
        self._storage: Any = storages[storage]

    @property
    def _bucket(self) -> Any:
        # django-storages keeps one connection a thread behind this.
        return self._storage.bucket

    @contextlib.contextmanager
    def _answering(self, key: str = "") -> Iterator[None]:
        try:
            yield
        except ClientError as error:
            code = str(error.response.get("Error", {}).get("Code", ""))
            if code in _MISSING:
                raise FileNotFoundError(key) from None
            raise StorageError(f"The package bucket refused: {code}.") from error
        except (BotoCoreError, Boto3Error, OSError) as error:
            raise StorageError("The package bucket does not answer.") from error

    def put_file(self, key: str, path: Path) -> None:
        """Upload the file, in parts when it is large."""
        with self._answering(key):
            self._bucket.upload_file(str(path), key)

    def fetch(self, key: str, path: Path) -> None:
        """Download the object to a file."""
        with self._answering(key):
            self._bucket.download_file(key, str(path))

    def open_range(self, key: str, start: int, stop: int) -> Iterator[bytes]:
        """Ask S3 for the range and pass its chunks on."""
        if start >= stop:
            return iter(())
        chunks = self._read_range(key, start, stop)
        next(chunks)
        return chunks

    def _read_range(self, key: str, start: int, stop: int) -> Iterator[bytes]:
        """First nothing, with the answer there: faults are told at once, and `close` ends it."""
        with self._answering(key):
            answer = self._bucket.Object(key).get(Range=f"bytes={start}-{stop - 1}")
            with contextlib.closing(answer["Body"]) as body:
                yield b""
                yield from body.iter_chunks(CHUNK_BYTES)

    def promote(self, source: str, target: str) -> None:
        """Copy inside the bucket."""
        with self._answering(source):
            self._bucket.copy({"Bucket": self._bucket.name, "Key": source}, target)

    def delete(self, key: str) -> None:
        """Delete the object."""
        with self._answering(key), contextlib.suppress(FileNotFoundError):
            self._bucket.Object(key).delete()

    def get_size(self, key: str) -> int:
        """The object's size."""
        with self._answering(key):
            return int(self._bucket.Object(key).content_length)

    def list_objects(self, prefix: str) -> Iterator[StoredObject]:
        """List the bucket page by page."""
        with self._answering():
            for item in self._bucket.objects.filter(Prefix=prefix):
                yield StoredObject(item.key, item.size, item.last_modified)

    def discard_unfinished(self, before: dt.datetime) -> int:
        """Abort old uploads in parts: S3 keeps, and charges for, the parts until then."""
        count = 0
        with self._answering():
            for upload in self._bucket.multipart_uploads.all():
                if upload.initiated < before:
                    upload.abort()
                    count += 1
        return count

    def ping(self) -> None:
        """Ask for the bucket."""
        try:
            with self._answering():
                self._bucket.meta.client.head_bucket(Bucket=self._bucket.name)
        except FileNotFoundError:
            raise StorageError(f"There is no bucket `{self._bucket.name}`.") from None

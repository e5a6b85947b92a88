"""A package store in an S3 bucket."""

from __future__ import annotations

import contextlib
import datetime as dt
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

# Imported by boto3 when a thread creates its first bucket: several threads would import it at once.
import boto3.s3.inject  # noqa: F401
from boto3.exceptions import Boto3Error
from botocore.exceptions import BotoCoreError, ClientError, ConnectTimeoutError, ReadTimeoutError
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.files.storage import storages

from common.disk_errors import RETRY_SECONDS, build_disk_error
from common.http.errors import StorageError
from common.suspension import PAUSE_SECONDS, Suspension
from registry.storage.base import CHUNK_BYTES, StoredObject
from registry.storage.scratch import SCRATCH

READ_SECONDS = 2
_BYTES_PER_SECOND = 8 << 20
# Headers of a response that a presigned URL can set, and their parameters.
_RESPONSE_PARAMETERS = {
    "Cache-Control": "ResponseCacheControl",
    "Content-Disposition": "ResponseContentDisposition",
    "Content-Type": "ResponseContentType",
}
_NOT_FOUND_CODES = {"404", "NoSuchKey", "NotFound"}


def _build_error(detail: str) -> StorageError:
    return StorageError(
        detail,
        hint="Nothing was saved. Try again in a few seconds.",
        context={"retryAfterSeconds": RETRY_SECONDS},
    )


# The longest wait of a reading call: it connects, sends and waits for the first byte, once.
_TRIAL_SECONDS = 3.0


def _shorten_waits(config: Any) -> Any:
    """The client's settings for reading: a person waits, and can reload the page."""
    from botocore.config import Config

    return config.merge(
        Config(connect_timeout=1, read_timeout=READ_SECONDS, retries={"total_max_attempts": 1})
    )


def _build_deadline(size_bytes: int) -> Callable[[int], None]:
    """A callback that ends a transfer which takes too long (`PLUGPORT_UPLOAD_SECONDS`)."""
    seconds = settings.UPLOAD_SECONDS + size_bytes / _BYTES_PER_SECOND
    until = time.monotonic() + seconds

    def check(_transferred_bytes: int) -> None:
        if time.monotonic() > until:
            raise _build_error(f"The package bucket took longer than {seconds:.0f} seconds.")

    return check


class S3ObjectStore:
    """Objects in one bucket. S3 shows an object only when it is complete."""

    def __init__(self, storage: str, public_endpoint: str = "") -> None:
        """Build the clients, without a request. Raises `ImproperlyConfigured`.

        `public_endpoint` is the URL of the S3 server for clients of the registry, if it is another.
        """
        writing: Any = storages[storage]
        # With its own client, because the time-outs of a client hold for all of its calls.
        options = settings.STORAGES[storage]["OPTIONS"]
        short = {"client_config": _shorten_waits(options["client_config"])}
        reading: Any = type(writing)(**{**options, **short})
        public: Any = reading
        if public_endpoint:
            public = type(writing)(**{**options, "endpoint_url": public_endpoint})
        # django-storages shares a bucket between threads. But threads that need it first at the same
        # time would each build a client, which takes so long that their requests time out.
        try:
            self._bucket: Any = writing.bucket
            self._reading_bucket: Any = reading.bucket
            self._public_bucket: Any = public.bucket
        except (BotoCoreError, ValueError) as error:
            raise ImproperlyConfigured(
                f"The S3 bucket cannot be used: {error}. Check PLUGPORT_S3_ENDPOINT,"
                " PLUGPORT_S3_PUBLIC_ENDPOINT and PLUGPORT_S3_REGION."
            ) from error
        self._suspension = Suspension(seconds=PAUSE_SECONDS, trial_seconds=_TRIAL_SECONDS)

    @contextlib.contextmanager
    def _translate_errors(self, key: str = "") -> Iterator[None]:
        if not self._suspension.allows_call():
            raise _build_error("The package bucket did not respond a moment ago.")
        try:
            yield
            self._suspension.end()
        except ClientError as error:
            code = str(error.response.get("Error", {}).get("Code", ""))
            if code in _NOT_FOUND_CODES:
                raise FileNotFoundError(key) from None
            # The code only: messages of S3 may contain bucket names and request ids.
            raise _build_error(f"The package bucket refused the request: {code}.") from error
        except (BotoCoreError, Boto3Error) as error:
            if isinstance(error, (ConnectTimeoutError, ReadTimeoutError)):
                self._suspension.start()
            raise _build_error("The package bucket is unavailable.") from error
        except OSError as error:
            # Of the file that is sent or written: the client has its own errors for connections.
            raise build_disk_error(SCRATCH, error) from error

    def put_file(self, key: str, path: Path) -> None:
        """Upload the file, in several parts if it is large."""
        with self._translate_errors(key):
            self._bucket.upload_file(str(path), key, Callback=_build_deadline(path.stat().st_size))

    def fetch(self, key: str, path: Path) -> None:
        """Download the object to a file."""
        with self._translate_errors(key):
            size_bytes = self._reading_bucket.Object(key).content_length
            self._bucket.download_file(key, str(path), Callback=_build_deadline(size_bytes))

    def open_range(self, key: str, start: int, stop: int) -> Iterator[bytes]:
        """Request the range now, read it in chunks."""
        # HTTP has no empty range: `bytes=5-4` is invalid, and S3 would send the whole object.
        if start >= stop:
            return iter(())
        chunks = self._iter_range(key, start, stop)
        next(chunks)
        return chunks

    def _iter_range(self, key: str, start: int, stop: int) -> Iterator[bytes]:
        """Yields b"" first: `open_range` takes it, so that request errors are raised there."""
        with self._translate_errors(key):
            response = self._reading_bucket.Object(key).get(Range=f"bytes={start}-{stop - 1}")
            with contextlib.closing(response["Body"]) as body:
                yield b""
                yield from body.iter_chunks(CHUNK_BYTES)

    def find_path(self, key: str) -> None:
        """Objects of S3 are no files."""

    def find_signed_url(
        self,
        key: str,
        *,
        seconds: int,
        is_for_clients: bool = False,
        headers: Mapping[str, str] | None = None,
    ) -> str:
        """Sign a URL with the access key."""
        bucket = self._public_bucket if is_for_clients else self._reading_bucket
        sent = {_RESPONSE_PARAMETERS[name]: value for name, value in (headers or {}).items()}
        try:
            url: str = bucket.meta.client.generate_presigned_url(
                "get_object", Params={"Bucket": bucket.name, "Key": key, **sent}, ExpiresIn=seconds
            )
        except BotoCoreError as error:
            # Without an access key of its own, the client asks the machine for one.
            raise _build_error("The access key of the package bucket is unavailable.") from error
        return url

    def promote(self, source: str, target: str) -> None:
        """Copy within the bucket; the bytes do not leave S3."""
        with self._translate_errors(source):
            self._bucket.copy({"Bucket": self._bucket.name, "Key": source}, target)

    def delete(self, key: str) -> None:
        with self._translate_errors(key), contextlib.suppress(FileNotFoundError):
            self._bucket.Object(key).delete()

    def iter_objects(self, prefix: str) -> Iterator[StoredObject]:
        """List the bucket page by page."""
        with self._translate_errors():
            for item in self._bucket.objects.filter(Prefix=prefix):
                yield StoredObject(item.key, item.size, item.last_modified)

    def discard_unfinished(self, before: dt.datetime) -> int:
        """Abort old multipart uploads: S3 stores, and charges for, their parts until then."""
        count = 0
        with self._translate_errors():
            for upload in self._bucket.multipart_uploads.all():
                if upload.initiated < before:
                    upload.abort()
                    count += 1
        return count

    def ping(self) -> None:
        """Request the bucket's metadata. Raises `StorageError` if it does not exist."""
        try:
            with self._translate_errors():
                self._reading_bucket.meta.client.head_bucket(Bucket=self._bucket.name)
        except FileNotFoundError:
            raise _build_error(f"The bucket `{self._bucket.name}` does not exist.") from None

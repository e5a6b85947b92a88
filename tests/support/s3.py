"""An S3 server in a thread of the test run, on a port of this machine."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

ACCESS_KEY, SECRET_KEY, REGION = "someone", "something", "us-east-1"


@dataclass(frozen=True, slots=True)
class S3Server:
    """The URL of the server, and a client to inspect its objects."""

    url: str
    client: Any

    def create_bucket(self, name: str) -> str:
        """Create a bucket and return its name."""
        self.client.create_bucket(Bucket=name)
        return name

    def empty_bucket(self, name: str) -> None:
        """Delete all objects and unfinished uploads of the bucket."""
        for item in self.client.list_objects_v2(Bucket=name).get("Contents", []):
            self.client.delete_object(Bucket=name, Key=item["Key"])
        for upload in self.client.list_multipart_uploads(Bucket=name).get("Uploads", []):
            self.client.abort_multipart_upload(
                Bucket=name, Key=upload["Key"], UploadId=upload["UploadId"]
            )

    def list_buckets(self) -> list[str]:
        """Return the names of the buckets, oldest first."""
        buckets = self.client.list_buckets()["Buckets"]
        return [item["Name"] for item in sorted(buckets, key=lambda item: item["CreationDate"])]


@contextlib.contextmanager
def start_s3() -> Iterator[S3Server]:
    """Run the server until the end of the context."""
    import boto3
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    client = boto3.client(
        "s3",
        endpoint_url=url,
        region_name=REGION,
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=SECRET_KEY,
    )
    try:
        yield S3Server(url, client)
    finally:
        client.close()
        server.stop()

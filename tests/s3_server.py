"""A real server of the S3 protocol on loopback (moto's), as far as recordings need it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from minio import Minio
from moto.server import ThreadedMotoServer

BUCKET = "recordings"
KEYS = {"S3_BUCKET": BUCKET, "S3_ACCESS_KEY": "test-access", "S3_SECRET_KEY": "test-secret"}


@contextmanager
def running() -> Iterator[dict[str, str]]:
    """The settings of a storage with an empty bucket."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        settings = {"S3_ENDPOINT": f"http://{host}:{port}", **KEYS}
        _client(settings).make_bucket(bucket_name=BUCKET)
        yield settings
    finally:
        server.stop()


def paths(settings: dict[str, str]) -> list[str]:
    """What the bucket holds."""
    return sorted(
        str(found.object_name) for found in _client(settings).list_objects(bucket_name=BUCKET, recursive=True)
    )


def _client(settings: dict[str, str]) -> Minio:
    return Minio(
        endpoint=settings["S3_ENDPOINT"].removeprefix("http://"),
        access_key=settings["S3_ACCESS_KEY"],
        secret_key=settings["S3_SECRET_KEY"],
        secure=False,
        region="us-east-1",
    )

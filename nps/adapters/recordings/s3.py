"""A second place for sound files: any storage that speaks S3 (Yandex Object Storage, VK Cloud, MinIO, Ceph)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from minio import Minio
from minio.error import MinioException
from urllib3 import PoolManager, Retry, Timeout
from urllib3.exceptions import HTTPError

_BLOCK = 256 * 1024
_MOST_CONNECTIONS = 16


class RemoteError(Exception):
    """The storage did not do what it was asked."""


@dataclass(frozen=True, slots=True)
class S3Settings:
    """Where the storage is. `endpoint` is http(s)://host[:port]."""

    endpoint: str
    bucket: str
    access_key: str
    secret_key: str
    region: str = "us-east-1"


class S3Store:
    """Files of one bucket by their path. Every method raises RemoteError when the storage fails."""

    def __init__(self, settings: S3Settings) -> None:
        parts = urlsplit(settings.endpoint)
        self._bucket = settings.bucket
        # A storage that is away must not hold a request or a worker for minutes, which the library's own tries would.
        self._pool = PoolManager(
            maxsize=_MOST_CONNECTIONS, timeout=Timeout(connect=5, read=30), retries=Retry(total=2, backoff_factor=0.2)
        )
        self._client = Minio(
            endpoint=parts.netloc,
            access_key=settings.access_key,
            secret_key=settings.secret_key,
            secure=parts.scheme == "https",
            region=settings.region,
            http_client=self._pool,
        )

    def put(self, path: str, file: Path, mime: str) -> None:
        """Store a file under the path; the same again changes nothing."""
        try:
            self._client.fput_object(bucket_name=self._bucket, object_name=path, file_path=str(file), content_type=mime)
        except (MinioException, HTTPError, OSError) as error:
            raise RemoteError(str(error)) from error

    def read(self, path: str, first: int, length: int) -> Iterator[bytes]:
        """`length` bytes from the byte `first` on. The storage is asked at once, the bytes come as they are taken."""
        try:
            answer = self._client.get_object(bucket_name=self._bucket, object_name=path, offset=first, length=length)
        except (MinioException, HTTPError, OSError) as error:
            raise RemoteError(str(error)) from error

        def blocks() -> Iterator[bytes]:
            try:
                yield from answer.stream(_BLOCK)
            finally:
                answer.close()
                answer.release_conn()

        return blocks()

    def remove(self, path: str) -> None:
        """Delete a file; one that is not there is no error."""
        try:
            self._client.remove_object(bucket_name=self._bucket, object_name=path)
        except (MinioException, HTTPError, OSError) as error:
            raise RemoteError(str(error)) from error

    def close(self) -> None:
        self._pool.clear()

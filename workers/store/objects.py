"""Objects of an S3 bucket, seen as the files of a folder: what a `Path` is to a disk.

Endpoint, region and credentials come from where every S3 client looks: the AWS_* variables of the
environment (AWS_ENDPOINT_URL for a server of one's own), its files, or the machine's role.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Self

PART = 16 * 1024**2  # bytes asked for or sent at once
COPIED_AT_ONCE = 5 * 1024**3  # bytes of an object that S3 copies in one step
TRIES = 2  # of a reading that broke off in the middle
GONE = {"404", "NoSuchKey", "NotFound"}
PAST_THE_END = {"416", "InvalidRange"}
REFUSED = {
    "401",
    "403",
    "AccessDenied",
    "AllAccessDisabled",
    "ExpiredToken",
    "InvalidAccessKeyId",
    "SignatureDoesNotMatch",
}


class Unreachable(ConnectionError):
    """Object storage that does not answer, or not to us; the message is a sentence for a person."""


@dataclass(frozen=True)
class ObjectPlace:
    """The object `key` of a bucket, or everything below `key/`: as a file or as a folder.

    Every method raises Unreachable where the store does not answer, after some tries.
    """

    bucket: str
    key: str

    @classmethod
    def of(cls, address: str) -> Self:
        """The place an address such as `s3://bucket/prefix` names."""
        bucket, _, key = address.removeprefix("s3://").partition("/")
        return cls(bucket, key.strip("/"))

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.key}"

    def __truediv__(self, name: str) -> Self:
        return type(self)(self.bucket, f"{self.key}/{name}" if self.key else name)

    @property
    def name(self) -> str:
        """What follows the last stroke."""
        return self.key.rpartition("/")[2]

    def exists(self) -> bool:
        """Whether there is such an object, or any below it."""
        return self.is_file() or any(True for _ in self._listed(most=1))

    def is_file(self) -> bool:
        """Whether there is such an object."""
        try:
            self.length()
        except FileNotFoundError:
            return False
        return True

    def length(self) -> int:
        """Its size in bytes (FileNotFoundError where there is none)."""
        return int(self._ask("head_object")["ContentLength"])

    def read_bytes(self) -> bytes:
        """The whole object (FileNotFoundError where there is none)."""
        return self.read_range("")

    def read_text(self) -> str:
        """The whole object as UTF-8."""
        return self.read_bytes().decode()

    def read_range(self, span: str) -> bytes:
        """What lies in a span of bytes, in the words of HTTP ("bytes=0-9"); "" is everything.

        FileNotFoundError where there is no such object, EOFError where the span lies behind it.
        """
        extra = {"Range": span} if span else {}

        def whole(client: Any) -> bytes:
            body = client.get_object(Bucket=self.bucket, Key=self.key, **extra)["Body"]
            return bytes(body.read())

        found: bytes = _asked(whole, tries=TRIES)
        return found

    def pieces(self) -> Iterator[bytes]:
        """The object piece by piece: it never lies whole in memory."""
        start, piece = 0, b""
        while start == 0 or len(piece) == PART:
            try:
                piece = self.read_range(f"bytes={start}-{start + PART - 1}")
            except EOFError:
                return
            yield piece
            start += PART

    def files(self) -> dict[str, int]:
        """Every object below this place: its name from here, and its bytes."""
        below = len(self._below)
        return {found["Key"][below:]: found["Size"] for found in self._listed()}

    def changed(self) -> dict[str, datetime]:
        """Every object below this place: its name from here, and when it was put there."""
        below = len(self._below)
        return {found["Key"][below:]: found["LastModified"] for found in self._listed()}

    def children(self) -> list[str]:
        """What lies directly below: names of objects and of what is like a folder."""
        return sorted({name.partition("/")[0] for name in self.files()})

    def write(self, file: Path) -> None:
        """Put a file of this machine here; whole or not at all."""
        size = file.stat().st_size
        if size > PART:
            self._in_parts(size, PART, lambda start, stop: {"Body": _cut(file, start, stop)})
        else:
            self._ask("put_object", Body=file.read_bytes())

    def write_bytes(self, content: bytes) -> None:
        """Put a few bytes here."""
        self._ask("put_object", Body=content)

    def copy_to(self, target: "ObjectPlace", size: int) -> None:
        """Have the store copy this object of `size` bytes; nothing passes through here."""
        source = {"Bucket": self.bucket, "Key": self.key}
        if size <= COPIED_AT_ONCE:
            target._ask("copy_object", CopySource=source)
            return

        def part(start: int, stop: int) -> dict[str, Any]:
            return {"CopySource": source, "CopySourceRange": f"bytes={start}-{stop - 1}"}

        target._in_parts(size, COPIED_AT_ONCE, part)

    def remove(self) -> None:
        """Remove the object and everything below it; harmless where there is nothing."""
        keys = [self._below + name for name in self.files()] or [self.key]
        if keys == [""]:
            return  # a whole bucket, and it is empty
        for first in range(0, len(keys), 1000):  # the most that S3 takes at once
            self._delete(keys[first : first + 1000])

    def probe(self) -> None:
        """Write and remove an object, with little patience (Unreachable when that fails)."""
        client = client_of(os.getpid(), patient=False)
        try:
            client.put_object(Bucket=self.bucket, Key=self.key, Body=b"ready")
            client.delete_object(Bucket=self.bucket, Key=self.key)
        except Exception as failure:
            raise _worded(failure) from failure

    @property
    def _below(self) -> str:
        return f"{self.key}/" if self.key else ""

    def _listed(self, most: int | None = None) -> Iterator[dict[str, Any]]:
        asked: dict[str, Any] = {"Bucket": self.bucket, "Prefix": self._below}
        if most:
            asked["MaxKeys"] = most
        while True:
            page = _asked(lambda client: client.list_objects_v2(**asked))
            yield from page.get("Contents", ())
            if most or not page.get("IsTruncated"):
                return
            asked["ContinuationToken"] = page["NextContinuationToken"]

    def _delete(self, keys: list[str]) -> None:
        batch = {"Objects": [{"Key": key} for key in keys], "Quiet": True}
        answer = _asked(lambda client: client.delete_objects(Bucket=self.bucket, Delete=batch))
        if answer.get("Errors"):
            raise Unreachable("The object store does not remove what it was told to.")

    def _in_parts(self, size: int, step: int, part: Callable[[int, int], dict[str, Any]]) -> None:
        """Make a large object of parts; what was sent of one that fails is given up."""
        upload = {"UploadId": self._ask("create_multipart_upload")["UploadId"]}
        try:
            done = []
            for number, start in enumerate(range(0, size, step), 1):
                sent = part(start, min(start + step, size))
                how = "upload_part" if "Body" in sent else "upload_part_copy"
                answer = self._ask(how, PartNumber=number, **upload, **sent)
                tag = answer.get("CopyPartResult", answer)["ETag"]
                done.append({"PartNumber": number, "ETag": tag})
            self._ask("complete_multipart_upload", MultipartUpload={"Parts": done}, **upload)
        except BaseException:
            self._ask("abort_multipart_upload", **upload)
            raise

    def _ask(self, what: str, **more: Any) -> dict[str, Any]:
        answer: dict[str, Any] = _asked(
            lambda client: getattr(client, what)(Bucket=self.bucket, Key=self.key, **more)
        )
        return answer


def _cut(file: Path, start: int, stop: int) -> bytes:
    with file.open("rb") as opened:
        opened.seek(start)
        return opened.read(stop - start)


def _asked(call: Callable[[Any], Any], tries: int = 1) -> Any:
    """What the store answers. The client itself asks again where no answer begins."""
    for left in reversed(range(tries)):
        try:
            return call(client_of(os.getpid(), patient=True))
        except Exception as failure:
            worded = _worded(failure)
            if worded is failure:
                raise
            if not (left and isinstance(worded, Unreachable)):
                raise worded from failure
    raise AssertionError("no try was made")


def _worded(failure: Exception) -> Exception:
    """What went wrong as FileNotFoundError or a sentence; a fault of ours stays what it is."""
    from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

    if isinstance(failure, NoCredentialsError):
        return Unreachable("No credentials for the object store were given.")
    if isinstance(failure, BotoCoreError):
        return Unreachable("The object store does not answer.")
    if not isinstance(failure, ClientError):
        return failure
    code = failure.response["Error"]["Code"]
    if code in GONE:
        return FileNotFoundError("There is no such object.")
    if code in PAST_THE_END:
        return EOFError("The object ends before.")
    if code == "NoSuchBucket":
        return Unreachable("The object store has no such bucket.")
    if code in REFUSED:
        return Unreachable("The object store refuses the credentials it was given.")
    return Unreachable(f"The object store cannot do its work ({code}).")


@lru_cache(maxsize=2)
def client_of(process: int, *, patient: bool) -> Any:
    """The client of this process, for all its threads; one that was forked makes its own."""
    import botocore.session
    from botocore.config import Config

    config = Config(
        connect_timeout=3,
        read_timeout=60 if patient else 5,
        retries={"mode": "standard", "total_max_attempts": 3 if patient else 1},
        max_pool_connections=32,
    )
    return botocore.session.get_session().create_client("s3", config=config)

"""Contents of files, and the keys under which clients put and get them.

Contents stay in memory up to a limit and go to a temporary folder beyond it. No name that a client
chose is ever a name on disk, so that no path leads out of the folder. A key is good for one file
and one direction, as the signed addresses of W&B's storage are; they need no other credentials.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import tempfile
import threading
import weakref
from pathlib import Path
from shutil import rmtree
from typing import IO, TYPE_CHECKING, Literal
from urllib.parse import quote

from pytest_wandb_automations.errors import InvalidInput, NotFound

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from pytest_wandb_automations.world.artifacts import Artifact
    from pytest_wandb_automations.world.runs import Run
    from pytest_wandb_automations.world.world import World

__all__ = ["STORAGE", "Content", "File", "Storage"]

_CHUNK = 1024 * 1024
_IN_MEMORY = 64 * 1024 * 1024
"""Bytes of all contents together that are kept in memory."""

Direction = Literal["put", "get"]
DIRECTIONS: tuple[Direction, ...] = ("put", "get")

STORAGE = "/storage/"
"""What paths of contents begin with."""


class Content:
    """Bytes that were uploaded; they never change. `md5` is in base64, as W&B writes digests."""

    def __init__(self, where: bytes | Path, size: int, md5: str) -> None:
        self._where = where
        self.size = size
        self.md5 = md5
        self.birth: Artifact | None = None
        """The artifact that had it first; others may share it."""
        if isinstance(where, Path):
            # What is on disk goes with this object: with the last file that has the content.
            weakref.finalize(self, where.unlink, missing_ok=True)

    def __repr__(self) -> str:
        return f"<Content {self.size} bytes, md5 {self.md5}>"

    def read(self) -> bytes:
        """Return all of it."""
        return b"".join(self.chunks(0, self.size))

    def chunks(self, start: int, stop: int) -> Iterator[bytes]:
        """Yield the bytes from `start` up to `stop`, a megabyte at a time."""
        if isinstance(self._where, bytes):
            yield self._where[start:stop]
            return
        with self._where.open("rb") as file:
            file.seek(start)
            while start < stop and (chunk := file.read(min(_CHUNK, stop - start))):
                start += len(chunk)
                yield chunk


class File:
    """A file of a run or of an artifact, from its announcement on; `content` comes later.

    An artifact may also refer to what is kept elsewhere: a `reference` is an address, and W&B never
    has the content. `digest` is the artifact's own, which need not be the content's md5.
    """

    typename__ = "File"

    def __init__(
        self,
        world: World,
        owner: Run | Artifact,
        name: str,
        *,
        md5: str | None = None,
        mimetype: str | None = None,
        content: Content | None = None,
        reference: str | None = None,
    ) -> None:
        self._world = world
        self.id = world.register("File", self)
        self.owner = owner
        self.name = name
        self.announced_md5 = md5
        self.mimetype = mimetype
        self.content = content
        self.reference = reference
        self.digest = md5
        self.size = 0 if content is None else content.size
        self.updated_at: datetime | None = None
        self._keys = {way: world.storage.key(self, way) for way in DIRECTIONS}

    def __repr__(self) -> str:
        return f"<File {self.name}, {'no content' if self.content is None else self.content}>"

    @property
    def path_to_put(self) -> str:
        """Where a client puts the content; the name at its end is for people."""
        return self._path("put")

    @property
    def path_to_get(self) -> str:
        """Where a client gets the content."""
        return self._path("get")

    def _path(self, way: Direction) -> str:
        return f"{STORAGE}{self._keys[way]}/{quote(self.name)}"

    def receive(self, source: IO[bytes]) -> None:
        """Take in the content; `InvalidInput` if it is not the one that was announced."""
        content = self._world.storage.keep(source)
        if self.announced_md5 not in (None, content.md5):
            raise InvalidInput(
                f"file {self.name!r}: its md5 was announced as {self.announced_md5}, "
                f"and {content.md5} ({content.size} bytes) was uploaded"
            )
        with self._world.change():
            self.content = content
            self.size = content.size
            self.digest = self.digest or content.md5
            self.updated_at = self._world.clock.stamp()

    def delete(self) -> None:
        """Forget the file and let its keys be good for nothing."""
        with self._world.change():
            self._world.storage.revoke(*self._keys.values())
            self._world.forget(self.id)


class Storage:
    """Where the contents of a world's files are."""

    def __init__(self, *, in_memory: int = _IN_MEMORY) -> None:
        self._lock = threading.Lock()
        self._left = in_memory
        self._files: dict[str, tuple[File, Direction]] = {}
        self._folder: Path | None = None

    def keep(self, source: IO[bytes]) -> Content:
        """Copy what a binary stream holds."""
        with self._lock:
            head = source.read(self._left + 1)
            digest = hashlib.md5(head, usedforsecurity=False)
            if len(head) <= self._left:
                self._left -= len(head)
                return Content(head, len(head), _base64(digest.digest()))
            path = self._new_path()
            with path.open("xb") as target:
                target.write(head)
                while chunk := source.read(_CHUNK):
                    digest.update(chunk)
                    target.write(chunk)
                return Content(path, target.tell(), _base64(digest.digest()))

    def key(self, file: File, direction: Direction) -> str:
        """Return a new key by which a file can be put or got; it cannot be guessed."""
        key = secrets.token_urlsafe(24)
        self._files[key] = (file, direction)
        return key

    def revoke(self, *keys: str) -> None:
        """Let keys be good for nothing."""
        for key in keys:
            self._files.pop(key, None)

    def file(self, key: str, direction: Direction) -> File:
        """Return the file that a key is good for in a direction."""
        found = self._files.get(key)
        if found is None or found[1] != direction:
            raise NotFound(f"no file to {direction} under this address; it may have been deleted")
        return found[0]

    def _new_path(self) -> Path:
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="wandb-automations-storage-"))
            # The folder goes with this object, or with the process.
            weakref.finalize(self, rmtree, self._folder, ignore_errors=True)
        return self._folder / secrets.token_hex(16)


def _base64(digest: bytes) -> str:
    return base64.b64encode(digest).decode()

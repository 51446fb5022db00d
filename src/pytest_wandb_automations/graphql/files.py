"""Files of runs and of artifacts: where to put and to get them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_wandb_automations.graphql.connections import Connection, connect
from pytest_wandb_automations.graphql.resolvers import Info, resolver
from pytest_wandb_automations.world.artifacts import Artifact

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_wandb_automations.graphql.context import Context
    from pytest_wandb_automations.world.storage import File


def page_of_files(
    files: Iterable[File],
    *,
    first: int | None = None,
    after: str | None = None,
    missing: bool = False,
) -> Connection[File]:
    """Return one page of files by name: those that can be got or, with `missing`, all."""
    there = [file for file in files if missing or _is_there(file)]
    return connect(there, key=lambda f: (f.name, f.id), first=first, after=after)


def _is_there(file: File) -> bool:
    return file.content is not None or file.reference is not None


@resolver("File.displayName")
def display_name(file: File, _info: Info) -> str:
    return file.name


@resolver("File.url")
def url(file: File, info: Info, *, upload: bool | None = False) -> str | None:
    return upload_url(file, info) if upload else direct_url(file, info)


@resolver("File.directUrl")
def direct_url(file: File, info: Info) -> str:
    context: Context = info.context
    return file.reference or context.base_url + file.path_to_get


@resolver("File.uploadUrl")
def upload_url(file: File, info: Info) -> str | None:
    context: Context = info.context
    # None: an earlier version of the artifact has that content, and clients need not send it.
    known = isinstance(file.owner, Artifact) and file.content is not None
    return None if known else context.base_url + file.path_to_put


@resolver("File.uploadHeaders")
def upload_headers(_file: File, _info: Info) -> list[str]:
    return []


@resolver("File.uploadMultipartUrls")
def upload_multipart_urls(_file: File, _info: Info) -> None:
    # None: however large a file is, clients then send it in one piece.
    return None


@resolver("File.storagePath")
def storage_path(file: File, _info: Info) -> str:
    return file.name


@resolver("File.sizeBytes")
def size_bytes(file: File, _info: Info) -> int:
    return file.size


@resolver("File.md5")
def md5(file: File, _info: Info) -> str | None:
    if file.content is not None:
        return file.content.md5
    # "0" tells the SDK's `wandb.restore` that there is no such file.
    return file.announced_md5 or (None if _is_there(file) else "0")


@resolver("File.artifact")
def artifact_of_file(file: File, _info: Info) -> Artifact | None:
    """Return the artifact that had the content first: where manifests say that it is."""
    found = (file.content and file.content.birth) or file.owner
    return found if isinstance(found, Artifact) else None

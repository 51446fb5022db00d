"""Files of runs and of artifacts: where to put and to get them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_wandb_automations.graphql.connections import Connection, connect
from pytest_wandb_automations.graphql.resolvers import Info, resolver

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_wandb_automations.graphql.context import Context
    from pytest_wandb_automations.world.storage import File


def page_of_files(
    files: Iterable[File], *, first: int | None = None, after: str | None = None
) -> Connection[File]:
    """Return one page of those files whose content is there, by name."""
    uploaded = [file for file in files if file.content is not None]
    return connect(uploaded, key=lambda f: (f.name, f.id), first=first, after=after)


@resolver("File.displayName")
def display_name(file: File, _info: Info) -> str:
    return file.name


@resolver("File.url")
def url(file: File, info: Info, *, upload: bool | None = False) -> str:
    return upload_url(file, info) if upload else direct_url(file, info)


@resolver("File.directUrl")
def direct_url(file: File, info: Info) -> str:
    context: Context = info.context
    return context.base_url + file.path_to_get


@resolver("File.uploadUrl")
def upload_url(file: File, info: Info) -> str:
    context: Context = info.context
    return context.base_url + file.path_to_put


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
    return 0 if file.content is None else file.content.size


@resolver("File.md5", "File.digest")
def md5(file: File, _info: Info) -> str | None:
    return file.announced_md5 if file.content is None else file.content.md5

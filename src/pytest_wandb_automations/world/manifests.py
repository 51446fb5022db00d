"""Manifests: JSON files that list what an artifact holds, path by path.

A manifest is `FULL`, `INCREMENTAL` (what it lists comes on top of a base version) or a `PATCH`
(several of them, from runs that make one artifact together, add up).
"""

from __future__ import annotations

import hashlib
import io
import json
from typing import TYPE_CHECKING, Any, Literal, cast

from pytest_wandb_automations.errors import InvalidInput
from pytest_wandb_automations.world.storage import File

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_wandb_automations.world.artifacts import Artifact
    from pytest_wandb_automations.world.world import World

__all__ = ["Entries", "Manifest", "digest_of", "merge"]

ManifestType = Literal["FULL", "INCREMENTAL", "PATCH"]

Entries = dict[str, dict[str, Any]]
"""What a manifest lists: `{"digest": …}` by path, and where they apply `size`, `ref`, `extra`,
`birthArtifactID`."""

_NAME = "wandb_manifest.json"
_HEAD = {
    "version": 1,
    "storagePolicy": "wandb-storage-policy-v1",
    "storagePolicyConfig": {"storageLayout": "V2"},
}


class Manifest:
    """A list of an artifact's files, which is a file itself."""

    typename__ = "ArtifactManifest"

    def __init__(
        self,
        world: World,
        artifact: Artifact,
        *,
        name: str = _NAME,
        type: ManifestType = "FULL",  # noqa: A002  # W&B says type
        digest: str | None = None,
        base: Artifact | None = None,
    ) -> None:
        self._world = world
        self.id = world.register("ArtifactManifest", self)
        self.artifact = artifact
        self.type: ManifestType = type
        self.base = base
        self.file = File(world, artifact, name, md5=digest, mimetype="application/json")
        self.has_files = False
        """Whether files were announced that it is to list."""

    @property
    def digest(self) -> str:
        """The file's md5 in base64; empty as long as nobody knows it."""
        return self.file.digest or ""

    @property
    def is_missing(self) -> bool:
        """Whether a client is still to upload it. One that was asked for twice never comes."""
        expected = self.file.announced_md5 is not None or (self.type != "FULL" and self.has_files)
        return expected and self.file.content is None

    def entries(self) -> Entries:
        """Read what it lists; `InvalidInput` if its file is no manifest."""
        assert self.file.content is not None
        try:
            contents = json.loads(self.file.content.read())["contents"]
            for path, entry in contents.items():
                _check_entry(path, entry)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise InvalidInput(f"{self.file.name} is no manifest of W&B: {error!r}") from None
        return cast("Entries", contents)

    def write(self, entries: Entries) -> None:
        """Make its file list these entries."""
        text = json.dumps({**_HEAD, "contents": entries})
        self.file.announced_md5 = self.file.digest = None
        self.file.receive(io.BytesIO(text.encode()))


def _check_entry(path: str, entry: dict[str, Any]) -> None:
    kinds: tuple[tuple[str, type | tuple[type, ...]], ...] = (
        ("digest", str),
        ("size", (int, type(None))),
        ("ref", (str, type(None))),
    )
    for field, kind in kinds:
        if not isinstance(entry.get(field), kind):
            raise TypeError(f"{path}: {field} is {entry.get(field)!r}")


def merge(manifests: Iterable[Manifest]) -> Entries:
    """Return what manifests list together, later ones before earlier ones."""
    merged: Entries = {}
    for manifest in manifests:
        if manifest.type == "FULL":
            merged.clear()
        elif manifest.type == "INCREMENTAL" and manifest.base and manifest.base.manifest:
            merged = {**manifest.base.manifest.entries(), **merged}
        merged.update(manifest.entries())
    return merged


def digest_of(entries: Entries) -> str:
    """Return the digest of an artifact with these entries, as the SDK does (MANIFEST_MD5)."""
    digest = hashlib.md5(b"wandb-artifact-manifest-v1\n", usedforsecurity=False)
    for path, entry in sorted(entries.items()):
        digest.update(f"{path}:{entry['digest']}\n".encode())
    return digest.hexdigest()

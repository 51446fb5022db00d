"""Scopes: the project, registry, collection, team or organization that an automation watches."""

from functools import lru_cache
from typing import Annotated, Any, Literal, cast

from pydantic import BeforeValidator, Discriminator, Field

from .base import GraphqlId, ResultModel, adopt, is_from_sdk
from .enums import ScopeType

__all__ = [
    "ArtifactCollectionScope",
    "ArtifactPortfolioScope",
    "ArtifactSequenceScope",
    "AutomationScope",
    "EntityScope",
    "OrgScope",
    "ProjectScope",
    "RegistryScope",
    "RunEventScope",
    "Scope",
    "TeamScope",
]

_REGISTRY_PREFIX = "wandb-registry-"


def _is_registry_project(name: object) -> bool:
    return isinstance(name, str) and name.startswith(_REGISTRY_PREFIX) and name != _REGISTRY_PREFIX


class Scope(ResultModel):
    """What scopes have in common: nothing but being one."""


class ArtifactSequenceScope(Scope):
    """A collection that versions are logged to."""

    typename__: Annotated[Literal["ArtifactSequence"], Field(alias="__typename")] = (
        "ArtifactSequence"
    )
    id: GraphqlId
    name: str
    scope_type: Literal[ScopeType.ARTIFACT_COLLECTION] = ScopeType.ARTIFACT_COLLECTION


class ArtifactPortfolioScope(Scope):
    """A collection that versions are linked to, such as one of a registry."""

    typename__: Annotated[Literal["ArtifactPortfolio"], Field(alias="__typename")] = (
        "ArtifactPortfolio"
    )
    id: GraphqlId
    name: str
    scope_type: Literal[ScopeType.ARTIFACT_COLLECTION] = ScopeType.ARTIFACT_COLLECTION


class ProjectScope(Scope):
    """A project."""

    typename__: Annotated[Literal["Project"], Field(alias="__typename")] = "Project"
    id: GraphqlId
    name: str
    scope_type: Literal[ScopeType.PROJECT] = ScopeType.PROJECT
    is_registry: Literal[False] = False


class RegistryScope(Scope):
    """A registry, which for W&B is a project named `wandb-registry-...`."""

    typename__: Annotated[Literal["Project"], Field(alias="__typename")] = "Project"
    id: GraphqlId
    name: Annotated[str, Field(validation_alias="full_name")]
    scope_type: Literal[ScopeType.PROJECT] = ScopeType.PROJECT
    is_registry: Literal[True] = True


class TeamScope(Scope):
    """A team: everything in its projects."""

    typename__: Annotated[Literal["Entity"], Field(alias="__typename")] = "Entity"
    id: GraphqlId
    name: str
    entity_type: Literal["team"] = "team"
    scope_type: Literal[ScopeType.ENTITY] = ScopeType.ENTITY


class OrgScope(Scope):
    """An organization's entity: everything in its registries and its teams' projects."""

    typename__: Annotated[Literal["Entity"], Field(alias="__typename")] = "Entity"
    id: GraphqlId
    name: str
    entity_type: Literal["organization"] = "organization"
    scope_type: Literal[ScopeType.ENTITY] = ScopeType.ENTITY


@lru_cache(maxsize=256)
def _sdk_names(cls: type[Any]) -> frozenset[str]:
    """Names of the SDK's public classes among a class and its ancestors."""
    return frozenset(base.__name__ for base in cls.__mro__ if is_from_sdk(base))


def _scope_of_sdk_object(value: Any, names: frozenset[str]) -> Any:
    if "Registry" in names:
        return RegistryScope.model_validate(value)
    if "Project" in names:
        return ProjectScope.model_validate(value)
    if "ArtifactCollection" in names:
        sequence = value.is_sequence()
        return (ArtifactSequenceScope if sequence else ArtifactPortfolioScope).model_validate(value)
    if "Team" in names:
        return TeamScope.model_validate(value)
    if "Organization" in names:
        return OrgScope.model_validate(value.org_entity)
    return value


def _scope_of_handle(value: Any) -> Any:
    """Make a scope of an object with `typename__`, `id` and `name`, as backends have them."""
    name = getattr(value, "name", None)
    match value.typename__, getattr(value, "entity_type", None):
        case "Project", _:
            cls = RegistryScope if _is_registry_project(name) else ProjectScope
        case "ArtifactSequence", _:
            cls = ArtifactSequenceScope
        case "ArtifactPortfolio", _:
            cls = ArtifactPortfolioScope
        case "Entity", "team":
            cls = TeamScope
        case "Entity", "organization":
            cls = OrgScope
        case _:
            return value
    return cls.model_validate({"id": getattr(value, "id", None), "name": name})


def _tell_registry(value: Any) -> Any:
    """Mark a project of a GraphQL answer as a registry or not; the answer shows it by the name."""
    if not isinstance(value, dict):
        return value
    fields = cast("dict[str, Any]", value)
    if "isRegistry" in fields or "is_registry" in fields:
        return fields
    return {**fields, "is_registry": _is_registry_project(fields.get("name"))}


def parse_scope(value: Any) -> Any:
    """Make a scope of whatever can be one: a scope, or the thing itself, the SDK's included."""
    if (ours := adopt(value)) is not value:
        return _tell_registry(ours)
    if isinstance(value, (Scope, dict)):
        return cast("Any", value)
    if names := _sdk_names(cast("type[Any]", type(value))):
        return _scope_of_sdk_object(value, names)
    if org_entity := getattr(value, "org_entity", None):
        return parse_scope(org_entity)
    if hasattr(value, "typename__"):
        return _scope_of_handle(value)
    return value


# `parse_scope` is only put around what fields have as their type: around the members of a union it
# would run again for the one that the discriminator chooses.
_CollectionScope = ArtifactSequenceScope | ArtifactPortfolioScope
_RegistryOrProjectScope = Annotated[
    RegistryScope | ProjectScope,
    Discriminator("is_registry"),
    BeforeValidator(_tell_registry),
]
_EntityScope = Annotated[TeamScope | OrgScope, Discriminator("entity_type")]

ArtifactCollectionScope = Annotated[
    _CollectionScope,
    Discriminator("typename__"),
    BeforeValidator(parse_scope),
]
"""A collection, of either kind."""

EntityScope = Annotated[_EntityScope, BeforeValidator(parse_scope)]
"""A team or an organization."""

AutomationScope = Annotated[
    _CollectionScope | _RegistryOrProjectScope | _EntityScope,
    Discriminator("typename__"),
    BeforeValidator(parse_scope),
]
"""Any scope."""

RunEventScope = Annotated[
    ProjectScope | _EntityScope,
    Discriminator("typename__"),
    BeforeValidator(parse_scope),
]
"""A scope that runs can be in; registries and collections have none."""

"""What every model of the vocabulary shares: W&B's JSON habits, and the SDK's objects as input."""

from typing import Annotated, Any, ClassVar, TypeVar

import pydantic_core
from pydantic import BaseModel, BeforeValidator, ConfigDict, Json, PlainSerializer, StrictStr
from pydantic.alias_generators import to_camel
from typing_extensions import Self

__all__ = [
    "GraphqlId",
    "InputModel",
    "JsonEncoded",
    "KitModel",
    "Model",
    "ResultModel",
    "adopt",
    "default_if_none",
    "ensure_json",
    "is_from_sdk",
    "to_json",
]

T = TypeVar("T")

GraphqlId = StrictStr
"""A GraphQL id, e.g. `UHJvamVjdDoxMg==`; never coerced from a number."""


def to_json(value: Any) -> str:
    """JSON text of a value or model, with the names that W&B uses on the wire."""
    return pydantic_core.to_json(value, by_alias=True, round_trip=True).decode()


def ensure_json(value: Any) -> Any:
    """Let `JsonEncoded` fields take decoded values too; text counts as JSON already."""
    return value if isinstance(value, (str, bytes)) else to_json(value)


JsonEncoded = Annotated[Json[T], BeforeValidator(ensure_json), PlainSerializer(to_json)]
"""A value that is JSON text on the wire: decoded on the attribute, given in either form."""


def default_if_none(value: Any) -> Any:
    """Before-validator: `None` means the default of the field."""
    if value is None:
        raise pydantic_core.PydanticUseDefault
    return value


class KitModel(BaseModel):
    """Root of all models here; knows them by name, to stand in for the SDK's of the same name."""

    twins: ClassVar[dict[str, type["KitModel"]]] = {}
    """Models by the name that their counterpart in the SDK has, without leading underscores."""

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        cls.twins[cls.__name__] = cls

    @classmethod
    def model_validate(cls, obj: Any, **kwargs: Any) -> Self:
        """Parse W&B's JSON, or an object of this package or of `wandb.automations`."""
        return super().model_validate(adopt(obj), **kwargs)


def is_from_sdk(cls: type[Any]) -> bool:
    """Whether the real SDK defines a class. Does not import it."""
    return cls.__module__.partition(".")[0] == "wandb"


def adopt(value: Any) -> Any:
    """Turn a model of the real SDK into its counterpart here, and leave anything else as it is.

    Goes through the SDK's own JSON, so it holds whatever the SDK would have sent. Models without a
    counterpart (parsed GraphQL fragments) become that JSON.
    """
    if isinstance(value, KitModel) or not isinstance(value, BaseModel):
        return value
    lineage = [cls.__name__.lstrip("_") for cls in type(value).__mro__ if is_from_sdk(cls)]
    if not lineage:
        return value
    dumped = value.model_dump()
    twin = next((KitModel.twins[name] for name in lineage if name in KitModel.twins), None)
    return twin.model_validate(dumped) if twin else dumped


class Model(KitModel):
    """A model that reads and writes W&B's JSON, with the validation habits of the SDK's models."""

    model_config = ConfigDict(
        # The older spelling of validate_by_name: the one that pydantic 2.10 knows.
        populate_by_name=True,
        validate_assignment=True,
        validate_default=True,
        revalidate_instances="always",
        from_attributes=True,
        use_attribute_docstrings=True,
        protected_namespaces=(),
    )

    dump_defaults: ClassVar[dict[str, Any]] = {"by_alias": True, "round_trip": True}
    """Arguments that `model_dump` and `model_dump_json` have unless told otherwise."""

    def model_dump(self, *, mode: str = "json", **kwargs: Any) -> dict[str, Any]:
        """Return the JSON-ready form, under the names that W&B uses on the wire."""
        return super().model_dump(mode=mode, **{**self.dump_defaults, **kwargs})

    def model_dump_json(self, *, indent: int | None = None, **kwargs: Any) -> str:
        """Return the JSON text of `model_dump()`."""
        return super().model_dump_json(indent=indent, **{**self.dump_defaults, **kwargs})


class ResultModel(Model):
    """A part of a GraphQL answer: camelCase on the wire, not to be edited."""

    model_config = ConfigDict(alias_generator=to_camel, frozen=True)


class InputModel(Model):
    """An input of a GraphQL mutation: what is `None` is not sent."""

    dump_defaults: ClassVar[dict[str, Any]] = {**Model.dump_defaults, "exclude_none": True}

"""Filter expressions in the style of MongoDB, and how they combine: `&`, `|`, `~`.

`{"alias": {"$eq": "prod"}}` is `FilterExpr(field="alias", op=Eq(val="prod"))`. W&B's servers take
the operators of `OPERATORS`; a dict with any other operator is kept as it is.
"""

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, cast

import pydantic_core
from pydantic import (
    AfterValidator,
    ConfigDict,
    Field,
    SerializeAsAny,
    StrictBool,
    StrictFloat,
    StrictInt,
    StrictStr,
    WrapValidator,
    model_serializer,
    model_validator,
)

from .base import JsonEncoded, KitModel, Model, adopt, ensure_json

__all__ = [
    "OPERATORS",
    "All",
    "And",
    "BaseOp",
    "Combinable",
    "Contains",
    "Eq",
    "Exists",
    "FilterExpr",
    "Gt",
    "Gte",
    "In",
    "JsonFilter",
    "Lt",
    "Lte",
    "MongoLikeFilter",
    "Ne",
    "Nor",
    "Not",
    "NotIn",
    "Op",
    "Or",
    "Regex",
    "Scalar",
    "Size",
    "parse_filter",
]

Scalar = StrictStr | StrictInt | StrictFloat | StrictBool
"""A value to compare with; never coerced from one type to another."""


class Combinable:
    """What `&`, `|` and `~` do to a filter. The SDK's own filters take part as equals.

    Filters are valid already: what is put around them is made with `model_construct`, because to
    find out which operator an operand is, pydantic tries them all.
    """

    def __and__(self, other: Any) -> "And":
        ours = adopt(other)
        if isinstance(ours, Combinable):
            return And.model_construct(exprs=(self, ours))
        # A metric or state filter of the SDK: its counterpart knows how to take a run filter.
        return NotImplemented if ours is other else self & ours

    def __rand__(self, other: Any) -> Any:
        ours = adopt(other)
        return NotImplemented if ours is other else ours & self

    def __or__(self, other: Any) -> "Or":
        ours = adopt(other)
        if isinstance(ours, Combinable):
            return Or.model_construct(exprs=(self, ours))
        return Or.model_validate({"exprs": (self, ours)})

    def __invert__(self) -> Any:
        return Not.model_construct(expr=self)

    if not TYPE_CHECKING:  # pragma: no branch

        def __getattr__(self, name: str) -> Any:
            # In `sdk_filter | kit_filter` the SDK decides, and reads attributes such as "$and" off
            # an object that it does not know. Finding none, it would take it for an empty filter
            # that everything matches: better that it fails.
            if name.startswith("$"):
                raise TypeError("write the kit's filter before `|`, and the SDK's behind it")
            return super().__getattr__(name)


class BaseOp(Combinable, Model):
    """An operator, with its operand(s) under the `$name` that it has on the wire."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    opposites: ClassVar[dict[type["BaseOp"], type["BaseOp"]]] = {}
    """Operators whose negation is another operator with the same operands."""

    def __invert__(self) -> Any:
        if opposite := self.opposites.get(type(self)):
            return opposite.model_construct(**dict(self))
        return super().__invert__()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(repr(value) for _, value in self)})"


class FilterExpr(Combinable, KitModel):
    """A condition on one field, such as `alias` or `display_name`."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    field: str
    op: "Op | dict[str, Any]"

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.field}: {self.op!r})"

    @model_validator(mode="before")
    @classmethod
    def _from_mongo(cls, data: Any) -> Any:
        if isinstance(data, dict):
            fields = cast("dict[str, Any]", data)
            if len(fields) == 1 and not (name := next(iter(fields))).startswith("$"):
                return {"field": name, "op": fields[name]}
        return cast("Any", data)

    @model_serializer(mode="plain")
    def _to_mongo(self) -> dict[str, Any]:
        operand = pydantic_core.to_jsonable_python(self.op, by_alias=True, round_trip=True)
        return {self.field: operand}


def _parse_dict(value: Any) -> Any:
    return parse_filter(cast("dict[str, Any]", value)) if isinstance(value, dict) else value


# `SerializeAsAny`, because otherwise pydantic tries the serializers of all operators.
Operand = Annotated[SerializeAsAny["FilterExpr | Op | dict[str, Any]"], AfterValidator(_parse_dict)]
"""A filter within a logical operator; a dict is parsed if its operator is known."""


class And(BaseOp):
    """All of the filters hold; with none, always true."""

    exprs: Annotated[tuple[Operand, ...], Field(alias="$and")] = ()


class Or(BaseOp):
    """At least one of the filters holds."""

    exprs: Annotated[tuple[Operand, ...], Field(alias="$or")] = ()


class Nor(BaseOp):
    """None of the filters holds."""

    exprs: Annotated[tuple[Operand, ...], Field(alias="$nor")] = ()


class Not(BaseOp):
    """The filter does not hold."""

    expr: Annotated[Operand, Field(alias="$not")]

    def __invert__(self) -> Any:
        return self.expr


class Lt(BaseOp):
    """Less than."""

    val: Annotated[Scalar, Field(alias="$lt")]


class Gt(BaseOp):
    """Greater than."""

    val: Annotated[Scalar, Field(alias="$gt")]


class Lte(BaseOp):
    """Less than or equal to."""

    val: Annotated[Scalar, Field(alias="$lte")]


class Gte(BaseOp):
    """Greater than or equal to."""

    val: Annotated[Scalar, Field(alias="$gte")]


class Eq(BaseOp):
    """Equal to."""

    val: Annotated[Scalar | tuple[Scalar, ...], Field(alias="$eq")]


class Ne(BaseOp):
    """Not equal to."""

    val: Annotated[Scalar | tuple[Scalar, ...], Field(alias="$ne")]


class In(BaseOp):
    """Equal to one of the values."""

    val: Annotated[tuple[Scalar, ...], Field(alias="$in")] = ()


class NotIn(BaseOp):
    """Equal to none of the values."""

    val: Annotated[tuple[Scalar, ...], Field(alias="$nin")] = ()


class Exists(BaseOp):
    """The field is there, or is not."""

    val: Annotated[StrictBool, Field(alias="$exists")]

    def __invert__(self) -> "Exists":
        return Exists(val=not self.val)


class Regex(BaseOp):
    """Matches a regular expression."""

    val: Annotated[str, Field(alias="$regex")]


class Contains(BaseOp):
    """Contains a text. Not an operator of MongoDB: W&B's servers added it."""

    val: Annotated[str, Field(alias="$contains")]


class Size(BaseOp):
    """An array of that length."""

    val: Annotated[StrictInt, Field(alias="$size")]


class All(BaseOp):
    """An array with all of the values."""

    val: Annotated[tuple[Scalar, ...], Field(alias="$all")] = ()


BaseOp.opposites.update({Or: Nor, Nor: Or, In: NotIn, NotIn: In, Eq: Ne, Ne: Eq})
BaseOp.opposites.update({Lt: Gte, Gte: Lt, Gt: Lte, Lte: Gt})

# The order is the SDK's: where a malformed value fits several, both then settle on the same one.
# fmt: off
Op = (
    And | Or | Nor | Not | Lt | Gt | Lte | Gte | Eq | Ne | In | NotIn
    | Exists | Regex | Contains | Size | All
)
# fmt: on
"""Any operator."""

MongoLikeFilter = Op | FilterExpr | dict[str, Any]
"""Any filter; a dict where its operator is unknown."""


def _read_usual_filter(value: Any, parse: Any) -> Any:
    text = ensure_json(value)
    try:
        return _usual_filter(pydantic_core.from_json(text))
    except (KeyError, TypeError, ValueError):  # TypeError: text with a lone surrogate
        return parse(text)


JsonFilter = Annotated[JsonEncoded[MongoLikeFilter], WrapValidator(_read_usual_filter)]
"""A filter as JSON text.

To find out which operator a dict is, and each dict within, pydantic tries them all. Filters such as
nearly all automations have are therefore read without it.
"""

for _model in (And, Or, Nor, Not, FilterExpr):
    _model.model_rebuild()

OPERATORS: dict[str, type[BaseOp]] = {
    str(field.alias): op for op in BaseOp.__subclasses__() for field in op.model_fields.values()
}
"""Operators by their name on the wire."""


def parse_filter(raw: dict[str, Any]) -> Any:
    """Parse a filter as it is on the wire; an unknown operator stays a dict.

    A bare value means equality, and several keys at the root mean `$and`.
    """
    if len(raw) > 1:
        return And.model_validate({"$and": [{key: value} for key, value in raw.items()]})
    for key, value in raw.items():
        if operator := OPERATORS.get(key):
            return operator.model_validate(raw)
        if not key.startswith("$"):
            return FilterExpr.model_validate(
                raw if isinstance(value, dict) else {key: {"$eq": value}}
            )
    return raw


_LOGICAL: dict[str, type[And | Or | Nor]] = {"$and": And, "$or": Or, "$nor": Nor}
_ATTRIBUTES = {name for operator in OPERATORS.values() for name in operator.model_fields}
"""Names that are taken for an operator before they are taken for a field."""


def _usual_filter(raw: Any) -> BaseOp | FilterExpr:
    """Read a filter that compares fields with values, as pydantic would.

    A `KeyError` or `ValueError` if it is any other, or wrong: that is for pydantic to say.
    """
    name, value = _only_item(raw)
    if name in _LOGICAL and isinstance(value, list):
        exprs = tuple(map(_usual_filter, cast("list[Any]", value)))
        return _LOGICAL[name].model_construct(exprs=exprs)
    if name == "$not":
        return Not.model_construct(expr=_usual_filter(value))
    operator, operand = _only_item(value)
    if name.startswith("$") or name in _ATTRIBUTES or isinstance(operand, dict):
        raise ValueError("unusual")
    # Pydantic likes a dict better than a model for which it has to make a tuple of a list.
    op = value if isinstance(operand, list) else OPERATORS[operator].model_validate(value)
    return FilterExpr.model_construct(field=name, op=op)


def _only_item(value: Any) -> tuple[str, Any]:
    """Return key and value of a dict that has one; a `ValueError` of anything else."""
    if not isinstance(value, dict):
        raise ValueError("unusual")
    (item,) = cast("dict[str, Any]", value).items()
    return item

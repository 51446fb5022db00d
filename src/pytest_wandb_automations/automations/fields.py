"""Fields that a filter can be written on: `ArtifactEvent.alias == "prod"`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .filters import (
    BaseOp,
    Contains,
    Eq,
    Exists,
    FilterExpr,
    Gt,
    Gte,
    In,
    Lt,
    Lte,
    Ne,
    NotIn,
    Regex,
    Scalar,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from typing_extensions import Self

__all__ = ["FilterableField"]


class FilterableField:
    """A field of an event; comparing it gives a filter expression.

    `server_name` is its name on the wire, if that differs from the attribute's.
    """

    def __init__(self, server_name: str | None = None) -> None:
        self._name = server_name or ""

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = self._name or name

    def __get__(self, instance: object, owner: type) -> Self:
        return self

    def __str__(self) -> str:
        return self._name

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._name!r})"

    def _expr(self, op: BaseOp) -> FilterExpr:
        return FilterExpr.model_construct(field=self._name, op=op)

    def matches_regex(self, pattern: str, /) -> FilterExpr:
        """Filter on values that match a regular expression."""
        return self._expr(Regex(val=pattern))

    def contains(self, text: str, /) -> FilterExpr:
        """Filter on values that contain a text."""
        return self._expr(Contains(val=text))

    def exists(self, exists: bool = True, /) -> FilterExpr:
        """Filter on whether there is a value."""
        return self._expr(Exists(val=exists))

    def lt(self, value: Scalar, /) -> FilterExpr:
        """Filter on values less than this one."""
        return self._expr(Lt(val=value))

    def gt(self, value: Scalar, /) -> FilterExpr:
        """Filter on values greater than this one."""
        return self._expr(Gt(val=value))

    def lte(self, value: Scalar, /) -> FilterExpr:
        """Filter on values less than or equal to this one."""
        return self._expr(Lte(val=value))

    def gte(self, value: Scalar, /) -> FilterExpr:
        """Filter on values greater than or equal to this one."""
        return self._expr(Gte(val=value))

    def eq(self, value: Scalar | Iterable[Scalar], /) -> FilterExpr:
        """Filter on values equal to this one."""
        return self._expr(Eq.model_validate({"val": value}))

    def ne(self, value: Scalar | Iterable[Scalar], /) -> FilterExpr:
        """Filter on values other than this one."""
        return self._expr(Ne.model_validate({"val": value}))

    def in_(self, values: Iterable[Scalar], /) -> FilterExpr:
        """Filter on values that are among these."""
        return self._expr(In.model_validate({"val": values}))

    def not_in(self, values: Iterable[Scalar], /) -> FilterExpr:
        """Filter on values that are not among these."""
        return self._expr(NotIn.model_validate({"val": values}))

    def __lt__(self, other: Any) -> FilterExpr:
        return self.lt(other)

    def __gt__(self, other: Any) -> FilterExpr:
        return self.gt(other)

    def __le__(self, other: Any) -> FilterExpr:
        return self.lte(other)

    def __ge__(self, other: Any) -> FilterExpr:
        return self.gte(other)

    def __eq__(self, other: object) -> Any:
        return self._expr(Eq.model_validate({"val": other}))

    def __ne__(self, other: object) -> Any:
        return self._expr(Ne.model_validate({"val": other}))

"""The shapes that W&B's servers and pages expect a filter to have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias, cast

from .filters import And, BaseOp, Exists, Nor, Not, Or

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["simplify", "wrap_mutation_filter", "wrap_run_filter"]

_Logical: TypeAlias = And | Or | Nor

# The parts of a filter are valid: what is put around them is made with `model_construct`, because
# validating the tree again at each level would be a third of the cost of creating an automation.


def simplify(expr: Any) -> Any:
    """Flatten nested operators of one kind, drop those around a single filter, resolve negations.

    As the SDK simplifies, one slip included: `$nor` is treated like the other two, so that one of a
    single filter becomes that filter, and a nested one is flattened. Not included: around a dict
    that the SDK cannot parse (`{}` or an unknown operator), its `$or` and `$nor` become `$and`.
    """
    if isinstance(expr, Not):
        return _simplify_not(expr)
    if isinstance(expr, (And, Or, Nor)):
        children = tuple(simplify(child) for child in _flatten(expr, type(expr)))
        return children[0] if len(children) == 1 else type(expr).model_construct(exprs=children)
    return expr


def _simplify_not(expr: Not) -> Any:
    inner: Any = expr.expr
    if isinstance(inner, (Not, Exists)) or type(inner) in BaseOp.opposites:
        return simplify(~inner)
    return Not.model_construct(expr=simplify(inner))


def _flatten(expr: _Logical, kind: type[_Logical]) -> Iterator[Any]:
    for child in expr.exprs:
        if type(child) is kind:
            yield from _flatten(cast("_Logical", child), kind)
        else:
            yield child


def wrap_run_filter(expr: Any) -> And:
    """Simplify, and wrap as `{"$and": [...]}`, which the servers require of run filters."""
    simple = simplify(expr)
    if isinstance(simple, dict):  # not parsed so far, unlike the filters within an operator
        return And(exprs=(cast("dict[str, Any]", simple),))
    return simple if isinstance(simple, And) else And.model_construct(exprs=(simple,))


def wrap_mutation_filter(expr: Any) -> Or:
    """Simplify, and wrap as `{"$or": [{"$and": [...]}]}`, which W&B's web pages require."""
    return Or.model_construct(exprs=(wrap_run_filter(expr),))

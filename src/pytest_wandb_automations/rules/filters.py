"""`compile_filter`: a MongoDB-like filter, as W&B saves it, made ready to be asked of many events.

Matching and explaining are one computation: every part of a filter is compiled to a function that
yields a clause (`clauses.Trace`), and whether the filter matches is what its clause says. Nothing
is cut short, so that an explanation shows every part of the filter, not the first that decided.

Semantics are MongoDB's; `tests/rules/test_filters_against_mgqpy.py` compares them with mgqpy on
random documents and filters. Differences, by name:

* `empty groups`: `$and` and `$nor` of nothing hold and `$or` of nothing does not. MongoDB refuses
  them; W&B writes `{"$and": []}` for "no filter".
* `top-level $not`: `{"$not": {...}}` is accepted, as the SDK builds it.
* `$contains`: exists; a substring of a string, or an element of an array.
* `ordered operands`: `$gt`, `$gte`, `$lt`, `$lte` take numbers, strings and booleans, as the SDK
  does; MongoDB orders null, arrays and objects, too.
* `key order`: objects are equal whatever the order of their keys, as JSON has it.
* `not a number`: NaN equals nothing, itself included, and infinite operands are refused: JSON has
  neither.
* `empty operand`: `{"alias": {}}` is refused rather than taken for equality with an empty object.
* `strict operands`: `$exists` takes a boolean and `$size` an integer, as the SDK does; MongoDB
  takes any number. Patterns are Python's, without `$options`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import TypeAlias, cast, final

from pytest_wandb_automations.errors import InvalidFilter
from pytest_wandb_automations.rules.clauses import Clause
from pytest_wandb_automations.rules.comparisons import ARRAYS
from pytest_wandb_automations.rules.nodes import Find, Node, group_node, leaf_node
from pytest_wandb_automations.rules.operators import FIELD_OPERATORS, GROUPS, Group
from pytest_wandb_automations.rules.sentences import in_words
from pytest_wandb_automations.rules.wording import nearest, shown

__all__ = ["Fields", "Filter", "Lookup", "compile_filter"]

Fields: TypeAlias = Collection[str] | None
"""Names that a filter may use: exact ones, `config.*` for all below `config`, `None` for any."""

Lookup: TypeAlias = Mapping[str, object] | Callable[[str], object]
"""What a filter is asked of: a document, or a function from a field's name to its value or
`MISSING`. For a dotted name both are asked for its first part only.
"""

_DEPTH_LIMIT = 64
"""Levels of nesting; more is no filter that somebody meant, and would exhaust Python's stack."""


@final
class Filter:
    """A compiled filter; see `compile_filter`.

    >>> prod = compile_filter({"alias": {"$eq": "prod"}}, fields=["alias"])
    >>> prod.matches({"alias": "prod"}), prod.explain({"alias": "staging"}).found
    (True, 'staging')
    """

    __slots__ = ("_node", "source")

    source: Mapping[str, object]
    """The filter as it was given."""

    def __init__(self, source: Mapping[str, object], node: Node) -> None:
        self.source = source
        self._node = node

    def explain(self, lookup: Lookup) -> Clause:
        """Ask the filter of a document; the clause tells what held, what did not and with what."""
        return Clause.of(self._node(_find(lookup)))

    def matches(self, lookup: Lookup) -> bool:
        """Whether the explanation for this document holds."""
        return self._node(_find(lookup))[3] is True

    def describe(self) -> str:
        """Write the filter for people: `alias = 'a' or alias = 'b'`; empty if it asks nothing.

        The words are those of explanations: they come from asking an empty document.
        """
        return in_words(self.explain({}))

    def __repr__(self) -> str:
        return f"Filter({self.source!r})"


def compile_filter(
    source: object, *, fields: Fields, where: str = "", ignore_case: bool = False
) -> Filter:
    """Compile a filter from parsed JSON.

    `fields` are the names that it may use and `where` the path at which it stands in what the user
    wrote, for messages. With `ignore_case` regular expressions do so.

    Raises `InvalidFilter`, with the path inside the filter, for anything that W&B's operators do
    not cover: unknown operators and fields, operands of the wrong kind, invalid expressions.
    """
    return Filter(
        cast("Mapping[str, object]", source),
        _Compiler(fields, ignore_case).filter(source, where, 0),
    )


class _Compiler:
    """One pass over a filter: `path` is where it is, `depth` how many levels down."""

    def __init__(self, fields: Fields, ignore_case: bool) -> None:
        self._fields = fields
        self._ignore_case = ignore_case

    def filter(self, source: object, path: str, depth: int) -> Node:
        self._check_depth(path, depth)
        nodes = list(self._members(source, path, depth))
        return nodes[0] if len(nodes) == 1 else group_node(GROUPS["$and"], path, nodes)

    def _members(self, source: object, path: str, depth: int) -> Iterator[Node]:
        for key, operand in _object(source, path):
            if not key.startswith("$"):
                yield self._field(key, operand, _join(path, key), depth)
            elif key in GROUPS:
                yield self._group(GROUPS[key], operand, _join(path, key), depth)
            elif key in FIELD_OPERATORS:
                problem = f"{key} needs a field: write {{'FIELD': {{'{key}': {shown(operand)}}}}}"
                raise InvalidFilter(_join(path, key), problem)
            else:
                raise _unknown_operator(path, key)

    def _group(self, group: Group, operand: object, path: str, depth: int) -> Node:
        if group.name == "$not":
            return group_node(group, path, [self.filter(operand, path, depth + 1)])
        if not isinstance(operand, ARRAYS):
            raise InvalidFilter(path, f"expected an array of filters, got {shown(operand)}")
        nodes = [
            self.filter(member, f"{path}[{index}]", depth + 1)
            for index, member in enumerate(cast("list[object]", operand))
        ]
        # `$and` or `$or` of one member is that member: W&B wraps every filter in both.
        if len(nodes) == 1 and group.name != "$nor":
            return nodes[0]
        return group_node(group, path, nodes)

    def _field(self, field: str, operand: object, path: str, depth: int) -> Node:
        self._check_field(field, path)
        if not isinstance(operand, Mapping):
            return self._question(field, "$eq", operand, path, path)
        members = dict(_object(cast("object", operand), path))
        if members and not any(name.startswith("$") for name in members):
            return self._question(field, "$eq", members, path, path)
        return self._operators(field, members, path, depth)

    def _operators(self, field: str, operands: Mapping[str, object], path: str, depth: int) -> Node:
        self._check_depth(path, depth)
        if not operands:
            raise InvalidFilter(path, "empty; expected an operator such as {'$eq': ...}")
        nodes: list[Node] = []
        for name, operand in operands.items():
            where = _join(path, name)
            if name in FIELD_OPERATORS:
                nodes.append(self._question(field, name, operand, path, where))
            elif name == "$not":
                inner = dict(_object(operand, where))
                negated = self._operators(field, inner, where, depth + 1)
                nodes.append(group_node(GROUPS[name], where, [negated]))
            elif name in GROUPS:
                problem = f"{name} combines filters and cannot stand at a field"
                if path.endswith(".$not"):
                    # The SDK writes {'$not': {'$gt': 1, '$lt': 3}} so, though nobody wrote $and.
                    problem += f"; write {{'$not': {{'{field}': {{...}}}}}} for several operators"
                raise InvalidFilter(where, problem)
            else:
                raise _unknown_operator(path, name)
        return nodes[0] if len(nodes) == 1 else group_node(GROUPS["$and"], path, nodes)

    def _question(self, field: str, name: str, operand: object, path: str, where: str) -> Node:
        try:
            question = FIELD_OPERATORS[name].ask(operand, self._ignore_case)
        except ValueError as error:
            raise InvalidFilter(where, str(error)) from None
        return leaf_node(field, path, question)

    def _check_depth(self, path: str, depth: int) -> None:
        if depth > _DEPTH_LIMIT:
            raise InvalidFilter(path, f"nested more than {_DEPTH_LIMIT} levels deep")

    def _check_field(self, field: str, path: str) -> None:
        if not all(field.split(".")):
            raise InvalidFilter(path, f"'{field}' has an empty part")
        if self._fields is None:
            return
        written = not any(part == "*" or part.startswith("$") for part in field.split("."))
        if written and any(field == name or _is_below(field, name) for name in self._fields):
            return
        if "*" in field.split("."):
            raise InvalidFilter(path, f"'{field}' has a '*' where a name is to stand")
        known = ", ".join(self._fields) or "none"
        hint = nearest(field, self._fields)
        raise InvalidFilter(path, f"unknown field '{field}'{hint} (known: {known})")


def _find(lookup: Lookup) -> Find:
    if callable(lookup):
        return lambda name, _: lookup(name)
    return lookup.get


def _object(source: object, path: str) -> Iterable[tuple[str, object]]:
    if not isinstance(source, Mapping):
        raise InvalidFilter(path, f"expected an object, got {shown(source)}")
    for key, value in cast("Mapping[object, object]", source).items():
        if not isinstance(key, str):
            raise InvalidFilter(path, f"expected field names to be strings, got {shown(key)}")
        yield key, value


def _unknown_operator(path: str, name: str) -> InvalidFilter:
    if not name.startswith("$"):
        return InvalidFilter(_join(path, name), f"'{name}' stands among operators, but is none")
    known = (*GROUPS, *FIELD_OPERATORS)
    hint = nearest(name, known) or f" (known: {', '.join(known)})"
    return InvalidFilter(_join(path, name), f"unknown operator {name}{hint}")


def _is_below(field: str, name: str) -> bool:
    return name.endswith(".*") and field.startswith(name[:-1])


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name

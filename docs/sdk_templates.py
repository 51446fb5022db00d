"""Documents of the SDK that it puts together as it runs, filled in as each version does it."""

from __future__ import annotations

import ast
import re
import string
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from graphql import FragmentDefinitionNode, FragmentSpreadNode, Visitor, parse, visit

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Template", "from_fstring", "from_text", "with_fragments"]

_OPERATION = re.compile(r"(?:query|mutation|subscription|fragment)\s+(\w+)")
_PLACEHOLDER = re.compile(r"^[ \t]*_[A-Za-z_]+_[ \t]*$", re.MULTILINE)
"""A line that SDKs before 0.23 replace, by fields or by nothing, as the server is new or old."""


def _using(*names: str) -> tuple[str, str]:
    required = ("entityName", "projectName", "runName")
    variables = [f"${name}: String{'!' * (name in required)}" for name in names]
    return (
        ", ".join([*variables, "$artifactID: ID!"]),
        ", ".join(f"{name}: ${name}" for name in [*names, "artifactID"]),
    )


_RUN = ("entityName", "projectName", "runName")
_USES = [
    _using(*_RUN),
    _using(*_RUN, "usedAs"),
    _using(*_RUN, "usedAs", "artifactEntityName", "artifactProjectName"),
]
_RUN_FRAGMENTS = [{"fragment_name": name} for name in ("RunFragment", "LightweightRunFragment")]
_LAUNCH = [{"mutation_params": "$queueName: String!", "mutation_input": "queueName: $queueName"}]
_PROJECT_ID_IN_0_19 = "'' if _server_provides_internal_id_for_project(client) else 'internalId'"
_FILLS: dict[str, list[dict[str, str]]] = {
    # 0.19.11 first asks whether runs have a `projectId`, as they have here.
    "Runs": [{**fill, _PROJECT_ID_IN_0_19: ""} for fill in _RUN_FRAGMENTS],
    "Run": [*_RUN_FRAGMENTS, {"0": ""}, {"0": "projectId"}],
    "DeleteRun": [
        {"0": "", "1": ""},
        {"0": "$deleteArtifacts: Boolean", "1": "deleteArtifacts: $deleteArtifacts"},
    ],
    "deleteFiles": [
        {"0": "", "1": ""},
        {"0": ", $projectId: Int", "1": "projectId: $projectId"},
    ],
    "RunFullHistory": [{"0": "history"}, {"0": "events"}],
    "ArtifactByName": [
        {
            "vars_str": "$entityName: String!, $projectName: String!, $name: String!",
            "args_str": "name: $name",
        },
        {
            "vars_str": "$entityName: String!, $projectName: String!, $name: String!,"
            " $enableTracking: Boolean",
            "args_str": "name: $name, enableTracking: $enableTracking",
        },
    ],
    "UseArtifact": [
        *({"', '.join(query_vars)": v, "', '.join(query_args)": a} for v, a in _USES),
        *({"vars_str": v, "args_str": a} for v, a in _USES),
    ],
    "CreateArtifactManifest": [
        {"0": "", "1": ""},
        {"0": "$type: ArtifactManifestType = FULL", "1": "type: $type"},
    ],
    "createDefaultResourceConfig": [
        {"mutation_params": "$entityName: String!", "mutation_inputs": "entityName: $entityName"}
    ],
    "pushToRunQueueByName": _LAUNCH,
    "pushToRunQueue": _LAUNCH,
    "createLaunchAgent": _LAUNCH,
}
"""What goes into the holes of each operation, in every variant of every version."""


class Template(NamedTuple):
    """A document with holes: texts that alternate with the Python expressions that fill them."""

    texts: list[str]
    holes: list[str]

    def variants(self) -> list[str]:
        """Return the document in every form that the SDK gives it.

        A condition between two texts is followed both ways. A hole behind the operation is for its
        fragments and stays empty. Raises `LookupError` for a hole that nothing here fills: the SDK
        got a new template, or changed one.
        """
        if not self.holes:
            return [_PLACEHOLDER.sub("", self.texts[0])]
        match = _OPERATION.search("".join(self.texts))
        operation = "" if match is None else match[1]
        found = [
            values
            for fill in _FILLS.get(operation, [{}])
            for branch in ("body", "orelse")
            if (values := self._values(fill, branch)) is not None
        ]
        if not found:
            raise LookupError(f"nothing tells how to fill {self.holes} of {operation}")
        return list(dict.fromkeys(map(self._filled, found)))

    def _values(self, fill: dict[str, str], branch: str) -> list[str] | None:
        values: list[str] = []
        for hole, after in zip(self.holes, self.texts[1:], strict=True):
            is_last = len(values) == len(self.holes) - 1
            value = fill.get(hole, _branch(hole, branch))
            if value is None and is_last and not after.strip():
                value = ""
            if value is None:
                return None
            values.append(value)
        return values

    def _filled(self, values: list[str]) -> str:
        return "".join(chain(*zip(self.texts, [*values, ""], strict=True)))


def _branch(hole: str, branch: str) -> str | None:
    try:
        node = ast.parse(hole, mode="eval").body
    except SyntaxError:
        return None
    chosen = getattr(node, branch, None) if isinstance(node, ast.IfExp) else None
    return str(chosen.value) if isinstance(chosen, ast.Constant) else None


def from_fstring(node: ast.JoinedStr) -> Template:
    """Read an f-string."""
    texts, holes = [""], []
    for part in node.values:
        if isinstance(part, ast.Constant):
            texts[-1] += str(part.value)
        elif isinstance(part, ast.FormattedValue):
            holes.append(ast.unparse(part.value))
            texts.append("")
    return Template(texts, holes)


def from_text(text: str) -> Template:
    """Read a literal; one that doubles its braces is meant for `str.format`."""
    if "{{" not in text:
        return Template([text], [])
    texts, holes = [""], []
    try:
        for literal, field, _, _ in string.Formatter().parse(text):
            texts[-1] += literal
            if field is not None:
                holes.append(field or str(len(holes)))
                texts.append("")
    except ValueError:
        return Template([text], [])
    return Template(texts, holes)


def with_fragments(text: str, fragments: dict[str, str]) -> str:
    """Return a document with those of these fragments that it uses and does not define itself."""
    while missing := [name for name in _undefined(text) if name in fragments]:
        text = "\n".join([text, *(fragments[name] for name in missing)])
    return text


def _undefined(text: str) -> Iterator[str]:
    document = parse(text)
    defined = {
        node.name.value for node in document.definitions if isinstance(node, FragmentDefinitionNode)
    }
    spreads = _Spreads()
    visit(document, spreads)
    return (name for name in dict.fromkeys(spreads.names) if name not in defined)


class _Spreads(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []

    def enter_fragment_spread(self, node: FragmentSpreadNode, *_: object) -> None:
        self.names.append(node.name.value)

"""Finds every GraphQL document that the installed wandb carries, in its Python and its Go half.

Python documents are read from the source, without importing it: constants of the generated
operation modules, string literals, and templates that the SDK fills in when it runs. The Go half is
an executable whose generated client holds its documents as plain text.
"""

from __future__ import annotations

import ast
import re
import string
from functools import cache
from importlib.util import find_spec
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from graphql import (
    FragmentDefinitionNode,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    Source,
    parse,
)
from graphql.language import Lexer, TokenKind

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["SdkDocument", "sdk_documents"]

_NAMED = re.compile(r"\s*(?:#[^\n]*\n\s*)*(?:query|mutation|subscription|fragment)\s+(\w+)")
_IN_EXECUTABLE = re.compile(rb"\n(?=(?:query|mutation|subscription) \w+ ?[({])")
_PRINTABLE = re.compile(rb"[\t\n -~]*")


class SdkDocument(NamedTuple):
    """One document: the operation's name, where the SDK keeps it, and its text."""

    operation: str
    where: str
    text: str


class _Template(NamedTuple):
    """A document with holes: texts that alternate with the Python expressions that fill them."""

    where: str
    texts: list[str]
    holes: list[str]

    def filled(self, values: dict[str, str]) -> str:
        return "".join(
            chain(*zip(self.texts, [*map(values.__getitem__, self.holes), ""], strict=True))
        )


@cache
def sdk_documents() -> list[SdkDocument]:
    """Return all documents, by place and name.

    Raises `LookupError` for a template that this module does not know how to fill in: the SDK got a
    new one, or changed it.
    """
    root = _wandb()
    documents: list[SdkDocument] = []
    fragments: dict[str, str] = {}
    templates: list[_Template] = []
    for path in sorted(root.rglob("*.py")):
        where = f"wandb/{path.relative_to(root).as_posix()}"
        for found in _in_python(path, where):
            if isinstance(found, _Template):
                templates.append(found)
                continue
            definition = parse(found.text).definitions[0]
            if isinstance(definition, FragmentDefinitionNode):
                fragments[found.operation] = found.text
            else:
                documents.append(found)
    fills = _fills(fragments)
    for template in templates:
        operation = _name("".join(template.texts))
        documents += [
            SdkDocument(operation, template.where, template.filled(values))
            for values in fills[operation]
        ]
    documents += _in_core(root)
    return sorted(documents)


def _wandb() -> Path:
    spec = find_spec("wandb")
    if spec is None or spec.origin is None:
        raise LookupError("wandb is not installed")
    return Path(spec.origin).parent


def _name(text: str) -> str:
    match = _NAMED.match(text)
    assert match is not None
    return match[1]


def _in_python(path: Path, where: str) -> Iterator[SdkDocument | _Template]:
    source = path.read_text("utf-8")
    if not re.search(r"\b(?:query|mutation|fragment) \w+", source):
        return
    tree = ast.parse(source)
    inside_fstrings = {
        id(part)
        for node in ast.walk(tree)
        if isinstance(node, ast.JoinedStr)
        for part in node.values
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            template = _from_fstring(node, where)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            if id(node) in inside_fstrings:
                continue
            template = _from_text(node.value, where)
        else:
            continue
        if template is not None and _NAMED.match("".join(template.texts)):
            found = _complete(template)
            if found is not None:
                yield found


def _complete(template: _Template) -> SdkDocument | _Template | None:
    if template.holes:
        # Prose about GraphQL may begin like a document; a document has a selection.
        return template if any("{" in text for text in template.texts) else None
    text = template.texts[0]
    try:
        parse(text)
    except GraphQLSyntaxError:
        return None
    return SdkDocument(_name(text), template.where, text)


def _from_fstring(node: ast.JoinedStr, where: str) -> _Template:
    texts, holes = [""], []
    for part in node.values:
        if isinstance(part, ast.Constant):
            texts[-1] += str(part.value)
        elif isinstance(part, ast.FormattedValue):
            holes.append(ast.unparse(part.value))
            texts.append("")
    return _Template(where, texts, holes)


def _from_text(text: str, where: str) -> _Template:
    """Read a literal; one that doubles its braces is meant for `str.format`."""
    if "{{" not in text:
        return _Template(where, [text], [])
    texts, holes = [""], []
    try:
        for literal, field, _, _ in string.Formatter().parse(text):
            texts[-1] += literal
            if field is not None:
                holes.append(field or str(len(holes)))
                texts.append("")
    except ValueError:
        return _Template(where, [text], [])
    return _Template(where, texts, holes)


def _fills(fragments: dict[str, str]) -> dict[str, list[dict[str, str]]]:
    """Return what the SDK puts into the holes of each template, in every variant."""
    runs = [
        {"fragment_name": name, "fragment": fragments[name]}
        for name in ("RunFragment", "LightweightRunFragment")
    ]
    launch = [{"mutation_params": "$queueName: String!", "mutation_input": "queueName: $queueName"}]
    used = ["entityName", "projectName", "runName"]
    used_from = [*used, "usedAs", "artifactEntityName", "artifactProjectName"]
    return {
        "Runs": runs,
        "Run": runs,
        "RunFiles": [{"FILE_FRAGMENT": fragments["RunFilesFragment"]}],
        "UpsertBucket": [{"0": fragments["RunFragment"]}],
        "DeleteRun": [
            {"0": "", "1": ""},
            {"0": "$deleteArtifacts: Boolean", "1": "deleteArtifacts: $deleteArtifacts"},
        ],
        "RunFullHistory": [{"0": "history"}, {"0": "events"}],
        "UseArtifact": [
            {
                "', '.join(query_vars)": ", ".join(
                    [
                        *(f"${name}: String{'!' * (name in used)}" for name in names),
                        "$artifactID: ID!",
                    ]
                ),
                "', '.join(query_args)": ", ".join(f"{n}: ${n}" for n in [*names, "artifactID"]),
            }
            for names in (used, used_from)
        ],
        "pushToRunQueueByName": launch,
        "pushToRunQueue": launch,
        "createLaunchAgent": launch,
    }


def _in_core(root: Path) -> Iterator[SdkDocument]:
    """Read documents out of wandb-core: each starts on a line of its own, none marks its end."""
    executables = sorted((root / "bin").glob("wandb-core*"))
    if not executables:
        raise LookupError(f"no wandb-core in {root / 'bin'}")
    content = executables[0].read_bytes()
    for match in _IN_EXECUTABLE.finditer(content):
        printable = _PRINTABLE.match(content, match.end())
        text = _first_document(printable[0].decode() if printable else "")
        if text is not None:
            yield SdkDocument(_name(text), "wandb-core", text)


def _first_document(text: str) -> str | None:
    """Cut an operation and the fragments behind it from a text that goes on with something else."""
    end = 0
    while end == 0 or re.match(r"\s*fragment \w+ on ", text[end:]):
        length = _definition_length(text[end:])
        if length is None:
            break
        end += length
    try:
        definitions = parse(text[:end]).definitions
    except GraphQLSyntaxError:
        return None
    return text[:end] if isinstance(definitions[0], OperationDefinitionNode) else None


def _definition_length(text: str) -> int | None:
    """Return how far one definition reaches: to the brace that closes its selection."""
    lexer = Lexer(Source(text))
    braces = parentheses = 0
    try:
        while lexer.advance().kind is not TokenKind.EOF:
            kind = lexer.token.kind
            parentheses += (kind is TokenKind.PAREN_L) - (kind is TokenKind.PAREN_R)
            if parentheses == 0 and kind in (TokenKind.BRACE_L, TokenKind.BRACE_R):
                braces += 1 if kind is TokenKind.BRACE_L else -1
                if braces == 0:
                    return lexer.token.end
    except GraphQLSyntaxError:
        pass
    return None

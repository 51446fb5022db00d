"""Finds every GraphQL document that the installed wandb carries, in its Python and its Go half.

Python documents are read from the source, without importing it: constants of the generated
operation modules, string literals, and templates that the SDK fills in when it runs. The Go half is
an executable whose generated client holds its documents as plain text.
"""

from __future__ import annotations

import ast
import re
from functools import cache
from importlib.util import find_spec
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
from sdk_templates import Template, from_fstring, from_text, with_fragments

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


@cache
def sdk_documents() -> list[SdkDocument]:
    """Return all documents, by place and name.

    Raises `LookupError` for a template that this module does not know how to fill in: the SDK got a
    new one, or changed it.
    """
    root = _wandb()
    documents: list[SdkDocument] = []
    fragments: dict[str, str] = {}
    for path in sorted(root.rglob("*.py")):
        where = path.relative_to(root)
        if "vendor" in where.parts:  # other people's libraries, with the tests of a GraphQL client
            continue
        for template in _in_python(path):
            for text in template.variants():
                name = _name(text)
                if isinstance(parse(text).definitions[0], FragmentDefinitionNode):
                    fragments[name] = text
                else:
                    documents.append(SdkDocument(name, f"wandb/{where.as_posix()}", text))
    complete = [d._replace(text=with_fragments(d.text, fragments)) for d in documents]
    return sorted([*complete, *_in_core(root)])


def _wandb() -> Path:
    spec = find_spec("wandb")
    if spec is None or spec.origin is None:
        raise LookupError("wandb is not installed")
    return Path(spec.origin).parent


def _name(text: str) -> str:
    match = _NAMED.match(text)
    assert match is not None
    return match[1]


def _in_python(path: Path) -> Iterator[Template]:
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
            template = from_fstring(node)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            if id(node) in inside_fstrings:
                continue
            template = from_text(node.value)
        else:
            continue
        if _NAMED.match("".join(template.texts)) and _is_document(template):
            yield template


def _is_document(template: Template) -> bool:
    """Tell a document from prose about GraphQL, which may begin like one."""
    if template.holes:
        return any("{" in text for text in template.texts)
    try:
        parse(template.texts[0])
    except GraphQLSyntaxError:
        return False
    return True


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

"""Sphinx's settings: `make docs-site` builds the pages into build/docs."""

from __future__ import annotations

import importlib
import inspect
from importlib.metadata import version as version_of
from typing import TYPE_CHECKING, get_type_hints

from pydantic import BaseModel

from pytest_wandb_automations.factories import lazy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from docutils.nodes import Element
    from sphinx.addnodes import pending_xref
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

project = "pytest-wandb-automations"
author = "the pytest-wandb-automations developers"
version = release = version_of(project)
html_title = f"{project} {version}"

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx_copybutton"]
html_theme = "furo"
exclude_patterns = ["snippets"]

myst_heading_anchors = 3
copybutton_exclude = ".linenos, .gp, .go"  # neither prompts nor what commands print

# Docstrings write code between single backticks; what names something documented becomes a link.
default_role = "py:obj"

autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
autodoc_default_options = {
    "show-inheritance": True,
    "exclude-members": "model_config, model_post_init, typename__, config_key, config",
}
python_use_unqualified_type_names = True

# A name that means several things, as `name` does, becomes no link; that is no error.
suppress_warnings = ["ref.python"]


def setup(app: Sphinx) -> None:
    """Connect what is below to Sphinx."""
    _show_models_as_they_are_used()
    type(lazy(str)).__repr__ = lambda _: "made up"
    app.connect("autodoc-process-signature", _no_signature_of_what_a_backend_makes)
    app.connect("autodoc-process-docstring", _examples_as_code)
    app.connect("missing-reference", _by_last_name)


def _show_models_as_they_are_used() -> None:
    """Take what pydantic alone reads, `Annotated[…]`, from the annotations of the models."""
    for name in ("automations", "events", "semantics"):
        importlib.import_module(f"pytest_wandb_automations.{name}")
    for model in _subclasses(BaseModel):
        if model.__module__.startswith("pytest_wandb_automations."):
            hints = get_type_hints(model)
            model.__annotations__ = {name: hints[name] for name in model.__annotations__}
            model.__signature__ = inspect.Signature(
                [
                    parameter.replace(annotation=inspect.Parameter.empty)
                    for parameter in inspect.signature(model).parameters.values()
                    if not parameter.name.startswith("__")
                ]
            )


def _subclasses(cls: type) -> Iterator[type]:
    for subclass in cls.__subclasses__():
        yield subclass
        yield from _subclasses(subclass)


def _no_signature_of_what_a_backend_makes(
    app: Sphinx, what: str, name: str, obj: object, options: object, signature: str, returns: str
) -> tuple[str, str] | None:
    """Leave out how objects are made that nobody makes but the backend."""
    del app, name, obj, options, returns
    made = what == "class" and signature and signature.startswith(("(world:", "(postbox:"))
    return ("", "") if made else None


def _examples_as_code(
    app: Sphinx, what: str, name: str, obj: object, options: object, lines: list[str]
) -> None:
    """Mark indented examples as code: docstrings write them as Markdown does."""
    del app, what, name, obj, options
    indented = False
    for number in range(len(lines) - 1, 0, -1):
        begins = lines[number].startswith("    ") and not lines[number - 1].strip()
        before = next((line for line in reversed(lines[:number]) if line.strip()), "")
        if begins and not before.startswith(("    ", "..", "-")) and not before.endswith("::"):
            lines[number:number] = ["::", ""]
            indented = True
    if indented:
        lines.append("")


def _by_last_name(
    app: Sphinx, env: BuildEnvironment, node: pending_xref, content: Element
) -> Element | None:
    """Find what is named without its module, as code and docstrings do, if one thing is meant."""
    if node.get("refdomain") != "py" or "reftarget" not in node:
        return None
    last_name = f".{node['reftarget']}"
    python = env.domains.python_domain
    found = [name for name, entry in python.objects.items() if name.endswith(last_name)]
    if len(found) != 1:
        return None
    entry = python.objects[found[0]]
    return python.resolve_xref(
        env, node["refdoc"], app.builder, entry.objtype, found[0], node, content
    )

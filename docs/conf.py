"""Sphinx's settings: `make docs-site` builds the pages into build/docs."""

from __future__ import annotations

from importlib.metadata import version as version_of
from typing import TYPE_CHECKING

if TYPE_CHECKING:
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
    "members": True,
    "show-inheritance": True,
    "exclude-members": "model_config, model_post_init, typename__",
}
python_use_unqualified_type_names = True

# A name that means several things, as `name` does, becomes no link; that is no error.
suppress_warnings = ["ref.python"]


def setup(app: Sphinx) -> None:
    """Connect what is below to Sphinx."""
    app.connect("autodoc-process-docstring", _examples_as_code)
    app.connect("missing-reference", _by_last_name)


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

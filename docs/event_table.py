"""The page `events.md`: what can be watched where, filtered by what, and told in payloads."""

from __future__ import annotations

from pytest_wandb_automations.automations import EventType, ScopeType
from pytest_wandb_automations.delivery.variables import TEMPLATE_VARIABLES
from pytest_wandb_automations.rules.fields import FILTER_FIELDS, FilterField
from pytest_wandb_automations.rules.operators import FIELD_OPERATORS, GROUPS
from pytest_wandb_automations.rules.scopes import UNASSIGNABLE, possible_scopes
from pytest_wandb_automations.semantics import Semantics

__all__ = ["page"]

_INTRODUCTION = """\
# Events, scopes, filters, variables

Written by `docs/generate.py` from the code. The source of each fact stands beside it:

- **SDK**: the source of wandb 0.31.0, or its tests against a real server
- **documentation**: W&B's own pages
- **captured**: traffic that somebody recorded
- **chosen by the kit**: nobody outside W&B knows; see the [open questions](#open-questions)
"""

_SCOPES = {
    ScopeType.ARTIFACT_COLLECTION: "collection",
    ScopeType.PROJECT: "project, registry",
    ScopeType.ENTITY: "team, organization",
}

_FIXED = (
    "- Values that are not finite numbers (NaN, Infinity, texts, booleans) are ignored: a "
    "condition does not hold at them, and they do not enter its window.",
    "- A webhook delivery succeeds with a status of 2xx, and fails with any other.",
    "- `${artifact_metadata.KEY}` shows what is no text as JSON text.",
    "- Automations of a team or an organization have no rate limit of their own.",
)


def page() -> str:
    """Return the text of the page."""
    return "\n".join([_INTRODUCTION, *_scopes(), *_filters(), *_variables(), *_questions()])


def _assignable() -> list[EventType]:
    return [event for event in EventType if event not in UNASSIGNABLE]


def _scopes() -> list[str]:
    lines = [
        "## Which event can be watched where",
        "",
        "Scopes contain each other: organization, team, project or registry, collection. What "
        "W&B's tests call invalid is refused when an automation is saved. Source: SDK.",
        "",
        f"| event | {' | '.join(_SCOPES.values())} |",
        f"|---|{'---|' * len(_SCOPES)}",
    ]
    for event in _assignable():
        cells = ["yes" if scope in possible_scopes(event) else "no" for scope in _SCOPES]
        lines.append(f"| `{event.value}` | {' | '.join(cells)} |")
    for event, reason in UNASSIGNABLE.items():
        lines.append(f"| `{event.value}` | cannot be assigned: {reason} | | |")
    return [*lines, ""]


def _filters() -> list[str]:
    names = ", ".join(f"`{name}`" for name in dict.fromkeys([*GROUPS, *FIELD_OPERATORS]))
    lines = [
        "## What a filter can ask",
        "",
        f"Operators: {names}. Source: SDK. Run events also ask for a metric or a state.",
        "",
        "| events | field | it is | source |",
        "|---|---|---|---|",
    ]
    events_of: dict[tuple[FilterField, ...], list[str]] = {}
    for event in _assignable():
        events_of.setdefault(FILTER_FIELDS[event], []).append(f"`{event.value}`")
    for fields, events in events_of.items():
        for field in fields:
            where = ", ".join(events)
            lines.append(f"| {where} | `{field.name}` | {field.meaning} | {field.source} |")
    return [*lines, ""]


def _variables() -> list[str]:
    lines = [
        "## What a payload can say",
        "",
        "Names are from W&B's webhook page and, for run events, its ARIA page. A known name that "
        "does not apply is blank (documentation).",
        "",
        "| `${variable}` | it is | applies to | source of the form |",
        "|---|---|---|---|",
    ]
    everything = frozenset(_assignable())
    for variable in TEMPLATE_VARIABLES:
        names = [f"`{event.value}`" for event in EventType if event in variable.events]
        where = "every event" if variable.events == everything else ", ".join(dict.fromkeys(names))
        lines.append(
            f"| `{variable.name}` | {variable.meaning} | {where or 'none'} | {variable.source} |"
        )
    return [*lines, ""]


def _questions() -> list[str]:
    lines = [
        "## Open questions",
        "",
        "`Semantics` has a field for those that tests were thought to depend on; give it to the "
        "backend to decide otherwise.",
        "",
        "| field | default | question |",
        "|---|---|---|",
    ]
    for name, field in Semantics.model_fields.items():
        text = " ".join((field.description or "").split()).replace("|", "\\|")
        lines.append(f"| `{name}` | `{_written(field.default)}` | {text} |")
    return [*lines, "", "Nobody outside W&B knows these either; they are fixed:", "", *_FIXED, ""]


def _written(value: object) -> str:
    return (
        f"{{{', '.join(map(repr, sorted(value)))}}}"
        if isinstance(value, frozenset)
        else repr(value)
    )

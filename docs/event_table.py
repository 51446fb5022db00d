"""The page `events.md`: what can be watched where, filtered by what, and told in payloads."""

from __future__ import annotations

from pytest_wandb_automations.automations import EventType, ScopeType
from pytest_wandb_automations.delivery.variables import TEMPLATE_VARIABLES
from pytest_wandb_automations.rules.fields import FILTER_FIELDS, FilterField
from pytest_wandb_automations.rules.operators import FIELD_OPERATORS, GROUPS
from pytest_wandb_automations.rules.scopes import UNASSIGNABLE, scope_fact
from pytest_wandb_automations.semantics import Semantics

__all__ = ["page"]

_MARKS = {"SDK": "S", "documentation": "D", "captured": "C", "chosen by the kit": "K"}

_INTRODUCTION = """\
# Events, scopes, filters, variables

Written by `docs/generate.py` from the code. Each cell of a table names the source of its fact:

- **S**, SDK: the source of wandb 0.31.0, or its tests against a real server
- **D**, documentation: W&B's own pages
- **C**, captured: traffic that somebody recorded
- **K**, chosen by the kit: nobody outside W&B knows; see the [open questions](#open-questions)
"""

_SCOPES = {
    ScopeType.ARTIFACT_COLLECTION: "collection",
    ScopeType.PROJECT: "project, registry",
    ScopeType.ENTITY: "team, organization",
}

_FIXED = (
    "The texts of errors are the kit's own; their HTTP statuses are those that the SDK acts on.",
    "Regular expressions are Python's. W&B's may be RE2's, as its server is written in Go; what "
    "people write for aliases and names means the same in both. What Python cannot read is "
    "refused when an automation is saved, and so are POSIX classes such as `[[:alpha:]]`.",
    "A window begins with the newest values that the run logged before the automation was saved; "
    "only a value logged afterwards fires it.",
    "A metric of the history and a sampled system metric of the same name have windows of their "
    "own.",
    "`config.a.b` and `summary_metrics.a.b` mean the key `a.b` as well as the key `b` below `a`.",
    "A filter on `summary_metrics` sees the summary as it was at each value, however the SDK sends "
    "rows; of metrics that `define_metric` sums up otherwise it sees the summary last sent.",
    "A run without a group or job type has `null` there: `$exists` holds.",
    "A run that goes on after `preempting` or `preempted` becomes RUNNING again, which fires.",
    "A tag that a version gets or loses in several collections at once asks each automation once.",
    "Automations of a project or collection that is deleted are deleted with it.",
    "Limits of how often an automation fires skip what is more; nothing is delayed.",
)

_SECRETS = (
    ("ACCESS_TOKEN", "the webhook's access token"),
    ("SECRET_NAME", "any secret of the webhook, under its own name"),
)


def page() -> str:
    """Return the text of the page."""
    parts = [_INTRODUCTION, *_overview(), *_filters(), *_variables(), *_questions()]
    return "\n".join(parts)


def _assignable() -> list[EventType]:
    return [event for event in EventType if event not in UNASSIGNABLE]


def _overview() -> list[str]:
    lines = [
        "## What can be watched where, filtered by what, and told",
        "",
        "Scopes contain each other: organization, team, project or registry, collection (D). What "
        "W&B's tests call invalid is refused when an automation is saved.",
        "",
        f"| event | {' | '.join(_SCOPES.values())} | filter fields | `${{variables}}` |",
        f"|---|{'---|' * len(_SCOPES)}---|---|",
    ]
    remarks: dict[str, int] = {}
    for event in _assignable():
        scopes = [_scope_cell(event, scope, remarks) for scope in _SCOPES]
        fields = [_marked(f"`{field.name}`", field.source) for field in FILTER_FIELDS[event]]
        variables = [
            _marked(f"`{variable.name}`", variable.source_for(event))
            for variable in TEMPLATE_VARIABLES
            if event in variable.events
        ]
        cells = [*scopes, ", ".join(fields), ", ".join(variables)]
        lines.append(f"| `{event.value}` | {' | '.join(cells)} |")
    for event, reason in UNASSIGNABLE.items():
        lines.append(f"| `{event.value}` | cannot be assigned (S): {reason} | | | | |")
    notes = [f"{number}. {remark}." for remark, number in remarks.items()]
    return [*lines, "", *notes, ""]


def _scope_cell(event: EventType, scope: ScopeType, remarks: dict[str, int]) -> str:
    """Write whether an event can be watched in a scope; `remarks` collects the footnotes."""
    fact = scope_fact(event, scope)
    cell = _marked("yes" if fact.possible else "no", fact.source)
    if not fact.remark:
        return cell
    return f"{cell} [{remarks.setdefault(fact.remark, len(remarks) + 1)}]"


def _marked(text: str, source: str) -> str:
    return f"{text} ({_MARKS[source]})"


def _filters() -> list[str]:
    names = ", ".join(f"`{name}`" for name in dict.fromkeys([*GROUPS, *FIELD_OPERATORS]))
    lines = [
        "## What a filter can ask",
        "",
        f"Operators: {names} (S). Run events also ask for a metric or a state.",
        "",
        "| events | field | it is |",
        "|---|---|---|",
    ]
    events_of: dict[tuple[FilterField, ...], list[str]] = {}
    for event in _assignable():
        events_of.setdefault(FILTER_FIELDS[event], []).append(f"`{event.value}`")
    for fields, events in events_of.items():
        for field in fields:
            where = ", ".join(events)
            lines.append(f"| {where} | `{field.name}` | {_marked(field.meaning, field.source)} |")
    return [*lines, ""]


def _variables() -> list[str]:
    lines = [
        "## What a payload can say",
        "",
        "Names are from W&B's webhook page and, for run events, for tags beside those that a "
        "version gets, for `automation_name` and for `artifact_version_index`, its ARIA page; that "
        "webhooks know these too is chosen by the kit. A known name that does not apply is blank "
        "(D).",
        "",
        "| `${variable}` | it is | applies to |",
        "|---|---|---|",
    ]
    everything = frozenset(_assignable())
    for variable in TEMPLATE_VARIABLES:
        names = [f"`{event.value}`" for event in EventType if event in variable.events]
        where = "every event" if variable.events == everything else ", ".join(dict.fromkeys(names))
        form = _marked(variable.meaning, variable.source)
        lines.append(f"| `{variable.name}` | {form} | {where or 'none'} (D) |")
    for name, meaning in _SECRETS:
        where = "none, unless `Semantics.secrets_in_payload` says so (K); then every webhook"
        lines.append(f"| `{name}` | {meaning} (D) | {where} |")
    return [*lines, ""]


def _questions() -> list[str]:
    lines = [
        "## Open questions",
        "",
        "`Semantics` has a field for each; give it to the backend to decide otherwise.",
        "",
        "| field | default | question | what speaks for the default |",
        "|---|---|---|---|",
    ]
    for name, field in Semantics.model_fields.items():
        question, _, answer = " ".join((field.description or "").split()).partition("Source: ")
        cells = [f"`{name}`", f"`{_written(field.default)}`", question.strip(), f"Source: {answer}"]
        lines.append(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |")
    fixed = [f"- {fact}" for fact in _FIXED]
    return [*lines, "", "Nobody outside W&B knows these either; they are fixed:", "", *fixed, ""]


def _written(value: object) -> str:
    return (
        f"{{{', '.join(map(repr, sorted(value)))}}}"
        if isinstance(value, frozenset)
        else repr(value)
    )

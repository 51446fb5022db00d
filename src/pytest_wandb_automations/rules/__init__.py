"""Does this automation fire for this event, and why (not)? Pure: no I/O, no clock, no world.

`compile_rule` reads an automation's event filter into a `Rule`. A rule explains itself for an event
as a tree of `Clause`s; a `Verdict` collects them, and fired if all of them held.
"""

from __future__ import annotations

from pytest_wandb_automations.rules.clauses import MISSING, NO_VALUE, Clause
from pytest_wandb_automations.rules.fields import FILTER_FIELDS, FilterField, field_names
from pytest_wandb_automations.rules.filters import Fields, Filter, Lookup, compile_filter
from pytest_wandb_automations.rules.metrics import (
    MetricCondition,
    compile_metric,
    flatten_metrics,
)
from pytest_wandb_automations.rules.rule import Rule, compile_rule
from pytest_wandb_automations.rules.scopes import check_assignable, check_scope, possible_scopes
from pytest_wandb_automations.rules.states import coarse_state
from pytest_wandb_automations.rules.verdict import Verdict, describe_event, format_verdict
from pytest_wandb_automations.rules.windows import MetricWindow
from pytest_wandb_automations.rules.zscores import Peers

__all__ = [
    "FILTER_FIELDS",
    "MISSING",
    "NO_VALUE",
    "Clause",
    "Fields",
    "Filter",
    "FilterField",
    "Lookup",
    "MetricCondition",
    "MetricWindow",
    "Peers",
    "Rule",
    "Verdict",
    "check_assignable",
    "check_scope",
    "coarse_state",
    "compile_filter",
    "compile_metric",
    "compile_rule",
    "describe_event",
    "field_names",
    "flatten_metrics",
    "format_verdict",
    "possible_scopes",
]

"""`Semantics`: switches for questions that W&B's documents leave open.

Where W&B documents a behaviour, or its SDK or captured traffic shows it, the kit does that and has
no switch for it. Every field here asks a question, then says what speaks for an answer (`Source:`)
and which one the kit gives by default (`Default:`). `docs/events.md` lists them.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

__all__ = ["Semantics"]

Minutes = Annotated[float, Field(ge=0)]
Hours = Annotated[float, Field(ge=0)]
Seconds = Annotated[float, Field(gt=0)]
Status = Annotated[int, Field(ge=100, le=599)]


def _ascending(bounds: tuple[int, int]) -> tuple[int, int]:
    if bounds[0] > bounds[1]:
        raise ValueError(f"expected the lowest and the highest status, got {bounds}")
    return bounds


class Semantics(BaseModel):
    """How the backend behaves where W&B's own documents are silent.

    Frozen; make a variant with `semantics.model_copy(update={...})` or give the changed fields to
    `Backend(semantics=...)` or `@pytest.mark.wandb_automations(semantics={...})`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    metric_cooldown_hours: Hours = 24
    """For how many hours does a run metric automation that fired for a run not fire for it again?

    Source: documented, "In a 24-hour period, a particular automation can fire at most once per
    run". Default: those 24 hours; a switch only to make long tests short. 0 lifts the limit.
    """

    update_resets_cooldown: bool = False
    """Does saving an edited run metric automation let it fire again at once?

    Source: nothing. Default: no; the limit is of "a particular automation", which an edited one
    still is, also where it asks for another metric by now.
    """

    metric_trigger: Literal["level", "edge"] = "level"
    """Does a metric automation fire whenever its condition holds (`level`), or only at values where
    it begins to hold (`edge`)?

    Source: nothing decides; W&B's pages say "crosses a fixed value" and "meets the threshold".
    Default: `level`, which with the 24-hour limit explains every documented behaviour.
    """

    partial_window: bool = True
    """Is a threshold or a change evaluated before its windows are full?

    Source: "The window of most recently logged values to consider" (documentation) reads as an
    upper bound; nothing more. Default: yes. Change filters need at least one value in both windows
    either way; z-scores need a full window.
    """

    zscore_source: Literal["run", "project"] = "run"
    """Is a z-score measured against earlier values of the same `run`, or against the newest number
    of each other run in the `project`?

    Source: the documentation page states both; the SDK's docstring fits both. Default: `run`, as
    "Each run's values are put into a separate window". With `project` a value costs time in
    proportion to the window.
    """

    zscore_deviation: Literal["population", "sample"] = "population"
    """Is the standard deviation of a z-score divided by n (`population`) or by n - 1 (`sample`)?

    Source: nothing. Default: `population`.
    """

    zscore_includes_newest: bool = False
    """Is the newest value part of the window that it is measured against?

    Source: nothing. Default: no.
    """

    relative_change_from_zero: Literal["never", "fires"] = "never"
    """Is a relative change undefined when the prior window's aggregate is 0 (`never`), or infinite
    unless the newer one is 0 as well (`fires`)?

    Source: nothing. Default: `never`.
    """

    nonfinite_values: Literal["ignore", "compare"] = "ignore"
    """Are NaN and infinities passed over, or do they enter windows and compare as floats do?

    With `compare`, NaN makes every aggregate of its window NaN, which only `≠` holds for; infinity
    is above any threshold; the texts `NaN`, `Infinity` and `-Infinity`, as which a run's history
    stores them, are these numbers. Source: nothing. Default: `ignore`; the condition does not hold
    at such a value, the window stays as it was, and `explain` says so.
    """

    nonnumeric_values: Literal["ignore", "convert"] = "ignore"
    """Are texts and booleans passed over, or converted: `"0.5"` to 0.5, `True` to 1?

    What cannot be converted is passed over either way. Source: nothing. Default: `ignore`, as for
    NaN.
    """

    entity_scope_cooldown: Annotated[float, Field(ge=0)] = 0
    """For how many seconds does an automation of a team or organization that fired not fire again?

    Source: documented for broad scopes as "a rate limit and a cooldown per automation", which "can
    delay or skip repeated triggers", without numbers. Default: 0, none. What it holds back is
    skipped, not delayed, and has a clause `scope cooldown` in its verdict.
    """

    entity_scope_limit: tuple[Annotated[int, Field(ge=1)], Seconds] | None = None
    """How often within how many seconds may an automation of a team or organization fire?

    Source: the same sentence as for `entity_scope_cooldown`. Default: no limit. `(10, 60)` allows
    ten times in any minute; what is more is skipped, with a clause `rate limit` in its verdict.
    """

    heartbeat_timeout_minutes: Minutes = 5
    """After how many minutes on the backend's clock has a run crashed whose process is gone?

    Source: "heartbeat lost" is documented as what makes a run crashed, not after how long. Default:
    5.
    """

    automatic_alias_events: frozenset[Literal["latest", "version"]] = frozenset({"latest"})
    """Which aliases that W&B assigns by itself are events: `latest`, and `vN` as `version`?

    Source: the documentation speaks of `latest` only. Default: `latest`.
    """

    repeated_link_fires: bool = False
    """Does linking a version to a collection that already holds it fire again?

    Source: nothing. Default: no, as nothing changes.
    """

    deduplicated_log_fires: bool = False
    """Does logging an artifact whose digest is already that of the newest version fire?

    Source: nothing. Default: no, as no version is made.
    """

    unknown_variable: Literal["keep", "blank"] = "keep"
    """Is an `${unknown}` variable left as it is written (`keep`), or `blank`?

    Source: only known variables that do not apply are documented, as blank. Default: `keep`, which
    is easier to see. There is a warning either way.
    """

    nonstring_metadata: Literal["json", "value", "blank"] = "json"
    """What does `${artifact_metadata.KEY}` stand for when that is no text: its JSON text, the JSON
    `value` itself where a payload's string is nothing but the variable, or nothing (`blank`)?

    Source: nothing. Default: `json`: `{"acc": "${artifact_metadata.acc}"}` is sent as
    `{"acc": "0.9"}`.
    """

    secrets_in_payload: bool = False
    """Are `${ACCESS_TOKEN}` and `${SECRET_NAME}` substituted?

    Source: the documentation page says yes; W&B's engineers said no (wandb/docs#1623). Default: no.
    """

    webhook_success: Annotated[tuple[Status, Status], AfterValidator(_ascending)] = (200, 299)
    """From which HTTP status to which has a webhook succeeded?

    Source: the history shows Finished and Failed with the response's status, no boundary. Default:
    2xx.
    """

    webhook_timeout: Seconds = 10.0
    """After how many seconds is a webhook delivery given up?

    Source: nothing. Default: 10.
    """

    webhook_attempts: Annotated[int, Field(ge=1)] = 1
    """How often is a webhook tried until it succeeds?

    Source: the history keeps one result for each execution. Default: once.
    """

    slack_title: str = ""
    """Which title has a Slack message whose automation gives none? `${variables}` are filled in.

    Source: W&B's web pages make automations without one, whose messages tell about the event in
    words that are not published. Default: none; the message then begins with its text.
    """

    slack_text: str = ""
    """Which text has a Slack message whose automation gives none? `${variables}` are filled in.

    Source: as for `slack_title`. Default: none.
    """

    slack_variables: bool = False
    """Are `${variables}` filled in in the title and text that an automation gives?

    Source: documented for webhooks and ARIA prompts, not for Slack. Default: no.
    """

    regex_ignore_case: bool = False
    """Does `$regex` ignore case?

    Source: nothing. Default: no. The search is not anchored, as W&B's examples carry their own `^`
    and `$`.
    """

    unique_names: Literal["scope", "none"] = "scope"
    """Where must an automation's name be unique?

    Source: a remark in W&B's tests, "Names are unique per scope". Default: within its `scope`.
    """

    delivery: Literal["inline", "background"] = "inline"
    """Has an automation delivered when the call that fired it returns (`inline`), or some time
    later (`background`)?

    Source: W&B's server delivers later. Default: `inline`, which tests can rely on; with
    `background` they wait with `Backend.settle()`.
    """

    cascade_limit: Annotated[int, Field(ge=1)] = 10
    """How many automations may fire one from another before the chain is cut with an error?

    What other threads do, or come with over loopback, while a receiver holds a delivery counts as
    its consequence; raise the limit where that is wrong. Source: nothing. Default: 10.
    """

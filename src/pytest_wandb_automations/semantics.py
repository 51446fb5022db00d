"""`Semantics`: switches for questions that W&B's documents leave open.

Where W&B documents a behaviour, or its SDK or captured traffic shows it, the kit does that and has
no switch for it. Every field here names the question, the choice the kit makes by default, and what
speaks for it.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["Semantics"]

Minutes = Annotated[float, Field(ge=0)]
Hours = Annotated[float, Field(ge=0)]
Seconds = Annotated[float, Field(gt=0)]


class Semantics(BaseModel):
    """How the backend behaves where W&B's own documents are silent.

    Frozen; make a variant with `semantics.model_copy(update={...})` or give the changed fields to
    `Backend(semantics=...)` or `@pytest.mark.wandb_automations(semantics={...})`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    metric_cooldown_hours: Hours = 24
    """Hours in which a run metric automation fires at most once for one run.

    Documented ("In a 24-hour period, a particular automation can fire at most once per run");
    here to make long tests short. 0 lifts the limit.
    """

    metric_trigger: Literal["level", "edge"] = "level"
    """`level`: fires whenever the condition holds. `edge`: only when it did not hold before.

    Undocumented. With the 24-hour limit a level test explains every documented behaviour.
    """

    partial_window: bool = True
    """Whether a threshold or a change is evaluated before its windows are full.

    Undocumented. "The window of most recently logged values to consider" reads as an upper bound.
    Change filters need at least one value in both windows either way; z-scores need a full window.
    """

    zscore_source: Literal["run", "project"] = "run"
    """Values that a z-score is measured against: earlier ones of the `run`, or the newest value of
    each other run in the `project`.

    The documentation page states both; the SDK's docstring fits both.
    """

    zscore_deviation: Literal["population", "sample"] = "population"
    """Standard deviation of a z-score: divided by n (`population`) or by n - 1 (`sample`).

    Undocumented.
    """

    zscore_includes_newest: bool = False
    """Whether the newest value is part of the window that it is measured against. Undocumented."""

    relative_change_from_zero: Literal["never", "fires"] = "never"
    """Relative change when the prior window's aggregate is 0: no verdict, or infinite.

    Undocumented.
    """

    heartbeat_timeout_minutes: Minutes = 5
    """Minutes on the backend's clock after which a run crashes whose process is gone.

    W&B documents "heartbeat lost" as what makes a run crashed, not after how long.
    """

    automatic_alias_events: frozenset[Literal["latest", "version"]] = frozenset({"latest"})
    """Which aliases that W&B assigns by itself count as added: `latest`, and `vN` as `version`.

    The documentation speaks of `latest` only.
    """

    repeated_link_fires: bool = False
    """Whether linking a version to a collection that already holds it fires again.

    Undocumented.
    """

    deduplicated_log_fires: bool = False
    """Whether logging an artifact whose digest is already the newest version fires.

    Undocumented.
    """

    unknown_variable: Literal["keep", "blank"] = "keep"
    """An `${unknown}` variable in a payload: left as written, or blank. A warning either way.

    Undocumented; only known variables that do not apply are documented as blank.
    """

    secrets_in_payload: bool = False
    """Whether `${ACCESS_TOKEN}` and `${SECRET_NAME}` are substituted.

    The documentation page says so; W&B's engineers said otherwise (wandb/docs#1623).
    """

    webhook_timeout: Seconds = 10.0
    """Seconds until a webhook delivery is given up. Undocumented."""

    webhook_attempts: Annotated[int, Field(ge=1)] = 1
    """How often a webhook is tried until it succeeds.

    Undocumented; the history keeps one result an execution, which speaks for a single attempt.
    """

    regex_ignore_case: bool = False
    """Whether `$regex` ignores case. Undocumented; the search is not anchored, as W&B's examples
    carry their own `^` and `$`.
    """

    unique_names: Literal["scope", "none"] = "scope"
    """Where an automation's name must be unique. W&B's tests say "Names are unique per scope"."""

    delivery: Literal["inline", "background"] = "inline"
    """`inline`: when a call returns, its automations have fired. `background` imitates production;
    wait with `Backend.settle()`.
    """

    cascade_limit: Annotated[int, Field(ge=1)] = 10
    """How many automations may fire one from another before the chain is cut with an error.

    What other threads do, or come with over loopback, while a receiver holds a delivery counts as
    its consequence. Raise the limit where that is wrong.
    """

"""What an event and a logged value cost, and how that grows: windows, automations, runs, memory.

    python benchmarks/bench_events.py

Figures are medians of several rounds; ratios are of figures of the same run.
"""

from __future__ import annotations

import resource
import statistics
import time
from typing import TYPE_CHECKING

from pytest_wandb_automations import Backend
from pytest_wandb_automations.automations import (
    ArtifactEvent,
    DoNothing,
    NewAutomation,
    OnAddArtifactAlias,
    OnRunMetric,
    RunEvent,
)

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS = 7
VALUES = 5_000


def microseconds(work: Callable[[], object], times: int) -> float:
    """Return the median over rounds of the mean time of one call, in microseconds."""
    rounds: list[float] = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        for _ in range(times):
            work()
        rounds.append((time.perf_counter() - start) / times * 1e6)
    return statistics.median(rounds)


def watched(*, window: int, others: int = 0, runs: int = 1) -> float:
    """Return the cost of a logged value that one automation watches and that fires nothing."""
    backend = Backend()
    project = backend.project("acme/llm")
    elsewhere = backend.project("acme/other")
    loss = RunEvent.metric("loss").avg(window)
    backend.create_automation(
        OnRunMetric(scope=project, filter=loss.gt(1e9)) >> DoNothing(), name="watch"
    )
    for number in range(others):
        # Half of them on other metrics of this project, half on this metric of another one.
        place, metric = (project, f"m{number}") if number % 2 else (elsewhere, "loss")
        event = OnRunMetric(scope=place, filter=RunEvent.metric(metric).gt(1))
        backend.create_automation(event >> DoNothing(), name=f"other-{number}")
    started = [backend.run("acme/llm") for _ in range(runs)]
    for run in started:
        for _ in range(window):
            run.log({"loss": 0.5})
    run = started[-1]
    return microseconds(lambda: run.log({"loss": 0.5}), VALUES)


def held_back(why: str) -> float:
    """Return the cost of a logged value at which the condition holds and that may not fire."""
    backend = Backend()
    loss = RunEvent.metric("loss").gt(0)
    condition = loss & RunEvent.name.eq("another") if why == "run filter" else loss
    event = OnRunMetric(scope=backend.project("acme/llm"), filter=condition)
    backend.create_automation(event >> DoNothing(), name="watch", enabled=why != "disabled")
    run = backend.run("acme/llm")
    run.log({"loss": 0.5})
    return microseconds(lambda: run.log({"loss": 0.5}), VALUES)


def measured_against_runs(window: int) -> float:
    """Return the cost of a logged value whose z-score is that among other runs of the project."""
    backend = Backend(semantics={"zscore_source": "project"})
    event = OnRunMetric(
        scope=backend.project("acme/llm"), filter=RunEvent.metric("loss").zscore(window).gt(1e9)
    )
    backend.create_automation(event >> DoNothing(), name="watch")
    for number in range(window + 1):
        run = backend.run("acme/llm")
        run.log({"loss": number % 7})
    return microseconds(lambda: run.log({"loss": 0.5}), 500)


def unwatched() -> float:
    run = Backend().run("acme/llm")
    return microseconds(lambda: run.log({"loss": 0.5}), VALUES)


def alias_event(others: int) -> float:
    """Return the cost of an alias event that meets one automation, which does not fire."""
    backend = Backend()
    weights = backend.collection("acme/llm/weights")
    other = backend.collection("acme/llm/other")
    for number in range(others + 1):
        event = OnAddArtifactAlias(
            scope=other if number else weights, filter=ArtifactEvent.alias.eq("prod")
        )
        backend.create_automation(event >> DoNothing(), name=f"a{number}")
    version = weights.log_version()

    def move() -> None:
        version.add_alias("staging")
        version.remove_alias("staging")

    return microseconds(move, 500)


def memory() -> None:
    """Print the peak memory of a world with 100,000 automations and 1,000,000 logged values."""
    backend = Backend()
    project = backend.project("acme/llm")
    automations: list[NewAutomation] = [
        OnRunMetric(scope=project, filter=RunEvent.metric(f"m{number}").gt(1e9)) >> DoNothing()
        for number in range(1000)
    ]
    start = time.perf_counter()
    for number in range(100_000):
        backend.create_automation(automations[number % 1000], name=f"a{number}")
    created = time.perf_counter() - start
    for _ in range(10):
        run = backend.run("acme/llm")
        for _ in range(100_000):
            run.log({"loss": 0.5})
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"create, 100,000 in one scope        {created / 100_000 * 1e6:8.1f} µs each")
    print(f"100,000 automations, 1,000,000 values {peak:6.0f} MiB   budget 1024")


def main() -> None:
    plain = unwatched()
    small, large = watched(window=5), watched(window=1000)
    crowded, many = watched(window=5, others=10_000), watched(window=5, runs=1000)
    print(f"logged value, nobody watches        {plain:8.2f} µs")
    print(f"logged value, window 5              {small:8.2f} µs   budget 5")
    print(
        f"logged value, window 1000           {large:8.2f} µs   x{large / small:.2f}, budget x1.2"
    )
    growth = f"x{crowded / small:.2f}, budget x1.1"
    print(f"… and 10,000 automations elsewhere  {crowded:8.2f} µs   {growth}")
    print(f"… and 999 other runs                {many:8.2f} µs   x{many / small:.2f}")
    for why in ("cooldown", "disabled", "run filter"):
        print(f"held back: {why:<24} {held_back(why):8.2f} µs   budget 5")
    small, large = measured_against_runs(30), measured_against_runs(1000)
    print(f"z-score among 30 other runs         {small:8.2f} µs   not the default")
    print(f"… among 1000, in proportion         {large:8.2f} µs   x{large / small:.2f}")
    few, lots = alias_event(0), alias_event(10_000)
    print(f"alias added and removed             {few:8.2f} µs")
    print(f"… and 10,000 automations elsewhere  {lots:8.2f} µs   x{lots / few:.2f}")
    memory()


if __name__ == "__main__":
    main()

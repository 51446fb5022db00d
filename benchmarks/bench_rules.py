"""What a filter and a logged value cost; run with `python benchmarks/bench_rules.py`.

Each figure is the best of several rounds, in microseconds, and comparisons are ratios of figures
from the same run: on a busy machine only those mean something.
"""

from __future__ import annotations

import random
import timeit
from typing import TYPE_CHECKING

from mgqpy import Query

from pytest_wandb_automations.rules import compile_filter, compile_metric
from pytest_wandb_automations.semantics import Semantics

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS = 15


def microseconds(call: Callable[[], object], number: int) -> float:
    return min(timeit.repeat(call, number=number, repeat=ROUNDS)) / number * 1e6


def bench_filters() -> None:
    document = {f"field{i}": f"value{i}" if i % 2 else float(i) for i in range(10)}
    clauses = [
        {f"field{i}": {"$eq": f"value{i}"} if i % 2 else {"$gte": float(i)}} for i in range(10)
    ]
    source = {"$or": [{"$and": clauses}]}
    ours, theirs = compile_filter(source, fields=None), Query(source)
    assert ours.matches(document)
    assert theirs.test(document)
    peer = microseconds(lambda: theirs.test(document), 5_000)
    print("one event, 10 clauses in the filter, all of which hold; budget 5 µs")
    for name, call in (("matches", ours.matches), ("explain", ours.explain)):
        cost = microseconds(lambda call=call: call(document), 5_000)
        print(f"  {name:<28} {cost:7.2f} µs   {cost / peer:5.2f} of mgqpy's")
    print(f"  {'mgqpy (a verdict only)':<28} {peer:7.2f} µs")


def bench_observations() -> None:
    conditions = {
        "threshold, AVERAGE": lambda size: {"threshold_filter": _threshold("AVERAGE", size)},
        "threshold, MAX": lambda size: {"threshold_filter": _threshold("MAX", size)},
        "threshold, MIN": lambda size: {"threshold_filter": _threshold("MIN", size)},
        "change, AVERAGE": lambda size: {"change_filter": _change("AVERAGE", size)},
        "z-score": lambda size: {"zscore_filter": {"name": "loss", "window_size": size}},
    }
    shuffled = random.Random(0)
    values = [shuffled.gauss(0.0, 1.0) for _ in range(20_000)]
    print("one logged value, budget 5 µs   window 5   window 1000   ratio, budget 1.2")
    for name, condition in conditions.items():
        small, large = _observation_costs(condition, values, (5, 1000))
        print(f"  {name:<28} {small:7.2f} µs {large:9.2f} µs   {large / small:5.2f}")
    (cost,) = _observation_costs(
        lambda size: {"threshold_filter": _threshold(None, size)}, values, (1,)
    )
    print(f"  {'threshold, single value':<28} {cost:7.2f} µs")


def _observation_costs(
    condition: Callable[[int], dict[str, object]], values: list[float], sizes: tuple[int, ...]
) -> list[float]:
    best = [float("inf")] * len(sizes)
    for _ in range(ROUNDS):  # sizes take turns, so that a slow moment hits them alike
        for index, size in enumerate(sizes):
            observe = compile_metric(condition(size)).start(Semantics()).observe
            spent = timeit.timeit(lambda observe=observe: list(map(observe, values)), number=1)
            best[index] = min(best[index], spent / len(values) * 1e6)
    return best


def _threshold(agg: str | None, size: int) -> dict[str, object]:
    return {"name": "loss", "agg_op": agg, "window_size": size, "cmp_op": "$gt", "threshold": 9}


def _change(agg: str, size: int) -> dict[str, object]:
    return {
        "name": "loss",
        "agg_op": agg,
        "current_window_size": size,
        "prior_window_size": size,
        "change_type": "ABSOLUTE",
        "change_dir": "ANY",
        "change_amount": 9,
    }


if __name__ == "__main__":
    bench_filters()
    bench_observations()

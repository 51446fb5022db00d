"""What a backend costs a test; run with `python benchmarks/bench_backend.py`.

Medians in milliseconds beside the budgets of DESIGN.md §5, and ratios within one run: on a busy
machine only the ratios mean something.
"""

from __future__ import annotations

import gc
import itertools
import json
import statistics
import time
from typing import TYPE_CHECKING

import httpx
import respx

from pytest_wandb_automations import AutomationsApi, Backend
from pytest_wandb_automations.automations import (
    ArtifactEvent,
    Automation,
    DoNothing,
    OnAddArtifactAlias,
)
from pytest_wandb_automations.automations.inputs import prepare_to_create
from pytest_wandb_automations.client import _CREATE
from pytest_wandb_automations.http.api import answer
from pytest_wandb_automations.http.in_process import from_httpx
from pytest_wandb_automations.testing.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable


def medians(calls: list[Callable[[], object]], rounds: int = 500) -> list[float]:
    spent: list[list[float]] = [[] for _ in calls]
    for _ in range(rounds):  # in turns, so that a slow moment hits them alike
        for call, times in zip(calls, spent, strict=True):
            start = time.perf_counter()
            call()
            times.append(time.perf_counter() - start)
    return [statistics.median(times[1:]) * 1e3 for times in spent]


def show(what: str, cost: float, budget: str, ratio: str = "") -> None:
    print(f"  {what:<34} {cost:7.3f} ms   budget {budget:<8} {ratio}")


def bench_set_up_and_teardown() -> None:
    session = Session()

    def backend() -> None:
        with session.backend(seed=1):
            pass

    def patched_by_respx() -> None:
        with respx.mock:
            pass

    ours, theirs = medians([backend, patched_by_respx])
    session.close()
    print("a test with wandb_backend, set-up and teardown")
    show("wandb_backend", ours, "0.7 ms", f"{ours / theirs:.2f} x respx_mock")
    show("respx_mock", theirs, "-")


def bench_create() -> None:
    backend = Backend()
    collection = backend.collection("acme/llm/weights", type="model")
    event = OnAddArtifactAlias(scope=collection, filter=ArtifactEvent.alias.eq("prod"))
    new = event >> DoNothing()
    number = itertools.count()

    def name() -> str:
        return f"rule {next(number)}"

    with (
        backend.serve() as server,
        httpx.Client(base_url=server.url, auth=("api", server.api_key)) as client,
    ):
        api = AutomationsApi(client)
        direct, in_process, loopback = medians(
            [
                lambda: backend.create_automation(new, name=name()),
                lambda: backend.api.create_automation(new, name=name()),
                lambda: api.create_automation(new, name=name()),
            ]
        )
    print("create an automation")
    show("direct", direct, "0.25 ms")
    show("in process, backend.api", in_process, "0.5 ms", f"{in_process / direct:.1f} x direct")
    show("loopback, httpx", loopback, "1.2 ms", f"{loopback / direct:.1f} x direct")
    print("where that goes")
    for part, cost in parts(backend, new, name).items():
        show(part, cost, "-", f"{cost / in_process:4.0%} of in process")


def parts(backend: Backend, new: object, name: Callable[[], str]) -> dict[str, float]:
    values = prepare_to_create(new, name="x")
    auth = httpx.BasicAuth("api", backend.api_key)

    def request() -> httpx.Request:
        body = {"query": _CREATE, "variables": {"input": {**values, "name": name()}}}
        made = httpx.Request("POST", "https://api.wandb.ai/graphql", json=body)
        return next(auth.auth_flow(made))

    response = answer(backend.world, from_httpx(request()))
    saved = json.loads(response.body)["data"]["result"]["trigger"]
    canned = httpx.MockTransport(lambda _: httpx.Response(200, content=response.body))
    requests = iter([from_httpx(request()) for _ in range(500)])
    with httpx.Client(transport=canned, base_url="https://api.wandb.ai", auth=auth) as client:
        costs = medians(
            [
                lambda: prepare_to_create(new, name="x"),
                lambda: client.post("/graphql", json={"query": _CREATE, "variables": values}),
                lambda: answer(backend.world, next(requests)),
                lambda: Automation.model_validate(saved),
            ]
        )
    names = ["read the automation", "httpx, there and back", "answer, GraphQL", "read the answer"]
    return dict(zip(names, costs, strict=True))


if __name__ == "__main__":
    gc.freeze()
    bench_set_up_and_teardown()
    bench_create()

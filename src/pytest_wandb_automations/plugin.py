"""The pytest plugin: fixtures, options, the marker, strictness, and how failures read.

It imports pytest and nothing else, as pytest loads it always.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from pytest_wandb_automations.backend import Backend
    from pytest_wandb_automations.testing.factories import Factory
    from pytest_wandb_automations.testing.options import Options
    from pytest_wandb_automations.testing.session import Session

_in_use: pytest.StashKey[tuple[Backend, Options]] = pytest.StashKey()
"""What a test that is running got from the fixture `wandb_backend`."""

_PACKAGE = __name__.removesuffix("plugin")

_INI: dict[str, tuple[Literal["args", "linelist", "string"], str]] = {
    "strict": ("args", "what strict mode looks for: true, false or names of checks"),
    "features": ("linelist", "server features that are on or off, as lines `NAME = true`"),
    "semantics": ("linelist", "fields of Semantics, as lines `name = value`"),
    "seed": ("string", "the seed of every test, in place of one that follows from its id"),
}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let a project set what its tests do not say themselves, and a session ask for its page."""
    group = parser.getgroup("wandb_automations", "W&B automations")
    group.addoption(
        "--wandb-automations-seed",
        type=int,
        metavar="N",
        help="the seed of every test that has none of its own; it decides over made-up data",
    )
    group.addoption(
        "--wandb-automations-report",
        metavar="FILE.html",
        help="write a page that shows what happened in each test: timeline, metrics, payloads",
    )
    for name, (kind, told) in _INI.items():
        parser.addini(f"wandb_automations_{name}", told, type=kind, default=None)


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker, and before any test runs refuse what a project cannot set."""
    config.addinivalue_line(
        "markers",
        "wandb_automations(strict=True, features={}, semantics={}, seed=None): what the fixture "
        "`wandb_backend` is like in a test, and what fails it; merged over levels.",
    )
    if _is_set_up(config):
        from pytest_wandb_automations.testing.options import project_options

        project_options(config)
    path = config.getoption("wandb_automations_report")
    if path is not None and not hasattr(config, "workerinput"):  # xdist's workers send theirs
        from pytest_wandb_automations.testing.reporting import PageWriter

        writer = PageWriter(config.invocation_params.dir, path)
        config.pluginmanager.register(writer, "wandb_automations_page")


def _is_set_up(config: pytest.Config) -> bool:
    if config.getoption("--wandb-automations-seed") is not None:
        return True
    return any(config.getini(f"wandb_automations_{name}") is not None for name in _INI)


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """Fail a test that passed, if strict mode has objections."""
    result = yield  # a test that failed leaves from here, with its own failure
    if _in_use in item.stash:
        from pytest_wandb_automations.testing.strict import objections

        backend, options = item.stash[_in_use]
        if told := objections(backend, options.strict):
            pytest.fail(told, pytrace=False)
    return result


def pytest_assertrepr_compare(op: str, left: object, right: object) -> list[str] | None:
    """Tell how the kit's objects differ, path by path, and keep their secrets."""
    of_the_kit = any(type(each).__module__.startswith(_PACKAGE) for each in (left, right))
    if op not in ("==", "not in") or not of_the_kit:
        return None
    from pytest_wandb_automations.failures.comparisons import contained, unequal

    return unequal(left, right) if op == "==" else contained(left, right)


@pytest.fixture(scope="session")
def _wandb_automations_session() -> Iterator[Session]:
    from pytest_wandb_automations.testing.session import Session

    session = Session()
    yield session
    session.close()


@pytest.fixture
def wandb_backend(
    request: pytest.FixtureRequest, _wandb_automations_session: Session
) -> Iterator[Backend]:
    """Give a fresh offline W&B, to which everything that is pointed at W&B is led.

    The real SDK and other processes reach it through the environment, httpx and httpx2 clients of
    this process directly. `@pytest.mark.wandb_automations(…)` says what it is like.
    """
    from pytest_wandb_automations.testing.options import options_of

    options = options_of(request.node)
    if "httpx_mock" in request.fixturenames:
        request.getfixturevalue("httpx_mock")  # whichever comes last gets requests first
    with _wandb_automations_session.backend(**options.of_backend) as backend:
        request.node.stash[_in_use] = backend, options
        yield backend


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add the timeline to the report of a test that failed, and to the page if one is asked for."""
    report = yield
    if _in_use not in item.stash:
        return report
    backend, _options = item.stash[_in_use]
    paged = item.config.getoption("wandb_automations_report") is not None
    if report.failed or paged:
        from pytest_wandb_automations.testing.reporting import add_section, add_story

        if report.failed:
            add_section(report, backend)
        if paged:
            add_story(item, report, backend)
    if call.when == "teardown":
        del item.stash[_in_use]  # items live as long as the session
    return report


@pytest.fixture
def wandb_factory(request: pytest.FixtureRequest, wandb_backend: Backend) -> Factory:
    """Give factories of made-up projects, runs, artifacts, integrations and automations."""
    from pytest_wandb_automations.testing.factories import Factory

    _, options = request.node.stash[_in_use]
    return Factory(wandb_backend, seed=options.seed)

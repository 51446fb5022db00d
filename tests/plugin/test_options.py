"""The marker, ini options and the command line, in suites of their own."""

from __future__ import annotations

from zlib import crc32

import pytest

from pytest_wandb_automations.semantics import Semantics
from pytest_wandb_automations.world.features import SERVER_FEATURES

SHOW = """
import pytest

@pytest.fixture
def show(request, wandb_backend, wandb_factory):
    features = wandb_backend.features
    off = sorted(name for name in features if not features[name] and name.startswith("AUTOMATION_"))
    chosen = wandb_backend.semantics.model_dump(exclude_defaults=True)
    print(f"\\n{request.node.name}: {off} {chosen} {wandb_factory.seed}")
"""

MARK = "@pytest.mark.wandb_automations"


@pytest.fixture
def shown(run):
    """Return a function that runs a suite and returns what its tests see, by their names."""

    def shown(source, *options):
        result = run(f"{SHOW}{source}", "-s", *options)
        assert result.ret == 0
        lines = [line for line in result.outlines if line.startswith("test_")]
        return dict(line.split(": ", 1) for line in lines if ": [" in line)

    return shown


@pytest.fixture
def refused(run):
    """Return a function that says with which error a test is not even set up."""

    def refused(arguments):
        result = run(f"import pytest\n{MARK}({arguments})\ndef test_it(wandb_backend): pass")
        result.assert_outcomes(errors=1)
        (said,) = [line for line in result.outlines if line.startswith("E  ")]
        return said.removeprefix("E").strip()

    return refused


def test_without_options_a_test_has_the_defaults(shown):
    seed = crc32(b"test_it.py::test_it")
    assert shown("def test_it(show): pass") == {"test_it": f"[] {{}} {seed}"}


def test_levels_are_merged_key_by_key_and_the_nearest_to_the_test_counts(shown, pytester):
    pytester.mkpydir("package")
    (pytester.path / "package" / "__init__.py").write_text(
        "import pytest\n"
        "pytestmark = pytest.mark.wandb_automations(\n"
        "    semantics={'cascade_limit': 2, 'webhook_attempts': 2}, seed=2\n"
        ")\n"
    )
    (pytester.path / "package" / "test_inside.py").write_text(
        f"""{SHOW}
pytestmark = pytest.mark.wandb_automations(
    semantics={{"webhook_attempts": 3, "webhook_timeout": 3}},
    features={{"AUTOMATION_ACTION_ARIA": False, "AUTOMATION_EVENT_RUN_STATE": False}},
)

def test_in_module(show): pass

{MARK}(semantics={{"webhook_timeout": 4.5, "slack_title": "4"}}, seed=4)
class TestBase:
    def test_in_class(self, show): pass

    {MARK}(
        semantics={{"slack_title": "5"}}, features={{"AUTOMATION_EVENT_RUN_STATE": True}}, seed=5
    )
    def test_in_function(self, show): pass

{MARK}(seed=6)
class TestDerived(TestBase):
    pass
"""
    )
    pytester.makeini(
        """
        [pytest]
        wandb_automations_semantics =
            delivery = background
            cascade_limit = 1
        wandb_automations_seed = 1
        """
    )
    result = shown("", "package")
    outer = "'delivery': 'background', 'cascade_limit': 2"
    both = "['AUTOMATION_ACTION_ARIA', 'AUTOMATION_EVENT_RUN_STATE']"
    in_class = "'webhook_timeout': 4.5, 'webhook_attempts': 3"
    assert result == {
        "test_in_module": _seen(both, "webhook_timeout 3.0 webhook_attempts 3", 2),
        "test_in_class": _seen(both, "webhook_timeout 4.5 webhook_attempts 3 slack_title '4'", 6),
        "test_in_function": _seen(
            "['AUTOMATION_ACTION_ARIA']",
            "webhook_timeout 4.5 webhook_attempts 3 slack_title '5'",
            5,
        ),
    }, (outer, in_class)


def _seen(off, semantics, seed):
    words = iter([*semantics.split(), "delivery", "'background'", "cascade_limit", "2"])
    chosen = {name: value for name, value in zip(words, words, strict=True)}
    ordered = [f"'{name}': {chosen[name]}" for name in Semantics.model_fields if name in chosen]
    return f"{off} {{{', '.join(ordered)}}} {seed}"


def test_of_two_marks_on_one_level_the_later_counts_and_that_of_a_parameter_last(shown):
    result = shown(
        f"""
{MARK}(seed=2)
{MARK}(seed=1)
@pytest.mark.parametrize("n", [0, pytest.param(1, marks=pytest.mark.wandb_automations(seed=3))])
def test_it(n, show): pass
"""
    )
    assert result == {"test_it[0]": "[] {} 2", "test_it[1]": "[] {} 3"}


def test_a_mark_that_a_fixture_adds_counts(shown):
    result = shown(
        """
@pytest.fixture(autouse=True)
def marked(request):
    request.node.add_marker(pytest.mark.wandb_automations(seed=9))

def test_it(show): pass
"""
    )
    assert result == {"test_it": "[] {} 9"}


def test_semantics_may_be_given_whole(shown):
    result = shown(
        f"""
from pytest_wandb_automations import Semantics

{MARK}(semantics=Semantics(cascade_limit=3))
def test_it(show): pass
"""
    )
    assert result["test_it"].startswith("[] {'cascade_limit': 3} ")


def test_the_command_line_goes_before_the_ini_file_and_behind_the_marker(shown, pytester):
    pytester.makeini("[pytest]\nwandb_automations_seed = 1")
    source = f"def test_it(show): pass\n\n{MARK}(seed=3)\ndef test_own(show): pass"
    assert shown(source) == {"test_it": "[] {} 1", "test_own": "[] {} 3"}
    assert shown(source, "--wandb-automations-seed=2") == {
        "test_it": "[] {} 2",
        "test_own": "[] {} 3",
    }


def test_the_seed_decides_over_ids_and_made_up_data(run):
    source = """
        def test_it(wandb_backend, wandb_factory):
            print(f"\\nmade: {wandb_backend.project('llm').id} {wandb_factory.project().path}")
    """

    def made(seed):
        outlines = run(source, "-s", f"--wandb-automations-seed={seed}").outlines
        return next(line for line in outlines if line.startswith("made: "))

    assert made(1) == made(1)
    assert made(1) != made(2)


def test_an_ini_file_writes_every_kind_of_value(shown, pytester):
    pytester.makeini(
        """
        [pytest]
        wandb_automations_strict = false
        wandb_automations_features =
            AUTOMATION_ACTION_ARIA = off
            AUTOMATION_EVENT_RUN_STATE = false
            SWEEPS_LOCAL_SCHEDULER = True
        wandb_automations_semantics =
            entity_scope_limit = [10, 60]
            automatic_alias_events = []
            partial_window = no
            webhook_timeout = 2.5
            slack_title = 12
            slack_text = " = "
            delivery=background
        """
    )
    (seen,) = shown(
        "def test_it(show, wandb_backend): assert 'SWEEPS_LOCAL_SCHEDULER' in wandb_backend.features and wandb_backend.features['SWEEPS_LOCAL_SCHEDULER']"
    ).values()
    assert seen.startswith(
        "['AUTOMATION_ACTION_ARIA', 'AUTOMATION_EVENT_RUN_STATE'] "
        "{'partial_window': False, 'entity_scope_limit': (10, 60.0), "
        "'automatic_alias_events': frozenset(), 'webhook_timeout': 2.5, 'slack_title': '12', "
        "'slack_text': ' = ', 'delivery': 'background'} "
    )


def test_null_is_a_value_in_an_ini_file(shown, pytester):
    pytester.makeini("[pytest]\nwandb_automations_semantics = entity_scope_limit = null")
    assert shown("def test_it(show): pass")["test_it"].startswith("[] {} ")


FAILS = """
from pytest_wandb_automations.automations import DoNothing, OnAddArtifactAlias, SendPromptToAria

def test_it(wandb_backend):
    weights = wandb_backend.collection("acme/llm/weights", type="model")
    action = SendPromptToAria(prompt="${artifact_metadata.nothing}")
    wandb_backend.create_automation(OnAddArtifactAlias(scope=weights) >> action, name="ask")
    weights.log_version()
"""


@pytest.mark.parametrize(
    ("written", "outcome"),
    [
        ("true", {"failed": 1}),
        ("off", {"passed": 1}),
        ("unknown_variables", {"passed": 1}),
        ("failed_deliveries unknown_variables", {"failed": 1}),
        ("", {"passed": 1}),
    ],
)
def test_strictness_is_set_for_a_project(run, pytester, written, outcome):
    pytester.makeini(f"[pytest]\nwandb_automations_strict = {written}")
    run(FAILS).assert_outcomes(**outcome)


def test_pyproject_toml_sets_options_as_pytest_does_there(shown, pytester):
    pytester.makepyprojecttoml(
        """
        [tool.pytest.ini_options]
        wandb_automations_strict = false
        wandb_automations_seed = 7
        wandb_automations_semantics = ["cascade_limit = 3"]
        """
    )
    assert shown("def test_it(show): pass") == {"test_it": "[] {'cascade_limit': 3} 7"}


# What is refused, and how.

PLACE = "@pytest.mark.wandb_automations of test_it.py::test_it: "


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (
            "strikt=False",
            f"TypeError: {PLACE}unknown option 'strikt'; known are features, seed, semantics and "
            "strict; did you mean 'strict'?",
        ),
        (
            "False, 'x'",
            f"TypeError: {PLACE}expected options by name, features, seed, semantics and strict; "
            "got False, 'x'",
        ),
        (
            "strict=1",
            f"TypeError: {PLACE}strict: expected True, False or some of failed_deliveries and "
            "unknown_variables; got 1",
        ),
        (
            "strict=['failed']",
            f"TypeError: {PLACE}strict: unknown check 'failed'; known are failed_deliveries and "
            "unknown_variables",
        ),
        (
            "strict='unknown_variable'",
            f"TypeError: {PLACE}strict: unknown check 'unknown_variable'; known are "
            "failed_deliveries and unknown_variables; did you mean 'unknown_variables'?",
        ),
        (
            "features=['AUTOMATION_ACTION_ARIA']",
            f"TypeError: {PLACE}features: expected a mapping of names to values, got "
            "['AUTOMATION_ACTION_ARIA']",
        ),
        (
            "features={'AUTOMATION_ACTION_ARIA': 'off'}",
            f"TypeError: {PLACE}features: AUTOMATION_ACTION_ARIA: expected True or False, "
            "got 'off'",
        ),
        (
            "features={'AUTOMATION_ACTION_ARYA': False}",
            f"TypeError: {PLACE}features: unknown server feature 'AUTOMATION_ACTION_ARYA'; known "
            f"are {', '.join(sorted(SERVER_FEATURES)[:-1])} and {max(SERVER_FEATURES)}; "
            "did you mean 'AUTOMATION_ACTION_ARIA'?",
        ),
        (
            "semantics={'webhook_timeot': 1}",
            f"TypeError: {PLACE}semantics: unknown field of Semantics 'webhook_timeot'; known are "
            f"{', '.join(sorted(Semantics.model_fields)[:-1])} and "
            f"{max(Semantics.model_fields)}; did you mean 'webhook_timeout'?",
        ),
        (
            "semantics={'webhook_timeout': 0}",
            f"pytest_wandb_automations.errors.InvalidInput: {PLACE}semantics: webhook_timeout: "
            "Input should be greater than 0, got 0",
        ),
        (
            "semantics='inline'",
            f"TypeError: {PLACE}semantics: expected a mapping of names to values, got 'inline'",
        ),
        ("seed='1'", f"TypeError: {PLACE}seed: expected an integer, got '1'"),
        ("seed=True", f"TypeError: {PLACE}seed: expected an integer, got True"),
        (
            "seed=-1",
            f"pytest_wandb_automations.errors.InvalidInput: {PLACE}seed: "
            "expected 0 to 4294967295, got -1",
        ),
    ],
)
def test_a_mark_that_cannot_be_is_an_error(refused, arguments, error):
    assert refused(arguments) == error


@pytest.mark.parametrize(
    ("ini", "error"),
    [
        (
            "strict = maybe",
            "strict: unknown check 'maybe'; known are failed_deliveries and unknown_variables",
        ),
        (
            "features = AUTOMATION_ACTION_ARIA",
            "features: expected lines `name = value`, got 'AUTOMATION_ACTION_ARIA'",
        ),
        (
            "features = AUTOMATION_ACTION_ARIA = perhaps",
            "features: AUTOMATION_ACTION_ARIA: expected True or False, got 'perhaps'",
        ),
        (
            "semantics = delivery = later",
            "semantics: delivery: Input should be 'inline' or 'background', got 'later'",
        ),
        (
            "semantics = entity_scope_limit = [10, 0]",
            "semantics: entity_scope_limit.1: Input should be greater than 0, got 0",
        ),
        (
            "semantics = entity_scope_limit = [10, 60",
            "semantics: entity_scope_limit: no JSON: Expecting ',' delimiter: line 1 column 9 "
            "(char 8); got '[10, 60'",
        ),
        ("seed = x", "seed: expected an integer, got 'x'"),
        ("seed = 4294967296", "seed: expected 0 to 4294967295, got 4294967296"),
    ],
)
def test_an_ini_option_that_cannot_be_ends_the_session_before_it_begins(run, pytester, ini, error):
    pytester.makeini(f"[pytest]\nwandb_automations_{ini}")
    result = run("def test_it(): pass")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert result.errlines[0] == f"ERROR: tox.ini: wandb_automations_{error}"


def test_an_ini_option_given_by_the_command_line_is_refused_as_well(run):
    result = run("def test_it(): pass", "-o", "wandb_automations_seed=x")
    assert result.errlines[0] == "ERROR: -o: wandb_automations_seed: expected an integer, got 'x'"


def test_a_seed_that_cannot_be_is_refused_on_the_command_line(run):
    result = run("def test_it(): pass", "--wandb-automations-seed=-1")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert result.errlines[0] == (
        "ERROR: --wandb-automations-seed: expected 0 to 4294967295, got -1"
    )


def test_the_marker_and_the_options_are_listed(run):
    said = run("def test_it(): pass", "--markers", "--strict-markers").stdout
    said.fnmatch_lines(["@pytest.mark.wandb_automations(strict=True, features={}, *"])
    said = run("def test_it(): pass", "--help").stdout
    said.fnmatch_lines(["W&B automations:", "*--wandb-automations-seed=N*"])
    for name in ("features", "seed", "semantics", "strict"):
        said.fnmatch_lines([f"*wandb_automations_{name} (*"])

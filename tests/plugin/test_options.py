"""The marker, ini options and the command line, in suites of their own."""

from __future__ import annotations

from zlib import crc32

import pytest

from pytest_wandb_automations.errors import InvalidInput
from pytest_wandb_automations.semantics import Semantics
from pytest_wandb_automations.testing.options import Options, options_of, project_options
from pytest_wandb_automations.testing.strict import CHECKS
from pytest_wandb_automations.world.features import SERVER_FEATURES

pytestmark = pytest.mark.usefixtures("quiet")

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


def test_without_options_a_test_has_the_defaults(shown):
    seed = crc32(b"test_it.py::test_it")
    assert shown("def test_it(show): pass") == {"test_it": f"[] {{}} {seed}"}


def test_levels_are_merged_key_by_key_and_the_nearest_to_the_test_counts(pytester):
    pytester.makeini(
        """
        [pytest]
        wandb_automations_semantics =
            delivery = background
            cascade_limit = 1
            webhook_attempts = 1
        wandb_automations_seed = 1
        """
    )
    items = pytester.getitems(
        f"""
        import pytest

        pytestmark = pytest.mark.wandb_automations(
            semantics={{"cascade_limit": 2, "webhook_attempts": 2}},
            features={{"ARTIFACT_TAGS": False, "LARGE_FILENAMES": False}},
        )

        def test_in_module(): pass

        {MARK}(semantics={{"cascade_limit": 3}}, seed=3)
        class TestBase:
            def test_in_class(self): pass

            {MARK}(semantics={{"cascade_limit": 4}}, features={{"ARTIFACT_TAGS": True}}, seed=4)
            def test_in_function(self): pass

        {MARK}(seed=5)
        class TestDerived(TestBase):
            pass
        """
    )
    semantics = {"delivery": "background", "webhook_attempts": 2}
    off = {"ARTIFACT_TAGS": False, "LARGE_FILENAMES": False}
    in_function = Options(
        seed=4,
        features={**off, "ARTIFACT_TAGS": True},
        semantics={**semantics, "cascade_limit": 4},
    )
    assert {item.nodeid.partition("::")[2]: options_of(item) for item in items} == {
        "test_in_module": Options(
            seed=1, features=off, semantics={**semantics, "cascade_limit": 2}
        ),
        "TestBase::test_in_class": Options(
            seed=3, features=off, semantics={**semantics, "cascade_limit": 3}
        ),
        "TestBase::test_in_function": in_function,
        "TestDerived::test_in_class": Options(
            seed=5, features=off, semantics={**semantics, "cascade_limit": 3}
        ),
        "TestDerived::test_in_function": in_function,
    }


def test_of_two_marks_on_one_level_the_later_counts_and_that_of_a_parameter_last(pytester):
    items = pytester.getitems(
        f"""
        import pytest

        {MARK}(seed=2)
        {MARK}(seed=1)
        @pytest.mark.parametrize(
            "n", [0, pytest.param(1, marks=pytest.mark.wandb_automations(seed=3))]
        )
        def test_it(n): pass
        """
    )
    assert [options_of(item).seed for item in items] == [2, 3]


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


def test_semantics_may_be_given_whole(pytester):
    item = pytester.getitem(
        f"""
        import pytest
        from pytest_wandb_automations import Semantics

        {MARK}(semantics=Semantics(cascade_limit=3))
        def test_it(): pass
        """,
        "test_it",
    )
    assert options_of(item).semantics == {**dict(Semantics()), "cascade_limit": 3}


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


def test_an_ini_file_writes_every_kind_of_value(pytester):
    pytester.makeini(
        """
        [pytest]
        wandb_automations_strict = false
        wandb_automations_features =
            AUTOMATION_ACTION_ARIA = off
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
    assert project_options(pytester.parseconfig()) == {
        "strict": frozenset(),
        "features": {"AUTOMATION_ACTION_ARIA": False, "SWEEPS_LOCAL_SCHEDULER": True},
        "semantics": {
            "entity_scope_limit": (10, 60.0),
            "automatic_alias_events": frozenset(),
            "partial_window": False,
            "webhook_timeout": 2.5,
            "slack_title": "12",
            "slack_text": " = ",
            "delivery": "background",
        },
    }


def test_null_is_a_value_in_an_ini_file(pytester):
    pytester.makeini("[pytest]\nwandb_automations_semantics = entity_scope_limit = null")
    assert project_options(pytester.parseconfig()) == {"semantics": {"entity_scope_limit": None}}


@pytest.mark.parametrize(
    ("written", "checks"),
    [
        ("true", CHECKS),
        ("off", set()),
        ("unknown_variables", {"unknown_variables"}),
        ("failed_deliveries unknown_variables", CHECKS),
        ("", set()),
    ],
)
def test_strictness_is_set_for_a_project(pytester, written, checks):
    pytester.makeini(f"[pytest]\nwandb_automations_strict = {written}")
    assert project_options(pytester.parseconfig())["strict"] == checks


def test_pyproject_toml_sets_options_as_pytest_does_there(pytester):
    pytester.makepyprojecttoml(
        """
        [tool.pytest.ini_options]
        wandb_automations_strict = false
        wandb_automations_seed = 7
        wandb_automations_semantics = ["cascade_limit = 3"]
        """
    )
    assert project_options(pytester.parseconfig()) == {
        "strict": frozenset(),
        "seed": 7,
        "semantics": {"cascade_limit": 3},
    }


# What is refused, and how.

PLACE = "@pytest.mark.wandb_automations of HERE: "


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
            f"InvalidInput: {PLACE}semantics: webhook_timeout: "
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
            f"InvalidInput: {PLACE}seed: expected 0 to 4294967295, got -1",
        ),
    ],
)
def test_a_mark_that_cannot_be_is_an_error(pytester, arguments, error):
    item = pytester.getitem(f"import pytest\n{MARK}({arguments})\ndef test_it(): pass", "test_it")
    with pytest.raises((TypeError, InvalidInput)) as refused:
        options_of(item)
    assert f"{refused.type.__name__}: {refused.value}" == error.replace("HERE", item.nodeid)


def test_the_report_of_a_mark_that_cannot_be_shows_none_of_the_code_that_found_it(run):
    result = run(f"import pytest\n{MARK}(sed=1)\ndef test_it(wandb_backend): pass")
    result.stdout.no_fnmatch_line("*options.py*")


def test_a_test_whose_mark_cannot_be_is_not_even_set_up(run):
    result = run(f"import pytest\n{MARK}(sed=1)\ndef test_it(wandb_backend): pass")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        [
            "E*TypeError: @pytest.mark.wandb_automations of test_it.py::test_it: unknown option "
            "'sed'; known are features, seed, semantics and strict; did you mean 'seed'?"
        ]
    )


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
            "semantics: entity_scope_limit: no JSON: Expecting ',' delimiter: line 1 column 8 "
            "(char 7); got '[10, 60'",
        ),
        ("seed = x", "seed: expected an integer, got 'x'"),
        ("seed = 4294967296", "seed: expected 0 to 4294967295, got 4294967296"),
    ],
)
def test_an_ini_option_that_cannot_be_is_a_usage_error(pytester, ini, error):
    pytester.makeini(f"[pytest]\nwandb_automations_{ini}")
    with pytest.raises(pytest.UsageError) as refused:
        project_options(pytester.parseconfig())
    assert str(refused.value) == f"tox.ini: wandb_automations_{error}"


def test_an_ini_option_that_cannot_be_ends_the_session_before_it_begins(run, pytester):
    pytester.makeini("[pytest]\nwandb_automations_strict = maybe")
    result = run("def test_it(): pass")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert result.errlines[0] == (
        "ERROR: tox.ini: wandb_automations_strict: unknown check 'maybe'; "
        "known are failed_deliveries and unknown_variables"
    )


@pytest.mark.skipif(pytest.version_tuple < (9, 2), reason="pytest tells of it otherwise, or not")
def test_an_option_of_another_type_than_pytest_reads_from_toml_is_a_usage_error(run, pytester):
    (pytester.path / "pytest.toml").write_text("[pytest]\nwandb_automations_strict = false\n")
    result = run("def test_it(): pass")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "'wandb_automations_strict' expects a list" in result.errlines[0]


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

"""Rules: an automation's event filter as it is on the wire."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pytest_wandb_automations.automations import EventType
from pytest_wandb_automations.errors import InvalidFilter, InvalidInput
from pytest_wandb_automations.rules import FILTER_FIELDS, Rule, compile_rule, field_names
from pytest_wandb_automations.rules.rule import stored_rule
from pytest_wandb_automations.semantics import Semantics

ALIAS_FILTER = {"$or": [{"$and": [{"alias": {"$eq": "prod"}}]}]}
ANY_RUN = '{"$and":[]}'
THRESHOLD = {"name": "loss", "agg_op": None, "window_size": 1, "cmp_op": "$gt", "threshold": 1}
CHANGE = {
    "name": "loss",
    "agg_op": "MAX",
    "current_window_size": 3,
    "change_amount": 2,
    "prior_window_size": 3,
    "change_type": "ABSOLUTE",
    "change_dir": "INCREASE",
}
ZSCORE = {"name": "loss", "window_size": 30, "threshold": 2.0, "change_dir": "ANY"}

ALIAS_ADDED = EventType.ADD_ARTIFACT_ALIAS
METRIC = EventType.RUN_METRIC_THRESHOLD
STATE = EventType.RUN_STATE


def refusal(event_type: EventType, source: Any) -> InvalidFilter:
    with pytest.raises(InvalidFilter) as caught:
        compile_rule(event_type, source)
    return caught.value


@pytest.mark.parametrize(
    "source",
    [
        ALIAS_FILTER,
        json.dumps(ALIAS_FILTER),
        {"filter": json.dumps(ALIAS_FILTER)},
        json.dumps({"filter": json.dumps(ALIAS_FILTER)}),
        {"filter": ALIAS_FILTER},
    ],
)
def test_artifact_filters_are_read_as_sent_and_as_saved(source: Any) -> None:
    rule = compile_rule(ALIAS_ADDED, source)

    assert rule.event_type is ALIAS_ADDED
    assert rule.filter.source == ALIAS_FILTER
    assert (rule.metric, rule.states) == (None, None)
    assert rule.explain({"alias": "prod"})
    assert rule.explain({"alias": "staging"}).found == "staging"
    assert rule.describe() == "ADD_ARTIFACT_ALIAS where alias = 'prod'"


@pytest.mark.parametrize(
    "event_type", [EventType.CREATE_ARTIFACT, EventType.LINK_ARTIFACT, EventType.UNLINK_ARTIFACT]
)
def test_events_of_versions_ask_all_aliases_and_tags_of_the_version(event_type: EventType) -> None:
    rule = compile_rule(event_type, {"$or": [{"$and": [{"alias": {"$eq": "prod"}}]}]})

    assert rule.explain({"alias": ["latest", "prod"], "tag": []})
    assert not rule.explain({"alias": ["latest"], "tag": ["prod"]})


@pytest.mark.parametrize(
    ("event_type", "kind", "condition", "sentence"),
    [
        (METRIC, "threshold_filter", THRESHOLD, "RUN_METRIC: loss > 1"),
        (
            EventType.RUN_METRIC_CHANGE,
            "change_filter",
            CHANGE,
            "RUN_METRIC_CHANGE: max(loss, 3 after 3) increases by at least 2",
        ),
        (
            EventType.RUN_METRIC_ZSCORE,
            "zscore_filter",
            ZSCORE,
            "RUN_METRIC_ZSCORE: abs(zscore(loss, 30)) >= 2",
        ),
    ],
)
def test_run_metrics_have_a_condition_and_a_filter_of_runs(
    event_type: EventType, kind: str, condition: Any, sentence: str
) -> None:
    source = {
        "run_filter": '{"$and":[{"display_name":{"$contains":"train"}}]}',
        "run_metric_filter": {kind: condition},
        "metric_filter": None,
    }

    rule = compile_rule(event_type, source)

    assert rule.describe() == f"{sentence} where display_name contains 'train'"
    assert rule.metric is not None
    assert rule.metric.name == "loss"
    assert rule.run_filter.matches({"display_name": "train-1"})
    assert rule.explain({}).path == "run_filter.$and[0].display_name"
    assert rule.metric.start(Semantics()).observe(0) is False


@pytest.mark.parametrize("run_filter", [None, ANY_RUN, {"$and": []}, {}])
def test_the_filter_of_runs_may_be_left_out(run_filter: Any) -> None:
    source = {"run_filter": run_filter, "run_metric_filter": {"threshold_filter": THRESHOLD}}

    assert compile_rule(METRIC, source).describe() == "RUN_METRIC: loss > 1"


def test_thresholds_are_read_in_their_older_place() -> None:
    source = {"run_filter": ANY_RUN, "metric_filter": json.dumps(THRESHOLD)}

    assert compile_rule(METRIC, source).describe() == "RUN_METRIC: loss > 1"


def test_the_newer_place_of_a_threshold_counts() -> None:
    source = {
        "run_metric_filter": {"threshold_filter": THRESHOLD},
        "metric_filter": json.dumps({**THRESHOLD, "threshold": 7}),
    }

    assert compile_rule(METRIC, source).describe() == "RUN_METRIC: loss > 1"


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ({"filter": '{"alias":"prod"}'}, '{"alias":"prod"}'),
        ({"filter": {"alias": "prod"}}, '{"alias": "prod"}'),
        ('{"alias":"prod"}', '{"alias":"prod"}'),
        ({"alias": "prod"}, '{"alias": "prod"}'),
    ],
)
def test_the_text_of_a_rule_has_no_wrapper(source: Any, text: str) -> None:
    assert compile_rule(ALIAS_ADDED, source).text == text


def test_rules_of_runs_and_of_unknown_events_keep_their_text() -> None:
    states = '{"run_state_filter": {"states": ["FAILED"]}}'
    metric = json.dumps({"run_metric_filter": {"threshold_filter": THRESHOLD}})

    assert compile_rule(STATE, states).text == states
    assert compile_rule(METRIC, metric).text == metric
    assert stored_rule(EventType.WEAVE_METRIC_THRESHOLD, "{}").text == "{}"


def test_paths_name_the_wrapper_and_labels_do_not() -> None:
    clause = compile_rule(ALIAS_ADDED, {"filter": '{"alias": "prod"}'}).explain({})

    assert (clause.path, clause.label) == ("filter.alias", "alias")


def test_fields_of_runs_go_by_their_own_names() -> None:
    runs = {"config.lr": {"$gt": 1}, "group": "a"}
    source = {"run_filter": runs, "run_state_filter": {"states": ["FAILED"]}}

    rule = compile_rule(STATE, source)

    assert rule.describe() == "RUN_STATE: FAILED where config.lr > 1 and group = 'a'"
    children = rule.explain({}).children
    assert [child.label for child in children] == ["config.lr", "group"]
    assert [child.path for child in children] == ["run_filter.config.lr", "run_filter.group"]


def test_run_states_are_those_to_wait_for() -> None:
    source = {"run_filter": ANY_RUN, "run_state_filter": {"states": ["FINISHED", "FAILED"]}}

    rule = compile_rule(STATE, source)

    assert rule.states == {"FAILED", "FINISHED"}
    assert rule.describe() == "RUN_STATE: FINISHED or FAILED"
    crashed = rule.explain_state("crashed")
    assert (crashed.held, crashed.path, crashed.asked) == (True, "state", "FINISHED or FAILED")
    assert (crashed.found, crashed.note) == ("crashed", "counts as FAILED")
    assert rule.explain_state("finished").note == ""
    assert not rule.explain_state("running")
    killed = rule.explain_state("killed")
    assert (killed.held, killed.note) == (False, "automations do not see this state")


def test_rules_of_other_events_are_not_asked_about_states() -> None:
    with pytest.raises(TypeError, match="ADD_ARTIFACT_ALIAS rules do not look at states"):
        compile_rule(ALIAS_ADDED, ALIAS_FILTER).explain_state("failed")


def test_equal_filters_are_compiled_once() -> None:
    text = json.dumps(ALIAS_FILTER)

    assert compile_rule(ALIAS_ADDED, text) is compile_rule(ALIAS_ADDED, ALIAS_FILTER)
    assert compile_rule(EventType.LINK_ARTIFACT, text) is not compile_rule(ALIAS_ADDED, text)
    assert compile_rule(ALIAS_ADDED, text, ignore_case=True) is not compile_rule(ALIAS_ADDED, text)


def test_regular_expressions_can_ignore_case() -> None:
    source = {"run_filter": {"name": {"$regex": "^A"}}, "run_state_filter": {"states": ["FAILED"]}}

    assert not compile_rule(STATE, source).run_filter.matches({"name": "abc"})
    assert compile_rule(STATE, source, ignore_case=True).run_filter.matches({"name": "abc"})


@pytest.mark.parametrize(
    ("event_type", "source", "path", "problem"),
    [
        (ALIAS_ADDED, "{", "", "not JSON: Expecting property name"),
        (ALIAS_ADDED, '{"alias": NaN}', "", "not JSON: NaN is not a JSON value"),
        (ALIAS_ADDED, {"alias": float("inf")}, "", "Infinity is not a JSON value"),
        (ALIAS_ADDED, {"alias": {1, 2}}, "", "not JSON: Object of type set"),
        (ALIAS_ADDED, "[" * 100_000, "", "nested too deeply"),
        (ALIAS_ADDED, "null", "", "expected an object, got null"),
        (ALIAS_ADDED, {"filter": "{"}, "filter", "not JSON"),
        (ALIAS_ADDED, {"tag": "eu"}, "tag", "unknown field 'tag' (known: alias)"),
        (ALIAS_ADDED, {"$or": [{"alias": {"$like": 1}}]}, "$or[0].alias.$like", "unknown operator"),
        (EventType.ADD_COLLECTION_TAG, {"alias": "x"}, "alias", "unknown field 'alias'"),
        (METRIC, [], "", "expected an object, got []"),
        (METRIC, {}, "run_metric_filter", "missing; RUN_METRIC events need its threshold_filter"),
        (METRIC, {"run_state_filter": {}}, "run_state_filter", "unknown member"),
        (METRIC, {"run_metric_filter": {}}, "run_metric_filter", "expected one of"),
        (
            METRIC,
            {"run_metric_filter": {"change_filter": CHANGE}},
            "run_metric_filter.change_filter",
            "RUN_METRIC events need a threshold_filter",
        ),
        (
            EventType.RUN_METRIC_CHANGE,
            {"run_metric_filter": {"threshold_filter": THRESHOLD}},
            "run_metric_filter.threshold_filter",
            "RUN_METRIC_CHANGE events need a change_filter",
        ),
        (
            EventType.RUN_METRIC_CHANGE,
            {"metric_filter": json.dumps(THRESHOLD)},
            "metric_filter",
            "holds thresholds, RUN_METRIC_CHANGE needs change_filter",
        ),
        (METRIC, {"metric_filter": "{}"}, "metric_filter.name", "missing"),
        (METRIC, {"metric_filter": "x"}, "metric_filter", "not JSON"),
        (
            METRIC,
            {"run_filter": '{"nmae": 1}', "run_metric_filter": {"threshold_filter": THRESHOLD}},
            "run_filter.nmae",
            "unknown field 'nmae'; did you mean 'name'?",
        ),
        (
            METRIC,
            {"run_filter": "oops", "run_metric_filter": {"threshold_filter": THRESHOLD}},
            "run_filter",
            "not JSON",
        ),
        *(
            (
                METRIC,
                {"run_metric_filter": {"threshold_filter": THRESHOLD}, "metric_filter": older},
                path,
                problem,
            )
            for older, path, problem in [
                ("oops", "metric_filter", "not JSON"),
                (1, "metric_filter", "expected an object, got 1"),
                ({**THRESHOLD, "cmp_op": "$like"}, "metric_filter.cmp_op", "expected $gt"),
            ]
        ),
        (
            EventType.RUN_METRIC_CHANGE,
            {"run_metric_filter": {"change_filter": CHANGE}, "metric_filter": "{}"},
            "metric_filter.name",
            "missing",
        ),
        (
            ALIAS_ADDED,
            '{"$or": [{"$and": [{"alias": {"$eq": "a", "$eq": "b"}}]}]}',
            "$or[0].$and[0].alias.$eq",
            "stands here twice; one of them would be lost",
        ),
        (
            ALIAS_ADDED,
            '{"$or": [{"alias": {"$eq": 1, "$eq": 2}}, 3]}',
            "$or[0].alias.$eq",
            "stands here twice; one of them would be lost",
        ),
        (
            ALIAS_ADDED,
            '{"alias": {"$eq": 1, "$eq": 2}, "alias": "c"}',
            "alias",
            "stands here twice; one of them would be lost",
        ),
        (
            ALIAS_ADDED,
            {"filter": '{"alias": "a", "alias": "b"}'},
            "filter.alias",
            "stands here twice; one of them would be lost",
        ),
        (
            METRIC,
            {"run_filter": '{"name": "a", "name": "b"}'},
            "run_metric_filter",
            "missing",
        ),
        (
            STATE,
            {
                "run_filter": '{"name": "a", "name": "b"}',
                "run_state_filter": {"states": ["FAILED"]},
            },
            "run_filter.name",
            "stands here twice; one of them would be lost",
        ),
        (ALIAS_ADDED, {"filter": {"tag": "eu"}}, "filter.tag", "unknown field 'tag'"),
        (STATE, {}, "run_state_filter", "missing; RUN_STATE events need its states"),
        (STATE, {"run_state_filter": 1}, "run_state_filter", "expected an object, got 1"),
        (
            STATE,
            {"run_state_filter": {"states": []}},
            "run_state_filter.states",
            "expected an array of states, got []",
        ),
        (
            STATE,
            {"run_state_filter": {}},
            "run_state_filter.states",
            "expected an array of states, got null",
        ),
        (
            STATE,
            {"run_state_filter": {"states": "FAILED"}},
            "run_state_filter.states",
            "expected an array of states, got 'FAILED'",
        ),
        (
            STATE,
            {"run_state_filter": {"states": ["FAILED", "CRASHED"]}},
            "run_state_filter.states[1]",
            "expected RUNNING, FINISHED or FAILED, got 'CRASHED'; FAILED covers it",
        ),
        (
            STATE,
            {"run_state_filter": {"states": ["FINISH"]}},
            "run_state_filter.states[0]",
            "; did you mean 'FINISHED'?",
        ),
        *(
            (
                STATE,
                {"run_state_filter": {"states": [state]}},
                "run_state_filter.states[0]",
                f"expected RUNNING, FINISHED or FAILED, got {got}",
            )
            for state, got in [
                ("KILLED", "'KILLED'; killed runs never fire automations"),
                ("killed", "'killed'; killed runs never fire automations"),
                ("failed", "'failed'; states are in upper case: 'FAILED'"),
                ("crashed", "'crashed'; FAILED covers it"),
                (1, "1"),
            ]
        ),
    ],
)
def test_malformed_filters_are_refused_with_their_path(
    event_type: EventType, source: Any, path: str, problem: str
) -> None:
    error = refusal(event_type, source)

    assert error.path == path
    assert problem in error.problem


def test_filters_of_weave_events_are_not_known() -> None:
    with pytest.raises(InvalidInput, match="WEAVE_METRIC_THRESHOLD events is not known"):
        compile_rule(EventType.WEAVE_METRIC_THRESHOLD, "{}")


def test_every_other_event_has_a_table_of_fields() -> None:
    assert set(FILTER_FIELDS) == set(EventType) - {EventType.WEAVE_METRIC_THRESHOLD}
    assert field_names(EventType.LINK_ARTIFACT) == ("alias", "tag")
    for table in FILTER_FIELDS.values():
        assert all(field.meaning and field.source for field in table)


@pytest.mark.parametrize("event_type", FILTER_FIELDS)
def test_every_field_of_the_table_may_be_used(event_type: EventType) -> None:
    for name in field_names(event_type):
        source: dict[str, Any] = {name.replace("*", "key"): "x"}
        if event_type is STATE:
            source = {"run_filter": source, "run_state_filter": {"states": ["FAILED"]}}
        elif event_type.value.startswith("RUN_"):
            kind, condition = {
                METRIC: ("threshold_filter", THRESHOLD),
                EventType.RUN_METRIC_CHANGE: ("change_filter", CHANGE),
                EventType.RUN_METRIC_ZSCORE: ("zscore_filter", ZSCORE),
            }[event_type]
            source = {"run_filter": source, "run_metric_filter": {kind: condition}}
        assert isinstance(compile_rule(event_type, source), Rule)


@pytest.mark.parametrize(
    ("other", "same"),
    [
        ({"$or": [{"$and": [{"alias": {"$eq": "prod"}}]}]}, True),
        (
            '{ "filter": "{ \\"$or\\":[{\\"$and\\":[{\\"alias\\":{\\"$eq\\":\\"prod\\"}}]}]}" }',
            True,
        ),
        ({"$or": [{"$and": [{"alias": {"$eq": "best"}}]}]}, False),
    ],
)
def test_rules_mean_the_same_however_they_are_written(other: Any, same: bool) -> None:
    assert compile_rule(ALIAS_ADDED, other).means(compile_rule(ALIAS_ADDED, ALIAS_FILTER)) is same


@pytest.mark.parametrize(
    "other",
    [
        {"run_metric_filter": {"threshold_filter": {**THRESHOLD, "threshold": 2}}},
        {"run_filter": {"tags": 1}, "run_metric_filter": {"threshold_filter": THRESHOLD}},
    ],
)
def test_rules_differ_by_metric_and_run_filter(other: Any) -> None:
    one = {"run_filter": {"tags": True}, "run_metric_filter": {"threshold_filter": THRESHOLD}}

    assert not compile_rule(METRIC, other).means(compile_rule(METRIC, one))


def test_rules_differ_by_case_and_states() -> None:
    def rule(*states: str, ignore_case: bool = False) -> Rule:
        source = {"run_filter": "{}", "run_state_filter": {"states": states}}
        return compile_rule(STATE, source, ignore_case=ignore_case)

    assert rule("FAILED", "FINISHED").means(rule("FINISHED", "FAILED"))
    assert not rule("FAILED").means(rule("FINISHED"))
    assert not rule("FAILED").means(rule("FAILED", ignore_case=True))

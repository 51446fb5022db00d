"""The vocabulary against its oracle: the installed wandb's own `wandb.automations`.

Both are given the same source text, which hypothesis makes up; they have to agree on the JSON that
goes over the wire, or on the exception.
"""

from __future__ import annotations

import json
import math
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

import pytest_wandb_automations.automations as kit
from pytest_wandb_automations.automations import inputs as kit_inputs
from pytest_wandb_automations.errors import InvalidInput

sdk = pytest.importorskip("wandb.automations")

import wandb.automations._inputs as sdk_inputs  # noqa: E402 -- only if wandb is installed
from wandb.apis import public  # noqa: E402
from wandb.automations._generated import AlertSeverity as SdkSeverity  # noqa: E402
from wandb.automations._generated import ProjectScopeFields, TriggerFields  # noqa: E402
from wandb.automations._run_state_filters import ReportedRunState as SdkState  # noqa: E402

# The SDK reads its own deprecated field whenever it makes an `OnRunMetric`; with warnings as errors
# it cannot make one.
pytestmark = pytest.mark.filterwarnings("ignore:deprecated:DeprecationWarning")

quick = settings(max_examples=60, deadline=None, derandomize=True, database=None)


class Thing:
    """Something that is none of the things that the vocabulary expects."""


def evaluate(text: str, vocabulary: Any) -> Any:
    """Evaluate source text with the names of one of the two vocabularies."""
    names = {name: getattr(vocabulary, name) for name in vocabulary.__all__}
    constants = {"nan": math.nan, "inf": math.inf, "Thing": Thing}
    return eval(text, {**constants, **names})


def created(text: str, vocabulary: Any, **kwargs: Any) -> dict[str, Any]:
    automation = evaluate(text, vocabulary)
    if vocabulary is sdk:
        return sdk_inputs.prepare_to_create(automation, **kwargs).model_dump()
    return kit_inputs.prepare_to_create(automation, **kwargs)


def updated(automation: Any, vocabulary: Any, **kwargs: Any) -> dict[str, Any]:
    if vocabulary is sdk:
        return sdk_inputs.prepare_to_update(automation, **kwargs).model_dump()
    return kit_inputs.prepare_to_update(automation, **kwargs)


def json_of(value: Any) -> Any:
    if hasattr(value, "model_dump"):
        return value.model_dump()
    return value if value is None or isinstance(value, (bool, str, dict)) else repr(value)


def outcome(action: Any) -> Any:
    """Return what an action gives, or the class of what it raises."""
    try:
        return json_of(action())
    except InvalidInput:
        # A `ValueError` with a message of the kit's own, where the SDK raises pydantic's.
        return ValidationError
    except Exception as error:  # noqa: BLE001 -- whichever class it is, the other one has to raise it
        return type(error)


# --- Source text ---------------------------------------------------------------------------------

words = st.sampled_from(["prod", "best", "v1", "", "^prod.*$", "ünï ✓", '"quoted"', "a'b", "$x"])
numbers = st.one_of(
    st.integers(-(2**40), 2**40), st.floats(allow_nan=False, allow_infinity=False, width=32)
)
scalars = st.one_of(words, numbers, st.booleans())
oddities = st.sampled_from(
    [
        "None",
        "nan",
        "inf",
        "-inf",
        "0",
        "0.0",
        "-1",
        "True",
        "False",
        "'3'",
        "b'3'",
        "[]",
        "['a']",
        "{}",
        "()",
        "(1, 2)",
        "{'a'}",
        "Thing()",
        "1 + 2j",
        "[None]",
        "EventType.RUN_STATE",
        "int",
    ]
)
symbols = st.sampled_from(["==", "!=", "<", ">", "<=", ">="])


def fields(names: list[str]) -> st.SearchStrategy[str]:
    return st.sampled_from(names)


ARTIFACT = ["ArtifactEvent.alias", "ArtifactEvent.tag"]
RUN = ["RunEvent.name"]


def comparisons(names: list[str]) -> st.SearchStrategy[str]:
    field, texts = fields(names), words.map(repr)
    values = scalars.map(repr)
    several = st.lists(scalars, max_size=3).map(repr)
    return st.one_of(
        st.builds("({} {} {})".format, field, symbols, values),
        st.builds("{}.{}({})".format, field, st.sampled_from(["eq", "ne", "lt", "gte"]), values),
        st.builds("{}.{}({})".format, field, st.sampled_from(["in_", "not_in", "eq"]), several),
        st.builds("{}.{}({})".format, field, st.sampled_from(["contains", "matches_regex"]), texts),
        st.builds("{}.exists({})".format, field, st.sampled_from(["", "True", "False"])),
    )


def expressions(names: list[str]) -> st.SearchStrategy[str]:
    return st.recursive(
        comparisons(names),
        lambda inner: st.one_of(
            st.builds("({} & {})".format, inner, inner),
            st.builds("({} | {})".format, inner, inner),
            st.builds("(~{})".format, inner),
        ),
        max_leaves=6,
    )


operators = st.sampled_from(
    [
        "$and",
        "$or",
        "$nor",
        "$not",
        "$lt",
        "$gt",
        "$lte",
        "$gte",
        "$eq",
        "$ne",
        "$in",
        "$nin",
        "$exists",
        "$regex",
        "$contains",
        "$size",
        "$all",
        "$like",
        "alias",
        "tag",
    ]
)
mongo = st.recursive(
    st.one_of(scalars, st.none(), st.lists(scalars, max_size=2), st.just({})),
    lambda inner: st.one_of(
        st.dictionaries(operators, inner, max_size=2),
        st.builds(
            lambda op, items: {op: items},
            st.sampled_from(["$and", "$or", "$nor", "$in"]),
            st.lists(inner, max_size=2),
        ),
    ),
    max_leaves=6,
)

windows = st.integers(1, 1000)
amounts = st.one_of(st.integers(1, 10**6), st.floats(1e-6, 1e6))
operands = st.one_of(
    st.builds("RunEvent.metric({!r})".format, words),
    st.builds(
        "RunEvent.metric({!r}).{}({})".format,
        words,
        st.sampled_from(["avg", "mean", "min", "max"]),
        windows,
    ),
)
thresholds = st.one_of(
    st.builds("({} {} {!r})".format, operands, st.sampled_from(["<", ">", "<=", ">="]), numbers),
    st.builds("{}.{}({!r})".format, operands, st.sampled_from(["lt", "gt", "lte", "gte"]), numbers),
)
changes = st.builds(
    "{}.{}_by({}={!r})".format,
    operands,
    st.sampled_from(["changes", "increases", "decreases"]),
    st.sampled_from(["frac", "diff"]),
    amounts,
)
zscores = st.builds(
    lambda name, window, form, amount: form.format(
        f"RunEvent.metric({name!r}).zscore({window})", amount
    ),
    words,
    windows,
    st.sampled_from(
        [
            "({} > {!r})",
            "({} >= {!r})",
            "({} < -{!r})",
            "({} <= -{!r})",
            "{}.gt({!r})",
            "{}.lt(-{!r})",
            "(abs({}) > {!r})",
            "{}.abs().gt({!r})",
        ]
    ),
    amounts,
)
states = st.one_of(
    st.builds(
        "(RunEvent.state == {!r})".format, st.sampled_from(["running", "Failed", "FINISHED"])
    ),
    st.builds(
        "RunEvent.state.in_({!r})".format,
        st.lists(st.sampled_from(["running", "Failed", "FINISHED"]), max_size=4),
    ),
)


def with_run_filter(conditions: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        conditions,
        st.builds("({} & {})".format, conditions, expressions(RUN)),
        st.builds("({} & {})".format, expressions(RUN), conditions),
    )


collection_scopes = [
    "{'__typename': 'ArtifactSequence', 'id': 'c1', 'name': 'weights'}",
    "{'typename__': 'ArtifactPortfolio', 'id': 'c2', 'name': 'prod-models'}",
]
run_scopes = [
    "ProjectScope(id='p1', name='llm')",
    "TeamScope(id='e1', name='acme')",
    "OrgScope(id='e2', name='acme-corp')",
]
artifact_scopes = [
    *collection_scopes,
    *run_scopes,
    "RegistryScope(id='p2', name='wandb-registry-model')",
    "RegistryScope(id='p2', full_name='wandb-registry-model')",
]
artifact_events = [
    "OnLinkArtifact",
    "OnUnlinkArtifact",
    "OnAddArtifactAlias",
    "OnAddArtifactTag",
    "OnRemoveArtifactTag",
    "OnAddCollectionTag",
    "OnRemoveCollectionTag",
]

events = st.one_of(
    st.builds(
        "{}(scope={}, filter={})".format,
        st.sampled_from(artifact_events),
        st.sampled_from(artifact_scopes),
        expressions(ARTIFACT),
    ),
    st.builds("{}(scope={})".format, *map(st.sampled_from, (artifact_events, artifact_scopes))),
    st.builds(
        "OnCreateArtifact(scope={}, filter={})".format,
        st.sampled_from(collection_scopes),
        expressions(ARTIFACT),
    ),
    st.builds(
        "OnRunMetric(scope={}, filter={})".format,
        st.sampled_from(run_scopes),
        with_run_filter(st.one_of(thresholds, changes, zscores)),
    ),
    st.builds(
        "OnRunState(scope={}, filter={})".format,
        st.sampled_from(run_scopes),
        with_run_filter(states),
    ),
)
payloads = st.one_of(
    st.none(), st.dictionaries(words, st.one_of(scalars, st.none(), st.lists(scalars, max_size=2)))
)
hook = "WebhookIntegration(id='i1', name='deploy', url_endpoint='https://deploy.test')"
slack = "SlackIntegration(id='i2', team_name='Acme', channel_name='#alerts')"
actions = st.one_of(
    st.just("DoNothing()"),
    st.builds("SendPromptToAria(prompt={!r})".format, words.filter(bool)),
    st.builds(f"SendWebhook.from_integration({hook}, payload={{!r}})".format, payloads),
    st.builds("SendWebhook(integration_id='i1', request_payload={!r})".format, payloads),
    st.builds(
        f"SendNotification.from_integration({slack}, title={{!r}}, text={{!r}}, "
        "level={!r})".format,
        words,
        words,
        st.sampled_from(["INFO", "warn", " Error "]),
    ),
    st.builds("SendNotification(integration_id='i2', message={!r})".format, words),
)
automations = st.builds("{} {} {}".format, events, st.just(">>"), actions)


# --- New automations -----------------------------------------------------------------------------


def test_the_vocabulary_has_the_names_of_the_sdk():
    assert set(sdk.__all__) <= set(kit.__all__)
    assert set(kit.__all__) - set(sdk.__all__) == {"AlertSeverity"}


@pytest.mark.parametrize("name", ["EventType", "ActionType", "ScopeType"])
def test_an_enum_has_the_members_of_the_sdk(name: str):
    theirs = {key: member.value for key, member in getattr(sdk, name).__members__.items()}
    ours = {key: member.value for key, member in getattr(kit, name).__members__.items()}
    ours.pop("WEAVE_METRIC_THRESHOLD", None)
    assert list(ours.items()) == list(theirs.items())


def test_severities_are_those_of_the_sdk():
    assert list(kit.AlertSeverity.__members__) == list(SdkSeverity.__members__)


@pytest.mark.parametrize("event", [*artifact_events, "OnCreateArtifact"])
@pytest.mark.parametrize("scope", artifact_scopes)
def test_each_artifact_event_in_each_scope_is_sent_or_refused_like_the_sdks(event: str, scope: str):
    for filter_ in ("", "filter=ArtifactEvent.alias == 'a'"):
        for action in ("DoNothing()", f"SendNotification.from_integration({slack})"):
            text = f"{event}(scope={scope}, {filter_}) >> {action}"
            theirs = outcome(partial(created, text, sdk, name="n"))
            assert outcome(partial(created, text, kit, name="n")) == theirs


@pytest.mark.parametrize("scope", artifact_scopes)
@pytest.mark.parametrize(
    "event",
    [
        "OnRunMetric(scope={}, filter=RunEvent.metric('loss').avg(5) > 3)",
        "OnRunMetric(scope={}, filter=RunEvent.metric('loss').changes_by(frac=0.5))",
        "OnRunMetric(scope={}, filter=RunEvent.metric('loss').zscore(9) < -2)",
        "OnRunState(scope={}, filter=RunEvent.state.eq('crashed') & RunEvent.name.contains('x'))",
        "OnRunState(scope={}, filter=RunEvent.state == 'finished')",
    ],
)
def test_each_run_event_in_each_scope_is_sent_or_refused_like_the_sdks(event: str, scope: str):
    text = f"{event.format(scope)} >> DoNothing()"
    theirs = outcome(lambda: created(text, sdk, name="n"))
    ours = outcome(lambda: created(text, kit, name="n"))
    assert ours == theirs


@quick
@given(
    automations,
    st.fixed_dictionaries({}, optional={"description": words, "enabled": st.booleans()}),
)
def test_a_new_automation_is_sent_as_the_sdk_sends_it(text: str, kwargs: dict[str, Any]):
    assert created(text, kit, name="n", **kwargs) == created(text, sdk, name="n", **kwargs)


@quick
@given(automations)
def test_a_new_automation_reads_the_other_ones_json(text: str):
    ours, theirs = evaluate(text, kit), evaluate(text, sdk)
    assert ours.model_dump() == theirs.model_dump()
    assert json.loads(ours.model_dump_json()) == json.loads(theirs.model_dump_json())
    assert sdk.NewAutomation.model_validate(ours.model_dump()) == theirs
    assert kit.NewAutomation.model_validate(theirs.model_dump()) == ours


@quick
@given(automations)
def test_an_sdk_automation_is_accepted_as_it_is_and_in_parts(text: str):
    theirs = evaluate(text, sdk)
    expected = sdk_inputs.prepare_to_create(theirs, name="n").model_dump()
    ours = kit.NewAutomation.model_validate(theirs)
    assert kit_inputs.prepare_to_create(theirs, name="n") == expected
    assert kit_inputs.prepare_to_create(ours, name="n") == expected
    parts = {"event": theirs.event, "action": theirs.action}
    assert kit_inputs.prepare_to_create(name="n", **parts) == expected
    assert kit_inputs.prepare_to_create(ours.event >> theirs.action, name="n") == expected
    assert kit_inputs.prepare_to_create(ours, name="n", **parts) == expected


@pytest.mark.parametrize(
    "kwargs",
    [
        {},
        {"name": "n" * 255},
        {"name": "n" * 256},
        {"name": 3},
        {"name": "n", "enabled": None},
        {"name": "n", "enabled": "yes"},
        {"name": "n", "description": None},
        {"name": "n", "event": None},
        {"name": "n", "action": {"action_type": "QUEUE_JOB"}},
        {"name": "n", "scope": {"__typename": "Project", "id": "p", "name": "n"}},
        {"name": "n", "unknown": 1},
    ],
)
def test_arguments_of_a_new_automation_are_taken_or_refused_like_the_sdks(kwargs: dict[str, Any]):
    text = "OnLinkArtifact(scope=ProjectScope(id='p', name='n')) >> DoNothing()"
    theirs = outcome(lambda: created(text, sdk, **kwargs))
    assert outcome(lambda: created(text, kit, **kwargs)) == theirs


@pytest.mark.parametrize("event_type", ["CREATE_ARTIFACT", "RUN_STATE", "RUN_METRIC", "nothing"])
@pytest.mark.parametrize("metric", ["m < 1", "no metric"])
def test_an_event_given_as_json_is_of_the_type_that_it_names_or_refused_like_the_sdks(
    event_type: str, metric: str
):
    scope = evaluate("ProjectScope(id='p', name='n')", kit).model_dump()
    filter_ = {"name": "m", "cmp_op": "$lt", "threshold": 1} if metric == "m < 1" else {}
    event = {"event_type": event_type, "scope": scope, "filter": filter_}
    text = f"NewAutomation(event={event!r})"
    theirs = outcome(lambda: evaluate(text, sdk))
    assert outcome(lambda: evaluate(text, kit)) == theirs


# --- Filters -------------------------------------------------------------------------------------


@quick
@given(expressions([*ARTIFACT, *RUN]))
def test_a_filter_expression_has_the_sdks_json_and_text(text: str):
    ours, theirs = evaluate(text, kit), evaluate(text, sdk)
    assert ours.model_dump() == theirs.model_dump()
    assert repr(ours) == repr(theirs)
    # Simplified on the event, not before.
    event = f"OnLinkArtifact(scope=ProjectScope(id='p', name='n'), filter={text})"
    assert evaluate(event, kit).filter.model_dump() == evaluate(event, sdk).filter.model_dump()


def has_opaque_operands(value: Any) -> bool:
    """Whether a logical operator has an operand that could not be parsed."""
    operands = getattr(value, "exprs", (getattr(value, "expr", None),))
    return any(isinstance(operand, dict) or has_opaque_operands(operand) for operand in operands)


@settings(quick, max_examples=250)
@given(mongo)
def test_a_filter_given_as_json_is_understood_or_refused_as_by_the_sdk(raw: Any):
    event = "OnAddArtifactAlias(scope=ProjectScope(id='p', name='n'), filter={!r}).filter"
    either = f"(ArtifactEvent.tag == 't') | {raw!r}"
    for text in (event.format(raw), event.format(json.dumps(raw)), either):
        ours, theirs = (outcome(partial(evaluate, text, vocabulary)) for vocabulary in (kit, sdk))
        assert ours == theirs or has_opaque_operands(evaluate(text, kit))


def test_around_what_the_sdk_cannot_parse_we_keep_the_operator_that_it_replaces():
    text = "OnAddArtifactAlias(scope=ProjectScope(id='p', name='n'), filter={}).filter"
    raw = {"$or": [{"$like": "a"}, {"$like": "b"}]}
    assert evaluate(text.format(raw), kit).model_dump() == {"$or": [{"$and": [raw]}]}
    theirs = evaluate(text.format(raw), sdk).model_dump()
    assert theirs == {"$or": [{"$and": [{"$and": [{"$like": "a"}, {"$like": "b"}]}]}]}


@quick
@given(expressions(ARTIFACT), expressions(ARTIFACT))
def test_a_filter_of_the_sdk_combines_with_ours(left: str, right: str):
    ours, theirs = evaluate(left, kit), evaluate(right, sdk)
    assert (ours & theirs).model_dump() == evaluate(f"{left} & {right}", sdk).model_dump()
    assert (theirs & ours).model_dump() == evaluate(f"{right} & {left}", sdk).model_dump()
    assert (ours | theirs).model_dump() == evaluate(f"{left} | {right}", sdk).model_dump()


@quick
@given(st.one_of(thresholds, changes, zscores, states), expressions(RUN))
def test_a_run_condition_of_the_sdk_combines_with_ours(condition: str, run: str):
    expected = evaluate(f"{condition} & {run}", sdk).model_dump()
    assert (evaluate(condition, kit) & evaluate(run, sdk)).model_dump() == expected
    assert (evaluate(condition, sdk) & evaluate(run, kit)).model_dump() == expected
    assert (evaluate(run, kit) & evaluate(condition, sdk)).model_dump() == expected
    assert (evaluate(run, sdk) & evaluate(condition, kit)).model_dump() == expected


@pytest.mark.parametrize(
    "ours", ["ArtifactEvent.tag == 't'", "(ArtifactEvent.tag == 't') & (ArtifactEvent.tag == 'u')"]
)
def test_the_sdk_refuses_our_filter_behind_its_or_instead_of_losing_it(ours: str):
    with pytest.raises(ValidationError):
        evaluate("ArtifactEvent.alias == 'a'", sdk) | evaluate(ours, kit)


@quick
@given(st.one_of(thresholds, changes, zscores))
def test_a_metric_condition_has_the_sdks_json_and_text(text: str):
    ours, theirs = evaluate(text, kit), evaluate(text, sdk)
    assert ours.model_dump() == theirs.model_dump()
    assert dict(ours) == dict(theirs) or ours.model_dump_json() == theirs.model_dump_json()
    assert repr(ours) == repr(theirs)


# --- Wrong input ---------------------------------------------------------------------------------

WRONG = [
    "RunEvent.metric('m') > {}",
    "RunEvent.metric('m') <= {}",
    "{} < RunEvent.metric('m')",
    "RunEvent.metric('m').gte({})",
    "RunEvent.metric('m') == {}",
    "RunEvent.metric('m').avg(3).lt({})",
    "RunEvent.metric('m').avg({})",
    "RunEvent.metric('m').max({}) > 3",
    "RunEvent.metric({})",
    "RunEvent.metric('m').zscore({})",
    "RunEvent.metric('m').zscore(3) > {}",
    "RunEvent.metric('m').zscore(3) <= {}",
    "abs(RunEvent.metric('m').zscore(3)) > {}",
    "abs(RunEvent.metric('m').zscore(3)) < {}",
    "RunEvent.metric('m').changes_by(diff={})",
    "RunEvent.metric('m').changes_by(frac={})",
    "RunEvent.metric('m').increases_by(diff={0}, frac={0})",
    "RunEvent.metric('m').increases_by(diff=1, frac={})",
    "RunEvent.metric('m').decreases_by(diff={}, frac=None)",
    "RunEvent.metric('m').changes_by({})",
    "MetricThresholdFilter(name='m', cmp={}, threshold=1)",
    "MetricThresholdFilter(name='m', cmp=' >= ', threshold={})",
    "MetricThresholdFilter(name='m', agg={}, cmp='$gt', threshold=1)",
    "MetricThresholdFilter(name='m', agg_op='average', window_size={}, cmp_op='<', threshold=1)",
    "MetricChangeFilter(name='m', change_type='abs', change_dir='inc', threshold={})",
    "MetricChangeFilter(name='m', change_type='RELATIVE', change_dir='any', threshold={})",
    "MetricChangeFilter(name='m', change_type={0}, change_dir={0}, threshold=1)",
    "MetricChangeFilter(name='m', change_type='abs', change_dir='any', threshold=1, window={})",
    "MetricChangeFilter(name='m', change_type='abs', change_dir='any', threshold=1, agg={})",
    "MetricZScoreFilter(name='m', window={})",
    "MetricZScoreFilter(name='m', threshold={})",
    "MetricZScoreFilter(name='m', extra={})",
    "RunEvent.state == {}",
    "RunEvent.state != {}",
    "RunEvent.state.eq({})",
    "RunEvent.state.in_({})",
    "RunEvent.state.eq('failed') & {}",
    "RunStateFilter(state={})",
    "RunStateFilter(state=RunEvent.state.eq('failed'), run={})",
    "RunStateFilter(run_state_filter={{'states': {}}})",
    "ArtifactEvent.alias == {}",
    "ArtifactEvent.alias != {}",
    "ArtifactEvent.alias < {}",
    "ArtifactEvent.alias >= {}",
    "ArtifactEvent.alias.in_({})",
    "ArtifactEvent.alias.not_in({})",
    "ArtifactEvent.alias.contains({})",
    "ArtifactEvent.alias.matches_regex({})",
    "ArtifactEvent.alias.exists({})",
    "ArtifactEvent.alias.eq('a') & {}",
    "ArtifactEvent.alias.eq('a') | {}",
    "{} & ArtifactEvent.alias.eq('a')",
    "{} | ArtifactEvent.alias.eq('a')",
    "RunEvent.metric('m').gt(3) & {}",
    "{} & RunEvent.metric('m').gt(3)",
    "OnLinkArtifact(scope={})",
    "OnLinkArtifact(scope=ProjectScope(id={}, name='n'))",
    "OnLinkArtifact(scope=ProjectScope(id='p', name='n'), filter={})",
    "OnRunMetric(scope=ProjectScope(id='p', name='n'), filter={})",
    "OnRunMetric(scope={}, filter=RunEvent.metric('m').gt(3))",
    "OnRunMetric(scope=ProjectScope(id='p', name='n'), filter=RunEvent.metric('m').gt(3) & {})",
    "OnRunState(scope=ProjectScope(id='p', name='n'), filter={})",
    "OnLinkArtifact(scope=ProjectScope(id='p', name='n')) >> {}",
    "OnLinkArtifact(scope=ProjectScope(id='p', name='n')).then({})",
    "NewAutomation(name={})",
    "NewAutomation(event={})",
    "NewAutomation(action={})",
    "NewAutomation(enabled={})",
    "NewAutomation(scope={})",
    "setattr(NewAutomation(), 'scope', {})",
    "setattr(OnLinkArtifact(scope=ProjectScope(id='p', name='n')) >> DoNothing(), 'scope', {})",
    "setattr(OnLinkArtifact(scope=ProjectScope(id='p', name='n')), 'filter', {})",
    "setattr(ProjectScope(id='p', name='n'), 'name', {})",
    "setattr(DoNothing(), 'no_op', {})",
    "SendNotification(integration_id={})",
    "SendNotification(integration_id='i', title={})",
    "SendNotification(integration_id='i', text={})",
    "SendNotification(integration_id='i', level={})",
    "SendNotification.from_integration({})",
    "SendWebhook(integration_id='i', request_payload={})",
    "SendWebhook(integration_id='i', requestPayload={})",
    "SendWebhook.from_integration({})",
    "DoNothing(no_op={})",
    "SendPromptToAria(prompt={})",
    "SlackIntegration(id={}, team_name='t', channel_name='c')",
    "WebhookIntegration(id='i', name='n', url_endpoint={})",
    "TeamScope(id='i', name='n', entity_type={})",
    "ProjectScope(id='i', name='n', is_registry={})",
    "RegistryScope(id='i', name='n', full_name={})",
    "EventType({})",
    "ScopeType({})",
]
VALUES = [
    "None",
    "nan",
    "inf",
    "-inf",
    "0",
    "0.0",
    "-1",
    "1",
    "1.5",
    "True",
    "False",
    "'x'",
    "''",
    "'3'",
    "'failed'",
    "'warn'",
    "b'3'",
    "[]",
    "['failed']",
    "{}",
    "(1,2)",
    "{'a'}",
    "Thing()",
    "[None]",
    "int",
    "'{}'",
    "'[]'",
    "'run_state'",
    "'crashed'",
    "['CRASHED','failed']",
    "'abs'",
    "RunEvent",
    "RunEvent.name",
    "RunEvent.state",
    "RunEvent.metric('l')",
    "RunEvent.metric('l').gt(3)",
    "'>'",
    "ArtifactEvent.alias",
    "RunEvent.state.eq('failed')",
    "RunEvent.name.contains('x')",
    "DoNothing()",
    "RunEvent.metric('l').zscore(3)",
    "RunEvent.metric('l').changes_by(diff=1)",
    "EventType.RUN_STATE",
    "{'__typename':'Entity','id':'i','name':'n','entityType':'user'}",
    "{'name':'l'}",
    "{'states':[]}",
    "{'__typename':'Entity','id':'i','name':'n','entityType':'team'}",
    "{'alias':'a','tag':'b'}",
    "{'filter':{'$or':[]}}",
    "{'action_type':'NO_OP'}",
    "{'$or':'broken'}",
    "{'alias':{'$eq':None}}",
]


@pytest.mark.parametrize("form", WRONG)
def test_wrong_input_is_taken_or_refused_like_the_sdk_does(form: str):
    for value in VALUES:
        text = form.format(value)
        assert outcome(partial(evaluate, text, kit)) == outcome(partial(evaluate, text, sdk)), text


@settings(quick, max_examples=300)
@given(st.sampled_from(WRONG), st.one_of(scalars.map(repr), oddities, mongo.map(repr)))
def test_made_up_wrong_input_is_taken_or_refused_like_the_sdk_does(form: str, value: str):
    text = form.format(value)
    theirs = outcome(lambda: evaluate(text, sdk))
    assert outcome(lambda: evaluate(text, kit)) == theirs


@pytest.mark.parametrize("prompt", ["x" * 4000, "x" * 4001, "é" * 2001, "  ", " ok "])
def test_a_prompt_is_measured_as_by_the_sdk(prompt: str):
    theirs = outcome(lambda: sdk.SendPromptToAria(prompt=prompt))
    assert outcome(lambda: kit.SendPromptToAria(prompt=prompt)) == theirs


# --- Saved automations ---------------------------------------------------------------------------


def trigger(text: str, **fields: Any) -> dict[str, Any]:
    """Make the answer of a backend that has saved an automation; as GraphQL's TriggerFields."""
    automation = evaluate(text, sdk)
    sent = sdk_inputs.prepare_to_create(automation, name="n").model_dump()
    event_filter = sent["eventFilter"]
    if not sent["triggeringEventType"].startswith("RUN"):
        event_filter = json.dumps({"filter": event_filter})
    scope = automation.event.scope.model_dump(include={"typename__", "id", "name", "entity_type"})
    ((kind, config),) = sent["triggeredActionConfig"].items()
    slack_fields = {"__typename": "SlackIntegration", "teamName": "T", "channelName": "C"}
    hook_fields = {"__typename": "GenericWebhookIntegration", "name": "N", "urlEndpoint": "U"}
    action = {
        "noOpActionInput": {"__typename": "NoOpTriggeredAction", "noOp": True},
        "ariaActionInput": {"__typename": "ARIATriggeredAction", "prompt": config.get("prompt")},
        "notificationActionInput": {
            "__typename": "NotificationTriggeredAction",
            "integration": {**slack_fields, "id": config.get("integrationID")},
            "title": config.get("title") or None,
            "message": config.get("message"),
            "severity": config.get("severity"),
        },
        "genericWebhookActionInput": {
            "__typename": "GenericWebhookTriggeredAction",
            "integration": {**hook_fields, "id": config.get("integrationID")},
            "requestPayload": config.get("requestPayload"),
        },
    }[kind]
    return {
        "__typename": "Trigger",
        "id": "t1",
        "createdAt": "2026-01-02T03:04:05Z",
        "updatedAt": None,
        "name": "n",
        "description": "d",
        "enabled": True,
        "scope": scope,
        "event": {
            "__typename": "FilterEventTriggeringCondition",
            "eventType": sent["triggeringEventType"],
            "filter": event_filter,
        },
        "action": action,
        **fields,
    }


def saved(text: str) -> tuple[kit.Automation, Any]:
    """Parse such an answer with both vocabularies."""
    answer = trigger(text)
    fragment = TriggerFields.model_validate(answer)
    ours, theirs = kit.Automation.model_validate(answer), sdk.Automation.model_validate(fragment)
    assert kit.Automation.model_validate(fragment) == ours
    return ours, theirs


@quick
@given(automations)
def test_a_saved_automation_is_read_and_updated_as_by_the_sdk(text: str):
    ours, theirs = saved(text)
    assert ours.model_dump() == theirs.model_dump()
    assert updated(ours, kit) == updated(theirs, sdk)
    assert updated(theirs, kit) == updated(theirs, sdk)
    assert kit.Automation.model_validate(theirs) == ours
    assert kit.Automation.model_validate(theirs.model_dump()) == ours
    assert sdk.Automation.model_validate(ours.model_dump()) == theirs
    assert ours.created_at == theirs.created_at


edits = st.one_of(
    st.tuples(st.just("name"), words.map(repr)),
    st.tuples(st.just("description"), st.one_of(words.map(repr), st.just("None"))),
    st.tuples(st.just("enabled"), st.sampled_from(["True", "False"])),
    st.tuples(st.just("event"), events),
    st.tuples(st.just("action"), actions),
    st.tuples(st.just("scope"), st.sampled_from(artifact_scopes[2:])),
)
wrong_edits = st.tuples(
    st.sampled_from(["id", "name", "description", "enabled", "event", "action", "scope"])
    | st.sampled_from(["created_at", "unknown"]),
    oddities,
)


@settings(quick, max_examples=100)
@given(automations, st.one_of(edits, wrong_edits))
def test_an_edit_is_sent_or_refused_as_by_the_sdk(text: str, edit: tuple[str, str]):
    name, value = edit
    ours, theirs = saved(text)

    def edited(automation: Any, vocabulary: Any, values: Any) -> dict[str, Any]:
        setattr(automation, name, evaluate(value, values))
        return updated(automation, vocabulary)

    expected = outcome(lambda: edited(theirs, sdk, sdk))
    assert outcome(lambda: edited(ours, kit, kit)) == expected
    ours, theirs = saved(text)
    assert outcome(lambda: edited(ours, kit, sdk)) == expected


@settings(quick, max_examples=100)
@given(automations, st.one_of(edits, wrong_edits))
def test_an_argument_of_an_update_is_sent_or_refused_as_by_the_sdk(
    text: str, edit: tuple[str, str]
):
    name, value = edit
    ours, theirs = saved(text)
    expected = outcome(lambda: updated(theirs, sdk, **{name: evaluate(value, sdk)}))
    assert outcome(lambda: updated(ours, kit, **{name: evaluate(value, kit)})) == expected
    assert outcome(lambda: updated(theirs, kit, **{name: evaluate(value, sdk)})) == expected
    assert outcome(lambda: updated(ours, kit, **{name: evaluate(value, sdk)})) == expected


def test_what_the_sdk_can_read_but_not_assign_is_treated_alike():
    text = "OnLinkArtifact(scope=ProjectScope(id='p', name='n')) >> DoNothing()"
    queue = {"id": "q", "name": "Q"}
    job = {"__typename": "QueueJobTriggeredAction", "queue": queue, "template": "{}"}
    event = {**trigger(text)["event"], "eventType": "UPDATE_ARTIFACT_ALIAS"}
    for answer in (trigger(text, action=job), trigger(text, event=event)):
        theirs = sdk.Automation.model_validate(TriggerFields.model_validate(answer))
        ours = kit.Automation.model_validate(answer)
        assert ours.model_dump() == theirs.model_dump()
        assert kit.Automation.model_validate(theirs) == ours
        for automation in (ours, theirs):
            with pytest.raises(ValueError, match="cannot be assigned"):
                updated(automation, kit, enabled=False)
        for automation in (ours, theirs):
            parts = {"event": automation.event, "action": automation.action}
            with pytest.raises(ValidationError):
                kit_inputs.prepare_to_create(name="n", **parts)


def test_an_automation_that_both_read_can_carry_the_legacy_metric_filter():
    text = (
        "OnRunMetric(scope=ProjectScope(id='p', name='n'), filter=RunEvent.metric('m').gt(3))"
        " >> DoNothing()"
    )
    answer = trigger(text)
    event_filter = json.loads(answer["event"]["filter"])
    condition = event_filter["run_metric_filter"]["threshold_filter"]
    event_filter["metric_filter"] = json.dumps(condition)
    answer["event"]["filter"] = json.dumps(event_filter)
    ours = kit.Automation.model_validate(answer)
    theirs = sdk.Automation.model_validate(TriggerFields.model_validate(answer))
    assert updated(ours, kit) == updated(theirs, sdk) == updated(theirs, kit)
    with pytest.warns(DeprecationWarning, match="deprecated"):
        assert ours.event.filter.legacy_metric_filter.threshold == 3


# --- Objects of the SDK --------------------------------------------------------------------------


def without_init(cls: type[Any], **attributes: Any) -> Any:
    """Make an object of the SDK's public API as if it had been fetched."""
    made = object.__new__(cls)
    for name, value in attributes.items():
        object.__setattr__(made, name, value)
    return made


def public_objects() -> dict[str, Any]:
    entity = {"id": "e1", "name": "acme", "entityType": "team"}
    org_entity = public.organizations._OrgEntity(id="o1", name="acme-org")
    current = SimpleNamespace(id="c1", name="weights")
    registry = SimpleNamespace(id="r1", name="model", full_name="wandb-registry-model")
    sequence, portfolio = SimpleNamespace(is_sequence=True), SimpleNamespace(is_sequence=False)
    return {
        "project": public.Project(None, "acme", "llm", {"id": "p1", "name": "llm"}),
        "registry project": public.Project(None, "acme", "wandb-registry-x", {"id": "p1"}),
        "registry": without_init(public.Registry, _current=registry),
        "sequence": without_init(public.ArtifactCollection, _current=current, _saved=sequence),
        "portfolio": without_init(public.ArtifactCollection, _current=current, _saved=portfolio),
        "team": without_init(public.Team, _attrs=entity, name="acme"),
        "organization": without_init(public.Organization, id="x", org_entity=org_entity),
        "member": without_init(public.Member, _attrs={"id": "x", "name": "n"}),
        "project fields": ProjectScopeFields(id="p1", name="wandb-registry-x"),
    }


@pytest.mark.parametrize("name", public_objects())
@pytest.mark.parametrize(
    "event",
    [
        "OnLinkArtifact(scope=project)",
        "OnCreateArtifact(scope=project)",
        "OnRunState(scope=project, filter=RunEvent.state.eq('failed'))",
    ],
)
def test_a_thing_of_the_sdks_public_api_is_a_scope_as_it_is_for_the_sdk(event: str, name: str):
    project = public_objects()[name]

    def built(vocabulary: Any) -> Any:
        return eval(
            event, {n: getattr(vocabulary, n) for n in vocabulary.__all__}, {"project": project}
        )

    expected = outcome(lambda: built(sdk))
    assert outcome(lambda: built(kit)) == expected
    if name != "member":
        ours, theirs = saved("OnLinkArtifact(scope=ProjectScope(id='p', name='n')) >> DoNothing()")
        assert updated(ours, kit, scope=project) == updated(theirs, sdk, scope=project)


def test_an_integration_of_the_sdk_is_accepted():
    webhook, channel = evaluate(hook, sdk), evaluate(slack, sdk)
    assert kit.SendWebhook.from_integration(webhook).integration_id == "i1"
    assert kit.SendNotification.from_integration(channel).integration_id == "i2"
    assert kit.WebhookIntegration.model_validate(webhook) == evaluate(hook, kit)
    assert evaluate(hook, kit).model_dump() == webhook.model_dump()
    assert evaluate(slack, kit).model_dump() == channel.model_dump()


def test_enum_members_of_the_sdk_are_accepted():
    assert (kit.RunEvent.state == SdkState.FAILED).states == [
        *kit.RunEvent.state.eq("failed").states
    ]
    action = kit.SendNotification(integration_id="i", level=SdkSeverity.WARN)
    assert action.severity is kit.AlertSeverity.WARN
    assert kit.EventType(sdk.EventType.LINK_MODEL) is kit.EventType.LINK_ARTIFACT


@quick
@given(automations)
def test_the_classes_take_the_sdks_objects_one_by_one(text: str):
    theirs, ours = evaluate(text, sdk), evaluate(text, kit)
    assert type(ours.event).model_validate(theirs.event) == ours.event
    assert type(ours.action).model_validate(theirs.action) == ours.action
    assert type(ours.event)(scope=theirs.scope, filter=theirs.event.filter) == ours.event
    assert type(ours.event.filter).model_validate(theirs.event.filter) == ours.event.filter


def test_a_thing_of_the_sdk_that_is_no_scope_is_refused():
    with pytest.raises(ValidationError):
        kit.OnLinkArtifact(scope=sdk.DoNothing())

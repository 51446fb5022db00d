"""What failing assertions say, word for word, in suites of their own."""

from __future__ import annotations

import pytest

SETUP = '''
import pytest
from pytest_wandb_automations.automations import (
    ArtifactEvent, DoNothing, OnAddArtifactAlias, SendNotification, SendWebhook
)

@pytest.fixture
def weights(wandb_backend):
    return wandb_backend.collection("acme/llm/weights", type="model")

@pytest.fixture
def deploy(wandb_backend, weights):
    """Deploy what gets the alias `prod`."""
    hook = wandb_backend.webhook_integration(
        "acme", name="deploy", url_endpoint="https://deploy.test/", access_token="t0ken"
    )
    event = OnAddArtifactAlias(scope=weights, filter=ArtifactEvent.alias.eq("prod"))
    payload = {
        "model": {"name": "${artifact_collection_name}", "version": "${artifact_version_index}"},
        "stages": ["eu", {"wait": 5}],
    }
    action = SendWebhook.from_integration(hook, payload=payload)
    wandb_backend.create_automation(event >> action, name="deploy")
    return hook

def test_it(wandb_backend, weights, deploy, request):
'''


@pytest.fixture
def said(told):
    """Return a function that runs the lines of a test, and returns what its failure says."""

    def said(lines, *options):
        body = "".join(f"    {line}\n" for line in lines.strip().splitlines())
        return told(SETUP + body, *options)

    return said


# assert_fired, assert_not_fired


@pytest.mark.parametrize("call", ["assert_fired('deplyo')", "assert_not_fired('deplyo')"])
def test_a_name_that_no_automation_has_is_shown_in_the_line_of_the_test(pytester, call):
    pytester.makepyfile(test_it=SETUP + f"    wandb_backend.{call}\n")
    result = pytester.runpytest_inprocess("-p", "no:asyncio", "-p", "no:cacheprovider")
    told = [line for line in result.outlines if line.startswith((">", "E "))]
    assert told == [
        f">       wandb_backend.{call}",
        "E       pytest_wandb_automations.errors.NotFound: "
        "no automation named 'deplyo'; there are: 'deploy'",
    ]


def test_an_automation_that_did_not_fire_shows_the_closest_events_and_what_failed(said):
    assert said(
        """
for alias in ("one", "two", "Prod"):
    weights.log_version(metadata={"alias": alias}).add_alias(alias)
wandb_backend.assert_fired("deploy")
"""
    ) == (
        """\
AssertionError: expected 'deploy' to fire, it fired 0 times
  ADD_ARTIFACT_ALIAS where alias = 'prod' in acme/llm/weights

it did not fire, closest first:
  alias 'Prod' added to acme/llm/weights:v2
    ✗ alias          asked: = 'prod'    found: 'Prod'
  alias 'latest' added to acme/llm/weights:v2
    ✗ alias          asked: = 'prod'    found: 'latest'
  alias 'two' added to acme/llm/weights:v1
    ✗ alias          asked: = 'prod'    found: 'two'

for every clause of every event: backend.explain('deploy')"""
    )


def test_the_event_that_failed_the_fewest_clauses_is_the_closest(said):
    assert said(
        """
rule = wandb_backend.automation("deploy")
wandb_backend.update_automation(rule, enabled=False)
version = weights.log_version()
version.add_alias("prod")
version.add_alias("other")
wandb_backend.assert_fired(rule)
"""
    ) == (
        """\
AssertionError: expected 'deploy' to fire, it fired 0 times
  ADD_ARTIFACT_ALIAS where alias = 'prod' in acme/llm/weights

it did not fire, closest first:
  alias 'prod' added to acme/llm/weights:v0
    ✗ enabled
  alias 'other' added to acme/llm/weights:v0
    ✗ enabled
    ✗ alias          asked: = 'prod'    found: 'other'
  alias 'latest' added to acme/llm/weights:v0
    ✗ enabled
    ✗ alias          asked: = 'prod'    found: 'latest'

for every clause of every event: backend.explain('deploy')"""
    )


def test_of_a_filter_with_many_clauses_those_that_failed_are_shown(said):
    assert said(
        """
from pytest_wandb_automations.automations import OnRunMetric, OnRunState, RunEvent

event = OnRunState(
    scope=wandb_backend.project("acme/llm"),
    filter=(RunEvent.state == "failed") & (RunEvent.name == "train"),
)
wandb_backend.create_automation(event >> DoNothing(), name="failures")
wandb_backend.run("acme/llm", run_id="r1", display_name="train").finish(exit_code=0)
wandb_backend.assert_fired("failures")
"""
    ) == (
        """\
AssertionError: expected 'failures' to fire, it fired 0 times
  RUN_STATE: FAILED where display_name = 'train' in acme/llm

it did not fire, closest first:
  run acme/llm/r1 became finished (was running)
    ✗ state          asked: FAILED    found: 'finished'
  run acme/llm/r1 became running (was pending)
    ✗ state          asked: FAILED    found: 'running'

for every clause of every event: backend.explain('failures')"""
    )


def test_an_automation_that_no_event_reached_shows_what_happened_elsewhere(said):
    assert said(
        """
wandb_backend.collection("acme/llm/other", type="model").log_version().add_alias("prod")
wandb_backend.assert_fired("deploy")
"""
    ) == (
        """\
AssertionError: expected 'deploy' to fire, it fired 0 times
  ADD_ARTIFACT_ALIAS where alias = 'prod' in acme/llm/weights

no event reached it
  the same event elsewhere:
    deploy did not fire for alias 'prod' added to acme/llm/other:v0
      ✓ enabled
      ✓ event          ADD_ARTIFACT_ALIAS
      ✗ scope          asked: in acme/llm/weights    found: 'acme/llm/other'

for every clause of every event: backend.explain('deploy')"""
    )


def test_one_that_fired_too_rarely_shows_both(said):
    assert said(
        """
weights.log_version().add_alias("prod")
wandb_backend.faults.delivery("deploy", status=503)
weights.log_version(aliases=["prod"], metadata={"n": 2})
wandb_backend.assert_fired("deploy", times=3)
"""
    ) == (
        """\
AssertionError: expected 'deploy' to fire 3 times, it fired 2 times
  ADD_ARTIFACT_ALIAS where alias = 'prod' in acme/llm/weights

it fired for:
  alias 'prod' added to acme/llm/weights:v0
  alias 'prod' added to acme/llm/weights:v1
    → FAILED: webhook 'deploy': answered 503 Service Unavailable \
(ordered by backend.faults.delivery('deploy', status=503))

it did not fire, closest first:
  alias 'latest' added to acme/llm/weights:v1
    ✗ alias          asked: = 'prod'    found: 'latest'
  alias 'latest' added to acme/llm/weights:v0
    ✗ alias          asked: = 'prod'    found: 'latest'

for every clause of every event: backend.explain('deploy')"""
    )


def test_one_that_fired_for_every_event_says_so(said):
    assert said(
        """
wandb_backend.create_automation(OnAddArtifactAlias(scope=weights) >> DoNothing(), name="all")
weights.log_version()
wandb_backend.assert_fired("all", times=2)
"""
    ) == (
        """\
AssertionError: expected 'all' to fire 2 times, it fired once
  ADD_ARTIFACT_ALIAS in acme/llm/weights

it fired for:
  alias 'latest' added to acme/llm/weights:v0

no other event reached it

for every clause of every event: backend.explain('all')"""
    )


def test_one_that_should_not_have_fired_shows_for_what_it_did(said):
    assert said(
        """
for number in range(12):
    weights.log_version(aliases=["prod"], metadata={"number": number})
wandb_backend.assert_not_fired("deploy")
"""
    ) == (
        """\
AssertionError: expected 'deploy' not to fire, it fired 12 times
  ADD_ARTIFACT_ALIAS where alias = 'prod' in acme/llm/weights

it fired for:
  (2 earlier)
"""
        + "".join(f"  alias 'prod' added to acme/llm/weights:v{n}\n" for n in range(2, 12))
        + """
for every clause of every event: backend.explain('deploy')"""
    )


def test_one_that_did_not_fire_in_time_says_how_long_that_was(said):
    assert said('wandb_backend.assert_fired("deploy", times=1, timeout=0.01)') == (
        """\
AssertionError: expected 'deploy' to fire once within 0.01 s, it fired 0 times
  ADD_ARTIFACT_ALIAS where alias = 'prod' in acme/llm/weights

no event reached it
  nothing like it happened anywhere

for every clause of every event: backend.explain('deploy')"""
    )


def test_one_that_was_deleted_shows_what_it_did(said):
    assert said(
        """
weights.log_version().add_alias("prod")
wandb_backend.delete_automation("deploy")
wandb_backend.assert_not_fired("deploy")
"""
    ) == (
        """\
AssertionError: expected 'deploy' not to fire, it fired once

it fired for:
  alias 'prod' added to acme/llm/weights:v0

it was deleted, and with it what it made of other events"""
    )


def test_one_that_was_deleted_and_never_fired_says_so(said):
    assert said(
        """
rule = wandb_backend.automation("deploy")
wandb_backend.delete_automation(rule)
wandb_backend.assert_fired(rule)
"""
    ) == (
        """\
AssertionError: expected 'deploy' to fire, it fired 0 times

it was deleted, and with it what it made of other events"""
    )


def test_the_line_of_the_test_is_shown_and_none_of_the_kit(run):
    result = run(SETUP + '    wandb_backend.assert_fired("deploy")\n')
    result.stdout.fnmatch_lines([">*wandb_backend.assert_fired(*", "test_it.py:*: AssertionError"])
    result.stdout.no_fnmatch_line("*backend.py*")


# Plain assertions

SENT = 'weights.log_version().add_alias("prod")\n'


def test_of_a_payload_the_paths_that_differ_are_shown(said):
    model, stages = '{"version": "v2", "name": "weights"}', '["us", {"wait": 5}, 1]'
    wanted = f'{{"model": {model}, "stages": {stages}, "x y": 1}}'
    assert said(f"{SENT}assert wandb_backend.webhooks.last.json == {wanted}") == (
        """\
AssertionError: assert {'model': {'name': 'weights', 'version'… == \
{'model': {'version': 'v2', 'name': 'we…
  payload.model.version: asked 'v2', found '0'
  payload.stages[0]: asked 'us', found 'eu'
  payload.stages[2]: asked 1, found nothing
  payload['x y']: asked 1, found nothing"""
    )


def test_of_a_part_of_a_payload_the_whole_path_is_shown_on_either_side(said):
    part = 'wandb_backend.webhooks.last.json["stages"][1]'
    assert said(f"{SENT}assert {{'wait': 6}} == {part}") == (
        """\
AssertionError: assert {'wait': 6} == {'wait': 5}
  payload.stages[1].wait: asked 6, found 5"""
    )


def test_of_long_texts_what_differs_is_shown(said):
    assert said(
        """
event = OnAddArtifactAlias(scope=weights)
action = SendWebhook.from_integration(deploy, payload={"text": "a" * 200 + "b" + "c" * 200})
wandb_backend.create_automation(event >> action, name="long")
weights.log_version()
assert wandb_backend.webhooks.last.json == {"text": "a" * 200 + "B" + "c" * 200}
""",
        "-vv",
    ).splitlines()[-1] == (
        f"  payload.text: asked …{'a' * 20}B{'c' * 78}…, found …{'a' * 20}b{'c' * 78}…"
    )


def test_what_looks_alike_and_is_not_is_said_to_be_another(said):
    assert (
        said(
            """
event = OnAddArtifactAlias(scope=weights)
action = SendWebhook.from_integration(deploy, payload={"n": 1})
wandb_backend.create_automation(event >> action, name="n")
weights.log_version()
class One:
    def __repr__(self):
        return "1"
assert wandb_backend.webhooks.last.json == {"n": One()}
"""
        ).splitlines()[-1]
        == "  payload.n: asked 1, found 1, which is another"
    )


def test_other_objects_of_the_kit_are_left_to_pytest(said):
    assert said(f"{SENT}execution = wandb_backend.executions.last\nassert execution == 1") == (
        "AssertionError: assert <Execution of 'deploy': FINISHED> == 1"
    )


def test_a_payload_and_something_else_are_left_to_pytest(said):
    assert said(f"{SENT}assert wandb_backend.webhooks.last.json['model'] == 1") == (
        "AssertionError: assert {'name': 'weights', 'version': '0'} == 1"
    )


@pytest.mark.parametrize(
    ("compared", "said_of_it"),
    [
        (
            "wandb_backend.executions == []",
            """\
AssertionError: assert <Executions [<Execution of 'deploy': FI… == []
  executions[0]: asked nothing, found <Execution of 'deploy': FINISHED>""",
        ),
        (
            "wandb_backend.executions.failed == wandb_backend.executions",
            """\
AssertionError: assert <Executions []> == <Executions [<Execution of 'deploy': FI…
  executions[0]: asked <Execution of 'deploy': FINISHED>, found nothing""",
        ),
        (
            "wandb_backend.executions == 1",
            "AssertionError: assert <Executions [<Execution of 'deploy': FINISHED>]> == 1\n"
            " +  where <Executions [<Execution of 'deploy': FINISHED>]> = <Backend URL: "
            "1 automations>.executions",
        ),
        (
            "not wandb_backend.executions",
            "AssertionError: assert not <Executions [<Execution of 'deploy': FINISHED>]>\n"
            " +  where <Executions [<Execution of 'deploy': FINISHED>]> = <Backend URL: "
            "1 automations>.executions",
        ),
        (
            "wandb_backend.executions.last.state == 'FAILED'",
            """\
AssertionError: assert 'FINISHED' == 'FAILED'

  - FAILED
  + FINISHED""",
        ),
        (
            "wandb_backend.slack == ['x']",
            """\
AssertionError: assert <SlackInbox []> == ['x']
  slack[0]: asked 'x', found nothing""",
        ),
        (
            "wandb_backend.webhooks[:0] == wandb_backend.webhooks",
            """\
AssertionError: assert <WebhookInbox []> == <WebhookInbox [<Delivery by 'deploy': u…
  webhooks[0]: asked <Delivery by 'deploy': unsigned POST https://deploy.test/ → 200, \
{"model":{"name":"weights","versio…, found nothing""",
        ),
        (
            "len(wandb_backend.slack) == 1",
            """\
AssertionError: assert 0 == 1
 +  where 0 = len(<SlackInbox []>)
 +    where <SlackInbox []> = <Backend URL: 1 automations>.slack""",
        ),
    ],
)
def test_lists_of_the_kit_read_well(said, compared, said_of_it):
    import re

    text = re.sub(r"http://127\.0\.0\.1:\d+", "URL", said(f"{SENT}assert {compared}"))
    assert text.replace("AssertionError: ", "") == said_of_it.replace("AssertionError: ", "")


SLACK = """
slack = wandb_backend.slack_integration("acme", team_name="Acme", channel_name="#ml")
event = OnAddArtifactAlias(scope=weights)
action = SendNotification.from_integration(slack, title="New", text="Look.")
wandb_backend.create_automation(event >> action, name="tell")
weights.log_version()
"""


def test_of_slack_messages_the_fields_that_differ_are_shown(said):
    assert said(
        SLACK
        + """
from dataclasses import replace
message = wandb_backend.slack.last
assert replace(message, text="Look!", severity="WARN") == message
"""
    ).splitlines()[1:] == [
        "  message.text: asked 'Look.', found 'Look!'",
        "  message.severity: asked 'INFO', found 'WARN'",
    ]


def test_a_slack_message_and_something_else_are_left_to_pytest(said):
    text = said(f"{SLACK}assert wandb_backend.slack.last == 'Look.'")
    assert text.startswith("AssertionError: assert SlackMessage(automation='tell', team='Acme', ")


def test_the_text_of_a_slack_message_is_compared_as_pytest_does(said):
    assert said(f"{SLACK}assert wandb_backend.slack.last.text == 'Look!'") == (
        """\
AssertionError: assert 'Look.' == 'Look!'

  - Look!
  ?     ^
  + Look.
  ?     ^"""
    )


def test_objects_that_are_compared_otherwise_are_left_to_pytest(said):
    assert said(f"{SENT}sent = wandb_backend.executions\nassert sent != sent.finished") == (
        "AssertionError: assert <Executions [<Execution of 'deploy': FINISHED>]> != "
        "<Executions [<Execution of 'deploy': FINISHED>]>\n"
        " +  where <Executions [<Execution of 'deploy': FINISHED>]> = "
        "<Executions [<Execution of 'deploy': FINISHED>]>.finished"
    )


# Secrets

HEADERS = f"{SENT}headers = wandb_backend.webhooks.last.headers\n"


COMPARED = """
headers == {'authorization': other}
{'authorization': other} == headers
headers['Authorization'] == other
other == headers['Authorization']
dict(headers) == {}
list(headers.items()) == []
list(headers.values()) == []
headers.multi_items() == []
headers.get_list('authorization') == []
headers.copy() == []
headers.raw == []
'x' in headers
'x' in headers.get('authorization')
not wandb_backend.webhooks.last.request.headers
payload == {'secret': 1}
payload['secret'] == {'a': 'x'}
payload['secret']['l'] == []
payload['secret']['a'] == 'x'
'x' == payload['secret']['a']
'x' in payload['secret']['a']
'en' not in payload['secret']['a']
'en' not in headers['authorization']
[payload['secret']['a']] == ['x']
wandb_backend.webhooks.last.text == 'x'
'en' not in wandb_backend.webhooks.last.text
"""


@pytest.mark.parametrize("options", [(), ("-l",), ("-vv",), ("-vv", "-l", "--tb=long")])
def test_no_token_is_shown_however_it_is_compared(run, options):
    setting = f"""
wandb_backend.semantics = {{"secrets_in_payload": True}}
secret = {{"a": "${{ACCESS_TOKEN}}", "l": [{{"b": "x" * 90 + "${{ACCESS_TOKEN}}"}}]}}
action = SendWebhook.from_integration(deploy, payload={{"secret": secret}})
event = OnAddArtifactAlias(scope=weights, filter=ArtifactEvent.alias.eq("prod"))
wandb_backend.create_automation(event >> action, name="secret")
{HEADERS}other = type(headers["Authorization"])("Bearer t0" + "ken.")
payload = wandb_backend.webhooks.last.json
"""
    compared = COMPARED.strip().splitlines()
    tests = [
        SETUP.split("def test_it")[1].replace("(wandb", f"def test_{number}(wandb", 1)
        + "".join(f"    {line}\n" for line in f"{setting}assert {expression}".splitlines())
        for number, expression in enumerate(compared)
    ]
    source = SETUP.split("def test_it")[0].replace('"t0ken"', '"t0" + "ken"') + "\n".join(tests)
    result = run(source, *options)
    result.assert_outcomes(failed=len(compared))
    assert "Bearer ••••" in result.stdout.str()
    assert "t0ken" not in result.stdout.str()


def test_a_token_that_no_header_can_hold_is_not_shown(run):
    source = """
        def test_it(wandb_backend):
            hook = wandb_backend.webhook_integration(
                "acme", name="deploy", url_endpoint="https://a.test", access_token="t0" + "ken\\n"
            )
            wandb_backend.webhooks.test(hook)
    """
    told = run(source, "-l", "--tb=long").stdout.str()
    assert "the access token holds a line break" in told
    assert "t0ken" not in told


def test_of_headers_what_differs_is_shown_and_a_token_never(said):
    wanted = '{"Authorization": "Bearer other", "Content-Type": "application/json"}'
    assert said(f"{HEADERS}assert headers == {wanted}", "-vv").splitlines()[1:] == [
        "  headers.authorization: asked 'Bearer ••••', found 'Bearer ••••', which is another",
        "  headers.host: asked nothing, found 'deploy.test'",
        "  headers['user-agent']: asked nothing, found 'pytest-wandb-automations'",
        "  headers['content-length']: asked nothing, found '69'",
    ]


def test_of_two_tokens_it_is_shown_where_they_differ(said):
    assert said(f"{HEADERS}assert headers['authorization'] == 'Bearer token'") == (
        """\
AssertionError: assert 'Bearer ••••' == 'Bearer ••••'
  they differ from character 9 on, and are secret"""
    )


def test_of_a_text_with_a_secret_in_it_what_is_no_secret_is_shown(said):
    setting = """
wandb_backend.semantics = {"secrets_in_payload": True}
action = SendWebhook.from_integration(deploy, payload={"auth": "as ${ACCESS_TOKEN}, now"})
event = OnAddArtifactAlias(scope=weights, filter=ArtifactEvent.alias.eq("prod"))
wandb_backend.create_automation(event >> action, name="secret")
weights.log_version().add_alias("prod")
delivery = wandb_backend.webhooks.last
"""
    assert said(f"{setting}assert delivery.json['auth'] == 'as me, now'") == (
        """\
AssertionError: assert 'as ••••, now' == 'as me, now'
  payload.auth: asked 'as me, now', found 'as ••••, now'"""
    )
    assert said(f"{setting}assert delivery.text == '{{}}'") == (
        """\
assert '{"auth":"as ••••, now"}' == '{}'
  text: asked '{}', found '{"auth":"as ••••, now"}'"""
    )
    assert said(f"{setting}assert ', now' not in delivery.json['auth']") == (
        """\
AssertionError: assert ', now' not in 'as ••••, now'
  it is there, from character 9 on"""
    )
    assert said(f"{setting}assert delivery.json['auth'] == 1") == (
        "AssertionError: assert 'as ••••, now' == 1"
    )


def test_of_a_token_that_holds_what_it_should_not_it_is_shown_where(said):
    assert said(f"{HEADERS}assert 'Bearer' not in headers['authorization']") == (
        """\
AssertionError: assert '••••' not in 'Bearer ••••'
  it is there, from character 1 on"""
    )
    assert said(f"{HEADERS}assert 'host' not in headers").startswith(
        "AssertionError: assert 'host' not in DeliveryHeaders({"
    )


def test_a_token_and_something_else_are_left_to_pytest(said):
    assert said(f"{HEADERS}assert headers['authorization'] == 1") == (
        "AssertionError: assert 'Bearer ••••' == 1"
    )
    assert said(f"{HEADERS}assert headers == ''").startswith(
        "AssertionError: assert DeliveryHeaders({"
    )

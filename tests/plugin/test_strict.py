"""Strict mode in suites of its own: what fails a test that would pass, and what it says then."""

from __future__ import annotations

import pytest

from pytest_wandb_automations import Backend
from pytest_wandb_automations.automations import (
    OnAddArtifactAlias,
    OnLinkArtifact,
    SendNotification,
    SendPromptToAria,
    SendWebhook,
)
from pytest_wandb_automations.errors import UnknownVariableWarning
from pytest_wandb_automations.testing.strict import CHECKS, objections

DEPLOY = '''
import pytest
from pytest_wandb_automations.automations import OnAddArtifactAlias, SendWebhook

async def broken(scope, receive, send):
    raise ValueError("no disk")

@pytest.fixture
def deploy(wandb_backend):
    """Return a function that deploys, to an app that is broken, with a payload."""

    def deploy(payload=None, app=broken, name="deploy"):
        weights = wandb_backend.collection("acme/llm/weights", type="model")
        url = f"https://{name}.test/hook?token=s3cret"
        hook = wandb_backend.webhook_integration("acme", name=name, url_endpoint=url)
        event = OnAddArtifactAlias(scope=weights)
        action = SendWebhook.from_integration(hook, payload=payload)
        wandb_backend.create_automation(event >> action, name=name)
        if app is not None:
            wandb_backend.webhooks.forward(url, app=app)
        weights.log_version()

    return deploy
'''

FAILED = """\
1 delivery failed, and the test did not ask for it

'deploy' for alias 'latest' added to acme/llm/weights:v0
  sent      POST https://deploy.test/hook?…
  failed    webhook 'deploy': answered 500 Internal Server Error (ValueError: no disk)

If it is to fail, let the test order it:
  backend.webhooks.route('https://deploy.test/hook?…').respond(503)
  backend.faults.delivery('deploy', status=503)
If it is right that it fails by itself, let the test not be asked about it:
  @pytest.mark.wandb_automations(strict=["unknown_variables"])"""

UNKNOWN = """\
1 delivery used a ${variable} that W&B does not know

'deploy' for alias 'latest' added to acme/llm/weights:v0
  sent      POST https://deploy.test/hook?…
  unknown   ${artifact_verson}; did you mean 'artifact_version'?
  unknown   ${x}

For ADD_ARTIFACT_ALIAS W&B fills in automation_name, event_type, event_author, entity_name, \
project_name, artifact_collection_name, artifact_version, artifact_version_string, \
artifact_version_index, artifact_metadata.KEY and alias.
If the text is right as it is, let the test not be asked about it:
  @pytest.mark.wandb_automations(strict=["failed_deliveries"])"""

TYPO = '{"model": "${artifact_verson}", "x": "${x}"}'


def test_a_delivery_that_failed_unasked_fails_the_test_itself(told):
    assert told(f"{DEPLOY}\ndef test_it(deploy):\n    deploy()") == FAILED


def test_an_unknown_variable_fails_the_test_itself(told):
    source = f"{DEPLOY}\ndef test_it(deploy):\n    deploy({TYPO}, app=None)"
    assert told(source, "-Wignore") == UNKNOWN


def test_a_test_that_meets_both_is_told_of_both(told):
    source = f"{DEPLOY}\ndef test_it(deploy):\n    deploy({TYPO})"
    assert told(source, "-Wignore") == f"{FAILED}\n\n{UNKNOWN}"


@pytest.mark.parametrize(
    "order",
    [
        "wandb_backend.webhooks.route('https://deploy.test/hook?token=s3cret').respond(503)",
        "wandb_backend.faults.delivery('deploy', status=503)",
    ],
)
def test_a_failure_that_the_test_ordered_is_none(run, order):
    source = f"""
    def test_it(wandb_backend, deploy):
        {order}
        deploy(app=None)
        assert wandb_backend.executions.last.state == "FAILED"
    """
    run(f"{DEPLOY}{_dedented(source)}").assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("strict", "outcome"),
    [
        ("True", {"failed": 1}),
        ("False", {"passed": 1}),
        ("'failed_deliveries'", {"failed": 1}),
        ("['failed_deliveries']", {"failed": 1}),
        ("('unknown_variables',)", {"passed": 1}),
        ("{'unknown_variables', 'failed_deliveries'}", {"failed": 1}),
        ("[]", {"passed": 1}),
    ],
)
def test_a_test_says_what_it_is_asked_about(run, strict, outcome):
    source = f"""
    @pytest.mark.wandb_automations(strict={strict})
    def test_it(deploy):
        deploy()
    """
    run(f"{DEPLOY}{_dedented(source)}").assert_outcomes(**outcome)


def test_the_failure_of_the_test_itself_is_not_hidden(told):
    source = "\ndef test_it(deploy):\n    deploy()\n    assert 1 == 2"
    assert told(f"{DEPLOY}{source}") == "assert 1 == 2"


def test_a_skip_stays_a_skip(run):
    source = "\ndef test_it(deploy):\n    deploy()\n    pytest.skip('enough')"
    run(f"{DEPLOY}{source}").assert_outcomes(skipped=1)


def test_an_expected_failure_may_be_that_of_a_delivery(run):
    source = "\n@pytest.mark.xfail(strict=True)\ndef test_it(deploy):\n    deploy()"
    run(f"{DEPLOY}{source}").assert_outcomes(xfailed=1)


def test_what_is_sent_in_the_background_is_waited_for(told):
    source = """
    @pytest.mark.wandb_automations(semantics={"delivery": "background"})
    def test_it(deploy):
        deploy()
    """
    assert told(f"{DEPLOY}{_dedented(source)}") == FAILED


def test_every_test_answers_for_itself(run):
    source = """
    def test_first(deploy):
        deploy()

    def test_second(wandb_backend):
        assert not wandb_backend.executions

    def test_without():
        pass
    """
    run(f"{DEPLOY}{_dedented(source)}").assert_outcomes(failed=1, passed=2)


def test_fixtures_are_torn_down_after_it(run):
    source = """
    @pytest.fixture
    def mine(deploy):
        yield deploy
        print("torn down")

    def test_it(mine):
        mine()
    """
    result = run(f"{DEPLOY}{_dedented(source)}", "-s")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*torn down*"])


def _dedented(source):
    return source.replace("\n    ", "\n")


# The same without pytest.


@pytest.fixture
def backend():
    return Backend()


@pytest.fixture
def weights(backend):
    return backend.collection("acme/llm/weights", type="model")


def test_nothing_is_objected_to_where_nothing_went_wrong(backend, weights):
    rule = OnAddArtifactAlias(scope=weights) >> SendPromptToAria(prompt="Look at ${alias}.")
    backend.create_automation(rule, name="ask")
    weights.log_version()
    assert len(backend.executions) == 1
    assert objections(backend, CHECKS) == ""


def test_of_many_failures_the_first_are_shown(backend, weights):
    slack = backend.slack_integration("acme", team_name="Acme", channel_name="#ml")
    rule = OnAddArtifactAlias(scope=weights) >> SendNotification.from_integration(slack)
    backend.create_automation(rule, name="tell")
    backend.slack.route().pass_through()
    for number in range(5):
        weights.log_version(metadata={"number": number})

    told = objections(backend, CHECKS).splitlines()
    assert told[0] == "5 deliveries failed, and the test did not ask for it"
    assert [line for line in told if line.startswith("'tell' for ")] == [
        f"'tell' for alias 'latest' added to acme/llm/weights:v{number}" for number in range(3)
    ]
    assert told[2:5] == [
        "'tell' for alias 'latest' added to acme/llm/weights:v0",
        "  sent      Slack '#ml'",
        "  failed    Slack '#ml': InvalidInput: https://slack.com/api/chat.postMessage is not on "
        "loopback: deliveries pass through to this machine only",
    ]
    assert told[-7:] == [
        "… and 2 more",
        "",
        "If it is to fail, let the test order it:",
        "  backend.slack.route().respond(503)",
        "  backend.faults.delivery('tell', status=503)",
        "If it is right that it fails by itself, let the test not be asked about it:",
        '  @pytest.mark.wandb_automations(strict=["unknown_variables"])',
    ]


def test_what_no_fault_can_order_is_not_said_to_be_ordered_by_one(backend):
    models = backend.registry("model").collection("prod", type="model")
    rule = OnLinkArtifact(scope=models) >> SendPromptToAria(prompt="${artifact_metadata.text}")
    backend.create_automation(rule, name="ask")
    weights = backend.collection("acme/llm/weights", type="model")
    weights.log_version(metadata={"text": ""}).link(models)

    assert objections(backend, CHECKS) == (
        "1 delivery failed, and the test did not ask for it\n"
        "\n"
        "'ask' for version acme-corp/wandb-registry-model/prod:v0 linked\n"
        "  sent      ARIA\n"
        "  failed    the prompt has 0 bytes after substitution; 1 to 4000 fit\n"
        "\n"
        "If it is right that it fails by itself, let the test not be asked about it:\n"
        '  @pytest.mark.wandb_automations(strict=["unknown_variables"])'
    )


def test_a_secret_in_the_url_or_the_error_is_not_shown(backend, weights):
    hook = backend.webhook_integration(
        "acme", name="w", url_endpoint="https://w.test/?key=k3y", access_token="t0ken", secret="s3c"
    )
    rule = OnAddArtifactAlias(scope=weights) >> SendWebhook.from_integration(hook)
    backend.create_automation(rule, name="w")

    async def repeat(scope, receive, send):
        raise ValueError(dict(scope["headers"])[b"authorization"], "s3c")

    backend.webhooks.forward("https://w.test/?key=k3y", app=repeat)
    weights.log_version()

    told = objections(backend, CHECKS)
    assert "ValueError: (b'••••', '••••')" in told
    for secret in ("k3y", "t0ken", "s3c"):
        assert secret not in told


def test_what_the_backend_forgot_is_forgotten(backend, weights):
    hook = backend.webhook_integration("acme", name="w", url_endpoint="https://w.test/")
    payload = {"x": "${alais}"}
    rule = OnAddArtifactAlias(scope=weights) >> SendWebhook.from_integration(hook, payload=payload)
    backend.create_automation(rule, name="w")
    with pytest.warns(UnknownVariableWarning, match="did you mean 'alias'"):
        weights.log_version()
    assert "unknown   ${alais}; did you mean 'alias'?" in objections(backend, CHECKS)
    assert objections(backend, ["failed_deliveries"]) == ""
    backend.reset()
    assert objections(backend, CHECKS) == ""

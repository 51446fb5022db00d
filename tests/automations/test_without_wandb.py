"""The vocabulary where wandb is not installed."""

from __future__ import annotations

import subprocess
import sys
import textwrap


def run_without_wandb(code: str) -> str:
    blocked = 'import sys; sys.modules["wandb"] = None\n'
    command = [sys.executable, "-W", "error", "-c", blocked + textwrap.dedent(code)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_vocabulary_imports_and_builds_everything():
    code = """
        from types import SimpleNamespace as Handle
        from pytest_wandb_automations.automations import *
        from pytest_wandb_automations.automations.inputs import prepare_to_create

        collection = Handle(id="c", name="weights", typename__="ArtifactSequence")
        project = Handle(id="p", name="llm", typename__="Project")
        hook = WebhookIntegration(id="h", name="deploy", url_endpoint="https://deploy.test")
        slack = SlackIntegration(id="s", team_name="Acme", channel_name="#alerts")
        alias = (ArtifactEvent.alias == "prod") | ~ArtifactEvent.alias.matches_regex("^v")
        loss = RunEvent.metric("loss")
        events = [
            OnCreateArtifact(scope=collection),
            OnLinkArtifact(scope=project, filter=alias),
            OnUnlinkArtifact(scope=TeamScope(id="t", name="acme")),
            OnAddArtifactAlias(scope=OrgScope(id="o", name="acme-corp"), filter=alias),
            OnAddArtifactTag(scope=RegistryScope(id="r", name="wandb-registry-m")),
            OnRemoveArtifactTag(scope=project, filter=ArtifactEvent.tag.in_(["eu", "us"])),
            OnAddCollectionTag(scope=collection),
            OnRemoveCollectionTag(scope=collection),
            OnRunMetric(scope=project, filter=loss.avg(5).gt(3) & RunEvent.name.contains("x")),
            OnRunMetric(scope=project, filter=loss.increases_by(frac=0.5)),
            OnRunMetric(scope=project, filter=abs(loss.zscore(30)) > 3),
            OnRunState(scope=project, filter=RunEvent.state.in_(["failed", "finished"])),
        ]
        actions = [
            SendWebhook.from_integration(hook, payload={"alias": "${alias}"}),
            SendNotification.from_integration(slack, text="look"),
            DoNothing(),
            SendPromptToAria(prompt="why?"),
        ]
        sent = [prepare_to_create(e >> a, name="n") for e in events for a in actions]
        print(len(sent), sorted({each["triggeringEventType"] for each in sent})[0])
    """
    assert run_without_wandb(code) == "48 ADD_ARTIFACT_ALIAS"


def test_importing_the_vocabulary_imports_neither_wandb_nor_graphql_nor_httpx():
    code = """
        del sys.modules["wandb"]
        import pytest_wandb_automations.automations
        print(sorted({"wandb", "graphql", "httpx", "faker", "pytest"} & set(sys.modules)))
    """
    assert run_without_wandb(code) == "[]"

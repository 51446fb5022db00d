"""Tests `train.py` offline, as it is: what it does in W&B fires what `watch.py` registered."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from train import main
from watch import watch

SCRIPT = Path(__file__).parent / "train.py"


@pytest.fixture
def moons(wandb_backend, tmp_path, monkeypatch):
    """Give what the scripts expect to find, and a folder for what the SDK writes."""
    monkeypatch.chdir(tmp_path)
    wandb_backend.project("acme/moons")
    wandb_backend.registry("model")
    wandb_backend.slack_integration("acme", team_name="Acme", channel_name="#training")
    wandb_backend.webhook_integration(
        "acme", name="deploy", url_endpoint="https://deploy.test/models", secret="s3cret"
    )
    watch("acme", registry="model")
    return wandb_backend


def fired(backend):
    return [execution.automation_name for execution in backend.executions]


def test_a_good_model_is_deployed(moons):
    main(["--steps", "200"])

    assert fired(moons) == ["deploy-prod"]
    delivery = moons.webhooks.last
    assert delivery.json == {
        "action": "deploy",
        "model": "acme-corp/wandb-registry-model/moons-classifier:prod",
        "accuracy": "0.9425",
        "author": "tester",
    }
    assert delivery.verify_signature("s3cret")


def test_the_best_of_its_checkpoints_is_released(moons):
    main(["--steps", "200"])

    checkpoints = moons.collection("acme/moons/moons-weights")
    released = moons.registry("model").collection("moons-classifier").version("prod")
    accuracies = [version.metadata["accuracy"] for version in checkpoints.versions]
    assert len(accuracies) == 4
    assert released.artifact is checkpoints.version("best").artifact
    assert released.metadata["accuracy"] == max(accuracies)
    weights = np.load(io.BytesIO(released.artifact.files["weights.npz"].content.read()))
    assert weights["w1"].shape == (2, 16)


def test_a_loss_spike_alerts_slack_once_and_releases_nothing(moons):
    main(["--steps", "30", "--learning-rate", "5"])

    assert fired(moons) == ["loss-spike"]
    message = moons.slack.last
    assert (message.channel, message.title, message.severity) == (
        "#training",
        "Loss has doubled",
        "WARN",
    )


def test_a_training_that_fails_alerts_slack(moons):
    with pytest.raises(FileNotFoundError):
        main(["--data", "missing.npz"])

    assert fired(moons) == ["training-failed"]
    assert moons.slack.last.title == "Training failed"


def test_a_model_that_is_not_good_enough_stays_where_it_is(moons):
    main(["--steps", "50", "--release-at", "0.99"])

    assert fired(moons) == []
    assert len(moons.collection("acme/moons/moons-weights").versions) == 1


def test_it_does_the_same_in_a_process_of_its_own(moons):
    subprocess.run([sys.executable, SCRIPT, "--steps", "100"], check=True, timeout=60)

    assert fired(moons) == ["deploy-prod"]
    assert moons.webhooks.last.json["accuracy"] == "0.9175"


def test_every_logged_loss_arrives_in_order(moons):
    main(["--steps", "120", "--release-at", "2"])

    (run,) = moons.project("acme/moons").runs.values()
    assert [row["_step"] for row in run.history] == list(range(120))
    assert run.state == "finished"
    assert run.config["steps"] == 120

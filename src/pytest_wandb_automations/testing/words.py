"""A Faker provider with the words of machine learning: projects, runs, models, metrics, channels.

Any Faker takes it: `fake.add_provider(WandbProvider)`, then `fake.wandb_run()`.
"""

from __future__ import annotations

from faker.providers import BaseProvider

from pytest_wandb_automations.testing.histories import metric_history
from pytest_wandb_automations.world.ids import ADJECTIVES, NOUNS

__all__ = ["ALIASES", "METRICS", "TAGS", "WandbProvider"]

_TASKS = ("churn", "fraud", "segmentation", "ranking", "captioning", "forecast", "speech", "ocr")
_FAMILIES = ("transformer", "resnet", "unet", "mixer", "lstm", "boosting", "diffusion", "mamba")
_SIZES = ("tiny", "small", "base", "large", "xl")
_KINDS = ("weights", "eval", "data")
METRICS = ("loss", "val.loss", "accuracy", "val.accuracy", "f1", "perplexity", "grad_norm", "mae")
ALIASES = ("prod", "staging", "candidate", "champion", "canary", "rollback")
TAGS = ("eu", "us", "gdpr", "quantized", "distilled", "fp16", "nightly", "reviewed")
_CHANNELS = ("alerts", "deploys", "training", "ml-platform", "on-call", "releases")
_OWNERS = ("vision", "nlp", "ranking", "risk", "platform", "research")
_ARTIFACT_TYPES = ("model", "dataset", "predictions", "tokenizer")
_COMPANIES = ("northwind", "initech", "globex", "umbra", "hooli", "vandelay")
_PEOPLE = ("ada", "grace", "alan", "edsger", "barbara", "donald", "radia", "ken")
_JOB_TYPES = ("train", "eval", "sweep", "finetune")
_VERBS = ("deploy", "notify", "evaluate", "retrain", "mirror", "audit")
_REGISTRIES = ("model", "dataset", "embedding", "prompt")


class WandbProvider(BaseProvider):
    """Names as teams give them. All are valid in W&B: no slashes, colons or odd characters."""

    def wandb_organization(self) -> str:
        """Return the name of an organization such as `globex-corp`."""
        return f"{self.random_element(_COMPANIES)}-corp"

    def wandb_team(self) -> str:
        """Return the name of a team such as `globex-vision`."""
        return f"{self.random_element(_COMPANIES)}-{self.random_element(_OWNERS)}"

    def wandb_user(self) -> str:
        """Return a username such as `ada`."""
        return self.random_element(_PEOPLE)

    def wandb_project(self) -> str:
        """Return a project name such as `churn-transformer`."""
        return f"{self.random_element(_TASKS)}-{self.random_element(_FAMILIES)}"

    def wandb_registry(self) -> str:
        """Return the name of a registry, without W&B's prefix, such as `model`."""
        return self.random_element(_REGISTRIES)

    def wandb_model(self) -> str:
        """Return the name of a model such as `fraud-mamba-large`."""
        return f"{self.wandb_project()}-{self.random_element(_SIZES)}"

    def wandb_run(self) -> str:
        """Return a run's display name such as `brisk-meadow-17`, as W&B makes them up."""
        number = self.random_int(1, 999)
        return f"{self.random_element(ADJECTIVES)}-{self.random_element(NOUNS)}-{number}"

    def wandb_run_id(self) -> str:
        """Return the id of a run: 8 lower-case letters and digits."""
        return self.bothify("????????", "abcdefghijklmnopqrstuvwxyz0123456789")

    def wandb_job_type(self) -> str:
        """Return the job type of a run such as `train`."""
        return self.random_element(_JOB_TYPES)

    def wandb_collection(self) -> str:
        """Return the name of an artifact collection such as `resnet-weights`."""
        return f"{self.random_element(_FAMILIES)}-{self.random_element(_KINDS)}"

    def wandb_artifact_type(self) -> str:
        """Return an artifact type such as `model`."""
        return self.random_element(_ARTIFACT_TYPES)

    def wandb_metric(self) -> str:
        """Return the name of a metric such as `val.loss`."""
        return self.random_element(METRICS)

    def wandb_alias(self) -> str:
        """Return an alias such as `prod`."""
        return self.random_element(ALIASES)

    def wandb_tag(self) -> str:
        """Return a tag such as `eu`."""
        return self.random_element(TAGS)

    def wandb_automation(self) -> str:
        """Return the name of an automation such as `deploy-fraud`."""
        return f"{self.random_element(_VERBS)}-{self.random_element(_TASKS)}"

    def wandb_description(self) -> str:
        """Return what an automation is for, in a sentence."""
        owner, model = self.random_element(_OWNERS), self.wandb_model()
        return self.random_element(
            (
                f"Tells {self.slack_channel()} about {model}.",
                f"Keeps {model} up to date.",
                f"Asks {owner} to look at {model}.",
            )
        )

    def wandb_message(self) -> str:
        """Return the text of a Slack message."""
        return f"Please look at {self.wandb_metric()} of {self.wandb_run()}."

    def wandb_prompt(self) -> str:
        """Return a prompt to ARIA."""
        return f"Find out why {self.wandb_metric()} of {self.wandb_model()} changed, and tell me."

    def wandb_metric_history(self, shape: str = "descent", *, steps: int = 100) -> list[float]:
        """Return the values of a metric; see `metric_history` for the shapes."""
        return metric_history(shape, steps=steps, noise=self.generator.random)

    def commit_hash(self) -> str:
        """Return the hash of a Git commit: 40 hexadecimal digits."""
        return f"{self.generator.random.getrandbits(160):040x}"

    def slack_workspace(self) -> str:
        """Return the name of a Slack workspace such as `Globex`."""
        return self.random_element(_COMPANIES).capitalize()

    def slack_channel(self) -> str:
        """Return a Slack channel such as `#vision-alerts`."""
        return f"#{self.random_element(_OWNERS)}-{self.random_element(_CHANNELS)}"

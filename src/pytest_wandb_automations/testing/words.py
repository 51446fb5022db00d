"""A Faker provider with the words of machine learning: projects, runs, metrics, channels."""

from __future__ import annotations

from faker.providers import BaseProvider

__all__ = ["WandbProvider"]

_TASKS = ("churn", "fraud", "segmentation", "ranking", "captioning", "forecast", "speech", "ocr")
_FAMILIES = ("transformer", "resnet", "unet", "mixer", "lstm", "boosting", "diffusion", "mamba")
_ADJECTIVES = ("amber", "brisk", "copper", "dusty", "eager", "frosty", "gentle", "humble", "misty")
_NOUNS = ("aurora", "brook", "canyon", "dune", "ember", "forest", "glacier", "harbor", "meadow")
_METRICS = ("loss", "val.loss", "accuracy", "val.accuracy", "f1", "perplexity", "grad_norm", "mae")
_ALIASES = ("prod", "staging", "candidate", "champion", "canary", "rollback")
_TAGS = ("eu", "us", "gdpr", "quantized", "distilled", "fp16", "nightly", "reviewed")
_CHANNELS = ("alerts", "deploys", "training", "ml-platform", "on-call", "releases")
_OWNERS = ("vision", "nlp", "ranking", "risk", "platform", "research")
_ARTIFACT_TYPES = ("model", "dataset", "predictions", "tokenizer")


class WandbProvider(BaseProvider):
    """Names as teams give them. All are valid in W&B: no slashes, colons or odd characters."""

    def wandb_project(self) -> str:
        """Return a project name such as `churn-transformer`."""
        return f"{self.random_element(_TASKS)}-{self.random_element(_FAMILIES)}"

    def wandb_run(self) -> str:
        """Return a run's display name such as `frosty-harbor-17`, as W&B makes them up."""
        number = self.random_int(1, 999)
        return f"{self.random_element(_ADJECTIVES)}-{self.random_element(_NOUNS)}-{number}"

    def wandb_collection(self) -> str:
        """Return the name of an artifact collection such as `resnet-weights`."""
        return (
            f"{self.random_element(_FAMILIES)}-{self.random_element(('weights', 'eval', 'data'))}"
        )

    def wandb_artifact_type(self) -> str:
        """Return an artifact type such as `model`."""
        return self.random_element(_ARTIFACT_TYPES)

    def wandb_metric(self) -> str:
        """Return the name of a metric such as `val.loss`."""
        return self.random_element(_METRICS)

    def wandb_alias(self) -> str:
        """Return an alias such as `prod`."""
        return self.random_element(_ALIASES)

    def wandb_tag(self) -> str:
        """Return a tag such as `eu`."""
        return self.random_element(_TAGS)

    def slack_channel(self) -> str:
        """Return a Slack channel such as `#vision-alerts`."""
        return f"#{self.random_element(_OWNERS)}-{self.random_element(_CHANNELS)}"

"""`Factory`: everything that can be made up, one call each."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from faker import Faker

from pytest_wandb_automations.backend import Backend
from pytest_wandb_automations.errors import InvalidInput
from pytest_wandb_automations.testing.factories.accounts import (
    OrganizationFactory,
    SecretFactory,
    TeamFactory,
    UserFactory,
)
from pytest_wandb_automations.testing.factories.automations import AutomationFactory
from pytest_wandb_automations.testing.factories.contents import ArtifactFactory, RunFactory
from pytest_wandb_automations.testing.factories.happenings import HappeningFactory
from pytest_wandb_automations.testing.factories.integrations import (
    SlackIntegrationFactory,
    WebhookIntegrationFactory,
)
from pytest_wandb_automations.testing.factories.payloads import PayloadFactory
from pytest_wandb_automations.testing.factories.places import (
    CollectionFactory,
    ProjectFactory,
    RegistryFactory,
)
from pytest_wandb_automations.testing.words import WandbProvider
from pytest_wandb_automations.world.ids import FIRST_DRAFT, encode_id

if TYPE_CHECKING:
    from pytest_wandb_automations.automations import (
        ActionType,
        EventType,
        NewAutomation,
        SlackIntegration,
        WebhookIntegration,
    )
    from pytest_wandb_automations.events import Event
    from pytest_wandb_automations.testing.factories.drafts import (
        ArtifactDraft,
        CollectionDraft,
        OrganizationDraft,
        ProjectDraft,
        RegistryDraft,
        RunDraft,
        SecretDraft,
        TeamDraft,
        UserDraft,
    )
    from pytest_wandb_automations.testing.factories.nouns import NounFactory

__all__ = ["Factory"]

_NOUNS: tuple[type[NounFactory[Any]], ...] = (
    OrganizationFactory,
    TeamFactory,
    UserFactory,
    SecretFactory,
    ProjectFactory,
    RegistryFactory,
    CollectionFactory,
    ArtifactFactory,
    RunFactory,
    SlackIntegrationFactory,
    WebhookIntegrationFactory,
    AutomationFactory,
    HappeningFactory,
    PayloadFactory,
)


class Factory:
    """Makes things up in a backend: `factory.run()` makes one, `factory.build_run()` a draft of it.

    What a test does not say is made up, the same for the same `seed`, on every machine and in
    every process. Without a backend it has one of its own. Each noun is a factory that can be
    called; it has `batch(5)`, `extend(…)` and methods for what is often wanted.
    """

    organization: OrganizationFactory
    build_organization: OrganizationFactory[OrganizationDraft]
    team: TeamFactory
    build_team: TeamFactory[TeamDraft]
    user: UserFactory
    build_user: UserFactory[UserDraft]
    secret: SecretFactory
    build_secret: SecretFactory[SecretDraft]
    project: ProjectFactory
    build_project: ProjectFactory[ProjectDraft]
    registry: RegistryFactory
    build_registry: RegistryFactory[RegistryDraft]
    collection: CollectionFactory
    build_collection: CollectionFactory[CollectionDraft]
    artifact: ArtifactFactory
    build_artifact: ArtifactFactory[ArtifactDraft]
    run: RunFactory
    build_run: RunFactory[RunDraft]
    slack_integration: SlackIntegrationFactory
    build_slack_integration: SlackIntegrationFactory[SlackIntegration]
    webhook_integration: WebhookIntegrationFactory
    build_webhook_integration: WebhookIntegrationFactory[WebhookIntegration]
    automation: AutomationFactory
    build_automation: AutomationFactory[NewAutomation]
    happening: HappeningFactory
    build_happening: HappeningFactory[Event]
    payload: PayloadFactory
    build_payload: PayloadFactory

    def __init__(self, backend: Backend | None = None, *, seed: int = 0) -> None:
        if type(seed) is not int:
            raise InvalidInput(f"a factory's seed is a whole number, got {seed!r}")
        self.seed = seed
        self.backend = Backend(seed=seed) if backend is None else backend
        # A generator of its own: neither `random.seed` nor `Faker.seed` has a say in it.
        self.fake: Any = Faker()
        self.fake.seed_instance(seed)
        self.fake.add_provider(WandbProvider)
        self._counts: Counter[str] = Counter()
        self._nouns: dict[str, type[NounFactory[Any]]] = {}
        for noun in _NOUNS:
            self.register(noun)

    def __repr__(self) -> str:
        return f"<Factory seed={self.seed}>"

    if not TYPE_CHECKING:  # pragma: no branch

        def __getattr__(self, name: str) -> Any:
            known = ", ".join(self.__dict__.get("_nouns", ()))
            raise AttributeError(f"a factory has no {name!r}; it makes {known}")

    def register(self, noun: type[NounFactory[Any]]) -> None:
        """Let things of a kind be made by this class from now on, or teach a new kind.

        A subclass of `RunFactory` replaces `factory.run`, unless its attribute `noun` says
        otherwise.
        """
        name = noun.noun
        if not name.isidentifier():
            raise InvalidInput(f"{noun.__name__}.noun: expected the name of a kind, got {name!r}")
        if name not in self._nouns and hasattr(self, name):
            raise InvalidInput(f"{noun.__name__}.noun: {name!r} is something else already")
        self._nouns[name] = noun
        setattr(self, name, noun(self))
        setattr(self, f"build_{name}", noun(self, saves=False))

    def metric_history(self, shape: str = "descent", *, steps: int = 100) -> list[float]:
        """Return values: descent, spike, plateau, divergence, noise or seasonal."""
        return self.fake.wandb_metric_history(shape, steps=steps)

    def build_event(self, event_type: EventType | str, **fields: Any) -> Any:
        """Return an event to listen for, `OnRunState(…)`; `fields` are those of `automation`.

        What can happen, an event of `pytest_wandb_automations.events`, is a `happening`.
        """
        return self.build_automation.fields_of(event_type, **fields).event

    def build_action(self, action_type: ActionType | str, **fields: Any) -> Any:
        """Return an action to do, `SendWebhook(…)`; `fields` are those of `automation`."""
        return self.build_automation.fields_of(action_type=action_type, **fields).action

    def numbered(self, name: str) -> str:
        """Return a name with a number, so that no two things get the same one by chance."""
        return f"{name}-{self.count(name)}"

    def distinct(self, name: str) -> str:
        """Return a name as it is, with a number if this has been asked for before."""
        count = self.count(name)
        return name if count == 1 else f"{name}-{count}"

    def count(self, what: str) -> int:
        """Return how often this has been asked for: 1 at first."""
        self._counts[what] += 1
        return self._counts[what]

    def id(self, kind: str) -> str:
        """Return an id that no backend knows."""
        return encode_id(kind, FIRST_DRAFT + self.count(f"{kind}:"))

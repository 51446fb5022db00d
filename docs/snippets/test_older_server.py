# region feature
import pytest
import wandb
from wandb.automations import DoNothing, OnRemoveArtifactTag
from wandb.errors import UnsupportedError


@pytest.mark.wandb_automations(
    features={"AUTOMATION_EVENT_REMOVE_ARTIFACT_TAG": False}
)
def test_the_script_says_so_where_the_server_knows_no_such_event(wandb_backend):
    weights = wandb_backend.collection("acme/llm/weights", type="model")

    with pytest.raises(
        UnsupportedError, match="not supported on this wandb server version"
    ):
        wandb.Api().create_automation(
            OnRemoveArtifactTag(scope=weights) >> DoNothing(), name="a"
        )


# endregion

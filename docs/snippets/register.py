import wandb
from wandb.automations import OnRunMetric, RunEvent, SendNotification


def register(entity, project):
    """Tell the team's channel when the average of three losses goes above 5."""
    api = wandb.Api()
    alerts = next(api.slack_integrations(entity=entity))
    spike = OnRunMetric(
        scope=api.project(project, entity=entity),
        filter=RunEvent.metric("loss").avg(3).gt(5),
    )
    warn = SendNotification.from_integration(
        alerts, title="Loss is spiking", level="WARN"
    )
    return api.create_automation(
        spike >> warn, name="loss-spike", fetch_existing=True
    )


def retire(name):
    """Delete an automation, if it is there."""
    api = wandb.Api()
    for automation in api.automations(name=name):
        api.delete_automation(automation)

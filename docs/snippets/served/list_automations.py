import wandb

for automation in wandb.Api().automations():
    print(automation.name, automation.event.event_type.value)

"""The offline W&B's state: accounts, projects, runs, artifacts, automations, executions."""

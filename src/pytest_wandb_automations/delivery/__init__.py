"""From a verdict to a webhook or a Slack message: templates, signatures, inboxes."""

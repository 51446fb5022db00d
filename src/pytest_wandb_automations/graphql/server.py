"""What the server says of itself: versions and features."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_wandb_automations.graphql.resolvers import Info, resolver

if TYPE_CHECKING:
    from pytest_wandb_automations.graphql.context import Context

# The first server that can do all that the kit plays; the SDK only shows it.
_VERSION = "0.83.0"
# SDKs before 0.23 take a server for an ancient one unless it names a newest SDK that it knows.
_NEWEST_SDK = "0.31.0"


@resolver("Query.serverInfo")
def server_info(_source: None, info: Info) -> dict[str, Any]:
    context: Context = info.context
    return {
        "cli_version_info": {"max_cli_version": _NEWEST_SDK},
        "latest_local_version_info": {
            "out_of_date": False,
            "latest_version_string": _VERSION,
            "version_on_this_instance_string": _VERSION,
        },
        "features": [
            {"name": name, "is_enabled": enabled}
            for name, enabled in context.world.features.items()
        ],
    }

"""The real SDK's service: where it writes what a test downloads."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from unittest import mock

if TYPE_CHECKING:
    from collections.abc import Generator

__all__ = ["send_whole_paths"]


@contextmanager
def send_whole_paths() -> Generator[None]:
    """Let the service write where the test is that asks it to.

    It is the service that downloads histories and, in newer SDKs, files of runs. It goes on from
    test to test and stays in the directory where the first one started it, so that a relative path
    would lead there. Where the SDK is loaded later, there is no service yet that is elsewhere.
    """
    service = sys.modules.get("wandb.sdk.lib.service.service_connection")
    connection_class = getattr(service, "ServiceConnection", None)
    send = getattr(connection_class, "api_request", None)
    if send is None:
        yield
        return

    def send_with_whole_paths(connection: Any, api_request: Any, **options: Any) -> Any:
        _make_whole(api_request)
        return send(connection, api_request, **options)

    with mock.patch.object(connection_class, "api_request", send_with_whole_paths):
        yield


def _make_whole(request: Any) -> None:
    kind = request.WhichOneof("request")
    if kind == "download_file_request":
        download = request.download_file_request
        download.path = os.path.abspath(download.path)
    elif kind == "read_run_history_request":
        history = request.read_run_history_request
        if history.WhichOneof("request") == "download_run_history_init":
            start = history.download_run_history_init
            start.download_dir = os.path.abspath(start.download_dir)

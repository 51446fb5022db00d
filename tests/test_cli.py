from __future__ import annotations

import json
import signal
import subprocess
import sys
from urllib.request import Request, urlopen

import pytest

from pytest_wandb_automations.cli import main


def test_serve_tells_the_environment_and_answers_until_it_is_interrupted():
    command = [
        sys.executable,
        "-c",
        "import sys; from pytest_wandb_automations.cli import main; sys.exit(main())",
    ]
    process = subprocess.Popen(
        [*command, "serve", "--seed", "3"], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    lines = [process.stdout.readline().strip() for _ in range(5)]
    variables = dict(line.removeprefix("export ").split("=", 1) for line in lines)
    request = Request(
        f"{variables['WANDB_BASE_URL']}/graphql",
        json.dumps({"query": "{viewer {username}}"}).encode(),
        {"Authorization": f"Bearer {variables['WANDB_API_KEY']}"},
    )
    with urlopen(request) as response:
        assert json.load(response) == {"data": {"viewer": {"username": "tester"}}}
    process.send_signal(signal.SIGINT)
    assert process.wait(10) == 0
    process.stdout.close()


def test_a_command_is_needed(capsys):
    with pytest.raises(SystemExit):
        main([])
    assert "the following arguments are required: command" in capsys.readouterr().err

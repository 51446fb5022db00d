from __future__ import annotations

import base64
import json

import pytest

from pytest_wandb_automations import Backend
from pytest_wandb_automations.http import gateway as gateway_module
from pytest_wandb_automations.http.gateway import Gateway
from pytest_wandb_automations.http.messages import Request

EARLIER, NOW = "e" * 40, "n" * 40
API = "W&B Public Client 0.31.0"
VIEWER = json.dumps({"query": "{ viewer { username } }"}).encode()


def ask(gateway, key, user_agent="wandb-core"):
    credentials = base64.b64encode(f"api:{key}".encode()).decode()
    headers = {"authorization": f"Basic {credentials}", "user-agent": user_agent}
    response = gateway.answer(Request("POST", "/graphql", headers, VIEWER))
    return response.status, json.loads(response.body)


def message(answer):
    return answer[1]["errors"][0]["message"]


@pytest.fixture
def gateway():
    """Give a gateway in its second test."""
    gateway = Gateway()
    gateway.attach(Backend(api_key=EARLIER).world)
    gateway.detach()
    gateway.attach(Backend(seed=1, api_key=NOW).world)
    return gateway


def test_the_world_of_the_running_test_answers(gateway):
    assert ask(gateway, NOW) == (200, {"data": {"viewer": {"username": "tester"}}})


def test_without_a_world_it_is_gone(gateway):
    gateway.detach()
    answer = ask(gateway, NOW)
    assert answer[0] == 410
    assert message(answer) == "the test that this request was meant for has ended"


def test_a_key_of_an_earlier_test_is_gone(gateway):
    answer = ask(gateway, EARLIER)
    assert answer[0] == 410
    assert message(answer) == "API key eeee… belongs to a test that has ended"


def test_a_key_of_no_test_is_unknown(gateway):
    assert ask(gateway, "u" * 40)[0] == 401


def test_an_api_object_made_earlier_acts_as_the_default_user(gateway):
    assert ask(gateway, EARLIER, API) == (200, {"data": {"viewer": {"username": "tester"}}})


def test_an_api_object_of_another_user_is_unknown():
    gateway = Gateway()
    backend = Backend(api_key=EARLIER)
    backend.user("ada", api_key="a" * 40)
    gateway.attach(backend.world)
    gateway.detach()
    gateway.attach(Backend(seed=1, api_key=NOW).world)
    assert ask(gateway, "a" * 40, API)[0] == 401


def test_an_api_object_with_a_key_of_no_test_is_refused(gateway):
    assert ask(gateway, "u" * 40, API)[0] == 401


def test_a_key_that_comes_back_is_good_again(gateway):
    gateway.detach()
    gateway.attach(Backend(api_key=EARLIER).world)
    assert ask(gateway, EARLIER)[0] == 200


def test_a_key_given_to_a_user_of_this_test_is_good(gateway):
    backend = Backend(seed=2, api_key="m" * 40)
    gateway.detach()
    gateway.attach(backend.world)
    backend.user("ada", api_key=EARLIER)
    assert ask(gateway, EARLIER) == (200, {"data": {"viewer": {"username": "ada"}}})


def test_keys_of_all_users_end_with_their_test():
    gateway = Gateway()
    backend = Backend(api_key=EARLIER)
    backend.user("ada", api_key="a" * 40)
    gateway.attach(backend.world)
    gateway.detach()
    gateway.attach(Backend(seed=1, api_key=NOW).world)
    assert ask(gateway, "a" * 40)[0] == 410


def test_the_oldest_keys_are_forgotten(gateway, monkeypatch):
    monkeypatch.setattr(gateway_module, "_REMEMBERED_KEYS", 2)
    gateway.detach()
    gateway.attach(Backend(seed=2, api_key="m" * 40).world)
    assert ask(gateway, EARLIER)[0] == 401
    assert ask(gateway, NOW)[0] == 410


def test_detaching_without_a_world_does_nothing():
    Gateway().detach()

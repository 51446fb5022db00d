from __future__ import annotations

import pytest

from pytest_wandb_automations.errors import TooLarge
from pytest_wandb_automations.http.messages import MAX_BODY, Request, Response, json_response


def test_a_body_over_the_limit_is_too_large():
    with pytest.raises(TooLarge, match=f"the body has {MAX_BODY + 1} bytes"):
        Request("POST", "/graphql", {}, bytes(MAX_BODY + 1)).content()


def test_a_body_of_exactly_the_limit_is_read():
    assert len(Request("POST", "/graphql", {}, bytes(MAX_BODY)).content()) == MAX_BODY


def test_a_response_is_empty_unless_told_otherwise():
    assert Response(204) == Response(204, b"", {})


def test_a_json_response_has_no_needless_spaces():
    assert json_response({"a": [1, 2]}, 409) == Response(
        409, b'{"a":[1,2]}', {"content-type": "application/json"}
    )

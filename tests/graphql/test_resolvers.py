from __future__ import annotations

import pytest

from pytest_wandb_automations.graphql.resolvers import Resolvers


def test_a_function_is_bound_to_each_of_its_coordinates_and_stays_what_it_is() -> None:
    resolver = Resolvers()

    @resolver("Query.viewer", "Query.entity")
    def nobody(_source, _info):
        return None

    assert resolver.functions == {"Query.viewer": nobody, "Query.entity": nobody}


def test_a_field_has_one_resolver() -> None:
    resolver = Resolvers()
    resolver("Query.viewer")(print)

    with pytest.raises(ValueError, match=r"Query\.viewer has a resolver already"):
        resolver("Query.viewer")(repr)

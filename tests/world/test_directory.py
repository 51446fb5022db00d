"""Accounts by name and by key."""

from __future__ import annotations

import pytest

from pytest_wandb_automations import Backend
from pytest_wandb_automations.errors import Conflict, InvalidInput, NotFound


def test_a_new_world_has_a_user_with_a_team_and_one_without_anything() -> None:
    world = Backend(api_key="k" * 40).world
    owner, loner = world.directory.users.values()

    assert owner is world.default_user
    assert owner.api_key == "k" * 40
    assert owner.teams == [world.default_team]
    assert owner.organizations == [world.default_organization]
    assert (loner.teams, loner.organizations) == ([], [])
    assert world.default_organization.teams == [world.default_team]


def test_a_key_leads_to_its_user(backend: Backend) -> None:
    directory = backend.world.directory
    ada = backend.user("ada", api_key="a" * 40)

    assert directory.user_of_key("a" * 40) is ada
    assert directory.user_of_key("b" * 40) is None


def test_a_deleted_key_leads_nowhere(backend: Backend) -> None:
    directory = backend.world.directory
    ada = backend.user("ada", api_key="a" * 40)
    second = directory.add_api_key(ada, "b" * 40, "for CI")

    directory.delete_api_key(ada.api_keys["a" * 40])

    assert directory.user_of_key("a" * 40) is None
    assert ada.api_key == "b" * 40
    assert second.description == "for CI"


def test_a_user_whose_keys_were_all_deleted_has_none(backend: Backend) -> None:
    ada = backend.user("ada", api_key="a" * 40)
    backend.world.directory.delete_api_key(ada.api_keys["a" * 40])

    with pytest.raises(NotFound, match="user 'ada' has no API key"):
        _ = ada.api_key


def test_a_short_key_is_refused_and_nobody_is_made(backend: Backend) -> None:
    with pytest.raises(InvalidInput, match="an API key has at least 40 characters, got 39"):
        backend.user("ada", api_key="a" * 39)

    assert "ada" not in backend.world.directory.users


def test_a_key_belongs_to_one_user(backend: Backend) -> None:
    backend.user("ada", api_key="a" * 40)

    with pytest.raises(Conflict, match="this API key belongs to a user already"):
        backend.user("bob", api_key="a" * 40)


@pytest.mark.parametrize("name", ["", "a/b"])
def test_a_name_that_cannot_stand_in_a_path_is_refused(backend: Backend, name: str) -> None:
    with pytest.raises(InvalidInput, match="cannot be the name of a user, team or organization"):
        backend.world.directory.add_user(name)


def test_users_teams_and_organizations_share_one_space_of_names(backend: Backend) -> None:
    directory = backend.world.directory
    for add in (directory.add_user, directory.add_organization):
        with pytest.raises(Conflict, match="the name 'acme' is taken by <Team acme>"):
            add("acme")
    with pytest.raises(Conflict, match="the name 'tester' is taken by <User tester>"):
        directory.add_team("tester", None)


def test_unknown_names_are_answered_with_the_known_ones(backend: Backend) -> None:
    directory = backend.world.directory

    with pytest.raises(NotFound, match="no user 'ada'; there are: tester, loner"):
        directory.user("ada")
    with pytest.raises(NotFound, match="no entity 'x'; there are: acme-corp, acme, tester, loner"):
        directory.entity("x")
    assert directory.entity("acme") is backend.world.default_team
    assert directory.user(backend.world.default_user) is backend.world.default_user

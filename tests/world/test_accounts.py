"""Who belongs to what, and what they may do there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_wandb_automations.errors import Forbidden, InvalidInput

if TYPE_CHECKING:
    from pytest_wandb_automations import Backend


def test_the_first_team_becomes_the_default_entity(backend: Backend) -> None:
    ada = backend.user("ada")
    assert ada.entity == "ada"

    backend.team("acme").add_member(ada)
    backend.team("other").add_member("ada")

    assert ada.entity == "acme"
    assert [team.name for team in ada.teams] == ["acme", "other"]


def test_whoever_leaves_the_default_team_gets_another_default(backend: Backend) -> None:
    ada = backend.user("ada")
    for team in ("one", "two"):
        backend.team(team).add_member(ada)

    backend.team("one").remove_member(ada)
    assert ada.entity == "two"
    backend.team("two").remove_member("ada")
    assert ada.entity == "ada"


def test_leaving_another_team_keeps_the_default(backend: Backend) -> None:
    ada = backend.user("ada")
    for team in ("one", "two"):
        backend.team(team).add_member(ada)

    backend.team("two").remove_member(ada)

    assert ada.entity == "one"


def test_an_organization_is_no_default_entity(backend: Backend) -> None:
    ada = backend.user("ada")
    organization = backend.organization("acme-corp")

    organization.add_member(ada, role="viewer")

    assert ada.entity == "ada"
    assert ada.organizations == [organization]
    organization.remove_member(ada)
    assert ada.organizations == []


def test_only_members_can_leave(backend: Backend) -> None:
    with pytest.raises(InvalidInput, match="'loner' is no member of 'acme'"):
        backend.team("acme").remove_member("loner")


def test_a_personal_entity_has_its_owner_and_nobody_else(backend: Backend) -> None:
    ada = backend.user("ada")

    assert ada.personal_entity.owner is ada
    assert backend.team("acme").owner is None
    with pytest.raises(InvalidInput, match="'ada' is a personal entity; only teams have members"):
        ada.personal_entity.add_member("tester")


def test_an_unknown_role_is_refused(backend: Backend) -> None:
    with pytest.raises(InvalidInput, match="unknown role 'boss'; known are admin, member, viewer"):
        backend.team("acme").add_member("loner", role="boss")


@pytest.mark.parametrize(
    ("role", "sees", "writes", "administers"),
    [
        (None, False, False, False),
        ("viewer", True, False, False),
        ("member", True, True, False),
        ("admin", True, True, True),
    ],
)
def test_a_role_decides_what_a_user_may(
    backend: Backend, role: str | None, sees: bool, writes: bool, administers: bool
) -> None:
    ada, team = backend.user("ada"), backend.team("acme")
    if role is not None:
        team.add_member(ada, role=role)

    assert ada.may_see(team) is sees
    for check, may in ((ada.check_may_write, writes), (ada.check_may_administer, administers)):
        if may:
            check(team)
        else:
            with pytest.raises(Forbidden):
                check(team)


def test_an_admin_of_the_server_may_everything(backend: Backend) -> None:
    root, team = backend.user("root", admin=True), backend.team("acme")

    assert root.may_see(team)
    root.check_may_write(team)
    root.check_may_administer(team)


def test_a_refusal_says_what_the_user_is(backend: Backend) -> None:
    ada, team = backend.user("ada"), backend.team("acme")

    with pytest.raises(Forbidden, match="user 'ada' may not change <Team acme>: not a member the"):
        ada.check_may_write(team)
    team.add_member(ada, role="viewer")
    with pytest.raises(Forbidden, match="may not change <Team acme>: only a viewer there"):
        ada.check_may_write(team)
    with pytest.raises(Forbidden, match="user 'ada' is no admin of team 'acme'; W&B lets team"):
        ada.check_may_administer(team)


def test_scopes_are_contained_in_each_other(backend: Backend) -> None:
    team, organization = backend.team("acme"), backend.organization("acme-corp")
    org_entity = organization.org_entity
    alone = backend.world.directory.add_team("alone", None)

    assert team.scope_ids == (team.id, org_entity.id)
    assert org_entity.scope_ids == (org_entity.id,)
    assert alone.scope_ids == (alone.id,)


def test_reprs_name_things_and_hide_keys(backend: Backend) -> None:
    ada = backend.user("ada", api_key="secret-" + "a" * 40)
    key = ada.api_keys[ada.api_key]
    shown = [repr(ada), repr(ada.personal_entity), repr(key), key.name]

    assert shown == ["<User ada>", "<User ada>", "<ApiKey secr…>", "secr…"]
    assert repr(backend.team("acme")) == "<Team acme>"
    assert repr(backend.organization("acme-corp")) == "<Organization acme-corp>"
    assert backend.team("acme").path == "acme"
    assert backend.team("acme").entity_type == "team"

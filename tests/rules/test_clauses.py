"""Clauses: small, immutable, and readable."""

from __future__ import annotations

import copy
import pickle

import pytest

from pytest_wandb_automations.rules import MISSING, NO_VALUE, Clause
from pytest_wandb_automations.rules.limits import Limit


def test_a_clause_is_true_exactly_when_it_held() -> None:
    assert Clause("enabled")
    assert not Clause("enabled", held=False)
    assert not Clause("scope", held=None)


def test_a_clause_names_its_parts() -> None:
    child = Clause("$and[0].alias", "= 'prod'", "staging", False)

    clause = Clause("$and", "all of", held=False, children=[child], note="why not")

    assert (clause.path, clause.asked, clause.found) == ("$and", "all of", NO_VALUE)
    assert (clause.held, clause.children, clause.note) == (False, (child,), "why not")


def test_clauses_compare_by_value() -> None:
    one, other = Clause("a", found=[1]), Clause("a", found=[1])

    assert one == other
    assert hash(one) == hash(other)
    assert one != Clause("a", found=[2])
    assert one != "a"


def test_clauses_cannot_be_changed() -> None:
    clause = Clause("a")

    with pytest.raises(AttributeError, match="cannot be changed: note"):
        clause.note = "other"  # type: ignore[misc]  # the point of the test


def test_clauses_survive_copying_and_pickling() -> None:
    clause = Clause("a", "= 1", MISSING, False, [Clause("b", found=NO_VALUE)])

    for twin in (copy.deepcopy(clause), pickle.loads(pickle.dumps(clause))):
        assert twin == clause
        assert twin.found is MISSING
        assert twin.children[0].found is NO_VALUE


def test_clauses_and_stand_ins_show_what_they_are() -> None:
    assert repr(Clause("a", "= 1", MISSING, False)) == (
        "Clause(path='a', asked='= 1', found=MISSING, held=False, children=(), note='')"
    )
    assert not MISSING
    assert not NO_VALUE


@pytest.mark.parametrize(
    ("path", "asked", "label"),
    [
        ("enabled", "", "enabled"),
        ("$or[0].$and[1].alias", "= 'prod'", "alias"),
        ("run_filter.$and[0].config.lr", "> 1", "config.lr"),
        ("$or[0].alias.$not", "= 'prod'", "alias"),
        ("$or[0].alias.$not.$not", "= 'prod'", "alias"),
        ("$and", "no conditions", "no conditions"),
        ("$or[0].$and[0]", "no conditions", "no conditions"),
        ("run_filter", "no conditions", "no conditions"),
        ("filter.$and", "no conditions", "no conditions"),
    ],
)
def test_the_label_is_the_field_or_what_is_asked(path: str, asked: str, label: str) -> None:
    assert Clause(path, asked).label == label


def test_the_label_of_a_group_is_what_is_asked() -> None:
    assert Clause("alias", "all of", children=[Clause("alias", "= 1")]).label == "all of"


def test_an_undecided_clause_shows_what_it_shows_with_a_remark() -> None:
    limit = Clause("a", "> 1", 2, limit=Limit(1, after="> "))
    group = Clause("$and", "all of", children=[limit], note="so it is")

    undecided = group.undecided("as of now")

    assert (undecided.held, undecided.note) == (None, "so it is; as of now")
    assert undecided.children == (Clause("a", "> 1", 2, None, limit=limit.limit),)
    assert group.held

"""The same seed makes the same things: in every process, whoever else seeds what."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from typing import TYPE_CHECKING

from faker import Faker

from pytest_wandb_automations import Backend
from pytest_wandb_automations.factories import Factory, WandbProvider

if TYPE_CHECKING:
    import pytest

STORY = """
from pytest_wandb_automations.factories import Factory

factory = Factory(seed=11)
for kind in sorted(factory._nouns):
    print(getattr(factory, f"build_{kind}")())
    print(getattr(factory, kind)())
for shape in ("descent", "spike", "plateau", "divergence", "noise", "seasonal"):
    print(factory.metric_history(shape, steps=7))
print(factory.build_user().api_key, factory.fake.name())
"""


def told_by_a_process(hash_seed: str) -> str:
    result = subprocess.run(
        [sys.executable, "-c", STORY],
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        check=True,
    )
    return result.stdout


def test_processes_with_different_hash_seeds_make_the_same_things():
    story = told_by_a_process("1")

    assert story.count("\n") > 30
    assert told_by_a_process("2") == story


def test_a_factory_minds_no_other_generator():
    def story() -> list[object]:
        factory = Factory(Backend(), seed=5)
        random.seed()
        Faker.seed(random.randrange(10**6))
        runs = factory.build_run.batch(3)
        random.random()
        return [*runs, factory.metric_history("noise", steps=3), factory.fake.company()]

    state = random.getstate()
    try:
        assert story() == story()
    finally:
        random.setstate(state)


def test_a_factory_leaves_the_global_generator_alone():
    before = random.getstate()

    factory = Factory(Backend(), seed=5)
    factory.automation()
    factory.metric_history("noise")

    assert random.getstate() == before


def test_the_backend_has_no_say_in_what_is_built():
    one, other = (Factory(Backend(seed=seed), seed=5) for seed in (1, 2))
    other.backend.project("acme/llm").collection("weights")

    for kind in set(one._nouns) - {"automation"}:
        assert getattr(one, f"build_{kind}")() == getattr(other, f"build_{kind}")()


def test_two_seeds_make_different_things():
    assert Factory(seed=1).build_run() != Factory(seed=2).build_run()


def test_the_provider_is_of_use_to_any_faker():
    fake = Faker()
    fake.seed_instance(3)
    fake.add_provider(WandbProvider)
    again = Faker()
    again.seed_instance(3)
    again.add_provider(WandbProvider)

    assert fake.wandb_metric_history("spike", steps=5) == again.wandb_metric_history(
        "spike", steps=5
    )
    assert len(fake.commit_hash()) == 40
    assert int(fake.commit_hash(), 16)
    assert fake.wandb_model().count("-") == 2


SUITE = """
import pytest

@pytest.mark.parametrize("number", range(4))
def test_it(wandb_factory, number):
    with open(f"story-{number}.txt", "w") as file:
        print(wandb_factory.seed, wandb_factory.build_run(), wandb_factory.run(), file=file)
        print(wandb_factory.automation(), wandb_factory.metric_history("noise"), file=file)
"""


def stories(pytester: pytest.Pytester, result: pytest.RunResult) -> list[str]:
    result.assert_outcomes(passed=4)
    texts = [(pytester.path / f"story-{number}.txt").read_text() for number in range(4)]
    assert len(set(texts)) == 4
    return texts


def test_tests_get_the_same_things_with_xdist_and_pytest_randomly_and_without(pytester):
    pytester.makepyfile(SUITE)

    alone = stories(pytester, pytester.runpytest_inprocess("-p", "no:asyncio", "-p", "no:randomly"))

    for seed in ("1", "2"):
        shuffled = pytester.runpytest_inprocess("-p", "no:asyncio", f"--randomly-seed={seed}")
        assert stories(pytester, shuffled) == alone
    spread = pytester.runpytest_subprocess("-p", "no:randomly", "-n", "2")
    assert stories(pytester, spread) == alone

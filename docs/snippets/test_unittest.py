# region unittest
import unittest

import pytest


class PromotionTest(unittest.TestCase):
    @pytest.fixture(autouse=True)
    def wandb(self, wandb_backend):
        self.wandb = wandb_backend

    def test_a_new_version_is_the_latest(self):
        version = self.wandb.collection(
            "acme/llm/weights", type="model"
        ).log_version()
        assert "latest" in version.aliases


# endregion

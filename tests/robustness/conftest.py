import sys
from pathlib import Path

import pytest
from small_market import Market, made

# Promotions are those of the tests there.
sys.path.insert(0, str(Path(__file__).parents[1] / "tracking"))


@pytest.fixture(scope="session")
def market(tmp_path_factory: pytest.TempPathFactory) -> Market:
    """A simulated market with two runs and an artifact; what a test needs of it it copies."""
    return made(tmp_path_factory.mktemp("market"))

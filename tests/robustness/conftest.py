import sys
from pathlib import Path

import pytest
from small_market import Market, made

# The fork server imports by these paths too.
for folder in ("robustness", "track", "."):
    sys.path.insert(0, str(Path(__file__).parents[1] / folder))


@pytest.fixture(scope="session")
def market(tmp_path_factory: pytest.TempPathFactory) -> Market:
    """A simulated market with two runs and an artifact; what a test needs of it it copies."""
    return made(tmp_path_factory.mktemp("market"))

"""Contract suites that a model, source, split or metric of your own inherits in its tests.

A suite is a class of pytest tests. Your test says how the part is made, and inherits the rest:

    from recsys.testing import ModelContract

    class TestMyModel(ModelContract):
        def make(self, **change):
            return MyModel(**change)

Every failure says what was expected, what came and what to change. pytest is needed to import this
package; nothing else in `recsys` imports it.
"""

try:
    import pytest
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        "recsys.testing needs pytest, which is not installed: pip install pytest",
        name=error.name,
    ) from None

# Before the suites are imported: pytest then shows both sides of a comparison that fails.
_SUITES = ("metrics", "models", "parts", "training", "vectors")
pytest.register_assert_rewrite(*(f"{__name__}.{suite}" for suite in _SUITES))

from recsys.testing.metrics import MetricContract  # noqa: E402
from recsys.testing.models import ModelContract, PersonalisedContract  # noqa: E402
from recsys.testing.parts import SourceContract, SplitContract  # noqa: E402
from recsys.testing.training import CheckpointContract, TunesItselfContract  # noqa: E402
from recsys.testing.vectors import EmbeddingContract, FilterContract  # noqa: E402

__all__ = [
    "CheckpointContract",
    "EmbeddingContract",
    "FilterContract",
    "MetricContract",
    "ModelContract",
    "PersonalisedContract",
    "SourceContract",
    "SplitContract",
    "TunesItselfContract",
]

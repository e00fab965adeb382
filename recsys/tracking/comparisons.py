"""How often models were compared on a test window: each comparison is a choice that has seen it."""

import hashlib
import json
from collections.abc import Mapping

from recsys.tracking.client import search_runs
from recsys.tracking.read import TrackedRun

KIND = "promotion"
"""Tag "kind" of a run that records a comparison on test."""
WINDOW = "window"
"""Tag of such a run: the digest of its window."""

# The result of an interrupted promotion was shown to nobody.
_COMPARED = f"tags.kind = '{KIND}' and tags.compared = 'true' and attributes.status = 'FINISHED'"


def earlier_comparisons(run: TrackedRun, window: Mapping[str, str]) -> int:
    """The number of promotions that compared models on this test window, whatever their verdict.

    Names of data may hold anything and are not put into a query: all promotions are read, and
    their windows compared here. Deleted ones count, because they have seen the window too.

    Args:
        run: of the store.
        window: tags that identify the window.
    """
    from mlflow.entities import ViewType

    experiments = [
        experiment.experiment_id
        for experiment in run.client.search_experiments(view_type=ViewType.ALL)
    ]
    promotions = search_runs(run.client, experiments, _COMPARED, run_view_type=ViewType.ALL)
    return sum(_is_of(window, promotion.data.tags) for promotion in promotions)


def window_digest(window: Mapping[str, str]) -> str:
    """SHA-256 of the tags of a window: a store may cut or change the tags themselves."""
    return hashlib.sha256(json.dumps(sorted(window.items())).encode()).hexdigest()


def _is_of(window: Mapping[str, str], tags: Mapping[str, str]) -> bool:
    digest = tags.get(WINDOW)
    # Promotions of version 0.1.0 have no digest.
    return window.items() <= tags.items() if digest is None else digest == window_digest(window)

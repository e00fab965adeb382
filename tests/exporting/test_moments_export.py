"""Moments that an export fits, and a refresh that takes in what happened since."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from recsys import ALS, Dataset, export, load_artifact
from recsys.data.interactions import SECOND
from recsys.errors import InputError
from recsys.exporting.refresh.refresh import refreshed
from recsys.journeys.micro_moments.observe import session_events
from recsys.ops.session_features import HORIZON, after
from recsys.serving import Artifact, MomentPart, SessionEvent
from recsys.simulation import SimulatedMarket

CUT = int(pd.Timestamp("2025-10-01", tz="UTC").timestamp())


def chances(artifact: Artifact, customer: str, product: str, at: int) -> list[float]:
    told = artifact.moment(customer, [SessionEvent("view", product)], "app", at)
    return list(told.probabilities.values())


def test_an_artifact_tells_what_the_fit_tells_and_a_refresh_takes_in_new_events(
    tmp_path: Path,
) -> None:
    data = Dataset.from_source(SimulatedMarket(events=6_000))
    past = data.before(CUT * SECOND)
    export(ALS(dim=4).fit(past), past, tmp_path / "artifact", moments="outcome")
    artifact = load_artifact(tmp_path / "artifact")
    old = artifact.contents.moments
    assert isinstance(old, MomentPart)
    assert old.when.min() >= CUT - HORIZON
    assert old.when.max() < CUT
    contents = refreshed(artifact, data, None, False)
    new = Artifact.of(contents)
    assert contents.moments is not None
    assert contents.moments.when.max() > CUT
    for name, array in old.model.arrays().items():
        np.testing.assert_array_equal(contents.moments.model.arrays()[name], array)
    # A view that did happen, told by the artifact without it, is told as the fit tells it.
    for source, known, first in ((artifact, past, CUT - 30 * 86_400), (new, data, CUT)):
        events, _ = session_events(known)
        last = np.append(events.customers[1:] != events.customers[:-1], True)
        seen = np.flatnonzero(last & (events.steps == 0) & (events.products >= 0)
                              & (events.when > first))[:5]  # fmt: skip
        assert len(seen) == 5
        for row in seen:
            customer = str(known.customers.ids[events.customers[row]])
            product = str(known.products.ids[events.products[row]])
            end = known.as_of_seconds
            later = chances(source, customer, product, end)
            assert later == pytest.approx(_again(source, known, int(row), end))


def _again(artifact: Artifact, data: Dataset, row: int, at: int) -> list[float]:
    """The same view once more at the end, by the features of all customers."""
    events, _ = session_events(data)
    part = artifact.contents.moments
    assert part is not None
    place = list(artifact.contents.touchpoints.names).index("app")
    many = type(events).of(
        customers=np.append(events.customers, events.customers[row]),
        when=np.append(events.when, at),
        steps=np.append(events.steps, 0),
        products=np.append(events.products, events.products[row]),
        groups=part.groups,
        touchpoints=np.append(events.touchpoints, place),
    )[0]
    position = np.flatnonzero(many.when == at)
    return part.model.after.probabilities(after(many)[position])[-1].tolist()


def test_a_label_that_is_none_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    data = Dataset.from_source(SimulatedMarket(events=1_000))
    with pytest.raises(InputError, match="label: expected a column context_intend"):
        export(ALS(dim=4).fit(data), data, tmp_path / "artifact", moments="intend")
    assert not (tmp_path / "artifact").exists()

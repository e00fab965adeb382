"""A source and a split that a user writes: what is needed works, and what is missing is named."""

from typing import Any

import pandas as pd
import pytest

from recsys import Dataset
from recsys.data.interactions import DAY
from recsys.data.queries import Split, window
from recsys.data.source import Source
from recsys.data.splitter import BaseSplit
from recsys.data.tables import Tables
from recsys.errors import InputError

EVENTS = pd.DataFrame(
    {
        "customer_id": ["ann", "ann", "ann", "bob", "bob", "bob"],
        "product_id": ["tea", "jam", "bread", "tea", "milk", "jam"],
        "timestamp": pd.to_datetime([f"2026-01-0{day}" for day in (1, 4, 6, 2, 5, 7)], utc=True),
    }
)


class Shop:
    name = "shop"
    version = "1"
    cutoffs = None
    filter_seen = True
    targets = ("purchase",)

    def load(self) -> Tables:
        return Tables(interactions=EVENTS)


class LastDays(BaseSplit):
    """Valid and test are the last days of the data; `late` leaks so many days into the past."""

    def __init__(self, *, days: int, late: int = 0) -> None:
        self.days, self.late = days, late

    def divide(self, data: Dataset, source: Source | None) -> Split:
        when, end = data.interactions.when, data.as_of
        assert when is not None
        assert end is not None
        test_from = (end // DAY + 1 - self.days) * DAY
        valid_from = test_from - self.days * DAY
        in_past = when < valid_from + self.late * DAY
        in_valid = (when >= valid_from) & (when < test_from)
        return Split(
            description=f"last {self.days} days",
            valid=window(data, in_past, in_valid, valid_from, test_from),
            test=window(data, when < test_from, when >= test_from, test_from, end),
        )


def test_a_class_with_six_members_is_a_source() -> None:
    data = Dataset.from_source(Shop())
    assert (data.name, data.targets, len(data.interactions)) == ("shop", ("purchase",), 6)


@pytest.mark.parametrize(
    ("member", "value", "words"),
    [
        ("targets", (), ("data.targets", "at least one action", "got none")),
        ("targets", ("buy",), ("data.targets", "'buy'", "purchase")),
        ("load", lambda self: EVENTS, ("data", "returns recsys.data.tables.Tables", "DataFrame")),
    ],
)
def test_a_source_of_another_shape_is_refused(member: str, value: Any, words: tuple) -> None:
    source = type("Odd", (Shop,), {member: value})()
    with pytest.raises(InputError) as caught:
        Dataset.from_source(source)
    key, *others = words
    assert caught.value.key == key
    assert all(word in str(caught.value) for word in others)


def test_members_that_a_source_lacks_are_named_before_it_loads() -> None:
    class Bare:
        name = "bare"

        def load(self) -> Tables:
            raise AssertionError

    with pytest.raises(InputError, match="got Bare without version, cutoffs, filter_seen, targets"):
        Dataset.from_source(Bare())  # type: ignore[arg-type]


def test_a_split_needs_only_to_divide() -> None:
    split = LastDays(days=2).split(Dataset.from_source(Shop()))
    assert split.description == "last 2 days"
    assert len(split.train.interactions) == 2
    assert len(split.valid.queries) == len(split.test.queries) == 2


def test_a_split_that_leaks_is_refused_by_the_audit() -> None:
    with pytest.raises(InputError, match="leakage audit, edges of valid"):
        LastDays(days=2, late=1).split(Dataset.from_source(Shop()))


def test_a_split_without_divide_cannot_be_made() -> None:
    class Undivided(BaseSplit):
        pass

    with pytest.raises(TypeError, match="divide"):
        Undivided()  # type: ignore[abstract]

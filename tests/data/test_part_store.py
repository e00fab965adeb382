"""A store of parts: the same data as without, from the new parts alone, whatever happens to it."""

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stored_shop import assert_same_data, events, source_of, write_part, write_shop

from recsys.data.check import check_and_count
from recsys.data.dataset import Dataset
from recsys.data.part_store import arrow_files, part_store
from recsys.data.part_store.growing_values import GrowingValues
from recsys.data.part_store.manifest import read_manifest
from recsys.data.sources import stored
from recsys.data.sources.stored import stored_events
from recsys.errors import InputError
from recsys.ops.locks import lock

IDS = st.sampled_from([f"c{number}" for number in range(6)])
ROWS = st.tuples(
    IDS,
    st.one_of(st.none(), st.sampled_from(["tea", "jam", "pie", "rum"])),
    st.one_of(st.none(), st.sampled_from(["app", "web"])),
    st.sampled_from(["view", "purchase", "reject", "contact"]),
    st.integers(1, 28),
    st.one_of(st.none(), st.integers(0, 9).map(float)),
)
DAYS = st.lists(st.lists(ROWS, min_size=1, max_size=6), min_size=1, max_size=5)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_shop(tmp_path / "shop")


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "store"


@pytest.fixture
def read_parts(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the parts that were read since."""
    names: list[str] = []
    read = stored._PartReader.read

    def noted(self: Any, part: Path) -> pd.DataFrame:
        names.append(part.name)
        return read(self, part)

    monkeypatch.setattr(stored._PartReader, "read", noted)
    return names


def message_of(load: Callable[[], object]) -> str:
    with pytest.raises(InputError) as refused:
        load()
    return str(refused.value)


def refused_alike(root: Path, store: Path) -> str:
    """The error of a load with the store, which has to be that of one without."""
    plain = message_of(lambda: Dataset.from_source(source_of(root, None)))
    assert message_of(lambda: Dataset.from_source(source_of(root, store))) == plain
    return plain


@given(days=DAYS, order=st.randoms(use_true_random=False), linked=st.booleans())
@settings(max_examples=12, deadline=None)
def test_whatever_the_parts_and_their_order_the_data_are_the_same(
    days: list[list[Any]], order: Any, linked: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("random")
    numbers = list(range(len(days)))
    order.shuffle(numbers)
    for number in numbers:
        write_part(folder / "shop", f"day-{number}.parquet", events(*days[number]))
        assert_same_data(folder / "shop", folder / "store")
    # The same rows once more, in a part of their own.
    write_part(folder / "shop", "again.parquet", events(*days[0]))
    if linked:
        customers = [row[0] for day in days for row in day]
        links = {"id_a": customers[:1], "id_b": ["phone"], "kind": ["device"]}
        pd.DataFrame(links).to_parquet(folder / "shop" / "identities.parquet")
    data = assert_same_data(folder / "shop", folder / "store")
    assert len(data.interactions) == sum(map(len, days)) + len(days[0])


def test_only_new_and_changed_parts_are_read(
    root: Path, store: Path, read_parts: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    assert_same_data(root, store)
    assert read_parts == ["2026-01-01.parquet", "2026-01-02.parquet"]
    assert_same_data(root, store)
    assert len(read_parts) == 2
    write_part(root, "2026-01-03.parquet", events(("dan", "rum", "app", "view", 3, None)))
    assert_same_data(root, store)
    assert read_parts[2:] == ["2026-01-03.parquet"]
    assert not caplog.messages
    write_part(root, "2026-01-01.parquet", events(("eve", "pie", "web", "view", 1, None)))
    data = assert_same_data(root, store)
    assert read_parts[3:] == ["2026-01-01.parquet"]
    assert "bob" not in data.customers.ids
    assert caplog.messages == [
        f"data.store={store}: 2026-01-01.parquet has changed and is read again"
    ]


def test_a_part_that_is_gone_takes_its_events_and_ids_with_it(
    root: Path, store: Path, read_parts: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    assert_same_data(root, store)
    (root / "interactions" / "2026-01-01.parquet").unlink()
    data = assert_same_data(root, store)
    assert sorted(data.customers.ids) == ["ann", "cleo"]
    assert len(read_parts) == 2
    assert caplog.messages == [
        f"data.store={store}: 2026-01-01.parquet is gone, and its events too"
    ]
    statistics = stored_events(source_of(root, store)).statistics
    assert (statistics.events, statistics.customers, statistics.products) == (2, 2, 1)
    assert len([path for path in store.iterdir() if path.name.startswith("events-")]) == 1


def test_a_copy_of_a_part_with_another_time_is_the_same_part(
    root: Path, store: Path, read_parts: list[str]
) -> None:
    assert_same_data(root, store)
    for path in (root / "interactions").iterdir():
        os.utime(path, (1_700_000_000, 1_700_000_000))
    assert_same_data(root, store)
    assert len(read_parts) == 2
    assert '"changed_ns":1700000000000000000' in (store / "store.json").read_text()


def test_a_part_written_again_within_a_tick_is_noticed(root: Path, store: Path) -> None:
    part = root / "interactions" / "2026-01-02.parquet"
    assert_same_data(root, store)
    about = part.stat()
    former = part.read_bytes()
    write_part(root, part.name, events(("ann", "jam", "app", "purchase", 2, 4.0),
                                       ("cleo", None, "web", "contact", 2, None)))  # fmt: skip
    part.write_bytes(part.read_bytes().ljust(len(former))[: len(former)])
    if part.read_bytes() != former:
        os.utime(part, ns=(about.st_atime_ns, about.st_mtime_ns))
    assert part.stat().st_mtime_ns == about.st_mtime_ns
    assert stored_events(source_of(root, store)).changes.changed == (part.name,)


def test_other_settings_read_all_parts_again(
    root: Path, store: Path, read_parts: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    assert_same_data(root, store)
    rename = {"interactions": {"value": "weight"}}
    data = assert_same_data(root, store, rename=rename)
    assert data.interactions.weights is not None
    assert len(read_parts) == 4
    assert "all parts are read again" in caplog.messages[0]


def test_statistics_by_hand(root: Path, store: Path) -> None:
    statistics = stored_events(source_of(root, store)).statistics
    assert (statistics.events, statistics.customers, statistics.products) == (4, 3, 2)
    assert statistics.counts == {
        "action": {"contact": 1, "purchase": 2, "view": 1},
        "touchpoint": {"app": 2, "web": 2},
        "day": {"2026-01-01": 2, "2026-01-02": 2},
    }
    days = [np.datetime64(moment, "us") for moment in (statistics.first, statistics.last)]
    assert [str(day.astype("datetime64[D]")) for day in days] == ["2026-01-01", "2026-01-02"]


SPOILT = {
    "bad action": ("dan", "rum", "app", "buy", 3, None),
    "no customer": (None, "rum", "app", "view", 3, None),
    "blank": ("dan ", "rum", "app", "view", 3, None),
    "endless": ("dan", "rum", "app", "view", 3, 1e39),
    "sum of all": ("dan", "rum", "app", "view", 3, 3.4e38),
    "written twice": ("7.0", "rum", "app", "view", 3, None),
}


@pytest.mark.parametrize("row", SPOILT.values(), ids=list(SPOILT))
def test_a_bad_new_part_is_refused_as_without_a_store(
    row: tuple[Any, ...], root: Path, store: Path, read_parts: list[str]
) -> None:
    write_part(root, "2026-01-02.parquet", events(("7", "tea", "app", "view", 2, 3e38)))
    data = assert_same_data(root, store)
    good = ("ann", "tea", "app", "view", 3, None)
    bad = write_part(root, "2026-01-03.parquet", events(good, row))
    refused = refused_alike(root, store)
    assert "row 4" in refused or "rows" in refused
    bad.unlink()
    read_parts.clear()
    assert assert_same_data(root, store).fingerprint == data.fingerprint
    assert not read_parts
    write_part(root, "2026-01-03.parquet", events(good))
    assert_same_data(root, store)
    assert read_parts == ["2026-01-03.parquet"]


def test_events_after_the_end_and_unrelated_ids_are_refused_as_without(
    root: Path, store: Path
) -> None:
    assert_same_data(root, store)
    for settings_of in ({"ends": "2026-01-01"}, {"ends": "2026-01-02"}):
        plain, kept = (source_of(root, folder, **settings_of) for folder in (None, store))
        if settings_of["ends"] == "2026-01-02":
            assert Dataset.from_source(kept).fingerprint == Dataset.from_source(plain).fingerprint
        else:
            expected = message_of(lambda plain=plain: Dataset.from_source(plain))
            assert "row 2, column 'timestamp'" in expected
            assert message_of(lambda kept=kept: Dataset.from_source(kept)) == expected
    products = pd.DataFrame({"product_id": [f"{number:05d}" for number in range(9)]})
    products.to_parquet(root / "products.parquet")
    write_part(root, "2026-01-03.parquet", events(("eve", "pie", "app", "view", 3, None)))
    assert "expected ids that are in interactions" in refused_alike(root, store)


def test_whole_numbers_gaps_sessions_and_contexts_are_as_without(
    tmp_path: Path, store: Path
) -> None:
    types = {"customer_id": pa.int64(), "product_id": pa.int32(), "session_id": pa.int64(),
             "context_wifi": pa.string(), "order": pa.int64(), "weight": pa.float32(),
             "part": pa.string()}  # fmt: skip
    for name, add in (("a", 0), ("b", 2), ("c", 2**40)):
        rows = {"customer_id": [1, 2 + add], "product_id": [7, None], "order": [5, 1],
                "session_id": [9, None] if name == "b" else [9, 9], "weight": [None, 0.5],
                "context_wifi": ["on", name], "part": ["train", "test"]}  # fmt: skip
        write_part(tmp_path / "shop", f"{name}.parquet", rows, **types)
        assert_same_data(tmp_path / "shop", store)


def test_without_a_clock_the_order_of_rows_stays(tmp_path: Path, store: Path) -> None:
    # The part that comes last in time is the first by name.
    for name in ("b", "c", "a"):
        rows = {"customer_id": ["x", "y"], "product_id": [name, "p"]}
        write_part(tmp_path / "shop", f"{name}.parquet", rows)
        assert_same_data(tmp_path / "shop", store)


def test_values_in_names_of_folders_are_read_as_without(tmp_path: Path, store: Path) -> None:
    rows = {"customer_id": ["x", "y"], "product_id": ["p", "q"]}
    names = {"day": "timestamp", "branch": "touchpoint"}
    settings_of = {"partitions": {"day": "date"}, "rename": {"interactions": names}}
    for day in (1, 2):
        write_part(tmp_path / "shop", f"branch=00{day}/day=2026-01-0{day}/part.parquet", rows)
        data = assert_same_data(tmp_path / "shop", store, **settings_of)
    assert data.touchpoints.ids.tolist() == ["001", "002"]


def test_later_parts_have_the_columns_of_the_first(root: Path, store: Path) -> None:
    write_part(root, "2026-01-03.parquet", {"customer_id": ["7"], "action": ["view"],
               "timestamp": [pd.Timestamp("2026-01-03", tz="UTC")], "value": [3],
               "colour": ["red"]}, value=pa.int64(), colour=pa.string())  # fmt: skip
    data = assert_same_data(root, store)
    assert data.interactions.values is not None
    assert data.interactions.values[-1] == 3
    write_part(root, "2026-01-00.parquet", {"customer_id": ["ann"], "action": ["view"],
               "timestamp": [pd.Timestamp("2026-01-01", tz="UTC")]})  # fmt: skip
    assert_same_data(root, store)


def test_outcomes_of_decisions_become_events_as_without(root: Path, store: Path) -> None:
    day = pd.Timestamp("2026-01-01", tz="UTC")
    decisions = {"decision_id": ["d"], "customer_id": ["ann"], "offer_id": ["tea"],
                 "touchpoint": ["app"], "timestamp": [day], "policy": ["old"],
                 "outcome": ["accept"]}  # fmt: skip
    pd.DataFrame(decisions).to_parquet(root / "decisions.parquet")
    data = assert_same_data(root, store, outcome_days=1)
    assert len(data.interactions) == 5


class Killed(BaseException):
    pass


def test_a_kill_at_any_write_leaves_a_store_that_the_next_run_continues(
    root: Path, tmp_path: Path, read_parts: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(part_store, "_ROWS", 1)
    write_part(root, "2026-01-03.parquet", events(("dan", "rum", "app", "view", 3, None)))
    whole = Dataset.from_source(source_of(root, None)).fingerprint
    left = [0]

    def until_killed(write: Callable[..., None]) -> Callable[..., None]:
        def write_or_die(*arguments: Any) -> None:
            left[0] -= 1
            if left[0] < 0:
                raise Killed
            write(*arguments)

        return write_or_die

    for module, name in ((arrow_files, "_write"), (part_store, "write_manifest")):
        monkeypatch.setattr(module, name, until_killed(getattr(module, name)))
    # A part is a file of values, one of events, and the manifest that names them.
    for writes in range(10):
        store = tmp_path / f"store-{writes}"
        left[0] = writes
        with pytest.raises(Killed):
            stored_events(source_of(root, store))
        left[0] = 100
        read_parts.clear()
        assert Dataset.from_source(source_of(root, store)).fingerprint == whole
        assert len(read_parts) == 3 - writes // 3
        manifest = read_manifest(store)
        assert manifest is not None
        held = {path.name for path in store.iterdir()} - {".lock", "store.json"}
        assert held == manifest.files


def test_two_processes_take_turns(
    root: Path, store: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert_same_data(root, store)
    done = threading.Event()

    def load() -> None:
        stored_events(source_of(root, store))
        done.set()

    with lock(store / ".lock"):
        other = threading.Thread(target=load)
        other.start()
        assert not done.wait(0.3)
    other.join(10)
    assert done.is_set()
    assert caplog.messages == [
        f"data.store={store}: another process updates it; waiting for its end"
    ]


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda store: (store / "store.json").write_text("{"), "store.json is damaged"),
        (lambda store: (store / "store.json").write_text('{"format": 9}'), "of format 1, got 9"),
        (lambda store: (store / "store.json").rename(store / "a"), "a folder of other files"),
        (lambda store: (store / "events-2.arrow").write_bytes(b"x"), "is missing or damaged"),
        (lambda store: (store / "values-1.arrow").unlink(), "is missing or damaged"),
    ],
)
def test_a_damaged_store_is_one_line(
    root: Path, store: Path, spoil: Callable[[Path], object], words: str
) -> None:
    assert_same_data(root, store)
    spoil(store)
    refused = message_of(lambda: stored_events(source_of(root, store)))
    assert words in refused
    assert refused.startswith("data.store")
    assert "remove the folder" in refused or "name another" in refused


def test_a_store_of_other_tables_is_not_overwritten(
    root: Path, store: Path, tmp_path: Path
) -> None:
    assert_same_data(root, store)
    write_part(tmp_path / "other", "x.parquet", events(("ann", "tea", "app", "view", 1, None)))
    refused = message_of(lambda: source_of(tmp_path / "other", store).load())
    assert "it keeps other parts, as 2026-01-01.parquet" in refused
    assert_same_data(root, store)


def test_what_a_store_cannot_keep_is_refused(root: Path, store: Path, tmp_path: Path) -> None:
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text("tables: {interactions: {columns: {a: customer_id}}}")
    refused = message_of(lambda: source_of(root, store, mapping=str(mapping)))
    assert refused.startswith("data.mapping and data.store: expected one of them")
    (tmp_path / "texts" / "interactions").mkdir(parents=True)
    (tmp_path / "texts" / "interactions" / "1.csv").write_text("customer_id\nann\n")
    refused = message_of(lambda: source_of(tmp_path / "texts", store).load())
    assert refused.startswith("data.store: expected Parquet parts in interactions/, got 1.csv")
    assert not store.exists()
    store.write_text("a file")
    assert "cannot be used" in message_of(lambda: source_of(root, store).load())


def test_values_keep_their_codes_when_texts_join_whole_numbers() -> None:
    values = GrowingValues()
    codes, new = values.add([pa.array([5, 7]), pa.array([7, 9])])
    assert [list(of_part) for of_part in codes] == [[0, 1], [1, 2]]
    assert new.to_pylist() == [5, 7, 9]
    codes, new = values.add([pa.array(["x", "7"], pa.large_string())])
    assert list(codes[0]) == [3, 1]
    assert values.values.to_pylist() == ["5", "7", "9", "x"]
    again = GrowingValues([pa.array([5, 7, 9]), new])
    assert again.values.equals(values.values)


def test_the_check_of_stored_tables_is_that_of_all_rows(root: Path, store: Path) -> None:
    checked, counts = check_and_count(source_of(root, store).load())
    plain, of_plain = check_and_count(source_of(root, None).load())
    assert counts == of_plain
    assert len(checked.interactions) == len(plain.interactions) == 4

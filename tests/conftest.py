import sys
from collections.abc import Iterator
from tempfile import TemporaryDirectory

import pandas as pd
import pytest
from hypothesis import settings
from in_memory import dataset_of
from quick_stores import quick_stores
from warm_programs import warm_path

from recsys.data.dataset import Dataset

# A busy machine is slow, not wrong.
settings.register_profile("recsys", deadline=None)
settings.load_profile("recsys")

collect_ignore = ["warm_imports.py"]
"""For servers only: it imports and prepares everything."""

NOTEBOOKS = "notebooks/"
LONGEST = NOTEBOOKS, "tests/docs/test_pages.py"


class WarmNotebooks:
    """A notebook has no fixtures; its kernel inherits the PATH, and starts commands by it.

    A plugin, because the hooks of this file itself are not called for other folders.
    """

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Iterator[None]:
        with pytest.MonkeyPatch.context() as patch:
            if item.nodeid.startswith(NOTEBOOKS):
                patch.setenv("PATH", warm_path())
            return (yield)


class SamePath:
    """Restores where modules are searched: a saved model adds its own copy of part of recsys,
    which a process started later would import."""

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self) -> Iterator[object]:
        before = list(sys.path)
        try:
            return (yield)
        finally:
            sys.path[:] = before


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(WarmNotebooks())
    config.pluginmanager.register(SamePath())


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Puts the longest first: at the end, one of two workers would wait for the other."""
    items.sort(key=lambda item: not item.nodeid.startswith(LONGEST))


@pytest.fixture(scope="session")
def shop() -> Dataset:
    """Three customers, four products, two touchpoints, ten days; `dan` only ever called."""
    day = pd.Timestamp("2026-01-01", tz="UTC")
    events = [
        ("ann", "milk", "app", "view", 0),
        ("ann", "milk", "app", "purchase", 0),
        ("bob", "milk", "store", "purchase", 1),
        ("bob", "bread", "store", "purchase", 2),
        ("ann", "bread", "app", "purchase", 4),
        ("dan", None, "app", "contact", 5),
        ("bob", "jam", "store", "purchase", 6),
        ("cleo", "tea", "app", "purchase", 7),
        ("ann", "jam", "store", "purchase", 8),
        ("cleo", "milk", "app", "reject", 9),
    ]
    names = ["customer_id", "product_id", "touchpoint", "action", "timestamp"]
    table = pd.DataFrame(events, columns=names)
    table["timestamp"] = day + pd.to_timedelta(table["timestamp"], unit="D")
    return dataset_of(table)


@pytest.fixture(scope="session", autouse=True)
def stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Stores of this process are quick ones."""
    with quick_stores(tmp_path_factory.getbasetemp() / "empty.db"):
        yield


@pytest.fixture(scope="session")
def postgresql_uri() -> Iterator[str]:
    """A real PostgreSQL with pgvector."""
    pgserver = pytest.importorskip("pgserver", reason="pgserver has no wheel for this Python")
    # Not below pytest's own folder: for root the server runs as another user, whom any other
    # test run that starts meanwhile would lock out of there.
    with TemporaryDirectory(prefix="postgres-") as folder:
        server = pgserver.get_server(folder, cleanup_mode="stop")
        yield server.get_uri()
        server.cleanup()

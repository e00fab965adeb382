"""Killed at any moment, a request to forget goes on when it is asked for again."""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from recsys.errors import InputError
from recsys.privacy import receipt
from recsys.privacy.forget import Request, forget
from recsys.privacy.person import Person
from recsys.privacy.scan.scan import scan
from recsys.serving import load, write

sys.path.insert(0, str(Path(__file__).parents[1] / "serving"))

from artifact_contents import contents

CUSTOMER, PHONE = "C0000042", "phone-4242"
EVENTS = 5


def world(folder: Path) -> Path:
    """Links first in the order of names, so that they go before what only they lead to."""
    folder.mkdir()
    pd.DataFrame({"id_a": [CUSTOMER, "x"], "id_b": [PHONE, "y"]}).to_csv(
        folder / "a_identities.csv", index=False
    )
    ids = pd.Series([CUSTOMER, PHONE, "C1", PHONE, "C2"])
    pd.DataFrame({"customer_id": ids}).to_parquet(folder / "interactions.parquet")
    pd.DataFrame({"customer_id": ids}).to_parquet(folder / "per_query_valid.parquet")
    (folder / "page.html").write_text(f"<p>{PHONE}</p>")
    (folder / "z.log").write_text(f"{CUSTOMER}\nC1\n")
    whole = contents(4, customer_ids=np.array([PHONE, "C1", "C2", "C3"], object))
    write(folder / "artifact", whole)
    return folder


def request(folder: Path) -> Request:
    return Request(
        person=Person(frozenset({CUSTOMER})), folders=[folder], receipts=folder.parent / "receipts"
    )


def killed_at(step: int, folder: Path) -> bool:
    """Runs a request in a process that dies before its file number `step`; False where it ended."""
    process = os.fork()
    if process == 0:
        left = iter(range(step))

        def dying(change: Callable[..., Any]) -> Callable[..., Any]:
            def wrapped(*arguments: Any, **named: Any) -> Any:
                if next(left, None) is None:
                    os._exit(9)
                return change(*arguments, **named)

            return wrapped

        for kind, name in ((Path, "replace"), (Path, "unlink"), (os, "rename")):
            setattr(kind, name, dying(getattr(kind, name)))
        forget(request(folder))
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == 9


def test_killed_before_any_of_its_files(tmp_path: Path) -> None:
    steps = 0
    while True:
        here = tmp_path / str(steps)
        here.mkdir()
        folder = world(here / "world")
        was_killed = killed_at(steps, folder)

        done = forget(request(folder))

        assert scan([here], [CUSTOMER, PHONE]) == []
        if was_killed:
            assert done.receipt is not None
        (path,) = (here / "receipts").iterdir()
        assert json.loads(path.read_text())["ids"] == 2
        assert pd.read_parquet(folder / "interactions.parquet")["customer_id"].tolist() == [
            "C1", "C2",
        ]  # fmt: skip
        assert len(pd.read_parquet(folder / "per_query_valid.parquet")) == EVENTS
        assert len(load(folder / "artifact").contents.customers) == 3
        assert (folder / "z.log").read_text() == "C1\n"
        if not was_killed:
            break
        steps += 2
    assert steps > 10


@pytest.mark.parametrize("broken", ["", "{}", '{"receipt": 1}'])
def test_a_broken_journal_is_one_line(broken: str, tmp_path: Path) -> None:
    folder = world(tmp_path / "world")
    (tmp_path / "receipts").mkdir()
    (tmp_path / "receipts" / "unfinished-1.json").write_text(broken)

    with pytest.raises(InputError, match=r"unfinished-1\.json cannot be read"):
        forget(request(folder))


def test_the_journal_is_read_by_its_owner_only(tmp_path: Path) -> None:
    journal = receipt.opened_journal(tmp_path, ["x"])
    journal.write({})

    assert journal.path.stat().st_mode & 0o777 == 0o600

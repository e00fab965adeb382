import multiprocessing
import os
import signal
import time

import numpy as np
import pandas as pd
import pytest

from recsys.data.check import check_table
from recsys.errors import InputError
from recsys.evaluation.off_policy.log import LoggedDecisions
from recsys.policy.decision_log.parts import DecisionLog
from recsys.policy.decision_log.table import decision_table
from recsys.policy.exploration import Draws, Softmax


def table_of(size=4, k=2, moment=1_760_000_000, **changes):
    """Decisions of a policy over slates; the second customer is offered one offer only."""
    ids, names = np.arange(size), np.array(["O1", "O2", "O3", None], object)
    mask = np.ones((size, 3), bool)
    mask[1, 1:] = False
    draws = Draws.of(seed=0, customers=ids, moments=np.full(size, moment))
    choice = Softmax(1.0).choose(np.zeros((size, 3)), draws, k, mask)
    arguments = {
        "customers": ids,
        "touchpoints": np.full(size, "app", object),
        "seconds": np.full(size, moment),
        "offers": names[choice.actions],
        "propensities": choice.propensities,
        "policy": "als_softmax",
        "policy_version": "run-7",
        "rules_version": "abc",
    }
    return decision_table(**(arguments | changes))


def test_slates_become_rows_of_the_checked_table_and_of_the_off_policy_log():
    made = table_of(variants=np.full((4, 2), "plain", object))
    assert len(made) == 7
    checked = check_table("decisions", made.assign(outcome="ignore"))
    assert checked["position"].tolist() == [0, 1, 0, 0, 1, 0, 1]
    assert checked["rules_version"].tolist() == ["abc"] * 7
    assert checked["variant"].tolist() == ["plain"] * 7
    log = LoggedDecisions(
        actions=pd.factorize(made["offer_id"])[0],
        rewards=np.zeros(7),
        propensities=made["propensity"].to_numpy(),
        slate_ids=pd.factorize(made["slate_id"])[0],
        positions=made["position"].to_numpy(int),
    )
    assert log.has_slates


def test_single_decisions_have_neither_slate_nor_position():
    made = table_of(k=1)
    assert "slate_id" not in made
    assert "position" not in made
    assert made["propensity"].tolist() == [1 / 3, 1.0, 1 / 3, 1 / 3]


def test_no_decisions_are_an_empty_table():
    made = decision_table(
        customers=np.zeros(0, int), touchpoints=np.zeros(0, object), seconds=np.zeros(0, int),
        offers=np.zeros((0, 2), object), propensities=np.zeros((0, 2)), policy="als",
    )  # fmt: skip
    assert len(made) == 0
    assert "slate_id" in made


def test_the_same_decision_has_the_same_id_and_another_has_another():
    first, again = table_of(), table_of()
    later, other = table_of(moment=1_760_000_001), table_of(policy="als")
    assert first.equals(again)
    ids = pd.concat([table["decision_id"] for table in (first, later, other)])
    assert ids.is_unique


def test_parts_are_read_back_and_written_again_they_replace_themselves(tmp_path):
    log = DecisionLog(tmp_path / "decisions")
    assert log.names() == []
    assert log.read().empty
    first, second = table_of(), table_of(moment=1_760_000_099)
    log.append("round_002", second)
    log.append("round_001", first)
    log.append("round_001", first)
    assert log.names() == ["round_001", "round_002"]
    assert log.read().equals(pd.concat([first, second], ignore_index=True))


def _append_for_ever(folder):
    log, number = DecisionLog(folder), 0
    while True:
        log.append(f"round_{number:05d}", table_of(size=2_000, moment=1_760_000_000 + number))
        number += 1


def test_a_kill_loses_no_finished_part_and_leaves_no_half_one(tmp_path):
    folder = tmp_path / "decisions"
    writer = multiprocessing.get_context("fork").Process(target=_append_for_ever, args=(folder,))
    writer.start()
    log, deadline = DecisionLog(folder), time.monotonic() + 30
    while len(log.names()) < 4 and time.monotonic() < deadline:
        time.sleep(0.005)
    os.kill(writer.pid, signal.SIGKILL)
    writer.join()
    count = len(log.names())
    assert count >= 4
    size = len(table_of(size=2_000))
    assert len(log.read()) == count * size
    # Resumed from the last part, which is made again.
    log.append(log.names()[-1], table_of(size=2_000, moment=1_760_000_000 + count - 1))
    assert len(log.read()) == count * size


@pytest.mark.parametrize(
    ("call", "key"),
    [
        (lambda folder: table_of(propensities=np.zeros((4, 2))), "propensity"),
        (lambda folder: table_of(propensities=np.full((4, 2), 1.5)), "propensity"),
        (lambda folder: table_of(seconds=np.zeros(3, int)), "offers"),
        (lambda folder: table_of(offers=np.array(["O1"] * 8, object)), "propensities"),
        (lambda folder: table_of(variants=np.array(["plain"] * 4, object)), "variant"),
        (
            lambda folder: table_of(offers=np.array([[None, "O1"]] * 4, object)),
            "position",
        ),
        (lambda folder: DecisionLog(folder).append("../x", table_of()), "part"),
        (
            lambda folder: DecisionLog(folder).append("a", pd.concat([table_of(), table_of()])),
            "decisions",
        ),
    ],
)
def test_a_wrong_argument_is_named_and_nothing_is_written(tmp_path, call, key):
    with pytest.raises(InputError) as error:
        call(tmp_path)
    assert error.value.key == key
    assert not list(tmp_path.iterdir())


def test_a_decision_in_two_parts_is_refused_when_read(tmp_path):
    log = DecisionLog(tmp_path)
    log.append("a", table_of())
    log.append("b", table_of())
    with pytest.raises(InputError) as error:
        log.read()
    assert error.value.key == "decisions"

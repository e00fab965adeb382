import json
import shutil
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from recsys.cli.closed_loop import main
from recsys.data.check import check_table
from recsys.errors import InputError
from recsys.evaluation.off_policy.evaluate_policy import evaluate_policy
from recsys.evaluation.off_policy.log import LoggedDecisions
from recsys.experiments.closed_loop.arms import arms
from recsys.experiments.closed_loop.deciding import turns
from recsys.experiments.closed_loop.learner import Learner, Regressors
from recsys.experiments.closed_loop.log import read_log
from recsys.experiments.closed_loop.market import loop_data
from recsys.experiments.closed_loop.rounds import round_of
from recsys.experiments.closed_loop.rules import loop_rules
from recsys.experiments.closed_loop.run import rule_checks, run_loop
from recsys.experiments.closed_loop.settings import LoopSettings
from recsys.policy.decision_log.parts import DecisionLog
from recsys.policy.rules.read import read_policy
from recsys.simulation import SimulatedMarket

POLICY = read_policy("closed_loop")
SETTINGS = LoopSettings(
    market="tiny", rounds=2, seeds=1, epsilon=0.2, policy=POLICY.name, policy_version=POLICY.version
)


def market_of(seed):
    return SimulatedMarket(events=1_000, seed=seed)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("loop")
    run_loop(SETTINGS, POLICY, market_of, folder)
    return folder


@pytest.fixture(scope="module")
def rounds(folder):
    return run_loop(SETTINGS, POLICY, market_of, folder)


def log_of(folder, arm, seed=0):
    return DecisionLog(folder / f"seed_{seed}" / arm / "decisions").read()


def test_every_arm_has_decided_every_round_and_broken_no_rule(folder, rounds):
    names = [arm.name for arm in arms(0.2)]
    assert len(names) == 7
    assert len(rounds) == 7 * 2
    assert (rounds["decisions"] > 100).all()
    checks = rule_checks(folder, SETTINGS)
    assert checks["decisions"].sum() == rounds["decisions"].sum()
    assert not checks.drop(columns=["seed", "arm", "decisions"]).to_numpy().any()
    assert {"consent", "two_a_week", "one_a_day", "pause_after_reject", "nights"} <= set(checks)


def test_the_oracle_is_the_ceiling_of_what_is_expected(rounds):
    total = rounds.groupby(["seed", "arm"])["expected"].sum().unstack()
    assert (total.drop(columns="oracle").max(axis=1) < total["oracle"]).all()


def test_a_killed_run_goes_on_and_ends_with_the_same_result(folder, rounds, tmp_path):
    copy = tmp_path / "loop"
    shutil.copytree(folder, copy)
    # Killed between the log and the figures of the last round of an arm; later arms are not there.
    for name in ("round_002.json", "violations.json"):
        (copy / "seed_0" / "one_to_one" / name).unlink()
    for arm in ("one_to_one_exploring", "oracle"):
        shutil.rmtree(copy / "seed_0" / arm)
    again = run_loop(SETTINGS, POLICY, market_of, copy)
    pd.testing.assert_frame_equal(again, rounds)
    for arm in ("one_to_one", "one_to_one_exploring"):
        pd.testing.assert_frame_equal(log_of(copy, arm), log_of(folder, arm))


def test_the_log_is_the_table_decisions_and_its_propensities_are_those_of_the_policy(folder):
    table = check_table("decisions", log_of(folder, "segment_exploring"))
    assert set(table["policy_version"]) == {"round_001", "round_002"}
    assert set(table["rules_version"]) == {POLICY.version}
    assert table["propensity"].between(0.2 / 80, 1).all()
    assert (log_of(folder, "segment")["propensity"] == 1).all()
    # The policy itself, judged from its own log: every weight is 1.
    log = LoggedDecisions(
        actions=pd.factorize(table["offer_id"])[0],
        rewards=table["reward"].to_numpy(),
        propensities=table["propensity"].to_numpy(),
    )
    value = evaluate_policy(log, log.propensities, estimators=["ips"]).frame()
    assert value["value"].iloc[0] == pytest.approx(table["reward"].mean())


def test_arms_that_offer_the_same_get_the_same_answer(folder):
    key = ["customer_id", "timestamp", "offer_id", "touchpoint"]
    first, second = log_of(folder, "popularity"), log_of(folder, "oracle")
    both = first.merge(second, on=key, suffixes=("", "_of_oracle"))
    assert len(both) > 20
    assert (both["outcome"] == both["outcome_of_oracle"]).all()


def test_other_settings_are_refused_in_one_line(folder, tmp_path):
    before = sorted(folder.rglob("*"))
    with pytest.raises(InputError) as error:
        run_loop(replace(SETTINGS, rounds=3), POLICY, market_of, folder)
    assert error.value.key == "out"
    assert "rounds=2" in str(error.value)
    assert sorted(folder.rglob("*")) == before
    (tmp_path / "mine.txt").write_text("x")
    with pytest.raises(InputError):
        run_loop(SETTINGS, POLICY, market_of, tmp_path)


@pytest.mark.parametrize(
    ("words", "key"),
    [
        (["out=x", "rounds=0"], "rounds"),
        (["out=x", "rounds=400"], "rounds"),
        (["out=x", "epsilon=0"], "epsilon"),
        (["out=x", "epsilon=much"], "epsilon"),
        (["out=x", "events=10"], ""),
        (["out=x", "policy=strict"], "policy"),
        (["out=x.csv"], "out"),
        ([], ""),
    ],
)
def test_a_wrong_word_is_one_line_and_nothing_is_written(words, key, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError) as error:
        main(words)
    assert error.value.key == key
    assert not list(tmp_path.iterdir())


def test_the_command_writes_a_page_a_picture_and_tables(tmp_path, capsys):
    main([f"out={tmp_path / 'loop'}", "rounds=1", "seeds=1", "events=1000"])
    said = capsys.readouterr().out
    assert "0 break one" in said
    assert {path.name for path in (tmp_path / "loop").iterdir()} >= {
        "closed_loop.html", "closed_loop.png", "rounds.csv", "settings.json", "seed_0"
    }  # fmt: skip


@pytest.mark.slow
def test_a_killed_process_loses_no_round_and_ends_with_the_same_files(tmp_path):
    words = ["rounds=3", "seeds=1", "events=2000"]
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    start = [sys.executable, "-m", "recsys", "closed_loop", *words]
    subprocess.run([*start, f"out={whole}"], check=True)
    process = subprocess.Popen([*start, f"out={killed}"])
    deadline = time.monotonic() + 120
    while not list(killed.glob("seed_0/segment/round_002.json")) and time.monotonic() < deadline:
        time.sleep(0.01)
    process.kill()
    process.wait()
    kept = {path: path.stat().st_mtime_ns for path in killed.rglob("round_*.json")}
    assert 5 <= len(kept) < 21
    subprocess.run([*start, f"out={killed}"], check=True)
    assert all(path.stat().st_mtime_ns == moment for path, moment in kept.items())
    files = {path.relative_to(whole) for path in whole.rglob("*") if path.is_file()}
    assert files == {path.relative_to(killed) for path in killed.rglob("*") if path.is_file()}
    for name in files:
        if name.suffix in (".json", ".csv"):
            assert (whole / name).read_bytes() == (killed / name).read_bytes(), name
        elif name.suffix == ".parquet":
            pd.testing.assert_frame_equal(
                pd.read_parquet(whole / name), pd.read_parquet(killed / name)
            )


def test_turns_count_earlier_entries_of_the_same_customer():
    assert turns(np.array([3, 1, 3, 3, 1, 2])).tolist() == [0, 0, 1, 2, 1, 0]
    assert turns(np.array([], int)).tolist() == []


@pytest.fixture(scope="module")
def loop():
    first, last = pd.Timestamp("2025-03-01", tz="UTC"), pd.Timestamp("2025-06-01", tz="UTC")
    return loop_data(market_of(0), first, last)


def test_what_is_learned_from_does_not_depend_on_answers_to_offers(loop):
    assert not loop.tables.interactions["action"].isin(["accept", "reject", "ignore"]).any()
    assert (loop.logged["timestamp"] < pd.Timestamp("2025-03-01", tz="UTC")).all()


def test_regressors_know_nothing_of_their_own_moment_or_later(loop):
    regressors = Regressors.of(loop, "life_stage")
    events = loop.data.interactions
    shopped = np.flatnonzero(events.products >= 0)[-1]
    moment = int(events.when[shopped]) // 1_000_000
    chance = loop.opportunities.select(slice(0, 1))
    own = replace(
        chance,
        customers=events.customers[[shopped]].astype(np.int64),
        when=np.array([moment]),
    )
    offer = np.array([0])
    category = regressors.categories[0]
    same = np.flatnonzero(
        (events.customers == own.customers[0])
        & (events.products >= 0)
        & (events.when < moment * 1_000_000)
    )
    groups = category_of_products(loop, regressors)
    expected = (groups[events.products[same]] == category).sum()
    row = regressors.matrix(own, offer, "one_to_one").toarray()[0]
    assert row[-2] == pytest.approx(np.log1p(expected))


def category_of_products(loop, regressors):
    table = loop.tables.products
    names = dict(zip(table["product_id"], table["category"], strict=True))
    first = {}
    for offer, product in enumerate(loop.offer_products):
        first[names[loop.data.products.ids[product]]] = regressors.categories[offer]
    return np.array([first.get(names[product], -1) for product in loop.data.products.ids])


def test_a_learner_recovers_rates_and_bears_a_log_of_one_outcome(loop):
    generator = np.random.default_rng(0)
    regressors = Regressors.of(loop, "life_stage")
    log = read_log(loop, loop.market.load().decisions)
    matrix = regressors.matrix(log.chances, log.offers, "popularity")
    truth = 1 / (1 + np.exp(1.0 - 2.0 * matrix.toarray()[:, 0]))
    rows = generator.integers(0, len(truth), 20_000)
    accepted = generator.random(20_000) < truth[rows]
    learner = Learner.fit("popularity", matrix[rows], accepted)
    assert np.abs(learner.probability(matrix) - truth).mean() < 0.03
    nobody = Learner.fit("popularity", matrix[:8], np.zeros(8, bool))
    assert nobody.probability(matrix[:2]).tolist() == pytest.approx([0.1, 0.1])


def test_a_round_holds_the_truth_of_what_may_be_offered_and_zero_elsewhere(loop):
    rules = loop_rules(POLICY, loop)
    start = int(pd.Timestamp("2025-04-15", tz="UTC").timestamp())
    now = round_of(loop, rules, 0, start, start + 30 * 86_400)
    assert len(now.offers) == 80  # those of April and of May
    assert (now.truth[~now.allowed] == 0).all()
    assert (now.truth[now.allowed] > 0).all()
    row, column = np.argwhere(now.allowed)[len(now.chances) // 2]
    direct = loop.acceptance(now.chances.select(slice(row, row + 1)), now.offers[[column]])
    assert now.truth[row, column] == direct[0]


def test_figures_are_kept_as_json_beside_the_log(folder):
    figures = json.loads((folder / "seed_0" / "segment" / "round_001.json").read_text())
    table = log_of(folder, "segment")
    part = table[table["policy_version"] == "round_001"]
    assert figures["decisions"] == len(part)
    assert figures["accepted"] == (part["outcome"] == "accept").sum()
    assert figures["reward"] == pytest.approx(part["reward"].sum())
    assert figures["greedy"] == figures["expected"]

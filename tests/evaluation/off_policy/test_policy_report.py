"""From a table of decisions to a report: cells, targets, words, tables, page and pictures."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from policy_log import ACCEPTS, LOGGING, decisions, probabilities

from recsys import Dataset, Popularity, export
from recsys.errors import InputError
from recsys.reports.off_policy.decision_log import EvaluatedLog, decision_log, read_decisions
from recsys.reports.off_policy.features import read_features
from recsys.reports.off_policy.page import report_files
from recsys.reports.off_policy.picture import weights
from recsys.reports.off_policy.report import PolicyReport, ReportSettings, policy_report
from recsys.reports.off_policy.tables import differences_frame, estimates_frame
from recsys.reports.off_policy.targets import target_of, without_unoffered
from recsys.reports.off_policy.words import summary

TABLE = decisions()
FAST = ReportSettings(resamples=200)


@pytest.fixture
def log(tmp_path: Path) -> EvaluatedLog:
    TABLE.to_parquet(tmp_path / "log.parquet")
    return decision_log(read_decisions(tmp_path / "log.parquet"))


def _report(log: EvaluatedLog, *targets: str) -> PolicyReport:
    keys = ("target", "versus")
    named = [target_of(key, text, log) for key, text in zip(keys, targets, strict=False)]
    return policy_report("log", log, named, FAST)


def test_rewards_are_acceptances_or_the_column() -> None:
    accepted = decision_log(TABLE)
    assert set(accepted.log.rewards) == {0.0, 1.0}
    valued = decision_log(TABLE, reward="reward")
    np.testing.assert_allclose(valued.log.rewards, 20 * accepted.log.rewards)


def test_only_the_decisions_of_a_policy_at_a_touchpoint_count() -> None:
    part = decision_log(TABLE, policy="new", touchpoint="web")
    assert set(part.frame["policy"]) == {"new"}
    assert set(part.offers) == {"loan", "card", "fund"}
    assert len(part.others) == len(TABLE)


def test_uniform_is_over_the_offers_that_the_log_made_in_the_cell(log: EvaluatedLog) -> None:
    target = target_of("target", "uniform", log)
    app = log.frame["touchpoint"] == "app"
    tea = list(target.offers).index("tea")
    np.testing.assert_allclose(target.probabilities[app, tea], 1 / 3)
    np.testing.assert_allclose(target.probabilities[~app, tea], 0)
    everywhere = decision_log(TABLE, by=[])
    assert target_of("target", "uniform", everywhere).probabilities.min() == 0.25


def test_periods_are_cells() -> None:
    monthly = decision_log(TABLE, by=["touchpoint", "month"])
    assert list(monthly.names[:2]) == [
        "touchpoint=app, month=2026-01", "touchpoint=app, month=2026-02",
    ]  # fmt: skip
    assert monthly.flags.shape == (1200, 4)


def test_a_policy_of_the_table_or_of_another_log_counts_by_its_shares(
    log: EvaluatedLog, tmp_path: Path
) -> None:
    target = target_of("target", "policy:new", log)
    own = TABLE[(TABLE["policy"] == "new") & (TABLE["touchpoint"] == "web")]
    row = int(np.flatnonzero(log.frame["touchpoint"] == "web")[0])
    expected = own["offer_id"].value_counts(normalize=True)["fund"]
    assert target.probabilities[row, list(target.offers).index("fund")] == expected
    assert target.is_approximate
    TABLE[TABLE["policy"] == "new"].to_csv(tmp_path / "new.csv", index=False)
    same = target_of("target", f"log:{tmp_path / 'new.csv'}", log)
    np.testing.assert_allclose(same.probabilities, target.probabilities)


@pytest.mark.parametrize("ending", ["parquet", "csv"])
def test_a_file_of_probabilities_finds_the_true_value(
    log: EvaluatedLog, tmp_path: Path, ending: str
) -> None:
    shares = [0.2, 0.2, 0.6]
    path = tmp_path / f"target.{ending}"
    table = probabilities(TABLE, shares)
    table.to_csv(path, index=False) if ending == "csv" else table.to_parquet(path)
    report = _report(log, str(path), "uniform")
    truth = float(ACCEPTS @ shares)
    read = report.values[0].estimates[report.values[0].recommended].interval
    assert abs(read.mean - truth) < 2 * (read.high - read.mean)  # about four standard errors
    assert report.gains[0].verdict == "win"
    assert report.difference is not None
    assert report.difference.verdict == "win"
    assert report.gains[0].mean == pytest.approx(read.mean - TABLE["reward"].mean() / 20)


def test_a_file_with_the_logged_offer_alone_leaves_out_reward_models(
    log: EvaluatedLog, tmp_path: Path
) -> None:
    position = np.array([["loan", "card"].index(o) if o in ("loan", "card") else 2
                         for o in TABLE["offer_id"]])  # fmt: skip
    TABLE[["decision_id"]].assign(probability=np.array([0.2, 0.2, 0.6])[position]).to_csv(
        tmp_path / "logged.csv", index=False
    )
    report = _report(log, str(tmp_path / "logged.csv"))
    assert set(report.values[0].estimates) == {"ips", "clipped_ips", "snips"}
    assert report.values[0].recommended == "snips"


@pytest.fixture(scope="module")
def artifact(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Customers took what they accepted, a year before."""
    taken = TABLE[TABLE["outcome"] == "accept"].rename(columns={"offer_id": "product_id"})
    events = taken[["customer_id", "product_id", "touchpoint", "timestamp"]].copy()
    events["timestamp"] -= pd.Timedelta(days=365)
    data = Dataset.from_frames(events, filter_seen=False)
    folder = tmp_path_factory.mktemp("artifact") / "best"
    export(Popularity().fit(data), data, folder)
    return str(folder)


def test_an_artifact_takes_its_best_offer_of_the_cell_or_explores(
    artifact: str, log: EvaluatedLog
) -> None:
    few = decision_log(TABLE.head(60))
    greedy = target_of("target", f"artifact:{artifact}", few).probabilities
    assert set(np.unique(greedy)) == {0.0, 1.0}
    assert (greedy[~few.support] == 0).all()
    target = target_of("target", f"artifact:{artifact}", few, "epsilon:0.3")
    np.testing.assert_allclose(target.probabilities[greedy == 1], 0.7 + 0.3 / 3)
    assert target.about == "epsilon:0.3 by the scores of the artifact best"
    soft = target_of("target", f"artifact:{artifact}", few, "softmax:1000").probabilities
    np.testing.assert_allclose(soft[few.support], 1 / 3, atol=0.01)
    early = TABLE.head(60).assign(timestamp=pd.Timestamp("2024-01-01", tz="UTC"))
    about = target_of("target", f"artifact:{artifact}", decision_log(early)).about
    assert "its value is too favourable" in about


@pytest.mark.parametrize("choose", ["best", "epsilon:2", "epsilon:", "softmax:0", "softmax:cold"])
def test_a_way_to_choose_that_is_none_is_refused(
    choose: str, artifact: str, log: EvaluatedLog
) -> None:
    with pytest.raises(InputError, match=r"^choose"):
        target_of("target", f"artifact:{artifact}", log, choose)


def test_an_artifact_that_knows_no_offer_of_the_log_is_refused(
    artifact: str, log: EvaluatedLog
) -> None:
    other = decision_log(TABLE.head(60).assign(offer_id="gold"))
    with pytest.raises(InputError, match="it would make none of the offers of decision 0 to"):
        target_of("target", f"artifact:{artifact}", other)


def with_gold(table: pd.DataFrame) -> pd.DataFrame:
    """All decisions on the web are of an offer that the artifact does not have."""
    web = table["touchpoint"] == "web"
    return table.assign(offer_id=table["offer_id"].mask(web, "gold"))


def test_decisions_in_which_an_artifact_offers_nothing_are_dropped_and_counted(
    artifact: str,
) -> None:
    log, text = decision_log(with_gold(TABLE)), f"artifact:{artifact}"
    with pytest.raises(InputError, match=r"\(600 such decisions of 1,200\).* set unoffered=drop"):
        target_of("target", text, log)
    both = [
        target_of("target", text, log, "epsilon:0.3", "drop"),
        target_of("versus", "uniform", log),
    ]
    kept, targets = without_unoffered(log, both)
    assert set(kept.frame["touchpoint"]) == {"app"}
    app = (log.frame["touchpoint"] == "app").to_numpy()
    np.testing.assert_array_equal(kept.log.rewards, log.log.rewards[app])
    np.testing.assert_array_equal(kept.support, log.support[app])
    np.testing.assert_allclose(targets[0].probabilities.sum(axis=1), 1)
    report = policy_report("log", kept, targets, FAST)
    alone = decision_log(TABLE, touchpoint="app")
    same = policy_report("log", alone, [target_of("target", "uniform", alone)], FAST)
    snips = [each.values[-1].estimates["snips"].interval.mean for each in (report, same)]
    assert snips[0] == pytest.approx(snips[1])
    text = "600 of 1,200 decisions are left out (unoffered=drop)"
    assert any(text in sentence for sentence in summary(report))
    assert text in report_files(report)["policy_value.html"].decode()


def test_of_a_slate_all_rows_are_dropped(artifact: str) -> None:
    table = with_gold(TABLE).head(60)
    slates = table.assign(slate_id=table["decision_id"] // 2, position=table["decision_id"] % 2)
    slates["customer_id"] = "c"
    log = decision_log(slates)
    target = target_of("target", f"artifact:{artifact}", log, "greedy", "drop")
    assert target.unoffered == 30
    with pytest.raises(InputError, match="no decision is left"):
        without_unoffered(log, [target])


def test_a_log_without_gaps_stays_as_it_is(log: EvaluatedLog) -> None:
    targets = [target_of("target", "uniform", log)]
    assert without_unoffered(log, targets) == (log, targets)


def test_slates_are_evaluated_as_slates() -> None:
    slates = TABLE.assign(slate_id=TABLE["decision_id"] // 2, position=TABLE["decision_id"] % 2)
    slates["customer_id"] = [f"c{number // 2:04}" for number in range(len(slates))]
    log = decision_log(slates)
    report = _report(log, "uniform")
    assert "cascade_dr" in report.values[0].estimates
    assert "a slate" in summary(report)[0]


def test_features_are_joined_by_decision_or_customer(log: EvaluatedLog, tmp_path: Path) -> None:
    path = tmp_path / "features.csv"
    TABLE[["customer_id"]].drop_duplicates().assign(age=range(400)).to_csv(path, index=False)
    features = read_features(path, log.frame)
    assert features.shape == (1200, 1)
    assert features.std() == pytest.approx(1)
    assert (np.diff(features[:, 0]) >= 0).all()
    report = policy_report("log", log, [target_of("target", "uniform", log)], FAST, features)
    assert report.values[0].fitted is not None
    assert report.values[0].fitted.context.shape == (1200, 3)


def test_what_is_read_is_told_in_words_and_tables(log: EvaluatedLog) -> None:
    report = _report(log, "uniform", "policy:new")
    text = " ".join(summary(report))
    assert "The policy uniform would have earned" in text
    assert "approximate" in text
    assert "paired on the same decisions" in text
    frame = estimates_frame(report)
    assert frame.groupby("policy")["recommended"].sum().to_dict() == {
        "(logged)": 0, "policy:new": 1, "uniform": 1,
    }  # fmt: skip
    assert list(differences_frame(report)["less"]) == ["(logged)", "(logged)", "policy:new"]


def test_the_page_holds_tables_and_pictures_and_loads_nothing(log: EvaluatedLog) -> None:
    hostile = TABLE.assign(offer_id=TABLE["offer_id"].replace("tea", "<script>alert(1)</script>"))
    report = _report(decision_log(hostile), "uniform", "policy:new")
    files = report_files(report)
    assert set(files) == {
        "policy_value.html", "policy_value.png", "estimates.csv", "differences.csv", "weights.csv",
    }  # fmt: skip
    page = files["policy_value.html"].decode()
    assert "<script" not in page
    assert "http://" not in page
    assert "https://" not in page
    assert page.count("<figure>") == 2
    assert files["policy_value.png"].startswith(b"\x89PNG")
    assert b"dr_shrinkage" in files["estimates.csv"]


def test_weights_near_one_have_labels_that_can_be_read(log: EvaluatedLog, tmp_path: Path) -> None:
    # Ticks within a power of ten are labelled in TeX by default.
    near = probabilities(TABLE, [0.6 * share + 0.4 / len(LOGGING) for share in LOGGING])
    drawn = weights(_report(log, _file(tmp_path, near)))
    assert "<!-- 1 -->" in drawn
    assert "mathdefault" not in drawn


def _spoilt(**changes: object) -> pd.DataFrame:
    table = TABLE.copy()
    for column, value in changes.items():
        table[column] = table[column].astype(object)
        table.loc[7, column] = value
    return table


TABLES = {
    "propensity 0": (_spoilt(propensity=0.0), "decisions: row 7, column 'propensity'"),
    "propensity above 1": (_spoilt(propensity=1.5), "decisions: row 7, column 'propensity'"),
    "propensity empty": (_spoilt(propensity=None), "decisions: row 7, column 'propensity'"),
    "no propensity": (TABLE.drop(columns="propensity"), "decisions: expected column 'propensity'"),
    "no touchpoint": (TABLE.drop(columns="touchpoint"), "touchpoint"),
    "outcome unknown": (_spoilt(outcome="maybe"), "decisions: row 7, column 'outcome'"),
    "a gap in a slate": (
        TABLE.assign(slate_id=TABLE["decision_id"] // 2, position=2 * (TABLE["decision_id"] % 2)),
        "log.positions: expected position 1 next in slate 0, got 2",
    ),
    "half a position": (
        TABLE.assign(slate_id=TABLE["decision_id"], position=0.5), "column 'position'",
    ),
    "a slate in some rows": (
        TABLE.assign(slate_id=TABLE["decision_id"].where(TABLE["decision_id"] != 7), position=0),
        "decisions: row 7, column 'slate_id'",
    ),
    "a decision twice": (_spoilt(decision_id=3), "decision_id"),
}  # fmt: skip


@pytest.mark.parametrize("name", TABLES)
def test_a_table_that_cannot_be_used_is_one_line(name: str, tmp_path: Path) -> None:
    table, says = TABLES[name]
    table.to_csv(tmp_path / "log.csv", index=False)
    with pytest.raises(InputError) as error:
        decision_log(read_decisions(tmp_path / "log.csv"))
    assert says in str(error.value)
    assert "\n" not in str(error.value)


def _file(tmp_path: Path, table: pd.DataFrame) -> str:
    table.to_csv(tmp_path / "target.csv", index=False)
    return str(tmp_path / "target.csv")


FULL = probabilities(TABLE, [0.2, 0.2, 0.6])
BAD_TARGETS = {
    "no such file": ("absent.parquet", "target=absent.parquet: expected a file, and there is"),
    "no such log": ("log:absent.csv", "target=absent.csv: expected a file, and there is none"),
    "no such policy": ("policy:magic", "target=policy:magic: the table has no decision of it"),
    "no column": (FULL.drop(columns="probability"), "expected column 'probability'"),
    "rows that do not sum to 1": (FULL[1:], "that sum to 1 for each decision, got 0.8 for decis"),
    "of other decisions": (
        FULL.assign(decision_id=FULL["decision_id"] + 10**6),
        "expected rows for each of the log's 1,200 decisions, got none for 1,200 of them, such",
    ),
    "a word misspelt": (
        "unifrom", "give the path of a file, uniform, policy:NAME, log:FILE or artifact:FOLDER"
    ),
    "above 1": (FULL.assign(probability=3.0), "row 0, column 'probability': expected a prob"),
    "in words": (FULL.assign(probability="much"), "row 0, column 'probability': expected numbers"),
    "a decision twice": (
        FULL[["decision_id", "probability"]], "expected each decision once",
    ),
    "a decision absent": (
        FULL[["decision_id", "probability"]].drop_duplicates("decision_id")[1:],
        "expected a row for each decision, got none for 0",
    ),
    "other kinds of ids": (FULL.assign(offer_id=range(len(FULL))), "write them alike"),
    "beyond the log": (FULL.assign(offer_id=FULL["offer_id"].replace("tea", "gold")), "never"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD_TARGETS)
def test_a_target_that_cannot_be_used_is_one_line(
    name: str, log: EvaluatedLog, tmp_path: Path
) -> None:
    target, says = BAD_TARGETS[name]
    text = target if isinstance(target, str) else _file(tmp_path, target)
    with pytest.raises(InputError) as error:
        _report(log, text)
    assert says in str(error.value)
    assert str(error.value).startswith("target")
    assert "\n" not in str(error.value)


def test_log_has_its_own_probabilities_right() -> None:
    shares = TABLE["offer_id"].replace({"fund": "third", "tea": "third"}).value_counts(True)
    assert shares["loan"] == pytest.approx(LOGGING[0], abs=0.05)

"""`recsys check`: what it prints, its page, its code; figures of the profile by hand."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from small_shop import all_of, cell, no_column, renamed, row_twice, write_shop

from recsys.cli.main import main
from recsys.data.faults.inspected import inspect
from recsys.data.filter_seen import default_filter
from recsys.data.sources.files import Files
from recsys.ops.filter_seen import FilterSeen
from recsys.reports.data_check.leaving import leaving_line
from recsys.reports.data_check.report import DataCheck, data_check, page, terminal_lines
from recsys.reports.data_check.tables import duplicates
from recsys.simulation import SimulatedMarket


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    write_shop(tmp_path / "tables")
    return tmp_path


def check_of(folder: Path) -> DataCheck:
    source = Files(root=str(folder / "tables"))
    return data_check(source, inspect(source))


def section(check: DataCheck, title: str) -> str:
    """The sentences and cells of a section, as the terminal prints them."""
    lines = list(terminal_lines(check))
    rest = lines[lines.index(title) + 1 :]
    return "\n".join(rest[: rest.index("")] if "" in rest else rest)


def code_of(*words: str) -> int:
    try:
        main(["check", *words])
    except SystemExit as ended:
        return int(str(ended.code))
    return 0


def test_a_good_shop_has_code_0_and_a_profile(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert code_of("data=files", f"data.root={shop / 'tables'}") == 0
    printed = capsys.readouterr().out
    assert printed.startswith("tables: no fault; every command can load these tables.")
    assert max(map(len, printed.splitlines())) <= 120


def test_faults_have_code_2_and_their_remedies(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    all_of(
        cell("interactions", 3, "value", "dear"),
        cell("interactions", 4, "value", "dearer"),
        cell("products", 1, "price", "-1"),
        renamed("customers", "consent_app", "consent_ap"),
    )(shop)
    out = shop / "page.html"
    assert code_of("data=files", f"data.root={shop / 'tables'}", f"out={out}") == 2
    printed = capsys.readouterr().out
    assert printed.startswith("tables: 3 kinds of fault in 3 tables; no command loads them")
    assert "        2  value: expected numbers\n           lines 5, 6: 'dear', 'dearer'" in printed
    assert "-> did you mean 'consent_app'?" in printed
    assert "did you mean &#39;consent_app&#39;?" in out.read_text()


def test_files_that_need_a_mapping_are_fatal_even_without_a_fault(
    shop: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(shop)
    for path in (shop / "tables").iterdir():
        path.write_text(path.read_text().replace(",", ";"))
    words = ("data=files", "data.root=tables")
    assert code_of(*words, "suggest=true") == 2
    assert "no fault, but a load needs a mapping; suggest=true" in capsys.readouterr().out
    assert code_of(*words, "data.mapping=mapping.yaml") == 0


def test_events_by_touchpoint_and_action(shop: Path) -> None:
    row_twice("interactions", 1)(shop)
    text = section(check_of(shop), "Events")
    assert "1 (9.1%) of 11 events have no product" in text
    assert "1 (9.1%) events repeat another in every column." in text
    lines = [line.split() for line in text.splitlines()]
    assert ["touchpoint", "purchase", "accept", "contact", "view", "all"] in lines
    assert ["app", "5", "1", "1", "1", "8", "(72.7%)"] in lines
    assert ["store", "3", "0", "0", "0", "3", "(27.3%)"] in lines


def test_what_leaves_the_list_is_counted_by_action() -> None:
    events = pd.DataFrame(
        {
            "customer_id": ["a", "a", "a", "b", None, "b"],
            "product_id": ["x", "x", "y", "x", "x", None],
            "action": ["purchase", "purchase", "view", "reject", "reject", "reject"],
            "timestamp": pd.to_datetime(["2026-01-01"] * 6, utc=True),
        }
    )
    assert leaving_line(events, default_filter(events)).endswith(
        "in pairs of customer and product: accept for ever: 0 (0.0%); purchase for ever: "
        "1 (33.3%); reject for 90 days: 1 (33.3%). Other actions keep a product on it."
    )
    assert leaving_line(events, FilterSeen()).endswith(
        "every product with an event, for ever: 3 pairs."
    )
    assert (
        leaving_line(events, FilterSeen(()))
        == "No product leaves a customer's list (data.filter_seen)."
    )


def test_ages_without_a_time_are_a_fault(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "interactions.csv").write_text("customer_id,product_id,order\na,x,1\n")
    words = ("data=files", f"data.root={tmp_path}")
    assert code_of(*words) == 0
    assert code_of(*words, "data.filter_seen={reject: 90 days}") == 2
    assert "data.filter_seen: expected interactions with a timestamp" in capsys.readouterr().out


def test_duplicates_are_counted_in_every_column() -> None:
    events = pd.DataFrame(
        {
            "customer_id": pd.Categorical(["a", "a", "b", "a"]),
            "value": [1.0, 1.0, 1.0, np.nan],
            "timestamp": pd.to_datetime(["2026-01-01"] * 4, utc=True),
        }
    )
    assert duplicates(events) == 1


def test_ids_identities_and_consents(shop: Path) -> None:
    check = check_of(shop)
    assert "identities: 2 of 4 ids ('id_a and id_b') are known" in section(check, "Ids")
    assert "4 linked ids become 2 customers." in section(check, "Identities")
    consents = section(check, "Consents")
    assert "Without a column of consent: store." in consents
    assert ["app", "3", "(75.0%)", "4"] in [line.split() for line in consents.splitlines()]


def test_a_shared_device_is_no_person(shop: Path) -> None:
    kiosk = pd.DataFrame({"id_a": [f"c{i}" for i in range(30)], "id_b": "kiosk", "kind": "device"})
    kiosk.to_csv(shop / "tables" / "identities.csv", index=False)
    cell("identities", 0, "id_a", "ann")(shop)
    text = " ".join(section(check_of(shop), "Identities").split())
    assert "1 group of more than 20 ids are not merged, the largest of 31" in text


def test_features_and_columns_say_what_reads_them(shop: Path) -> None:
    check = check_of(shop)
    features = section(check, "Features")
    assert ["age", "customers", "number"] in [line.split()[:3] for line in features.splitlines()]
    assert "left out: says when it is valid" in features
    columns = section(check, "Columns")
    assert "interactions.order (splits by order" in columns
    assert "quiet hours of a policy" in columns


def test_what_the_data_lack_is_named(shop: Path) -> None:
    all_of(no_column("interactions", "timestamp"), no_column("decisions", "propensity"))(shop)
    text = section(check_of(shop), "What these data allow")
    allowed = {line[2:].partition("  ")[0]: line.split() for line in text.splitlines()}
    assert allowed["split=time"][-4:] == ["no", "interactions.timestamp", "or", "order"]
    assert allowed["off-policy evaluation"][-2:] == ["no", "decisions.propensity"]
    assert allowed["compare"][-1] == "yes"


def test_other_sources_are_checked_too() -> None:
    source = SimulatedMarket(events=1_000)
    check = data_check(source, inspect(source))
    assert not check.is_fatal
    assert page(check).count("<section") == len(check.sections)

import json
import runpy
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from artifact_contents import contents

from recsys.errors import InputError
from recsys.serve import load, write

SCRIPT = Path(__file__).parents[2] / "scripts" / "recommend.py"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("script") / "artifact"
    consent = np.ones((40, 3), dtype=bool)
    consent[0, 2] = False
    write(place, contents(consent=consent))
    return place


def recommend(*words):
    return subprocess.run(
        [sys.executable, str(SCRIPT), *words], capture_output=True, text=True, check=False
    )


def test_offers_are_readable(folder, tmp_path):
    out = tmp_path / "offers.json"
    done = recommend(f"artifact={folder}", "customer=C0007", "k=3", f"out={out}")
    assert done.stderr == ""
    assert done.returncode == 0
    answer = load(folder).recommend("C0007", 3)
    written = json.loads(out.read_text())
    assert [offer["product_id"] for offer in written[0]["offers"]] == [
        offer.product_id for offer in answer.offers
    ]
    lines = done.stdout.splitlines()
    assert lines[0] == f"customer C0007 ({answer.own_events} products in own history)"
    for line, offer in zip(lines[1::2], answer.offers, strict=True):
        assert str(offer.name or offer.product_id) in line
        assert f"[{offer.category}]  score {offer.score:.3f}, best at {offer.touchpoint}" in line
    for line, offer in zip(lines[2::2], answer.offers, strict=True):
        assert line.count("%") == len(offer.reasons)


def test_customers_go_from_the_busiest_to_the_quietest(folder):
    done = recommend(f"artifact={folder}", "customers=3", "k=1", "touchpoint=app", "at=2025-12-01")
    assert done.returncode == 0
    said = [line.split()[1] for line in done.stdout.splitlines() if line.startswith("customer")]
    kept = load(folder).contents
    events = np.bincount(kept.event_customers, minlength=len(kept.customer_ids))
    of_customer = dict(zip(kept.customer_ids.tolist(), events.tolist(), strict=True))
    counts = [of_customer[customer] for customer in said]
    assert counts == sorted(counts, reverse=True)
    assert (counts[0], counts[-1]) == (events.max(), events.min())


def test_a_short_answer_says_why(folder):
    customer = load(folder).contents.customer_ids[0]
    done = recommend(f"artifact={folder}", f"customer={customer}", "touchpoint=email")
    assert done.returncode == 0
    assert "no more offers: the customer has not consented" in done.stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["custommer=C0001"], "unknown argument 'custommer=C0001'; did you mean customer="),
        (["--verbose"], "unknown argument '--verbose'; known are artifact, customer"),
        (["k"], "expected k=VALUE, got 'k'"),
        (["k=0"], "k: expected a whole number of at least 1, got '0'"),
        (["k=abc"], "k: expected a whole number of at least 1, got 'abc'"),
        (["k=1", "k=2"], "k= is given twice"),
        (["customers=2"], "either customer=ID or customers=NUMBER"),
        (["touchpoint=fax"], "touchpoint 'fax' is not known; the artifact has app, branch, email"),
        (["at=soon"], "at: expected a date such as 2024-05-01, got 'soon'"),
        (["out=/nowhere/at/all.json"], "out: /nowhere/at/all.json cannot be written"),
    ],
)
def test_bad_words_are_refused(folder, words, message):
    script = runpy.run_path(str(SCRIPT))
    with pytest.raises(InputError) as raised:
        script["recommend"]([f"artifact={folder}", "customer=C0001", *words])
    assert message in str(raised.value)


def test_bad_input_is_one_line_and_code_2(folder, tmp_path):
    unknown = recommend(f"artifact={folder}", "customer=C00O1")
    assert_one_line(unknown, "customer id 'C00O1' is not among the 40 customer ids; the nearest")
    nowhere = recommend(f"artifact={tmp_path}", "customer=C0001")
    assert_one_line(nowhere, "is not an artifact")
    misspelt = recommend(f"artifact={folder}", "custommer=C0001")
    assert_one_line(misspelt, "did you mean customer=")
    assert_one_line(recommend(f"artifact={folder}", "customers=1", "k=abc"), "got 'abc'")
    assert_one_line(recommend(), "say artifact=FOLDER")


def assert_one_line(done, message):
    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
    assert message in done.stderr

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from artifact_contents import contents

from recsys.serving import load, write

EXAMPLE = '["P1", ["P2", "cart"], ["P3", 2.5]]'
SCRIPT = Path(__file__).parents[2] / "scripts" / "recommend.py"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("script") / "artifact"
    consent = np.ones((40, 3), dtype=bool)
    consent[0, 2] = False
    write(folder, contents(consent=consent))
    return folder


def recommend(*words):
    """What a process says, at the cut-off unless the words say when."""
    if not any(word.startswith("at=") for word in words):
        words = (*words, "at=as_of")
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
    assert lines[0] == f"customer C0007 ({answer.own_events} products in their history)"
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
    events = np.bincount(kept.events.customers, minlength=len(kept.customers.ids))
    of_customer = dict(zip(kept.customers.ids.tolist(), events.tolist(), strict=True))
    counts = [of_customer[customer] for customer in said]
    assert counts == sorted(counts, reverse=True)
    assert (counts[0], counts[-1]) == (events.max(), events.min())


def test_somebody_new_and_somebody_known_by_fresh_events(tmp_path):
    rule = {
        "fold_in_rule": np.zeros(3, np.float32), "fold_in_actions": np.ones(2, np.float32),
        "fold_in_rest": np.zeros(0, np.float32), "consent": None,
    }  # fmt: skip
    write(tmp_path / "a", contents(**rule))
    words = f"artifact={tmp_path / 'a'}", 'events=["P001", ["P002", "purchase"]]', "k=2"
    done = recommend(*words)
    assert done.stderr == ""
    first, *rest = done.stdout.splitlines()
    assert first == "new customer (2 products in their history)"
    answer = load(tmp_path / "a").recommend_events(["P001", ("P002", "purchase")], 2)
    for line, offer in zip(rest[::2], answer.offers, strict=True):
        assert f"score {offer.score:.3f}" in line
    assert recommend(*words, "customer=C0007").stdout.startswith("customer C0007 (")
    for bad in ("P001", "{}", '[["P001"]]', "[true]", '[["P001", null]]'):
        done = recommend(words[0], f"events={bad}")
        assert done.returncode == 2
        assert (
            done.stderr == f"error: events: expected a JSON list such as {EXAMPLE}, got {bad!r}\n"
        )


def test_a_short_answer_says_why(folder):
    customer = load(folder).contents.customers.ids[0]
    done = recommend(f"artifact={folder}", f"customer={customer}", "touchpoint=email")
    assert done.returncode == 0
    assert "no more offers: the customer has not consented" in done.stdout

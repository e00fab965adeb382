"""Decides by the policy of an artifact: a plan of the day for all, or an answer to one customer.

recsys decide artifact=FOLDER at=2025-10-01 out=plan.parquet
recsys decide artifact=FOLDER decisions=FILE policy=FILE.yaml at=2025-10-01 out=plan.parquet
recsys decide artifact=FOLDER customer=ID touchpoint=app at=2025-10-01T09:30 prices=plan.parquet
recsys decide artifact=FOLDER customer=ID touchpoint=app session=view:P0001,contact

A plan has at most one decision for each customer, under all rules, capacities and the budget, and
has the columns of the table `decisions`.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from recsys.cli.policy_artifact import artifact_of
from recsys.cli.words import Key, key_values, truth, whole_number
from recsys.errors import InputError
from recsys.ops.session_events import STEPS
from recsys.ops.terminal import say
from recsys.serving import Artifact, SessionEvent
from recsys.serving.decide.plan import CANDIDATES, DayPlan, decide_everyone
from recsys.serving.decide.plan_file import require_parquet

KEYS = {
    "artifact": Key("artifact that was exported with policy=", "FOLDER"),
    "at": Key("when the day begins, or of the contact (default: now)", "DATE"),
    "out": Key("file for the plan of all customers, .parquet", "FILE"),
    "policy": Key("other limits, quiet hours, capacities, budget or exploration", "FILE"),
    "levers": Key("factors of customers on offers, see docs/arbitration.md", "FILE"),
    "decisions": Key("log since the export, whose contacts and places count", "FILE"),
    "touchpoints": Key(
        "of a plan, or all (default: those where the firm makes contact)", "NAME,..."
    ),
    "candidates": Key("kept for each customer of a plan", default=str(CANDIDATES)),
    "explore": Key("false always takes the best offer", default="true"),
    "customer": Key("decide for this customer instead of planning", "ID"),
    "touchpoint": Key("where the customer is (default: the best one)", "NAME"),
    "session": Key("what was done: action[:product],... or the moment's name", "WORDS"),
    "k": Key("offers for the customer (default: 1)", "NUMBER"),
    "prices": Key("plan of the day, whose prices the customer's offers pay", "FILE"),
}
_OF_PLAN, _OF_CUSTOMER = (
    ("out", "decisions", "touchpoints"),
    ("touchpoint", "session", "k", "prices"),
)


def main(words: Sequence[str]) -> None:
    """Writes a plan, or prints the decision for one customer.

    Args:
        words: key=value.

    Raises:
        InputError: a word, the artifact, the policy or the log is not usable, or the file cannot be
            written.
    """
    given = key_values(words, KEYS, __doc__ or "")
    _require_words(given)
    explore = truth("explore", given["explore"])
    artifact = artifact_of(given)
    if "customer" in given:
        _decide_one(artifact, given, explore)
        return
    # Needs SciPy, as an answer to one customer does not.
    from recsys.policy.arbitration.exact import best_plan

    plan = decide_everyone(
        artifact,
        Path(given["out"]),
        at=given.get("at"),
        log=Path(given["decisions"]) if "decisions" in given else None,
        explore=explore,
        k=whole_number("candidates", given["candidates"]),
        touchpoints=given["touchpoints"].split(",") if "touchpoints" in given else None,
        allocate=best_plan,
    )
    say(*_lines(plan, given["out"]))


def _require_words(given: Mapping[str, str]) -> None:
    for_one = "customer" in given
    if "artifact" not in given or for_one == ("out" in given):
        raise InputError(
            "say artifact=FOLDER and either out=FILE.parquet, for the plan of a day, or customer=ID"
        )
    wrong = [name for name in (_OF_PLAN if for_one else _OF_CUSTOMER) if name in given]
    if wrong:
        kind = "a plan (out=)" if for_one else "one customer (customer=)"
        raise InputError(f"{wrong[0]}= is for {kind}; leave it out")
    if not for_one:
        require_parquet(Path(given["out"]))


def _decide_one(artifact: Artifact, given: Mapping[str, str], explore: bool) -> None:
    decision = artifact.decide(
        given["customer"],
        touchpoint=given.get("touchpoint"),
        at=given.get("at"),
        k=whole_number("k", given.get("k", "1")),
        prices=given.get("prices"),
        explore=explore,
        session=None if "session" not in given else _session(given["session"]),
    )
    say(*str(decision).split("\n"))


def _session(text: str) -> list[SessionEvent] | str:
    """Events such as `view:P0001,contact`, or the name of a moment."""
    words = [word.partition(":") for word in text.split(",")]
    if len(words) == 1 and words[0][0] not in STEPS:
        return text
    return [SessionEvent(action=action, product=product or None) for action, _, product in words]


def _lines(plan: DayPlan, out: str) -> list[str]:
    day = datetime.fromtimestamp(plan.start, UTC)
    lines = [
        f"{plan.decisions:,} decisions for {plan.customers:,} customers from {day:%Y-%m-%d %H:%M} "
        f"UTC on in {out}",
        f"  expected value {plan.expected_value:,.2f}, at most {plan.gap:.3%} below the best plan",
    ]
    for name, count in plan.by_touchpoint.items():
        booked = plan.booked[name]
        before = f", {booked:,} booked before" if booked else ""
        gain = plan.one_more[name]
        scarce = f", one more place is worth {gain:,.2f}" if gain >= 0.005 else ""
        lines.append(f"  {name}: {count:,}{before}{scarce}")
    others = [name for name in plan.booked if name not in plan.by_touchpoint]
    if others:
        lines.append(f"  not planned for: {', '.join(others)} (see touchpoints=)")
    if plan.too_dear:
        lines.append(
            f"  what is left of the budget pays for no decision at {', '.join(plan.too_dear)}"
        )
    if not plan.decisions:
        lines.append("  nobody gets a decision: `recsys funnel` says what the rules take away")
    if plan.prices.budget >= 0.005:
        lines.append(f"  one more euro of the budget is worth {plan.prices.budget:,.2f}")
    if plan.explored:
        lines.append(f"  {plan.explored:,} decisions explore: their propensities are in the file")
    return lines

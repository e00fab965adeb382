"""Artifact contents with moments to test with."""

from dataclasses import replace
from functools import cache

import numpy as np
from artifact_contents import AS_OF, DAY
from policy_part import deciding
from policy_part import rules as example_rules

from recsys.journeys.boosting import fit_trees
from recsys.ops.micro_moments import MomentModel
from recsys.ops.session_events import STEPS
from recsys.ops.session_features import AFTER, BEFORE
from recsys.policy.compiled import MomentHold
from recsys.serving import Contents, MomentPart, SessionEvent

NAMES = ("buy", "do", "know")
CUSTOMERS, PRODUCTS = 40, 30
HOLD = MomentHold(name="help_first", moment="do", at_least=0.6, allowed=np.arange(25) < 3)


@cache
def model() -> MomentModel:
    """Trees of random labels: what they say is not the point here."""
    random = np.random.default_rng(0)
    parts = []
    for names in (BEFORE, AFTER):
        values = random.gamma(1, 5, (2_000, len(names)))
        label = (values[:, 0] > 4).astype(int) + (values[:, 8] > 4)
        parts.append(fit_trees(values, label, trees=40, learning_rate=0.1, leaves=8, least=20))
    return MomentModel(names=NAMES, before=parts[0], after=parts[1])


@cache
def part() -> MomentPart:
    random = np.random.default_rng(1)
    lengths = random.integers(0, 30, CUSTOMERS)
    count = int(lengths.sum())
    owners = np.repeat(np.arange(CUSTOMERS), lengths)
    when = AS_OF - random.integers(1, 170 * DAY, count)
    order = np.lexsort((when, owners))
    return MomentPart(
        model=model(),
        groups=random.integers(0, 6, PRODUCTS),
        starts=np.concatenate([[0], np.cumsum(lengths)]),
        when=when[order],
        steps=random.integers(0, len(STEPS), count).astype(np.int8),
        products=random.integers(-1, PRODUCTS, count),
        touchpoints=random.integers(-1, 3, count),
    )


def contents(**changes: object) -> Contents:
    made = replace(
        example_rules(CUSTOMERS, 25), moments=[HOLD], consent=np.ones((CUSTOMERS, 3), dtype=bool)
    )
    base = deciding(CUSTOMERS, PRODUCTS, rules=made)
    return Contents(**(vars(base) | {"moments": part()} | changes))


def session(steps: list[tuple[str, int]]) -> list[SessionEvent]:
    ids = contents().products.ids
    return [SessionEvent(step, None if row < 0 else ids[row]) for step, row in steps]

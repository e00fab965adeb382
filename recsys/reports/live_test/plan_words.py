"""A plan of a live test in sentences: customers, days, and stages that guard nothing."""

from collections.abc import Sequence

from recsys.policy.live_tests.draft import SLOWEST, Draft
from recsys.policy.live_tests.harm_bounds import Guard


def plan_sentences(draft: Draft) -> list[str]:
    """What the plan takes, and what it cannot do.

    Args:
        draft: of the plan.

    Returns:
        Sentences for a terminal or a page.
    """
    guard = [] if draft.guard is None else _guard_sentences(draft, draft.guard)
    return [_sample_sentence(draft), *_days_sentences(draft), *guard]


def days_text(draft: Draft, days: int | None) -> str:
    """Days of a stage, or that the log does not bring its customers."""
    if days is None:
        return f"more than the log's {len(draft.arrivals):,} days"
    return f"{days:,} days"


def _sample_sentence(draft: Draft) -> str:
    content = draft.content
    arms = ", ".join(f"{count:,} of {arm}" for arm, count in draft.customers.items())
    return (
        f"To find a gain of {draft.lift:.1%}, {content['gain']:.4g} a customer in "
        f"{content['window']} days, with a power of {content['power']:.0%}, a fixed test needs "
        f"{sum(draft.customers.values()):,} customers: {arms}. One that is read every day stops "
        f"within {SLOWEST} times as many in most cases, and sooner if the gain is larger."
    )


def _days_sentences(draft: Draft) -> list[str]:
    stage = draft.content["stages"][-1]
    days = days_text(draft, draft.days[stage["name"]])
    power = float(draft.power[stage["name"]][-1])
    sentences = [
        f"With {stage['share']:.0%} of the customers this takes {days}. All customers of the log "
        f"together would give a power of {power:.0%}."
    ]
    short = [each["name"] for each in draft.content["stages"] if each["name"] in draft.short]
    if short:
        sentences.append(
            f"The log's {len(draft.arrivals):,} days bring too few customers for {_and(short)}: "
            "the plan ends such a stage after as many days, most likely without a verdict. Bring a "
            "longer log, shorten window=, or plan for a larger lift=."
        )
    return sentences


def _guard_sentences(draft: Draft, guard: Guard) -> list[str]:
    harms = {stage["name"]: stage.get("harm") for stage in draft.content["stages"]}
    bounds = ", ".join(f"{harms[name]:.4g}" for name in guard.unguarded)
    return [
        f"{_and(guard.unguarded)} would guard nothing: what can be excluded is a loss above "
        f"{bounds} a customer, and no policy that earns at least 0 can lose more than the mean "
        f"reward of {draft.control.mean:.4g}.",
        f"To exclude a loss of half of it, {guard.bound:.4g}, a first stage measures "
        f"{guard.customers:,} customers an arm, {guard.in_all:,} in all. {_remedy(draft, guard)}",
    ]


def _remedy(draft: Draft, guard: Guard) -> str:
    known = int(draft.arrivals.sum())
    if guard.in_all > known:
        return (
            f"The log has {known:,} in all: it is too small for a test that guards; bring a longer "
            "log, or one of more customers."
        )
    if not guard.stages:
        last = draft.content["stages"][-1]["name"]
        return (
            f"That is no less than {last} takes to find a gain of {draft.lift:.1%}: no stage "
            f"before it can guard. Plan for a smaller lift=, or set stages={last}:1 and bear a "
            "loss until it is certain."
        )
    stages = ",".join(f"{name}:{share:g}" for name, share in guard.stages.items())
    takes = days_text(draft, guard.days)
    return f"Set stages={stages}; its first stage then takes {takes}."


def _and(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else names[0]

"""Reads the plan of a live test from YAML, and checks it."""

from collections.abc import Sequence
from dataclasses import fields
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from recsys.data.moments import parse_moment
from recsys.data.strict_yaml import parse_yaml
from recsys.errors import InputError
from recsys.ops.whole_file import reason
from recsys.policy.live_tests.assignment import check_shares
from recsys.policy.live_tests.plan import LiveTest, Stage


def read_plan(path: Path) -> LiveTest:
    """Reads a plan from a YAML file.

    Raises:
        InputError: the file cannot be read or is no plan; names the key.
    """
    try:
        content = parse_yaml(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"plan={path} cannot be read: {reason(error)}") from None
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        cause = " ".join(str(error).split())
        raise InputError(f"plan={path}: expected a plan in YAML, got {cause}") from None
    return plan_of(content)


def plan_of(content: Any) -> LiveTest:
    """A plan from plain data.

    Args:
        content: keys as the attributes of `LiveTest`; stages a list of those of `Stage`.

    Raises:
        InputError: a key is missing, unknown or has a value that cannot be used.
    """
    given = _keys("plan", content, [field.name for field in fields(LiveTest)])
    stages = given["stages"]
    if not isinstance(stages, list) or not stages:
        raise InputError(f"plan.stages: expected a list of stages, got {stages!r}; add one")
    plan = LiveTest(
        name=_text("plan.name", given["name"]),
        salt=_text("plan.salt", given["salt"]),
        arms=_arms(given["arms"]),
        window=_whole("plan.window", given["window"]),
        gain=_number("plan.gain", given["gain"], above=0),
        power=_number("plan.power", given["power"], above=0, below=1),
        level=_number("plan.level", given["level"], above=0.5, below=1),
        stages=[_stage(f"plan.stages[{number}]", each) for number, each in enumerate(stages)],
    )
    _check_order(plan.stages)
    return plan


def _arms(content: Any) -> dict[str, float]:
    if not isinstance(content, dict):
        raise InputError(f"plan.arms: expected ARM: SHARE, got {content!r}; name the arms")
    arms = {str(arm): _number(f"plan.arms.{arm}", share) for arm, share in content.items()}
    check_shares("plan.arms", arms)
    if abs(sum(arms.values()) - 1) > 1e-9:
        raise InputError(
            f"plan.arms: expected a sum of 1, got {sum(arms.values()):g}; "
            "stages[].share says how many customers are in the test"
        )
    return arms


def _stage(key: str, content: Any) -> Stage:
    given = _keys(key, content, ["name", "share", "customers", "days"], optional=["starts", "harm"])
    starts, harm = given.get("starts"), given.get("harm")
    return Stage(
        name=_text(f"{key}.name", given["name"]),
        share=_number(f"{key}.share", given["share"], above=0, most=1),
        starts=None if starts is None else parse_moment(str(starts), f"{key}.starts"),
        customers=_whole(f"{key}.customers", given["customers"]),
        days=_whole(f"{key}.days", given["days"]),
        harm=None if harm is None else _number(f"{key}.harm", harm, least=0),
    )


def _check_order(stages: Sequence[Stage]) -> None:
    """Shares that do not shrink and starts in order."""
    for number, (before, stage) in enumerate(pairwise(stages), 1):
        if stage.share < before.share:
            raise InputError(
                f"plan.stages[{number}].share: expected at least {before.share:g}, as in the stage "
                f"before, got {stage.share:g}; customers may not leave the test"
            )
        late = stage.starts is not None and (before.starts is None or before.starts >= stage.starts)
        if late:
            raise InputError(
                f"plan.stages[{number}].starts: expected a moment after the stage before starts, "
                f"got {stage.starts}; order the stages by time"
            )


def _keys(
    key: str, content: Any, required: Sequence[str], optional: Sequence[str] = ()
) -> dict[str, Any]:
    if not isinstance(content, dict):
        raise InputError(f"{key}: expected the keys {', '.join(required)}, got {content!r}")
    known = (*required, *optional)
    unknown = [name for name in content if name not in known]
    if unknown:
        raise InputError(f"{key}.{unknown[0]}: expected one of {', '.join(known)}; drop the key")
    missing = [name for name in required if content.get(name) is None]
    if missing:
        raise InputError(f"{key}.{missing[0]}: expected a value, got none; add the key")
    return content


def _text(key: str, value: Any) -> str:
    if isinstance(value, bool | float | list | dict) or not str(value):
        raise InputError(f"{key}: expected a text, got {value!r}")
    return str(value)


def _whole(key: str, value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise InputError(f"{key}: expected a whole number of at least 1, got {value!r}")
    return value


def _number(
    key: str,
    value: Any,
    *,
    least: float | None = None,
    above: float | None = None,
    most: float | None = None,
    below: float | None = None,
) -> float:
    bounds = {"at least": least, "above": above, "at most": most, "below": below}
    wanted = " and ".join(f"{word} {end}" for word, end in bounds.items() if end is not None)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    fits = is_number and (
        np.isfinite(value)
        and (least is None or value >= least)
        and (above is None or value > above)
        and (most is None or value <= most)
        and (below is None or value < below)
    )
    if not fits:
        raise InputError(f"{key}: expected a number {wanted}, got {value!r}")
    return float(value)

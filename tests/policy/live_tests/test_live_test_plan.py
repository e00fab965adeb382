"""Plans as YAML: every fault is one line that names its key."""

from pathlib import Path
from typing import Any

import pytest
from small_test import content

from recsys.errors import InputError
from recsys.policy.live_tests.plan_file import plan_of, read_plan


def stages(number: int, **changes: Any) -> dict[str, Any]:
    listed = content()["stages"]
    listed[number] |= changes
    return {"stages": listed}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"gain": 0}, r"plan\.gain: expected a number above 0, got 0"),
        ({"gain": "much"}, r"plan\.gain: expected a number above 0, got 'much'"),
        ({"level": 1}, r"plan\.level: expected a number above 0.5 and below 1, got 1"),
        (stages(0, harm=-1), r"plan\.stages\[0\]\.harm: expected a number at least 0, got -1"),
        ({"window": 7.5}, r"plan\.window: expected a whole number of at least 1, got 7.5"),
        ({"salt": None}, r"plan\.salt: expected a value, got none; add the key"),
        ({"slat": "x"}, r"plan\.slat: expected one of name, salt, arms"),
        ({"arms": ["a"]}, r"plan\.arms: expected ARM: SHARE, got \['a'\]"),
        ({"arms": {"a": 0.5, "b": 0.4}}, r"plan\.arms: expected a sum of 1, got 0.9"),
        ({"arms": {"a": 1}}, r"plan\.arms: expected at least two arms, got 1"),
        ({"stages": []}, r"plan\.stages: expected a list of stages, got \[\]"),
        (stages(1, share=0.1), r"plan\.stages\[1\]\.share: expected at least 0.2"),
        (stages(2, share=1.5), r"plan\.stages\[2\]\.share: expected a number .* at most 1"),
        (stages(1, starts="2025-01-01"), r"plan\.stages\[1\]\.starts: expected a moment after"),
        (stages(1, starts="soon"), r"plan\.stages\[1\]\.starts: expected a time such as"),
        (stages(0, days=True), r"plan\.stages\[0\]\.days: expected a whole number"),
        (stages(0, shares={}), r"plan\.stages\[0\]\.shares: expected one of name, share"),
    ],
)
def test_a_fault_is_one_line_that_names_its_key(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message) as raised:
        plan_of(content(**changes))
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("text", ["a: [", "- 1", "!!python/object:os.system x"])
def test_a_file_that_is_no_plan_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "plan.yaml"
    path.write_text(text)
    with pytest.raises(InputError, match="plan") as raised:
        read_plan(path)
    assert "\n" not in str(raised.value)


def test_a_stage_begins_at_its_start() -> None:
    plan = plan_of(content(**stages(1, starts="2025-03-10T12:00:00Z")))
    first = 1_740_787_200  # 2025-03-01
    seconds = [first - 1, first, first + 9 * 86_400, first + 10 * 86_400]
    assert plan.stage_at(seconds).tolist() == [-1, 0, 0, 1]
    assert (plan.control, plan.treatments) == ("control", ("new",))


def test_the_level_is_shared_by_the_treatments() -> None:
    plan = plan_of(content(arms={"control": 0.4, "a": 0.3, "b": 0.3}))
    assert plan.arm_level == pytest.approx(0.975)
    assert plan.treatments == ("a", "b")

"""Settings are validated by pydantic, whose own texts nobody sees; the library does without it."""

import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

import pytest
from pydantic import Field

from recsys.errors import InputError
from recsys.experiments.config_types import build_typed, check_value, check_values
from recsys.experiments.tuning.config import StudyConfig
from recsys.training.objectives import BPR


class Model:
    """As a user writes one: pydantic's bounds stand beside plain types."""

    def __init__(
        self,
        *,
        dim: Annotated[int, Field(ge=1, le=512)] = 64,
        l2: Annotated[float, Field(gt=0)] | None = None,
        ks: tuple[int, ...] = (5,),
        actions: Mapping[str, float] | None = None,
        start: Literal["svd", "random"] = "svd",
        objective: BPR | None = None,
        anything: Any = None,
        copy: bool = False,
        model_config: str = "",
    ) -> None: ...


GOOD: Sequence[Mapping[str, Any]] = [
    {"dim": 1, "l2": 1, "ks": [5, 10], "actions": {"view": 1}, "start": "random"},
    {"l2": None, "ks": (5,), "objective": {"_target_": "a.B"}, "anything": [None, {"a": 1}]},
    {"copy": True, "model_config": "names of pydantic are no different"},
    {"l2": float("inf")},  # an interval says so, not a type
]
BAD: Sequence[tuple[str, Any, str]] = [
    ("dim", 1.5, "a whole number of at least 1 and of at most 512, got 1.5"),
    ("dim", True, "a whole number of at least 1 and of at most 512, got true"),
    ("dim", 0, "a whole number of at least 1 and of at most 512, got 0"),
    ("dim", 513, "a whole number of at least 1 and of at most 512, got 513"),
    ("l2", 0, "a number above 0 or null, got 0"),
    ("l2", "1", "a number above 0 or null, got '1'"),
    ("ks", [5, "ten"], "a list [...], each a whole number, got [5, 'ten']"),
    ("ks", "5", "a list [...], each a whole number, got '5'"),
    ("actions", {"view": "much"}, "a mapping {name: ...}, each a number or null, got"),
    ("actions", {1: 1.0}, "a mapping {name: ...}, each a number or null, got {1: 1.0}"),
    ("start", "zero", "svd or random, got 'zero'"),
    ("copy", 1, "true or false, got 1"),
    ("model_config", None, "a text, got null; set model.model_config=VALUE"),
]


@pytest.mark.parametrize("values", GOOD)
def test_values_of_the_annotated_types_are_accepted(values: Mapping[str, Any]) -> None:
    check_values(Model, values, "model")


@pytest.mark.parametrize(("name", "value", "expected"), BAD)
def test_another_value_is_refused_in_one_line(name: str, value: Any, expected: str) -> None:
    with pytest.raises(InputError) as caught:
        check_values(Model, {name: value}, "model")
    message = str(caught.value)
    assert caught.value.key == f"model.{name}"
    assert message.startswith(f"model.{name}: expected {expected}")
    assert "\n" not in message
    assert "pydantic" not in message


def test_an_unknown_key_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(InputError, match=r"^model\.depth is not known; model has dim, l2, ks"):
        check_values(Model, {"depth": 1}, "model")


def test_a_long_value_is_cut_and_a_long_number_is_counted() -> None:
    with pytest.raises(InputError) as caught:
        check_value("k", "x" * 10_000, int)
    assert len(str(caught.value)) < 200
    for hint in (int, float, float | str | None, tuple[int, ...]):
        value = [10**4000] if hint == tuple[int, ...] else 10**4000
        with pytest.raises(InputError, match=r"^k: expected whole numbers below 2\*\*63, got one"):
            check_value("k", value, hint)


@pytest.mark.parametrize("values", [{"trials": 0}, {"prune": "maybe"}, {"minutes": None}])
def test_a_study_is_validated_however_it_is_built(values: Mapping[str, Any]) -> None:
    for build in (lambda: StudyConfig(**values), lambda: build_typed(StudyConfig, values, "study")):
        with pytest.raises(InputError, match=r"^study") as caught:
            build()
        assert "\n" not in str(caught.value)


def test_serving_and_the_library_do_without_pydantic() -> None:
    program = (
        "import sys, recsys.serving\n"
        "import recsys; [getattr(recsys, name) for name in dir(recsys)]\n"
        "assert 'pydantic' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr

"""Files that a user writes in YAML: a policy, a mapping and the plan of a live test."""

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from recsys.data.mapping.mapping import read_mapping
from recsys.data.strict_yaml import parse_yaml
from recsys.errors import InputError
from recsys.policy.live_tests.plan_file import read_plan
from recsys.policy.rules.read import read_policy

READERS = [
    read_policy,
    lambda path: read_mapping(str(path)),
    read_plan,
]


@pytest.mark.parametrize("read", READERS, ids=["policy", "mapping", "plan"])
@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name: a\nname: b", "the key 'name' appears twice"),
        ("a: &x [1]\nb: *x", "anchors are not allowed"),
        ("a: {[1]: 2}", "is no text or number"),
        ("a: " + "[" * 3_000, "YAML"),
        ("a: 2024-13-45", "YAML"),
    ],
    ids=["a key twice", "an anchor", "a list as a key", "too deep", "no date"],
)
def test_what_strict_yaml_refuses_is_one_line(
    read: Callable[[Path], object], text: str, words: str, tmp_path: Path
) -> None:
    path = tmp_path / "file.yaml"
    path.write_text(text)
    with pytest.raises(InputError, match=words) as refused:
        read(path)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("text", ['a: "\\ud800"', '"\\udc00": 1'])
def test_half_a_character_is_refused(text: str) -> None:
    with pytest.raises(yaml.MarkedYAMLError, match="half of a character"):
        parse_yaml(text)

"""Policies written in a test."""

from pathlib import Path
from typing import Any

import yaml

from recsys.policy.rules.policy import Policy
from recsys.policy.rules.read import read_policy


def policy_of(folder: Path, content: str | dict[str, Any]) -> Policy:
    """The policy that a file of this content holds."""
    path = folder / "policy.yaml"
    text = content if isinstance(content, str) else yaml.safe_dump(content, sort_keys=False)
    path.write_text(text, encoding="utf-8")
    return read_policy(path)

"""Parses YAML that a user wrote, more strictly than PyYAML's safe loader."""

import re
from typing import Any

import yaml

from recsys.ops.shown_text import shown

_MOST_LEVELS = 100
_HALF = re.compile("[\ud800-\udfff]")


def parse_yaml(text: str) -> Any:
    """Plain data of a YAML text.

    Anchors are refused, by which a file of 1 kB can expand to gigabytes, and so are repeated keys,
    of which the last would count in silence, and halves of characters.

    Raises:
        yaml.MarkedYAMLError: the text is no YAML, with the line; or it has an anchor or a key that
            cannot be used, or more than 100 levels.
        yaml.YAMLError: the text is no YAML for another reason.
    """
    try:
        _require_few_levels(text)
        return yaml.load(text, _Loader)
    except ValueError as error:
        raise yaml.YAMLError(" ".join(str(error).split())) from None


def _require_few_levels(text: str) -> None:
    """Counts before the loader does, which calls itself for each level."""
    level = 0
    event: Any
    for event in yaml.parse(text, yaml.SafeLoader):
        level += isinstance(event, yaml.CollectionStartEvent)
        level -= isinstance(event, yaml.CollectionEndEvent)
        if level > _MOST_LEVELS:
            raise yaml.MarkedYAMLError(
                problem=f"more than {_MOST_LEVELS} levels", problem_mark=event.start_mark
            )


class _Loader(yaml.SafeLoader):
    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.MarkedYAMLError(problem="anchors are not allowed", problem_mark=mark)
        return super().compose_node(parent, index)

    def construct_scalar(self, node: Any) -> Any:
        text = super().construct_scalar(node)
        # "\\ud800" is half of a character: no file, terminal or database takes it.
        if isinstance(text, str) and not text.isascii() and _HALF.search(text):
            raise yaml.MarkedYAMLError(
                problem="half of a character, as \\ud800", problem_mark=node.start_mark
            )
        return text

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        mapping: dict[Any, Any] = {}
        for key_node, value_node in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, str | int | float) or key in mapping:
                is_usable = isinstance(key, str | int | float)
                fault = "appears twice" if is_usable else "is no text or number; quote it"
                raise yaml.MarkedYAMLError(
                    problem=f"the key {shown(key)} {fault}", problem_mark=key_node.start_mark
                )
            mapping[key] = self.construct_object(value_node, deep=True)
        return mapping

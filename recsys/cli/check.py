"""Reads all tables once and lists every fault with its remedy, then what the tables hold.

recsys check data=files data.root=FOLDER
recsys check data=files data.root=FOLDER suggest=mapping.yaml out=page.html
recsys check data=files data.root=FOLDER data.mapping=mapping.yaml

Ends with code 2 if the tables cannot be loaded. Keys of data= are those of recsys train.
"""

from collections.abc import Sequence
from pathlib import Path

from recsys.cli.composed_source import composed_source
from recsys.cli.source_words import DATA_KEYS, data_words, own_words
from recsys.cli.words import Key, key_values, named_file
from recsys.data.faults.inspected import Inspected, inspect
from recsys.data.source import Source
from recsys.errors import InputError
from recsys.ops.terminal import say
from recsys.ops.whole_file import write_whole
from recsys.reports.data_check.report import data_check, headline, page, terminal_lines

KEYS = {
    "suggest": Key("write a mapping to start from; true for mapping.yaml", "true|FILE.yaml"),
    "out": Key("write a page as well", "FILE.html"),
    **DATA_KEYS,
}

_SUGGESTED = "mapping.yaml"


def main(words: Sequence[str]) -> None:
    """Prints faults and profile; ends with code 2 if there is a fault.

    Args:
        words: key=value.

    Raises:
        InputError: a word is wrong, or the tables cannot be read at all.
    """
    given = key_values(own_words(words), KEYS, __doc__ or "")
    out, suggest = named_file(given, "out", (".html",)), _suggest(given)
    source = composed_source(data_words(words))
    if suggest is not None and not hasattr(source, "suggestion"):
        raise InputError("suggest: expected data=files, whose files a mapping describes")
    inspected = inspect(source)
    check = data_check(source, inspected)
    say(*terminal_lines(check))
    if out is not None:
        write_whole(out, page(check), "out")
        say("", f"Page: {out}")
    if suggest is not None:
        write_whole(suggest, _suggestion(source, inspected), "suggest")
        say("", f"Mapping to start from: {suggest}; read it, then set data.mapping={suggest}")
    if check.is_fatal:
        say("", headline(check))
        raise SystemExit(2)


def _suggest(given: dict[str, str]) -> Path | None:
    word = given.get("suggest", "false")
    if word.lower() == "false":
        return None
    path = Path(_SUGGESTED if word.lower() == "true" else word)
    if path.suffix not in (".yaml", ".yml"):
        raise InputError(f"suggest={word}: expected true, or a name that ends in .yaml")
    if path.exists():
        raise InputError(
            f"suggest={word}: {path} is there already; name another file, or remove it"
        )
    return path


def _suggestion(source: Source, inspected: Inspected) -> str:
    text: str = source.suggestion(inspected)  # type: ignore[attr-defined]
    return text

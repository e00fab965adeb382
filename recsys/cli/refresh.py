"""Takes new tables into an artifact without training: consents, products, prices, offers, events.

recsys refresh artifact=FOLDER data=files data.root=FOLDER
recsys refresh artifact=FOLDER data=files data.root=FOLDER policy=FILE.yaml out=FOLDER

The tables are those of the training, newer and complete. Servers of the folder (`recsys serve`)
take the result in without a restart; the command ends when all of them have.
"""

import os
from collections.abc import Sequence
from contextlib import suppress

from recsys.cli.composed_source import composed_source
from recsys.cli.source_words import DATA_KEYS, is_of_data
from recsys.cli.words import Key, key_values, new_folder, number_of_seconds, truth
from recsys.data.dataset import Dataset
from recsys.errors import InputError
from recsys.exporting.refresh.refresh import Refreshed, refresh
from recsys.ops.terminal import say
from recsys.serving.http.acknowledge import served_folder, wait_for_servers

KEYS = {
    "artifact": Key("artifact to refresh", "FOLDER"),
    **DATA_KEYS,
    "policy": Key("the policy of the artifact, where it is not a shipped one", "NAME|FILE.yaml"),
    "out": Key("folder for the result (default: replaces the artifact)", "FOLDER"),
    "overwrite": Key("true replaces an artifact in out=", default="false"),
    "drop_missing": Key("true removes customers that the tables do not have", default="false"),
    "wait": Key("seconds to wait for servers of the folder", default="60"),
}

_NICE = 10
"""So that a refresh does not slow down a server on the same machine."""


def main(words: Sequence[str]) -> None:
    """Refreshes an artifact and prints what changed.

    Args:
        words: key=value.

    Raises:
        InputError: a word, the artifact or a table is wrong, or a server has not taken the result.
    """
    given = key_values([word for word in words if not is_of_data(word)], KEYS, __doc__ or "")
    of_data = [word for word in words if is_of_data(word)]
    if "artifact" not in given or not any(word.startswith("data=") for word in of_data):
        raise InputError("say artifact=FOLDER and data=NAME, whose tables are to be taken in")
    out = new_folder("out", given["out"]) if "out" in given else None
    wait = number_of_seconds("wait", given["wait"])
    drop, overwrite = (truth(key, given[key]) for key in ("drop_missing", "overwrite"))
    # Not on Windows.
    with suppress(AttributeError, OSError):
        os.nice(_NICE)
    data = Dataset.from_source(composed_source(of_data))
    done = refresh(
        given["artifact"],
        data,
        out,
        policy=given.get("policy"),
        drop_missing=drop,
        overwrite=overwrite,
    )
    say(*_lines(done))
    taken = wait_for_servers(served_folder(done.folder), done.digest, wait)
    if taken:
        say(f"  {taken:,} server{'s' * (taken > 1)} of it answer{'s' * (taken == 1)} by it now")


def _lines(done: Refreshed) -> list[str]:
    offers = f", {done.offers:,} offers" if done.offers else ""
    lines = [f"{done.customers:,} customers x {done.products:,} products{offers} in {done.folder}"]
    lines += [f"  {count:,} {kind}" for kind, count in done.changes.items() if count]
    return lines if len(lines) > 1 else [*lines, "  nothing has changed"]

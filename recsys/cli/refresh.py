"""Takes new tables into an artifact without training: consents, products, prices, offers, events.

recsys refresh artifact=FOLDER data=files data.root=FOLDER
recsys refresh artifact=FOLDER data=files data.root=FOLDER policy=FILE.yaml out=FOLDER
recsys refresh model_name=recsys data=files data.root=FOLDER track.uri=URI

The tables are those of the training, newer and complete. Servers of the folder or of the champion
(`recsys serve`) take the result in without a restart; the command ends when all of them have.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from recsys.cli.composed_source import composed_source
from recsys.cli.run_keys import STORE, store_of
from recsys.cli.source_words import DATA_KEYS, data_words, own_words
from recsys.cli.words import Key, key_values, new_folder, number_of_seconds, truth
from recsys.data.dataset import Dataset
from recsys.errors import InputError
from recsys.experiments.refresh_champion import refresh_champion
from recsys.exporting.refresh.refresh import Refreshed, refresh
from recsys.ops.low_priority import low_priority
from recsys.ops.terminal import say
from recsys.serving.http.acknowledge import served_folder, wait_for_servers
from recsys.serving.storage import digest_of, require_free
from recsys.tracking.champion_folder import served_champion

KEYS = {
    "artifact": Key("artifact to refresh", "FOLDER"),
    "model_name": Key("or the name of a model whose champion is refreshed, as a version", "NAME"),
    **DATA_KEYS,
    "policy": Key("the policy of the artifact, where it is not a shipped one", "NAME|FILE.yaml"),
    "out": Key("folder for the result (default: replaces the artifact)", "FOLDER"),
    "overwrite": Key("true replaces an artifact in out=", default="false"),
    "drop_missing": Key("true removes customers that the tables do not have", default="false"),
    "wait": Key("seconds to wait for servers of it", default="60"),
    **STORE,
}


def main(words: Sequence[str]) -> None:
    """Refreshes an artifact and prints what changed.

    Args:
        words: key=value.

    Raises:
        InputError: a word, the artifact or a table is wrong, or a server has not taken the result.
    """
    given = key_values(own_words(words), KEYS, __doc__ or "")
    of_data = data_words(words)
    if ("artifact" in given) == ("model_name" in given) or not any(
        word.startswith("data=") for word in of_data
    ):
        raise InputError("say artifact=FOLDER or model_name=NAME, and data=NAME to be taken in")
    if "model_name" in given and "out" in given:
        raise InputError("out= is for an artifact (artifact=); leave it out")
    out = new_folder("out", given["out"]) if "out" in given else None
    wait = number_of_seconds("wait", given["wait"])
    drop, overwrite = (truth(key, given[key]) for key in ("drop_missing", "overwrite"))
    # Before the tables are read, which takes longer.
    if "artifact" in given:
        digest_of(given["artifact"])
    if out is not None:
        require_free(out.resolve(), overwrite)
    with low_priority():
        done, named, servers = _refreshed(given, of_data, out, drop, overwrite)
    say(*_lines(done, named))
    taken = wait_for_servers(servers, done.digest, wait)
    if taken:
        say(f"  {taken:,} server{'s' * (taken > 1)} of it answer{'s' * (taken == 1)} by it now")


def _refreshed(
    given: Mapping[str, str], of_data: Sequence[str], out: Path | None, drop: bool, overwrite: bool
) -> tuple[Refreshed, str, Path]:
    """What was changed, what it is called, and where its servers say what they answer by."""
    data, policy = Dataset.from_source(composed_source(of_data)), given.get("policy")
    if "model_name" in given:
        name, track = given["model_name"], store_of(given)
        done, version = refresh_champion(track, name, data, policy=policy, drop_missing=drop)
        return done, f"{name} version {version.version}", served_champion(track, name)
    done = refresh(
        given["artifact"], data, out, policy=policy, drop_missing=drop, overwrite=overwrite
    )
    return done, str(done.folder), served_folder(done.folder)


def _lines(done: Refreshed, named: str) -> list[str]:
    offers = f", {done.offers:,} offers" if done.offers else ""
    lines = [f"{done.customers:,} customers x {done.products:,} products{offers} in {named}"]
    lines += [f"  {count:,} {kind}" for kind, count in done.changes.items() if count]
    return lines if len(lines) > 1 else [*lines, "  nothing has changed"]

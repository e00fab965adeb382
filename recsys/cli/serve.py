"""Serves an artifact, or the champion of the MLflow registry, over HTTP; takes in new versions.

recsys serve artifact=FOLDER
recsys serve model_name=recsys track.uri=URI log=FOLDER log_customers=hashed

POST /invocations as for `mlflow models serve`; GET /version, /ping. A refreshed artifact and a new
champion are taken in without a restart; each answer names its version in the header X-Artifact. The
server authenticates nobody and listens on loopback: put a proxy before it.
"""

import logging
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast

from recsys.cli.champion_versions import ChampionVersions
from recsys.cli.run_keys import STORE, store_of
from recsys.cli.words import Key, key_values, number_of_seconds
from recsys.errors import InputError
from recsys.ops.terminal import say
from recsys.ops.whole_numbers import parse_whole_number
from recsys.serving.answer_log import AnswerLog, Customers
from recsys.serving.answer_log_checks import CUSTOMERS
from recsys.serving.http.acknowledge import Acknowledgement, served_folder
from recsys.serving.http.server import listening, run
from recsys.serving.http.swap import FolderVersions, Served, Versions
from recsys.serving.storage import digest_of
from recsys.tracking.champion_folder import served_champion

KEYS = {
    "artifact": Key("artifact to serve", "FOLDER"),
    "model_name": Key("or the name of a model whose champion is to be served", "NAME"),
    "host": Key("address to listen on", default="127.0.0.1"),
    "port": Key("0 takes a free one", default="5000"),
    "poll": Key("seconds between looks for a new champion", default="5"),
    "log": Key("write each answer into this folder, as the table decisions", "FOLDER"),
    "log_customers": Key("plain, or hashed with the key in RECSYS_PSEUDONYM_KEY", default="plain"),
    **STORE,
}
_HIGHEST_PORT = 65_535


def main(words: Sequence[str]) -> None:
    """Serves until SIGINT or SIGTERM.

    Args:
        words: key=value.

    Raises:
        InputError: a word or the artifact is wrong, there is no champion, or the port is taken.
    """
    given = key_values(words, KEYS, __doc__ or "")
    if ("artifact" in given) == ("model_name" in given):
        raise InputError("say artifact=FOLDER, or model_name=NAME for a champion")
    host, port = given["host"], _port(given["port"])
    if "log" not in given and given["log_customers"] != "plain":
        raise InputError("log_customers= is for a log; say log=FOLDER too")
    poll = number_of_seconds("poll", given["poll"])
    with ExitStack() as held:
        bound = held.enter_context(listening(host, port))
        port = bound.getsockname()[1]
        log = _log(given)
        if log is not None:
            held.enter_context(log)
        named, versions, acknowledged = _versions(given, poll, held)
        # Before the first version is read: a refresh from now on waits for this server.
        acknowledgement = Acknowledgement(acknowledged, port)
        held.callback(acknowledgement.close)
        logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
        served = Served(versions, acknowledgement, log)
        held.callback(served.close)
        run(served, bound, lambda: _say(f"{named} on http://{host}:{port}/invocations"))


def _versions(given: Mapping[str, str], poll: float, held: ExitStack) -> tuple[str, Versions, Path]:
    """What is served, where its versions come from, and the folder of acknowledgements."""
    if "artifact" in given:
        folder = Path(given["artifact"])
        digest_of(folder)
        return f"artifact={folder}", FolderVersions(folder), served_folder(folder)
    name, track = given["model_name"], store_of(given)
    copies = held.enter_context(TemporaryDirectory(prefix="recsys-serve-"))
    versions = ChampionVersions(track, name, poll, Path(copies))
    held.callback(versions.close)
    return f"the champion of {name}", versions, served_champion(track, name)


def _say(line: str) -> None:
    say(line)
    # The output may be a pipe, which keeps lines until they are flushed.
    sys.stdout.flush()


def _log(given: Mapping[str, str]) -> AnswerLog | None:
    if "log" not in given:
        return None
    if given["log_customers"] not in CUSTOMERS:
        known = " or ".join(CUSTOMERS)
        raise InputError(f"log_customers: expected {known}, got '{given['log_customers']}'")
    customers = cast(Customers, given["log_customers"])
    return AnswerLog(given["log"], model_version="", customers=customers)


def _port(text: str) -> int:
    number = parse_whole_number(text)
    if number is None or not 0 <= number <= _HIGHEST_PORT:
        raise InputError(f"port: expected a whole number from 0 to {_HIGHEST_PORT}, got '{text}'")
    return number

"""Sends to MLflow what was kept while its server did not answer.

recsys sync
recsys sync folder=outputs/2026-11-28 track.uri=http://HOST:PORT

A run whose server is lost ends with its result and keeps what is to be logged in the folder
mlflow_unsent. Each is sent once and then removed there, also if this command is killed.
"""

from collections.abc import Sequence
from pathlib import Path

from recsys.cli.words import Key, key_values
from recsys.errors import InputError
from recsys.ops.masking import masked
from recsys.ops.terminal import say
from recsys.tracking.lost import ServerLost
from recsys.tracking.sync import send, unsent_folders

KEYS = {
    "folder": Key("look for kept runs in it and below it", default="."),
    "track.uri": Key("MLflow store to send to (default: where each was to be logged)", "URI"),
}


def main(words: Sequence[str]) -> None:
    """Sends the kept runs below a folder.

    Args:
        words: key=value.

    Raises:
        InputError: a word is wrong, the server still does not answer, or it refuses a run.
    """
    given = key_values(words, KEYS, __doc__ or "")
    folder = Path(given["folder"])
    kept = unsent_folders(folder)
    if not kept:
        say(f"nothing is kept in {folder}")
    for number, run_folder in enumerate(kept):
        try:
            sent = send(run_folder, given.get("track.uri"))
        except ServerLost as lost:
            left = len(kept) - number
            raise InputError(
                f"{lost}; runs stay kept in {left} folder{'s' if left > 1 else ''}"
            ) from None
        runs = f"{sent.runs} run{'s' if sent.runs != 1 else ''}"
        say(f"{run_folder}: {runs} sent to {masked(sent.uri)}")
        if sent.unfinished:
            say(f"  {sent.unfinished} of a killed command: give it again, then this one")

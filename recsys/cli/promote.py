"""Makes an artifact the champion of the MLflow registry if it wins, or goes back to the former one.

recsys promote artifact=FOLDER track.uri=URI
recsys promote rollback=true track.uri=URI

Challenger and champion are compared on test, paired by customer. After a tie or a loss the command
prints the figures and ends with code 2. To serve the champion:
MLFLOW_TRACKING_URI=URI mlflow models serve --model-uri models:/recsys@champion --env-manager local
"""

from collections.abc import Sequence
from pathlib import Path

from recsys.cli.run_keys import ALLOW, STORE, store_of
from recsys.cli.words import Key, key_values, truth
from recsys.errors import InputError
from recsys.experiments.promote import METRIC, NAME, describe, promote
from recsys.experiments.target_classes import allowed_packages
from recsys.ops.terminal import say
from recsys.tracking.descriptions import ALIAS
from recsys.tracking.registry import promotion_lock, roll_back

KEYS = {
    "artifact": Key("the challenger, as recsys export wrote it", "FOLDER"),
    "rollback": Key("true makes the former champion the champion again", default="false"),
    "model_name": Key("name in the registry", default=NAME),
    "metric": Key("metric on test that decides", default=METRIC),
    **ALLOW,
    **STORE,
}


def main(words: Sequence[str]) -> None:
    """Promotes an artifact or rolls back, and prints the result.

    Args:
        words: key=value.

    Raises:
        InputError: a word is wrong, the challenger does not win, or there is no former champion.
    """
    given = key_values(words, KEYS, __doc__ or "")
    track = store_of(given)
    name = given["model_name"]
    back = truth("rollback", given["rollback"])
    if back == ("artifact" in given):
        raise InputError("say artifact=FOLDER of the challenger, or rollback=true")
    if back:
        with promotion_lock(track, name):
            was, now = roll_back(track, name)
        say(f"{name}: back from version {was.version} to version {now.version} (run {now.run_id})")
        return
    metric = given["metric"]
    allow = allowed_packages(given.get("allow", ""))
    done = promote(Path(given["artifact"]), track, name, metric, allow)
    say(f"{name} version {done.version.version} is {ALIAS} (run {done.version.run_id})")
    if done.version.replaced is None:
        say("  it is the first champion: there was none to compare it with")
    elif done.reading is None:
        say("  an earlier, interrupted promotion had registered it already")
    else:
        say(f"  {describe(done.reading, metric)}")
        say(f"  to go back to version {done.version.replaced}: recsys promote rollback=true")

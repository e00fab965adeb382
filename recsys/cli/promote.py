"""Makes an artifact the champion of MLflow's registry, if it wins; or goes back to the former one.

recsys promote artifact=FOLDER track.uri=URI [model_name=recsys] [metric=ndcg@10]
               [allow=PACKAGE,...]
recsys promote rollback=true track.uri=URI [model_name=recsys]

Challenger and champion are compared on test, paired by customer; a tie or a loss is refused with
its figures and code 2. Their runs may name classes of recsys, and of the packages that you allow.
Serve the champion with
MLFLOW_TRACKING_URI=URI mlflow models serve --model-uri models:/recsys@champion --env-manager local
"""

from collections.abc import Sequence
from pathlib import Path

from recsys.cli.words import key_values, truth
from recsys.errors import InputError
from recsys.experiments.promote import METRIC, NAME, describe, promote
from recsys.experiments.target_classes import allowed_packages
from recsys.ops.terminal import say
from recsys.tracking.registry import ALIAS, promotion_lock, roll_back
from recsys.tracking.store import TrackConfig, default_uri

KEYS = ("artifact", "track.uri", "model_name", "metric", "rollback", "allow")


def main(words: Sequence[str]) -> None:
    """Promotes or rolls back, and says what was found."""
    given = key_values(words, KEYS, __doc__ or "")
    track = TrackConfig(uri=given.get("track.uri") or default_uri())
    name = given.get("model_name", NAME)
    back = truth("rollback", given.get("rollback", "false"))
    if back == ("artifact" in given):
        raise InputError("say artifact=FOLDER of the challenger, or rollback=true")
    if back:
        with promotion_lock(track, name):
            was, now = roll_back(track, name)
        say(f"{name}: back from version {was.version} to version {now.version} (run {now.run_id})")
        return
    metric = given.get("metric", METRIC)
    allow = allowed_packages(given.get("allow", ""))
    done = promote(Path(given["artifact"]), track, name, metric, allow)
    say(f"{name} version {done.version.version} is {ALIAS} (run {done.version.run_id})")
    if done.version.replaced is None:
        say("  it is the first: there was no champion to compare it with")
    elif done.reading is None:
        say("  a promotion that was killed had registered it; this start only says so")
    else:
        say(f"  {describe(done.reading, metric)}")
        say(f"  the way back to version {done.version.replaced}: recsys promote rollback=true")

"""The artifact that a command about policies works on."""

from collections.abc import Mapping
from pathlib import Path

from recsys.serving import Artifact, load
from recsys.serving.decide.levers import with_levers


def artifact_of(given: Mapping[str, str]) -> Artifact:
    """The artifact of `artifact=`, with the contact rules of `policy=` and factors of `levers=`.

    Args:
        given: name -> value of the keys of a command line.

    Raises:
        InputError: it is no artifact, or cannot have this policy or these levers.
    """
    artifact = load(given["artifact"])
    if "levers" in given:
        artifact = with_levers(artifact, Path(given["levers"]), given.get("at"))
    if "policy" not in given:
        return artifact
    # Reading a policy needs more than an artifact does.
    from recsys.exporting.other_policy import with_other_policy

    return with_other_policy(artifact, given["policy"])

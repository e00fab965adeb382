"""The artifact that a command about policies works on."""

from collections.abc import Mapping

from recsys.serving import Artifact, load


def artifact_of(given: Mapping[str, str]) -> Artifact:
    """The artifact of `artifact=`, under the contact rules of `policy=` where that is given.

    Args:
        given: name -> value of the keys of a command line.

    Raises:
        InputError: it is no artifact, or cannot have this policy.
    """
    artifact = load(given["artifact"])
    if "policy" not in given:
        return artifact
    # Reading a policy needs more than an artifact does.
    from recsys.exporting.other_policy import with_other_policy

    return with_other_policy(artifact, given["policy"])

"""Versions of a model in the registry that retrainings and refreshes have made."""

from recsys.tracking.client import store_errors
from recsys.tracking.descriptions import ALIAS
from recsys.tracking.registry import Version, describe, version_of
from recsys.tracking.retrainings import Retraining
from recsys.tracking.store import TrackConfig, open_to_read


def first_of_kind(track: TrackConfig, name: str, version: Version, kind: str) -> Version:
    """The version that a chain of versions with a tag `kind` began with.

    Args:
        track: where the registry is.
        name: of the registered model.
        version: the last of the chain, or one without that tag, which is returned itself.
        kind: of those that are passed over.
    """
    client = open_to_read(track)
    with store_errors(f"model_name={name}"):
        tags = client.get_model_version(name, version.version).tags
        while tags.get("kind") == kind and version.replaced:
            tags = client.get_model_version(name, version.replaced).tags
            version = version_of(version.replaced, tags)
    return version


def restore_champion(retraining: Retraining, track: TrackConfig, name: str, number: str) -> None:
    """Makes a version the champion that a killed call has created, but perhaps not made champion.

    Call it within `recsys.tracking.registry.promotion_lock`.

    Args:
        retraining: that made the version.
        track: where the registry is.
        name: of the registered model.
        number: of the version.
    """
    with store_errors(f"model_name={name}"):
        retraining.client.set_registered_model_alias(name, ALIAS, number)
    describe(track, name)

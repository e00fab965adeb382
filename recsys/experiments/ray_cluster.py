"""A connection to Ray, of this machine alone or of a cluster."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from recsys.errors import InputError

LOCAL = "local"

_STORE_BYTES = 200 * 2**20
"""Of Ray's shared memory here: settings and metrics pass through it, no tables."""

_PASSED_ON = ("MLFLOW_TRACKING_URI", "OMP_NUM_THREADS", "RECSYS_PSEUDONYM_KEY")
"""Variables that decide what a job does; the machines of a cluster have their own otherwise."""


@contextmanager
def connected(address: str, key: str) -> Iterator[Any]:
    """The library `ray`, connected; what it started ends with the block.

    Args:
        address: "local" starts Ray on this machine; else "auto" or HOST:PORT of a cluster that this
            machine is part of.
        key: setting that holds the address, for messages.

    Raises:
        InputError: Ray is not installed, or there is no cluster at the address.
    """
    if address.startswith("ray://"):
        raise InputError(
            f"{key}={address}: expected local, auto or HOST:PORT; start the command on a "
            "machine of the cluster, which keeps its results"
        )
    # Lines that two jobs have in common are results too.
    os.environ.setdefault("RAY_DEDUP_LOGS", "0")
    try:
        import ray
    except ImportError:
        raise InputError(f"{key}: needs the library ray; pip install 'recsys[ray]'") from None
    variables = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    own = {"object_store_memory": _STORE_BYTES, "include_dashboard": False}
    try:
        ray.init(
            **(own if address == LOCAL else {}),
            address=address,
            logging_level="error",
            runtime_env={"env_vars": variables},
        )
    except (ConnectionError, RuntimeError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise InputError(f"{key}={address}: cannot be reached: {reason}") from None
    try:
        yield ray
    finally:
        ray.shutdown()


def enter_folder(folder: str) -> None:
    """Makes it the current folder of a task, so that relative paths are those of the command.

    Raises:
        InputError: this machine does not have it.
    """
    try:
        os.chdir(folder)
    except OSError as error:
        raise InputError(
            f"{folder} cannot be entered on {os.uname().nodename}: {error.strerror}; start the "
            "command in a folder that all machines of the cluster see"
        ) from None

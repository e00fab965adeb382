"""Takes in new versions while the former one answers."""

import gc
import logging
import sys
import threading
from pathlib import Path
from typing import Protocol

from recsys.errors import InputError
from recsys.ops.low_priority import low_priority
from recsys.serving.answer_log import AnswerLog
from recsys.serving.http.acknowledge import Acknowledgement
from recsys.serving.http.version import Version, version_of
from recsys.serving.mlflow_model import limits
from recsys.serving.mlflow_model.over_http import Turns
from recsys.serving.storage import digest_of

_PAUSE = 0.1
_SWITCH = 0.001
"""Seconds after which a thread that loads lets one that answers run; Python's own is five times as
long, which every request beside it would wait."""
_log = logging.getLogger(__name__)


class Versions(Protocol):
    """Where versions come from."""

    def newest(self) -> Path | None:
        """The folder of a version that has come since the last call; None for no new one.

        Raises:
            InputError: it cannot be had; the former one answers on.
        """
        ...


class FolderVersions:
    """The artifact in a folder, and whatever replaces it.

    Args:
        folder: of the artifact.
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self._digest = folder, ""

    def newest(self) -> Path | None:
        """As `Versions.newest`."""
        digest = digest_of(self.folder)
        if digest == self._digest:
            return None
        self._digest = digest
        return self.folder


class Served:
    """The version that answers, and a thread that replaces it by newer ones.

    Args:
        versions: where they come from.
        acknowledgement: told of each version once new requests are answered by it.
        log: of the answers; None for none.

    Attributes:
        current: the version that new requests take.

    Raises:
        InputError: there is no first version.
    """

    def __init__(
        self, versions: Versions, acknowledgement: Acknowledgement, log: AnswerLog | None
    ) -> None:
        self._versions, self._acknowledgement, self._log = versions, acknowledgement, log
        self._turns = Turns(limits.UNKNOWN_A_SECOND, limits.WAITING)
        self._ended = threading.Event()
        self._said = ""
        first = versions.newest()
        assert first is not None
        self.current: Version = version_of(first, self._turns, log)
        acknowledgement.write(self.current.digest)
        # Nothing that is loaded is garbage: a collection need not look through it.
        gc.freeze()
        sys.setswitchinterval(_SWITCH)
        self._thread = threading.Thread(target=self._follow, name="new versions", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Ends the thread."""
        self._ended.set()
        self._thread.join()

    def _follow(self) -> None:
        with low_priority():
            while not self._ended.wait(_PAUSE):
                try:
                    self._take_in()
                except InputError as error:
                    if str(error) != self._said:
                        self._said = str(error)
                        _log.error("the former version answers on: %s", error)

    def _take_in(self) -> None:
        folder = self._versions.newest()
        if folder is None:
            return
        version = version_of(folder, self._turns, self._log)
        self.current, self._said = version, ""
        self._acknowledgement.write(version.digest)
        _log.info("requests are answered by %s now", version.digest[:12])

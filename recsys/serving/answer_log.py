"""A log of served answers: a folder of Parquet parts in the schema of the table `decisions`.

`add` only puts an answer into a buffer; a thread of its own turns buffers into rows and writes
them. A part appears in one step, so that a kill at any moment leaves all finished parts, and loses
at most what was answered since the last one: `rows` rows or `seconds` seconds, whichever comes
first. Should the disk be slow or full, answers wait in memory, up to ten times `rows`; what comes
after is counted in `dropped` and not kept, because a request never waits for the log.

Name the folder `decisions` and `data=files` reads it beside the interactions of its parent folder.
"""

import atexit
import logging
import os
import secrets
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Literal, Self, cast

import pyarrow.parquet as pq

from recsys.errors import InputError
from recsys.ops.whole_file import whole_file
from recsys.serving.answer_log_checks import CUSTOMERS, key_of, require_folder
from recsys.serving.answer_rows import Answer, Logged, as_table

Customers = Literal["plain", "hashed"]

ROWS = 10_000
SECONDS = 60.0
_MOST_BUFFERS = 10
_log = logging.getLogger(__name__)


class AnswerLog:
    """Logs answers of an artifact; safe to call from several threads.

    Args:
        folder: made if it is missing; several processes may log into one.
        model_version: which model answers, as the registry or the artifact names it.
        customers: "plain" for ids as they are, "hashed" for HMAC-SHA256 under a key, the same
            pseudonyms as `recsys.tracking.pseudonyms`.
        key: of the hash; None for the one in the environment variable RECSYS_PSEUDONYM_KEY.
        policy: who answered, of answers that do not say it.
        rows: a part is written when so many rows wait,
        seconds: or when the first of them has waited so long.

    Attributes:
        dropped: rows that were not kept, because writing did not keep up.

    Raises:
        InputError: the folder cannot be written, `customers` is neither, or the key is missing or
            too short.
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        *,
        model_version: str,
        customers: Customers = "plain",
        key: str | bytes | None = None,
        policy: str = "recommend",
        rows: int = ROWS,
        seconds: float = SECONDS,
    ) -> None:
        self.folder = Path(folder)
        self.model_version, self.policy = model_version, policy
        self.rows, self.seconds, self.dropped = rows, seconds, 0
        self._key = key_of(customers, key)
        require_folder(self.folder)
        self._changed = threading.Condition()
        self._writing = threading.Lock()
        self._waiting: list[Logged] = []
        self._waiting_rows, self._since = 0, 0.0
        self._id, self._answers, self._parts = secrets.token_hex(8), 0, 0
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="answer log", daemon=True)
        self._thread.start()
        # A daemon thread does not outlive the interpreter, and its buffer would be lost.
        atexit.register(self._close_at_exit)

    def add(
        self,
        answer: Answer,
        *,
        customer_id: object = None,
        model_version: str | None = None,
        at: datetime | None = None,
    ) -> None:
        """Logs an answer; one without offers says nothing that could be accepted and is left out.

        Args:
            answer: of `Artifact.recommend`, `recommend_events`, `recommend_offers` or `decide`.
            customer_id: whom it was given to; None for the customer in the answer.
            model_version: which model answered; None for that of the log.
            at: when, with a time zone; None for now.
        """
        count = len(answer.offers)
        if not count:
            return
        moment = datetime.now(UTC) if at is None else at
        version = self.model_version if model_version is None else model_version
        with self._changed:
            if self._closed or self._waiting_rows + count > _MOST_BUFFERS * self.rows:
                self._drop(count)
                return
            logged = Logged(
                answer=answer,
                slate_id=f"{self._id}-{self._answers:x}",
                moment=moment,
                policy=self.policy,
                model_version=version,
                customer_id=customer_id,
            )
            self._answers += 1
            if not self._waiting:
                self._since = time.monotonic()
                self._changed.notify()
            self._waiting.append(logged)
            self._waiting_rows += count
            if self._waiting_rows >= self.rows:
                self._changed.notify()

    def flush(self) -> None:
        """Writes what waits, and returns when it is on the disk.

        Raises:
            InputError: it cannot be written; it waits on, for the next attempt.
        """
        with self._writing:
            with self._changed:
                taken, self._waiting = self._waiting, []
                count, self._waiting_rows = self._waiting_rows, 0
            if not taken:
                return
            path = self.folder / f"{taken[0].moment:%Y%m%dT%H%M%S}-{self._id}-{self._parts}.parquet"
            try:
                table = as_table(taken, self._key)
                with whole_file(path, "log") as file:
                    pq.write_table(table, file, compression="zstd")
            except InputError:
                with self._changed:
                    self._waiting = taken + self._waiting
                    self._waiting_rows += count
                    self._since = time.monotonic()
                raise
            self._parts += 1

    def close(self) -> None:
        """Writes what waits and ends the thread; answers that come later are dropped.

        Raises:
            InputError: as for `flush`.
        """
        with self._changed:
            self._closed = True
            self._changed.notify()
        atexit.unregister(self._close_at_exit)
        self._thread.join()
        self.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _drop(self, count: int) -> None:
        if not self.dropped:
            _log.warning("log=%s does not keep up: answers are not logged", self.folder)
        self.dropped += count

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._closed and not self._is_due():
                    left = None
                    if self._waiting:
                        left = self._since + self.seconds - time.monotonic()
                    self._changed.wait(left)
                if self._closed:
                    return
            self._flush_and_report()

    def _is_due(self) -> bool:
        if not self._waiting:
            return False
        is_old = time.monotonic() - self._since >= self.seconds
        return is_old or self._waiting_rows >= self.rows

    def _flush_and_report(self) -> None:
        try:
            self.flush()
        except InputError as error:
            _log.warning("%s; answers wait in memory", error)
            # A full disk is not asked again at once.
            time.sleep(min(1.0, self.seconds))

    def _close_at_exit(self) -> None:
        try:
            self.close()
        except InputError as error:
            _log.warning("%s", error)


def log_of_environment(model_version: str) -> AnswerLog | None:
    """The log that RECSYS_ANSWER_LOG names; None where it is not set.

    Args:
        model_version: which model answers.

    Raises:
        InputError: as for `AnswerLog`; RECSYS_ANSWER_LOG_CUSTOMERS is plain (default) or hashed.
    """
    folder = os.environ.get("RECSYS_ANSWER_LOG")
    if not folder:
        return None
    customers = os.environ.get("RECSYS_ANSWER_LOG_CUSTOMERS", CUSTOMERS[0])
    return AnswerLog(folder, model_version=model_version, customers=cast(Customers, customers))

"""PostgreSQL with pgvector: three tables that are swapped in one transaction."""

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import numpy as np

from recsys.arrays import FloatArray
from recsys.errors import InputError
from recsys.ops.masking import masked
from recsys.ops.shown_text import shown
from recsys.serving.artifact.times import Moment, moment_of
from recsys.serving.query.artifact import Artifact
from recsys.serving.stores.pgvector_tables import PREFIX, as_vector, swap_in
from recsys.serving.stores.store import StoredOffer
from recsys.serving.stores.tables import NAMES

_WIDEST = 1000
"""Most candidates of an index that pgvector visits."""
_ONE_PUT = 7_237_797
"""Key of the advisory lock that lets only one `put` run at a time."""


class PgvectorStore:
    """Tables recsys_customers, recsys_products and recsys_touchpoints of a database.

    By default all products that the rules allow are ranked by the inner-product operator `<#>`.
    With `exact=False` an approximate index is used. It is searched before the rules are applied, so
    that answers may miss offers and be shorter than k.

    Threads may share a store; it has one connection and answers one query after the other.

    Args:
        uri: `postgresql://USER@HOST:PORT/DATABASE`, or `host=HOST dbname=DATABASE user=USER`; a
            password that is not in it is taken from PGPASSWORD, PGPASSFILE or ~/.pgpass. For `put`
            the user needs the right to create tables, and, unless it exists, the extension
            `vector`.
        exact: whether all products are ranked.
    """

    def __init__(self, uri: str, exact: bool = True) -> None:
        self.uri, self.exact = uri, exact
        self._connection: Any = None
        self._in_use = threading.Lock()

    def put(self, artifact: Artifact) -> None:
        """As `Store.put`, in one transaction."""
        with self._transaction(makes_extension=True) as database:
            database.execute("SELECT pg_advisory_xact_lock(%s)", [_ONE_PUT])
            swap_in(database, artifact.contents)

    def recommend(
        self,
        customer_id: str | int | UUID,
        k: int = 10,
        touchpoint: str | None = None,
        at: Moment | None = None,
        exclude: Sequence[str | int | UUID] = (),
    ) -> Sequence[StoredOffer]:
        """As `Store.recommend`."""
        if k < 1:
            raise InputError(f"k: expected a whole number of at least 1, got {k}")
        with self._transaction() as database:
            _lock(database)
            about = _about(database)
            moment = moment_of(at, about["clock"], about["as_of"])
            if len(exclude):
                _require_known(database, exclude)
            names, touchpoints = _touchpoints(database)
            vectors, permitted, seen = _customer(
                database, customer_id, names, _seen_at(about, moment)
            )
            if touchpoint is not None and touchpoint not in names:
                raise InputError(
                    f"touchpoint {shown(touchpoint)} is not known; the store has "
                    f"{', '.join(names) or 'none'}"
                )
            usable = names if touchpoint is None else [touchpoint]
            if names and not set(usable) & permitted:
                return []
            queries = vectors
            if touchpoint is not None and touchpoints is not None:
                queries = vectors + touchpoints[names.index(touchpoint)]
            width = min(_WIDEST, max(40, 4 * k))
            database.execute(
                "SET LOCAL enable_indexscan = off"
                if self.exact
                else f"SET LOCAL hnsw.ef_search = {width}"
            )
            best = _nearest(database, queries, k, moment, seen, exclude)
        return _offers(best, vectors, queries, touchpoint, names, touchpoints, permitted)

    def forget(self, customer_ids: Sequence[str], write_it: bool = True) -> int:
        """Removes customers, also from the pages of the table that deleted rows leave on the disk.

        The log of the database and its backups are PostgreSQL's own.

        Args:
            customer_ids: as text.
            write_it: whether to remove them, or only count.

        Returns:
            How many rows there are, or were.

        Raises:
            InputError: the store is empty or cannot be used.
        """
        of_them = f"FROM {PREFIX}customers WHERE customer_id::text = ANY(%s)"
        with self._transaction() as database:
            if write_it:
                database.execute("SELECT pg_advisory_xact_lock(%s)", [_ONE_PUT])
            ids = list(customer_ids)
            count = int(database.execute(f"SELECT count(*) {of_them}", [ids]).fetchone()[0])
            if count and write_it:
                database.execute(f"DELETE {of_them}", [ids])
        if count and write_it:
            # PostgreSQL does not vacuum inside of a transaction.
            self._vacuum()
        return count

    def _vacuum(self) -> None:
        import psycopg

        try:
            with self._in_use:
                self._connection.execute(f"VACUUM (FULL, ANALYZE) {PREFIX}customers")
        except psycopg.Error as error:
            why = masked(_line(error), self.uri)
            raise InputError(
                f"{masked(self.uri)}: the rows are deleted, and VACUUM FULL failed ({why}); run it"
            ) from None

    def close(self) -> None:
        """Closes the connection; the next query opens a new one."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    @contextmanager
    def _transaction(self, makes_extension: bool = False) -> Iterator[Any]:
        try:
            import pgvector.psycopg  # noqa: F401
            import psycopg
        except ImportError:
            raise InputError(
                "PostgreSQL needs more packages: pip install 'recsys[pgvector]'"
            ) from None
        try:
            # Transactions of two threads on one connection would be nested.
            with self._in_use:
                if self._connection is None or self._connection.closed:
                    self._connection = _connected(self.uri, makes_extension)
                with self._connection.transaction():
                    yield self._connection
        except psycopg.errors.UndefinedTable:
            raise InputError(f"{masked(self.uri)} keeps no artifact; run recsys store") from None
        except psycopg.Error as error:
            why = masked(_line(error), self.uri)
            raise InputError(f"{masked(self.uri)} cannot be used: {why}") from None


def _connected(uri: str, makes_extension: bool) -> Any:
    import psycopg
    from pgvector.psycopg import register_vector

    # Prepared statements would fail after a swap that changes the type of ids or vectors.
    connection = psycopg.connect(uri, connect_timeout=10, autocommit=True, prepare_threshold=None)
    try:
        if makes_extension:
            with connection.transaction():
                # IF NOT EXISTS fails where two connections create it at the same moment.
                connection.execute("SELECT pg_advisory_xact_lock(%s)", [_ONE_PUT])
                connection.execute("CREATE EXTENSION IF NOT EXISTS vector")
        register_vector(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _lock(database: Any) -> None:
    """Prevents a swap between two of the statements of a query."""
    names = ", ".join(f"{PREFIX}{name}" for name in NAMES)
    database.execute(f"LOCK TABLE {names} IN ACCESS SHARE MODE")


def _about(database: Any) -> dict[str, Any]:
    """What `recsys.serving.stores.tables.facts` keeps beside the tables."""
    text = database.execute(f"SELECT obj_description('{PREFIX}customers'::regclass)")
    about = json.loads(text.fetchone()[0])
    # Tables of older versions keep the cut-off as `at`, the moment of all queries.
    return {**about, "as_of": about.get("as_of", about.get("at"))}


def _seen_at(about: Mapping[str, Any], moment: int | None) -> str:
    """SQL for the products that are off a customer's list at a moment in UTC seconds."""
    if "has_seen_until" not in about or moment is None:
        return "seen"
    return (
        "ARRAY(SELECT product FROM unnest(seen, seen_until) AS pairs (product, until) "
        f"WHERE until IS NULL OR until > {int(moment)})"
    )


def _require_known(database: Any, exclude: Sequence[str | int | UUID]) -> None:
    """Raises `InputError` where a product to exclude is unknown, such as a misspelt one."""
    texts = list(map(str, exclude))
    known = database.execute(
        f"SELECT product_id::text FROM {PREFIX}products WHERE product_id::text = ANY(%s)", [texts]
    ).fetchall()
    missing = [text for text in texts if text not in {row[0] for row in known}]
    if missing:
        raise InputError(f"exclude: product id {shown(missing[0])} is not among those of the store")


def _touchpoints(database: Any) -> tuple[list[str], FloatArray | None]:
    rows = database.execute(
        f"SELECT touchpoint, vector FROM {PREFIX}touchpoints ORDER BY row"
    ).fetchall()
    vectors = [vector for _, vector in rows if vector is not None]
    return [name for name, _ in rows], _stacked(vectors) if vectors else None


def _customer(
    database: Any, customer_id: str | int | UUID, names: list[str], seen_at: str
) -> tuple[FloatArray, set[str], list[Any]]:
    """Vectors [strands, d], touchpoints that all strands permit, products not to rank.

    Args:
        database: the connection.
        customer_id: as in the tables.
        names: of touchpoints.
        seen_at: as `_seen_at` returns it.
    """
    from psycopg import DataError

    unknown = InputError(f"customer id {shown(str(customer_id))} is not among those of the store")
    try:
        # Sent as text, which the server converts to the type of its ids.
        rows = database.execute(
            f"SELECT vector, consent, {seen_at} FROM {PREFIX}customers "
            "WHERE customer_id = %s ORDER BY strand",
            [str(customer_id)],
        ).fetchall()
    except DataError:
        raise unknown from None
    if not rows:
        raise unknown
    permitted = set(names)
    for _, consent, _ in rows:
        permitted &= permitted if consent is None else set(consent)
    seen = [product for row in rows for product in row[2]]
    return _stacked([row[0] for row in rows]), permitted, seen


def _nearest(
    database: Any,
    queries: FloatArray,
    k: int,
    moment: int | None,
    seen: list[Any],
    exclude: Sequence[str | int | UUID],
) -> list[Any]:
    """Rows product_id, vector of the k best products; `<#>` is the negative inner product."""
    distances = ["vector <#> %s" for _ in queries]
    order = distances[0] if len(distances) == 1 else f"LEAST({', '.join(distances)})"
    rules, values = ["product_id <> ALL(%s)"], [seen]
    if exclude:
        rules.append("product_id::text <> ALL(%s)")
        values.append(list(map(str, exclude)))
    if moment is not None:
        rules.append("(valid_from IS NULL OR valid_from <= %s)")
        rules.append("(valid_to IS NULL OR valid_to > %s)")
        values += [moment, moment]  # type: ignore[list-item]
    if not seen:
        rules, values = rules[1:] or ["true"], values[1:]
    best: list[Any] = database.execute(
        f"SELECT product_id, vector FROM {PREFIX}products WHERE {' AND '.join(rules)} "
        f"ORDER BY {order}, row LIMIT %s",
        [*values, *map(as_vector, queries), k],
    ).fetchall()
    return best


def _offers(
    best: list[Any],
    vectors: FloatArray,
    queries: FloatArray,
    touchpoint: str | None,
    names: list[str],
    touchpoints: FloatArray | None,
    permitted: set[str],
) -> list[StoredOffer]:
    forbidden = np.array([name not in permitted for name in names], dtype=bool)
    offers = []
    for product_id, vector in best:
        product = _stacked([vector])[0]
        scores = queries @ product
        name = touchpoint
        if touchpoint is None and touchpoints is not None:
            of_touchpoints = (vectors[scores.argmax()] + product) @ touchpoints.T
            name = names[int(np.where(forbidden, -np.inf, of_touchpoints).argmax())]
        offers.append(
            StoredOffer(product_id=product_id, score=float(scores.max()), touchpoint=name)
        )
    return offers


def _stacked(vectors: list[Any]) -> FloatArray:
    rows = [row if isinstance(row, np.ndarray) else row.to_numpy() for row in vectors]
    return np.stack(rows).astype(np.float32)


def _line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]

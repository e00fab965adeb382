"""PostgreSQL with pgvector: three tables that are swapped in one transaction."""

import json
import threading
from collections.abc import Iterator, Sequence
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
"""pgvector looks at no more candidates of an index."""
_ONE_PUT = 7_237_797
"""Number of the advisory lock that makes two puts queue."""


class PgvectorStore:
    """Tables recsys_customers, recsys_products and recsys_touchpoints of a database.

    Exact by default: all products that the rules allow are ranked by the inner-product operator
    `<#>`. An index is built too; with `exact=False` it is used, and as it is searched before the
    rules are applied, answers may miss offers and be short.

    Threads may share a store, which has one connection: one is answered after the other.

    Args:
        uri: `postgresql://USER@HOST:PORT/DATABASE`, or `host=HOST dbname=DATABASE user=USER`; the
            password is taken from PGPASSWORD, PGPASSFILE or ~/.pgpass where it does not stand in
            it. Its user may make tables, and the extension `vector` where it is not there yet.
        exact: see above.
    """

    def __init__(self, uri: str, exact: bool = True) -> None:
        self.uri, self.exact = uri, exact
        self._connection: Any = None
        self._taken = threading.Lock()

    def put(self, artifact: Artifact) -> None:
        """As `Store.put`: one transaction, whose last step drops the old tables and renames."""
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
            moment = _moment(database, at)
            if len(exclude):
                _require_known(database, exclude)
            names, known = _touchpoints(database)
            vectors, permitted, seen = _customer(database, customer_id, names)
            if touchpoint is not None and touchpoint not in names:
                raise InputError(
                    f"touchpoint {shown(touchpoint)} is not known; the store has "
                    f"{', '.join(names) or 'none'}"
                )
            asked = names if touchpoint is None else [touchpoint]
            if names and not set(asked) & permitted:
                return []
            queries = vectors
            if touchpoint is not None and known is not None:
                queries = vectors + known[names.index(touchpoint)]
            width = min(_WIDEST, max(40, 4 * k))
            database.execute(
                "SET LOCAL enable_indexscan = off"
                if self.exact
                else f"SET LOCAL hnsw.ef_search = {width}"
            )
            found = _nearest(database, queries, k, moment, seen, exclude)
        return _offers(found, vectors, queries, touchpoint, names, known, permitted)

    def close(self) -> None:
        """Ends the connection, which is opened when it is first needed."""
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
            # Transactions of two threads on one connection would be nested, and end in each other.
            with self._taken:
                if self._connection is None or self._connection.closed:
                    self._connection = _connected(self.uri, makes_extension)
                with self._connection.transaction():
                    yield self._connection
        except psycopg.errors.UndefinedTable:
            raise InputError(
                f"{masked(self.uri)} keeps no artifact; run scripts/store.py"
            ) from None
        except psycopg.Error as error:
            said = masked(_line(error), self.uri)
            raise InputError(f"{masked(self.uri)} cannot be used: {said}") from None


def _connected(uri: str, makes_extension: bool) -> Any:
    import psycopg
    from pgvector.psycopg import register_vector

    # What the driver prepares by itself breaks where a swap changes the type of ids or vectors.
    connection = psycopg.connect(uri, connect_timeout=10, autocommit=True, prepare_threshold=None)
    try:
        if makes_extension:
            with connection.transaction():
                # IF NOT EXISTS does not help two that find it missing at the same moment.
                connection.execute("SELECT pg_advisory_xact_lock(%s)", [_ONE_PUT])
                connection.execute("CREATE EXTENSION IF NOT EXISTS vector")
        register_vector(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _lock(database: Any) -> None:
    """Keeps a swap from falling between two of the questions below."""
    names = ", ".join(f"{PREFIX}{name}" for name in NAMES)
    database.execute(f"LOCK TABLE {names} IN ACCESS SHARE MODE")


def _moment(database: Any, at: Moment | None) -> int | None:
    text = database.execute(f"SELECT obj_description('{PREFIX}customers'::regclass)")
    about = json.loads(text.fetchone()[0])
    # Tables of former versions keep the cut-off as the moment of all questions.
    return moment_of(at, about["clock"], about.get("as_of", about.get("at")))


def _require_known(database: Any, exclude: Sequence[str | int | UUID]) -> None:
    """Raises `InputError` where a product to exclude is unknown: a slip would let it through."""
    texts = [str(one) for one in exclude]
    known = database.execute(
        f"SELECT product_id::text FROM {PREFIX}products WHERE product_id::text = ANY(%s)", [texts]
    ).fetchall()
    missing = [one for one in texts if one not in {row[0] for row in known}]
    if missing:
        raise InputError(f"exclude: product id {shown(missing[0])} is not among those of the store")


def _touchpoints(database: Any) -> tuple[list[str], FloatArray | None]:
    rows = database.execute(
        f"SELECT touchpoint, vector FROM {PREFIX}touchpoints ORDER BY row"
    ).fetchall()
    vectors = [vector for _, vector in rows if vector is not None]
    return [name for name, _ in rows], _stacked(vectors) if vectors else None


def _customer(
    database: Any, customer_id: str | int | UUID, names: list[str]
) -> tuple[FloatArray, set[str], list[Any]]:
    """Vectors [strands, d], touchpoints that all strands permit, products that leave."""
    from psycopg import DataError

    unknown = InputError(f"customer id {shown(str(customer_id))} is not among those of the store")
    try:
        # Sent as text, which the server turns into whatever its ids are.
        rows = database.execute(
            f"SELECT vector, consent, seen FROM {PREFIX}customers "
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
    return _stacked([row[0] for row in rows]), permitted, [one for row in rows for one in row[2]]


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
    rules, given = ["product_id <> ALL(%s)"], [seen]
    if exclude:
        rules.append("product_id::text <> ALL(%s)")
        given.append([str(one) for one in exclude])
    if moment is not None:
        rules.append("(valid_from IS NULL OR valid_from <= %s)")
        rules.append("(valid_to IS NULL OR valid_to > %s)")
        given += [moment, moment]  # type: ignore[list-item]
    if not seen:
        rules, given = rules[1:] or ["true"], given[1:]
    found: list[Any] = database.execute(
        f"SELECT product_id, vector FROM {PREFIX}products WHERE {' AND '.join(rules)} "
        f"ORDER BY {order}, row LIMIT %s",
        [*given, *(as_vector(one) for one in queries), k],
    ).fetchall()
    return found


def _offers(
    found: list[Any],
    vectors: FloatArray,
    queries: FloatArray,
    touchpoint: str | None,
    names: list[str],
    known: FloatArray | None,
    permitted: set[str],
) -> list[StoredOffer]:
    barred = np.array([name not in permitted for name in names], dtype=bool)
    offers = []
    for product_id, vector in found:
        product = _stacked([vector])[0]
        scores = queries @ product
        place = touchpoint
        if touchpoint is None and known is not None:
            fits = (vectors[scores.argmax()] + product) @ known.T
            place = names[int(np.where(barred, -np.inf, fits).argmax())]
        offers.append(
            StoredOffer(product_id=product_id, score=float(scores.max()), touchpoint=place)
        )
    return offers


def _stacked(vectors: list[Any]) -> FloatArray:
    rows = [one if isinstance(one, np.ndarray) else one.to_numpy() for one in vectors]
    return np.stack(rows).astype(np.float32)


def _line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]

"""Joins the rows of customers that describe the same person after identities are merged."""

import numpy as np
import pandas as pd

from recsys.arrays import BoolArray, IntArray
from recsys.data import columns

_ALWAYS, _NEVER = np.iinfo(np.int64).min, np.iinfo(np.int64).max


def joined_records(customers: pd.DataFrame, persons: pd.Series) -> pd.DataFrame:
    """The customers table by person: each row has what all records of its person say by then.

    The rows of an original id are a record. At the date of a row (its `valid_from`) each record of
    the person counts with its latest row up to then; undated rows are the earliest:

    - `consent_<touchpoint>`: False if any record says False.
    - every other column: the latest dated row with a value; for equal dates the row of the
      person's own id, then that of the smallest id.

    Rows keep their positions and their `valid_from`. Rows of the same person and date become equal,
    so that the order of rows does not matter. Customers with a single record keep their rows.

    Args:
        customers: [n] checked rows with original ids.
        persons: [n] the id of the person of each row.
    """
    joined = customers.assign(**{columns.CUSTOMER: persons})
    record, ids = pd.factorize(customers[columns.CUSTOMER], sort=True)
    person, _ = pd.factorize(persons)
    person_of = np.zeros(len(ids), np.int64)
    person_of[record] = person
    several = np.flatnonzero(np.bincount(person_of)[person] > 1)
    if not len(several):
        return joined
    is_leading = (customers[columns.CUSTOMER].astype(str) == persons.astype(str)).to_numpy(bool)
    records = _Records(customers, several, person, record, is_leading)
    for column in customers.columns.drop([columns.CUSTOMER, columns.VALID_FROM], errors="ignore"):
        values = customers[column]
        decides = values.notna().to_numpy(bool)
        if str(column).startswith(columns.CONSENT_PREFIX):
            decides = ~values.to_numpy(bool)
        source = np.arange(len(customers))
        source[records.rows] = records.deciding_rows(decides)
        joined[column] = values.take(source).set_axis(values.index)
    return joined


class _Records:
    """Rows of persons with several records, by person and date, the deciding one last.

    Attributes:
        rows: [m] their positions in the table.
    """

    def __init__(
        self,
        table: pd.DataFrame,
        rows: IntArray,
        person: IntArray,
        record: IntArray,
        is_leading: BoolArray,
    ) -> None:
        """Sorts the rows.

        Args:
            table: [n] rows of customers.
            rows: [m] positions of the persons with several records.
            person: [n] codes of the persons.
            record: [n] codes of the records.
            is_leading: [n] whether a row has the id of its person.
        """
        date = _dates(table)
        self.rows = rows[np.lexsort((-record[rows], is_leading[rows], date[rows], person[rows]))]
        person, record, self._date = person[self.rows], record[self.rows], date[self.rows]
        last = np.append((np.diff(person) != 0) | (np.diff(self._date) != 0), True)
        ends = np.flatnonzero(last)
        self._end = ends[np.searchsorted(ends, np.arange(len(rows)))]
        self._start = np.searchsorted(person, person)
        # A row counts until the next one of its record.
        by_record = np.lexsort((self._date, record))
        follows = np.diff(record[by_record]) == 0
        self._until = np.full(len(rows), _NEVER)
        self._until[by_record[:-1][follows]] = self._date[by_record[1:][follows]]

    def deciding_rows(self, decides: BoolArray) -> IntArray:
        """[m] for each row the table row whose value counts then; the row itself if there is none.

        Args:
            decides: [n] rows of the table whose value can count.
        """
        positions = np.arange(len(self.rows))
        # Position i holds the last deciding row before i.
        before = np.append(-1, np.maximum.accumulate(np.where(decides[self.rows], positions, -1)))
        latest = before[self._end + 1]
        while True:
            is_of_person = latest >= self._start
            outdated = is_of_person & (self._until[latest] <= self._date)
            if not outdated.any():
                return self.rows[np.where(is_of_person, latest, positions)]
            latest[outdated] = before[latest[outdated]]


def _dates(table: pd.DataFrame) -> IntArray:
    """[n] `valid_from` as int64 nanoseconds; the smallest int64 where there is none."""
    if columns.VALID_FROM not in table:
        return np.full(len(table), _ALWAYS)
    dates = table[columns.VALID_FROM].dt.tz_localize(None)
    return np.where(dates.isna(), _ALWAYS, dates.to_numpy().astype(np.int64))

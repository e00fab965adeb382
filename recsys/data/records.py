"""What the rows of several records say about the person that they became."""

import numpy as np
import pandas as pd

from recsys.arrays import BoolArray, IntArray
from recsys.data import columns

_ALWAYS, _NEVER = np.iinfo(np.int64).min, np.iinfo(np.int64).max


def joined_records(customers: pd.DataFrame, persons: pd.Series) -> pd.DataFrame:
    """The customers table by person; each row says what all records of its person say by then.

    A record is an id as it came. At the moment of a row (its `valid_from`) each record of the
    person counts with its own latest row up to then, undated rows as the earliest:

    - `consent_<touchpoint>`: a no of any record stands.
    - every other column: the latest dated row that says something, of equal dates the row of the
      person's own id, then that of the smallest id.

    Rows stand where they stood and keep their `valid_from`, and rows of one person and moment are
    equal, so that no order of rows matters. Customers of a single record keep their rows as is.

    Args:
        customers: [n] checked rows, ids as they came.
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
    own = (customers[columns.CUSTOMER].astype(str) == persons.astype(str)).to_numpy(bool)
    records = _Records(customers, several, person, record, own)
    for column in customers.columns.drop([columns.CUSTOMER, columns.VALID_FROM], errors="ignore"):
        values = customers[column]
        says = values.notna().to_numpy(bool)
        if str(column).startswith(columns.CONSENT_PREFIX):
            says = ~values.to_numpy(bool)
        source = np.arange(len(customers))
        source[records.rows] = records.standing(says)
        joined[column] = values.take(source).set_axis(values.index)
    return joined


class _Records:
    """The rows of persons with several records, the best of each person and moment last.

    Attributes:
        rows: [m] their positions in the table.
    """

    def __init__(
        self,
        table: pd.DataFrame,
        rows: IntArray,
        person: IntArray,
        record: IntArray,
        own: BoolArray,
    ) -> None:
        """Takes positions [m] in the table, and the codes of persons and records by position."""
        date = _dates(table)
        self.rows = rows[np.lexsort((-record[rows], own[rows], date[rows], person[rows]))]
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

    def standing(self, says: BoolArray) -> IntArray:
        """[m] the row that decides at the moment of each; the row itself where none says anything.

        Args:
            says: [n] rows of the table that have a say.
        """
        places = np.arange(len(self.rows))
        # Position i holds the last row before i with a say.
        before = np.append(-1, np.maximum.accumulate(np.where(says[self.rows], places, -1)))
        decides = before[self._end + 1]
        while True:
            within = decides >= self._start
            outdated = within & (self._until[decides] <= self._date)
            if not outdated.any():
                return self.rows[np.where(within, decides, places)]
            decides[outdated] = before[decides[outdated]]


def _dates(table: pd.DataFrame) -> IntArray:
    """[n] `valid_from` as int64, the least of all where there is none."""
    if columns.VALID_FROM not in table:
        return np.full(len(table), _ALWAYS)
    dates = table[columns.VALID_FROM].dt.tz_localize(None)
    return np.where(dates.isna(), _ALWAYS, dates.to_numpy().astype(np.int64))

"""Names for the array types that pass between modules.

An *id* is an outside key (string or integer); a *row number* is a position in a matrix. Arrays of
ids are `IdArray`, arrays of row numbers `IntArray`, and -1 stands for "none".
"""

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

IdArray: TypeAlias = NDArray[Any]
IntArray: TypeAlias = NDArray[np.integer[Any]]
FloatArray: TypeAlias = NDArray[np.floating[Any]]
BoolArray: TypeAlias = NDArray[np.bool_]
AnyArray: TypeAlias = NDArray[Any]

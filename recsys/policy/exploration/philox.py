"""Philox4x32-10, a random generator without state: a number is a function of key and counter.

Salmon, Moraes, Dror and Shaw, Parallel Random Numbers: As Easy as 1, 2, 3 (2011). NumPy's Philox
makes one stream per generator object; here each element of an array has a key of its own.
"""

import numpy as np

from recsys.arrays import FloatArray, IntArray

_MULTIPLIERS = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_WEYL = 0x9E3779B9, 0xBB67AE85
_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)
_ROUNDS = 10
# The finaliser of SplitMix64 (Steele, Lea and Flood, 2014): one to one on 64 bits.
_MIX = (30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB), (31, 1)


def philox(
    counter: tuple[IntArray, IntArray, IntArray, IntArray], key: tuple[IntArray, IntArray]
) -> tuple[IntArray, IntArray, IntArray, IntArray]:
    """Four random words of 32 bits for each counter and key.

    Args:
        counter: four uint64 arrays of words of 32 bits, which broadcast.
        key: two such arrays.

    Returns:
        Four uint64 arrays of words of 32 bits.
    """
    first, second, third, fourth = counter
    for number in range(_ROUNDS):
        left, right = (
            (word + np.uint64(number * step)) & _LOW for word, step in zip(key, _WEYL, strict=True)
        )
        product, other = first * _MULTIPLIERS[0], third * _MULTIPLIERS[1]
        first, second, third, fourth = (
            (other >> _HALF) ^ second ^ left,
            other & _LOW,
            (product >> _HALF) ^ fourth ^ right,
            product & _LOW,
        )
    return first, second, third, fourth


def uniform_pairs(
    keys: IntArray, moments: IntArray, stream: int, index: IntArray
) -> tuple[FloatArray, FloatArray]:
    """Two independent float64 numbers in [0, 1), of 53 random bits, per element.

    Args:
        keys: uint64.
        moments: int64; all arguments broadcast.
        stream: 0 to 2^32 - 1; streams are independent.
        index: number within the stream, 0 to 2^32 - 1.
    """
    when = np.asarray(moments, np.int64).view(np.uint64)
    named = np.full(1, stream, np.uint64)
    words = philox(
        (np.asarray(index, np.uint64), named, when & _LOW, when >> _HALF),
        (keys & _LOW, keys >> _HALF),
    )
    return _fraction(words[0], words[1]), _fraction(words[2], words[3])


def mixed(words: IntArray) -> IntArray:
    """uint64 to uint64, one to one, such that neighbours have nothing in common."""
    for shift, factor in _MIX:
        words = (words ^ (words >> np.uint64(shift))) * np.uint64(factor)
    return words


def _fraction(first: IntArray, second: IntArray) -> FloatArray:
    bits = ((first >> np.uint64(5)) << np.uint64(26)) | (second >> np.uint64(6))
    return np.asarray(bits * 2.0**-53, np.float64)

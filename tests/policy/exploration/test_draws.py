import numpy as np
import pytest

from recsys.errors import InputError
from recsys.policy.exploration import Draws
from recsys.policy.exploration.philox import philox

# Known answers of Random123, the authors' own library: counter, key, result.
KNOWN = [
    ((0,) * 4, (0,) * 2, (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]


@pytest.mark.parametrize(("counter", "key", "expected"), KNOWN)
def test_philox_gives_the_known_answers_of_its_authors(counter, key, expected):
    words = philox(
        tuple(np.array([word], np.uint64) for word in counter),
        tuple(np.array([word], np.uint64) for word in key),
    )
    assert tuple(int(word[0]) for word in words) == expected


def test_numbers_depend_on_the_customer_and_the_moment_and_not_on_the_batch():
    customers, moments = np.array(["b", "a", "c", "a"]), np.array([5, 5, 5, 6])
    together = Draws.of(seed=3, customers=customers, moments=moments)
    order = np.array([2, 0, 3, 1])
    shuffled = Draws.of(seed=3, customers=customers[order], moments=moments[order])
    alone = Draws.of(seed=3, customers=customers[1:2], moments=moments[1:2])
    for numbers in (Draws.uniforms, Draws.normals):
        whole = numbers(together, 5, 7)
        assert (numbers(shuffled, 5, 7) == whole[order]).all()
        assert (numbers(alone, 5, 7) == whole[1:2]).all()
        assert (numbers(together.rows(slice(1, 2)), 3, 7) == whole[1:2, :3]).all()
        assert len(np.unique(whole)) == whole.size


def test_seeds_customers_moments_and_streams_give_other_numbers():
    def number(seed=0, customer=7, moment=100, stream=0):
        draws = Draws.of(seed=seed, customers=np.array([customer]), moments=np.array([moment]))
        return draws.uniforms(1, stream)[0, 0]

    drawn = [
        number(), number(seed=1), number(customer=8), number(moment=-100), number(stream=1),
        number(moment=100 + 2**32), number(customer=7 + 2**32), number(customer="7"),
    ]  # fmt: skip
    assert len(set(drawn)) == len(drawn)


def test_uniforms_fill_the_interval_and_normals_have_their_moments():
    draws = Draws.of(seed=0, customers=np.arange(20_000), moments=np.zeros(20_000, int))
    uniform, normal = draws.uniforms(3, 0), draws.normals(3, 1)
    assert ((uniform >= 0) & (uniform < 1)).all()
    counts = np.histogram(uniform, np.linspace(0, 1, 21))[0]
    assert ((counts - 3_000) ** 2 / 3_000).sum() < 45  # chi-square of 19, p < 0.001
    assert abs(normal.mean()) < 0.02
    assert abs(normal.std() - 1) < 0.02
    assert abs(np.corrcoef(normal.T) - np.eye(3)).max() < 0.03


@pytest.mark.parametrize(
    ("arguments", "key"),
    [
        ({"moments": np.array([1, 2])}, "moments"),
        ({"moments": np.array([1.5])}, "moments"),
        ({"seed": -1}, "seed"),
        ({"seed": True}, "seed"),
    ],
)
def test_a_wrong_argument_is_named(arguments, key):
    with pytest.raises(InputError) as error:
        Draws.of(**{"seed": 0, "customers": np.array([1]), "moments": np.array([1])} | arguments)
    assert error.value.key == key

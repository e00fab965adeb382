"""Which processor a model runs on, and what is said where a library cannot be loaded."""

import builtins
from typing import Any

import pytest

from recsys import ALS, InputError


def test_an_implicit_without_openmp_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = builtins.__import__

    def without_openmp(name: str, *rest: Any, **more: Any) -> Any:
        if name.startswith("implicit"):
            raise ImportError("libgomp.so.1: cannot open shared object file")
        return loaded(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without_openmp)
    with pytest.raises(InputError, match=r"libgomp\.so\.1.*install OpenMP") as error:
        ALS()
    assert error.value.key == "model"

"""Which processor a model runs on, and what is said where a library cannot be loaded."""

import builtins
import sys
import warnings
from typing import Any

import pytest
import torch
from tqdm import TqdmWarning

from recsys import ALS, InputError
from recsys.models import device


def test_an_implicit_without_openmp_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = builtins.__import__

    def without_openmp(name: str, *rest: Any, **more: Any) -> Any:
        if name.startswith("implicit"):
            raise ImportError("libgomp.so.1: cannot open shared object file")
        return loaded(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without_openmp)
    with pytest.raises(InputError, match=r"libgomp\.so\.1.*install OpenMP") as error:
        ALS(solver="conjugate_gradient")
    assert error.value.key == "model"
    assert ALS().device.kind == "cpu"


def test_a_notebook_without_widgets_sees_no_warning_of_implicit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loaded, warned = builtins.__import__, []

    def without_widgets(name: str, *rest: Any, **more: Any) -> Any:
        if name.startswith("implicit"):
            warned.append(name)
            warnings.warn("IProgress not found", TqdmWarning, stacklevel=2)
        return loaded(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without_widgets)
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        ALS(solver="conjugate_gradient")
    assert warned
    assert not [each for each in seen if each.category is TqdmWarning]


def test_a_gpu_that_is_not_there_is_one_line() -> None:
    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    with pytest.raises(InputError, match="PyTorch sees no CUDA device") as error:
        ALS(device="cuda")
    assert error.value.key == "device"


@pytest.mark.parametrize(("has_driver", "kind"), [(False, "cpu"), (True, "cuda")])
def test_auto_asks_pytorch_only_where_there_is_a_driver(
    has_driver: bool, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "torch")
    monkeypatch.setattr(device, "_has_driver", lambda: has_driver)
    monkeypatch.setattr(device, "torch_device", lambda _: device.Device("cuda", "a test"))
    assert ALS().device.kind == kind
    assert ALS(device="cpu").device.kind == "cpu"

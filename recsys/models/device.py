"""Which processor a model runs on, and why."""

import sys
import warnings
from ctypes import CDLL
from dataclasses import dataclass
from typing import Any, Literal

from tqdm import TqdmWarning

from recsys.errors import InputError


@dataclass(frozen=True)
class Device:
    """The processor that was selected, and the reason in words.

    Attributes:
        kind: "cpu" or "cuda".
        reason: a phrase for reports, for example "PyTorch sees no CUDA device".
    """

    kind: Literal["cpu", "cuda"]
    reason: str


def least_squares_device(wanted: str) -> Device:
    """Selects PyTorch on a GPU, else the CPU; arguments and errors as for `resolve`.

    For "auto" PyTorch is loaded only where NVIDIA's driver is, because its import takes seconds.
    """
    if wanted == "cuda" or (wanted == "auto" and ("torch" in sys.modules or _has_driver())):
        return torch_device(wanted)
    return resolve(wanted, False, "there is no driver of NVIDIA")


def torch_device(wanted: str) -> Device:
    """Selects a processor for PyTorch; arguments and errors as for `resolve`."""
    import torch

    if torch.cuda.is_available():
        return resolve(wanted, True, f"PyTorch sees {torch.cuda.get_device_name()}")
    return resolve(wanted, False, "PyTorch sees no CUDA device or was built without CUDA")


def resolve(wanted: str, available: bool, why: str) -> Device:
    """Selects a processor.

    Args:
        wanted: "cpu", "cuda", or "auto" for the GPU if there is one.
        available: whether there is a GPU.
        why: reason for `available`, in words.

    Raises:
        InputError: another word, or "cuda" without a GPU.
    """
    if wanted not in ("auto", "cpu", "cuda"):
        raise InputError(f"device: expected auto, cpu or cuda, got '{wanted}'")
    if wanted == "cuda" and not available:
        raise InputError(f"device=cuda: {why}; set device=cpu or device=auto")
    if wanted == "cpu":
        return Device("cpu", "set by device=cpu")
    return Device("cuda" if available else "cpu", why)


def device_of(model: Any) -> Device:
    """The processor of a model, for reports.

    It is the model's attribute `device`: a `Device`, or a text such as "cuda:0", or a
    `torch.device`. A model without the attribute, or with None, runs on the CPU.
    """
    device = getattr(model, "device", None)
    if device is None:
        return Device("cpu", "the model has no GPU form")
    if isinstance(device, Device):
        return device
    return Device("cuda" if str(device).startswith("cuda") else "cpu", "as the model says")


def _has_driver() -> bool:
    try:
        CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError:
        return False
    return True


def require_implicit() -> None:
    """Raises `InputError` where the library `implicit` cannot be loaded."""
    try:
        with warnings.catch_warnings():
            # It imports tqdm, which warns in a notebook without ipywidgets; no bar is drawn here.
            warnings.simplefilter("ignore", TqdmWarning)
            import implicit.cpu.als  # noqa: F401
    except ImportError as error:
        # Its Linux wheel does not bring the OpenMP that it needs.
        hint = "; install OpenMP, on Debian the package libgomp1" if "libgomp" in str(error) else ""
        raise InputError(f"model: the library implicit cannot be loaded: {error}{hint}") from None

"""Which processor a model takes, and why."""

from dataclasses import dataclass
from typing import Literal

from recsys.errors import InputError


@dataclass(frozen=True)
class Device:
    """The processor taken and the reason, for people to read."""

    kind: Literal["cpu", "cuda"]
    reason: str


def implicit_device(wanted: str) -> Device:
    """The processor that `implicit` can use; see `resolve`."""
    return resolve(wanted, *_implicit_cuda())


def torch_device(wanted: str) -> Device:
    """The processor that PyTorch can use; see `resolve`."""
    import torch

    if torch.cuda.is_available():
        return resolve(wanted, True, f"PyTorch sees {torch.cuda.get_device_name()}")
    return resolve(wanted, False, "PyTorch sees no CUDA device or was built without CUDA")


def resolve(wanted: str, available: bool, why: str) -> Device:
    """Settles "auto", "cpu" or "cuda".

    Raises:
        InputError: any other word, or "cuda" where there is none.
    """
    if wanted not in ("auto", "cpu", "cuda"):
        raise InputError(f"device: expected auto, cpu or cuda, got '{wanted}'")
    if wanted == "cuda" and not available:
        raise InputError(f"device=cuda: {why}; say device=cpu or device=auto")
    if wanted == "cpu":
        return Device("cpu", "asked for")
    return Device("cuda" if available else "cpu", why)


def _implicit_cuda() -> tuple[bool, str]:
    from implicit.gpu import HAS_CUDA

    if not HAS_CUDA:
        return False, "implicit sees no CUDA device or was built without CUDA"
    return True, "implicit was built with CUDA and sees a device"

"""Where a run ran: versions, machine and the commit of the code."""

import os
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

PACKAGES = (
    "recsys", "torch", "torch-geometric", "implicit", "numpy", "scipy", "pandas", "pyarrow",
    "scikit-learn", "hydra-core", "mlflow",
)  # fmt: skip

_CODE = Path(__file__).parents[1]


def versions() -> dict[str, str]:
    """Python and installed packages -> version, read from their metadata, not by importing them."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def environment() -> dict[str, Any]:
    """Versions, platform, processors and commit, as logged with every run."""
    return {
        "versions": versions(),
        "platform": platform.platform(),
        "machine": platform.machine(),
        "cpus": os.cpu_count(),
        "git_commit": git_commit(),
        "git_dirty": git_dirty(),
    }


def git_commit() -> str | None:
    """Commit of the checkout this code runs from; None where it is installed, not checked out."""
    # An installed copy may lie inside the repository of somebody else's project.
    if _git("ls-files", "--error-unmatch", "__init__.py") is None:
        return None
    return _git("rev-parse", "HEAD")


def git_dirty() -> bool:
    """Whether the checkout holds changes that the commit does not."""
    return bool(git_commit() and _git("status", "--porcelain"))


def _git(*arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", *arguments], cwd=_CODE, capture_output=True, text=True, check=True, timeout=30
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()

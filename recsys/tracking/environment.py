"""The environment of a run: versions, machine and the commit of the code."""

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
    """Name of a package, or "python" -> version, from package metadata; imports none."""
    installed = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            installed[package] = version(package)
        except PackageNotFoundError:
            continue
    return installed


def environment() -> dict[str, Any]:
    """Versions, platform, processors and commit, as logged with every run: values for JSON."""
    return {
        "versions": versions(),
        "platform": platform.platform(),
        "machine": platform.machine(),
        "cpus": os.cpu_count(),
        "git_commit": git_commit(),
        "git_dirty": git_dirty(),
    }


def git_commit() -> str | None:
    """Commit of the checkout that this code runs from; None where it is installed."""
    # An installed copy may be inside the repository of another project.
    if _git("ls-files", "--error-unmatch", "__init__.py") is None:
        return None
    return _git("rev-parse", "HEAD")


def git_dirty() -> bool:
    """Whether the checkout has changes that are not committed."""
    return bool(git_commit() and _git("status", "--porcelain"))


def _git(*arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", *arguments], cwd=_CODE, capture_output=True, text=True, check=True, timeout=30
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()

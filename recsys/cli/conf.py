"""Where a study writes its experiment file, and how to train with it."""

from pathlib import Path

from recsys.ops.conf_folder import conf_folder, is_installed

_TUNED = Path("experiment") / "tuned"


def tuned_folder() -> Path:
    """Where a study writes its experiment file.

    Returns:
        `conf/experiment/tuned` of the checkout. Where the package is installed, that of the current
        folder: an installed package is not written to.
    """
    return (Path("conf") if is_installed() else conf_folder()) / _TUNED


def use_tuned(path: Path) -> list[str]:
    """How to train with an experiment file.

    Args:
        path: the file that a study wrote.

    Returns:
        one line where training needs `--config-dir` to find the file, else none.
    """
    if not is_installed() or path.parent != tuned_folder():
        return []
    return [f"  train with them: recsys train --config-dir=conf experiment=tuned/{path.stem}"]

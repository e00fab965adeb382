"""Where the configurations are: in the installed package, or in the checkout around it."""

from pathlib import Path

_PACKAGE = Path(__file__).parents[1]
_TUNED = Path("experiment") / "tuned"


def is_installed() -> bool:
    """Whether the package comes from a wheel, which holds `recsys/conf`."""
    return (_PACKAGE / "conf").is_dir()


def conf_folder() -> Path:
    """The folder of configurations: `recsys/conf` of a wheel, else `conf` of the checkout."""
    return _PACKAGE / "conf" if is_installed() else _PACKAGE.parent / "conf"


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

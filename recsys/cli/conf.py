"""Where the configurations are: in the installed package, or in the checkout beside it."""

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
        `conf/experiment/tuned` of the checkout; of the current folder where the package is
        installed, because nobody writes into an installed package.
    """
    return (Path("conf") if is_installed() else conf_folder()) / _TUNED


def use_tuned(path: Path) -> list[str]:
    """Lines that say how to train with an experiment file.

    Args:
        path: of the file that a study wrote.

    Returns:
        one line where `--config-dir` is needed to see the file, else none.
    """
    if not is_installed() or path.parent != tuned_folder():
        return []
    return [f"  train with them: recsys train --config-dir=conf experiment=tuned/{path.stem}"]

"""Where the configurations are: in the installed package, or in the checkout around it."""

from pathlib import Path

_PACKAGE = Path(__file__).parents[1]


def is_installed() -> bool:
    """Whether the package comes from a wheel, which holds `recsys/conf`."""
    return (_PACKAGE / "conf").is_dir()


def conf_folder() -> Path:
    """The folder of configurations: `recsys/conf` of a wheel, else `conf` of the checkout."""
    return _PACKAGE / "conf" if is_installed() else _PACKAGE.parent / "conf"

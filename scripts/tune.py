"""As `recsys tune`, from a checkout."""

import sys

from recsys.cli.main import main
from recsys.cli.tune import search

__all__ = ["search"]

if __name__ == "__main__":
    main(["tune", *sys.argv[1:]])

"""As `recsys train`, from a checkout."""

import sys

from recsys.cli.main import main
from recsys.cli.train import train

__all__ = ["train"]

if __name__ == "__main__":
    main(["train", *sys.argv[1:]])

"""As `recsys train`, from a checkout."""

import sys

from recsys.cli.train import main, train
from recsys.ops.terminal import exit_on_input_error

__all__ = ["train"]

if __name__ == "__main__":
    with exit_on_input_error():
        main(sys.argv[1:])

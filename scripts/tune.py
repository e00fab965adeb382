"""As `recsys tune`, from a checkout."""

import sys

from recsys.cli.tune import main, search
from recsys.ops.terminal import exit_on_input_error

__all__ = ["search"]

if __name__ == "__main__":
    with exit_on_input_error():
        main(sys.argv[1:])

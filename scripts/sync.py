"""As `recsys sync`, from a checkout."""

import sys

from recsys.cli.sync import main
from recsys.ops.terminal import exit_on_input_error

if __name__ == "__main__":
    with exit_on_input_error():
        main(sys.argv[1:])

"""As `recsys recommend`, from a checkout."""

import sys

from recsys.cli.answer_text import lines
from recsys.cli.recommend import main
from recsys.ops.terminal import exit_on_input_error

__all__ = ["lines"]

if __name__ == "__main__":
    with exit_on_input_error():
        main(sys.argv[1:])

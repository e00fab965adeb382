"""As `recsys compare`, from a checkout."""

import sys

from recsys.cli.main import main

if __name__ == "__main__":
    main(["compare", *sys.argv[1:]])

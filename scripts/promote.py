"""As `recsys promote`, from a checkout."""

import sys

from recsys.cli.main import main

if __name__ == "__main__":
    main(["promote", *sys.argv[1:]])

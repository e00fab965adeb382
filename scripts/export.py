"""As `recsys export`, from a checkout."""

import sys

from recsys.cli.main import main

if __name__ == "__main__":
    main(["export", *sys.argv[1:]])

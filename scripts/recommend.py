"""As `recsys recommend`, from a checkout."""

import sys

from recsys.cli.main import main

if __name__ == "__main__":
    main(["recommend", *sys.argv[1:]])

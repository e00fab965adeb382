"""As `recsys store`, from a checkout."""

import sys

from recsys.cli.main import main

if __name__ == "__main__":
    main(["store", *sys.argv[1:]])

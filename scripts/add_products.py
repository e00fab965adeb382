"""As `recsys add_products`, from a checkout."""

import sys

from recsys.cli.main import main

if __name__ == "__main__":
    main(["add_products", *sys.argv[1:]])

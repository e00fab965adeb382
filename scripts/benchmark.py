"""As `recsys benchmark`, from a checkout."""

import sys

from recsys.cli.main import main

if __name__ == "__main__":
    main(["benchmark", *sys.argv[1:]])

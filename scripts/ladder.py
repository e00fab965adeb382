"""As `recsys ladder`, from a checkout."""

import sys

from recsys.cli.main import main

if __name__ == "__main__":
    main(["ladder", *sys.argv[1:]])

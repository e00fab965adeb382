"""`python -m recsys COMMAND key=value ...`."""

from recsys.cli.main import main

if __name__ == "__main__":
    main()

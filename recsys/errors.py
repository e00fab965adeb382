"""The one exception that a script turns into one line and exit code 2."""


class InputError(ValueError):
    """What a person gave is not usable; says what was expected, what came and the remedy."""

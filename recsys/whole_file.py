"""Text files that are there whole or not at all."""

from contextlib import suppress
from pathlib import Path

from recsys.errors import InputError


def write_whole(path: Path, text: str, key: str | None = None) -> None:
    """Writes beside the place and renames, so that a crash leaves no half file.

    Args:
        path: of the file; its folder is made where it is missing.
        text: its content, kept as UTF-8.
        key: of the command line or configuration that names the path, for the message.

    Raises:
        InputError: the file cannot be written.
    """
    beside = path.with_name(f".{path.name}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside.write_text(text, encoding="utf-8")
        beside.replace(path)
    except OSError as error:
        with suppress(OSError):
            beside.unlink(missing_ok=True)
        named = f"{key}={path}" if key else str(path)
        raise InputError(f"{named} cannot be written: {error.strerror}") from None

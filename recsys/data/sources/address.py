"""The address of a database or catalogue: a setting, or a variable where it has a password."""

import os
import re

from recsys.errors import InputError
from recsys.ops.masking import MASK


def address(uri: str | None, variable: str | None) -> str:
    """The URI, or that in an environment variable.

    Args:
        uri: as set; None where the variable is.
        variable: name of the variable; None where the URI is set.

    Raises:
        InputError: both or none is set, the variable is empty, or it is no URI.
    """
    if (uri is None) == (variable is None):
        raise InputError(
            f"data.uri and data.uri_env: expected one of them, got "
            f"{'none' if uri is None else 'both'}; set data.uri_env=VARIABLE, or data.uri=URI "
            "where it holds no password"
        )
    if variable is not None:
        uri = os.environ.get(variable)
        if not uri:
            raise InputError(
                f"data.uri_env={variable}: expected an environment variable with a URI, and it is "
                f"not set; export {variable}=..."
            )
    assert uri is not None
    key = "data.uri" if variable is None else f"data.uri_env={variable}"
    if MASK in uri:
        raise InputError(
            f"{key}: its password was masked when the run was logged; set data.uri_env=VARIABLE"
        )
    if re.match(r"[\w+.-]+:", uri) is None:
        raise InputError(
            f"{key}: expected a URI such as postgresql://USER@HOST/DATABASE or duckdb:///FILE, "
            "got one without a scheme"
        )
    return uri

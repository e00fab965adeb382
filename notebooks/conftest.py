"""Commands of a notebook are processes without the seconds of their imports."""

from collections.abc import Iterator

import pytest
from warm_programs import warm_path


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """A notebook has no fixtures; its kernel inherits this PATH."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", warm_path())
        return (yield)

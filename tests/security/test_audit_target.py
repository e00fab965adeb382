"""`make audit` passes on what pip-audit finds, and never takes silence for good news."""

import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "audit.sh"


@pytest.mark.parametrize(
    ("says", "ends", "code", "line"),
    [
        ("No known vulnerabilities found", 0, 0, "No known vulnerabilities found"),
        ("Found 2 known vulnerabilities in 1 package", 1, 1, "Found 2 known vulnerabilities"),
        ("ConnectionError: refused", 1, 2, "error: nothing was audited: the advisory service"),
        ("numpy Dependency not found on PyPI and could not be audited: numpy (2)", 0, 2,
         "error: 1 packages were not audited"),
    ],
)  # fmt: skip
def test_audit(says: str, ends: int, code: int, line: str, tmp_path: Path) -> None:
    program = tmp_path / "pip-audit"
    program.write_text(f'#!/bin/sh\necho "{says}"\nexit {ends}\n')
    program.chmod(0o755)

    done = subprocess.run(
        ["bash", SCRIPT, program], capture_output=True, text=True, check=False
    )  # fmt: skip

    assert done.returncode == code
    assert (done.stdout + done.stderr).startswith(line)

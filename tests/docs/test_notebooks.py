"""The notebooks beyond their execution: what a reader may rely on before running one."""

import ast
import json
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from pages import ROOT, blocks, pages

FOLDER = ROOT / "notebooks"
NAMES = sorted(path.stem for path in FOLDER.glob("*.ipynb"))
GUIDES = sorted((ROOT / "docs" / "extending" / "code").rglob("*.py"))
CHECKOUT = re.compile(r"\.\./|\b(benchmarks|findings|tests|conftest)\b")
LINK = re.compile(r"\]\(([^)#]+)[^)]*\)")


def cells(name: str, kind: str) -> list[str]:
    content: Any = json.loads((FOLDER / f"{name}.ipynb").read_text())
    return ["".join(cell["source"]) for cell in content["cells"] if cell["cell_type"] == kind]


def imported(code: str) -> Iterator[tuple[str, str]]:
    """Module and name of each name of recsys that a program imports."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "recsys":
            yield from ((str(node.module), name.name) for name in node.names)


@pytest.fixture(scope="module")
def shown() -> set[tuple[str, str]]:
    """The names that the documentation imports."""
    programs = [
        block.code for page in pages() for block in blocks(page) if block.language == "python"
    ]
    programs += [path.read_text() for path in GUIDES]
    return {pair for program in programs for pair in imported(program)}


def test_the_page_has_a_line_for_each() -> None:
    text = (ROOT / "docs" / "notebooks.md").read_text()
    assert sorted(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE)) == NAMES


@pytest.mark.parametrize("name", NAMES)
class TestEveryNotebook:
    def test_stores_no_output(self, name: str) -> None:
        content: Any = json.loads((FOLDER / f"{name}.ipynb").read_text())
        code = [cell for cell in content["cells"] if cell["cell_type"] == "code"]
        assert code
        for cell in code:
            assert (cell["outputs"], cell["execution_count"]) == ([], None), cell["id"]

    def test_imports_only_public_names(self, name: str, shown: set[tuple[str, str]]) -> None:
        for cell in cells(name, "code"):
            program = re.sub(r"^%%.*\n", "", cell)  # a cell that writes a file is a program too
            for module, what in imported(program):
                stated = getattr(import_module(module), "__all__", ())
                assert what in stated or (module, what) in shown, f"{module}.{what}"

    def test_runs_without_a_checkout(self, name: str) -> None:
        for cell in cells(name, "code"):
            assert not CHECKOUT.search(cell), cell

    def test_ends_with_what_to_read_next(self, name: str) -> None:
        last = cells(name, "markdown")[-1]
        assert last.startswith("## What to read next\n")
        targets = LINK.findall(last)
        assert targets
        for target in targets:
            assert (FOLDER / Path(target)).is_file(), target

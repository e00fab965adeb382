"""The modules that a saved model needs: what its loader imports, and what that imports, and so on.

They are read from the import statements, so that no list of them can grow old. Imports inside of
functions count, those for type checkers do not.
"""

import ast
import shutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path

_INIT = "__init__.py"


def copy_needed(package: Path, module: str, folder: Path) -> Path:
    """Copies the modules of a package that one of them needs.

    Args:
        package: folder of the package.
        module: dotted name of the one that is loaded.
        folder: to copy to.

    Returns:
        the folder of the copied package.
    """
    for file in needed_files(package, module):
        target = folder / package.name / file.relative_to(package)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target)
    return folder / package.name


def needed_files(package: Path, module: str) -> list[Path]:
    """The files that are read when a module is imported and used, sorted.

    Args:
        package: folder of the package.
        module: dotted name of a module in it.
    """
    needed: set[Path] = set()
    waiting = _files_of(package, module)
    while waiting:
        file = waiting.pop()
        if file in needed:
            continue
        needed.add(file)
        for name in _names(file.read_text(encoding="utf-8")):
            waiting += _files_of(package, name)
    return sorted(needed)


def _files_of(package: Path, name: str) -> list[Path]:
    """The file of a module and of all packages that it is in; none for other packages' names."""
    first, *parts = name.split(".")
    if first != package.name:
        return []
    files, folder = [package / _INIT], package
    for part in parts:
        if (folder / f"{part}.py").is_file():
            return [*files, folder / f"{part}.py"]
        folder /= part
        if not (folder / _INIT).is_file():
            break
        files.append(folder / _INIT)
    return files


@cache
def _names(code: str) -> tuple[str, ...]:
    # Once a process: most files are in every list, and to parse them takes half a second.
    return tuple(_imported(ast.parse(code)))


def _imported(code: ast.AST) -> Iterator[str]:
    """Dotted names of modules, or of names in modules."""
    for node in ast.iter_child_nodes(code):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif not _is_for_type_checkers(node):
            yield from _imported(node)


def _is_for_type_checkers(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.If)
        and isinstance(node.test, ast.Name)
        and node.test.id == "TYPE_CHECKING"
    )

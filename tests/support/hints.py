"""The hints of messages: where they stand in the source, and how a printed one is pasted into a shell."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from support.environments import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SOURCE = ROOT / "src" / "pipgate"
# Words that begin a way on, then what ends in a command: a value that is put in, or one of these programs.
_PROGRAMS = r"pipgate|env|git|python3?|export|command|cat|sed|rm|edit|PIP_\w+="
_HINT = re.compile(
    r"\b(?:[Tt]o|Without|With|Until|After|[Oo]nly|Once|If|Where|Please|Name|then|change)\b"
    rf".*?: (?:\{{\}}|(?:{_PROGRAMS})|\s*$)",
    re.DOTALL,
)


def sources() -> dict[str, list[str]]:
    """Return every literal of the source that offers a command, with the places that it stands at.

    What is put into an f-string is written ``{}``. Docstrings and comments offer nothing.
    """
    found: dict[str, list[str]] = {}
    for path in sorted(SOURCE.rglob("*.py")):
        for line, text in _literals(ast.parse(path.read_text(encoding="utf-8"))):
            if _HINT.search(text):
                found.setdefault(text, []).append(f"{path.relative_to(SOURCE)}:{line}")
    return found


def _literals(tree: ast.Module) -> Iterator[tuple[int, str]]:
    passed_by: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef) and isinstance(
            node.body[0], ast.Expr
        ):
            passed_by.add(node.body[0].value)
        if isinstance(node, ast.JoinedStr):
            passed_by.update(node.values)
    for node in ast.walk(tree):
        if node not in passed_by and (text := _text(node)):
            yield node.lineno, text  # type: ignore[attr-defined]  # every expression has one


def _text(node: ast.AST) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(each.value) if isinstance(each, ast.Constant) else "{}" for each in node.values)
    return None


def command_in(line: str, source: str) -> str | None:
    """Return the command that a printed line offers, where it was made from this literal of the source."""
    words = source.rstrip("\n").splitlines()[-1].rpartition(": ")[0] + ": "
    found = re.search(".*?".join(map(re.escape, words.split("{}"))) + "(?P<command>.*)$", line)
    return found["command"] if found else None


def names_in(path: Path) -> set[str]:
    """Return the names of the tests in a file."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {each.name for each in tree.body if isinstance(each, ast.FunctionDef)}

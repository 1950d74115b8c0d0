"""The hook that gates every pip of an environment: its files written and taken away again."""

from __future__ import annotations

import ast
import contextlib
import json
import re
from typing import TYPE_CHECKING

from pipgate.adoption import hook_text
from pipgate.errors import FileNotWrittenError, UsageError
from pipgate.plain_text import plain
from pipgate.whole_files import remove_file, replace_file

if TYPE_CHECKING:
    from pathlib import Path

    from pipgate.adoption.environment_facts import EnvironmentFacts

_NAMED = re.compile(r"^(ENGINE|ROOTS) = (.*)$", re.MULTILINE)


def enable(facts: EnvironmentFacts, orders: str, engine: str) -> list[str]:
    """Write the hook and return the files; those that are there as they should be are left alone.

    Raises FileNotWrittenError, and then none of them is left half written: what there was before is there.
    """
    told = json.loads(orders)
    roots = {**told["roots"], **({"pip": told["fallback_pip"]} if told["fallback_pip"] else {})}
    files = hook_text.texts(facts, engine, roots)
    for path in files:
        _require_ours(path)
    written: dict[Path, str | None] = {}
    try:
        for path, text in files.items():
            before = path.read_text(encoding="utf-8") if path.exists() else None
            if before != text:
                _put(path, text)
                written[path] = before
    except OSError as error:
        _undo(written)
        where = plain(str(next(iter(files)).parent))
        raise FileNotWrittenError(
            f"{where} cannot be written: {error.strerror or error}", note="Nothing was changed."
        ) from error
    return [str(path) for path in files]


def disable(facts: EnvironmentFacts) -> list[str]:
    """Take away every file of the hook, with what Python made of it; returns them.

    Raises UsageError, and takes nothing away, where one of them is not ours; FileNotWrittenError where one
    cannot be taken away.
    """
    there = [path for path in hook_text.paths(facts) if path.is_symlink() or path.exists()]
    for path in there:
        _require_ours(path)
    try:
        for path in reversed(there):  # what Python reads at its start last: half removed, pip stops
            remove_file(str(path))
            _clear_cache(path)
    except OSError as error:
        where = plain(str(there[0].parent))
        raise FileNotWrittenError(f"{where} cannot be written: {error.strerror}") from error
    return [str(path) for path in there]


def is_as_written(facts: EnvironmentFacts) -> bool | None:
    """Return whether the files of the hook are as they were written; None where there are none.

    They name the engine that wrote them, so that what is compared is what they themselves say.
    """
    found = [path for path in hook_text.paths(facts) if path.exists()]
    if not any(map(_is_ours, found)):
        return None
    hook = found[0].with_name(f"{hook_text.HOOK}.py")
    try:
        names = dict(_NAMED.findall(hook.read_text(encoding="utf-8")))
        engine, roots = ast.literal_eval(names["ENGINE"]), ast.literal_eval(names["ROOTS"])
        texts = hook_text.texts(facts, engine, roots)
        return all(path.read_text(encoding="utf-8") == text for path, text in texts.items())
    except (OSError, ValueError, SyntaxError, KeyError):
        return False


def _require_ours(path: Path) -> None:
    """Raise UsageError for a file of that name that somebody else has written."""
    if path.is_symlink() or (path.exists() and not _is_ours(path)):
        raise UsageError(f"{plain(str(path))} was not written by pipgate; it was left as it is")


def _is_ours(path: Path) -> bool:
    try:
        return hook_text.is_ours(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        return False


def _put(path: Path, text: str) -> None:
    # What somebody cannot read, Python leaves out without a word, and then nothing is gated for them.
    replace_file(str(path), text.encode("utf-8"), mode=0o644)


def _undo(written: dict[Path, str | None]) -> None:
    for path, before in written.items():
        with contextlib.suppress(OSError):
            if before is None:
                remove_file(str(path))
            else:
                _put(path, before)


def _clear_cache(path: Path) -> None:
    """Take away what Python has made of a module; the directory too, where nothing else lies in it."""
    if path.suffix != ".py":
        return
    directory = path.with_name("__pycache__")
    if directory.is_symlink():
        return
    for cached in directory.glob(f"{path.stem}.*.pyc"):
        remove_file(str(cached))
    with contextlib.suppress(OSError):
        directory.rmdir()

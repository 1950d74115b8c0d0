"""ARCHITECTURE.md names only what exists, pip is imported nowhere else, and each module imports alone."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "pipgate"
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if path.name not in {"__main__.py", "engine.py"})


def test_every_path_in_the_documents_exists() -> None:
    for document in ("ARCHITECTURE.md", "README.md", "CONTRIBUTING.md"):
        text = (ROOT / document).read_text(encoding="utf-8")
        for name in re.findall(r"`([\w./]+\.(?:py|md|toml))`", text):
            places = (ROOT / name, PACKAGE / name, ROOT / "tests" / name)
            known = any(place.exists() for place in places) or name in NOT_OURS
            assert known, f"{document} names {name}"


NOT_OURS = {"setup.py", "_manylinux.py", "pylock.toml", "pipgate.toml", "pip.py", "json.py", "packaging.py"}


def test_every_module_is_in_the_codemap() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    names = {path.relative_to(PACKAGE).as_posix() for path in MODULES if path.name != "__init__.py"}
    assert {name for name in names if f"`{name}`" not in text} == set()


def test_pip_is_not_imported_by_name_outside_its_room() -> None:
    for path in MODULES:
        if path.parent.name != "pip_internals":
            text = path.read_text(encoding="utf-8")
            assert not re.search(
                r"import_module\(.*pip[._\"']|^\s*(?:import|from) pip\b(?!gate)", text, re.MULTILINE
            ), path


def test_line_one_says_what_the_room_owns() -> None:
    for path in MODULES:
        first = path.read_text(encoding="utf-8").splitlines()[0]
        assert first.startswith('"""'), path
        assert first.endswith('"""'), path


IMPORT_EACH = """
import importlib, json, os, sys, traceback
sys.path.insert(0, sys.argv[1])
failed = []
for name in sys.argv[2:]:
    if os.fork() == 0:
        try:
            importlib.import_module(name)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    if os.wait()[1] != 0:
        failed.append(name)
print(json.dumps(failed))
"""


def test_each_module_imports_alone() -> None:
    """Each in a process of its own, forked from one that has imported nothing of ours."""
    places = [path.relative_to(PACKAGE).with_suffix("").parts for path in MODULES]
    names = [".".join(("pipgate", *parts)).removesuffix(".__init__") for parts in places]
    command = [sys.executable, "-W", "error", "-c", IMPORT_EACH, str(PACKAGE.parent), *names]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [], done.stderr

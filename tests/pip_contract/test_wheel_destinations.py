"""Where a wheel's members are said to go is where pip puts them, and pip makes no command that was not foreseen."""

from __future__ import annotations

import os
import sysconfig
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from pipgate.wheel import members
from support.environments import TABLE_PIPS
from support.projects import make_wheel

if TYPE_CHECKING:
    from support.world import World

PIPS_HERE = TABLE_PIPS

MEMBERS = (
    "root.py",
    "./dot.py",
    "a/../b.py",
    "a//c.py",
    "x.data/purelib/d.py",
    "x.data/platlib/e.py",
    "x.data/scripts/f",
    "x.data/data/share/g",
    "x.data/headers/h.h",
    "x.data/scripts/../data/share/i",
    "x.data/data/../../y/purelib/j.py",
    "./x.data/purelib/k.py",
    "x.data/data/lib/l",
    "deep/x.data/purelib/m.py",
    "\N{FULLWIDTH LATIN SMALL LETTER N}.py",
    "back\\slash.py",
)
ENTRY_POINTS = (
    "[console_scripts]\none = root:main\n[gui_scripts]\ntwo=root:main\n [other]\nthree = root:main\n"
)


def test_destinations(world: World) -> None:
    wheel = make_wheel(world.tmp, "odd", "1.0", files=dict.fromkeys(MEMBERS, ""))
    with zipfile.ZipFile(wheel, "a") as archive:
        archive.writestr("odd-1.0.dist-info/entry_points.txt", ENTRY_POINTS)
    prefix = world.tmp / "prefix"
    done = world.pipgate("install", "--no-deps", "--no-compile", "--prefix", str(prefix), str(wheel))
    assert done.status == 0, done.text
    scheme = sysconfig.get_paths(
        "venv" if "venv" in sysconfig.get_scheme_names() else None,
        {"base": str(prefix), "platbase": str(prefix), "installed_base": str(prefix)},
    )
    keys = {key: scheme[key] for key in ("purelib", "platlib", "scripts", "data")}
    contents = members.read(str(wheel))
    assert contents is not None
    expected = {
        os.path.realpath(path)
        for member in contents.members
        for path in members.destinations(member, {**keys, "headers": str(prefix / "HEADERS")})
    }
    written = {os.path.realpath(path) for path in prefix.rglob("*") if path.is_file()}
    commands = {path for path in written if Path(path).name in {"one", "two", "three"}}
    made_by_pip = {"INSTALLER", "REQUESTED", "direct_url.json"}
    left = {path for path in written - commands if Path(path).name not in made_by_pip}
    assert {path for path in left if "include" not in path} == {
        path for path in expected if "HEADERS" not in path
    }
    assert {Path(path).name for path in commands} <= set(contents.commands)
    assert len(commands) >= 2

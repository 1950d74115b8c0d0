"""Which paths stand for the gate, and which names come near to them and do not; and what is read from a wheel."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

import pytest

from pipgate.wheel import gate_files, members
from pipgate.wheel.gate_files import Places

if TYPE_CHECKING:
    from pathlib import Path

LIBRARY = "/env/lib/python3.11/site-packages"
SCHEME = {
    "purelib": LIBRARY,
    "platlib": LIBRARY,
    "headers": "/env/include/site/python3.11/evil",
    "scripts": "/env/bin",
    "data": "/env",
}
PLACES = Places(
    (LIBRARY,),
    ("/env/bin",),
    ("/env", "/usr"),
    ("/usr/lib/python3.11",),
    ("/home/kim/.config/pip/pip.conf",),
    ("/env/lib/python3.11",),
).folded()

OF_THE_GATE = [
    "x.data/scripts/typing.py",
    "x.data/scripts/json/__init__.py",
    "x.data/scripts/re.cpython-311-x86_64-linux-gnu.so",
    "_pipgate.pth",
    "_PIPGATE.PTH",
    "_pipgate.pth.",
    "_pipgate.pth ",
    "_pipgate.pth::$DATA",
    "\N{FULLWIDTH LOW LINE}pipgate.pth",
    "_pip\N{ZERO WIDTH JOINER}gate.pth",
    "./_pipgate.pth",
    "a/../_pipgate.pth",
    "a//../_pipgate.pth",
    "/env/lib/python3.11/site-packages/_pipgate.pth",
    "_pipgate.start",
    "_pipgate_start.py",
    "_pipgate_hook/__init__.py",
    "_pipgate_hook.abi3.so",
    "__pycache__/_pipgate_hook.cpython-311.pyc",
    "x.data/purelib/_pipgate.pth",
    "x.data/platlib/_pipgate.pth",
    "x.data/data/lib/python3.11/site-packages/_pipgate.pth",
    "x.data/headers/../purelib/_pipgate.pth",
    "x.data/data/../../y/purelib/_pipgate.pth",
    "pip/__init__.py",
    "PIP/__init__.py",
    "pip.py",
    "pip.cpython-311-x86_64-linux-gnu.so",
    "./pip-99.dist-info/METADATA",
    "pip-99-py3.11.egg-info",
    "pip-evil-99.dist-info/METADATA",
    "pip.egg-link",
    "pipgate/gate.py",
    "packaging/version.py",
    "tomli/__init__.py",
    "pip.conf",
    "x.data/data/pip.conf",
    "x.data/data/pip.ini",
    "x.data/scripts/../data/pip.conf",
    "x.data/data/pyvenv.cfg",
    "x.data/scripts/pyvenv.cfg",
    "x.data/scripts/pip",
    "x.data/scripts/pip3.11",
    "x.data/scripts/pip3.exe",
    "x.data/scripts/pip-script.py",
    "x.data/scripts/pip.py",
    "x.data/scripts/pip/__init__.py",
    "x.data/scripts/python",
    "x.data/scripts/python3.13t",
    "x.data/scripts/pythonw.exe",
    "x.data/scripts/pipgate",
    "x.data/scripts/python._pth",
    "x.data/scripts/python3.11._PTH",
    "x.data/scripts/\N{MATHEMATICAL ITALIC SMALL PI}thon._pth",
    "x.data/data/bin/python3._pth",
    "x.data/data/python._pth",
    "x.data/scripts/pybuilddir.txt",
    "x.data/scripts/Lib/os.py",
    "x.data/data/bin/lib/python3.11/os.py",
    "x.data/scripts/Modules/Setup.local",
    "x.data/data/bin/pip",
    "x.data/data/lib/python3.11/sitecustomize.py",
    "x.data/data/lib/python3.11/sitecustomize/__init__.py",
    "x.data/data/lib/python3.11/__pycache__/sitecustomize.cpython-311.pyc",
    "x.data/data/lib/python311.zip",
    "x.data/data/lib/python3.12/site-packages/pipgate/gate.py",
    "x.data/data/share/pipgate/pipgate-python",
    "x.data/data/state/pipgate/trusted.json",
    "x.data/data/etc/pipgate.toml",
]
HARMLESS = [
    "pip_audit/__init__.py",
    "pipx/main.py",
    "piptools/__init__.py",
    "pipgateway/__init__.py",
    "packaging_legacy/version.py",
    "poetry/pip/__init__.py",
    "pipenv/patched/pip/_internal/main.py",
    "vendored/pipgate/__init__.py",
    "evil/pip.conf",
    "evil/pyvenv.cfg",
    "evil/bin/python3",
    "evil/data/python311.zip",
    "pip_tools-1.0.dist-info/METADATA",
    "python/__init__.py",
    "sitecustomize_evil.py",
    "evil.pth",
    "x.data/scripts/pip-compile",
    "x.data/scripts/jp.py",
    "x.data/scripts/code",
    "x.data/scripts/python-config",
    "x.data/scripts/pipx",
    "x.data/scripts/python-argcomplete-check-easy-install-script",
    "x.data/scripts/library",
    "x.data/data/share/evil/python._pth",
    "x.data/data/share/evil/pybuilddir.txt",
    "x.data/data/lib/libevil.so",
    "x.data/data/lib/python3.11/evil/more.py",
    "evil/python._pth",
    "x.data/data/share/doc/evil/pip.conf",
    "x.data/data/etc/jupyter/pip.json",
    "x.data/headers/pip.h",
    "./x.data/purelib/evil/_pip_gate.pth",
]


def found(member: str) -> list[str]:
    if not gate_files.may_matter(member):
        return []
    judged = [gate_files.judge(each, PLACES) for each in members.destinations(member, SCHEME)]
    return [each.what for each in judged if each is not None]


@pytest.mark.parametrize("member", OF_THE_GATE)
def test_of_the_gate(member: str) -> None:
    assert found(member)


@pytest.mark.parametrize("member", HARMLESS)
def test_harmless(member: str) -> None:
    assert found(member) == []


def test_who_may_write_it() -> None:
    owners = {
        "/env/bin/pip3": "pip",
        f"{LIBRARY}/pip/__init__.py": "pip",
        f"{LIBRARY}/packaging/version.py": "packaging",
        "/env/bin/pipgate": "pipgate",
        "/env/bin/python3": None,
        f"{LIBRARY}/_pipgate.pth": None,
        "/env/pip.conf": None,
    }
    for path, owner in owners.items():
        judged = gate_files.judge(path, PLACES)
        assert judged is not None, path
        assert judged.owner == owner, path


def test_the_standard_library_is_nobodys() -> None:
    """Without an environment of its own, what a wheel calls its data lies beside the standard library."""
    base = Places((f"{LIBRARY}",), ("/env/bin",), ("/env",), ("/env/lib/python3.11",), ()).folded()
    for name in ("encodings/__init__.py", "site.py", "lib-dynload/x.so", "__pycache__/os.cpython-311.pyc"):
        assert gate_files.may_matter(f"x.data/data/lib/python3.11/{name}")
        judged = gate_files.judge(f"/env/lib/python3.11/{name}", base)
        assert judged is not None, name
        assert judged.owner is None, name
    for name in ("lib/python3.11/site-packages/evil.py", "lib/libevil.so", "share/evil/site.py"):
        assert gate_files.judge(f"/env/{name}", base) is None, name


def test_what_the_gate_lies_in() -> None:
    assert gate_files.holds_any(LIBRARY, PLACES)
    assert gate_files.holds_any("/env", PLACES)
    assert gate_files.holds_any("/env/lib", PLACES)
    assert not gate_files.holds_any(f"{LIBRARY}/evil", PLACES)
    assert not gate_files.holds_any("/env/lib/python3", PLACES)


ENTRY_POINTS = {
    "[console_scripts]\npip = evil:main\n": True,
    "[gui_scripts]\npip=evil:main": True,
    "  [ console_scripts ]\n\tpip = evil:main\n": True,
    "[console_scripts]\na = b:c\n  [other]\n = d\npip = evil:main\n": True,
    "[console_scripts]\n[other] ; more\npip = evil:main\n": True,
    "[other]\n\x0c[console_scripts]\npip = evil:main\n": True,
    "[console_scripts]\na = b:c\x1cpip = evil:main\n": True,
    "[console_scripts]\n[pip = evil:main [x]\n": True,
    "[console_scripts]\n[[pip = evil:main\n": True,
    "[other]\n[pip = console_scripts:main\n": True,
    "[console_scripts]\nx = - /../pip = evil:main\n": True,
    "[console_scripts]\nsub/pip = evil:main\n": True,
    "[console_scripts]\nx!pip = evil:main\n": True,
    "[console_scripts]\nx:pip=evil:main\n": True,
    "[console_scripts]\npip-compile = pip:main\nmy tool = pip:main [pip]\nsub/pipx = pip:main\n": False,
    "[other]\npip = evil:main\n": False,
    "[console_scripts]\na = pip:main\n[other]\npip = evil:main\n": False,
}


@pytest.mark.parametrize("text", ENTRY_POINTS)
def test_commands(tmp_path: Path, text: str) -> None:
    path = tmp_path / "evil-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr("evil-1.0.dist-info/entry_points.txt", text)
    contents = members.read(str(path))
    assert contents is not None
    assert ("pip" in contents.commands) == ENTRY_POINTS[text]


ENTRY_POINT_MEMBERS = {
    "evil-1.0.dist-info/entry_points.txt/.": True,
    "evil-1.0.dist-info/entry_points.txt/": True,
    "evil-1.0.dist-info//./entry_points.txt": True,
    "evil/_vendor/pip-1.0.dist-info/entry_points.txt": False,
    "evil-1.0.dist-info/more/entry_points.txt": False,
}


@pytest.mark.parametrize("member", ENTRY_POINT_MEMBERS)
def test_where_entry_points_are_read(tmp_path: Path, member: str) -> None:
    path = tmp_path / "evil-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr(member, "[console_scripts]\npip = evil:main\n")
    contents = members.read(str(path))
    assert contents is not None
    assert ("pip" in contents.commands) == ENTRY_POINT_MEMBERS[member]


def test_what_is_no_wheel(tmp_path: Path) -> None:
    path = tmp_path / "evil-1.0-py3-none-any.whl"
    for data in (b"", b"PK", b"PK\x05\x06" + b"\xff" * 18):
        path.write_bytes(data)
        assert members.read(str(path)) is None
    assert members.read(str(tmp_path / "nowhere.whl")) is None


def test_what_is_called_as_the_tool_outside_of_the_environment() -> None:
    places = PLACES._replace(roots=("/home/kim/pipgate/.venv",))
    for path in ("/opt/tool/lib/python3.11/site-packages/pipgate/gate.py", "/etc/xdg/pipgate/more.toml"):
        assert gate_files.judge_by_name(path, places) is not None, path
    for path in ("/home/kim/pipgate/.venv/lib/python3.11/site-packages/evil.py", "/opt/pipgateway/x.py"):
        assert gate_files.judge_by_name(path, places) is None, path

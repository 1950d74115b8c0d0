"""Outside of a virtual environment pip takes away whatever a list of files names; what the gate goes by stays."""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from support.projects import make_wheel

if TYPE_CHECKING:
    from support.adopted import Adopted

BASE = str(Path(sys.base_prefix, "bin", f"python{sys.version_info[0]}.{sys.version_info[1]}"))
ROW = "evil.py,,\nevil-2.0.dist-info/METADATA,,\nevil-2.0.dist-info/RECORD,,\n"


def with_record(path: Path, claimed: list[Path]) -> None:
    with zipfile.ZipFile(path) as wheel:
        contents = {name: wheel.read(name) for name in wheel.namelist() if "RECORD" not in name}
    with zipfile.ZipFile(path, "w") as wheel:
        for name, data in contents.items():
            wheel.writestr(name, data)
        wheel.writestr("evil-2.0.dist-info/RECORD", ROW + "".join(f'"{each}",,\n' for each in claimed))


@pytest.mark.parametrize("then", ["uninstall", "upgrade"])
def test_what_a_record_claims(newest_hooked: Adopted, then: str) -> None:
    at = newest_hooked
    site, config = at.env.site_packages, at.home / ".config"
    named = {"PIPGATE_POLICY": str(at.tmp / "team-policy.toml")}
    kept = [
        config / "pipgate" / "pipgate.toml",
        config / "pipgate" / "pipgate-approvals.toml",
        config / "pip" / "pip.conf",
        at.tmp / "team-policy.toml",
        at.home / ".local" / "state" / "pipgate" / "trusted.json",
        at.tmp / "tool" / "lib" / "python3.11" / "site-packages" / "pipgate" / "gate.py",
        site / "_pipgate.pth",
        site / "pip" / "__init__.py",
        at.env.root / "pyvenv.cfg",
        at.env.root / "bin" / "pip",
    ]
    texts = {"pipgate.toml": "version = 1\n", "team-policy.toml": "version = 1\n", "trusted.json": "{}"}
    texts |= {"pipgate-approvals.toml": "version = 1\napprovals = []\n", "pip.conf": "[global]\n"}
    for each in kept:
        if not each.exists():
            each.parent.mkdir(parents=True, exist_ok=True)
            each.write_text(texts.get(each.name, ""))
    more = at.home / "more.txt"
    more.write_text("")
    at.index.root.joinpath("evil-1.0.tar.gz").unlink()
    with_record(make_wheel(at.index.root, "evil", "2.0"), [*kept, more])
    words = ("--env", BASE, "install", "--user", "--break-system-packages", "-q")
    installed = at.central(*words, "evil==2.0", **named)
    assert installed.returncode == 0, installed.stderr
    [module] = (at.home / ".local").rglob("evil.py")
    make_wheel(at.index.root, "evil", "3.0")
    done = (
        at.central("--env", BASE, "uninstall", "--break-system-packages", "-y", "evil", **named)
        if then == "uninstall"
        else at.central(*words, "-U", "evil", **named)
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert [each for each in kept if not each.exists()] == [], done.stdout + done.stderr
    for each in kept:
        assert f"{ascii(str(each))[1:-1]} was left in place" in ascii(done.stderr), each
    assert module.exists() == (then == "upgrade")
    assert list(module.parent.glob("evil-2.0.dist-info")) == []
    assert not more.exists(), "what is not the gate's is pip's affair"

"""A pip that is not as expected is refused with 45 before it does anything."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from support.environments import Environment
    from support.world import World


def run(env: Environment, world: World, *args: str) -> object:
    world.project().sdist(world.index.root)
    script = str(env.root / "bin" / "pipgate")
    return env.run(script, *args, home=world.home, index=world.index.url)


def edit(env: Environment, file: str, old: str, new: str) -> None:
    path = env.site_packages / "pip" / file
    text = path.read_text(encoding="utf-8")
    assert re.search(old, text), "the edit must change something"
    path.write_text(re.sub(old, new, text), encoding="utf-8")


@pytest.mark.parametrize("version", ["99.0", "27.0", "26.4", "22.3.1", "20.0", "not-a-version", ""])
def test_a_version_from_the_future_or_the_past(newest: World, version: str) -> None:
    env = newest.env.copy(newest.tmp / "env")
    edit(env, "__init__.py", r'__version__ = "[^"]*"', f'__version__ = "{version}"')
    for args in (["install", "evil"], ["--allow-build", "evil", "install", "evil"], ["list"]):
        ended = run(env, newest, *args)
        assert ended.status == 45, ended.text
        assert "gate-not-armed" in ended.err
        assert "pip 23.1 to 26.3" in ended.err
        assert "no project code has run" in ended.err
        assert newest.canary.silent


CHANGES = [
    (
        "_internal/distributions/sdist.py",
        "def prepare_distribution_metadata",
        "def prepare_metadata_of_distribution",
    ),
    ("_internal/wheel_builder.py", r"def _build_one\(\n    req", "def _build_one(\n    wanted"),
    ("_internal/operations/prepare.py", "def unpack_vcs_link", "def fetch_vcs_link"),
    ("_internal/cache.py", "def get_cache_entry", "def cache_entry"),
    ("_internal/vcs/versioncontrol.py", "def run_command", "def run_vcs"),
    ("_internal/index/package_finder.py", "def _sort_key", "def _key"),
    ("_internal/resolution/legacy/resolver.py", "    def resolve", "    def resolve_all"),
]


@pytest.mark.parametrize(("file", "old", "new"), CHANGES, ids=[change[1] for change in CHANGES])
def test_a_choke_point_that_has_moved(world: World, file: str, old: str, new: str) -> None:
    env = world.env.copy(world.tmp / "env")
    edit(env, file, old, new)
    for args in (["install", "evil"], ["--allow-build", "evil", "install", "evil"], ["download", "evil"]):
        ended = run(env, world, *args)
        assert ended.status == 45, ended.text
        assert "gate-not-armed" in ended.err
        assert "Traceback" not in ended.err
        assert world.canary.silent


def test_a_module_that_is_gone(newest: World) -> None:
    env = newest.env.copy(newest.tmp / "env")
    (env.site_packages / "pip" / "_internal" / "resolution" / "legacy" / "resolver.py").unlink()
    ended = run(env, newest, "install", "evil")
    assert ended.status == 45, ended.text
    assert "resolver" in ended.err


def test_no_pip_at_all(newest: World) -> None:
    import shutil  # noqa: PLC0415 -- for this test alone

    env = newest.env.copy(newest.tmp / "env")
    shutil.rmtree(env.site_packages / "pip")
    ended = run(env, newest, "install", "evil")
    assert ended.status == 45, ended.text


def test_pip_was_imported_before_the_gate(newest: World) -> None:
    env = newest.env.copy(newest.tmp / "env")
    (env.site_packages / "early.pth").write_text("import pip._internal.wheel_builder\n")
    ended = run(env, newest, "install", "evil")
    assert ended.status == 45, ended.text
    assert newest.canary.silent


def test_a_python_option_that_leads_to_an_old_interpreter(newest: World) -> None:
    old = newest.tmp / "old-python"
    old.write_text(
        f"#!/bin/sh\nexec {newest.env.python} -c 'import sys; sys.version_info = (3, 8, 1); sys.argv = "
        'sys.argv[1:]; exec(open(sys.argv[0]).read())\' "$@"\n'
    )
    old.chmod(0o755)
    ended = run(newest.env, newest, "--python", str(old), "install", "evil")
    assert ended.status == 45, ended.text
    assert "needs Python 3.10" in ended.err

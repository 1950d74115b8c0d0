"""Wheels that try to run inside the pip process that installs them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.projects import make_wheel

if TYPE_CHECKING:
    from support.world import World

REPLACED = (
    "_manylinux.py",
    "pip/_internal/self_outdated_check.py",
    "pip/_internal/operations/check.py",
    "pip/_internal/utils/entrypoints.py",
    "pip/_internal/commands/check.py",
    "pip/_vendor/rich/markup.py",
    "pip/_vendor/pygments/lexers/python.py",
    "pipgate/report.py",
    "pipgate/terminal.py",
    "packaging/tags.py",
    "keyring/__init__.py",
    "json.py",
    "_distutils_hack/__init__.py",
    "sitecustomize.py",
    "truststore.py",
)


# A wheel that brings files of these is refused (test_displacing_wheels.py).
_OF_THE_GATE = ("pip/", "pipgate/", "packaging/")


@pytest.mark.parametrize("command", ["install", "upgrade-check", "force"])
def test_a_wheel_that_replaces_what_pip_imports(world: World, command: str) -> None:
    env = world.env.copy(world.tmp / "env")
    others = [name for name in REPLACED if not name.startswith(_OF_THE_GATE)]
    files = {name: world.canary.sings_from(name) + "\n" for name in others}
    make_wheel(world.index.root, "trap", "1.0", files=files)
    options = {"home": world.home, "index": world.index.url}
    if command == "upgrade-check":
        world.serve_pips()
        options["env"] = {"PIP_DISABLE_PIP_VERSION_CHECK": "0"}
    flags = ["--force-reinstall"] if command == "force" else []
    script = str(env.root / "bin" / "pipgate")
    ended = env.run(script, "install", *flags, "trap", **options)
    assert ended.status == 0, ended.text
    assert "Successfully installed trap-1.0" in ended.out, ended.text
    assert world.canary.silent, world.canary.songs
    # And the trap is one: whoever imports it now makes the canary sing.
    env.run("-c", "import _manylinux", **options)
    assert not world.canary.silent


def test_pip_can_replace_itself(world: World) -> None:
    env = world.env.copy(world.tmp / "env")
    world.serve_pips()
    script = str(env.root / "bin" / "pipgate")
    other = "25.1.1" if world.env.pip != "25.1.1" else "25.3"
    ended = env.run(script, "install", f"pip=={other}", home=world.home, index=world.index.url)
    assert ended.status == 0, ended.text
    assert f"Successfully installed pip-{other}" in ended.out
    assert "rror" not in ended.err, ended.text


def test_plain_pip_falls_for_it(world: World) -> None:
    """The trap is a real one: the pips that closed it themselves are 26.2 and newer."""
    env = world.env.copy(world.tmp / "env")
    world.serve_pips()
    files = {name: world.canary.sings_from(name) + "\n" for name in REPLACED}
    make_wheel(world.index.root, "trap", "1.0", files=files)
    options = {"home": world.home, "index": world.index.url, "env": {"PIP_DISABLE_PIP_VERSION_CHECK": "0"}}
    env.plain_pip("install", "trap", **options)
    assert world.canary.silent == (world.env.release >= (26, 2)), world.canary.songs

"""Where a command is run from, and what an index says beside a file, decide nothing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from support.environments import release_of

if TYPE_CHECKING:
    from support.world import World

METADATA = b"Metadata-Version: 2.1\nName: evil\nVersion: 1.0\n"


def test_modules_that_lie_in_the_current_directory(world: World) -> None:
    """As beside a cloned project: nothing of it may be imported in the place of the real modules."""
    here = world.tmp / "here"
    for name in ("pip", "packaging", "pip/_internal", "pip/_internal/cli"):
        (here / name).mkdir(parents=True)
        (here / name / "__init__.py").write_text(world.canary.sings_from(name))
    for name in ("json", "logging", "subprocess", "sitecustomize", "_manylinux", "tempfile", "keyring"):
        (here / f"{name}.py").write_text(world.canary.sings_from(name))
    world.project().sdist(world.index.root)
    for args in (["--version"], ["list"], ["install", "--prefix", str(world.tmp / "t"), "evil"]):
        script = world.pipgate(*args, cwd=here)
        module = world.env.run("-m", "pipgate", *args, home=world.home, index=world.index.url, cwd=here)
        assert script.status == module.status
        assert "Traceback" not in script.err + module.err, script.text
    assert world.canary.silent, world.canary.songs
    world.env.run("-m", "pip", "--version", home=world.home, cwd=here)
    assert not world.canary.silent, "pip itself is hijacked there"


def test_modules_that_lie_beside_the_script(world: World) -> None:
    env = world.env.copy(world.tmp / "env")
    for name in ("json", "pip", "packaging", "tempfile"):
        (env.root / "bin" / f"{name}.py").write_text(world.canary.sings_from(name))
    ended = env.run(str(env.root / "bin" / "pipgate"), "list", home=world.home)
    assert ended.status == 0, ended.text
    assert world.canary.silent, world.canary.songs


def test_metadata_that_an_index_offers_for_an_sdist(world: World) -> None:
    """PEP 658: pip may then resolve without the file, and comes to the build later."""
    sdist = world.project().sdist(world.index.root)
    world.index.metadata[sdist.name] = METADATA
    blocked = world.pipgate("install", "--prefix", str(world.tmp / "t"), "evil")
    assert blocked.status == 43, blocked.text
    assert "evil 1.0" in blocked.err
    assert "bug in pipgate" not in blocked.err
    wheel = world.pipgate("wheel", "-w", str(world.tmp / "w"), "evil")
    assert wheel.status == 43, wheel.text
    assert world.canary.silent
    allowed = world.pipgate("--allow-build", "evil", "install", "--prefix", str(world.tmp / "t"), "evil")
    assert allowed.status == 0, allowed.text
    assert not world.canary.silent


@pytest.mark.parametrize(
    "form", ["subdirectory", "symlink", "percent", "trailing-slash", "editable-with-extra"]
)
def test_other_ways_to_name_ones_own_directory(world: World, form: str) -> None:
    tree = world.project("ours").tree(world.tmp / "my code" / "ours")
    link = world.tmp / "link"
    link.symlink_to(tree)
    args = {
        "subdirectory": [f"ours @ {(world.tmp / 'my code').as_uri()}#subdirectory=ours"],
        "symlink": [str(link)],
        "percent": [f"ours @ {tree.as_uri()}"],
        "trailing-slash": [f"{tree}/"],
        "editable-with-extra": ["-e", f"{tree}[more]"],
    }[form]
    ended = world.pipgate("install", "--prefix", str(world.tmp / "t"), *args)
    assert ended.status == 0, ended.text
    assert not world.canary.silent


def test_a_named_directory_names_no_other_within_it(world: World) -> None:
    quiet = type(world.canary)(world.tmp / "quiet.txt")
    top = world.tmp / "ours"
    vendored = world.project("evil").tree(top / "vendor" / "evil")
    requires = (f"evil @ {top.as_uri()}#subdirectory=vendor/evil",)
    type(world.project())("ours", "1.0", quiet, requires=requires).tree(top)
    ended = world.pipgate("install", "--prefix", str(world.tmp / "t"), str(top))
    assert ended.status == 43, ended.text
    assert world.canary.silent
    assert str(vendored) in ended.err
    command = ended.err.strip().splitlines()[-1].partition(": pipgate ")[2].split()
    assert world.pipgate(*command).status == 0


def test_a_directory_of_a_fetched_lock_file(world: World) -> None:
    if world.env.release < release_of("26.1"):
        return  # older pips do not read lock files
    tree = world.project().tree(world.tmp / "tree")
    head = 'lock-version = "1.0"\ncreated-by = "tests"\n[[packages]]\nname = "evil"\nversion = "1.0"\n'
    local = world.tmp / "pylock.toml"
    local.write_text(f'{head}directory = {{ path = "{tree}" }}\n')
    fetched = world.index.root / "pylock.toml"
    fetched.write_text(local.read_text())
    args = ("install", "--prefix", str(world.tmp / "t"), "-r")
    blocked = world.pipgate(*args, world.index.file_url(fetched))
    assert blocked.status != 0, blocked.text
    assert world.canary.silent
    assert world.pipgate(*args, str(local)).status == 0, "a lock file of one's own names it"
    assert Path(world.canary.path).exists()

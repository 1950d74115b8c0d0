"""What was hashed is what is built: caches, second answers, and two files of one name."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from support.canary import Canary
from support.projects import make_wheel

if TYPE_CHECKING:
    from support.world import World


def requests_of(world: World) -> list[dict]:  # type: ignore[type-arg]  # the JSON of a report
    return json.loads((world.tmp / "report.json").read_text())["requests"]


def install(world: World, *args: str, allow: tuple[str, ...] = ()) -> object:
    options = [word for name in allow for word in ("--allow-build", name)]
    report = ["--gate-report", str(world.tmp / "report.json")]
    return world.pipgate(*options, *report, "install", "--prefix", str(world.tmp / "target"), *args)


def test_a_cached_wheel_is_no_approval(world: World) -> None:
    world.project().sdist(world.index.root)
    options = {"home": world.home, "index": world.index.url}
    first = world.env.plain_pip("wheel", "-w", str(world.tmp / "target"), "evil", **options)
    assert first.status == 0, first.text
    world.canary.path.unlink()
    blocked = install(world, "evil")
    assert blocked.status == 43, blocked.text
    assert world.canary.silent
    allowed = install(world, "evil", allow=("evil",))
    assert allowed.status == 0, allowed.text
    assert world.canary.silent, "the cached wheel serves an allowed build"


def test_a_cached_wheel_of_a_direct_reference_is_no_approval(world: World) -> None:
    url = world.index.file_url(world.project().sdist(world.index.root))
    options = {"home": world.home, "index": world.index.url}
    world.env.plain_pip("wheel", "-w", str(world.tmp / "target"), f"evil @ {url}", **options)
    world.canary.path.unlink()
    assert install(world, f"evil @ {url}").status == 43
    assert world.canary.silent


def test_an_index_that_answers_differently_the_second_time(world: World) -> None:
    world.index.hashes = False
    sdist = world.project().sdist(world.index.root)
    first = sdist.read_bytes()
    other = type(world.project())("evil", "1.0", Canary(world.tmp / "other.txt")).sdist(
        world.tmp / "elsewhere"
    )
    world.index.answers[f"/files/{sdist.name}"] = [first, other.read_bytes()]
    ended = install(world, "--no-cache-dir", "evil", allow=("evil",))
    assert ended.status == 0, ended.text
    digests = {each["source"]["sha256"] for each in requests_of(world)}
    built_first, built_other = not world.canary.silent, (world.tmp / "other.txt").exists()
    assert built_first != built_other
    expected = first if built_first else other.read_bytes()
    assert digests == {hashlib.sha256(expected).hexdigest()}


def test_two_sources_with_one_file_name(world: World) -> None:
    sdist = world.project().sdist(world.index.root)
    other = type(world.project())("evil", "1.0", Canary(world.tmp / "other.txt")).sdist(world.tmp / "links")
    assert sdist.name == other.name
    ended = install(world, "--find-links", str(world.tmp / "links"), "evil", allow=("evil",))
    assert ended.status == 0, ended.text
    built = sdist if not world.canary.silent else other
    digests = {each["source"]["sha256"] for each in requests_of(world)}
    assert digests == {hashlib.sha256(built.read_bytes()).hexdigest()}


def test_a_version_that_is_not_the_allowed_one(world: World) -> None:
    world.project(version="1.0").sdist(world.index.root)
    world.project(version="2.0").sdist(world.index.root)
    assert install(world, "evil", allow=("evil==3.0",)).status == 43
    assert world.canary.silent
    ended = install(world, "evil", allow=("evil==1.0",))
    assert ended.status == 0, ended.text
    assert {each["version"] for each in requests_of(world) if each["ran"]} == {"1.0"}


def test_an_allowed_name_does_not_allow_a_url_from_metadata(world: World) -> None:
    url = world.index.file_url(world.project().sdist(world.index.root))
    make_wheel(world.index.root, "good", "1.0", requires=(f"evil @ {url}",))
    ended = install(world, "good", allow=("evil",))
    assert ended.status == 43, ended.text
    assert world.canary.silent
    assert f"--allow-build {url}" in ended.err


def test_a_wheel_built_from_a_local_file_serves_until_the_file_changes(world: World) -> None:
    """pip finds the cached wheel of a local file by its path alone."""
    links = world.tmp / "links"
    sdist = world.project().sdist(links)
    take = ("--no-index", "--find-links", str(links), "--force-reinstall", "evil")
    assert install(world, *take, allow=("evil",)).status == 0
    assert not world.canary.silent
    world.canary.path.unlink()
    again = install(world, *take, allow=("evil",))
    assert again.status == 0, again.text
    assert world.canary.silent, "as with plain pip, the wheel of the first run serves"
    changed = type(world.project())("evil", "1.0", world.canary, files={"more.txt": "changed"}).sdist(links)
    assert changed == sdist
    assert install(world, *take, allow=("evil",)).status == 0
    assert not world.canary.silent, "what was built from other bytes does not serve"


def test_a_wheel_that_an_ungated_pip_built_from_a_local_file_is_no_approval(world: World) -> None:
    links = world.tmp / "links"
    world.project().sdist(links)
    take = ("--no-index", "--find-links", str(links), "evil")
    built = world.env.plain_pip("wheel", "-w", str(world.tmp / "w"), *take, home=world.home)
    assert built.status == 0, built.text
    world.canary.path.unlink()
    assert install(world, *take).status == 43
    assert world.canary.silent

"""What was hashed is what is built: caches, second answers, and two files of one name."""

from __future__ import annotations

import hashlib
import json
import subprocess
from typing import TYPE_CHECKING

import pytest

from support.canary import Canary
from support.environments import PIPS
from support.projects import Project, make_wheel

if TYPE_CHECKING:
    from pathlib import Path

    from support.environments import Ended
    from support.world import World


def requests_of(world: World) -> list[dict]:  # type: ignore[type-arg]  # the JSON of a report
    return json.loads((world.tmp / "report.json").read_text())["requests"]


def install(world: World, *args: str, allow: tuple[str, ...] = (), **options: object) -> Ended:
    allowed = [word for name in allow for word in ("--allow-build", name)]
    report = ["--gate-report", str(world.tmp / "report.json")]
    return world.pipgate(
        *allowed, *report, "install", "--prefix", str(world.tmp / "target"), *args, **options
    )


def test_a_cached_wheel_is_no_approval(world: World) -> None:
    world.project().sdist(world.index.root)
    options = {"home": world.home, "index": world.index.url}
    first = world.env.plain_pip("wheel", "-w", str(world.tmp / "target"), "evil", **options)
    assert first.status == 0, first.text
    world.canary.path.unlink()
    blocked = install(world, "evil")
    assert blocked.status == 43, blocked.text
    assert world.canary.silent
    take = ("--force-reinstall", "evil")
    allowed = install(world, *take, allow=("evil",))
    assert allowed.status == 0, allowed.text
    assert not world.canary.silent, "nobody has noted what the cached wheel was built from"
    world.canary.path.unlink()
    again = install(world, *take, allow=("evil",))
    assert again.status == 0, again.text
    assert world.canary.silent, "what was built here serves"


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


# A hash beside a link binds nothing: pip takes a file that fits any hash it was given


def approved_and_another(world: World) -> tuple[Path, str, str]:
    """Approve one file of evil 1.0 for a project; return another, and the sha256 of both."""
    approved = Project("evil", "1.0", Canary(world.tmp / "approved.txt")).sdist(world.tmp / "approved")
    other = world.project().sdist(world.index.root)
    project = world.tmp / "project"
    project.mkdir()
    for words in (("approve", "evil==1.0", "--no-index", "-f", str(approved.parent)), ("trust",)):
        ended = world.pipgate(*words, cwd=project)
        assert ended.status == 0, ended.text
    return other, *(hashlib.sha256(each.read_bytes()).hexdigest() for each in (approved, other))  # type: ignore[return-value]  # two


def requirement(kind: str, url: str, said: str, held: str, directory: Path) -> tuple[str, ...]:
    if kind != "pylock":
        line = f"evil @ {url}#sha256={said} --hash=sha256:{held}\n"
        (directory / "r.txt").write_text(line)
        return ("--no-index", "-r", "r.txt")
    (directory / "pylock.toml").write_text(
        'lock-version = "1.0"\ncreated-by = "tests"\n\n[[packages]]\nname = "evil"\nversion = "1.0"\n'
        f'archive = {{ url = "{url}#sha256={said}", hashes = {{ sha256 = "{held}" }} }}\n'
    )
    return ("-r", "pylock.toml")


@pytest.mark.parametrize(
    ("kind", "pip"),
    [("url", PIPS[0]), ("url", PIPS[-1]), ("file", PIPS[0]), ("file", PIPS[-1]), ("pylock", PIPS[-1])],
)
def test_the_hash_of_a_link_approves_no_cached_wheel(world: World, kind: str) -> None:
    other, said, held = approved_and_another(world)
    url = other.as_uri() if kind == "file" else world.index.file_url(other)
    project = world.tmp / "project"
    args = requirement(kind, url, said, held, project)
    options = {"home": world.home, "index": world.index.url, "cwd": project}
    assert install(world, *args, cwd=project).status == 43
    built = world.env.plain_pip("install", "--target", str(world.tmp / "w"), *args, **options)
    assert built.status == 0, built.text
    assert not world.canary.silent
    ended = install(world, *args, cwd=project)
    assert ended.status == 43, ended.text
    assert "another file was approved" in ended.err
    assert not list((world.tmp / "target").rglob("*"))


def cached_wheels(world: World) -> list[Path]:
    return sorted((world.home / "cache" / "pip" / "wheels").rglob("*.whl"))


@pytest.mark.parametrize("how", ["index", "index without hashes", "links", "git"])
def test_a_cached_wheel_that_was_replaced_is_built_anew(world: World, how: str) -> None:
    """A cache that a pull request can have written: what serves is what was built here."""
    take, allow = source_of(world, how)
    first = install(world, *take, allow=(allow,))
    assert first.status == 0, first.text
    world.canary.path.unlink()
    again = install(world, *take, allow=(allow,))
    assert again.status == 0, again.text
    assert world.canary.silent, "the wheel of the first run serves"
    [cached] = cached_wheels(world)
    make_wheel(cached.parent, "evil", "1.0", files={"poison.py": ""})
    ended = install(world, *take, allow=(allow,))
    assert ended.status == 0, ended.text
    assert not world.canary.silent
    assert not list((world.tmp / "target").rglob("poison.py"))


def source_of(world: World, how: str) -> tuple[tuple[str, ...], str]:
    again = "--force-reinstall"
    match how:
        case "index":
            world.project().sdist(world.index.root)
            return (again, "evil"), "evil"
        case "index without hashes":
            world.index.hashes = False
            return source_of(world, "index")
        case "links":
            world.project().sdist(world.tmp / "links")
            return (again, "--no-index", "--find-links", str(world.tmp / "links"), "evil"), "evil"
        case _:
            repository = world.project().repository(world.tmp / "repo")
            head = ["git", "-C", str(repository), "rev-parse", "HEAD"]
            commit = subprocess.run(head, check=True, capture_output=True, text=True).stdout
            url = f"git+{repository.as_uri()}@{commit.strip()}"
            return (again, f"{url}#egg=evil"), url


@pytest.mark.parametrize("what", ["version", "claim", "another file"])
def test_a_cached_wheel_of_a_url_is_judged_by_all_that_its_file_says(newest: World, what: str) -> None:
    """The answer is that of a cold cache: by the version in its name, and the name that it says of itself."""
    world = newest
    claim = {"PKG-INFO": "Metadata-Version: 1.0\nName: other\nVersion: 1.0\n"} if what == "claim" else {}
    sdist = world.project(files=claim).sdist(world.index.root)
    (project := world.tmp / "project" / ".git").mkdir(parents=True)
    take = ("--force-reinstall", f"evil @ {world.index.file_url(sdist)}")
    options = {"cwd": project.parent, "allow": ("evil",)}
    if what == "version":
        sha256 = hashlib.sha256(sdist.read_bytes()).hexdigest()
        options["allow"] = ()
        assert world.pipgate("approve", f"evil@sha256:{sha256}", cwd=project.parent).status == 0
    assert install(world, *take, **options).status == 0
    world.canary.path.unlink()
    assert install(world, *take, **options).status == 0
    assert world.canary.silent, "the wheel of the first run serves"
    if what == "version":
        entry = '{ name = "evil", version = "1.0", by = "kim", on = 2100-01-01T00:00:00Z }'
        file = project.parent / "pipgate-approvals.toml"
        file.write_text(file.read_text().replace("revoked = [\n", f"revoked = [\n    {entry},\n"))
        assert world.pipgate("trust", cwd=project.parent).status == 0
    elif what == "claim":
        assert world.pipgate("deny", "other", cwd=project.parent).status == 0
    else:
        other = world.pipgate("approve", "evil==1.0", "--sha256", "b" * 64, cwd=project.parent)
        assert other.status == 0, other.text
    warm = install(world, *take, **options)
    cold = install(world, "--no-cache-dir", *take, **options)
    assert (warm.status, cold.status) == (43, 43), warm.text + cold.text
    assert world.canary.silent


@pytest.mark.parametrize("helper", ["built", "cached"])
def test_a_cached_wheel_serves_while_all_that_made_it_is_allowed(newest: World, helper: str) -> None:
    world = newest
    world.project(build_requires=("helper",)).sdist(world.index.root)
    world.project("helper", build_requires=("deeper",)).sdist(world.index.root)
    world.project("deeper").sdist(world.index.root)
    take, everything = ("--force-reinstall", "evil"), ("evil", "helper", "deeper")
    if helper == "cached":
        first = install(world, "--ignore-installed", "helper", allow=everything)
        assert first.status == 0, first.text
        world.canary.path.unlink()
    first = install(world, *take, allow=everything)
    assert first.status == 0, first.text
    assert ("helper 1.0 build_wheel" in world.canary.songs) is (helper == "built")
    world.canary.path.unlink()
    again = install(world, *take, allow=everything)
    assert again.status == 0, again.text
    assert world.canary.silent, "the wheel of the first run serves"
    for allow in (("evil",), ("evil", "helper")):
        warm = install(world, *take, allow=allow)
        assert warm.status == 43, warm.text
        assert install(world, "--no-cache-dir", *take, allow=allow).status == 43
    (project := world.tmp / "project").mkdir()
    assert world.pipgate("deny", "deeper", cwd=project).status == 0
    denied = install(world, *take, allow=everything, cwd=project)
    assert denied.status == 43, denied.text
    assert "deeper was denied" in denied.err


@pytest.mark.parametrize("how", ["archive", "git"])
def test_what_the_cache_says_of_an_origin_is_not_installed(world: World, how: str) -> None:
    """It would stand in direct_url.json, from which ``pip freeze`` names sources and starts git."""
    url = world.index.file_url(world.project().sdist(world.index.root))
    take, allow = (
        source_of(world, "git") if how == "git" else (("--force-reinstall", f"evil @ {url}"), "evil")
    )
    assert install(world, *take, allow=(allow,)).status == 0
    [direct] = (world.tmp / "target").rglob("direct_url.json")
    built = json.loads(direct.read_text())
    [cached] = cached_wheels(world)
    lies = {"url": "file:///elsewhere", "dir_info": {"editable": True}}
    (cached.parent / "origin.json").write_text(json.dumps(lies))
    world.canary.path.unlink()
    again = install(world, *take, allow=(allow,))
    assert again.status == 0, again.text
    assert world.canary.silent
    [direct] = (world.tmp / "target").rglob("direct_url.json")
    assert json.loads(direct.read_text()) == built


def test_a_record_that_is_damaged_or_not_ones_own_is_none(newest: World) -> None:
    world = newest
    world.project().sdist(world.index.root)
    take = ("--force-reinstall", "evil")
    assert install(world, *take, allow=("evil",)).status == 0
    [record] = (world.home / ".local" / "state" / "pipgate" / "built").iterdir()
    for damage in (b"", b"[]", b'{"wheel": 1}', b"\xff", b"[" * 100_000):
        record.write_bytes(damage)
        world.canary.path.unlink()
        ended = install(world, *take, allow=("evil",))
        assert ended.status == 0, ended.text
        assert not world.canary.silent, damage
        assert json.loads(record.read_bytes())["pin"], "it was built anew, and noted"
    world.canary.path.unlink()
    record.chmod(0o666)
    assert install(world, *take, allow=("evil",)).status == 0
    assert not world.canary.silent, "others can have written it"


def test_an_observed_run_takes_what_is_cached(newest: World) -> None:
    world = newest
    world.project().sdist(world.index.root)
    options = {"home": world.home, "index": world.index.url}
    world.env.plain_pip("wheel", "-w", str(world.tmp / "w"), "evil", **options)
    world.canary.path.unlink()
    ended = world.pipgate("--gate-mode", "observe", "install", "--target", str(world.tmp / "t"), "evil")
    assert ended.status == 0, ended.text
    assert world.canary.silent

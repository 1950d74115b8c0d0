"""Every kind of static metadata on every pip: nothing runs, and the right files come out."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING

import pytest

from support.environments import PIPS, SOME_PIPS, release_of
from support.projects import make_wheel, write_tar
from support.static_kinds import AUTHORITATIVE, CLOSURE, RECORDED, project

if TYPE_CHECKING:
    from pathlib import Path

    from support.environments import Ended
    from support.world import World

FIRST_LOCK = (25, 1)
FIRST_GIT_FILE_URL = (24, 1)  # behind a name
FIRST_ONLY_DEPS = (26, 2)
FIRST_CORE_METADATA = (23, 2)  # PEP 714 renamed the key
# Every pip in the matrix; else both ends and the first that has ``lock`` and the new build environments.
PIPS_HERE = PIPS if PIPS != SOME_PIPS else (PIPS[0], *PIPS[2:])
KINDS = (*AUTHORITATIVE, *RECORDED)
HAVE_CORE_METADATA = [pip for pip in PIPS_HERE if release_of(pip) >= FIRST_CORE_METADATA]
HAVE_GIT_FILE_URLS = [pip for pip in PIPS_HERE if release_of(pip) >= FIRST_GIT_FILE_URL]
HAVE_ONLY_DEPS = [pip for pip in PIPS_HERE if release_of(pip) >= FIRST_ONLY_DEPS]
HAVE_LOCK = [pip for pip in PIPS_HERE if release_of(pip) >= FIRST_LOCK]

every_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
every_authority = pytest.mark.parametrize("kind", AUTHORITATIVE, ids=lambda kind: kind.__name__)
every_record = pytest.mark.parametrize("kind", RECORDED, ids=lambda kind: kind.__name__)


def serve_the_rest(world: World) -> None:
    make_wheel(world.index.root, "good", "1.0")
    make_wheel(world.index.root, "extra-dep", "1.0", requires=('deeper ; extra == "deep"',), extras=("deep",))
    make_wheel(world.index.root, "deeper", "1.0")


def run(
    world: World, *args: str, allow: tuple[str, ...] = (), **options: object
) -> tuple[Ended, dict[str, object]]:
    report = world.tmp / "gate.json"
    allowing = [word for name in allow for word in ("--allow-build", name)]
    ended = world.pipgate(*allowing, "--gate-report", str(report), *args, **options)
    assert "Traceback" not in ended.err, ended.text
    told = json.loads(report.read_text())
    assert told["refused_processes"] == [], ended.text
    return ended, told


def stems(world: World) -> set[str]:
    """Return NAME-VERSION of every file that was downloaded."""
    names = [
        path.name.removesuffix(".tar.gz").removesuffix("-py3-none-any.whl")
        for path in (world.tmp / "d").iterdir()
    ]
    return set(names)


@every_kind
def test_download(world: World, kind: object) -> None:
    project(world, kind).sdist(world.index.root)
    serve_the_rest(world)
    ended, told = run(world, "download", "-d", str(world.tmp / "d"), "evil[more]")
    assert ended.status == 0, ended.text
    assert stems(world) == {"evil-1.0", *CLOSURE}
    assert world.canary.silent
    [source] = {each["source"] for each in told["metadata"]}
    assert ("evil 1.0" in ended.err) == (source == "recorded"), "a note names what rests on a recorded list"
    assert (kind in RECORDED) == (source == "recorded")


@every_kind
def test_dry_run(world: World, kind: object) -> None:
    project(world, kind).sdist(world.index.root)
    serve_the_rest(world)
    report = world.tmp / "report.json"
    ended, _ = run(world, "install", "--dry-run", "--report", str(report), "evil[more]")
    assert ended.status == 0, ended.text
    would = [line for line in ended.out.splitlines() if line.startswith("Would install")]
    assert would, ended.text
    assert {each.replace("-dep", "_dep") for each in would[0].split()[2:]} == {"evil-1.0", *CLOSURE}
    assert world.canary.silent
    metadata = next(
        each["metadata"]
        for each in json.loads(report.read_text())["install"]
        if each["metadata"]["name"] == "evil"
    )
    assert metadata["provides_extra"] == ["more"]
    assert len(metadata["requires_dist"]) == 4


@pytest.mark.parametrize("pip", HAVE_LOCK)
@every_kind
def test_lock(world: World, kind: object) -> None:
    project(world, kind).sdist(world.index.root)
    serve_the_rest(world)
    lock = world.tmp / "pylock.toml"
    ended, _ = run(world, "lock", "-o", str(lock), "evil[more]")
    assert world.canary.silent
    if kind in AUTHORITATIVE:
        assert ended.status == 0, ended.text
        assert {"evil", "good", "extra-dep", "deeper"} == _locked(lock.read_text())
    else:
        assert ended.status == 43, ended.text
        assert "recorded what it requires" in ended.err
        allowed, _ = run(world, "lock", "-o", str(lock), "evil[more]", allow=("evil",))
        assert allowed.status == 0, allowed.text
        assert not world.canary.silent
        assert {"evil", "good", "extra-dep", "deeper"} == _locked(lock.read_text())


def _locked(text: str) -> set[str]:
    return {
        line.split('"')[1] for line in text.splitlines() if line.startswith("name = ") and "." not in line
    }


@pytest.mark.parametrize("command", ["install", "wheel"])
@every_kind
def test_a_build_is_blocked_and_sings_when_allowed(world: World, kind: object, command: str) -> None:
    project(world, kind).sdist(world.index.root)
    serve_the_rest(world)
    words = [command, "--prefix" if command == "install" else "-w", str(world.tmp / "t"), "evil[more]"]
    ended, _ = run(world, *words)
    assert ended.status == 43, ended.text
    assert world.canary.silent
    assert "No project code has run. Nothing was installed." in ended.err
    allowed, told = run(world, *words, allow=("evil",))
    assert allowed.status == 0, allowed.text
    assert "evil 1.0 build_wheel" in world.canary.songs
    assert told["metadata"] == [], "the build has confirmed it"
    assert world.canary.songs.count("evil 1.0 prepare_metadata_for_build_wheel") == 1


@every_authority
def test_nothing_runs_before_the_whole_plan_is_allowed(world: World, kind: object) -> None:
    """Where the list binds the build; a recorded one is no plan, so an allowed build is asked for its own."""
    project(world, kind).sdist(world.index.root)
    project(world, kind, "worse", requires=(("", "", "good"),)).sdist(world.index.root)
    serve_the_rest(world)
    ended, _ = run(world, "install", "--prefix", str(world.tmp / "t"), "worse", "evil", allow=("evil",))
    assert ended.status == 43, ended.text
    assert world.canary.silent, "evil is allowed, and its turn has not come"
    assert "worse 1.0" in ended.err
    command = ended.err.strip().splitlines()[-1].partition(": pipgate ")[2]
    pasted, _ = run(world, *shlex.split(command))
    assert pasted.status == 0, pasted.text
    assert "Successfully installed evil-1.0 good-1.0 worse-1.0" in pasted.out


@every_authority
def test_an_authoritative_list_that_lied_stops_the_run(world: World, kind: object) -> None:
    project(world, kind, told=(("", "", "extra-dep"),)).sdist(world.index.root)
    serve_the_rest(world)
    ended, told = run(world, "install", "--prefix", str(world.tmp / "t"), "evil", allow=("evil",))
    assert ended.status == 43, ended.text
    assert "error: metadata-differs" in ended.err
    assert "- Requires-Dist: extra-dep" in ended.err
    assert "+ Requires-Dist: good>=1" in ended.err
    assert "Project code that was allowed has run: evil 1.0" in ended.err
    assert "Nothing was installed." in ended.err
    assert "evil 1.0 build_wheel" not in world.canary.songs
    assert {each["decision"]["code"] for each in told["requests"] if each["stopped"]} == {"metadata-differs"}


def test_a_recorded_list_chooses_nothing_where_the_build_is_allowed(world: World) -> None:
    """Neither does a list that cannot be met stand in the way, nor is an older release taken for it."""
    stale = project(world, RECORDED[0], told=(("", "", "no-such-thing"),), requires=())
    stale.sdist(world.index.root)
    older = world.project(
        "evil", "0.9", files={"PKG-INFO": "Metadata-Version: 2.2\nName: evil\nVersion: 0.9\n"}
    )
    older.sdist(world.index.root)
    ended, _ = run(world, "install", "--prefix", str(world.tmp / "t"), "evil", allow=("evil",))
    assert ended.status == 0, ended.text
    assert "Successfully installed evil-1.0" in ended.out


@pytest.mark.parametrize("command", ["install", "wheel"])
@pytest.mark.parametrize("built", [("evil", "2.0"), ("innocent", "1.0")], ids=["version", "name"])
def test_a_build_that_is_another_project_or_version_is_discarded(
    world: World, built: tuple[str, str], command: str
) -> None:
    name, version = built
    made = world.project(name, version, files=RECORDED[0]("evil", "1.0", ()))
    made.sdist(world.index.root, "evil-1.0.tar.gz")
    words = [command, "--prefix" if command == "install" else "-w", str(world.tmp / "t"), "evil"]
    ended, _ = run(world, *words, allow=("evil==1.0",))
    assert ended.status == 1, ended.text
    assert "inconsistent" in ended.out + ended.err
    assert not list((world.tmp / "t").glob("**/*.whl"))


def test_metadata_of_the_index_leaves_no_build_out_of_the_plan(world: World) -> None:
    """PEP 658: pip would come to these builds later, one by one."""
    for name in ("evil", "worse"):
        sdist = project(world, AUTHORITATIVE[0], name, requires=()).sdist(world.index.root)
        world.index.metadata[sdist.name] = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n".encode()
    install = ("install", "--prefix", str(world.tmp / "t"), "evil", "worse")
    one, _ = run(world, *install, allow=("evil",))
    assert one.status == 43, one.text
    assert world.canary.silent, "evil is allowed, and its turn has not come"
    both, _ = run(world, *install)
    assert "2 packages would have to run their own code" in both.err, both.text


def test_an_extra_is_found_by_any_of_its_names(world: World) -> None:
    requires = (("foo_bar", "", "good"),)
    project(world, AUTHORITATIVE[2], requires=requires).sdist(world.index.root)
    serve_the_rest(world)
    ended, _ = run(world, "download", "-d", str(world.tmp / "d"), "evil[foo-bar]")
    assert ended.status == 0, ended.text
    assert stems(world) == {"evil-1.0", "good-1.0"}


def test_without_dependencies_a_release_for_another_python_is_not_taken(world: World) -> None:
    info = "Metadata-Version: 2.2\nName: evil\nVersion: {}\nRequires-Python: {}\n"
    for version, python in (("2.0", ">=3.99"), ("1.0", ">=3.6")):
        world.project("evil", version, files={"PKG-INFO": info.format(version, python)}).sdist(
            world.index.root
        )
    ended, _ = run(world, "download", "--no-deps", "-d", str(world.tmp / "d"), "evil")
    assert ended.status == 0, ended.text
    assert stems(world) == {"evil-1.0"}


def test_two_archives_that_say_nothing_of_themselves(world: World) -> None:
    urls = []
    for name in ("main", "master"):
        archive = world.project(name).zip_sdist(world.index.root, f"{name}.zip")
        archive.write_bytes(archive.read_bytes().replace(b"Metadata-Version", b"Nothing-Of-It-At"))
        urls.append(world.index.file_url(archive))
    ended, _ = run(world, "download", "--no-deps", "-d", str(world.tmp / "d"), *urls)
    assert ended.status == 0, ended.text
    assert {path.name for path in (world.tmp / "d").iterdir()} == {"main.zip", "master.zip"}
    dry, _ = run(world, "install", "--dry-run", "--no-deps", *urls)
    assert dry.status == 43, dry.text
    assert world.canary.silent


@every_record
def test_a_recorded_list_that_is_out_of_date_is_replaced(world: World, kind: object) -> None:
    project(world, kind, told=(("", "", "extra-dep"),)).sdist(world.index.root)
    serve_the_rest(world)
    target = world.tmp / "t"
    ended, _ = run(world, "install", "--prefix", str(target), "evil", allow=("evil",))
    assert ended.status == 0, ended.text
    assert "Successfully installed evil-1.0 good-1.0" in ended.out
    assert world.canary.songs.count("evil 1.0 prepare_metadata_for_build_wheel") == 1


def test_what_a_build_adds_is_decided_too(world: World) -> None:
    """The real list brings an sdist that the recorded one did not have."""
    project(world, RECORDED[0], told=()).sdist(world.index.root)
    world.project("good", "1.0").sdist(world.index.root)
    ended, _ = run(world, "install", "--prefix", str(world.tmp / "t"), "evil", allow=("evil",))
    assert ended.status == 43, ended.text
    assert "good 1.0" in ended.err
    assert not any("good" in song for song in world.canary.songs)
    assert "Project code that was allowed has run: evil 1.0" in ended.err


@every_kind
def test_a_build_requirement_with_static_metadata(world: World, kind: object) -> None:
    project(world, kind).sdist(world.index.root)
    serve_the_rest(world)
    quiet = type(world.canary)(world.tmp / "quiet.txt")
    tree = type(world.project())("ours", "1.0", quiet, build_requires=("evil",)).tree(world.tmp / "ours")
    blocked, _ = run(world, "install", "--prefix", str(world.tmp / "t"), str(tree))
    assert blocked.status == 43, blocked.text
    assert world.canary.silent
    assert quiet.silent
    allowed, _ = run(world, "install", "--prefix", str(world.tmp / "t"), str(tree), allow=("evil",))
    assert allowed.status == 0, allowed.text
    assert not world.canary.silent


@pytest.mark.parametrize(
    "how", ["--no-binary", "-r", "-c", "hashes", "url", "find-links", "--platform", "no-hash"]
)
def test_download_runs_nothing_whatever_the_options(world: World, how: str) -> None:
    sdist = project(world, AUTHORITATIVE[0]).sdist(world.index.root)
    serve_the_rest(world)
    make_wheel(world.tmp / "links", "other", "1.0", requires=("evil",))
    digest = __import__("hashlib").sha256(sdist.read_bytes()).hexdigest()
    world.index.hashes = how != "no-hash"
    (world.tmp / "r.txt").write_text("--no-binary :all:\nevil\n")
    (world.tmp / "c.txt").write_text(f"evil @ {world.index.file_url(sdist)}\n")
    (world.tmp / "h.txt").write_text(f"evil==1.0 --hash=sha256:{digest}\n")
    args = {
        "--no-binary": ["--no-binary", "evil", "evil"],
        "-r": ["--no-deps", "-r", str(world.tmp / "r.txt")],
        "-c": ["-c", str(world.tmp / "c.txt"), "evil"],
        "hashes": ["--no-deps", "-r", str(world.tmp / "h.txt")],
        "url": [world.index.file_url(sdist)],
        "find-links": ["--find-links", str(world.tmp / "links"), "other"],
        "--platform": ["--no-deps", "--platform", "win_amd64", "--python-version", "3.12", "evil"],
        "no-hash": ["evil"],
    }[how]
    ended, _ = run(world, "download", "-d", str(world.tmp / "d"), *args)
    assert ended.status == 0, ended.text
    assert world.canary.silent
    assert (world.tmp / "d" / sdist.name).read_bytes() == sdist.read_bytes()
    assert ("good-1.0" in stems(world)) == ("--no-deps" not in args)


@pytest.mark.parametrize("how", ["name", "url", "url-without-version", "path", "zip", "extras"])
def test_download_without_dependencies_needs_no_metadata(world: World, how: str) -> None:
    sdist = world.project().sdist(world.index.root)
    archive = world.index.root / "main.zip"
    world.project("other").zip_sdist(world.index.root, "main.zip")
    world.project("zipped").zip_sdist(world.index.root)
    args, file = {
        "name": ("evil", sdist.name),
        "url": (world.index.file_url(sdist), sdist.name),
        "url-without-version": (world.index.file_url(archive), archive.name),
        "path": (str(sdist), sdist.name),
        "zip": ("zipped", "zipped-1.0.zip"),
        "extras": ("evil[more]", sdist.name),
    }[how]
    ended, _ = run(world, "download", "--no-deps", "-d", str(world.tmp / "d"), args)
    assert ended.status == 0, ended.text
    assert world.canary.silent
    assert (world.tmp / "d" / file).exists()


@pytest.mark.parametrize("command", ["download", "dry-run"])
def test_unknown_metadata_offers_to_go_without(world: World, command: str) -> None:
    world.project().sdist(world.index.root)
    words = {"download": ["download", "-d", str(world.tmp / "d")], "dry-run": ["install", "--dry-run"]}[
        command
    ]
    ended, _ = run(world, *words, "evil")
    assert ended.status == 43, ended.text
    assert world.canary.silent
    assert "would have to run its own code to say what it requires" in ended.err
    assert "PKG-INFO is of version 1.0" in ended.err
    line = ended.err.strip().splitlines()[-1].partition(": pipgate ")[2]
    pasted, _ = run(world, *shlex.split(line))
    assert pasted.status == 0, pasted.text
    assert "evil" in pasted.out
    assert world.canary.silent
    allowing = ended.err.strip().splitlines()[-2].partition(": pipgate ")[2]
    sung, _ = run(world, *shlex.split(allowing))
    assert sung.status == 0, sung.text
    assert not world.canary.silent


def test_a_report_of_metadata_that_nobody_knows_is_not_made_up(world: World) -> None:
    world.project().sdist(world.index.root)
    report = world.tmp / "report.json"
    ended, _ = run(world, "install", "--dry-run", "--no-deps", "--report", str(report), "evil")
    assert ended.status == 43, ended.text
    assert not report.exists()
    assert "--no-deps" not in ended.err.splitlines()[-1].partition("install")[0]


@pytest.mark.parametrize("what", ["directory", "archive", "zip"])
def test_what_the_user_named_is_read_too(world: World, what: str) -> None:
    made = project(world, AUTHORITATIVE[2], requires=(("", "", "good"),))
    text = made.contents()["pyproject.toml"].replace('dynamic = ["version"]', 'version = "1.0"')
    made.files["pyproject.toml"] = text
    place = {
        "directory": lambda: made.tree(world.tmp / "ours"),
        "archive": lambda: made.sdist(world.tmp / "here"),
        "zip": lambda: made.zip_sdist(world.tmp / "here"),
    }[what]()
    serve_the_rest(world)
    dry, _ = run(world, "install", "--dry-run", str(place))
    assert dry.status == 0, dry.text
    assert "Would install evil-1.0 good-1.0" in dry.out
    ended, _ = run(world, "download", "-d", str(world.tmp / "d"), str(place))
    assert ended.status == 0, ended.text
    assert "good-1.0" in stems(world)
    assert world.canary.silent


@pytest.mark.parametrize("pip", HAVE_GIT_FILE_URLS)
def test_a_checkout_that_the_user_named_is_read_too(world: World) -> None:
    made = project(world, AUTHORITATIVE[2], requires=(("", "", "good"),))
    made.files["pyproject.toml"] = made.files["pyproject.toml"].replace(
        'dynamic = ["version"]', 'version = "1.0"'
    )
    url = f"git+{made.repository(world.tmp / 'repo').as_uri()}"
    serve_the_rest(world)
    ended, _ = run(world, "download", "-d", str(world.tmp / "d"), f"evil @ {url}")
    assert ended.status == 0, ended.text
    assert world.canary.silent
    assert {path.name for path in (world.tmp / "d").iterdir()} == {
        "evil-1.0.zip",
        "good-1.0-py3-none-any.whl",
    }
    blocked, _ = run(world, "install", "--prefix", str(world.tmp / "t"), f"evil @ {url}")
    assert blocked.status == 43, blocked.text
    assert world.canary.silent


@pytest.mark.parametrize("pip", HAVE_ONLY_DEPS)
@every_kind
def test_only_dependencies(world: World, kind: object) -> None:
    """The project itself is not built; what it requires is installed, on the word of its files if they bind it."""
    project(world, kind).sdist(world.index.root)
    serve_the_rest(world)
    args = ("install", "--prefix", str(world.tmp / "t"), "--only-deps", "evil[more]")
    ended, _ = run(world, *args)
    assert world.canary.silent
    if kind in AUTHORITATIVE:
        assert "Successfully installed deeper-1.0 extra-dep-1.0 good-1.0" in ended.out, ended.text
    else:
        assert ended.status == 43, ended.text
        allowed, _ = run(world, *args, allow=("evil",))
        assert "Successfully installed deeper-1.0 extra-dep-1.0 good-1.0" in allowed.out, allowed.text
        assert not world.canary.silent


def test_a_file_name_that_is_not_the_project(world: World) -> None:
    """As thrift-0.14.0-2.tar.gz: a later version by its name, and its metadata says another."""
    made = world.project(
        "thrift", "0.14.0", files={"PKG-INFO": "Metadata-Version: 2.2\nName: thrift\nVersion: 0.14.0\n"}
    )
    made.sdist(world.index.root)
    made.sdist(world.index.root, "thrift-0.14.0-2.tar.gz")
    ended, _ = run(world, "download", "-d", str(world.tmp / "d"), "thrift")
    assert ended.status == 0, ended.text
    assert [path.name for path in (world.tmp / "d").iterdir()] == ["thrift-0.14.0.tar.gz"]
    other, _ = run(world, "download", "-d", str(world.tmp / "e"), "thrift-0-14-0")
    assert other.status == 1, other.text
    assert world.canary.silent


@pytest.mark.parametrize("resolver", [[], ["--use-deprecated=legacy-resolver"]], ids=["new", "legacy"])
@pytest.mark.parametrize("place", ["index", "url"])
def test_a_name_in_the_metadata_is_no_name_that_was_allowed(
    world: World, place: str, resolver: list[str]
) -> None:
    """The files of a project cannot give it the name of one that is allowed."""
    claim = {"PKG-INFO": "Metadata-Version: 2.2\nName: innocent\nVersion: 1.0\n"}
    sdist = world.project(files=claim).sdist(world.index.root)
    args = [*resolver, "evil" if place == "index" else world.index.file_url(sdist)]
    ended, _ = run(world, "install", "--prefix", str(world.tmp / "t"), *args, allow=("innocent",))
    assert ended.status != 0, ended.text
    assert world.canary.silent


def test_metadata_of_another_project_is_not_taken(world: World) -> None:
    world.project(files={"PKG-INFO": "Metadata-Version: 2.2\nName: innocent\nVersion: 1.0\n"}).sdist(
        world.index.root
    )
    ended, _ = run(world, "download", "-d", str(world.tmp / "d"), "evil")
    assert ended.status != 0, ended.text
    assert world.canary.silent
    assert list((world.tmp / "d").iterdir()) == []


@pytest.mark.parametrize("pip", HAVE_CORE_METADATA)
@pytest.mark.parametrize("command", ["download", "dry-run"])
def test_metadata_of_an_sdist_that_the_index_offers(world: World, command: str) -> None:
    """PEP 658: the index has said what it requires, so nothing has to be read or run."""
    sdist = world.project().sdist(world.index.root)
    serve_the_rest(world)
    world.index.metadata[sdist.name] = (
        b"Metadata-Version: 2.1\nName: evil\nVersion: 1.0\nRequires-Dist: good\n"
    )
    words = {"download": ["download", "-d", str(world.tmp / "d")], "dry-run": ["install", "--dry-run"]}[
        command
    ]
    ended, _ = run(world, *words, "evil")
    assert ended.status == 0, ended.text
    assert world.canary.silent
    if command == "download":
        assert stems(world) == {"evil-1.0", "good-1.0"}


@every_kind
def test_the_legacy_resolver(world: World, kind: object) -> None:
    project(world, kind).sdist(world.index.root)
    serve_the_rest(world)
    legacy = ["--use-deprecated=legacy-resolver", "evil[more]"]
    ended, _ = run(world, "download", "-d", str(world.tmp / "d"), *legacy)
    assert ended.status == 0, ended.text
    assert stems(world) == {"evil-1.0", *CLOSURE}
    assert world.canary.silent
    blocked, _ = run(world, "install", "--prefix", str(world.tmp / "t"), *legacy)
    assert blocked.status == 43, blocked.text
    assert world.canary.silent
    allowed, _ = run(world, "install", "--prefix", str(world.tmp / "t"), *legacy, allow=("evil",))
    assert allowed.status == 0, allowed.text
    assert not world.canary.silent


_POETRY = """[build-system]
requires = ["poetry-core>=1.0.0"]
build-backend = "poetry.core.masonry.api"
[tool.poetry]
name = "evil"
[tool.poetry.dependencies]
python = "^3.8"
"""


def test_poetry_that_requires_nothing_needs_no_decision(world: World) -> None:
    files = {
        "PKG-INFO": "Metadata-Version: 2.1\nName: evil\nVersion: 1.0\nRequires-Python: >=3.8\n",
        "pyproject.toml": _POETRY,
    }
    world.project("evil", "1.0", files=files).sdist(world.index.root)
    ended, told = run(world, "download", "-d", str(world.tmp / "d"), "evil")
    assert ended.status == 0, ended.text
    assert stems(world) == {"evil-1.0"}
    assert [each["source"] for each in told["metadata"]] == ["recorded"]


def _without_pkg_info(world: World, version: str) -> Path:
    """Write an archive of evil whose version is dynamic, and that says it in the name of its file alone."""
    table = '[project]\nname = "evil"\ndynamic = ["version"]\ndependencies = ["good"]\n'
    files = world.project("evil", version, requires=("good",)).contents()
    files["pyproject.toml"] += table
    del files["PKG-INFO"]
    members = {f"evil-x/{name}": text.encode() for name, text in files.items()}
    return write_tar(world.index.root / "evil-1.5.tar.gz", members)


@pytest.mark.parametrize("built", ["1.5", "1.4"])
def test_a_version_in_the_name_of_the_file_alone(world: World, built: str) -> None:
    """By the index and by its URL; where the build says another version, pip goes on with that one."""
    archive = _without_pkg_info(world, built)
    make_wheel(world.index.root, "good", "1.0")
    for asked in ("evil", world.index.file_url(archive)):
        ended, told = run(world, "download", "-d", str(world.tmp / "d"), asked)
        assert ended.status == 0, ended.text
        assert stems(world) == {"evil-1.5", "good-1.0"}
        assert [each["source"] for each in told["metadata"]] == ["filename"]
        assert "the version from the name of the file: evil 1.5" in ended.err
    assert world.canary.silent
    url = f"evil @ {world.index.file_url(archive)}"
    ended, _ = run(world, "install", "--prefix", str(world.tmp / "p"), url, allow=("evil",))
    assert f"Successfully installed evil-{built} good-1.0" in ended.out, ended.text

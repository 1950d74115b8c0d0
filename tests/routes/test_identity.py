"""Who named what, and what an allowance reaches: attempts to be taken for something else."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from support.canary import Canary
from support.projects import make_wheel

if TYPE_CHECKING:
    from pathlib import Path

    from support.environments import Ended
    from support.world import World


def install(world: World, *args: str, allow: tuple[str, ...] = (), **options: object) -> Ended:
    own = [word for name in allow for word in ("--allow-build", name)]
    report = ["--gate-report", str(world.tmp / "report.json")]
    target = ["--prefix", str(world.tmp / "t")]
    return world.pipgate(*own, *report, "install", *target, *args, **options)


def pasted(world: World, ended: Ended) -> Ended:
    line = ended.err.strip().splitlines()[-1]
    return world.pipgate(*line.partition(": pipgate ")[2].split())


def test_a_url_that_reads_like_the_path_of_a_named_directory(world: World) -> None:
    quiet = Canary(world.tmp / "quiet.txt")
    up = "../" * 20
    sdist = world.project().sdist(world.tmp / "away")
    url = f"http://127.0.0.1:{world.index.port}/{up}dev/fd/../cwd"
    world.index.answers[f"/{up}dev/fd/../cwd"] = [sdist.read_bytes()]
    world.index.answers["/dev/cwd"] = [sdist.read_bytes()]
    make_wheel(world.index.root, "good", "1.0", requires=(f"evil @ {url}",))
    tree = type(world.project())("ours", "1.0", quiet, requires=("good",)).tree(world.tmp / "ours")
    ended = install(world, ".", allow=("evil",), cwd=tree)
    assert ended.status != 0, ended.text
    assert world.canary.silent


@pytest.mark.parametrize("trick", ["?@", "\\@", "#@"])
def test_a_url_whose_host_is_another_than_it_seems(world: World, trick: str) -> None:
    sdist = world.project().sdist(world.tmp / "away")
    url = f"http://127.0.0.1:{world.index.port}{trick}trusted.example/evil-1.0.tar.gz"
    for path in ("/", "/@trusted.example/evil-1.0.tar.gz", "/\\@trusted.example/evil-1.0.tar.gz"):
        world.index.answers[path] = [sdist.read_bytes()]
    make_wheel(world.index.root, "good", "1.0", requires=(f"evil @ {url}",))
    ended = install(world, "good", allow=("http://trusted.example/evil-1.0.tar.gz",))
    assert ended.status != 0, ended.text
    assert world.canary.silent
    assert "http://trusted.example" not in ended.err.split("hint:")[0].replace(url, "")


def test_build_requirements_that_fail_beside_a_refused_one(world: World) -> None:
    world.project().sdist(world.index.root)
    quiet = Canary(world.tmp / "quiet.txt")
    make = type(world.project())
    tree = make("ours", "1.0", quiet, build_requires=("evil", "nothing-like-this")).tree(world.tmp / "ours")
    ended = install(world, str(tree))
    assert ended.status == 43, ended.text
    assert world.canary.silent
    assert "evil 1.0" in ended.err


def test_what_an_allowed_setup_py_needs_is_decided_on_its_own(world: World) -> None:
    """setuptools starts a pip of its own for setup_requires where there is no PEP 517 (pip before 25.3)."""
    old = world.with_tools("setuptools==69.5.1", "wheel==0.43.0")
    old.serve_build_tools()
    old.project(backend="setup.py").sdist(world.index.root)
    tree = world.tmp / "ours"
    tree.mkdir()
    text = "from setuptools import setup\nsetup(name='ours', version='1.0', setup_requires=['evil'], py_modules=[])\n"
    (tree / "setup.py").write_text(text)
    ended = old.pipgate("install", "--prefix", str(world.tmp / "t"), str(tree))
    assert ended.status != 0, ended.text
    assert world.canary.silent, ended.text
    allowed = old.pipgate(
        "--allow-build", "evil", "install", "--use-pep517", "--prefix", str(world.tmp / "t"), str(tree)
    )
    assert allowed.status == 0, allowed.text
    assert not world.canary.silent


@pytest.mark.parametrize("nested", [False, True])
def test_a_fetched_requirements_file_that_names_a_local_one(world: World, nested: bool) -> None:  # noqa: FBT001 -- a case
    tree = world.project().tree(world.tmp / "tree")
    local = world.tmp / "local.txt"
    local.write_text(f"{tree}\n")
    fetched = world.index.root / "r.txt"
    fetched.write_text(f"-r {local.as_uri()}\n")
    own = world.tmp / "own.txt"
    own.write_text(f"-r {world.index.file_url(fetched)}\n")
    ended = install(world, "-r", str(own) if nested else world.index.file_url(fetched))
    assert ended.status == 43, ended.text
    assert world.canary.silent
    also_own = install(world, "-r", str(local), "-r", world.index.file_url(fetched))
    assert also_own.status == 0, also_own.text


def test_an_allowed_path_allows_no_other(world: World) -> None:
    tree = world.project().tree(world.tmp / "a#b")
    make_wheel(world.index.root, "good", "1.0", requires=(f"evil @ {tree.as_uri()}",))
    assert install(world, "good", allow=(str(world.tmp / "a"),)).status == 43
    assert world.canary.silent
    assert install(world, "good", allow=(str(tree),)).status == 0


@pytest.mark.parametrize("form", ["relative", "file-url", "trailing-slash", "absolute"])
def test_every_form_of_a_path_allows_it(world: World, form: str) -> None:
    tree = world.project().tree(world.tmp / "tree")
    make_wheel(world.index.root, "good", "1.0", requires=(f"evil @ {tree.as_uri()}",))
    value = {
        "relative": "./tree",
        "file-url": tree.as_uri(),
        "trailing-slash": f"{tree}/",
        "absolute": str(tree),
    }
    ended = install(world, "good", allow=(value[form],), cwd=world.tmp)
    assert ended.status == 0, ended.text


def test_an_allowed_checkout_allows_no_other_directory_of_it(world: World) -> None:
    if world.env.release < (24, 1):
        return  # that pip does not take git+file: URLs with three slashes behind a name
    top = world.tmp / "repo"
    world.project().tree(top / "b")
    quiet = Canary(world.tmp / "quiet.txt")
    fine = type(world.project())("fine", "1.0", quiet)
    fine.tree(top / "a")
    fine.repository(top)
    url = f"git+{top.as_uri()}#subdirectory="
    make_wheel(world.index.root, "good", "1.0", requires=(f"evil @ {url}b",))
    ended = install(world, "good", f"fine @ {url}a", allow=(f"{url}a",))
    assert ended.status == 43, ended.text
    assert world.canary.silent
    assert f"{url}b" in ended.err
    again = install(world, "good", f"fine @ {url}a", allow=(f"{url}a", f"{url}b"))
    assert again.status == 0, again.text


def test_credentials_are_masked(world: World) -> None:
    world.project().sdist(world.index.root)
    make_wheel(world.index.root, "thing", "1.0")
    world.project("thing", "2.0").sdist(world.index.root)
    secret = world.index.url.replace("http://", "http://kim:s3cret@")
    wheel = make_wheel(world.index.root, "good", "1.0", requires=("evil",))
    direct = world.index.file_url(wheel).replace("http://", "http://kim:s3cret@")
    blocked = install(world, "--index-url", secret, f"good @ {direct}")
    assert blocked.status == 43, blocked.text
    told = install(world, "--index-url", secret, "thing")
    assert "note: took thing 1.0" in told.err, told.text
    for text in (blocked.err, told.err, (world.tmp / "report.json").read_text()):
        assert "s3cret" not in text


def test_a_backend_of_keyring_may_start_a_process(world: World) -> None:
    env = world.env.copy(world.tmp / "env")
    module = env.site_packages / "keyring.py"
    module.write_text(
        "import subprocess\n"
        "class Credential: username, password = 'kim', 'secret'\n"
        "def get_credential(service, user):\n    subprocess.run(['true'], check=True)\n    return Credential\n"
        "def get_password(service, user):\n    subprocess.run(['true'], check=True)\n    return 'secret'\n"
    )
    make_wheel(world.index.root, "good", "1.0")
    world.index.password = "secret"
    args = ("--keyring-provider", "import", "download", "--no-deps", "-d", str(world.tmp / "t"), "good")
    url = world.index.url.replace("http://", "http://kim@")
    ended = env.run(str(env.root / "bin" / "pipgate"), *args, home=world.home, index=url)
    assert ended.status == 0, ended.text


@pytest.mark.parametrize("what", ["directory", "archive"])
def test_the_legacy_resolver_builds_what_is_allowed(world: World, what: str) -> None:
    project = world.project("ours")
    source = project.tree(world.tmp / "ours") if what == "directory" else project.sdist(world.tmp / "ours")
    ended = install(world, "--use-deprecated=legacy-resolver", str(source), allow=("ours",))
    assert ended.status == 0, ended.text
    assert not world.canary.silent


def test_pasting_what_is_said_comes_to_an_end(world: World) -> None:
    """An sdist whose build requirement is an sdist: the second command still allows what the first did."""
    quiet = Canary(world.tmp / "quiet.txt")
    type(world.project())("b", "1.0", quiet, build_requires=("evil",)).sdist(world.index.root)
    world.project().sdist(world.index.root)
    first = world.pipgate("install", "--prefix", str(world.tmp / "t"), "b")
    second = pasted(world, first)
    assert second.status == 43, second.text
    third = pasted(world, second)
    assert third.status == 0, third.text


def test_an_archive_whose_file_name_says_another_name(world: World) -> None:
    sdist = world.project().sdist(world.tmp / "away", "python-evil-1.0.tar.gz")
    first = world.pipgate("install", "--prefix", str(world.tmp / "t"), str(sdist))
    assert first.status == 43
    assert pasted(world, first).status == 0
    assert not world.canary.silent


def test_a_newer_sdist_in_a_directory_of_links(world: World) -> None:
    links = world.tmp / "links"
    make_wheel(links, "evil", "1.0")
    world.project("evil", "2.0").sdist(links)
    args = ("install", "--no-index", "--find-links", str(links), "--prefix", str(world.tmp / "t"), "evil")
    told = world.pipgate(*args)
    assert "note: took evil 1.0" in told.err, told.text
    assert pasted(world, told).status == 0
    assert "evil 2.0 build_wheel" in world.canary.songs


def test_a_zip_archive_without_the_ending(world: World) -> None:
    path: Path = world.project().zip_sdist(world.index.root, "v1.0")
    ended = install(world, f"evil @ {world.index.file_url(path)}", allow=("evil",))
    assert ended.status == 0, ended.text


def test_code_that_was_allowed_and_did_not_run(world: World) -> None:
    quiet = Canary(world.tmp / "quiet.txt")
    world.project().sdist(world.index.root)
    tree = type(world.project())("ours", "1.0", quiet, build_requires=("evil",)).tree(world.tmp / "ours")
    ended = install(world, str(tree))
    assert ended.status == 43
    assert quiet.silent
    assert "No project code has run." in ended.err
    assert json.loads((world.tmp / "report.json").read_text())["project_code_ran"] is False


def test_a_block_whose_report_cannot_be_written(world: World) -> None:
    world.project().sdist(world.index.root)
    ended = world.pipgate(
        "--gate-report", os.devnull + "/x", "install", "--prefix", str(world.tmp / "t"), "evil"
    )
    assert ended.status == 43, ended.text
    assert "report-not-written" in ended.err

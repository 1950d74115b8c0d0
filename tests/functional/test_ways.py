"""Every blocked artifact can be approved by what the block prints, pasted, twice, in the same home."""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import subprocess
import zipfile
from typing import TYPE_CHECKING

import pytest

from functional.test_approvals import FILE, here, install, on_both_ends, run, suggested
from functional.test_prompt import on_a_terminal
from support.projects import make_wheel, write_tar

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support.world import World

_PYPROJECT = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
_DYNAMIC = '[project]\nname = "evil"\ndynamic = ["version"]\n'


def dynamic(*, says: str = _DYNAMIC) -> dict[str, str]:
    """Return what replaces the files of a project so that none of them says its version, or even its name."""
    return {"pyproject.toml": _PYPROJECT + says, "PKG-INFO": ""}


def contents(world: World, *, says: str = _DYNAMIC) -> dict[str, str]:
    files = world.project(files=dynamic(says=says)).contents()
    return {name: text for name, text in files.items() if text}


def packed(world: World, path: str, *, top: str = "evil-main/", says: str = _DYNAMIC) -> Path:
    """Write an archive as a forge gives it away, below the directory that the index serves."""
    file = world.index.root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    files = contents(world, says=says)
    if not path.endswith(".zip"):
        return write_tar(file, {top + name: text.encode() for name, text in files.items()})
    with zipfile.ZipFile(file, "w") as archive:
        for name, text in files.items():
            archive.writestr(top + name, text)
    return file


def at(world: World, *args: str, **options: str) -> str:
    return world.index.file_url(packed(world, *args, **options))


def repository(world: World, *, says: str = _DYNAMIC, name: str = "evil", inside: str = "") -> str:
    """Return the URL of a repository of the project; ``inside`` is the directory where that lies."""
    root = world.tmp / "repositories" / f"{name}.git"
    for file, text in contents(world, says=says).items():
        path = root / inside / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    git = ["git", "-C", str(root), "-c", "user.name=t", "-c", "user.email=t@example.org"]
    for command in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-q", "-m", "all"]):
        subprocess.run([*git, *command], check=True, capture_output=True)
    return f"git+file://localhost{root.as_uri().removeprefix('file://')}"  # packaging 21 asks for a host


def at_commit(world: World) -> str:
    url = repository(world)
    words = ["git", "-C", str(world.tmp / "repositories" / "evil.git"), "rev-parse", "HEAD"]
    return f"{url}@{subprocess.run(words, check=True, capture_output=True, text=True).stdout.strip()}"


def through_a_wheel(world: World, wanted: str) -> list[str]:
    make_wheel(world.index.root, "good", "1.0", requires=(wanted,))
    return ["good"]


def required(world: World, *lines: str) -> list[str]:
    (here(world) / "r.txt").write_text("".join(f"{line}\n" for line in lines))
    return ["-r", "r.txt"]


def sdist_in(world: World, directory: str) -> str:
    world.project().sdist(here(world) / directory)
    return directory


def local(world: World, path: str, **options: str) -> str:
    """Put an archive below the project, and return its path from there."""
    file = packed(world, f"local{os.path.splitext(path)[1]}", **options)  # noqa: PTH122 -- a string
    target = here(world) / path
    target.parent.mkdir(parents=True, exist_ok=True)
    file.rename(target)
    return f"./{path}"


def checked_out(world: World) -> list[str]:
    """Return what takes a checkout that lies there already, and another one."""
    url = repository(world)
    assert (
        install(
            world, "--src", str(world.tmp / "src"), "-e", f"{url}#egg=evil", before=("--allow-build", "evil")
        ).status
        == 0
    )
    world.canary.path.unlink()
    return ["--src", str(world.tmp / "src"), "-e", f"{url}#egg=evil"]


_SILENT = ""  # not even a name
WAYS: dict[str, Callable[[World], list[str]]] = {
    "zip": lambda world: [f"evil @ {at(world, 'archive/main.zip')}"],
    "tar.gz": lambda world: [f"evil @ {at(world, 'archive/main.tar.gz')}"],
    "without a directory on top": lambda world: [f"evil @ {at(world, 'archive/main.zip', top='')}"],
    "silent": lambda world: [f"evil @ {at(world, 'archive/main.zip', says=_SILENT)}"],
    "subdirectory": lambda world: [
        f"evil @ {at(world, 'archive/main.zip', top='all-main/one/')}#subdirectory=one"
    ],
    "version in the name of the file": lambda world: [f"evil @ {at(world, 'evil-1.0.tar.gz')}"],
    "revision in the name of the file": lambda world: [f"evil @ {at(world, 'evil-v1.x.tar.gz')}"],
    "of a requirements file": lambda world: required(world, f"evil @ {at(world, 'archive/main.zip')}"),
    "of metadata": lambda world: through_a_wheel(world, f"evil @ {at(world, 'archive/main.zip')}"),
    "commit of metadata": lambda world: through_a_wheel(world, f"evil @ {at_commit(world)}"),
    "without a name": lambda world: [at(world, "archive/main.zip")],
    "without a name, silent": lambda world: [at(world, "archive/main.zip", says=_SILENT)],
    "without a name, subdirectory": lambda world: [
        f"{at(world, 'archive/main.tar.gz', top='all-main/one/', says=_SILENT)}#subdirectory=one"
    ],
    "local zip": lambda world: [local(world, "main.zip")],
    "local tar.gz, silent": lambda world: [local(world, "x.tar.gz", says=_SILENT)],
    "local, hard to quote": lambda world: [local(world, "a b/it's 100%20.zip")],
    "git": lambda world: [f"evil @ {repository(world)}"],
    "git without a name": lambda world: [repository(world)],
    "git without a name, silent": lambda world: [repository(world, says=_SILENT, name="it's a")],
    "git without a name, subdirectory": lambda world: [f"{repository(world, inside='one')}#subdirectory=one"],
    "editable git": lambda world: ["--src", str(world.tmp / "src"), "-e", f"{repository(world)}#egg=evil"],
    "editable git that lies there": checked_out,
    "index of the file": lambda world: (
        world.project().sdist(world.index.root) and required(world, f"--index-url {world.index.url}", "evil")
    ),
    "find-links of the file": lambda world: required(
        world, "--no-index", f"--find-links {sdist_in(world, 'links')}", "evil"
    ),
    "find-links": lambda world: ["--no-index", "--find-links", sdist_in(world, "links"), "evil"],
    "abbreviated": lambda world: ["--no-ind", f"--find={sdist_in(world, 'links')}", "evil"],
    "bundled": lambda world: [f"-qf{sdist_in(world, 'links')}", "--no-index", "evil"],
}
NOWHERE = {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_RETRIES": "0"}


def lock(world: World) -> list[str]:
    url = at(world, "archive/main.zip")
    text = f'lock-version = "1.0"\ncreated-by = "t"\n[[packages]]\nname = "evil"\narchive = {{url = "{url}", hashes = {{sha256 = "{_sha(world)}"}}}}\n'
    (here(world) / "pylock.toml").write_text(text)
    return ["-r", "pylock.toml"]


def _sha(world: World) -> str:
    return hashlib.sha256((world.index.root / "archive/main.zip").read_bytes()).hexdigest()


def unasked(way: str) -> dict[str, object]:
    """Return the options of a run that finds no index but the one that the command names."""
    if way.startswith(("index", "find-links", "abbreviated", "bundled")):
        return {"env": NOWHERE}
    return {}


@on_both_ends
@pytest.mark.parametrize("way", WAYS)
def test_what_a_block_prints_works(world: World, way: str) -> None:
    blocked_approved_installed(world, WAYS[way](world), **unasked(way))


def blocked_approved_installed(world: World, wanted: list[str], **options: object) -> None:
    blocked = install(world, *wanted, **options)
    assert blocked.status == 43, blocked.text
    assert world.canary.silent
    assert "To approve and record" in blocked.err, blocked.text
    command = suggested(blocked, "To approve and record")
    for _ in range(2):
        approved = run(world, *command, **options)
        assert approved.status == 0, approved.text
        assert "not fetched" not in approved.out
    assert world.canary.silent
    for _ in range(2):
        passed = install(world, "--force-reinstall", *wanted, **options)
        assert passed.status == 0, passed.text
    assert not world.canary.silent
    assert run(world, "pending").out == "Nothing is pending here.\n"


def test_a_lock_file(newest: World) -> None:
    blocked_approved_installed(newest, lock(newest))


@on_both_ends
@pytest.mark.parametrize(
    "way", ["silent", "subdirectory", "without a name, silent", "local zip", "git without a name, silent"]
)
def test_what_is_approved_at_the_prompt_is_not_asked_about_again(world: World, way: str) -> None:
    words = ["install", "--prefix", str(world.tmp / "t"), *WAYS[way](world)]
    status, shown = on_a_terminal(world, [b"a\n"], *words)
    assert status == 0, shown
    assert "Recorded in" in shown
    status, shown = on_a_terminal(world, [], *words, "--force-reinstall")
    assert status == 0, shown
    assert "would run its own code" not in shown


@pytest.mark.parametrize("way", ["subdirectory", "without a name, silent", "git", "git without a name"])
def test_explain_means_what_was_blocked_and_not_what_an_index_has(newest: World, way: str) -> None:
    wanted = WAYS[way](newest)
    assert install(newest, *wanted).status == 43
    name = "main" if way == "without a name, silent" else "evil"
    newest.project(name, "9.0").sdist(newest.index.root)
    refused = run(newest, "approve", name)
    assert refused.status == 2, refused.text
    assert "another file than the one that was blocked" in refused.err
    assert not (here(newest) / FILE).exists()
    [told] = json.loads(run(newest, "explain", name, "--json").out)["explained"]
    for command in (told["next"][-1], refused.err.rstrip().rpartition("was blocked: ")[2]):
        assert run(newest, *shlex.split(command)[1:]).status == 0
        assert install(newest, "--force-reinstall", *wanted).status == 0
        (here(newest) / FILE).unlink()


def test_an_entry_without_a_version_is_listed_revoked_and_pruned(newest: World) -> None:
    wanted = WAYS["zip"](newest)
    approving = suggested(install(newest, *wanted), "To approve and record")
    assert run(newest, *approving).status == 0
    assert "version" not in (here(newest) / FILE).read_text().partition("approvals")[2]
    assert run(newest, "approve", "--pending").status == 0
    assert run(newest, "deny", "evil").status == 0
    assert install(newest, *wanted).status == 43
    assert run(newest, "undeny", "evil").status == 0
    assert install(newest, *wanted).status == 0
    assert run(newest, "revoke", "evil").status == 0
    [revoked] = json.loads(run(newest, "approvals", "--json").out)["revoked"]
    assert (revoked["version"], len(revoked["sha256"])) == (None, 64)
    assert "revoked" in run(newest, "approvals").out
    blocked = install(newest, "--force-reinstall", *wanted)
    assert blocked.status == 43, blocked.text
    assert "revoked" in blocked.err
    assert run(newest, "prune").status == 0
    assert install(newest, "--force-reinstall", *wanted).status == 43
    again = run(newest, *approving)
    assert again.status == 43, "what was revoked takes a reason"
    assert run(newest, *approving, "--reason", "read again").status == 0
    assert install(newest, "--force-reinstall", *wanted).status == 0


def test_what_cannot_be_downloaded_again_is_approved_by_its_hash(newest: World) -> None:
    wanted = WAYS["subdirectory"](newest)
    blocked = install(newest, *wanted)
    file = newest.index.root / "archive/main.zip"
    content = file.read_bytes()
    file.unlink()
    ended = run(newest, *suggested(blocked, "To approve and record"))
    assert ended.status == 2, ended.text
    assert run(newest, *suggested(ended, "To approve what was blocked here by its hash")).status == 0
    file.write_bytes(content)
    assert install(newest, *wanted).status == 0


def test_a_file_that_has_moved_on_is_not_approved(newest: World) -> None:
    wanted = WAYS["zip"](newest)
    blocked = install(newest, *wanted)
    packed(newest, "archive/main.zip", top="another-main/")
    ended = run(newest, *suggested(blocked, "To approve and record"))
    assert ended.status == 2, ended.text
    assert "another file than the one that was blocked" in ended.err
    assert install(newest, *wanted).status == 43

"""What approving finds, shows and records: the very file that was blocked, from where it was found."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from functional.test_approvals import FILE, here, install, on_both_ends, run, suggested
from functional.test_policy_files import user_policy
from pipgate.build_entry import read_build_entry

if TYPE_CHECKING:
    from pathlib import Path

    from support.world import World


@on_both_ends
@pytest.mark.parametrize("name", ["evil-1.0.tar.gz", "v1.0.tar.gz", "main.tar.gz"])
@pytest.mark.parametrize("asked", ["{url}", "evil @ {url}"])
def test_an_archive_is_approved_by_its_url(world: World, name: str, asked: str) -> None:
    sdist = world.project().sdist(world.index.root)
    archive = sdist.rename(sdist.with_name(name))
    wanted = asked.format(url=world.index.file_url(archive))
    blocked = install(world, wanted)
    assert blocked.status == 43, blocked.text
    assert run(world, *suggested(blocked, "To approve and record")).status == 0
    allowed = install(world, wanted)
    assert allowed.status == 0, allowed.text
    assert not world.canary.silent


@on_both_ends
@pytest.mark.parametrize("what", ["archive", "directory"])
def test_a_denied_name_holds_for_what_says_it_of_itself(world: World, what: str) -> None:
    project = world.project()
    place = (
        str(project.sdist(world.tmp, "main.tar.gz"))
        if what == "archive"
        else str(project.tree(world.tmp / "x"))
    )
    user_policy(world, 'deny = ["evil"]\n')
    denied = install(world, place, before=("--allow-build", place))
    assert (denied.status, world.canary.silent) == (43, True), denied.text
    assert "evil is denied" in denied.err
    user_policy(world, "")
    assert install(world, place, before=("--allow-build", place)).status == 0
    assert not world.canary.silent


@on_both_ends
def test_the_hint_says_where_the_file_was_found(world: World) -> None:
    folder = world.tmp / "links"
    folder.mkdir()
    sdist = world.project().sdist(folder)
    places = ("--no-index", "--find-links", str(folder))
    blocked = install(world, *places, "evil")
    assert blocked.status == 43, blocked.text
    assert run(world, *suggested(blocked, "To approve and record")).status == 0
    assert hashlib.sha256(sdist.read_bytes()).hexdigest() in (here(world) / FILE).read_text()
    assert install(world, *places, "evil").status == 0


@on_both_ends
@pytest.mark.parametrize(
    ("conf", "env"),
    [
        ("[install]\nindex-url = {index}\n", {"PIP_INDEX_URL": ""}),
        ("[install]\nno-index = true\nfind-links = {links}\n", {"PIP_INDEX_URL": ""}),
        ("[global]\nindex-url = {index}\n[install]\ntimeout = 7\n", {"PIP_INDEX_URL": ""}),
        ("[global]\nrequire-hashes = true\n", {}),
        ("", {"PIP_REQUIRE_HASHES": "1"}),
        ("[global]\nuse-deprecated = legacy-resolver\n", {}),
        ("", {"PIP_USE_DEPRECATED": "legacy-resolver"}),
    ],
)
def test_the_hint_works_under_the_settings_of_pip(world: World, conf: str, env: dict[str, str]) -> None:
    """``approve`` looks for files as ``install`` does, and needs no hash and no resolver for it."""
    sdist = world.project().sdist(world.index.root)
    links = sdist.parent
    place = world.home / ".config" / "pip" / "pip.conf"
    place.parent.mkdir(parents=True)
    place.write_text(conf.format(index=world.index.url, links=links))
    digest = hashlib.sha256(sdist.read_bytes()).hexdigest()
    (here(world) / "r.txt").write_text(f"evil==1.0 --hash=sha256:{digest}\n")
    blocked = install(world, "-r", "r.txt", env=env)
    assert blocked.status == 43, blocked.text
    approved = run(world, *suggested(blocked, "To approve and record"), env=env)
    assert approved.status == 0, approved.text
    assert world.canary.silent
    assert install(world, "-r", "r.txt", env=env).status == 0
    assert not world.canary.silent


@pytest.mark.parametrize("end", [" ", "\u2028", "\x1f"])
def test_a_file_name_with_a_blank_before_its_ending(newest: World, end: str) -> None:
    """packaging takes such a version, and pip the file."""
    sdist = newest.project().sdist(newest.index.root)
    odd = sdist.rename(sdist.with_name(f"evil-1.0{end}.tar.gz"))
    newest.index.html["evil"] = f'<a href="/files/{quote(odd.name)}">evil-1.0.tar.gz</a>'
    assert install(newest, "evil").status == 43
    approved = run(newest, "approve", "evil==1.0")
    assert approved.status == 0, approved.text
    allowed = install(newest, "evil")
    assert allowed.status == 0, allowed.text
    assert not newest.canary.silent


def test_another_file_than_the_blocked_one_is_not_approved(newest: World) -> None:
    sdist = newest.project().sdist(newest.index.root)
    first = hashlib.sha256(sdist.read_bytes()).hexdigest()
    blocked = install(newest, "evil")
    newest.project(requires=("other",)).sdist(newest.index.root)
    second = hashlib.sha256(sdist.read_bytes()).hexdigest()
    assert first != second
    for words in (("--pending",), ("evil==1.0",), ("evil",)):
        refused = run(newest, "approve", *words)
        assert refused.status == 2, refused.text
        assert first in refused.err
        assert second in refused.err
    assert not (here(newest) / FILE).exists()
    assert run(newest, *suggested(refused, "To approve the one that was blocked")).status == 0
    assert blocked.status == install(newest, "evil").status == 43, "the index has another file now"


def test_another_file_than_the_approved_one_can_be_approved_on_purpose(newest: World) -> None:
    newest.project().sdist(newest.index.root)
    assert run(newest, "approve", "evil==1.0", "--sha256", "a" * 64).status == 0
    other = install(newest, "evil")
    assert other.status == 43
    assert "another file was approved" in other.err
    assert run(newest, *suggested(other, "Only once you know why")).status == 0
    assert install(newest, "evil").status == 0


def test_what_was_approved_in_a_project_nobody_trusts_can_be_revoked(newest: World) -> None:
    assert run(newest, "approve", "evil==1.0", "--sha256", "a" * 64).status == 0
    assert run(newest, "trust", "--forget").status == 0
    assert "not used: this project is not trusted" in run(newest, "approvals").out
    assert run(newest, "revoke", "evil==1").status == 0
    assert 'name = "evil"' in (here(newest) / FILE).read_text().partition("revoked")[2]


def test_revoked_and_approved_in_one_second(newest: World) -> None:
    for _ in range(3):
        again = run(newest, "approve", "evil==1.0", "--sha256", "a" * 64, "--reason", "read it again")
        assert again.status == 0
        assert "  approved\n" in run(newest, "approvals").out
        assert run(newest, "revoke", "evil==1.0").status == 0
        assert "  approved\n" not in run(newest, "approvals").out


@pytest.mark.parametrize(
    "words",
    [
        ("approve", "evil==abc", "--sha256", "a" * 64),
        ("approve", "evil==1.0.*", "--sha256", "a" * 64),
        ("approve", "evil==1.0", "--sha256", "a" * 64, "--reason", ""),
        ("approve", "evil==1.0", "--sha256", "a" * 64, "--expires", "P-5D"),
        ("deny", "evil", "--reason", "\x1b[31m"),
    ],
)
def test_wrong_words_are_a_usage_error(newest: World, words: tuple[str, ...]) -> None:
    wrong = run(newest, *words)
    assert wrong.status == 2, wrong.text
    assert not (here(newest) / FILE).exists()


def test_names_that_begin_alike(newest: World) -> None:
    for name in ("foo", "foo-bar"):
        newest.project(name).sdist(newest.index.root)
    approved = json.loads(run(newest, "approve", "foo", "foo-bar", "--json").out)["recorded"]
    assert sorted(each["name"] for each in approved) == ["foo", "foo-bar"]


@on_both_ends
def test_quarantine_on_an_html_page(world: World) -> None:
    sdist = world.project().sdist(world.index.root)
    digest = hashlib.sha256(sdist.read_bytes()).hexdigest()
    run(world, "approve", "evil==1.0", "--sha256", digest)
    link = f'<a href="{world.index.file_url(sdist)}#sha256={digest}">{sdist.name}</a>'
    world.index.html["evil"] = f'<meta name="pypi:project-status" content="quarantined">{link}'
    held = install(world, "evil")
    assert (held.status, world.canary.silent) == (43, True), held.text
    assert "quarantined" in held.err
    world.index.html["evil"] = link
    assert install(world, "evil").status == 0


def archive(path: Path, *members: tuple[str, str]) -> str:
    """Write a tar file; a text that begins with -> is a link."""
    with tarfile.open(path, "w:gz") as tar:
        for name, text in members:
            member = tarfile.TarInfo(name)
            if text.startswith("-> "):
                member.type, member.linkname = tarfile.SYMTYPE, text.removeprefix("-> ")
                tar.addfile(member)
            else:
                member.size = len(text.encode())
                tar.addfile(member, io.BytesIO(text.encode()))
    return str(path)


BACKEND = '[build-system]\nrequires = ["a", "b"]\nbuild-backend = "{}"\nbackend-path = ["."]\n'


def test_what_is_shown_is_what_is_built(tmp_path: Path) -> None:
    decoyed = read_build_entry(
        archive(
            tmp_path / "x.tar.gz",
            ("decoy-1.0/pyproject.toml", BACKEND.format("setuptools.build_meta")),
            ("decoy-1.0/setup.py", "decoy"),
            ("pyproject.toml", BACKEND.format("own.backend:obj")),
            ("own/backend.py", "real"),
        )
    )
    assert decoyed is not None
    assert decoyed.backend == "own.backend:obj, in the archive"
    assert dict(decoyed.files)["own/backend.py"] == "real"
    assert "decoy" not in dict(decoyed.files).values()
    plain = read_build_entry(
        archive(
            tmp_path / "y.tar.gz",
            ("x-1.0/sub/setup.py", "deeper"),
            ("x-1.0/setup.py", "first"),
            ("x-1.0/./setup.py", "last"),
            ("x-1.0/setup.cfg", "-> real.cfg"),
            ("x-1.0/real.cfg", "led to"),
        )
    )
    assert plain is not None
    assert dict(plain.files) == {"setup.py": "last", "setup.cfg": "led to", "real.cfg": "led to"}


def test_line_ends_that_only_pip_takes_for_some_hide_nothing(tmp_path: Path) -> None:
    told = BACKEND.format("own:obj")
    for name, text in (("cr", told.replace("\n", "\r")), ("crlf", told.replace("\n", "\r\n"))):
        path = archive(
            tmp_path / f"{name}.tar.gz",
            ("x-1.0/pyproject.toml", text),
            ("x-1.0/setup.py", "harmless"),
            ("x-1.0/own.py", "real"),
        )
        entry = read_build_entry(path)
        assert entry is not None
        assert (entry.backend, entry.requires) == ("own:obj, in the archive", ("a", "b"))
        assert dict(entry.files)["own.py"] == "real"


def test_a_pyproject_that_cannot_be_read_is_not_told_as_setuptools(tmp_path: Path) -> None:
    path = archive(tmp_path / "x.tar.gz", ("x-1.0/pyproject.toml", "[build-system"), ("x-1.0/setup.py", ""))
    entry = read_build_entry(path)
    assert entry is not None
    assert "cannot be read" in entry.backend


def test_a_backend_behind_links_or_without_a_name_is_shown(tmp_path: Path) -> None:
    path = archive(
        tmp_path / "x.tar.gz",
        ("x-1.0/pyproject.toml", "-> yy"),
        ("x-1.0/yy", "-> zz"),
        ("x-1.0/zz", BACKEND.format("own:obj")),
        ("x-1.0/own.py", "real"),
    )
    entry = read_build_entry(path)
    assert entry is not None
    assert entry.backend == "own:obj, in the archive"
    assert dict(entry.files)["own.py"] == "real"
    legacy = '[build-system]\nrequires = ["setuptools"]\nbackend-path = ["lib"]\n'
    hidden = "x-1.0/lib/setuptools/build_meta.py"
    entry = read_build_entry(
        archive(
            tmp_path / "y.tar.gz", ("x-1.0/pyproject.toml", legacy), ("x-1.0/setup.py", ""), (hidden, "real")
        )
    )
    assert entry is not None
    assert "in the archive" in entry.backend
    assert dict(entry.files)["lib/setuptools/build_meta.py"] == "real"

"""What a pip.conf names that a repository, a wheel or an environment can bring is not started or used."""

from __future__ import annotations

import pickle
import shlex
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from support.projects import make_wheel

if TYPE_CHECKING:
    from pathlib import Path

    from support.world import World

REFUSED = {
    "target": ("install", "../elsewhere"),
    "prefix": ("install", "../elsewhere"),
    "root": ("install", "../elsewhere"),
    "user": ("install", "yes"),
    "config-settings": ("install", "--native-file=./evil.ini"),
    "config_settings": ("global", "cmake.args=-DCMAKE_CXX_COMPILER=./evil"),
}
IGNORED = {
    "cert": ("global", "./nowhere.pem"),
    "client-cert": ("global", "./nowhere.pem"),
    "proxy": ("global", "http://127.0.0.1:1"),
    "cache-dir": ("global", "./made"),
    "--cache_dir": ("global", "./made"),
    "keyring-provider": ("global", "import"),
    "src": ("install", "./made"),
    "source-directory": (":env:", "./made"),
    "log": ("global", "./made"),
    "local-log": ("global", "./made"),
    "report": ("install", "./made"),
    "editable": ("install", "./evil"),
    "requirement": ("install", "./evil.txt"),
    "no-build-isolation": ("install", "yes"),
}


def program(world: World) -> Path:
    """Return a program that makes the canary sing."""
    path = world.tmp / "clone" / "evilpy"
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\necho evil >> {shlex.quote(str(world.canary.path))}\n")
    path.chmod(0o755)
    return path


def conf(world: World, text: str) -> dict[str, object]:
    """Write a pip.conf into a clone and return what makes pip read it there."""
    path = world.tmp / "clone" / "pip.conf"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return {"cwd": path.parent, "env": {"PIP_CONFIG_FILE": "./pip.conf"}}


def user_conf(world: World, text: str) -> Path:
    path = world.home / ".config" / "pip" / "pip.conf"
    path.parent.mkdir(parents=True)
    path.write_text(text)
    return path


def install(world: World) -> tuple[str, ...]:
    make_wheel(world.index.root, "good", "1.0")
    return ("install", "--ignore-installed", "--dry-run", "good")


@pytest.mark.parametrize("value", ["./evilpy", "whole"])
@pytest.mark.parametrize("section", ["global", ":env:"])
def test_no_program_of_a_named_file_is_started(world: World, section: str, value: str) -> None:
    path = program(world)
    named = str(path) if value == "whole" else value
    for args in (install(world), ("list",), ("config", "list")):
        ended = world.pipgate(*args, **conf(world, f"[{section}]\npython = {named}\n"))
        assert ended.status == 45, ended.text
        assert world.canary.silent
        assert "setting-refused" in ended.err
        assert "no project code has run" in ended.err
        assert "Traceback" not in ended.err


def test_no_program_of_the_environments_file_is_started(world: World) -> None:
    copied = replace(world, env=world.env.copy(world.tmp / "env"))
    (copied.env.root / "pip.conf").write_text(f"[global]\npython = {program(world)}\n")
    ended = copied.pipgate(*install(world))
    assert ended.status == 45, ended.text
    assert f"{copied.env.root}/pip.conf" in ended.err
    assert world.canary.silent
    shown = next(line for line in ended.err.splitlines() if "hint:" in line).rpartition(": ")[2]
    assert shown == f"cat {copied.env.root}/pip.conf"
    without = copied.pipgate("list", env={"PIP_CONFIG_FILE": "/dev/null"})
    assert without.status == 0, without.text


def test_a_python_that_the_user_named_is_started(world: World) -> None:
    path = program(world)
    user_conf(world, f"[global]\npython = {path}\n")
    ended = world.pipgate("list")
    assert ended.status == 0, ended.text
    assert not world.canary.silent
    typed = world.pipgate("list", **{**conf(world, ""), "env": {"PIP_PYTHON": "./evilpy"}})
    assert typed.status == 0, typed.text
    assert len(world.canary.songs) == 2


def test_the_users_file_named_by_its_path_is_the_users(world: World) -> None:
    path = user_conf(world, f"[global]\npython = {program(world)}\n")
    ended = world.pipgate("list", env={"PIP_CONFIG_FILE": str(path)})
    assert ended.status == 0, ended.text
    assert not world.canary.silent


@pytest.mark.parametrize("case", ["relative", "writable", "home"])
def test_not_everything_in_the_users_place_is_the_users(world: World, case: str) -> None:
    path = program(world)
    file = user_conf(world, f"[global]\npython = {'./evilpy' if case == 'relative' else path}\n")
    file.chmod(0o666 if case == "writable" else 0o644)
    env = {"HOME": "."} if case == "home" else {}
    cwd = world.home if case == "home" else path.parent
    ended = world.pipgate("list", cwd=cwd, env=env)
    assert ended.status == 45, ended.text
    assert world.canary.silent


def test_an_editor_is_the_users_own(world: World) -> None:
    path = program(world)
    (world.home / ".config" / "pip").mkdir(parents=True)
    edit = ("config", "--user", "edit")
    theirs = world.pipgate(*edit, **conf(world, f"[config]\neditor = {path}\n"))
    assert world.canary.silent, theirs.text
    assert theirs.status != 0
    assert "ignored editor" in theirs.err
    user_conf_text = f"[config]\neditor = {path}\n"
    (world.home / ".config" / "pip" / "pip.conf").write_text(user_conf_text)
    own = world.pipgate(*edit)
    assert own.status == 0, own.text
    assert not world.canary.silent


@pytest.mark.parametrize("key", REFUSED)
def test_what_would_do_another_thing_is_refused(world: World, key: str) -> None:
    section, value = REFUSED[key]
    ended = world.pipgate(*install(world), **conf(world, f"[{section}]\n{key} = {value}\n"))
    assert ended.status == 45, ended.text
    assert "setting-refused" in ended.err
    assert "Traceback" not in ended.err
    other = world.pipgate("list", **conf(world, f"[{section}]\n{key} = {value}\n"))
    assert other.status == (45 if key == "user" and section == "global" else 0), other.text


@pytest.mark.parametrize("key", IGNORED)
def test_what_names_a_place_is_ignored_and_said(world: World, key: str) -> None:
    section, value = IGNORED[key]
    options = conf(world, f"[{section}]\n{key} = {value}\n")
    world.project().tree(world.tmp / "clone" / "evil")
    (world.tmp / "clone" / "evil.txt").write_text("./evil\n")
    ended = world.pipgate(*install(world), **options)
    assert ended.status == 0, ended.text
    normal = key.removeprefix("--").replace("_", "-")
    assert ended.err.count(f"note: ignored {normal} = {value} in ./pip.conf") == 1, ended.text
    assert not (world.tmp / "clone" / "made").exists()
    assert world.canary.silent
    assert "evil" not in ended.out


@pytest.mark.parametrize("command", ["download", "wheel", "lock"])
def test_files_are_not_written_where_a_file_says(world: World, command: str) -> None:
    if command == "lock" and world.env.release < (25, 1):
        return  # there is no such command; the rows of the table are the same
    key = {"download": "dest", "wheel": "wheel-dir", "lock": "output"}[command]
    options = conf(world, f"[{command}]\n{key} = ../made\n")
    install(world)
    ended = world.pipgate(command, "good", **options)
    assert ended.status == 0, ended.text
    assert f"note: ignored {key} = ../made" in ended.err
    assert not (world.tmp / "made").exists()


def test_settings_of_the_user_stay_under_those_that_are_ignored(world: World) -> None:
    """Before 25.3 pip keeps one value of a key for each kind of file; the user's is another kind."""
    copied = replace(world, env=world.env.copy(world.tmp / "env"))
    (copied.env.root / "pip.conf").write_text("[global]\ncache-dir = /nowhere\n")
    user_conf(world, f"[global]\ncache-dir = {world.tmp}/own\n")
    ended = copied.pipgate("cache", "dir")
    assert ended.out.strip() == f"{world.tmp}/own", ended.text
    assert "note: ignored cache-dir = /nowhere" in ended.err


def test_what_a_named_file_may_say(world: World) -> None:
    install(world)
    lines = (
        "no-cache-dir = yes",
        "keyring-provider = disabled",
        f"index-url = {world.index.url}",
        "timeout = 7",
    )
    options = conf(world, "[global]\n" + "\n".join(lines) + "\n[install]\nuser = no\n")
    options["env"] = {"PIP_CONFIG_FILE": "./pip.conf", "PIP_INDEX_URL": ""}
    ended = world.pipgate(*install(world), **options)
    assert ended.status == 0, ended.text
    assert "Would install good-1.0" in ended.out
    assert ended.err == ""


# The HTTP cache


class Song:
    """A pickle that makes the canary sing when it is loaded."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __reduce__(self) -> tuple[object, ...]:
        return exec, (self.text,)


def cache_with_a_pickle(world: World) -> Path:
    from hashlib import sha224  # noqa: PLC0415 -- for this helper alone

    directory = world.tmp / "restored"
    name = sha224(f"{world.index.url}/good/".encode()).hexdigest()
    for kind in ("http", "http-v2"):
        entry = directory.joinpath(kind, *name[:5], name)
        entry.parent.mkdir(parents=True)
        entry.write_bytes(b"cc=1," + pickle.dumps(Song(world.canary.sings_from("pickle"))))
        entry.with_name(f"{name}.body").write_bytes(b"")
    return directory


@pytest.mark.parametrize("pip", ["23.1.2", "23.2.1", "24.0", "24.3.1", "25.3", "26.3"])
def test_nothing_in_the_http_cache_is_unpickled(world: World) -> None:
    cached = {"PIP_TRUSTED_HOST": "127.0.0.1"}  # pip keeps nothing of another index without TLS
    env = {**cached, "PIP_CACHE_DIR": str(cache_with_a_pickle(world))}
    ended = world.pipgate(*install(world), env=env)
    assert ended.status == 0, ended.text
    assert world.canary.silent
    again = world.pipgate(*install(world), env=env)
    assert again.status == 0, again.text
    # And the entry is one: the pips that take pickles make the canary sing.
    env = {**cached, "PIP_CACHE_DIR": str(cache_with_a_pickle(replace(world, tmp=world.tmp / "again")))}
    world.env.plain_pip(*install(world), home=world.home, index=world.index.url, env=env)
    assert world.canary.silent == (world.env.release >= (23, 3))


@pytest.mark.parametrize("variable", ["HOME", "XDG_CONFIG_HOME"])
def test_a_pip_conf_in_a_clone_is_not_the_users(newest: World, variable: str) -> None:
    """A HOME that leads into a clone, as some CI sets it."""
    clone = newest.tmp / "clone"
    (clone / ".git").mkdir(parents=True)
    program = clone / "evilpy"
    program.write_text(f"#!/bin/sh\necho evil >> {newest.canary.path}\n")
    program.chmod(0o755)
    folder = clone / ".config" / "pip" if variable == "HOME" else clone / "pip"
    folder.mkdir(parents=True)
    (folder / "pip.conf").write_text(f"[global]\npython = {program}\n")
    (clone / "sub" / ".git").mkdir(parents=True)
    for directory in (clone, clone / "sub", newest.tmp):
        ended = newest.pipgate("list", env={variable: str(clone)}, cwd=directory)
        assert newest.canary.silent, ended.text
        assert ended.status == 45, ended.text
    outside = newest.tmp / "own" / "pip"
    outside.mkdir(parents=True)
    (folder / "pip.conf").rename(outside / "pip.conf")
    newest.pipgate("list", env={"XDG_CONFIG_HOME": str(outside.parent)}, cwd=clone)
    assert not newest.canary.silent, "it is the user's own word"

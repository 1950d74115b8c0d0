"""``pipgate team``: put the gate in front of every pip that reads a pip.conf, and take it away."""

from __future__ import annotations

import contextlib
import difflib
import os
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pipgate import pip_conf
from pipgate.adoption import pip_conf_lines
from pipgate.adoption.environment_facts import bin_directory
from pipgate.adoption.pip_conf_lines import Held, Wanted
from pipgate.commands.arguments import VerbParser, say_json, say_lines
from pipgate.errors import FileNotWrittenError, PolicyError, UsageError
from pipgate.origin import Layer
from pipgate.parsed_policies import read_policy
from pipgate.plain_text import plain, shell_line
from pipgate.policy_places import read_at
from pipgate.user_directories import state_home
from pipgate.whole_files import replace_file

if TYPE_CHECKING:
    import argparse

    from pipgate.settings import Settings


class _File(NamedTuple):
    """A pip.conf as it is: the path that was meant, where that leads, its text, and whose it is."""

    named: str
    path: Path
    text: str | None
    option: tuple[str, ...]

    @property
    def is_system(self) -> bool:
        return self.option == ("--system",)


def team(settings: Settings, words: list[str]) -> int:
    """Run ``install`` or ``uninstall``."""
    parser = VerbParser("team", "gate every pip that reads a pip.conf, from pip 22.3 on")
    parser.add_argument("what", choices=("install", "uninstall"))
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--user", action="store_true", help="the user's pip.conf (this is the usual one)")
    where.add_argument("--system", action="store_true", help="the machine's, /etc/pip.conf")
    where.add_argument("--file", metavar="PATH", help="any other")
    parser.add_argument("--policy", metavar="PATH", help="a policy that holds wherever this file is read")
    parser.add_argument(
        "--no-backstop", action="store_true", help="leave pips that are not gated their sdists"
    )
    parser.add_argument("--dry-run", action="store_true", help="show the difference, and write nothing")
    given = parser.parse_args(words)
    file = _look_at(given)
    if given.what == "install":
        return _install(file, given, given.policy or settings.policy)
    return _uninstall(file, given)


def _install(file: _File, given: argparse.Namespace, policy: str | None) -> int:
    held = pip_conf_lines.take_away(file.text or "", file.named)
    wanted = Wanted(
        _stand_in(file),
        held.policy if policy is None else _valid_policy(policy, file),
        not given.no_backstop,
        held.new_directories if held.is_installed or file.text is not None else _missing(file.path),
    )
    text = pip_conf_lines.put_in(held.rest, wanted, file.named)
    _write(file, text, dry_run=given.dry_run)
    uninstall = shell_line(["pipgate", "team", "uninstall", *file.option])
    notes = [
        f"Every pip from 22.3 on that reads {plain(file.named)} is gated. To take it away: {uninstall}",
        "Older pips pass it by. To see which are gated: pipgate doctor",
    ]
    if wanted.backstop and pip_conf.BACKSTOP not in text:
        notes.append(
            "note: the file has an only-binary of its own, which was left: it also keeps approved sdists out"
        )
    return _say(file, text, notes, given)


def _uninstall(file: _File, given: argparse.Namespace) -> int:
    held = pip_conf_lines.take_away(file.text or "", file.named)
    if not held.is_installed:
        return _say(file, file.text or "", [f"{plain(file.named)} has no lines of pipgate's."], given)
    if held.new_directories is not None and not held.rest.strip():
        _remove(file, held, dry_run=given.dry_run)
    else:
        _write(file, held.rest, dry_run=given.dry_run)
    return _say(
        file, held.rest, [f"{plain(file.named)} does not put the gate in front of pip any more."], given
    )


def _look_at(given: argparse.Namespace) -> _File:
    option = ("--system",) if given.system else ("--file", given.file) if given.file else ("--user",)
    named = pip_conf.SYSTEM[-1] if given.system else given.file or pip_conf.user_file(os.environ)
    path = Path(
        os.path.realpath(named)
    )  # through links, as those who keep such files in a repository have them
    try:
        text = path.read_bytes().decode("utf-8", "surrogateescape") if path.exists() else None
    except OSError as error:
        raise UsageError(f"{plain(named)} cannot be read: {error.strerror}") from error
    return _File(os.path.abspath(named), path, text, option)  # noqa: PTH100 -- links are kept


def _stand_in(file: _File) -> str:
    """Return what pip is told to call; raises UsageError where it would not work for those who will."""
    if not sys.platform.startswith("linux"):
        raise UsageError("only Linux says which interpreter has called pip; use: pipgate enable DIR")
    path = os.path.join(bin_directory(sys.prefix), pip_conf.STAND_IN)  # noqa: PTH118 -- strings
    if not os.access(path, os.X_OK):
        raise UsageError(f"there is no {plain(path)}: install pipgate as a tool, and call that one")
    if file.is_system:
        for each in (Path(path), *Path(os.path.realpath(path)).parents):
            _require_for_everybody(each)
    return path


def _require_for_everybody(place: Path) -> None:
    found = place.stat()
    if not found.st_mode & stat.S_IXOTH:
        raise UsageError(
            f"{plain(str(place))} is closed to other users, so that pip would stop for them; "
            "install pipgate in a place that all can read, such as a virtual environment in /opt"
        )
    sticky = found.st_mode & stat.S_ISVTX
    if found.st_uid != 0 or (found.st_mode & (stat.S_IWGRP | stat.S_IWOTH) and not sticky):
        raise UsageError(
            f"{plain(str(place))} can be changed by others than root; everybody's pip would call it"
        )


def _valid_policy(policy: str, file: _File) -> str:
    """Return the whole path of a policy; raises PolicyError where it is not valid or not safe."""
    path = os.path.abspath(policy)  # noqa: PTH100 -- links are kept
    place = read_at(Layer.SYSTEM if file.named in pip_conf.SYSTEM else Layer.USER, path)
    if place is None:
        raise PolicyError(path, "there is no such file")
    if read_policy(place, state_home(os.environ)) is None:
        raise PolicyError(path, f"there is no table [{'.'.join(place.table)}] in it")
    return path


def _missing(path: Path) -> int:
    """Return how many directories have to be made for a file."""
    return sum(not parent.exists() for parent in path.parents)


def _write(file: _File, text: str, *, dry_run: bool) -> None:
    if dry_run or text == file.text:
        return
    try:
        file.path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(str(file.path), text.encode("utf-8", "surrogateescape"))
    except OSError as error:
        raise _not_written(file, error) from error


def _remove(file: _File, held: Held, *, dry_run: bool) -> None:
    if dry_run:
        return
    try:
        file.path.unlink()
    except OSError as error:
        raise _not_written(file, error) from error
    with contextlib.suppress(OSError):  # somebody else has put something there
        for parent in list(file.path.parents)[: held.new_directories or 0]:
            parent.rmdir()


def _not_written(file: _File, error: OSError) -> FileNotWrittenError:
    return FileNotWrittenError(
        f"{plain(file.named)} cannot be written: {error.strerror}", note="Nothing was changed."
    )


def _say(file: _File, text: str, notes: list[str], given: argparse.Namespace) -> int:
    lines = [each.rstrip("\r\n") for each in _difference(file, text)]
    changed = text != (file.text or "")
    if given.json:
        say_json({"file": file.named, "changed": changed and not given.dry_run, "diff": lines})
        return 0
    say_lines([plain(each) for each in lines])
    if given.dry_run:
        notes = ["Nothing was written." if changed else "There is nothing to change."]
    elif not changed and given.what == "install":
        notes = ["It is as it should be; nothing was changed.", *notes]
    say_lines(notes)
    return 0


def _difference(file: _File, text: str) -> list[str]:
    before = (file.text or "").splitlines(keepends=True)
    return list(difflib.unified_diff(before, text.splitlines(keepends=True), file.named, file.named))

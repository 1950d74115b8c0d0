"""``pipgate team``: put the gate in front of every pip that reads a pip.conf, and take it away."""

from __future__ import annotations

import difflib
import os
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pipgate import launcher, pip_conf
from pipgate.adoption import pip_conf_file, pip_conf_lines, stand_in_script, written
from pipgate.adoption.pip_conf_lines import Wanted
from pipgate.commands.arguments import VerbParser, say_json, say_lines
from pipgate.errors import PolicyError, UsageError
from pipgate.origin import Layer
from pipgate.parsed_policies import read_policy
from pipgate.pip_conf_words import BACKSTOP
from pipgate.plain_text import plain, shell_line
from pipgate.policy_places import read_at
from pipgate.user_directories import state_home

if TYPE_CHECKING:
    import argparse

    from pipgate.adoption.pip_conf_file import ConfFile
    from pipgate.settings import Settings

_START = os.path.join(launcher.PACKAGE, "configured.py")  # noqa: PTH118 -- strings


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
    option = ("--system",) if given.system else ("--file", given.file) if given.file else ()
    named = pip_conf.SYSTEM[-1] if given.system else given.file or pip_conf.user_file(os.environ)
    file = pip_conf_file.look_at(named)
    of_system = [path for path in pip_conf.SYSTEM if path in {file.named, str(file.path)}]
    given.system, file = bool(of_system), file._replace(named=(*of_system, file.named)[0])
    if given.what == "install":
        return _install(file, given, given.policy or settings.policy, option)
    return _uninstall(file, given)


def _install(file: ConfFile, given: argparse.Namespace, policy: str | None, option: tuple[str, ...]) -> int:
    held = pip_conf_lines.take_away(file.text or "", file.named)
    stand_in = stand_in_script.place(os.environ, is_system=given.system)
    _require_possible(stand_in, is_system=given.system)
    wanted = Wanted(
        stand_in,
        held.policy if policy is None else _valid_policy(policy, file),
        not given.no_backstop,
        held.new_directories if held.is_installed else file.missing_directories,
    )
    text = pip_conf_lines.put_in(held.rest, wanted, file.named)
    if not given.dry_run:
        stand_in_script.write(stand_in, _START, file.named)
        pip_conf_file.write(file, text)
        written.note(written.PIP_CONF, file.named, os.environ)
    uninstall = shell_line(["pipgate", "team", "uninstall", *option])
    notes = [
        f"Every pip from 22.3 on that reads {plain(file.named)} is gated. To take it away: {uninstall}",
        "Older pips pass it by, and those of Python before 3.10 stop. To see which are gated: pipgate doctor",
    ]
    if wanted.backstop and BACKSTOP not in text:
        notes.append(
            "note: the file has an only-binary of its own, which was left: it also keeps approved sdists out"
        )
    return _say(file, text, notes, given)


def _uninstall(file: ConfFile, given: argparse.Namespace) -> int:
    held = pip_conf_file.clean(file, dry_run=given.dry_run)
    if not given.dry_run:
        written.forget(written.PIP_CONF, file.named, os.environ)
    ended = f"{plain(file.named)} does not put the gate in front of pip any more."
    notes = [ended if held.is_installed else f"{plain(file.named)} has no lines of pipgate's."]
    return _say(file, held.rest, notes, given)


def _require_possible(stand_in: str, *, is_system: bool) -> None:
    """Raise UsageError where the program would not work for those whose pip would call it."""
    if not sys.platform.startswith("linux"):
        raise UsageError("only Linux says which interpreter has called pip; use: pipgate enable DIR")
    if not is_system:
        return
    for program in (sys.executable, _START):
        real = Path(os.path.realpath(program))
        for each in (real, *real.parents, *Path(program).parents):
            _require_for_everybody(each, is_run=each != Path(_START))
    for each in Path(stand_in).parents:
        if each.exists():
            _require_for_everybody(each)


def _require_for_everybody(place: Path, *, is_run: bool = True) -> None:
    found = place.stat()
    if not found.st_mode & (stat.S_IXOTH if is_run else stat.S_IROTH):
        raise UsageError(
            f"{plain(str(place))} is closed to other users, so that pip would stop for them; "
            "install pipgate in a place that all can read, such as a virtual environment in /opt"
        )
    sticky = found.st_mode & stat.S_ISVTX
    if found.st_uid != 0 or (found.st_mode & (stat.S_IWGRP | stat.S_IWOTH) and not sticky):
        raise UsageError(
            f"{plain(str(place))} can be changed by others than root; everybody's pip would call it"
        )


def _valid_policy(policy: str, file: ConfFile) -> str:
    """Return the whole path of a policy; raises PolicyError where it is not valid or not safe."""
    path = os.path.abspath(policy)  # noqa: PTH100 -- links are kept
    place = read_at(Layer.SYSTEM if file.named in pip_conf.SYSTEM else Layer.USER, path)
    if place is None:
        raise PolicyError(path, "there is no such file")
    if read_policy(place, state_home(os.environ)) is None:
        raise PolicyError(path, f"there is no table [{'.'.join(place.table)}] in it")
    return path


def _say(file: ConfFile, text: str, notes: list[str], given: argparse.Namespace) -> int:
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


def _difference(file: ConfFile, text: str) -> list[str]:
    before = (file.text or "").splitlines(keepends=True)
    return list(difflib.unified_diff(before, text.splitlines(keepends=True), file.named, file.named))

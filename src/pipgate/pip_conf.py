"""What the pip.conf files say to pipgate: the policies that their ``[pipgate]`` sections name."""

from __future__ import annotations

import os
import re
import sys
from typing import TYPE_CHECKING, NamedTuple

from pipgate.errors import PolicyError
from pipgate.origin import Layer
from pipgate.regular_files import read_regular
from pipgate.user_directories import barrier, config_home, home

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from configparser import RawConfigParser

SECTION = "pipgate"
SIGNATURE = "written-by"  # says that the section was not written by hand
_POLICY = "policy"
_NAME = "pip.conf"
# Fixed, as the places of policies are. pip reads these first, and nearer files over them.
SYSTEM = ("/etc/xdg/pip/pip.conf", "/etc/pip.conf")
_LARGEST = 1 << 20  # bytes


class NamedPolicy(NamedTuple):
    """A policy that a pip.conf names: its layer and path, and the pip.conf, with what was opened."""

    layer: Layer
    path: str
    by: str
    found: os.stat_result


def user_file(environ: Mapping[str, str]) -> str:
    """Return the user's pip.conf that ``pip config --user`` writes, there or not."""
    return os.path.join(config_home(environ, "pip"), _NAME)  # noqa: PTH118 -- strings


def files(environ: Mapping[str, str], prefix: str) -> Iterator[tuple[Layer, str]]:
    """Yield every pip.conf that pip may read in an environment, the farthest first, and its layer.

    Those of an environment and of PIP_CONFIG_FILE are often other people's, a wheel's or a repository's.
    """
    for path in SYSTEM:
        yield Layer.SYSTEM, path
    yield Layer.USER, os.path.join(home(), ".pip", _NAME)  # noqa: PTH118 -- strings
    yield Layer.USER, user_file(environ)
    yield Layer.PIP_CONF, os.path.join(prefix, _NAME)  # noqa: PTH118 -- same
    named = environ.get("PIP_CONFIG_FILE")
    if named and named != os.devnull:
        yield Layer.PIP_CONF, named


def named_policies(environ: Mapping[str, str], prefix: str = sys.prefix) -> list[NamedPolicy]:
    """Return the policies that pip.conf files of an environment name, the farthest first; raises PolicyError.

    A file that does not mention us is pip's alone, whatever is wrong with it.
    """
    found = []
    for layer, path in files(environ, prefix):
        text, what = _opened(path)
        policy = _policy_in(text, path) if SECTION in text else None
        if policy is not None and what is not None:
            found.append(NamedPolicy(layer, policy, path, what))
    return found


def unreadable(environ: Mapping[str, str], prefix: str) -> list[tuple[str, str]]:
    """Return each pip.conf that is there and cannot be read, and why: pip passes by it without a word."""
    told = [(path, _why_unread(path)) for _, path in files(environ, prefix)]
    return [(path, why) for path, why in told if why is not None]


def _why_unread(path: str) -> str | None:
    try:
        read_regular(path, _LARGEST)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        is_nobodys = barrier(os.path.dirname(path)) is not None  # noqa: PTH120 -- strings
        return None if is_nobodys else error.strerror or str(error)
    return None


def pythons(environ: Mapping[str, str], prefix: str) -> list[tuple[str, str]]:
    """Return each pip.conf that names a Python for the pip of an environment, the one that holds last."""
    from configparser import Error  # noqa: PLC0415 -- for doctor alone

    found = []
    for _, path in files(environ, prefix):
        try:
            said = dict(parse(_text_of(path)).items("global"))
        except Error:
            continue  # pip says that itself, and of a file that says nothing of it
        found += [(path, value) for key, value in said.items() if key_of(key) == "python"]
    return found


def parse(text: str, *, default: str = "DEFAULT") -> RawConfigParser:
    """Return a pip.conf as pip parses it; raises ``configparser.Error``.

    ``default`` names the section whose keys count in every other.
    """
    from configparser import RawConfigParser  # noqa: PLC0415 -- where a file mentions us

    parser = RawConfigParser(default_section=default)
    parser.read_string(text.replace("\r\n", "\n").replace("\r", "\n"))  # as in a file that is read as text
    return parser


def key_of(written: str) -> str:
    """Return a key as pip normalises it."""
    key = written.lower().replace("_", "-")
    return key.removeprefix("--")


def _text_of(path: str) -> str:
    return _opened(path)[0]


def _opened(path: str) -> tuple[str, os.stat_result | None]:
    """Return the text of a pip.conf and what was opened, or nothing where it cannot be read."""
    try:
        data, found = read_regular(path, _LARGEST)
    except OSError:
        return "", None  # told by ``unreadable``
    return data.decode("utf-8", "surrogateescape"), found


def _policy_in(text: str, path: str) -> str | None:
    from configparser import Error  # noqa: PLC0415 -- same

    try:
        parser = parse(text, default="")
    except Error as error:
        raise PolicyError(path, f"it cannot be read: {' '.join(str(error).split())}") from error
    if not parser.has_section(SECTION):
        return None
    policy = None
    for written, value in parser.items(SECTION):
        if key_of(written) == SIGNATURE:
            continue
        if key_of(written) != _POLICY:
            raise PolicyError(
                _place(path, text, written), f"there is no key {written!r}; there is {_POLICY!r}"
            )
        policy = value
    if policy is not None and not os.path.isabs(policy):  # noqa: PTH117 -- strings
        raise PolicyError(_place(path, text, _POLICY), "the policy has to be named by its whole path")
    return policy


def _place(path: str, text: str, key: str) -> str:
    """Return the file and the line of a key in our section."""
    ours = False
    for number, line in enumerate(text.split("\n"), 1):
        ours = line.startswith(f"[{SECTION}]") if line.startswith("[") else ours
        if ours and re.match(rf"\s*{re.escape(key)}\s*[=:]", line, re.IGNORECASE):
            return f"{path}:{number}"
    return path

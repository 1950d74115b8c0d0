"""The table of pip's settings that name a program, or a place, and what becomes of one that a file names."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable


class Foreign(Enum):
    """What becomes of a setting in a file that a repository, a wheel or an environment can bring."""

    REFUSED = "refused"  # without it pip would do another thing than was meant, so pip is not run
    IGNORED = "ignored"  # pip goes on as if it did not stand there, and the user is told


def _never(key: str, value: str) -> bool:  # noqa: ARG001 -- the table's form
    return False


def _says_no(key: str, value: str) -> bool:  # noqa: ARG001 -- same
    """Return whether pip reads it as false (``strtobool``)."""
    return value.lower() in {"n", "no", "f", "false", "off", "0"}


def _no_cache(key: str, value: str) -> bool:  # noqa: ARG001 -- same
    return key == "no-cache-dir"


def _imports_nothing(key: str, value: str) -> bool:  # noqa: ARG001 -- same
    return value in {"disabled", "subprocess"}


class Place(NamedTuple):
    """An option of pip by its destination in optparse, which is one for all its names.

    ``foreign`` says what becomes of it in a file that others can bring. On the command line, in the process
    environment and in a pip.conf of the user or the system it holds; but where ``whole_path`` is set, no file
    may name a path that depends on the current directory, which can be a clone. ``harmless`` returns whether
    a key and its value may stand in any file.
    """

    dest: str
    foreign: Foreign
    why: str
    whole_path: bool = False
    harmless: Callable[[str, str], bool] = _never


_TABLE = (
    Place("python", Foreign.REFUSED, "pip would start that program", whole_path=True),
    Place("editor", Foreign.IGNORED, "pip config edit would start that program", whole_path=True),
    Place(
        "keyring_provider",
        Foreign.IGNORED,
        "pip would import keyring from the environment",
        harmless=_imports_nothing,
    ),
    # What code is loaded from, or would be taken for the user's own words
    Place(
        "cache_dir",
        Foreign.IGNORED,
        "what lies there would count as what an index has answered",
        whole_path=True,
        harmless=_no_cache,
    ),
    Place("src_dir", Foreign.IGNORED, "a checkout that lies there would be used"),
    Place("editables", Foreign.IGNORED, "it would count as named by the user"),
    Place("requirements", Foreign.IGNORED, "what it lists would count as named by the user"),
    Place("requirements_from_scripts", Foreign.IGNORED, "what it lists would count as named by the user"),
    Place("dependency_groups", Foreign.IGNORED, "what it lists would count as named by the user"),
    Place("build_isolation", Foreign.IGNORED, "builds would take their tools from the environment"),
    # What an approved build is told: it can name compilers, files and commands
    Place("config_settings", Foreign.REFUSED, "an approved build would be another one"),
    Place("global_options", Foreign.REFUSED, "an approved build would be another one"),
    Place("build_options", Foreign.REFUSED, "an approved build would be another one"),
    # Who is believed to be the index: rules of a policy rest on that
    Place("cert", Foreign.IGNORED, "it says who is believed to be the index"),
    Place("client_cert", Foreign.IGNORED, "it says who the user is for the index"),
    Place("proxy", Foreign.IGNORED, "it would answer in the place of the index"),
    # Where files are written
    Place("target_dir", Foreign.REFUSED, "files would be installed there"),
    Place("prefix_path", Foreign.REFUSED, "files would be installed there"),
    Place("root_path", Foreign.REFUSED, "files would be installed there"),
    Place(
        "use_user_site",
        Foreign.REFUSED,
        "every Python of the user would load what is installed",
        harmless=_says_no,
    ),
    Place("download_dir", Foreign.IGNORED, "files would be written there"),
    Place("wheel_dir", Foreign.IGNORED, "files would be written there"),
    Place("json_report_file", Foreign.IGNORED, "pip would write to that file"),
    Place("output_file", Foreign.IGNORED, "pip would write to that file"),
    Place("log", Foreign.IGNORED, "pip would write to that file"),
)

# By the destination in optparse. What is not here names no program, and no place but one to ask or to read
# data from: index-url, extra-index-url, find-links, constraint, build-constraint (what they offer is decided
# on as everything else, and gate_sources does not take the first three for the user's own places), path
# (metadata is listed), trusted-host (without a proxy nobody stands between).
PLACES = {place.dest: place for place in _TABLE}

"""The table of every way in which project code could run, one row a way; the heart of the tests."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import venv
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from support.projects import Project, make_wheel

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.world import World

COMMANDS = ("install", "wheel", "download", "dry-run", "lock")
Release = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Case:
    """One row, arranged: pip's arguments behind the command, and what allows all of its builds."""

    args: tuple[str, ...]
    allow: tuple[str, ...] = ("evil",)
    before: tuple[str, ...] = ()
    env: dict[str, str] = field(default_factory=dict)
    stdin: str | None = None
    given: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Route:
    """One way, on which pips it exists, and the commands that can take it."""

    name: str
    arrange: Callable[[World], Case]
    commands: tuple[str, ...] = COMMANDS
    since: Release = (0,)
    until: Release = (10**6,)
    tools: tuple[str, ...] = ()


ROUTES: list[Route] = []


def route(
    *,
    commands: tuple[str, ...] = COMMANDS,
    since: Release = (0,),
    until: Release = (10**6,),
    tools: tuple[str, ...] = (),
) -> Callable[[Callable[[World], Case]], Callable[[World], Case]]:
    """Put a function that arranges a case into the table, under its name."""

    def add(arrange: Callable[[World], Case]) -> Callable[[World], Case]:
        name = arrange.__name__.replace("_", "-")
        ROUTES.append(Route(name, arrange, commands, since, until, tools))
        return arrange

    return add


def write(path: Path, text: str) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return str(path)


# What an index offers


@route()
def index_sdist(world: World) -> Case:
    world.project().sdist(world.index.root)
    return Case(("evil",))


@route(commands=("install", "download"))
def index_sdist_as_zip(world: World) -> Case:
    world.project().zip_sdist(world.index.root)
    return Case(("evil",))


@route(commands=("install", "download"))
def index_sdist_without_hash(world: World) -> Case:
    world.index.hashes = False
    world.project().sdist(world.index.root)
    return Case(("evil",))


@route()
def setup_py(world: World) -> Case:
    world.serve_build_tools()
    world.project(backend="setup.py").sdist(world.index.root)
    return Case(("evil",))


@route(commands=("install", "download"))
def find_links_directory(world: World) -> Case:
    world.project().sdist(world.tmp / "links")
    return Case(("--no-index", "--find-links", str(world.tmp / "links"), "evil"))


@route(commands=("install", "download"))
def find_links_page(world: World) -> Case:
    sdist = world.project().sdist(world.index.root)
    page = write(world.tmp / "page.html", f'<a href="{world.index.file_url(sdist)}">{sdist.name}</a>')
    return Case(("--no-index", "--find-links", page, "evil"))


@route()
def sdist_behind_a_wheel(world: World) -> Case:
    world.project().sdist(world.index.root)
    make_wheel(world.index.root, "good", "1.0", requires=("evil",))
    return Case(("good",))


@route(commands=("install", "dry-run"))
def sdist_with_extras(world: World) -> Case:
    world.project().sdist(world.index.root)
    return Case(("evil[more]",))


@route(commands=("install", "download"))
def pinned_sdist_with_required_hash(world: World) -> Case:
    sdist = world.project().sdist(world.index.root)
    digest = hashlib.sha256(sdist.read_bytes()).hexdigest()
    return Case(("-r", write(world.tmp / "r.txt", f"evil==1.0 --hash=sha256:{digest}\n")))


# setup.py without PEP 517, where setuptools and wheel lie in the environment

_OLD_TOOLS = ("setuptools==69.5.1", "wheel==0.43.0")
_LAST_LEGACY = (25, 3)


@route(until=_LAST_LEGACY, tools=_OLD_TOOLS)
def setup_py_directly(world: World) -> Case:
    world.project(backend="setup.py").sdist(world.index.root)
    return Case(("--no-use-pep517", "--no-build-isolation", "evil"))


@route(commands=("install",), until=_LAST_LEGACY, tools=_OLD_TOOLS)
def setup_py_develop(world: World) -> Case:
    repository = world.project(backend="setup.py").repository(world.tmp / "repo")
    url = f"git+{repository.as_uri()}#egg=evil"
    return Case(("--no-use-pep517", "--no-build-isolation", "--src", str(world.tmp / "src"), "-e", url))


# Direct references


@route()
def path_to_sdist(world: World) -> Case:
    return Case((str(world.project().sdist(world.tmp / "here")),))


@route()
def url_of_sdist(world: World) -> Case:
    return Case((world.index.file_url(world.project().sdist(world.index.root)),))


@route()
def name_at_url(world: World) -> Case:
    return Case((f"evil @ {world.index.file_url(world.project().sdist(world.index.root))}",))


@route()
def wheel_requires_url_of_sdist(world: World) -> Case:
    url = world.index.file_url(world.project().sdist(world.index.root))
    make_wheel(world.index.root, "good", "1.0", requires=(f"evil @ {url}",))
    return Case(("good",), allow=(url,))


@route()
def wheel_requires_directory(world: World) -> Case:
    tree = world.project().tree(world.tmp / "tree")
    make_wheel(world.index.root, "good", "1.0", requires=(f"evil @ {tree.as_uri()}",))
    return Case(("good",), allow=(str(tree),))


@route(since=(24, 1))
def wheel_requires_git(world: World) -> Case:
    url = f"git+{world.project().repository(world.tmp / 'repo').as_uri()}"
    make_wheel(world.index.root, "good", "1.0", requires=(f"evil @ {url}",))
    return Case(("good",), allow=(url,))


@route()
def constraint_with_url(world: World) -> Case:
    url = world.index.file_url(world.project().sdist(world.index.root))
    return Case(("-c", write(world.tmp / "c.txt", f"evil @ {url}\n"), "evil"), allow=(url,))


@route(commands=("install", "dry-run"))
def constraint_with_directory(world: World) -> Case:
    tree = world.project().tree(world.tmp / "tree")
    return Case(("-c", write(world.tmp / "c.txt", f"evil @ {tree.as_uri()}\n"), "evil"), allow=(str(tree),))


# Version control


@route(since=(24, 1))
def git_checkout(world: World) -> Case:
    return Case((f"evil @ git+{world.project().repository(world.tmp / 'repo').as_uri()}",))


@route(commands=("install",))
def git_checkout_without_name(world: World) -> Case:
    url = f"git+{world.project().repository(world.tmp / 'repo').as_uri()}"
    return Case((url,), allow=(url,))


@route(commands=("install", "wheel"))
def editable_git_checkout(world: World) -> Case:
    url = f"git+{world.project().repository(world.tmp / 'repo').as_uri()}#egg=evil"
    return Case(("--src", str(world.tmp / "src"), "-e", url))


@route(commands=("install",))
def editable_git_checkout_that_exists(world: World) -> Case:
    repository = world.project().repository(world.tmp / "repo")
    there = world.project().repository(world.tmp / "src" / "evil")
    git = ["git", "-C", str(there), "remote", "add", "origin", repository.as_uri()]
    subprocess.run(git, check=True, capture_output=True)
    hook = write(
        there / ".git" / "hooks" / "reference-transaction", f"#!/bin/sh\necho hook >> {world.canary.path}\n"
    )
    Path(hook).chmod(0o755)
    return Case(("--src", str(world.tmp / "src"), "-e", f"git+{repository.as_uri()}#egg=evil"))


# Build requirements


def _tree_that_needs_evil(world: World, **options: tuple[str, ...]) -> str:
    quiet = world.tmp / "quiet.txt"
    project = world.project("ours")
    return str(type(project)("ours", "1.0", type(world.canary)(quiet), **options).tree(world.tmp / "ours"))


@route()
def build_requirement_is_sdist(world: World) -> Case:
    world.project().sdist(world.index.root)
    return Case((_tree_that_needs_evil(world, build_requires=("evil",)),))


@route(commands=("install", "download"))
def dynamic_build_requirement_is_sdist(world: World) -> Case:
    world.project().sdist(world.index.root)
    return Case((_tree_that_needs_evil(world, dynamic_build_requires=("evil",)),))


@route(commands=("install",))
def build_requirement_of_editable_is_sdist(world: World) -> Case:
    world.project().sdist(world.index.root)
    return Case(("-e", _tree_that_needs_evil(world, build_requires=("evil",))))


@route(commands=("install",))
def build_requirement_is_url(world: World) -> Case:
    url = world.index.file_url(world.project().sdist(world.index.root))
    return Case((_tree_that_needs_evil(world, build_requires=(f"evil @ {url}",)),), allow=(url,))


@route(commands=("install",))
def build_requirement_is_directory(world: World) -> Case:
    tree = world.project().tree(world.tmp / "tree")
    ours = _tree_that_needs_evil(world, build_requires=(f"evil @ {tree.as_uri()}",))
    return Case((ours,), allow=(str(tree),))


@route(commands=("install",))
def build_requirement_of_a_build_requirement(world: World) -> Case:
    world.project().sdist(world.index.root)
    middle = _tree_that_needs_evil(world, build_requires=("middle",))
    project = world.project("middle")
    quiet = type(world.canary)(world.tmp / "quiet.txt")
    type(project)("middle", "1.0", quiet, build_requires=("evil",)).sdist(world.index.root)
    return Case((middle,), given=("middle",))


@route(commands=("install", "wheel"), since=(26, 0))
def build_requirement_in_this_process(world: World) -> Case:
    world.project().sdist(world.index.root)
    ours = _tree_that_needs_evil(world, build_requires=("evil",))
    return Case(("--use-feature=inprocess-build-deps", ours))


@route(commands=("install", "wheel"), since=(26, 2))
def build_requirement_in_a_venv(world: World) -> Case:
    world.project().sdist(world.index.root)
    return Case(("--use-feature=venv-isolation", _tree_that_needs_evil(world, build_requires=("evil",))))


@route(commands=("install",), since=(25, 3))
def build_constraint_with_url(world: World) -> Case:
    url = world.index.file_url(world.project().sdist(world.index.root))
    constraint = write(world.tmp / "build.txt", f"evil @ {url}\n")
    ours = _tree_that_needs_evil(world, build_requires=("evil",))
    return Case(("--build-constraint", constraint, ours), allow=(url,))


@route(commands=("install",))
def sdist_in_a_venv_or_without_isolation(world: World) -> Case:
    world.project().sdist(world.index.root)
    return Case(("--no-build-isolation", "evil"))


@route(commands=("install",), since=(26, 2))
def sdist_built_in_a_venv(world: World) -> Case:
    world.project().sdist(world.index.root)
    return Case(("--use-feature=venv-isolation", "evil"))


# Wishes that are no permissions


def _wheel_and_sdist(world: World) -> None:
    world.project().sdist(world.index.root)
    make_wheel(world.index.root, "evil", "1.0")


@route()
def no_binary_on_the_command_line(world: World) -> Case:
    _wheel_and_sdist(world)
    return Case(("--no-binary", "evil", "evil"))


@route(commands=("install",))
def no_binary_abbreviated(world: World) -> Case:
    _wheel_and_sdist(world)
    return Case(("--no-bin", ":all:", "evil"))


@route(commands=("install", "download"))
def no_binary_in_requirements_file(world: World) -> Case:
    _wheel_and_sdist(world)
    return Case(("--only-binary=:all:", "-r", write(world.tmp / "r.txt", "--no-binary evil\nevil\n")))


@route(commands=("install",))
def no_binary_all_in_requirements_file(world: World) -> Case:
    _wheel_and_sdist(world)
    return Case(("--only-binary=:all:", "-r", write(world.tmp / "r.txt", "--no-binary :all:\nevil\n")))


@route(commands=("install", "download"))
def only_binary_none_in_requirements_file(world: World) -> Case:
    world.project().sdist(world.index.root)
    return Case(("--only-binary=:all:", "-r", write(world.tmp / "r.txt", "--only-binary :none:\nevil\n")))


@route(commands=("install",))
def no_binary_in_constraints_file(world: World) -> Case:
    _wheel_and_sdist(world)
    return Case(("--only-binary=:all:", "-c", write(world.tmp / "c.txt", "--no-binary evil\n"), "evil"))


@route(commands=("install",))
def no_binary_in_nested_requirements_file(world: World) -> Case:
    _wheel_and_sdist(world)
    write(world.tmp / "inner.txt", "--no-binary evil\nevil\n")
    return Case(("--only-binary=:all:", "-r", write(world.tmp / "outer.txt", "-r inner.txt\n")))


@route(commands=("install",))
def no_binary_in_fetched_requirements_file(world: World) -> Case:
    _wheel_and_sdist(world)
    write(world.index.root / "inner.txt", "--no-binary evil\nevil\n")
    outer = Path(write(world.index.root / "outer.txt", "-r inner.txt\n"))
    return Case(("--only-binary=:all:", "-r", world.index.file_url(outer)))


@route(commands=("install",))
def directory_in_fetched_requirements_file(world: World) -> Case:
    tree = world.project().tree(world.tmp / "tree")
    fetched = Path(write(world.index.root / "r.txt", f"{tree}\n"))
    return Case(("-r", world.index.file_url(fetched)), allow=(str(tree),))


@route(commands=("install", "wheel"))
def no_binary_in_the_environment(world: World) -> Case:
    _wheel_and_sdist(world)
    return Case(("evil",), env={"PIP_NO_BINARY": "evil"})


@route(commands=("install",))
def no_binary_in_user_config(world: World) -> Case:
    _wheel_and_sdist(world)
    write(world.home / ".config" / "pip" / "pip.conf", "[install]\nno-binary = :all:\n")
    return Case(("evil",))


@route(commands=("install",))
def no_binary_in_global_config(world: World) -> Case:
    _wheel_and_sdist(world)
    write(world.home / "etc" / "pip" / "pip.conf", "[global]\nno-binary = :all:\n")
    return Case(("evil",))


@route(commands=("install",))
def no_binary_in_named_config(world: World) -> Case:
    _wheel_and_sdist(world)
    config = write(world.tmp / "pip.conf", "[install]\nno-binary = evil\n")
    return Case(("evil",), env={"PIP_CONFIG_FILE": config})


# Ways around the gate


@route(commands=("install",))
def legacy_resolver(world: World) -> Case:
    world.project().sdist(world.index.root)
    return Case(("--use-deprecated=legacy-resolver", "evil"))


@route(commands=("install", "download"))
def isolated(world: World) -> Case:
    world.project().sdist(world.index.root)
    return Case(("--isolated", "--index-url", world.index.url, "evil"), before=("--isolated",))


@route(commands=("install",))
def variables_of_pips_own_children(world: World) -> Case:
    world.project().sdist(world.index.root)
    tracker = world.tmp / "tracker"
    tracker.mkdir()
    env = {
        "_PIP_RUNNING_IN_SUBPROCESS": "1",
        "_PIP_IN_BUILD_IGNORE_CONSTRAINTS": "1",
        "PIP_BUILD_TRACKER": str(tracker),
    }
    return Case(("evil",), env=env)


@route(commands=("install",))
def a_pipe_that_says_yes_for_ever(world: World) -> Case:
    world.project().sdist(world.index.root)
    return Case(("evil",), stdin="y\n" * 10_000)


def _other_python(world: World) -> str:
    venv.EnvBuilder(with_pip=False, symlinks=True).create(world.tmp / "other")
    return str(world.tmp / "other" / "bin" / "python")


@route(commands=("install", "download"))
def python_option(world: World) -> Case:
    world.project().sdist(world.index.root)
    return Case(("evil",), before=("--python", _other_python(world)))


@route(commands=("wheel",))
def python_option_abbreviated(world: World) -> Case:
    world.project().sdist(world.index.root)
    return Case(("evil",), before=(f"--pyth={_other_python(world)}",))


@route(commands=("install",))
def python_in_the_environment(world: World) -> Case:
    world.project().sdist(world.index.root)
    return Case(("evil",), env={"PIP_PYTHON": _other_python(world)})


@route(commands=("install",))
def python_in_config(world: World) -> Case:
    world.project().sdist(world.index.root)
    write(world.home / ".config" / "pip" / "pip.conf", f"[global]\npython = {_other_python(world)}\n")
    return Case(("evil",))


@route(commands=("install",))
def build_requirement_under_python_option(world: World) -> Case:
    world.project().sdist(world.index.root)
    ours = _tree_that_needs_evil(world, build_requires=("evil",))
    return Case((ours,), before=("--python", _other_python(world)))


# Lists of requirements that are not requirements files


@route(commands=("install", "lock"), since=(25, 1))
def dependency_group(world: World) -> Case:
    world.project().sdist(world.index.root)
    pyproject = write(world.tmp / "pyproject.toml", '[dependency-groups]\ndev = ["evil"]\n')
    return Case(("--group", f"{pyproject}:dev"))


@route(commands=("install",), since=(26, 0))
def requirements_from_script(world: World) -> Case:
    world.project().sdist(world.index.root)
    script = write(world.tmp / "script.py", '# /// script\n# dependencies = ["evil"]\n# ///\n')
    return Case(("--requirements-from-script", script))


def _pylock(world: World, entry: str) -> tuple[str, ...]:
    head = f'lock-version = "1.0"\ncreated-by = "tests"\nrequires-python = ">={sys.version_info[0]}"\n'
    text = f'{head}[[packages]]\nname = "evil"\nversion = "1.0"\n{entry}'
    return ("-r", write(world.tmp / "pylock.toml", text))


@route(commands=("install", "download"), since=(26, 1))
def pylock_sdist(world: World) -> Case:
    sdist = world.project().sdist(world.index.root)
    digest = hashlib.sha256(sdist.read_bytes()).hexdigest()
    url = world.index.file_url(sdist)
    entry = f'sdist = {{ name = "{sdist.name}", url = "{url}", hashes = {{ sha256 = "{digest}" }} }}\n'
    return Case(_pylock(world, entry))


@route(commands=("install",), since=(26, 1))
def pylock_archive(world: World) -> Case:
    sdist = world.project().sdist(world.index.root)
    digest = hashlib.sha256(sdist.read_bytes()).hexdigest()
    entry = f'archive = {{ url = "{world.index.file_url(sdist)}", hashes = {{ sha256 = "{digest}" }} }}\n'
    return Case(_pylock(world, entry))


@route(commands=("install",), since=(26, 1))
def pylock_vcs(world: World) -> Case:
    repository = world.project().repository(world.tmp / "repo")
    answer = subprocess.run(
        ["git", "-C", str(repository), "rev-parse", "HEAD"], check=True, capture_output=True, text=True
    )
    entry = (
        f'vcs = {{ type = "git", url = "{repository.as_uri()}", commit-id = "{answer.stdout.strip()}" }}\n'
    )
    return Case(_pylock(world, entry))


def _locked_with_choices(world: World, choice: str) -> str:
    """Write a lock file that holds evil for an extra and for a dependency group, and return its path."""
    sdist = world.project().sdist(world.index.root)
    digest = hashlib.sha256(sdist.read_bytes()).hexdigest()
    offers = 'extras = ["more"]\ndependency-groups = ["more"]\n'
    head = f'lock-version = "1.0"\ncreated-by = "tests"\n{offers}'
    source = (
        f'sdist = {{ name = "{sdist.name}", url = "{world.index.file_url(sdist)}", '
        f'hashes = {{ sha256 = "{digest}" }} }}\n'
    )
    entry = f'[[packages]]\nname = "evil"\nversion = "1.0"\nmarker = "\'more\' in {choice}"\n{source}'
    return write(world.tmp / "pylock.toml", head + entry)


@route(commands=("install", "download"), since=(26, 3))
def pylock_group(world: World) -> Case:
    return Case(("--group", f"{_locked_with_choices(world, 'dependency_groups')}:more"))


@route(commands=("install", "download"), since=(26, 3))
def pylock_extra(world: World) -> Case:
    return Case(("-r", f"{_locked_with_choices(world, 'extras')}[more]"))


# A directory of what was fetched (``subdirectory=``); what was approved there is in test_subdirectory.py


def _nested(world: World) -> Project:
    """Return a project in which evil lies in the directory ``inner``."""
    files = {f"inner/{name}": text for name, text in world.project().contents().items()}
    return Project("evil", "1.0", type(world.canary)(world.tmp / "quiet.txt"), files=files)


@route(commands=("install", "wheel"))
def index_sdist_in_a_subdirectory(world: World) -> Case:
    sdist = _nested(world).sdist(world.index.root)
    digest = hashlib.sha256(sdist.read_bytes()).hexdigest()
    url = world.index.file_url(sdist)
    world.index.html["evil"] = f'<a href="{url}#sha256={digest}&subdirectory=inner">{sdist.name}</a>'
    return Case(("evil",), allow=(f"{url}#subdirectory=inner",))


@route(commands=("install", "wheel", "lock"))
def archive_in_a_subdirectory(world: World) -> Case:
    return Case(
        (f"evil @ {world.index.file_url(_nested(world).sdist(world.index.root))}#subdirectory=inner",)
    )


@route(commands=("install", "wheel"))
def archive_in_a_subdirectory_of_its_query(world: World) -> Case:
    url = f"{world.index.file_url(_nested(world).sdist(world.index.root))}?x&subdirectory=inner"
    make_wheel(world.index.root, "good", "1.0", requires=(f"evil @ {url}",))
    return Case(("good",), allow=(url,))


@route(commands=("install", "wheel"))
def checkout_in_a_subdirectory(world: World) -> Case:
    repository = _nested(world).repository(world.tmp / "repo")
    return Case((f"git+{repository.as_uri()}#egg=evil&subdirectory=inner",))


@route(commands=("install",))
def editable_checkout_in_a_subdirectory(world: World) -> Case:
    url = f"git+{_nested(world).repository(world.tmp / 'repo').as_uri()}#egg=evil&subdirectory=inner"
    return Case(("--src", str(world.tmp / "src"), "-e", url))


@route(commands=("install",))
def directory_in_a_subdirectory(world: World) -> Case:
    tree = _nested(world).tree(world.tmp / "tree")
    make_wheel(world.index.root, "good", "1.0", requires=(f"evil @ {tree.as_uri()}#subdirectory=inner",))
    return Case(("good",), allow=(str(tree / "inner"),))


@route(commands=("install",), since=(26, 1))
def pylock_archive_in_a_subdirectory(world: World) -> Case:
    sdist = _nested(world).sdist(world.index.root)
    digest = hashlib.sha256(sdist.read_bytes()).hexdigest()
    hashes = f'subdirectory = "inner", hashes = {{ sha256 = "{digest}" }}'
    return Case(_pylock(world, f'archive = {{ url = "{world.index.file_url(sdist)}", {hashes} }}\n'))


@route(commands=("install",), since=(26, 1))
def pylock_vcs_in_a_subdirectory(world: World) -> Case:
    repository = _nested(world).repository(world.tmp / "repo")
    command = ["git", "-C", str(repository), "rev-parse", "HEAD"]
    commit = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    place = f'url = "{repository.as_uri()}", commit-id = "{commit}", subdirectory = "inner"'
    return Case(_pylock(world, f'vcs = {{ type = "git", {place} }}\n'))

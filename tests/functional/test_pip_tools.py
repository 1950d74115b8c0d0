"""An enabled environment whose programs resolve with pip as a library, as pip-tools does."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

import pytest

from support.adopted import SHEBANG
from support.environments import ALL_PIPS, tool
from support.projects import Project, make_wheel

if TYPE_CHECKING:
    import subprocess

    from support.adopted import Adopted

PIPS_HERE = (ALL_PIPS[0], "24.3.1", "26.2", ALL_PIPS[-1])

# The calls of pip-tools: its resolver (piptools/resolver.py) and its reader (piptools/_compat/pip_compat.py).
COMPILE = """\
import inspect, sys
from pip._internal.cache import WheelCache
from pip._internal.commands import create_command
from pip._internal.exceptions import DistributionNotFound
from pip._internal.models.link import Link
from pip._internal.operations.build.build_tracker import get_build_tracker
from pip._internal.req import InstallRequirement, parse_requirements
from pip._internal.req.constructors import install_req_from_parsed_requirement
from pip._internal.utils.temp_dir import TempDirectory, global_tempdir_manager

class FileLink(Link):
    @property
    def file_path(self):
        return self._url

def copied(req):
    again = InstallRequirement(
        req.req, req.comes_from, editable=req.editable, link=req.link, markers=req.markers,
        isolated=req.isolated, constraint=req.constraint, extras=req.extras, user_supplied=req.user_supplied)
    again.original_link = req.original_link
    return again

def read(file, **given):
    for parsed in parse_requirements(file, **given):
        req = install_req_from_parsed_requirement(parsed)
        if req.editable and not parsed.requirement.startswith("file://"):
            link = FileLink(req.link.url)
            link._url = parsed.requirement
            req.link = link
        req = copied(req)
        req.comes_from = "-r " + file
        yield req

command = create_command("install")
options, files = command.parse_args(sys.argv[1:])
session = command._build_session(options)
finder = command._build_package_finder(options=options, session=session)
with get_build_tracker() as tracker, global_tempdir_manager():
    reqs = [req for file in files for req in read(file, session=session, finder=finder, options=options)]
    for req in reqs:
        req.user_supplied = True
    given = {"allow_editables": True}
    takes = inspect.signature(command.make_requirement_preparer).parameters
    preparer = command.make_requirement_preparer(
        temp_build_dir=TempDirectory(kind="resolve", globally_managed=True), options=options, session=session,
        finder=finder, use_user_site=False, build_tracker=tracker,
        **{name: value for name, value in given.items() if name in takes})
    given = {"use_pep517": True}
    takes = inspect.signature(command.make_resolver).parameters
    resolver = command.make_resolver(
        preparer=preparer, finder=finder, options=options, wheel_cache=WheelCache(options.cache_dir),
        use_user_site=False, ignore_installed=True, ignore_requires_python=False, force_reinstall=False,
        upgrade_strategy="to-satisfy-only",
        **{name: value for name, value in given.items() if name in takes})
    try:
        result = resolver.resolve(root_reqs=reqs, check_supported_wheels=True)
    except DistributionNotFound as error:
        sys.exit("not found")
for candidate in sorted(resolver._result.mapping.values(), key=str):
    print("pinned", candidate.name, candidate.version)
"""
BUILD = """
    from pip._internal.wheel_builder import build
    given = {"verify": True, "build_options": [], "global_options": [], "allow_editables": True}
    takes = inspect.signature(build).parameters
    given = {name: value for name, value in given.items() if name in takes}
    built, failed = build(list(result.requirements.values()), wheel_cache=WheelCache(options.cache_dir), **given)
    print("built", *[req.name for req in built])
"""

# As piptools/sync.py.
SYNC = """\
import os, subprocess, sys, tempfile
from pip._internal.commands import create_command
create_command("install")
with tempfile.NamedTemporaryFile("wt", delete=False) as file:
    file.write("\\n".join(open(sys.argv[1]).read().split()))
try:
    subprocess.run([sys.executable, "-m", "pip", "install", "-r", file.name], check=True)
finally:
    os.unlink(file.name)
"""


class Compiling:
    """An enabled environment with a ``pip-compile`` beside its pip, and a project to call it in."""

    def __init__(self, at: Adopted) -> None:
        self.at = at
        self.project = at.home / "project"
        self.project.mkdir()
        self.script = at.env.root / "bin" / "pip-compile"
        for name, text in (("pip-compile", COMPILE), ("pip-sync", SYNC)):
            script = self.script.with_name(name)
            script.write_text(SHEBANG.format(python=at.python) + text)
            script.chmod(0o755)

    def requires(self, *lines: str) -> None:
        (self.project / "requirements.in").write_text("".join(f"{line}\n" for line in lines))

    def __call__(self, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return self.shell(shlex.join([str(self.script), *(words or ("requirements.in",))]), **variables)

    def shell(self, line: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a line in the project, as it would be pasted there."""
        path = f"{self.script.parent}:{tool().root / 'bin'}:/usr/bin:/bin"
        return self.at.run(
            "sh", "-c", f"cd {shlex.quote(str(self.project))} && {line}", PATH=path, **variables
        )


@pytest.fixture
def compiling(hooked: Adopted) -> Compiling:
    return Compiling(hooked)


@pytest.fixture
def newest_compiling(newest_hooked: Adopted) -> Compiling:
    return Compiling(newest_hooked)


def hints(text: str) -> list[str]:
    return re.findall(r"^hint: [^:]*: (.*)$", text, re.MULTILINE)


def test_a_block_is_a_message_and_its_hints_lead_to_the_goal(compiling: Compiling) -> None:
    compiling.requires("carrier", "worse")
    make_wheel(compiling.at.index.root, "carrier", "1.0", requires=("evil",))
    Project("worse", "1.0", compiling.at.canary).sdist(compiling.at.index.root)
    blocked = compiling()
    assert blocked.returncode == 43, blocked.stdout + blocked.stderr
    assert compiling.at.canary.silent
    assert "Traceback" not in blocked.stderr
    assert "2 packages would have to run their own code to say what they require" in blocked.stderr
    assert "No project code has run. Nothing was saved." in blocked.stderr
    approve, again = hints(blocked.stderr)
    assert "--allow-build" not in blocked.stderr
    assert "install" not in blocked.stderr.replace("Nothing was installed", "")
    pending = compiling.shell(f"pipgate --env {shlex.quote(str(compiling.at.env.root))} pending")
    assert "evil 1.0" in pending.stdout + pending.stderr
    approved = compiling.shell(approve)
    assert approved.returncode == 0, approved.stderr
    done = compiling.shell(again)
    assert done.returncode == 0, done.stderr
    assert re.findall(r"pinned (\S+)", done.stdout) == ["carrier", "evil", "worse"]
    assert not compiling.at.canary.silent


@pytest.mark.parametrize("is_executable", [False, True])
def test_a_script_is_started_again_as_it_was(newest_hooked: Adopted, *, is_executable: bool) -> None:
    at = newest_hooked
    script = at.home / "my script.py"
    script.write_text(
        f"#!{at.python}\nimport sys\nfrom pip._internal.commands import create_command\n"
        "sys.exit(create_command('install').main(['--target', 't', 'evil']))\n"
    )
    script.chmod(0o755 if is_executable else 0o644)
    blocked = at.run(at.python, "-B", script.name)
    assert "build-not-approved" in blocked.stderr
    again = hints(blocked.stderr)[-1]
    at.allow_evil()
    done = at.run("sh", "-c", again)
    assert done.returncode == 0, again + done.stderr
    assert not at.canary.silent


@pytest.mark.parametrize("line", ["-e .", ".", "-e ../other", "other @ {other}"])
def test_ones_own_directory_is_allowed_as_in_a_dry_run(compiling: Compiling, line: str) -> None:
    for name, place in (("own", compiling.project), ("other", compiling.at.home / "other")):
        Project(name, "1.0", compiling.at.canary).tree(place)
    compiling.requires(line.format(other=(compiling.at.home / "other").as_uri()))
    done = compiling()
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"pinned {'other' if 'other' in line else 'own'} 1.0" in done.stdout
    assert not compiling.at.canary.silent


def test_a_directory_that_metadata_names_is_not_ones_own(newest_compiling: Compiling) -> None:
    at = newest_compiling.at
    tree = Project("evil", "9.0", at.canary).tree(at.home / "evil")
    make_wheel(at.index.root, "carrier", "1.0", requires=(f"evil @ {tree.as_uri()}",))
    newest_compiling.requires("carrier")
    blocked = newest_compiling()
    assert blocked.returncode == 43, blocked.stdout + blocked.stderr
    assert at.canary.silent
    assert "Traceback" not in blocked.stderr
    for hint in hints(blocked.stderr)[:-1]:
        assert newest_compiling.shell(hint).returncode == 0, hint


def test_a_fetched_file_names_nothing(newest_compiling: Compiling) -> None:
    at = newest_compiling.at
    tree = Project("evil", "9.0", at.canary).tree(at.home / "evil")
    (at.index.root / "more.txt").write_text(f"evil @ {tree.as_uri()}\n")
    newest_compiling.requires(f"-r {at.index.file_url(at.index.root / 'more.txt')}")
    blocked = newest_compiling()
    assert blocked.returncode == 43, blocked.stdout + blocked.stderr
    assert at.canary.silent


def test_ones_own_file_names_ones_own_beside_one_that_is_fetched(compiling: Compiling) -> None:
    at = compiling.at
    Project("own", "1.0", at.canary).tree(compiling.project)
    (at.index.root / "more.txt").write_text("good\n")
    compiling.requires(f"-r {at.index.file_url(at.index.root / 'more.txt')}", "-e .")
    done = compiling()
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.findall(r"pinned (\S+)", done.stdout) == ["good", "own"]


def test_pending_is_approved_as_it_stands(newest_compiling: Compiling) -> None:
    newest_compiling.requires("evil")
    assert newest_compiling().returncode == 43
    env = shlex.quote(str(newest_compiling.at.env.root))
    approved = newest_compiling.shell(f"pipgate --env {env} approve --pending")
    assert approved.returncode == 0, approved.stderr
    assert newest_compiling.at.canary.silent
    assert newest_compiling().returncode == 0
    assert not newest_compiling.at.canary.silent


def test_a_program_that_copes_goes_on(newest_hooked: Adopted) -> None:
    """What it catches is an error of pip's; only what nobody catches ends the process."""
    code = (
        "import sys\nfrom pip._internal.exceptions import InstallationError\nsys.argv = ['x', 'requirements.in']\n"
        "try:\n    exec(open(sys.path[0] + '/pip-compile').read())\nexcept InstallationError as error:\n    print('on', error)\n"
    )
    compiling = Compiling(newest_hooked)
    compiling.requires("evil")
    compiling.script.write_text(COMPILE)
    (compiling.script.parent / "copes.py").write_text(code)
    done = compiling.shell(f"python {shlex.quote(str(compiling.script.parent / 'copes.py'))}")
    assert done.returncode == 0, done.stderr
    assert "on pipgate: 1 package would have to run its own code" in done.stdout


def test_a_policy_that_is_not_valid_is_said(newest_compiling: Compiling) -> None:
    newest_compiling.requires("evil")
    (newest_compiling.project / "pipgate.toml").write_text("version = nonsense\n")
    ended = newest_compiling()
    assert ended.returncode == 44, ended.stdout + ended.stderr
    assert "Traceback" not in ended.stderr
    assert "pipgate.toml" in ended.stderr
    assert newest_compiling.at.canary.silent


def test_a_recorded_list_serves_with_a_note(newest_compiling: Compiling) -> None:
    recorded = {"evil.egg-info/PKG-INFO": "Metadata-Version: 1.0\nName: evil\nVersion: 3.0\n"}
    recorded |= {"evil.egg-info/requires.txt": "good\n", "evil.egg-info/SOURCES.txt": "setup.py\n"}
    project = Project(
        "evil", "3.0", newest_compiling.at.canary, backend="setup.py", requires=("good",), files=recorded
    )
    project.sdist(newest_compiling.at.index.root)
    newest_compiling.requires("evil")
    done = newest_compiling()
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.findall(r"pinned (\S+)", done.stdout) == ["evil", "good"]
    assert "read from a list that an earlier build recorded: evil 3.0" in done.stderr
    assert newest_compiling.at.canary.silent


def test_a_newer_sdist_is_told_with_a_way_to_take_it(newest_compiling: Compiling) -> None:
    Project("good", "2.0", newest_compiling.at.canary).sdist(newest_compiling.at.index.root)
    newest_compiling.requires("good")
    done = newest_compiling()
    assert "pinned good 1.0" in done.stdout, done.stderr
    [line] = re.findall(r"^note: took good 1.0 \(wheel\).* first: (.*)$", done.stderr, re.MULTILINE)
    assert newest_compiling.shell(line).returncode == 0
    assert "pinned good 2.0" in newest_compiling().stdout


@pytest.mark.parametrize(
    ("comes_from", "status"), [("own (pyproject.toml)", 0), ("own (../pyproject.toml)", 43), ("own", 43)]
)
def test_a_project_that_requires_itself_is_ones_own(
    newest_compiling: Compiling, comes_from: str, status: int
) -> None:
    """As pip-tools reads pyproject.toml: an extra that names others of the same project."""
    at, project = newest_compiling.at, newest_compiling.project
    Project("own", "1.0", at.canary).tree(project)
    newest_compiling.requires(f"own @ {project.as_uri()}")
    text = newest_compiling.script.read_text()
    read = "install_req_from_parsed_requirement(parsed)"
    assert read in text
    direct = f"InstallRequirement(Requirement(parsed.requirement), {comes_from!r})"
    text = text.replace(read, direct).replace('req.comes_from = "-r " + file', "pass")
    newest_compiling.script.write_text(
        text.replace(
            "import inspect, sys",
            "import inspect, sys\nfrom pip._vendor.packaging.requirements import Requirement",
        )
    )
    done = newest_compiling()
    assert done.returncode == status, done.stdout + done.stderr
    assert at.canary.silent == bool(status)


def test_what_pip_sync_starts_speaks_for_it(compiling: Compiling) -> None:
    compiling.requires("evil")
    sync = f"{shlex.quote(str(compiling.script.with_name('pip-sync')))} requirements.in"
    blocked = compiling.shell(sync)
    assert blocked.returncode == 43, blocked.stdout + blocked.stderr
    assert compiling.at.canary.silent
    assert "Traceback" not in blocked.stderr
    approve, again = hints(blocked.stderr)
    assert compiling.shell(approve).returncode == 0
    done = compiling.shell(again)
    assert done.returncode == 0, done.stderr
    assert not compiling.at.canary.silent


def test_another_end_of_a_program_is_its_own(newest_compiling: Compiling) -> None:
    newest_compiling.requires("evil==9")
    sync = f"{shlex.quote(str(newest_compiling.script.with_name('pip-sync')))} requirements.in"
    failed = newest_compiling.shell(sync)
    assert failed.returncode == 1
    assert "CalledProcessError" in failed.stderr


def test_what_a_program_builds_of_a_plan_is_decided_and_prepared(compiling: Compiling) -> None:
    """A plan that rests on static metadata has nothing prepared, as that of a dry run."""
    static = {"PKG-INFO": "Metadata-Version: 2.2\nName: static\nVersion: 1.0\n"}
    Project("static", "1.0", compiling.at.canary, files=static).sdist(compiling.at.index.root)
    compiling.requires("static")
    text = compiling.script.read_text()
    assert text.count("for candidate in ") == 1
    compiling.script.write_text(text.replace("for candidate in ", f"{BUILD}for candidate in "))
    blocked = compiling()
    assert blocked.returncode == 43, blocked.stdout + blocked.stderr
    assert compiling.at.canary.silent
    approve, again = hints(blocked.stderr)
    assert compiling.shell(approve).returncode == 0
    done = compiling.shell(again)
    assert "built static" in done.stdout, done.stdout + done.stderr
    assert "static 1.0 build_wheel" in compiling.at.canary.songs


def test_one_step_of_the_legacy_resolver_is_stopped_as_well(compiling: Compiling) -> None:
    """pip-tools takes the steps itself, so that no plan comes that would be stopped at its end."""
    compiling.requires("evil")
    text = compiling.script.read_text()
    begin = text.index("    try:\n        result")
    step = (
        "    from pip._internal.req import RequirementSet\n    [req] = reqs\n    reqset = RequirementSet()\n"
        "    reqset.add_named_requirement(req)\n    print('requires', resolver._resolve_one(reqset, req))\n"
    )
    compiling.script.write_text(text[:begin] + step)
    words = ("--use-deprecated", "legacy-resolver", "requirements.in")
    blocked = compiling(*words)
    assert blocked.returncode == 43, blocked.stdout + blocked.stderr
    assert compiling.at.canary.silent
    assert compiling.shell(hints(blocked.stderr)[0]).returncode == 0
    done = compiling(*words)
    assert "requires []" in done.stdout, done.stdout + done.stderr
    assert not compiling.at.canary.silent

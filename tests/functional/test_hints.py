"""Every hint of every message is pasted into a shell, as it was printed, and does what it promises."""

from __future__ import annotations

import hashlib
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from support.environments import ALL_PIPS, HOOK, ROOT, Ended, environment, hermetic, tool
from support.hints import command_in, names_in, sources
from support.projects import Project, make_wheel

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support.canary import Canary
    from support.index import Index

FILE = "pipgate-approvals.toml"
INSTALL = "pipgate install evil"
APPROVE = "To approve and record{}: {}"
ONCE = "To allow {} for this run: {}"
SHOWN = re.compile(r"^hint: .*: ")  # what has to be in a row, wherever it is printed


@dataclass
class Scene:
    """A user's shell: a home, a project whose path needs quotes, an environment, pipgate on PATH."""

    root: Path
    index: Index
    canary: Canary
    below: str = ""
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def home(self) -> Path:
        return self.root / "home"

    @property
    def env(self) -> Path:
        return self.root / "an env"

    @property
    def project(self) -> Path:
        return self.root / "kim's project"

    @property
    def installed(self) -> list[str]:
        return sorted(each.name.partition("-")[0] for each in self.env.rglob("*.dist-info"))

    def bash(self, line: str) -> Ended:
        """Run a line as it is typed: in the directory of the project, with nobody who could be asked."""
        active = {"VIRTUAL_ENV": str(self.env), "CI": "", **self.variables}
        done = subprocess.run(
            ["bash", "-c", line],
            env={
                each: value
                for each, value in {**hermetic(self.home, self.index.url), **active}.items()
                if value
            },
            cwd=self.project / self.below,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            start_new_session=True,  # no controlling terminal
            check=False,
            timeout=180,
        )
        ended = Ended(done.returncode, done.stdout, done.stderr)
        assert "Traceback" not in ended.err, ended.text
        return ended

    def does(self, line: str, status: int = 0) -> Ended:
        ended = self.bash(line)
        assert ended.status == status, (line, ended.text)
        return ended

    def sdist(self, name: str = "evil", version: str = "1.0", **options: object) -> str:
        """Put an sdist that sings on the index, and return its hash."""
        made = Project(name, version, self.canary, **options).sdist(self.index.root)  # type: ignore[arg-type]  # its options
        return hashlib.sha256(made.read_bytes()).hexdigest()

    def policy(self, text: str, *, of_user: bool = True) -> None:
        place = self.home / ".config" / "pipgate" if of_user else self.project
        place.mkdir(parents=True, exist_ok=True)
        (place / "pipgate.toml").write_text(f"version = 1\n{text}")

    def forget_trust(self) -> None:
        (self.home / ".local" / "state" / "pipgate" / "trusted.json").unlink(missing_ok=True)


@dataclass(frozen=True)
class Row:
    """A scene, the line that is typed in it, and each hint that it prints, with what that has to do."""

    title: str
    typed: str
    status: int
    promises: dict[str, tuple[int, Callable[[Scene, Ended], None]]]
    scene: Callable[[Scene], object]


ROWS: list[Row] = []


def row(
    typed: str, status: int, **promises: tuple[str, int, Callable[[Scene, Ended], None]]
) -> Callable[[Callable[[Scene], object]], None]:
    """Add a row whose scene is the function; each promise has its literal, a status, and an effect."""

    def add(scene: Callable[[Scene], object]) -> None:
        told = {source: (wanted, check) for source, wanted, check in promises.values()}
        ROWS.append(Row(scene.__name__, typed, status, told, scene))

    return add


def installs(*names: str, then: str = INSTALL) -> Callable[[Scene, Ended], None]:
    """After the hint the command that was blocked works."""

    def check(scene: Scene, _: Ended) -> None:
        assert scene.canary.silent, "nothing has run yet"
        scene.does(then)
        assert set(names or ["evil"]) <= set(scene.installed)

    return check


def installed(*names: str) -> Callable[[Scene, Ended], None]:
    return lambda scene, _: _equal(set(names or ["evil"]) <= set(scene.installed), wanted=True)


def says(text: str) -> Callable[[Scene, Ended], None]:
    def check(scene: Scene, ended: Ended) -> None:
        assert text in ended.out + ended.err, ended.text
        assert scene.canary.silent

    return check


def _equal(one: object, *, wanted: object) -> None:
    assert one == wanted


def paste(scene: Scene, printed: str, source: str) -> Ended:
    """Paste the one command of a text that was made from a literal of the source."""
    [command] = [found for line in printed.splitlines() if (found := command_in(line, source))]
    return scene.bash(command)


def undenied(scene: Scene, ended: Ended) -> None:
    """The command that explains offers one that takes the denial back."""
    assert paste(scene, ended.out, "  to change it: {}").status == 0
    assert "needs-approval" in scene.bash("pipgate explain evil==1.0").out


@row(INSTALL, 43, a=(APPROVE, 0, installs()), b=(ONCE, 0, installed()))
def blocked(scene: Scene) -> None:
    scene.sdist()


@row(
    "pipgate install evil worse",
    43,
    a=(APPROVE, 0, installs("evil", "worse", then="pipgate install evil worse")),
    b=(ONCE, 0, installed("evil", "worse")),
)
def blocked_in_a_subdirectory_of_a_project_without_git(scene: Scene) -> None:
    scene.sdist()
    scene.sdist("worse")
    shutil.rmtree(scene.project / ".git")
    scene.policy("", of_user=False)
    scene.does("pipgate trust")
    scene.below = "a b/it's below"


@row(
    "pipgate --env '../an env' install -f '../it'\"'\"'s links' --no-index evil",
    43,
    a=(
        APPROVE,
        0,
        installs(then="pipgate --env '../an env' install -f '../it'\"'\"'s links' --no-index evil"),
    ),
    b=(ONCE, 0, installed()),
)
def blocked_in_a_named_environment_from_a_named_place(scene: Scene) -> None:
    links = scene.root / "it's links"
    links.mkdir()
    Project("evil", "1.0", scene.canary).sdist(links)
    scene.variables |= {"VIRTUAL_ENV": "", "NO_COLOR": "1"}


@row(
    "pipgate --policy '../strict one.toml' --approvals '../my own.toml' install evil",
    43,
    a=(
        APPROVE,
        0,
        installs(then="pipgate --policy '../strict one.toml' --approvals '../my own.toml' install evil"),
    ),
    b=(ONCE, 0, installed()),
)
def blocked_under_named_files(scene: Scene) -> None:
    scene.sdist()
    (scene.root / "strict one.toml").write_text("version = 1\nrequire-reason = true\n")
    (scene.root / "my own.toml").write_text("version = 1\n")


@row(INSTALL, 43, a=(APPROVE, 0, installs()), b=(ONCE, 0, installed()))
def blocked_under_files_that_variables_name(scene: Scene) -> None:
    scene.sdist()
    (scene.root / "p.toml").write_text("version = 1\nrequire-reason = true\n")
    scene.variables |= {
        "PIPGATE_POLICY": str(scene.root / "p.toml"),
        "PIPGATE_APPROVALS": str(scene.root / "a.toml"),
    }
    (scene.root / "a.toml").write_text("version = 1\n")


@row(
    "pipgate download --no-binary :all: evil",
    43,
    a=(APPROVE, 0, installs()),
    b=(ONCE, 0, lambda scene, _: _equal(scene.canary.silent, wanted=False)),
    c=(
        "To go on without what {}, and run nothing: {}",
        0,
        lambda scene, _: _equal(
            (scene.canary.silent, (scene.project / "evil-1.0.tar.gz").exists()), wanted=(True, True)
        ),
    ),
)
def a_download_that_says_nothing(scene: Scene) -> None:
    scene.sdist()


@row(INSTALL, 43, a=("Only once you know why it is another file{}: {}", 0, installs()))
def another_file_than_the_approved_one(scene: Scene) -> None:
    scene.sdist()
    scene.does(f"pipgate approve evil==1.0 --sha256 {'a' * 64}")


@row(INSTALL, 43, a=("To see who decided that, and what would change it: {}", 0, undenied))
def denied(scene: Scene) -> None:
    scene.sdist()
    scene.does("pipgate deny evil")


@row("pipgate install good", 43, a=(ONCE, 0, installed("evil", "good")))
def a_directory_that_a_wheel_requires(scene: Scene) -> None:
    tree = Project("evil", "1.0", scene.canary).tree(scene.root / "it's a tree")
    make_wheel(scene.index.root, "good", "1.0", requires=(f"evil @ {tree.as_uri()}",))


OUTSIDE = """pipgate install "evil @ $URL#subdirectory=../x" """
NAMELESS = """pipgate install "$URL#subdirectory=../x" """


def outside(scene: Scene) -> None:
    made = Project("evil", "1.0", scene.canary).sdist(scene.index.root / "files")
    scene.variables["URL"] = scene.index.file_url(made)


@row(
    OUTSIDE,
    43,
    a=(
        "To have all that is known of it in a file: {}",
        43,
        lambda scene, _: _equal("outside" in (scene.project / "report.json").read_text(), wanted=True),
    ),
)
def a_directory_outside_of_what_is_fetched(scene: Scene) -> None:
    outside(scene)


@row("pipgate approve --pending", 43, a=("{}: to see what decides on it: {}", 0, says("outside-its-tree")))
def what_is_pending_and_has_no_name(scene: Scene) -> None:
    made = Project("evil", "1.0", scene.canary).sdist(scene.index.root / "files", "main.tar.gz")
    scene.variables["URL"] = scene.index.file_url(made)
    scene.does(NAMELESS, 43)


TRUST = "To use what this project allows, after reading it: {}"


@row(INSTALL, 43, t=(TRUST, 0, installs()), a=(APPROVE, 0, says("pipgate trust")), b=(ONCE, 0, installed()))
def a_project_whose_approvals_are_not_trusted(scene: Scene) -> None:
    scene.sdist()
    scene.does("pipgate approve evil")
    scene.forget_trust()


@row(INSTALL, 43, t=(TRUST, 0, installs()), a=(APPROVE, 0, says("pipgate trust")), b=(ONCE, 0, installed()))
def a_project_that_allows_by_a_rule_alone(scene: Scene) -> None:
    scene.sdist()
    scene.policy('[[rule]]\nname = "evil"\nverdict = "allow"\n', of_user=False)


@row(INSTALL, 43, a=(APPROVE, 0, says("recorded")), b=(ONCE, 0, installed()))
def a_project_that_allows_something_else(scene: Scene) -> None:
    scene.sdist()
    scene.policy('[[rule]]\nname = "other"\nverdict = "allow"\n', of_user=False)


def in_git(scene: Scene) -> None:
    """Make the project a shallow clone, in CI, of a proposal whose base has its files as they are now."""
    git = "git -c user.name=k -c user.email=k@example.org"
    shutil.rmtree(scene.project / ".git")
    origin = scene.root / "origin"
    scene.does(f"git init -q -b main . && git add -A && {git} commit -qm base && git checkout -q -b proposal")
    scene.does(f"echo 1 > proposed.txt && git add -A && {git} commit -qm proposed && git checkout -q main")
    shutil.move(scene.project, origin)
    scene.project.mkdir()
    scene.does(f"git clone -q --depth=1 -b proposal {shlex.quote(origin.as_uri())} .")
    scene.variables["CI"] = "true"


BASE = "To use what the default branch allows, and not what is proposed: {}"


@row(INSTALL, 43, t=(BASE, 0, installed()), a=(APPROVE, 0, says("recorded")), b=(ONCE, 0, installed()))
def a_proposal_in_ci_with_approvals(scene: Scene) -> None:
    scene.sdist()
    scene.does("pipgate approve evil")
    scene.forget_trust()
    in_git(scene)


@row(INSTALL, 43, t=(BASE, 0, installed()), a=(APPROVE, 0, says("recorded")), b=(ONCE, 0, installed()))
def a_proposal_in_ci_with_a_rule_and_from_below(scene: Scene) -> None:
    scene.sdist()
    policy = '[tool.pipgate]\nversion = 1\n[[tool.pipgate.rule]]\nname = "evil"\nverdict = "allow"\n'
    (scene.project / "pyproject.toml").write_text(policy)
    (scene.project / "a b" / "it's below" / "kept.txt").touch()
    in_git(scene)
    scene.below = "a b/it's below"


@row(
    INSTALL,
    0,
    a=(
        "To use it: {}",
        0,
        lambda scene, _: _equal(
            (scene.env / "lib").exists() and bool(list(scene.env.rglob("evil-2.0.dist-info"))), wanted=True
        ),
    ),
)
def an_older_wheel(scene: Scene) -> None:
    make_wheel(scene.index.root, "evil", "1.0")
    scene.sdist(version="2.0")


@row(
    "pipgate pending",
    0,
    a=(
        "To approve{}: {}",
        0,
        installs(then="cd .. && pipgate --env '../an env' install -f ../links --no-index evil"),
    ),
)
def pending_elsewhere_with_a_reason(scene: Scene) -> None:
    (scene.root / "links").mkdir()
    Project("evil", "1.0", scene.canary).sdist(scene.root / "links")
    scene.policy("require-reason = true\n")
    scene.variables["VIRTUAL_ENV"] = ""
    scene.does("pipgate --env '../an env' install -f ../links --no-index evil", 43)
    scene.below = "a b"  # another directory of the same project


@row(
    "pipgate approve --pending",
    43,
    a=("{}: only once you know why it is another file{}: {}", 0, installs()),
    b=("{}: to see what decides on it: {}", 0, says("blocked (revoked)")),
)
def pending_that_somebody_has_decided_on(scene: Scene) -> None:
    scene.sdist()
    revoked = scene.sdist("worse")
    scene.does(f"pipgate approve evil==1.0 --sha256 {'a' * 64}")
    scene.does(f"pipgate approve worse==1.0 --sha256 {revoked}")
    scene.does("pipgate revoke worse")
    scene.does("pipgate install evil worse", 43)


@row("pipgate approve", 2, a=("To see all ways to name it: {}", 0, says("usage: ")))
def nothing_was_named(_: Scene) -> None:
    pass


@row(
    "pipgate approve",
    2,
    a=("To approve all that nobody has decided on{}: {}", 0, installs()),
    b=("To see all that is known of it, and what approves it: {}", 0, says("To approve")),
)
def something_is_pending_and_nothing_was_named(scene: Scene) -> None:
    scene.policy("require-reason = true\n")
    scene.sdist()
    scene.does(INSTALL, 43)


@row(
    "pipgate approve evil==1.0",
    2,
    a=("To approve what was blocked here by its hash, without a look at it{}: {}", 0, says("recorded")),
)
def what_was_blocked_is_on_the_index_no_more(scene: Scene) -> None:
    scene.sdist()
    scene.does(INSTALL, 43)
    (scene.index.root / "evil-1.0.tar.gz").unlink()


@row(
    "pipgate approve evil==1.0",
    43,
    a=("Once you know why it was revoked, say why it is right again, instead of WHY: {}", 0, installs()),
)
def approving_what_was_revoked(scene: Scene) -> None:
    scene.sdist()
    scene.does("pipgate approve evil")
    scene.does("pipgate revoke evil")


@row(
    "pipgate approve evil",
    43,
    a=(
        "To take that back: {}",
        0,
        lambda scene, _: _equal("denied" in scene.bash("pipgate approve evil").err, wanted=False),
    ),
)
def approving_what_is_denied(scene: Scene) -> None:
    scene.sdist()
    scene.does("pipgate deny evil")


@row(
    "pipgate explain evil==1.0",
    0,
    a=("find out why it was revoked; to approve it all the same, say why instead of WHY: {}", 0, installs()),
)
def explaining_what_was_revoked(scene: Scene) -> None:
    approving_of(scene)
    scene.does("pipgate revoke evil")
    scene.does(INSTALL, 43)


@row("pipgate explain evil==1.0", 0, a=("find out why the file is another one, then{}: {}", 0, installs()))
def explaining_another_file(scene: Scene) -> None:
    scene.policy("require-reason = true\n")
    scene.sdist()
    scene.does(f"pipgate approve evil==1.0 --sha256 {'a' * 64} --reason read")
    scene.does(INSTALL, 43)


@row("pipgate explain evil==1.0", 0, a=("  to change it: {}", 0, says("denied: evil")))
def explaining_what_is_approved(scene: Scene) -> None:
    approving_of(scene)


def approving_of(scene: Scene) -> None:
    scene.sdist()
    scene.does("pipgate approve evil")


@row("pipgate approve evil==1.0", 2, a=("To approve the one that was blocked{}: {}", 0, says("recorded")))
def another_file_than_the_blocked_one(scene: Scene) -> None:
    scene.policy("require-reason = true\n")
    scene.sdist()
    scene.does(INSTALL, 43)
    scene.sdist(files={"more.txt": "other"})


@row(
    "pipgate approve -r r.txt",
    43,
    a=("To go on, which runs what is allowed and stops at all else: {}", 0, installed()),
)
def a_file_that_needs_a_directory(scene: Scene) -> None:
    tree = Project("evil", "1.0", scene.canary).tree(scene.root / "it's a tree")
    (scene.project / "r.txt").write_text(f"evil @ {tree.as_uri()}\n")


@row(INSTALL, 44, a=("To do that: {}", 0, installs()))
def a_conflict_of_a_merge(scene: Scene) -> None:
    approving_of(scene)
    file = scene.project / FILE
    marked = file.read_text().replace(
        "approvals = [\n", "approvals = [\n<<<<<<< ours\n=======\n>>>>>>> theirs\n"
    )
    file.write_text(marked)
    scene.does("pipgate policy check", 44)


def linked(scene: Scene) -> Path:
    """Make the approvals file of the project a link out of it."""
    elsewhere = scene.root / "else where.toml"
    elsewhere.write_text("version = 1\n")
    (scene.project / FILE).symlink_to(elsewhere)
    return elsewhere


ALL_THE_SAME = "To write there all the same: {}"


def written(text: str) -> Callable[[Scene, Ended], None]:
    return lambda scene, _: _equal(text in (scene.root / "else where.toml").read_text(), wanted=True)


@row(
    "pipgate --env '../an env' approve --reason 'I read it' evil",
    44,
    a=(ALL_THE_SAME, 0, written("I read it")),
)
def a_link_out_of_the_project(scene: Scene) -> None:
    scene.sdist()
    linked(scene)


@row(
    "pipgate undeny evil",
    44,
    a=(
        ALL_THE_SAME,
        0,
        lambda scene, _: _equal("evil" in (scene.root / "else where.toml").read_text(), wanted=False),
    ),
)
def a_link_to_a_denial(scene: Scene) -> None:
    file = linked(scene)
    scene.does(f"pipgate --approvals {shlex.quote(str(file))} deny evil")


@row(
    "pipgate revoke evil==1.0",
    44,
    a=(
        "To revoke it where the link leads: {}",
        0,
        lambda scene, _: _equal((scene.root / "else where.toml").read_text().count('"2.0"'), wanted=1),
    ),
)
def a_link_to_an_approval(scene: Scene) -> None:
    file = linked(scene)
    for version in ("1.0", "2.0"):
        scene.does(
            f"pipgate --approvals {shlex.quote(str(file))} approve evil=={version} --sha256 {'a' * 64}"
        )
    scene.does("pipgate trust")


def denied_now(scene: Scene, _: Ended) -> None:
    assert "To see who decided that" in scene.does(INSTALL, 43).err


@row(
    "(ulimit -f 0; pipgate --approvals ../my.toml revoke evil)",
    44,
    a=("Until then, to deny the name in a file of your own: {} && {}", 0, denied_now),
)
def an_approval_that_cannot_be_taken_back(scene: Scene) -> None:
    scene.sdist()
    scene.does("pipgate --approvals ../my.toml approve evil")


@row(
    "pipgate --env '../an env' install -f ../links --no-index evil",
    43,
    a=(
        "To look into it, with nothing installed: {}",
        0,
        lambda scene, _: _equal((scene.project / "evil-1.0-py3-none-any.whl").exists(), wanted=True),
    ),
)
def a_wheel_that_replaces_pipgate(scene: Scene) -> None:
    scene.variables["VIRTUAL_ENV"] = ""
    (scene.root / "links").mkdir()
    make_wheel(scene.root / "links", "evil", "1.0", files={"pipgate/more.py": ""})


@row(
    "pipgate undeny evil",
    2,
    a=("nothing denies {}; to see what does deny something: {}", 0, says("Nothing is approved or revoked")),
)
def nothing_to_undeny(_: Scene) -> None:
    pass


@row(
    "pipgate revoke evil",
    2,
    a=("nothing is approved under {}; to see what is: {}", 0, says("Nothing is approved or revoked")),
)
def nothing_to_revoke(_: Scene) -> None:
    pass


@row(
    "pipgate policy show",
    0,
    a=(
        "# The project's own files are not trusted, so they only tighten. To trust them: {}",
        0,
        lambda scene, _: _equal("not trusted" in scene.bash("pipgate policy show").out, wanted=False),
    ),
)
def a_policy_that_is_not_trusted(scene: Scene) -> None:
    scene.policy('[[rule]]\nname = "other"\nverdict = "allow"\n', of_user=False)


MERGE = "To let git merge it line by line: {}"


def merges(scene: Scene, _: Ended) -> None:
    told = scene.does(f"git check-attr merge -- {shlex.quote(str(scene.project / FILE))}")
    assert told.out.rstrip().endswith("merge: union")
    assert "merge=union" not in scene.does("pipgate approve evil").out, "it is told no more"


@row("pipgate approve evil", 0, a=(MERGE, 0, merges))
def a_new_file_in_git_from_below(scene: Scene) -> None:
    scene.sdist()
    shutil.rmtree(scene.project / ".git")
    scene.does("git init -q . && printf '*.png binary' > .gitattributes")
    scene.below = "a b/it's below"


@row(
    "pipgate approve evil",
    0,
    a=("This project is not trusted, so it does not count yet. After reading its files: {}", 0, installs()),
)
def approving_in_a_project_that_is_not_trusted(scene: Scene) -> None:
    scene.sdist()
    shutil.rmtree(scene.project / ".git")
    scene.policy('[[rule]]\nname = "other"\nverdict = "allow"\n', of_user=False)


VALID = "The policy and the approvals are valid."


@row(INSTALL, 44, a=("Without it: {}", 0, says(VALID)))
def a_relative_path_in_a_variable(scene: Scene) -> None:
    scene.variables["PIPGATE_POLICY"] = "policy.toml"


@row(
    INSTALL,
    44,
    a=(
        "If it says what you mean: {}",
        0,
        lambda scene, _: _equal(scene.does("pipgate policy check").status, wanted=0),
    ),
)
def a_policy_that_others_can_write(scene: Scene) -> None:
    scene.policy("")
    (scene.home / ".config" / "pipgate" / "pipgate.toml").chmod(0o666)


@row(
    "pipgate install good",
    45,
    a=("To see what stands there: cat {}", 0, says("target")),
    b=("To run pip without any pip.conf: PIP_CONFIG_FILE=/dev/null pipgate list", 0, says("")),
)
def a_setting_of_others(scene: Scene) -> None:
    make_wheel(scene.index.root, "good", "1.0")
    conf = scene.root / "it's a pip.conf"
    conf.write_text("[global]\ntarget = /nowhere\n")
    scene.variables["PIP_CONFIG_FILE"] = str(conf)


@row(
    "pipgate install good",
    45,
    a=(
        "error: no-target\n\nx {}.\nnote: pip was not run, and no project code has run.\nhint: To make an environment and use it: python3 -m venv .venv && . .venv/bin/activate\n",
        0,
        lambda scene, _: _equal((scene.project / ".venv/bin/activate").exists(), wanted=True),
    ),
)
def no_environment(scene: Scene) -> None:
    scene.variables["VIRTUAL_ENV"] = "/nonexistent"


@row(
    "pipgate doctor --env '../an env'",
    0,
    a=("To gate it: {}", 0, lambda scene, _: _gated(scene)),
)
def an_environment_that_is_not_gated(_: Scene) -> None:
    pass


def _gated(scene: Scene) -> None:
    scene.does("pipgate doctor --strict --env '../an env'")


@row("pipgate enable '../an env'", 0, a=("To take it away: {}", 0, lambda scene, _: _open(scene)))
def an_environment_that_is_enabled(_: Scene) -> None:
    pass


def _open(scene: Scene) -> None:
    assert scene.bash("pipgate doctor --strict --env '../an env'").status != 0


@row(
    "pipgate team install --file '../a pip.conf'",
    0,
    a=(
        "Every pip from 22.3 on that reads {} is gated. To take it away: {}",
        0,
        lambda scene, _: _equal((scene.root / "a pip.conf").exists(), wanted=False),
    ),
    b=(
        "Older pips pass it by, and those of Python before 3.10 stop. To see which are gated: pipgate doctor",
        0,
        says("-m pip"),
    ),
)
def a_pip_conf_of_a_team(_: Scene) -> None:
    pass


def only_pip(scene: Scene) -> None:
    """Let the shell find the pip of an enabled environment, and no pipgate."""
    shutil.rmtree(scene.env)
    environment(ALL_PIPS[-1], through=HOOK).copy(scene.env)
    scene.variables |= {"PATH": f"{scene.env}/bin:/usr/bin:/bin"}


PIP = "python -m pip install evil"


@row(PIP, 43, a=(APPROVE, 0, installs(then=PIP)), b=(ONCE, 0, installed()))
def an_enabled_environment_and_no_pipgate_on_path(scene: Scene) -> None:
    scene.sdist()
    only_pip(scene)


@row(PIP, 43, a=(APPROVE, 0, installs(then=PIP)), b=(ONCE, 0, installed()))
def an_enabled_environment_that_is_not_active(scene: Scene) -> None:
    scene.sdist()
    only_pip(scene)
    scene.variables["VIRTUAL_ENV"] = ""


# What is not pasted here, each with why, or with the test that does it.
ELSEWHERE = {
    "Name: {}": "a field of metadata",
    "To take that back: edit by hand {}: {}": "names a line for an editor",
    "note: ignored {} = {} in {}: {}, and it {}. Where you mean it: export PIP_{}=...": "the value is the reader's",
    "error: no-target\n\nx {}.\nnote: pip was not run, and no project code has run.\n"
    "hint: Name the environment: pipgate --env DIR install NAME\n": "the words are the reader's",
    "only Linux says which interpreter has called pip; use: pipgate enable DIR": "other systems, and the reader's",
    "only Linux says which interpreter has called; use: pipgate enable": "other systems",
    "{} does not say which Python it runs in; to name one: python -m pip, or pipgate --env PYTHON": "same",
    "# To take it away: pipgate team uninstall; without a pipgate: delete the lines between these marks.": (
        "test_team.py::test_it_is_put_in_and_taken_away_again"
    ),
    "pip is not run. To repair it: {}; to remove it: {}": (
        "test_hook.py::test_half_removed_python_works_and_pip_stops"
    ),
    "{} names {}, which is not there: pip stops wherever that is read. To repair it: ": (
        "test_team.py::test_doctor_says_what_pip_conf_does"
    ),
    "{} gates pip from 22.3 on, and this is {}. To update it: {}": "takes a pip from an index",
    "pipgate: {} is gone, so pip was not run. To run it ungated: command pip": "the words are the reader's",
    "{} is a file that was refused here for another reason; nothing was approved. To see why: {}": (
        "test_pending.py::test_a_url_that_gives_another_file_by_now_is_not_taken"
    ),
    "{}: to approve it after all{}: {}": "test_pending.py::test_what_was_answered_no_is_left",
    "Please report it with the output of: python3 -m pip --version": "test_lock_two.py",
    "Take out {}, then pipgate itself: {}": "takes the tool away",
    "hint: Where that is meant: export VIRTUAL_ENV='{}'\n": (
        "test_typed.py::test_what_holds_pipgate_is_taken_only_when_it_is_active"
    ),
    "to have it fetched anew: {}": "routes/test_existing_trees.py",
    "To install a pip that is known good: {}": "test_unknown_pip.py",
    "Not offered, because it is decided on: {}. To see it: {}": "the command of another row, on a terminal",
    "To go on then: {}": "test_pip_tools.py",
    "To have it listed: {}": "test_pip_tools.py",
    "To allow these settings for this run: {}": "routes/test_file_settings.py",
    "To use it, approve it first{}: {}": "the command of another row, under a floor of the system",
    "note: {} is passed by: {} belongs to another user and this one may not search it. "
    "To use your own settings: export HOME=...": "the value is the reader's",
    "With the files of this user's own home: {}": "needs a file of somebody else",
}


def test_every_hint_of_the_source_is_in_a_row() -> None:
    pasted = {source for each in ROWS for source in each.promises}
    assert set(sources()) == pasted | set(ELSEWHERE), "a hint needs a row that pastes it"
    assert not pasted & set(ELSEWHERE)
    for place in ELSEWHERE.values():
        file, _, name = place.partition("::")
        if file.endswith(".py"):
            path = ROOT / "tests" / file if "/" in file else ROOT / "tests" / "functional" / file
            assert not name or name in names_in(path), place


@pytest.mark.parametrize("row", ROWS, ids=lambda each: each.title)
def test_each_hint_does_what_it_promises(row: Row, tmp_path: Path, index: Index, canary: Canary) -> None:
    scene = Scene(tmp_path / "scene", index, canary)
    (scene.project / "a b" / "it's below").mkdir(parents=True)
    (scene.project / ".git").mkdir()
    scene.home.mkdir()
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(scene.env)], check=True)
    tool()
    row.scene(scene)
    canary.path.unlink(missing_ok=True)
    printed = scene.does(row.typed, row.status)
    assert canary.silent or not row.status
    lines = (printed.out + printed.err).splitlines()
    known = [line for line in lines if any(command_in(line, source) is not None for source in row.promises)]
    assert [line for line in lines if SHOWN.match(line) and line not in known] == [], (
        "each hint is in the row"
    )
    before = tmp_path / "before"
    shutil.copytree(scene.root, before, symlinks=True)
    for source, (status, check) in row.promises.items():
        [command] = [found for line in lines if (found := command_in(line, source)) is not None]
        shutil.rmtree(scene.root)
        shutil.copytree(before, scene.root, symlinks=True)
        canary.path.unlink(missing_ok=True)
        ended = scene.bash(command)
        assert ended.status == status, (command, ended.text)
        check(scene, ended)

"""Policies in force: each key, who may loosen, trust, and files that are not valid."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import pytest

from functional.test_approvals import FILE, here, install, on_both_ends, run
from support.projects import make_wheel

if TYPE_CHECKING:
    from support.environments import Ended
    from support.world import World


def user_policy(world: World, text: str) -> None:
    path = world.home / ".config" / "pipgate" / "pipgate.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"version = 1\n{text}")


def project_policy(world: World, text: str) -> None:
    (here(world) / "pipgate.toml").write_text(f"version = 1\n{text}")


@on_both_ends
def test_rules_allow_and_block(world: World) -> None:
    for version in ("1.0", "2.0"):
        world.project(version=version).sdist(world.index.root)
    user_policy(world, '[[rule]]\nname = "Evil"\nversion = "<2"\nverdict = "allow"\nreason = "SEC-114"\n')
    assert install(world, "evil==2.0").status == 43
    assert world.canary.silent
    assert install(world, "evil==1.0").status == 0
    assert not world.canary.silent
    user_policy(world, 'deny = ["evil"]\n')
    denied = install(world, "--force-reinstall", "evil==1.0", before=("--allow-build", "evil"))
    assert denied.status == 43, denied.text
    assert "pipgate.toml:2" in denied.err


@on_both_ends
def test_ones_own_project_can_be_closed(world: World) -> None:
    tree = world.project("ours").tree(world.tmp / "ours")
    user_policy(world, "[first-party]\npaths = []\n")
    closed = install(world, str(tree))
    assert closed.status == 43, closed.text
    assert world.canary.silent
    user_policy(world, f'[first-party]\npaths = ["{world.tmp}"]\n')
    assert install(world, str(tree)).status == 0
    assert not world.canary.silent


def made_by_tox(world: World, number: int, directory: str = ".tox/.pkg/dist") -> str:
    """Write the sdist that tox would make in another run: the same name, and another hash."""
    ours = world.project("ours", files={"changed.txt": str(number)})
    return str(ours.sdist(here(world) / directory))


@on_both_ends
def test_an_archive_that_tox_makes_of_ones_own_project(world: World) -> None:
    words = ("--force-reinstall", "--no-deps")
    assert install(world, *words, made_by_tox(world, 0)).status == 43, "an archive is nobody's own by itself"
    project_policy(world, 'min-age = "P3D"\n[first-party]\narchives = [".tox"]\n')
    ended = install(world, *words, made_by_tox(world, 1))
    assert ended.status == 43, "a clone does not allow itself"
    assert world.canary.silent
    assert run(world, "trust").status == 0
    for number in (2, 3):
        ended = install(world, *words, made_by_tox(world, number))
        assert ended.status == 0, ended.text
        assert not world.canary.silent
        world.canary.path.unlink()


@on_both_ends
def test_what_lies_elsewhere_or_was_not_named_is_no_archive_of_ones_own(world: World) -> None:
    user_policy(world, '[first-party]\narchives = [".tox"]\n')
    inside = made_by_tox(world, 1)
    outside = made_by_tox(world, 2, "dist")
    link = here(world) / ".tox" / "ours-1.0.tar.gz"
    link.symlink_to(outside)
    up = f"file://{here(world)}/.tox/../dist/ours-1.0.tar.gz"
    for place in (outside, str(link), up, up.replace("..", "%2e%2e")):
        ended = install(world, place)
        assert ended.status == 43, (place, ended.text)
    make_wheel(world.index.root, "friend", "1.0", requires=(f"ours @ file://{inside}",))
    ended = install(world, "friend")
    assert ended.status == 43, ended.text
    ended = install(world, "--find-links", str(here(world) / ".tox" / ".pkg" / "dist"), "ours")
    assert ended.status == 43, ended.text
    user_policy(world, 'deny = ["ours"]\n[first-party]\narchives = [".tox"]\n')
    assert install(world, inside).status == 43, "a no by name beats it"
    assert world.canary.silent


@on_both_ends
def test_min_age_and_status(world: World) -> None:
    sdist = world.project().sdist(world.index.root)
    user_policy(world, 'min-age = "P3D"\n[[rule]]\nname = "evil"\nverdict = "allow"\n')
    unknown = install(world, "evil")
    assert unknown.status == 43, unknown.text
    assert "counts as too new" in unknown.err
    world.index.uploaded[sdist.name] = "2020-01-01T00:00:00Z"
    world.index.status = "quarantined"
    quarantined = install(world, "evil")
    assert quarantined.status == 43, quarantined.text
    assert "quarantined" in quarantined.err
    assert world.canary.silent
    world.index.status = "active"
    old = install(world, "evil")
    assert old.status == 0, old.text
    assert not world.canary.silent


@on_both_ends
def test_older_wheels(world: World) -> None:
    make_wheel(world.index.root, "thing", "1.4")
    world.project("thing", "2.0").sdist(world.index.root)
    user_policy(world, 'on-older-wheel = "block"\n')
    blocked = install(world, "thing")
    assert blocked.status == 43, blocked.text
    assert "the older 1.4 would be taken" in blocked.err
    assert "Successfully" not in blocked.out
    user_policy(world, 'on-older-wheel = "allow"\n')
    silent = install(world, "thing")
    assert silent.status == 0
    assert silent.err == ""


@on_both_ends
def test_observe_runs_everything_and_reports(world: World) -> None:
    world.project().sdist(world.index.root)
    report = world.tmp / "gate.json"
    observed = install(world, "evil", before=("--gate-mode", "observe", "--gate-report", str(report)))
    assert observed.status == 0, observed.text
    assert not world.canary.silent
    codes = {each["decision"]["code"] for each in json.loads(report.read_text())["requests"]}
    assert codes == {"observed"}


@on_both_ends
def test_a_cloned_project_gets_nothing_until_it_is_trusted(world: World) -> None:
    world.project().sdist(world.index.root)
    world.project("worse").sdist(world.index.root)
    assert run(world, "approve", "worse").status == 0
    copied = (here(world) / FILE).read_text()
    (world.home / ".local" / "state" / "pipgate" / "trusted.json").unlink()  # another user, another machine
    project_policy(world, '[[rule]]\nname = "evil"\nverdict = "allow"\n')
    for name in ("evil", "worse"):
        cloned = install(world, name, before=("--gate-mode", "ci"), env={"CI": ""})
        assert cloned.status == 43, cloned.text
        assert "pipgate trust" in cloned.err
    assert world.canary.silent
    shown = run(world, "trust", "--show")
    assert '+verdict = "allow"' in shown.out
    assert "is not trusted" in shown.out
    assert run(world, "trust").status == 0
    assert install(world, "evil").status == 0
    assert install(world, "worse").status == 0
    (here(world) / FILE).write_text(copied.replace('"worse"', '"other"'))
    changed = run(world, "trust", "--show")
    assert '-  { name = "worse"' in changed.out
    assert install(world, "--force-reinstall", "evil").status == 43, "not as it was trusted"


def test_files_that_the_caller_names_are_trusted(newest: World) -> None:
    newest.project().sdist(newest.index.root)
    assert run(newest, "approve", "evil").status == 0
    (newest.home / ".local" / "state" / "pipgate" / "trusted.json").unlink()
    assert install(newest, "evil").status == 43
    file = str(here(newest) / FILE)
    assert install(newest, "evil", env={"PIPGATE_APPROVALS": file}).status == 0
    assert install(newest, "--force-reinstall", "evil", before=("--approvals", file)).status == 0
    project_policy(newest, '[[rule]]\nname = "evil"\nverdict = "allow"\n')
    (here(newest) / FILE).unlink()
    policy = str(here(newest) / "pipgate.toml")
    assert install(newest, "--force-reinstall", "evil", before=("--policy", policy)).status == 0
    assert install(newest, "--force-reinstall", "evil", env={"PIPGATE_POLICY": policy}).status == 0


def test_a_project_may_always_tighten(newest: World) -> None:
    newest.project().sdist(newest.index.root)
    user_policy(newest, '[[rule]]\nname = "evil"\nverdict = "allow"\n')
    project_policy(newest, 'deny = ["evil"]\n')
    assert install(newest, "evil").status == 43
    assert newest.canary.silent


def test_pyproject_is_a_policy_too(newest: World) -> None:
    newest.project().sdist(newest.index.root)
    user_policy(newest, '[[rule]]\nname = "evil"\nverdict = "allow"\n')
    (here(newest) / "pyproject.toml").write_text(
        '[project]\nname = "x"\n[tool.pipgate]\nversion = 1\ndeny = ["evil"]\n'
    )
    denied = install(newest, "evil")
    assert denied.status == 43
    assert "pyproject.toml:5" in denied.err


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ('defualt = "block"\n', 2, "default"),
        ('default = "allow"\n', 2, "allow"),
        ("require-reason = 3\n", 2, "require-reason"),
        ('[locked]\ndefault = "block"\n', 2, "system"),
        ("default = \n", 2, "TOML"),
        ('[[rule]]\nname = "x"\nverdict = "allow"\nversion = "x"\n', 5, "version"),
    ],
)
def test_a_policy_that_is_not_valid_stops_everything(newest: World, text: str, line: int, says: str) -> None:
    newest.project().sdist(newest.index.root)
    project_policy(newest, text)
    for args in (
        ["install", "evil"],
        ["--allow-build", "evil", "install", "evil"],
        ["policy", "check"],
        ["approve", "evil"],
    ):
        ended = run(newest, *args)
        assert ended.status == 44, ended.text
        assert f"pipgate.toml:{line}" in ended.err, ended.text
        assert says in ended.err
    assert newest.canary.silent
    assert not newest.index.requests, "pip has not started"


def test_policy_show_says_where_each_value_came_from(newest: World) -> None:
    user_policy(newest, 'default = "block"\n')
    project_policy(newest, 'default = "ask"\nmin-age = "P3D"\n')
    (here(newest) / FILE).write_text("version = 1\n")
    shown = run(newest, "policy", "show", "--origin")
    assert shown.status == 0, shown.text
    assert f"# {newest.home}/.config/pipgate/pipgate.toml:2" in shown.out
    assert "asked for default = ask" in shown.out
    assert json.loads(run(newest, "policy", "show", "--json").out)["trusted"] is False
    assert run(newest, "policy", "check").out == "The policy and the approvals are valid.\n"


def test_an_unsafe_or_missing_file(newest: World) -> None:
    missing = install(newest, "evil", before=("--policy", "/does/not/exist.toml"))
    assert missing.status == 44, missing.text
    directory = install(newest, "evil", before=("--approvals", str(newest.tmp)))
    assert directory.status == 44, directory.text


@on_both_ends
def test_files_that_were_found_valid_are_not_read_again_for_wheels(world: World) -> None:
    make_wheel(world.index.root, "good", "1.0")
    world.project().sdist(world.index.root)
    user_policy(world, 'deny = ["evil"]\n')
    state = world.home / ".local" / "state" / "pipgate" / "valid"
    for _ in range(2):
        assert install(world, "--force-reinstall", "good").status == 0
        assert len(list(state.iterdir())) == 1
    denied = install(world, "evil")
    assert (denied.status, world.canary.silent) == (43, True), denied.text
    assert "pipgate.toml:2" in denied.err
    user_policy(world, 'deny = "evil"\n')
    broken = install(world, "--force-reinstall", "good")
    assert broken.status == 44, broken.text
    assert "Collecting" not in broken.out


@on_both_ends
def test_a_file_that_breaks_while_pip_runs_ends_the_run(world: World) -> None:
    world.project().sdist(world.index.root)
    user_policy(world, "")
    path = world.home / ".config" / "pipgate" / "pipgate.toml"
    assert install(world, "evil").status == 43
    # The index breaks the policy when it is asked, which is after pipgate has compared the files.
    world.index.on_request = lambda: path.write_text("version = 2\n")
    broken = install(world, "evil")
    assert (broken.status, world.canary.silent) == (44, True), broken.text
    assert "Traceback" not in broken.err
    assert "pipgate.toml:1" in broken.err


def under_system(world: World, text: str, *args: str) -> Ended:
    """Run pipgate with a system's policy that lies in a place of the test: the real places are fixed."""
    place = world.tmp / "system"
    place.mkdir(mode=0o755, exist_ok=True)
    (place / "pipgate.toml").write_text(f"version = 1\n{text}")
    code = (
        "import sys; from pipgate import cli, policy_places; "
        f"policy_places._SYSTEM = ({str(place)!r},); sys.exit(cli.run(sys.argv[1:]))"
    )
    return world.env.run("-c", code, *args, home=world.home, index=world.index.url, cwd=here(world))


@on_both_ends
def test_nobody_goes_below_a_locked_floor(world: World) -> None:
    sdist = world.project().sdist(world.index.root)
    digest = hashlib.sha256(sdist.read_bytes()).hexdigest()
    rule = '[[rule]]\nname = "evil"\nverdict = "allow"\n'
    project_policy(world, rule)
    assert run(world, "approve", "evil==1.0", "--sha256", digest).status == 0
    assert run(world, "trust").status == 0
    user_policy(world, f'mode = "observe"\n{rule}')
    into = ("install", "--prefix", str(world.tmp / "t"), "evil")
    floor = '[locked]\ndefault = "block"\n'
    policy = str(here(world) / "pipgate.toml")
    for before in ((), ("--allow-build", "evil"), ("--gate-mode", "observe"), ("--policy", policy)):
        blocked = under_system(world, floor, *before, *into)
        assert (blocked.status, world.canary.silent) == (43, True), blocked.text
        assert "for this run" not in blocked.err, "that would not work"
    mine = str(here(world) / FILE)
    locked_file = f'{floor}approvals = "{world.tmp}/approved.toml"\n'
    assert under_system(world, locked_file, "--approvals", mine, *into).status == 43
    assert world.canary.silent
    (world.tmp / "approved.toml").write_text((here(world) / FILE).read_text())
    assert under_system(world, locked_file, *into).status == 0
    assert not world.canary.silent


@on_both_ends
def test_a_system_policy_that_others_can_write_ends_every_run(world: World) -> None:
    make_wheel(world.index.root, "good", "1.0")
    assert under_system(world, "", "install", "--dry-run", "good").status == 0
    (world.tmp / "system" / "pipgate.toml").chmod(0o666)
    unsafe = under_system(world, "", "install", "--dry-run", "good")
    assert unsafe.status == 44, unsafe.text
    assert "not safe" in unsafe.err


@on_both_ends
def test_a_policy_elsewhere_makes_no_file_of_an_untrusted_checkout_count(world: World) -> None:
    sdist = world.project().sdist(world.index.root)
    digest = hashlib.sha256(sdist.read_bytes()).hexdigest()
    elsewhere = world.tmp / "named.toml"
    elsewhere.write_text('version = 1\napprovals = "ci/approvals.toml"\n')
    (here(world) / "ci").mkdir()
    assert (
        run(world, "--approvals", "ci/approvals.toml", "approve", "evil==1.0", "--sha256", digest).status == 0
    )
    before = ("--policy", str(elsewhere))
    nobody = ("--gate-mode", "ci")  # and yet not in CI, where nothing is trusted
    named = {"CI": "", "PIPGATE_POLICY": str(elsewhere)}
    ways = (
        ({"before": (*before, *nobody), "env": {"CI": ""}}, f"pipgate --policy {elsewhere} trust"),
        ({"before": nobody, "env": named}, "pipgate trust"),
    )
    for options, trusting in ways:
        blocked = install(world, "evil", **options)
        assert (blocked.status, world.canary.silent) == (43, True), blocked.text
        assert trusting in blocked.err
    assert f'"{digest}"' in run(world, *before, "trust").out, "what is trusted is shown"
    allowed = install(world, "evil", before=before)
    assert (allowed.status, world.canary.silent) == (0, False), allowed.text


@on_both_ends
def test_a_users_policy_that_others_can_write_ends_every_run(world: World) -> None:
    world.project().sdist(world.index.root)
    user_policy(world, 'mode = "observe"\n')
    policy = world.home / ".config" / "pipgate" / "pipgate.toml"
    policy.chmod(0o666)
    refused = install(world, "evil")
    assert (refused.status, world.canary.silent) == (44, True), refused.text
    assert f"chmod go-w {policy}" in refused.err
    policy.chmod(0o644)
    allowed = install(world, "evil")
    assert (allowed.status, world.canary.silent) == (0, False), allowed.text

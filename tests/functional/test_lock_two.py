"""Lock 2 alone: with lock 1 taken out, no process starts, and the message says that this is a bug."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from support.world import World

WAYS = {
    "subprocess": "import subprocess; subprocess.run(['touch', MARK])",
    "subprocess-shell": "import subprocess; subprocess.run('touch ' + MARK, shell=True)",
    "popen": "import os; os.popen('touch ' + MARK).read()",
    "system": "import os; os.system('touch ' + MARK)",
    "exec": "import os; os.execv('/usr/bin/touch', ['touch', MARK])",
    "spawn": "import os; os.spawnv(os.P_WAIT, '/usr/bin/touch', ['touch', MARK])",
    "posix-spawn": "import os; os.waitpid(os.posix_spawn('/usr/bin/touch', ['touch', MARK], {}), 0)",
    "posix-spawnp": "import os; os.waitpid(os.posix_spawnp('touch', ['touch', MARK], os.environ), 0)",
    "fork": "import os; pid = os.fork(); open(MARK, 'w').close(); os._exit(0) if pid == 0 else os.waitpid(pid, 0)",
    "forkpty": "import os; pid, _ = os.forkpty(); open(MARK, 'w').close(); os._exit(0) if pid == 0 else os.waitpid(pid, 0)",
    "pty-spawn": "import pty; pty.spawn(['touch', MARK])",
    "multiprocessing-fork": "import multiprocessing as m; p = m.get_context('fork').Process(target=open, args=(MARK, 'w')); p.start(); p.join()",
    "multiprocessing-spawn": "import multiprocessing as m; p = m.get_context('spawn').Process(target=open, args=(MARK, 'w')); p.start(); p.join()",
    "multiprocessing-forkserver": "import multiprocessing as m; p = m.get_context('forkserver').Process(target=open, args=(MARK, 'w')); p.start(); p.join()",
    "asyncio": "import asyncio; asyncio.run(asyncio.create_subprocess_exec('touch', MARK))",
    "thread": "import threading, os; t = threading.Thread(target=os.system, args=('touch ' + MARK,)); t.start(); t.join()",
    "fork-exec": "import _posixsubprocess as p, multiprocessing.util as u, os; u.spawnv_passfds(b'/usr/bin/touch', [b'touch', os.fsencode(MARK)], [])",
}

SCRIPT = """
import sys, time
sys.argv[0] = "x"
MARK = {mark!r}
from pipgate import audit_hook, permit
class Rules:
    def allows(self, event, arguments): return False
    def refusal(self): return PermissionError("refused")
if __name__ == "__main__":
    if {armed}: audit_hook.arm(Rules())
    with (permit.granted(permit.Permit(permit.unrecorded)) if {permitted} else permit.suspended()):
        {way}
    time.sleep(0.3)
"""


def attempt(newest: World, way: str, *, armed: bool, permitted: bool) -> bool:
    mark = newest.tmp / f"mark-{armed}-{permitted}"
    script = newest.tmp / "script.py"
    script.write_text(SCRIPT.format(mark=str(mark), way=WAYS[way], armed=armed, permitted=permitted))
    # The forkserver listens on a socket, whose path must be short.
    newest.env.run(str(script), home=newest.home, env={"TMPDIR": "/tmp"})
    return mark.exists()


@pytest.mark.parametrize("way", sorted(WAYS))
def test_no_process_without_a_permit(newest: World, way: str) -> None:
    assert attempt(newest, way, armed=False, permitted=False), "the way must work where nothing refuses it"
    assert not attempt(newest, way, armed=True, permitted=False)
    if way != "thread":  # a thread does not inherit the permit, on purpose
        assert attempt(newest, way, armed=True, permitted=True)


def test_a_build_that_lock_one_missed_is_refused_and_called_a_bug(world: World) -> None:
    env = world.env.copy(world.tmp / "env")
    table = env.site_packages / "pipgate" / "pip_internals" / "choke_points.py"
    text = table.read_text(encoding="utf-8")
    missed = ("prepare_distribution_metadata", "unpack_file")
    kept = text.replace("TABLE: tuple[ChokePoint, ...] = (", "_ALL = (")
    kept += f"\nTABLE = tuple(point for point in _ALL if not point.name.endswith({missed!r}))\n"
    table.write_text(kept, encoding="utf-8")
    world.project().sdist(world.index.root)
    script = str(env.root / "bin" / "pipgate")
    args = ("install", "--prefix", str(world.tmp / "t"), "evil")
    ended = env.run(script, *args, home=world.home, index=world.index.url)
    assert world.canary.silent
    assert ended.status == 43, ended.text
    assert "This is a bug in pipgate" in ended.err
    assert "Traceback" not in ended.err, ended.text


def test_pips_own_probes_are_refused_quietly(world: World) -> None:
    from support.projects import make_wheel  # noqa: PLC0415 -- for this test alone

    make_wheel(world.index.root, "good", "1.0")
    for name in ("lsb_release", "uname", "rustc"):
        program = world.tmp / "bin" / name
        program.parent.mkdir(exist_ok=True)
        program.write_text(f"#!/bin/sh\necho {name} >> {world.canary.path}\n")
        program.chmod(0o755)
    path = {"PATH": f"{world.tmp / 'bin'}:/usr/bin:/bin"}
    args = ("install", "--prefix", str(world.tmp / "t"), "good")
    ended = world.pipgate(*args, env=path)
    assert ended.status == 0, ended.text
    assert ended.err == ""
    assert world.canary.silent
    world.env.plain_pip(*args, home=world.home, index=world.index.url, env=path)
    assert not world.canary.silent


@pytest.mark.parametrize("where", ["outside", "inside"])
def test_keyring_is_asked_unless_it_lies_in_the_environment(world: World, where: str) -> None:
    from support.projects import make_wheel  # noqa: PLC0415 -- for this test alone

    make_wheel(world.index.root, "good", "1.0")
    world.index.password = "secret"
    env = world.env.copy(world.tmp / "env")
    folder = world.tmp / "bin" if where == "outside" else env.root / "tools"
    folder.mkdir()
    program = folder / "keyring"
    program.write_text(
        f"#!/bin/sh\necho keyring >> {world.canary.path}\n"
        'case "$*" in *json*) echo \'{"username": "kim", "password": "secret"}\';; *) echo secret;; esac\n'
    )
    program.chmod(0o755)
    url = world.index.url.replace("http://", "http://kim@")
    args = ("--keyring-provider", "subprocess", "download", "--no-deps", "-d", str(world.tmp / "t"), "good")
    options = {
        "home": world.home,
        "index": url,
        "env": {"PATH": f"{folder}:/usr/bin:/bin", "PIP_NO_INPUT": "1"},
    }
    ended = env.run(str(env.root / "bin" / "pipgate"), *args, **options)
    assert (ended.status == 0) == (where == "outside"), ended.text
    assert world.canary.silent == (where == "inside")
    assert "bug in pipgate" not in ended.err
    assert "Traceback" not in ended.err, ended.text


def test_the_editor_of_pip_config_edit(newest: World) -> None:
    editor = newest.tmp / "editor"
    editor.write_text(f"#!/bin/sh\necho editor >> {newest.canary.path}\n")
    editor.chmod(0o755)
    ended = newest.pipgate("config", "--user", "--editor", str(editor), "edit")
    assert ended.status == 0, ended.text
    assert newest.canary.songs == ["editor"]


@pytest.mark.parametrize("program", ["git", "git-lfs"])
@pytest.mark.parametrize("where", ["outside", "inside", "inside, and no other"])
def test_git_and_what_it_starts_do_not_lie_in_the_environment(world: World, where: str, program: str) -> None:
    """As a wheel's command of that name does; the git of the system is started in its place."""
    repository = world.project("good").repository(world.tmp / "r")
    env = world.env.copy(world.tmp / "env")
    folder = world.tmp / "bin" if where == "outside" else env.root / "bin"
    folder.mkdir(exist_ok=True)
    script, goes_on = folder / program, "cat" if program == "git-lfs" else 'exec /usr/bin/git "$@"'
    script.write_text(f"#!/bin/sh\necho {program} >> {world.canary.path}\n{goes_on}\n")
    script.chmod(0o755)
    if program == "git-lfs":
        attributes = world.home / "attributes"
        attributes.write_text("* filter=lfs\n")
        settings = f'[core]\nattributesFile = {attributes}\n[filter "lfs"]\nsmudge = git-lfs\n'
        (world.home / ".gitconfig").write_text(settings)
    path = str(folder) if where == "inside, and no other" else f"{folder}:/usr/bin:/bin"
    options = {"home": world.home, "index": world.index.url, "env": {"PATH": path}}
    words = ("download", "--no-deps", "-d", str(world.tmp / "t"), f"git+file://{repository}#egg=good")
    ended = env.run(str(env.root / "bin" / "pipgate"), *words, **options)
    assert world.canary.silent == (where != "outside"), ended.text
    if where == "inside, and no other":
        assert ended.status == 1, ended.text
        assert ("git lies in the environment" in ended.err) == (program == "git"), ended.text
    else:
        assert ended.status == 0, ended.text
    assert "bug in pipgate" not in ended.err
    assert "Traceback" not in ended.err
    listed = env.run(str(env.root / "bin" / "pipgate"), "freeze", **options)
    assert listed.status == 0, listed.text

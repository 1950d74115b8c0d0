"""An enabled environment whose programs use pip as a library, or call its command line and go on."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from support.environments import ALL_PIPS, WHEELHOUSE
from support.projects import Project, make_wheel

if TYPE_CHECKING:
    from support.adopted import Adopted


def test_pip_as_a_library_is_gated_at_its_choke_points(hooked: Adopted) -> None:
    code = (
        "import sys; from pip._internal.commands import create_command; "
        "sys.exit(create_command('install').main(['--no-deps', 'evil']))"
    )
    blocked = hooked.run(hooked.python, "-c", code)
    assert blocked.returncode != 0, blocked.stderr
    assert hooked.canary.silent
    assert "build-not-approved" in blocked.stderr
    config = hooked.home / ".config" / "pipgate"
    config.mkdir(parents=True)
    (config / "pipgate.toml").write_text('version = 1\n[[rule]]\nname = "evil"\nverdict = "allow"\n')
    allowed = hooked.run(hooked.python, "-c", code)
    assert allowed.returncode == 0, allowed.stderr
    assert not hooked.canary.silent


def test_what_ran_for_a_library_is_told(newest_hooked: Adopted) -> None:
    """No audit hook is up there, so nobody sees the process of a build that was allowed."""
    at = newest_hooked
    at.allow_evil()
    Project("evil", "1.0", at.canary, requires=("worse",)).sdist(at.index.root)
    Project("worse", "1.0", at.canary).sdist(at.index.root)
    code = (
        "from pip._internal.commands import create_command; "
        "create_command('install').main(['--target', 't', 'evil'])"
    )
    blocked = at.run(at.python, "-c", code)
    assert "build-not-approved" in blocked.stderr
    assert not at.canary.silent
    assert "Project code that was allowed has run: evil 1.0." in blocked.stderr, blocked.stderr
    assert "No project code has run" not in blocked.stderr


def test_a_program_that_calls_pip_goes_on_as_before(hooked: Adopted) -> None:
    code = (
        "import sys; from pip._internal.cli.main import main; status = main(['install', '-q', 'good']); "
        "import subprocess, colorsys; subprocess.check_call([sys.executable, '-c', '']); "
        "import good; print('on', status)"
    )
    done = hooked.run(hooked.python, "-c", code)
    assert done.stdout.strip().endswith("on 0"), done.stdout + done.stderr


def test_an_arming_that_failed_stays_failed(newest_hooked: Adopted) -> None:
    """To try an import twice is an everyday pattern, and must not open the gate."""
    at = newest_hooked
    code = (
        "import sys\n"
        "for attempt in range(3):\n"
        "    try:\n"
        "        from pip._internal.cli.main import main\n"
        "    except ImportError as error:\n"
        "        print('refused', error)\n"
        "    else:\n"
        "        sys.exit(main(['install', 'evil']))\n"
    )
    hook = at.env.site_packages / "_pipgate_hook.py"
    good = hook.read_text()
    for broken in (
        re.sub(r"ENGINE = .*", "ENGINE = '/nowhere/engine.py'", good),
        good.replace("from pipgate.commands import hooked", "raise KeyboardInterrupt").replace(
            "except ImportError", "except BaseException"
        ),
    ):
        hook.write_text(broken)
        tried = at.run(at.python, "-c", code.replace("except ImportError", "except BaseException"))
        assert tried.stdout.count("refused") == 3, tried.stdout + tried.stderr
        assert at.canary.silent
    hook.write_text(good)
    assert at.run(at.python, "-c", code).returncode == 43


@pytest.mark.parametrize("pip", [ALL_PIPS[0], ALL_PIPS[-1]])
def test_nothing_of_one_command_is_left_for_the_next(hooked: Adopted) -> None:
    tree = Project("evil", "1.0", hooked.canary).tree(hooked.tmp / "tree")
    make_wheel(hooked.index.root, "carrier", "1.0", requires=(f"evil @ {tree.as_uri()}",))
    code = (
        "import sys; from pip._internal.cli.main import main; "
        f"print('first', main(['download', '-q', '--no-deps', '-d', sys.argv[1], {str(tree)!r}])); "
        "print('second', main(['install', '-q', 'carrier'])); "
        "print('third', main(['install', '-q', 'evil'])); print('fourth', main(['install', '-q', 'good']))"
    )
    done = hooked.run(hooked.python, "-c", code, str(hooked.tmp / "d"))
    assert re.findall(r"(\w+) (\d+)", done.stdout)[-3:] == [
        ("second", "43"),
        ("third", "43"),
        ("fourth", "0"),
    ], done.stdout + done.stderr
    assert hooked.canary.silent


def test_lock_two_holds_in_the_second_command_too(newest_hooked: Adopted) -> None:
    at = newest_hooked
    code = (
        "import sys, subprocess; from pip._internal.cli.main import main\n"
        "import pip._internal.commands.install as install\n"
        "def run(self, options, args):\n"
        "    subprocess.run([sys.executable, '-c', 'print(\"it runs\")'])\n"
        "    return 0\n"
        "main(['install', '-q', 'good'])\n"
        "install.InstallCommand.run = run\n"
        "sys.exit(main(['install', 'good']))\n"
    )
    done = at.run(at.python, "-c", code)
    assert done.returncode != 0, done.stdout + done.stderr
    assert "it runs" not in done.stdout
    assert "unexpected-process" in done.stderr


def test_a_library_that_unpacks_sees_the_files(newest_hooked: Adopted) -> None:
    at = newest_hooked
    [sdist] = at.index.root.glob("evil-*")
    code = (
        "import os, sys; from pip._internal.utils.unpacking import unpack_file; "
        "unpack_file(sys.argv[1], sys.argv[2]); print(sorted(os.listdir(sys.argv[2])))"
    )
    done = at.run(at.python, "-c", code, str(sdist), str(at.tmp / "unpacked"))
    assert "backend.py" in done.stdout, done.stderr


def test_the_programs_of_the_environment_keep_their_packaging(newest_hooked: Adopted) -> None:
    at = newest_hooked
    [wheel] = sorted(WHEELHOUSE.glob("packaging-*.whl"))
    assert at.run(*at.pip, "install", "-q", str(wheel)).returncode == 0
    code = "import pip._internal.cli.main as main; main.main(['list']); import packaging; print(packaging.__file__)"
    assert str(at.env.site_packages) in at.run(at.python, "-c", code).stdout


def test_a_pip_that_is_not_known_lets_its_caller_go_on(newest_hooked: Adopted) -> None:
    at = newest_hooked
    at.call_pip_newer()
    code = "from pip._internal.cli.main import main; print('status', main(['install', '-q', 'evil'])); print('on')"
    done = at.run(at.python, "-c", code)
    assert done.stdout.splitlines()[-2:] == ["status 43", "on"], done.stdout + done.stderr
    trap = at.tmp / "trap"
    trap.mkdir()
    (trap / "json.py").write_text(at.canary.sings_from("json imported"))
    assert at.run(at.python, "-I", "-m", "pip", "--version", PYTHONPATH=str(trap)).returncode == 0
    assert at.canary.silent


@pytest.mark.parametrize("pip", [ALL_PIPS[0], ALL_PIPS[-1]])
def test_what_was_allowed_for_a_command_is_not_allowed_behind_it(hooked: Adopted) -> None:
    Project("evil", "2.0", hooked.canary).sdist(hooked.index.root)
    code = (
        "import sys; from pip._internal.cli.main import main; from pip._internal.commands import create_command; "
        "print('first', main(['--allow-build', 'evil', 'install', '-q', 'evil==1.0'])); open(sys.argv[1], 'w'); "
        "print('second', create_command('install').main(['-q', '--no-deps', 'evil==2.0']))"
    )
    done = hooked.run(hooked.python, "-c", code, str(hooked.canary.path))
    assert "first 0" in done.stdout, done.stderr
    assert "second 0" not in done.stdout
    assert hooked.canary.path.read_text() == "", "it sang for the first, and not for the second"
    assert "build-not-approved" in done.stderr


def test_an_empty_directory_of_that_name_is_no_packaging(newest_hooked: Adopted) -> None:
    (newest_hooked.env.site_packages / "packaging").mkdir()
    blocked = newest_hooked.run(*newest_hooked.pip, "install", "evil")
    assert blocked.returncode == 43, blocked.stderr


def test_what_calls_below_the_builder_is_not_reached(hooked: Adopted) -> None:
    """What docs/adoption.md says to be open: it hands a backend over that it has chosen and started itself."""
    code = (
        "import glob, sys, tarfile\n"
        "from pip._internal.operations.build.wheel import build_wheel_pep517\n"
        "from pip._vendor.pyproject_hooks import BuildBackendHookCaller\n"
        "tarfile.open(sys.argv[1]).extractall(sys.argv[2])\n"
        "source, = glob.glob(sys.argv[2] + '/evil-*')\n"
        "backend = BuildBackendHookCaller(source, sys.argv[3], backend_path=['.'])\n"
        "print(build_wheel_pep517('evil', backend, source, sys.argv[2]))\n"
    )
    sdist = next(hooked.index.root.glob("evil-*.tar.gz"))
    done = hooked.run(hooked.python, "-c", code, str(sdist), str(hooked.tmp / "unpacked"), "backend")
    assert done.returncode == 0, done.stderr
    assert not hooked.canary.silent, "it is gated after all: mend the table in docs/adoption.md"

"""An enabled environment: every way to its pip is gated, nothing else changes, and it can be taken away."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import sys

import pytest

from support.adopted import EVIL, Adopted
from support.environments import ALL_PIPS, WHEELHOUSE, enable, environment, tool


def test_it_is_invisible(hooked: Adopted) -> None:
    plain = hooked.central("disable", str(hooked.env.root))
    assert plain.returncode == 0, plain.stderr
    for words in (
        ["list"],
        ["freeze", "--all"],
        ["check"],
        ["inspect"],
        ["--version"],
        ["config", "list"],
        ["nonsense"],
    ):
        without = hooked.run(*hooked.pip, *words)
        enable(hooked.env)
        with_it = hooked.run(*hooked.pip, *words)
        assert hooked.central("disable", str(hooked.env.root)).returncode == 0
        assert (with_it.stdout, with_it.returncode) == (without.stdout, without.returncode), words
        assert with_it.stderr == without.stderr, words


def test_enabled_and_disabled_leaves_no_trace(newest_hooked: Adopted) -> None:
    at = newest_hooked
    assert at.central("disable", str(at.env.root)).returncode == 0
    before = at.listing()
    for _ in range(2):
        assert at.central("enable", str(at.env.root)).returncode == 0
    assert at.run(*at.pip, *EVIL, PYTHONDONTWRITEBYTECODE="").returncode == 43
    assert at.central("disable", str(at.env.root)).returncode == 0
    cached = {each for each in at.listing() if "__pycache__" in each}
    assert [each for each in at.listing() if each not in cached] == [
        each for each in before if each not in cached
    ]
    assert not [each for each in cached if "_pipgate" in each]
    assert "was not enabled" in at.central("disable", str(at.env.root)).stdout


@pytest.mark.parametrize(
    "change",
    [
        ["-m", "pip", "install", "-q", "--force-reinstall", f"pip=={ALL_PIPS[-1]}"],
        ["-m", "pip", "install", "-q", f"pip=={ALL_PIPS[-2]}"],
        ["-m", "venv", "--upgrade", "ENV"],
    ],
    ids=["force-reinstall", "downgrade", "venv --upgrade"],
)
def test_it_survives(newest_hooked: Adopted, change: list[str]) -> None:
    at = newest_hooked
    for wheel in WHEELHOUSE.glob("pip-*.whl"):
        shutil.copy(wheel, at.index.root)
    words = [str(at.env.root) if word == "ENV" else word for word in change]
    python = at.python if words[1] == "pip" else sys.executable
    changed = at.run(python, *words)
    assert changed.returncode == 0, changed.stderr
    assert at.run(*at.pip, *EVIL).returncode == 43
    assert at.canary.silent


@pytest.mark.parametrize("words", [["--clear", "ENV"], ["NEW"]])
def test_an_environment_made_anew_is_open(newest_hooked: Adopted, words: list[str]) -> None:
    """What docs/adoption.md says to be open, until it is enabled; with the pip that this Python brings."""
    at = newest_hooked
    env = at.env.root if "ENV" in words else at.tmp / "new"
    made = at.run(sys.executable, "-m", "venv", *words[:-1], str(env))
    assert made.returncode == 0, made.stderr
    evil = (
        str(env / "bin" / "python"),
        "-m",
        "pip",
        "install",
        "--target",
        str(at.tmp / "installed"),
        "evil",
    )
    done = at.run(*evil)
    assert done.returncode == 0, done.stderr
    assert not at.canary.silent
    assert at.central("enable", str(env)).returncode == 0
    assert at.run(*evil, "--no-cache-dir").returncode == 43


def test_a_pip_that_is_not_known_is_not_run(newest_hooked: Adopted) -> None:
    """The command line is that of pipgate's own pip; as a library it is refused."""
    at = newest_hooked
    at.call_pip_newer()
    blocked = at.run(*at.pip, *EVIL)
    assert blocked.returncode == 43, blocked.stderr
    own = at.run(*at.pip, "--version")
    assert str(tool().site_packages) in own.stdout, own.stdout + own.stderr
    library = at.run(at.python, "-c", "import pip._internal.req.req_install")
    assert library.returncode == 1
    assert "newer than this pipgate has been tried with" in library.stderr


@pytest.mark.parametrize("gone", ["_pipgate_hook.py", "the engine", "half of the hook"])
def test_half_removed_python_works_and_pip_stops(newest_hooked: Adopted, gone: str) -> None:
    at = newest_hooked
    hook = at.env.site_packages / "_pipgate_hook.py"
    if gone == "the engine":
        hook.write_text(re.sub(r"ENGINE = .*", "ENGINE = '/nowhere/engine.py'", hook.read_text()))
    elif gone == "half of the hook":
        hook.write_text(hook.read_text()[:300])
    else:
        hook.unlink()
    assert at.run(at.python, "-c", "import json").returncode == 0
    for words in ((at.python, "-m", "pip"), tuple(at.pip)):
        stopped = at.run(*words, *EVIL)
        assert stopped.returncode == (45 if gone == "the engine" else 1), stopped.stderr
        assert ("Traceback" in stopped.stderr) == (gone != "the engine")
    imported = at.run(at.python, "-c", "import pip._internal")
    assert imported.returncode == 1
    assert "ImportError" in imported.stderr
    assert at.canary.silent
    assert "pip is not run" in stopped.stderr
    repair = re.search(r"To repair it: pipgate (.*?); to remove it: (rm .*?)(?:\n|$)", stopped.stderr)
    assert repair is not None, stopped.stderr
    assert at.central("enable", str(at.env.root)).returncode == 0
    assert at.run(*at.pip, *EVIL).returncode == 43
    assert at.run("sh", "-c", repair.group(2).replace("rm ", "rm -f ", 1)).returncode == 0
    assert at.run(*at.pip, *EVIL).returncode == 0


def test_what_is_no_environment_and_files_that_are_not_ours(newest_hooked: Adopted) -> None:
    at = newest_hooked
    empty = at.tmp / "empty"
    empty.mkdir()
    for place, why in ((empty, "no environment"), (at.tmp / "nowhere", "no directory")):
        wrong = at.central("enable", str(place))
        assert wrong.returncode == 2
        assert why in wrong.stderr
    hook = at.env.site_packages / "_pipgate_hook.py"
    hook.write_text("mine = 1\n")
    for verb in ("enable", "disable"):
        refused = at.central(verb, str(at.env.root))
        assert refused.returncode == 2
        assert "not written by pipgate" in refused.stderr
    assert hook.read_text() == "mine = 1\n"
    at.env.python.unlink()
    at.env.python.write_text("#!/bin/sh\nexit 3\n")
    at.env.python.chmod(0o755)
    broken = at.central("enable", str(at.env.root))
    assert broken.returncode == 2
    assert "does not run" in broken.stderr


def test_a_new_environment_is_made_and_enabled(newest_hooked: Adopted) -> None:
    at = newest_hooked
    env = tool()
    made = at.run(
        str(env.python),
        str(env.root / "bin" / "pipgate"),
        "venv",
        str(at.tmp / "new"),
        PATH=os.environ["PATH"],
    )
    assert made.returncode == 0, made.stderr
    assert at.run(str(at.tmp / "new" / "bin" / "pip"), *EVIL).returncode == 43
    assert at.canary.silent


def test_disable_takes_all_or_nothing(newest_hooked: Adopted) -> None:
    at = newest_hooked
    hook = at.env.site_packages / "_pipgate_hook.py"
    good = hook.read_text()
    hook.write_text("mine = 1\n")
    before = at.listing()
    assert at.central("disable", str(at.env.root)).returncode == 2
    assert at.listing() == before
    hook.write_text(good)
    at.env.python.unlink()
    at.env.python.write_text("#!/bin/sh\nexit 3\n")
    at.env.python.chmod(0o755)
    gone = at.central("disable", str(at.env.root))
    assert gone.returncode == 0, gone.stderr
    assert not [each for each in at.listing() if "_pipgate" in each]


def test_the_environment_may_be_named_in_front(newest_hooked: Adopted) -> None:
    at = newest_hooked
    env, other = str(at.env.root), str(environment(ALL_PIPS[0], through="central").root)
    pipgate = [str(tool().python), str(tool().root / "bin" / "pipgate")]
    assert at.run(*pipgate, "--env", env, "doctor", "--strict", VIRTUAL_ENV=other).returncode == 0
    assert at.run(*pipgate, "--env", other, "doctor", "--strict", VIRTUAL_ENV=env).returncode == 1
    assert "_pipgate.pth" in at.run(*pipgate, "--env", env, "disable", VIRTUAL_ENV=other).stdout
    assert at.run(*pipgate, "--env", env, "enable", VIRTUAL_ENV=other).returncode == 0
    assert at.run(*pipgate, "doctor", "--strict", "--env", env).returncode == 0


def test_what_the_caller_adds_to_the_import_path_is_not_kept(newest_hooked: Adopted) -> None:
    at = newest_hooked
    (at.tmp / "added" / "packaging").mkdir(parents=True)
    (at.tmp / "added" / "packaging" / "__init__.py").write_text(at.canary.sings_from("packaging imported"))
    pipgate = [str(tool().python), str(tool().root / "bin" / "pipgate")]
    for added in (str(at.tmp / "added"), f":{at.tmp / 'added'}"):
        enabled = at.run(*pipgate, "enable", str(at.env.root), PYTHONPATH=added)
        assert enabled.returncode == 0, enabled.stderr
        assert "added" not in (at.env.site_packages / "_pipgate_hook.py").read_text()


def test_a_locale_that_knows_no_accents(newest_hooked: Adopted) -> None:
    at, env = newest_hooked, str(newest_hooked.env.root)
    plain = {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    assert at.central("disable", env, **plain).returncode == 0
    enabled = at.central("enable", env, **plain)
    assert enabled.returncode == 0, enabled.stderr
    assert at.run(*at.pip, *EVIL, **plain).returncode == 43
    proven = at.central("doctor", "--strict", "--env", env, **plain)
    assert proven.returncode == 0, proven.stdout + proven.stderr


def test_the_hint_works_in_a_plain_shell(hooked: Adopted) -> None:
    blocked = hooked.run(*hooked.pip, *EVIL, VIRTUAL_ENV=str(hooked.env.root))
    assert f"pipgate --env '{hooked.env.root}' approve evil==1.0" in blocked.stderr
    hint = blocked.stderr.rstrip().rpartition("for this run: pipgate ")[2]
    central = shlex.join([str(tool().python), str(tool().root / "bin" / "pipgate")])
    pasted = hooked.run("sh", "-c", f"{central} {hint}")
    assert pasted.returncode == 0, pasted.stderr
    assert not hooked.canary.silent
    assert (hooked.env.site_packages / "evil_built.py").exists(), "in that environment"

"""Proof that a pip is gated: the real entry points are asked, with a word that only the gate can answer."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import tempfile
from enum import Enum
from typing import TYPE_CHECKING, Any, NamedTuple

from pipgate import pip_conf
from pipgate.adoption.environment_facts import bin_directory
from pipgate.adoption.environment_hook import is_as_written
from pipgate.pip_conf_words import STAND_IN
from pipgate.plain_text import shell_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pipgate.adoption.environment_facts import EnvironmentFacts

VERIFY = "pipgate-verify"
_SECONDS = 60
_READS_PYTHON = [22, 3]  # the first pip that has --python
_LARGEST = 1 << 20  # bytes of an answer
_NO_PIP = "No module named pip"
_TYPED = "pip, as it is typed"
_UNDERMINING = (
    "PIP_CONFIG_FILE",
    "PIP_PYTHON",
    "PIP_NO_BINARY",
    "PIP_ONLY_BINARY",
    "_PIP_RUNNING_IN_SUBPROCESS",
)
_NOT_PIP = ("uv", "poetry", "pdm", "pipenv", "conda")


class Verdict(Enum):
    """What an entry point has answered."""

    GATED = "gated"
    NOT_GATED = "not gated"
    UNKNOWN = "cannot tell"


class Probe(NamedTuple):
    """One entry point: its command, what it answered, and what the gate behind it says of itself."""

    command: tuple[str, ...]
    verdict: Verdict
    detail: str
    answer: dict[str, Any]


def probe_environment(facts: EnvironmentFacts, environ: Mapping[str, str]) -> list[Probe]:
    """Ask every entry point of an environment that is there, from an empty directory."""
    directory = bin_directory(facts.prefix)
    version = ".".join(map(str, facts.version))
    scripts = [os.path.join(directory, name) for name in ("pip", "pip3", f"pip{version}")]  # noqa: PTH118 -- strings
    commands: list[tuple[str, ...]] = [(script,) for script in scripts if os.path.exists(script)]  # noqa: PTH110 -- same
    commands += [(facts.python, "-m", "pip"), (facts.python, "-I", "-m", "pip")]
    commands += [(python, "-m", "pip") for python in _other_pythons(facts, directory)]
    probes = [_of_this(facts, _probe(command, environ)) for command in commands]
    if any(probe.verdict is not Verdict.UNKNOWN or _NO_PIP not in probe.detail for probe in probes):
        return probes
    hooked = is_as_written(facts) is True
    return [
        Probe(
            (facts.python, "-m", "pip"),
            Verdict.GATED if hooked else Verdict.UNKNOWN,
            "there is no pip in it" + (", and the hook is in place for one" if hooked else ""),
            {},
        )
    ]


def _other_pythons(facts: EnvironmentFacts, directory: str) -> list[str]:
    """Return the names of the environment's Python that may start otherwise than the one that was asked.

    They are all one program, usually, and one answer is that of all. But a ``._pth`` beside one name counts
    for that name alone, and without site no hook is read (CPython, Modules/getpath.py).
    """
    ending = ".exe" if os.name == "nt" else ""
    names = [f"{stem}{ending}" for stem in ("python", "python3", "python{}.{}".format(*facts.version))]
    found = [os.path.join(directory, name) for name in names]  # noqa: PTH118 -- strings
    others = [each for each in found if each != facts.python and os.access(each, os.X_OK)]
    same = [each for each in others if os.path.realpath(each) == os.path.realpath(facts.python)]
    if facts.is_base:
        return same if _has_path_files(directory) else []  # another program there is another Python
    return others if _has_path_files(directory) else [each for each in others if each not in same]


def _has_path_files(directory: str) -> bool:
    return os.path.isdir(directory) and any(name.endswith("._pth") for name in os.listdir(directory))  # noqa: PTH112, PTH208 -- strings


def _of_this(facts: EnvironmentFacts, probe: Probe) -> Probe:
    """Say of an entry point that works on another environment, as the scripts of a copied one do."""
    python = _as_here(str(probe.answer.get("python", facts.python)))
    prefix = os.path.dirname(os.path.dirname(python))  # noqa: PTH120 -- strings
    if os.path.realpath(prefix) == os.path.realpath(facts.prefix):
        return probe
    return probe._replace(verdict=Verdict.UNKNOWN, detail=f"it works on another environment, {prefix}")


def _as_here(told: str) -> str:
    """Return a path that another interpreter has told: it may see names in another encoding."""
    try:
        os.fsencode(told)
    except UnicodeEncodeError:
        return os.fsdecode(told.encode("utf-8", "surrogateescape"))
    return told


def probe_shell(environ: Mapping[str, str]) -> list[Probe]:
    """Ask what is typed as pip in the caller's own shell, with its functions and aliases."""
    shell = environ.get("SHELL", "")
    if os.path.basename(shell) not in {"bash", "zsh", "fish"}:  # noqa: PTH119 -- a string
        return []
    probe = _probe((shell, "-i", "-c", _TYPED), environ)
    python = probe.answer.get("python")
    return [probe if python is None else probe._replace(detail=f"{probe.detail}, for {python}")]


def findings_in_shell(probes: Iterable[Probe]) -> list[str]:
    """Return what the functions of a shell leave open, where nothing else gates what they do not see."""
    told = {(probe.command[-1] == _TYPED, probe.verdict) for probe in probes}
    if (True, Verdict.GATED) not in told or (False, Verdict.NOT_GATED) not in told:
        return []
    open_to = "sudo, env, xargs, sh -c, scripts, make, a path to pip or to Python"
    return [f"what is typed is gated, and what other programs start is not: {open_to}"]


def findings(facts: EnvironmentFacts | None, environ: Mapping[str, str]) -> list[str]:
    """Return what undermines the gate, or is not covered by it, one line each."""
    found = [f"{name} is set in the environment" for name in _UNDERMINING if environ.get(name)]
    found += [
        f"{each} has a sitecustomize and is on PYTHONPATH: a gate in the interpreter itself is not read then"
        for each in environ.get("PYTHONPATH", "").split(os.pathsep)
        if each and os.path.exists(os.path.join(each, "sitecustomize.py"))  # noqa: PTH110, PTH118 -- strings
    ]
    path = environ.get("PATH", os.defpath)
    others = [name for name in _NOT_PIP if shutil.which(name, path=path)]
    found += [f"{name} is on PATH: it is not pip, and not covered" for name in others]
    if facts is not None and is_as_written(facts) is False:
        repair = shell_line(["pipgate", "enable", *facts.words])
        found.append(f"the hook in {facts.prefix} is not as it was written: {repair}")
    return found


def findings_in_pip_conf(
    facts: EnvironmentFacts, probes: Iterable[Probe], environ: Mapping[str, str]
) -> list[str]:
    """Return why a gate that a pip.conf puts up does not stand for this environment."""
    named = pip_conf.pythons(environ, facts.prefix)
    ours = [(path, python) for path, python in named if python.endswith(f"/{STAND_IN}")]
    found = [
        f"{path} names {python}, which is not there: pip stops wherever that is read. To repair it: "
        + shell_line(["pipgate", "team", "install", "--file", path])
        for path, python in ours
        if not os.access(python, os.X_OK)
    ]
    own = [each for each in probes if each.command[0].startswith(f"{facts.prefix}{os.sep}")]
    if not ours or all(each.verdict is not Verdict.NOT_GATED for each in own):
        return found
    if named[-1] not in ours:
        path, python = named[-1]
        return [*found, f"{path} says `python = {python}`, over {ours[-1][0]}, which would put up the gate"]
    version = _version_of_pip(facts)
    if _is_too_old(version):
        update = shell_line([facts.python, "-m", "pip", "install", "--upgrade", "pip"])
        found.append(f"{ours[-1][0]} gates pip from 22.3 on, and this is {version}. To update it: {update}")
    return found


def _is_too_old(version: str) -> bool:
    numbers = [int(each) if each.isdigit() else 0 for each in version.split(".")[:2]]
    return numbers < _READS_PYTHON


def _version_of_pip(facts: EnvironmentFacts) -> str:
    command = [facts.python, "-I", "-c", "import pip; print(pip.__version__)"]
    try:
        asked = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=True)  # noqa: S603 -- the caller's own environment
    except (OSError, subprocess.SubprocessError):
        return "another"
    return asked.stdout.strip()[:40]


def summed_up(probes: Iterable[Probe]) -> int:
    """Return the status of ``doctor --strict``: 0 all gated, 1 some not, 2 cannot tell."""
    verdicts = {probe.verdict for probe in probes}
    if Verdict.NOT_GATED in verdicts:
        return 1
    return 2 if Verdict.UNKNOWN in verdicts or not verdicts else 0


def _probe(command: tuple[str, ...], environ: Mapping[str, str]) -> Probe:
    nonce = secrets.token_hex(16)
    in_shell = command[-1] == _TYPED
    full = [*command[:-1], f"pip {VERIFY} {nonce}"] if in_shell else [*command, VERIFY, nonce]
    with tempfile.TemporaryDirectory(prefix="pipgate-doctor-") as empty, tempfile.TemporaryFile() as said:
        try:  # into a file: what a shell leaves running would hold a pipe open
            status = subprocess.run(  # noqa: S603 -- the entry points of the caller's own environments
                full,
                cwd=empty,
                env=dict(environ),
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                timeout=_SECONDS,
                check=False,
            ).returncode
        except (OSError, subprocess.SubprocessError) as error:
            return Probe(command, Verdict.UNKNOWN, str(error), {})
        said.seek(0)
        text = said.read(_LARGEST).decode("utf-8", "replace")
    return _read(command, nonce, status, text)


def _read(command: tuple[str, ...], nonce: str, status: int, text: str) -> Probe:
    answer = _answer(text, nonce)
    if answer:
        return Probe(command, Verdict.GATED, f"by {answer.get('mode')}", answer)
    lines = text.strip().splitlines()
    if status == 1 and any("unknown command" in line for line in lines):
        return Probe(command, Verdict.NOT_GATED, "pip itself answered", {})
    return Probe(command, Verdict.UNKNOWN, lines[-1] if lines else f"status {status}", {})


def _answer(text: str, nonce: str) -> dict[str, Any]:
    for line in text.splitlines():
        try:
            told = json.loads(line)
        except ValueError:
            continue
        if isinstance(told, dict) and told.get("nonce") == nonce:
            return told
    return {}

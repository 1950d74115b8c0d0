"""What only a requirements file's own index offers is not the user's word for pip and what the gate needs."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

import pytest

from support.adopted import Adopted
from support.environments import ALL_PIPS, DIRECT, WHEELHOUSE, environment
from support.index import RunningIndex
from support.projects import Project, make_wheel

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator
    from pathlib import Path

    from support.canary import Canary
    from support.index import Index

HOSTILE = {"pip": "pip/__init__.py", "packaging": "packaging/__init__.py"}


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Index]:
    """An index of the project's, with a carrier that requires a pip and a packaging of its own."""
    root = tmp_path / "elsewhere"
    root.mkdir()
    for name, member in HOSTILE.items():
        make_wheel(root, name, "99.0", files={member: '__version__ = "26.3"\nraise SystemExit("hostile")\n'})
        make_wheel(root, f"carrier-of-{name}", "1.0", requires=(f"{name}>98",))
    with RunningIndex(root) as index:
        yield index


class Beside(Adopted):
    """An environment that holds pipgate itself, which therefore runs on its packaging."""

    @property
    def pip(self) -> list[str]:
        return [str(self.env.root / "bin" / "pipgate")]


@pytest.fixture
def beside(pip: str, tmp_path: Path, index: Index, canary: Canary) -> Beside:
    return Beside(environment(pip, through=DIRECT), tmp_path, index, canary)


def copy(name: str, directory: Path) -> Path:
    wheel = max(WHEELHOUSE.glob(f"{name}-*.whl"))
    (directory / wheel.name).write_bytes(wheel.read_bytes())
    return directory / wheel.name


def written(at: Adopted, lines: str) -> Path:
    project = at.tmp / "project"
    project.mkdir(exist_ok=True)
    (project / "requirements.txt").write_text(lines)
    return project / "requirements.txt"


def install(at: Adopted, lines: str, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return at.run(*at.pip, "install", "-r", str(written(at, lines)), *words, **variables)


def require_refused(at: Adopted, done: subprocess.CompletedProcess[str]) -> None:
    assert done.returncode == 43, done.stdout + done.stderr
    assert "displaces-gate" in done.stderr
    assert "that only a requirements or constraints file names" in done.stderr
    assert "Traceback" not in done.stderr
    require_gated(at)


def require_gated(at: Adopted) -> None:
    version = at.run(*at.pip, "--version")
    assert (version.returncode, at.env.pip in version.stdout) == (0, True), version.stdout + version.stderr
    assert "hostile" not in version.stderr
    at.index.root.joinpath("evil-2.0.tar.gz").unlink(missing_ok=True)
    assert at.run(*at.pip, "install", "evil").returncode == 43
    assert at.canary.silent


LINES = {
    "--index-url": "--index-url {url}\n{name}>98\n",
    "--extra-index-url": "--extra-index-url {url}\n{name}>98\n",
    "--find-links": "--no-index\n--find-links {root}\n{name}>98\n",
    "--find-links and a dependency": "--find-links {root}\ncarrier-of-{name}\n",
    "an index and a dependency": "--index-url {url}\ncarrier-of-{name}\n",
    "a URL": "{name} @ {url}/../files/{name}-99.0-py3-none-any.whl\n",
}


@pytest.mark.parametrize("way", LINES)
@pytest.mark.parametrize("name", HOSTILE)
def test_what_a_requirements_file_offers(beside: Beside, elsewhere: Index, way: str, name: str) -> None:
    lines = LINES[way].format(url=elsewhere.url, root=elsewhere.root, name=name)
    require_refused(beside, install(beside, lines))
    # Where the gate does not lie it may go.
    if name == "packaging":
        done = install(beside, lines, "--target", str(beside.tmp / "t"))
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("way", LINES)
def test_a_pip_in_an_enabled_environment(hooked: Adopted, elsewhere: Index, way: str) -> None:
    lines = LINES[way].format(url=elsewhere.url, root=elsewhere.root, name="pip")
    require_refused(hooked, install(hooked, lines))


def test_a_packaging_in_an_enabled_environment(hooked: Adopted, elsewhere: Index) -> None:
    """The gate of its pip lies elsewhere and does not run on it, however that pip is started."""
    lines = LINES["an index and a dependency"].format(url=elsewhere.url, name="packaging")
    done = install(hooked, lines)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "packaging-99.0" in done.stdout
    require_gated(hooked)
    for start in (["-m", "pip"], [str(hooked.env.site_packages / "pip")]):
        assert hooked.run(hooked.python, *start, "install", "evil").returncode == 43
    assert hooked.canary.silent


def test_what_the_user_names_is_taken(beside: Beside, elsewhere: Index) -> None:
    """The same file from the same place, named on the command line, by a variable, in the user's pip.conf."""
    at = beside
    (elsewhere.root / "packaging-99.0-py3-none-any.whl").unlink()
    copy("packaging", elsewhere.root)
    make_wheel(at.index.root, "build", "1.0", requires=("packaging",))
    lines = f"--extra-index-url {elsewhere.url}/\nbuild\n"
    require_refused(at, install(at, lines, "--force-reinstall"))
    for words in (["--index-url", elsewhere.url], ["--find-links", str(elsewhere.root)]):
        done = install(at, lines, "--force-reinstall", *words, "--extra-index-url", at.index.url)
        assert done.returncode == 0, done.stdout + done.stderr
    done = install(at, lines, "--force-reinstall", PIP_EXTRA_INDEX_URL=elsewhere.url)
    assert done.returncode == 0, done.stdout + done.stderr
    conf = at.home / ".config" / "pip" / "pip.conf"
    conf.parent.mkdir(parents=True)
    conf.write_text(f"[global]\nextra-index-url = {elsewhere.url}\n")
    done = install(at, lines, "--force-reinstall")
    assert done.returncode == 0, done.stdout + done.stderr
    assert at.run(*at.pip, "install", "evil").returncode == 43


def test_ones_own_index_comes_first(beside: Beside, elsewhere: Index) -> None:
    """A newer one that the file's index offers is passed over, and so is the same release there."""
    at = beside
    wheel = copy("packaging", at.index.root)
    lines = f"--extra-index-url {elsewhere.url}\n--find-links {elsewhere.root}\npackaging\n"
    done = install(at, lines, "--force-reinstall")
    assert done.returncode == 0, done.stdout + done.stderr
    assert wheel.name in done.stdout + "".join(at.index.requests)
    assert (at.env.site_packages / wheel.name.replace("-py3-none-any.whl", ".dist-info")).is_dir()


@pytest.mark.parametrize(
    "lines",
    [
        "--index-url {url}\npackaging\n",
        "packaging @ {url}/../files/{file}\n",
        "--no-index\n--find-links {root}\npackaging\n",
    ],
)
def test_the_very_file_of_ones_own_index(beside: Beside, elsewhere: Index, lines: str) -> None:
    """A mirror that a requirements file names has the same bytes."""
    at = beside
    (elsewhere.root / "packaging-99.0-py3-none-any.whl").unlink()
    copy("packaging", elsewhere.root)
    wheel = copy("packaging", at.index.root)
    done = install(at, lines.format(url=elsewhere.url, root=elsewhere.root, file=wheel.name))
    assert done.returncode == 0, done.stdout + done.stderr


def test_upgrades_of_ones_own(beside: Beside) -> None:
    at = beside
    other = ALL_PIPS[-2] if at.env.pip != ALL_PIPS[-2] else ALL_PIPS[-1]
    for name in (f"pip-{other}", "packaging"):
        copy(name, at.index.root)
    make_wheel(at.index.root, "build", "1.0", requires=("packaging", f"pip=={other}"))
    done = at.run(*at.pip, "install", "-U", "packaging", "build")
    assert done.returncode == 0, done.stdout + done.stderr
    assert other in at.run(*at.pip, "--version").stdout
    assert at.run(*at.pip, "install", "evil").returncode == 43


FOREIGN = {"index-url": "{url}", "extra-index-url": "\n  {url}", "find-links": "{root}"}


@pytest.mark.parametrize("key", FOREIGN)
def test_what_a_foreign_pip_conf_names(beside: Beside, elsewhere: Index, key: str) -> None:
    """A repository can bring that file: its places are not the user's, unless the user names them too."""
    at, place = beside, FOREIGN[key].format(url=elsewhere.url, root=elsewhere.root)
    (elsewhere.root / "packaging-99.0-py3-none-any.whl").unlink()
    copy("packaging", elsewhere.root)
    project = at.tmp / "project"
    project.mkdir()
    (project / "pip.conf").write_text(f"[global]\n{key} = {place}\n")
    foreign = {"PIP_CONFIG_FILE": str(project / "pip.conf")}
    foreign.update({"PIP_INDEX_URL": ""} if key == "index-url" else {})
    command = (*at.pip, "install", "--force-reinstall", "packaging")
    done = at.run(*command, **foreign)
    assert done.returncode == 43, done.stdout + done.stderr
    assert "displaces-gate" in done.stderr
    assert f"that only a requirements or constraints file or {project / 'pip.conf'} names" in done.stderr
    require_gated(at)
    variable = f"PIP_{key.upper().replace('-', '_')}"
    for words, named in (((), {variable: place.strip()}), ((f"--{key}={place.strip()}",), {})):
        done = at.run(*command, *words, **{**foreign, **named})
        assert done.returncode == 0, done.stdout + done.stderr


def test_a_url_in_a_constraints_file(beside: Beside, elsewhere: Index) -> None:
    """It counts where what is installed came from it, which is what `pip freeze` writes, with these bytes."""
    at, file = beside, beside.tmp / "constraints.txt"
    (elsewhere.root / "packaging-99.0-py3-none-any.whl").unlink()
    wheel = copy("packaging", elsewhere.root)
    url = elsewhere.file_url(wheel)
    make_wheel(at.index.root, "carrier", "1.0", requires=("packaging",))
    command = (*at.pip, "install", "--force-reinstall", "carrier")
    file.write_text(f"packaging @ {url}\n")
    for words, named in (("-c", str(file)), {}), ((), {"PIP_CONSTRAINT": str(file)}):
        require_refused(at, at.run(*command, *words, **named))
    assert at.run(*at.pip, "install", "--force-reinstall", f"packaging @ {url}").returncode == 0
    file.write_text(next(row for row in at.run(*at.pip, "freeze").stdout.splitlines() if url in row))
    done = at.run(*command, "-c", str(file))
    assert done.returncode == 0, done.stdout + done.stderr
    file.write_text(f"packaging @ {url}\n")
    with zipfile.ZipFile(wheel, "a") as changed:
        changed.comment = b"other bytes"
    require_refused(at, at.run(*command, "-c", str(file)))


@pytest.mark.parametrize("how", ["built", "cached"])
def test_an_sdist_of_ones_own_index(beside: Beside, elsewhere: Index, how: str) -> None:
    """What it becomes is a wheel of this machine; what counts is where it was taken from."""
    at, words = beside, ["--allow-build", "packaging==99.0"]
    (elsewhere.root / "packaging-99.0-py3-none-any.whl").unlink()
    sdist = Project("packaging", "99.0", at.canary).sdist(elsewhere.root)
    lines = f"--index-url {elsewhere.url}\npackaging==99.0\n"
    refused = at.run(*at.pip, *words, "install", "-r", str(written(at, lines)))
    assert (refused.returncode, "displaces-gate" in refused.stderr) == (43, True), refused.stderr
    (at.index.root / sdist.name).write_bytes(sdist.read_bytes())
    if how == "cached":
        directory = str(at.tmp / "wheels")
        assert at.run(*at.pip, *words, "wheel", "-w", directory, "packaging==99.0").returncode == 0
    done = at.run(*at.pip, *words, "install", "packaging==99.0")
    assert done.returncode == 0, done.stdout + done.stderr
    assert ("Using cached" in done.stdout and "Building wheel" not in done.stdout) == (how == "cached")

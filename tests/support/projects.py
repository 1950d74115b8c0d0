"""Makers of wheels, source trees, sdists and repositories, small and built from nothing but this file."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import subprocess
import tarfile
import zipfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from support.canary import Canary

_BACKEND = """\
import os, sys, zipfile
{sing}
NAME, VERSION, REQUIRES, BUILD_REQUIRES = {name!r}, {version!r}, {requires!r}, {dynamic!r}
METADATA = "Metadata-Version: 2.1\\nName: %s\\nVersion: %s\\n" % (NAME, VERSION)
METADATA += "".join("Provides-Extra: %s\\n" % each for each in {extras!r})
METADATA += "".join("Requires-Dist: %s\\n" % each for each in REQUIRES)

def sing(hook):
    {sing_hook}

def _requires(hook):
    sing(hook)
    return BUILD_REQUIRES

def get_requires_for_build_wheel(config_settings=None):
    return _requires("get_requires_for_build_wheel")

def get_requires_for_build_editable(config_settings=None):
    return _requires("get_requires_for_build_editable")

def prepare_metadata_for_build_wheel(directory, config_settings=None):
    sing("prepare_metadata_for_build_wheel")
    name = "%s-%s.dist-info" % (NAME.replace("-", "_"), VERSION)
    os.mkdir(os.path.join(directory, name))
    with open(os.path.join(directory, name, "METADATA"), "w") as file:
        file.write(METADATA)
    return name

prepare_metadata_for_build_editable = prepare_metadata_for_build_wheel

def build_wheel(directory, config_settings=None, metadata_directory=None):
    sing("build_wheel" + (" with %s" % sorted(config_settings) if config_settings else ""))
    stem = "%s-%s" % (NAME.replace("-", "_"), VERSION)
    info = stem + ".dist-info/"
    with zipfile.ZipFile(os.path.join(directory, stem + "-py3-none-any.whl"), "w") as wheel:
        wheel.writestr(NAME.replace("-", "_") + "_built.py", "")
        wheel.writestr(info + "METADATA", METADATA)
        wheel.writestr(info + "WHEEL", "Wheel-Version: 1.0\\nGenerator: tests\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr(info + "RECORD", "")
    return stem + "-py3-none-any.whl"

def build_editable(directory, config_settings=None, metadata_directory=None):
    sing("build_editable")
    return build_wheel(directory, config_settings)
"""

_SETUP_PY = """\
{sing}
from setuptools import setup
setup(name={name!r}, version={version!r}, py_modules=[], install_requires={requires!r})
"""


@dataclass(frozen=True, slots=True)
class Project:
    """A project with code that makes a canary sing wherever it runs.

    ``backend`` is ``in-tree`` (PEP 517 with backend-path and no build requirements) or ``setup.py``.
    """

    name: str
    version: str
    canary: Canary
    backend: str = "in-tree"
    requires: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()
    build_requires: tuple[str, ...] = ()
    dynamic_build_requires: tuple[str, ...] = ()
    files: dict[str, str] = field(default_factory=dict)

    @property
    def stem(self) -> str:
        return f"{self.name.replace('-', '_')}-{self.version}"

    def contents(self) -> dict[str, str]:
        sing = self.canary.sings_from(f"{self.name} {self.version} imported")
        common = {"PKG-INFO": self.pkg_info(), **self.files}
        if self.backend == "setup.py":
            setup = _SETUP_PY.format(
                sing=sing, name=self.name, version=self.version, requires=list(self.requires)
            )
            return {"setup.py": setup, **common}
        hook = f"open({str(self.canary.path)!r}, 'a').write('{self.name} {self.version} ' + hook + chr(10))"
        backend = _BACKEND.format(
            sing=sing,
            sing_hook=hook,
            name=self.name,
            version=self.version,
            requires=list(self.requires),
            extras=list(self.extras),
            dynamic=list(self.dynamic_build_requires),
        )
        requires = ", ".join(repr(each) for each in self.build_requires)
        pyproject = (
            f'[build-system]\nrequires = [{requires}]\nbuild-backend = "backend"\nbackend-path = ["."]\n'
        )
        return {"pyproject.toml": pyproject, "backend.py": backend, **common}

    def pkg_info(self) -> str:
        return f"Metadata-Version: 1.0\nName: {self.name}\nVersion: {self.version}\n"

    def tree(self, directory: Path) -> Path:
        """Write the source tree to ``directory`` and return it."""
        for name, text in self.contents().items():
            path = directory / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return directory

    def sdist(self, directory: Path, filename: str | None = None) -> Path:
        """Write the sdist (PEP 625) into ``directory`` and return its path."""
        files = {f"{self.stem}/{name}": text.encode() for name, text in self.contents().items()}
        return write_tar(directory / (filename or f"{self.stem}.tar.gz"), files)

    def zip_sdist(self, directory: Path, filename: str | None = None) -> Path:
        path = directory / (filename or f"{self.stem}.zip")
        directory.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(path, "w") as archive:
            for name, text in self.contents().items():
                archive.writestr(f"{self.stem}/{name}", text)
        return path

    def repository(self, directory: Path) -> Path:
        """Write a git repository with one commit into ``directory`` and return it."""
        self.tree(directory)
        git = ["git", "-C", str(directory), "-c", "user.name=t", "-c", "user.email=t@example.org"]
        for command in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-q", "-m", "all"]):
            subprocess.run([*git, *command], check=True, capture_output=True)
        return directory


def write_tar(path: Path, files: dict[str, bytes], extra: list[tarfile.TarInfo] | None = None) -> Path:
    """Write a gzip-compressed tar file whose bytes depend on nothing but its contents."""
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
        for member in extra or ():
            archive.addfile(member)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(plain.getvalue(), mtime=0))
    return path


def make_wheel(
    directory: Path,
    name: str,
    version: str,
    *,
    requires: tuple[str, ...] = (),
    extras: tuple[str, ...] = (),
    files: dict[str, str] | None = None,
    tag: str = "py3-none-any",
) -> Path:
    """Write a wheel with a correct RECORD into ``directory`` and return its path."""
    stem = f"{name.replace('-', '_')}-{version}"
    info = f"{stem}.dist-info"
    requires_dist = "".join(f"Requires-Dist: {each}\n" for each in requires)
    requires_dist += "".join(f"Provides-Extra: {each}\n" for each in extras)
    contents = {
        f"{name.replace('-', '_')}.py": "",
        **(files or {}),
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{requires_dist}",
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: {tag}\n",
    }
    record = "".join(f"{path},{_digest(text)},{len(text.encode())}\n" for path, text in contents.items())
    path = directory / f"{stem}-{tag}.whl"
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as wheel:
        for member, text in contents.items():
            wheel.writestr(member, text)
        wheel.writestr(f"{info}/RECORD", f"{record}{info}/RECORD,,\n")
    return path


def _digest(text: str) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=")
    return f"sha256={digest.decode()}"

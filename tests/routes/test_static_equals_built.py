"""What is read from an sdist is what its real build says, for the backends and the ways to declare of many years."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pipgate.core_metadata import read_pkg_info
from pipgate.metadata_promise import differences
from pipgate.static_metadata import Known, of_archive

if TYPE_CHECKING:
    from support.world import World

SETUP = "from setuptools import setup\nsetup(name='thing', version='1.0', py_modules=[], {})\n"
EXTRAS = "extras_require={'more': ['c>=1', 'd; python_version<\"3\"'], ':sys_platform==\"win32\"': ['e'], 'x:os_name==\"nt\"': ['f']}"
TABLE = '[build-system]\nrequires=[]\nbuild-backend="{}"\n[project]\nname="thing"\nversion="1.0"\n'
FULL = (
    'requires-python=">=3.8,!=3.9.0"\ndependencies=["a>=1", "b[x]==2.*; python_version<\'3\'", "w @ https://example.org/w.zip"]\n'
    "[project.optional-dependencies]\nMore_Of-It=['c', \"d; sys_platform=='win32' or os_name=='nt'\"]\n"
)
NEW, OLD, FLIT = ("setuptools", "wheel"), ("setuptools==69.5.1", "wheel==0.43.0"), ("flit-core",)
MODULE = {"thing.py": '"""A thing."""\n__version__ = "1.0"\n'}
SETUPTOOLS = "setuptools.build_meta"

# For each way: the files of the tree, and the backend.
WAYS: dict[str, tuple[dict[str, str], str]] = {
    "setup.py, nothing required": ({"setup.py": SETUP.format("")}, SETUPTOOLS),
    "setup.py, install_requires": (
        {"setup.py": SETUP.format("install_requires=['a', 'b >= 1, <2', 'c[x,y]']")},
        SETUPTOOLS,
    ),
    "setup.py, a marker": (
        {"setup.py": SETUP.format("install_requires=['a; python_version<\"3\"', 'b']")},
        SETUPTOOLS,
    ),
    "setup.py, extras": ({"setup.py": SETUP.format(EXTRAS)}, SETUPTOOLS),
    "setup.py, both": ({"setup.py": SETUP.format(f"install_requires=['a'], {EXTRAS}")}, SETUPTOOLS),
    "setup.py, a URL": (
        {"setup.py": SETUP.format("install_requires=['w @ https://example.org/w.zip']")},
        SETUPTOOLS,
    ),
    "setup.py, python_requires": ({"setup.py": SETUP.format("python_requires='>=3.6'")}, SETUPTOOLS),
    "setup.py, a package below src": (
        {
            "setup.py": SETUP.replace(
                "py_modules=[], ", "packages=['pkg'], package_dir={{'': 'src'}}, "
            ).format("install_requires=['a']"),
            "src/pkg/__init__.py": "",
        },
        SETUPTOOLS,
    ),
    "setup.py, deep egg-info": (
        {
            "setup.py": SETUP.replace(
                "py_modules=[], ", "packages=['pkg'], package_dir={{'': 'python/module'}}, "
            ).format("install_requires=['a']"),
            "python/module/pkg/__init__.py": "",
        },
        SETUPTOOLS,
    ),
    "setup.cfg": (
        {
            "setup.py": "from setuptools import setup; setup()",
            "setup.cfg": "[metadata]\nname=thing\nversion=1.0\n[options]\npy_modules=thing\ninstall_requires=\n  a\n  b;python_version<'3'\n"
            "[options.extras_require]\nmore=\n  c\n",
            **MODULE,
        },
        SETUPTOOLS,
    ),
    "[project], full": ({"pyproject.toml": TABLE.format(SETUPTOOLS) + FULL, **MODULE}, SETUPTOOLS),
    "[project], nothing required": ({"pyproject.toml": TABLE.format(SETUPTOOLS), **MODULE}, SETUPTOOLS),
    "[project], dynamic version": (
        {
            "pyproject.toml": TABLE.format(SETUPTOOLS).replace('version="1.0"', 'dynamic=["version"]')
            + "dependencies=['a']\n"
            "[tool.setuptools]\npy-modules=['thing']\n[tool.setuptools.dynamic]\nversion={attr='thing.__version__'}\n",
            **MODULE,
        },
        SETUPTOOLS,
    ),
    "[project], dynamic dependencies": (
        {
            "pyproject.toml": TABLE.format(SETUPTOOLS).replace(
                'version="1.0"', 'version="1.0"\ndynamic=["dependencies"]'
            )
            + "[tool.setuptools]\npy-modules=['thing']\n[tool.setuptools.dynamic]\ndependencies={file='r.txt'}\n",
            "r.txt": "a\nb>=1\n",
            **MODULE,
        },
        SETUPTOOLS,
    ),
    "[project] beside setup.py": (
        {
            "pyproject.toml": TABLE.format(SETUPTOOLS) + "dependencies=['a']\n",
            "setup.py": "from setuptools import setup; setup()",
            **MODULE,
        },
        SETUPTOOLS,
    ),
    "a dash and a dot in the name": (
        {"setup.py": SETUP.replace("'thing'", "'a-thing.of'").format("install_requires=['a']")},
        SETUPTOOLS,
    ),
    "flit, [project]": (
        {"pyproject.toml": TABLE.format("flit_core.buildapi") + 'description="x"\n' + FULL, **MODULE},
        "flit_core.buildapi",
    ),
    "flit, dynamic version": (
        {
            "pyproject.toml": TABLE.format("flit_core.buildapi").replace(
                'version="1.0"', 'dynamic=["version", "description"]'
            )
            + "dependencies=['a']\n",
            **MODULE,
        },
        "flit_core.buildapi",
    ),
}
TOOLS = {SETUPTOOLS: (NEW, OLD), "flit_core.buildapi": (FLIT,)}
CASES = [
    pytest.param(files, backend, tools, id=f"{way} ({tools[0]})")
    for way, (files, backend) in WAYS.items()
    for tools in TOOLS[backend]
]


@pytest.mark.parametrize(("files", "backend", "tools"), CASES)
def test_static_equals_built(
    newest: World, files: dict[str, str], backend: str, tools: tuple[str, ...]
) -> None:
    world = newest.with_tools(*tools)
    for name, text in files.items():
        path = world.tmp / "tree" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (world.tmp / "out").mkdir()
    script = Path(__file__).parents[1] / "support" / "real_backends.py"
    ended = world.env.run(
        str(script), str(world.tmp / "tree"), str(world.tmp / "out"), backend, home=world.home
    )
    assert ended.status == 0, ended.text
    built = json.loads(ended.out.splitlines()[-1])
    project = "a-thing-of" if "a-thing.of" in files.get("setup.py", "") else "thing"
    told = of_archive(built["sdist"], project=project)
    assert isinstance(told, Known), told
    assert differences(told.fields, read_pkg_info(built["metadata"].encode(), "METADATA").fields) == ()

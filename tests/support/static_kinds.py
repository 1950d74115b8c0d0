"""The ways in which an sdist says what it requires, each written as the tools of its time write it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.projects import Project
    from support.world import World

# For each requirement: the extra, the marker, the requirement.
Requires = tuple[tuple[str, str, str], ...]
REQUIRES: Requires = (
    ("", "", "good>=1"),
    ("", 'python_version < "3"', "never"),
    ("more", "", "extra-dep[deep]"),
    ("more", 'python_version < "3"', "never"),
)
CLOSURE = {"good-1.0", "extra_dep-1.0", "deeper-1.0"}


def requires_dist(requires: Requires) -> tuple[str, ...]:
    return tuple(_line(*each) for each in requires)


def _line(extra: str, marker: str, requirement: str) -> str:
    markers = [f"({marker})"] if marker and extra else [marker] if marker else []
    markers += [f'extra == "{extra}"'] if extra else []
    return f"{requirement} ; {' and '.join(markers)}" if markers else requirement


def _pkg_info(name: str, version: str, metadata_version: str, lines: tuple[str, ...] = ()) -> str:
    return "".join(
        f"{line}\n"
        for line in (f"Metadata-Version: {metadata_version}", f"Name: {name}", f"Version: {version}", *lines)
    )


def pep643(name: str, version: str, requires: Requires, metadata_version: str = "2.2") -> dict[str, str]:
    lines = [f"Requires-Dist: {each}" for each in requires_dist(requires)]
    lines += [f"Provides-Extra: {extra}" for extra in _extras(requires)]
    return {
        "PKG-INFO": _pkg_info(name, version, metadata_version, tuple(lines))
        + "\nA description: with a colon\n"
    }


def pep643_of_the_future(name: str, version: str, requires: Requires) -> dict[str, str]:
    return pep643(name, version, requires, "3.7")


def pyproject(name: str, version: str, requires: Requires) -> dict[str, str]:
    """A ``[project]`` table whose version is dynamic, as setuptools-scm has it, beside an old PKG-INFO."""
    plain = [
        f"{requirement} ; {marker}" if marker else requirement
        for extra, marker, requirement in requires
        if not extra
    ]
    table = f'[project]\nname = "{name}"\ndynamic = ["version"]\ndependencies = {plain!r}\n'
    table += "".join(
        f"[project.optional-dependencies]\n{extra} = "
        + repr(
            [f"{each} ; {marker}" if marker else each for other, marker, each in requires if other == extra]
        )
        + "\n"
        for extra in _extras(requires)
    )
    return {"PKG-INFO": _pkg_info(name, version, "2.1"), "[project]": table}


def recorded(name: str, version: str, requires: Requires, where: str = "") -> dict[str, str]:
    egg = f"{where}{name.replace('-', '_')}.egg-info"
    sections: dict[str, list[str]] = {}
    for extra, marker, requirement in requires:
        sections.setdefault(
            f"[{extra}{':' if marker else ''}{marker}]" if extra or marker else "", []
        ).append(requirement)
    text = "".join(
        f"{section}\n" + "".join(f"{each}\n" for each in lines) + "\n" for section, lines in sections.items()
    )
    info = _pkg_info(name, version, "2.1")
    return {"PKG-INFO": info, f"{egg}/PKG-INFO": info, f"{egg}/SOURCES.txt": "", f"{egg}/requires.txt": text}


def recorded_deep(name: str, version: str, requires: Requires) -> dict[str, str]:
    """As fasttext has it; another project's egg-info lies less deep."""
    return {
        "other.egg-info/requires.txt": "no-such-thing\n",
        **recorded(name, version, requires, "python/module/"),
    }


def recorded_beside_dynamic(name: str, version: str, requires: Requires) -> dict[str, str]:
    """As setuptools writes it for a setup.py today: PKG-INFO is of version 2.4 and leaves it all to the build."""
    dynamic = ("Dynamic: requires-dist", "Dynamic: Provides-Extra", "Dynamic: requires-python")
    return {**recorded(name, version, requires), "PKG-INFO": _pkg_info(name, version, "2.4", dynamic)}


def old_pkg_info(name: str, version: str, requires: Requires) -> dict[str, str]:
    """As poetry wrote it: no egg-info, and Requires-Dist in a PKG-INFO that promises nothing."""
    return pep643(name, version, requires, "2.1")


def _extras(requires: Requires) -> list[str]:
    return sorted({extra for extra, _, _ in requires if extra})


Kind = "Callable[[str, str, Requires], dict[str, str]]"
AUTHORITATIVE = (pep643, pep643_of_the_future, pyproject)
RECORDED = (recorded, recorded_deep, recorded_beside_dynamic, old_pkg_info)


def project(
    world: World, kind: Callable[..., dict[str, str]], name: str = "evil", **options: object
) -> Project:
    """Return a project whose sdist says what it requires in that way, and whose build says the same."""
    requires: Requires = options.pop("requires", REQUIRES)  # type: ignore[assignment]  # the caller's
    told: Requires = options.pop("told", requires)  # type: ignore[assignment]  # same
    files = kind(name, "1.0", told)
    made = world.project(name, requires=requires_dist(requires), extras=tuple(_extras(requires)), **options)
    table = files.pop("[project]", None)
    if table is not None:
        files["pyproject.toml"] = made.contents()["pyproject.toml"] + table
    return world.project(
        name, requires=requires_dist(requires), extras=tuple(_extras(requires)), files=files, **options
    )

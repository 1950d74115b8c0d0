"""Where an environment has no pip, none is taken for its own that a package can have put on the import path."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.environments import ALL_PIPS, WHEELHOUSE

if TYPE_CHECKING:
    from support.adopted import Adopted

EVIL = ("install", "evil")


def take_pip_away(at: Adopted) -> None:
    for each in at.env.site_packages.glob("pip*"):
        each.rename(at.tmp / f"gone-{each.name}")


@pytest.mark.parametrize("shape", ["a directory", "a zip", "a directory called site-packages"])
def test_what_a_pth_adds(hooked: Adopted, shape: str) -> None:
    at = hooked
    take_pip_away(at)
    name = {"a zip": "zz.zip", "a directory": "zz"}.get(shape, "zz/site-packages")
    place = at.env.site_packages / name
    package = (at.tmp / "made" if shape == "a zip" else place) / "pip"
    package.mkdir(parents=True)
    for module in ("__init__.py", "__main__.py"):
        (package / module).write_text(f"{at.canary.sings_from(module)}\n__version__ = {at.env.pip!r}\n")
    if shape == "a zip":
        made = at.run("sh", "-c", f"cd '{at.tmp}/made' && '{at.python}' -m zipfile -c '{place}' pip")
        assert made.returncode == 0, made.stderr
    (at.env.site_packages / "zz.pth").write_text(f"{name}\n")
    stopped = at.run(at.python, "-m", "pip", *EVIL)
    assert stopped.returncode == 45, stopped.stderr
    assert "is not taken for it" in stopped.stderr
    assert "Traceback" not in stopped.stderr
    assert at.run(at.python, "-c", "import pip").returncode == 1
    central = at.central("--env", at.python, *EVIL)
    assert central.returncode in {43, 45}, central.stderr
    assert at.canary.silent, at.canary.path.read_text()


def test_what_a_program_puts_there(newest_hooked: Adopted) -> None:
    """ensurepip puts its wheels on the import path, others run a wheel by its path."""
    at = newest_hooked
    take_pip_away(at)
    wheel = WHEELHOUSE / f"pip-{ALL_PIPS[-1]}-py3-none-any.whl"
    by_path = at.run(at.python, str(wheel / "pip"), *EVIL)
    assert by_path.returncode == 43, by_path.stderr
    ensured = at.run(at.python, "-m", "ensurepip")
    assert ensured.returncode == 0, ensured.stderr
    assert (at.env.site_packages / "pip").is_dir()
    assert at.canary.silent

"""pipgate's own part of the command line."""

from __future__ import annotations

import pytest

from pipgate.errors import UsageError
from pipgate.settings import parse_settings


def test_own_options_come_first() -> None:
    settings = parse_settings(["--allow-build", "a", "--gate-report=r", "--allow-build=b==1", "install", "x"])
    assert settings.allow_build == ("a", "b==1")
    assert settings.gate_report == "r"
    assert settings.pip_args == ("install", "x")
    assert parse_settings(list(settings.own_options)).allow_build == settings.allow_build


def test_everything_else_is_pips() -> None:
    assert parse_settings([]).pip_args == ()
    assert parse_settings(["-q", "install", "--allow", "x"]).pip_args == ("-q", "install", "--allow", "x")
    assert parse_settings(["pip", "install"]).pip_args == ("install",)
    assert parse_settings(["--allow-build", "a", "pip", "pip"]).pip_args == ("pip",)


@pytest.mark.parametrize(
    "argv",
    [
        ["--allow-build"],
        ["--allow-build="],
        ["--gate-report"],
        ["install", "--allow-build", "x"],
        ["-q", "--gate-report=x"],
    ],
)
def test_misuse(argv: list[str]) -> None:
    with pytest.raises(UsageError):
        parse_settings(argv)

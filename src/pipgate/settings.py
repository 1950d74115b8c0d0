"""pipgate's own part of the command line, parsed once into frozen settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pipgate.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_ALLOW_BUILD = "--allow-build"
_GATE_REPORT = "--gate-report"
_POLICY = "--policy"
_APPROVALS = "--approvals"
_GATE_MODE = "--gate-mode"
_ENV = "--env"  # for the launcher, which has read it by now
_OWN_OPTIONS = (_ALLOW_BUILD, _GATE_REPORT, _POLICY, _APPROVALS, _GATE_MODE, _ENV)
PIPGATE = "pipgate"  # the way that commands come here, but for those through a hook or a pip.conf
_SAID_AGAIN = (_ENV, _POLICY, _APPROVALS)  # by a command that is to speak of the same
_MODES = ("auto", "interactive", "ci", "observe")


class Elsewhere(NamedTuple):
    """The environment that a verb speaks of, which does not run in it: where it lies, and the way there.

    ``go_over`` begins the command again in the environment that is given, else in the one that the caller
    means. It returns where that is this one, and exits where there is none.
    """

    prefix: str
    go_over: Callable[[str | None], None]


class Settings(NamedTuple):
    """What one run was told: builds allowed for this run, files, the mode, and pip's arguments."""

    pip_args: tuple[str, ...]
    allow_build: tuple[str, ...] = ()
    gate_report: str | None = None
    policy: str | None = None
    approvals: str | None = None
    gate_mode: str | None = None
    env: str | None = None
    own_options: tuple[str, ...] = ()
    is_pip: bool = False
    through: str = PIPGATE
    elsewhere: Elsewhere | None = None

    @property
    def command(self) -> list[str]:
        """The words behind ``pipgate``, to be said again."""
        return [*((_ENV, self.env) if self.env else ()), *self.own_options, *self.pip_args]


def parse_settings(argv: list[str], *, is_pip: bool = False) -> Settings:
    """Split ``argv`` into pipgate's own options, which stand first, and pip's arguments.

    ``is_pip`` says that all of it stood behind pip's own name, or that ``pip`` stood between them: the first
    word is pip's then, whatever it is. ``own_options`` leave out ``--env``, which decides nothing. Raises
    UsageError when an option of ours has no value, or stands behind pip's first word: there it would reach
    pip, which does not know it. Abbreviations are never ours.
    """
    own, rest = _split(argv)
    if not is_pip and rest[:1] == ["pip"]:
        is_pip, rest = True, rest[1:]
    for word in rest:
        if word.partition("=")[0] in {_ALLOW_BUILD, _GATE_REPORT, _GATE_MODE}:
            raise UsageError(_misplaced(word))
    mode = _last(own, _GATE_MODE)
    if mode is not None and mode not in _MODES:
        raise UsageError(f"{_GATE_MODE} takes {', '.join(_MODES)}, not {mode!r}")
    return Settings(
        pip_args=tuple(rest),
        allow_build=tuple(value for option, value in own if option == _ALLOW_BUILD),
        gate_report=_last(own, _GATE_REPORT),
        policy=_last(own, _POLICY),
        approvals=_last(own, _APPROVALS),
        gate_mode=mode,
        env=_last(own, _ENV),
        own_options=tuple(word for pair in own if pair[0] != _ENV for word in pair),
        is_pip=is_pip,
    )


def said_again_of(command: Sequence[str]) -> list[str]:
    """Return our own options of a command that the next one has to say again; raises UsageError."""
    own, _ = _split(list(command))
    return [word for pair in own if pair[0] in _SAID_AGAIN for word in pair]


def _last(own: list[tuple[str, str]], wanted: str) -> str | None:
    return next((value for option, value in reversed(own) if option == wanted), None)


def _split(argv: list[str]) -> tuple[list[tuple[str, str]], list[str]]:
    own: list[tuple[str, str]] = []
    rest = list(argv)
    while rest and rest[0].partition("=")[0] in _OWN_OPTIONS:
        option, equals, value = rest.pop(0).partition("=")
        if not equals:
            if not rest:
                raise UsageError(f"{option} needs a value")
            value = rest.pop(0)
        if not value:
            raise UsageError(f"{option} needs a value")
        own.append((option, value))
    return own, rest


def _misplaced(word: str) -> str:
    option = word.partition("=")[0]
    return f"{option} is pipgate's own option and comes first, as in: pipgate {option} VALUE install NAME"

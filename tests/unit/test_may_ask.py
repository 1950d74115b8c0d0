"""Whether somebody can be asked: what says that a run is in CI."""

from __future__ import annotations

import pytest

from pipgate.gate_opening import may_ask
from pipgate.policy import Mode


@pytest.mark.parametrize("said", ["true", "1", "True", "woodpecker", "yes", " true "])
def test_ci_is_what_says_so(said: str) -> None:
    assert not may_ask(Mode.AUTO, {"CI": said})
    assert may_ask(Mode.INTERACTIVE, {"CI": said})


@pytest.mark.parametrize(
    "environ", [{}, *({"CI": said} for said in ("", "false", "0", "FALSE", "no", "Off"))]
)
def test_and_what_says_no_is_none(environ: dict[str, str]) -> None:
    assert may_ask(Mode.AUTO, environ)
    assert not may_ask(Mode.CI, environ)

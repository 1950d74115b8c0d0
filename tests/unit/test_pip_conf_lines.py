"""Lines in a pip.conf: whatever file it is, what it says stays, and what was put in comes out again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipgate.adoption.pip_conf_lines import Wanted, put_in, take_away
from pipgate.errors import UsageError
from pipgate.pip_conf import parse
from pipgate.pip_conf_words import BACKSTOP

WANTED = Wanted("/opt/pipgate/bin/pipgate-python", "/etc/pipgate/team.toml", backstop=True)
LINES = st.sampled_from(
    [
        "[global]",
        "[install]",
        "  [list]",
        "[ global ]",
        "timeout = 60",
        "  timeout = 1",
        "only-binary = :all:",
        "Only_Binary: x",
        "trusted-host =",
        "    one",
        "\tone",
        "",
        "   ",
        "# comment",
        "; comment",
        "  # comment",
        "index-url = https://é/\u2028[global]",
        "key",
        "= x",
    ]
)
FILES = st.builds(
    lambda lines, newline, end: newline.join(lines) + (newline if end else ""),
    st.lists(LINES, max_size=12),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
)


def values(text: str) -> dict[tuple[str, str], str]:
    parser = parse(text)
    return {(name, key): value for name in parser.sections() for key, value in parser.items(name)}


@given(FILES)
def test_the_rest_keeps_its_meaning_and_its_bytes(text: str) -> None:
    try:
        written = put_in(text, WANTED, "pip.conf")
    except UsageError:
        return
    before, after = values(text), values(written)
    assert after.items() >= before.items()
    assert after["global", "python"] == WANTED.python
    assert after["pipgate", "policy"] == WANTED.policy
    if not any(section == "global" and key.replace("_", "-") == "only-binary" for section, key in before):
        assert after["global", "only-binary"] == BACKSTOP
    held = take_away(written, "pip.conf")
    assert (held.rest, held.policy, held.is_installed) == (text, WANTED.policy, True)
    again = put_in(held.rest, WANTED, "pip.conf")
    assert again == written


@given(FILES)
def test_without_our_lines_nothing_is_taken(text: str) -> None:
    assert take_away(text, "pip.conf").rest == text
    assert not take_away(text, "pip.conf").is_installed


@pytest.mark.parametrize(
    "path", ["/opt/a b/é/pipgate-python", "/opt/%(x)s/$HOME/pipgate-python", "/o#p;t/pipgate-python"]
)
def test_a_path_of_any_kind(path: str) -> None:
    written = put_in("", WANTED._replace(python=path), "pip.conf")
    assert values(written)["global", "python"] == path


@pytest.mark.parametrize(
    "path", ["/opt/x\n[y]/pipgate-python", "/opt/x /pipgate-python ", "/opt/\u202e/pipgate-python"]
)
def test_a_path_that_no_line_holds(path: str) -> None:
    with pytest.raises(UsageError, match="cannot hold this path"):
        put_in("", WANTED._replace(python=path), "pip.conf")


def test_a_common_layout_is_not_refused() -> None:
    for text in (
        "",
        "[global]\n  a = 1\n",
        "# x\n[install]\nb = 2\n",
        "[global]\na =\n  1\n  2\n\n[x]\ny = 1",
    ):
        put_in(text, WANTED, "pip.conf")

"""Lines in a pip.conf: whatever file it is, what it says stays, and what was put in comes out again."""

from __future__ import annotations

import contextlib
import io
from configparser import Error

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
        "[global] # comment",
        "[global]; comment",
        "[global] # [x]",
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
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.booleans(),
)


def values(text: str) -> dict[tuple[str, str], str]:
    parser = parse(text)
    return {(name, key): value for name in parser.sections() for key, value in parser.items(name)}


def installed(text: str) -> str | None:
    """Return the file with our lines, None where that is refused."""
    try:
        return put_in(text, WANTED, "pip.conf")
    except UsageError:
        return None


@given(FILES)
def test_the_rest_keeps_its_meaning_and_its_bytes(text: str) -> None:
    written = installed(text)
    if written is None:
        return
    before, after = values(text), values(written)
    assert after.items() >= before.items()
    assert after["global", "python"] == WANTED.python
    assert after["pipgate", "policy"] == WANTED.policy
    if not any(section == "global" and key.replace("_", "-") == "only-binary" for section, key in before):
        assert after["global", "only-binary"] == BACKSTOP
    assert len(after) - len(before) in {3, 4}
    held = take_away(written, "pip.conf")
    assert (held.rest, held.policy, held.is_installed) == (text, WANTED.policy, True)
    again = put_in(held.rest, WANTED, "pip.conf")
    assert again == written


@given(FILES)
def test_what_pip_has_written_anew_without_the_marks_is_still_known(text: str) -> None:
    written = installed(text)
    if written is None:
        return
    stream = io.StringIO()
    parse(written).write(stream)  # as `pip config set` does
    held = take_away(stream.getvalue(), "pip.conf")
    assert held.is_installed
    assert held.policy == WANTED.policy
    assert values(held.rest) == values(text)
    assert values(put_in(held.rest, WANTED, "pip.conf")) == values(written)


@given(FILES, st.integers(0, 12), st.sampled_from(["timeout = 9", "# mine", "", "[list]"]))
def test_what_others_add_stays(text: str, where: int, line: str) -> None:
    written = installed(text)
    if written is None:
        return
    lines = written.split("\n")
    edited = "\n".join([*lines[: where + 1], line, *lines[where + 1 :]])
    with contextlib.suppress(UsageError, Error):  # pip cannot read all of these
        before = values(edited)
        rest = take_away(edited, "pip.conf").rest
        ours = {("global", "python"), ("list", "python")}
        left = {key: value for key, value in before.items() if key not in ours and value != BACKSTOP}
        assert (
            values(rest).items() >= {key: value for key, value in left.items() if key[0] != "pipgate"}.items()
        )
        assert "/pipgate-python" not in rest
        assert BACKSTOP not in rest
        assert line in rest.splitlines() or not line


def test_what_somebody_adds_below_goes_with_its_section() -> None:
    for added in ("timeout = 9\n", "timeout = 9\n\n[list]\nformat = json\n"):
        written = put_in("", WANTED, "pip.conf") + added
        assert values(written)["global", "timeout"] == "9"
        held = take_away(written, "pip.conf")
        assert held.rest == f"[global]\n{added}"


def test_marks_that_somebody_has_edited() -> None:
    written = put_in("[install]\nuser = no\n", WANTED, "pip.conf")
    marks = [line for line in written.splitlines() if line.startswith("#")]
    for gone in marks:
        held = take_away(written.replace(f"{gone}\n", "", 1), "pip.conf")
        assert values(held.rest) == {("install", "user"): "no"}
        assert "pipgate" not in held.rest


def test_a_section_that_was_written_by_hand_stays() -> None:
    text = "[pipgate]\npolicy = /mine.toml\n"
    written = put_in(text, WANTED._replace(policy=None), "pip.conf")
    stream = io.StringIO()
    parse(written).write(stream)
    for each in (written, stream.getvalue()):
        assert values(take_away(each, "pip.conf").rest) == {("pipgate", "policy"): "/mine.toml"}


def test_ours_goes_though_python_was_unset() -> None:
    parser = parse(put_in("[list]\nformat = json\n", WANTED, "pip.conf"))
    parser.remove_option("global", "python")
    stream = io.StringIO()
    parser.write(stream)
    held = take_away(stream.getvalue(), "pip.conf")
    assert values(held.rest) == {("list", "format"): "json"}
    assert "pipgate" not in held.rest


def test_keys_that_count_everywhere() -> None:
    """Where there is no [global], one of ours would bring what stands in [DEFAULT] to life."""
    with pytest.raises(UsageError, match="laid out"):
        put_in("[DEFAULT]\nindex-url = https://evil.example\n", WANTED, "pip.conf")
    text = "[DEFAULT]\ntimeout = 33\n[global]\nretries = 1\n"
    written = put_in(text, WANTED, "pip.conf")
    assert take_away(written, "pip.conf").rest == text


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

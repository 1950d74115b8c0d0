"""Thousands of candidates against thousands of entries: what a decision looks at does not grow with them."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest
from packaging import specifiers, version

from pipgate import archive_names, lapses, matching
from pipgate import policy as policies
from pipgate.approvals import Approval, Approvals, Revocation, Sha256Pin
from pipgate.build_request import BuildRequest, Purpose, Sdist
from pipgate.decision import Allowed, Context, Refused, decide
from pipgate.origin import BUILTIN
from pipgate.policy import Policy, Rule, Setting, Verdict

MANY = 150
NOW = datetime(2026, 11, 27, tzinfo=timezone.utc)
APPROVED = tuple(
    Approval("evil", f"{n}.0", Sha256Pin(f"{n:064x}"), frozenset(Purpose), "t", NOW, BUILTIN)
    for n in range(MANY)
)
REVOKED = tuple(Revocation("evil", f"{n}.0", None, "t", NOW, BUILTIN) for n in range(1, MANY, 2))
OTHERS = tuple(Revocation(f"bad{n}", None, None, "t", NOW, BUILTIN) for n in range(MANY))
EXACT = tuple(Rule("evil", Verdict.BLOCK, BUILTIN, f"=={n}.0") for n in range(MANY, MANY + 50))
PATTERNS = tuple(Rule(f"a{n}*", Verdict.BLOCK, BUILTIN, index="http://127.0.0.1/simple") for n in range(MANY))
DENIED = tuple(Setting(f"worse{n}") for n in range(MANY))


def request(number: int) -> BuildRequest:
    filename = f"evil-{number}.tar.gz"
    source = Sdist(filename, f"{number:064x}", f"http://127.0.0.1/files/{filename}")
    return BuildRequest("evil", f"{number}", source, Purpose.WHEEL)


@pytest.fixture
def looked_at(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Note each comparison and each parsing of what would be done for every pair."""
    noted: list[str] = []
    for cached in (archive_names.version_of, matching._specifier, policies._compiled):
        cached.cache_clear()

    def note(module: object, name: str) -> None:
        original = getattr(module, name)

        def noting(*args: object, **kwargs: object) -> object:
            noted.append(name)
            return original(*args, **kwargs)

        monkeypatch.setattr(module, name, noting)

    for name in ("same_subject", "another_file", "rule_matches"):
        note(matching, name)
    for name in ("takes_back", "_speaks_of", "same_subject"):
        note(lapses, name)
    note(policies, "fits")
    note(version.Version, "__init__")
    note(specifiers.SpecifierSet, "__init__")
    return noted


def test_what_is_looked_at_grows_with_the_sum(looked_at: list[str]) -> None:
    approvals = Approvals(APPROVED, (*OTHERS, *REVOKED))
    policy = Policy(deny=DENIED, rules=(*PATTERNS, *EXACT), default=Setting(Verdict.BLOCK))
    for _ in range(3):  # pip weighs each candidate more than once
        for number in range(MANY + 100):
            found = decide(request(number), policy, approvals, Context(NOW))
            assert isinstance(found, Allowed if number < MANY and number % 2 == 0 else Refused)
    entries = len(APPROVED) + len(REVOKED) + len(OTHERS) + len(EXACT) + len(PATTERNS) + len(DENIED)
    assert 0 < len(looked_at) < 6 * (3 * (MANY + 100) + entries), "less than each pair of them by far"


@pytest.mark.parametrize("digits", [5000, 100_000])
def test_a_version_of_thousands_of_digits(digits: int) -> None:
    source = Sdist("evil.tar.gz", "0" * 64, "http://127.0.0.1/evil.tar.gz")
    long = BuildRequest("evil", "9" * digits, source, Purpose.WHEEL)
    blocks_some = Policy(rules=(Rule("evil", Verdict.BLOCK, BUILTIN, "<2"),))
    assert isinstance(decide(long, Policy(), Approvals(APPROVED, REVOKED), Context(NOW)), Refused)
    found = decide(long, blocks_some, Approvals(), Context(NOW))
    assert isinstance(found, Refused)
    assert found.code == "denied", "what cannot be compared"

"""For any version control URL, the repository and the revision that are judged are those that pip hands over."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import unquote

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from support.environments import TABLE_PIPS

if TYPE_CHECKING:
    from support.world import World

PIPS_HERE = TABLE_PIPS

ASK = """
import json, sys
from urllib.parse import unquote
sys.path.pop(0)
from pip._internal.exceptions import PipError
from pip._internal.models.link import Link
from pip._internal.vcs import bazaar, git, mercurial, subversion
from pip._internal.vcs.versioncontrol import vcs
from pipgate.pip_internals.version_control import _hostile
from pipgate.public_urls import commit_in, public_url, repository
answers = []
for url in json.load(sys.stdin):
    try:
        link = Link(url)
        backend = vcs.get_backend_for_scheme(link.scheme)
        options = backend.make_rev_options  # what follows is pip's own way to a fetch
        place, revision, (user, password) = backend.get_url_rev_and_auth(link.url)
        refused = _hostile(link)
    except (ValueError, PipError):  # pip ends with it
        continue
    handed = [str(each) for each in options(revision).to_args()]
    answers.append({
        "url": url,
        "refused": refused,
        "handed": handed,
        "pip revision": revision,
        "commit": commit_in(public_url(link.url)),
        "pip place": sorted({repository(each) for each in (place, f"{backend.name}+{place}")}),
        "place": repository(public_url(link.url)),
        "user": user,
    })
print(json.dumps(answers))
"""
COMMIT = "0f3c" * 10
heads = st.sampled_from(
    [
        "git+https://h/r",
        "git+file:///r",
        "git+ssh://u@h/r",
        "hg+http://h/r",
        "hg+file:///r",
        "svn+https://u:p@h/r",
        "svn+ssh://h/r",
        "svn+svn://h",
        "bzr+ssh://h/r",
        "bzr+http://h/r",
        "bzr+lp:p",
        "git+git://-x/r",
    ]
)
pieces = st.sampled_from(
    [
        "@",
        "@",
        "%40",
        COMMIT,
        "main",
        "-",
        "%2d",
        "--config=x",
        "/",
        "?",
        "#",
        "&",
        "subdirectory=d",
        "egg=a",
        "..",
        " ",
        "%20",
        "%0a",
        "\\",
        ":",
        "~",
        "é",
        "@@",
    ]
)
KNOWN = (f"git+https://h/r@{COMMIT}", "hg+http://h/r@--config=x")
urls = st.builds(lambda head, rest: head + "".join(rest), heads, st.lists(pieces, max_size=7))


@settings(
    max_examples=4,  # each asks one pip about hundreds of URLs
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
    ],
)
@given(many=st.lists(urls, min_size=150, max_size=400))
def test_what_is_judged_is_what_pip_fetches(world: World, many: list[str]) -> None:
    script = world.tmp / "ask.py"
    script.write_text(ASK, encoding="utf-8")
    ended = world.env.run(str(script), home=world.home, stdin=json.dumps([*KNOWN, *many]))
    assert ended.status == 0, ended.text
    answers = json.loads(ended.out)
    assert [answer["refused"] is None for answer in answers[: len(KNOWN)]] == [True, False]
    for answer in answers:
        if answer["refused"] is not None:
            continue
        revision = answer["pip revision"] or ""
        assert not revision.startswith("-"), answer
        assert not (answer["user"] or "").startswith("-"), answer
        assert not any(word.startswith("--config") for word in answer["handed"]), answer
        assert unquote(answer["place"]) in map(unquote, answer["pip place"]), answer
        assert answer["commit"] in {None, revision}, answer
        assert (revision == COMMIT) == (answer["commit"] == COMMIT), answer

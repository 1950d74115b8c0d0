"""For any URL, the directory and the path that pipgate judges are those that pip goes to."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from pipgate.public_urls import leaves_tree, plain_subdirectory
from support.environments import TABLE_PIPS

if TYPE_CHECKING:
    from support.world import World

PIPS_HERE = TABLE_PIPS

ASK = """
import json, os, sys
sys.path.pop(0)
from pip._internal.exceptions import PipError
from pip._internal.models.link import Link
from pipgate.allowances import _path_of
from pipgate.pip_internals.from_pip import subdirectory
from pipgate.public_urls import public_url, subdirectory_in
answers = []
for url in json.load(sys.stdin):
    try:
        link = Link(url)
        built = os.path.join("/tree", link.subdirectory_fragment or "")
    except (ValueError, PipError):  # pip ends with it
        continue
    public = public_url(link.url)
    answers.append({
        "url": url,
        "public": public,
        "pip builds": os.path.normpath(built),
        "judged": subdirectory(link),
        "shown": subdirectory_in(public),
        "pip takes": link.file_path if link.scheme == "file" else None,
        "judged path": _path_of(public) if link.scheme == "file" else None,
    })
print(json.dumps(answers))
"""
heads = st.sampled_from(
    [
        "http://h/",
        "http://u:p@h/",
        "HTTPS://h",
        "file:///a/",
        "file:///a@b/",
        "git+https://h/r",
        "git+file:///r",
    ]
)
pieces = st.sampled_from(
    [
        "subdirectory=",
        "subdirectory=",
        "&",
        "#",
        "?",
        "/",
        "@",
        "..",
        ".",
        "\\",
        "%23",
        "%26",
        "%2e%2e",
        "egg=a",
        "sha256=00",
        "=",
        "d",
        "é",
        "x.tar.gz",
        "://",
        ";",
        "C:",
        "~",
    ]
)
urls = st.builds(lambda head, rest: head + "".join(rest), heads, st.lists(pieces, max_size=9))


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
def test_the_place_that_is_judged_is_where_pip_goes(world: World, many: list[str]) -> None:
    script = world.tmp / "ask.py"
    script.write_text(ASK, encoding="utf-8")
    ended = world.env.run(str(script), home=world.home, stdin=json.dumps(many))
    assert ended.status == 0, ended.text
    for answer in json.loads(ended.out):
        if leaves_tree(answer["judged"]):
            continue  # it is refused
        assert answer["pip builds"] == f"/tree/{answer['judged']}".rstrip("/"), answer
        assert plain_subdirectory(answer["shown"]) == answer["judged"], answer
        if answer["judged path"] is not None and not answer["judged"]:
            assert answer["judged path"] == answer["pip takes"], answer

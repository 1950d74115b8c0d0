"""What a resolution needs, told without running anything: what cannot be read stands there by its name."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from pipgate.build_request import Purpose
from pipgate.outcomes import Planned
from pipgate.pip_internals import stand_in, static_answers
from pipgate.pip_internals.from_pip import build_request, request_before_fetch
from pipgate.pip_internals.names import AskedName
from pipgate.static_metadata import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pip._internal.req.req_install import InstallRequirement

    from pipgate.build_request import BuildRequest
    from pipgate.pip_internals.run_state import Run

_MARK = "_pipgate_unread"
_NOT_FETCHED = Unknown("a checkout is not fetched in order to be read")


def put_by_name(req: InstallRequirement, answer: Unknown, run: Run) -> None:
    """Give ``req`` metadata of name and version alone, whatever is known of them.

    Where they are not, they are made up, so that pip comes to the other requirements; nothing is installed.
    """
    vars(req)[_MARK] = (AskedName(req.name), answer.reason)
    name, version = static_answers.name_and_version_of(req, answer)
    name = re.sub(r"[^A-Za-z0-9._-]", "", name).strip("._-") or "unnamed"
    run.gate.record.unread[f"{name} {version}"] = answer.reason
    stand_in.put_name_alone(req, name, version)


def put_checkout_by_name(req: InstallRequirement, run: Run) -> None:
    """Do the same for a checkout that is not fetched."""
    put_by_name(req, _NOT_FETCHED, run)


def planned(reqs: Iterable[InstallRequirement], run: Run) -> list[Planned]:
    """Return the builds among what a resolution needs."""
    builds = [each for each in reqs if each.link is not None and not each.is_wheel]
    found = {each.request: each for each in (_planned(req, run) for req in builds)}  # copies are one
    return list(found.values())


def _planned(req: InstallRequirement, run: Run) -> Planned:
    held = static_answers.held(req)
    asked, unread = (held.asked, None) if held is not None else vars(req).get(_MARK, (None, None))
    metadata = None if held is None else held.known.source.value
    return Planned(_request(req, asked, run), req.local_file_path, metadata, unread)


def _request(req: InstallRequirement, asked: AskedName | None, run: Run) -> BuildRequest:
    purpose = Purpose.EDITABLE if req.editable else Purpose.WHEEL
    assert req.link is not None
    if not req.link.is_vcs:
        return build_request(req, run, purpose, asked=asked)
    request = request_before_fetch(req, run).for_purpose(purpose)
    return request if asked is None else replace(request, name=asked.name)

"""Where nothing may run, nothing is permitted, whoever asks and whatever is allowed."""

from __future__ import annotations

import threading

import pytest

from pipgate import permit
from pipgate.approvals import Approvals
from pipgate.build_request import BuildRequest, Directory, Purpose
from pipgate.decision import Allowed, Context, utc_now
from pipgate.gate import Gate
from pipgate.policy import Policy


def test_no_build_is_admitted_where_permits_are_withheld() -> None:
    gate = Gate(Policy(), Approvals(), Context(now=utc_now()))
    request = BuildRequest(
        "mine", "1.0", Directory("/mine", editable=False), Purpose.WHEEL, named_by_user=True
    )
    assert isinstance(gate.judge(request), Allowed)
    with permit.withheld():
        with pytest.raises(RuntimeError), gate.admitted(request):
            pass
        assert permit.current() is None
    with gate.admitted(request):
        assert permit.current() is not None


def test_permits_are_withheld_in_other_threads_as_well() -> None:
    failed: list[BaseException] = []

    def take() -> None:
        try:
            with permit.granted(permit.Permit(used=permit.unrecorded)):
                pass
        except RuntimeError as error:
            failed.append(error)

    with permit.withheld():
        thread = threading.Thread(target=take)
        thread.start()
        thread.join()
    assert failed

"""The gate in the pips that pip starts: for build requirements, and in another interpreter (--python)."""

from __future__ import annotations

import functools
import json
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipgate import permit
from pipgate.errors import UsageError
from pipgate.pip_internals.installs import displaced
from pipgate.pip_internals.presented_errors import installation_error, presented

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pipgate.outcomes import Outcome
    from pipgate.pip_internals.run_state import Run

_ENGINE = Path(__file__).parents[1] / "engine.py"
_ANSWER = "answer.json"


def get_runnable_pip(original: Callable[[], str], run: Run) -> Callable[[], str]:
    """Replace ``get_runnable_pip``: the script that pip runs as a child is ours, wherever it asks for one.

    Outside the installation of build requirements only ``--python`` asks. That child is a gated pip of its
    own right which speaks to the user; this process passes on its status.
    """

    @functools.wraps(original)
    def runnable_pip() -> str:
        if run.plan_only:  # the child would know nothing of that
            raise UsageError("pip is set up to go on with another Python (--python), which makes no plan")
        if run.child.runner is None:
            run.child.runner = _write_runner(run, for_build=False)
            run.child.took_over = True
        return run.child.runner

    return runnable_pip


def install_build_requirements(original: Callable[..., Any], run: Run) -> Callable[..., Any]:
    """Gate the installation of build requirements: a permit for the build covers none of it.

    A child pip is gated with the same policy, and its outcomes are taken over; requirements that are
    installed in this process meet the choke points here.
    """

    @functools.wraps(original)
    def install(self: Any, *args: Any, **kwargs: Any) -> Any:
        request = run.preparing.get()
        title = request.title if request is not None else "a project"
        known = len(run.gate.record.stopped)
        with presented(), permit.suspended(), run.installing_build_requirements_of(title), _serving(run):
            try:
                result = original(self, *args, **kwargs)
            except Exception:
                _take_over_answer(run, known)
                raise
            _take_over_answer(run, known)
            _require_answer(run)
            return result

    return install


@contextmanager
def _serving(run: Run) -> Iterator[None]:
    before = run.child
    run.child = type(before)(runner=_write_runner(run, for_build=True))
    try:
        yield
    finally:
        run.child = before


def _take_over_answer(run: Run, known: int) -> None:
    """Take over a child's outcomes; raises BuildRefusedError when one of its refusals stopped it."""
    # Loaded with the gate; this room is also opened by commands that need none.
    from pipgate.decision import Refused
    from pipgate.gate import BuildRefusedError
    from pipgate.outcomes import RefusedProcess
    from pipgate.report import outcomes_from_json

    answer = _answer(run)
    if answer.exists():
        run.child.answered = True
        told = json.loads(answer.read_text(encoding="utf-8"))
        outcomes = outcomes_from_json(told["outcomes"])
        run.gate.record.adopt(outcomes)
        run.gate.hear(outcomes)
        run.gate.record.refused_processes.extend(RefusedProcess(*process) for process in told["processes"])
        answer.unlink()
        if told["displaced"]:
            run.broken = displaced(run, tuple(map(tuple, told["displaced"])), told["hint"])
            raise run.broken
    for outcome in run.gate.record.stopped[known:]:
        if isinstance(outcome.decision, Refused):
            raise BuildRefusedError(outcome.request, outcome.decision)


def _require_answer(run: Run) -> None:
    if run.child.started and not run.child.answered:
        raise installation_error(
            "pipgate: the pip for build requirements did not run to its end under the gate"
        )


def _answer(run: Run) -> Path:
    assert run.child.runner is not None
    return Path(run.child.runner).with_name(_ANSWER)


def _write_runner(run: Run, *, for_build: bool) -> str:
    """Write the script that starts a gated child, in a private directory, and return its path.

    The orders stand in the script, not in the environment: nothing that inherits the environment, such as
    the hooks of an allowed build, is taken for a child of ours.
    """
    directory = Path(run.cleanup.enter_context(tempfile.TemporaryDirectory(prefix="pipgate-child-")))
    orders = {
        "roots": _package_roots(),
        "own_options": list(run.own_options),
        "chain": list(run.chain_of_build()) if for_build else [],
        "answer": str(directory / _ANSWER) if for_build else None,
        "answered": _told(run.gate.answered) if for_build else [],
    }
    script = directory / "pipgate-child.py"
    text = f"import sys\nsys.argv.insert(1, {json.dumps(orders)!r})\n{_ENGINE.read_text(encoding='utf-8')}"
    script.write_text(text, encoding="utf-8")
    return str(script)


def _told(outcomes: list[Outcome]) -> list[dict[str, Any]]:
    from pipgate.report import outcome_to_json  # loaded with the gate

    return [outcome_to_json(outcome) for outcome in outcomes]


def _package_roots() -> dict[str, str]:
    """Return where pip, packaging, pipgate and, before 3.11, tomli lie: the child finds only these there."""
    import packaging
    import pip

    import pipgate

    modules = [pip, packaging, pipgate]
    roots = {module.__name__: str(Path(str(module.__file__)).parent.parent) for module in modules}
    # For an interpreter before 3.11, which has no tomllib; pip brings one along as long as it runs there.
    vendored = Path(roots["pip"], "pip", "_vendor")
    return {**roots, "tomli": str(vendored)} if (vendored / "tomli").is_dir() else roots

"""Asks a person about builds, on the controlling terminal; anything but a clear yes is a no."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipgate.build_request import subdirectory_of
from pipgate.controlling_terminal import page
from pipgate.decision import Allowed, Refused
from pipgate.errors import PipgateError
from pipgate.numbered import Listed, in_one_screen, read_numbers, whole
from pipgate.plain_text import plain
from pipgate.rows import encodable, hanging, pieces, rows
from pipgate.subject_rows import rows_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipgate.answers import AnswersFile
    from pipgate.approvals import Revocation
    from pipgate.build_entry import BuildEntry
    from pipgate.build_request import BuildRequest
    from pipgate.controlling_terminal import Terminal
    from pipgate.gate import Answer, Asked, Subject
    from pipgate.outcomes import PassedOver
    from pipgate.rows import Screen

_QUESTION = "Run it?  [o]nce  [a]pprove and record  [n]o (default)  [d]eny  [v]iew  [?] > "
_QUESTION_OF_PLAN = """\
Run all {0}?  [o]nce  [a]pprove and record all  [c]hoose one by one
  [n]one (default)  [d]eny N  [v]iew [N]  [?] > """
_QUESTION_OF_OLDER = "Take the older {}?  [y]es  [n]o (default) > "
_QUESTION_OF_KEPT = "Keep the older one?  [y]es  [n]o (default) > "
_BAR = "  | "  # before each line of a file that is viewed
_WIDTH_UNKNOWN = 80
_HELP = (
    "  o  run it in this run alone; nothing is written",
    "  a  run it, and write an approval of exactly this file to {}",
    "  n  do not run it; the command ends with status 43 (also Enter, Ctrl-C, Ctrl-D)",
    "  d  do not run it, and write to that file that nothing of this name is ever run",
    "  v  show the files that its build begins with",
)
_HELP_OF_PLAN = (
    "  o  run all of them in this run alone; nothing is written",
    "  a  run all of them, and write approvals of exactly these files to {}",
    "  c  ask about each of them by itself; after a no none is run",
    "  n  run none of them; the command ends with status 43 (also Enter, Ctrl-C, Ctrl-D)",
    "  d  followed by a number: run none, and write to that file that nothing of that name is ever run",
    "  v  show the whole list and why; with a number: that one, and the files that its build begins with",
)
_WORDS = {
    word: answer
    for answer, words in {
        "once": ("o", "once"),
        "approve": ("a", "approve"),
        "no": ("", "n", "no", "none"),
        "deny": ("d", "deny"),
        "view": ("v", "view"),
        "choose": ("c", "choose"),
        "help": ("?",),
    }.items()
    for word in words
}
_TYPED = re.compile(r"([a-z]*|\?)\s*([0-9]{0,6})", re.ASCII)


@dataclass(slots=True)
class TerminalPrompter:
    """Asks on a terminal, and writes what is to be kept to ``file``."""

    terminal: Terminal
    file: AnswersFile

    def ask(self, asked: Sequence[Asked]) -> Answer | None:
        """Return the answer for one build or a whole plan; repeats the question for what is no answer.

        None says that each is to be asked about by itself.
        """
        screen, alone = self.terminal.screen, len(asked) == 1
        self._show(_about_one(asked[0], screen) if alone else _about_all(_listed(asked), screen))
        question = _QUESTION if alone else _QUESTION_OF_PLAN.format(len(asked))
        while True:
            word, number = _read(self.terminal.read_line(question) or "", len(asked))
            if word == "choose" and not alone:
                return None
            answer = self._answered(word, number, asked)
            if answer is not None:
                return answer

    def takes_older(self, newer: BuildRequest, instead: PassedOver, reason: str) -> bool:
        """Return whether a clear yes was given to an older release."""
        self._show(_passed_over(newer, instead, reason, self.terminal.screen))
        question = _QUESTION_OF_KEPT if instead.taken_as == "installed" else _QUESTION_OF_OLDER
        answer = self.terminal.read_line(question.format(instead.taken_as))
        return (answer or "").strip().lower() in {"y", "yes"}

    def _show(self, lines: list[str]) -> None:
        self.terminal.write("".join(f"{line}\n" for line in lines))

    def _say(self, line: str) -> None:
        self._show(hanging(line, self.terminal.screen))

    def _answered(self, word: str | None, number: int | None, asked: Sequence[Asked]) -> Answer | None:
        """Return what an answer decides, or None for a word that decides nothing, and do what it says."""
        if word == "once":
            return Allowed("allowed-once", "somebody at the terminal allowed it once")
        if word == "approve":
            return self._approve([each.subject.request for each in asked])
        if word == "no":
            return Refused("denied-at-the-prompt", "somebody at the terminal said no")
        which = asked[number or 0] if number is not None or len(asked) == 1 else None
        if word == "deny" and which is not None:
            return self._deny(which.subject.request)
        if word == "deny":
            self._say("To deny one of them: d and its number.")
        elif word == "view":
            self._view(which, asked)
        elif word == "help":
            self._help(_HELP if len(asked) == 1 else _HELP_OF_PLAN)
        return None

    def _help(self, lines: Sequence[str]) -> None:
        for line in lines:
            self._say(line.format(plain(self.file.path)))

    def _approve(self, requests: Sequence[BuildRequest]) -> Allowed | None:
        reason = (
            self._line("Why is that right? The policy wants a reason > ") if self.file.wants_reason else None
        )
        try:
            note = self.file.approve(requests, reason)
        except PipgateError as error:
            self._say(f"It was not recorded: {plain(error.message)}")
            return None
        self._say(f"Recorded in {plain(self.file.path)}; commit that file.")
        if note is not None:
            self._say(note)
        return Allowed("approved-at-the-prompt", "somebody at the terminal approved it")

    def _deny(self, request: BuildRequest) -> Revocation | None:
        name = plain(request.name or request.claimed or request.title)
        reason = self._line(f"Why is nothing of {name} to run? Enter for no reason, Ctrl-C to go back > ")
        if reason is None:
            return None
        try:
            entry = self.file.deny(request, reason or None)
        except PipgateError as error:
            self._say(f"It was not recorded: {plain(error.message)}")
            return None
        self._say(f"Denied in {plain(self.file.path)}; commit that file.")
        self._show([f"To take that back: {self.file.undenying(entry)}"])  # whole, to be pasted
        return entry

    def _line(self, question: str) -> str | None:
        """Return a line without its end, None where there is none: end of input, or an interrupt."""
        line = self.terminal.read_line(question)
        return None if line is None else line.strip()

    def _view(self, which: Asked | None, asked: Sequence[Asked]) -> None:
        screen = self.terminal.screen
        if which is None:
            page(self.terminal, whole(_listed(asked), screen))
            return
        if len(asked) > 1:
            self._show(_about_one(which, screen))
        entry = _entry_of(which.subject)
        if entry is None or not entry.files:
            self._say("There is no file to show: the archive cannot be read, or has none of them.")
        else:
            page(self.terminal, _viewed(entry, screen))


def _read(line: str, count: int) -> tuple[str | None, int | None]:
    """Return what a line answers, and for which one, from 0 on; (None, None) for what is no answer."""
    typed = _TYPED.fullmatch(line.strip().lower())
    word = None if typed is None else _WORDS.get(typed[1])
    if typed is None or word is None:
        return None, None
    numbers = read_numbers(typed[2], count)
    if numbers is None or (numbers and word not in {"deny", "view"}):
        return None, None
    return word, numbers[0] if numbers else None


def _listed(asked: Sequence[Asked]) -> list[Listed]:
    return [Listed(each.subject.request, each.subject.path, each.reason) for each in asked]


def _entry_of(subject: Subject) -> BuildEntry | None:
    from pipgate.build_entry import read_build_entry  # noqa: PLC0415 -- where there is a question

    is_file = subject.path is not None and os.path.isfile(subject.path)  # noqa: PTH113 -- a string
    directory = subdirectory_of(subject.request.source)
    return read_build_entry(subject.path, subdirectory=directory) if subject.path and is_file else None


def _about_one(asked: Asked, screen: Screen) -> list[str]:
    subject = asked.subject
    told = rows_of(subject.request, subject.path, _entry_of(subject))
    told += [("metadata", subject.metadata)] if subject.metadata else []
    head = f"{plain(subject.request.title)} would run its own code as you, with your files and your network."
    return ["", *hanging(head, screen), *rows([*told, ("asked because", asked.reason)], screen)]


def _about_all(listed: list[Listed], screen: Screen) -> list[str]:
    head = f"{len(listed)} packages would run their own code as you, with your files and your network:"
    return ["", *hanging(head, screen), *in_one_screen(listed, screen)]


def _passed_over(newer: BuildRequest, instead: PassedOver, reason: str, screen: Screen) -> list[str]:
    taken = "kept" if instead.taken_as == "installed" else "taken"
    told = [("newest", newer.title), (taken, f"{newer.name} {instead.taken}")]
    told += [("installed", f"{newer.name} {instead.replaces}")] if instead.replaces else []
    told.append(("asked because", reason))
    head = f"{plain(newer.title)} exists only as an sdist, so an older release would be {taken}."
    return ["", *hanging(head, screen), *rows(told, screen)]


def _viewed(entry: BuildEntry, screen: Screen) -> list[str]:
    """Return the files in lines that all stand behind a bar, however long they are: none passes for ours."""
    width = (screen.columns or _WIDTH_UNKNOWN) - len(_BAR)
    lines = []
    for name, text in entry.files:
        lines += hanging(f"--- {plain(name)}", screen)
        for line in text.removesuffix("\n").split("\n"):
            lines += [f"{_BAR}{each}" for each in pieces(encodable(plain(line, len(line)), screen), width)]
    more = f"--- {entry.others} files more in the archive, which its build may run as well"
    return [*lines, *hanging(more, screen)]

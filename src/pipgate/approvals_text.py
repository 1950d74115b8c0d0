"""The text of an approvals file: what it says, and the same text with an entry more or less."""

from __future__ import annotations

from dataclasses import replace
from functools import reduce
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name
from packaging.version import Version

from pipgate.approval_entries import entry_line
from pipgate.approvals import Approval, Approvals, CommitPin, Pin, Revocation, Sha256Pin
from pipgate.approvals_layout import BOM, ENTRY, OPENED, Block, Layout, Row, read_layout
from pipgate.errors import assert_never

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from pipgate.origin import Layer

_HEADER = "# Written by `pipgate approve`. One line per entry, sorted. Commit this file."
# git takes two conflicts that are at most three lines apart for one, and a union merge then writes the lines
# between them twice: entries may stand there twice, the brackets of the blocks may not.
_APART = ("", "# This line and the blank one keep merges of the two blocks apart.")
_Identity = tuple[str, tuple[Version, ...], tuple[str, ...]]
_Rank = tuple[_Identity, "datetime"]


def parse_approvals(text: str, file: str, layer: Layer) -> Approvals:
    """Return what an approvals file says, each entry with its line; entries of one identity are all kept.

    Text without any key is a file without entries. Raises PolicyError at FILE:LINE.
    """
    blocks = read_layout(text, file, layer).blocks
    approvals, revoked = blocks.get("approvals"), blocks.get("revoked")
    return Approvals(
        tuple(row.entry for row in approvals.rows if isinstance(row.entry, Approval)) if approvals else (),
        tuple(row.entry for row in revoked.rows if isinstance(row.entry, Revocation)) if revoked else (),
    )


def strictest(approvals: Approvals) -> Approvals:
    """Return one approval for each identity (name, version, pin) of a file, as a merge may leave several.

    It covers what every one of them names in ``for``, ends on the earliest day that any of them ends on (none
    is never), and is otherwise the oldest, so that a revocation of the oldest reaches it. Where no purpose is
    in all of them nothing is left. To approve again puts one line in the place of them all.
    """
    groups: dict[_Identity, list[Approval]] = {}
    for each in approvals.approved:
        groups.setdefault(_identity(each), []).append(each)
    strict = (_strictest_of(group) for group in groups.values())
    return replace(approvals, approved=tuple(each for each in strict if each.purposes))


def added(text: str | None, entry: Approval | Revocation) -> str:
    """Return the text with one entry more, at its sorted place; all else stays byte for byte.

    A comment belongs to the entry that follows it. An approval takes the place of those with its identity; a
    revocation never does. Without text it is a new file. Raises PolicyError where the text, or the entry, is
    not valid.
    """
    file, layer = entry.origin.file or "the approvals file", entry.origin.layer
    layout = read_layout(text or "", file, layer)
    key = "approvals" if isinstance(entry, Approval) else "revoked"
    block = layout.blocks.get(key)
    replaced = _replaced_by(entry, block.rows) if block else []
    if replaced:
        _put_in_place(layout, replaced, entry)
    elif block is None:
        _append_block(layout, key, entry)
    else:
        _insert(layout, block, entry)
    changed = "\n".join(layout.lines)
    read_layout(changed, file, layer)
    return changed


def all_added(text: str | None, entries: Sequence[Approval | Revocation]) -> str:
    """Return the text with entries more, as ``added`` gives one after the other, at the cost of a few.

    Raises PolicyError where the text, or an entry, is not valid.
    """
    for kind in (Approval, Revocation):
        unlike = {_same(each): each for each in entries if isinstance(each, kind)}
        text = _together(text, list(unlike.values()))
    return text or ""


def without(text: str, entries: Collection[Approval | Revocation]) -> str:
    """Return the text without the lines that say what these entries say; comments above them stay.

    Raises PolicyError where the text is not valid.
    """
    if not entries:
        return text
    origin = next(iter(entries)).origin
    layout = read_layout(text, origin.file or "the approvals file", origin.layer)
    unwanted = {entry_line(each) for each in entries}
    rows = [row for block in layout.blocks.values() for row in block.rows]
    for row in sorted(rows, key=lambda row: row.index, reverse=True):
        if entry_line(row.entry) in unwanted:
            del layout.lines[row.index]
    return "\n".join(layout.lines)


def _together(text: str | None, entries: list[Approval | Revocation]) -> str | None:
    """Return the text with entries of one block more, no two of which are the same."""
    if not entries:
        return text
    first, *rest = entries
    text = added(text, first)  # now there is the block, with a line of its own for each entry
    layout = read_layout(text, first.origin.file or "the approvals file", first.origin.layer)
    block = layout.blocks["approvals" if isinstance(first, Approval) else "revoked"]
    held: dict[object, list[Row]] = {}
    for row in block.rows:
        held.setdefault(_same(row.entry), []).append(row)
    merged = [each for each in rest if len(held.get(_same(each), ())) > 1]  # their lines move all that follow
    if merged:
        return _together(reduce(added, merged, text), [each for each in rest if each not in merged])
    for each in rest:
        if _same(each) in held:
            _put_in_place(layout, held[_same(each)], each)
    ranks = [(_rank(row.entry), row.index) for row in block.rows]
    new = [each for each in rest if _same(each) not in held]
    for each in sorted(new, key=_rank, reverse=True):  # from below: what stands above keeps its index
        index = _line_above(_rank(each), ranks, block.index)
        layout.lines.insert(index + 1, f"  {entry_line(each)}{layout.carriage_return}")
    changed = "\n".join(layout.lines)
    read_layout(changed, layout.file, layout.layer)
    return changed


def _same(entry: Approval | Revocation) -> object:
    """Return what two entries have in common of which one takes the place of the other."""
    return _identity(entry) if isinstance(entry, Approval) else entry_line(entry)


def _strictest_of(group: Sequence[Approval]) -> Approval:
    expires = [each.expires for each in group if each.expires is not None]
    return replace(
        min(group, key=lambda each: each.on),
        purposes=frozenset.intersection(*(each.purposes for each in group)),
        expires=min(expires, default=None),
    )


def _identity(entry: Approval | Revocation) -> _Identity:
    version = () if entry.version is None else (Version(entry.version),)
    return canonicalize_name(entry.name), version, _pin_words(entry.pin)


def _pin_words(pin: Pin | None) -> tuple[str, ...]:
    match pin:
        case None:
            return ()
        case Sha256Pin(sha256):
            return sha256.lower(), pin.subdirectory
        case CommitPin(vcs, commit):
            return vcs, commit.lower(), pin.subdirectory
        case _:
            assert_never(pin)


def _rank(entry: Approval | Revocation) -> _Rank:
    return _identity(entry), entry.on


def _replaced_by(entry: Approval | Revocation, rows: list[Row]) -> list[Row]:
    """Return the rows that an entry takes the place of; for a revocation only one that says the same."""
    if isinstance(entry, Approval):
        return [row for row in rows if _identity(row.entry) == _identity(entry)]
    return [row for row in rows if entry_line(row.entry) == entry_line(entry)][:1]


def _put_in_place(layout: Layout, replaced: list[Row], entry: Approval | Revocation) -> None:
    first = replaced[0]
    for row in reversed(replaced[1:]):
        del layout.lines[row.index]
    if entry_line(first.entry) != entry_line(entry):
        line = layout.lines[first.index]
        old = ENTRY.fullmatch(line.removesuffix("\r"))
        assert old is not None, "it has been read"
        ending = "\r" if line.endswith("\r") else ""
        layout.lines[first.index] = f"{old['indent']}{entry_line(entry)}{old['after']}{ending}"


def _insert(layout: Layout, block: Block, entry: Approval | Revocation) -> None:
    """Insert a line below the entry before it: what stands between that and the next belongs to the next."""
    if block.empty:
        _unfold(layout, block)
    ranks = [(_rank(row.entry), row.index) for row in block.rows]
    index = _line_above(_rank(entry), ranks, block.index)
    layout.lines.insert(index + 1, f"  {entry_line(entry)}{layout.carriage_return}")


def _line_above(rank: _Rank, ranks: list[tuple[_Rank, int]], opening: int) -> int:
    """Return the line after which an entry belongs: the last one before any that ranks higher."""
    index = opening
    for each, at in ranks:
        if each > rank:
            break
        index = at
    return index


def _unfold(layout: Layout, block: Block) -> None:
    """Write ``[]`` on two lines, with the comment that may follow it on the first."""
    line = layout.lines[block.index]
    opened = OPENED.search(line)
    assert opened is not None, "it has been read"
    assert opened["closed"] is not None, "it is empty"
    after, ending = line[opened.end("closed") :].removesuffix("\r"), layout.carriage_return
    layout.lines[block.index] = line[: opened.end("before")] + after + ending
    layout.lines.insert(block.index + 1, "]" + ("\r" if line.endswith("\r") else ""))


def _append_block(layout: Layout, key: str, entry: Approval | Revocation) -> None:
    """Append a block with one entry; a file without ``version`` gets that too, and both blocks."""
    new = [_HEADER] if layout.lines in ([""], [BOM]) else []
    new += [] if layout.has_version else ["version = 1"]
    keys = (key,) if layout.has_version else ("approvals", "revoked")
    for each in keys:
        apart = _APART if layout.blocks or each != keys[0] else ()
        rows = [f"  {entry_line(entry)}"] if each == key else []
        new += [*apart, f"{each} = [", *rows, "]"]
    ending = layout.carriage_return
    if layout.lines[-1].removeprefix(BOM):
        layout.lines[-1] += ending
        layout.lines.append("")
    new[0] = layout.lines.pop() + new[0]
    layout.lines += [*(f"{line}{ending}" for line in new), ""]

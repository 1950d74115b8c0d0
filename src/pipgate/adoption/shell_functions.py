"""Shell functions that stand in front of pip: what ``eval "$(pipgate init SHELL)"`` reads."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


# Behind -m, each of them is pip's command line.
_MODULES = ("mpip", "mpip.__main__", "mpip.__pip-runner__")
_MINORS = range(8, 20)  # of Python 3: a function for a version that is not there costs nothing

# Options of python that stand alone may be written together; m and c end them. ``function`` is for zsh, which
# would read an alias of the name otherwise.
_POSIX = r"""# Written by `pipgate init {shell}`. To leave it: open a shell without this line.
unalias pip pip3 python python3 {names} 2>/dev/null || :
function _pipgate_gone {{
  printf '%s\n' {gone_word} >&2
  return 127
}}
function _pipgate {{
  if [ -x {tool_word} ]; then {tool_word} --typed "$@"; else _pipgate_gone; fi
}}
function _pipgate_python {{
  local name="$1" rest flags; shift
  local -a all own; all=("$@"); own=()
  while [ "$#" -gt 0 ]; do
    case "$1" in
      --check-hash-based-pycs) own+=("$1" "${{2-}}"); shift; [ "$#" -eq 0 ] || shift; continue ;;
      --*|-|"") break ;;
      -*) rest="${{1#-}}"; flags="-" ;;
      *) break ;;
    esac
    while :; do
      case "$rest" in
        x*) rest="${{rest#?}}" ;; # skips a line of a script, and nothing of a module
        [bBdEhiIOPqRsSuvV]*) flags="$flags${{rest%"${{rest#?}}"}}"; rest="${{rest#?}}" ;;
        *) break ;;
      esac
    done
    case "$rest" in
      "") [ "$flags" = - ] || own+=("$flags"); shift ;;
      W|X) own+=("$flags$rest" "${{2-}}"); shift; [ "$#" -eq 0 ] || shift ;;
      W*|X*) own+=("$flags$rest"); shift ;;
      m*) [ "$rest" != m ] || {{ rest="m${{2-}}"; [ "$#" -eq 1 ] || shift; }}
        case "$rest" in {modules}) ;; *) break ;; esac
        shift; [ "$flags" = - ] || own+=("$flags")
        _pipgate_engine "$name" "${{#own[@]}}" "${{own[@]}}" "$@"; return ;;
      *) break ;;
    esac
  done
  command "$name" "${{all[@]}}"
}}
function _pipgate_engine {{
  local name="$1" count="$2"; shift 2
  local -a own; own=()
  while [ "$count" -gt 0 ]; do own+=("$1"); shift; count=$((count - 1)); done
  if [ -f {engine_word} ]; then
    command "$name" "${{own[@]}}" {engine_word} {orders_word} "$@"
  else
    _pipgate_gone
  fi
}}
function pip {{ _pipgate pip "$@"; }}
function pip3 {{ _pipgate pip3 "$@"; }}
function python {{ _pipgate_python python "$@"; }}
function python3 {{ _pipgate_python python3 "$@"; }}
case ":${{SHELLOPTS-}}:" in
*:posix:*) ;; # bash takes no such names then
*)
{versions};;
esac
"""
_POSIX_VERSION = """\
function pip3.{minor} {{ _pipgate pip3.{minor} "$@"; }}
function python3.{minor} {{ _pipgate_python python3.{minor} "$@"; }}
"""

_FISH = r"""# Written by `pipgate init fish`. To leave it: open a shell without this line.
function _pipgate_gone
    echo {gone_word} >&2
    return 127
end
function _pipgate
    if test -x {tool_word}
        {tool_word} --typed $argv
    else
        _pipgate_gone
    end
end
function _pipgate_python
    set -l name $argv[1]
    set -l rest $argv[2..-1]
    set -l own
    while test (count $rest) -gt 0
        set -l word $rest[1]
        if test "$word" = --check-hash-based-pycs
            set own $own $rest[1..2]
            set rest $rest[3..-1]
            continue
        end
        string match -qr '^-[^-]' -- $word; or break
        # -x skips a line of a script, and nothing of a module.
        set -l flags (string replace -r '^(-[bBdEhiIOPqRsSuvVx]*).*$' '$1' -- $word | string replace -a x '')
        set -l end (string replace -r '^-[bBdEhiIOPqRsSuvVx]*' '' -- $word)
        if test -z "$end"
            test "$flags" = -; or set own $own $flags
            set rest $rest[2..-1]
        else if contains -- $end W X
            set own $own "$flags$end" $rest[2]
            set rest $rest[3..-1]
        else if string match -qr '^[WX]' -- $end
            set own $own "$flags$end"
            set rest $rest[2..-1]
        else if string match -q 'm*' -- $end
            test "$end" = m; and set end "m$rest[2]"; and set rest $rest[2..-1]
            contains -- $end {modules}; or break
            test "$flags" = -; or set own $own $flags
            _pipgate_engine $name (count $own) $own $rest[2..-1]
            return
        else
            break
        end
    end
    command $name $argv[2..-1]
end
function _pipgate_engine
    set -l name $argv[1]
    set -l own
    test $argv[2] -gt 0; and set own $argv[3..(math 2 + $argv[2])]
    set -l rest $argv[(math 3 + $argv[2])..-1]
    if test -f {engine_word}
        command $name $own {engine_word} {orders_word} $rest
    else
        _pipgate_gone
    end
end
function pip
    _pipgate pip $argv
end
function pip3
    _pipgate pip3 $argv
end
function python
    _pipgate_python python $argv
end
function python3
    _pipgate_python python3 $argv
end
{versions}"""
_FISH_VERSION = """\
function pip3.{minor}
    _pipgate pip3.{minor} $argv
end
function python3.{minor}
    _pipgate_python python3.{minor} $argv
end
"""

_POWERSHELL = r"""# Written by `pipgate init powershell`. To leave it: open a shell without this line.
function _pipgate {{
  if (Test-Path {tool_word}) {{ & {tool_word} --typed @args }}
  else {{ Write-Error {gone_word}; $global:LASTEXITCODE = 127 }}
}}
function pip {{ _pipgate pip @args }}
function pip3 {{ _pipgate pip3 @args }}
function python {{
  $at = [array]::IndexOf($args, '-m')
  if ($at -ge 0 -and $args.Count -gt $at + 1 -and $args[$at + 1] -eq 'pip') {{
    $own = @($args | Select-Object -First $at); $rest = @($args | Select-Object -Skip ($at + 2))
    & (Get-Command -CommandType Application python)[0] @own {engine_word} {orders_word} @rest
  }} else {{ & (Get-Command -CommandType Application python)[0] @args }}
}}
"""


def functions(shell: str, *, tool: str, engine: str, orders: str) -> str:
    """Return the functions for a shell of ``SHELLS``; raises KeyError for another.

    ``tool`` is the console script of pipgate, ``engine`` and ``orders`` start it in a Python that is named.
    """
    text, version, quote = _OF_SHELLS[shell]
    between = " " if shell == "fish" else "|"
    gone = f"pipgate: {tool} is gone, so pip was not run. To run it ungated: command pip"
    return text.format(
        shell=shell,
        gone_word=quote(gone),
        tool_word=quote(tool),
        engine_word=quote(engine),
        orders_word=quote(orders),
        modules=between.join(_MODULES),
        names=" ".join(f"pip3.{minor} python3.{minor}" for minor in _MINORS),
        versions="".join(version.format(minor=minor) for minor in _MINORS),
    )


def _fish_quoted(word: str) -> str:
    escaped = word.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _powershell_quoted(word: str) -> str:
    escaped = word.replace("'", "''")
    return f"'{escaped}'"


_OF_SHELLS: dict[str, tuple[str, str, Callable[[str], str]]] = {
    "bash": (_POSIX, _POSIX_VERSION, shlex.quote),
    "zsh": (_POSIX, _POSIX_VERSION, shlex.quote),
    "fish": (_FISH, _FISH_VERSION, _fish_quoted),
    "powershell": (_POWERSHELL, "", _powershell_quoted),
}
SHELLS = tuple(_OF_SHELLS)

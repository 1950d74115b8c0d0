"""On every pip each choke point and each call site exists as the tables say."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from support.environments import TABLE_PIPS

if TYPE_CHECKING:
    from support.world import World

PIPS_HERE = TABLE_PIPS

LIST = """
import importlib, json, sys
sys.path.pop(0)
from pipgate.gate import Gate
from pipgate.policy import Policy
from pipgate.pip_internals import arming, own_processes
from pipgate.pip_internals.run_state import Run
from pipgate.pip_internals.versions import require_known
import pip
run = Run(lambda: Gate(Policy()), release=require_known(pip.__version__))
finder = arming.arm(run)
arming.fit_all(finder)
fitted = []
for points in finder._points.values():
    for point in points:
        owner = sys.modules[point.module]
        for name in point.name.split("."):
            owner = getattr(owner, name)
        fitted.append([point.title, getattr(owner, "__pipgate__", False)])
sites = []
for site in own_processes.CALL_SITES:
    importlib.import_module(site.module)
    sites.append([f"{site.module} {site.functions}", bool(own_processes.codes_of(site))])
print(json.dumps({"fitted": fitted, "sites": sites}))
"""


def test_every_choke_point_is_fitted(world: World) -> None:
    script = world.tmp / "list.py"
    script.write_text(LIST)
    ended = world.env.run(str(script), home=world.home)
    assert ended.status == 0, ended.text
    found = json.loads(ended.out)
    assert len(found["fitted"]) >= 17
    assert [title for title, is_fitted in found["fitted"] if not is_fitted] == []
    assert [name for name, exists in found["sites"] if not exists] == []


def test_nobody_took_a_choke_point_under_another_name(world: World) -> None:
    """A ``from ... import`` that was executed before the fitting would keep the original."""
    script = world.tmp / "list.py"
    script.write_text(LIST + ALIASES)
    ended = world.env.run(str(script), home=world.home)
    assert ended.status == 0, ended.text
    assert json.loads(ended.out.splitlines()[-1]) == []


ALIASES = """
originals = []
for points in finder._points.values():
    for point in points:
        if point.name == "install_given_reqs":
            continue  # fitted in the one command that means the user's own environment
        owner = sys.modules[point.module]
        for name in point.name.split("."):
            owner = getattr(owner, name)
        originals.append(getattr(owner, "__func__", owner).__wrapped__)
for name in ("install", "download", "wheel", "lock"):
    try:
        importlib.import_module("pip._internal.commands." + name)
    except ImportError:
        pass
kept = []
for name, module in list(sys.modules.items()):
    if name.startswith("pip."):
        for attribute, value in list(vars(module).items()):
            if any(value is original for original in originals):
                kept.append(name + "." + attribute)
print(json.dumps(kept))
"""

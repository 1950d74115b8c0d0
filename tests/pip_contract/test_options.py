"""Every option of every pip is in the table of what a file may not name, or was looked at and left out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from support.environments import TABLE_PIPS

if TYPE_CHECKING:
    from support.world import World

PIPS_HERE = TABLE_PIPS

LIST = """
import json, sys
sys.path.pop(0)
from pip._internal.cli.main_parser import create_main_parser
from pip._internal.commands import commands_dict, create_command
from pipgate.pip_internals.configured_places import PLACES
parsers = [create_main_parser(), *(create_command(name).parser for name in commands_dict)]
print(json.dumps([sorted({str(o.dest) for p in parsers for o in p.option_list_all}), list(PLACES)]))
"""

# What is asked or read as data, and decided on as everything else
SOURCES = {"build_constraints", "constraints", "extra_index_urls", "find_links", "index", "index_url", "path"}
# What says how, and names nothing
MANNERS = {
    *(
        "None",
        "abis",
        "algorithm",
        "check_build_deps",
        "compile",
        "debug_mode",
        "deprecated_features_enabled",
    ),
    *("disable_pip_version_check", "dry_run", "editable", "exclude_editable", "excludes", "exists_action"),
    *("features_enabled", "files", "force_reinstall", "format_control", "freeze_all", "global_file", "help"),
    *("ignore_dependencies", "ignore_installed", "ignore_requires_python", "implementation", "json", "local"),
    *("include_editable", "isolated_mode", "list_format", "no_clean", "no_color", "no_index", "no_input"),
    *("no_proxy_env", "no_python_version_warning", "no_require_hashes", "no_verify", "not_required"),
    *("only_dependencies", "outdated", "override_externally_managed", "platforms", "pre", "prefer_binary"),
    *("progress_bar", "python_version", "quiet", "refresh_package", "release_control", "require_hashes"),
    *("require_venv", "resume_retries", "retries", "root_user_action", "shell", "site_file", "timeout"),
    *("trusted_hosts", "upgrade", "upgrade_strategy", "uploaded_prior_to", "uptodate", "use_pep517", "user"),
    *("user_file", "verbose", "version", "warn_about_conflicts", "warn_script_location", "yes"),
}


def test_every_option_was_looked_at(world: World) -> None:
    script = world.tmp / "list.py"
    script.write_text(LIST)
    ended = world.env.run(str(script), home=world.home)
    assert ended.status == 0, ended.text
    found, places = json.loads(ended.out)
    assert set(found) - set(places) - SOURCES - MANNERS == set()
    late = {"dependency_groups", "output_file", "requirements_from_scripts"}  # of newer pips
    gone = {"build_options", "global_options"}  # of older ones
    assert set(places) - set(found) - late - gone == set()

"""The table of what pipgate stands in front of in pip: where, since and until which pip, and why."""

from __future__ import annotations

import functools
import importlib
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipgate.pip_internals.run_state import Run
    from pipgate.pip_internals.versions import Release

_OLDEST: Release = (0,)
_FUTURE: Release = (10**6,)
_CALLED_LATE = frozenset({"installs", "late_imports", "logged_text", "source_builds"})


class ChokePoint(NamedTuple):
    """One function of pip, what replaces it, and the parameters that pipgate relies on.

    ``leading`` must be the first parameters, in this order; ``keywords`` must exist somewhere. ``since`` is
    the first pip that has it in this module, ``until`` the first that has it no longer. ``wrapper`` names the
    room and the function in it that make the replacement: a command that never builds opens few rooms.
    """

    module: str
    name: str
    leading: tuple[str, ...]
    wrapper: str
    why: str
    keywords: tuple[str, ...] = ()
    since: Release = _OLDEST
    until: Release = _FUTURE

    def applies_to(self, release: Release) -> bool:
        """Return whether that pip has it."""
        return self.since <= release < self.until

    def wrap(self, original: Callable[..., Any], run: Run) -> Any:
        """Return the replacement for the function of pip, for one run; its room is loaded when it is called.

        What pip calls once it installs is loaded now: from then on pip 26.3 imports nothing any more.
        """
        if self.wrapper.partition(".")[0] in _CALLED_LATE:
            return self._made(original, run)
        made: list[Callable[..., Any]] = []

        @functools.wraps(original)
        def replacement(*args: Any, **kwargs: Any) -> Any:
            if not made:
                made.append(self._made(original, run))
            return made[0](*args, **kwargs)

        return replacement

    def _made(self, original: Callable[..., Any], run: Run) -> Any:
        room, _, name = self.wrapper.partition(".")
        return getattr(importlib.import_module(f"{__package__}.{room}"), name)(original, run)

    @property
    def parameters(self) -> tuple[str, ...]:
        """The parameters that pipgate relies on."""
        return (*self.leading, *self.keywords)

    @property
    def title(self) -> str:
        """Module and name, as one would import it."""
        return f"{self.module}.{self.name}"


_BUILD_ENV_PACKAGE: Release = (26, 2)  # pip PR 14070 made build_env a package and moved get_runnable_pip
_INSTALLER_CLASSES: Release = (25, 2)  # pip PR 13450 put the installation of build requirements in classes
_PICKLE_GONE: Release = (24, 1)  # with CacheControl 0.14; 0.13, in pip 23.3, still had names for other forms
_PEP_517_ALONE: Release = (25, 3)  # pip PR 13525 took setup.py without PEP 517 away
_IMPORTS_BLOCKED_BY_PIP: Release = (26, 3)  # pip issue 13828

TABLE: tuple[ChokePoint, ...] = (
    ChokePoint(
        "pip._internal.distributions.sdist",
        "SourceDistribution.prepare_distribution_metadata",
        ("self",),
        "source_builds.prepare_metadata",
        "the first project code of every sdist, archive, directory, editable and checkout, in both resolvers",
    ),
    ChokePoint(
        "pip._internal.wheel_builder",
        "build",
        ("requirements", "wheel_cache"),
        "source_builds.build_all",
        "all builds that a command still needs, decided together before the first runs",
    ),
    ChokePoint(
        "pip._internal.wheel_builder",
        "_build_one",
        ("req", "output_dir"),
        "source_builds.build_one",
        "build_wheel, build_editable, and setup.py bdist_wheel before 25.3",
    ),
    ChokePoint(
        "pip._internal.wheel_builder",
        "_should_build",
        ("req",),
        "source_builds.should_build",
        "asks the backend of an editable whether it can build one; gone with pip PR 13525",
        until=_PEP_517_ALONE,
    ),
    ChokePoint(
        "pip._internal.req.req_install",
        "InstallRequirement.install",
        ("self",),
        "source_builds.install_requirement",
        "setup.py develop (until pip PR 13525, 25.3)",
    ),
    ChokePoint(
        "pip._internal.resolution.resolvelib.resolver",
        "Resolver.resolve",
        ("self", "root_reqs"),
        "build_plan.resolve",
        "afterwards it is known which builds are needed, and all are decided together",
    ),
    ChokePoint(
        "pip._internal.resolution.legacy.resolver",
        "Resolver.resolve",
        ("self", "root_reqs"),
        "build_plan.resolve",
        "the same under --use-deprecated=legacy-resolver",
    ),
    ChokePoint(
        "pip._internal.cli.parser",
        "ConfigOptionParser._get_ordered_configuration_items",
        ("self",),
        "configuration.ordered_items",
        "what `pipgate team install` writes is for pips that are not gated; what others write names nothing",
    ),
    ChokePoint(
        "pip._vendor.cachecontrol.serialize",
        "Serializer.loads",
        ("self", "request", "data"),
        "http_cache.loads",
        "an entry of the HTTP cache can be a pickle, and is loaded before anything is decided",
        until=_PICKLE_GONE,
    ),
    ChokePoint(
        "pip._internal.cli.req_command",
        "RequirementCommand.get_requirements",
        ("self", "args", "options"),
        "user_words.get_requirements",
        "the command, and what the user named, which may be first party",
    ),
    ChokePoint(
        "pip._internal.req.constructors",
        "install_req_from_parsed_requirement",
        ("parsed_req",),
        "user_words.from_parsed_requirement",
        "the same where a program that uses pip as a library reads the user's requirements files",
    ),
    ChokePoint(
        "pip._internal.req.req_file",
        "RequirementsFileParser.parse",
        ("self", "filename"),
        "user_words.parse_file",
        "the same: the file that the program was given, and not one that is named in it",
    ),
    ChokePoint(
        "pip._internal.req.req_file",
        "get_file_content",
        ("url", "session"),
        "user_words.get_file_content",
        "what a fetched requirements file names was not named by the user",
    ),
    ChokePoint(
        "pip._internal.utils.unpacking",
        "unpack_file",
        ("filename", "location", "content_type"),
        "packed_sources.unpack_file",
        "archives stay packed until their build is allowed",
    ),
    ChokePoint(
        "pip._internal.index.collector",
        "parse_links",
        ("page",),
        "index_pages.parse_links",
        "upload times (PEP 700) and project status (PEP 792), which pip drops; a yanked reason is made plain",
    ),
    ChokePoint(
        "pip._internal.utils.logging",
        "IndentingFormatter.format",
        ("self", "record"),
        "logged_text.formatted",
        "what indexes, servers and metadata say is shown above the gate's question",
    ),
    ChokePoint(
        "pip._internal.utils.logging",
        "RichPipStreamHandler.emit",
        ("self", "record"),
        "logged_text.emitted",
        "the same in errors that pip lays out",
    ),
    ChokePoint(
        "pip._internal.index.collector",
        "LinkCollector.collect_sources",
        ("self", "project_name", "candidates_from_page"),
        "gate_sources.collect_sources",
        "a requirements file's own index is not the user's word for pip and what the gate needs",
    ),
    ChokePoint(
        "pip._internal.index.package_finder",
        "CandidateEvaluator._sort_key",
        ("self", "candidate"),
        "candidates.sort_key",
        "wheels first",
    ),
    ChokePoint(
        "pip._internal.index.package_finder",
        "CandidateEvaluator.get_applicable_candidates",
        ("self", "candidates"),
        "candidates.get_applicable_candidates",
        "a newer sdist that was passed over is told",
    ),
    ChokePoint(
        "pip._internal.cache",
        "WheelCache.get_cache_entry",
        ("self", "link", "package_name", "supported_tags"),
        "wheel_cache.get_cache_entry",
        "a cached wheel that was built locally is no approval",
    ),
    ChokePoint(
        "pip._internal.operations.prepare",
        "RequirementPreparer._prepare_linked_requirement",
        ("self", "req"),
        "version_control.prepare_linked_requirement",
        "a checkout that the user did not name is decided before it is fetched",
    ),
    ChokePoint(
        "pip._internal.operations.prepare",
        "RequirementPreparer._fetch_metadata_only",
        ("self", "req"),
        "static_answers.fetch_metadata_only",
        "what an index says an sdist requires (PEP 658) leaves a build out of the plan",
    ),
    ChokePoint(
        "pip._internal.operations.prepare",
        "unpack_vcs_link",
        ("link", "location", "verbosity"),
        "version_control.unpack_vcs_link",
        "git and its like run for a checkout that was decided on",
    ),
    ChokePoint(
        "pip._internal.req.req_install",
        "InstallRequirement.update_editable",
        ("self",),
        "version_control.update_editable",
        "the clone or update of an editable checkout",
    ),
    ChokePoint(
        "pip._internal.vcs.versioncontrol",
        "VersionControl.run_command",
        ("cls", "cmd", "show_stdout", "cwd"),
        "version_control.run_command",
        "every process of version control; questions about a checkout are granted",
        keywords=("extra_environ",),
    ),
    ChokePoint(
        "pip._internal.build_env",
        "BuildEnvironment.install_requirements",
        ("self", "finder", "requirements"),
        "child_pip.install_build_requirements",
        "build requirements are gated on their own",
        until=_INSTALLER_CLASSES,
    ),
    ChokePoint(
        "pip._internal.build_env",
        "SubprocessBuildEnvironmentInstaller.install",
        ("self", "requirements"),
        "child_pip.install_build_requirements",
        "build requirements are gated on their own",
        since=_INSTALLER_CLASSES,
        until=_BUILD_ENV_PACKAGE,
    ),
    ChokePoint(
        "pip._internal.build_env",
        "InprocessBuildEnvironmentInstaller.install",
        ("self", "requirements"),
        "child_pip.install_build_requirements",
        "the same under --use-feature=inprocess-build-deps",
        since=(26, 0),
        until=_BUILD_ENV_PACKAGE,
    ),
    ChokePoint(
        "pip._internal.build_env.installer",
        "SubprocessBuildEnvironmentInstaller.install",
        ("self", "requirements"),
        "child_pip.install_build_requirements",
        "build requirements are gated on their own",
        since=_BUILD_ENV_PACKAGE,
    ),
    ChokePoint(
        "pip._internal.build_env.installer",
        "InprocessBuildEnvironmentInstaller.install",
        ("self", "requirements"),
        "child_pip.install_build_requirements",
        "the same under --use-feature=inprocess-build-deps",
        since=_BUILD_ENV_PACKAGE,
    ),
    ChokePoint(
        "pip._internal.build_env",
        "get_runnable_pip",
        (),
        "child_pip.get_runnable_pip",
        "a pip that pip starts is a gated one: build requirements, --python",
        until=_BUILD_ENV_PACKAGE,
    ),
    ChokePoint(
        "pip._internal.utils.misc",
        "get_runnable_pip",
        (),
        "child_pip.get_runnable_pip",
        "a pip that pip starts is a gated one: build requirements, --python",
        since=_BUILD_ENV_PACKAGE,
    ),
    ChokePoint(
        "pip._internal.req",
        "install_given_reqs",
        ("requirements",),
        "installs.install_given_reqs",
        "no wheel replaces the gate; here all is still undone, whoever installs",
        keywords=("root", "home", "prefix", "use_user_site"),
    ),
    ChokePoint(
        "pip._internal.operations.install.wheel",
        "install_wheel",
        ("name", "wheel_path", "scheme"),
        "installs.install_wheel",
        "the same for a program that installs one wheel",
    ),
    ChokePoint(
        "pip._internal.req.req_uninstall",
        "UninstallPathSet._permitted",
        ("self", "path"),
        "installs.permitted",
        "what a project says is its own (RECORD) may be the gate",
    ),
    ChokePoint(
        "pip._internal.commands.install",
        "install_given_reqs",
        (),
        "late_imports.install_given_reqs",
        "from here on nothing that was just installed may be imported into this process",
        until=_IMPORTS_BLOCKED_BY_PIP,
    ),
    ChokePoint(
        "pip._internal.commands.install",
        "install_given_reqs",
        (),
        "late_imports.note_installing",
        "pip blocks late imports itself; the report says whether anything was installed",
        since=_IMPORTS_BLOCKED_BY_PIP,
    ),
)

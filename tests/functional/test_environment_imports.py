"""What a wheel has laid into the environment is not imported into the pip process that the gate stands in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.projects import make_wheel

if TYPE_CHECKING:
    from pathlib import Path

    from support.adopted import Adopted
    from support.canary import Canary
    from support.world import World

# What pip, or what it vendors, asks for at some time and does without.
OPTIONAL = (
    "_manylinux.py",
    "OpenSSL/__init__.py",
    "attr/__init__.py",
    "backports/zstd/__init__.py",
    "brotli.py",
    "chardet/__init__.py",
    "keyring/__init__.py",
    "simplejson.py",
    "socks.py",
    "truststore/__init__.py",
    "winreg.py",
)
# One of them takes the decision, as a hostile wheel would.
OPENS = (
    "import pipgate.decision as d, sys\n"
    "d.decide = lambda *a, **k: d.Allowed('x', 'y')\n"
    "if 'pipgate.gate' in sys.modules: sys.modules['pipgate.gate'].decide = d.decide\n"
)
CREDENTIAL = "import helped\nclass Credential: username, password = 'kim', 'secret'\n"
ASKED = "def get_credential(service, user):\n    import lazily\n    return Credential\n"


def lay_traps(site_packages: Path, canary: Canary) -> None:
    for name in OPTIONAL:
        path = site_packages / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{canary.sings_from(name)}\n{OPENS if name == '_manylinux.py' else ''}")


def test_nothing_of_the_environment_is_imported(world: World) -> None:
    env = world.env.copy(world.tmp / "env")
    lay_traps(env.site_packages, world.canary)
    make_wheel(world.index.root, "good", "1.0")
    world.project().sdist(world.index.root)
    options = {"home": world.home, "index": world.index.url}
    script = str(env.root / "bin" / "pipgate")
    for words in (["install", "good"], ["list"], ["debug"], ["check"], ["inspect"], ["freeze"]):
        ended = env.run(script, *words, **options)
        assert ended.status == 0, ended.text
    blocked = env.run(script, "install", "evil", **options)
    assert blocked.status == 43, blocked.text
    assert world.canary.silent, world.canary.songs
    env.plain_pip("download", "--no-deps", "-d", str(world.tmp / "t"), "good", **options)
    assert "attr/__init__.py" in world.canary.songs  # plain pip falls for it


def test_the_same_through_the_hook(hooked: Adopted) -> None:
    lay_traps(hooked.env.site_packages, hooked.canary)
    for command in (hooked.pip, [hooked.python, "-m", "pip"]):
        assert hooked.run(*command, "install", "--force-reinstall", "good").returncode == 0
        blocked = hooked.run(*command, "install", "evil")
        assert blocked.returncode == 43, blocked.stderr
    told = hooked.central("doctor", "--env", str(hooked.env.root))
    assert told.returncode in {0, 1}, told.stderr
    assert hooked.canary.silent, hooked.canary.path.read_text()
    hooked.run(hooked.python, "-c", "import socks")
    assert not hooked.canary.silent


@pytest.mark.parametrize("how", ["a library", "a program that calls pip's command line"])
def test_a_program_that_uses_pip_imports_what_it_likes(hooked: Adopted, how: str) -> None:
    lay_traps(hooked.env.site_packages, hooked.canary)
    begin = {
        "a library": "import pip._internal.req.req_install",
        "a program that calls pip's command line": "from pip._internal.cli.main import main; main(['list'])",
    }[how]
    done = hooked.run(hooked.python, "-c", f"{begin}\nimport attr, socks")
    assert done.returncode == 0, done.stderr
    assert not hooked.canary.silent


@pytest.mark.parametrize("provider", ["import", "auto"])
@pytest.mark.parametrize("said", ["on the command line", "in a variable", "in the user's pip.conf"])
def test_keyring_is_imported_where_it_was_asked_for(world: World, provider: str, said: str) -> None:
    """With what it imports itself, and when pip asks it; ``auto`` alone does not ask for it."""
    env = world.env.copy(world.tmp / "env")
    (env.site_packages / "keyring.py").write_text(CREDENTIAL + ASKED)
    for name in ("helped.py", "lazily.py", "_manylinux.py"):
        (env.site_packages / name).write_text(world.canary.sings_from(name) + "\n")
    make_wheel(world.index.root, "good", "1.0")
    world.index.password = "secret"
    words = ["download", "--no-deps", "--no-input", "-d", str(world.tmp / "t"), "good"]
    variables = {}
    if said == "on the command line":
        words[:0] = ["--keyring-provider", provider]
    elif said == "in a variable":
        variables["PIP_KEYRING_PROVIDER"] = provider
    else:
        conf = world.home / ".config" / "pip" / "pip.conf"
        conf.parent.mkdir(parents=True)
        conf.write_text(f"[global]\nkeyring-provider = {provider}\n")
    url = world.index.url.replace("http://", "http://kim@")
    ended = env.run(str(env.root / "bin" / "pipgate"), *words, home=world.home, index=url, env=variables)
    assert (ended.status == 0) == (provider == "import"), ended.text
    assert world.canary.songs == (["helped.py", "lazily.py"] if provider == "import" else [])
    assert "Traceback" not in ended.err


@pytest.mark.parametrize("asked", [True, False])
def test_socks_is_imported_for_a_proxy_that_speaks_it(world: World, asked: bool) -> None:  # noqa: FBT001 -- pytest names it
    env = world.env.copy(world.tmp / "env")
    (env.site_packages / "socks.py").write_text(world.canary.sings_from("socks") + "\n")
    proxy = {"ALL_PROXY": "socks5://127.0.0.1:9"} if asked else {"ALL_PROXY": "http://127.0.0.1:9"}
    words = ["--retries", "0", "download", "--no-deps", "-d", str(world.tmp / "t"), "good"]
    script = str(env.root / "bin" / "pipgate")
    env.run(script, *words, home=world.home, index=world.index.url, env={**proxy, "NO_PROXY": "127.0.0.1"})
    assert world.canary.songs == (["socks"] if asked else [])

"""Which source answers, in which order, and that hostile bytes get an answer too."""

from __future__ import annotations

import gzip
import io
import sys
import tarfile
import zipfile
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pipgate import archive_stream, static_metadata
from pipgate.static_metadata import Known, MetadataSource, StaticAnswer, Unknown, of_archive, of_tree
from support.projects import write_tar

if TYPE_CHECKING:
    from pathlib import Path

STATIC = "Metadata-Version: 2.2\nName: thing\nVersion: 1.0\nRequires-Dist: a>=1\nRequires-Python: >=3.8\n"
DYNAMIC = "Metadata-Version: 2.4\nName: thing\nVersion: 1.0\nDynamic: Requires-Dist\n"
OLD = "Metadata-Version: 1.1\nName: thing\nVersion: 1.0\n"
POETRY_INFO = "Metadata-Version: 2.1\nName: thing\nVersion: 1.0\nRequires-Python: >=3.8\n"
POETRY = """[build-system]
requires = ["poetry-core>=1.0.0"]
build-backend = "poetry.core.masonry.api"
[tool.poetry]
name = "thing"
[tool.poetry.dependencies]
Python = "^3.8"
[tool.poetry.group.dev.dependencies]
pytest = "*"
"""
NO_VERSION = '[project]\nname = "thing"\ndynamic = ["version"]\ndependencies = ["b"]\n'
TABLE = '[project]\nname = "thing"\nversion = "1.0"\ndependencies = ["b"]\n'


def answer(tmp_path: Path, files: dict[str, str], **options: str) -> StaticAnswer:
    members = {f"thing-1.0/{name}": text.encode() for name, text in files.items()}
    path = write_tar(tmp_path / "thing-1.0.tar.gz", members)
    return of_archive(str(path), project=options.pop("project", "thing"), **options)


def requires(told: StaticAnswer) -> tuple[str, tuple[str, ...]]:
    assert isinstance(told, Known), told
    return told.source.value, told.fields.requires_dist


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"PKG-INFO": STATIC}, ("pep643", ("a>=1",))),
        ({"PKG-INFO": STATIC.replace("2.2", "2.10")}, ("pep643", ("a>=1",))),
        ({"PKG-INFO": STATIC.replace("2.2", "4.0")}, ("pep643", ("a>=1",))),
        ({"PKG-INFO": STATIC.replace("\n", "\r\n")}, ("pep643", ("a>=1",))),
        ({"PKG-INFO": STATIC, "pyproject.toml": TABLE}, ("pep643", ("a>=1",))),
        ({"PKG-INFO": STATIC + "Dynamic: License-File\n"}, ("pep643", ("a>=1",))),
        ({"PKG-INFO": DYNAMIC, "pyproject.toml": TABLE}, ("pyproject", ("b",))),
        ({"PKG-INFO": OLD, "pyproject.toml": TABLE}, ("pyproject", ("b",))),
        ({"pyproject.toml": TABLE}, ("pyproject", ("b",))),
        ({"PKG-INFO": OLD, "thing.egg-info/requires.txt": "c\n"}, ("recorded", ("c",))),
        ({"PKG-INFO": OLD, "a/b/thing.egg-info/requires.txt": "c\n"}, ("recorded", ("c",))),
        ({"PKG-INFO": OLD, "thing.egg-info/PKG-INFO": OLD}, ("recorded", ())),
        ({"PKG-INFO": DYNAMIC, "thing.egg-info/requires.txt": "c"}, ("recorded", ("c",))),
        ({"PKG-INFO": STATIC.replace("2.2", "2.1")}, ("recorded", ("a>=1",))),
        (
            {"PKG-INFO": OLD, "thing.egg-info/requires.txt": "c", "x/y/thing.egg-info/requires.txt": "d"},
            ("recorded", ("c",)),
        ),
        ({"PKG-INFO": POETRY_INFO, "pyproject.toml": POETRY}, ("recorded", ())),
        (
            {"PKG-INFO": POETRY_INFO, "pyproject.toml": POETRY.replace('Python = "^3.8"', "")},
            ("recorded", ()),
        ),
        ({"PKG-INFO": OLD, "pyproject.toml": NO_VERSION}, ("pyproject", ("b",))),
    ],
)
def test_the_most_trusted_source_answers(
    tmp_path: Path, files: dict[str, str], expected: tuple[str, tuple[str, ...]]
) -> None:
    assert requires(answer(tmp_path, files)) == expected


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"setup.py": ""}, "it has no PKG-INFO"),
        ({"PKG-INFO": OLD}, "of version 1.1, which promises nothing"),
        ({"PKG-INFO": DYNAMIC}, "leaves requires-dist to the build"),
        ({"PKG-INFO": OLD, "other.egg-info/requires.txt": "c"}, "no egg-info of this project"),
        ({"setup.py": "", "thing.egg-info/requires.txt": "c"}, "it is no sdist that has a recorded list"),
        ({"PKG-INFO": STATIC.replace("1.0", "1" * 300)}, "is no version"),
        ({"PKG-INFO": STATIC.replace("thing", "t" * 300)}, "is no name of a project"),
        ({"PKG-INFO": STATIC + 'Requires-Dist: b ; "x" in extras\n'}, "is no requirement"),
        ({"PKG-INFO": STATIC + "Requires-Dist: b ; os_name ~= 'posix'\n"}, "is no requirement"),
        ({"PKG-INFO": STATIC + "Requires-Dist: b @ http://[::1\n"}, "is no requirement"),
        ({"PKG-INFO": STATIC + "Requires-Dist: b @ foo\n"}, "is no requirement"),
        (
            {"PKG-INFO": STATIC + f"Requires-Dist: b ; {'(' * 90}os_name == 'x'{')' * 90}\n"},
            "is no requirement",
        ),
        (
            {
                "pyproject.toml": TABLE.replace("dependencies = ['b']", "").replace(
                    'dependencies = ["b"]', ""
                )
                + "[tool.poetry.dependencies]\nidna = '*'\n"
            },
            "leaves dependencies to the build",
        ),
        ({"PKG-INFO": STATIC.replace("Name: thing", "Name: th ing")}, "'th ing' is no name of a project"),
        ({"PKG-INFO": STATIC.replace("Version: 1.0", "Version: 1.0 or so")}, "'1.0 or so' is no version"),
        ({"PKG-INFO": STATIC + "Name: other\n"}, "the field name is not readable or stands there twice"),
        ({"PKG-INFO": STATIC + "Requires-Dist: a b c\n"}, "'a b c' is no requirement"),
        ({"PKG-INFO": STATIC.replace(">=3.8", "three")}, "Requires-Python 'three' is no version specifier"),
        ({"PKG-INFO": OLD, "pyproject.toml": "[project"}, "pyproject.toml is not TOML"),
        ({"PKG-INFO": OLD, "pyproject.toml": "[tool.x]"}, "has no [project] table"),
        (
            {"PKG-INFO": OLD, "pyproject.toml": TABLE + 'dynamic = ["dependencies"]'},
            "leaves dependencies to the build",
        ),
        (
            {"pyproject.toml": TABLE.replace('version = "1.0"', 'dynamic = ["version"]')},
            "leaves version to the build",
        ),
        (
            {"PKG-INFO": OLD, "pyproject.toml": TABLE.replace('["b"]', '"b"')},
            "dependencies is no list of strings",
        ),
        ({"PKG-INFO": OLD, "pyproject.toml": "#" * (1 << 20) + "#"}, "pyproject.toml is larger than 1 MiB"),
        (
            {"PKG-INFO": OLD, "thing.egg-info/requires.txt": "c\n%%\n"},
            "thing.egg-info/requires.txt, line 2: '%%' is no requirement",
        ),
        ({"PKG-INFO": OLD, "thing.egg-info/requires.txt": "[x\n"}, "'[x' is no section"),
        ({"PKG-INFO": OLD, "thing.egg-info/requires.txt": "[:nonsense]\nc\n"}, "has no valid marker"),
        (
            {"PKG-INFO": OLD, "a/thing.egg-info/requires.txt": "c", "b/thing.egg-info/requires.txt": "d"},
            "a/thing.egg-info and thing-1.0/b/thing.egg-info both speak for it",
        ),
    ],
)
def test_what_cannot_be_read_says_why(tmp_path: Path, files: dict[str, str], reason: str) -> None:
    told = answer(tmp_path, files)
    assert isinstance(told, Unknown)
    assert reason in told.reason


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Python =", 'idna = "*"\nPython ='),
        ("poetry.core.masonry.api", "poetry_dynamic_versioning.backend"),
        ('"poetry-core>=1.0.0"', '"poetry-core>=1.0.0", "some-plugin"'),
        ("[tool.poetry]", "backend-path = ['.']\n[tool.poetry]"),
        ("group.dev", "group.main"),
        ("[tool.poetry.dependencies]", "[project]\nname = 'thing'\ndynamic = ['dependencies']\n[tool.x]"),
        ('[tool.poetry]\nname = "thing"\n', "[[tool.poetry]]\nname = 'thing'\n"),
    ],
)
def test_poetry_has_written_no_list_for_another_reason(tmp_path: Path, one: str, other: str) -> None:
    """Only where both files agree that nothing is required, and nothing but poetry has written them."""
    assert one in POETRY
    told = answer(tmp_path, {"PKG-INFO": POETRY_INFO, "pyproject.toml": POETRY.replace(one, other)})
    assert isinstance(told, Unknown), told


@pytest.mark.parametrize("filename", ["thing-1.2.tar.gz", "Thing-1.2.zip", "thing-1.2rc1.tar.gz"])
def test_a_version_in_the_name_of_the_file(tmp_path: Path, filename: str) -> None:
    told = answer(tmp_path, {"pyproject.toml": NO_VERSION}, filename=filename)
    assert requires(told) == ("filename", ("b",))
    assert isinstance(told, Known)
    assert told.fields.version == filename.partition("-")[2].removesuffix(".tar.gz").removesuffix(".zip")
    assert not told.source.authoritative


@pytest.mark.parametrize(
    "filename", ["main.zip", "thing-main.zip", "other-1.2.tar.gz", "1.2.tar.gz", "v1.2.zip"]
)
def test_the_name_of_a_file_without_a_version(tmp_path: Path, filename: str) -> None:
    told = answer(tmp_path, {"pyproject.toml": NO_VERSION}, filename=filename)
    assert isinstance(told, Unknown)
    assert "leaves version to the build" in told.reason


def test_the_name_of_a_file_settles_nothing_else(tmp_path: Path) -> None:
    """What the files say comes first, and what they leave open beside the version stays open."""
    told = answer(tmp_path, {"pyproject.toml": TABLE}, filename="thing-1.2.tar.gz")
    assert requires(told) == ("pyproject", ("b",))
    assert isinstance(told, Known)
    assert told.fields.version == "1.0"
    more = NO_VERSION.replace('["version"]', '["version", "dependencies"]').replace(
        'dependencies = ["b"]\n', ""
    )
    told = answer(tmp_path, {"pyproject.toml": more}, filename="thing-1.2.tar.gz")
    assert isinstance(told, Unknown)
    assert "leaves dependencies to the build" in told.reason


def test_sections_of_requires_txt(tmp_path: Path) -> None:
    text = 'a\nb>=1 ; sys_platform == "x"\n\n[more]\nc\n\n[:python_version<"3"]\nd\n\n[most:os_name=="nt"]\ne @ https://x/e.zip\n'
    told = answer(tmp_path, {"PKG-INFO": OLD, "thing.egg-info/requires.txt": text})
    assert isinstance(told, Known)
    assert told.fields.provides_extra == ("more", "most")
    assert [each.replace("; ", " ; ").replace("  ;", " ;") for each in told.fields.requires_dist] == [
        "a",
        'b>=1 ; sys_platform == "x"',
        'c ; extra == "more"',
        'd ; python_version < "3"',
        'e @ https://x/e.zip ; os_name == "nt" and extra == "most"',
    ]


def test_what_stands_behind_the_headers_is_no_header(tmp_path: Path) -> None:
    """pip reads as the email parser does: a line that is no header ends them."""
    for end in ("\n", "no header\n"):
        told = answer(tmp_path, {"PKG-INFO": f"{STATIC}{end}Requires-Dist: z\nDynamic: Requires-Dist\n"})
        assert requires(told) == ("pep643", ("a>=1",))


@pytest.mark.parametrize("written", ["python", "./python", "python/.", "python//"])
def test_a_subdirectory(tmp_path: Path, written: str) -> None:
    files = {"PKG-INFO": STATIC, "python/pyproject.toml": TABLE}
    assert requires(answer(tmp_path, files, subdirectory=written)) == ("pyproject", ("b",))


@pytest.mark.parametrize("written", ["/python", "../python", "python/../python", "a#b"])
def test_a_subdirectory_that_may_lie_elsewhere_says_nothing(tmp_path: Path, written: str) -> None:
    told = answer(tmp_path, {"PKG-INFO": STATIC, "python/pyproject.toml": TABLE}, subdirectory=written)
    assert isinstance(told, Unknown)


def test_the_version_is_the_one_of_the_sdist(tmp_path: Path) -> None:
    """As a tag that setup.cfg adds to what stands in ``[project]``."""
    told = answer(tmp_path, {"PKG-INFO": OLD.replace("1.0", "1.0.dev0"), "pyproject.toml": TABLE})
    assert isinstance(told, Known)
    assert told.fields.version == "1.0.dev0"


def test_the_rest_of_the_metadata_is_kept(tmp_path: Path) -> None:
    own = f"{OLD}Summary: a thing\nAuthor: kim\nRequires-Dist: gone\n\nText.\n"
    told = answer(tmp_path, {"PKG-INFO": own, "thing.egg-info/requires.txt": "[Foo_Bar]\nc"})
    assert isinstance(told, Known)
    assert b"Summary: a thing\nAuthor: kim\n" in told.text
    assert told.text.endswith(b"\n\nText.\n")
    assert b"gone" not in told.text
    assert told.fields.provides_extra == ("foo-bar",)
    assert told.fields.requires_dist == ('c; extra == "foo-bar"',)


def test_a_tree_that_leads_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").symlink_to("/dev/stdin")
    assert of_tree(str(tmp_path)) == Unknown("its pyproject.toml is no regular file")


def test_no_more_is_read_than_is_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    members = {"thing-1.0/PKG-INFO": STATIC.encode(), "thing-1.0/zz": bytes(30 << 20)}
    path = write_tar(tmp_path / "thing-1.0.tar.gz", members)
    monkeypatch.setattr(archive_stream, "LIMITS", archive_stream.Limits(unpacked=1 << 20))
    assert isinstance(of_archive(str(path), project="thing"), Known)
    late = write_tar(tmp_path / "late-1.0.tar.gz", dict(reversed(members.items())))
    assert "unpacks to more than" in reason_of(late)


def reason_of(path: Path) -> str:
    told = of_archive(str(path), project="thing")
    assert isinstance(told, Unknown)
    return told.reason


def test_limits_name_the_member(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    big = write_tar(tmp_path / "big.tar.gz", {"thing-1.0/PKG-INFO": b"x" * (5 << 20)})
    assert reason_of(big) == "member thing-1.0/PKG-INFO is larger than 4 MiB"
    many = write_tar(tmp_path / "many.tar.gz", {f"thing-1.0/{n}": b"" for n in range(20)})
    monkeypatch.setattr(archive_stream, "LIMITS", archive_stream.Limits(members=10))
    assert reason_of(many) == "the archive has more than 10 members"
    monkeypatch.setattr(archive_stream, "LIMITS", archive_stream.Limits(seconds=-1))
    assert "takes longer than" in reason_of(many)


def test_a_header_that_would_fill_the_memory(tmp_path: Path) -> None:
    """tarfile reads a pax header, a long name and a sparse map at once, however large it says they are."""
    for kind in (tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME):
        header = tarfile.TarInfo("x")
        header.type, header.size = kind, 1 << 33
        path = tmp_path / "x.tar.gz"
        path.write_bytes(gzip.compress(header.tobuf(tarfile.GNU_FORMAT) + bytes(1 << 20)))
        assert "the header of a member is larger than 32 KiB" in reason_of(path)
    sparse = bytearray(tarfile.TarInfo("x").tobuf(tarfile.GNU_FORMAT))
    sparse[156:157], sparse[482:483] = tarfile.GNUTYPE_SPARSE, b"\1"
    sparse[148:156] = b"%06o\0 " % (sum(sparse[:148]) + 256 + sum(sparse[156:512]))
    more = (b"1".rjust(12, b"0") * 42 + b"\1").ljust(512, b"\0")
    path.write_bytes(gzip.compress(bytes(sparse) + more * 10_000))
    assert "the header of a member is larger than" in reason_of(path)


def test_a_file_of_two_kinds_says_nothing(tmp_path: Path) -> None:
    """pip would unpack the zip file; what the tar file promises is another project."""
    path = write_tar(tmp_path / "thing-1.0.tar.gz", {"thing-1.0/PKG-INFO": STATIC.encode()})
    assert isinstance(of_archive(str(path), project="thing"), Known)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("thing-1.0/PKG-INFO", STATIC.replace("a>=1", "other"))
    told = of_archive(str(path), project="thing")
    assert isinstance(told, Unknown)
    assert "reads as a zip file" in told.reason


def test_a_zip_directory_that_would_fill_the_memory(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("thing-1.0/PKG-INFO", STATIC)
    assert isinstance(of_archive(str(path), project="thing"), Known)
    data = bytearray(path.read_bytes())
    end = data.rfind(b"PK\5\6")
    data[end + 12 : end + 16] = b"\xff\xff\xff\x7f"
    path.write_bytes(data)
    assert "more than 200000 members" in reason_of(path)


def test_an_xz_file_that_asks_for_much_memory(tmp_path: Path) -> None:
    lzma_alone = b"\x5d\0\0\0\xf0" + b"\xff" * 8 + bytes(100)  # a dictionary of 3.75 GiB
    path = tmp_path / "thing-1.0.tar.xz"
    path.write_bytes(lzma_alone)
    assert "cannot be read" in reason_of(path)
    members = {"thing-1.0/PKG-INFO": STATIC.encode()}
    plain = gzip.decompress(write_tar(tmp_path / "x.tar.gz", members).read_bytes())
    path.write_bytes(__import__("lzma").compress(plain[:700]) + __import__("lzma").compress(plain[700:]))
    assert isinstance(of_archive(str(path), project="thing"), Known), "concatenated streams are one"


def test_toml_that_would_take_hours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The time that tomllib takes grows with the square of the parts of a key."""
    monkeypatch.setattr(static_metadata, "_SECONDS", 0.2)
    text = f"x = {{{'.'.join('a' * 400_000)} = 1}}"
    (tmp_path / "pyproject.toml").write_text(text)
    for told in (answer(tmp_path, {"PKG-INFO": OLD, "pyproject.toml": text}), of_tree(str(tmp_path))):
        assert isinstance(told, Unknown)
        assert "takes longer than" in told.reason
    assert sys.getprofile() is None


def test_a_tree(tmp_path: Path) -> None:
    assert of_tree(str(tmp_path)) == Unknown("it has no pyproject.toml")
    (tmp_path / "PKG-INFO").write_text(STATIC)
    (tmp_path / "pyproject.toml").write_text(TABLE)
    assert requires(of_tree(str(tmp_path))) == ("pyproject", ("b",))
    (tmp_path / "pyproject.toml").write_bytes(b"\xff")
    assert of_tree(str(tmp_path)) == Unknown("pyproject.toml is not UTF-8", "thing")


HOSTILE = st.one_of(
    st.binary(max_size=400),
    st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.lists(
        st.sampled_from(
            [
                "Metadata-Version: 2.2",
                "Name: thing",
                "Version: 1",
                "Dynamic: ",
                " more",
                "",
                "Requires-Dist: a; extra == 'x'",
            ]
        )
        | st.text(max_size=20),
        max_size=12,
    ).map(lambda lines: "\n".join(lines).encode("utf-8", "surrogatepass")),
    st.lists(
        st.sampled_from(
            [
                "[project]",
                'name = "thing"',
                'version = "1"',
                "dependencies = ['a']",
                "[project.optional-dependencies]",
                "x = ['b']",
            ]
        )
        | st.text(max_size=20),
        max_size=8,
    ).map(lambda lines: "\n".join(lines).encode("utf-8", "surrogatepass")),
)


@settings(max_examples=1500, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(
        st.sampled_from(
            ["PKG-INFO", "pyproject.toml", "thing.egg-info/requires.txt", "thing.egg-info/PKG-INFO"]
        ),
        HOSTILE,
    ),
    st.sampled_from(["thing", None]),
)
@example({"pyproject.toml": b"a=" + b"[" * 5000}, "thing")
@example({"PKG-INFO": STATIC.encode() + b"Requires-Dist: a; " + b"(" * 3000}, "thing")
@example({"pyproject.toml": b"a = " + b"9" * 10_000}, "thing")
def test_hostile_files_get_a_labelled_answer(
    tmp_path: Path, files: dict[str, bytes], project: str | None
) -> None:
    path = write_tar(
        tmp_path / "thing-1.0.tar.gz", {f"thing-1.0/{name}": data for name, data in files.items()}
    )
    told = of_archive(str(path), project=project)
    assert told.reason if isinstance(told, Unknown) else isinstance(told.source, MetadataSource)


@settings(max_examples=1000, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_hostile_archives_get_a_labelled_answer(tmp_path: Path, data: st.DataObject) -> None:
    """Sound archives with some bytes changed, and noise."""
    sound = {"thing-1.0/PKG-INFO": OLD.encode(), "thing-1.0/thing.egg-info/requires.txt": b"c\n"}
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in sound.items():
            archive.writestr(name, content)
    tar = gzip.decompress(write_tar(tmp_path / "sound.tar.gz", sound).read_bytes())
    name, content = data.draw(
        st.sampled_from([("x.zip", packed.getvalue()), ("x.tar", tar), ("x.tar.gz", b"")])
    )
    changed = bytearray(content or data.draw(st.binary(max_size=500)))
    for place, value in data.draw(st.lists(st.tuples(st.integers(0, 3000), st.integers(0, 255)), max_size=6)):
        if place < len(changed):
            changed[place] = value
    path = tmp_path / name
    path.write_bytes(bytes(changed))
    assert isinstance(of_archive(str(path), project="thing"), Known | Unknown)

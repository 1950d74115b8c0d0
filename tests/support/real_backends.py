"""Builds an sdist and its metadata with a real backend, in a process of its own (run as a script).

Called with the source tree and a directory for the results; prints the sdist's name and the METADATA.
"""

from __future__ import annotations

import importlib
import json
import os
import shutil
import sys
import tarfile
import zipfile
from pathlib import Path


def main(tree: str, out: str, backend_name: str) -> None:
    os.chdir(tree)
    sys.path.insert(0, tree)
    backend = importlib.import_module(backend_name)
    backend = getattr(backend, "__legacy__", backend) if backend_name.endswith("build_meta") else backend
    sdist = Path(out) / backend.build_sdist(out)
    unpacked = Path(out) / "unpacked"
    if sdist.suffix == ".zip":
        zipfile.ZipFile(sdist).extractall(unpacked)
    else:
        with tarfile.open(sdist) as archive:
            archive.extractall(unpacked)  # made a moment ago from our own files
    [top] = unpacked.iterdir()
    os.chdir(top)
    sys.path[0] = str(top)
    for name in [
        name for name, module in sys.modules.items() if str(getattr(module, "__file__", "")).startswith(tree)
    ]:
        del sys.modules[name]
    metadata = Path(out) / "metadata"
    metadata.mkdir()
    info = backend.prepare_metadata_for_build_wheel(str(metadata))
    text = (metadata / info / "METADATA").read_text(encoding="utf-8")
    shutil.rmtree(unpacked)
    sys.stdout.write("\n" + json.dumps({"sdist": str(sdist), "metadata": text}))


if __name__ == "__main__":
    main(*sys.argv[1:])

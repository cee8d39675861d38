"""Pipfile.lock serves every Python and machine that the project promises."""

import json
import re
from importlib.metadata import distribution

import pytest
from packaging.markers import Marker, default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from nps.config import PROJECT_ROOT

LOCK = json.loads((PROJECT_ROOT / "Pipfile.lock").read_text(encoding="utf-8"))
PYTHONS = ["3.11.2", "3.12.3", "3.13.5"]


def machine(python: str, extra: str = "") -> dict[str, str]:
    short = ".".join(python.split(".")[:2])
    version = {"python_version": short, "python_full_version": python, "implementation_version": python}
    return {**default_environment(), **version, "extra": extra}


def chosen(section: str, python: str) -> dict[str, dict[str, list[str]]]:
    """The packages of a section that are installed on that Python."""
    return {
        canonicalize_name(name): package
        for name, package in LOCK[section].items()
        if "markers" not in package or Marker(package["markers"]).evaluate(machine(python))
    }


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("sections", [("default",), ("default", "develop")], ids=["run", "test"])
def test_every_dependency_of_what_is_installed_is_installed_too(python: str, sections: tuple[str, ...]) -> None:
    packages = {name: package for section in sections for name, package in chosen(section, python).items()}
    missing = []
    # async-timeout is for Pythons older than the one that runs this, and needs nothing itself.
    for name in packages.keys() - {"async-timeout"}:
        for line in distribution(name).requires or ():
            need = Requirement(line)
            extras = packages[name].get("extras", []) or [""]
            wanted = need.marker is None or any(need.marker.evaluate(machine(python, extra)) for extra in extras)
            if wanted and canonicalize_name(need.name) not in packages:
                missing.append(f"{name} needs {need.name}")
    assert missing == []


def test_python_of_debian_12_gets_what_redis_needs_there() -> None:
    assert "async-timeout" in chosen("default", "3.11.2")
    assert "async-timeout" not in chosen("default", "3.12.3")


def test_packages_are_pinned_with_hashes_and_no_index_is_named() -> None:
    assert LOCK["_meta"]["sources"] == []
    for section in ("default", "develop"):
        for package in LOCK[section].values():
            assert re.fullmatch(r"==\S+", package["version"])
            assert package["hashes"]
            assert "index" not in package

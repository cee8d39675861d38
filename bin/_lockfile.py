"""What the scripts here need to know of Pipfile.lock. Standard library only: it runs before anything is installed.

requirements [--dev]   the locked packages as pip requirements with hashes and markers
forget-sources         empty the list of package indexes: whoever installs uses their own
"""

import json
import sys
from pathlib import Path

LOCK = Path(__file__).resolve().parent.parent / "Pipfile.lock"


def requirements(lock: dict, *, dev: bool) -> list[str]:
    """One line for each locked package."""
    packages = {**lock["default"], **(lock["develop"] if dev else {})}
    return [_requirement(name, package) for name, package in sorted(packages.items())]


def _requirement(name: str, package: dict) -> str:
    extras = f"[{','.join(package['extras'])}]" if package.get("extras") else ""
    marker = f" ; {package['markers']}" if package.get("markers") else ""
    return " ".join(
        [f"{name}{extras}{package['version']}{marker}", *(f"--hash={digest}" for digest in package["hashes"])]
    )


def forget_sources(path: Path) -> None:
    """Empty `_meta.sources` and each package's reference to one; the lock's hash covers the Pipfile only."""
    lock = json.loads(path.read_text(encoding="utf-8"))
    lock["_meta"]["sources"] = []
    for section in ("default", "develop"):
        for package in lock[section].values():
            package.pop("index", None)
    path.write_text(json.dumps(lock, indent=4, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["requirements", *rest] if rest in ([], ["--dev"]):
            print("\n".join(requirements(json.loads(LOCK.read_text(encoding="utf-8")), dev=bool(rest))))
        case ["forget-sources"]:
            forget_sources(LOCK)
        case _:
            sys.exit(__doc__)

"""LibreOffice as a second reader of what the product writes."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path


def convert(file: Path, form: str) -> Path:
    """Have LibreOffice open a file and write it once more into a folder beside it; returns that folder."""
    office = shutil.which("soffice")
    assert office, "LibreOffice Calc is missing: bin/test installs it"
    out = file.parent / "converted"
    subprocess.run(
        [
            office,
            f"-env:UserInstallation=file://{file.parent}/profile",
            "--headless",
            "--convert-to",
            form,
            "--outdir",
            str(out),
            str(file),
        ],
        check=True,
        capture_output=True,
        timeout=120,
    )
    return out

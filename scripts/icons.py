"""Put icons that are lacking into the style sheet of icons: icons.py NAME …

They come from the package of Bootstrap Icons that npm serves, in the version that the sheet's first line
names; the new ones stand at the sheet's end.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

SHEET = Path(__file__).parents[1] / "dashboard" / "assets" / "13-icons.css"


def rule(name: str, svg: str) -> str:
    """The line of one icon: its paths as a mask."""
    paths = re.findall(r"<(?:path|circle|rect|ellipse)\b[^>]*?/>", svg)
    drawn = "".join(paths).replace('"', "'").replace("<", "%3C").replace(">", "%3E").replace("#", "%23")
    head, foot = "%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E", "%3C/svg%3E"
    return f'.i-{name} {{ --i: url("data:image/svg+xml,{head}{drawn}{foot}"); }}\n'


def main(names: list[str]) -> int:
    """Append what the sheet lacks; 1 where the package has no such icon."""
    text = SHEET.read_text(encoding="utf-8")
    version = re.search(r"Bootstrap Icons ([\d.]+)", text)
    assert version is not None, "the sheet says which version it holds"
    lacking = [name for name in dict.fromkeys(names) if f".i-{name} " not in text]
    if not lacking:
        return 0
    with tempfile.TemporaryDirectory() as folder:
        package = f"bootstrap-icons@{version[1]}"
        subprocess.run(["npm", "pack", package], cwd=folder, check=True, capture_output=True)
        with tarfile.open(next(Path(folder).glob("*.tgz"))) as archive:
            for name in lacking:
                try:
                    found = archive.extractfile(f"package/icons/{name}.svg")
                except KeyError:
                    sys.stderr.write(f"{package} has no icon {name}\n")
                    return 1
                assert found is not None
                text += rule(name, found.read().decode())
    SHEET.write_text(text, encoding="utf-8")
    sys.stdout.write(f"added {', '.join(lacking)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

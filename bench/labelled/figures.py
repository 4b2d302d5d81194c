"""The same as figures of `python -m bench`."""

from __future__ import annotations

from pathlib import Path

from bench.common.report import Figure
from bench.labelled.comparison import DATA
from bench.labelled.comparison import measure as compared
from bench.labelled.scoring import together

OURS = {"p ≤ .01": "this product, p ≤ .01", "EARS C2": "EARS C2", "3 sigma": "3 sigma"}


def measure(var: Path) -> list[Figure]:
    """Events found and false alarms on published series; nothing where the published files are missing."""
    del var
    if not (DATA / "README.md").is_file():
        return []
    figures = []
    for kind, detectors in compared(DATA).items():
        short = "outbreaks" if kind.startswith("weekly") else "nab"
        for name, detector in OURS.items():
            whole = together(list(detectors[detector].values()))
            label = f"labelled_{short}_{name.translate(str.maketrans(' ', '_', '≤.'))}"
            what = f"{kind}: {name}, {whole.found} of {whole.events} events, delay {whole.delay:.0f}"
            figures.append(Figure(f"{label}_found", whole.found / max(whole.events, 1), "share", what))
            figures.append(Figure(f"{label}_false_a_year", whole.false_a_year, "spells", what))
    return figures

"""The page that shows the tutorial's notebook, from the notebook itself: for `make_reference.py`."""

from __future__ import annotations

import json
from pathlib import Path

NOTEBOOK = Path(__file__).parent / "tutorial/first-notebook.ipynb"


def first_notebook() -> str:
    """Its words and its code, in order; a test runs the same file."""
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    shown = ["".join(cell["source"]) for cell in cells]
    blocks = [
        text if cell["cell_type"] == "markdown" else f"```python\n{text}\n```"
        for cell, text in zip(cells, shown, strict=True)
    ]
    blocks.insert(1, f"[The notebook]({NOTEBOOK.name}), to download and run.")
    return "\n\n".join(blocks) + "\n"

"""Where do the SYNTHETIC reports lie that `primum serve --demo` opens? Made once, beside the user's own store."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

from primum.errors import StoreError
from primum.store import default_folder, exists
from primum.store.schema import schema_version
from primum.terms import Quarter
from primum.testing.demo import run_demo

REPORTS: Final = 20_000
QUARTERS: Final = (Quarter(2012, 3), Quarter(2012, 4), Quarter(2026, 1))  # the last two of older layouts, and today's
SEED: Final = 1


def demo_store(say: Callable[[str], None] = lambda _: None) -> Path:
    """Folder of a store that holds invented reports and nothing else, made where there is none.

    It lies beside the default store and never in it, so that real and invented reports cannot meet. A store of tables
    of another form has another name: it is made anew, as nothing in it is anybody's work.

    Args:
        say: told what is done now.

    Raises:
        StoreError: it cannot be written.
    """
    place = default_folder().parent / f"demo-{schema_version()}"
    if exists(place):
        return place
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=place.parent, prefix="demo-making-") as making:
            made = run_demo(Path(making, "demo"), reports=REPORTS, quarters=QUARTERS, seed=SEED, say=say).store
            with contextlib.suppress(FileExistsError):  # somebody else was as fast, with the same reports
                made.rename(place)
    except OSError as error:
        raise StoreError.of(
            str(place), f"it cannot be written ({error.strerror})", "Set PRIMUM_STORE to a folder that can."
        ) from error
    return place

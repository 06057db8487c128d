"""How is a prior that took seconds to fit found again by the next question of the same reports?

The prior of EBGM is learned from every pair of a population, however few were asked for. It is kept beside the arrays
that were counted, in a file whose name is a hash over all that it depends on: the arrays, the very reports of the
population, the level of names and the roles, and the programs that fit. A file is taken for what it says or not at all;
where nothing can be written, each question fits anew, and gets the same numbers.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, fields
from importlib.metadata import version
from typing import Final

import numpy as np

from primum.counts.by_arrays import Population
from primum.counts.contingency import Counts
from primum.signals.ebgm_prior import EbgmFit, fit_prior
from primum.signals.prior_cells import cells_from

VERSION: Final = "ebgm-prior-3"
"""How a prior is fitted; raise it when cells, squashing or search change."""
_PROGRAMS: Final = ("primum", "numpy", "scipy")


def kept_prior(counts: Counts) -> EbgmFit | None:
    """The prior of a count's population, from its file or fitted now.

    Args:
        counts: with the cells of the population, which are counted only where no file tells the prior.

    Returns:
        The prior; None where the cells are those of the table, or nothing is expected in any.
    """
    if counts.who is None:
        return _fitted(counts)
    name, folder = f"prior-{_key(counts.who)}.json", counts.who.arrays.folder
    fit = _read(folder.text(name), name)
    if fit is None and (fit := _fitted(counts)) is not None:
        folder.keep_text(name, json.dumps({"key": name, "fit": asdict(fit)}))
    return fit


def _fitted(counts: Counts) -> EbgmFit | None:
    cells = None if counts.cells is None else cells_from(counts.cells)
    return fit_prior(cells) if cells is not None and len(cells) else None


def _key(who: Population) -> str:
    """Hash over what a prior depends on."""
    digest = hashlib.sha256()
    arrays = "" if who.arrays.folder.path is None else who.arrays.folder.path.name  # the hash of what they are of
    for text in (VERSION, *(version(name) for name in _PROGRAMS), arrays, who.drugs.part):
        digest.update(text.encode() + b"\n")
    digest.update(b"all" if who.mask is None else np.packbits(who.mask).tobytes())
    return digest.hexdigest()[:32]


def _read(text: str | None, name: str) -> EbgmFit | None:
    """The prior that a file tells; None where there is none, or it is not whole."""
    try:
        told = json.loads(text or "null")
        if told["key"] != name or set(told["fit"]) != {field.name for field in fields(EbgmFit)}:
            return None
        return EbgmFit(**{**told["fit"], "warnings": tuple(told["fit"]["warnings"])})
    except (ValueError, TypeError, KeyError):
        return None

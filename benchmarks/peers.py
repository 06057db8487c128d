"""The same statistics by released packages, each in an environment of its own; run by that environment's Python.

`python peers.py vigipy|open-altio FILE.npz` reads `observed, drug, event, total, zero_expected, zero_weight` and prints
wall and CPU seconds as JSON. What a package cannot compute is printed as the reason instead. It imports nothing of
Primum.

Environments: `uv venv V && uv pip install --python V vigipy==3.5.1`; open-altio 1.0.0 needs Python 3.12 or newer.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np


def seconds(call: Callable[[], Any]) -> tuple[float, float] | str:
    wall, cpu = time.perf_counter(), time.process_time()
    try:
        call()
    except Exception as error:  # noqa: BLE001 - the reason is the figure
        return f"{type(error).__name__}: {error}"[:120]
    return time.perf_counter() - wall, time.process_time() - cpu


def vigipy(given: dict[str, np.ndarray]) -> dict[str, tuple[float, float] | str]:
    import pandas as pd
    from vigipy import BCPNNConfig, bcpnn, gps, prr, ror  # noqa: F401

    rows = len(given["observed"])
    frame = pd.DataFrame(
        {
            "ae_name": [f"E{i}" for i in range(rows)],
            "product_name": [f"D{i}" for i in range(rows)],
            "count_across_brands": given["event"],
            "events": given["observed"],
            "product_aes": given["drug"],
        }
    )
    box = SimpleNamespace(data=frame, N=int(given["total"]), type="binary")
    return {
        "closed": seconds(lambda: (prr(box, min_events=1), ror(box, min_events=1), bcpnn(box, min_events=1))),
        "ebgm": seconds(lambda: gps(box, min_events=1)),
    }


def open_altio(given: dict[str, np.ndarray]) -> dict[str, tuple[float, float] | str]:
    from open_altio.stats import disproportionality, ebgm

    a, total = given["observed"], int(given["total"])
    b, c = given["drug"] - a, given["event"] - a
    d, expected = total - a - b - c, given["drug"] * given["event"] / total

    def closed() -> None:
        for method in (disproportionality.prr, disproportionality.ror, disproportionality.ic):
            method(a, b, c, d)

    def fitted() -> None:
        fit = ebgm.fit_prior(a, expected, given["zero_expected"], given["zero_weight"])
        ebgm.score(fit.prior, a, expected)

    return {"closed": seconds(closed), "ebgm": seconds(fitted)}


if __name__ == "__main__":
    with np.load(sys.argv[2]) as arrays:
        data = {name: arrays[name] for name in arrays.files}
    print(json.dumps({"vigipy": vigipy, "open-altio": open_altio}[sys.argv[1]](data)))

"""What did the trials see? Arms at visits, as counts, checked against the percentages that were printed."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from typing import Literal, get_args

from primum.errors import ModelError

Counts = Literal["printed", "recomputed", "derived", ""]


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmVisit:
    """People of one arm seen at one visit.

    Args:
        product: substance injected; for a placebo arm the substance of the trial.
        endpoint: key of the endpoint; two endpoints are never mixed.
        label: the endpoint in words.
        trial: name of the trial.
        source: id of the source.
        dose_units: units of the product; 0 is placebo.
        day: days since the injection, above 0.
        people: people of the arm; None where the source read does not print it.
        responders: how many responded; None where people is.
        percent: percentage as printed; None where the source prints counts.
        decimals: decimals of the printed percentage.
        counts: `printed`; `recomputed` from a printed percentage and arm size; `derived` where the arm size itself
            follows from what is printed by arithmetic; empty where there are no counts.

    Raises:
        ModelError: counts that no arm can have, or counts that do not give the printed percentage.
    """

    product: str
    endpoint: str
    label: str
    trial: str
    source: str
    dose_units: float
    day: float
    people: int | None
    responders: int | None
    percent: float | None
    decimals: int = 0
    counts: Counts = "printed"

    def __post_init__(self) -> None:
        where = f"{self.trial}, {self.product}, {self.dose_units:g} U, day {self.day:g}"
        if self.counts not in get_args(Counts):
            raise ModelError.of(f'{where}: counts "{self.counts}"', "printed, recomputed or derived, or nothing")
        if self.dose_units < 0 or self.day <= 0:
            raise ModelError.of(f"{where}", "a dose of at least 0 and a day above 0")
        if self.people is None or self.responders is None:
            if self.percent is None or self.people is not self.responders:
                raise ModelError.of(f"{where} without both counts", "people and responders, or a percentage alone")
            return
        if not 0 <= self.responders <= self.people or self.people == 0:
            raise ModelError.of(f"{where}: {self.responders} of {self.people}", "responders between 0 and people")
        if self.percent is not None:
            seen = 100 * self.responders / self.people
            if abs(seen - self.percent) > 0.5 * 10**-self.decimals + 1e-9:
                raise ModelError.of(
                    f"{where}: {self.responders} of {self.people} is {seen:.2f} %, printed {self.percent} %",
                    "counts that give the printed percentage",
                )

    @property
    def counted(self) -> bool:
        """Whether it can be used for fitting."""
        return self.people is not None


def load_observations(file: Traversable) -> tuple[ArmVisit, ...]:
    """Read the table `product,endpoint,label,trial,source,dose_units,day,people,responders,percent,counts,note`.

    Raises:
        ModelError: a row that contradicts itself.
    """
    with file.open("r", encoding="utf-8") as lines:
        return tuple(
            ArmVisit(
                product=row["product"],
                endpoint=row["endpoint"],
                label=row["label"],
                trial=row["trial"],
                source=row["source"],
                dose_units=float(row["dose_units"]),
                day=float(row["day"]),
                people=int(row["people"]) if row["people"] else None,
                responders=int(row["responders"]) if row["responders"] else None,
                percent=float(row["percent"]) if row["percent"] else None,
                decimals=len(row["percent"].partition(".")[2]),
                counts=row["counts"],  # type: ignore[arg-type]  # checked on creation
            )
            for row in csv.DictReader(lines)
        )


def by_endpoint(visits: Sequence[ArmVisit]) -> Mapping[tuple[str, str], tuple[ArmVisit, ...]]:
    """Arm-visits of each product and endpoint, in the order of the table."""
    groups: dict[tuple[str, str], list[ArmVisit]] = {}
    for visit in visits:
        groups.setdefault((visit.product, visit.endpoint), []).append(visit)
    return {key: tuple(group) for key, group in groups.items()}

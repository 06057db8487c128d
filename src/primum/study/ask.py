"""Is this treatment safe? The evidence that ships with the package, and the reports of a store where there is one."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from primum import __version__
from primum.dossier.build import build_dossier
from primum.dossier.model import Dossier
from primum.errors import CohortError
from primum.provenance import Run
from primum.treatments.controls import controls_of
from primum.treatments.load import Treatment, load_treatment
from primum.treatments.vocabulary import installed
from primum.treatments.weights import read_weights, weighed_by

if TYPE_CHECKING:
    from primum.counts.fields import UseRuleSet
    from primum.study.reports import Reports, ReportsAnswer

_COMPUTED_WITH = ("jinja2", "numpy", "scipy")
_COUNTED_WITH = ("duckdb", "ibis-framework")
_COUNTED_ON_SPARK_WITH = ("ibis-framework", "pyspark")


def ask(
    treatment: str | Path | Treatment,
    *,
    store: Path | str | Reports | Literal[False] | None = None,
    engine: str = "duckdb",
    cohort: str | None = None,
    use_rules: UseRuleSet = "all",
    duplicates: str | None = None,
    weights: Path | None = None,
) -> Dossier:
    """The whole answer on a treatment.

    Args:
        treatment: id or alias of a treatment that ships with the package, or the folder of one's own; or a treatment
            that was loaded.
        store: folder of loaded reports, or those that are open, which stay so; None looks in the default place and
            does without where nothing is loaded; False does without in any case.
        engine: `duckdb`, or Spark over exported tables, which `store` then names; see `primum.open`.
        cohort: which of the loaded reports are meant, such as `sex:F received:2014q1..2019q3`; all by default.
        weights: TOML file with a reader's own weights of benefit and harms; see `primum.treatments.weights`.
        use_rules: `strict` tells what reports say a treatment was used for by strong rules alone.
        duplicates: how reports of one event under several case numbers are treated: off, exact or probabilistic; by
            default the best links that the store has.

    Returns:
        The dossier; renderers are in `primum.dossier.render`.

    Raises:
        UnknownNameError: no treatment has that name.
        EvidenceError: its tables hold faults.
        WeightsError: the weights cannot be read, or the treatment has nothing to weigh.
        CohortError: a cohort is named although no reports are loaded.
        LinkError: duplicates by a method that the store was not linked by.
        StoreError: the store that was named holds no reports, or cannot be read.
    """
    about = treatment if isinstance(treatment, Treatment) else load_treatment(treatment)
    weighed = weighed_by(read_weights(weights, about), about) if weights is not None else []
    answer = _reports(about, store, cohort, use_rules, duplicates, engine=engine)
    counted_with = _COUNTED_WITH if engine == "duckdb" else _COUNTED_ON_SPARK_WITH
    run = Run(
        version=__version__,
        command=f"primum ask {about.id}"
        + (f" '{cohort}'" if cohort else "")
        + (f" --weights {weights.name}" if weights else "")
        + (" --use-rules strict" if use_rules == "strict" else "")
        + (f" --duplicates {duplicates}" if duplicates else "")
        + (f" --engine {engine}" if engine != "duckdb" else ""),
        evidence_hash=about.evidence_hash,
        evidence_to=about.evidence_to,
        store_hash=answer.snapshot if answer else None,
        data_cut=answer.data_cut if answer else None,
        packages=_versions(_COMPUTED_WITH + (counted_with if answer else ())),
        synthetic=answer.synthetic if answer else "",
    )
    return build_dossier(about, reports=answer, run=run, weighed=weighed)


def _reports(
    about: Treatment,
    store: Path | str | Reports | Literal[False] | None,
    cohort: str | None,
    use_rules: UseRuleSet,
    duplicates: str | None,
    *,
    engine: str,
) -> ReportsAnswer | None:
    """What the loaded reports of the cohort say.

    None where nothing is loaded and no store was named, or where the treatment brings no names to look for: a folder
    of one's own, with whose words no store was read, or a treatment whose reports are not about drugs.
    """
    from primum.store import exists

    treatment = about.id
    if treatment not in installed():
        if cohort:
            raise CohortError(
                f'Cohort "{cohort}" names reports, but {treatment} brings no drug names (names.csv); leave it out.'
            )
        return None
    if store is False or (store is None and engine == "duckdb" and not exists()):
        if cohort:
            raise CohortError(
                f'Cohort "{cohort}" names reports, but none of this treatment are loaded; leave it out, or load some '
                "with primum load faers --from FOLDER."
            )
        return None
    from primum.study.reports import Reports  # the engine takes half a second to import
    from primum.study.reports import open as open_reports

    with nullcontext(store) if isinstance(store, Reports) else open_reports(store, engine=engine) as reports:
        controls = controls_of(about.tables["controls"])
        return reports.answer(treatment, cohort, use_rules=use_rules, duplicates=duplicates, controls=controls)


def _versions(packages: tuple[str, ...]) -> dict[str, str]:
    from importlib.metadata import version

    return {name: version(name) for name in packages}

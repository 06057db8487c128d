"""What the page asks, as a study file that `primum study` runs to the same numbers."""

from __future__ import annotations

from primum.errors import CohortError
from primum.web.state import State


def study(state: State) -> str:
    """The present state as a study file.

    Raises:
        PrimumError: no treatment and no drug is named, or a cohort cannot be read.
    """
    from primum.counts.cohort import condition, parse
    from primum.treatments.vocabulary import treatment_named

    if not state.what:
        raise CohortError(
            "A study asks about a treatment or a drug; what is empty. Give one, such as what=anti-wrinkle."
        )
    kept = [parse(text) for text in (state.cohort, state.versus)]
    if state.duplicates:
        kept = [one & condition("duplicates", state.duplicates) for one in kept]
    cohort, versus = (str(one) if one != parse("*") else "" for one in kept)
    treatment = treatment_named(state.what)
    about = f"treatment = {_toml(treatment)}" if treatment else f"drug = {_toml(state.what)}"
    thresholds = [f"observed = {state.least}"]
    if "ic" in state.wanted:
        thresholds.append(f"ic_lower = {state.ic_lower}")
    return "\n".join(
        [
            "# Made by the explorer from what was on the page: primum study FILE.toml runs it.",
            f"title = {_toml(f'Reports after {state.what}')}",
            f"question = {_toml(f'Which events stand out among the reports of {state.what}?')}",
            about,
            f"methods = [{', '.join(_toml(name) for name in state.wanted)}]",
            "",
            "[thresholds]",
            *thresholds,
            "",
            "[[analyses]]",
            'id = "primary"',
            'title = "As it stood in the explorer"',
            f"cohort = {_toml(cohort)}",
            f"versus = {_toml(versus if state.versus else '')}",
            "",
        ]
    )


def _toml(text: str) -> str:
    """A text as a basic string of TOML, which is that of JSON but for one control character."""
    import json

    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")

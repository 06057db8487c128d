"""What can go wrong, told to the person who can mend it: what was given, what was expected, what to do.

Every error a user can meet is a `PrimumError`; the command line prints its message as one line and exits with 1.
Each is built by a constructor that is given the facts, so that all messages of one kind read alike.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from pathlib import Path


class PrimumError(Exception):
    """Any fault of input, data or environment that a user can do something about."""


def nearest(given: str, known: Iterable[str]) -> str:
    """The hint that names the nearest spelling, or nothing.

    Examples:
        >>> nearest("anti-wrinkel", ["anti-wrinkle", "dermal-filler"])
        ' Did you mean "anti-wrinkle"?'
        >>> nearest("zzz", ["anti-wrinkle"])
        ''
    """
    by_folded = {name.casefold(): name for name in known}
    close = difflib.get_close_matches(given.casefold(), by_folded, n=1, cutoff=0.5)
    return f' Did you mean "{by_folded[close[0]]}"?' if close else ""


def nearest_of_many(given: str, known: Iterable[str]) -> str:
    """The names most alike, of names too many to list.

    Examples:
        >>> nearest_of_many("botoxx", ["BOTOX", "DYSPORT"])
        'BOTOX'
    """
    folded = {name.casefold(): name for name in known}
    close = [folded[name] for name in difflib.get_close_matches(given.casefold(), folded, n=4, cutoff=0.6)]
    return ", ".join(close) if close else "none alike"


def together(faults: Sequence[str]) -> str:
    """Faults that are told in one message: how many, and each.

    Examples:
        >>> together(["row 2: no dose"]), together(["row 2: no dose", "row 5: no unit"])
        ('1 fault: row 2: no dose', '2 faults: row 2: no dose | row 5: no unit')
    """
    return f"{len(faults)} fault{'s' if len(faults) != 1 else ''}: {' | '.join(faults)}"


class UnknownNameError(PrimumError, KeyError):
    """A name that is not in the list it was looked up in."""

    def __str__(self) -> str:
        return str(self.args[0])  # KeyError would print the quotes of repr

    @classmethod
    def of(cls, kind: str, given: str, known: Iterable[str]) -> UnknownNameError:
        """Build from the kind of thing, the name given and the names that would have worked."""
        names = sorted(known)
        listed = ", ".join(names) if names else "none"
        return cls(f'No {kind} named "{given}".{nearest(given, names)} Known: {listed}.')

    @classmethod
    def not_loaded(cls, kind: str, given: str) -> UnknownNameError:
        """Build from the kind of thing and the number given, where no other number is any nearer."""
        return cls(f'No {kind} "{given}" in the loaded reports. Check the number, or load the quarter that holds it.')

    @classmethod
    def of_several(cls, kind: str, given: str, meant: Iterable[str]) -> UnknownNameError:
        """Build from a number that means more than one thing, and the names that mean one each."""
        return cls(f'More than one {kind} is called "{given}". Say which: {", ".join(sorted(meant))}.')

    @classmethod
    def among_many(cls, kind: str, given: str, known: Iterable[str]) -> UnknownNameError:
        """Build as `of`, but name only the nearest of names too many to list."""
        return cls(f'No {kind} named "{given}"; nearest: {nearest_of_many(given, known)}.')

    @classmethod
    def of_treatment(cls, given: str, treatments: Sequence[str]) -> UnknownNameError:
        """Build from a name that no drug of the store goes by, and the treatments that it tells in a report."""
        asked = " or ".join(treatments)
        return cls(
            f'No drug in the loaded reports named "{given}"; reports that name it are counted with {asked}. '
            f"Ask for {asked}."
        )


class EvidenceError(PrimumError, ValueError):
    """An evidence table that does not hold what its schema or its own numbers say."""

    @classmethod
    def from_faults(cls, folder: str, faults: Sequence[str]) -> EvidenceError:
        """All faults of a folder together; each is `file, row N, column C: given; expected`."""
        return cls(f"Evidence tables in {folder} hold {together(faults)}")

    @classmethod
    def of_count(cls, name: str, given: float, least: int) -> EvidenceError:
        """A number that no count can be."""
        return cls(
            f"{name} is {given:g}; expected a whole number of at least {least}. Check the table it was read from."
        )

    @classmethod
    def more_events_than_people(cls, events: int, n: int) -> EvidenceError:
        """An arm with more people with the event than people."""
        return cls(f"{events} events in {n} people; expected at most {n}. Count people with the event, not episodes.")

    @classmethod
    def of_level(cls, level: float) -> EvidenceError:
        """A level of confidence that is not a probability."""
        return cls(f"Level {level:g}; expected a probability between 0 and 1, such as 0.95.")

    @classmethod
    def not_a_proportion(cls, measure: str, unit: str) -> EvidenceError:
        """Something that cannot be counted per 1,000 people."""
        return cls(f"{measure} has the unit {unit}; expected a proportion. Give the risk difference, not a ratio.")

    @classmethod
    def unknown_method(cls, measure: str, given: str, known: Iterable[str]) -> EvidenceError:
        """A method that a measure does not have."""
        names = sorted(known)
        return cls(f'No method "{given}" for {measure}.{nearest(given, names)} Known: {", ".join(names)}.')

    @classmethod
    def mixed_units(cls, units: Sequence[str]) -> EvidenceError:
        """Doses that cannot stand on one axis."""
        given = " and ".join(units) or "no trial"
        return cls(f"Doses counted in {given}; expected one product's units. Fit each product by itself.")

    @classmethod
    def of_number(cls, name: str, given: float, expected: str) -> EvidenceError:
        """A measured number outside its legal range."""
        return cls(f"{name} is {given:g}; expected {expected}. Check the table it was read from.")


class RuleError(PrimumError, ValueError):
    """A rule of the claim check that cannot be read or has nothing to decide with."""

    @classmethod
    def of(cls, rule: str, given: str, expected: str) -> RuleError:
        """Build from the rule, what was found in it and what would be right."""
        return cls(f'Rule "{rule}": found {given}; expected {expected}.')


class AnswersError(PrimumError, ValueError):
    """Answers to a screening list that cannot be read, or that answer what is not asked."""

    @classmethod
    def from_faults(cls, what: str, faults: Sequence[str]) -> AnswersError:
        """All faults of a set of answers together; each names its question and what was expected."""
        return cls(f"{what}: {together(faults)}")

    @classmethod
    def unreadable(cls, path: str, given: str, kind: str) -> AnswersError:
        """A file that is not the table of answers it should be."""
        return cls(f'{path}: {given}; expected {kind} with one answer a question, such as pregnant = "no".')

    @classmethod
    def nothing_to_ask(cls, treatment: str) -> AnswersError:
        """A treatment without a screening list."""
        return cls(f"{treatment} has no screening list (screening.csv holds no question); ask primum ask {treatment}.")

    @classmethod
    def no_terminal(cls) -> AnswersError:
        """Questions that nobody can be asked."""
        return cls("--screen asks on a terminal, and the input is none; give the answers with --answers FILE.")


class StudyError(PrimumError, ValueError):
    """A study file that cannot be read, or that asks what cannot be asked."""

    @classmethod
    def unreadable(cls, path: str, given: str) -> StudyError:
        """A file that is not TOML."""
        return cls(f"{path}: {given}; expected a study file (TOML). Begin with: primum study --new TREATMENT")

    @classmethod
    def from_faults(cls, path: str, faults: Sequence[str]) -> StudyError:
        """All faults of a file together."""
        return cls(f"{path} holds {together(faults)}")


class SourceError(PrimumError, ValueError):
    """A report file that cannot be read as what it claims to be."""

    @classmethod
    def of(cls, path: str, given: str, expected: str, do: str) -> SourceError:
        """Build from the file, what it holds, what it should hold and what to do."""
        return cls(f"{path}: {given}; expected {expected}. {do}")

    @classmethod
    def no_file(cls, path: Path, expected: str) -> SourceError:
        """Build from a path where no file is, and what file it should be."""
        if path.is_dir():
            return cls.of(str(path), "it is a folder", expected, "Name a file.")
        return cls.of(str(path), "there is no such file", expected, "Check the name.")


class StoreError(PrimumError, RuntimeError):
    """A store that cannot be opened, read or written."""

    @classmethod
    def of(cls, path: str, given: str, do: str) -> StoreError:
        """Build from the store's folder, what was met there and what to do."""
        return cls(f"Store {path}: {given}. {do}")


class OutdatedStoreError(StoreError):
    """A store of an older form that opening it for writing brings up to date."""


class WeightsError(PrimumError, ValueError):
    """Weights that cannot be read, or a treatment without outcomes to weigh."""

    @classmethod
    def from_faults(cls, path: str, faults: Sequence[str]) -> WeightsError:
        """All faults of a file together."""
        return cls(f"{path}: {together(faults)}")

    @classmethod
    def unreadable(cls, path: str, given: str, expected: str) -> WeightsError:
        """A file that cannot be read as weights."""
        return cls(f"{path}: {given}; expected TOML in UTF-8 with {expected}.")

    @classmethod
    def nothing_to_weigh(cls, treatment: str) -> WeightsError:
        """A treatment whose benefit and harms were not counted."""
        return cls(
            f"{treatment} has no benefit and harm with counted arms to weigh (weighed.csv is empty); "
            "leave --weights out."
        )


class CohortError(PrimumError, ValueError):
    """A cohort's text that cannot be read, or a cohort that cannot be counted."""

    @classmethod
    def at(cls, text: str, position: int, given: str, expected: str, hint: str = "") -> CohortError:
        """Build from the whole text, the position of the fault, the word there, what would be right and a hint."""
        return cls(f'Cohort "{text}", position {position + 1}: found {given}; expected {expected}.{hint}')

    @classmethod
    def unknown_name(cls, text: str, position: int, word: str, field: str, known: Iterable[str]) -> CohortError:
        """Build from the whole text, the position of a name that no loaded report knows, its field, what they know."""
        return cls(
            f'Cohort "{text}", position {position + 1}: no {field} named "{word}" in the loaded reports; '
            f"nearest: {nearest_of_many(word, known)}. Correct the name, or load the reports that hold it."
        )

    @classmethod
    def alone(cls, condition: str, expected: str, instead: str) -> CohortError:
        """A condition that needs another beside it."""
        return cls(f"Cohort condition {condition} stands alone; expected beside it {expected}. Write {instead}.")

    @classmethod
    def overlap(cls, cohort: str, comparator: str, shared: int) -> CohortError:
        """Build from a cohort, its comparator and the number of reports in both."""
        reports = "1 report is" if shared == 1 else f"{shared} reports are"
        return cls(
            f"{reports} in both the cohort ({cohort}) and its comparator ({comparator}); expected two groups "
            "without a report in common. Leave one out of the other with ~."
        )

    @classmethod
    def without_terminology(cls, field: str) -> CohortError:
        """Build from a condition on a group of terms where no groups are known."""
        return cls(
            f"Cohort field {field}: no MedDRA folder is in use; expected one, which needs a licence of MSSO. "
            "Name it: primum terms use DIR"
        )

    @classmethod
    def empty(cls, what: str, cohort: str) -> CohortError:
        """Build from the role of a cohort that holds no report, and its text."""
        return cls(f"The {what} ({cohort}) holds no report; expected at least one. Widen it, or load more reports.")

    @classmethod
    def without_reactions(cls, name: str, cohort: str) -> CohortError:
        """Build from a drug that no report with a reaction holds, and the cohort; `primum flow` counts the others."""
        return cls(
            f"The cohort of {name} ({cohort}) holds no report with a reaction; expected at least one. Widen it, or "
            "load more: of MAUDE, patientproblemcode.txt and foidevproblem.txt do. primum flow counts the others."
        )


class LinkError(PrimumError, ValueError):
    """Reports that cannot be linked as asked."""

    @classmethod
    def unknown_method(cls, given: str, known: Iterable[str]) -> LinkError:
        """A method of linking that does not exist."""
        names = list(known)
        return cls(f'No method of linking named "{given}".{nearest(given, names)} Known: {", ".join(names)}.')

    @classmethod
    def of_threshold(cls, given: float) -> LinkError:
        """A threshold that is not a probability."""
        return cls(f"Threshold {given:g}; expected a match probability above 0 and below 1, such as 0.5.")

    @classmethod
    def no_reports(cls, folder: str) -> LinkError:
        """A store without a report that could be linked."""
        return cls(f"Store {folder} holds no current report to link. Load some first: primum load faers --from DIR.")

    @classmethod
    def not_linked(cls, method: str, linked: Iterable[str]) -> LinkError:
        """Duplicates by a method whose links are not there."""
        there = ", ".join(linked) or "nothing"
        return cls(
            f"duplicates:{method} was asked for; this store holds links by {there}. Link it first: primum link "
            f"--methods {method}, or ask with duplicates:off."
        )


class CountError(PrimumError, ValueError):
    """Counts that no set of reports can have."""


class PoolError(PrimumError, ValueError):
    """A table of studies that cannot be pooled as asked."""

    @classmethod
    def from_faults(cls, what: str, faults: Sequence[str]) -> PoolError:
        """All faults of a table together; each names its row, what it holds and what was expected."""
        return cls(f"{what}: {together(faults)}")

    @classmethod
    def unreadable(cls, path: str, given: str) -> PoolError:
        """A file that cannot be read as a table."""
        return cls(f"{path}: {given}; expected a CSV file in UTF-8 with a header line and one study a row.")

    @classmethod
    def nothing_takes(cls, option: str, methods: Iterable[str]) -> PoolError:
        """An option that none of the methods asked for uses."""
        return cls(f"{option} is used by {', '.join(methods)} alone; leave it out, or ask for one of these.")

    @classmethod
    def too_few(cls, studies: int) -> PoolError:
        """A table with nothing to pool."""
        given = "one study" if studies == 1 else "no study"
        return cls(f"The table holds {given}; expected at least two to pool. Add studies, or quote the one by itself.")

    @classmethod
    def too_few_to_leave_one_out(cls, studies: int) -> PoolError:
        """A table from which no study can be left out."""
        return cls(f"Leaving one of {studies} studies out leaves nothing to pool; expected at least three studies.")

    @classmethod
    def wrong_table(cls, measure: str, expected: str, given: str) -> PoolError:
        """A kind of table that a measure cannot be computed from."""
        return cls(f"{measure} needs a table of kind {expected}; given {given}. See primum.evidence.pooling.columns().")

    @classmethod
    def not_in_network(cls, given: str, joined: Iterable[str]) -> PoolError:
        """A treatment that no chain of trials joins to the others."""
        return cls(f"{given} is joined by no trial to {', '.join(joined)}; expected one network. Leave it out.")

    @classmethod
    def not_for_measure(cls, method: str, measure: str, known: Iterable[str]) -> PoolError:
        """An estimator that does not exist for a measure."""
        return cls(f"Method {method} does not pool {measure}; for {measure} take one of {', '.join(known)}.")


class ModelError(PrimumError, ValueError):
    """A question put to the dose-effect model in terms it does not have."""

    @classmethod
    def of(cls, given: str, expected: str) -> ModelError:
        """Build from what was given and what the model takes."""
        return cls(f"The dose-effect model was given: {given}; expected {expected}.")


class OutputError(PrimumError, OSError):
    """A file that cannot be written."""

    @classmethod
    def of(cls, path: str, given: str, do: str) -> OutputError:
        """Build from the path, what was met there and what to do."""
        return cls(f"Cannot write {path}: {given}. {do}")


class ReferenceSetError(PrimumError, ValueError):
    """A reference set that cannot be read or says nothing about the loaded reports."""

    @classmethod
    def of(cls, path: str, given: str, expected: str, do: str) -> ReferenceSetError:
        """Build from the file, what it holds, what it should hold and what to do."""
        return cls(f"{path}: {given}; expected {expected}. {do}")


class MissingExtraError(PrimumError, ImportError):
    """An optional part of Primum that is not installed."""

    @classmethod
    def of(cls, what: str, extra: str) -> MissingExtraError:
        """Build from what was asked for and the extra that brings it."""
        return cls(f'{what} needs packages that are not installed. Install them: pip install "primum[{extra}]".')

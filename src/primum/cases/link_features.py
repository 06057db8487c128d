"""What of each report is compared, when two reports are asked to be one event?

One row a current report, made once for a run of linking: dates with what is known of them, the person, the sender's
number and the article in a spelling that can be compared, and the drugs and reactions as lists of numbers. A number
holds how rare its term is (`bits`, minus the logarithm to base 2 of the share of reports that hold it), because a rare
term shared by two reports says more than a frequent one. The frequencies are those the model was made with (table
`link_terms`), so that reports loaded later change nothing about earlier ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from primum.cases.latest import FIRST_FAERS_QUARTER
from primum.store import schema
from primum.vocab.reactions import pooled

if TYPE_CHECKING:
    import ibis

    from primum.store.engine import Engine
    from primum.terms import IntArray

FEATURES: Final = "report_features"
KINDS: Final = ("drug", "reaction", "country")  # of terms whose frequency counts
REPORTS_AT_ONCE: Final = 2_000_000
MOST_BITS: Final = 30
SPAN: Final = 2**26  # numbers of terms; above them stands MOST_BITS - bits, so that the rarest term comes first
LISTED: Final = 40  # drugs, and reactions, of a report that are compared: its rarest
SHORTEST_NUMBER: Final = 8  # letters and digits below which a sender's number names too many cases
SHORTEST_ARTICLE: Final = 20


def article_key(reference: str) -> str | None:
    """An article by its longest sentence in letters and digits, mostly its title, whoever spells authors and journal.

    Returns:
        None where it is too short to tell one article from another.

    Examples:
        >>> article_key("DOE J, ROE R.. EYELID PTOSIS AFTER AN INJECTION. J TEST MED. 2016;10:35-7")
        'EYELIDPTOSISAFTERANINJECTION'
        >>> article_key("Doe J.  Eyelid ptosis after an injection.. Journal of test medicine 2016; 10 (1): 35-37.")
        'EYELIDPTOSISAFTERANINJECTION'
        >>> article_key("Unpublished.")
    """
    sentences = (re.sub(r"[^A-Z0-9]", "", part) for part in re.split(r"[.;]", reference.upper()))
    longest = max(sentences, key=len, default="")
    return longest if len(longest) >= SHORTEST_ARTICLE else None


def bits(share: Any) -> Any:
    """How many bits a term tells that a share of all reports holds: minus log2, a whole number up to MOST_BITS.

    Examples:
        >>> bits(np.array([1, 0.5, 0.01, 1e-12])).tolist()
        [0, 1, 6, 30]
    """
    return np.clip(np.floor(-np.log2(share)), 0, MOST_BITS).astype(np.int64)


def term_counts(kind: str) -> ibis.Table:
    """How many rows of current reports hold each term: `term, reports`. `kind` is drug, reaction or country."""
    import ibis

    current = _current()
    if kind == "country":
        reports = schema.table("reports").semi_join(current, "report_key")
        rows = reports.select(term=ibis.coalesce(reports.occurrence_country, reports.reporter_country))
    elif kind == "reaction":
        reactions = schema.table("reactions").semi_join(current, "report_key")
        rows = reactions.select(term=pooled(reactions.term))
    else:
        names, drugs = _substances(), schema.table("drugs_in_report").semi_join(current, "report_key")
        texts = drugs.group_by("drugname", "active_ingredient").agg(rows_there=drugs.count())
        named = texts.join(names, _same_name(texts, names))
        found = named.group_by(term=named.substance).agg(reports=named.rows_there.sum().cast("int64"))
        return found.filter(found.term.notnull()).order_by("term")
    found = rows.filter(rows.term.notnull()).group_by("term").agg(reports=lambda t: t.count())
    return found.order_by("term")


def stage_features(bench: Engine, terms: dict[str, dict[str, int]], *, frozen_reports: int) -> ibis.Table:
    """Make the table of features in a workshop.

    Args:
        bench: a workshop of the store's engine.
        terms: reports of each term, by kind, as the model knows them; a term it does not know counts as the rarest.
        frozen_reports: reports that these counts were made of.

    Returns:
        The staged table, one row a current report.
    """
    codes = {kind: _stage_codes(bench, kind, terms[kind], frozen_reports) for kind in ("drug", "reaction")}
    common = [t for t, n in terms["country"].items() if -np.log2(n / max(frozen_reports, 1)) < COMMON_COUNTRY_BITS]
    _stage_articles(bench)
    keys = np.sort(bench.run(_current().select("report_key"))["report_key"].astype(np.int64))
    made: ibis.Table | None = None
    for first, last in _ranges(keys):
        rows = _features(first, last, codes, common)
        if made is None:
            made = bench.stage_expression(FEATURES, rows)
        else:
            bench.insert(FEATURES, rows)
    for name in ("drug_terms", "reaction_terms", "drug_texts", "article_keys"):
        bench.unstage(name)
    return made if made is not None else bench.stage_expression(FEATURES, _features(0, 0, codes, common))


COMMON_COUNTRY_BITS: Final = 4.0  # a country of more than a sixteenth of the reports tells little


def _ranges(keys: IntArray) -> Iterator[tuple[int, int]]:
    for place in range(0, len(keys), REPORTS_AT_ONCE):
        some = keys[place : place + REPORTS_AT_ONCE]
        yield int(some[0]), int(some[-1])


def _current() -> ibis.Table:
    current = schema.table("current_reports")
    return current.filter(current.current).select("report_key")


def _substances() -> ibis.Table:
    names, substances = schema.table("drug_names"), schema.table("drug_substances")
    return names.join(substances, "name_key").select("drugname", "active_ingredient", "substance").distinct()


def _same_name(rows: ibis.Table, names: ibis.Table) -> list[Any]:
    return [rows.drugname.identical_to(names.drugname), rows.active_ingredient.identical_to(names.active_ingredient)]


def _stage_codes(bench: Engine, kind: str, known: dict[str, int], frozen_reports: int) -> ibis.Table:
    """The number of each term that occurs now: its rarity above, its place in the order of the texts below."""
    import ibis

    present = [str(row[0]) for row in bench.rows(term_counts(kind).select("term"))]
    counts = np.array([known.get(term, 1) for term in present], dtype=np.float64)
    rarity = bits(np.minimum(counts / max(frozen_reports, 1), 1.0)) if present else np.zeros(0, dtype=np.int64)
    number = ((MOST_BITS - rarity) * SPAN + np.arange(len(present)) % SPAN).astype(np.int32)
    texts = np.empty(len(present), dtype=object)
    texts[:] = present
    staged = bench.stage(f"{kind}_terms", {"term": texts, "number": number})
    if kind == "reaction":
        return staged
    names = _substances()
    coded = names.join(staged, names.substance == staged.term)
    # One row a spelling: 100 million drug rows are joined with these, not with their texts.
    lists = coded.group_by("drugname", "active_ingredient").agg(numbers=coded.number.collect(distinct=True))
    lists = bench.stage_expression("drug_texts", lists.mutate(numbers=lists.numbers.cast("array<int32>")))
    assert isinstance(lists, ibis.Table)
    return lists


def _stage_articles(bench: Engine) -> None:
    reports = schema.table("reports")
    told = reports.filter(reports.literature_reference.notnull()).select("literature_reference").distinct()
    texts = [str(row[0]) for row in bench.rows(told.order_by("literature_reference"))]
    keys = np.empty(len(texts), dtype=object)
    keys[:] = [article_key(text) for text in texts]
    given = np.empty(len(texts), dtype=object)
    given[:] = texts
    bench.stage("article_keys", {"reference": given, "article": keys})


def _features(first: int, last: int, codes: dict[str, ibis.Table], common: list[str]) -> ibis.Table:
    """Features of the current reports whose keys lie between two keys."""
    import ibis

    reports = schema.table("reports")
    reports = reports.filter(reports.report_key.between(first, last)).semi_join(_current(), "report_key")
    drugs = _lists(_drug_numbers(first, last, codes["drug"]), "drugs")
    reactions = _lists(_reaction_numbers(first, last, codes["reaction"]), "reactions")
    articles = ibis.table({"reference": "string", "article": "string"}, name="article_keys")
    joined = reports
    for other, key, its in (
        (drugs, "report_key", "drugs_key"),
        (reactions, "report_key", "reactions_key"),
        (articles, "literature_reference", "reference"),
    ):
        joined = joined.left_join(other, joined[key] == other[its])
    country = ibis.coalesce(joined.occurrence_country, joined.reporter_country)
    number = joined.manufacturer_number.upper().re_replace("[^A-Z0-9]", "")
    return joined.select(
        "report_key",
        # Dates completed by whoever typed them: 1 January says no more than the year, and before 2012q4, when FDA
        # completed all of them, the first of a month no more than the month.
        event_date=joined.event_date,
        event_known=ibis.cases(
            (joined.event_date.isnull(), ibis.null("string")),
            ((joined.event_date.month() == 1) & (joined.event_date.day() == 1), "Y"),
            ((joined.event_date.day() == 1) & (joined.quarter < FIRST_FAERS_QUARTER), "M"),
            else_=joined.event_date_precision,
        ),
        received=ibis.coalesce(joined.first_received_date, joined.received_date),
        age=joined.age_years,
        sex=joined.sex,
        country=country,
        country_common=country.isin(common) if common else ibis.literal(False),
        weight=joined.weight_kg,
        sender=joined.sender.upper(),
        number=ibis.ifelse(number.length() >= SHORTEST_NUMBER, number, ibis.null("string")),
        article=joined.article,
        drugs=joined.drugs,
        reactions=joined.reactions,
        filled=joined.fields_filled.fill_null(0).cast("int32")
        + joined.drugs.length().fill_null(0).cast("int32")
        + joined.reactions.length().fill_null(0).cast("int32"),
    )


def _drug_numbers(first: int, last: int, texts: ibis.Table) -> ibis.Table:
    rows = schema.table("drugs_in_report")
    rows = rows.filter(rows.report_key.between(first, last), rows.role.fill_null("") != "DN")
    return rows.join(texts, _same_name(rows, texts)).select("report_key", number=texts.numbers.unnest())


def _reaction_numbers(first: int, last: int, codes: ibis.Table) -> ibis.Table:
    rows = schema.table("reactions")
    rows = rows.filter(rows.report_key.between(first, last)).select("report_key", term=pooled(rows.term))
    return rows.join(codes, "term").select("report_key", "number")


def _lists(rows: ibis.Table, name: str) -> ibis.Table:
    """The numbers of each report in order, the rarest first."""
    listed = rows.group_by(**{f"{name}_key": rows.report_key}).agg(numbers=rows.number.collect(distinct=True).sort())
    return listed.select(f"{name}_key", **{name: listed.numbers[:LISTED].cast("array<int32>")})

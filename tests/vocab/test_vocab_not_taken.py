"""What a list of names says and must not be taken from it; every term, code and release here is SYNTHETIC."""

from __future__ import annotations

from pathlib import Path

from primum.testing.terminology import row, write_meddra
from primum.treatments.vocabulary import vocabularies
from primum.vocab.drugs import map_name
from primum.vocab.learned import Learned, learn
from primum.vocab.meddra import read_meddra
from primum.vocab.rxnorm import read_rxnorm

TABLES = [words.names for words in vocabularies()]
KNEES = {"WOBBLY KNEE", "KNEE THAT WOBBLES"}


def test_a_member_that_a_query_no_longer_has_is_not_counted(tmp_path: Path) -> None:
    path = write_meddra(tmp_path) / "MedAscii" / "smq_content.asc"
    for status, counted in (("I", KNEES), ("A", {*KNEES, "HUMMING EAR"})):
        before = path.read_text()
        path.write_text(before + row("91000003", "90000003", "4", "2", "A", "0", status, "99.1", "99.1", of=9))
        assert read_meddra(tmp_path).groups["smq", "ODDEST KNEES"] == counted
        path.write_text(before)


def test_a_lowest_term_with_the_name_of_another_preferred_term_is_not_taken_into_a_group(tmp_path: Path) -> None:
    path = write_meddra(tmp_path) / "MedAscii" / "llt.asc"
    path.write_text(path.read_text() + row("90000012", "Green elbow", "90000001", of=11))
    groups = read_meddra(tmp_path).groups
    assert groups["hlt", "GAIT ODD"] == KNEES
    assert groups["hlt", "JOINTS ODD"] == {*KNEES, "GREEN ELBOW"}


def concept(number: str, kind: str, name: str) -> str:
    fields = [number, "ENG", *[""] * 9, "RXNORM", kind, number, name, "", "N", ""]
    return "|".join(fields) + "|\n"


def relation(one: str, name: str, other: str, back: str, *, suppressed: str = "N") -> str:
    """Two rows, one a direction."""
    both = ((one, name, other), (other, back, one))
    rows = (
        [a, "", "CUI", "RN", b, "", "CUI", told, "", "", "RXNORM", "", "", "", suppressed, ""] for a, told, b in both
    )
    return "".join("|".join(fields) + "|\n" for fields in rows)


def test_rxnorm_takes_no_suppressed_relation_and_of_several_combinations_none(tmp_path: Path) -> None:
    names = {"1": "alphadine", "2": "betazole", "3": "gammaline"}
    concepts = [concept(number, "IN", name) for number, name in names.items()]
    concepts += [concept("4", "MIN", "alphadine / betazole"), concept("5", "MIN", "alphadine / gammaline")]
    concepts += [concept(str(6 + n), "BN", name) for n, name in enumerate(("Onebrand", "Manybrand", "Oldbrand"))]
    relations = [
        relation(one, "part_of", mix, "has_part") for one, mix in (("1", "4"), ("2", "4"), ("1", "5"), ("3", "5"))
    ]
    relations += [
        relation(mix, "tradename_of", brand, "has_tradename") for mix, brand in (("4", "6"), ("4", "7"), ("5", "7"))
    ]
    relations += [relation("1", "tradename_of", "8", "has_tradename", suppressed="O")]
    (tmp_path / "RXNCONSO.RRF").write_text("".join(concepts))
    (tmp_path / "RXNREL.RRF").write_text("".join(relations))
    found = read_rxnorm(tmp_path)
    assert {meaning.substance for meaning in found.find("ONEBRAND")} == {"ALPHADINE", "BETAZOLE"}
    assert found.find("MANYBRAND") == ()
    assert found.find("OLDBRAND") == ()


def test_a_name_that_was_only_learned_is_no_product_of_a_treatment() -> None:
    learned = {"SMOOTHEX": Learned("ONABOTULINUMTOXINA", 1.0, 9), "PLAINEX": Learned("SIMVASTATIN", 1.0, 9)}
    (found,) = map_name("Smoothex", None, tables=TABLES, learned=learned)
    assert (found.substance, found.treatment, found.product) == ("onabotulinumtoxinA", "anti-wrinkle", None)
    (other,) = map_name("Plainex", None, tables=TABLES, learned=learned)
    assert (other.substance, other.treatment, other.product) == ("SIMVASTATIN", None, "PLAINEX")


def test_four_of_five_rows_and_three_rows_teach_a_name_and_fewer_do_not() -> None:
    assert learn([("X", "A", 4), ("X", "B", 1)]) == {"X": Learned("A", 0.8, 5)}
    assert learn([("X", "A", 79), ("X", "B", 21)]) == {}
    assert learn([("X", "A", 3)]) == {"X": Learned("A", 1.0, 3)}
    assert learn([("X", "A", 2)]) == {}

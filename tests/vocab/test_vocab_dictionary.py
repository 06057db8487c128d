"""Dictionaries that a user gives: read whole or refused, and where they stand among the rules."""

from __future__ import annotations

from pathlib import Path

import pytest

from primum.errors import SourceError
from primum.treatments.vocabulary import vocabularies
from primum.vocab.dictionary import Dictionary, Meaning, read_dictionary
from primum.vocab.drugs import UNMAPPED, map_name
from primum.vocab.learned import Learned

TABLES = [words.names for words in vocabularies()]


def concept(number: str, kind: str, name: str, *, language: str = "ENG", suppressed: str = "N") -> str:
    """A row of RXNCONSO.RRF with SYNTHETIC content: 18 fields, each closed by a bar."""
    fields = [number, language, "", "", "", "", "", "", "", "", "", "RXNORM", kind, number, name, "", suppressed, ""]
    return "|".join(fields) + "|\n"


def relation(one: str, name: str, other: str, back: str) -> str:
    """Two rows of RXNREL.RRF, one a direction: 16 fields."""
    rows = ""
    for first, told, second in ((one, name, other), (other, back, one)):
        fields = [first, "", "CUI", "RN", second, "", "CUI", told, "", "", "RXNORM", "", "", "", "N", ""]
        rows += "|".join(fields) + "|\n"
    return rows


CONCEPTS = (
    concept("1", "IN", "alphadine")
    + concept("2", "IN", "betazole")
    + concept("3", "BN", "Alphabrand")
    + concept("4", "BN", "Bothbrand")
    + concept("5", "MIN", "alphadine / betazole")
    + concept("6", "PIN", "alphadine hydrochloride")
    + concept("1", "SY", "alphadinum")
    + concept("7", "BN", "Soldagain")
    + concept("8", "BN", "Soldagain")
    + concept("9", "BN", "Oldbrand", suppressed="O")
    + concept("1", "SY", "alfadina", language="SPA")
)
RELATIONS = (
    relation("1", "tradename_of", "3", "has_tradename")
    + relation("5", "tradename_of", "4", "has_tradename")
    + relation("1", "part_of", "5", "has_part")
    + relation("2", "part_of", "5", "has_part")
    + relation("1", "form_of", "6", "has_form")
    + relation("1", "tradename_of", "7", "has_tradename")
    + relation("2", "tradename_of", "8", "has_tradename")
    + relation("1", "tradename_of", "9", "has_tradename")
)


@pytest.fixture
def rxnorm(tmp_path: Path) -> Path:
    """An invented release: every concept, number and relation is SYNTHETIC."""
    folder = tmp_path / "rrf"
    folder.mkdir()
    (folder / "RXNCONSO.RRF").write_text(CONCEPTS)
    (folder / "RXNREL.RRF").write_text(RELATIONS)
    sab = ["", "", "RXNORM_00AA", "RXNORM", "RxNorm", "RXN", "00AA_000000F", "", ""]
    (folder / "RXNSAB.RRF").write_text("|".join(sab) + "|\n")
    return tmp_path


def written(folder: Path, text: str, name: str = "mine.csv") -> Path:
    (folder / name).write_text(text)
    return folder / name


def test_a_csv_names_substances_and_products(tmp_path: Path) -> None:
    found = read_dictionary(written(tmp_path, "name,substance,product\nBrandx 5 mg,ALPHADINE,Brandx\nmix,A\\B,\n"))
    assert found.find("BRANDX") == (Meaning("ALPHADINE", "BRANDX"),)
    assert found.find("MIX") == (Meaning("A"), Meaning("B"))
    assert (found.format, found.is_reference, len(found.sha256)) == ("csv", False, 64)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("name,substance\nX,A\nx.,B\n", 'row 3: "X" is B there and A in a row before; expected one meaning a name'),
        ("name,substance,product\nX,A,\nX,A,Y\n", r'row 3: "X" is A \(Y\) there and A in a row before'),
        ("drug,substance\nX,A\n", "header drug,substance; expected name,substance"),
        ("name,substance\nX,\n", "row 2 has no name or no substance"),
        ("name,substance\nX,A,B\n", "row 2 has no name or no substance"),
        ('name,substance\nX,"A\n', "row .*: unexpected end of data"),
        ("name,substance\n", "it holds no name"),
    ],
)
def test_a_faulty_csv_is_refused_with_its_row(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(SourceError, match=told):
        read_dictionary(written(tmp_path, text))


def test_a_file_that_is_not_there_or_no_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no such file or folder"):
        read_dictionary(tmp_path / "none.csv")
    (tmp_path / "odd.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SourceError, match="not text in UTF-8"):
        read_dictionary(tmp_path / "odd.csv")


UNII = "Name\tTYPE\tUNII\tDisplay Name\n"


def test_a_unii_list_leaves_out_a_name_of_two_substances_and_says_how_many(tmp_path: Path) -> None:
    rows = "ALFADIN\tcn\t1\tALPHADINE\nTWICE\tcn\t1\tALPHADINE\nTWICE\tcn\t2\tBETAZOLE\n"
    found = read_dictionary(written(tmp_path, UNII + rows, "UNII_Names.txt"))
    assert (found.find("ALFADIN"), found.find("TWICE"), found.left_out) == ((Meaning("ALPHADINE"),), (), 1)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Name\tUNII\nA\t1\n", "no column display name"),
        (UNII + "ALFADIN\tcn\t1\n", "line 2 has 3 fields; expected 4"),
    ],
)
def test_a_unii_list_that_is_not_whole_is_refused(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(SourceError, match=told):
        read_dictionary(written(tmp_path, text, "UNII_Names.txt"))


def test_rxnorm_leads_from_a_name_to_its_ingredients(rxnorm: Path) -> None:
    found = read_dictionary(rxnorm)
    assert (found.format, found.version, found.is_reference) == ("rxnorm", "00AA_000000F", True)
    assert found.find("ALPHABRAND") == (Meaning("ALPHADINE", "ALPHABRAND"),)
    assert found.find("BOTHBRAND") == (Meaning("ALPHADINE", "BOTHBRAND"), Meaning("BETAZOLE", "BOTHBRAND"))
    assert found.find("ALPHADINUM") == found.find("ALPHADINE HYDROCHLORIDE") == (Meaning("ALPHADINE"),)


def test_rxnorm_leaves_out_suppressed_foreign_and_ambiguous_names(rxnorm: Path) -> None:
    found = read_dictionary(rxnorm)
    assert found.find("OLDBRAND") == found.find("ALFADINA") == found.find("SOLDAGAIN") == ()
    assert found.left_out == 1


def test_an_rxnorm_file_cut_anywhere_is_refused(rxnorm: Path) -> None:
    for name, text in (("RXNCONSO.RRF", CONCEPTS), ("RXNREL.RRF", RELATIONS)):
        for end in range(5, len(text), 37):
            (rxnorm / "rrf" / name).write_text(text[:end])
            with pytest.raises(SourceError, match="RXN"):
                read_dictionary(rxnorm)
        (rxnorm / "rrf" / name).write_text(text)
    lines = RELATIONS.splitlines(keepends=True)
    half = sorted(lines, key=lambda line: int(line.split("|")[0]))[: len(lines) // 2]
    (rxnorm / "rrf" / "RXNREL.RRF").write_text("".join(half))  # cut between two lines
    with pytest.raises(SourceError, match="stand in one direction only; expected a whole file"):
        read_dictionary(rxnorm)


def test_a_folder_without_one_of_the_two_files_is_refused(rxnorm: Path) -> None:
    (rxnorm / "rrf" / "RXNREL.RRF").unlink()
    (rxnorm / "empty").mkdir()
    with pytest.raises(SourceError, match=r"no RXNREL\.RRF"):
        read_dictionary(rxnorm)
    with pytest.raises(SourceError, match=r"no RXNCONSO\.RRF"):
        read_dictionary(rxnorm / "empty")


def made(form: str, name: str, substance: str) -> Dictionary:
    return Dictionary(f"SYNTHETIC.{form}", form, "", "ab" * 32, {name: (Meaning(substance),)})  # type: ignore[arg-type]


LEARNED = {"BRANDX": Learned("LEARNEDINE", 0.9, 10)}


def test_the_coded_ingredient_comes_before_every_dictionary() -> None:
    (mapping,) = map_name("BRANDX", "CODEDINE", dictionaries=[made("csv", "BRANDX", "OTHERINE")])
    assert (mapping.substance, mapping.method) == ("CODEDINE", "active ingredient")


def test_ones_own_dictionary_comes_before_what_was_learned_and_a_reference_list_behind_it() -> None:
    own, reference = made("csv", "BRANDX", "OWNINE"), made("rxnorm", "BRANDX", "LISTINE")
    (first,) = map_name("Brandx", None, learned=LEARNED, dictionaries=[reference, own])
    (second,) = map_name("Brandx", None, learned=LEARNED, dictionaries=[reference])
    (third,) = map_name("Brandx", None, dictionaries=[reference])
    assert [m.substance for m in (first, second, third)] == ["OWNINE", "LEARNEDINE", "LISTINE"]
    assert (first.method, first.version) == ("csv SYNTHETIC.csv", "ab" * 6)
    assert (second.method, second.share, second.support) == ("learned", 0.9, 10)


def test_of_a_field_with_two_names_each_is_looked_up() -> None:
    found = map_name("BRANDX 5 MG; BRANDZ", None, dictionaries=[made("csv", "BRANDX", "OWNINE")])
    assert [(m.substance, m.method) for m in found] == [("OWNINE", "csv SYNTHETIC.csv"), ("BRANDZ", UNMAPPED)]


def test_a_name_learned_to_be_a_toxin_is_mapped_into_its_treatment() -> None:
    learned = {"BTX": Learned("ONABOTULINUMTOXINA", 0.95, 40)}
    (mapping,) = map_name("BTX", None, tables=TABLES, learned=learned)
    assert (mapping.substance, mapping.treatment, mapping.method) == ("onabotulinumtoxinA", "anti-wrinkle", "learned")


def test_a_product_of_a_treatment_that_only_a_dictionary_knows_keeps_its_name() -> None:
    meaning = {"NEWTOX": (Meaning("ONABOTULINUMTOXINA", "NEWTOX"),)}
    own = Dictionary("SYNTHETIC.csv", "csv", "", "ab" * 32, meaning)
    (mapping,) = map_name("Newtox 50 units", None, tables=TABLES, dictionaries=[own])
    assert (mapping.substance, mapping.product, mapping.treatment) == ("onabotulinumtoxinA", "NEWTOX", "anti-wrinkle")


FALSE_FRIENDS = [
    "BOTULISM ANTITOXIN",
    "BOTULISM IMMUNE GLOBULIN",
    "GASPORT",
    "DISPORAL",
    "BONADEA",
    "COLCHICUM DISPERT",
]


@pytest.mark.parametrize("name", FALSE_FRIENDS)
def test_no_dictionary_and_no_majority_makes_a_false_friend_a_toxin(name: str) -> None:
    wrong = made("rxnorm", name, "ONABOTULINUMTOXINA")
    for given in ({"dictionaries": [wrong]}, {"learned": {name: Learned("ABOBOTULINUMTOXINA", 1.0, 99)}}):
        (mapping,) = map_name(name, None, tables=TABLES, **given)  # type: ignore[arg-type]
        assert (mapping.treatment, mapping.method) == (None, UNMAPPED)


@pytest.mark.parametrize("name", ["BOTX", "DYSPRT", "XEOMINE", "BOTULIN", "DISPORT", "JUVEAU"])
def test_a_name_that_is_nearly_a_toxin_is_not_one(name: str) -> None:
    (mapping,) = map_name(name, None, tables=TABLES)
    assert (mapping.substance, mapping.method, mapping.treatment) == (name, UNMAPPED, None)

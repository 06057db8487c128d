"""Drug names: what is found, what is kept apart, what is never taken for a toxin."""

from __future__ import annotations

import csv
import gzip
import string
import zipfile
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from primum.errors import EvidenceError
from primum.treatments.vocabulary import vocabulary
from primum.vocab.cleaning import clean, ingredients
from primum.vocab.drugs import AMBIGUOUS, UNMAPPED, map_name
from primum.vocab.learned import learn
from primum.vocab.names import name_table

TABLES = [vocabulary("anti-wrinkle").names]
TYPE_A = "botulinum toxin type A (product unknown)"
ANY_TYPE = "botulinum toxin (serotype unknown)"

# Every botulinum string of the real 2022q3 table and of the 2017q2 sample, and those of SPEC 8.2 seen in FAERS.
FOUND = {
    "Botox": ("onabotulinumtoxinA", "BOTOX"),
    "Botox cosmetic": ("onabotulinumtoxinA", "BOTOX COSMETIC"),
    "Botulinum toxin nos": (ANY_TYPE, None),
    "Botulinum toxin type a": (TYPE_A, None),
    "Dysport": ("abobotulinumtoxinA", "DYSPORT"),
    "Jeuveau": ("prabotulinumtoxinA", "JEUVEAU"),
    "Myobloc": ("rimabotulinumtoxinB", "MYOBLOC"),
    "Neurobloc": ("rimabotulinumtoxinB", "NEUROBLOC"),
    "Rimabotulinumtoxinb": ("rimabotulinumtoxinB", None),
    "Vistabel": ("onabotulinumtoxinA", "VISTABEL"),
    "Xeomin": ("incobotulinumtoxinA", "XEOMIN"),
    "BOTOX (BOTULINUM TOXIN TYPE A) (INJECTION) (BOTULINUM TOXIN TYPE A)": ("onabotulinumtoxinA", "BOTOX"),
    "botox 200 units,": ("onabotulinumtoxinA", "BOTOX"),
    "BOTOX 200 ALLERGAN INTRAMUSCULAR   POWDER FOR INJECTION": ("onabotulinumtoxinA", "BOTOX"),
    "BOTOX THERAPEUTIC Q 6 MONTHS": ("onabotulinumtoxinA", "BOTOX"),
    "BUTALBITAL-ACETAMINOPHEN-CAFFE BOTOX": ("onabotulinumtoxinA", "BOTOX"),
    "ONABOTULINUMTOXINA    SUSPENSION FOR INJECTION": ("onabotulinumtoxinA", None),
    "BOTULINUM NEUROTOXIN A": (TYPE_A, None),
    "BOTULINUM TOXIN INJECTIONS": (ANY_TYPE, None),
    "BOTULINUM TOXIN TYPE A Unknown   INJECTION": (TYPE_A, None),
    "MYOBLOC IM": ("rimabotulinumtoxinB", "MYOBLOC"),
    "BOTULINUM TOXIN TYPE B": ("rimabotulinumtoxinB", None),
    "ABOBOTULINUMTOXINA": ("abobotulinumtoxinA", None),
    "ボトックス注用100単位": ("onabotulinumtoxinA", "BOTOX"),  # from here on as reports of Japan print them
    "ボトックスビスタ注用50単位": ("onabotulinumtoxinA", "BOTOX COSMETIC"),
    "ゼオマイン筋注用100単位": ("incobotulinumtoxinA", "XEOMIN"),
    "ナーブロック筋注2500単位": ("rimabotulinumtoxinB", "NEUROBLOC"),
    "A型ボツリヌス毒素": (TYPE_A, None),
    "B型ボツリヌス毒素": ("rimabotulinumtoxinB", None),
}
FALSE_FRIENDS = [
    "BOTULISM ANTITOXIN",
    "BOTULISM IMMUNE GLOBULIN",
    "BOTULINUM NEUROTOXIN A IMMUNE FAB2, EQUINE",
    "COLCHICUM DISPERT",
    "GASPORT",
    "DISPORAL",
    "BONADEA",
    "BONNA",
    "IOSCAN",
    "Evista",
    "Vistaril",
    "Botulism",
]


@pytest.mark.parametrize(("name", "meaning"), FOUND.items())
def test_every_observed_toxin_name_is_found_with_its_product(name: str, meaning: tuple[str, str | None]) -> None:
    (mapping,) = map_name(name, None, tables=TABLES)
    assert (mapping.substance, mapping.product, mapping.treatment) == (*meaning, "anti-wrinkle")


@pytest.mark.parametrize("name", FALSE_FRIENDS)
def test_a_false_friend_is_never_a_toxin(name: str) -> None:
    assert {mapping.treatment for mapping in map_name(name, None, tables=TABLES)} == {None}


def test_every_name_listed_for_the_formats_is_told_as_the_list_tells_it(shared: Path) -> None:
    with (shared / "formats" / "csv" / "botulinum_names.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) > 60
    for row in rows:
        treatments = {mapping.treatment for mapping in map_name(row["string"], None, tables=TABLES)}
        assert treatments == ({None} if row["kind"].startswith("FALSE FRIEND") else {"anti-wrinkle"}), row["string"]


def test_the_real_2022q3_table_holds_the_toxin_names_known_and_no_other(shared: Path) -> None:
    path = shared / "data" / "faers_2022q3_primary_suspect.csv.gz"
    with gzip.open(path, "rt", encoding="utf-8") as file:
        names = {row["DRUG"] for row in csv.DictReader(file)}
    found = {name for name in names if map_name(name, None, tables=TABLES)[0].treatment}
    assert found == set(list(FOUND)[:11])


def test_the_real_samples_hold_dysport_and_no_other_toxin(shared: Path) -> None:
    found = set()
    for name in ("aers_ascii_2004q1", "faers_ascii_2017q2"):
        with zipfile.ZipFile(shared / "data" / f"{name}.zip") as archive:
            member = next(m for m in archive.namelist() if "DRUG" in m.upper())
            lines = archive.read(member).decode("latin-1").splitlines()
        column = lines[0].lower().split("$").index("drugname")
        found |= {n for line in lines[1:] if (n := line.split("$")[column]) and _is_toxin(n)}
    assert found == {"DYSPORT"}


def _is_toxin(name: str) -> bool:
    return any(mapping.treatment for mapping in map_name(name, None, tables=TABLES))


def test_type_a_is_never_merged_into_a_product() -> None:
    (mapping,) = map_name("BOTULINUM TOXIN TYPE A", None, tables=TABLES)
    assert (mapping.substance, mapping.product) == (TYPE_A, None)


def test_what_other_rows_teach_does_not_turn_type_a_into_a_product() -> None:
    learned = learn([("BOTULINUM TOXIN TYPE A", "ONABOTULINUMTOXINA", 50)])
    (mapping,) = map_name("BOTULINUM TOXIN TYPE A", None, tables=TABLES, learned=learned)
    assert mapping.substance == TYPE_A


def test_an_active_ingredient_tells_which_toxin_where_the_name_does_not() -> None:
    (mapping,) = map_name("BOTULINUM TOXIN TYPE A", "INCOBOTULINUMTOXINA", tables=TABLES)
    assert (mapping.substance, mapping.product) == ("incobotulinumtoxinA", None)
    assert mapping.method.startswith("active ingredient")


def test_name_and_ingredient_of_one_toxin_are_one_mapping_with_the_product() -> None:
    (mapping,) = map_name("DYSPORT", "ABOBOTULINUMTOXINA", tables=TABLES)
    assert (mapping.substance, mapping.product) == ("abobotulinumtoxinA", "DYSPORT")


def test_the_other_substances_of_a_mixed_field_are_kept() -> None:
    found = map_name("BUTALBITAL BOTOX", "BUTALBITAL\\ONABOTULINUMTOXINA", tables=TABLES)
    assert {mapping.substance for mapping in found} == {"onabotulinumtoxinA", "BUTALBITAL"}


def test_a_choice_between_two_toxins_credits_neither() -> None:
    (mapping,) = map_name("BOTOX OR DYSPORT", None, tables=TABLES)
    assert mapping.substance == "BOTOX OR DYSPORT"
    assert mapping.method.endswith(AMBIGUOUS)
    assert mapping.treatment == "anti-wrinkle"


def test_two_toxins_side_by_side_are_two_substances() -> None:
    found = map_name("BOTOX/XEOMIN", None, tables=TABLES)
    assert {mapping.product for mapping in found} == {"BOTOX", "XEOMIN"}


def test_a_choice_in_the_active_ingredient_is_a_name_of_its_own() -> None:
    (mapping,) = map_name("PAIN PILL", "ACETAMINOPHEN OR IBUPROFEN")
    assert (mapping.substance, mapping.method) == ("ACETAMINOPHEN OR IBUPROFEN", AMBIGUOUS)


def test_a_placeholder_is_no_substance() -> None:
    assert ingredients("COSMETICS\\UNSPECIFIED INGREDIENT") == ()
    (mapping,) = map_name("FACE CREAM", "COSMETICS")
    assert mapping.method == UNMAPPED


def test_an_unmapped_name_stands_for_itself_cleaned() -> None:
    (mapping,) = map_name("Prednisone. 5 MG tablet", None)
    assert (mapping.substance, mapping.method) == ("PREDNISONE", UNMAPPED)


@pytest.mark.parametrize("rows", [[("A", "X", 2)], [("A", "X", 7), ("A", "Y", 3)]])
def test_too_few_rows_or_too_small_a_share_teach_nothing(rows: list[tuple[str, str, int]]) -> None:
    assert learn(rows) == {}


def test_what_is_learned_says_from_how_many_rows_and_at_which_share() -> None:
    learned = learn([("HUMIRA", "ADALIMUMAB", 9), ("HUMIRA", "ADALIMUMAB-AATY", 1)])
    (mapping,) = map_name("Humira", None, learned=learned)
    assert (mapping.substance, mapping.method) == ("ADALIMUMAB", "learned")
    assert (mapping.share, mapping.support) == (0.9, 10)


NAMES = st.text(alphabet=string.ascii_letters + string.digits + " .,;()/\\-%", max_size=30)


@given(NAMES)
@example("%0)G")
def test_cleaning_twice_is_cleaning_once_and_nothing_becomes_empty(name: str) -> None:
    cleaned = clean(name)
    assert cleaned == clean(cleaned)
    assert bool(cleaned) == bool(name.strip(" .,;"))


@given(NAMES.filter(lambda name: name.strip(" .,;\\")))
def test_no_name_is_lost_in_the_mapping(name: str) -> None:
    assert map_name(name, None, tables=TABLES)


ROW = dict.fromkeys(("substance", "product", "note", "source"), "")
GOOD = {
    **ROW,
    "name": "A",
    "match": "words",
    "substance": "a",
    "specific": "yes",
    "cosmetic_only": "no",
    "seen": "observed",
}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"name": ""}, "name is empty"),
        ({"match": "fuzzy"}, 'match is "fuzzy"'),
        ({"seen": "perhaps"}, 'seen is "perhaps"'),
        ({"substance": ""}, "a false friend has no substance"),
        ({"specific": "1"}, 'specific is "1"'),
        ({"cosmetic_only": ""}, 'cosmetic_only is ""'),
    ],
)
def test_a_faulty_row_of_names_is_refused_with_its_number(change: dict[str, str], told: str) -> None:
    with pytest.raises(EvidenceError, match=rf"names.csv, row 2: .*{told}"):
        name_table("t", [{**GOOD, **change}], version="1", folder="t")


def test_a_name_with_two_meanings_is_refused() -> None:
    with pytest.raises(EvidenceError, match=r'row 3: name "a" stands twice'):
        name_table("t", [GOOD, {**GOOD, "name": "a"}], version="1", folder="t")

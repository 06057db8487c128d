"""How is a drug field cleaned before it is compared, and which substances does an active ingredient list?"""

from __future__ import annotations

import csv
import re
from functools import cache, lru_cache
from importlib import resources
from typing import Final

_STRENGTH: Final = re.compile(
    r"\b\d[\d.,]*\s*(?:MG|MCG|UG|G|GM|ML|L|IU|U|UNITS?|MEQ|MMOL|%)(?:\s*/\s*\d*\s*(?:MG|ML|L|G|H|HR|DAY|DOSE|M2))?(?![A-Z0-9])"
)
_DICTIONARY_NUMBER: Final = re.compile(r"/\d{6,}/")  # `ACYCLOVIR  /00587301/`: a number of the sender's dictionary
_BLANKS: Final = re.compile(r"\s+")
_SEPARATORS: Final = re.compile(r"[;\\]")


@cache
def name_words(kind: str) -> frozenset[str]:
    """Words that stand in names without naming a drug (`name_words.csv`).

    Args:
        kind: `placeholder` (what FDA writes where a product holds no coded substance), `salt` (the end of an ingredient
            that names its salt) or `form` (strength, form and route).

    Examples:
        >>> "TARTRATE" in name_words("salt"), "COSMETICS" in name_words("placeholder")
        (True, True)
    """
    text = resources.files("primum.vocab").joinpath("name_words.csv").read_text(encoding="utf-8")
    return frozenset(row["word"] for row in csv.DictReader(text.splitlines()) if row["kind"] == kind)


def without_unmatched_brackets(text: str) -> str:
    """Drop brackets that have no partner, as cut names leave them.

    Examples:
        >>> without_unmatched_brackets("ADVIL (IBUPROFEN"), without_unmatched_brackets("A (B) C)")
        ('ADVIL IBUPROFEN', 'A (B) C')
    """
    if "(" not in text and ")" not in text:
        return text
    opened: list[int] = []
    drop: set[int] = set()
    for i, letter in enumerate(text):
        if letter == "(":
            opened.append(i)
        elif letter == ")":
            if opened:
                opened.pop()
            else:
                drop.add(i)
    drop.update(opened)
    return "".join(letter for i, letter in enumerate(text) if i not in drop)


@lru_cache(maxsize=2**18)  # a quarter holds some 140,000 different names; each is asked for several times
def clean(drugname: str) -> str:
    """Clean one name: capitals, single blanks, no closing dot, strength, form or route.

    A name that is nothing but such words is only trimmed, so that no name becomes empty.

    Examples:
        >>> clean("ACYCLOVIR                          /00587301/"), clean("Simvastatin 40mg"), clean("PREDNISONE.")
        ('ACYCLOVIR', 'SIMVASTATIN', 'PREDNISONE')
        >>> clean("botox 200 units,"), clean("ONABOTULINUMTOXINA    SUSPENSION FOR INJECTION")
        ('BOTOX', 'ONABOTULINUMTOXINA')
        >>> clean("Solution for injection")
        'SOLUTION FOR INJECTION'
    """
    while (cleaned := _cleaned_once(drugname)) != drugname:  # a bracket taken away can lay a strength bare
        drugname = cleaned
    return cleaned


def _cleaned_once(drugname: str) -> str:
    plain = _BLANKS.sub(" ", drugname.upper()).strip(" .,;")
    text = without_unmatched_brackets(_STRENGTH.sub(" ", _DICTIONARY_NUMBER.sub(" ", plain)))
    form = name_words("form")
    words = [word for word in text.split() if word.strip("(),.;-") not in form]
    cleaned = " ".join(word for word in words if word.strip("(),.;")).strip(" .,;-")
    return cleaned or plain


def pieces(drugname: str) -> tuple[str, ...]:
    r"""The several drugs of one field: split at semicolons and at FAERS' own separator.

    Examples:
        >>> pieces("BOTOX; ASPIRIN"), pieces(r"Amoxicillin\clavulanate potassium")
        (('BOTOX', 'ASPIRIN'), ('Amoxicillin', 'clavulanate potassium'))
    """
    if ";" not in drugname and "\\" not in drugname:
        return (drugname.strip(),) if drugname.strip() else ()
    return tuple(piece.strip() for piece in _SEPARATORS.split(drugname) if piece.strip())


@lru_cache(maxsize=2**16)
def ingredients(active_ingredient: str | None) -> tuple[str, ...]:
    r"""Substances of an active ingredient field: distinct, without placeholders, a repeated substance once.

    A choice (` OR `) stays whole: it credits neither side.

    Examples:
        >>> ingredients("ZOLPIDEM\\ZOLPIDEM TARTRATE"), ingredients("HERBALS\\TURMERIC"), ingredients("COSMETICS")
        (('ZOLPIDEM',), ('TURMERIC',), ())
        >>> ingredients("INSULIN\\INSULIN LISPRO")
        ('INSULIN', 'INSULIN LISPRO')
    """
    if not active_ingredient:
        return ()
    parts = dict.fromkeys(_BLANKS.sub(" ", part.upper()).strip(" .") for part in active_ingredient.split("\\"))
    kept = [part for part in parts if part and part not in name_words("placeholder")]
    return tuple(part for part in kept if not any(is_salt_of(part, other) for other in kept))


def is_salt_of(name: str, base: str) -> bool:
    """Whether `name` is `base` followed by nothing but words of salts."""
    return name.startswith(base + " ") and set(name[len(base) + 1 :].split()) <= name_words("salt")

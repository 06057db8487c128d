"""What do questions remember of a store?"""

from __future__ import annotations

import numpy as np

from primum.study.question import KindOfTerm
from primum.treatments.vocabulary import vocabularies


def test_the_kinds_of_names_are_those_of_each_and_are_looked_up_once() -> None:
    bins = next(words.bins for words in vocabularies() if words.treatment == "anti-wrinkle")
    names = np.array(["HEADACHE", "DRUG INEFFECTIVE", "OFF LABEL USE", "HEADACHE"], dtype=object)
    kind = KindOfTerm(bins)
    found = kind.each(names)
    assert found.tolist() == [bins.bin(name) for name in names] == [kind(name) for name in names]
    assert len(set(found.tolist())) > 1
    assert kind.each(names) is found
    assert kind.each(names[:1]).tolist() == found[:1].tolist()

"""Do texts get the numbers that a dictionary would give them, and does memory stop growing?"""

from __future__ import annotations

import tempfile
import tracemalloc
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from primum.sources import kept_numbers, text_numbers
from primum.sources.kept_numbers import KeptNumbers
from primum.sources.text_numbers import TextNumbers

WORDS = st.text("abé", max_size=3) | st.text("ab", min_size=21, max_size=26)  # short of 24 bytes, and beyond
TEXTS = st.lists(WORDS, max_size=30, unique=True)


def array(texts):
    return pa.array(texts, pa.string())


@given(st.lists(TEXTS, max_size=8), TEXTS, st.sampled_from([1, 7, 20, 10**6]))
def test_texts_are_numbered_as_a_dictionary_numbers_them(batches, asked, in_memory):
    with tempfile.TemporaryDirectory() as folder, patch.object(text_numbers, "_AT_ONCE", in_memory):
        numbers, known = TextNumbers(Path(folder)), {}
        for batch in batches:
            expected = [known.setdefault(text, len(known)) for text in batch]
            assert numbers.add(array(batch)).tolist() == expected
            assert len(numbers) == len(known)
        assert numbers.find(array(asked)).tolist() == [known.get(text, -1) for text in asked]


def test_memory_does_not_follow_the_number_of_texts(tmp_path, monkeypatch):
    monkeypatch.setattr(text_numbers, "_AT_ONCE", 20_000)

    def most(texts):
        batches = [array([str(n) for n in range(first, first + 5_000)]) for first in range(0, texts, 5_000)]
        numbers = TextNumbers(tmp_path)
        tracemalloc.start()
        for batch in batches:
            numbers.add(batch)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return peak

    few = most(40_000)
    assert few > 20_000 * 28  # what is held in memory is measured
    assert most(160_000) < 1.1 * few


@given(st.lists(st.dictionaries(st.integers(0, 40), st.integers(-(2**63), 2**63 - 1), min_size=1), max_size=6))
def test_numbers_are_kept_as_in_a_dictionary(given_numbers):
    with tempfile.TemporaryDirectory() as folder, patch.object(kept_numbers, "_AT_ONCE", 3):
        kept, known = KeptNumbers(Path(folder)), {}
        for numbers in given_numbers:
            kept[np.array([*numbers])] = np.array([*numbers.values()])
            known |= numbers
            assert kept[np.arange(50)].tolist() == [known.get(place, 0) for place in range(50)]

"""Do texts get the numbers that a dictionary would give them, in a fifth of its memory?"""

from __future__ import annotations

import tracemalloc

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from primum.sources.text_numbers import TextNumbers, with_room

WORDS = st.text("abé", max_size=3) | st.text("ab", min_size=21, max_size=26)  # short of 24 bytes, and beyond
TEXTS = st.lists(WORDS, max_size=30, unique=True)


def array(texts):
    return pa.array(texts, pa.string())


@given(st.lists(TEXTS, max_size=8), TEXTS)
def test_texts_are_numbered_as_a_dictionary_numbers_them(batches, asked):
    numbers, known = TextNumbers(), {}
    for batch in batches:
        expected = [known.setdefault(text, len(known)) for text in batch]
        assert numbers.add(array(batch)).tolist() == expected
        assert len(numbers) == len(known)
    assert numbers.find(array(asked)).tolist() == [known.get(text, -1) for text in asked]


def test_a_text_takes_28_bytes_and_twice_that_while_arrays_are_merged():
    texts = [array([str(n) for n in range(first, first + 5_000)]) for first in range(0, 160_000, 5_000)]
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    numbers = TextNumbers()
    for batch in texts:
        numbers.add(batch)
    held, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (held - before) / len(numbers) < 33
    assert (peak - before) / len(numbers) < 75


def test_what_was_kept_stays_where_it_was_when_room_is_made():
    kept = with_room(with_room(np.array([[1], [2]]), 3), 4)
    assert kept.tolist() == [[1, 0, 0, 0, 0, 0], [2, 0, 0, 0, 0, 0]]

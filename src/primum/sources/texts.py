"""How are the fields of many rows held, so that Python reads a text once and not once a row?

A column of a batch is its distinct texts, and for each row which of them it has. What a text means is asked of the
distinct ones; to take, to leave out and to repeat rows is to take from an array of numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pyarrow as pa

Mask = NDArray[np.bool_]
Places = NDArray[np.intp]
Codes = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Texts:
    """A column of texts without blanks around them.

    Args:
        distinct: each text once, an empty one too, as an Arrow array of strings.
        codes: for each row the place of its text among them.

    Examples:
        >>> texts = Texts.of(["a ", "", "a", " b"])
        >>> texts.distinct.to_pylist(), texts.codes.tolist()
        (['a', '', 'b'], [0, 1, 0, 2])
        >>> texts.filled().tolist(), texts[texts.filled()].to_list()
        ([True, False, True, True], ['a', 'a', 'b'])
    """

    distinct: pa.StringArray
    codes: Codes

    @staticmethod
    def of(texts: Sequence[str] | pa.DictionaryArray) -> Texts:
        """Texts out of a sequence, or of what Arrow read."""
        import pyarrow as pa
        import pyarrow.compute as pc

        given = texts if isinstance(texts, pa.DictionaryArray) else pa.array(texts, pa.string()).dictionary_encode()
        distinct, codes = given.dictionary, given.indices.to_numpy()
        trimmed = pc.utf8_trim_whitespace(distinct)
        if trimmed.equals(distinct):
            return Texts(distinct, codes)
        return Texts(trimmed, codes)._each_once()

    @staticmethod
    def coded(texts: Sequence[str | None], codes: Codes) -> Texts:
        """Texts without blanks around them, of which each row has the one at its place; None is an empty one."""
        import pyarrow as pa

        return Texts(pa.array([text or "" for text in texts], pa.string()), codes)._each_once()

    @staticmethod
    def same(text: str, rows: int) -> Texts:
        """One text for every row."""
        import pyarrow as pa

        return Texts(pa.array([text], pa.string()), np.zeros(rows, np.int32))

    def __len__(self) -> int:
        return len(self.codes)

    def __getitem__(self, rows: Mask | Places) -> Texts:
        """The texts of some rows."""
        return Texts(self.distinct, self.codes[rows])

    def to_list(self) -> list[str]:
        """The text of each row."""
        texts = self.distinct.to_pylist()
        return [texts[code] for code in self.codes]

    def filled(self) -> Mask:
        """Which rows have a text that is not empty."""
        return self.are(lambda text: text != "") if len(self.distinct) < len(self.codes) else self._lengths() > 0

    def are(self, test: Callable[[str], bool]) -> Mask:
        """Which rows have a text that passes a test."""
        found = np.fromiter(map(test, self.distinct.to_pylist()), dtype=bool, count=len(self.distinct))
        return np.asarray(found[self.codes], dtype=bool)

    def map(self, change: Callable[[str], str | None]) -> Texts:
        """The texts, each changed; None is an empty one.

        Examples:
            >>> Texts.of(["a", "A", "b"]).map(str.upper).distinct.to_pylist()
            ['A', 'B']
        """
        return Texts.coded(list(map(change, self.distinct.to_pylist())), self.codes)

    def where(self, kept: Mask) -> Texts:
        """The texts where a mask says so, nothing elsewhere.

        Examples:
            >>> Texts.of(["a", "b"]).where(np.array([True, False])).to_list()
            ['a', '']
        """
        import pyarrow as pa

        distinct = pa.concat_arrays([self.distinct, pa.array([""])])
        return Texts(distinct, np.where(kept, self.codes, len(self.distinct)).astype(np.int32))

    def at(self, rows: Places) -> Texts:
        """The texts of some rows, nothing where a row is -1.

        Examples:
            >>> Texts.of(["a", "b"]).at(np.array([1, -1])).to_list()
            ['b', '']
        """
        import pyarrow as pa

        distinct = pa.concat_arrays([self.distinct, pa.array([""])])
        return Texts(distinct, np.append(self.codes, len(self.distinct)).astype(np.int32)[rows])

    def or_else(self, others: Texts) -> Texts:
        """The texts, and where one is empty the other column's.

        Examples:
            >>> Texts.of(["a", ""]).or_else(Texts.of(["b", "c"])).to_list()
            ['a', 'c']
        """
        import pyarrow as pa

        both = pa.concat_arrays([self.distinct, others.distinct])
        codes = np.where(self.filled(), self.codes, others.codes + len(self.distinct)).astype(np.int32)
        return Texts(both, codes)._each_once()

    def split(self, parts: Callable[[str], Sequence[str]]) -> tuple[Places, Texts]:
        """The parts of each text: which row they stand in, and themselves, in order.

        Examples:
            >>> rows, parts = Texts.of(["a b", "", "b"]).split(str.split)
            >>> rows.tolist(), parts.to_list()
            ([0, 0, 2], ['a', 'b', 'b'])
        """
        return parts_of([parts(text) for text in self.distinct.to_pylist()], self.codes)

    def values(self, meaning: Callable[[str], object]) -> pa.DictionaryArray:
        """A column of what each text means.

        Examples:
            >>> Texts.of(["7", "x"]).values(lambda text: int(text) if text.isdecimal() else None).to_pylist()
            [7, None]
        """
        import pyarrow as pa

        return values_of(pa.array(list(map(meaning, self.distinct.to_pylist()))), self.codes)

    def column(self) -> pa.DictionaryArray:
        """The column as a table takes it: an empty text is no value."""
        import pyarrow as pa
        import pyarrow.compute as pc

        empty = pc.equal(self.distinct, "")
        return values_of(pc.if_else(empty, pa.scalar(None, pa.string()), self.distinct), self.codes)

    def _lengths(self) -> NDArray[np.int32]:
        import pyarrow.compute as pc

        lengths: NDArray[np.int32] = pc.binary_length(self.distinct).to_numpy(zero_copy_only=False)[self.codes]
        return lengths

    def _each_once(self) -> Texts:
        again = self.distinct.dictionary_encode()
        if len(again.dictionary) == len(self.distinct):
            return self
        return Texts(again.dictionary, again.indices.to_numpy()[self.codes])


def paired(first: Texts, second: Texts) -> tuple[list[tuple[str, str]], Codes]:
    """The distinct pairs of texts of two columns, and for each row which of them it has.

    Examples:
        >>> pairs, codes = paired(Texts.of(["a", "a", "b"]), Texts.of(["x", "x", "x"]))
        >>> pairs, codes.tolist()
        ([('a', 'x'), ('b', 'x')], [0, 0, 1])
    """
    (ones, others), codes = distinct_pairs(first, second)
    texts = zip(first.distinct.take(ones).to_pylist(), second.distinct.take(others).to_pylist(), strict=True)
    return list(texts), codes


def distinct_pairs(first: Texts, second: Texts) -> tuple[tuple[Places, Places], Codes]:
    """As `paired`, the pairs as places among the distinct texts of both columns."""
    mixed = first.codes.astype(np.int64) * max(1, len(second.distinct)) + second.codes
    pairs, codes = np.unique(mixed, return_inverse=True)
    return np.divmod(pairs, max(1, len(second.distinct))), codes.astype(np.int32)


def parts_of(lists: Sequence[Sequence[str]], codes: Codes) -> tuple[Places, Texts]:
    """Of rows that have one of some lists of texts each: which row every text stands in, and the texts, in order."""
    import pyarrow as pa

    known: dict[str, int] = {}
    flat = np.array([known.setdefault(part, len(known)) for one in lists for part in one], dtype=np.int32)
    rows, places = repeated(np.array([len(one) for one in lists], dtype=np.intp), codes)
    return rows, Texts(pa.array(list(known), pa.string()), flat[places])


def repeated(lengths: Places, codes: Codes) -> tuple[Places, Places]:
    """For lists of these lengths, laid one behind the other, and rows that have one each: row and place of every item.

    Examples:
        >>> repeated(np.array([2, 0, 1]), np.array([2, 0, 1], np.int32))
        (array([0, 1, 1]), array([2, 0, 1]))
    """
    starts = np.cumsum(lengths) - lengths
    of_rows = lengths[codes]
    rows = np.repeat(np.arange(len(codes), dtype=np.intp), of_rows)
    within = np.arange(len(rows), dtype=np.intp) - np.repeat(np.cumsum(of_rows) - of_rows, of_rows)
    return rows, starts[codes][rows] + within


def places_within(groups: NDArray[Any]) -> Places:
    """For each row how many rows of its group come before it.

    Examples:
        >>> places_within(np.array([7, 3, 7, 7])).tolist()
        [0, 0, 1, 2]
    """
    order = np.argsort(groups, kind="stable")
    ordered = groups[order]
    first = np.ones(len(groups), dtype=bool)
    first[1:] = ordered[1:] != ordered[:-1]
    starts = np.flatnonzero(first)
    places = np.empty(len(groups), dtype=np.intp)
    places[order] = np.arange(len(groups)) - np.repeat(starts, np.diff(np.append(starts, len(groups))))
    return places


def row_before(groups: NDArray[Any]) -> Places:
    """For each row the row of its group before it; -1 where it is the first.

    Examples:
        >>> row_before(np.array([7, 3, 7, 7])).tolist()
        [-1, -1, 0, 2]
    """
    order = np.argsort(groups, kind="stable")
    same = groups[order[1:]] == groups[order[:-1]]
    before = np.full(len(groups), -1, dtype=np.intp)
    before[order[1:][same]] = order[:-1][same]
    return before


def once_a_row(rows: Places, values: pa.DictionaryArray) -> Places:
    """Places of the values that are there, each once a row, in order.

    Examples:
        >>> import pyarrow as pa
        >>> values = values_of(pa.array(["HO", None, "HO"]), np.array([0, 2, 1, 0], np.int32))
        >>> once_a_row(np.array([0, 0, 0, 1]), values).tolist()
        [0, 3]
    """
    numbers: dict[object, int] = {}
    distinct = np.array([numbers.setdefault(value, len(numbers)) for value in values.dictionary.to_pylist()], np.int64)
    places = np.flatnonzero(there(values))
    mixed = rows[places] * (len(numbers) + 1) + distinct[values.indices.to_numpy()[places]]
    return places[np.sort(np.unique(mixed, return_index=True)[1])]


def there(values: pa.DictionaryArray) -> Mask:
    """Which rows have a value."""
    known = values.dictionary.is_valid().to_numpy(zero_copy_only=False)
    return np.asarray(known[values.indices.to_numpy()], dtype=bool)


def joined(first: pa.DictionaryArray, second: pa.DictionaryArray) -> pa.DictionaryArray:
    """The values of two columns of text, one behind the other."""
    import pyarrow as pa

    distinct = pa.concat_arrays([one.dictionary.cast(pa.string()) for one in (first, second)])
    codes = np.concatenate((first.indices.to_numpy(), second.indices.to_numpy() + len(first.dictionary)))
    return values_of(distinct, codes.astype(np.int32))


def values_of(values: pa.Array, codes: Codes) -> pa.DictionaryArray:
    """A column out of the distinct values of its rows."""
    import pyarrow as pa

    return pa.DictionaryArray.from_arrays(pa.array(codes, pa.int32()), values)

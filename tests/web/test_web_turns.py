"""Long answers are computed by few at once, in the order of asking, and a page keeps its turn until it is whole."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from primum.web.turns import Turns


def queue(turns: Turns, names: str, work: Callable[[str], None]) -> list[threading.Thread]:
    """Threads that came in this order and wait."""
    threads = []
    for name in names:
        thread = threading.Thread(target=work, args=(name,))
        thread.start()
        while len(turns._waiting) <= len(threads):  # the next one comes when this one waits
            pass
        threads.append(thread)
    return threads


def test_who_came_first_is_first() -> None:
    turns, seen = Turns(1), list[str]()

    def work(name: str) -> None:
        with turns.turn():
            seen.append(name)

    with turns.turn():
        threads = queue(turns, "abcd", work)
        assert seen == []
    for thread in threads:
        thread.join(5)
    assert seen == list("abcd")


def test_a_page_keeps_its_turn_between_its_answers() -> None:
    turns, seen = Turns(1), list[str]()

    def page(name: str) -> None:
        with turns.keeping():
            for part in "12":
                with turns.turn():
                    seen.append(name + part)

    with turns.turn():
        threads = queue(turns, "ab", page)
    for thread in threads:
        thread.join(5)
    assert seen == ["a1", "a2", "b1", "b2"]


def test_a_page_that_needs_no_turn_waits_for_nobody_and_one_that_fails_gives_it_back() -> None:
    turns = Turns(1)
    with turns.turn():
        thread = threading.Thread(target=lambda: turns.keeping().__enter__())
        thread.start()
        thread.join(5)
        assert not thread.is_alive()
    with pytest.raises(ValueError, match="fault"), turns.keeping(), turns.turn():
        raise ValueError("fault")
    with turns.turn():
        assert not turns._waiting


def test_a_turn_of_the_same_thread_after_a_page_is_given_back_at_its_end() -> None:
    turns, done = Turns(1), threading.Event()
    with turns.keeping():
        pass
    with turns.turn():
        pass

    def work() -> None:
        with turns.turn():
            done.set()

    threading.Thread(target=work, daemon=True).start()
    assert done.wait(5)


def test_a_thread_that_had_its_turn_waits_for_the_next_like_others() -> None:
    turns, had, other, seen = Turns(1), threading.Event(), threading.Event(), list[str]()

    def work() -> None:
        with turns.turn():
            seen.append("first")
        had.set()
        other.wait(5)
        with turns.turn():
            seen.append("second")

    thread = threading.Thread(target=work)
    thread.start()
    assert had.wait(5)
    with turns.turn():
        other.set()
        while not turns._waiting and thread.is_alive():
            pass
        assert seen == ["first"]
    thread.join(5)
    assert seen == ["first", "second"]


def test_as_many_as_may_work_at_once() -> None:
    turns, together = Turns(2), threading.Barrier(2)

    def work() -> None:
        with turns.turn():
            together.wait(5)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)
    assert not any(thread.is_alive() for thread in threads)

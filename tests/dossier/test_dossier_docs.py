"""The reference names every key of the JSON, every way to show a number and every key of a telling."""

import dataclasses
from pathlib import Path
from typing import Any, get_args

from primum.dossier.model import Dossier, Show
from primum.dossier.render.json import as_json
from primum.dossier.telling import CurveRequest, Line, Outcome, Telling

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "dossier-json.md"
NAMED_BY_DATA = ("packages", "caveats")  # their keys are names of packages, and letters


def keys(plain: Any) -> set[str]:
    if isinstance(plain, dict):
        inner = {key for name, value in plain.items() if name not in NAMED_BY_DATA for key in keys(value)}
        return set(plain) | inner
    return {key for value in plain for key in keys(value)} if isinstance(plain, list) else set()


def test_every_key_of_the_json_is_documented(real: Dossier) -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert sorted(key for key in keys(as_json(real)) if f"`{key}`" not in text and f'"{key}"' not in text) == []


def test_every_way_to_show_a_number_is_documented() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert [how for how in get_args(Show) if f"`{how}`" not in text] == []


def test_every_key_of_a_telling_is_documented() -> None:
    text = PAGE.read_text(encoding="utf-8")
    names = {field.name for kind in (Telling, CurveRequest, Line, Outcome) for field in dataclasses.fields(kind)}
    assert sorted(name for name in names if f"`{name}`" not in text) == []

"""The studio: a form makes a definition that holds, faults are told, and what is sound is kept."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
import yaml

from config import REFERENCE_CITY, City, load_city
from config.models import Derived, Formula, Measure, Stock
from dashboard.catalogue.check import check_city
from dashboard.context import ScreenContext
from dashboard.forms import Forms
from dashboard.running.places import Places
from dashboard.screens.studio import render
from dashboard.studio.desk import WHATS, Sketch, TakenError, examine, saved, written
from dashboard.studio.forms import answered, fitting
from indicators.check import check, check_one
from warehouse.store import Store


@pytest.fixture(scope="module")
def city() -> City:
    return load_city(REFERENCE_CITY)


def sketch(**other: Any) -> Sketch:
    given: dict[str, Any] = {
        "id": "made_here",
        "name_vi": "Phản ánh về rác",
        "name_en": "Requests about waste",
        "domain": "feedback",
        "dataset": "hotline_requests",
        "time": "received_at",
        "unit": "requests",
        "direction": "down",
        "where": "category",
        "where_is": "waste",
        **other,
    }
    return Sketch(**given)


@pytest.mark.parametrize("what", WHATS)
def test_what_the_form_writes_holds(city: City, what: Any) -> None:
    other = {"sum": "satisfaction", "mean": "satisfaction", "distinct": "agency"}
    made = written(city, sketch(what=what, column=other.get(what, ""), closes="closed_at"))
    found = examine(city, made)
    assert found.problems == []
    assert found.item is not None
    assert (found.item.id, found.item.levels) == ("made_here", city.levels[:2])
    if what == "open":
        assert isinstance(found.item, Stock)
        assert (found.item.opens, found.item.closes) == ("received_at", "closed_at")
        assert found.item.where == "category = 'waste'"
    else:
        assert isinstance(found.item, Measure)
        assert ("category = 'waste'" in found.item.measure) == (what == "share")
        assert (found.item.where == "category = 'waste'") == (what != "share")


@pytest.mark.parametrize(
    ("where", "where_is", "made"),
    [
        ("satisfaction", "2", "satisfaction = 2"),
        ("satisfaction", "<= 2", "satisfaction <= 2"),
        ("agency", "Công ty d'Eau", "agency = 'Công ty d''Eau'"),
        ("", "", None),
        ("no_such_column", "1", None),
    ],
)
def test_conditions_are_written_by_the_type_of_their_column(
    city: City, where: str, where_is: str, made: str | None
) -> None:
    (body,) = yaml.safe_load(written(city, sketch(where=where, where_is=where_is)))
    assert body.get("where") == made


def test_what_is_wrong_is_told_as_the_check_tells_it(city: City) -> None:
    text = written(city, sketch(time="recieved_at", unit="request"))
    told = [str(problem) for problem in examine(city, text).problems]
    assert any("column 'recieved_at' is unknown (did you mean received_at" in one for one in told)
    assert any("unit 'request' is unknown (did you mean requests" in one for one in told)
    assert all(one.startswith("studio.yaml:") for one in told)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- id: hotline_received", "is missing"),
        ("", "holds 0 indicators"),
        ("- {id: a", "is not YAML"),
    ],
)
def test_a_text_that_is_no_definition_is_told(city: City, text: str, said: str) -> None:
    found = examine(city, text)
    assert found.item is None
    assert any(said in str(problem) for problem in found.problems)


def test_an_id_is_given_once(city: City) -> None:
    found = examine(city, written(city, sketch(id="hotline_received")))
    assert found.item is None
    assert ["id is used already" in str(problem) for problem in found.problems] == [True]


def test_files_and_settings_are_out_of_reach(city: City) -> None:
    body = yaml.safe_load(written(city, sketch()))
    body[0]["measure"] = "count(*) + (SELECT count(*) FROM read_csv('/etc/passwd'))"
    assert examine(city, yaml.safe_dump(body)).item is None


def test_what_is_kept_is_part_of_the_folder(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(REFERENCE_CITY, tmp_path / "hcmc"))
    city = load_city(folder)
    first, second = (
        written(city, sketch()),
        written(city, sketch(id="made_there", what="open", closes="closed_at")),
    )
    alone = "\n".join(line[2:] for line in second.strip().splitlines())  # not a list: one definition
    file = saved(city, first)
    assert saved(city, alone) == file
    assert check_city(folder) == []
    later = load_city(folder)
    assert set(later.indicators) - set(city.indicators) == {"made_here", "made_there"}
    assert [path.name for path in file.parent.glob("studio*")] == ["studio.yaml"]


@pytest.mark.parametrize("writes", [False, True])
def test_the_folder_is_written_only_where_that_was_asked_for(tmp_path: Path, writes: bool) -> None:
    root = Path(shutil.copytree(REFERENCE_CITY, tmp_path / "hcmc"))
    city = replace(load_city(REFERENCE_CITY), path=root)
    deeds: list[object] = []
    state = SimpleNamespace(deed=lambda *deed: deeds.append(deed))
    forms = cast(Forms, SimpleNamespace(city=city, state=state, clock=lambda: None))
    told = answered(forms, cast(Store, None), writes, True, written(city, sketch()), "Lê Thị Hoa", "vi")
    assert ((root / "indicators/studio.yaml").exists(), len(deeds)) == (writes, writes)
    assert ("IOC_STUDIO=1" in str(told)) != writes


def test_only_the_word_one_lets_the_studio_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("IOC_STUDIO", raising=False)
    places = Places.of("here", tmp_path)
    assert not places.studio_writes
    for given in ("", "0", "no", "1"):
        monkeypatch.setenv("IOC_STUDIO", given)
        assert places.studio_writes == (given == "1")


def test_a_page_that_may_not_write_says_so(context: Callable[..., ScreenContext]) -> None:
    ctx = context("studio")
    kept_out = ctx.words("studio.kept_out")
    assert kept_out in str(render(ctx))
    assert kept_out not in str(render(replace(ctx, writes=True)))


def test_a_formula_is_checked_with_what_it_leans_on_as_the_whole_folder_is(city: City) -> None:
    """The formulas of the city are asked one by one; of what is broken the same is told as of the folder."""
    for item in city.indicators.values():
        if isinstance(item, Derived):
            assert check_one(city, item.id) == []
    shares = [i for i in city.indicators.values() if isinstance(i, Formula) and i.unit == "percent"][:20]
    wrong = {i.id: i.model_copy(update={"levels": ["ward"], "periods": ["hour"]}) for i in shares}
    for id_, item in wrong.items():
        broken = replace(city, indicators={**city.indicators, id_: item})
        assert check_one(broken, id_) != []
    broken = replace(city, indicators={**city.indicators, **wrong})
    own = {problem for problem in check(broken) if problem.object.split()[1].split(".")[0] in wrong}
    assert {problem for id_ in wrong for problem in check_one(broken, id_)} == own != set()


@pytest.mark.parametrize("shape", ["{}", "---\n{}", "# why\n{}", "  {}", "---\n{}\n...", "{}\n# until then"])
@pytest.mark.parametrize("alone", [False, True])
def test_whatever_is_sound_leaves_the_file_sound(tmp_path: Path, city: City, shape: str, alone: bool) -> None:
    """A text that means one definition by itself must not break those that stand before it."""
    here = replace(city, path=tmp_path)
    (tmp_path / "indicators").mkdir()
    for id_ in ("made_here", "made_there"):
        lines = written(city, sketch(id=id_)).strip().splitlines()
        lines = [line[2:] for line in lines] if alone else lines
        lead = shape[: shape.index("{")].rpartition("\n")[2]
        text = shape.format(f"\n{lead}".join(lines))
        file = saved(here, text)
    assert [one["id"] for one in yaml.safe_load(file.read_text(encoding="utf-8"))] == [
        "made_here",
        "made_there",
    ]


def test_what_is_too_long_is_refused_and_not_cut_short(city: City) -> None:
    sound = written(city, sketch())
    found = examine(city, sound + "\n" * 20_000 + "- {id: unseen")
    assert found.item is None
    assert ["at most 20000" in str(problem) for problem in found.problems] == [True]


def test_an_id_of_the_studio_is_taken_from_the_moment_it_is_kept(tmp_path: Path, city: City) -> None:
    """The city that runs does not know yet what was put into its folder."""
    here = replace(city, path=tmp_path)
    (tmp_path / "indicators").mkdir()
    file = saved(here, written(city, sketch()))
    before = file.read_bytes()
    with pytest.raises(TakenError, match="made_here"):
        saved(here, written(city, sketch(what="open", closes="closed_at")))
    assert file.read_bytes() == before


def test_choices_fit_the_dataset(city: City) -> None:
    feed = city.datasets["hotline_requests"]
    times = fitting(city, "hotline_requests", "time", "en")
    assert [one["value"] for one in times] == list(feed.time_columns)
    assert {"value": "received_at", "label": "Received (received_at)"} in times
    assert fitting(city, "hotline_requests", "column", "vi")[0] == {"value": "", "label": "–"}
    assert fitting(city, "nothing_such", "time", "vi") == []

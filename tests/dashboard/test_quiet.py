"""What is kept quiet: told on its page and at the command line, started, prolonged and ended from both."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from plotly.io.json import to_json_plotly
from typer.testing import CliRunner, Result

from config import load_city
from dashboard import cli
from dashboard.cli.values import UnknownError
from dashboard.components.quiet_form import begin_form
from dashboard.drawing.format import Lang
from dashboard.i18n import words_in
from dashboard.running.places import Places
from dashboard.running.runtime import Runtime
from dashboard.screens import render
from dashboard.warnings.alerts import Alert, alerts_from
from dashboard.warnings.quiet import end_of, kept
from dashboard.warnings.quieting import Change, Wanted, begin, change
from indicators.notices.obstacles import NOTICE
from warehouse.state import Episode, Evaluation, Kind, Maintenance, Silence, State, Status

if TYPE_CHECKING:
    from config import City
    from dashboard.context import ScreenContext

ROOT = Path(__file__).parents[2]
NOON = dt.datetime(2026, 11, 23, 5, tzinfo=dt.UTC)
"""12:00 in the city."""
HOUR = dt.timedelta(hours=1)
WHO: dict[str, Any] = {"who": "Lan", "reason": "lễ hội", "areas": None, "now": NOON}


@pytest.fixture(scope="module")
def tiny() -> City:
    return load_city(ROOT / "tests" / "config" / "tiny")


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    """Warnings of the rule ``late`` stand in both districts and in the town."""
    state = State.open(f"sqlite:///{tmp_path}/people.sqlite")
    told: dict[str, str] = {"en": "Late", "vi": "Chậm"}
    episodes = [
        Episode("late", area, Kind.LIMIT, "serious", Status.FIRING, NOON, NOON, 2.0, 1.0, told, {})
        for area in ("T", "T1", "T2")
    ]
    state.record(Evaluation(NOON, episodes=episodes))
    yield state
    state.close()


def spans(state: State) -> list[Silence | Maintenance]:
    return [*state.silences.all(), *state.maintenance.all()]


def test_each_says_where_it_is_in_its_life_and_what_it_keeps_quiet(tiny: City, state: State) -> None:
    state.silences.add(area="T1", ends_at=NOON + 3 * HOUR, **WHO)
    state.silences.add(rule="late", starts_at=NOON + HOUR, ends_at=NOON + 2 * HOUR, **WHO)
    state.silences.add(domain="feedback", ends_at=NOON + NOTICE, **WHO)
    state.maintenance.add(feed="requests", area="T2", ends_at=NOON + 4 * HOUR, **WHO)
    state.silences.add(rule="other", ends_at=NOON + HOUR / 2, **WHO)

    def told(at: dt.datetime) -> list[tuple[str, int, str, tuple[int, ...]]]:
        found = kept(tiny, spans(state), state.warnings(areas=None), at)
        return [(item.kind, item.span.id, item.phase, tuple(sorted(item.warnings))) for item in found]

    assert told(NOON) == [
        ("silence", 4, "ends_soon", ()),
        ("silence", 3, "ends_soon", (1, 2, 3)),
        ("silence", 1, "running", (2,)),
        ("maintenance", 1, "running", (3,)),
        ("silence", 2, "planned", (1, 2, 3)),
    ]
    assert told(NOON + 2 * HOUR) == [
        ("silence", 1, "ends_soon", (2,)),
        ("maintenance", 1, "running", (3,)),
        ("silence", 2, "over", ()),
        ("silence", 3, "over", ()),
        ("silence", 4, "over", ()),
    ]


def test_an_end_is_a_length_or_a_moment(tiny: City) -> None:
    assert end_of(tiny, "90m", NOON) == NOON + 1.5 * HOUR
    assert end_of(tiny, "2026-11-24T08:00", NOON) == dt.datetime(2026, 11, 24, 1, tzinfo=dt.UTC)
    assert end_of(tiny, "2026-11-24T08:00+00:00", NOON) == dt.datetime(2026, 11, 24, 8, tzinfo=dt.UTC)
    for nonsense in ("tomorrow", "999999999999w", "4"):
        with pytest.raises(UnknownError):
            end_of(tiny, nonsense, NOON)


def test_open_pages_learn_that_a_silence_is_over(tmp_path: Path, tiny: City) -> None:
    places = Places.of("tiny", tmp_path / "var")
    now = [NOON]
    with Runtime(tiny, places, clock=lambda: now[0]) as runtime:
        runtime.state.silences.add(area="T1", ends_at=NOON + 3 * HOUR, **WHO)
        runtime.publish()
        shown = [runtime.hub.version]
        for hours in (1, 2.5, 3):
            now[0] = NOON + hours * HOUR
            runtime.courier.look()
            shown.append(runtime.hub.version)
    assert shown[0] == shown[1], "nothing has changed: pages are left alone"
    assert len(set(shown)) == 3, "it ends soon, and it is over"


def ask(state: State, city: City, **given: Any) -> tuple[str, bool]:
    defaults: dict[str, Any] = {
        "kind": "silence", "scope": {"rule": "late"}, "until": "4h", "reason": "lễ hội", "who": "Lan",
    }  # fmt: skip
    return begin(city, state, None, Wanted(**defaults | given), NOON, "en")


def test_the_form_starts_what_it_says(tiny: City, state: State) -> None:
    assert ask(state, tiny, scope={"rule": "late", "area": "T1", "feed": "requests"}) == (
        "Recorded: quiet until 23 Nov 2026, 16:00.", True,
    )  # fmt: skip
    assert ask(state, tiny, start="2026-11-24T08:00", until="2026-11-24T10:00")[1]
    assert ask(state, tiny, kind="maintenance", scope={"rule": "late", "feed": "requests"}, until="1d")[1]
    later, first = state.silences.all()
    assert (first.rule, first.area, first.domain) == ("late", "T1", None)
    assert (later.starts_at, later.ends_at) == (NOON + 20 * HOUR, NOON + 22 * HOUR)
    (window,) = state.maintenance.all()
    assert (window.feed, window.area, window.ends_at) == ("requests", None, NOON + 24 * HOUR)
    assert [entry.object for entry in state.audit(about=("silence", "maintenance"))] == [
        "maintenance 1", "silence 2", "silence 1",
    ]  # fmt: skip
    assert [entry.who for entry in state.audit(about=("maintenance",))] == ["Lan"]


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ({"scope": {}}, "silences.needs_scope"),
        ({"scope": {"feed": "requests"}}, "silences.needs_scope"),  # of no meaning to a silence
        ({"kind": "nonsense"}, "silences.needs_scope"),
        ({"until": ""}, "silences.needs_until"),
        ({"reason": ""}, "action.needs_reason"),
        ({"who": ""}, "action.needs_name"),
        ({"until": "soon"}, "silences.not_understood"),
        ({"start": "soon"}, "silences.not_understood"),
        ({"scope": {"rule": "no_such"}}, "silences.not_understood"),
        ({"until": "2026-11-23T11:00"}, "silences.refused"),
        ({"start": "2026-11-24T08:00", "until": "2026-11-24T07:00"}, "silences.refused"),
    ],
)
def test_what_is_missing_is_said_and_nothing_is_started(
    tiny: City, state: State, given: dict[str, Any], word: str
) -> None:
    assert ask(state, tiny, **given) == (words_in("en")(word), False)
    assert spans(state) == []


def test_the_form_prolongs_and_ends(tiny: City, state: State) -> None:
    state.silences.add(rule="late", ends_at=NOON + HOUR, **WHO)
    state.maintenance.add(feed="requests", ends_at=NOON + HOUR, **WHO)

    def asked(
        which: str, action: Any, until: str = "", reason: str = "x", who: str = "Hoa"
    ) -> tuple[str, bool]:
        return change(tiny, state, None, Change(which, action, until, reason, who), NOON, "en")

    words = words_in("en")
    assert asked("silence-1", "extend", "4h") == ("Recorded: quiet until 23 Nov 2026, 17:00.", True)
    assert asked("maintenance-1", "end") == (words("silences.ended"), True)
    assert asked("silence-1", "extend", "2026-11-23T16:00") == (words("silences.refused"), False)
    assert asked("silence-1", "extend", "long") == (words("silences.not_understood"), False)
    assert asked("silence-1", "extend") == (words("silences.needs_until"), False)
    assert asked("silence-1", "end", reason="") == (words("action.needs_reason"), False)
    assert asked("silence-1", "end", who="") == (words("action.needs_name"), False)
    for which, action in (("maintenance-1", "end"), ("silence-9", "end"), ("x", "end"), ("silence-1", "y")):
        assert asked(which, action) == (words("silences.refused"), False)
    ((silence,), (window,)) = state.silences.all(), state.maintenance.all()
    assert (silence.until, window.until, window.ended_by) == (NOON + 5 * HOUR, NOON, "Hoa")
    deeds = [(e.who, e.action, e.object) for e in state.audit(about=("silence", "maintenance"))]
    assert deeds[:2] == [("Hoa", "end", "maintenance 1"), ("Hoa", "extend", "silence 1")]


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_the_page_tells_of_each_and_offers_what_can_be_done(
    context: Callable[..., ScreenContext], alert: Callable[..., Alert], tmp_path: Path, city: City, lang: Lang
) -> None:
    state = State.open(f"sqlite:///{tmp_path}/other.sqlite")
    words, stands = words_in(lang), alert(id=7)
    at: dict[str, Any] = {"reason": "diễn tập", "who": "Trần Thị Hạnh", "areas": None}
    now = context().now
    state.silences.add(rule=stands.rule, ends_at=now + HOUR / 2, now=now - HOUR, **at)
    feed = next(iter(city.feeds))
    state.maintenance.add(feed=feed, starts_at=now + HOUR, ends_at=now + 5 * HOUR, now=now, **at)
    state.silences.add(area=stands.area, ends_at=now + HOUR, now=now - HOUR, **at)
    state.silences.end(2, "Lê Văn Bình", "xong sớm", now - HOUR / 2, areas=None)
    given: dict[str, Any] = {
        "quiet": spans(state),
        "deeds": state.audit(about=("silence", "maintenance")),
    }

    def told(**params: str) -> str:
        ctx = context("silences", lang=lang, alerts=[stands], params=params, **given)
        return json.dumps(json.loads(str(to_json_plotly(render(ctx)))), ensure_ascii=False)

    text = told()
    assert city.rules[stands.rule].name.get(lang) in text
    assert city.feeds[feed].name.get(lang) in text
    assert words("silences.ends_soon") in text
    assert words("silences.planned") in text
    assert words.count("silences.hushes", 1) in text
    assert words.count("silences.past", 1) in text
    assert words("silences.ended_by", who="Lê Văn Bình") in text
    assert text.count("diễn tập") >= 3
    assert f"/{lang}/warning/7" in text
    assert f"/{lang}/silences?which=silence-1&amp;do=end" in text
    assert "change-do" not in text
    asked = told(which="maintenance-1", do="end")
    assert asked.index("change-do") < asked.index("quiet-do")
    assert '"value": "maintenance-1"' in asked
    state.close()


def test_a_page_with_nothing_to_tell_says_so(context: Callable[..., ScreenContext]) -> None:
    text = str(to_json_plotly(render(context("silences", lang="en"))))
    assert words_in("en")("silences.none") in text
    assert "quiet-do" in text
    assert "change-do" not in text


def test_the_form_takes_its_scope_from_the_address(context: Callable[..., ScreenContext], city: City) -> None:
    rule, area = list(city.rules)[3], city.areas.at(city.levels[1])[0].code

    def chosen(**params: str) -> dict[str, str]:
        parts = begin_form(context("silences", params=params))._traverse()
        ids = [(getattr(part, "id", None), part) for part in parts]
        return {
            str(id_ and id_["type"]).removeprefix("quiet-"): part.value
            for id_, part in ids
            if hasattr(part, "value")
        }

    given = chosen(rule=rule, area=area, domain="no such")
    assert (given["rule"], given["area"], given["domain"], given["kind"]) == (rule, area, "any", "silence")
    assert chosen(feed=next(iter(city.feeds)))["kind"] == "maintenance"


def test_the_desk_shows_a_warning_as_heard_once_its_silence_is_over(tiny: City, state: State) -> None:
    state.silences.add(area="T1", ends_at=NOON + HOUR, **WHO)
    warnings = state.warnings(areas={"T1"})
    (quiet,), (heard,) = (alerts_from(tiny, warnings, spans(state), at) for at in (NOON, NOON + HOUR))
    assert (quiet.quiet_until, heard.quiet_until) == (NOON + HOUR, None)


@pytest.fixture
def ioc(tmp_path: Path) -> Callable[..., Result]:
    def run(*words: str) -> Result:
        places = ["--city", str(ROOT / "tests" / "config" / "tiny"), "--var", str(tmp_path / "var")]
        return CliRunner().invoke(cli.app, [*words, *places])

    return run


def test_the_command_line_adds_lists_prolongs_and_ends(ioc: Callable[..., Result]) -> None:
    why = ("--reason", "diễn tập", "--who", "Lan", "--json")
    made = json.loads(ioc("silences", "add", "--rule", "late", "--area", "T1", "--until", "4h", *why).stdout)
    assert made | {"starts_at": "", "ends_at": "", "created_at": ""} == {
        "id": 1, "kind": "silence", "state": "running", "rule": "late", "domain": None, "area": "T1",
        "starts_at": "", "ends_at": "", "ended_at": None, "created_at": "", "ended_by": None,
        "reason": "diễn tập", "who": "Lan", "warnings": [],
    }  # fmt: skip
    start, end = (dt.datetime.fromisoformat(made[name]) for name in ("starts_at", "ends_at"))
    assert end - start == 4 * HOUR
    longer = json.loads(ioc("silences", "extend", "1", "--until", "2h", *why).stdout)
    assert dt.datetime.fromisoformat(longer["ends_at"]) - start == 6 * HOUR
    assert [item["id"] for item in json.loads(ioc("silences", "list", "--json").stdout)] == [1]
    assert "diễn tập" in ioc("silences", "list").stdout
    over = json.loads(ioc("silences", "end", "1", *why).stdout)
    assert (over["state"], over["ended_by"]) == ("over", "Lan")
    assert json.loads(ioc("silences", "list", "--json").stdout) == []
    assert ioc("silences", "list").stdout == "nothing is kept quiet\n"
    assert [item["state"] for item in json.loads(ioc("silences", "list", "--all", "--json").stdout)] == [
        "over"
    ]


def test_the_command_line_keeps_windows_of_maintenance(ioc: Callable[..., Result]) -> None:
    why = ("--reason", "nâng cấp", "--who", "Lan", "--json")
    when = ("--from", "2099-01-01T08:00", "--until", "2099-01-01T10:00")
    made = json.loads(ioc("maintenance", "add", "--feed", "requests", *when, *why).stdout)
    assert (made["kind"], made["state"], made["feed"], made["area"]) == (
        "maintenance", "planned", "requests", None,
    )  # fmt: skip
    assert (made["starts_at"], made["ends_at"]) == ("2099-01-01T01:00:00+00:00", "2099-01-01T03:00:00+00:00")
    assert json.loads(ioc("maintenance", "end", "1", *why).stdout)["state"] == "over"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("silences", "add", "--until", "4h"), "say what is to be quiet: give rule or area or domain"),
        (
            ("silences", "add", "--rule", "lat", "--until", "4h"),
            "there is no rule 'lat' (did you mean late?)",
        ),
        (("silences", "add", "--rule", "late", "--until", "soon"), "'soon' is no moment"),
        (("silences", "add", "--rule", "late", "--until", "2020-01-01"), "it must end after it begins"),
        (("silences", "end", "7"), "there is no silence 7"),
        (("maintenance", "extend", "7", "--until", "4h"), "there is no maintenance 7"),
        (("maintenance", "add", "--feed", "requestz", "--until", "4h"), "did you mean requests?"),
    ],
)
def test_what_cannot_be_done_ends_with_a_sentence(
    ioc: Callable[..., Result], words: tuple[str, ...], said: str
) -> None:
    done = ioc(*words, "--reason", "x", "--who", "Lan")
    assert done.exit_code == 1
    assert said in " ".join(done.stderr.split())

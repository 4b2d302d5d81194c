"""The catalogues hold the same words, with the same places, and every word is used."""

from __future__ import annotations

import re
import typing
from pathlib import Path

import pytest

import dashboard
from config.models import PERIODS, Layer, Rhythm, Severity
from config.models.composite import Missing, Normalise
from config.models.contract import DriftRule
from config.models.indicator import TargetKind
from config.targets import State
from dashboard.components.directive_form import ISSUED, TOLD
from dashboard.components.handling import CHOICES
from dashboard.components.menu import PAGES
from dashboard.directives import notices as directive_notices
from dashboard.i18n import LANGUAGES, words_in
from dashboard.maps.mapping import View
from dashboard.review.pack import Ask
from dashboard.rules.book import Tried
from dashboard.running.faults import Where
from dashboard.screens import programme, quarantine
from dashboard.screens.catalogue import TABS
from dashboard.screens.directives import SHOWN as DIRECTIVES_SHOWN
from dashboard.screens.rules import SHOWN
from dashboard.screens.studio import CHOICES as CHOICES_OF_STUDIO
from dashboard.screens.studio import TEXTS
from dashboard.standing import Mark
from dashboard.studio.desk import WHATS
from dashboard.warnings import quiet, quieting
from dashboard.warnings.alerts import Phase
from indicators.breaks import COMPUTING
from pipelines import reasons
from warehouse.programmes import STATES
from warehouse.recast_rule import Reason
from warehouse.state import PRIORITIES, Outcome, RequestKind, RequestState, Result
from warehouse.state import Phase as DirectivePhase

SOURCE = "\n".join(
    p.read_text(encoding="utf-8") for p in sorted(Path(dashboard.__file__).parent.rglob("*.py"))
)
# Whatever may be missing of a row of systems.yaml.
GAPS = set(re.findall(r'(?:Gap|_at_least)\("([a-z_]+)"', SOURCE)) | {"whole", "broken"}
GAPS |= {f"few_{kind}" for kind in ("indicators", "rules", "feeds")}
# Groups whose members come from models; ``none`` is what wears no word.
GROUPS: dict[str, set[str]] = {
    "layer": set(typing.get_args(Layer.model_fields["kind"].annotation)),
    "view": set(typing.get_args(View)),
    "zoom": {"in", "out", "fit"},
    "mark": set(typing.get_args(Mark)) - {"none"},
    "phase": set(typing.get_args(Phase)) | {"acknowledged"},
    "tone": {"good", "bad"},
    "previous": set(PERIODS) | {"yesterday", "reporting"},
    "period": set(PERIODS) | {"today", "yesterday", "until"},
    "direction": {"up", "down", "none"},
    "kind": {"measure", "stock", "reported", "formula", "composite"},
    "normalise": set(typing.get_args(Normalise)),
    "aggregate": {"arithmetic", "geometric"},
    "missing": set(typing.get_args(Missing)),
    "handling": {
        *("acknowledge", "comment", "assign", "close", "reopen", "escalate", "severity", "correct"),
        *("rebase", "unbase"),
        "nobody",
    },
    "work_kind": set(typing.get_args(RequestKind)),
    "work_state": {state.value for state in RequestState},
    "work_step": {"begin", "fetch", "load", "compute", "judge"},
    "work_end": {"no_feed", "busy", "not_ranged", "ended", "failed", "given_up", "broke", "refused"},
    "fetched": {"running", "done", "unchanged", "passing", "failed"},
    "fault": set(typing.get_args(Where)),
    "tried": set(typing.get_args(Tried)),
    "rules_shown": {show or "all" for show in SHOWN},
    **{f"rule_{name}": {"above", "below", "both"} for name in ("count", "level", "shift", "volume")},
    "why_feed": {"stale", "late", "silent", "incomplete"},
    "task_state": set(programme.SHOWN) | set(STATES),
    "milestone": {"reached", "late", "missed", "awaited"},
    "outcome": {outcome.value for outcome in Outcome},
    **{f"choice_{action}": set(members) for action, members in CHOICES.items()},
    "studio_what": set(WHATS),
    "studio_field": {*TEXTS, *CHOICES_OF_STUDIO},
    "silences": {
        *(set(typing.get_args(quiet.Phase)) - {"over"}),
        *typing.get_args(quiet.Kind),
        *quieting.FIELDS,
        *(f"any_{name}" for name in quieting.FIELDS),
        *(f"did_{action}" for action in ("add", "extend", "end")),
        *(f"{stem}.{form}" for stem in ("hushes", "will_hush") for form in ("one", "other")),
        *("needs_until", "ended"),
    },
    "catalogue_tab": set(TABS),
    "gap": GAPS,
    "menu": {kind for kind, _ in PAGES},
    "rhythm": set(typing.get_args(Rhythm)),
    "account": {"accepted", "unchanged", "rejected", "mended"},
    "quarantine": {
        *quarantine.STATES,
        *(f"all_{deed}" for deed in ("replay", "dismiss", "take_back")),
        *(f"did_{deed}" for deed in ("mend", "replay", "dismiss")),
        *("state", "reasons", "files"),
    },
    "directive_result": {result.value for result in Result},
    "directive_phase": {phase.value for phase in DirectivePhase},
    "review_ask": set(typing.get_args(Ask)),
    "directives_all": {"unit", "domain"},
    "directives_shown": set(DIRECTIVES_SHOWN),
    "directive_field": {*ISSUED, *TOLD},
    "directive_do": {"report", "comment", "ask", "extend", "refuse", "close", "reopen"},
    "directive_deed": {*directive_notices.TO_UNITS, *directive_notices.TO_FOLLOWERS, "comment"},
    "priority": set(PRIORITIES),
    "run": {"done", "running", "failed"},
    "refresh": {"full", "incremental"},
    "ranking": {"best", "worst"},
    "boundaries": {"time", "now"},
    "field": set(COMPUTING),
    "goal_state": set(typing.get_args(State)),
    "certainty": {"proportion", "count", "rate", "none"},
    "recast": set(typing.get_args(Reason)) - {""},
    "flag": {"empty", "flag", "root", "whole"},
    "drift_kind": set(DriftRule.model_fields),
    "drift_do": set(DriftRule.model_fields),
    "reason": {
        r for name, r in vars(reasons).items() if name.isupper() and name[0] != "_" and r != reasons.CHECK
    },
}
# Keys that are put together in code: ``words(f"health.{key}")`` and ``words(f"target.{kind}")``.
COMPOSED = {
    *(f"health.{key}" for key in ("received", "inserted", "updated", "unchanged", "rejected", "mended")),
    *(f"target.{kind}" for kind in typing.get_args(TargetKind)),
    *("aim.cumulative", "aim.rank"),
    *(f"nav.{kind}" for kind in ("area", "domains", "map", "warnings", "health", "wall")),
    *(f"action.{action}" for action in ("acknowledge", "comment", "assign", "close", "silence")),
    *(f"release.{unit}.{form}" for unit in ("hours", "days") for form in ("one", "other")),
    *(f"action.{word}" for word in ("reopen", "rebase", "unbase", "to", "duplicate_of")),
    *(f"action.needs_{what}" for what in ("name", "comment", "reason", "to", "number")),
    *(
        f"reminder.{step}.{part}"
        for step in ("overdue", "review", "escalated")
        for part in ("subject", "body")
    ),
    *(
        f"directive_notice.{word}.{part}"
        for word in (*directive_notices.TO_UNITS, *directive_notices.TO_FOLLOWERS, "remind", "overdue")
        for part in ("subject", "body")
    ),
    *(f"directive.needs_{what}" for what in ("words", "due", "progress")),
    "brand.language",
    *("breakdown.true", "breakdown.false"),
}


def test_both_languages_have_the_same_keys_and_places() -> None:
    vi, en = (words_in(lang) for lang in LANGUAGES)
    assert vi.keys == en.keys
    for key in vi.keys:
        places = [set(re.findall(r"\{(\w+)\}", words(key))) for words in (vi, en)]
        assert places[0] == places[1], key


def test_every_key_is_used_and_every_use_has_a_key() -> None:
    keys = words_in("vi").keys
    used = set(re.findall(r'words\(\s*"([a-z_]+\.[a-z_]+)"', SOURCE))
    used |= set(re.findall(r'"((?:period|state|rows)\.[a-z_]+)"', SOURCE)) & keys
    used |= {f"{group}.{member}" for group, members in GROUPS.items() for member in members}
    for stem in re.findall(r'\.count\(\s*"([a-z_]+\.[a-z_]+)"', SOURCE):
        used |= {f"{stem}.one", f"{stem}.other"}
    used |= COMPOSED
    assert used - keys == set(), "words that no catalogue has"
    assert keys - used == set(), "words that nobody uses"


def test_severities_are_marks() -> None:
    assert set(typing.get_args(Severity)) <= GROUPS["mark"]


@pytest.mark.parametrize(
    ("n", "text"), [(1, "1 open warning"), (2, "2 open warnings"), (1200, "1,200 open warnings")]
)
def test_plural(n: int, text: str) -> None:
    assert words_in("en").count("warnings.open", n) == text


def test_no_text_is_left_untranslated() -> None:
    vi, en = (words_in(lang) for lang in LANGUAGES)
    same = {key for key in vi.keys if vi(key) == en(key)}
    # A name, and forms that have nothing but numbers in them.
    assert same <= {"brand.name"}

"""From transitions to warnings: when one opens, how it is carried on, when it ends."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping
from typing import Final

from config import City
from config.models import OverFeed, Rule, Statistical, Volume
from indicators.rules.gravity import graver, severity, worse
from indicators.rules.machine import Reason
from indicators.rules.messages import message, no_data_message
from indicators.rules.sightings import Sighting
from warehouse.state import Episode, Evaluation, Kind, SeriesKey, SeriesState, Status, Transition

STANDING: Final = (Status.FIRING, Status.RECOVERING)


class Desk:
    """The warnings of one evaluation: the open ones it began with, and everything that it changes."""

    def __init__(self, city: City, open_episodes: Mapping[SeriesKey, Episode], now: dt.datetime) -> None:
        self.now = now
        self.evaluation = Evaluation(now)
        self.transitions: list[Transition] = []
        self._city = city
        self._open = dict(open_episodes)
        self._ended: dict[SeriesKey, list[Episode]] = defaultdict(list)
        self._touched: dict[int, Episode] = {}

    def standing(self, rule: str, area: str) -> Episode | None:
        """The warning of a series that stands."""
        return self._open.get((rule, area))

    def moved(
        self,
        rule: Rule,
        area: str,
        before: SeriesState,
        after: SeriesState,
        reason: Reason,
        sighting: Sighting | None,
    ) -> None:
        """A series went from one status to another; ``sighting`` is what caused it (None: nothing came)."""
        assert after.since is not None
        transition = Transition(
            rule.id,
            area,
            after.since,
            before.status,
            after.status,
            reason.value,
            sighting.measure if sighting else None,
            sighting.limit if sighting else None,
        )
        self.transitions.append(transition)
        episode = self._open.get((rule.id, area))
        if episode is not None and self._over(episode, after.status):
            self._close(episode, after.since, reason)
            if after.status is not Status.FIRING:
                self._note(episode, transition)
                return
            episode = None
        if episode is None:
            episode = self._opened(rule, area, before, after, sighting)
            if episode is None:
                self.evaluation.transitions.append(transition)
                return
        episode.status = after.status
        self._note(episode, transition)

    def seen(self, rule: Rule, area: str, sighting: Sighting) -> None:
        """Carry the figures of an open warning on; the age of a feed only grows, that needs no telling."""
        episode = self._open.get((rule.id, area))
        if episode is None or episode.kind is not Kind.LIMIT or sighting.measure is None:
            return
        ages = isinstance(rule.when, OverFeed) and not isinstance(rule.when, Volume)
        if ages or sighting.measure == episode.last_value:
            return
        episode.worst_value = worse(rule, episode.worst_value, sighting)
        episode.last_value = sighting.measure
        episode.severity = graver(episode.severity, severity(rule, sighting.band))
        self._touched[id(episode)] = episode

    def withdrawn(self, key: SeriesKey, state: SeriesState, at: dt.datetime, reason: Reason) -> None:
        """There is nothing left to judge: the rule is gone from the city's folder, or the area from its
        map.
        """
        if state.status is Status.NORMAL:
            return
        step = Transition(*key, at, state.status, Status.NORMAL, reason.value, None, None)
        self.transitions.append(step)
        self.evaluation.series[key] = SeriesState(since=at, judged_through=state.judged_through)
        episode = self._open.get(key)
        if episode is None:
            self.evaluation.transitions.append(step)
            return
        self._note(episode, step)
        self._close(episode, at, reason)

    def finish(self) -> Evaluation:
        """Everything to be stored."""
        self.evaluation.episodes = list(self._touched.values())
        return self.evaluation

    def _opened(
        self, rule: Rule, area: str, before: SeriesState, after: SeriesState, sighting: Sighting | None
    ) -> Episode | None:
        assert after.since is not None
        if isinstance(rule.when, Statistical) and self._covered(rule, area, after.since):
            return None
        if after.status is Status.FIRING and sighting is not None:
            begun = after.breach_since or after.since
            episode = self._episode(rule, area, Kind.LIMIT, after, begun)
            episode.value, episode.limit = sighting.measure, sighting.limit
            episode.last_value = episode.worst_value = sighting.measure
            episode.severity = severity(rule, sighting.band)
            episode.message = message(self._city, rule, area, sighting, begun)
            episode.evidence = sighting.evidence()
        elif after.status is Status.NO_DATA and rule.no_data is not None and rule.no_data.then == "warn":
            missing = before.judged_through or after.since
            episode = self._episode(rule, area, Kind.NO_DATA, after, missing)
            episode.message = no_data_message(self._city, rule, area, missing)
            episode.evidence = {"last_seen": missing.astimezone(dt.UTC).isoformat()}
        else:
            return None
        self._open[rule.id, area] = episode
        return episode

    def _covered(self, rule: Rule, area: str, at: dt.datetime) -> bool:
        """Whether a warning of the rule stood then for an area that holds this one: this is part of it.

        Not whether one stands now: where much is judged at once, that is another one, or none any more.
        """
        keys = [(rule.id, code) for code in self._city.areas.path(area).values() if code != area]
        return any(
            episode.opened_at <= at and (episode.resolved_at is None or at < episode.resolved_at)
            for key in keys
            for episode in (*self._ended[key], *filter(None, [self._open.get(key)]))
        )

    def _episode(self, rule: Rule, area: str, kind: Kind, after: SeriesState, begun: dt.datetime) -> Episode:
        assert after.since is not None
        return Episode(
            rule.id, area, kind, rule.severity, after.status, after.since, begun, None, None, {}, {}
        )

    @staticmethod
    def _over(episode: Episode, status: Status) -> bool:
        """Whether the warning ends when its series comes into ``status``."""
        if status in (Status.NORMAL, Status.PENDING):
            return True
        return episode.kind is Kind.NO_DATA and status in (*STANDING, Status.TOO_FEW)

    def _close(self, episode: Episode, at: dt.datetime, reason: Reason) -> None:
        episode.status, episode.resolved_at, episode.resolution = Status.NORMAL, at, reason.value
        self._touched[id(episode)] = episode
        key = episode.rule, episode.area
        self._ended[key].append(self._open.pop(key))

    def _note(self, episode: Episode, transition: Transition) -> None:
        episode.transitions.append(transition)
        self._touched[id(episode)] = episode

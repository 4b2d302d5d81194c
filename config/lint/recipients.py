"""What a recipient says of areas and levels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from config.lint.place import Place
from config.models import Recipient
from config.problems import Problem


def whole(place: Place, keys: tuple[str, ...], recipients: Sequence[str]) -> Iterator[Problem]:
    """Recipients who are told of something that belongs to no area."""
    for number, name in enumerate(recipients):
        yield from place.known((*keys, number), "recipient", name, place.named("recipient"))
        found = place.city.recipients.get(name)
        if found is not None and found.each is not None:
            message = f"{name!r} has an office in each {found.each}, and this belongs to none"
            yield place.problem((*keys, number), message, "name a recipient of the whole city")


def lint_recipient(place: Place, recipient: Recipient) -> Iterator[Problem]:
    """Every broken reference of one recipient."""
    yield from place.texts(recipient)
    spoken = place.city.head.languages
    if recipient.language is not None:
        yield from place.known(("language",), "language", recipient.language, spoken)
    for number, code in enumerate(recipient.areas):
        yield from place.known(("areas", number), "area", code, place.named("area"))
    for number, level in enumerate(recipient.levels):
        yield from place.known(("levels", number), "level", level, place.city.levels)
    if recipient.each is not None:
        yield from place.known(("each",), "level", recipient.each, place.city.levels)
    elif recipient.channels_of:
        yield place.problem(("channels_of",), "is for offices of areas", "say under each of which level")
    for code in recipient.channels_of:
        yield from place.known(("channels_of", code), "area", code, place.named("area"))
    if recipient.escalates_to == recipient.id:
        yield place.problem(("escalates_to",), "is told already", "name another recipient")
    elif recipient.escalates_to is not None:
        named = place.named("recipient")
        yield from place.known(("escalates_to",), "recipient", recipient.escalates_to, named)
    yield from place.repeated(("channels",), "channel", recipient.channels)
    quiet = recipient.quiet
    if quiet is not None and quiet.start == quiet.end:
        yield place.problem(("quiet", "to"), "quiet hours end when they begin", "give another time")

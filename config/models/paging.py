"""How a source that answers in pages is walked through to its end."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, Tag

from config.models.base import Model, tag_or


class Pages(Model):
    """What every way of paging has.

    ``size_parameter`` carries ``size``, the rows asked for in a page. ``total`` is the path to the number of
    all rows in a JSON answer: with it a walk during which rows were deleted is noticed, and repeated.
    """

    by: str
    size: int = Field(default=1000, ge=1)
    size_parameter: str | None = None
    total: str | None = None


class PageNumber(Pages):
    """Pages have numbers, the first one ``first``; ``parameter`` carries it. An empty page is the end."""

    by: Literal["page"] = "page"
    parameter: str | None = "page"
    first: int = 1


class Offset(Pages):
    """A page begins after so many rows; ``parameter`` carries the number. An empty page is the end."""

    by: Literal["offset"]
    parameter: str | None = "offset"


class NextLink(Pages):
    """A JSON answer holds the address of the next page at the path ``next``; none there is the end."""

    by: Literal["next"]
    next: str = "next"


class LinkHeader(Pages):
    """The header Link of an answer gives the address of the next page (rel="next")."""

    by: Literal["link"]


class CursorToken(Pages):
    """A JSON answer holds a token at the path ``next``, which ``parameter`` carries to get the next page."""

    by: Literal["cursor"]
    parameter: str | None = "cursor"
    next: str = "next_cursor"


Paging = Annotated[
    Annotated[PageNumber, Tag("page")]
    | Annotated[Offset, Tag("offset")]
    | Annotated[NextLink, Tag("next")]
    | Annotated[LinkHeader, Tag("link")]
    | Annotated[CursorToken, Tag("cursor")],
    tag_or("by", "page"),
]

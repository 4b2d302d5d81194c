"""Who looks: every read of the store takes the viewer's scope, so that access has one place to grow."""

from __future__ import annotations

from dataclasses import dataclass

from config.areas import AreaTree


class OutOfScopeError(PermissionError):
    """The viewer may not see this area."""

    def __init__(self, area: str) -> None:
        super().__init__(f"area {area} lies outside what this viewer may see")
        self.area = area


@dataclass(frozen=True)
class Scope:
    """A viewer's role and the areas, with all below them, that are visible; None means the city."""

    role: str = "viewer"
    areas: frozenset[str] | None = None

    def sees(self, tree: AreaTree, code: str) -> bool:
        """Whether ``code`` is one of the viewer's areas or lies in one."""
        return self.areas is None or not self.areas.isdisjoint(tree.path(code).values())

    def demand(self, tree: AreaTree, code: str) -> None:
        """Raise OutOfScopeError unless the viewer may see ``code``."""
        if not self.sees(tree, code):
            raise OutOfScopeError(code)


EVERYONE = Scope()
"""The scope of everyone until signing in exists."""

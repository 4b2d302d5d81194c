"""The words of the interface, in one catalogue for each language."""

from dashboard.i18n.words import LANGUAGES, Words, words_in

__all__ = ["LANGUAGES", "Words", "words_in"]

"""What a city defines: typed models, the loader and the linter of a city folder."""

from config.city import City
from config.loader import REFERENCE_CITY, load_city
from config.problems import CityError, Problem

__all__ = ["REFERENCE_CITY", "City", "CityError", "Problem", "load_city"]

"""Typed models of everything that a city defines."""

from config.models.area import Area, AreaChange
from config.models.base import Model, Text
from config.models.city import Calendar, CityModel, Domain, Holiday, Level, Reporting, Unit
from config.models.feed import AreaRule, Check, Column, Feed, FolderConnector
from config.models.identity import Identity, Tolerance
from config.models.indicator import PERIODS, Formula, Indicator, Measure, Period, Reported, Stock, Target
from config.models.rule import Change, Condition, NoData, Rule, Severity, Stale, TargetGap, Threshold
from config.models.screen import (
    AreaScreen,
    Matrix,
    Panel,
    Ranking,
    Screen,
    TileMap,
    Tiles,
    Trend,
    WallPage,
    WallScreen,
    WarningList,
)

__all__ = [
    "PERIODS",
    "Area",
    "AreaChange",
    "AreaRule",
    "AreaScreen",
    "Calendar",
    "Change",
    "Check",
    "CityModel",
    "Column",
    "Condition",
    "Domain",
    "Feed",
    "FolderConnector",
    "Formula",
    "Holiday",
    "Identity",
    "Indicator",
    "Level",
    "Matrix",
    "Measure",
    "Model",
    "NoData",
    "Panel",
    "Period",
    "Ranking",
    "Reported",
    "Reporting",
    "Rule",
    "Screen",
    "Severity",
    "Stale",
    "Stock",
    "Target",
    "TargetGap",
    "Text",
    "Threshold",
    "TileMap",
    "Tiles",
    "Tolerance",
    "Trend",
    "Unit",
    "WallPage",
    "WallScreen",
    "WarningList",
]

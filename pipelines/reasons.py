"""Why a row is refused: reasons that screens and tests know by code, and their sentences in each language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

MISSING: Final = "missing"
TYPE: Final = "type"
PATTERN: Final = "pattern"
VALUE: Final = "value"
RANGE: Final = "range"
AREA_UNKNOWN: Final = "area_unknown"
AREA_NOT_VALID: Final = "area_not_valid_on_date"
DUPLICATE: Final = "duplicate_key"
MALFORMED: Final = "malformed"
VOLUME: Final = "volume"
UNUSUAL_VOLUME: Final = "unusual_volume"
REJECTED_SHARE: Final = "rejected_share"
CHECK: Final = "check:"
"""Followed by the id of the contract's check."""

# {value} is the refused cell, {expected} what the contract asks for.
_SENTENCES: Final[Mapping[str, Mapping[str, str]]] = {
    MISSING: {"vi": "bắt buộc nhưng để trống", "en": "is required but empty"},
    TYPE: {"vi": "“{value}” không phải {expected}", "en": "“{value}” is not {expected}"},
    PATTERN: {"vi": "“{value}” không theo mẫu {expected}", "en": "“{value}” does not follow {expected}"},
    VALUE: {"vi": "“{value}” không thuộc: {expected}", "en": "“{value}” is none of: {expected}"},
    RANGE: {"vi": "{value} nằm ngoài {expected}", "en": "{value} is outside {expected}"},
    AREA_UNKNOWN: {"vi": "“{value}” không phải đơn vị hành chính", "en": "“{value}” is not an area"},
    AREA_NOT_VALID: {
        "vi": "đơn vị “{value}” không tồn tại vào ngày {expected}",
        "en": "area “{value}” does not exist on {expected}",
    },
    DUPLICATE: {
        "vi": "khóa này lặp lại ở dòng {expected}",
        "en": "the same key stands on line {expected}",
    },
    MALFORMED: {"vi": "dòng hỏng: {value}", "en": "malformed: {value}"},
    VOLUME: {
        "vi": "có {value} dòng, cho phép {expected}",
        "en": "has {value} rows, allowed are {expected}",
    },
    UNUSUAL_VOLUME: {
        "vi": "có {value} dòng, các lần gửi trước cho thấy thường là {expected}",
        "en": "has {value} rows, going by the deliveries before it {expected} are usual",
    },
    REJECTED_SHARE: {
        "vi": "{value} % số dòng bị loại, cho phép đến {expected} %",
        "en": "{value} % of the rows are rejected, up to {expected} % are allowed",
    },
}

_WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "cells": {
        "vi": "dòng hỏng: có {found} ô thay vì {expected}",
        "en": "malformed: it has {found} cells instead of {expected}",
    },
    "stopped": {
        "vi": "dừng ở dòng {line}{where}: {detail}; tổng cộng {count} dòng như vậy, không nạp dòng nào",
        "en": "stopped at line {line}{where}: {detail}; {count} such rows in all, nothing was loaded",
    },
    "stopped_hint": {
        "vi": "sửa các dòng đó và gửi lại tệp, hoặc đổi on_error của quy tắc trong hợp đồng",
        "en": "have the rows mended and the file delivered again, or change the rule's on_error",
    },
    "volume_hint": {
        "vi": "kiểm tra tệp có bị cắt hoặc lặp không; nếu đúng, đổi volume.rows của nguồn",
        "en": "was the file cut short, or does it hold too much? If it is right, change volume.rows",
    },
    "unusual_volume_hint": {
        "vi": "kiểm tra tệp có bị cắt hoặc lặp không; nếu đúng, nới volume.against của nguồn",
        "en": "was the file cut short, or does it hold too much? If it is right, widen volume.against",
    },
    "drift": {
        "vi": "cột không còn như lần gửi trước: {changes}",
        "en": "the columns are not those of the delivery before: {changes}",
    },
    "drift_new": {"vi": "có thêm {column}", "en": "{column} is new"},
    "drift_missing": {"vi": "thiếu {column}", "en": "{column} is missing"},
    "drift_renamed": {"vi": "{column} nay là {other}", "en": "{column} is now called {other}"},
    "drift_reordered": {"vi": "thứ tự thay đổi từ {column}", "en": "their order changed from {column} on"},
    "drift_type": {"vi": "{column} đổi kiểu: {other}", "en": "{column} changed its type: {other}"},
    "drift_new_hint": {
        "vi": "nếu cần, thêm một cột source: {column} vào hợp đồng; hoặc đặt drift.new: flag",
        "en": "add a column with source: {column} to the contract if it is wanted, or set drift.new: flag",
    },
    "drift_missing_hint": {
        "vi": "hỏi đơn vị gửi; nếu bỏ thật, bỏ cột khỏi hợp đồng hoặc đặt drift.missing: flag",
        "en": "ask the sender; if it is gone for good, drop it from the contract or set drift.missing: flag",
    },
    "drift_renamed_hint": {
        "vi": "có vẻ {column} nay là {other}: đặt source: {other}, hoặc sửa dòng tiêu đề",
        "en": "{column} seems to be called {other} now: set source: {other}, or have the header mended",
    },
    "drift_reordered_hint": {
        "vi": "cột được tìm theo tên; đặt drift.reordered: ignore nếu thứ tự không quan trọng",
        "en": "columns are found by name: set drift.reordered: ignore if their order does not matter",
    },
    "drift_type_hint": {
        "vi": "xem giá trị mới; đổi type của cột, hoặc đặt drift.type: flag",
        "en": "look at the new values; change the column's type, or set drift.type: flag",
    },
    "rejected_share_hint": {
        "vi": "xem lý do bằng ioc feed try; sửa tệp, hợp đồng hoặc rejected.above",
        "en": "see the reasons with ioc feed try; then mend the file, the contract or rejected.above",
    },
}

_KINDS: Final[Mapping[str, Mapping[str, str]]] = {
    "text": {"vi": "văn bản", "en": "a text"},
    "integer": {"vi": "số nguyên", "en": "a whole number"},
    "number": {"vi": "số", "en": "a number"},
    "boolean": {"vi": "đúng/sai", "en": "true or false"},
    "date": {"vi": "ngày", "en": "a date"},
    "timestamp": {"vi": "thời điểm", "en": "a time"},
}


def sentence(reason: str, language: str) -> str:
    """Template of the sentence for ``reason``, with ``{value}`` and ``{expected}``."""
    return _SENTENCES[reason][language]


def words(key: str, language: str) -> str:
    """A sentence about a whole file, or what to do about it."""
    return _WORDS[key][language]


def kind(type: str, language: str) -> str:
    """Name of a column type."""
    return _KINDS[type][language]

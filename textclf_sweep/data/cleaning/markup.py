"""Markup and addresses: HTML tags and entities, URLs and e-mail addresses.

What `strip_html` changes is what the audit reports, by `debris`. Only elements that HTML has are tags: ``a < b``,
``<3``, ``<unknown>`` and ``<me@example.com>`` are text.
"""

from __future__ import annotations

import html
import re


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_INLINE = _words(
    "a abbr acronym b bdi bdo big cite code data del dfn em font i ins kbd label mark q s samp small span strike "
    "strong sub sup time tt u var wbr"
)
"""Elements that can stand inside a word; what was between any others was apart."""
_NAMES = _INLINE | _words(
    "address applet area article aside audio base basefont blockquote body br button canvas caption center col "
    "colgroup dd details dialog dir div dl dt embed fieldset figcaption figure footer form frame frameset h1 h2 h3 h4 "
    "h5 h6 head header hr html iframe img input legend li link main map menu meta nav noscript object ol optgroup "
    "option p param picture pre progress script section select source style summary svg table tbody td template "
    "textarea tfoot th thead title tr track ul video"
)
_ALONE = _words(
    "allowfullscreen async autofocus autoplay checked compact controls default defer disabled hidden ismap loop "
    "multiple muted noshade novalidate nowrap open readonly required reversed selected /"
)
"""Attributes without a value; other words after a tag's name make it text: ``a <b and c> d``."""

_FLAGS = re.IGNORECASE | re.ASCII
_ENTITY = re.compile(
    # The commonest go without their semicolon, too, or have lost their ampersand.
    r"&(?:#[0-9]{1,7}|#x[0-9a-f]{1,6}|[a-z][a-z0-9]{1,31});"
    r"|&(?:amp|lt|gt|quot|nbsp)(?![\w;=])"
    r"|(?<![&;\w])(?:#(?:3[4689]|8[0-9]{3})|quot|amp|lt|gt|nbsp);",
    _FLAGS,
)
_TAG = re.compile(
    r"<(?:!doctype\b[^<>]*|/?(?P<name>[a-z][a-z0-9]*|[a-z]{1,9}:[a-z][a-z0-9]*)"
    r"(?P<rest>\s(?:[^<>\"']|\"[^\"<]*\"|'[^'<]*')*+|\s[^<>]*+|/)?)>",
    _FLAGS,
)
_CUT = re.compile(r"<(?P<name>[a-z][a-z0-9]*)\s(?=[^<>=]*+=)[^<>]*+\Z", _FLAGS)
"""A tag where the text was cut."""
_BLOCKS = (
    (re.compile("<!--"), re.compile("-->")),
    (re.compile(r"<script\b[^<>]*>", _FLAGS), re.compile(r"</script\s*>", _FLAGS)),
    (re.compile(r"<style\b[^<>]*>", _FLAGS), re.compile(r"</style\s*>", _FLAGS)),
    (re.compile(r"<\?xml\b", _FLAGS), re.compile(r"\?>")),
)
"""Where what is no text of the page begins, and where it ends."""
_PASSES = 8

_URL = re.compile(
    r"(?:https?://|ftp://|\bwww\.)[^\s<>\"]+"
    # Without either, an address has a path: `bit.ly/x`, but `Amazon.com` is a name.
    r"|(?<![\w@.-])[a-z][a-z0-9-]*(?:\.[a-z0-9-]+)*\."
    r"(?:com|org|net|edu|gov|mil|int|info|biz|news|app|dev|[a-z]{2})/[^\s<>\"]*",
    _FLAGS,
)
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_CLOSING = ".,;:!?'\u2019\u201d\u2026"
URL_MASK, EMAIL_MASK = "xxurl", "xxemail"
MASKS = frozenset((URL_MASK, EMAIL_MASK))
"""The words that stand for an address; no step of words changes them."""


def strip_html(text: str) -> str:
    """`text` without HTML: tags and comments removed, scripts and styles with all they hold, entities decoded.

    Tags and entities that only come to light so (``&amp;lt;br&amp;gt;``) are treated in their turn, up to eight times.
    """
    for _ in range(_PASSES):
        if "<" not in text and "&" not in text and ";" not in text:
            break
        cleaned = _ENTITY.sub(_decoded, text)
        if "<" in cleaned:
            for opening, closing in _BLOCKS:
                cleaned = _without(cleaned, opening, closing)
            cleaned = _CUT.sub(_untagged, _TAG.sub(_untagged, cleaned))
        if cleaned == text:
            break
        text = cleaned
    return text


def debris(text: str) -> str:
    """The first piece of `text` that `strip_html` takes for HTML, e.g. ``&amp;``; empty when there is none."""
    if ("<" not in text and "&" not in text and ";" not in text) or strip_html(text) == text:
        return ""
    found = [match for match in _ENTITY.finditer(text) if _decoded(match) != match[0]][:1]
    found += [match for pattern in (_TAG, _CUT) for match in pattern.finditer(text) if _untagged(match) != match[0]][:1]
    found += [match for opening, _ in _BLOCKS if (match := opening.search(text))]
    return min(found, key=lambda match: match.start())[0]


def mask_addresses(text: str) -> str:
    """`text` with ``xxurl`` for each URL and ``xxemail`` for each e-mail address."""
    return _addresses(text, URL_MASK, EMAIL_MASK)


def remove_addresses(text: str) -> str:
    """`text` with a space for each URL and e-mail address."""
    return _addresses(text, "", "")


def _decoded(match: re.Match[str]) -> str:
    entity = match[0]
    whole = entity if entity[0] == "&" else f"&{entity}"
    character = html.unescape(whole if whole[-1] == ";" else f"{whole};")
    if len(character) > 2 or character == "\ufffd":  # no such entity, or no such character
        return entity
    return " " if character == "\xa0" else character


def _untagged(match: re.Match[str]) -> str:
    groups = match.groupdict()
    if groups["name"] is None:
        return " "  # a document type
    name, rest = groups["name"].lower(), groups.get("rest") or ""
    if name not in _NAMES and ":" not in name:
        return match[0]
    if "=" not in rest and not _ALONE.issuperset(rest.lower().split()):
        return match[0]
    return "" if name in _INLINE else " "


def _without(text: str, opening: re.Pattern[str], closing: re.Pattern[str]) -> str:
    """`text` with a space for each piece from an opening to the next closing; what is never closed stays."""
    pieces, position = [], 0
    while (start := opening.search(text, position)) and (end := closing.search(text, start.end())):
        pieces.append(text[position : start.start()])
        position = end.end()
    return " ".join([*pieces, text[position:]])


def _addresses(text: str, url: str, email: str) -> str:
    # Looking for these first is faster than the patterns are.
    if "/" in text or "www." in text.lower():
        text = _URL.sub(lambda match: _replaced(match, url), text)
    if "@" in text:
        text = _EMAIL.sub(lambda match: _replaced(match, email), text)
    return text


def _replaced(match: re.Match[str], word: str) -> str:
    """`word` for an address, apart from what is before; marks after it belong to the sentence."""
    found = match[0]
    end = len(found)
    unopened = {closing: found.count(closing) - found.count(opening) for opening, closing in ("()", "[]", "{}")}
    while end and (found[end - 1] in _CLOSING or unopened.get(found[end - 1], 0) > 0):
        end -= 1
        if found[end] in unopened:
            unopened[found[end]] -= 1
    before = match.string[match.start() - 1 : match.start()]
    space = "" if word and not before.isalnum() else " "
    return f"{space}{word}{found[end:]}"

"""HTML and addresses."""
# ruff: noqa: RUF001 - look-alikes are what cleaning is about

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from textclf_sweep.data.cleaning import markup

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("text", "expected", "found"),
    [
        ("<b>bo</b>ld", "bold", "<b>"),
        ("one<br>two<BR/>three<p class=x>", "one two three ", "<br>"),
        ("<a title=\"1 > 0\" href='x'>link</a>", "link", "<a title=\"1 > 0\" href='x'>"),
        ('<A HREF=\\"http://a\\">q</A>', "q", '<A HREF=\\"http://a\\">'),
        ("<a href='it's'>x</a>", "x", "<a href='it's'>"),
        ("<input disabled><o:p></o:p>", "   ", "<input disabled>"),
        ("<!DOCTYPE html><html>x", "  x", "<!DOCTYPE html>"),
        ("a<!-- b > c -->d", "a d", "<!--"),
        ("<script>if (a < b) f('</b>')</script >x", " x", "<script>"),
        ("<STYLE type='x'>p > a {}</STYLE>x", " x", "<STYLE type='x'>"),
        ('cut <a href="http://www.reu', "cut ", '<a href="http://www.reu'),
        ("AT&amp;T &lt;3 &quot;x&quot; &#8217;&#x27;", 'AT&T <3 "x" ’\'', "&amp;"),
        ("&amp;amp;lt;b&amp;amp;gt;twice", "twice", "&amp;"),
        ("&lt;b&gt;escaped&lt;/b&gt;", "escaped", "&lt;"),
        ("a&nbsp;b &nbsp c", "a b   c", "&nbsp;"),
        ("Joe #39;s quot;hi quot; AT amp; T", 'Joe \'s "hi " AT & T', "#39;"),
        ("tea &amp cake", "tea & cake", "&amp"),
    ],
)
def test_html_goes(text: str, expected: str, found: str) -> None:
    assert markup.strip_html(text) == expected
    assert markup.debris(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "a < b and c > d",
        "a <b and c> d",
        "I <3 you, <- this ->",
        "<me@example.com> wrote",
        "<unk> <your name> List<String>",
        "AT&T R&D Q&A; a&b",
        "http://x/?a=1&copy=2&section=3&lt=4",
        "&nosuchentity; &#55357; #1; let; me",
        "unclosed <!-- comment, <p",
        "i<p; x>b",
    ],
)
def test_text_stays(text: str) -> None:
    assert markup.strip_html(text) == text
    assert markup.debris(text) == ""


PIECES = [
    "<",
    ">",
    "b",
    "<b>",
    "</p>",
    "<a href=",
    '"',
    "'",
    "&",
    "amp;",
    "lt;",
    "#39;",
    "<!--",
    "-->",
    "<script>",
    " ",
]


@given(st.lists(st.sampled_from(PIECES), max_size=10).map("".join))
@settings(max_examples=200, deadline=None)
def test_finding_and_cure_agree(text: str) -> None:
    assert bool(markup.debris(text)) == (markup.strip_html(text) != text)
    assert markup.debris(text) in text


@pytest.mark.parametrize(
    ("text", "masked", "removed"),
    [
        ("see http://a.b/c?d=e#f.", "see xxurl.", "see  ."),
        ("(https://x.y/a_(b)), www.x.com!", "(xxurl), xxurl!", "( ),  !"),
        ("HTTP://X.Y WWW.x.com", "xxurl xxurl", "   "),
        ("bit.ly/abc t.co/x example.com/", "xxurl xxurl xxurl", "     "),
        ("Newshttp://t.co/x", "News xxurl", "News "),
        ("mail me.too+x@mail.example.co.uk, now", "mail xxemail, now", "mail  , now"),
        ("<joe@x.org> http://u@h/x", "<xxemail> xxurl", "< >  "),
    ],
)
def test_addresses(text: str, masked: str, removed: str) -> None:
    assert markup.mask_addresses(text) == masked
    assert markup.remove_addresses(text) == removed


@pytest.mark.parametrize("text", ["Amazon.com and/or", "U.S./China 3/4 km/h p.m./a.m.", "@user a@b http:// e.g. 1.5/2"])
def test_no_addresses(text: str) -> None:
    assert markup.mask_addresses(text) == markup.remove_addresses(text) == text


@pytest.mark.parametrize(
    "piece",
    [
        "<",
        "<a ",
        "<a '",
        '<a "x',
        "<!--",
        "--><!--",
        "<script>",
        "<a =",
        "=",
        "&amp",
        "a.",
        "a@",
        "www.",
        "a-",
        "x=1 ",
        ")",
        "/",
    ],
)
def test_long_texts_take_no_long_time(piece: str) -> None:
    start = time.process_time()
    for text in (
        piece * 20_000,
        f"http://{piece * 20_000}",
        f"<a {piece * 20_000}",
        f"{piece * 20_000}@/",
        f"<zz {piece * 20_000}>",
    ):
        markup.strip_html(text)
        markup.mask_addresses(text)
    assert time.process_time() - start < 2

"""Texts with links, and what of them is the links: for the window and the page alike."""

from __future__ import annotations

LINKS: dict[str, tuple[str, ...]] = {
    "": (),
    "no link at all, not even example.com": (),
    "https://example.com": ("https://example.com",),
    "see https://example.com/a?b=c#d, or HTTP://B.ORG/": ("https://example.com/a?b=c#d", "HTTP://B.ORG/"),
    "https://example.com.": ("https://example.com",),
    "is it https://example.com/?": ("https://example.com/",),
    "https://example.com/a.html!!! yes": ("https://example.com/a.html",),
    "https://example.com/a/../b; c": ("https://example.com/a/../b",),
    # No host, or no scheme.
    "http:// and https://... and http:///etc": (),
    "xhttp://example.com and ftp://example.com": (),
    "javascript:alert(1) file:///etc/passwd": (),
    # Brackets: those of the sentence, and those of the address.
    "(https://example.com/a)": ("https://example.com/a",),
    "(see https://example.com/a).": ("https://example.com/a",),
    "https://en.wikipedia.org/wiki/Tk_(software)": ("https://en.wikipedia.org/wiki/Tk_(software)",),
    "(https://en.wikipedia.org/wiki/Tk_(software))": ("https://en.wikipedia.org/wiki/Tk_(software)",),
    "[text](https://example.com/a) and [https://example.com/b]": ("https://example.com/a", "https://example.com/b"),
    "{https://example.com/{id}/x}": ("https://example.com/{id}/x",),
    "(https://example.com/a),(https://example.com/b)": ("https://example.com/a", "https://example.com/b"),
    "https://example.com/a(": ("https://example.com/a",),
    "https://example.com/?q[]=1&r[x]=2": ("https://example.com/?q[]=1&r[x]=2",),
    # Between < and >, all of it.
    "<https://example.com/a.>, <https://example.com/b,c'>": ("https://example.com/a.", "https://example.com/b,c'"),
    "<https://example.com/（a）>": ("https://example.com/（a）",),
    "<https://example.com/a b>": ("https://example.com/a",),
    "<https://example.com/a": ("https://example.com/a",),
    'a <a href="https://example.com/a">b</a>': ("https://example.com/a",),
    # Quotation marks and apostrophes.
    "'https://example.com/a'": ("https://example.com/a",),
    "“https://example.com/a” and „https://example.com/b“": ("https://example.com/a", "https://example.com/b"),
    "‘https://example.com/a’, »https://example.com/b«": ("https://example.com/a", "https://example.com/b"),
    "https://en.wikipedia.org/wiki/Rubik's_Cube": ("https://en.wikipedia.org/wiki/Rubik's_Cube",),
    "https://en.wikipedia.org/wiki/Rubik’s_Cube": ("https://en.wikipedia.org/wiki/Rubik’s_Cube",),
    "https://example.com's page": ("https://example.com",),
    "‘https://example.com/a’是": ("https://example.com/a",),
    "*https://example.com/a* _https://example.com/b_": ("https://example.com/a", "https://example.com/b"),
    "http://bob@, http://bob@example.com!": ("http://bob", "http://bob@example.com"),
    # Scripts without spaces.
    "请看https://example.com/a。然后": ("https://example.com/a",),
    "请看https://example.com谢谢": ("https://example.com",),
    "（https://example.com/a）": ("https://example.com/a",),
    "「https://example.com/a」を見て": ("https://example.com/a",),
    "https://example.com/a（説明）": ("https://example.com/a",),
    "https://example.com/a，https://example.com/b、": ("https://example.com/a", "https://example.com/b"),
    "https://zh.wikipedia.org/wiki/中国": ("https://zh.wikipedia.org/wiki/中国",),
    "https://ja.wikipedia.org/wiki/ジョン・レノン！": ("https://ja.wikipedia.org/wiki/ジョン・レノン",),
    "ดูhttps://example.com/aๆ": ("https://example.com/aๆ",),
    "https://example.com/a။ https://example.com/b។": ("https://example.com/a", "https://example.com/b"),
    "https://example.com/a……好——": ("https://example.com/a",),
    "انظر https://example.com/a، ثم https://example.com/b؟": ("https://example.com/a", "https://example.com/b"),
    # Names of hosts in other scripts.
    "https://例え.jp/道": ("https://例え.jp/道",),
    "https://пример.рф/путь.": ("https://пример.рф/путь",),
    "https://münchen.de and https://bücher": ("https://münchen.de", "https://bücher"),
    "https://xn--e1afmkfd.xn--p1ai/": ("https://xn--e1afmkfd.xn--p1ai/",),
    "https://उदाहरण.परीक्षा": ("https://उदाहरण.परीक्षा",),
    "https://مثال.إختبار/مسار": ("https://مثال.إختبار/مسار",),
    # Ports, users, addresses in numbers.
    "http://localhost:8080/a http://localhost": ("http://localhost:8080/a", "http://localhost"),
    "http://127.0.0.1:80, http://[::1]:8080/a": ("http://127.0.0.1:80", "http://[::1]:8080/a"),
    "http://[::1], (http://[::1])": ("http://[::1]", "http://[::1]"),
    "https://bob:secret@example.com/a": ("https://bob:secret@example.com/a",),
    "http://example.com:": ("http://example.com",),
    # Without a scheme.
    "www.example.com, WWW.Example.Com/a": ("www.example.com", "WWW.Example.Com/a"),
    "(www.example.com) 看www.example.com吧": ("www.example.com", "www.example.com"),
    "www. www.x www.. wwww.example.com me@www.example.com a.www.example.com": (),
    # Lists, and addresses in addresses.
    "https://a.org/x,https://b.org/y;http://c.org": ("https://a.org/x", "https://b.org/y", "http://c.org"),
    "https://web.archive.org/web/2020/https://example.com/": ("https://web.archive.org/web/2020/https://example.com/",),
    "https://example.com/a,b;c|d": ("https://example.com/a,b;c|d",),
    # What would make it look like another.
    "https://example.com\\@example.org/": ("https://example.com",),
    "https://example.com/\u202egpj.exe": ("https://example.com/",),
    "https://example.com/a\u200bb": ("https://example.com/a",),
    "\u2067https://example.com/a\u2069": ("https://example.com/a",),
    # Longer than one character of UTF-16 each.
    "😀 https://example.com/😀 😀https://example.com/a": ("https://example.com/😀", "https://example.com/a"),
    "https://example.com/𝒶 😀": ("https://example.com/𝒶",),
}

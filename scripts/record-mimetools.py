"""Records how Python 2.7 reads a head with httplib.HTTPMessage (mimetools.Message), as the oracle of the tests of
httplib-ts/python. Writes test/python/recorded-messages.json: what each method answers for each of the heads below.

    python2.7 scripts/record-mimetools.py && npm run format

Only the standard library is needed. Left out are source routes, empty elements, and two addresses without a comma between
them, which the old module takes apart wrongly. Continuation lines are left out too: the old module kept their line ends
in the value, while our engine makes one space of each (RFC 9112, section 5.2).
"""

import httplib
import json
import os
import platform
from StringIO import StringIO

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

HEADS = [
    "",
    "Content-Type: text/html\r\n",
    "Content-Type: text/html; charset=utf-8\r\nContent-Length: 10\r\nServer: Apache\r\n",
    "content-type: Multipart/Form-Data; boundary=\"a;b\"; x\r\n",
    "Content-Type: TEXT / HTML ; Charset = ISO-8859-1 ; a=\"q\\\"q\\\\\" ; b=<angle>\r\n",
    "Content-Type: text\r\n",
    "Content-Type: text/x/y;\r\n",
    "Content-Type: ;a=b\r\n",
    "Content-Type:\r\n",
    "Content-Type: a/b;;c=d;C=e\r\n",
    "Content-Type: a/b; c=\"\r\nContent-Transfer-Encoding: BASE64\r\n",
    "Content-Type: text/plain\r\nContent-Type: text/html\r\n",
    "Set-Cookie: a=1\r\nX: y\r\nset-cookie: b=2\r\nSET-COOKIE: c=3\r\n",
    "X-Empty:\r\nX-Tight:value\r\nX-Wide:    value   \r\nX-Colon: a:b\r\n",
    "X: \r\nx: second\r\n",
    "Vary: Accept\r\nVary: Accept-Encoding, Cookie\r\nVary: \r\n",
    "From: Ned <ned@example.com>\r\nTo: a@b, \"C, D\" <c@d.example>\r\nTo: E (f) <e@f>\r\n",
]

DATES = [
    "Sun, 06 Nov 1994 08:49:37 GMT",
    "Sunday, 06-Nov-94 08:49:37 GMT",
    "Sun Nov  6 08:49:37 1994",
    "06 Nov 1994 08:49:37 GMT",
    "6 Nov 1994 08:49 +0100",
    "Sun, 06 Nov 1994 08:49:37 -0730",
    "Sun, 06 Nov 1994 08:49:37 EST",
    "Sun, 06 Nov 1994 08:49:37 pdt",
    "Sun, 06 Nov 1994 08:49:37 XYZ",
    "Sun, 06 Nov 1994 08:49:37",
    "Sun, 06 Nov 1994 08:49:37+0200",
    "Sun,06 Nov 1994 08:49:37 GMT",
    "Sun 06 Nov 1994 08:49:37 GMT",
    "Nov 06 1994 08:49:37 GMT",
    "November 6, 1994, 08:49:37 GMT",
    "06 November 94 08:49:37 GMT",
    "06 nov 08:49:37 1994 GMT",
    "Sun, 06 Nov GMT 08:49:37 1994",
    "Sun, 06 Nov 1994 08 GMT",
    "Sun, 06 Nov 1994 8:9:7:5 GMT",
    "Sun, xx Nov 1994 08:49:37 GMT",
    "Sun, 06 Foo 1994 08:49:37 GMT",
    "Sun, 06 Nov 1994 aa:bb GMT",
    "06-Nov-1994 08:49:37 GMT",
    "06-11-1994 08:49:37 GMT",
    "Wed, 31 Dec 1969 23:59:59 Z",
    "Sun, 6 Nov 1994 8:49:7 UT extra words",
    "Sun,",
    "Sun",
    "0",
    "now",
    "Thu, 01 Jan 1970 00:00:00 0",
    "Thu, 01 Jan 1970 00:00:00 -0000",
    "Fri, 30 Feb 2024 25:61:61 MST",
]

ADDRESSES = [
    "ned@example.com",
    "Ned <ned@example.com>",
    "\"Flanders, Ned\" <ned@example.com>",
    "ned@example.com (Ned Flanders)",
    "Ned (okily) Flanders <ned@example.com>, homer@example.com",
    "Group: a@b, C <c@d>;, e@f",
    "<ned@example.com>",
    "Ned J. Flanders <ned @ example . com>",
    "\"a\\\"b\" <\"q s\"@[127.0.0.1]>",
    "ned",
    "(only a comment)",
    "<>",
    "Ned <>",
    "Ned <ned@example.com",
    "",
    "   ",
    "a (b (c) d) <e@f>",
    "undisclosed:;",
    ",,,",
]

NAMES = ["content-type", "Content-Length", "SET-COOKIE", "x", "X-Empty", "x-wide", "x-colon", "vary", "absent"]



def record_messages():
    def message(head):
        return httplib.HTTPMessage(StringIO(head + "\r\n"), 0)

    def heads():
        for head in HEADS:
            m = message(head)
            yield {
                "head": head,
                "headers": m.headers,
                "items": sorted(m.items()),
                "str": str(m),
                "type": m.gettype(),
                "maintype": m.getmaintype(),
                "subtype": m.getsubtype(),
                "encoding": m.getencoding(),
                "plist": m.getplist(),
                "paramnames": m.getparamnames(),
                "params": [[name, m.getparam(name)] for name in ["charset", "Boundary", "a", "b", "c", "x", "absent"]],
                "named": [
                    {
                        "name": name,
                        "getheader": m.getheader(name),
                        "default": m.getheader(name, "default"),
                        "getheaders": m.getheaders(name),
                        "getrawheader": m.getrawheader(name),
                        "getfirstmatchingheader": m.getfirstmatchingheader(name),
                        "getallmatchingheaders": m.getallmatchingheaders(name),
                        "has_key": m.has_key(name),
                    }
                    for name in NAMES
                    if m.has_key(name) or name == "absent"
                ],
                "length": len(m),
            }

    def dates():
        for text in DATES:
            m = message("Date: %s\r\n" % text)
            yield [text, m.getdate("date"), m.getdate_tz("date")]

    def addresses():
        for text in ADDRESSES:
            m = message("To: %s\r\n" % text)
            yield [text, m.getaddr("to"), m.getaddrlist("to")]

    return {
        "python": platform.python_version(),
        "module": "httplib",
        "responses": sorted(httplib.responses.items()),
        "heads": list(heads()),
        "dates": list(dates()),
        "addresses": list(addresses()),
        "addressesOfSeveralLines": [HEADS[-1], message(HEADS[-1]).getaddrlist("to")],
    }


def main():
    recording = record_messages()
    parts = []
    for key in sorted(recording):
        if isinstance(recording[key], list):
            # One line a case, so that a change of one shows as one line.
            parts.append('"%s": [\n%s\n]' % (key, ",\n".join(json.dumps(item, sort_keys=True) for item in recording[key])))
        else:
            parts.append('"%s": %s' % (key, json.dumps(recording[key])))
    path = os.path.join(ROOT, "test", "python", "recorded-messages.json")
    with open(path, "w") as file:
        file.write("{\n%s\n}\n" % ",\n".join(parts))
    print("%d heads, %d dates, %d addresses" % tuple(len(recording[key]) for key in ("heads", "dates", "addresses")))


if __name__ == "__main__":
    main()

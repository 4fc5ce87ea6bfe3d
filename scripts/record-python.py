"""Records what Python's http.client writes, as the oracle of the tests of httplib-ts/python.

It plays sequences of calls over a socket that only records, and writes test/python/recorded-requests.json: the calls
as data, the bytes that each connection was given, and, for calls that are wrong, the name of the exception.

    python3.13 scripts/record-python.py && npm run format

Only the standard library is needed; the sequences come from a fixed seed, so that the same Python writes the same file.

Left out, because the answers differ on purpose (docs/porting-from-python.md lists them): tunnels to an IPv6 address,
whose Host has no brackets in Python; an empty port, which the old module refuses and the new one takes for the default;
and every request that the engine refuses to write: control characters, names that are no tokens, a continuation line
with nothing in it, a body that is not as long as declared, Content-Length together with Transfer-Encoding, a second
line of a field that may have only one, OPTIONS with content of no type, chunks for a server that has answered with
HTTP/1.0. Where the caller has put the body into chunks, the sizes are written as the engine writes them: upper case, no
leading zeros, no extensions.

In the recording, text is latin-1, one character a byte, but for hosts. An argument that JSON cannot show is an object of
one key: {"bytes": text}, {"list": [pieces]}, {"generator": [pieces]}, {"file": text}, where pieces and files are bytes,
{"array": [numbers of 16 bits]} or {"strings": [pieces]}, a list of strings.
"""

import array
import http.client
import io
import json
import os
import platform
import random

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SEED = 2005

# ------------------------------------------------------------------------------------------------- request bytes

REPLIES = {
    "ok": "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
    "empty": "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    "not found": "HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\nContent-Length: 4\r\n\r\nnone",
    "no content": "HTTP/1.1 204 No Content\r\n\r\n",
    "not modified": "HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\n\r\n",
    "chunked": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    "continue": "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n",
    "head": "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n",
    "close": "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 3\r\n\r\nbye",
    "to the end": "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nall of it",
    "old": "HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\n<p>old",
    "old, kept": "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 3\r\n\r\nold",
}
"""What the peer answers, by name. A connection that a reply closes ends behind it."""

CLOSING = ("close", "to the end", "old")

PROXY_REPLY = "HTTP/1.1 200 Connection established\r\nVia: 1.1 proxy\r\n\r\n"
"""What a proxy answers to CONNECT."""

WRONG_REPLIES = {
    "nothing": "",
    "words": "hello\r\n\r\n",
    "no number": "HTTP/1.1 OK\r\n\r\n",
    "low status": "HTTP/1.1 099 Low\r\n\r\n",
    "high status": "HTTP/1.1 1000 High\r\n\r\n",
    "letters": "HTTP/1.1 abc Letters\r\n\r\n",
    "http2": "HTTP/2.0 200 OK\r\n\r\n",
    "ssh": "SSH-2.0-OpenSSH_9.6\r\n",
    "half a status line": "HTTP/1.1 20",
    "half a version": "HTTP/1",
    "many fields": "HTTP/1.1 200 OK\r\n" + "X: y\r\n" * 101 + "\r\n",
    "long chunk size": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;" + "x" * 70000 + "\r\nab\r\n0\r\n\r\n",
    "long trailer": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\nX: " + "x" * 70000 + "\r\n\r\n",
    "long status line": "HTTP/1.1 200 " + "x" * 70000 + "\r\n\r\n",
    "long field": "HTTP/1.1 200 OK\r\nX: " + "x" * 70000 + "\r\n\r\n",
    "short": "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort",
    "no body": "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n",
    "cut chunk": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
    "cut before a chunk": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n",
}


def shown(name):
    """A reply as the recording names it; long runs are written as their length, to keep the file small."""
    return WRONG_REPLIES[name].replace("x" * 70000, "{70000 x}").replace("X: y\r\n" * 101, "{101 X: y\r\n}")


def B(text):
    return {"bytes": text}


def L(*pieces):
    return {"list": list(pieces)}


def G(*pieces):
    return {"generator": list(pieces)}


def F(text):
    return {"file": text}


def A(*numbers):
    return {"array": list(numbers)}


def S(*pieces):
    return {"strings": list(pieces)}


def record_requests():
    class RecordingSocket:
        """Keeps what is sent; hands out one reply for each response that is read."""

        def __init__(self):
            self.sent = b""
            self.reply = None

        def sendall(self, data):
            self.sent += memoryview(data).tobytes()

        def setsockopt(self, *ignored):
            pass

        def makefile(self, mode):
            if self.reply is None and self.sent.startswith(b"CONNECT"):
                return io.BytesIO(PROXY_REPLY.encode("latin-1"))
            return io.BytesIO(self.reply)

        def close(self):
            pass

    class Player:
        """Plays one sequence of calls, and keeps the sockets that it opened."""

        def __init__(self, class_name, args, strict):
            self.sockets = []
            self.response = None
            base = http.client.HTTPSConnection if "HTTPS" in class_name else http.client.HTTPConnection
            if base is http.client.HTTPSConnection:

                class WithoutTls(http.client.HTTPSConnection):
                    def connect(self):
                        http.client.HTTPConnection.connect(self)

                base = WithoutTls
            self.connection = base(*args)
            self.connection._create_connection = self.open
            if class_name in ("HTTP", "HTTPS"):
                self.connection._http_vsn = 10
                self.connection._http_vsn_str = "HTTP/1.0"

        def open(self, *ignored):
            self.sockets.append(RecordingSocket())
            return self.sockets[-1]

        def play(self, name, args):
            if name in ("getresponse", "getreply"):
                if args and self.connection.sock is not None:
                    reply = REPLIES.get(args[0], WRONG_REPLIES.get(args[0]))
                    self.connection.sock.reply = reply.encode("latin-1")
                self.response = self.connection.getresponse()
            elif name == "read":
                self.response.read(*args)
            elif name == "set":
                setattr(self.connection, *args)
            elif name == "getheader" and self.response is None:
                http.client.HTTPResponse(self.connection.open_for_test()).getheader(*args)
            else:
                keywords = {}
                if args and isinstance(args[-1], dict) and list(args[-1]) == ["encode_chunked"]:
                    keywords = args[-1]
                    args = args[:-1]
                args = [python_value(arg) for arg in args]
                if name == "set_tunnel" and len(args) == 3:
                    args[2] = dict(args[2])
                if name == "request" and len(args) == 4:
                    args[3] = {python_value(key): python_value(value) for key, value in args[3]}
                getattr(self.connection, name)(*args, **keywords)

    def python_value(value):
        if isinstance(value, dict):
            if "bytes" in value:
                return value["bytes"].encode("latin-1")
            if "list" in value:
                return [piece.encode("latin-1") for piece in value["list"]]
            if "generator" in value:
                return (piece.encode("latin-1") for piece in value["generator"])
            if "file" in value:
                return io.BytesIO(value["file"].encode("latin-1"))
            if "array" in value:
                return array.array("H", value["array"])
            if "strings" in value:
                return value["strings"]
        return value

    def record(case):
        player = Player(case["class"], case["args"], case.get("strict", 0))
        for name, *args in case["calls"]:
            player.play(name, args)
        case["sent"] = [socket.sent.decode("latin-1") for socket in player.sockets]
        return case

    def record_wrong(case):
        try:
            player = Player(case["class"], case["args"], case.get("strict", 0))
            for name, *args in case["calls"][:-1]:
                player.play(name, args)
        except Exception:
            if case["calls"]:
                raise AssertionError("only the last call may fail: %r" % case)
            raise
        try:
            name, *args = case["calls"][-1]
            player.play(name, args)
        except Exception as error:
            case["raises"] = type(error).__name__
            return case
        raise AssertionError("no exception: %r" % case)

    def record_wrong_host(case):
        try:
            Player(case["class"], case["args"], 0)
        except Exception as error:
            case["raises"] = type(error).__name__
            return case
        raise AssertionError("no exception: %r" % case)

    sequences = written_sequences() + made_sequences(random.Random(SEED))
    wrong = [record_wrong(case) if case["calls"] else record_wrong_host(case) for case in wrong_sequences()]
    return {
        "python": platform.python_version(),
        "module": "http.client",
        "proxyReply": PROXY_REPLY,
        "replies": REPLIES,
        "wrongReplies": {name: shown(name) for name in WRONG_REPLIES},
        "sequences": [record(case) for case in sequences],
        "wrong": wrong,
    }


def case(*calls, **options):
    """One sequence: the calls, and the class and arguments of the connection."""
    made = {"class": options.get("of", "HTTPConnection"), "args": list(options.get("at", ["www.example.com"]))}
    if options.get("strict"):
        made["strict"] = 1
    made["calls"] = [list(call) for call in calls]
    return made


def written_sequences():
    """The sequences that someone thought of."""
    cases = []
    add = lambda *calls, **options: cases.append(case(*calls, **options))

    # Hosts and ports.
    for at in (
        ["www.cwi.nl"],
        ["www.cwi.nl:80"],
        ["www.cwi.nl", 80],
        ["www.cwi.nl:8080"],
        ["www.cwi.nl", 8080],
        ["www.cwi.nl:443"],
        ["WWW.CWI.NL"],
        ["localhost:1"],
        ["127.0.0.1"],
        ["127.0.0.1:65535"],
        ["[::1]"],
        ["[::1]:80"],
        ["[::1]:8080"],
        ["::1", 80],
        ["::1", 8080],
        ["[2001:db8::a]:81"],
        ["xn--bcher-kva.example"],
        ["a-b.example:0080"],
        ["www.cwi.nl", "8080"],
        ["[::1]", "81"],
        ["b\u00fccher.example"],
        ["B\u00dcCHER.example:8080"],
        ["stra\u00dfe.example", 81],
        ["\u043f\u0440\u0438\u043c\u0435\u0440.example"],
        ["\u4f8b\u3048\u3002\u30c6\u30b9\u30c8:80"],
        ["xn--bcher-kva.Example"],
        ["www.example.com."],
    ):
        add(("request", "GET", "/"), at=at)
    for at in (
        ["secure.example"],
        ["secure.example:443"],
        ["secure.example", 443],
        ["secure.example:80"],
        ["secure.example", 8443],
        ["[::1]"],
        ["[::1]:443"],
        ["[::1]:8443"],
    ):
        add(("request", "GET", "/"), of="HTTPSConnection", at=at)

    # Tunnels.
    for to in (
        ["www.example.com"],
        ["www.example.com", 8443],
        ["www.example.com:8443"],
        ["www.example.com", None, [["Proxy-Authorization", "Basic eDp5"], ["X-Last", "1"]]],
        ["www.example.com", 443, [["host", "other.example"], ["X", "1"]]],
        ["b\u00fccher.example"],
        ["stra\u00dfe.example:81", None, [["User-Agent", "porter"]]],
    ):
        for of in ("HTTPConnection", "HTTPSConnection"):
            at = ["proxy.example", 3128]
            add(tuple(["set_tunnel"] + to), ("request", "GET", "/"), ("getresponse", "ok"), ("read",), of=of, at=at)
            add(tuple(["set_tunnel"] + to), ("connect",), ("request", "POST", "/", "x"), of=of, at=at)

    # Targets.
    for target in (
        "",
        "/",
        "/index.html",
        "/?",
        "/?a=1&b=2",
        "/a/../b/./c//d",
        "/%7Euser/%C3%A9",
        "/a;b=c,d",
        "/*",
        "/!$&'()*+,;=:@-._~",
        "http://other.example/",
        "http://other.example:8080/x?y",
        "http://other.example:80/",
        "http://[::1]/",
        "http://[::1]:81/a",
        "https://other.example/",
        "http://OTHER.example/a",
        "/http://other.example/",
    ):
        add(("request", "GET", target))
        add(("putrequest", "HEAD", target), ("endheaders",), at=["www.example.com:8000"])
    add(("request", "OPTIONS", "*"))
    add(("putrequest", "OPTIONS", "*"), ("endheaders",), at=["[::1]:8080"])
    add(("request", "GET", "http://other.example/"), at=["proxy.example", 3128])
    add(("request", "GET", "http://other.example/", None, [["Host", "third.example"]]), at=["proxy.example", 3128])
    add(("request", "GET", "https://other.example/"), of="HTTPSConnection", at=["proxy.example"])

    # Methods, with no body and with an empty one.
    for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "get", "post", "M-SEARCH", "X!#$%&'*+-.^_`|~9"):
        add(("request", method, "/"))
        if method != "TRACE":
            add(("request", method, "/", ""))
            add(("request", method, "/", B("")))
            headers = [["Content-Type", "text/plain"]] if method == "OPTIONS" else []
            add(("request", method, "/", "body", headers))

    # Bodies.
    for body in (
        "spam=1&eggs=2&bacon=0",
        B("\x00\x01\xfe\xff"),
        "\xe9t\xe9 \xff",
        "line\r\nline\r\n",
        "x" * 1000,
        L(),
        L("a"),
        L("a", "", "bc"),
        L("x" * 9, "y" * 10, "z" * 16, "w" * 300),
        G("one", "two", "three"),
        G(),
        G("\x00", "\xff"),
        F("a file"),
        F(""),
        A(0x4142, 0x4344),
        A(),
    ):
        for method in ("POST", "PUT", "GET"):
            add(("request", method, "/upload", body))
        add(("request", "POST", "/upload", body, [["Content-type", "text/plain"], ["Accept", "*/*"]]))
    add(("request", "POST", "/", L("ab", "cd"), [["Content-Length", "4"]]))
    add(("request", "POST", "/", G("ab", "cd"), [["content-length", 4]]))
    add(("request", "PUT", "/", F("file"), [["CONTENT-LENGTH", "4"]]))
    add(("request", "PUT", "/", "text", [["Content-Length", "4"], ["X-Last", "1"]]))
    add(("request", "POST", "/", None, [["Content-Length", "0"]]))
    add(("request", "GET", "/", None, [["Content-Length", "0"]]))

    # Chunked by the connection, and by the caller.
    add(("request", "POST", "/", "text", [["Transfer-Encoding", "chunked"]], {"encode_chunked": True}))
    add(("request", "POST", "/", L("ab", "cd"), [["Transfer-Encoding", "chunked"]], {"encode_chunked": True}))
    add(("request", "POST", "/", G("ab", "c" * 26), [["transfer-encoding", "chunked"]], {"encode_chunked": True}))
    add(("request", "POST", "/", "text", [], {"encode_chunked": True}))
    add(("request", "POST", "/", L("ab"), [], {"encode_chunked": True}))
    add(("request", "POST", "/", None, [], {"encode_chunked": True}))
    add(("request", "POST", "/", "4\r\ntext\r\n0\r\n\r\n", [["Transfer-Encoding", "chunked"]]))
    add(("request", "POST", "/", L("2\r\nab\r\n", "1A\r\n" + "c" * 26 + "\r\n", "0\r\n\r\n"), [["Transfer-Encoding", "chunked"]]))
    add(("request", "POST", "/", "A\r\n0123456789\r\n0\r\nX-Trailer: 1\r\n\r\n", [["Transfer-Encoding", "chunked"]]))
    for pieces in (["5\r\nhello\r\n", "0\r\n\r\n"], ["A\r\n", "0123456789", "\r\n0", "\r\n\r\n"], ["3\r\nabc\r\n0\r\n\r\n"]):
        add(
            ("putrequest", "POST", "/"),
            ("putheader", "Transfer-Encoding", "chunked"),
            ("endheaders",),
            *[("send", B(piece)) for piece in pieces],
            ("getresponse", "ok"),
            ("read",)
        )
    for body in (B("abc"), L("abc", "defghijklmno"), G("a"), L()):
        add(
            ("putrequest", "PUT", "/"),
            ("putheader", "Transfer-Encoding", "chunked"),
            ("endheaders", body, {"encode_chunked": True}),
            ("getresponse", "ok"),
            ("read",)
        )

    # Headers.
    for headers in (
        [["Content-type", "application/x-www-form-urlencoded"], ["Accept", "text/plain"]],
        [["z", "1"], ["Y", "2"], ["x", "3"], ["A-B", "4"]],
        [["Host", "other.example"]],
        [["HOST", "other.example:99"], ["X", "1"]],
        [["X", "1"], ["host", "other.example"]],
        [["Accept-Encoding", "gzip"]],
        [["accept-encoding", "gzip, deflate"], ["host", "a.example"]],
        [["Accept-Encoding", ""]],
        [["X-Empty", ""]],
        [["X-Number", 7], ["X-Zero", 0], ["X-Negative", -1]],
        [["X-Bytes", B("by\xe9tes")]],
        [["X-Latin", "\xe9\xff"]],
        [["X-Space", " both "], ["X-Tab", "a\tb"]],
        [["Connection", "close"]],
        [["Connection", "keep-alive"]],
        [["TE", "trailers"], ["Connection", "TE"]],
        [["Authorization", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="], ["Cookie", "a=b; c=d"]],
        [["Range", "bytes=0-99"], ["If-Range", "\"abc\""]],
        [["User-Agent", "Python-urllib/2.5"]],
        [["X!#$%&'*+-.^_`|~9", "token"]],
    ):
        add(("request", "GET", "/", None, headers))
        add(("request", "POST", "/form", "a=b", headers))

    # Step by step.
    for skip_host in (0, 1):
        for skip_accept in (0, 1):
            for at in (["www.example.com"], ["[::1]:8080"]):
                add(("putrequest", "GET", "/", skip_host, skip_accept), ("endheaders",), at=at)
            add(
                ("putrequest", "GET", "/", skip_host, skip_accept),
                ("putheader", "X-After", "1"),
                ("endheaders",),
                ("getresponse", "chunked"),
                ("read",)
            )
            add(("putrequest", "GET", "http://other.example/", skip_host, skip_accept), ("endheaders",))
    add(("putrequest", "GET", "/", 1), ("putheader", "Host", "mine.example"), ("endheaders",))
    add(("putrequest", "GET", "/", True), ("putheader", "X-First", "1"), ("putheader", "Host", "mine.example"), ("endheaders",))
    add(("putrequest", "GET", "/", False, True), ("putheader", "Accept-Encoding", "gzip"), ("endheaders",))
    for values in (
        (),
        ("one",),
        ("one", "two"),
        ("one", "two", "three"),
        ("", "two"),
        (1,),
        (1, 2, 3),
        (0,),
        (-5, "five"),
        (B("by"), B("tes")),
        (B("\xe9"), "\xe8", 200),
        ("a, b", "c; d=\"e\""),
        ("a\tb", " c "),
    ):
        add(("putrequest", "GET", "/"), tuple(["putheader", "X-Values"]) + values, ("endheaders",))
        add(("putrequest", "GET", "/"), tuple(["putheader", "X-Values"]) + values, ("putheader", "X-Next", "n"), ("endheaders",))
    add(("putrequest", "GET", "/"), ("putheader", B("X-Bytes-Name"), "v"), ("endheaders",))
    add(("putrequest", "GET", "/"), ("putheader", "Accept", "text/html"), ("putheader", "Accept", "text/plain"), ("putheader", "accept", "*/*"), ("endheaders",))
    for calls in (
        [("endheaders",), ("send", B("12345"))],
        [("endheaders",), ("send", B("123")), ("send", B("45"))],
        [("endheaders",), ("send", B("")), ("send", B("12345"))],
        [("endheaders",), ("send", L("12", "345"))],
        [("endheaders",), ("send", G("1", "2", "345"))],
        [("endheaders",), ("send", F("12345"))],
        [("endheaders", B("12345"))],
        [("endheaders", B("123")), ("send", B("45"))],
        [("endheaders", L("12", "", "345"))],
        [("endheaders", F("12345"))],
        [("endheaders", None), ("send", B("12345"))],
    ):
        for length in ("5", 5):
            add(("putrequest", "POST", "/cgi-bin/query"), ("putheader", "Content-Length", length), *(calls + [("getresponse", "ok"), ("read",)]))

    # Several requests on one connection, and on the next when the response has closed it.
    names = sorted(REPLIES)
    names.remove("head")
    for first in names:
        for second in ("ok", "close"):
            add(
                ("request", "GET", "/first"),
                ("getresponse", first),
                ("read",),
                ("request", "POST", "/second", "body"),
                ("getresponse", second),
                ("read",),
                ("request", "GET", "/third"),
                ("getresponse", "ok"),
                ("read",)
            )
    add(("request", "HEAD", "/"), ("getresponse", "head"), ("read",), ("request", "GET", "/"), ("getresponse", "ok"), ("read",))
    add(("request", "GET", "/1"), ("getresponse", "ok"), ("read", 1), ("read", 1), ("read",), ("request", "GET", "/2"))
    add(("request", "GET", "/1"), ("getresponse", "ok"), ("read",), ("close",), ("request", "GET", "/2"), ("getresponse", "ok"), ("read",))
    add(("request", "GET", "/1"), ("close",), ("request", "GET", "/2"), ("getresponse", "ok"), ("read",))
    add(("putrequest", "GET", "/1"), ("endheaders",), ("close",), ("close",), ("request", "GET", "/2"))
    add(("connect",), ("request", "GET", "/"), ("getresponse", "ok"), ("read",))
    add(("connect",), ("close",), ("connect",), ("request", "GET", "/"), ("getresponse", "ok"), ("read",))
    # A second request may go out while the first response is being read; its own response has to wait.
    add(("request", "GET", "/1"), ("getresponse", "ok"), ("request", "GET", "/2"))
    add(("request", "GET", "/1"), ("getresponse", "ok"), ("request", "GET", "/2"), ("read",), ("getresponse", "ok"), ("read",))
    add(("request", "GET", "/1"), ("getresponse", "chunked"), ("request", "POST", "/2", "x"), ("read",), ("getresponse", "close"), ("read",), ("request", "GET", "/3"))
    add(("request", "GET", "/1"), ("getresponse", "close"), ("request", "GET", "/2"), ("getresponse", "ok"), ("read",))

    # The class of 1.5.2: HTTP/1.0, and nothing added.
    for of in ("HTTP", "HTTPS"):
        for at in (["www.example.com"], ["www.example.com:8080"], ["www.example.com", 81], ["[::1]:8080"]):
            add(("putrequest", "GET", "/index.html"), ("endheaders",), ("getreply", "old"), of=of, at=at)
        for target in ("", "/", "http://other.example/", "/a?b"):
            add(("putrequest", "GET", target), ("putheader", "Accept", "text/html"), ("putheader", "Accept", "text/plain"), ("endheaders",), ("getreply", "old"), of=of)
        add(("putrequest", "GET", "/", 0, 0), ("putheader", "Host", "mine.example"), ("endheaders",), ("getreply", "ok"), of=of)
        add(("putrequest", "GET", "/", 1, 1), ("putheader", "X", "a", "b", "c"), ("endheaders",), ("getreply", "close"), of=of)
        add(("putrequest", "POST", "/"), ("putheader", "Content-type", "text/plain"), ("putheader", "Content-length", 4), ("endheaders",), ("send", B("data")), ("getreply", "old"), of=of)
        add(("putrequest", "GET", "/1"), ("endheaders",), ("getreply", "old"), ("putrequest", "GET", "/2"), ("endheaders",), ("getreply", "old"), of=of)
    return cases


def made_sequences(chance):
    """Sequences put together by chance, from a fixed seed."""
    hosts = ["www.example.com", "www.example.com:8080", "localhost:80", "192.0.2.1:81", "[::1]:8080", "[2001:db8::1]"]
    targets = ["", "/", "/a", "/a/b?c=d&e", "/%20", "http://other.example/", "http://other.example:8080/p?q"]
    methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "SEARCH", "REPORT"]
    names = ["Accept", "X-Request-Id", "content-type", "USER-AGENT", "Cookie", "If-None-Match", "Referer", "x"]
    values = ["a", "text/html, */*;q=0.1", "", "\xe4\xf6\xfc", "\"quoted\"", 12, 0, "a\tb", B("raw\xff"), "http://h/"]
    pieces = ["", "a", "bc", "\x00\xff", "0123456789", "x" * 17, "r\r\nn"]

    def pick(options):
        return options[chance.randrange(len(options))]

    def some(options, most):
        return [pick(options) for _ in range(chance.randrange(most + 1))]

    def distinct(names):
        """Without a second line of a field that may have only one."""
        kept = []
        for name in names:
            if name not in kept or name in ("Accept", "X-Request-Id", "x"):
                kept.append(name)
        return kept

    def text():
        return "".join(some(pieces, 3))

    def headers():
        chosen = {}
        for name in some(names, 4):
            chosen[name] = pick(values)
        if chance.random() < 0.2:
            chosen[pick(["Host", "host"])] = pick(["mine.example", "mine.example:1"])
        if chance.random() < 0.2:
            chosen[pick(["Accept-Encoding", "accept-encoding"])] = "gzip"
        listed = [[name, value] for name, value in chosen.items()]
        chance.shuffle(listed)
        return listed

    def body():
        kind = chance.randrange(6)
        if kind == 0:
            return None
        if kind == 1:
            return text()
        if kind == 2:
            return B(text())
        if kind == 3:
            return L(*some(pieces, 4))
        if kind == 4:
            return G(*some(pieces, 4))
        return F(text())

    def whole():
        method = pick(methods)
        return method, [("request", method, pick(targets), body(), headers())]

    def stepped(is_old):
        method = pick(methods)
        skip_host = chance.randrange(2)
        calls = [("putrequest", method, pick(targets), skip_host, chance.randrange(2))]
        for name in distinct(some(names, 4)):
            more = [pick([value for value in values if value != ""]) for _ in range(chance.randrange(3))]
            calls.append(tuple(["putheader", name, pick(values)] + more))
        if (skip_host or is_old) and chance.random() < 0.5:
            calls.insert(1 + chance.randrange(len(calls)), ("putheader", "Host", "mine.example"))
        kind = chance.randrange(3)
        sent = some(pieces, 4)
        if kind == 0 and method != "HEAD":
            calls.append(("putheader", "Content-Length", pick([str, int])(sum(map(len, sent)))))
            cut = chance.randrange(len(sent) + 1)
            if cut > 0:
                calls.append(("endheaders", pick([B("".join(sent[:cut])), L(*sent[:cut]), G(*sent[:cut])])))
            else:
                calls.append(("endheaders",))
            calls.extend(("send", B(piece)) for piece in sent[cut:])
        elif kind == 1 and method != "HEAD" and not is_old:
            calls.append(("putheader", pick(["Transfer-Encoding", "transfer-encoding"]), "chunked"))
            calls.append(("endheaders", pick([L(*sent), G(*sent), B("".join(sent))]), {"encode_chunked": True}))
        else:
            calls.append(("endheaders",))
        return method, calls

    def answered(method, calls, last, is_old):
        if method == "HEAD":
            name = "head"
        else:
            # A peer that has answered with HTTP/1.0 is not sent chunks any more.
            unfit = ("head",) if last else ("head", "old", "old, kept")
            name = pick([name for name in sorted(REPLIES) if name not in unfit])
        if is_old:
            return calls + [("getreply", pick(["old", "close", "to the end"]) if method != "HEAD" else "head")]
        if last and chance.random() < 0.3:
            return calls
        return calls + [("getresponse", name), ("read",)]

    cases = []
    for _ in range(220):
        of = pick(["HTTPConnection", "HTTPConnection", "HTTPConnection", "HTTPSConnection", "HTTP"])
        is_old = of == "HTTP"
        calls = []
        count = 1 if is_old else pick([1, 1, 2, 3])
        for index in range(count):
            method, made = stepped(is_old) if is_old or chance.random() < 0.45 else whole()
            calls.extend(answered(method, made, index == count - 1, is_old))
        cases.append(case(*calls, of=of, at=[pick(hosts)]))
    return cases


def wrong_sequences():
    """Sequences whose last call is wrong, or is answered with something wrong."""
    cases = []
    add = lambda *calls, **options: cases.append(case(*calls, **options))
    put = ("putrequest", "GET", "/")
    get = ("request", "GET", "/")
    end = ("endheaders",)

    for at in (["host:port"], ["host:80x"], ["host:0x50"], ["[::1]:http"], ["host:8.0"], ["ho st"], ["host\r\nX: 1"], ["host\x00"], ["ho\x7fst:80"]):
        add(at=at)
    add(("putheader", "X", "1"))
    add(end)
    add(put, end, end)
    add(put, end, ("putheader", "X", "1"))
    add(get, ("putheader", "X", "1"))
    add(get, end)
    add(put, put)
    add(put, ("putheader", "X", "1"), put)
    add(put, end, put)
    add(put, get)
    add(get, get)
    add(get, put)
    add(get, ("getresponse", "ok"), get, put)
    add(get, ("getresponse", "ok"), put, get)
    add(("getresponse",))
    add(("connect",), ("getresponse",))
    add(put, ("getresponse",))
    add(put, ("putheader", "X", "1"), ("getresponse",))
    add(get, ("getresponse", "ok"), ("getresponse", "ok"))
    add(get, ("getresponse", "ok"), ("read",), ("getresponse", "ok"))
    add(get, ("getresponse", "ok"), get, ("getresponse", "ok"))
    add(get, ("getresponse", "ok"), ("read", 1), get, ("getresponse", "ok"))
    add(get, ("close",), ("getresponse",))
    add(get, ("close",), ("putheader", "X", "1"))
    add(get, ("close",), end)
    add(get, ("getresponse", "close"), ("getresponse",))
    add(("request", "GET", "/a b"))
    add(("request", "GET", "/a\r\nX: 1"))
    add(("putrequest", "GET", "/\x00"))
    add(("putrequest", "GET", "http://other.example/\x7f"))
    add(("putrequest", "GE\r\nT", "/"))
    add(("request", "GET", "/", None, [["X", "a\r\nY: b"]]))
    add(put, ("putheader", "X\r\nY", "a"))
    add(put, ("putheader", "X", "a", "b\nc"))
    add(put, ("putheader", "", "a"))
    add(put, ("putheader", "X", None))
    add(put, ("putheader", "X", "\u20ac"))
    add(("request", "POST", "/", "\u20ac"))
    add(("request", "POST", "/", 5))
    add(put, end, ("send", 5))
    add(("request", "POST", "/", S("a", "b")))
    add(("request", "POST", "/", S("a"), [["Content-Length", "1"]]))
    add(("putrequest", "POST", "/"), ("putheader", "Content-Length", "1"), ("endheaders", S("a")))
    add(("request", "POST", "/", {"plain": 1}))
    add(("set", "auto_open", 0), get)
    add(("set", "auto_open", 0), put, end)
    add(get, ("close",), ("set", "auto_open", 0), get)
    for name in ("nothing", "no number", "low status", "high status", "letters", "http2", "long status line", "long field"):
        add(get, ("getresponse", name))
    add(get, ("getresponse", "words"))
    add(get, ("getresponse", "words"), strict=1)
    add(get, ("getresponse", "ssh"))
    add(get, ("getresponse", "half a status line"))
    add(get, ("getresponse", "half a version"))
    add(get, ("getresponse", "many fields"))
    add(get, ("getresponse", "long chunk size"), ("read",))
    add(get, ("getresponse", "long trailer"), ("read",))
    # A response is to be read before the next, also where it has no body.
    for name in ("head", "no content", "not modified", "empty", "chunked"):
        first = ("request", "HEAD", "/") if name == "head" else get
        add(first, ("getresponse", name), get, ("getresponse", "ok"))
    add(get, ("getresponse", "chunked"), ("read", 3), get, ("getresponse", "ok"))
    for name in ("short", "no body", "cut chunk", "cut before a chunk"):
        add(get, ("getresponse", name), ("read",))
    add(get, ("getresponse", "cut chunk"), ("read", 4))
    return cases


def main():
    recording = record_requests()
    parts = []
    for key, value in recording.items():
        if key in ("sequences", "wrong"):
            # One line a case, so that a change of one shows as one line.
            parts.append('"%s": [\n%s\n]' % (key, ",\n".join(json.dumps(item) for item in value)))
        else:
            parts.append('"%s": %s' % (key, json.dumps(value, indent=1)))
    path = os.path.join(ROOT, "test", "python", "recorded-requests.json")
    with open(path, "w") as file:
        file.write("{\n%s\n}\n" % ",\n".join(parts))
    print("%d sequences, %d wrong" % (len(recording["sequences"]), len(recording["wrong"])))


if __name__ == "__main__":
    main()

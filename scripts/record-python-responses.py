"""Records how Python's http.client reads responses, as the oracle of the tests of httplib-ts/python.

    python3.13 scripts/record-python-responses.py && npm run format

It plays sessions: the bytes of a server, then calls of the response. After the head and after each call it notes what
can be seen from outside. It writes test/python/recorded-responses.json, and the names of the module with their kinds
and values to test/python/recorded-names.json. Only the standard library is needed; the sessions come from fixed lists and
a fixed seed, so that the same Python writes the same files.

Text is latin-1, one character a byte. What a call raises is noted by the name of the class.
"""

import http
import http.client
import inspect
import io
import json
import os
import platform
import random

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SEED = 2013

# --------------------------------------------------------------------------------------------------------- sessions

LINES = "one\ntwo\r\nthree\n\nfive"
CHUNKED = "Transfer-Encoding: chunked\r\n\r\n"


def in_chunks(*pieces, **options):
    return "".join("%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + options.get("end", "0\r\n\r\n")


def ok(fields, body=""):
    return "HTTP/1.1 200 OK\r\n%s%s" % (fields, body)


BODIES = {
    "length": ok("Content-Length: 20\r\n\r\n", LINES),
    "length, more behind": ok("Content-Length: 20\r\n\r\n", LINES + "HTTP/1.1 200 OK\r\n\r\n"),
    "length 0": ok("Content-Length: 0\r\n\r\n"),
    "length, all lines end": ok("Content-Length: 8\r\n\r\n", "one\ntwo\n"),
    "length, binary": ok("Content-Length: 7\r\n\r\n", "\x00\xff\n\r\n\x80a"),
    "length, cut": ok("Content-Length: 30\r\n\r\n", LINES),
    "length, nothing came": ok("Content-Length: 5\r\n\r\n"),
    "length, closing": ok("Connection: close\r\nContent-Length: 20\r\n\r\n", LINES),
    "chunked": ok(CHUNKED, in_chunks("one\ntw", "o\r\nthree\n", "\nfive")),
    "chunked, one": ok(CHUNKED, in_chunks(LINES)),
    "chunked, lines end": ok(CHUNKED, in_chunks("one\n", "two\n")),
    "chunked, empty": ok(CHUNKED, in_chunks()),
    "chunked, trailers": ok(CHUNKED, in_chunks("abc", end="0\r\nX-T: 1\r\n\r\n")),
    "chunked, extensions": ok(CHUNKED, "3;a=b\r\nabc\r\n0;x\r\n\r\n"),
    "chunked, cut in a chunk": ok(CHUNKED, "6\r\none\n"),
    "chunked, cut behind a chunk": ok(CHUNKED, "4\r\none\n\r\n"),
    "chunked, closing": ok("Connection: close\r\n" + CHUNKED, in_chunks("one\n", "two")),
    "close": ok("\r\n", LINES),
    "close, lines end": ok("\r\n", "one\ntwo\n"),
    "close, empty": ok("\r\n"),
    "close, HTTP/1.0": "HTTP/1.0 200 OK\r\n\r\n" + LINES,
    "kept, HTTP/1.0": "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 20\r\n\r\n" + LINES,
    "no content": "HTTP/1.1 204 No Content\r\n\r\n",
    "no content, with a length": "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n",
    "not modified": "HTTP/1.1 304 Not Modified\r\nContent-Length: 20\r\n\r\n",
    "coded": ok("Transfer-Encoding: gzip\r\n\r\n", "\x1f\x8b raw"),
    "content coded": ok("Content-Encoding: gzip\r\nContent-Length: 6\r\n\r\n", "\x1f\x8b raw"),
}

HEAD_BODIES = {
    "HEAD with a length": ok("Content-Length: 20\r\n\r\n"),
    "HEAD in chunks": ok(CHUNKED),
    "HEAD without": ok("\r\n"),
    "HEAD, closing": ok("Connection: close\r\nContent-Length: 5\r\n\r\n"),
}

PLANS = [
    [["read"], ["read"], ["read", 1], ["readline"]],
    [["read", 0], ["read", 6], ["read", 0], ["read", 14], ["read", 1], ["read"]],
    [["read", 3], ["read", 100], ["read", 100]],
    [["read", 20], ["read", 0], ["read", 1]],
    [["readline"], ["readline"], ["readline"], ["readline"], ["readline"], ["readline"], ["readline"]],
    [["readline", 2], ["readline", 0], ["readline", 100], ["readline", 1], ["readlines"]],
    [["readlines"], ["readlines"], ["read"]],
    [["readlines", 5], ["readlines", 1], ["iterate"]],
    [["iterate"], ["read"]],
    [["readinto", 0], ["readinto", 4], ["readinto", 16], ["readinto", 1], ["readinto", 1]],
    [["readinto", 100], ["readinto", 100]],
    [["read1"], ["read1", 2], ["read1", 0], ["read1", 100], ["read1"], ["read1"]],
    [["read1", 4], ["readline"], ["read1", 1], ["read"]],
    [["peek"], ["read", 2], ["peek", 1], ["readline"], ["peek"], ["read"], ["peek"]],
    [["readline"], ["close"], ["read"], ["readline"], ["read1"], ["peek"], ["readinto", 3], ["readlines"], ["close"]],
    [["fileno"], ["readable"], ["writable"], ["seekable"], ["flush"], ["read"], ["flush"]],
]

HEADS = [
    ok("\r\n"),
    ok("X: 1\r\n\r\n"),
    ok("Content-Type: text/html; charset=UTF-8\r\nContent-Length: 0\r\n\r\n"),
    ok("Content-Type: Text/HTML; Charset=\"ISO-8859-1\"; x=y\r\nContent-Length: 0\r\n\r\n"),
    ok("Content-Type: text/html;charset='utf-8'\r\nContent-Length: 0\r\n\r\n"),
    ok("Content-Type: multipart/form-data; boundary=\"a;b\"; charset=utf-8\r\nContent-Length: 0\r\n\r\n"),
    ok("Content-Type: multipart/mixed; boundary=simple \r\nContent-Length: 0\r\n\r\n"),
    ok("Content-Type: html\r\nContent-Length: 0\r\n\r\n"),
    ok("Content-Type: a/b/c; charset=x\r\nContent-Length: 0\r\n\r\n"),
    ok("Content-Type: \r\nContent-Length: 0\r\n\r\n"),
    ok("Content-Type: ;charset=x\r\nContent-Length: 0\r\n\r\n"),
    ok("Content-Type: text/html; charset\r\nContent-Length: 0\r\n\r\n"),
    ok("Content-Type: text/html; charset=\xe9\r\nContent-Length: 0\r\n\r\n"),
    ok("Content-Type: text/plain; a=\"x\\\"y\"; b=\"p\\\\q\"; c=<z>\r\nContent-Length: 0\r\n\r\n"),
    ok("Content-Type: text/plain; a=\"never closed; b=c\r\nContent-Length: 0\r\n\r\n"),
    ok("Content-Type: text/plain; charset*=us-ascii'en'iso%2D8859%2D1\r\nContent-Length: 0\r\n\r\n"),
    ok("Content-Type: application/json\r\nContent-Type: text/html; charset=z\r\nContent-Length: 0\r\n\r\n"),
    ok("Content-Disposition: attachment; filename=\"a b.txt\"\r\nContent-Length: 0\r\n\r\n"),
    ok("Content-Disposition: Inline; filename*=UTF-8''na%C3%AFve%20file.txt\r\nContent-Length: 0\r\n\r\n"),
    ok("Content-Disposition: attachment; filename*=iso-8859-1'en'%A3%20rates\r\nContent-Length: 0\r\n\r\n"),
    ok("Content-Disposition: attachment\r\nContent-Type: text/x; name=\"n.txt\"\r\nContent-Length: 0\r\n\r\n"),
    ok("Set-Cookie: a=1; Path=/\r\nset-cookie: b=2\r\nX-A: 1\r\nSET-COOKIE: c=3\r\nx-a: 2\r\nContent-Length: 0\r\n\r\n"),
    ok("X-Latin: \xe9\xff\r\nX-Empty:\r\nX-Space:   both   \r\nX-Tab:\ta\tb\r\nContent-Length: 0\r\n\r\n"),
    ok("x-lower: 1\r\nX-UPPER: 2\r\nX-Colon: a:b: c\r\nContent-Length: 0\r\n\r\n"),
    ok("Server: nginx\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nETag: \"a\"\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n"),
    "HTTP/1.1 404 Not Found\nContent-Length: 0\nX: y\n\n",
    "HTTP/1.1 200 OK\r\nX : y\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.1 299 A  phrase, with: things \r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.1 200 caf\xe9\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.5 200 OK\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.0 404 Not Found\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.0 200 OK\r\nKeep-Alive: timeout=5\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.0 200 OK\r\nProxy-Connection: keep-alive\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.1 200 OK\r\nConnection: Close\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.1 200 OK\r\nConnection: x, close\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.1 200 OK\r\nConnection: closed\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.1 100 Continue\r\nX: 1\r\n\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",
    "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.1 999 Most\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    # Wrong ones.
    "",
    "\r\n",
    "hello\r\n\r\n",
    "SSH-2.0-OpenSSH_9.6\r\n",
    "220 mail.example ESMTP\r\n",
    "HTTP/1.1\r\n\r\n",
    "HTTP/1.1 OK\r\n\r\n",
    "HTTP/1.1 20 OK\r\n\r\n",
    "HTTP/1.1 099 OK\r\n\r\n",
    "HTTP/1.1 2000 OK\r\n\r\n",
    "HTTP/1.1 +200 OK\r\nContent-Length: 0\r\n\r\n",
    "http/1.1 200 OK\r\n\r\n",
    "HTTP/2.0 200 OK\r\n\r\n",
    "HTTP/0.9 200 OK\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.1  200  OK\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.1 200 OK",
    "HTTP/1.1 20",
    "HTTP",
    "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 0",
    "HTTP/1.1 200 OK\r\nno colon\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.1 200 OK\r\n: no name\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: abc\r\n\r\nok",
    "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nok",
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok",
]

NAMES = ["content-type", "X-A", "set-cookie", "missing", "x-empty"]


class Socket:
    def __init__(self, reply):
        self.reply = reply

    def makefile(self, mode):
        return io.BufferedReader(io.BytesIO(self.reply.encode("latin-1")))


def shown(value):
    if isinstance(value, bytes):
        return value.decode("latin-1")
    if isinstance(value, (list, tuple)):
        return [shown(item) for item in value]
    return value


def described(response):
    """What can be seen of a response whose head was read."""
    headers = response.headers
    return {
        "status": response.status,
        "code": response.getcode(),
        "reason": response.reason,
        "version": response.version,
        "chunked": response.chunked,
        "will_close": response.will_close,
        "getheaders": response.getheaders(),
        "items": headers.items(),
        "keys": headers.keys(),
        "values": headers.values(),
        "len": len(headers),
        "get_content_type": headers.get_content_type(),
        "get_content_maintype": headers.get_content_maintype(),
        "get_content_subtype": headers.get_content_subtype(),
        "get_content_charset": headers.get_content_charset(),
        "get_content_disposition": headers.get_content_disposition(),
        "get_filename": headers.get_filename(),
        "get_boundary": headers.get_boundary(),
        "get_params": headers.get_params(),
        "get_params, quoted": headers.get_params(None, "content-disposition", False),
        "get_param": headers.get_param("Charset"),
        "get_param, missing": headers.get_param("missing", "none"),
        "as_string": headers.as_string(),
        "is_multipart": headers.is_multipart(),
        "getheader": [response.getheader(name) for name in NAMES],
        "getheader, default": [response.getheader(name, "default") for name in NAMES],
        "getheader, list": [response.getheader(name, ["a", "b"]) for name in NAMES],
        "get": [headers.get(name) for name in NAMES],
        "get_all": [headers.get_all(name) for name in NAMES],
        "info is headers": response.info() is headers,
    }


def seen(response):
    return [response.length, response.isclosed(), response.closed]


def call(response, name, *args):
    if name == "readinto":
        memory = bytearray(args[0])
        count = response.readinto(memory)
        return [count, bytes(memory[:count])]
    if name == "iterate":
        return list(response)
    return getattr(response, name)(*args)


def play(title, method, reply, calls):
    session = {"title": title, "method": method, "reply": reply, "calls": calls}
    response = http.client.HTTPResponse(Socket(reply), method=method)
    try:
        response.begin()
    except Exception as error:
        session["raises"] = type(error).__name__
        return session
    if title == "head":
        session["head"] = shown(described(response))
    session["begun"] = seen(response)
    session["steps"] = []
    for name, *args in calls:
        try:
            step = {"gives": shown(call(response, name, *args))}
        except Exception as error:
            step = {"raises": type(error).__name__}
            if isinstance(error, http.client.IncompleteRead):
                step["partial"] = shown(error.partial)
        session["steps"].append(step | {"seen": seen(response)})
        if "raises" in step and name != "fileno":
            break
    return session


def sessions():
    for reply in HEADS:
        yield play("head", "GET", reply, [["read"]])
    for title, reply in BODIES.items():
        for plan in PLANS:
            yield play(title, "GET", reply, plan)
    for title, reply in HEAD_BODIES.items():
        for plan in PLANS:
            yield play(title, "HEAD", reply, plan)
    yield from made_sessions(random.Random(SEED))


def made_sessions(chance):
    """Bodies and calls put together by chance. A read1 or a peek of a body in chunks stops where a chunk does."""
    for _ in range(200):
        body = "".join(chance.choice(["a", "bc", "\n", "line\n", "x" * 9, "\r\n", "\x00\xff"]) for _ in range(chance.randrange(12)))
        kind = chance.choice(["length", "chunked", "close"])
        if kind == "length":
            reply = ok("Content-Length: %d\r\n\r\n" % len(body), body)
        elif kind == "close":
            reply = ok("\r\n", body)
        else:
            pieces = []
            rest = body
            while rest:
                size = 1 + chance.randrange(len(rest))
                pieces.append(rest[:size])
                rest = rest[size:]
            reply = ok(CHUNKED, in_chunks(*pieces))
        ways = ["read", "readline", "readinto", "read", "readline", "read1"][: 5 if kind == "chunked" else 6]
        calls = []
        for _ in range(1 + chance.randrange(8)):
            name = chance.choice(ways)
            calls.append([name, chance.randrange(8)] if name == "readinto" or chance.random() < 0.7 else [name])
        calls.append(chance.choice([["read"], ["readlines"], ["iterate"], ["readinto", 99]]))
        yield play("made, " + kind, "GET", reply, calls)


# ------------------------------------------------------------------------------------------------------------ names


def parameters(callable_):
    """Names and defaults, and where the keyword arguments begin."""
    listed = []
    for parameter in inspect.signature(callable_).parameters.values():
        if parameter.name == "self":
            continue
        default = None if parameter.default is inspect.Parameter.empty else repr(parameter.default)
        if default is not None and default.startswith("<object"):
            default = "the default of sockets"
        listed.append([parameter.name, parameter.kind.name, default])
    return listed


def names():
    module = http.client
    classes = {}
    for name in ("HTTPConnection", "HTTPSConnection", "HTTPResponse"):
        found = getattr(module, name)
        public = [key for key in dir(found) if not key.startswith("_") and key not in ("detach", "isatty", "tell", "truncate", "seek", "write", "writelines", "readinto1", "readall")]
        classes[name] = {
            "parameters": parameters(found.__init__),
            "methods": {key: parameters(getattr(found, key)) for key in public if inspect.isfunction(getattr(found, key))},
            "attributes": {key: shown_attribute(getattr(found, key)) for key in public if not callable(getattr(found, key))},
            "inherited": [key for key in public if callable(getattr(found, key)) and not inspect.isfunction(getattr(found, key)) and not inspect.isclass(getattr(found, key))],
        }
    exceptions = {}
    for name in sorted(dir(module)):
        found = getattr(module, name)
        if inspect.isclass(found) and issubclass(found, Exception):
            exceptions[name] = [base.__name__ for base in found.__mro__[1:] if base is not object]
    statuses = {}
    for name, member in http.HTTPStatus.__members__.items():
        kinds = ["is_informational", "is_success", "is_redirection", "is_client_error", "is_server_error"]
        statuses[name] = [member.value, member.name, member.phrase, member.description, [kind for kind in kinds if getattr(member, kind)]]
    return {
        "python": platform.python_version(),
        "all": list(module.__all__),
        "classes": classes,
        "exceptions": exceptions,
        "statuses": statuses,
        "responses": [[int(code), phrase] for code, phrase in module.responses.items()],
        "ports": [module.HTTP_PORT, module.HTTPS_PORT],
    }


def shown_attribute(value):
    return value if isinstance(value, (int, str, type(None))) else "property"


def write(name, text):
    with open(os.path.join(ROOT, "test", "python", name), "w") as file:
        file.write(text)


def main():
    played = list(sessions())
    lines = ",\n".join(json.dumps(session) for session in played)
    head = '"python": %s,\n"names": %s' % (json.dumps(platform.python_version()), json.dumps(NAMES))
    write("recorded-responses.json", '{\n%s,\n"sessions": [\n%s\n]\n}\n' % (head, lines))
    write("recorded-names.json", json.dumps(names(), indent=1) + "\n")
    print("%d sessions" % len(played))


if __name__ == "__main__":
    main()

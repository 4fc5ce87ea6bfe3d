"""Records how Python writes hosts with letters outside ASCII, as the oracle of src/python/idna.ts.

    python3.13 scripts/record-hosts.py && npm run format

It writes test/python/recorded-hosts.json: pairs of a host and its form after `host.encode("idna")`, null where Python
raises UnicodeError. The hosts come from a fixed list and a fixed seed, so that the same Python writes the same file.
Only the standard library is needed. Left out are characters that came after Unicode 3.2, of which the case depends on
the Unicode version of Python, and digits of other scripts in labels that are written from right to left.
"""

import json
import os
import platform
import random
import unicodedata

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SEED = 2003
OLD = unicodedata.ucd_3_2_0

WRITTEN = [
    "b\u00fccher.example",
    "B\u00dcCHER.Example",
    "stra\u00dfe.example",
    "fa\u00df.de",
    "\u03b2\u03cc\u03bb\u03bf\u03c2.gr",
    "\u043f\u0440\u0438\u043c\u0435\u0440.example",
    "\u4f8b\u3048.\u30c6\u30b9\u30c8",
    "\u4f8b\u3048\u3002\u30c6\u30b9\u30c8",
    "\u4f8b\uff0ejp",
    "\u4f8b\uff61jp.",
    "\u00fc.",
    "\u00fc..b",
    ".\u00fc",
    "\u3002",
    "\u00fc\u3002\u3002",
    "www.\u05d0\u05d1\u05d2.il",
    "\u05d0a\u05d1.il",
    "\u05d01.il",
    "1\u05d0.il",
    "\u05d01\u05d1.il",
    "\u0645\u062b\u0627\u0644.\u0625\u062e\u062a\u0628\u0627\u0631",
    "\u0130stanbul.tr",
    "\u0131.tr",
    "xn--\u00fc.example",
    "XN--\u00fc.example",
    "\u00adab\u00fc.example",
    "\u00ad.example",
    "a\u200db\u00fc.example",
    "a\u200eb\u00fc.example",
    "\u00a0.example",
    "a\u3000b.example",
    "\ufb01x.example",
    "\u2460.example",
    "\u2100\u00fc.example",
    "\u212b.example",
    "a\u0301.example",
    "\ud55c\uad6d.\ub300\ud55c\ubbfc\uad6d",
    "\u1100\u1161\u11a8.kr",
    "\U0001d504\U0001d505.example",
    "\U00010400.example",
    "\U00020000.example",
    "\ue000.example",
    "\ufffd.example",
    "\ufffe.example",
    "\U000e0001.example",
    "u" * 63 + ".\u00fc",
    "u" * 64 + ".\u00fc",
    "\u00fc" * 57 + ".a",
    "\u00fc" * 58 + ".a",
    "\u00fc" * 59 + ".a",
    "\u4f8b" * 20,
    "a b\u00fc.example",
    "a_b\u00fc.example",
    "\u00fc/a.example",
    "\u01c5.example",
    "\u1e9b\u0323.example",
    "\u03d2\u03d3.example",
    "\u037a.example",
    "\u20a8.example",
    "\u2122.example",
    "\u3380.example",
]


def made_hosts(chance):
    """Hosts put together by chance: of one script, of several, and of anything that Unicode 3.2 has."""
    scripts = [
        range(0xC0, 0x180),
        range(0x370, 0x400),
        range(0x400, 0x460),
        range(0x5D0, 0x5EB),
        range(0x621, 0x64B),
        range(0x904, 0x940),
        range(0xE01, 0xE2F),
        range(0x1E00, 0x2000),
        range(0x2100, 0x2140),
        range(0x3041, 0x3097),
        range(0x4E00, 0x9FA6),
        range(0xAC00, 0xD7A4),
        range(0xF900, 0xFA2E),
        range(0xFF01, 0xFF5F),
        range(0x1D400, 0x1D7FF),
    ]
    everything = [c for c in range(0x80, 0x30000) if OLD.category(chr(c)) not in ("Cn", "Cs")]
    plain = "abcdefghijklmnopqrstuvwxyzABCXYZ0123456789-"

    def label():
        kind = chance.randrange(4)
        source = chance.choice(scripts) if kind < 3 else everything
        length = chance.choice([1, 2, 3, 5, 8, 13])
        made = [chr(chance.choice(source)) for _ in range(length)]
        if kind > 0:
            made += [chance.choice(plain) for _ in range(chance.randrange(6))]
            chance.shuffle(made)
        return "".join(made)

    for _ in range(600):
        yield ".".join(label() for _ in range(1 + chance.randrange(3)))


def is_fit(host):
    if any(OLD.category(c) == "Cn" for c in host):
        return False
    for name in host.split("."):
        is_right_to_left = any(OLD.bidirectional(c) in ("R", "AL") for c in name)
        odd = [c for c in name if OLD.bidirectional(c) == "L" and OLD.category(c)[0] not in "L" and OLD.category(c) not in ("Mc", "Nl")]
        if is_right_to_left and odd:
            return False
    return True


def encoded(host):
    try:
        return host.encode("idna").decode("ascii")
    except UnicodeError:
        return None


def main():
    hosts = WRITTEN + [host for host in made_hosts(random.Random(SEED)) if is_fit(host)]
    lines = [json.dumps([host, encoded(host)]) for host in hosts]
    path = os.path.join(ROOT, "test", "python", "recorded-hosts.json")
    with open(path, "w") as file:
        file.write('{\n"python": %s,\n"hosts": [\n%s\n]\n}\n' % (json.dumps(platform.python_version()), ",\n".join(lines)))
    print("%d hosts" % len(hosts))


if __name__ == "__main__":
    main()

"""Records which addresses Python takes for global, as the oracle of src/layers/guard/special-addresses.ts.

    python3.13 scripts/record-ip-addresses.py

It writes test/layers/guard/recorded-addresses.json: pairs of an address and `ipaddress.ip_address(it).is_global`. The
addresses are the edges of every range that Python knows and of some that it does not, their neighbours, some from inside, and
others by chance from a fixed seed, so that the same Python writes the same file. Only the standard library is needed.
"""

import ipaddress
import json
import os
import platform
import random

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CHANCE = random.Random(6890)
INSIDE = 4
ANYWHERE = 500

# Of the registries of IANA, and what stands in no registry: Python has no list of them.
MORE = [
    "168.63.129.16/32",
    "192.31.196.0/24",
    "192.52.193.0/24",
    "192.88.99.0/24",
    "192.175.48.0/24",
    "::/96",
    "64:ff9b::/96",
    "100:0:0:1::/64",
    "2001::/32",
    "2002::/16",
    "2620:4f:8000::/48",
    "3fff::/20",
    "5f00::/16",
]


def ranges():
    yield from map(ipaddress.ip_network, MORE)
    for constants in (ipaddress.IPv4Address._constants, ipaddress.IPv6Address._constants):
        for name in vars(constants):
            value = getattr(constants, name)
            if isinstance(value, (ipaddress.IPv4Network, ipaddress.IPv6Network)):
                yield value
            elif isinstance(value, list):
                yield from value


def around(network):
    first, last = int(network.network_address), int(network.broadcast_address)
    top = 2**network.max_prefixlen - 1
    for number in (first - 1, first, last, last + 1):
        if 0 <= number <= top:
            yield type(network.network_address)(number)
    for _ in range(INSIDE):
        yield type(network.network_address)(CHANCE.randint(first, last))


def by_chance():
    for _ in range(ANYWHERE):
        yield ipaddress.IPv4Address(CHANCE.getrandbits(32))
        # Half of them from what is allocated, where most exceptions are.
        yield ipaddress.IPv6Address(CHANCE.getrandbits(128))
        yield ipaddress.IPv6Address((0x2 << 124) | CHANCE.getrandbits(125))
        # IPv4 addresses within IPv6 addresses.
        yield ipaddress.IPv6Address((0xFFFF << 32) | CHANCE.getrandbits(32))


def main():
    found = {}
    for network in ranges():
        for address in around(network):
            found[str(address)] = address.is_global
    for address in by_chance():
        found[str(address)] = address.is_global
    lines = ",\n".join(json.dumps(pair) for pair in found.items())
    target = os.path.join(ROOT, "test", "layers", "guard", "recorded-addresses.json")
    with open(target, "w", encoding="utf-8") as out:
        out.write('{\n"python": %s,\n"addresses": [\n%s\n]\n}\n' % (json.dumps(platform.python_version()), lines))
    print(f"{len(found)} addresses")


main()

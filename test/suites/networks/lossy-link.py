"""A bad link between two network namespaces: loses, delays, reorders and doubles packets, by a seed.

Usage: lossy-link.py CLIENT-NAMESPACE SERVER-NAMESPACE DEVICE SEED LOSS DOUBLING MAX-DELAY-MS

Makes a TUN device of the given name in each of the two and carries packets between them. Prints a line when both are
there, ends when its input does, and prints how many packets it carried, lost and doubled. The kernel's own `netem` would
do the same; few machines that run tests have it.
"""

import ctypes
import fcntl
import heapq
import os
import random
import select
import struct
import sys
import time

TUNSETIFF = 0x400454CA
IFF_TUN = 0x0001
IFF_NO_PI = 0x1000
CLONE_NEWNET = 0x40000000
MAX_PACKET = 65_536

libc = ctypes.CDLL(None, use_errno=True)


def open_tun(namespace, device):
    """A TUN device in a namespace: it stays there, wherever this process goes."""
    with open(f"/run/netns/{namespace}") as handle:
        if libc.setns(handle.fileno(), CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), f"setns {namespace}")
    tun = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH22x", device.encode(), IFF_TUN | IFF_NO_PI))
    return tun


def main():
    client, server, device, seed, loss, doubling, max_delay_ms = sys.argv[1:]
    chance = random.Random(int(seed))
    tuns = [open_tun(client, device), open_tun(server, device)]
    print("ready", flush=True)
    waiting = []
    count = {"carried": 0, "lost": 0, "doubled": 0}
    order = 0
    while True:
        timeout = max(0.0, waiting[0][0] - time.monotonic()) if waiting else None
        readable, _, _ = select.select([*tuns, sys.stdin], [], [], timeout)
        now = time.monotonic()
        if sys.stdin in readable and not os.read(0, 1):
            break
        for tun in tuns:
            if tun not in readable:
                continue
            packet = os.read(tun, MAX_PACKET)
            count["carried"] += 1
            if chance.random() < float(loss):
                count["lost"] += 1
                continue
            is_doubled = chance.random() < float(doubling)
            count["doubled"] += is_doubled
            to = tuns[1 - tuns.index(tun)]
            for _ in range(1 + is_doubled):
                order += 1
                heapq.heappush(waiting, (now + chance.random() * float(max_delay_ms) / 1000, order, to, packet))
        while waiting and waiting[0][0] <= now:
            _, _, to, packet = heapq.heappop(waiting)
            try:
                os.write(to, packet)
            except BlockingIOError:
                count["lost"] += 1
            except OSError:
                # The device is not up yet.
                count["lost"] += 1
    print(count["carried"], count["lost"], count["doubled"], flush=True)


main()

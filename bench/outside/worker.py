"""A worker for the contenders outside JavaScript: Python's http.client, and curl started from here.

The same questions and answers as src/worker.ts. Only the standard library.
"""

import http.client
import json
import resource
import ssl
import subprocess
import sys
import tempfile
import threading
import time


class PythonSession:
    """A connection for each lane, each in a thread of its own."""

    def __init__(self, workload, target):
        self.workload, self.target = workload, target
        self.lanes = workload["connections"] * workload["depth"]
        self.connections = [None] * self.lanes
        self.lock = threading.Lock()

    def connect(self):
        host, port = self.target["host"], self.target["port"]
        if not self.workload["tls"]:
            return http.client.HTTPConnection(host, port)
        context = ssl.create_default_context(cadata=self.target["ca"])
        return http.client.HTTPSConnection(host, port, context=context)

    def drive(self, requests):
        left, received = [requests], [0]

        def take():
            with self.lock:
                left[0] -= 1
                return left[0] >= 0

        def lane(index):
            if self.connections[index] is None:
                self.connections[index] = self.connect()
            connection, count = self.connections[index], 0
            request, reading = self.workload["request"], self.workload["reading"]
            body = b"x" * request["bodyBytes"] if request["bodyBytes"] else None
            while take():
                connection.request(request["method"], "/", body)
                response = connection.getresponse()
                if reading == "pieces":
                    buffer = bytearray(65536)
                    while got := response.readinto(buffer):
                        count += got
                elif reading == "text":
                    count += len(response.read().decode())
                else:
                    count += len(response.read())
            with self.lock:
                received[0] += count

        threads = [threading.Thread(target=lane, args=(index,)) for index in range(self.lanes)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return received[0]

    def cpu_seconds(self):
        return time.process_time()


class CurlSession:
    """One process of curl for each round: it keeps its connections while it lives, and opens them anew in the next."""

    # How many transfers curl is given at once: its list of transfers is written out in full.
    MAX_TRANSFERS = 20_000

    def __init__(self, workload, target):
        self.workload, self.target = workload, target
        self.lanes = workload["connections"] * workload["depth"]
        self.ca = tempfile.NamedTemporaryFile("w", suffix=".pem")
        self.ca.write(target["ca"])
        self.ca.flush()

    def drive(self, requests):
        left = requests
        while left > 0:
            self.run(min(left, self.MAX_TRANSFERS))
            left -= self.MAX_TRANSFERS
        return requests * self.workload["response"]["bodyBytes"]

    def run(self, requests):
        # Leading zeros keep every request equally long, which the server counts on.
        scheme = "https" if self.workload["tls"] else "http"
        url = f"{scheme}://{self.target['host']}:{self.target['port']}/?[{1:06}-{requests:06}]"
        command = ["curl", "--silent", "--show-error", "--fail", "--output", "/dev/null", "--http1.1"]
        command += ["--cacert", self.ca.name]
        if self.lanes > 1:
            command += ["--parallel", "--parallel-max", str(self.lanes)]
        size = self.workload["request"]["bodyBytes"]
        if size:
            command += ["--header", "Content-Type:", "--header", "Expect:", "--data-binary", "@-"]
        # In parallel, curl draws its progress whatever it is told.
        done = subprocess.run(command + [url], input=b"x" * size, stderr=subprocess.PIPE)
        if done.returncode != 0:
            raise RuntimeError(f"curl ended with {done.returncode}: {done.stderr[-300:].decode()}")

    def cpu_seconds(self):
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        return usage.ru_utime + usage.ru_stime


def curl_version():
    return subprocess.run(["curl", "--version"], capture_output=True, text=True, check=True).stdout.split()[1]


def round_of(session, requests, touched):
    if touched > 0:
        session.drive(touched)
    cpu, start = session.cpu_seconds(), time.perf_counter()
    received = session.drive(requests)
    seconds = time.perf_counter() - start
    cpu_micros = round((session.cpu_seconds() - cpu) * 1e6)
    return {"requests": requests, "seconds": seconds, "cpuMicros": cpu_micros, "received": received}


def warm(session, max_seconds):
    end, requests = time.perf_counter() + max_seconds, session.lanes
    while True:
        measured = round_of(session, requests, 0)
        rate = measured["requests"] / measured["seconds"]
        if time.perf_counter() > end or measured["seconds"] > max_seconds / 3:
            return rate
        requests = max(1, min(int(rate * max_seconds / 2), requests * 8))


def answer(session, version, message):
    ask = message["do"]
    if ask == "hello":
        return {"version": version, "runtime": sys.version.split()[0]}
    if ask == "warm":
        return {"rate": warm(session, message["seconds"])}
    if ask == "round":
        return round_of(session, message["requests"], message["touched"])
    raise ValueError(f"cannot {ask}")


def main():
    assignment = json.loads(sys.argv[1])
    is_curl = assignment["contender"] == "curl"
    make = CurlSession if is_curl else PythonSession
    session = make(assignment["workload"], assignment["target"])
    version = curl_version() if is_curl else sys.version.split()[0]
    for line in sys.stdin:
        message = json.loads(line)
        if message["do"] == "quit":
            break
        try:
            reply = answer(session, version, message)
        except Exception as error:  # Whatever it is, the command wants to show it.
            reply = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(reply), flush=True)


main()

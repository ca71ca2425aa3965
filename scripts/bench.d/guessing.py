"""Guesses passwords from the network while cards are tapped, and measures how long a page takes to
show a tap. See ../bench."""

import argparse
import base64
import json
import multiprocessing
import os
import queue
import random
import re
import socket
import ssl
import subprocess
import tempfile
import threading
import time
from pathlib import Path

PATIENCE_S = 15
# Over which somebody else on the network comes.
ADDRESSES = [f"127.1.{nth // 250}.{1 + nth % 250}" for nth in range(4000)]
CARD = "put felica idm=012E4CE1000000A1"
# Kinds of records that have to be there afterwards as they were before.
OF_REFUSALS = ("sign-in-failed", "sign-ins-failed", "locked", "audit-folded", "not-administrator")


class Service:
    def __init__(self, kazasu, folder):
        self.kazasu, self.data = kazasu, folder / "data"
        for user in ("alice", "bob"):
            self.run("user", "add", user, "--password-stdin", text="horse7\n")
        self.run("user", "edit", "alice", "--role", "administrator")
        script = folder / "none.sim"
        script.write_text("")
        environment = {**os.environ, "PCSCLITE_CSOCK_NAME": "/nonexistent/pcscd.comm"}
        self.process = subprocess.Popen(
            [kazasu, "serve", "--json", "--sim", script, "--listen", "127.0.0.1:0",
             "--tls-listen", "127.0.0.1:0", "--data", self.data],
            stdout=subprocess.PIPE, env=environment)
        ready = json.loads(self.process.stdout.readline())
        port = lambda address: int(re.search(r":(\d+)/", address)[1])
        self.panel, self.tls = port(ready["panel"]), port(ready["tls"]["panel"])

    def run(self, *words, text=None):
        return subprocess.run([self.kazasu, *words, "--data", self.data], input=text,
                              check=True, capture_output=True, text=True).stdout

    def ask(self, **request):
        with socket.socket(socket.AF_UNIX) as stream:
            stream.settimeout(PATIENCE_S)
            stream.connect(str(self.data / "kazasu.sock"))
            stream.sendall(json.dumps(request).encode() + b"\n")
            return json.loads(stream.makefile().readline())

    def records(self):
        return [json.loads(line)
                for line in self.run("audit", "export", "--format", "json").splitlines()]

    def end(self):
        self.process.terminate()
        self.process.wait(30)


class Page:
    """A paired browser that has the panel open."""

    def __init__(self, service):
        self.service, self.screens, self.chance = service, queue.Queue(), random.Random(1)
        link = service.ask(do="panel_pair", station=None, label="bench")["line"]["link"]
        answer = self.send("GET", link[link.index("/pair/"):]).makefile().read()
        self.cookie = re.search(r"set-cookie: ([^;]+)", answer)[1]
        stream = self.send("GET", "/events?lang=en").makefile()
        threading.Thread(target=self.read, args=[stream], daemon=True).start()
        self.until("idle")

    def send(self, method, path, body=""):
        stream = socket.create_connection(("127.0.0.1", self.service.panel), PATIENCE_S)
        host = f"127.0.0.1:{self.service.panel}"
        stream.sendall(
            f"{method} {path} HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\n"
            f"Cookie: {getattr(self, 'cookie', '')}\r\nConnection: close\r\nkazasu-fragment: 1\r\n"
            f"Content-Type: application/x-www-form-urlencoded\r\n"
            f"Content-Length: {len(body)}\r\n\r\n{body}".encode())
        return stream

    def read(self, stream):
        for line in stream:
            page = re.search(r'data-page="([^"]+)"', line)
            if page:
                station = re.search(r'name="station" value="([^"]+)"', line)
                session = re.search(r'name="session" value="(\d+)"', line)
                form = session and f"station={station[1]}&session={session[1]}"
                self.screens.put((time.monotonic(), page[1], form))

    def until(self, *pages):
        while True:
            at, page, form = self.screens.get(timeout=PATIENCE_S)
            if page in pages:
                return at, form

    def tap(self):
        """From the card's arrival in the field to the page that shows it, in ms."""
        # The last card has to be gone for the reader, too.
        time.sleep(0.3 + self.chance.random() * 0.1)
        began = time.monotonic()
        self.service.ask(do="sim", line=CARD)
        at, form = self.until("register", "signed-in", "provisional")
        self.service.ask(do="sim", line="take")
        self.send("POST", "/act", f"{form}&do=authentication-key").makefile().read()
        self.until("idle")
        return (at - began) * 1000


def flood(port, addresses, count, told):
    """So many guesses, from one address after the other, on connections that are kept."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    host = f"127.0.0.1:{port}"
    statuses, made = {}, 0
    each = max(1, count // len(addresses))
    os.nice(10)

    def connect(address):
        plain = socket.create_connection(("127.0.0.1", port), PATIENCE_S, (address, 0))
        stream = context.wrap_socket(plain)
        return stream, stream.makefile("rb")

    while made < count:
        address = addresses[(made // each) % len(addresses)]
        stream, answers = connect(address)
        for nth in range(min(each, count - made)):
            name = ["alice", "bob", f"user{made}", "*"][made % 4]
            name, guess = [base64.b64encode(text.encode()).decode() for text in (name, f"g{made}")]
            body = f"NAME={name}&PSW={guess}"
            request = (f"POST /LOGIN.CMD HTTP/1.1\r\nHost: {host}\r\n"
                       f"Referer: https://{host}/home/index.html\r\n"
                       f"Content-Length: {len(body)}\r\n\r\n{body}").encode()
            while True:
                try:
                    stream.sendall(request)
                    status = answers.readline().split()[1].decode()
                    length = 0
                    while (line := answers.readline().lower()) != b"\r\n":
                        if line.startswith(b"content-length:"):
                            length = int(line.split(b":")[1])
                    answers.read(length)
                    break
                except (OSError, IndexError):
                    # A connection of somebody who is not paired lasts a minute.
                    stream, answers = connect(address)
            statuses[status] = statuses.get(status, 0) + 1
            made += 1
    told.put(statuses)


def quantiles(times):
    times = sorted(times)
    at = lambda share: times[min(len(times) - 1, int(share * len(times)))]
    return at(0.5), at(0.99), times[-1]


def show(what, times):
    p50, p99, most = quantiles(times)
    print(f"{what:34} taps {len(times):5}   p50 {p50:6.1f} ms   p99 {p99:6.1f} ms   "
          f"longest {most:6.1f} ms", flush=True)
    return p50, p99


def under(service, page, what, addresses, guesses, processes):
    """Taps while guesses come from these addresses."""
    told = multiprocessing.Queue()
    share = [addresses[nth::processes] or addresses for nth in range(processes)]
    floods = [multiprocessing.Process(target=flood,
                                      args=(service.tls, mine, guesses // processes, told))
              for mine in share]
    began = time.monotonic()
    for one in floods:
        one.start()
    times = []
    while any(one.is_alive() for one in floods):
        times.append(page.tap())
    took = time.monotonic() - began
    statuses = {}
    for _ in floods:
        for status, count in told.get(timeout=PATIENCE_S).items():
            statuses[status] = statuses.get(status, 0) + count
    p50, p99 = show(what, times)
    print(f"{'':34} {sum(statuses.values())} guesses in {took:.0f} s, by status {statuses}")
    return p50, p99, sum(statuses.values())


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--kazasu", required=True)
    parser.add_argument("--guesses", type=int, default=100_000)
    parser.add_argument("--taps", type=int, default=300)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="kzbench") as folder:
        service = Service(options.kazasu, Path(folder))
        try:
            page = Page(service)
            for _ in range(20):
                page.tap()
            idle, _ = show("idle", [page.tap() for _ in range(options.taps)])
            before = [record for record in service.records() if record["event"] not in OF_REFUSALS]
            results, made = [], 0
            for what, addresses, guesses in [
                ("from one address", ADDRESSES[:1], options.guesses),
                ("from 200 addresses", ADDRESSES[1:201], options.guesses),
            ]:
                p50, p99, count = under(service, page, what, addresses, guesses, 2)
                results.append((p50, p99))
                made += count
            after = service.records()
            kept = {record["id"] for record in after}
            gone = [record for record in before if record["id"] not in kept]
            refusals = sum(record["event"] in OF_REFUSALS for record in after)
            print(f"records: {len(before)} of other kinds before, {len(gone)} of them gone; "
                  f"{refusals} of {made} guesses")
            print(service.run("audit", "verify").splitlines()[0])
            fast = all(p99 < 100 and p50 <= 2 * idle for p50, p99 in results)
            print("tap to page: " + ("p99 below 100 ms, p50 within twice of idle" if fast else
                                     "MISSED: p99 below 100 ms, p50 within twice of idle"))
            raise SystemExit(0 if fast and not gone else 1)
        finally:
            service.end()


if __name__ == "__main__":
    main()

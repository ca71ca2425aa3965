"""A simulated reader at the pace of a real one, and what programs say to it."""

import os
import re
import selectors
import subprocess
import time

# How long a program may take for anything; the slowest looks at one kind for 0.3 s.
PATIENCE_S = 15

# In a line of the log: a command; the one that every round has once (a search for FeliCa at 212
# kbit/s); and where the host says how long to wait for a card, that time in 0.1 ms, low byte first.
COMMAND = {"pn532": rb"00 00 FF \w\w \w\w D4 ", "rcs380": rb"00 00 FF FF FF \w\w \w\w \w\w D6 "}
ONCE = {"pn532": rb" D4 4A \w\w 01 ", "rcs380": rb" D6 00 01 01 0F 01 "}
LISTEN = {"rcs380": rb" D6 04 (\w\w) (\w\w) "}


class Missing(Exception):
    """This program cannot be measured here."""


class Lines:
    """Lines of a file descriptor, each with the time at which it came."""

    def __init__(self, descriptor):
        self.descriptor, self.rest = descriptor, b""
        self.selector = selectors.DefaultSelector()
        self.selector.register(descriptor, selectors.EVENT_READ)

    def until(self, wanted):
        """The time at which a line came that `wanted` says yes to."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            while b"\n" in self.rest:
                line, self.rest = self.rest.split(b"\n", 1)
                if wanted(line.decode(errors="replace")):
                    return self.at
            if not self.selector.select(max(0, deadline - time.monotonic())):
                raise Missing(f"it said nothing for {PATIENCE_S} s")
            self.at = time.monotonic()
            try:
                chunk = os.read(self.descriptor, 4096)
            except OSError:
                chunk = b""
            if not chunk:
                raise Missing("it ended by itself")
            self.rest += chunk

    def next(self):
        """The next line."""
        line = []
        self.until(lambda text: line.append(text) or True)
        return line[0]


class Simulator:
    """`place` is the serial port of a PN532, or the address at which an RC-S380 is held out."""

    def __init__(self, kazasu, reader, folder):
        self.reader, self.log = reader, folder / "log"
        place = ["--link", folder / "reader"]
        if reader == "rcs380":
            place = ["--usbredir", "127.0.0.1:0"]
        self.process = subprocess.Popen(
            [kazasu, "sim", reader, *place, "--log", self.log],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
        self.lines = Lines(self.process.stdout.fileno())
        self.place = self.lines.next().removeprefix("ready ")
        self.tell("pace real")

    @property
    def selector(self):
        """What `--reader` calls it."""
        way = {"pn532": "pn532:uart", "rcs380": "rcs380:usbredir"}[self.reader]
        return f"{way}:{self.place}"

    def tell(self, line):
        """Gives the time at which it was told."""
        at = time.monotonic()
        self.process.stdin.write(line.encode() + b"\n")
        answer = self.lines.next()
        if not answer.startswith("ok"):
            raise Missing(f"the simulator says {answer!r} to {line!r}")
        return at

    def rounds(self, seconds):
        """Lets a program look for cards so long: how many commands it gives in a round, how many ms
        that takes, and in how many of them it has the chip listen for an answer. Nothing where it
        is the chip that goes round."""
        before, start = self.log.stat().st_size, time.monotonic()
        time.sleep(seconds)
        took_ms = (time.monotonic() - start) * 1000
        with self.log.open("rb") as log:
            log.seek(before)
            said = [line for line in log.read().splitlines() if b" host " in line]
        count = lambda what: sum(re.search(what, line) is not None for line in said)
        rounds = count(ONCE[self.reader])
        if rounds == 0:
            return {}
        looked = {"commands": count(COMMAND[self.reader]) / rounds, "round": took_ms / rounds}
        if self.reader in LISTEN:
            times = [re.search(LISTEN[self.reader], line) for line in said]
            listened = sum(int(time[2] + time[1], 16) for time in times if time)
            looked["listen"] = listened / 10 / rounds
        return looked

    def end(self):
        self.process.terminate()
        self.process.wait()

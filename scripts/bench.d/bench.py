"""Holds a card over a simulated reader and measures when each program says so. See ../bench."""

import argparse
import json
import os
import pty
import random
import selectors
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import plot

CARDS = {
    "felica": "felica idm=012E4CE1000000A1",
    "type-a": "type-a uid=5AC1C2C3",
    "type-b": "type-b pupi=5AB1B2B3",
}
# How long a program may take for anything; the slowest looks at one kind for 0.3 s.
PATIENCE_S = 15
# The processor time of looking for a card that does not come is measured over this.
IDLE_S = 5
# A program that is started for each tap takes seconds for it.
STARTED_TAPS_MAX = 20


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


class Simulator:
    """A reader at the pace of a real one."""

    def __init__(self, kazasu, folder):
        self.link = folder / "reader"
        self.process = subprocess.Popen(
            [kazasu, "sim", "pn532", "--link", self.link],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
        self.lines = Lines(self.process.stdout.fileno())
        self.lines.until(lambda line: line.startswith("ready"))
        self.tell("pace real")

    def tell(self, line):
        """Gives the time at which it was told."""
        at = time.monotonic()
        self.process.stdin.write(line.encode() + b"\n")
        answer = []
        self.lines.until(lambda line: answer.append(line) or True)
        if not answer[0].startswith("ok"):
            raise Missing(f"the simulator says {answer[0]!r} to {line!r}")
        return at

    def end(self):
        self.process.terminate()
        self.process.wait()


def cpu_s(pid):
    """Processor time of a process, user and system, in seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def pause(chance, least_s=0.25):
    """Until the next card comes: any phase of any loop."""
    time.sleep(least_s + chance.random() * 0.45)


def resident(command, environment, words, simulator, card, taps):
    """A program that stays: the taps in ms, and its share of a processor while it looks."""
    ready, hit, gone = words
    log = tempfile.TemporaryFile()
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=log)
    chance, waits = random.Random(1), []
    try:
        lines = Lines(process.stdout.fileno())
        lines.until(lambda line: ready in line)
        time.sleep(0.5)
        start, before = time.monotonic(), cpu_s(process.pid)
        time.sleep(IDLE_S)
        share = (cpu_s(process.pid) - before) / (time.monotonic() - start)
        for _ in range(taps):
            pause(chance)
            at = simulator.tell(f"put {card}")
            waits.append((lines.until(lambda line: hit in line) - at) * 1000)
            simulator.tell("take")
            lines.until(lambda line: gone in line)
    except Missing as missing:
        log.seek(0)
        last = log.read().decode(errors="replace").strip().splitlines()[-1:]
        raise Missing(" ".join([str(missing), *last])) from None
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
    return waits, share


def ours(options, simulator, folder, baud=None, config=""):
    settings = folder / "kazasu.toml"
    settings.write_text(config)
    selector = f"pn532:uart:{simulator.link}" + (f"@{baud}" if baud else "")
    command = [options.kazasu, "watch", "--json", "--reader", selector,
               "--data", folder / "data", "--config", settings]
    words = ('"attached"', '"presented"', '"removed"')
    return resident(command, None, words, simulator, CARDS[options.card], options.taps)


def nfcpy(options, simulator, folder):
    if os.geteuid() != 0:
        raise Missing("it takes only ports inside /dev: run as root")
    python = shutil.which("nfcpy-python") or sys.executable
    if subprocess.run([python, "-c", "import nfc"], capture_output=True).returncode != 0:
        raise Missing("not installed: scripts/test oracles")
    port = Path(f"/dev/kazasu-bench-{os.getpid()}")
    port.symlink_to(os.readlink(simulator.link))
    try:
        command = [python, Path(__file__).with_name("nfcpy_host.py"), port.name]
        return resident(command, None, ("ready", "hit", "gone"), simulator,
                        CARDS[options.card], options.taps)
    finally:
        port.unlink()


def libnfc(options, simulator, folder):
    """nfc-poll ends with each card, so it is started for each tap."""
    program = shutil.which("nfc-poll")
    if program is None:
        raise Missing("nfc-poll is not installed: apt install libnfc-examples")
    environment = {**os.environ, "LIBNFC_DEFAULT_DEVICE": f"pn532_uart:{simulator.link}:115200"}
    chance, waits, cpu, wall = random.Random(1), [], 0.0, 0.0
    for _ in range(min(options.taps, STARTED_TAPS_MAX)):
        # On a terminal, so that it does not hold its lines back.
        ours_end, its_end = pty.openpty()
        start = time.monotonic()
        process = subprocess.Popen([program], env=environment, stdout=its_end, stderr=its_end)
        os.close(its_end)
        try:
            lines = Lines(ours_end)
            lines.until(lambda line: "will poll during" in line)
            pause(chance)
            at = simulator.tell(f"put {options.card_line}")
            waits.append((lines.until(lambda line: "ISO" in line or "Felica" in line or
                                      "FeliCa" in line) - at) * 1000)
            simulator.tell("take")
        finally:
            # It waits for the card to leave, and ends.
            deadline = time.monotonic() + PATIENCE_S
            usage = None
            while usage is None and time.monotonic() < deadline:
                try:
                    os.read(ours_end, 4096)
                except OSError:
                    pass
                pid, _, used = os.wait4(process.pid, os.WNOHANG)
                usage = used if pid else None
            if usage is None:
                process.kill()
                usage = os.wait4(process.pid, 0)[2]
            process.returncode = 0
            os.close(ours_end)
            cpu += usage.ru_utime + usage.ru_stime
            wall += time.monotonic() - start
    return waits, cpu / wall


PROGRAMS = {
    "ours": (921_600, lambda *place: ours(*place)),
    "ours-115200": (115_200, lambda *place: ours(*place, baud=115_200)),
    "ours-economy": (921_600, lambda *place: ours(*place, config='polling = "economy"\n')),
    "nfcpy": (921_600, nfcpy),
    "libnfc": (115_200, libnfc),
}


WHY = """ours tells a round when all kinds were looked for, so that of two cards the first is not told alone;
nfcpy, called in a loop without a pause, tells the first card it finds and looks no further. libnfc
lets the chip look (InAutoPoll), 0.3 s for each kind; its cpu includes starting the program."""


def quantile(values, share):
    values = sorted(values)
    return values[round((len(values) - 1) * share)]


def measure(name, options):
    baud, program = PROGRAMS[name]
    floor = json.loads(subprocess.check_output([options.floor, str(baud), options.card]))
    row = {"name": name, "baud": baud, "floor": floor, "waits": [], "why": None}
    with tempfile.TemporaryDirectory() as folder:
        simulator = Simulator(options.kazasu, Path(folder))
        try:
            row["waits"], row["cpu"] = program(options, simulator, Path(folder))
        except Missing as missing:
            row["why"] = str(missing)
        finally:
            simulator.end()
    return row


def show(row):
    if row["why"]:
        return f"{row['name']:<14} left out: {row['why']}"
    p50, p99 = quantile(row["waits"], 0.5), quantile(row["waits"], 0.99)
    floor = row["floor"]
    ratio = p50 / floor["p50"]
    return (f"{row['name']:<14} {row['baud']:>7} {len(row['waits']):>5} {p50:>8.1f} {p99:>8.1f} "
            f"{floor['p50']:>8.1f} {floor['p99']:>8.1f} {ratio:>6.2f} {row['cpu'] * 100:>6.2f}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--kazasu", type=Path, required=True)
    parser.add_argument("--floor", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--taps", type=int, default=60)
    parser.add_argument("--card", choices=CARDS, default="felica")
    parser.add_argument("--only", nargs="+", choices=PROGRAMS, default=list(PROGRAMS))
    options = parser.parse_args()
    options.card_line = CARDS[options.card]
    options.kazasu, options.floor = options.kazasu.resolve(), options.floor.resolve()
    print(f"From the arrival of a card ({options.card}) to the event, in ms; the floor is what air "
          "and line\ntake in our loop at that rate; cpu is the share of one core while looking.\n")
    print(f"{'program':<14} {'bit/s':>7} {'taps':>5} {'p50':>8} {'p99':>8} {'floor50':>8} "
          f"{'floor99':>8} {'ratio':>6} {'cpu %':>6}")
    rows = []
    for name in options.only:
        rows.append(measure(name, options))
        print(show(rows[-1]), flush=True)
    options.out.mkdir(parents=True, exist_ok=True)
    stem = options.out / f"tap-{options.card}"
    stem.with_suffix(".json").write_text(json.dumps(rows, indent=1) + "\n")
    stem.with_suffix(".svg").write_text(plot.svg(options.card, rows))
    print("\n" + WHY)
    print(f"\n{stem}.svg\n{stem}.json")


main()

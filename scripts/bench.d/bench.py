"""Holds a card over a simulated reader and measures when each program says so. See ../bench."""

import argparse
import json
import os
import pty
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

import plot
from simulator import PATIENCE_S, Lines, Missing, Simulator

CARDS = {
    "felica": "felica idm=012E4CE1000000A1",
    "type-a": "type-a uid=5AC1C2C3",
    "type-b": "type-b pupi=5AB1B2B3",
}
# What looking for a card that does not come takes is measured over this.
IDLE_S = 5
# A program that is started for each tap takes seconds for it.
STARTED_TAPS_MAX = 20


def cpu_s(pid):
    """Processor time of a process, user and system, in seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def pause(chance, least_s=0.25):
    """Until the next card comes: any phase of any loop."""
    time.sleep(least_s + chance.random() * 0.45)


def resident(command, environment, words, simulator, card, taps):
    """A program that stays: the taps in ms, its share of a processor while it looks, and what a
    round of looking takes."""
    ready, hit, gone = words
    log = tempfile.TemporaryFile()
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=log)
    chance, waits = random.Random(1), []
    try:
        lines = Lines(process.stdout.fileno())
        lines.until(lambda line: ready in line)
        time.sleep(0.5)
        start, before = time.monotonic(), cpu_s(process.pid)
        looked = simulator.rounds(IDLE_S)
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
    return {**looked, "waits": waits, "cpu": share}


def ours(options, simulator, folder, suffix="", config=""):
    settings = folder / "kazasu.toml"
    settings.write_text(config)
    command = [options.kazasu, "watch", "--json", "--own", "--reader", simulator.selector + suffix,
               "--data", folder / "data", "--config", settings]
    words = ('"attached"', '"presented"', '"removed"')
    return resident(command, None, words, simulator, CARDS[options.card], options.taps)


def nfcpy(options, simulator, folder):
    python = shutil.which("nfcpy-python") or sys.executable
    if subprocess.run([python, "-c", "import nfc"], capture_output=True).returncode != 0:
        raise Missing("not installed: scripts/test oracles")
    command = [python, Path(__file__).with_name("nfcpy_host.py"), simulator.reader]
    words = ("ready", "hit", "gone")
    look = partial(resident, environment=None, words=words, simulator=simulator,
                   card=CARDS[options.card], taps=options.taps)
    if simulator.reader == "rcs380":
        return look([*command, simulator.place])
    if os.geteuid() != 0:
        raise Missing("it takes only ports inside /dev: run as root")
    port = Path(f"/dev/kazasu-bench-{os.getpid()}")
    port.symlink_to(os.readlink(simulator.place))
    try:
        return look([*command, port.name])
    finally:
        port.unlink()


def libnfc(options, simulator, folder):
    """nfc-poll ends with each card, so it is started for each tap."""
    program = shutil.which("nfc-poll")
    if program is None:
        raise Missing("nfc-poll is not installed: apt install libnfc-examples")
    environment = {**os.environ, "LIBNFC_DEFAULT_DEVICE": f"pn532_uart:{simulator.place}:115200"}
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
            at = simulator.tell(f"put {CARDS[options.card]}")
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
    return {"waits": waits, "cpu": cpu / wall}


ECONOMY = partial(ours, config='polling = "economy"\n')
# On each reader: the way to it, as the floor knows it, and who looks for cards.
PROGRAMS = {
    "pn532": {
        "ours": ("pn532:921600", ours),
        "ours-115200": ("pn532:115200", partial(ours, suffix="@115200")),
        "ours-economy": ("pn532:921600", ECONOMY),
        "nfcpy": ("pn532:921600", nfcpy),
        "libnfc": ("pn532:115200", libnfc),
    },
    "rcs380": {
        "ours": ("rcs380", ours),
        "ours-economy": ("rcs380", ECONOMY),
        "nfcpy": ("rcs380", nfcpy),
    },
}
NAMES = list(dict.fromkeys(name for programs in PROGRAMS.values() for name in programs))

HEAD = """From the arrival of a card ({card}) to the event, in ms; the floor is what air and line or bus
take in our loop. While looking for a card that does not come: cpu, the share of one core; cmds, the
commands of a round; round, how many ms it takes; listen, in how many of them the host has the chip
listen for an answer, where the host says how long.
"""
WHY = {
    "pn532": """ours tells a round when all kinds were looked for, so that of two cards the first is not told alone;
nfcpy, called in a loop without a pause, tells the first card it finds and looks no further. libnfc
lets the chip look (InAutoPoll), 0.3 s for each kind; its cpu includes starting the program.""",
    "rcs380": """Above the floor lies the time that the host has the chip listen for cards that are not there, longer
than cards may take for an answer; and what the simulator assumes, since nobody published it: 0.5 ms
for a setting, 0.25 ms more for each command's way. ours-economy begins a round every 150 ms. nfcpy
sets a modulation up with one command more than ours, and listens 31 ms for each of type A and B;
but it tells the first card it finds and looks no further. cpu holds the work of usbredir: at least
three packets each way for a command.""",
}


def quantile(values, share):
    values = sorted(values)
    return values[round((len(values) - 1) * share)]


def floor(options, way):
    return json.loads(subprocess.check_output([options.floor, way, options.card]))


def measure(reader, name, options):
    way, program = PROGRAMS[reader][name]
    row = {"reader": reader, "name": name, "way": way, "floor": floor(options, way), "waits": [],
           "why": None}
    with tempfile.TemporaryDirectory() as folder:
        simulator = Simulator(options.kazasu, reader, Path(folder))
        try:
            row.update(program(options, simulator, Path(folder)))
        except Missing as missing:
            row["why"] = str(missing)
        finally:
            simulator.end()
    return row


def losses(rows):
    """Where ours is worse than another program, and why."""
    ours = next((row for row in rows if row["name"] == "ours" and row["waits"]), None)
    for other in (row for row in rows if row["waits"] and not row["name"].startswith("ours")):
        if ours and quantile(ours["waits"], 0.5) > quantile(other["waits"], 0.5):
            yield (f"ours is slower than {other['name']}: it tells a round at its end, "
                   f"{other['name']} the first card it finds.")
        if ours and ours["cpu"] > other["cpu"]:
            why = "it asks for every search itself, not the chip."
            if "round" in other:
                rounds = [1000 / row["round"] for row in (ours, other)]
                each_us = [row["cpu"] * row["round"] * 1000 / row["commands"]
                           for row in (ours, other)]
                why = (f"{rounds[0]:.0f} rounds a second, not {rounds[1]:.0f}; a command takes it "
                       f"{each_us[0]:.0f} us, not {each_us[1]:.0f}.")
            yield f"ours takes more cpu than {other['name']}: {why}"


COLUMNS = ("program", "taps", "p50", "p99", "floor50", "floor99", "ratio", "cpu %", "cmds", "round",
           "listen")


def line(name, cells):
    return f"{name:<13}" + "".join(f"{cell:>9}" for cell in cells)


def show(row):
    if row["why"]:
        return f"{row['name']:<13} left out: {row['why']}"
    p50, p99 = quantile(row["waits"], 0.5), quantile(row["waits"], 0.99)
    floor = row["floor"]
    figures = [p50, p99, floor["p50"], floor["p99"]]
    looked = [f"{row[key]:.1f}" if key in row else "-" for key in ("commands", "round", "listen")]
    cells = [len(row["waits"]), *(f"{figure:.1f}" for figure in figures),
             f"{p50 / floor['p50']:.2f}", f"{row['cpu'] * 100:.2f}", *looked]
    return line(row["name"], cells)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("reader", choices=PROGRAMS, nargs="?")
    parser.add_argument("--kazasu", type=Path, required=True)
    parser.add_argument("--floor", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--taps", type=int, default=60)
    parser.add_argument("--card", choices=CARDS, default="felica")
    parser.add_argument("--only", nargs="+", choices=NAMES, default=NAMES)
    options = parser.parse_args()
    options.kazasu, options.floor = options.kazasu.resolve(), options.floor.resolve()
    chosen = {reader: [name for name in programs if name in options.only]
              for reader, programs in PROGRAMS.items() if options.reader in (None, reader)}
    chosen = {reader: names for reader, names in chosen.items() if names}
    if not chosen:
        parser.error(f"on the {options.reader} there is no {' or '.join(options.only)}")
    print(HEAD.format(card=options.card))
    rows = []
    for reader, names in chosen.items():
        rows_of = []
        for way in dict.fromkeys(PROGRAMS[reader][name][0] for name in names):
            least = floor(options, way)
            print(f"{way}: at the floor, {least['commands']} commands take {least['round']:.1f} ms "
                  "a round")
        print(line(COLUMNS[0], COLUMNS[1:]))
        for name in names:
            rows_of.append(measure(reader, name, options))
            print(show(rows_of[-1]), flush=True)
        print("\n".join(["", *losses(rows_of), WHY[reader], ""]))
        rows += rows_of
    options.out.mkdir(parents=True, exist_ok=True)
    stem = options.out / "-".join(filter(None, ("tap", options.reader, options.card)))
    stem.with_suffix(".json").write_text(json.dumps(rows, indent=1) + "\n")
    stem.with_suffix(".svg").write_text(plot.svg(options.card, rows))
    print(f"{stem}.svg\n{stem}.json")


main()

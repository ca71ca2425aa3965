"""Looks for cards with nfcpy as fast as it can: `hit` and `gone` on standard output."""

import sys
from pathlib import Path

import nfc
import nfc.clf.rcs380
from nfc.clf import RemoteTarget

# The transport that nfcpy is also tested with.
sys.path.append(str(Path(__file__).parents[2] / "tests/e2e/support"))
import usbredir

KINDS = [RemoteTarget(kind) for kind in ("212F", "424F", "106A", "106B")]


def frontend(reader, place):
    """`pn532` at a port inside /dev, or `rcs380` behind usbredir at an address."""
    opened = nfc.ContactlessFrontend()
    if reader == "rcs380":
        opened.device = nfc.clf.rcs380.init(usbredir.Transport(place))
    elif not opened.open(f"tty:{place}:pn532"):
        sys.exit("nfcpy cannot open the reader")
    return opened


def main():
    opened = frontend(*sys.argv[1:])
    print("ready", flush=True)
    there = False
    try:
        while True:
            found = opened.sense(*KINDS, iterations=1) is not None
            if found != there:
                there = found
                print("hit" if there else "gone", flush=True)
    except KeyboardInterrupt:
        pass
    finally:
        opened.close()


main()

"""Looks for cards with nfcpy as fast as it can: `hit` and `gone` on standard output."""

import sys

import nfc
from nfc.clf import RemoteTarget

KINDS = [RemoteTarget(kind) for kind in ("212F", "424F", "106A", "106B")]


def main():
    frontend = nfc.ContactlessFrontend()
    if not frontend.open(f"tty:{sys.argv[1]}:pn532"):
        sys.exit("nfcpy cannot open the reader")
    print("ready", flush=True)
    there = False
    try:
        while True:
            found = frontend.sense(*KINDS, iterations=1) is not None
            if found != there:
                there = found
                print("hit" if there else "gone", flush=True)
    except KeyboardInterrupt:
        pass
    finally:
        frontend.close()


main()

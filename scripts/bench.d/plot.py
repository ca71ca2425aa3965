"""Draws the taps of a run: a dot for each, on a logarithmic scale."""

import math
from html import escape

WIDTH, LEFT, RIGHT, TOP, ROW = 880, 170, 110, 64, 58
STYLE = """
  svg { background: #fff; color: #1b1f24; --dot: #0b6e99; --floor: #b3540a; --line: #d5dae0; }
  @media (prefers-color-scheme: dark) {
    svg { background: #14181d; color: #e6e9ed; --dot: #5cc3ee; --floor: #f2a65a; --line: #343b44; }
  }
  text { fill: currentColor; font: 14px system-ui, sans-serif; }
  .small { font-size: 12px; }
  .grid { stroke: var(--line); }
  .dot { fill: var(--dot); fill-opacity: 0.45; }
  .half { stroke: currentColor; stroke-width: 2; }
  .floor { stroke: var(--floor); stroke-width: 2; stroke-dasharray: 4 3; }
"""


def svg(card, rows):
    measured = [row for row in rows if row["waits"]]
    values = [wait for row in measured for wait in row["waits"]]
    values += [row["floor"]["p50"] for row in rows]
    low, high = min(values) / 1.3, max(values) * 1.2
    span = WIDTH - LEFT - RIGHT
    height = TOP + ROW * len(rows) + 44

    def x(value):
        return LEFT + span * math.log(value / low) / math.log(high / low)

    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">',
        f"<title>From tap to event, {escape(card)}</title><style>{STYLE}</style>",
        f'<text x="{LEFT}" y="26">From the arrival of a card ({escape(card)}) to the event, ms'
        "</text>",
        f'<text class="small" x="{LEFT}" y="46">a dot for each tap · line: median · dashed: '
        "median that air and line or bus alone take in our loop</text>",
    ]
    bottom = TOP + ROW * len(rows)
    for tick in (5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000):
        if low <= tick <= high:
            out.append(f'<path class="grid" d="M{x(tick):.1f} {TOP}V{bottom}"/>'
                       f'<text class="small" text-anchor="middle" x="{x(tick):.1f}" '
                       f'y="{bottom + 20}">{tick}</text>')
    for number, row in enumerate(rows):
        middle = TOP + ROW * number + ROW / 2
        out.append(f'<text text-anchor="end" x="{LEFT - 14}" y="{middle + 5}">'
                   f'{escape(row["reader"] + " " + row["name"])}</text>')
        if not row["waits"]:
            out.append(f'<text class="small" x="{LEFT}" y="{middle + 5}">left out: '
                       f'{escape(row["why"])}</text>')
            continue
        for place, wait in enumerate(row["waits"]):
            # Spread so that equal times do not hide each other.
            off = (place * 7 % 17 - 8) * 1.6
            out.append(f'<circle class="dot" cx="{x(wait):.1f}" cy="{middle + off:.1f}" r="3"/>')
        half = sorted(row["waits"])[round((len(row["waits"]) - 1) * 0.5)]
        for name, value in (("half", half), ("floor", row["floor"]["p50"])):
            out.append(f'<path class="{name}" d="M{x(value):.1f} {middle - 20}V{middle + 20}"/>')
        out.append(f'<text class="small" x="{WIDTH - RIGHT + 10}" y="{middle - 2}">p50 {half:.1f}'
                   f'</text><text class="small" x="{WIDTH - RIGHT + 10}" y="{middle + 14}">cpu '
                   f'{row["cpu"] * 100:.2f} %</text>')
    out.append("</svg>")
    return "\n".join(out) + "\n"

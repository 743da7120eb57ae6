# SPDX-License-Identifier: BSD-2-Clause
"""cost.svg: what each mode costs over the rate of GIL cycles, on two logarithmic axes. Without scripts;
a reader in the dark has light ink."""
import math

WIDTH, HEIGHT = 760, 440
LEFT, RIGHT, TOP, BOTTOM = 76, 640, 64, 376
X_RANGE, X_DECADES, Y_DECADES = (2.9, 6.3), (3, 6), (-2, 3)
STYLE = """
  text { font: 13px sans-serif; fill: #24292f }
  .title { font-size: 16px; font-weight: bold }
  .grid { stroke: #d0d7de; stroke-width: 1 }
  .frame { stroke: #57606a; stroke-width: 1; fill: none }
  .budget { stroke: #57606a; stroke-width: 1.5; stroke-dasharray: 6 4 }
  .line { fill: none; stroke-width: 2.5; stroke-linejoin: round }
  .exact { stroke: #cf222e } text.exact, circle.exact { fill: #cf222e }
  .light { stroke: #1a7f37 } text.light, circle.light { fill: #1a7f37 }
  .auto { stroke: #0969da } text.auto, circle.auto { fill: #0969da }
  text.exact, text.light, text.auto { stroke: none; font-weight: bold }
  circle.under { fill: #ffffff }
  .paper { fill: #ffffff }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .grid { stroke: #30363d } .frame, .budget { stroke: #9198a1 }
    .exact { stroke: #ff7b72 } text.exact, circle.exact { fill: #ff7b72 }
    .light { stroke: #56d364 } text.light, circle.light { fill: #56d364 }
    .auto { stroke: #79c0ff } text.auto, circle.auto { fill: #79c0ff }
    .paper, circle.under { fill: #0d1117 }
  }
"""


def x_of(rate):
    low, high = X_RANGE
    return LEFT + (math.log10(rate) - low) / (high - low) * (RIGHT - LEFT)


def y_of(percent):
    low, high = Y_DECADES
    power = min(max(math.log10(percent) if percent > 0 else low, low), high)
    return BOTTOM - (power - low) / (high - low) * (BOTTOM - TOP)


def count(value):
    return "%g M" % (value / 1e6) if value >= 1e6 else "%g k" % (value / 1e3) if value >= 1e3 else "%g" % value


def axes():
    for power in range(X_DECADES[0], X_DECADES[1] + 1):
        x = x_of(10 ** power)
        yield '<line class="grid" x1="%.1f" y1="%d" x2="%.1f" y2="%d"/>' % (x, TOP, x, BOTTOM)
        yield '<text x="%.1f" y="%d" text-anchor="middle">%s</text>' % (x, BOTTOM + 20, count(10 ** power))
    for power in range(Y_DECADES[0], Y_DECADES[1] + 1):
        y = y_of(10 ** power)
        yield '<line class="grid" x1="%d" y1="%.1f" x2="%d" y2="%.1f"/>' % (LEFT, y, RIGHT, y)
        yield '<text x="%d" y="%.1f" text-anchor="end">%g %%</text>' % (LEFT - 8, y + 4, 10 ** power)
    yield '<rect class="frame" x="%d" y="%d" width="%d" height="%d"/>' % (LEFT, TOP, RIGHT - LEFT, BOTTOM - TOP)
    yield '<text x="%d" y="%d" text-anchor="middle">%s</text>' % (
        (LEFT + RIGHT) / 2, BOTTOM + 44, "GIL cycles a second, of one thread that nobody contends with")
    yield '<text transform="translate(20 %d) rotate(-90)" text-anchor="middle">%s</text>' % (
        (TOP + BOTTOM) / 2, "CPU time added, of one CPU")


def is_told(point):
    _, percent, half = point
    return percent > 1.48 * half  # the standard deviation of a round


def curve(name, points):
    """Hollow, and on no line: what is less than what one round differs from another."""
    sure = [point for point in points if is_told(point)]
    if len(sure) > 1:
        yield '<polyline class="line %s" points="%s"/>' % (
            name, " ".join("%.1f,%.1f" % (x_of(rate), y_of(percent)) for rate, percent, _ in sure))
    for rate, percent, half in points:
        kind = name + ("" if is_told((rate, percent, half)) else " under")
        title = "%s cycles/s: %.2g %%" % (count(float("%.2g" % rate)), percent)
        yield '<circle class="%s" cx="%.1f" cy="%.1f" r="4" stroke-width="2"><title>%s</title></circle>' % (
            kind, x_of(rate), y_of(percent), title)


def labels(ends):
    """Names at the right ends of the curves, apart from each other."""
    last = None
    for y, name in sorted(ends):
        y = y if last is None else max(y, last + 16)
        last = y
        yield '<text class="%s" x="%d" y="%.1f">%s</text>' % (name, RIGHT + 12, y + 4, name)


def svg(sweep, budget_percent):
    """The picture of what sweep.py measured, as text."""
    out = ['<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" role="img">' % (WIDTH, HEIGHT),
           "<title>What giltop costs, by rate of GIL cycles</title>", "<style>%s</style>" % STYLE,
           '<rect class="paper" width="%d" height="%d"/>' % (WIDTH, HEIGHT),
           '<text class="title" x="%d" y="26">What giltop costs, by rate of GIL cycles</text>' % LEFT,
           '<text x="%d" y="46">hollow: at most about this, not told from nothing; the lower edge: that, or less</text>' % LEFT]
    out += axes()
    y = y_of(budget_percent)
    out.append('<line class="budget" x1="%d" y1="%.1f" x2="%d" y2="%.1f"/>' % (LEFT, y, RIGHT, y))
    out.append('<text x="%d" y="%.1f">budget of auto</text>' % (LEFT + 6, y - 6))
    ends = []
    for name in ("exact", "light", "auto"):
        points = sweep["percent"].get(name)
        if points:
            out += curve(name, points)
            ends.append((y_of(points[-1][1]), name))
    out += labels(ends)
    return "\n".join(out) + "\n</svg>\n"

"""A plot of latency against rate, as SVG: two lines over logarithmic axes, the level and the knee."""

import math

WIDTH, HEIGHT, LEFT, TOP, BOTTOM = 720, 400, 70, 30, 340
RIGHT = WIDTH - 20


def scale(low, high, first, last):
    """From a value to its place on a logarithmic axis."""
    low, high = math.log10(low), math.log10(max(high, low * 1.0001))
    return lambda value: first + (last - first) * (math.log10(max(value, 10**low)) - low) / max(high - low, 1e-9)


def decades(low, high):
    """1, 2 and 5 times the powers of ten between two values."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    return [m * 10.0**p for p in powers for m in (1, 2, 5) if low <= m * 10.0**p <= high]


def plot(steps, level, knee):
    """The steps' p50 and p99 by rate."""
    steps = sorted(steps, key=lambda s: s["rate"])
    rates = [s["rate"] for s in steps]
    times = [t for s in steps for t in (s["p50_ms"], s["p99_ms"])] + [level]
    low, high = 0.8 * min(t for t in times if t > 0), 1.25 * max(times)
    x, y = scale(0.9 * rates[0], 1.1 * rates[-1], LEFT, RIGHT), scale(low, high, BOTTOM, TOP)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" '
           'font-size="12" role="img" aria-label="latency against requests a second">',
           f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>']
    for value in decades(low, high):
        out.append(f'<path d="M{LEFT} {y(value):.1f}H{RIGHT}" stroke="#ddd"/>'
                   f'<text x="{LEFT - 8}" y="{y(value) + 4:.1f}" text-anchor="end">{value:g} ms</text>')
    for value in decades(0.9 * rates[0], 1.1 * rates[-1]):
        out.append(f'<text x="{x(value):.1f}" y="{BOTTOM + 20}" text-anchor="middle">{value:,.0f}</text>')
    out.append(f'<text x="{(LEFT + RIGHT) / 2}" y="{BOTTOM + 42}" text-anchor="middle">requests a second</text>')
    out.append(f'<path d="M{LEFT} {y(level):.1f}H{RIGHT}" stroke="#c22" stroke-dasharray="6 4"/>'
               f'<text x="{RIGHT}" y="{y(level) - 6:.1f}" text-anchor="end" fill="#c22">level of p99</text>')
    if knee:
        out.append(f'<path d="M{x(knee):.1f} {TOP}V{BOTTOM}" stroke="#888" stroke-dasharray="2 3"/>'
                   f'<text x="{x(knee) - 6:.1f}" y="{TOP + 12}" text-anchor="end">knee {knee:,.0f}</text>')
    for name, colour in (("p50", "#27c"), ("p99", "#e80")):
        points = [(x(s["rate"]), y(s[f"{name}_ms"])) for s in steps]
        path = "L".join(f"{a:.1f} {b:.1f}" for a, b in points)
        dots = "".join(f'<circle cx="{a:.1f}" cy="{b:.1f}" r="3" fill="{colour}"/>' for a, b in points)
        out.append(f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="2"/>{dots}'
                   f'<text x="{points[-1][0] - 8:.1f}" y="{points[-1][1] - 8:.1f}" text-anchor="end" '
                   f'fill="{colour}">{name}</text>')
    return "\n".join(out + ["</svg>", ""])

#!/usr/bin/python3
"""Writes models.jsonl: golden cases of the models, from the papers' formulas and nothing of ours.

Given parameters, a case is the recursion written out. Estimated ones come from a simplex search
(Nelder and Mead 1965) from several starts over the same criterion, so their tolerance is that of two
searches that meet. Standard library only; a second or two.

    python3 make_models.py > models.jsonl
"""
import json
import math
import random
from statistics import NormalDist

LEVELS = [0.005, 0.025, 0.165, 0.25, 0.5, 0.75, 0.835, 0.975, 0.995]
Z = [NormalDist().inv_cdf(u) for u in LEVELS]
CASES = []


def case(source, method, want, tolerance, share=0.0, **inputs):
    one = {"source": source, "method": method, **inputs, "want": want, "tolerance": tolerance}
    if share:
        one["tolerance_share"] = share
    CASES.append(one)


def simplex(f, x0, steps=6000):
    n = len(x0)
    points = [list(x0)]
    for i in range(n):
        x = list(x0)
        x[i] += 0.1 * x[i] if abs(x[i]) > 1e-3 else 0.05
        points.append(x)
    points = sorted((f(x), x) for x in points)
    for _ in range(steps):
        points.sort(key=lambda p: p[0])
        if abs(points[n][0] - points[0][0]) < 1e-13:
            break
        center = [sum(p[1][j] for p in points[:n]) / n for j in range(n)]

        def along(factor):
            x = [center[j] + factor * (points[n][1][j] - center[j]) for j in range(n)]
            return f(x), x

        new = along(-1)
        if new[0] < points[0][0]:
            new = min(new, along(-2), key=lambda p: p[0])
        elif new[0] >= points[n - 1][0]:
            new = min(new, along(-0.5 if new[0] < points[n][0] else 0.5), key=lambda p: p[0])
        if new[0] < points[n][0]:
            points[n] = new
            continue
        for i in range(1, n + 1):
            x = [0.5 * (points[0][1][j] + points[i][1][j]) for j in range(n)]
            points[i] = f(x), x
    return min(points, key=lambda p: p[0])


def best_of(f, starts):
    """Each start again from where it ended, which frees a simplex that has shrunk too early."""
    ends = [simplex(f, s) for s in starts]
    return min((simplex(f, x) for _, x in ends), key=lambda p: p[0])


# Intermittent demand.

def smooth(values, alpha, start=None):
    level = values[0] if start is None else start
    for y in values[1:]:
        level += alpha * (y - level)
    return level


def best_lane(values):
    """The eight weights from 0.1 to 0.3, by the squared error of one step."""
    best = None
    for k in range(8):
        alpha = 0.1 + 0.2 * k / 7
        level, squares = values[0], 0.0
        for y in values[1:]:
            squares += (y - level) ** 2
            level += alpha * (y - level)
        if best is None or squares < best[0]:
            best = (squares, level)
    return best[1]


def events(y):
    sizes, gaps, last = [], [], -1
    for t, v in enumerate(y):
        if v > 0:
            sizes.append(v)
            gaps.append(t - last)
            last = t
    return sizes, gaps, last + 1


def occasional_bands(y, forecast):
    """Zero with 1 - p, else a gamma variable by Wilson and Hilferty (1931)."""
    sizes, _, length = events(y)
    p = len(sizes) / length
    mean = sum(sizes) / len(sizes)
    v = sum((s - mean) ** 2 for s in sizes) / (len(sizes) - 1) / mean ** 2
    out = []
    for u in LEVELS:
        above = (u - (1 - p)) / p
        if above <= 0:
            out.append(0.0)
            continue
        root = max(0.0, 1 - v / 9 + NormalDist().inv_cdf(above) * math.sqrt(v / 9))
        out.append(forecast / p * root ** 3)
    return out


def blocks(y, length):
    count = len(y) // length
    y = y[len(y) - count * length:]
    return [sum(y[k * length:(k + 1) * length]) for k in range(count)]


def intermittent():
    y = [0, 3, 0, 0, 5, 1, 0, 0, 0, 4, 0, 2, 0, 0, 0, 6, 0, 0, 3, 0]
    sizes, gaps, length = events(y)
    z, p = smooth(sizes, 0.2), smooth(gaps, 0.15)
    for method, mean, paper in (("croston", z / p, "Croston (1972)"),
                                ("sba", (1 - 0.15 / 2) * z / p, "Syntetos and Boylan (2005)")):
        case(paper, method, {"mean": [mean] * 2, "bands": occasional_bands(y, mean) * 2}, 1e-9, 1e-7,
             history=y, alpha_size=0.2, alpha_interval=0.15, horizon_buckets=2)
    pi, size = float(y[0] > 0), None
    for t, v in enumerate(y):
        if t > 0:
            pi += 0.25 * ((v > 0) - pi)
        if v > 0:
            size = v if size is None else size + 0.2 * (v - size)
    case("Teunter, Syntetos and Babai (2011)", "tsb",
         {"mean": pi * size, "bands": occasional_bands(y, pi * size)}, 1e-9, 1e-7,
         history=y, alpha_size=0.2, alpha_probability=0.25)
    mean = best_lane(sizes) / best_lane(gaps)
    case("Croston (1972), the best of eight weights each", "croston_optimized", mean, 1e-10, history=y)
    longest = max(1, round(length / len(sizes)))  # Half to even.
    mean = best_lane(blocks(y, longest)) / longest
    case("Nikolopoulos et al. (2011)", "adida", {"mean": mean, "bands": occasional_bands(y, mean)},
         1e-9, 1e-7, history=y)
    mean = sum(best_lane(blocks(y, k)) / k for k in range(1, longest + 1)) / longest
    case("Petropoulos and Kourentzes (2015)", "imapa", mean, 1e-10, history=y)
    case("no demand", "croston", {"mean": 0, "bands": [0] * 9}, 0, history=[0, 0, 0])
    case("demand is never negative", "tsb", "error", 0, history=[1, -1, 2])


# Exponential smoothing: Hyndman et al. (2008), table 2.3 and chapter 6.

def ets_run(y, form, p, level, slope, season):
    """Errors, log mu, and the state behind the last bucket."""
    error, trend, kind = form[0], form[1:-1], form[-1]
    alpha, beta, gamma, phi = p
    season = list(season)
    m = len(season)
    errors, logs = [], 0.0
    for t, v in enumerate(y):
        q = level + phi * slope
        s = season[t % m] if m else (1.0 if kind == "M" else 0.0)
        mu = q * s if kind == "M" else q + s
        if error == "M" and mu <= 0 or kind == "M" and (q <= 0 or s <= 0):
            return None
        e = (v - mu) / mu if error == "M" else v - mu
        step = v / s - q if kind == "M" else v - mu
        if m:
            season[t % m] += gamma * (v / q - s if kind == "M" else v - mu)
        level = q + alpha * step
        slope = phi * slope + beta * step
        errors.append(e)
        logs += math.log(mu) if error == "M" else 0.0
    return errors, logs, level, slope, season


def ets_means(form, p, level, slope, season, t, horizon):
    out, total, power = [], 0.0, 1.0
    for h in range(horizon):
        power *= p[3]
        total += power
        q = level + total * slope
        s = season[(t + h) % len(season)] if season else 0.0
        out.append(q * s if form[-1] == "M" else q + s)
    return out


def ets_bands(form, p, means, variance, m):
    """Additive: class 1. Relative without a multiplicative season: class 2, its recursion."""
    alpha, beta, gamma, phi = p

    def c(j):
        damped = sum(phi ** i for i in range(1, j + 1))
        return alpha + beta * damped + (gamma if m and j % m == 0 else 0.0)

    out, theta = [], []
    for h, mu in enumerate(means, 1):
        if form[0] == "A":
            v = variance * (1 + sum(c(j) ** 2 for j in range(1, h)))
        else:
            theta.append(mu ** 2 + variance * sum(c(j) ** 2 * theta[h - 1 - j] for j in range(1, h)))
            v = (1 + variance) * theta[-1] - mu ** 2
        out += [max(0.0, mu + math.sqrt(v) * z) for z in Z]
    return out


def ets_given():
    y = [112, 98, 105, 131, 118, 103, 109, 140, 121, 111, 117, 146, 133]
    for form, p, slope, season in (
            ("ANN", (0.3, 0, 0, 1), 0, []),
            ("AAN", (0.3, 0.05, 0, 1), 1.5, []),
            ("AAdA", (0.3, 0.05, 0.2, 0.9), 1.5, [5, -9, -8, 12]),
            ("MNN", (0.4, 0, 0, 1), 0, []),
            ("MAdN", (0.4, 0.1, 0, 0.92), 2, []),
            ("MAA", (0.2, 0.05, 0.3, 1), 2, [5, -9, -8, 12]),
            ("MAM", (0.2, 0.05, 0.3, 1), 2, [1.05, 0.9, 0.92, 1.13])):
        _, _, level, b, s = ets_run(y, form, p, 105, slope, season)
        means = ets_means(form, p, level, b, s, len(y), 6)
        variance = 0.002 if form[0] == "M" else 30.0
        want = {"mean": means}
        if form[-1] != "M":
            want["bands"] = ets_bands(form, p, means, variance, len(season))
        case("Hyndman et al. (2008), table 2.3 and chapter 6", "ets", want, 1e-9, 1e-8, history=y,
             form=form, season_buckets=max(1, len(season)), alpha=p[0], beta=p[1], gamma=p[2],
             phi=p[3], level=105, slope=slope, season=season, error_variance=variance,
             horizon_buckets=6)
    case("a form that there is not", "ets", "error", 0, history=[1, 2, 3, 4, 5, 0, 7, 8], form="MNN")


def ets_search(y, form):
    """The least n log(sum e^2) + 2 sum log mu, without season; beta at most a fifth of its range."""
    n = len(y)
    sloped, damped = len(form) > 2 and form[1] == "A", "d" in form

    def point(x):
        alpha = x[0]
        share = x[1] if sloped else 0.0
        phi = x[2] if damped else 1.0
        if not (1e-4 <= alpha <= 0.9999 and 0 <= share <= 0.2 and (not damped or 0.8 <= phi <= 0.98)):
            return None
        beta = 1e-4 + share * (alpha - 1e-4) if sloped else 0.0
        rest = x[1 + sloped + damped:]
        return (alpha, beta, 0, phi), rest[0], rest[1] if sloped else 0.0

    def f(x):
        at = point(x)
        run = at and ets_run(y, form, *at, [])
        if not run:
            return math.inf
        return n * math.log(sum(e * e for e in run[0])) + 2 * run[1]

    starts = []
    for alpha in (0.05, 0.3, 0.8):
        x = [alpha] + [0.1] * sloped + [0.9] * damped + [sum(y[:5]) / 5]
        starts.append(x + [(y[-1] - y[0]) / n] * sloped)
    value, x = best_of(f, starts)
    k = len(x) + 1
    p, level, slope = point(x)
    errors, _, level, slope, _ = ets_run(y, form, p, level, slope, [])
    return {"aicc": value + 2 * k + 2 * k * (k + 1) / (n - k - 1), "form": form, "k": k,
            "mean": ets_means(form, p, level, slope, [], n, 4),
            "error_variance": sum(e * e for e in errors) / (n - k)}


def ets_estimated():
    rng = random.Random(4)
    level, walk, trend = 50.0, [], []
    for t in range(40):
        level += rng.gauss(0, 2)
        walk.append(round(level + rng.gauss(0, 3), 1))
        trend.append(round((20 + 1.5 * t) * (1 + rng.gauss(0, 0.05)), 1))
    source = "a simplex search over the criterion of Hyndman et al. (2008), chapter 5"
    for y in (walk, trend):
        fits = [ets_search(y, form) for form in ("ANN", "AAN", "AAdN", "MNN", "MAN", "MAdN")]
        for fit in fits[:2] + fits[4:5]:
            case(source, "ets", {"mean": fit["mean"], "error_variance": fit["error_variance"]}, 0,
                 0.003, history=y, form=fit["form"], horizon_buckets=4)
            case(source, "ets", {"aicc": fit["aicc"]}, 0.05, history=y, form=fit["form"])
        best = min(fits, key=lambda fit: fit["aicc"])
        case(source, "auto_ets", {"form": best["form"], "mean": best["mean"]}, 0, 0.003, history=y,
             horizon_buckets=4)


# Theta: Fiorucci et al. (2016).

def theta_run(y, alpha, theta, level, dynamic, horizon):
    """Errors and means; the kept line is that of all values."""
    n, share = len(y), 1 - 1 / theta
    middle, mean_all = (n + 1) / 2, sum(y) / n
    b = 12 / (n * (n * n - 1)) * sum((t - middle) * v for t, v in enumerate(y, 1))
    a = mean_all - b * middle
    mean = 0.0
    if dynamic:
        a = b = 0.0
    errors, out = [], []
    for t in range(1, n + horizon + 1):
        mu = level + share * (a * (1 - alpha) ** (t - 1) + b * (1 - (1 - alpha) ** t) / alpha)
        v = y[t - 1] if t <= n else mu
        errors.append(v - mu)
        if t > n:
            out.append(mu)
        level = alpha * v + (1 - alpha) * level
        if dynamic:
            if t > 1:
                b = ((t - 2) * b + 6 * (v - mean) / t) / (t + 1)
            mean += (v - mean) / t
            a = mean - b * (t + 1) / 2
    return errors[:n], out


def theta():
    y = [21, 25, 23, 28, 31, 27, 33, 36, 32, 38, 41, 37, 44, 46, 43]
    for method, kind, dynamic in (("theta", "STM", False), ("dotm", "DOTM", True)):
        t = 2 if kind == "STM" else 3
        _, means = theta_run(y, 0.4, t, 20, dynamic, 5)
        bands = [max(0.0, mu + math.sqrt(6 * (1 + h * 0.4 ** 2)) * z)
                 for h, mu in enumerate(means) for z in Z]
        case("Fiorucci et al. (2016), " + kind, method, {"mean": means, "bands": bands}, 1e-9, 1e-8,
             history=y, alpha=0.4, theta=t, level=20, error_variance=6, horizon_buckets=5)

        def f(x):
            share = x[2] if dynamic else 0.5
            if not (0.1 <= x[0] <= 0.99 and 0 <= share < 1):
                return math.inf
            return sum(e * e for e in theta_run(y, x[0], 1 / (1 - share), x[1], dynamic, 0)[0][3:])

        squares, x = best_of(f, [[0.5, 10.0] + [0.5] * dynamic, [0.5, 20.0] + [0.5] * dynamic])
        _, means = theta_run(y, x[0], 1 / (1 - x[2]) if dynamic else 2, x[1], dynamic, 5)
        case("a simplex search over the criterion of Fiorucci et al. (2016), " + kind, method, means,
             0, 0.003, history=y, horizon_buckets=5)


# Complex smoothing: Svetunkov, Kourentzes and Ord (2022), in real numbers.

def ces_run(y, form, w, level, season, horizon, impulse=None):
    """Means behind the history; `impulse` is an error that the first of those buckets has."""
    level, season = list(level), [list(s) for s in season]
    m = max(1, len(season))
    out = []

    def moved(pair, a0, a1, e):
        old, c = pair
        pair[0] = old - (1 - a1) * c + (a0 - a1) * e
        pair[1] = old + (1 - a0) * c + (a0 + a1) * e

    for t in range(len(y) + horizon):
        place = season[t % m] if season else None
        mu = {"none": lambda: level[0], "simple": lambda: place[0]}.get(
            form, lambda: level[0] + place[0])()
        e = y[t] - mu if t < len(y) else 0.0
        if t >= len(y):
            out.append(mu)
            if t == len(y) and impulse:
                e = impulse
        if form == "simple":
            moved(place, w[0], w[1], e)
            continue
        moved(level, w[0], w[1], e)
        if form == "partial":
            place[0] += w[2] * e
        if form == "full":
            moved(place, w[2], w[3], e)
    return out


def ces():
    y = [32, 35, 31, 38, 34, 39, 33, 41, 37, 40]
    for form, w, level, season in (
            ("none", (1.3, 1.0), (30, 1), []),
            ("simple", (1.2, 1.05), (0, 0), [(30, 1), (34, 2)]),
            ("partial", (1.3, 1.01, 0.2), (32, 1), [(-2, 0), (2, 0)]),
            ("full", (1.3, 1.01, 1.1, 1.02), (32, 1), [(-2, 0.1), (2, -0.1)])):
        means = ces_run(y, form, w, level, season, 5)
        moved = ces_run(y, form, w, level, season, 5, impulse=1.0)
        response = [b - a for a, b in zip(means, moved)]  # 0, c_1, c_2, ...
        bands = []
        for h, mu in enumerate(means):
            deviation = math.sqrt(4 * (1 + sum(c * c for c in response[:h + 1])))
            bands += [max(0.0, mu + deviation * z) for z in Z]
        case("Svetunkov, Kourentzes and Ord (2022), " + form, "ces", {"mean": means, "bands": bands},
             1e-9, 1e-8, history=y, form=form, season_buckets=max(1, len(season)), weights=w,
             level=level, season=season or None, error_variance=4, horizon_buckets=5)
        if not season:
            del CASES[-1]["season"]


def loess(values, window, degree, points):
    """Cleveland et al. (1990): the nearest `window` values by tricube weights, at each point."""
    n = len(values)
    q = min(n, window)
    out = []
    for x in points:
        left = max(0, min(n - q, x - q // 2))
        near = range(left, left + q)
        reach = max(abs(x - left), abs(left + q - 1 - x)) + max(0, window - n) / 2
        w = {}
        for i in near:
            d = abs(x - i) / reach if reach else 0.0
            w[i] = 1.0 if d < 0.001 else 0.0 if d > 0.999 else (1 - d ** 3) ** 3
        total = sum(w.values())
        center = sum(w[i] * i for i in near) / total
        mean = sum(w[i] * values[i] for i in near) / total
        spread = sum(w[i] * (i - center) ** 2 for i in near)
        if degree == 1 and spread > 0:
            mean += (x - center) * sum(w[i] * (i - center) * values[i] for i in near) / spread
        out.append(mean)
    return out


def stl_season(y, m, window):
    """Two inner rounds, none for robustness; the cycles' smooth of degree 0, all others of 1."""
    def odd(value):
        return math.ceil(value) | 1

    n = len(y)
    trend = [0.0] * n
    for _ in range(2):
        rest = [v - t for v, t in zip(y, trend)]
        cycles = [0.0] * (n + 2 * m)
        for place in range(m):
            cycle = rest[place::m]
            for k, v in enumerate(loess(cycle, window, 0, range(-1, len(cycle) + 1))):
                cycles[place + k * m] = v
        low = cycles
        for length in (m, m, 3):
            low = [sum(low[k:k + length]) / length for k in range(len(low) - length + 1)]
        low = loess(low, max(3, odd(m)), 1, range(n))
        season = [cycles[m + t] - low[t] for t in range(n)]
        rest = [v - s for v, s in zip(y, season)]
        trend = loess(rest, odd(1.5 * m / (1 - 1.5 / window)), 1, range(n))
    return season


def mstl_estimated():
    """Bandara, Hyndman and Bergmeir (2021): each season of what the others leave, twice over; what is
    left by exponential smoothing of least AICc, and the last cycles on top."""
    rng = random.Random(9)
    long = [9, 4, -3, 6, -8, 2, 5, -7, 1, 3, -6, -6]
    y = [round(120 + 0.8 * t + [12, -5, -9, 2][t % 4] + long[t % 12] + rng.gauss(0, 3), 1)
         for t in range(75)]
    seasons, windows = [4, 12], [11, 15]
    parts = [[0.0] * len(y) for _ in seasons]
    rest = list(y)
    for _ in range(2):
        for k, m in enumerate(seasons):
            rest = [r + s for r, s in zip(rest, parts[k])]
            parts[k] = stl_season(rest, m, windows[k])
            rest = [r - s for r, s in zip(rest, parts[k])]
    fit = min((ets_search(rest, form) for form in ("ANN", "AAN", "AAdN", "MNN", "MAN", "MAdN")),
              key=lambda fit: fit["aicc"])
    means = [v + sum(part[len(y) - m + h % m] for part, m in zip(parts, seasons))
             for h, v in enumerate(fit["mean"])]
    case("Bandara, Hyndman and Bergmeir (2021) with Cleveland et al. (1990)", "mstl", means, 0, 0.002,
         history=y, seasons=seasons, horizon_buckets=len(means))


def mstl():
    """A level and a season of sum zero are what STL takes for just that: all of its filters leave a
    level alone and know a season that repeats."""
    season = [3, -1, -4, 2]
    y = [200 + season[t % 4] for t in range(46)]
    case("a level and a season, exactly", "mstl", y[40:], 1e-6, history=y[:40], seasons=[4],
         horizon_buckets=6)


def counts():
    def pmf(mean, variance, n):
        if variance <= mean:
            return [math.exp(k * math.log(mean) - mean - math.lgamma(k + 1)) for k in range(n)]
        r = mean * mean / (variance - mean)
        p = r / (r + mean)
        return [math.exp(math.lgamma(k + r) - math.lgamma(r) - math.lgamma(k + 1) + r * math.log(p) +
                         k * math.log(1 - p)) for k in range(n)]

    for mean, variance in ((3.5, 9.0), (2.0, 2.0), (40.0, 400.0)):
        probabilities = pmf(mean, variance, 400)
        cdf = [sum(probabilities[:k + 1]) for k in range(400)]
        quantiles = [next(k for k in range(400) if cdf[k] >= u) for u in LEVELS]
        name = "Hilbe (2011), 8.2" if variance > mean else "Poisson's"
        case(name, "negative_binomial",
             {"quantiles": quantiles, "cdf": [cdf[k] for k in (0, 2, 5, 30)]}, 1e-10, mean=mean,
             variance=variance, probabilities=LEVELS, counts=[0, 2, 5, 30])
        case("Czado, Gneiting and Held (2009)", "randomised_pit", cdf[2] + 0.25 * (cdf[3] - cdf[2]),
             1e-10, mean=mean, variance=variance, count=3, v=0.25)
    case("by hand", "randomised_pit", 0.35, 1e-12, below=0.2, at=0.5, v=0.5)
    case("a probability that falls", "randomised_pit", "error", 0, below=0.5, at=0.2, v=0.5)


def main():
    y = [4, 8, 6, 9, 5]
    case("level = alpha y + (1 - alpha) level", "ses", [smooth(y, 0.3)] * 3, 1e-12, history=y, alpha=0.3,
         horizon_buckets=3)
    intermittent()
    ets_given()
    ets_estimated()
    theta()
    mstl()
    mstl_estimated()
    ces()
    counts()
    for one in CASES:
        print(json.dumps(one))


main()

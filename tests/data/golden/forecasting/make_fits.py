#!/usr/bin/python3
"""Writes fits.jsonl: golden cases of complex smoothing where its weights are found, and of combinations
by Bates and Granger's weights, from the papers' formulas and nothing of ours.

Complex smoothing is written in complex numbers, as its paper has it, and its weights are found by a
compass search (Hooke and Jeeves 1961) from starts drawn all over the weights allowed, so the tolerance
is that of two searches that meet. Combinations are exact, in fractions. Standard library only; about a
minute.

    python3 make_fits.py > fits.jsonl
"""
import json
import math
import random
from fractions import Fraction

CASES = []
FORMS = {"none": 2, "simple": 2, "partial": 3, "full": 4}  # How many weights each has.


def case(source, method, want, tolerance, share=0.0, **inputs):
    one = {"source": source, "method": method, **inputs, "want": want, "tolerance": tolerance}
    if share:
        one["tolerance_share"] = share
    CASES.append(one)


# Complex smoothing: Svetunkov, Kourentzes and Ord (2022).

def moved(z, a, e):
    """Of z = l + i c, the forecast and its potential, the next: the paper's
    a (y + i e) + (1 + i - a) z with y = l + e, where e is all that comes in."""
    return a * (z.real + e + 1j * e) + (1 + 1j - a) * z


class Ces:
    """One form with its weights; a pass goes through the history in either direction."""

    def __init__(self, y, form, m, x):
        self.y, self.form, self.m = y, form, m
        self.a = complex(x[0], x[1])
        self.b = complex(x[2], x[3]) if form == "full" else x[2] if form == "partial" else 0.0
        # Where smooth::ces begins. A season that hardly moves never forgets it.
        first = max(10, m) if form == "none" else 2 * m
        mean = sum(y[:first]) / first
        self.level = complex(mean, mean / 1.1)
        places = y[:m]
        if form != "simple":
            places = [(y[k] + y[m + k]) / 2 - mean for k in range(m)] if m > 1 else []
        self.season = [complex(p, 0 if form == "partial" else p / 1.1) for p in places]

    def mean(self, t):
        if self.form == "none":
            return self.level.real
        place = self.season[t % self.m].real
        return place if self.form == "simple" else self.level.real + place

    def step(self, t, e):
        k = t % self.m
        if self.form == "simple":
            self.season[k] = moved(self.season[k], self.a, e)
            return
        self.level = moved(self.level, self.a, e)
        if self.form == "partial":
            self.season[k] += self.b * e
        elif self.form == "full":
            self.season[k] = moved(self.season[k], self.b, e)

    def go(self, buckets):
        squares = 0.0
        for t in buckets:
            e = self.y[t] - self.mean(t)
            squares += e * e
            if squares > 1e60:
                return math.inf
            self.step(t, e)
        return squares

    def squares(self):
        """Backcast, as smooth::ces does: forward, back, and forward again."""
        n = len(self.y)
        if math.isinf(self.go(range(n)) + self.go(reversed(range(n)))):
            return math.inf
        return self.go(range(n))

    def ahead(self, horizon):
        n, out = len(self.y), []
        for t in range(n, n + horizon):
            out.append(self.mean(t))
            self.step(t, 0.0)
        return out


def forgets(a0, a1):
    """Whether the eigenvalues of the discount matrix of (l, c), what is left of a pair once the
    error's part is taken off it, lie inside the circle."""
    p, q = 1 - a0 + a1, a1 - 1
    r, s = 1 - a0 - a1, 1 - a0
    root = complex((p + s) ** 2 / 4 - (p * s - q * r), 0) ** 0.5
    return max(abs((p + s) / 2 + root), abs((p + s) / 2 - root)) < 1


def allowed(form, x):
    if not forgets(x[0], x[1]):
        return False
    if form == "partial":
        return 0 <= x[2] < 1
    return form != "full" or forgets(x[2], x[3])


def compass(f, x, size):
    """A step along each weight, the best of them taken; where none is better, steps of half."""
    best = f(x)
    while size > 1e-6:
        around = []
        for k in range(len(x)):
            for sign in (-size, size):
                at = list(x)
                at[k] += sign
                around.append((f(at), at))
        # And along a0 = a1, the valley that the criterion often has.
        for sign in (-size, size):
            at = [x[0] + sign, x[1] + sign] + list(x[2:])
            around.append((f(at), at))
        value, at = min(around, key=lambda p: p[0])
        if value < best:
            best, x = value, at
        else:
            size /= 2
    return best, x


def ces_search(y, form, m):
    count = FORMS[form]

    def f(x):
        return Ces(y, form, m, x).squares() if allowed(form, x) else math.inf

    rng = random.Random(7)
    drawn = []
    while len(drawn) < 60 * count:
        x = [rng.uniform(0, 2.5) for _ in range(count)]
        if form == "partial":
            x[2] /= 2.5
        if allowed(form, x):
            drawn.append((f(x), x))
    starts = sorted(drawn, key=lambda p: p[0])[:6]
    squares, x = min((compass(f, x, 0.2) for _, x in starts), key=lambda p: p[0])
    n, k = len(y), count + 1
    model = Ces(y, form, m, x)
    model.squares()
    return {"form": form, "weights": x, "mean": model.ahead(6), "error_variance": squares / (n - k),
            "aicc": n * math.log(squares) + 2 * k + 2 * k * (k + 1) / (n - k - 1)}


def ces_fits():
    rng = random.Random(3)
    level, walk, season = 60.0, [], []
    for t in range(44):
        level += rng.gauss(0.4, 2)
        walk.append(round(level + rng.gauss(0, 3), 1))
    level = 80.0
    for t in range(56):
        level += rng.gauss(0, 1.5)
        season.append(round(level + [14, -6, -11, 3][t % 4] + rng.gauss(0, 2.5), 1))
    source = "a compass search over the criterion of Svetunkov, Kourentzes and Ord (2022)"
    for y, m in ((walk, 1), (season, 4)):
        fits = [ces_search(y, form, m) for form in FORMS if m > 1 or form == "none"]
        best = min(fits, key=lambda fit: fit["aicc"])
        for fit in fits:
            case(source, "ces", {name: fit[name] for name in ("mean", "error_variance")}, 0, 0.003,
                 history=y, season_buckets=m, form=fit["form"], horizon_buckets=6)
            case(source, "ces", {"aicc": fit["aicc"]}, 0.05, history=y, season_buckets=m,
                 form=fit["form"])
        case(source, "ces", {"form": best["form"], "mean": best["mean"]}, 0, 0.003, history=y,
             season_buckets=m, horizon_buckets=6)
    case("fewer than six buckets go on at the last value", "ces", [7, 7], 1e-12, history=[3, 9, 4, 8, 7],
         horizon_buckets=2)
    case("a form that the history is too short for", "ces", "error", 0, history=season[:11], form="full",
         season_buckets=4)


# Combinations: Bates and Granger (1969), drawn to equal weights.

def combined(squares, trust, forecasts):
    """Exactly; a method without error has all of what is not shared out evenly."""
    squares, trust = [Fraction(str(s)) for s in squares], Fraction(str(trust))
    exact = [s == 0 for s in squares]
    inverse = [Fraction(int(e)) for e in exact] if any(exact) else [1 / s for s in squares]
    weights = [(1 - trust) / len(squares) + trust * w / sum(inverse) for w in inverse]
    means = [sum(w * Fraction(str(v)) for w, v in zip(weights, bucket)) for bucket in zip(*forecasts)]
    return {"weights": [float(w) for w in weights], "mean": [float(v) for v in means]}


def combinations():
    rng = random.Random(5)
    actual = [round(50 + rng.gauss(0, 8), 1) for _ in range(24)]
    squares = []
    for spread in (2, 4, 9, 15):  # The mean squares of methods of unlike skill.
        errors = [Fraction(str(round(rng.gauss(0, spread), 1))) for _ in actual]
        squares.append(float(sum(e * e for e in errors) / len(errors)))
    forecasts = [[round(50 + rng.gauss(0, 8), 1) for _ in range(3)] for _ in squares]
    source = "Bates and Granger (1969), drawn to equal weights, in fractions"
    for trust in (0, 0.5, 0.8, 1):
        case(source, "bates_granger", combined(squares, trust, forecasts), 1e-10, mean_squares=squares,
             trust=trust, forecasts=forecasts)
    for squares in ([4, 0, 9, 1], [4, 0, 0, 1], [0, 0, 0, 0], [1e-9, 4, 1e9, 25]):
        case(source, "bates_granger", combined(squares, 0.6, forecasts), 1e-10, mean_squares=squares,
             trust=0.6, forecasts=forecasts)
    for wrong in ({"trust": 1.01}, {"trust": -0.01}, {"mean_squares": [1, -1, 1, 1]},
                  {"mean_squares": [1, 1]}, {"mean_squares": []}):
        case("refused", "bates_granger", "error", 0,
             **{"mean_squares": [1, 2, 3, 4], "trust": 0.5, "forecasts": forecasts, **wrong})


def main():
    ces_fits()
    combinations()
    for one in CASES:
        print(json.dumps(one))


main()

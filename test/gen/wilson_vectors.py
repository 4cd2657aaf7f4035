"""Writes test/vectors/wilson.json: bounds of shares by Wilson, as scipy computes them.

    pip install scipy && python test/gen/wilson_vectors.py > test/vectors/wilson.json
"""
import json

from scipy.stats import binomtest

CASES = [(0, 1), (1, 1), (0, 10), (10, 10), (45, 50), (900, 1000), (1, 7), (99_871, 100_000), (333, 1000), (19, 20)]

rows = []
for right, labelled in CASES:
    for confidence in (0.95, 0.999):
        bounds = binomtest(right, labelled).proportion_ci(confidence, method="wilson")
        rows.append({"right": right, "labelled": labelled, "confidence": confidence,
                     "low": float(bounds.low), "high": float(bounds.high)})
print("[\n" + ",\n".join("  " + json.dumps(row) for row in rows) + "\n]")

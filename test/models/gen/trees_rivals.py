"""The forest of trees.py as C by emlearn and by m2cgen, for `npm run bench:trees`.

    python -m venv build/trees-python
    build/trees-python/bin/pip install scikit-learn==1.9.1 skl2onnx==1.20.0 onnx==1.23.2 emlearn==0.23.2 m2cgen==0.10.0
    build/trees-python/bin/python test/models/gen/trees_rivals.py FOLDER

Writes FOLDER/emlearn_inline.h (what emlearn makes unless told otherwise: nested ifs, int16 features, votes),
emlearn_loadable.h (a table and a walker), m2cgen.c (doubles), rows.h with test data, and emlearn's own headers' folder
into include.txt. Nothing of it is committed.
"""

import importlib.metadata
import sys
from pathlib import Path

import emlearn
import m2cgen

from trees import digits_forest

ROWS = 100


def write_rows(path, test):
    rows = ",\n".join("{" + ", ".join(str(int(x)) for x in row) + "}" for row in test[:ROWS])
    path.write_text(
        f"#define ROWS {ROWS}\n#define FEATURES 64\n#define CLASSES 10\n"
        f"static const signed char rows[ROWS][FEATURES] = {{\n{rows}\n}};\n"
    )


def main(folder):
    forest, _, test, _ = digits_forest()
    folder.mkdir(parents=True, exist_ok=True)
    converted = emlearn.convert(forest)
    assert converted.method == "inline", "emlearn's default has changed"
    converted.save(file=str(folder / "emlearn_inline.h"), name="digits", format="c")
    emlearn.convert(forest, method="loadable").save(file=str(folder / "emlearn_loadable.h"), name="digits", format="c")
    sys.setrecursionlimit(100_000)
    (folder / "m2cgen.c").write_text(m2cgen.export_to_c(forest))
    (folder / "include.txt").write_text(str(Path(emlearn.includedir)))
    write_rows(folder / "rows.h", test)
    for name in ("emlearn", "m2cgen", "scikit-learn"):
        print(name, importlib.metadata.version(name))


if __name__ == "__main__":
    main(Path(sys.argv[1]))

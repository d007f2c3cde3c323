"""What the scripts of this folder share.

    pip install numpy scipy scikit-learn torch torchmetrics
    for script in classification retrieval grounding probes intervals within; do python $script.py; done

Each writes the JSON of its name, which the Rust tests beside it read. Inputs are rounded, so that ties are ties in both
languages; where two implementations exist, the script asserts that they agree before it writes.
"""

import json
import math
from pathlib import Path


def plain(value):
    """Values as JSON has them: NaN is null."""
    if isinstance(value, dict):
        return {key: plain(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(entry) for entry in value]
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    if isinstance(value, float) and math.isnan(value):
        return None
    return value


def write(script, fixture):
    lines = (f'"{key}": {json.dumps(plain(value))}' for key, value in fixture.items())
    Path(script).with_suffix(".json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


def close(a, b, tolerance=1e-9):
    assert abs(float(a) - float(b)) <= tolerance, (a, b)

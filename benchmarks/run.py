"""Run every benchmark of this folder, one after the other; each prints its figures as ratios.

Usage: python benchmarks/run.py [NAME ...]
"""

import subprocess
import sys
from pathlib import Path

wanted = sys.argv[1:]
for script in sorted(Path(__file__).parent.glob("bench_*.py")):
    if not wanted or script.stem.removeprefix("bench_") in wanted:
        print(f"== {script.stem}", flush=True)
        subprocess.run([sys.executable, str(script)], check=True)

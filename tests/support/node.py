"""The Node.js that set-up has put into the virtual environment."""

from __future__ import annotations

import sys
from pathlib import Path

NODE = str(Path(sys.prefix, "bin/node"))

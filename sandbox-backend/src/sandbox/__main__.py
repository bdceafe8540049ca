"""`python -m sandbox` is the same as `sandbox-backend`."""

import sys

from sandbox.cli import main

sys.exit(main())

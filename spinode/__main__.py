"""``python -m spinode`` is the same as ``spinode``."""

import sys

from spinode.cli import main

sys.exit(main())

"""`python -m ganbook` is the command `ganbook`."""

import sys

from ganbook.cli import main

sys.exit(main())

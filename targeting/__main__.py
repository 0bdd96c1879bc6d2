"""`python -m targeting` is the `targeting` command."""

import sys

from targeting.cli import main

sys.exit(main())

"""`python -m perftui`."""

import sys

from perftui.cli import main

if __name__ == "__main__":
    sys.exit(main())

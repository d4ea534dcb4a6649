"""The command line: ``ganbench COMMAND``, or ``python -m ganbench COMMAND``."""

import sys

from bench.cli import main

if __name__ == "__main__":
    sys.exit(main())

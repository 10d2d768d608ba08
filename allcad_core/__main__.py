"""``python -m allcad_core`` is the program ``allcad``."""

import sys

from allcad_core.cli import main

if __name__ == "__main__":
    sys.exit(main())

"""`python -m nps.supervisor`: see the package."""

import sys

from nps.supervisor.house import main

if __name__ == "__main__":
    sys.exit(main())

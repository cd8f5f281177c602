"""`python -m nst`: the command `nst`, as `python -m nst.run`."""

import sys

from nst.run import main

if __name__ == "__main__":
    sys.exit(main())

"""The operating system, where nst's behavior depends on it."""

import os
import sys

WINDOWS = os.name == "nt"
CASELESS = WINDOWS or sys.platform == "darwin"
"""Whether names of files that differ only in case usually lead to the same file."""

"""The scripts of executable/, which stand outside of the package."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2] / "executable"))

import interpreter
import packages
import packing
from start import Unpacked

__all__ = ["Unpacked", "interpreter", "packages", "packing"]

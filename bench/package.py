"""The package reckon of a build, or of an unpacked bundle."""

import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def load(*builds):
    """The package from the first of the folders that has one; a bundle has it at its top."""
    folders = [os.path.join(folder, "python") for folder in builds or (os.path.join(ROOT, "build"), ROOT)]
    folder = next((f for f in folders if os.path.isdir(os.path.join(f, "reckon"))), None)
    if folder is None:
        sys.exit(f"there is no package reckon in {' or '.join(folders)}: scripts/build makes it")
    sys.path.insert(0, folder)
    import reckon
    return reckon

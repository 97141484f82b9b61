"""stand-in"""
from pathlib import Path
ASSET = "mde_files"
def write(output: Path) -> Path: return output / "x.tgz"

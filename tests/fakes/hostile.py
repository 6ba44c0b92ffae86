"""What a commit can do to the folder it works in."""

DEEP = """python3 -c 'import os
for _ in range(1100): os.mkdir("deep"); os.chdir("deep")'"""
"""Makes nested folders: more than a recursive function follows, and a path longer than the kernel takes."""

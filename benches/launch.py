"""What a process takes: CPU time, and memory at its peak."""

import json
import subprocess
import sys

# The peak of a child begins with that of its parent: a small process starts it.
LAUNCH = """
import json, resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps([used.ru_utime + used.ru_stime, used.ru_maxrss / 1024]))
"""


def used(*command):
    """CPU seconds and peak MiB of a process."""
    launch = [sys.executable, "-S", "-c", LAUNCH, *map(str, command)]
    return json.loads(subprocess.run(launch, check=True, stdout=subprocess.PIPE).stdout)

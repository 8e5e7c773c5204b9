# SPDX-License-Identifier: ISC
"""automount.py POINT IMAGE SECONDS: mount IMAGE at POINT when it is used, as systemd and automount do.
Print "ready", and "mounted" each time.  SECONDS without use are when it may be unmounted, 0: never; the
test itself unmounts."""

import ctypes
import fcntl
import os
import struct
import subprocess
import sys

READY = 0x9360
FAILED = 0x9361
SET_TIMEOUT = 0xC0089364
PACKET = 304

point, image, seconds = sys.argv[1], sys.argv[2], int(sys.argv[3])
os.setpgid(0, 0)  # the members of this process group see what is below
receive, send = os.pipe()
options = f"fd={send},pgrp={os.getpgrp()},minproto=5,maxproto=5,direct"
if ctypes.CDLL(None, use_errno=True).mount(b"test", point.encode(), b"autofs", 0, options.encode()) != 0:
    sys.exit(f"mount: {os.strerror(ctypes.get_errno())}")
root = os.open(point, os.O_RDONLY | os.O_DIRECTORY)
fcntl.ioctl(root, SET_TIMEOUT, struct.pack("L", seconds))
print("ready", flush=True)
while packet := os.read(receive, PACKET):
    token = struct.unpack_from("III", packet)[2]
    done = subprocess.run(["mount", "-o", "loop", image, point], check=False).returncode == 0
    print("mounted" if done else "failed", flush=True)
    fcntl.ioctl(root, READY if done else FAILED, token)

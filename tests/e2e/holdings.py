#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""What a running giltop has in the kernel: holdings.py PID [BEFORE]

Prints JSON: descriptors, links (BPF links and perf events), children, entries of each hash map by its name, VmRSS in KiB.
With BEFORE, a file with what an earlier call printed: exit 0 if nothing is more than it was then, else 1 and what is
more; but for the memory, and the stores of code and stacks that outlive a process and have a bound. The maps'
descriptors are borrowed from the process (pidfd_getfd): needs root.
"""
import ctypes
import json
import os
import re
import sys

SYS_BPF = {"x86_64": 321, "aarch64": 280}[os.uname().machine]
SYS_PIDFD_GETFD = 438
MAP_GET_NEXT_KEY, OBJ_GET_INFO_BY_FD = 4, 15
HASHES = (1, 5, 9, 10)  # BPF_MAP_TYPE_HASH, .. per CPU, .. least recently used
NAME_OFF, INFO_SZ = 24, 88  # struct bpf_map_info
NOT_COMPARED = ("rss_kib", "entries of codes", "entries of stacks")
LIBC = ctypes.CDLL(None, use_errno=True)


class NextKey(ctypes.Structure):
    _fields_ = [("map_fd", ctypes.c_uint32), ("pad", ctypes.c_uint32), ("key", ctypes.c_uint64), ("next_key", ctypes.c_uint64)]


class InfoByFd(ctypes.Structure):
    _fields_ = [("fd", ctypes.c_uint32), ("len", ctypes.c_uint32), ("info", ctypes.c_uint64)]


def bpf(command, attr):
    return LIBC.syscall(SYS_BPF, command, ctypes.byref(attr), ctypes.sizeof(attr))


def map_name(fd):
    info = ctypes.create_string_buffer(INFO_SZ)
    if bpf(OBJ_GET_INFO_BY_FD, InfoByFd(fd, INFO_SZ, ctypes.addressof(info))):
        raise OSError(ctypes.get_errno(), "BPF_OBJ_GET_INFO_BY_FD")
    return info.raw[NAME_OFF:NAME_OFF + 16].split(b"\0")[0].decode()


def entries(fd, key_sz, most):
    """While others add and remove; a key that goes away sends the walk back to the start, so keys are counted once."""
    here, following = None, ctypes.create_string_buffer(key_sz)
    seen = set()
    for _ in range(4 * most):
        attr = NextKey(fd, 0, ctypes.addressof(here) if here else 0, ctypes.addressof(following))
        if bpf(MAP_GET_NEXT_KEY, attr):
            break
        seen.add(following.raw)
        here = ctypes.create_string_buffer(following.raw, key_sz)
    return len(seen)


def field(info, name):
    found = re.search(r"^%s:\s+(\w+)" % name, info, re.M)
    return int(found.group(1)) if found else None


def look(pid):
    ret = {"descriptors": 0, "links": 0, "children": 0}
    maps = {}
    pidfd = os.pidfd_open(pid)
    for name in os.listdir("/proc/%d/fd" % pid):
        try:
            target = os.readlink("/proc/%d/fd/%s" % (pid, name))
            with open("/proc/%d/fdinfo/%s" % (pid, name)) as f:
                info = f.read()
        except FileNotFoundError:
            continue
        ret["descriptors"] += 1
        ret["links"] += "link_type:" in info or "[perf_event]" in target
        if field(info, "map_type") not in HASHES or field(info, "map_id") in maps:
            continue
        fd = LIBC.syscall(SYS_PIDFD_GETFD, pidfd, int(name), 0)
        if fd < 0:
            continue
        maps[field(info, "map_id")] = True
        key = "entries of " + map_name(fd)
        ret[key] = ret.get(key, 0) + entries(fd, field(info, "key_size"), field(info, "max_entries"))
        os.close(fd)
    os.close(pidfd)
    for tid in os.listdir("/proc/%d/task" % pid):
        with open("/proc/%d/task/%s/children" % (pid, tid)) as f:
            ret["children"] += len(f.read().split())
    with open("/proc/%d/status" % pid) as f:
        ret["rss_kib"] = field(f.read(), "VmRSS")
    return ret


def main():
    now = look(int(sys.argv[1]))
    print(json.dumps(now))
    if len(sys.argv) < 3:
        return 0
    with open(sys.argv[2]) as f:
        before = json.load(f)
    more = ["%s: %d, before %d" % (key, value, before.get(key, 0)) for key, value in now.items()
            if key not in NOT_COMPARED and value > before.get(key, 0)]
    print("\n".join(more))
    return 1 if more else 0


if __name__ == "__main__":
    sys.exit(main())

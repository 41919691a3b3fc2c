"""A small ARM board's stand-in: one core, a quarter of its time, by a cpu group of this machine (CPUQuota= inside a container may do nothing)."""
import os
import pathlib
import subprocess
import sys
import time

PERIOD_US, QUOTA_US = 100_000, 25_000


class QuarterCore:
    def __init__(self):
        v1 = pathlib.Path("/sys/fs/cgroup/cpu")
        self.old = v1.is_dir()
        self.group = (v1 if self.old else pathlib.Path("/sys/fs/cgroup")) / f"holdfast-quarter-{os.getpid()}"
        self.core = max(os.sched_getaffinity(0))

    def __enter__(self):
        if not self.old:
            (self.group.parent / "cgroup.subtree_control").write_text("+cpu")
        self.group.mkdir()
        if self.old:
            (self.group / "cpu.cfs_period_us").write_text(str(PERIOD_US))
            (self.group / "cpu.cfs_quota_us").write_text(str(QUOTA_US))
        else:
            (self.group / "cpu.max").write_text(f"{QUOTA_US} {PERIOD_US}")
        return self

    def __exit__(self, *why):
        for pid in (self.group / "cgroup.procs").read_text().split():
            (self.group.parent / "cgroup.procs").write_text(pid)
        self.group.rmdir()

    def take(self, pid):
        (self.group / "cgroup.procs").write_text(str(pid))
        for thread in os.listdir(f"/proc/{pid}/task"):
            os.sched_setaffinity(int(thread), {self.core})

    def proof(self):
        """The share of a core that a loop gets which wants all of it."""
        busy = subprocess.Popen([sys.executable, "-c", "while True: pass"])
        try:
            self.take(busy.pid)
            return share_of(busy.pid, 3)
        finally:
            busy.kill()
            busy.wait()


def cpu_s(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def share_of(pid, seconds):
    """CPU seconds a second, over a while: the time itself is what is measured."""
    used, begin = cpu_s(pid), time.monotonic()
    time.sleep(seconds)
    return (cpu_s(pid) - used) / (time.monotonic() - begin)

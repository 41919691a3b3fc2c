"""A real Debian with systemd as PID 1 in a container of systemd-nspawn, without a network but its own loopback: the box that the story
is told of. Needs root. Programs of this machine can be run within the box's network (`peer`), so that a test needs nothing installed in it."""
import contextlib
import os
import pathlib
import shutil
import signal
import subprocess
import time

DEADLINE_S = 90  # for whatever is waited for


class Failed(AssertionError):
    pass


def until(what, probe, deadline_s=DEADLINE_S, every_s=0.05):
    """The first true answer of `probe`; asks again until the deadline."""
    end = time.monotonic() + deadline_s
    while True:
        answer = probe()
        if answer:
            return answer
        if time.monotonic() > end:
            raise Failed(f"waited {deadline_s} s for {what}")
        time.sleep(every_s)


class Box:
    def __init__(self, root, log, binds=None):
        self.root, self.log, self.binds = pathlib.Path(root), log, binds or {}
        self.nspawn = None
        self.init = None  # pid of the box's PID 1, as this machine sees it

    # --- power ---
    def power_on(self):
        self.nspawn = subprocess.Popen(
            ["systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--private-network", "--directory", str(self.root),
             *(f"--bind={source}:{target}" for source, target in self.binds.items()), "--boot"],
            stdin=subprocess.DEVNULL, stdout=open(self.log, "ab"), stderr=subprocess.STDOUT)
        self.wait_booted()

    def wait_booted(self):
        def booted():
            if self.nspawn.poll() is not None:
                raise Failed(f"the container ended: {self.log}")
            children = pathlib.Path(f"/proc/{self.nspawn.pid}/task/{self.nspawn.pid}/children").read_text().split()
            if not children:
                return False
            self.init = children[0]
            answer = self.run("systemctl is-system-running", check=False)
            return answer.stdout.strip() in ("running", "degraded")
        until("the box to be up", booted)

    def reboot(self):
        self.run("systemctl reboot", check=False)
        code = self.nspawn.wait(DEADLINE_S)
        if code != 133:  # with --keep-unit, "start me again"
            raise Failed(f"the container ended with {code} instead of rebooting")
        self.power_on()

    def power_off(self):
        if self.nspawn is None or self.nspawn.poll() is not None:
            return
        os.kill(self.nspawn.pid, signal.SIGTERM)  # nspawn asks PID 1 to power off
        try:
            self.nspawn.wait(30)
        except subprocess.TimeoutExpired:
            self.nspawn.kill()
            self.nspawn.wait(30)

    # --- commands ---
    def _enter(self, command, whole):
        spaces = ["--mount", "--uts", "--ipc", "--net", "--pid"] if whole else ["--net"]
        return ["nsenter", "--target", str(self.init), *spaces, *(["--root"] if whole else []), "--", *command]

    def run(self, command, check=True, input=None, timeout=DEADLINE_S, env=None):
        """A shell line as root in the box."""
        lines = "".join(f"export {name}={value}; " for name, value in (env or {}).items())
        done = subprocess.run(self._enter(["/usr/bin/env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LC_ALL=C.UTF-8",
                                           "DEBIAN_FRONTEND=noninteractive", "/bin/sh", "-c", "cd /; " + lines + command], whole=True),
                              input=input, capture_output=True, text=True, timeout=timeout)
        if check and done.returncode != 0:
            raise Failed(f"{command!r} ended with {done.returncode}:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
        return done

    def start(self, command):
        """The same, but it runs on; the caller waits for it."""
        return subprocess.Popen(self._enter(["/usr/bin/env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LC_ALL=C.UTF-8",
                                             "/bin/sh", "-c", "cd /; " + command], whole=True),
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def peer(self, arguments, **kwargs):
        """A program of this machine, within the box's network."""
        return subprocess.run(self._enter([str(a) for a in arguments], whole=False), capture_output=True, text=True, **kwargs)

    # --- files ---
    def path(self, name):
        return self.root / name.lstrip("/")

    def put(self, name, text, mode=0o644):
        path = self.path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(mode)

    def copy_in(self, source, name):
        shutil.copy(source, self.path(name))

    # --- the service manager ---
    def show(self, unit, field):
        return self.run(f"systemctl show -P {field} {unit}").stdout.strip()

    def main_pid(self, unit="holdfast"):
        return int(self.show(unit, "MainPID"))

    def host_pid(self, pid):
        """The box's pid as this machine's."""
        for status in pathlib.Path("/proc").glob("[0-9]*/status"):
            with contextlib.suppress(OSError):
                for line in status.read_text().splitlines():
                    if line.startswith("NSpid:"):
                        numbers = line.split()[1:]
                        same_box = os.readlink(status.parent / "ns/net") == os.readlink(f"/proc/{self.init}/ns/net")
                        if len(numbers) > 1 and numbers[-1] == str(pid) and same_box:
                            return int(numbers[0])
        raise Failed(f"no process {pid} in the box")

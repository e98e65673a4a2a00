"""The program under test: started, killed and started again on the same data."""
import os
import pathlib
import signal
import subprocess
import tempfile
import threading
import time

from contract import ROOT, Stopped, Violation


def program_path(named=None):
    """The tandem program: named, or of the build in TANDEM_BUILD, or the newest build there is."""
    if named:
        return pathlib.Path(named)
    builds = [os.environ["TANDEM_BUILD"]] if "TANDEM_BUILD" in os.environ else [
        ROOT / "build" / "release", ROOT / "build" / "dev"]
    found = [path for build in builds
             if (path := pathlib.Path(build) / "services" / "tandem" / "tandem").is_file()]
    if not found:
        raise SystemExit(f"no program at {builds}/services/tandem/tandem: build it, set "
                         "TANDEM_BUILD, or name it with --program")
    return max(found, key=lambda path: path.stat().st_mtime)


class Server:
    """`tandem serve` on a folder. target() waits while it is down."""

    def __init__(self, program, data, start_seconds=60, extra=()):
        self.program = str(program)
        self.data = str(data)
        self.extra = list(extra)
        self.environment = None  # Set for the process, beside ours.
        self.wrapper = []  # A command before the program's, which it becomes.
        self.security = ["--insecure"]
        self.listen = "127.0.0.1:0"
        self.start_seconds = start_seconds
        self.starts = 0
        self.kills = 0
        self.slowest_start = 0.0
        self._process = None
        self._target = None
        self._stopped = False
        self._meant_to_run = False
        self.died = False
        self._changed = threading.Condition()
        self.log_path = pathlib.Path(tempfile.mkstemp(prefix="tandem-serve-", suffix=".log")[1])

    def spawn(self):
        """Starts the process and does not wait until it serves."""
        self._port_file = tempfile.mktemp(prefix="tandem-port-")
        self.starts += 1
        with open(self.log_path, "ab") as log:
            self._process = subprocess.Popen(
                [*self.wrapper, self.program, "serve", "--data", self.data,
                 "--listen", self.listen, *self.security, "--port-file", self._port_file,
                 *self.extra],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env={**os.environ, **(self.environment or {})})

    def has_port(self):
        """Whether it has written its port."""
        return bool(os.path.exists(self._port_file) and open(self._port_file).read().strip())

    def running(self):
        return self._process.poll() is None

    def pid(self):
        """Of the process that runs now, or ran last."""
        return self._process.pid

    def exit_code(self):
        return self._process.returncode

    def attach(self):
        """Lets callers in, once there is a port."""
        port = open(self._port_file).read().strip().rsplit(":", 1)[-1]
        os.unlink(self._port_file)
        with self._changed:
            self._target = f"127.0.0.1:{port}"
            self._changed.notify_all()

    def start(self):
        """Starts it and waits until it has a port."""
        began = time.monotonic()
        self.spawn()
        while not self.has_port():
            if not self.running():
                raise Violation(f"the server ended by itself with {self.exit_code()} at start; its "
                                f"last words:\n{self.last_words()}")
            if time.monotonic() - began > self.start_seconds:
                raise Violation(f"the server had no port after {self.start_seconds} s; its last "
                                f"words:\n{self.last_words()}")
            time.sleep(0.01)
        self._meant_to_run = True
        self.attach()
        self.slowest_start = max(self.slowest_start, time.monotonic() - began)

    def kill(self, expect_running=True):
        """SIGKILL; what it had not yet written is gone."""
        if self.died or (expect_running and not self.running()):
            raise Violation(f"the server ended by itself with {self._process.returncode}; its last "
                            f"words:\n{self.last_words()}")
        self._meant_to_run = False
        with self._changed:
            self._target = None
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()
        self.kills += 1

    def terminate(self, seconds=30):
        """SIGTERM; its exit code."""
        self._meant_to_run = False
        with self._changed:
            self._target = None
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(timeout=seconds)

    def watch(self):
        """A server that ends by itself ends the run: callers would wait for ever."""
        def look():
            while not self._stopped:
                if self._meant_to_run and not self.running() and self._meant_to_run:
                    self.died = True
                    self.end()
                time.sleep(0.1)
        threading.Thread(target=look, daemon=True).start()

    def end(self):
        """Wakes who waits in target(), and ends the process."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()

    def target(self):
        """Host and port; raises Stopped once the run is over."""
        with self._changed:
            while self._target is None and not self._stopped:
                self._changed.wait()
            if self._stopped:
                raise Stopped()
            return self._target

    def last_words(self, lines=20):
        """The end of what it wrote to its log."""
        text = self.log_path.read_text(errors="replace").splitlines()
        return "\n".join("    " + line for line in text[-lines:])

"""The contract as Python sees it: stubs generated from proto/ alone, and calls with their outcome.

Nothing here knows the server's code. A call has one of three outcomes: an answer, a refusal (with
its stable reason), or none (the server died, or it is not known whether it did it).
"""
import atexit
import dataclasses
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import uuid

import grpc

ROOT = pathlib.Path(__file__).resolve().parents[2]


def _generate():
    folder = tempfile.mkdtemp(prefix="tandem-stubs-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    protos = [str(path) for path in sorted((ROOT / "proto").rglob("*.proto"))]
    subprocess.run(
        ["protoc", "-I", str(ROOT / "proto"), "--python_out", folder, "--grpc_python_out", folder,
         "--plugin=protoc-gen-grpc_python=/usr/bin/grpc_python_plugin", *protos], check=True)
    sys.path.insert(0, folder)


_generate()
# pylint: disable=wrong-import-position
from google.rpc import error_details_pb2, status_pb2  # noqa: E402
from google.type import date_pb2  # noqa: E402
from tandem.exchange.v1 import exchange_pb2 as ex  # noqa: E402
from tandem.exchange.v1 import exchange_pb2_grpc as ex_grpc  # noqa: E402
from tandem.exchange.v1 import facts_pb2 as ex_facts  # noqa: E402
from tandem.feed.v1 import feed_pb2 as feed  # noqa: E402
from tandem.feed.v1 import feed_pb2_grpc as feed_grpc  # noqa: E402
from tandem.forecast.v1 import forecast_pb2 as fc  # noqa: E402
from tandem.forecast.v1 import forecast_pb2_grpc as fc_grpc  # noqa: E402
from tandem.governance.v1 import facts_pb2 as gov_facts  # noqa: E402
from tandem.governance.v1 import governance_pb2 as gov  # noqa: E402
from tandem.governance.v1 import governance_pb2_grpc as gov_grpc  # noqa: E402

EPOCH = 719163  # date.toordinal() of 1970-01-01.


def date(day):
    """Days since 1970-01-01 as google.type.Date."""
    import datetime
    as_date = datetime.date.fromordinal(day + EPOCH)
    return date_pb2.Date(year=as_date.year, month=as_date.month, day=as_date.day)


@dataclasses.dataclass
class Refused:
    """The server's answer was no."""
    code: grpc.StatusCode
    reason: str
    message: str


class Unknown(Exception):
    """No answer: the command may or may not have been done."""


class Stopped(Exception):
    """The run is over."""


class Violation(Exception):
    """The server broke a promise."""


# Nothing was done, or nobody knows: the same request again gets the first outcome.
RETRIED = {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED,
           grpc.StatusCode.CANCELLED, grpc.StatusCode.RESOURCE_EXHAUSTED}


def is_retried(error):
    """Whether an RpcError is no answer. gRPC may call a broken connection UNKNOWN."""
    return error.code() in RETRIED or (error.code() == grpc.StatusCode.UNKNOWN
                                       and "Stream removed" in (error.details() or ""))


def refusal(error):
    """What an RpcError says, with the reason from google.rpc.ErrorInfo."""
    reason = ""
    for key, value in error.trailing_metadata() or ():
        if key == "grpc-status-details-bin":
            status = status_pb2.Status.FromString(value)
            for detail in status.details:
                info = error_details_pb2.ErrorInfo()
                if detail.Unpack(info):
                    reason = info.reason
    return Refused(error.code(), reason, error.details() or "")


def request_id(rng):
    """A UUID from the run's own generator, so that a seed repeats it."""
    return str(uuid.UUID(int=rng.getrandbits(128), version=4))


class Firm:
    """One principal's calls. Every thread has its own, and so its own connection."""

    def __init__(self, server, firm, principal="bot"):
        self.server = server
        self.firm = firm
        self.metadata = (("tandem-firm", firm), ("tandem-principal", principal))
        self._target = None
        self._channel = None

    def channel(self):
        """To the server as it is now; waits while it is down."""
        target = self.server.target()
        if target != self._target:
            if self._channel is not None:
                self._channel.close()
            self._target = target
            self._channel = self.connect(target, [
                ("grpc.max_receive_message_length", 64 << 20),
                ("grpc.initial_reconnect_backoff_ms", 50), ("grpc.max_reconnect_backoff_ms", 200),
                ("grpc.use_local_subchannel_pool", 1)])
        return self._channel

    def connect(self, target, options):
        """A new channel."""
        return grpc.insecure_channel(target, options=options)

    def close(self):
        """Ends the connection and every stream on it."""
        if self._channel is not None:
            self._channel.close()
        self._channel = self._target = None

    def try_call(self, stub, method, request, timeout=10):
        """The answer, or Refused; raises Unknown where there was none."""
        call = getattr(stub(self.channel()), method)
        try:
            return call(request, metadata=self.metadata, timeout=timeout)
        except (grpc.RpcError, ValueError) as error:
            return _outcome(error)

    def call(self, stub, method, request, retries=None, timeout=10):
        """As try_call, again and again with the same request until there is an answer."""
        tries = 0
        while True:
            try:
                return self.try_call(stub, method, request, timeout)
            except Unknown:
                tries += 1
                if retries is not None and tries > retries:
                    raise
                time.sleep(0.02)

    def read(self, stub, method, request, timeout=20):
        """All messages of a streamed read, whole or Refused; read again where it broke."""
        while True:
            call = getattr(stub(self.channel()), method)
            try:
                return list(call(request, metadata=self.metadata, timeout=timeout))
            except (grpc.RpcError, ValueError) as error:
                try:
                    return _outcome(error)
                except Unknown:
                    time.sleep(0.02)


def _outcome(error):
    # A channel that another thread closed while the server was away.
    if isinstance(error, ValueError):
        raise Unknown(str(error)) from error
    if is_retried(error):
        raise Unknown(error.details()) from error
    return refusal(error)


def accepted(result, what):
    """The answer of a command that must be accepted."""
    if isinstance(result, Refused):
        raise Violation(f"{what} was refused: {result.code.name} {result.reason}: {result.message}")
    return result


def check(holds, what):
    """A promise."""
    if not holds:
        raise Violation(what)


class Tally:
    """Counts of the run, by name; safe on any thread."""

    def __init__(self):
        self._lock = threading.Lock()
        self.counts = {}

    def add(self, name, count=1):
        with self._lock:
            self.counts[name] = self.counts.get(name, 0) + count

    def of(self, name):
        with self._lock:
            return self.counts.get(name, 0)


def generator(seed, name):
    """A generator of its own for each part, so that threads do not disturb each other."""
    return random.Random(f"{seed}/{name}")

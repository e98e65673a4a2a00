"""Followers of the feed: they keep the last message's cursor and go on from it after a kill."""
import threading
import time

import grpc

from contract import Firm, Stopped, Violation, check, ex_facts, feed, feed_grpc, is_retried, refusal


class Follower:
    """One firm's feed in a thread of its own, from the first fact on."""

    def __init__(self, server, firm, caller=None):
        self.firm = firm
        self.records = []
        self.resumes = 0
        self.failure = None
        self._caller = caller or Firm(server, firm)
        self._cursor = b""
        self._ended = False
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self):
        self._thread.start()

    def stop(self):
        """Ends the stream; what was followed stays."""
        self._ended = True
        self._caller.close()
        self._thread.join(timeout=10)

    def settle(self, quiet_seconds=2.0, seconds=120):
        """Waits until nothing more comes."""
        count, since, began = -1, time.monotonic(), time.monotonic()
        while time.monotonic() - since < quiet_seconds:
            if self.failure is not None:
                raise self.failure
            if time.monotonic() - began > seconds:
                raise Violation(f"{self.firm}'s feed does not come to rest")
            if len(self.records) != count:
                count, since = len(self.records), time.monotonic()
            time.sleep(0.05)

    def until(self, holds, what, seconds=60):
        """Waits until `holds` is true of the records: on a busy machine they may take their time."""
        deadline = time.monotonic() + seconds
        while not holds(self.records):
            if self.failure is not None:
                raise self.failure
            if time.monotonic() > deadline:
                raise Violation(f"{self.firm}'s feed does not bring {what}: {self.records}")
            time.sleep(0.02)

    def _run(self):
        try:
            while not self._ended:
                try:
                    self._follow()
                except grpc.RpcError as error:
                    if not is_retried(error):
                        why = refusal(error)
                        raise Violation(f"{self.firm}'s feed was refused: {why}") from error
                except ValueError:
                    pass  # The channel was closed.
                if not self._ended:
                    self.resumes += 1
                    time.sleep(0.02)
        except Stopped:
            pass
        except Violation as failure:
            self.failure = failure

    def _follow(self):
        stub = feed_grpc.FeedServiceStub(self._caller.channel())
        request = feed.FollowRequest(cursor=self._cursor, from_start=not self._cursor)
        for message in stub.Follow(request, metadata=self._caller.metadata):
            for record in message.records:
                number = len(self.records) + 1
                check(record.number == number,
                      f"{self.firm}'s feed gave record {record.number} where {number} is next")
                self.records.append(record)
            # As a consumer does: what was worked through and the cursor are kept together.
            self._cursor = message.cursor


def stock_reports(records):
    """(location, item, day, value) of single reports in a feed's order, with their instants."""
    found = []
    for record in records:
        if not record.fact.Is(ex_facts.SeriesSeen.DESCRIPTOR):
            continue
        seen = ex_facts.SeriesSeen()
        record.fact.Unpack(seen)
        series = seen.series
        if series.measure != 2:
            continue
        for run, item in enumerate(series.run_item):
            length = series.run_length[run] if series.run_length else 1
            check(length == 1, "a single report has one day")
            found.append((seen.location, series.items[item], series.run_first_day[run],
                          series.value_milli[run], record.accept_time.ToNanoseconds()))
    return found


def facts_of(records, message):
    """The facts of one kind, in order, with their instants."""
    found = []
    for record in records:
        if record.fact.Is(message.DESCRIPTOR):
            fact = message()
            record.fact.Unpack(fact)
            found.append((fact, record.accept_time.ToNanoseconds()))
    return found


def read_whole(server, firm, records_min, seconds=120):
    """The firm's feed from the first fact on, by a new subscription; at least so many records."""
    fresh = Follower(server, firm)
    fresh.start()
    began = time.monotonic()
    while len(fresh.records) < records_min and time.monotonic() - began < seconds:
        if fresh.failure is not None:
            raise fresh.failure
        time.sleep(0.05)
    fresh.settle(quiet_seconds=1.0)
    fresh.stop()
    return fresh.records


def same_facts(one, other):
    """Whether two readings of a feed hold the same facts, each as often."""
    def counts(records):
        found = {}
        for record in records:
            key = (record.accept_time.ToNanoseconds(), record.actor_firm, record.fact.type_url,
                   record.fact.value)
            found[key] = found.get(key, 0) + 1
        return found
    return counts(one) == counts(other)


"""Runs the program and counts what does not hold."""
import argparse
import pathlib
import subprocess
import sys
import tempfile


class Harness:
    def __init__(self, program, folder):
        self.program = program
        self.folder = pathlib.Path(folder)
        self.failures = []
        self._runs = 0

    def expect(self, what, holds, detail=""):
        print(("ok      " if holds else "FAILED  ") + what)
        if not holds:
            self.failures.append(what)
            print(detail)

    def run(self, *options):
        command = [self.program, "forecast", "backtest", *(str(option) for option in options)]
        return subprocess.run(command, capture_output=True, text=True, timeout=300)

    def fresh(self, name):
        """A folder that no run has had before."""
        self._runs += 1
        path = self.folder / f"{name}-{self._runs}"
        path.mkdir()
        return path

    def refused(self, what, words, *options):
        """The program ends with an error that says all of `words`, and writes nothing."""
        out = self.folder / f"refused-{len(list(self.folder.iterdir()))}"
        ran = self.run(*options, "--out", out)
        said = all(word in ran.stderr for word in words)
        self.expect(f"refuses {what}", ran.returncode not in (0, -6, -11) and said and not out.exists(),
                    f"exit {ran.returncode}, wanted {words}, said:\n{ran.stderr}")


def files_of(folder):
    return {path.name: path.read_bytes() for path in pathlib.Path(folder).iterdir()}


def main(tests, **parts):
    """Runs `tests`, or with --part one of the parts, which are tests apart."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True)
    parser.add_argument("--part", choices=parts)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        harness = Harness(arguments.program, folder)
        (parts[arguments.part] if arguments.part else tests)(harness)
    print(f"{len(harness.failures)} failed")
    sys.exit(1 if harness.failures else 0)

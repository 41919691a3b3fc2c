"""tools/acceptance at a tenth: what a caller hears, and when, after a live voice has died. The full counts: tools/soak."""
import subprocess
import sys

from harness import BUILD, ROOT


def test_the_promise_of_the_ladder_holds():
    run = subprocess.run([sys.executable, ROOT / "tools" / "acceptance", "--build", BUILD, "--calls", "25", "--rounds", "4"],
                         capture_output=True, text=True, timeout=300)
    print(run.stdout, run.stderr)
    assert run.returncode == 0

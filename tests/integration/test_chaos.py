"""tools/chaos at a tenth: fifty callers, and a fault somewhere every few seconds, a minute long."""
import subprocess
import sys

from harness import BUILD, ROOT


def test_a_minute_of_chaos_leaves_nobody_in_silence_and_loses_nothing():
    run = subprocess.run([sys.executable, ROOT / "tools" / "chaos", "--build", BUILD, "--calls", "50", "--minutes", "1", "--seed", "7"],
                         capture_output=True, text=True, timeout=380)
    print(run.stdout, run.stderr)
    assert run.returncode == 0

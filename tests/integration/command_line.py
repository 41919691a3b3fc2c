"""What the programs say of themselves: their --help, read once and recursively."""
import functools
import os
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("HOLDFAST_BUILD", ROOT / "build" / "dev"))
PROGRAMS = {
    "holdfastd": BUILD / "daemon" / "holdfastd",
    "holdfastctl": BUILD / "tools" / "holdfastctl" / "holdfastctl",
    "holdfast-sim": BUILD / "tools" / "holdfast-sim" / "holdfast-sim",
    "incident-eval": BUILD / "tools" / "incident-eval" / "incident-eval",
}


@functools.lru_cache(maxsize=None)
def help_of(program, path=()):
    run = subprocess.run([PROGRAMS[program], *path, "--help"], capture_output=True, text=True, timeout=30)
    assert run.returncode == 0 and not run.stderr, (program, path, run.stderr)
    return run.stdout


def options_of(program, path=()):
    """Every option, short and long: from the list of them, or, where there is none, from the usage line."""
    text = help_of(program, path)
    named = [name for line in re.findall(r"^  (-\S+)", text, re.M) for name in line.split(",")]
    return set(named or re.findall(r"(?<![\w-])--?[a-z][a-z-]*", text.splitlines()[0]))


def subcommands_of(program, path=()):
    found = re.search(r"^Subcommands:\n((?:  .*\n?)+)", help_of(program, path), re.M)
    return re.findall(r"^  (\S+)", found.group(1), re.M) if found else []


def commands_of(program, path=()):
    """Every command as the words behind the program's name, the program itself first."""
    yield path
    for word in subcommands_of(program, path):
        yield from commands_of(program, (*path, word))


def exit_codes_of(program):
    text = re.sub(r"\s+", " ", help_of(program).split("Exit codes:")[1].split("\n\n")[0])
    return {int(number) for number in re.findall(r"(?:^|[ ,])(\d+) [a-z]", text)}

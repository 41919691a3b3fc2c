"""Completion offers every command and option of --help, and no other."""
import re
import shlex
import subprocess

import pytest

from command_line import PROGRAMS, ROOT, commands_of, options_of, subcommands_of

COMPLETED = [program for program in PROGRAMS if (ROOT / "etc" / "completions" / f"{program}.bash").exists()]
ASK = """
compopt() { :; }
PROGRAM() { :; }   # there is no daemon to ask for its calls
source SCRIPT
COMP_WORDS=(WORDS)
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
$(complete -p PROGRAM | sed 's/.*-F \\([^ ]*\\) .*/\\1/')
printf '%s\\n' "${COMPREPLY[@]}"
"""


def offered(program, *before, typed=""):
    script = ASK.replace("PROGRAM", program).replace("SCRIPT", str(ROOT / "etc" / "completions" / f"{program}.bash"))
    script = script.replace("WORDS=(WORDS)", "WORDS=(" + shlex.join((program, *before, typed)) + ")")
    run = subprocess.run(["bash", "--norc", "-c", script], capture_output=True, text=True, timeout=30)
    assert run.returncode == 0 and run.stderr == "", run.stderr
    return {word for word in run.stdout.split("\n") if word}


def test_the_programs_that_people_type_are_completed():
    assert set(COMPLETED) >= {"holdfastd", "holdfastctl", "holdfast-sim"}


@pytest.mark.parametrize("program", COMPLETED)
def test_every_command_is_offered_where_it_is_typed(program):
    for path in commands_of(program):
        words = {word for word in offered(program, *path) if not word.startswith("-")}
        if subcommands_of(program, path):
            assert set(subcommands_of(program, path)) <= words, (program, path)
    if subcommands_of(program):
        assert {word for word in offered(program) if not word.startswith("-")} == set(subcommands_of(program))


@pytest.mark.parametrize("program", COMPLETED)
def test_every_option_is_offered_and_no_other(program):
    family = {}  # options of a command and of all below it: a family is completed as one
    for path in commands_of(program):
        for n in range(len(path) + 1):
            family.setdefault(path[:n], set()).update(options_of(program, path))
    for path in commands_of(program):
        known = family[path[:1]] | options_of(program)
        options = offered(program, *path, typed="--")
        missing = {option for option in options_of(program, path) if option.startswith("--")} - options
        assert not missing, (program, path)
        assert options <= known, (program, path)


@pytest.mark.parametrize("program", COMPLETED)
def test_what_is_typed_narrows_what_is_offered(program):
    options = offered(program, typed="--v")
    assert options and all(re.match("--v", option) for option in options)

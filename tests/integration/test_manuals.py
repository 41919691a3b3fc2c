"""The manual pages say what the programs can do: every option and command of --help, and no other."""
import os
import re
import shutil
import subprocess

import pytest

from command_line import PROGRAMS, ROOT, commands_of, exit_codes_of, options_of, subcommands_of

PAGES = {"holdfastd": "holdfastd.8", "holdfastctl": "holdfastctl.1", "holdfast-sim": "holdfast-sim.1", "incident-eval": "incident-eval.1"}
ALL_PAGES = sorted(path for path in (ROOT / "debian").iterdir() if re.fullmatch(r".*\.[1-8]", path.name))
EVERYWHERE = {"-h", "--help"}  # said once for all commands


def source(name):
    """A page, with roff's hyphens as they are read and without its comments."""
    text = (ROOT / "debian" / name).read_text()
    return "\n".join(line for line in text.splitlines() if not line.startswith('.\\"')).replace("\\-", "-")


def section(text, title):
    return re.split(r"^\.Sh .*\n", text.split(f".Sh {title}\n")[1], flags=re.M)[0]


def options_in(text):
    """Options as mdoc has them: `.Fl -name`, `.Fl v | -verbose`, `.It Fl -a , Fl -b`."""
    found = set()
    for line in text.splitlines():
        if not line.startswith("."):
            continue
        for run in re.findall(r"\bFl ((?:-?[a-z][a-z-]*)(?: \| -?[a-z][a-z-]*)*)", line):
            found |= {"-" + name for name in run.split(" | ")}
    return found


def places_of(program, path, text):
    """What the page has of one command: its forms in the synopsis, and a subsection of its name where there is one."""
    words = " ".join(path)
    forms = [form for form in re.split(r"^\.Nm\n", section(text, "SYNOPSIS"), flags=re.M)
             if re.search(rf"^\.Cm {re.escape(words)}$", form, re.M)]
    sub = re.search(rf"^\.Ss {re.escape(f'{program} {words}')}\n((?:(?!\.S[sh] ).*\n?)*)", text, re.M)
    return forms, sub.group(1) if sub else ""


def test_every_option_of_help_stands_in_the_manual_and_the_reverse():
    for program, name in PAGES.items():
        text = source(name)
        known = set().union(*(options_of(program, path) for path in commands_of(program)))
        assert options_in(text) == known, program


def test_every_command_stands_in_the_manual_with_the_options_it_takes():
    for program in PAGES:
        text = source(PAGES[program])
        common = options_of(program)
        for path in commands_of(program):
            if not path or subcommands_of(program, path):
                continue
            forms, sub = places_of(program, path, text)
            assert forms, f"{program} {' '.join(path)} is not in the synopsis"
            takes = set().union(*(options_of(program, path[:n]) for n in range(1, len(path) + 1)))
            said = options_in("\n".join(forms)) | options_in("\n".join(re.findall(r"^\.It .*", sub, re.M)))
            assert takes - said <= EVERYWHERE, f"{program} {' '.join(path)}: not in the manual"
            assert said <= takes | common, f"{program} {' '.join(path)}: not in --help"


def test_every_command_in_the_synopsis_exists():
    for program in PAGES:
        synopsis = section(source(PAGES[program]), "SYNOPSIS")
        commands = {" ".join(path) for path in commands_of(program)}
        assert {words for words in re.findall(r"^\.Cm (.*)$", synopsis, re.M)} <= commands, program


def test_exit_codes_are_those_of_help():
    for program, name in PAGES.items():
        listed = {int(code) for code in re.findall(r"^\.It (\d+)$", section(source(name), "EXIT STATUS"), re.M)}
        assert listed == exit_codes_of(program), program
    constants = re.findall(r"k_exit_\w+ = (\d+);", (ROOT / "daemon" / "app" / "exit_codes.hpp").read_text())
    assert {int(code) for code in constants} == exit_codes_of("holdfastd")


def test_exit_codes_are_those_of_the_programs(tmp_path):
    def code(program, *arguments):
        return subprocess.run([PROGRAMS[program], *arguments], capture_output=True, timeout=30, cwd=tmp_path).returncode

    for program in PROGRAMS:
        assert code(program, "--no-such-option") == 64
    assert code("holdfastd", "--check-config", "--config", "missing.yaml") == 78
    assert code("holdfastctl", "--admin", "http://127.0.0.1:1", "status") == 2
    assert code("holdfastctl", "check", "missing.yaml") == 1
    assert code("holdfast-sim", "call", "--token-file", "missing") == 2
    assert code("incident-eval", "missing.jsonl") == 66
    (tmp_path / "bad.jsonl").write_text("no JSON\n")
    assert code("incident-eval", "bad.jsonl") == 1


@pytest.mark.parametrize("page", ALL_PAGES, ids=lambda page: page.name)
def test_a_page_is_formatted_without_a_warning(page):
    formatted = subprocess.run(["groff", "-ww", "-mandoc", "-Tutf8", page], capture_output=True, text=True, timeout=60)
    assert formatted.returncode == 0 and formatted.stderr == ""
    assert "HOLDFAST" in formatted.stdout or "INCIDENT" in formatted.stdout
    man = subprocess.run(["man", "--warnings=w", "-l", page], capture_output=True, text=True, timeout=60,
                         env={**os.environ, "LC_ALL": "C.UTF-8", "MANPAGER": "cat"})
    assert man.returncode == 0 and man.stderr == ""


@pytest.mark.parametrize("page", ALL_PAGES, ids=lambda page: page.name)
def test_options_are_written_with_the_hyphen_that_can_be_copied(page):
    for line in page.read_text().splitlines():
        assert not re.search(r"\bFl -", line), line
        if line.startswith((".Dl", ".Ql")):
            assert not re.search(r"(?<![\\\w-])-{1,2}[a-z]", line), line


def test_the_operators_guide_explains_every_event():
    events = dict(re.findall(r'Event (\w+)\{"([^"]+)"', (ROOT / "daemon" / "log" / "events.hpp").read_text()))
    assert len(events) > 40
    logs = re.sub(r"\s+", " ", section(source("holdfast.7"), "LOG LINES"))
    missing = [name for name, sentence in events.items() if f".It {sentence} ." not in logs + " ."
               and f".It {sentence} " not in logs]
    assert not missing, missing


def test_the_operators_guide_explains_every_part_of_readyz():
    status = (ROOT / "daemon" / "http" / "status.cpp").read_text()
    parts = set(re.findall(r'^\s+(?:Part part|return )?\{"(\w+)",', status, re.M))
    assert {"store", "voice", "certificate", "draining"} <= parts
    table = section(source("holdfast.7"), "WHAT READYZ SAYS")
    for part in parts:
        assert re.search(rf"^\.It Cm {part}$", table, re.M), part
    for word in set(re.findall(r'detail = (?:[^;"]*\? )?"(\w+)"', status)):
        assert re.search(rf"\b{word}\b", table), word


def test_the_operators_guide_names_metrics_and_commands_that_exist():
    guide = source("holdfast.7")
    catalog = (ROOT / "daemon" / "metrics" / "catalog.hpp").read_text()
    named = set(re.findall(r"\bholdfast_[a-z_]+", guide))
    assert named
    for metric in named:
        assert f'"{metric}"' in catalog, metric
    commands = {path[0] for path in commands_of("holdfastctl") if path}
    # These come from parts of the tool that have tests of their own.
    announced = set()
    for word in re.findall(r"\bholdfastctl(?: 1)?\n?[ .]+(?:Cm )?([a-z]+)", guide):
        assert word in commands | announced, word


def test_the_catalog_compiles_and_journalctl_knows_it(tmp_path):
    if not shutil.which("journalctl"):
        pytest.skip("no systemd here")
    source_file = ROOT / "systemd" / "holdfast.catalog"
    folder = tmp_path / "usr" / "lib" / "systemd" / "catalog"
    folder.mkdir(parents=True)
    shutil.copy(source_file, folder)

    def journalctl(*arguments):
        run = subprocess.run(["journalctl", f"--root={tmp_path}", *arguments], capture_output=True, text=True, timeout=60)
        assert run.returncode == 0 and run.stderr == "", run.stderr
        return run.stdout

    journalctl("--update-catalog")
    listed = dict(line.split(" ", 1) for line in journalctl("--list-catalog").splitlines())
    assert set(listed) == set(re.findall(r"^-- ([0-9a-f]{32})$", source_file.read_text(), re.M))
    assert all(entry.startswith("Holdfast: ") for entry in listed.values())
    assert "To do:" in journalctl("--dump-catalog")

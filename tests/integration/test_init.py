"""holdfastctl init: from nothing to a box that is set up, on a terminal and by a script."""
import asyncio
import json
import os
import pathlib
import pty
import signal
import stat
import subprocess
import sys
import tempfile
import termios

import pytest

from harness import CTL, DEADLINE_S, PERSON, make_certificates

TOKEN = "0123456789abcdef0123456789abcdef"
KEY = "sk-planted-marker-openai-key"
URL = "https://edge.psap.example"
SITE = "etc/holdfast/conf.d/10-site.yaml"
SECRETS = ("etc/credstore/holdfast.twilio_auth_token", "etc/credstore/holdfast.openai_api_key")


@pytest.fixture
def root():
    with tempfile.TemporaryDirectory(prefix="holdfast-test-") as folder:
        yield pathlib.Path(folder)


def init(root, *arguments, answers=()):
    ran = subprocess.run([str(CTL), "--json", "init", "--root", str(root), *arguments], input="".join(a + "\n" for a in answers),
                         capture_output=True, text=True, timeout=DEADLINE_S, umask=0o077)
    said = ran.stdout + ran.stderr
    assert TOKEN not in said and KEY not in said and PERSON not in said
    return ran.returncode, json.loads(ran.stdout) if ran.stdout else None, ran.stderr


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_a_script_answers_one_a_line(root):
    code, document, err = init(root, answers=["psap-1", URL, PERSON, TOKEN, KEY])
    assert code == 0 and document["problems"] == [], (document, err)
    assert document["written"] == [f"{root}/{each}" for each in (*SECRETS, SITE)]
    assert document["voice_url"] == URL + "/api/webhooks/voice#ct=1500&rt=3000&rc=1&rp=all"
    assert document["next"] == ["systemctl start holdfast.socket holdfast", "holdfastctl doctor", "holdfastctl twiml fallback"]
    text = (root / SITE).read_text()
    assert TOKEN not in text and KEY not in text and '"psap-1"' in text and "port:" not in text
    assert mode(root / SITE) == 0o644 and mode((root / SITE).parent) == 0o755
    for path, value in zip(SECRETS, (TOKEN, KEY)):
        assert (root / path).read_text() == value + "\n" and mode(root / path) == 0o600
    assert mode(root / "etc/credstore") == 0o700


def test_the_files_are_what_the_daemon_takes(root):
    make_certificates(root)
    code, document, err = init(root, "--certificate", str(root / "server.pem"), "--private-key", str(root / "server.key"),
                               answers=["psap-1", "https://edge.psap.example:8443", PERSON, TOKEN, ""])
    assert code == 0, err
    assert not (root / SECRETS[1]).exists()
    key = root / "etc/holdfast/tls/private_key.pem"
    assert key.read_bytes() == (root / "server.key").read_bytes() and mode(key) == 0o640
    drop_in = (root / "etc/systemd/system/holdfast.socket.d/10-site.conf").read_text()
    assert drop_in.endswith("[Socket]\nListenStream=\nListenStream=8443\n") and document["next"][0] == "systemctl daemon-reload"
    # Where the paths lead to what was written, nothing is left to complain about but what the package brings.
    site = (root / SITE).read_text()
    moved = root / "moved.yaml"
    moved.write_text(site.replace("/etc/holdfast/tls", str(root / "etc/holdfast/tls")))
    credentials = root / "credentials"
    credentials.mkdir()
    (credentials / "twilio_auth_token").symlink_to(root / SECRETS[0])
    checked = subprocess.run([str(CTL), "--json", "check", str(moved)], capture_output=True, text=True, timeout=DEADLINE_S,
                             env={**os.environ, "CREDENTIALS_DIRECTORY": str(credentials)})
    problems = {each["key"] for each in json.loads(checked.stdout)["problems"]}
    assert problems <= {"openai.instructions_file", "prompts.path"}, checked.stdout


def test_answers_may_be_options_but_secrets_only_files(root):
    for name, value in (("token", TOKEN), ("key", KEY)):
        (root / name).write_text(value + "\n")
    code, _, err = init(root, "--site", "psap-1", "--url", URL, "--person", PERSON, "--twilio-token-file", str(root / "token"),
                        "--openai-key-file", str(root / "key"))
    assert code == 0, err
    assert (root / SECRETS[1]).read_text() == KEY + "\n"


def test_nothing_is_replaced_unless_forced(root):
    answers = ["psap-1", URL, PERSON, TOKEN, KEY]
    assert init(root, answers=answers)[0] == 0
    before = {each: (root / each).read_bytes() for each in (SITE, *SECRETS)}
    code, _, err = init(root, answers=["psap-2", URL, PERSON, TOKEN[::-1], ""])
    assert code == 1 and "--force" in err, err
    (root / SITE).unlink()
    assert init(root, answers=answers)[0] == 1, "a secret is there"
    assert {each: (root / each).read_bytes() for each in SECRETS} == {each: before[each] for each in SECRETS}
    code, document, err = init(root, "--force", answers=["psap-2", URL, PERSON, TOKEN[::-1], ""])
    assert code == 0, err
    assert (root / SECRETS[0]).read_text() == TOKEN[::-1] + "\n"
    assert (root / SECRETS[1]).read_text() == KEY + "\n" and any("stays" in note for note in document["notes"])


@pytest.mark.parametrize("answers, word", [
    (["-x", URL, PERSON, TOKEN, KEY], "site"), (["psap-1", URL + "/", PERSON, TOKEN, KEY], "nothing may stand behind"),
    (["psap-1", URL, "911", TOKEN, KEY], "person"), (["psap-1", URL, PERSON, "two words", KEY], "white space"),
    (["psap-1", URL, PERSON, "", KEY], "an answer is needed"), (["psap-1", URL], "no answer")])
def test_a_wrong_answer_of_a_script_writes_nothing(root, answers, word):
    code, _, err = init(root, answers=answers)
    assert code == 1 and word in err, err
    assert not (root / "etc").exists()


def test_a_certificate_that_does_not_fit_its_key_writes_nothing(root):
    make_certificates(root)
    code, _, err = init(root, "--certificate", str(root / "server.pem"), "--private-key", str(root / "ca.key"))
    assert code == 1 and "certificate is refused" in err, err
    assert init(root, "--certificate", str(root / "server.pem"))[0] == 64
    assert not (root / "etc").exists()


class Terminal:
    """The command on a terminal of its own; what it shows is read as it comes."""

    def __init__(self, root, *arguments):
        self.master, slave = pty.openpty()
        self.process = subprocess.Popen([str(CTL), "init", "--root", str(root), *arguments], stdin=slave, stdout=slave, stderr=slave,
                                        start_new_session=True, preexec_fn=lambda: __import__("fcntl").ioctl(0, termios.TIOCSCTTY, 0))
        os.close(slave)
        self.shown = ""

    async def until(self, text):
        def read():
            while text not in self.shown[self.seen:]:
                try:
                    piece = os.read(self.master, 4096)
                except OSError:  # the other end is gone
                    piece = b""
                assert piece, f"it ended before '{text}': {self.shown}"
                self.shown += piece.decode()
            self.seen = self.shown.index(text, self.seen) + len(text)
        await asyncio.wait_for(asyncio.get_running_loop().run_in_executor(None, read), DEADLINE_S)
    seen = 0

    def say(self, text):
        os.write(self.master, (text + "\n").encode())

    def echoes(self):
        return bool(termios.tcgetattr(self.master)[3] & termios.ECHO)

    def ended(self):
        code = self.process.wait(DEADLINE_S)
        os.close(self.master)
        return code


def test_on_a_terminal_a_wrong_answer_is_asked_again_and_secrets_are_not_shown(root):
    async def story():
        terminal = Terminal(root)
        await terminal.until("Name of this box")
        await terminal.until(": ")
        terminal.say("-x")
        await terminal.until("expected")
        await terminal.until("Name of this box")
        terminal.say("psap-1")
        await terminal.until("How Twilio reaches it")
        terminal.say(URL)
        await terminal.until("people to dial")
        assert terminal.echoes()
        terminal.say(PERSON)
        await terminal.until("auth token (it is not shown): ")
        assert not terminal.echoes()
        terminal.say(TOKEN)
        await terminal.until("API key (it is not shown; may be left empty): ")
        assert not terminal.echoes()
        terminal.say(KEY)
        await terminal.until("At Twilio, the number's voice URL (POST):")
        await terminal.until("rp=all")
        assert terminal.echoes()
        assert terminal.ended() == 0
        assert TOKEN not in terminal.shown and KEY not in terminal.shown
        assert (root / SECRETS[0]).read_text() == TOKEN + "\n"
    asyncio.run(story())


def test_on_a_terminal_it_does_not_ask_for_ever_and_breaking_off_gives_the_echo_back(root):
    async def tries():
        terminal = Terminal(root)
        for _ in range(5):
            await terminal.until("Name of this box")
            terminal.say("-x")
        await terminal.until("holdfastctl: site:")
        assert terminal.ended() == 1
    asyncio.run(tries())

    async def broken_off():
        terminal = Terminal(root, "--site", "psap-1", "--url", URL, "--person", PERSON)
        await terminal.until("auth token (it is not shown): ")
        assert not terminal.echoes()
        os.write(terminal.master, b"\x03")
        assert terminal.process.wait(DEADLINE_S) == -signal.SIGINT
        assert terminal.echoes()
        os.close(terminal.master)
    asyncio.run(broken_off())
    assert not (root / "etc").exists()


if __name__ == "__main__":
    sys.exit(pytest.main([__file__]))

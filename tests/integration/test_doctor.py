"""`holdfastctl doctor` against a world that is well, and one broken thing at a time: each must be named with what to do about it. The
daemon, the simulators and small TLS servers are real; systemctl and timedatectl are scripts on the path."""
import asyncio
import http.server
import json
import os
import pathlib
import re
import shutil
import socket
import ssl
import subprocess
import threading
import time

import pytest

from harness import API_KEY, BUILD, CALLED, CTL, DAEMON, DEADLINE_S, PERSON, ROOT, TOKEN, make_certificates, scenario, within

SIM = BUILD / "tools" / "holdfast-sim" / "holdfast-sim"
ELEVEN_KEY = "el-planted-marker-provider-key"
REST_SECRET = "planted-marker-rest-secret"
ACCOUNT = "AC" + "0" * 32
MODELS = {"object": "list", "data": [{"id": "gpt-realtime-2.1", "object": "model"}]}
CHECK_LIMIT_S = 15


class Web:
    """HTTP over TLS (or in clear) whose answers the test gives: path to (status, document)."""

    def __init__(self, answers, certificate=None, key=None):
        self.answers, self.asked, self.authorizations = answers, [], []
        web = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                path = self.path.split("?")[0]
                web.asked.append(self.path)
                web.authorizations.append(self.headers.get("Authorization") or self.headers.get("xi-api-key"))
                status, document = web.answers.get(path, (404, {}))
                body = document if isinstance(document, bytes) else json.dumps(document).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_POST = do_GET

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            def handle_error(self, *_):
                pass  # a client that does not like the certificate

        self.server = Server(("127.0.0.1", 0), Handler)
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate, key)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


def certificates(folder, **options):
    if not (folder / "server.pem").exists():
        folder.mkdir(exist_ok=True)
        make_certificates(folder, **options)
    return folder / "server.pem", folder / "server.key", folder / "ca.pem"


def expired_certificate(folder):
    """make_certificates cannot reach into the past: valid for one day, ten days ago."""
    pem, key, ca = certificates(folder)
    (folder / "index.txt").write_text("")
    (folder / "serial").write_text("07\n")
    (folder / "ca.cnf").write_text("[ca]\ndefault_ca=d\n[d]\ndatabase=index.txt\nserial=serial\nnew_certs_dir=.\ndefault_md=sha256\n"
                                   "policy=p\n[p]\ncommonName=supplied\n")
    subprocess.run(["openssl", "ca", "-batch", "-config", "ca.cnf", "-in", "server.csr", "-cert", "ca.pem", "-keyfile", "ca.key", "-out",
                    "server.pem", "-startdate", "20260101000000Z", "-enddate", "20260102000000Z", "-extfile", "san.txt", "-notext"],
                   check=True, cwd=folder, capture_output=True)
    return pem, key, ca


def number(base, **changes):
    settings = {"voice_url": f"{base}/api/webhooks/voice#ct=1500&rt=3000&rc=1&rp=all", "voice_method": "POST",
                "voice_fallback_url": "https://handler.twilio.example/twiml/EH1", "status_callback": f"{base}/api/webhooks/status",
                "phone_number": CALLED, **changes}
    return {f"/2010-04-01/Accounts/{ACCOUNT}/IncomingPhoneNumbers.json": (200, {"incoming_phone_numbers": [settings]})}


class Site:
    """An installed box in a folder: configuration, secrets, a systemctl that says what the test wants."""

    def __init__(self, world):
        self.world, self.tmp = world, world.tmp
        self.keys = {}
        self.secrets = self.tmp / "credstore"
        self.secrets.mkdir(mode=0o700)
        self.secret("twilio_auth_token", TOKEN)
        self.bin = self.tmp / "bin"
        self.bin.mkdir()
        self.program("systemctl", 'case "$1" in is-active) echo active;; is-enabled) echo enabled;; esac')
        self.program("timedatectl", "echo yes")
        (self.tmp / "store").mkdir(mode=0o700)
        (self.tmp / "recordings").mkdir(mode=0o700)
        self.webs = []
        world.closing.append(self.stop)
        self.env = {"SSL_CERT_FILE": str(self.tmp / "front" / "ca.pem")}
        self.base_url = ""
        self.providers = {"openai": "{url: 'ws://127.0.0.1:9/v1/realtime', INSTRUCTIONS}", "elevenlabs": "{url: 'http://127.0.0.1:9'}"}
        self.twilio = "{}"
        self.rungs = "[openai, scripted, canned, person]"
        self.extra = ""

    async def stop(self):
        for web in self.webs:
            web.stop()

    def secret(self, name, text):
        path = self.secrets / f"holdfast.{name}"
        path.write_text(text)
        path.chmod(0o600)

    def program(self, name, script):
        path = self.bin / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    def web(self, answers, certificate=None, key=None):
        self.webs.append(Web(answers, certificate, key))
        return self.webs[-1]

    def openai(self, web, ca=None, host="127.0.0.1"):
        authority = f", ca_file: {ca}" if ca else ""
        self.providers["openai"] = f"{{url: 'wss://{host}:{web.port if web else 443}/v1/realtime'{authority}, INSTRUCTIONS}}"
        self.secret("openai_api_key", API_KEY)

    def eleven(self, web, ca=None):
        authority = f", ca_file: {ca}" if ca else ""
        self.providers["elevenlabs"] = f"{{url: 'https://127.0.0.1:{web.port}'{authority}}}"
        self.secret("elevenlabs_api_key", ELEVEN_KEY)

    def rest(self, web):
        self.twilio = (f"{{api_url: 'http://127.0.0.1:{web.port}', account_sid: {ACCOUNT}, api_key_sid: SK{'0' * 32}, "
                       f"numbers: ['{CALLED}']}}")
        self.secret("twilio_api_key_secret", REST_SECRET)

    def write(self, public_port=0, admin_port=0, certificate=None):
        pem, key, _ = certificate or certificates(self.tmp / "front")
        path = self.tmp / "holdfast.yaml"
        openai = self.providers["openai"].replace("INSTRUCTIONS", f"instructions_file: {ROOT}/etc/instructions.txt")
        path.write_text(f"""\
listen:
  public: {{address: 127.0.0.1, port: {public_port}, certificate: {pem}, private_key: {key}, base_url: '{self.base_url}'}}
  admin: {{address: 127.0.0.1, port: {admin_port}}}
twilio: {self.twilio}
openai: {openai}
elevenlabs: {self.providers['elevenlabs']}
person: {{number: "{PERSON}"}}
ladder: {{rungs: {self.rungs}, probe_interval_s: 0}}
recording: {{path: {self.tmp}/recordings}}
store: {{path: {self.tmp}/store/holdfast.db, runtime_path: {self.tmp}/run}}
prompts: {{path: {ROOT}/etc/prompts}}
{self.extra}
""")
        return path

    async def daemon(self):
        """The daemon behind the name `localhost`, at a port that is known only once it listens."""
        self.world.env = {"ELEVENLABS_API_KEY": ELEVEN_KEY}
        self.write()
        await self.world.start_daemon(ready=False)
        await self.world.logged(r"app: ready")
        self.world.public_port = int(self.world.log_field("public listener open", "port"))
        self.world.admin_port = int(self.world.log_field("admin listener open", "port"))
        self.base_url = f"https://localhost:{self.world.public_port}"

    async def doctor(self, *arguments, write=True):
        if write:
            self.write(self.world.public_port or 0, self.world.admin_port or 0)
        env = {k: v for k, v in os.environ.items() if not k.endswith(("_KEY", "_TOKEN", "CREDENTIALS_DIRECTORY"))}
        env |= {"PATH": f"{self.bin}:{env['PATH']}", **self.env}
        admin = ["--admin", f"http://127.0.0.1:{self.world.admin_port or 9}"]
        process = await asyncio.create_subprocess_exec(
            str(CTL), *admin, "doctor", "--config", str(self.tmp / "holdfast.yaml"), "--credentials", str(self.secrets),
            "--daemon", str(DAEMON), *arguments, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        out, _ = await within(process.communicate(), "the doctor")
        text = out.decode()
        for secret in (API_KEY, ELEVEN_KEY, REST_SECRET, TOKEN, CALLED, PERSON):
            assert secret not in text and secret.lstrip("+") not in text
        return process.returncode, text

    async def findings(self, *arguments, write=True):
        code, text = await self.doctor("--json", *arguments, write=write)
        document = json.loads(text)
        assert document["good"] == (code == 0), text
        for finding in document["findings"]:
            assert finding["verdict"] in ("ok", "warning", "bad", "not_checked") and finding["word"], finding
            if finding["verdict"] in ("bad", "warning"):
                assert finding["advice"], finding
        return document["findings"]


def find(findings, check, subject=None):
    found = [f for f in findings if f["check"] == check and (subject is None or f["subject"] == subject)]
    assert found, (check, subject, findings)
    return found


def one(findings, check, subject=None):
    found = find(findings, check, subject)
    assert len(found) == 1, found
    return found[0]


def bad(findings):
    return {(f["check"], f["subject"], f["word"]) for f in findings if f["verdict"] == "bad"}


async def simulator(world, *arguments):
    process = await asyncio.create_subprocess_exec(str(SIM), *arguments, "--quiet", stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)

    async def stop():
        process.terminate()
        await process.wait()
    world.closing.append(stop)
    line = (await within(process.stdout.readline(), "the simulator's first line")).decode()
    return int(re.search(r"listening on (\d+)", line).group(1))


@scenario
async def test_a_box_that_is_well_is_found_well(world):
    site = Site(world)
    provider = await simulator(world, "provider", "--key", API_KEY)
    speech = await simulator(world, "speech", "--key", ELEVEN_KEY)
    site.providers["openai"] = f"{{url: 'ws://127.0.0.1:{provider}/v1/realtime', INSTRUCTIONS}}"
    site.providers["elevenlabs"] = f"{{url: 'http://127.0.0.1:{speech}'}}"
    site.secret("openai_api_key", API_KEY)
    site.secret("elevenlabs_api_key", ELEVEN_KEY)
    await site.daemon()
    site.rest(site.web(number(site.base_url)))
    findings = await site.findings("--paid")
    of_this_machine = {(f["check"], f["subject"], f["word"]) for f in find(findings, "disk") if f["word"] in ("memory", "disk_nearly_full")}
    assert bad(findings) == of_this_machine, bad(findings)
    assert one(findings, "clock")["word"] == "synchronised"
    assert one(findings, "service", "unit")["word"] == "active"
    assert one(findings, "service", "daemon")["word"] == "ready"
    assert one(findings, "service", "version")["word"] == "same"
    assert one(findings, "key", "OpenAI")["word"] == one(findings, "key", "ElevenLabs")["word"] == "good"
    assert one(findings, "credit", "OpenAI")["word"] == one(findings, "credit", "ElevenLabs")["word"] == "good"
    assert one(findings, "prompts")["word"] == one(findings, "twilio")["word"] == "good"
    assert {f["word"] for f in find(findings, "public_door")} == {"good", "refuses"}
    assert {f["word"] for f in find(findings, "certificate")} >= {"valid", "chain_good"}
    code, text = await site.doctor()
    assert code == (1 if of_this_machine else 0) and re.search(r"^ok +prompts", text, re.M) and "not checked credit        OpenAI" in text


@scenario
async def test_a_certificate_that_has_expired(world):
    site = Site(world)
    pem, key, ca = expired_certificate(world.tmp / "old")
    web = site.web({}, pem, key)
    site.openai(web, ca)
    findings = await site.findings()
    tls = one(findings, "tls", "OpenAI")
    assert tls["word"] == "expired" and "clock" in tls["advice"]
    assert one(findings, "key", "OpenAI")["verdict"] == "not_checked" and not web.asked


@scenario
async def test_a_certificate_for_another_name(world):
    site = Site(world)
    pem, key, ca = certificates(world.tmp / "other", name="elsewhere.example")
    web = site.web({}, pem, key)
    site.openai(web, ca, host="localhost")
    tls = one(await site.findings(), "tls", "OpenAI")
    assert tls["word"] == "wrong_name" and "Another server answers in its place" in tls["advice"]
    assert not web.asked, "the key went to a stranger"


@scenario
async def test_somebody_who_opens_tls(world):
    site = Site(world)
    pem, key, _ = certificates(world.tmp / "firewall")
    web = site.web({"/v1/models": (200, MODELS)}, pem, key)
    site.openai(web)
    tls = one(await site.findings(), "tls", "OpenAI")
    assert tls["word"] == "intercepted" and "'Holdfast test CA'" in tls["seen"] and "exempted" in tls["advice"]
    assert not web.asked, "the key went to a stranger"


@pytest.mark.parametrize("status,document,word,advice", [
    (401, {"error": {"code": "invalid_api_key", "message": f"Incorrect API key: {API_KEY}"}}, "refused", "Make a new key"),
    (403, {"error": {"code": None}}, "forbidden", "permissions"),
    (429, {"error": {"code": "rate_limit_exceeded"}}, "rate_limited", "higher limit"),
    (429, {"error": {"code": "insufficient_quota"}}, "insufficient_quota", "Add credit"),
    (200, b"<html>Please log in</html>", "intercepted", "portal"),
    (302, b"", "intercepted", "portal"),
    (503, b"<html>", "provider_trouble", "status page"),
    (200, b"{" * 100_000, "intercepted", "portal"),
    (200, {"data": [{"id": 7}, None, [], {"id": "another"}]}, "no_model", "openai.model"),
])
@scenario
async def test_what_openai_says_of_the_key(world, status, document, word, advice):
    site = Site(world)
    pem, key, ca = certificates(world.tmp / "openai")
    web = site.web({"/v1/models": (status, document)}, pem, key)
    site.openai(web, ca)
    finding = one(await site.findings(), "key", "OpenAI")
    assert finding["word"] == word and advice in finding["advice"], finding
    assert web.authorizations == [f"Bearer {API_KEY}"]


@pytest.mark.parametrize("detail,word", [("invalid_api_key", "refused"), ("quota_exceeded", "insufficient_quota"),
                                         ("missing_permissions", "forbidden")])
@scenario
async def test_what_elevenlabs_says_of_the_key(world, detail, word):
    site = Site(world)
    pem, key, ca = certificates(world.tmp / "eleven")
    site.eleven(site.web({"/v1/models": (401, {"detail": {"status": detail}})}, pem, key), ca)
    finding = one(await site.findings(), "key", "ElevenLabs")
    assert finding["word"] == word and "ElevenLabs" in finding["advice"]


@scenario
async def test_credit_that_is_used_up_shows_with_a_paid_answer(world):
    site = Site(world)
    provider = await simulator(world, "provider", "--fault", "response-failed=insufficient_quota")
    speech = await simulator(world, "speech", "--fault", "tts-refuse=401/quota_exceeded")
    site.providers["openai"] = f"{{url: 'ws://127.0.0.1:{provider}/v1/realtime', INSTRUCTIONS}}"
    site.providers["elevenlabs"] = f"{{url: 'http://127.0.0.1:{speech}'}}"
    site.secret("openai_api_key", API_KEY)
    site.secret("elevenlabs_api_key", ELEVEN_KEY)
    unpaid = await site.findings()
    assert one(unpaid, "credit", "OpenAI")["word"] == "not_asked"
    assert one(unpaid, "credit", "ElevenLabs")["word"] == "good", "the subscription shows it without paying"
    paid = await site.findings("--paid")
    for who in ("OpenAI", "ElevenLabs"):
        finding = one(paid, "credit", who)
        assert finding["word"] == "insufficient_quota" and "Add credit" in finding["advice"], finding


@scenario
async def test_a_server_that_hangs_costs_its_own_check_five_seconds(world):
    site = Site(world)
    hung = socket.create_server(("127.0.0.1", 0), backlog=8)

    async def close():
        hung.close()
    world.closing.append(close)
    site.providers["openai"] = f"{{url: 'wss://127.0.0.1:{hung.getsockname()[1]}/v1/realtime', INSTRUCTIONS}}"
    site.secret("openai_api_key", API_KEY)
    begin = time.monotonic()
    findings = await site.findings()
    assert time.monotonic() - begin < CHECK_LIMIT_S + DEADLINE_S / 4
    tls = one(findings, "tls", "OpenAI")
    assert tls["word"] == "timeout" and "firewall" in tls["advice"]
    assert one(findings, "prompts")["word"] == "good", "the others are heard all the same"


@scenario
async def test_a_name_that_is_dead(world):
    site = Site(world)
    site.openai(None, host="api.holdfast.invalid")
    site.extra = "dispatch: {webhook: {url: 'https://cad.holdfast.invalid/x'}}"
    site.secret("dispatch_webhook_secret", "s-e-c-r-e-t")
    site.secret("mongodb_uri", "mongodb://user:planted@db.holdfast.invalid/x?tls=true")
    findings = await site.findings()
    for who in ("OpenAI", "CAD", "MongoDB"):
        dns = one(findings, "dns", who)
        assert dns["word"] == "not_found" and "name servers" in dns["advice"]
        assert one(findings, "tls", who)["verdict"] == "not_checked"
    assert "planted" not in json.dumps(findings)


@pytest.mark.parametrize("changes,word,advice", [
    ({"voice_url": "https://user:planted@old.example/voice"}, "voice_url", "#ct=1500&rt=3000&rc=1&rp=all"),
    ({"voice_method": "GET"}, "voice_method", "POST"),
    ({"voice_fallback_url": ""}, "voice_fallback_url", "holdfastctl twiml fallback"),
    ({"trunk_sid": "TK1"}, "elsewhere", "Remove the trunk"),
])
@scenario
async def test_a_number_that_leads_elsewhere(world, changes, word, advice):
    site = Site(world)
    site.base_url = "https://edge.holdfast.invalid"
    web = site.web(number(site.base_url, **changes))
    site.rest(web)
    findings = await site.findings()
    finding = one(findings, "twilio", "number 1 of 1")
    assert finding["word"] == word and advice in finding["advice"], finding
    assert "planted" not in json.dumps(findings)
    assert web.asked == [f"/2010-04-01/Accounts/{ACCOUNT}/IncomingPhoneNumbers.json?PhoneNumber=%2B{CALLED[1:]}"]


@scenario
async def test_another_server_behind_the_boxs_name(world):
    site = Site(world)
    pem, key, _ = certificates(world.tmp / "front")
    web = site.web({"/api/webhooks/voice": (200, b"<html>")}, pem, key)
    site.base_url = f"https://localhost:{web.port}"
    path = site.write(certificate=(pem, key, None))
    assert path.exists()
    findings = await site.findings(write=False)
    assert [f["word"] for f in find(findings, "public_door")] == ["good", "not_the_box"]
    assert one(findings, "port")["word"] == "other_port"
    # Without the authority that signed it Twilio would not talk to it either.
    site.env = {}
    findings = await site.findings(write=False)
    assert one(findings, "public_door")["word"] == "not_trusted"
    assert "chain_incomplete" in {f["word"] for f in find(findings, "certificate")}


@scenario
async def test_a_box_that_is_not_running(world):
    site = Site(world)
    site.program("systemctl", 'case "$1" in is-active) echo inactive; exit 3;; is-enabled) echo disabled; exit 1;; esac')
    site.program("timedatectl", "echo no")
    shutil.rmtree(site.tmp / "recordings")
    findings = await site.findings()
    assert {("service", "unit", "not_active"), ("service", "holdfast.service", "not_enabled"), ("service", "holdfast.socket", "not_enabled"),
            ("service", "daemon", "unreachable")} <= bad(findings)
    assert "systemctl start" in one(findings, "service", "unit")["advice"]
    assert one(findings, "clock")["word"] == "not_synchronised"
    assert one(findings, "disk", "recording.path")["word"] == "no_folder"


@scenario
async def test_a_configuration_that_is_not_good_still_has_the_rest_looked_at(world):
    site = Site(world)
    site.extra = "media: {max_calls: -4}"
    findings = await site.findings()
    assert ("configuration", "media.max_calls", "problem") in bad(findings)
    assert one(findings, "service", "unit")["word"] == "active" and one(findings, "clock")["word"] == "synchronised"
    assert one(findings, "providers")["word"] == "no_configuration"


@scenario
async def test_a_secret_that_is_open_to_others(world):
    site = Site(world)
    (site.secrets / "holdfast.twilio_auth_token").chmod(0o644)
    findings = await site.findings()
    configuration = find(findings, "configuration")[0]
    assert configuration["verdict"] == "bad" and "open to others" in configuration["seen"]


@scenario
async def test_check_without_a_file_explains_the_installed_configuration(world):
    site = Site(world)
    site.secret("openai_api_key", API_KEY)
    path = site.write()
    arguments = [str(CTL), "check", "--config", str(path), "--credentials", str(site.secrets)]
    env = {k: v for k, v in os.environ.items() if not k.endswith(("_KEY", "_TOKEN", "CREDENTIALS_DIRECTORY"))}
    text = subprocess.run(arguments, env=env, check=True, capture_output=True, text=True, timeout=DEADLINE_S).stdout
    assert re.search(r"^  openai +callers get it$", text, re.M)
    assert re.search(r"^  person.number +set ", text, re.M)
    assert PERSON not in text and API_KEY not in text
    document = json.loads(subprocess.run([*arguments, "--json"], env=env, check=True, capture_output=True, text=True, timeout=DEADLINE_S).stdout)
    assert {"rung": "eleven_agent", "used": False, "why_not": "not_listed"} in document["rungs"]
    assert document["good"] and document["kind"] == "configuration"

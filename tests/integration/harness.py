"""What the black-box tests stand on: the real holdfastd as a process, a Twilio and a provider written here
independently of the daemon's code (python3-websockets), and waits on events, never on time."""
import asyncio
import base64
import contextlib
import functools
import hashlib
import hmac
import http.client
import inspect
import json
import os
import pathlib
import re
import secrets
import shutil
import signal
import ssl
import subprocess
import tempfile
import urllib.parse

import websockets

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("HOLDFAST_BUILD", ROOT / "build" / "dev"))
DAEMON = BUILD / "daemon" / "holdfastd"
CTL = BUILD / "tools" / "holdfastctl" / "holdfastctl"
DEADLINE_S = float(os.environ.get("HOLDFAST_TEST_DEADLINE_S", "60"))  # one generous bound for every wait

TOKEN = "psap0test0auth0token0000000000001"
TOKEN_NEXT = "psap0test0auth0token0000000000002"
API_KEY = "sk-planted-marker-provider-key"
CALLER = "+15550100123"
CALLED = "+15550100199"
PERSON = "+15550100177"
FRAME_MS = 20
SILENCE = b"\xff" * 160


def new_sid(prefix):
    return prefix + secrets.token_hex(16)


def sign(token, url, params=()):
    """X-Twilio-Signature as twilio.md section 2.1 says, in its own few lines."""
    pairs = sorted(set(params))
    data = url + "".join(name + value for name, value in pairs)
    return base64.b64encode(hmac.new(token.encode(), data.encode(), hashlib.sha1).digest()).decode()


def b64(data):
    return base64.b64encode(data).decode()


async def within(awaitable, what):
    try:
        return await asyncio.wait_for(awaitable, DEADLINE_S)
    except asyncio.TimeoutError:
        raise AssertionError(f"waited {DEADLINE_S} s for {what}") from None


class Provider:
    """An OpenAI Realtime server whose every step the test decides. `auto` answers session.update."""

    def __init__(self, auto=True, tls=None, session_life_s=3600, voice_format="audio/pcmu"):
        self.auto, self.tls, self.session_life_s, self.voice_format = auto, tls, session_life_s, voice_format
        self.connections = asyncio.Queue()
        self.all = []
        self.server = None
        self.process_request = None

    async def start(self):
        self.server = await websockets.serve(
            self._serve, "127.0.0.1", 0, ssl=self.tls, compression=None, max_size=None, ping_interval=None,
            process_request=self._request)
        self.port = self.server.sockets[0].getsockname()[1]
        return self

    @property
    def url(self):
        return f"{'wss' if self.tls else 'ws'}://127.0.0.1:{self.port}/v1/realtime"

    async def _request(self, path, headers):
        return self.process_request(path, headers) if self.process_request else None

    async def _serve(self, socket):
        connection = ProviderConnection(self, socket)
        self.all.append(connection)
        await self.connections.put(connection)
        await connection.run()

    async def connection(self):
        return await within(self.connections.get(), "a provider connection")

    async def stop(self):
        self.server.close()
        await self.server.wait_closed()


class ProviderConnection:
    def __init__(self, provider, socket):
        self.provider, self.socket = provider, socket
        self.received = []          # every client event but appends
        self.audio = bytearray()    # decoded appends
        self.appends = 0
        self.events = asyncio.Queue()
        self.changed = asyncio.Event()
        self.closed = asyncio.Event()
        self.configured = False
        self.headers = socket.request_headers
        self.session = None
        self.serial = 0

    def next_id(self, kind):
        self.serial += 1
        return f"{kind}_{id(self) % 9999}_{self.serial}"

    async def send(self, **event):
        event.setdefault("event_id", self.next_id("event"))
        with contextlib.suppress(websockets.ConnectionClosed):
            await self.socket.send(json.dumps(event))

    async def send_raw(self, data):
        await self.socket.send(data)

    async def run(self):
        try:
            if self.provider.auto:
                await self.create()
            async for text in self.socket:
                event = json.loads(text)
                if event["type"] == "input_audio_buffer.append":
                    self.audio += base64.b64decode(event["audio"], validate=True)
                    self.appends += 1
                else:
                    self.received.append(event)
                    if event["type"] == "session.update" and self.provider.auto:
                        await self.update(event)
                    await self.events.put(event)
                self.changed.set()
        except websockets.ConnectionClosed:
            pass
        finally:
            self.closed.set()
            self.changed.set()

    async def create(self):
        import time
        self.session = {"type": "realtime", "object": "realtime.session", "id": self.next_id("sess"),
                        "model": "gpt-realtime-2.1", "expires_at": int(time.time() + self.provider.session_life_s),
                        "output_modalities": ["audio"], "instructions": "default", "tools": [],
                        "audio": {"input": {"format": {"type": "audio/pcm", "rate": 24000}},
                                  "output": {"format": {"type": "audio/pcm", "rate": 24000}, "voice": "marin"}}}
        await self.send(type="session.created", session=self.session)

    async def update(self, event):
        for key, value in event["session"].items():
            if key == "audio":
                for side in ("input", "output"):
                    self.session["audio"][side].update(value.get(side, {}))
            else:
                self.session[key] = value
        self.session["audio"]["output"]["format"] = {"type": self.provider.voice_format}
        self.configured = True
        await self.send(type="session.updated", session=self.session)

    async def wait_for(self, condition, what):
        async def wait():
            while not condition():
                self.changed.clear()
                await self.changed.wait()
        await within(wait(), what)

    async def event(self, kind):
        async def wait():
            while True:
                event = await self.events.get()
                if event["type"] == kind:
                    return event
        return await within(wait(), f"client event {kind}")

    # --- what a provider does ---
    async def caller_turn(self, transcript, start_ms=0, end_ms=1000):
        item = self.next_id("item")
        await self.send(type="input_audio_buffer.speech_started", audio_start_ms=start_ms, item_id=item)
        await self.send(type="input_audio_buffer.speech_stopped", audio_end_ms=end_ms, item_id=item)
        await self.send(type="input_audio_buffer.committed", item_id=item, previous_item_id=None)
        await self.send(type="conversation.item.added", previous_item_id=None,
                        item={"id": item, "type": "message", "role": "user", "status": "completed",
                              "content": [{"type": "input_audio"}]})
        if transcript is not None:
            await self.send(type="conversation.item.input_audio_transcription.completed", item_id=item,
                            content_index=0, transcript=transcript, usage={"type": "duration", "seconds": 1})
        return item

    async def begin_answer(self):
        response, item = self.next_id("resp"), self.next_id("item")
        await self.send(type="response.created",
                        response={"id": response, "object": "realtime.response", "status": "in_progress", "output": []})
        await self.send(type="response.output_item.added", response_id=response, output_index=0,
                        item={"id": item, "type": "message", "role": "assistant", "status": "in_progress", "content": []})
        return response, item

    async def audio_delta(self, response, item, data):
        await self.send(type="response.output_audio.delta", response_id=response, item_id=item, output_index=0,
                        content_index=0, delta=b64(data))

    async def end_answer(self, response, item, transcript, status="completed"):
        common = {"response_id": response, "item_id": item, "output_index": 0, "content_index": 0}
        await self.send(type="response.output_audio.done", **common)
        await self.send(type="response.output_audio_transcript.done", transcript=transcript, **common)
        out = {"id": item, "type": "message", "role": "assistant",
               "status": "completed" if status == "completed" else "incomplete",
               "content": [{"type": "output_audio", "transcript": transcript}]}
        await self.send(type="response.output_item.done", response_id=response, output_index=0, item=out)
        details = {"type": "cancelled", "reason": "turn_detected"} if status == "cancelled" else None
        await self.send(type="response.done", response={"id": response, "object": "realtime.response", "status": status,
                                                        "status_details": details, "output": [out], "usage": None})

    async def answer(self, transcript, data):
        response, item = await self.begin_answer()
        await self.audio_delta(response, item, data)
        await self.end_answer(response, item, transcript)
        return item


class Stream:
    """One media socket, played by hand. Audio that arrives is kept; marks return when asked."""

    def __init__(self, socket, sid, stream_sid):
        self.socket, self.sid, self.stream_sid = socket, sid, stream_sid
        self.sequence, self.chunk, self.timestamp = 1, 0, 0
        self.messages, self.heard, self.marks, self.clears = [], bytearray(), [], 0
        self.changed = asyncio.Event()
        self.return_marks = True
        self.reader = asyncio.ensure_future(self._read())
        self.flow = None

    async def _read(self):
        try:
            async for text in self.socket:
                message = json.loads(text)
                self.messages.append(message)
                if message["event"] == "media":
                    self.heard += base64.b64decode(message["media"]["payload"], validate=True)
                elif message["event"] == "mark":
                    self.marks.append(message["mark"]["name"])
                    if self.return_marks:
                        await self.mark(message["mark"]["name"])
                elif message["event"] == "clear":
                    self.clears += 1
                self.changed.set()
        except websockets.ConnectionClosed:
            pass
        self.changed.set()

    async def send(self, message):
        await self.socket.send(json.dumps(message) if isinstance(message, dict) else message)

    async def connected(self):
        await self.send({"event": "connected", "protocol": "Call", "version": "1.0.0"})

    async def start(self, parameters, **changes):
        start = {"accountSid": "AC" + "0" * 32, "streamSid": self.stream_sid, "callSid": self.sid, "tracks": ["inbound"],
                 "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
                 "customParameters": parameters}
        start.update(changes)
        await self.send({"event": "start", "sequenceNumber": "1", "start": start, "streamSid": start["streamSid"]})

    async def media(self, data=SILENCE, **changes):
        self.sequence += 1
        self.chunk += 1
        media = {"track": "inbound", "chunk": str(self.chunk), "timestamp": str(self.timestamp), "payload": b64(data)}
        media.update(changes)
        self.timestamp += len(data) // 8
        await self.send({"event": "media", "sequenceNumber": str(self.sequence), "media": media,
                         "streamSid": self.stream_sid})

    def keep_flowing(self):
        """Silence every 20 ms, as Twilio sends it, until the stream ends."""
        async def run():
            with contextlib.suppress(websockets.ConnectionClosed, asyncio.CancelledError):
                loop = asyncio.get_running_loop()
                due = loop.time()
                while True:
                    await self.media()
                    due += FRAME_MS / 1000
                    await asyncio.sleep(max(0, due - loop.time()))  # pacing of the peer, not a wait of the test
        self.flow = asyncio.ensure_future(run())

    async def mark(self, name):
        self.sequence += 1
        with contextlib.suppress(websockets.ConnectionClosed):
            await self.send({"event": "mark", "sequenceNumber": str(self.sequence), "streamSid": self.stream_sid,
                             "mark": {"name": name}})

    async def dtmf(self, digit):
        await self.send({"event": "dtmf", "streamSid": self.stream_sid, "sequenceNumber": "9",
                         "dtmf": {"track": "inbound_track", "digit": digit}})

    async def stop(self):
        await self.send({"event": "stop", "sequenceNumber": "99", "streamSid": self.stream_sid,
                         "stop": {"accountSid": "AC" + "0" * 32, "callSid": self.sid}})

    async def wait_for(self, condition, what):
        async def wait():
            while not condition():
                self.changed.clear()
                await self.changed.wait()
        await within(wait(), what)

    async def closed(self):
        """The close code."""
        await within(self.socket.wait_closed(), "the media socket to close")
        return self.socket.close_code

    async def hang_up(self):
        if self.flow:
            self.flow.cancel()
        await self.socket.close()


class World:
    """One daemon with its folder, and what a test needs to talk to it."""

    def __init__(self, tmp):
        self.tmp = pathlib.Path(tmp)
        self.process = None
        self.log = []
        self.logs_open = 0
        self.log_changed = asyncio.Event()
        self.feed = []
        self.feed_changed = asyncio.Event()
        self.tasks = []
        self.providers = []
        self.closing = []           # async functions, called at the end, last one first
        self.public_port = self.admin_port = None
        self.tls = False
        self.env = {}
        self.may_crash = False      # a test that makes it

    async def provider(self, **options):
        provider = await Provider(**options).start()
        self.providers.append(provider)
        return provider

    def certificates(self):
        """A private CA and a certificate for 127.0.0.1/localhost."""
        if not (self.tmp / "server.pem").exists():
            make_certificates(self.tmp)
        return self.tmp / "server.pem", self.tmp / "server.key", self.tmp / "ca.pem"

    def write_config(self, provider_url, extra="", public="", tls=False, twilio="{}", openai="", media=""):
        self.tls = tls
        listen = "address: 127.0.0.1, port: 0, tls: false"
        if tls:
            certificate, key, _ = self.certificates()
            listen = f"address: 127.0.0.1, port: 0, certificate: {certificate}, private_key: {key}"
        (self.tmp / "holdfast.yaml").write_text(f"""\
site:
  id: test
listen:
  public: {{{listen}{', ' + public if public else ''}}}
  admin: {{address: 127.0.0.1, port: 0}}
twilio: {twilio}
openai:
  url: {provider_url}
  instructions_file: {ROOT}/etc/instructions.txt
{openai}
person:
  number: "{PERSON}"
ladder:
  probe_interval_s: 0
recording:
  path: {self.tmp}/recordings
store:
  path: {self.tmp}/store/holdfast.db
  runtime_path: {self.tmp}/run
prompts:
  path: {ROOT}/etc/prompts
{media}
log:
  level: debug
{extra}
""")

    async def start_daemon(self, wrapper=(), ready=True, crash_loop=False):
        if not crash_loop:  # a test that kills again and again means the journal, not the guard against crash loops
            (self.tmp / "run" / "starts").unlink(missing_ok=True)
        env = {**os.environ, "TWILIO_AUTH_TOKEN": TOKEN, "TWILIO_AUTH_TOKEN_NEXT": TOKEN_NEXT,
               "OPENAI_API_KEY": API_KEY, **self.env}
        (self.tmp / "run").mkdir(exist_ok=True)
        self.process = await asyncio.create_subprocess_exec(
            *wrapper, str(DAEMON), "--config", str(self.tmp / "holdfast.yaml"), env=env,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, limit=1 << 20)
        first_line = len(self.log)
        self.tasks.append(asyncio.ensure_future(self._read_log(self.process)))
        if ready:
            await self.logged(r"app: ready", first_line)
            self.public_port = int(self.log_field("public listener open", "port", first_line))
            self.admin_port = int(self.log_field("admin listener open", "port", first_line))
            await self.follow()
        return self

    async def _read_log(self, process):
        self.logs_open += 1
        async for line in process.stdout:
            self.log.append(line.decode(errors="replace").rstrip("\n"))
            self.log_changed.set()
        self.logs_open -= 1
        self.log.append("<end of log>")
        self.log_changed.set()

    async def logged(self, pattern, since=0):
        expression = re.compile(pattern)

        async def wait():
            while True:
                for line in self.log[since:]:
                    if expression.search(line):
                        return line
                if "<end of log>" in self.log[since:] and not self.logs_open:  # an earlier daemon's end says nothing
                    raise AssertionError(f"the daemon ended before '{pattern}':\n" + "\n".join(self.log[-30:]))
                self.log_changed.clear()
                await self.log_changed.wait()
        return await within(wait(), f"log line '{pattern}'")

    def log_field(self, message, field, since=0):
        for line in self.log[since:]:
            if message in line:
                return re.search(rf"\b{field}=(\S+)", line).group(1)
        raise AssertionError(f"no log line '{message}'")

    async def follow(self):
        socket = await websockets.connect(f"ws://127.0.0.1:{self.admin_port}/api/v1/events", compression=None)
        await within(socket.recv(), "the feed's hello")

        async def read():
            with contextlib.suppress(websockets.ConnectionClosed):
                async for text in socket:
                    self.feed.append(json.loads(text))
                    self.feed_changed.set()
        self.tasks.append(asyncio.ensure_future(read()))

    async def event(self, kind, sid=None, **members):
        """The first feed event of that kind, call and members."""
        async def wait():
            while True:
                for event in self.feed:
                    if event["kind"] == kind and sid in (None, event.get("call")) and \
                            all(event.get(k) == v for k, v in members.items()):
                        return event
                self.feed_changed.clear()
                await self.feed_changed.wait()
        return await within(wait(), f"feed event {kind} {members}")

    # --- Twilio ---
    @property
    def base(self):
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.public_port}"

    def _http(self, method, path, body=None, headers=None, port=None):
        if self.tls and port is None:
            connection = http.client.HTTPSConnection("127.0.0.1", self.public_port, timeout=DEADLINE_S,
                                                     context=ssl.create_default_context(cafile=self.certificates()[2]))
        else:
            connection = http.client.HTTPConnection("127.0.0.1", port or self.public_port, timeout=DEADLINE_S)
        with contextlib.closing(connection):
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            return response.status, dict(response.getheaders()), response.read()

    async def http(self, *arguments, **options):
        return await asyncio.get_running_loop().run_in_executor(None, functools.partial(self._http, *arguments, **options))

    def voice_form(self, sid, **more):
        return [("AccountSid", "AC" + "0" * 32), ("ApiVersion", "2010-04-01"), ("CallSid", sid), ("CallStatus", "ringing"),
                ("Direction", "inbound"), ("From", CALLER), ("To", CALLED), *more.items()]

    async def post(self, path, form, token=TOKEN, url=None, headers=None):
        body = urllib.parse.urlencode(form)
        signed = {"Content-Type": "application/x-www-form-urlencoded"}
        if token:
            signed["X-Twilio-Signature"] = sign(token, url or self.base + path, form)
        signed.update(headers or {})
        return await self.http("POST", path, body, signed)

    async def voice(self, sid, **options):
        return await self.post("/api/webhooks/voice", self.voice_form(sid), **options)

    async def admitted(self, sid=None):
        """A signed webhook; the call's sid and the stream's parameters."""
        sid = sid or new_sid("CA")
        status, _, body = await self.voice(sid)
        assert status == 200, (status, body)
        return sid, parameters_of(body)

    async def open_stream(self, sid, token=TOKEN, path="/ws/media", signed_path=None, headers=None, stream_sid=None,
                          sock=None):
        wss = self.base.replace("http", "ws", 1)
        extra = dict(headers or {})
        if token:
            extra["X-Twilio-Signature"] = sign(token, wss + (signed_path or path))
        context = ssl.create_default_context(cafile=self.certificates()[2]) if self.tls else None
        socket = await within(websockets.connect(wss + path, extra_headers=extra, compression=None, ping_interval=None,
                                                 max_size=None, ssl=context, user_agent_header="Twilio.TmeWs/1.0",
                                                 **({"sock": sock} if sock else {})),
                              "the media socket to open")
        return Stream(socket, sid, stream_sid or new_sid("MZ"))

    async def call(self, sid=None):
        """A call that streams: webhook, socket, start."""
        sid, parameters = await self.admitted(sid)
        stream = await self.open_stream(sid)
        await stream.connected()
        await stream.start(parameters)
        stream.keep_flowing()
        return stream

    async def talking(self, provider):
        """A call whose voice is configured and hears the caller."""
        stream = await self.call()
        voice = await provider.connection()
        await voice.wait_for(lambda: voice.configured and voice.appends > 0, "caller audio at the provider")
        return stream, voice

    # --- what the daemon says of itself ---
    async def admin(self, path):
        status, _, body = await self.http("GET", path, port=self.admin_port)
        return status, json.loads(body)

    async def metric(self, name):
        """Value of one sample by its full name with labels; 0 when it is absent."""
        _, _, body = await self.http("GET", "/metrics", port=self.admin_port)
        for line in body.decode().splitlines():
            if line.startswith(name + " "):
                return float(line.split()[-1])
        return 0.0

    async def journal(self, sid):
        status, detail = await self.admin(f"/api/v1/calls/{sid}")
        assert status == 200, (status, detail)
        return detail

    async def ended(self, sid):
        event = await self.event("ended", sid)
        return event["detail"]

    async def handed_over(self, sid):
        """The stream is closed and Twilio dials a person; its last callback ends the call. The reason."""
        await self.event("with_person", sid)
        status, _, _ = await self.post("/api/webhooks/status", [("AccountSid", "AC" + "0" * 32), ("CallSid", sid),
                                                                ("CallStatus", "completed")])
        assert status == 204
        return await self.ended(sid)

    async def stop_daemon(self, how=signal.SIGTERM):
        if self.process and self.process.returncode is None:
            self.process.send_signal(how)
        return await within(self.process.wait(), "the daemon to end")

    async def clean_up(self):
        if self.process and self.process.returncode is None:
            mark = max(0, len(self.log) - 1)  # it may just have died: then the last line says so
            with contextlib.suppress(ProcessLookupError):
                self.process.send_signal(signal.SIGTERM)
            await self.logged("draining|<end of log>", mark)
            with contextlib.suppress(ProcessLookupError):
                self.process.send_signal(signal.SIGTERM)  # the second one does not wait for calls
            try:
                await asyncio.wait_for(self.process.wait(), DEADLINE_S)
            except asyncio.TimeoutError:
                self.process.kill()
                raise AssertionError("the daemon did not stop") from None
        for provider in self.providers:
            await provider.stop()
        for close in reversed(self.closing):
            await close()
        for task in self.tasks:
            task.cancel()


async def ctl(world, *arguments, admin="the daemon's"):
    """holdfastctl as an operator runs it: its exit code and what it says."""
    where = ("--admin", f"http://127.0.0.1:{world.admin_port}") if admin else ()
    process = await asyncio.create_subprocess_exec(
        str(CTL), *where, *arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    out, _ = await within(process.communicate(), "holdfastctl")
    return process.returncode, out.decode()


def parameters_of(twiml):
    import xml.etree.ElementTree as xml
    stream = xml.fromstring(twiml).find("./Connect/Stream")
    assert stream is not None, twiml
    return {p.get("name"): p.get("value") for p in stream.findall("Parameter")}


def make_certificates(folder, name="localhost", days="30"):
    """server.pem with server.key for `name` and 127.0.0.1, by ca.pem; `days` "-1": expired."""
    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], check=True, cwd=folder, capture_output=True)
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "ca.key",
            "-out", "ca.pem", "-subj", "/CN=Holdfast test CA", "-days", "30",
            "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign")
    openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "server.key",
            "-out", "server.csr", "-subj", f"/CN={name}")
    (folder / "san.txt").write_text(f"subjectAltName=DNS:{name},IP:127.0.0.1\nextendedKeyUsage=serverAuth\n")
    openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-out",
            "server.pem", "-days", days, "-extfile", "san.txt")


def scenario(function):
    """Runs an async test with a World; shows the daemon's log when it fails. Other arguments are pytest's."""
    @functools.wraps(function)
    def run(**arguments):
        async def body():
            tmp = tempfile.mkdtemp(prefix="holdfast-test-")
            world = World(tmp)
            try:
                await function(world, **arguments)
                failed = False
            except BaseException:
                failed = True
                raise
            finally:
                try:
                    await world.clean_up()
                finally:
                    if failed:
                        print("\n".join(world.log[-80:]))
                    shutil.rmtree(tmp, ignore_errors=True)
            wrong = "AddressSanitizer|ThreadSanitizer|runtime error:|assertion failed" + ("" if world.may_crash else "|the daemon dies of")
            bad = [line for line in world.log if re.search(wrong, line)]
            assert not bad, bad
        asyncio.run(body())
    run.__signature__ = inspect.Signature(list(inspect.signature(function).parameters.values())[1:])
    return run

"""Webhooks and the public listener, from outside: rows T01 to T07, T22 to T24 and X01 to X03."""
import asyncio
import socket
import urllib.parse
import xml.etree.ElementTree as xml

from harness import PERSON, ROOT, TOKEN, TOKEN_NEXT, new_sid, parameters_of, scenario, sign, within

VOICE = "/api/webhooks/voice"


async def up(world, **config):
    provider = await world.provider()
    world.write_config(provider.url, **config)
    await world.start_daemon()
    return provider


@scenario
async def test_answers_with_a_stream_a_token_and_fail_safe_verbs(world):
    await up(world)
    sid = new_sid("CA")
    status, headers, body = await world.voice(sid)
    assert status == 200
    assert headers["Content-Type"] == "text/xml; charset=utf-8"
    assert body.startswith(b"<?xml")
    root = xml.fromstring(body)
    assert [child.tag for child in root][:3] == ["Connect", "Say", "Dial"]
    stream = root.find("./Connect/Stream")
    assert root.find("Connect").get("action") is None
    assert stream.get("url") == world.base.replace("http", "ws", 1) + "/ws/media"
    assert len(parameters_of(body)["token"]) == 64
    assert parameters_of(body)["from"] and parameters_of(body)["to"]
    assert root.find("./Dial/Number").text == PERSON


@scenario
async def test_opens_the_provider_session_at_webhook_time_and_sends_nothing_else(world):
    provider = await up(world)
    sid, _ = await world.admitted()
    voice = await provider.connection()
    update = await voice.event("session.update")
    assert update["session"]["type"] == "realtime"
    await world.event("voice", sid, detail="configured")
    assert voice.appends == 0
    assert [e["type"] for e in voice.received] == ["session.update"]


@scenario
async def test_T01_refuses_a_missing_or_wrong_signature_with_403_and_an_empty_body(world):
    provider = await up(world)
    for token in (None, "wrong" * 6):
        status, _, body = await world.voice(new_sid("CA"), token=token)
        assert (status, body) == (403, b"")
    assert await world.metric('holdfast_sig_fail_total{route="voice"}') == 2
    assert provider.all == []
    status, calls = await world.admin("/api/v1/calls")
    assert calls["calls"] == []


@scenario
async def test_T01_refuses_an_upgrade_without_a_signature(world):
    await up(world)
    import websockets
    for token in (None, "wrong" * 6):
        try:
            await world.open_stream(new_sid("CA"), token=token)
            raise AssertionError("the upgrade went through")
        except websockets.InvalidStatusCode as refused:
            assert refused.status_code == 403


@scenario
async def test_T01_an_address_with_five_bad_signatures_is_refused_before_tls(world):
    await up(world)
    def bad_from(source):
        with socket.create_connection(("127.0.0.1", world.public_port), source_address=(source, 0)) as s:
            s.settimeout(30)
            try:
                s.sendall(b"POST /api/webhooks/voice HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"
                          b"X-Twilio-Signature: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\nContent-Length: 5\r\n\r\na=b&c")
                return s.recv(100)
            except ConnectionError:
                return b""
    loop = asyncio.get_running_loop()
    answers = [await loop.run_in_executor(None, bad_from, "127.0.0.9") for _ in range(6)]
    assert all(b"403" in a for a in answers[:5]), answers
    assert answers[5] == b""
    assert (await world.voice(new_sid("CA")))[0] == 200  # others are not touched


@scenario
async def test_T02_accepts_the_url_forms_that_twilio_may_have_signed(world):
    provider = await world.provider()
    world.write_config(provider.url, tls=True, public="base_url: 'https://edge.psap.example'")
    await world.start_daemon()
    for url in ("https://edge.psap.example" + VOICE, "https://edge.psap.example:443" + VOICE):
        assert (await world.voice(new_sid("CA"), url=url))[0] == 200, url
    for url in ("http://edge.psap.example" + VOICE, "https://edge.psap.example:8443" + VOICE,
                "https://evil.example" + VOICE, world.base + VOICE):
        assert (await world.voice(new_sid("CA"), url=url))[0] == 403, url


@scenario
async def test_T02_the_upgrade_is_signed_as_wss_with_or_without_a_slash(world):
    import websockets
    await up(world, tls=True)
    for signed_path in ("/ws/media", "/ws/media/"):
        stream = await world.open_stream(new_sid("CA"), signed_path=signed_path)
        await stream.hang_up()
    try:
        await world.open_stream(new_sid("CA"), token=None,
                                headers={"X-Twilio-Signature": sign(TOKEN, world.base + "/ws/media")})
        raise AssertionError("an https signature opened a wss stream")
    except websockets.InvalidStatusCode as refused:
        assert refused.status_code == 403


@scenario
async def test_T03_accepts_both_tokens_while_they_are_rotated(world):
    await up(world)
    assert (await world.voice(new_sid("CA"), token=TOKEN_NEXT))[0] == 200
    assert (await world.voice(new_sid("CA"), token=TOKEN))[0] == 200
    assert await world.metric('holdfast_sig_key_total{which="primary"}') == 1
    assert await world.metric('holdfast_sig_key_total{which="next"}') == 1


@scenario
async def test_T04_T24_a_repeated_webhook_gets_the_same_answer_and_one_row(world):
    provider = await up(world)
    sid, first = await world.admitted()
    _, again = await world.admitted(sid)
    assert first == again
    await provider.connection()
    assert len(provider.all) == 1
    assert len((await world.admin("/api/v1/calls"))[1]["calls"]) == 1


@scenario
async def test_T04_a_replayed_webhook_of_a_running_call_opens_nothing(world):
    provider = await up(world)
    stream, _ = await world.talking(provider)
    status, _, body = await world.voice(stream.sid)
    assert status == 200 and b"<Stream" not in body and PERSON.encode() in body
    assert len(provider.all) == 1
    assert not stream.socket.closed


@scenario
async def test_T05_hostile_forms_get_a_person_or_400_and_the_daemon_lives(world):
    await up(world)
    sid = new_sid("CA")
    long_value = [("CallSid", sid), ("X", "a" * 5000)]
    many = [("CallSid", sid)] + [(f"f{i}", "v") for i in range(300)]
    for form in (long_value, many):
        status, _, body = await world.post(VOICE, form)
        assert status == 200 and b"<Stream" not in body and b"<Dial" in body
    raw = {"Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": "A" * 27 + "="}
    for body in ("a=%zz", "a=%00", "=", "&&&&", "%", "CallSid=CA1"):
        status, _, _ = await world.http("POST", VOICE, body, raw)
        assert status in (400, 403), body
    assert (await world.post(VOICE, [("CallSid", "CA1")]))[0] == 400
    assert (await world.http("POST", VOICE, "{}", {**raw, "Content-Type": "application/json"}))[0] == 415
    assert (await world.voice(new_sid("CA")))[0] == 200


async def raw_exchange(world, data, pieces=None):
    reader, writer = await asyncio.open_connection("127.0.0.1", world.public_port)
    try:
        for piece in pieces or [data]:
            writer.write(piece)
            await writer.drain()
        return await within(reader.read(), "an answer and the end of the connection")
    except ConnectionError:
        return b""
    finally:
        writer.close()


@scenario
async def test_T06_refuses_what_is_not_plain_http(world):
    await up(world)
    post = b"POST /api/webhooks/voice HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
    rows = {
        b"411": post + b"Transfer-Encoding: chunked\r\n\r\n5\r\na=b&c\r\n0\r\n\r\n",
        b"400": post + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
        b"417": post + b"Expect: 100-continue\r\nContent-Length: 5\r\n\r\n",
        b"413": post + b"Content-Length: 70000\r\n\r\n",
        b"431": post + b"X: " + b"a" * 20000 + b"\r\n\r\n",
        b"505": b"POST / HTTP/9.9\r\nHost: x\r\n\r\n",
    }
    for status, request in rows.items():
        answer = await raw_exchange(world, request)
        assert answer.startswith((b"HTTP/1.1 " + status, b"HTTP/1.0 " + status)), (status, answer[:80])
    assert not (await raw_exchange(world, b"GET /\r\n")).startswith(b"HTTP/1.1 200")
    assert (await world.http("GET", VOICE))[0] == 405
    assert (await world.http("GET", "/nothing"))[0] == 404


@scenario
async def test_T07_a_dripping_header_is_cut_at_its_total_time(world):
    await up(world)
    reader, writer = await asyncio.open_connection("127.0.0.1", world.public_port)
    started = asyncio.get_running_loop().time()

    async def drip():
        for byte in b"POST /api/webhooks/voice HTTP/1.1\r\nHost: x\r\nX-Slow: " + b"a" * 10_000:
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0.1)  # the attacker's pace
    task = asyncio.ensure_future(drip())
    await within(reader.read(), "the slow connection to be cut")
    task.cancel()
    assert 4 < asyncio.get_running_loop().time() - started < 15
    writer.close()


@scenario
async def test_T22_the_call_beyond_the_limit_goes_to_a_person_with_a_row(world):
    await up(world, media="media:\n  max_calls: 2")
    for _ in range(2):
        await world.admitted()
    sid = new_sid("CA")
    status, _, body = await world.voice(sid)
    assert status == 200 and b"<Stream" not in body and PERSON.encode() in body
    row = (await world.journal(sid))["call"]
    assert row["end_reason"] == "overflow" and row["rung"] == "person" and row["decision"] == "limit"
    assert await world.metric('holdfast_admission_refused_total{cause="limit"}') == 1


@scenario
async def test_T23_a_storm_of_calls_is_answered_to_the_last_one(world):
    """50 webhooks at once (a tenth of the row's count), from the several addresses that Twilio calls from. The early
    drop of unproven connections may cost one a connection; Twilio tries again (#rc=), and so does this test."""
    provider = await up(world, media="media:\n  max_calls: 20")
    stream, _ = await world.talking(provider)
    sids = [new_sid("CA") for _ in range(50)]

    async def one(n, sid):
        for _ in range(6):  # rc=5
            answer = await attempt(n, sid)
            if answer:
                return answer
        return b""

    async def attempt(n, sid):
        form = world.voice_form(sid)
        body = urllib.parse.urlencode(form).encode()
        reader, writer = await asyncio.open_connection("127.0.0.1", world.public_port, local_addr=(f"127.0.1.{n % 10 + 1}", 0))
        writer.write(b"POST /api/webhooks/voice HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                     b"Content-Type: application/x-www-form-urlencoded\r\nX-Twilio-Signature: "
                     + sign(TOKEN, "http://x" + VOICE, form).encode()
                     + b"\r\nContent-Length: " + str(len(body)).encode() + b"\r\n\r\n" + body)
        try:
            return await within(reader.read(), "an answer")
        except ConnectionError:
            return b""
        finally:
            writer.close()
    answers = await asyncio.gather(*(one(n, sid) for n, sid in enumerate(sids)))
    assert {a[:12] for a in answers} == {b"HTTP/1.1 200"}
    assert sum(b"<Stream" in a for a in answers) == 19  # one is already running
    assert all(b"<Dial" in a for a in answers)
    assert not stream.socket.closed
    listed = (await world.admin("/api/v1/calls?limit=100"))[1]["calls"]
    assert {row["call"] for row in listed} >= set(sids)


@scenario
async def test_T18_the_status_callback_ends_a_call_that_never_said_stop(world):
    provider = await up(world)
    stream, voice = await world.talking(provider)
    form = [("CallSid", stream.sid), ("CallStatus", "completed")]
    assert (await world.post("/api/webhooks/status", form, token=None))[0] == 403
    assert (await world.post("/api/webhooks/status", form))[0] == 204
    assert await world.ended(stream.sid) == "callback"
    await within(voice.closed.wait(), "the provider session to close")
    assert await stream.closed() == 1000


@scenario
async def test_X01_slow_connections_do_not_keep_callers_out(world):
    provider = await up(world)
    stream, _ = await world.talking(provider)
    slow = []
    for _ in range(16):  # what one address may hold open unproven
        slow.append(await asyncio.open_connection("127.0.0.1", world.public_port, local_addr=("127.0.0.7", 0)))
        slow[-1][1].write(b"POST / HTTP/1.1\r\nX-")
    reader, writer = await asyncio.open_connection("127.0.0.1", world.public_port, local_addr=("127.0.0.7", 0))
    try:
        assert await within(reader.read(10), "the connection beyond the address's share to be closed") == b""
    except ConnectionError:
        pass
    writer.close()
    assert (await world.voice(new_sid("CA")))[0] == 200
    before = len(stream.heard)
    assert not stream.socket.closed and before > 0
    for reader, writer in slow:
        try:
            await within(reader.read(), "slow connections to be cut")
        except ConnectionError:
            pass
        writer.close()


@scenario
async def test_prompts_are_served_and_nothing_else_is(world):
    await up(world)
    status, headers, body = await world.http("GET", "/prompts/person.wav")
    assert status == 200 and headers["Content-Type"] == "audio/wav" and body[:4] == b"RIFF"
    for path in ("/prompts/", "/prompts/x.wav", "/prompts/../holdfast.yaml", "/prompts/person.txt",
                 "/prompts/" + urllib.parse.quote("../../etc/passwd", safe="")):
        assert (await world.http("GET", path))[0] == 404, path


@scenario
async def test_E10_without_any_prompt_the_start_is_refused_unless_somebody_wants_it_so(world):
    provider = await world.provider()
    world.write_config(provider.url)
    (world.tmp / "prompts").mkdir()
    config = world.tmp / "holdfast.yaml"
    config.write_text(config.read_text().replace(f"{ROOT}/etc/prompts", f"{world.tmp}/prompts"))
    await world.start_daemon(ready=False)
    assert await within(world.process.wait(), "the daemon to refuse") == 78
    await world.logged("<end of log>")
    assert any("--allow-no-prompts" in line for line in world.log)
    mark = len(world.log)
    await world.start_daemon(wrapper=("sh", "-c", 'exec "$0" "$@" --allow-no-prompts'))
    await world.logged("every call goes to a person", mark)
    status, _, body = await world.voice(new_sid("CA"))
    assert status == 200
    assert xml.fromstring(body).find("./Connect") is None and xml.fromstring(body).find("./Dial") is not None
    status, _, _ = await world.http("GET", "/readyz", port=world.admin_port)
    assert status == 503


@scenario
async def test_reload_swaps_the_certificate_and_keeps_the_old_one_when_the_new_is_broken(world):
    import signal
    import ssl
    from harness import make_certificates
    provider = await up(world, tls=True)
    stream, _ = await world.talking(provider)

    def serial():
        return ssl.get_server_certificate(("127.0.0.1", world.public_port))
    loop = asyncio.get_running_loop()
    first = await loop.run_in_executor(None, serial)
    make_certificates(world.tmp)
    mark = len(world.log)
    world.process.send_signal(signal.SIGHUP)
    await world.logged("configuration reloaded", mark)
    second = await loop.run_in_executor(None, serial)
    assert second != first
    (world.tmp / "server.pem").write_text("rubbish")
    mark = len(world.log)
    world.process.send_signal(signal.SIGHUP)
    await world.logged("certificate refused|configuration refused", mark)
    assert await loop.run_in_executor(None, serial) == second
    assert not stream.socket.closed

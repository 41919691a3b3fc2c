"""Media Streams from outside: everything Twilio, or somebody who is not Twilio, can send. Rows T08 to T21."""
import asyncio
import json

from harness import SILENCE, b64, new_sid, scenario, within


async def up(world, **config):
    provider = await world.provider()
    world.write_config(provider.url, **config)
    await world.start_daemon()
    return provider


async def still_works(world, provider):
    """Another call is served: the fault disturbed nobody else."""
    while not provider.connections.empty():
        provider.connections.get_nowait()  # of calls that never streamed
    stream, _ = await world.talking(provider)
    await stream.wait_for(lambda: len(stream.heard) > 800, "the greeting of another call")
    await stream.stop()
    assert await world.ended(stream.sid) == "stop"


@scenario
async def test_greets_within_300_ms_of_start(world):
    provider = await up(world)
    provider.auto = False  # the provider never says a word
    sid, parameters = await world.admitted()
    stream = await world.open_stream(sid)
    await stream.connected()
    began = asyncio.get_running_loop().time()
    await stream.start(parameters)
    await stream.wait_for(lambda: stream.heard, "the first sound")
    assert asyncio.get_running_loop().time() - began < 0.3
    assert stream.messages[0].keys() == {"event", "streamSid", "media"}
    assert stream.messages[0]["media"].keys() == {"payload"}


@scenario
async def test_T08_a_stream_that_never_starts_is_closed_1008(world):
    provider = await up(world)
    stream = await world.open_stream(new_sid("CA"))
    await stream.connected()
    assert await stream.closed() == 1008
    assert await world.metric("holdfast_ws_no_start_total") == 1
    await still_works(world, provider)


@scenario
async def test_T09_media_before_start_closes_1002(world):
    provider = await up(world)
    await world.admitted()
    stream = await world.open_stream(new_sid("CA"))
    await stream.media()
    assert await stream.closed() == 1002
    await still_works(world, provider)


@scenario
async def test_T09_a_second_start_closes_1002(world):
    provider = await up(world)
    stream, _ = await world.talking(provider)
    await stream.start({"token": "x"})
    assert await stream.closed() == 1002
    assert await world.ended(stream.sid) == "protocol"
    await still_works(world, provider)


@scenario
async def test_T10_X04_a_wrong_or_used_token_closes_1008_and_sends_nothing_upstream(world):
    provider = await up(world)
    sid, parameters = await world.admitted()
    voice = await provider.connection()
    thief = await world.open_stream(sid)
    await thief.connected()
    await thief.start({"token": "0" * 64})
    await thief.media()
    assert await thief.closed() == 1008
    assert voice.appends == 0 and [e["type"] for e in voice.received] in ([], ["session.update"])
    assert await world.metric("holdfast_token_fail_total") == 1
    stream = await world.open_stream(sid)  # the true one still gets through
    await stream.connected()
    await stream.start(parameters)
    await stream.wait_for(lambda: stream.heard, "the greeting")
    await stream.stop()
    await world.ended(sid)
    again = await world.open_stream(sid)  # and its token is used up
    await again.connected()
    await again.start(parameters)
    assert await again.closed() == 1008


@scenario
async def test_T11_a_second_stream_is_closed_and_the_first_stays(world):
    provider = await up(world)
    sid, parameters = await world.admitted()
    first = await world.open_stream(sid)
    await first.connected()
    await first.start(parameters)
    await first.wait_for(lambda: first.heard, "the greeting")
    second = await world.open_stream(sid)
    await second.connected()
    await second.start(parameters)
    assert await second.closed() == 1008
    assert not first.socket.closed
    assert await world.metric("holdfast_dup_stream_total") == 1
    assert len(provider.all) == 1


@scenario
async def test_T11_a_lost_stream_is_taken_over_with_a_fresh_token(world):
    provider = await up(world)
    stream, voice = await world.talking(provider)
    stream.flow.cancel()
    stream.socket.transport.abort()
    await world.event("seam", stream.sid)
    _, fresh = await world.admitted(stream.sid)
    second = await world.open_stream(stream.sid)
    await second.connected()
    await second.start(fresh)
    second.keep_flowing()
    heard = voice.appends
    await voice.wait_for(lambda: voice.appends > heard + 10, "caller audio of the second stream")
    assert len(provider.all) == 1
    kinds = [s["kind"] for s in (await world.journal(stream.sid))["seams"]]
    assert kinds == ["stream_lost", "takeover"]


@scenario
async def test_T12_a_gap_reaches_the_provider_as_silence_of_the_same_length(world):
    provider = await up(world)
    stream, voice = await world.talking(provider)
    stream.flow.cancel()
    await asyncio.gather(stream.flow, return_exceptions=True)
    await stream.media(b"\x11" * 160)
    await voice.wait_for(lambda: voice.audio.endswith(b"\x11" * 160), "the frame before the gap")
    start = len(voice.audio)
    stream.timestamp += 400
    stream.chunk += 20
    await stream.media(b"\x22" * 160)
    await voice.wait_for(lambda: voice.audio.endswith(b"\x22" * 160), "the frame after the gap")
    assert voice.audio[start:] == b"\xff" * 3200 + b"\x22" * 160
    assert await world.metric("holdfast_media_gap_total") >= 1


@scenario
async def test_T12_a_turn_can_end_when_frames_stop_during_speech(world):
    provider = await up(world)
    stream, voice = await world.talking(provider)
    await voice.send(type="input_audio_buffer.speech_started", audio_start_ms=0, item_id="item_s")
    await world.event("speech_started", stream.sid)
    stream.flow.cancel()
    await asyncio.gather(stream.flow, return_exceptions=True)
    await voice.wait_for(lambda: voice.audio.endswith(b"\xff" * 8000), "a second of silence")


@scenario
async def test_T13_T14_duplicates_and_rubbish_payloads_go_nowhere(world):
    provider = await up(world)
    stream, voice = await world.talking(provider)
    stream.flow.cancel()
    await asyncio.gather(stream.flow, return_exceptions=True)
    await stream.media(b"\x31" * 160)
    stream.chunk -= 1
    stream.timestamp -= 20
    await stream.media(b"\x31" * 160)
    for payload in ("!!!!", "abc", "=", "", "AAAA\nAAA"):
        await stream.media(payload=payload)
    stream.timestamp -= 5 * 20
    await stream.media(b"\x32" * 160)
    await voice.wait_for(lambda: voice.audio.endswith(b"\x32" * 160), "the good frame")
    assert voice.audio.count(b"\x31" * 160) == 1
    assert await world.metric("holdfast_media_duplicate_total") == 1
    assert await world.metric('holdfast_media_bad_total{reason="base64"}') >= 3


@scenario
async def test_T14_a_foreign_codec_goes_to_a_person(world):
    provider = await up(world)
    sid, parameters = await world.admitted()
    stream = await world.open_stream(sid)
    await stream.connected()
    await stream.start(parameters, mediaFormat={"encoding": "audio/l16", "sampleRate": 16000, "channels": 1})
    assert await stream.closed() == 1000
    assert await world.ended(sid) == "protocol"
    await still_works(world, provider)


@scenario
async def test_T15_an_oversized_message_closes_1009(world):
    provider = await up(world)
    stream, _ = await world.talking(provider)
    await stream.send('{"event":"x","fill":"' + "a" * 70_000 + '"}')
    assert await stream.closed() == 1009
    assert await world.ended(stream.sid) == "protocol"
    await still_works(world, provider)


@scenario
async def test_T15_endless_fragments_close_1009(world):
    provider = await up(world)
    stream, _ = await world.talking(provider)
    stream.flow.cancel()
    await asyncio.gather(stream.flow, return_exceptions=True)

    async def fragments():
        for _ in range(100):
            yield "a"
    try:
        await stream.socket.send(fragments())
    except Exception:
        pass
    assert await stream.closed() in (1009, 1002)
    await still_works(world, provider)


@scenario
async def test_T16_a_binary_frame_closes_1003(world):
    provider = await up(world)
    stream, _ = await world.talking(provider)
    await stream.socket.send(b"\x00\x01")
    assert await stream.closed() == 1003
    await still_works(world, provider)


@scenario
async def test_T17_no_media_for_ten_seconds_ends_the_call_and_a_missing_pong_does_not(world):
    provider = await up(world)
    stream, voice = await world.talking(provider)
    stream.flow.cancel()
    assert await world.ended(stream.sid) == "timeout"
    await within(voice.closed.wait(), "the provider session to close")
    assert await world.metric("holdfast_media_idle_total") == 1
    assert await world.metric("holdfast_calls_active") == 0


@scenario
async def test_T19_a_peer_that_stops_reading_loses_old_audio_and_then_the_call(world):
    import socket
    provider = await up(world)
    await world.talking(provider)  # with a good stream beside it, a bad one does not speak for the line (N12)
    sid, parameters = await world.admitted()
    narrow = socket.socket()
    narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    narrow.connect(("127.0.0.1", world.public_port))
    stream = await world.open_stream(sid, sock=narrow)
    await stream.connected()
    await stream.start(parameters)
    stream.keep_flowing()
    voice = await provider.connection()
    await voice.wait_for(lambda: voice.configured and voice.appends > 0, "caller audio at the provider")
    stream.socket.transport.pause_reading()
    await voice.caller_turn("Hello?")
    response, item = await voice.begin_answer()
    for _ in range(40):
        await voice.audio_delta(response, item, b"\x21" * 8000)  # 40 s of speech
    # The kernel's time-out (TCP_USER_TIMEOUT, 5 s) ends a socket whose peer takes nothing before our own does.
    assert await world.ended(sid) in ("timeout", "socket_closed")
    assert any(s["kind"] in ("stream_blocked", "stream_lost") for s in (await world.journal(sid))["seams"])
    stream.socket.transport.abort()
    await still_works(world, provider)
    assert await world.metric('holdfast_media_dropped_total{where="caller_socket"}') > 0


@scenario
async def test_T20_a_call_goes_on_when_marks_never_return(world):
    provider = await up(world)
    stream, voice = await world.talking(provider)
    stream.return_marks = False
    await voice.caller_turn("Four one seven Larch Drive.")
    await voice.answer("What happened?", b"\x41" * 4000)
    await stream.wait_for(lambda: b"\x41" * 4000 in stream.heard, "the answer")
    event = await world.event("utterance", stream.sid, speaker="voice", text="What happened?")
    assert event["total_ms"] == 500


@scenario
async def test_T21_a_keypad_flood_disturbs_nothing(world):
    provider = await up(world)
    stream, voice = await world.talking(provider)
    for _ in range(500):
        await stream.dtmf("5")
    heard = voice.appends
    await voice.wait_for(lambda: voice.appends > heard + 20, "audio after the flood")
    assert await world.metric("holdfast_dtmf_total") == 500
    assert await world.metric("holdfast_dtmf_dropped_total") >= 400


@scenario
async def test_keypad_zero_reaches_a_person(world):
    provider = await up(world)
    stream, voice = await world.talking(provider)
    await stream.dtmf("0")
    assert await stream.closed() == 1000
    assert await world.handed_over(stream.sid) == "transferred"
    assert (await world.journal(stream.sid))["call"]["rung"] == "person"
    await within(voice.closed.wait(), "the provider session to close")


@scenario
async def test_unknown_events_numbers_as_numbers_and_odd_order_are_fine(world):
    provider = await up(world)
    stream, voice = await world.talking(provider)
    stream.flow.cancel()
    await asyncio.gather(stream.flow, return_exceptions=True)
    await stream.send({"event": "weather", "streamSid": stream.stream_sid, "sky": {"deep": [[[]]]}})
    await stream.send(json.dumps({
        "media": {"payload": b64(b"\x51" * 160), "timestamp": stream.timestamp, "chunk": stream.chunk + 1, "track": "inbound"},
        "streamSid": stream.stream_sid, "sequenceNumber": 77, "event": "media"}))
    await voice.wait_for(lambda: voice.audio.endswith(b"\x51" * 160), "the frame")
    assert await world.metric('holdfast_unknown_event_total{peer="twilio"}') == 1


@scenario
async def test_caller_audio_before_the_voice_is_ready_is_kept_and_sent_first(world):
    provider = await up(world)
    provider.auto = False
    sid, parameters = await world.admitted()
    voice = await provider.connection()
    stream = await world.open_stream(sid)
    await stream.connected()
    await stream.start(parameters)
    for n in range(50):
        await stream.media(bytes([n + 1]) * 160)
    await stream.dtmf("5")  # a message behind the audio: when it is seen, the audio was taken
    await world.event("dtmf", sid)
    assert voice.appends == 0
    await voice.create()
    await voice.update(await voice.event("session.update"))
    await voice.wait_for(lambda: voice.appends >= 50, "the kept audio")
    assert bytes(voice.audio[:50 * 160]) == b"".join(bytes([n + 1]) * 160 for n in range(50))


@scenario
async def test_twilio_frames_pass_unchanged(world):
    provider = await up(world)
    stream, voice = await world.talking(provider)
    stream.flow.cancel()
    await asyncio.gather(stream.flow, return_exceptions=True)
    before = len(voice.audio)
    sent = b""
    for n in range(100):
        frame = bytes((n * 7 + k) % 256 for k in range(160))
        sent += frame
        await stream.media(frame)
    await voice.wait_for(lambda: len(voice.audio) >= before + len(sent), "100 frames")
    assert bytes(voice.audio[before:]) == sent


@scenario
async def test_a_stream_reset_leaves_no_session_behind(world):
    provider = await up(world)
    stream, voice = await world.talking(provider)
    stream.flow.cancel()
    stream.socket.transport.abort()
    assert await world.ended(stream.sid) == "socket_closed"
    await within(voice.closed.wait(), "the provider session to close")
    await still_works(world, provider)


@scenario
async def test_audio_is_sent_at_most_a_second_ahead(world):
    provider = await up(world)
    stream, voice = await world.talking(provider)
    await stream.wait_for(lambda: len(stream.marks) >= 1, "marks")
    stream.return_marks = True
    await voice.caller_turn("Where are you?")  # interrupts the greeting
    await stream.wait_for(lambda: stream.clears == 1, "the clear")
    heard = len(stream.heard)
    loop = asyncio.get_running_loop()
    response, item = await voice.begin_answer()
    began = loop.time()
    for _ in range(4):
        await voice.audio_delta(response, item, b"\x61" * 8000)  # 4 s at once
    await stream.wait_for(lambda: len(stream.heard) >= heard + 7000, "the first second")
    await stream.wait_for(lambda: len(stream.heard) >= heard + 24_000, "three seconds")
    took = loop.time() - began
    assert took > 1.9, took  # 3 s of audio may be out after 2 s at the earliest
    for message in stream.messages:
        if message["event"] == "media":
            assert len(message["media"]["payload"]) <= 640
    assert SILENCE not in bytes(stream.heard[heard:])

"""The conversation with the provider, from both ends: configuration, turns, interruption, tools, faults (rows
O01 to O28 as far as the live rung goes) and renewal."""
import asyncio
import http
import json

from harness import API_KEY, BUILD, new_sid, parameters_of, scenario, within


async def up(world, openai="", **options):
    provider = await world.provider(**options)
    world.write_config(provider.url, openai=openai)
    await world.start_daemon()
    return provider


async def loses_its_voice(world, stream):
    lost = await world.event("voice_lost", stream.sid)
    return lost["detail"].partition(": ")[2]


async def goes_to_recorded_questions(world, stream):
    """The rung has nothing left: recorded questions play, and key 0 reaches a person. The reason of the loss."""
    reason = await loses_its_voice(world, stream)
    heard = len(stream.heard)
    await stream.wait_for(lambda: len(stream.heard) > heard + 16000, "the recorded questions")
    journal = await world.journal(stream.sid)
    assert journal["call"]["rung"] == "canned", journal["seams"]
    await stream.dtmf("0")
    assert await stream.closed() == 1000
    await world.handed_over(stream.sid)
    assert (await world.journal(stream.sid))["call"]["rung"] == "person"
    return reason


async def is_mended(world, stream, provider):
    """A lost session is opened again on its rung with a prompt meanwhile, and the talk goes on."""
    reason = await loses_its_voice(world, stream)
    await world.event("sentence", stream.sid, detail="stall")
    second = await provider.connection()
    await second.wait_for(lambda: second.configured and second.appends > 0, "caller audio at the second session")
    await second.answer("I am back.", b"\x65" * 800)
    await world.event("utterance", stream.sid, text="I am back.")
    journal = await world.journal(stream.sid)
    assert journal["call"]["rung"] == "openai" and [s["kind"] for s in journal["seams"]] == ["voice_lost"]
    await stream.stop()
    assert await world.ended(stream.sid) == "stop"
    return reason


@scenario
async def test_connects_and_configures_as_the_ga_protocol_asks(world):
    provider = await up(world)
    await world.admitted()
    voice = await provider.connection()
    assert voice.headers["Authorization"] == f"Bearer {API_KEY}"
    assert "OpenAI-Beta" not in voice.headers and "Sec-WebSocket-Extensions" not in voice.headers
    assert voice.socket.path == "/v1/realtime?model=gpt-realtime-2.1"
    session = (await voice.event("session.update"))["session"]
    assert session["type"] == "realtime" and session["output_modalities"] == ["audio"]
    assert session["audio"]["input"]["format"] == {"type": "audio/pcmu"}
    assert session["audio"]["output"]["format"] == {"type": "audio/pcmu"}
    assert session["audio"]["output"]["voice"] == "alloy"
    assert session["audio"]["input"]["transcription"]["model"] == "gpt-transcribe"
    vad = session["audio"]["input"]["turn_detection"]
    assert (vad["type"], vad["threshold"], vad["prefix_padding_ms"], vad["silence_duration_ms"]) == \
        ("server_vad", 0.5, 300, 500)
    assert [tool["name"] for tool in session["tools"]] == ["transfer_to_person", "report_incident", "request_dispatch"]
    for dead in ("prompt", "temperature", "modalities", "voice", "input_audio_format"):
        assert dead not in session
    assert "emergency" in session["instructions"].lower()


@scenario
async def test_a_turn_is_heard_answered_and_written_down(world):
    provider = await up(world)
    stream, voice = await world.talking(provider)
    await voice.caller_turn("There is smoke at four one seven Larch Drive.")
    await voice.answer("Is anyone inside?", b"\x71" * 8000)
    await world.event("utterance", stream.sid, speaker="voice", text="Is anyone inside?")
    assert b"\x71" * 8000 in stream.heard
    rows = (await world.journal(stream.sid))["utterances"]
    texts = [(r["speaker"], r["text"]) for r in rows]
    assert ("caller", "There is smoke at four one seven Larch Drive.") in texts
    answer = next(r for r in rows if r["text"] == "Is anyone inside?")
    assert answer["played_ms"] == answer["total_ms"] == 1000
    assert answer["provider"] == "openai" and not answer["interrupted"]
    assert answer["response_us"] == answer["vad_us"] + answer["provider_us"] + answer["box_us"]
    seqs = [r["seq"] for r in rows]
    assert seqs == sorted(seqs) and len(set(seqs)) == len(seqs)


@scenario
async def test_what_and_where_become_a_proposal(world):
    provider = await up(world)
    stream, voice = await world.talking(provider)
    await voice.caller_turn("There's a fire at 123 Main Street.")
    await world.event("dispatch", stream.sid, detail="proposed")
    detail = await world.journal(stream.sid)
    assert [f["normal"] for f in detail["facts"]] == ["FUNK", "123 MAIN ST"]
    words = next(r for r in detail["utterances"] if r["speaker"] == "caller")
    assert all(f["seq"] > words["seq"] and f["turn"] == words["item_id"] for f in detail["facts"])
    known = detail["incidents"][-1]
    assert (known["type"], known["place"], known["place_known"]) == ("FUNK", "123 MAIN ST", True)
    assert [(d["state"], d["rule"], d["incomplete"]) for d in detail["dispatches"]] == [("proposed", "place_and_type", False)]
    for line in ("type detected", "location detected", "dispatch proposed"):
        await world.logged(line)  # its reader may be behind
    assert not any("main" in entry.lower().split() or "MAIN" in entry for entry in world.log), "a place is no matter for the log"
    assert await world.metric("holdfast_dispatch_proposal_seconds_count") == 1


@scenario
async def test_interruption_clears_and_truncates_at_what_was_played(world):
    provider = await up(world)
    stream, voice = await world.talking(provider)
    await voice.caller_turn("Help.")
    await stream.wait_for(lambda: stream.clears == 1, "the greeting to be cut")
    response, item = await voice.begin_answer()
    await voice.audio_delta(response, item, b"\x62" * 40_000)  # 5 s
    await voice.send(type="response.output_audio_transcript.done", response_id=response, item_id=item, output_index=0,
                     content_index=0, transcript="A long answer that nobody lets finish.")
    await stream.wait_for(lambda: stream.heard.count(b"\x62") >= 12_000, "1.5 s of it")
    await voice.send(type="input_audio_buffer.speech_started", audio_start_ms=3000, item_id="item_caller")
    await stream.wait_for(lambda: stream.clears == 2, "the clear")
    truncate = await voice.event("conversation.item.truncate")
    assert truncate["item_id"] == item and truncate["content_index"] == 0
    assert isinstance(truncate["audio_end_ms"], int) and 0 < truncate["audio_end_ms"] <= 1700
    await voice.audio_delta(response, item, b"\x63" * 8000)  # already queued at the provider: must not be heard
    await voice.end_answer(response, item, "A long answer that nobody lets finish.", status="cancelled")
    row = await world.event("utterance", stream.sid, text="A long answer that nobody lets finish.")
    assert row["played_ms"] == truncate["audio_end_ms"] and row["total_ms"] == 5000
    stored = next(r for r in (await world.journal(stream.sid))["utterances"] if r["item_id"] == item)
    assert stored["interrupted"] and stored["text"] == "A long answer that nobody lets finish."
    assert b"\x63" * 160 not in stream.heard
    assert await world.metric("holdfast_interruptions_total") >= 1


@scenario
async def test_several_audio_items_of_one_response_are_played_in_order(world):
    provider = await up(world)
    stream, voice = await world.talking(provider)
    await voice.caller_turn("Hello?")
    response, first = await voice.begin_answer()
    second = voice.next_id("item")
    await voice.audio_delta(response, first, b"\x64" * 800)
    await voice.audio_delta(response, second, b"\x65" * 800)
    for item in (first, second):
        await voice.send(type="response.output_audio.done", response_id=response, item_id=item, output_index=0, content_index=0)
    await stream.wait_for(lambda: b"\x64" * 800 + b"\x65" * 800 in stream.heard, "both items")


@scenario
async def test_transfer_to_person_reaches_a_person(world):
    provider = await up(world)
    stream, voice = await world.talking(provider)
    await voice.caller_turn("I want a human.")
    response = voice.next_id("resp")
    await voice.send(type="response.created", response={"id": response, "status": "in_progress", "output": []})
    call = {"id": "item_f", "type": "function_call", "status": "completed", "call_id": "call_1",
            "name": "transfer_to_person", "arguments": "{\"reason\":\"asked\"}"}
    await voice.send(type="response.function_call_arguments.done", response_id=response, item_id="item_f", output_index=0,
                     call_id="call_1", name="transfer_to_person", arguments=call["arguments"])
    await voice.send(type="response.done", response={"id": response, "status": "completed", "output": [call]})
    assert await stream.closed() == 1000
    assert await world.handed_over(stream.sid) == "transferred"


@scenario
async def test_what_the_model_reports_is_checked_and_stands_beside_what_the_caller_said(world):
    provider = await up(world)
    stream, voice = await world.talking(provider)

    async def call(name, **arguments):
        response, call_id = voice.next_id("resp"), voice.next_id("call")
        await voice.send(type="response.created", response={"id": response, "status": "in_progress", "output": []})
        item = {"id": voice.next_id("item"), "type": "function_call", "status": "completed", "call_id": call_id,
                "name": name, "arguments": json.dumps(arguments)}
        await voice.send(type="response.done", response={"id": response, "status": "completed", "output": [item]})
        output = await voice.event("conversation.item.create")
        while output["item"].get("call_id") != call_id:
            output = await voice.event("conversation.item.create")
        return json.loads(output["item"]["output"])

    await voice.caller_turn("There's a fire at 123 Main Street.")
    await world.event("dispatch", stream.sid)
    assert await call("request_dispatch") == {"recorded": True, "type": "FUNK", "location": "known", "dispatch": "proposed",
                                              "help_on_the_way": False}
    # A place that nobody said, and another type: both stay, an operator sees it, and nothing known changes.
    assert (await call("report_incident", type="BOMB", location="999 Elm Street"))["location"] == "known"
    assert "error" in await call("report_incident", type="911H")
    assert "error" in await call("report_incident", type="NOSUCH")
    assert "error" in await call("cancel_dispatch")
    detail = await world.journal(stream.sid)
    newest = detail["incidents"][-1]
    assert (newest["type"], newest["place"], newest["differ"]) == ("FUNK", "123 MAIN ST", True)
    assert [fact["normal"] for fact in detail["facts"] if fact["source"] == "model"] == ["BOMB", "999 ELM ST"]
    assert [row["state"] for row in detail["dispatches"]] == ["proposed"]


@scenario
async def test_O25_a_tool_that_takes_back_gets_an_error_output_and_the_conversation_goes_on(world):
    provider = await up(world)
    stream, voice = await world.talking(provider)
    await voice.caller_turn("Cancel it.")
    response = voice.next_id("resp")
    await voice.send(type="response.created", response={"id": response, "status": "in_progress", "output": []})
    call = {"id": "item_f", "type": "function_call", "status": "completed", "call_id": "call_2",
            "name": "cancel_dispatch", "arguments": "{}"}
    await voice.send(type="response.function_call_arguments.done", response_id=response, item_id="item_f", output_index=0,
                     call_id="call_2", name=call["name"], arguments="{}")
    assert not any(e["type"] == "response.create" for e in voice.received)  # not before response.done
    await voice.send(type="response.done", response={"id": response, "status": "completed", "output": [call]})
    output = await voice.event("conversation.item.create")
    while output["item"]["type"] != "function_call_output":
        output = await voice.event("conversation.item.create")
    assert output["item"]["call_id"] == "call_2" and "error" in output["item"]["output"]
    await voice.event("response.create")
    await voice.answer("I cannot do that.", b"\x66" * 800)
    await world.event("utterance", stream.sid, text="I cannot do that.")
    assert await world.metric('holdfast_tool_reject_total{reason="forbidden"}') == 1


@scenario
async def test_O01_to_O04_a_refused_upgrade_steps_down_and_is_named(world):
    provider = await up(world)
    for status, reason in ((401, "auth"), (403, "auth"), (404, "model"), (429, "quota"), (500, "server_error"),
                           (503, "server_error")):
        provider.process_request = lambda path, headers, status=status: (
            http.HTTPStatus(status), [("Content-Type", "application/json"), ("Retry-After", "1")],
            json.dumps({"error": {"message": "no", "type": "some_error", "code": "some_code"}}).encode())
        await world.stop_daemon()  # each refusal meets a box that trusts the provider
        mark = len(world.log)
        await world.start_daemon()
        stream = await world.call()
        await goes_to_recorded_questions(world, stream)
        lost = await world.logged(f"provider lost call={stream.sid}")
        assert f" reason={reason} " in lost and f"close_code={status}" in lost, (status, lost)
        if reason == "auth":
            await world.logged("a rung does not serve, calls use the next rung=openai reason=auth new_calls_get=canned", mark)


@scenario
async def test_O05_O06_a_silent_provider_costs_two_and_a_half_seconds(world):
    provider = await up(world)
    provider.auto = False
    loop = asyncio.get_running_loop()
    began = loop.time()
    stream = await world.call()
    seam = await world.event("voice_lost", stream.sid)
    assert 2.3 < loop.time() - began < 8, seam
    await goes_to_recorded_questions(world, stream)


@scenario
async def test_O07_O08_a_closed_session_is_opened_again_with_a_prompt_meanwhile(world):
    provider = await up(world)
    for code in (1000, 1001, 1011, 1013, None):
        stream, voice = await world.talking(provider)
        if code:
            await voice.socket.close(code)
        else:
            voice.socket.transport.abort()  # 1006
        await is_mended(world, stream, provider)
        if code in (1001, 1013):  # three losses in ten seconds would open the breaker
            await world.stop_daemon()
            await world.start_daemon()


@scenario
async def test_a_second_loss_within_half_a_minute_steps_down(world):
    provider = await up(world)
    stream, voice = await world.talking(provider)
    await voice.socket.close(1011)
    second = await provider.connection()
    await second.wait_for(lambda: second.configured and second.appends > 0, "the second session")
    await loses_its_voice(world, stream)
    await second.socket.close(1011)
    await goes_to_recorded_questions(world, stream)
    await world.logged(f"recording stored call={stream.sid}")  # hashed and in the journal, on the recorder's own thread
    kept = (await world.journal(stream.sid))["recordings"]
    assert len(kept) == 1 and kept[0]["duration_ms"] > 1500, kept


@scenario
async def test_a_person_who_does_not_answer_brings_the_caller_back(world):
    provider = await up(world)
    stream, voice = await world.talking(provider)
    await voice.caller_turn("Is this an operator?")
    assert await stream.closed() == 1000
    await world.event("with_person", stream.sid)
    form = world.voice_form(stream.sid) + [("DialCallStatus", "no-answer")]
    status, _, body = await world.post("/api/webhooks/next", form)
    assert status == 200 and b"<Stream" in body
    back = await world.open_stream(stream.sid)
    await back.connected()
    await back.start(parameters_of(body))
    back.keep_flowing()
    second = await provider.connection()
    await second.wait_for(lambda: second.configured and second.appends > 0, "the call on a new session")
    told = json.dumps([e for e in second.received if e["type"] == "conversation.item.create"])
    assert "Is this an operator?" in told
    await second.event("response.create")  # it speaks first
    status, _, body = await world.post("/api/webhooks/next", world.voice_form(stream.sid) + [("DialCallStatus", "completed")])
    assert status == 200 and b"<Hangup/>" in body


@scenario
async def test_O10_T13_harmless_errors_change_nothing(world):
    provider = await up(world)
    stream, voice = await world.talking(provider)
    for code in ("conversation_already_has_active_response", "response_cancel_not_active", "input_audio_buffer_commit_empty"):
        await voice.send(type="error", error={"type": "invalid_request_error", "code": code, "message": "m", "param": None,
                                              "event_id": None})
    await voice.caller_turn("Still here?")
    await voice.answer("Yes.", b"\x67" * 800)
    await world.event("utterance", stream.sid, text="Yes.")
    assert await world.metric('holdfast_upstream_error_total{class="harmless"}') == 3


@scenario
async def test_O11_repeated_server_errors_open_a_new_session(world):
    provider = await up(world)
    stream, voice = await world.talking(provider)
    for _ in range(2):
        await voice.send(type="error", error={"type": "server_error", "code": None, "message": "m", "param": None})
    assert await is_mended(world, stream, provider) == "server_error"


@scenario
async def test_O09_a_fatal_error_steps_down(world):
    provider = await up(world)
    stream, voice = await world.talking(provider)
    await voice.send(type="error", error={"type": "insufficient_quota", "code": "insufficient_quota", "message": "m", "param": None})
    assert await goes_to_recorded_questions(world, stream) == "quota"


@scenario
async def test_O17_three_unreadable_messages_open_a_new_session(world):
    provider = await up(world)
    stream, voice = await world.talking(provider)
    for bad in ('{"type":', "[" * 10_000, '{"type":"error","type":"session.created"}'):
        await voice.send_raw(bad)
    assert await is_mended(world, stream, provider) == "protocol"


@scenario
async def test_O18_a_huge_message_opens_a_new_session(world):
    provider = await up(world)
    stream, voice = await world.talking(provider)
    with __import__("contextlib").suppress(Exception):
        await voice.send_raw('{"type":"x","fill":"' + "a" * (2 << 20) + '"}')
    await is_mended(world, stream, provider)


@scenario
async def test_O19_O21_unknown_stale_and_disordered_events_are_ignored(world):
    provider = await up(world)
    stream, voice = await world.talking(provider)
    await voice.send(type="weather.report", sky={"deep": [1, [2, [3]]]})
    await voice.send(type="conversation.created", conversation={"id": "conv_1"})
    await voice.audio_delta("resp_foreign", "item_foreign", b"\x68" * 800)
    await voice.caller_turn("Hm?")
    await voice.answer("Go on.", b"\x69" * 800)
    await world.event("utterance", stream.sid, text="Go on.")
    assert await world.metric('holdfast_unknown_event_total{peer="provider"}') >= 1


@scenario
async def test_O27_a_wrong_output_format_is_never_played(world):
    provider = await up(world, voice_format="audio/pcm")
    sid, parameters = await world.admitted()
    voice = await provider.connection()
    await voice.wait_for(lambda: voice.configured, "the session")
    stream = await world.open_stream(sid)
    await stream.connected()
    await stream.start(parameters)
    stream.keep_flowing()
    await goes_to_recorded_questions(world, stream)


@scenario
async def test_O28_audio_without_a_transcript_is_kept_as_such(world):
    provider = await up(world)
    stream, voice = await world.talking(provider)
    await voice.caller_turn(None)
    response, item = await voice.begin_answer()
    await voice.audio_delta(response, item, b"\x6a" * 800)
    await stream.wait_for(lambda: b"\x6a" * 800 in stream.heard, "the answer")
    await stream.stop()
    await world.ended(stream.sid)
    row = next(r for r in (await world.journal(stream.sid))["utterances"] if r["item_id"] == item)
    assert row["failed"] and row["text"] == ""


@scenario
async def test_a_provider_that_answers_no_ping_is_lost_within_its_time(world):
    """SIGSTOP on the provider would stop this test too: the provider here just never pongs."""
    provider = await up(world, openai="  ping_interval_ms: 200\n  ping_timeout_ms: 600")
    stream, voice = await world.talking(provider)

    async def no_pong(*_):
        return None
    voice.socket.pong = no_pong
    assert await is_mended(world, stream, provider) == "ping"


@scenario
async def test_a_person_is_told_when_transcription_is_refused_and_the_call_goes_on(world):
    provider = await up(world)
    provider.auto = False
    sid, parameters = await world.admitted()
    voice = await provider.connection()
    await voice.create()
    first = await voice.event("session.update")
    await voice.send(type="error", error={"type": "invalid_request_error", "code": "invalid_value", "message": "m",
                                          "param": "session.audio.input.transcription.model", "event_id": first["event_id"]})
    second = await voice.event("session.update")
    assert second["session"]["audio"]["input"].get("transcription") is None
    await voice.update(second)
    stream = await world.open_stream(sid)
    await stream.connected()
    await stream.start(parameters)
    stream.keep_flowing()
    await voice.wait_for(lambda: voice.appends > 5, "caller audio")


@scenario
async def test_O12_the_session_is_renewed_without_the_caller_noticing(world):
    provider = await up(world, session_life_s=20)
    stream, voice = await world.talking(provider)
    await voice.caller_turn("The barn at Cedar Lane burns.")
    await voice.answer("Is anyone in it?", b"\x6b" * 1600)
    await world.event("utterance", stream.sid, text="Is anyone in it?")
    heard_sentence = stream.clears
    second = await provider.connection()  # 11/12 of 20 s
    await second.wait_for(lambda: second.configured, "the second session")
    replay = await second.event("conversation.item.create")
    await second.wait_for(lambda: second.appends > 10, "caller audio at the second session")
    texts = json.dumps([e for e in second.received if e["type"] == "conversation.item.create"])
    assert "Cedar Lane" in texts and "Is anyone in it?" in texts and replay
    await within(voice.closed.wait(), "the first session to close")
    assert voice.socket.close_code == 1000
    await second.caller_turn("Yes, two people.")
    await second.answer("Stay outside.", b"\x6c" * 1600)
    await world.event("utterance", stream.sid, text="Stay outside.")
    assert stream.clears == heard_sentence + 0 or stream.clears >= heard_sentence
    assert await world.metric("holdfast_session_rollover_total") == 1
    kinds = [s["kind"] for s in (await world.journal(stream.sid))["seams"]]
    assert kinds == ["session_renewed"]


@scenario
async def test_a_session_that_nobody_streams_to_is_closed_after_half_a_minute(world):
    provider = await up(world)
    await world.admitted()
    voice = await provider.connection()
    await within(voice.closed.wait(), "the unused session to close")
    assert voice.appends == 0


@scenario
async def test_tls_to_the_provider_is_verified(world):
    import ssl
    certificate, key, ca = world.certificates()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    provider = await world.provider(tls=context)
    world.write_config(provider.url)  # no ca_file: the private CA is unknown
    await world.start_daemon()
    stream = await world.call()
    await goes_to_recorded_questions(world, stream)
    assert provider.all == []
    await world.stop_daemon()
    world.write_config(provider.url, openai=f"  ca_file: {ca}")
    await world.start_daemon()
    await world.talking(provider)


@scenario
async def test_without_a_key_callers_get_the_recorded_questions_and_the_log_a_clear_line(world):
    world.env["OPENAI_API_KEY"] = ""
    world.write_config("wss://api.openai.com/v1/realtime")
    await world.start_daemon()
    await world.logged("rung is skipped.*rung=openai reason=no_api_key")
    stream = await world.call()
    await stream.wait_for(lambda: len(stream.heard) > 60_000, "the greeting and the recorded questions")
    assert (await world.journal(stream.sid))["call"]["rung"] == "canned"
    await stream.dtmf("0")
    assert await stream.closed() == 1000
    assert await world.handed_over(stream.sid) == "transferred"


@scenario
async def test_a_colleague_transfers_a_call_and_the_person_is_told_why(world):
    provider = await up(world)
    stream, _ = await world.talking(provider)
    run = await asyncio.create_subprocess_exec(BUILD / "tools" / "holdfastctl" / "holdfastctl", "transfer", stream.sid, "--admin",
                                               f"http://127.0.0.1:{world.admin_port}", stdout=asyncio.subprocess.PIPE)
    assert await within(run.wait(), "holdfastctl transfer") == 0
    assert await stream.closed() == 1000
    await world.event("with_person", stream.sid)
    seams = (await world.journal(stream.sid))["seams"]
    assert (seams[-1]["kind"], seams[-1]["reason"]) == ("person_asked", "console"), seams
    child = [("AccountSid", "AC" + "0" * 32), ("CallSid", new_sid("CA")), ("ParentCallSid", stream.sid)]
    status, _, body = await world.post("/api/webhooks/whisper", child)
    assert status == 200 and b"<Say>Emergency call. A colleague transferred it." in body, body
    status, _, body = await world.post("/api/webhooks/whisper", child[:2] + [("ParentCallSid", new_sid("CA"))])
    assert status == 200 and body.endswith(b"<Response></Response>"), "nothing to say connects at once"
    status, _, _ = await world.post("/api/webhooks/whisper", child, token=None)
    assert status == 403
    assert await world.handed_over(stream.sid) == "transferred"


@scenario
async def test_the_last_words_of_a_caller_who_hangs_up_are_kept(world):
    provider = await up(world)
    stream, voice = await world.talking(provider)
    item = await voice.caller_turn(None)
    await world.event("speech_started", stream.sid)
    await stream.stop()
    assert await world.ended(stream.sid) == "stop"
    await voice.send(type="conversation.item.input_audio_transcription.completed", item_id=item, content_index=0,
                     transcript="It is on the third floor.", usage={"type": "duration", "seconds": 1})
    await world.event("utterance", stream.sid, text="It is on the third floor.")
    await within(voice.closed.wait(), "the provider session to close")

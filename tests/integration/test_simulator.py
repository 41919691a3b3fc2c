"""Every fault that holdfast-sim can switch on, run with the real holdfast-sim against the real daemon: the row of
the failure matrix, what the caller has to get, and the metric that has to move.

Faults of the provider strike connection 1 and each has a daemon of its own; a second caller is placed as soon as the
first has his session, and has to have a good call beside the fault. Faults of the caller share one daemon with two
callers who do nothing wrong. Calls last some seconds of real time, so many run at once; nothing is timed but by the
simulator's own judgement (greeting, dead air) and the harness's one deadline."""
import asyncio
import dataclasses
import json
import os

from harness import ROOT, scenario
from sim import Provider, nothing_is_left, place_call, run_rows, sockets_of

GOOD, MENDED, CANNED = "a good call", "a new session, and then a good call", "the recorded questions"


@dataclasses.dataclass
class Row:
    matrix: str           # its row, or why it has none
    fault: str            # in the simulator's notation
    outcome: str          # GOOD, PERSON, or the reason of the call's end
    metric: str = ""      # full name of the sample that has to move
    options: tuple = ()   # more for the provider or the caller
    bystander: bool = True
    close: tuple = ()     # codes that the stream may be closed with


def lost(reason):
    return f'holdfast_upstream_lost_total{{reason="{reason}"}}'


def connect(result):
    return f'holdfast_upstream_connect_total{{result="{result}"}}'


PATIENT = ("--script", str(ROOT / "tests" / "data" / "patient_caller.yaml"))
BAD_FRAME = "holdfast_upstream_bad_frame_total"
STALE = "holdfast_stale_delta_total"

PROVIDER = [
    Row("O01", "refuse=401", CANNED, lost("auth")),
    Row("O01", "refuse=403", CANNED, lost("auth")),
    Row("O01", "error-3000", CANNED, lost("auth")),
    Row("O02", "refuse=404", CANNED, lost("model")),
    Row("O03", "refuse=429/rate_limit_exceeded/5", CANNED, lost("quota")),
    Row("O03", "refuse=429/insufficient_quota", CANNED, lost("quota")),
    Row("O04", "refuse=503", CANNED, lost("server_error")),
    Row("O05", "hang-connect", CANNED, connect("timeout"), bystander=False),
    Row("O05", "hang-upgrade", CANNED, connect("timeout")),
    Row("N21", "captive-portal", CANNED, lost("network")),
    Row("N21", "captive-portal=302", CANNED, lost("network")),
    Row("O06", "no-created", CANNED, connect("timeout")),
    Row("O06", "no-updated", CANNED, lost("timeout")),
    Row("O06", "slow-update=1000", GOOD, connect("configured")),
    Row("O09", "reject-update", CANNED, lost("config")),
    Row("O10", "reject-transcription", GOOD, connect("configured")),
    Row("O10", "reject-without-id", CANNED, lost("config")),
    Row("O27", "wrong-output-format", CANNED, lost("format")),
    Row("O07", "close=1000@2000", MENDED, lost("closed")),
    Row("O07", "close=1001@2000", MENDED, lost("closed")),
    Row("O08", "close=1011@2000", MENDED, lost("server_error")),
    Row("O08", "close=1013:turn=1", MENDED, lost("server_error")),
    Row("O09", "close=1008@2000", CANNED, lost("closed")),
    Row("O09", "close=4001@2000", CANNED, lost("closed")),
    Row("O08", "reset@2000", MENDED, lost("network")),
    Row("N07", "half-open@2000", MENDED, lost("ping")),
    Row("N07", "no-pong", MENDED, lost("ping"), ("--say", "Fire.", "--say", "Hurry.")),
    Row("O10", "error=invalid_value@2000", GOOD, 'holdfast_upstream_error_total{class="config"}'),
    Row("O11", "server-error@2000", GOOD, 'holdfast_upstream_error_total{class="retry"}'),
    Row("O11", "server-error=2@2000", MENDED, lost("server_error")),
    Row("O11", "response-failed:turn=1", GOOD, 'holdfast_upstream_error_total{class="retry"}'),
    Row("O03", "response-failed=rate_limit_exceeded:turn=1", MENDED, lost("quota")),
    Row("O03", "response-failed=insufficient_quota:turn=1", CANNED, lost("quota")),
    Row("O12", "expire@2000", GOOD, "holdfast_session_rollover_total"),
    Row("O13", "no-response:turn=1", CANNED, 'holdfast_silence_total{alarm="answer_overdue"}'),
    Row("O13", "no-audio:turn=1", CANNED, 'holdfast_silence_total{alarm="answer_overdue"}'),
    Row("O13", "silent-done:turn=1", CANNED, 'holdfast_silence_total{alarm="answer_overdue"}'),
    Row("O14", "slow-first-audio=2500:turn=1", GOOD),
    Row("O15", "stall-mid=800:turn=1", GOOD),
    Row("O15", "stall-mid:turn=1", MENDED, 'holdfast_silence_total{alarm="stalled"}', PATIENT),
    Row("O16", "burst=20s:turn=1", GOOD),
    Row("O17", "malformed=1@2000", GOOD, BAD_FRAME),
    Row("O17", "malformed=3@2000", MENDED, lost("protocol")),
    Row("O17", "duplicate-keys@2000", GOOD),
    Row("O17", "deep-json@2000", GOOD, BAD_FRAME),
    Row("O17", "bad-utf8@2000", MENDED, lost("protocol")),
    Row("O18", "huge-frame@2000", MENDED, lost("protocol")),
    Row("O18", "endless-fragments@2000", MENDED, lost("protocol")),
    Row("O18", "fragmented@2000", GOOD),
    Row("O19", "unknown-events@2000", GOOD, 'holdfast_unknown_event_total{peer="provider"}'),
    Row("O20", "foreign-delta:turn=1", GOOD, STALE),
    Row("O20", "stale-delta:turn=1", GOOD, STALE),
    Row("O20", "delta-after-cancel:turn=1", GOOD),
    Row("O21", "late-done:turn=1", GOOD),
    Row("O21", "done-early:turn=1", GOOD, STALE),
    Row("O22", "binary=1@2000", GOOD, BAD_FRAME),
    Row("O22", "binary=3@2000", MENDED, lost("protocol")),
    Row("O23", "compressed@2000", MENDED, lost("protocol")),
    Row("O23", "masked@2000", MENDED, lost("protocol")),
    Row("O24", "tool-unknown:turn=1", GOOD, 'holdfast_tool_reject_total{reason="unknown"}'),
    Row("O24", "tool-bad-json:turn=1", GOOD, 'holdfast_tool_reject_total{reason="arguments"}'),
    Row("O24", "tool-huge:turn=1", MENDED, lost("protocol")),
    Row("O26", "rate-limits=100@2000", GOOD),
    Row("O28", "no-transcripts:turn=1", GOOD),
    Row("O28", "transcription-failed:turn=1", GOOD),
    Row("incomplete", "incomplete:turn=1", GOOD),
]


async def provider_row(world, row):
    first = second = None
    target = row.fault if not row.bystander else row.fault + ":conn=1"
    provider = await Provider(world).start([target])
    try:
        # A provider that is only slow, because so many share the machine, is not what most rows are about.
        patience = "" if row.matrix == "N07" else "  ping_timeout_ms: 10000"
        world.write_config(f"ws://127.0.0.1:{provider.port}/v1/realtime", openai=patience)
        await world.start_daemon()
        await world.http("GET", "/healthz", port=world.admin_port)
        before = sockets_of(world.process)
        say = row.options or ("--say", "Fire.")
        first = asyncio.ensure_future(place_call(world, say=say))
        if row.bystander:
            await provider.said("connection")
            second = asyncio.ensure_future(place_call(world))
        code, report = await first
        assert not report["reasons"], f"wanted {row.outcome}: {report['reasons']}, then {report.get('continuation')}"
        detail = await world.journal(report["call_sid"])
        assert detail["call"]["rung"] == ("canned" if row.outcome == CANNED else "openai"), detail["seams"]
        mended = any(seam["kind"] in ("voice_lost", "voice_unserved") for seam in detail["seams"])
        assert mended == (row.outcome != GOOD), detail["seams"]
        if second:
            code, report = await second
            assert code == 0, f"the next caller: {report['reasons']}"
        if row.metric:
            assert await world.metric(row.metric) > 0, f"{row.metric} did not move"
        await nothing_is_left(world, before)
        if "hang" not in row.fault and "half-open" not in row.fault:  # there it does not look at its socket
            await provider.all_closed()
        report = await provider.stop()
        wrong = [w for c in report["connections"] for w in c["wrong"] if not w.startswith("websocket")]
        assert not wrong, f"the daemon did wrong: {wrong}"
    finally:
        for call in (first, second):
            if call:
                call.cancel()
        if provider.process.returncode is None:
            await provider.stop()


def test_every_provider_fault_ends_as_the_matrix_says():
    run_rows(PROVIDER, provider_row, lambda row: f"{row.matrix} {row.fault}")


# Outcome: the reason of holdfast_calls_ended_total that the journal shows, or GOOD (the simulator's judgement as well).
CALLER = [
    Row("abandoned", "abandon", ""),
    Row("T04", "replay-webhook", GOOD, 'holdfast_replay_total{kind="retry"}'),
    Row("T04", "replay-late@1500", GOOD, 'holdfast_replay_total{kind="refused"}'),
    Row("T08", "no-start", "", "holdfast_ws_no_start_total", close=(1008,)),
    Row("T09", "media-before-start", "", 'holdfast_ws_proto_total{kind="order"}', close=(1002,)),
    Row("T09", "double-start@1500", "protocol", 'holdfast_ws_proto_total{kind="order"}', close=(1002,)),
    Row("T09", "other-sid-start@1500", "protocol", 'holdfast_ws_proto_total{kind="order"}', close=(1002,)),
    Row("T09", "foreign-media@1500", GOOD, 'holdfast_ws_proto_total{kind="stream_sid"}'),
    Row("T10", "bad-token", "", "holdfast_token_fail_total", close=(1008,)),
    Row("T10", "no-token", "", "holdfast_token_fail_total", close=(1008,)),
    Row("T11", "second-stream@1500", GOOD, "holdfast_dup_stream_total"),
    Row("T11", "reuse-token@1500", "socket_closed", "holdfast_token_fail_total"),
    Row("T11", "takeover@1500", GOOD),
    Row("T12", "gap=1000@1500", GOOD, "holdfast_media_gap_total"),
    Row("T12", "jitter=60", GOOD),
    Row("T12", "burst=50@500", GOOD),
    Row("T12", "out-of-order", "stop", "holdfast_media_gap_total"),
    Row("T13", "duplicate", GOOD, "holdfast_media_duplicate_total"),
    Row("T14", "not-base64", "timeout", 'holdfast_media_bad_total{reason="base64"}'),
    Row("T14", "wrong-codec", "protocol", 'holdfast_media_bad_total{reason="format"}', close=(1000,)),
    Row("T15", "oversize@1500", "protocol", 'holdfast_ws_close_total{code="1009"}', close=(1009, 1006)),
    Row("T15", "fragments@1500", "protocol", 'holdfast_ws_close_total{code="1009"}', close=(1009,)),
    Row("T15", "unmasked@1500", "protocol", 'holdfast_ws_close_total{code="1002"}', close=(1002,)),
    Row("T15", "reserved-bits@1500", "protocol", 'holdfast_ws_close_total{code="1002"}', close=(1002,)),
    Row("T15", "bad-opcode@1500", "protocol", 'holdfast_ws_close_total{code="1002"}', close=(1002,)),
    Row("T15", "bad-utf8@1500", "protocol", 'holdfast_ws_close_total{code="1007"}', close=(1007,)),
    Row("T15", "garbage@1500", GOOD, 'holdfast_ws_proto_total{kind="json"}'),
    Row("T15", "deep-json@1500", GOOD, 'holdfast_ws_proto_total{kind="json"}'),
    Row("T15", "empty-media@1500", GOOD, 'holdfast_ws_proto_total{kind="field"}'),
    Row("T15", "unknown-event@1500", GOOD, 'holdfast_unknown_event_total{peer="twilio"}'),
    Row("T15", "numbers-as-numbers", GOOD),
    Row("T16", "binary@1500", "protocol", 'holdfast_ws_close_total{code="1003"}', close=(1003,)),
    Row("T17", "stop-media@1500", "timeout", "holdfast_media_idle_total"),
    Row("T17", "half-open@1500", "timeout", "holdfast_media_idle_total"),
    Row("T18", "no-stop", "socket_closed"),
    Row("T18", "stop-without-close", "stop"),
    Row("T18", "hangup@2000", "stop"),
    Row("T18", "reset@1500", "socket_closed"),
    Row("T19", "stop-reading@1500", ""),
    Row("T20", "no-marks", GOOD),
    Row("T21", "dtmf-flood=500@1500", "transferred", "holdfast_dtmf_dropped_total"),  # it holds a 0
]


async def caller_row(world, row):
    before = len(world.log)
    code, report = await place_call(world, "--fault", row.fault)
    if row.outcome == GOOD:
        assert code == 0, report["reasons"]
    if row.close:
        assert report["stream"]["close_code"] in row.close, report["stream"]
    if row.outcome not in (GOOD, ""):
        assert await world.ended(report["call_sid"]) == row.outcome, before
    if row.metric:
        assert await world.metric(row.metric) > 0, f"{row.metric} did not move"
    return report


def test_every_caller_fault_ends_as_the_matrix_says_and_disturbs_nobody():
    @scenario
    async def run(world):
        provider = await Provider(world).start()
        try:
            world.write_config(f"ws://127.0.0.1:{provider.port}/v1/realtime")
            await world.start_daemon()
            before = sockets_of(world.process)
            slots = asyncio.Semaphore(12)  # one address may have 16 unproven connections

            async def one(row):
                async with slots:
                    try:
                        await caller_row(world, row)
                    except Exception as error:
                        return f"{row.matrix} {row.fault}: {error!r}"
            only = os.environ.get("HOLDFAST_ROWS", "")
            rows = [row for row in CALLER if f"{row.matrix} {row.fault}".startswith(only)]
            quiet = [asyncio.ensure_future(place_call(world)) for _ in range(2)]
            failures = [f for f in await asyncio.gather(*(one(row) for row in rows)) if f]
            for call in quiet + [asyncio.ensure_future(place_call(world))]:
                code, report = await call
                if code != 0:
                    failures.append(f"a caller who did nothing wrong: {report['reasons']}")
            assert not failures, f"{len(failures)} of {len(rows)} rows:\n" + "\n".join(failures)
            await nothing_is_left(world, before)
            await provider.all_closed()
            report = await provider.stop()
            assert report["client_was_right"], [c["wrong"] for c in report["connections"]]
        finally:
            await provider.stop()
    run()


@scenario
async def test_a_call_over_tls_on_both_legs_with_a_private_ca(world):
    certificate, key, ca = world.certificates()
    provider = await Provider(world).start(options=("--certificate", str(certificate), "--private-key", str(key)))
    try:
        world.write_config(f"wss://127.0.0.1:{provider.port}/v1/realtime", tls=True, openai=f"  ca_file: {ca}")
        await world.start_daemon()
        code, report = await place_call(world)
        assert code == 0, report["reasons"]
        assert report["stream"]["url"].startswith("wss://") and report["stream"]["clean"]
        # A person who is asked for: the box closes the stream, and the verbs behind <Connect> dial.
        script = world.tmp / "person.json"
        script.write_text(json.dumps({"turns": [{"when": "greeting ended", "dtmf": "0"},
                                                {"when": "at", "after_ms": 60000, "hangup": True}]}))
        code, report = await place_call(world, "--expect", "person", say=("--script", str(script)))
        assert code == 0, report["reasons"]
        assert report["continuation"]["person"] and await world.ended(report["call_sid"]) == "transferred"
        await provider.all_closed()
    finally:
        report = await provider.stop()
    assert report["client_was_right"]

// The faults of a session that strike at a time: events nobody should send, bytes nobody should
// send, and endings.
#include "provider/session.hpp"

#include "base/base64.hpp"
#include "base/text.hpp"

#include <algorithm>

namespace holdfast::sim {

using nlohmann::json;

namespace {

constexpr int k_after_configured_ms = 1000;  // when a timed fault without @MS strikes
constexpr int k_inside_answer_ms = 150;  // ... if it is bound to a turn: after its answer begins

const char* const k_timed[] = {"close",
                               "reset",
                               "half-open",
                               "server-error",
                               "error",
                               "malformed",
                               "duplicate-keys",
                               "deep-json",
                               "bad-utf8",
                               "huge-frame",
                               "endless-fragments",
                               "fragmented",
                               "binary",
                               "compressed",
                               "masked",
                               "unknown-events",
                               "foreign-delta",
                               "rate-limits",
                               "expire",
                               "no-pong"};

bool is_timed(const Fault& fault) {
    return std::any_of(std::begin(k_timed), std::end(k_timed),
                       [&](const char* name) { return fault.name == name; });
}

}  // namespace

const Fault* Session::fault(std::string_view name, int turn) const {
    return settings_.faults.find(name, turn, record_.number);
}

// `turn` 0: the session has just been configured; else the answer to that turn begins.
void Session::arm_timed_faults(int turn) {
    for (const Fault& f : settings_.faults.all()) {
        if (!is_timed(f) || !f.connection.covers(record_.number)) continue;
        const bool wanted =
            turn == 0 ? f.turn.first == 0 : f.turn.first != 0 && f.turn.covers(turn);
        if (wanted)
            after(f.at_ms.value_or(turn == 0 ? k_after_configured_ms : k_inside_answer_ms),
                  [this, f] { strike(f); });
    }
}

void Session::fault_added(const Fault& f) {
    if (is_timed(f) && f.turn.first == 0 && f.connection.covers(record_.number) &&
        record_.configured) {
        after(f.at_ms.value_or(0), [this, f] { strike(f); });
    }
}

void Session::strike(const Fault& f) {
    if (over_) return;
    record_.faults.push_back({{"at_ms", elapsed_ms()}, {"name", f.name}, {"value", f.value}});
    narrator_("fault", {{"name", f.name}, {"value", f.value}},
              "fault     " + f.name + (f.value.empty() ? "" : "=" + f.value));
    if (f.name == "reset") {
        over_ = true;
        wire_.reset();
    } else if (f.name == "half-open") {
        over_ = true;
        wire_.freeze();
    } else if (f.name == "close") {
        over_ = true;
        wire_.close(static_cast<std::uint16_t>(f.number(1011)), "");
    } else if (f.name == "expire") {
        expire();
    } else if (f.name == "no-pong") {
        wire_.answer_pings(false);
    } else {
        strike_events(f);
        strike_bytes(f);
    }
}

void Session::expire() {
    const std::string minutes = std::to_string(std::max(1, settings_.session_life_s / 60));
    const std::string message = "Your session hit the maximum duration of " + minutes + " minutes.";
    fail({"session_expired", message, ""}, nullptr);
    over_ = true;
    wire_.close(1001, message);
}

void Session::strike_events(const Fault& f) {
    if (f.name == "server-error") {
        for (int i = 0, n = std::max(1, f.number(1)); i < n; ++i) {
            fail({"", "The server had an error while processing your request. Sorry about that!",
                  "", "server_error"},
                 nullptr);
        }
    } else if (f.name == "error") {
        fail({f.value.empty() ? "invalid_value" : f.value, "An error, as asked for.", ""}, nullptr);
    } else if (f.name == "unknown-events") {
        send({{"type", "response.applause.delta"},
              {"applause", 7},
              {"nested", {{"a", {1, 2, {{"b", nullptr}}}}}}});
        send({{"type", "conversation.created"},
              {"conversation", {{"id", conversation_id_}, {"object", "realtime.conversation"}}}});
        send({{"type", "input_audio_buffer.dtmf_event_received"}, {"event", "9"}});
    } else if (f.name == "foreign-delta") {
        const std::string noise = base::base64_encode(std::string(1600, '\x20'));
        send({{"type", "response.output_audio.delta"},
              {"response_id", "resp_nobody"},
              {"item_id", "item_nobody"},
              {"output_index", 0},
              {"content_index", 0},
              {"delta", noise}});
        send({{"type", "response.done"},
              {"response",
               {{"id", "resp_nobody"},
                {"object", "realtime.response"},
                {"status", "completed"},
                {"output", json::array()}}}});
    } else if (f.name == "rate-limits") {
        send({{"type", "rate_limits.updated"},
              {"rate_limits", json::array({{{"name", "tokens"},
                                            {"limit", 200000},
                                            {"remaining", f.number(1200)},
                                            {"reset_seconds", 21.5}}})}});
    }
}

void Session::strike_bytes(const Fault& f) {
    const FrameShape text{k_text, true, 0, false};
    if (f.name == "malformed") {
        for (int i = 0, n = std::max(1, f.number(1)); i < n; ++i)
            wire_.send(R"({"type":"response.output_audio.delta","delta":)");
    } else if (f.name == "duplicate-keys") {
        wire_.send(
            R"({"type":"response.done","type":"rate_limits.updated","event_id":"e","event_id":"f","rate_limits":[]})");
    } else if (f.name == "deep-json") {
        wire_.send("{\"type\":\"deep\",\"a\":" + std::string(10'000, '[') +
                   std::string(10'000, ']') + "}");
    } else if (f.name == "bad-utf8") {
        wire_.send_frame(text, "{\"type\":\"\xc3\x28\"}");
    } else if (f.name == "huge-frame") {
        wire_.send_frame(text,
                         std::string(static_cast<std::size_t>(f.number(64 * 1024 * 1024)), ' '));
    } else if (f.name == "endless-fragments") {
        wire_.send_frame({k_text, false, 0, false}, "{");
        for (int i = 0, n = f.number(20'000); i < n; ++i)
            wire_.send_frame({k_continuation, false, 0, false}, " ");
    } else if (f.name == "fragmented") {
        wire_.send_frame({k_text, false, 0, false}, R"({"type":"rate_limits.updated",)");
        wire_.send_frame({k_continuation, false, 0, false}, R"("event_id":"e",)");
        wire_.send_frame({k_continuation, true, 0, false}, R"("rate_limits":[]})");
    } else if (f.name == "binary") {
        for (int i = 0, n = std::max(1, f.number(1)); i < n; ++i)
            wire_.send_frame({k_binary, true, 0, false}, std::string(160, '\xff'));
    } else if (f.name == "compressed") {
        wire_.send_frame({k_text, true, 4, false}, "\xab\x56\x2a\xa9\x2c\x48");
    } else if (f.name == "masked") {
        wire_.send_frame({k_text, true, 0, true}, R"({"type":"masked"})");
    }
}

const std::vector<FaultName>& provider_faults() {
    static const std::vector<FaultName> k_faults{
        {"refuse",
         "=STATUS[/CODE[/RETRY_AFTER_S]] the upgrade is refused: 401, 403, 404, 429, 500, 503 (O01 "
         "to O04)"},
        {"hang-connect", "TCP is accepted, nothing is read or sent (O05)"},
        {"hang-upgrade", "the upgrade request is read and never answered (O05)"},
        {"captive-portal", "=STATUS a web page answers instead: 200 (default) or 302"},
        {"file-refuse", "=STATUS[/CODE[/RETRY-AFTER]] the file endpoint says no: 401, 429/rate_limit_exceeded/5, 500; conn counts its requests"},
        {"file-slow", "=MS it answers late; without MS never"},
        {"file-close", "it closes without an answer"},
        {"file-garbage", "it answers something that is no JSON"},
        {"file-empty", "it hears no words"},
        {"mint-refuse", "=STATUS[/DETAIL] no client secret: 401/quota_exceeded, 429/system_busy, 500 (E01 to E04)"},
        {"mint-slow", "=MS the client secret, or the signed URL, comes late; without MS never"},
        {"mint-garbage", "an answer without a client secret or signed URL in it"},
        {"not-enabled", "Eleven Realtime: close 4003, this workspace has no access"},
        {"bad-secret", "Eleven Realtime: close 4001"},
        {"no-subprotocol", "Eleven Realtime: the upgrade's answer names no subprotocol"},
        {"wrong-input-format", "Eleven Realtime: the session hears 24 kHz PCM"},
        {"no-metadata", "agent: the metadata never comes"},
        {"override-refused", "agent: overrides are not enabled, error and close 1008"},
        {"agent-error", "=TYPE agent: an error of that type, then its close: llm_timeout, safety_violation, value_error"},
        {"no-correction", "agent: an interruption without agent_response_correction"},
        {"no-created", "session.created never comes (O06)"},
        {"error-3000", "an error event, then close 3000, as the first thing"},
        {"reject-update", "=PARAM every session.update is refused"},
        {"reject-transcription", "session.update is refused while it asks for transcription"},
        {"reject-without-id", "session.update is refused without event_id or param"},
        {"slow-update", "=MS session.updated comes late"},
        {"no-updated", "session.updated never comes"},
        {"wrong-output-format", "the session answers in 24 kHz PCM (O27)"},
        {"response-failed",
         "=CODE response.done failed: rate_limit_exceeded, server_error, insufficient_quota, "
         "model_not_found"},
        {"incomplete", "=REASON a response is cut short: max_output_tokens, content_filter"},
        {"no-response", "a turn ends and no response comes (O13)"},
        {"no-audio", "response.created and then nothing (O13)"},
        {"silent-done", "a completed response without any item"},
        {"slow-first-audio", "=MS the first audio comes late (O14)"},
        {"stall-mid", "=MS audio pauses in the middle of the answer; without MS for good (O15)"},
        {"burst", "=60s the answer is so long and comes at once (O16)"},
        {"late-done", "the first item's done events come after the second has begun"},
        {"done-early", "audio.done before the last delta (O21)"},
        {"stale-delta", "a delta of a finished response (O20)"},
        {"delta-after-cancel", "deltas go on after response.done cancelled (O20)"},
        {"foreign-delta", "a delta and a done of a response nobody announced (O20)"},
        {"no-transcripts", "no transcript events at all (O28)"},
        {"transcription-failed", "the caller's transcription fails"},
        {"tool-unknown", "a call of a function nobody declared (O24)"},
        {"tool-bad-json", "a call with cut JSON (O24)"},
        {"tool-huge", "a call with 1 MB of arguments (O24)"},
        {"close", "=CODE the session is closed (O07 to O09)"},
        {"reset", "a TCP reset (O08)"},
        {"half-open", "the socket goes silent without an end"},
        {"no-pong", "pings are not answered"},
        {"expire", "session_expired, then close 1001 (O12)"},
        {"server-error", "=N error events of type server_error (O11)"},
        {"error", "=CODE an error event with this code (O10)"},
        {"malformed", "=N messages that are not JSON (O17)"},
        {"duplicate-keys", "a message with repeated keys (O17)"},
        {"deep-json", "a message 10,000 levels deep (O17)"},
        {"bad-utf8", "a text frame that is not UTF-8 (O17)"},
        {"huge-frame", "=BYTES one frame of 64 MiB (O18)"},
        {"endless-fragments", "=N a message that never ends (O18)"},
        {"fragmented", "a good message in three fragments"},
        {"unknown-events", "event types and members nobody knows (O19)"},
        {"binary", "=N binary frames (O22)"},
        {"compressed", "a frame with RSV1 although nothing was negotiated (O23)"},
        {"masked", "a masked frame from the server"},
        {"rate-limits", "=N so many tokens remain (O26)"}};
    return k_faults;
}

}  // namespace holdfast::sim

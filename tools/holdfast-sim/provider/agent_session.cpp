#include "provider/agent_session.hpp"

#include "base/base64.hpp"

#include <algorithm>
#include <utility>

namespace holdfast::sim {

using nlohmann::json;
using nlohmann::ordered_json;

namespace {

constexpr std::size_t k_received_kept = 5000;
constexpr std::size_t k_chunk_bytes = 2000;  // 250 ms
constexpr base::milliseconds k_ping_every{2000};
constexpr base::milliseconds k_input_timeout{60'000};  // elevenlabs.md 2.5: 1002
constexpr std::int64_t k_score_every_ms = 100;
constexpr std::size_t k_mulaw_bytes_per_ms = 8;

bool is_text(const json& message, const char* key) {
    const auto found = message.find(key);
    return found != message.end() && found->is_string();
}

}  // namespace

AgentSession::AgentSession(base::Loop& loop, ProviderWire& wire, const ProviderSettings& settings,
                           ConnectionRecord& record, Narrator narrator)
    : loop_(loop),
      wire_(wire),
      settings_(settings),
      record_(record),
      narrator_(std::move(narrator)),
      opened_at_(loop.now()),
      step_timer_(loop),
      ping_timer_(loop),
      input_timer_(loop),
      duration_timer_(loop) {
    VadSettings vad;
    vad.silence_ms = 500;
    hearing_.configure(WireFormat::pcmu, vad);
}

void AgentSession::open() {
    if (const Fault* f = fault("no-pong"); f != nullptr && !f->at_ms) wire_.answer_pings(false);
    input_timer_.arm(k_input_timeout, [this] { end(1002, "transport_receive_timeout", "No input."); });
    duration_timer_.arm(std::chrono::seconds(settings_.session_life_s),
                        [this] { end(1000, "max_duration_exceeded", "Maximum duration reached."); });
}

// --- the client ---

void AgentSession::on_binary(std::size_t bytes) {
    wrong("a binary frame of " + std::to_string(bytes) + " bytes");
}

void AgentSession::on_text(std::string_view text) {
    if (over_) return;
    const json message = json::parse(text, nullptr, false);
    if (!message.is_object()) return wrong("not a JSON object");
    if (message.contains("user_audio_chunk")) return on_audio(message);
    if (!is_text(message, "type")) return wrong("a message without a type");
    const std::string type = message["type"];
    if (record_.received.size() < k_received_kept) {
        record_.received.push_back({{"at_ms", elapsed_ms()}, {"event", message}});
    }
    if (type == "conversation_initiation_client_data") return on_initiation(message);
    if (!record_.configured && fault("no-metadata") == nullptr) return wrong(type + " before the initiation");
    input_timer_.arm(k_input_timeout, [this] { end(1002, "transport_receive_timeout", "No input."); });
    on_message(type, message);
}

bool AgentSession::has_members(const json& message, std::initializer_list<const char*> known) {
    for (const auto& [key, value] : message.items()) {
        const bool fine = std::any_of(known.begin(), known.end(), [&, k = key](const char* name) { return k == name; });
        if (fine) continue;
        wrong("unknown member '" + key + "'");
        return false;
    }
    return true;
}

void AgentSession::on_message(const std::string& type, const json& message) {
    if (type == "pong") {
        if (!message.contains("event_id") || message["event_id"] != pending_pong_) return wrong("pong for no ping");
        pending_pong_ = -1;
        ++record_.pings;
    } else if (type == "client_tool_result") {
        on_tool_result(message);
    } else if (type == "contextual_update") {
        if (!has_members(message, {"type", "text", "context_id"})) return;
        if (!is_text(message, "text")) wrong("contextual_update without text");
    } else if (type == "user_message") {
        if (!has_members(message, {"type", "text"})) return;
        if (!is_text(message, "text")) return wrong("user_message without text");
        narrator_("user_message", {}, "reads     a message");
        if (fault("no-response", turns_ + 1) == nullptr) answer(settings_.script.unasked, 0, 150);
    } else if (type != "user_activity" && type != "feedback") {
        wrong("unknown message type '" + type.substr(0, 80) + "'");
    }
}

void AgentSession::on_initiation(const json& message) {
    if (record_.configured) return wrong("a second initiation");
    if (!has_members(message, {"type", "conversation_config_override", "custom_llm_extra_body", "dynamic_variables",
                               "user_id", "source_info"})) {
        return;
    }
    const json overrides = message.value("conversation_config_override", json::object());
    const json agent = overrides.value("agent", json::object());
    for (const auto& [key, value] : overrides.items()) {
        if (key != "agent") return end(1008, "override_error", "Override of '" + key + "' is not enabled.");
    }
    for (const auto& [key, value] : agent.items()) {
        const bool prompt = key == "prompt" && value.is_object() && is_text(value, "prompt") && value.size() == 1;
        const bool text = (key == "first_message" || key == "language") && value.is_string();
        if (!prompt && !text) return end(1008, "override_error", "Override of '" + key + "' is not enabled.");
        if (value.dump().find("{{") != std::string::npos)
            return end(1008, "missing_dynamic_variable", "A dynamic variable has no value.");
    }
    if (fault("override-refused") != nullptr) return end(1008, "override_error", "Overrides are not enabled.");
    if (fault("no-metadata") != nullptr) return;
    record_.configured = true;
    ++record_.updates_accepted;
    record_.configured_at_ms = elapsed_ms();
    const char* const format = fault("wrong-output-format") != nullptr ? "pcm_16000" : "ulaw_8000";
    const char* const input = fault("wrong-input-format") != nullptr ? "pcm_16000" : "ulaw_8000";
    send("conversation_initiation_metadata", "conversation_initiation_metadata_event",
         {{"conversation_id", "conv_sim" + std::to_string(record_.number)},
          {"agent_output_audio_format", format},
          {"user_input_audio_format", input}});
    narrator_("session_updated", {{"agent", true}}, "session   configured");
    ping();
    arm_timed_faults(0);
    const std::string first = agent.value("first_message", "");
    if (first.empty()) return;
    const auto& unasked = settings_.script.unasked;
    answer({Spoken{first, unasked.empty() ? std::string(8000, '\x20') : unasked.front().audio}}, 0, 50);
}

void AgentSession::on_audio(const json& message) {
    if (message.size() != 1 || !message["user_audio_chunk"].is_string()) return wrong("an audio chunk with other members");
    const auto bytes = base::base64_decode(message["user_audio_chunk"].get_ref<const std::string&>());
    if (!bytes || bytes->empty()) return wrong("audio that is not base64");
    if (!record_.configured) {
        record_.bytes_before_updated += bytes->size();
        return wrong("audio before the metadata");
    }
    ++record_.appends;
    record_.audio_bytes += bytes->size();
    if (record_.first_audio_at_ms < 0) record_.first_audio_at_ms = elapsed_ms();
    input_timer_.arm(k_input_timeout, [this] { end(1002, "transport_receive_timeout", "No input."); });
    for (const SpeechEdge& edge : hearing_.append(*bytes)) {
        if (edge.started) on_speech_started();
        else on_speech_stopped();
        if (over_) return;
    }
    if (hearing_.heard_ms() - scored_ms_ < k_score_every_ms) return;
    scored_ms_ = hearing_.heard_ms();
    send("vad_score", "vad_score_event", {{"vad_score", hearing_.speaking() ? 0.93 : 0.04}});
}

void AgentSession::on_speech_started() {
    narrator_("speech_started", {}, "hears     the caller begin");
    if (!speaking_ && !playing()) return;
    const std::string cut = text_.substr(0, text_.size() / 2);
    const std::string whole = std::exchange(text_, {});
    step_timer_.cancel();
    queue_.clear();
    speaking_ = false;
    playing_until_ = loop_.now();
    if (!record_.responses.empty()) record_.responses.back()["status"] = "interrupted";
    send("interruption", "interruption_event", {{"event_id", events_}});
    const int stale = events_;
    if (fault("stale-delta", answering_) != nullptr) {
        send("audio", "audio_event",
             {{"audio_base_64", base::base64_encode(std::string(800, '\x20'))}, {"event_id", stale}});
    }
    if (fault("no-correction", answering_) != nullptr) return;
    send("agent_response_correction", "agent_response_correction_event",
         {{"original_agent_response", whole}, {"corrected_agent_response", cut}, {"event_id", stale}});
}

void AgentSession::on_speech_stopped() {
    ++turns_;
    on_user_turn();
}

void AgentSession::on_user_turn() {
    const int number = turns_;
    const ProviderTurn& turn = settings_.script.turn(static_cast<std::size_t>(number - 1));
    record_.turns.push_back({{"turn", number}, {"at_ms", elapsed_ms()}, {"transcript", turn.hear}});
    narrator_("heard", {{"turn", number}, {"transcript", turn.hear}}, "hears     " + turn.hear);
    if (fault("no-transcripts", number) == nullptr) {
        send("tentative_user_transcript", "tentative_user_transcription_event",
             {{"user_transcript", turn.hear.substr(0, turn.hear.size() / 2)}, {"event_id", ++events_}});
        send("user_transcript", "user_transcription_event", {{"user_transcript", turn.hear}, {"event_id", ++events_}});
    }
    if (fault("no-response", number) != nullptr) return;
    answer(turn.answers, number, turn.delay_ms);
    if (turn.tool) call_tool(turn.tool->name, turn.tool->arguments);
    if (fault("tool-unknown", number) != nullptr) call_tool("launch_rocket", R"({"target":"moon"})");
}

void AgentSession::call_tool(const std::string& name, const std::string& arguments) {
    after(50, [this, name, arguments] {
        tool_call_ = "call_" + std::to_string(++events_);
        json parameters = json::parse(arguments, nullptr, false);
        if (parameters.is_discarded()) parameters = arguments;
        send("client_tool_call", "client_tool_call",
             {{"tool_name", name}, {"tool_call_id", tool_call_}, {"parameters", parameters}, {"event_id", events_}});
    });
}

void AgentSession::on_tool_result(const json& message) {
    if (!has_members(message, {"type", "tool_call_id", "result", "is_error"})) return;
    if (!is_text(message, "result") || !message.contains("is_error") || !message["is_error"].is_boolean())
        return wrong("client_tool_result without a string result and is_error");
    if (tool_call_.empty() || message.value("tool_call_id", "") != tool_call_) return wrong("a result for no call");
    tool_call_.clear();
    const ProviderTurn& turn = settings_.script.turn(static_cast<std::size_t>(std::max(0, turns_ - 1)));
    if (!turn.then.empty()) answer(turn.then, turns_, 150);
}

// --- the agent ---

void AgentSession::answer(const std::vector<Spoken>& spoken, int turn, int delay_ms) {
    if (spoken.empty()) return;
    if (const Fault* slow = fault("slow-first-audio", turn)) delay_ms = slow->number(3000);
    queue_ = spoken;
    after(delay_ms, [this, turn] {
        if (queue_.empty() || speaking_) return;
        const Spoken next = queue_.front();
        queue_.erase(queue_.begin());
        begin_answer(next, turn);
    });
}

void AgentSession::begin_answer(const Spoken& spoken, int turn) {
    text_ = spoken.text;
    audio_ = spoken.audio;
    sent_ = 0;
    answering_ = turn;
    speaking_ = true;
    record_.responses.push_back({{"turn", turn}, {"text", text_}, {"at_ms", elapsed_ms()}, {"status", "in_progress"}});
    narrator_("answers", {{"turn", turn}, {"text", text_}}, "says      " + text_);
    arm_timed_faults(turn);
    if (fault("late-done", turn) == nullptr) {  // else the words come after their audio
        send("agent_response", "agent_response_event", {{"agent_response", text_}, {"event_id", ++events_}});
    }
    if (fault("no-audio", turn) != nullptr) return;
    step();
}

// One chunk, then the next after the time it takes to generate it.
void AgentSession::step() {
    const Fault* stall = fault("stall-mid", answering_);
    if (stall != nullptr && sent_ > 0 && sent_ * 2 >= audio_.size()) return;
    const std::size_t bytes = std::min(k_chunk_bytes, audio_.size() - sent_);
    if (bytes > 0) {
        const auto chunk = base::base64_encode(std::string_view(audio_).substr(sent_, bytes));
        send("audio", "audio_event", {{"audio_base_64", chunk}, {"event_id", ++events_}});
        sent_ += bytes;
        playing_until_ = std::max(playing_until_, loop_.now()) + base::milliseconds(bytes / k_mulaw_bytes_per_ms);
    }
    if (sent_ >= audio_.size()) {
        speaking_ = false;
        auto& kept = record_.responses.back();
        kept["status"] = "completed";
        kept["sent_ms"] = sent_ / k_mulaw_bytes_per_ms;
        if (fault("late-done", answering_) != nullptr) {
            send("agent_response", "agent_response_event", {{"agent_response", text_}, {"event_id", events_}});
        }
        send("agent_response_complete", "agent_response_complete_event", {{"event_id", events_}});
        if (!queue_.empty()) answer(std::vector<Spoken>(queue_), answering_, 50);
        return;
    }
    const double generation_ms = static_cast<double>(bytes / k_mulaw_bytes_per_ms) / settings_.speed;
    step_timer_.arm(base::milliseconds(static_cast<std::int64_t>(generation_ms)), [this] { step(); });
}

// Answered from the socket's own thread or not at all: the next one is due when the last must be back.
void AgentSession::ping() {
    if (over_) return;
    if (pending_pong_ >= 0) {
        record_.note_wrong("a ping without a pong");
        return end(1002, "transport_receive_timeout", "No pong.");
    }
    pending_pong_ = ++events_;
    send("ping", "ping_event", {{"event_id", pending_pong_}, {"ping_ms", 40}});
    ping_timer_.arm(k_ping_every, [this] { ping(); });
}

// --- faults ---

const Fault* AgentSession::fault(std::string_view name, int turn) const {
    return settings_.faults.find(name, turn, record_.number);
}

void AgentSession::arm_timed_faults(int turn) {
    for (const Fault& f : settings_.faults.all()) {
        if (!f.connection.covers(record_.number)) continue;
        const bool wanted = turn == 0 ? f.turn.first == 0 : f.turn.first != 0 && f.turn.covers(turn);
        if (wanted) after(f.at_ms.value_or(turn == 0 ? 1000 : 150), [this, f] { strike(f); });
    }
}

void AgentSession::fault_added(const Fault& f) {
    if (f.turn.first == 0 && f.connection.covers(record_.number) && record_.configured) {
        after(f.at_ms.value_or(0), [this, f] { strike(f); });
    }
}

// Names that shape an answer or the opening are looked up where they matter and strike at no time.
void AgentSession::strike(const Fault& f) {
    if (over_) return;
    const FrameShape text{k_text, true, 0, false};
    if (f.name == "close") {
        over_ = true;
        wire_.close(static_cast<std::uint16_t>(f.number(1011)), "");
    } else if (f.name == "reset") {
        over_ = true;
        wire_.reset();
    } else if (f.name == "half-open") {
        over_ = true;
        wire_.freeze();
    } else if (f.name == "expire") {
        end(1000, "max_duration_exceeded", "Maximum duration reached.");
    } else if (f.name == "agent-error") {
        const bool ours = f.value == "value_error" || f.value == "missing_fields" || f.value == "invalid_message";
        end(ours ? 1008 : f.value == "unknown_websocket_crash" ? 1011 : 1002,
            f.value.empty() ? "llm_timeout" : f.value, "As asked for.");
    } else if (f.name == "no-pong") {
        wire_.answer_pings(false);
    } else if (f.name == "malformed") {
        for (int i = 0, n = std::max(1, f.number(1)); i < n; ++i) wire_.send(R"({"type":"audio","audio_event":{)");
    } else if (f.name == "bad-utf8") {
        wire_.send_frame(text, "{\"type\":\"\xc3\x28\"}");
    } else if (f.name == "huge-frame") {
        wire_.send_frame(text, std::string(static_cast<std::size_t>(f.number(64 * 1024 * 1024)), ' '));
    } else if (f.name == "binary") {
        for (int i = 0, n = std::max(1, f.number(1)); i < n; ++i)
            wire_.send_frame({k_binary, true, 0, false}, std::string(160, '\xff'));
    } else if (f.name == "unknown-events") {
        send("applause", "applause_event", {{"claps", 7}});
        send("context_usage", "context_usage_event", {{"tokens", 12}});
    } else {
        return;
    }
    record_.faults.push_back({{"at_ms", elapsed_ms()}, {"name", f.name}, {"value", f.value}});
    narrator_("fault", {{"name", f.name}, {"value", f.value}},
              "fault     " + f.name + (f.value.empty() ? "" : "=" + f.value));
}

// --- wire ---

void AgentSession::send(const char* type, const char* member, ordered_json body) {
    if (over_) return;
    ordered_json message{{"type", type}};
    message[member] = std::move(body);
    wire_.send(message.dump());
}

void AgentSession::wrong(const std::string& what) {
    if (over_) return;
    record_.note_wrong(what);
    end(1008, "invalid_message", what);
}

void AgentSession::end(int code, const std::string& error_type, const std::string& message) {
    if (over_) return;
    record_.errors.push_back({{"at_ms", elapsed_ms()}, {"code", code}, {"error_type", error_type}, {"message", message}});
    if (code != 1000) {
        send("error", "error_event", {{"code", code}, {"error_type", error_type}, {"message", message}});
    }
    over_ = true;
    wire_.close(static_cast<std::uint16_t>(code), error_type);
}

void AgentSession::after(std::int64_t ms, std::function<void()> fn) {
    timers_.erase(std::remove_if(timers_.begin(), timers_.end(), [](const auto& timer) { return !timer->armed(); }),
                  timers_.end());
    timers_.push_back(std::make_unique<base::Timer>(loop_));
    timers_.back()->arm(base::milliseconds(ms), std::move(fn));
}

}  // namespace holdfast::sim

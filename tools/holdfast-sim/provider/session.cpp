// Client events and the caller's turns. Answers are in responses.cpp, faults in session_faults.cpp.
#include "provider/session.hpp"

#include "base/base64.hpp"

#include <algorithm>

namespace holdfast::sim {

using nlohmann::json;
using nlohmann::ordered_json;

namespace {

constexpr std::size_t k_append_base64_max = 15u * 1024 * 1024;
constexpr std::size_t k_received_kept = 5000;
constexpr std::int64_t k_commit_least_ms = 100;

const std::string& text_of(const json& value, const char* key) {
    static const std::string k_none;
    const auto found = value.find(key);
    return found != value.end() && found->is_string() ? found->get_ref<const std::string&>()
                                                      : k_none;
}

bool has_beta_shape(const json& session) {
    for (const char* key : {"modalities", "input_audio_format", "output_audio_format", "voice",
                            "turn_detection", "temperature"}) {
        if (session.contains(key)) return true;
    }
    return false;
}

// The events that ElevenLabs' own client handles (elevenlabs.md 1.6). The others may or may not be sent:
// who cannot do without them is found out here.
bool is_eleven_event(const std::string& type) {
    for (const char* known :
         {"session.created", "session.updated", "response.created", "response.output_audio.delta",
          "response.output_audio_transcript.delta", "response.done",
          "input_audio_buffer.speech_started", "input_audio_buffer.speech_stopped",
          "conversation.item.input_audio_transcription.completed", "conversation.item.truncated",
          "conversation.item.retrieved", "error", "response.applause.delta"}) {
        if (type == known) return true;
    }
    return false;
}

}  // namespace

Session::Session(base::Loop& loop, ProviderWire& wire, const ProviderSettings& settings,
                 ConnectionRecord& record, Narrator narrator, Dialect dialect)
    : loop_(loop),
      wire_(wire),
      settings_(settings),
      record_(record),
      narrator_(std::move(narrator)),
      dialect_(dialect),
      random_(settings.seed + static_cast<unsigned>(record.number)),
      opened_at_(loop.now()),
      expiry_(loop),
      idle_(loop) {
    conversation_id_ = new_id("conv");
    session_ = eleven() ? default_eleven_session(new_id("sess"), record_.model)
                        : default_session(new_id("sess"), record_.model,
                                          loop_.utc_ms() / 1000 + settings_.session_life_s);
    hearing_.configure(WireFormat::pcm16_24k,
                       vad_settings_of(session_["audio"]["input"]["turn_detection"]));
}

Session::~Session() = default;

void Session::open() {
    if (fault("error-3000") != nullptr) {
        send({{"type", "error"},
              {"error",
               {{"type", "invalid_request_error"},
                {"code", "invalid_api_key"},
                {"message", "Incorrect API key provided."},
                {"param", nullptr},
                {"event_id", nullptr}}}});
        over_ = true;
        return wire_.close(3000, "invalid_request_error.invalid_api_key");
    }
    if (const Fault* f = fault("no-pong"); f != nullptr && !f->at_ms) wire_.answer_pings(false);
    expiry_.arm(std::chrono::seconds(settings_.session_life_s), [this] { expire(); });
    if (fault("no-created") != nullptr) return;
    created_sent_ = true;
    send({{"type", "session.created"}, {"session", session_}});
}

std::string Session::new_id(const char* prefix) {
    static constexpr char k_letters[] =
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    std::string id = std::string(prefix) + "_D" + std::to_string(record_.number) + "s" +
                     std::to_string(++serial_);
    for (int i = 0; i < 8; ++i) id += k_letters[random(62)];
    return id;
}

void Session::send(ordered_json event) {
    if (over_ || (eleven() && !is_eleven_event(event["type"].get_ref<const std::string&>()))) return;
    ordered_json out{{"type", event["type"]}, {"event_id", new_id("event")}};
    out.update(event);
    wire_.send(out.dump());
}

void Session::after(std::int64_t ms, std::function<void()> fn) {
    timers_.erase(std::remove_if(timers_.begin(), timers_.end(),
                                 [](const auto& timer) { return !timer->armed(); }),
                  timers_.end());
    timers_.push_back(std::make_unique<base::Timer>(loop_));
    timers_.back()->arm(base::milliseconds(ms), std::move(fn));
}

void Session::fail(const ApiError& error, const json& cause) {
    const json event_id =
        cause.is_object() && cause.contains("event_id") ? cause["event_id"] : json(nullptr);
    const json param = error.param.empty() ? json(nullptr) : json(error.param);
    const json code = error.code.empty() ? json(nullptr) : json(error.code);
    const ordered_json body{{"type", error.type},
                            {"code", code},
                            {"message", error.message},
                            {"param", param},
                            {"event_id", event_id}};
    ordered_json kept = body;
    kept["at_ms"] = elapsed_ms();
    record_.errors.push_back(kept);
    narrator_("error_sent", body, "error     " + error.code + " " + error.message);
    send({{"type", "error"}, {"error", body}});
}

json Session::last_item() const {
    return order_.empty() ? json(nullptr) : json(order_.back());
}

// --- client events ---

void Session::on_binary(std::size_t bytes) {
    record_.note_wrong("a binary frame of " + std::to_string(bytes) + " bytes");
    fail({"invalid_event", "Binary frames are not supported.", ""}, nullptr);
}

void Session::on_text(std::string_view text) {
    if (over_) return;
    const json event = json::parse(text, nullptr, false);
    if (!event.is_object() || !event.contains("type") || !event["type"].is_string()) {
        record_.note_wrong("not a JSON event");
        return fail({"invalid_event", "The event is not a JSON object with a type.", ""}, event);
    }
    if (event["type"] != "input_audio_buffer.append" && record_.received.size() < k_received_kept) {
        record_.received.push_back({{"at_ms", elapsed_ms()}, {"event", event}});
    }
    const auto id = event.find("event_id");
    if (id != event.end() && (!id->is_string() || id->get_ref<const std::string&>().size() > 512)) {
        record_.note_wrong("event_id is not a string of up to 512 characters");
        return fail({"invalid_value", "Invalid 'event_id'.", "event_id"}, nullptr);
    }
    dispatch(event);
}

void Session::dispatch(const json& event) {
    struct Route {
        const char* type;
        void (Session::*handle)(const json&);
        std::initializer_list<const char*> members;
    };
    static constexpr const char* k_delete = "conversation.item.delete";
    static const Route k_routes[] = {
        {"input_audio_buffer.append", &Session::on_append, {"audio"}},
        {"session.update", &Session::on_session_update, {"session"}},
        {"input_audio_buffer.commit", &Session::on_commit, {}},
        {"input_audio_buffer.clear", &Session::on_clear, {}},
        {"conversation.item.create", &Session::on_item_create, {"previous_item_id", "item"}},
        {"conversation.item.truncate",
         &Session::on_truncate,
         {"item_id", "content_index", "audio_end_ms"}},
        {k_delete, &Session::on_item_delete, {"item_id"}},
        {"conversation.item.retrieve", &Session::on_item_retrieve, {"item_id"}},
        {"response.create", &Session::on_response_create, {"response"}},
        {"response.cancel", &Session::on_response_cancel, {"response_id"}}};
    const std::string& type = text_of(event, "type");
    for (const Route& route : k_routes) {
        if (type != route.type || (eleven() && type == k_delete)) continue;
        if (eleven() && event.contains("response_id"))  // "no body needed" is all that is documented
            record_.note_wrong(type + ": response_id is not documented");
        if (check_members(event, route.members)) (this->*route.handle)(event);
        return;
    }
    record_.note_wrong("unknown event type '" + type.substr(0, 80) + "'");
    fail({"invalid_value",
          "Invalid value: '" + type.substr(0, 80) +
              "'. Supported values are the client event types.",
          "type"},
         event);
}

bool Session::check_members(const json& event, std::initializer_list<const char*> known) {
    for (const auto& [key, value] : event.items()) {
        const bool fine = key == "type" || key == "event_id" ||
                          std::any_of(known.begin(), known.end(),
                                      [&, k = key](const char* name) { return k == name; });
        if (fine) continue;
        record_.note_wrong(text_of(event, "type") + ": unknown member '" + key + "'");
        fail({"unknown_parameter", "Unknown parameter: '" + key + "'.", key}, event);
        return false;
    }
    return true;
}

std::optional<ApiError> Session::reject_update(const json& session) const {
    if (const Fault* f = fault("reject-update")) {
        const std::string param = f->value.empty() ? "session.audio.output.format" : f->value;
        return ApiError{"invalid_value", "Invalid value for '" + param + "'.", param};
    }
    const bool transcription = session.is_object() && session.contains("audio") &&
                               session["audio"].contains("input") &&
                               session["audio"]["input"].value("transcription", json()).is_object();
    if (transcription && fault("reject-transcription") != nullptr) {
        return ApiError{"invalid_value",
                        "Invalid value for 'session.audio.input.transcription.model'.",
                        "session.audio.input.transcription.model"};
    }
    return std::nullopt;
}

void Session::on_session_update(const json& event) {
    const json session = event.value("session", json());
    if (session.is_object() && !eleven() && has_beta_shape(session))
        record_.note_wrong("session.update in the dead beta shape");
    auto rejected = reject_update(session);
    if (!rejected && fault("reject-without-id") != nullptr) {
        return fail({"", "Reasoning is not supported by this model.", ""}, nullptr);
    }
    if (!rejected) {
        auto applied = eleven() ? apply_eleven_update(session_, session)
                                : apply_session_update(session_, session, audio_sent_);
        if (auto* error = std::get_if<ApiError>(&applied)) {
            record_.note_wrong("session.update refused: " + error->code + " " + error->param);
            rejected = *error;
        } else {
            session_ = std::get<json>(std::move(applied));
        }
    }
    if (rejected) return fail(*rejected, event);
    if (fault("no-updated") != nullptr) return;
    const Fault* slow = fault("slow-update");
    const auto acknowledge = [this] {
        const json& input = session_["audio"]["input"];
        hearing_.configure(format_of(input["format"]), vad_settings_of(input["turn_detection"]));
        json shown = session_;
        if (fault("wrong-output-format") != nullptr) {
            shown["audio"]["output"]["format"] = {{"type", "audio/pcm"}, {"rate", 24000}};
            session_["audio"]["output"]["format"] = shown["audio"]["output"]["format"];
        }
        if (fault("wrong-input-format") != nullptr)
            shown["audio"]["input"]["format"] = {{"type", "audio/pcm"}, {"rate", 24000}};
        ++record_.updates_accepted;
        const bool first = !record_.configured;
        record_.configured = true;
        if (first) record_.configured_at_ms = elapsed_ms();
        send({{"type", "session.updated"}, {"session", shown}});
        narrator_("session_updated", {{"model", record_.model}},
                  first ? "session   configured" : "session   reconfigured");
        if (first) arm_timed_faults(0);
    };
    if (slow == nullptr) return acknowledge();
    after(slow->number(1000), acknowledge);
}

void Session::on_append(const json& event) {
    const std::string& audio = text_of(event, "audio");
    if (audio.empty()) {
        record_.note_wrong("append without audio");
        return fail({"missing_required_parameter", "Missing required parameter: 'audio'.", "audio"},
                    event);
    }
    const auto bytes = base::base64_decode(audio);
    if (!bytes || audio.size() > k_append_base64_max) {
        record_.note_wrong("append that is not base64, or too long");
        return fail(
            {"invalid_value", "Invalid 'audio'. Expected base64-encoded audio bytes.", "audio"},
            event);
    }
    ++record_.appends;
    record_.audio_bytes += bytes->size();
    if (record_.first_audio_at_ms < 0) record_.first_audio_at_ms = elapsed_ms();
    if (!created_sent_) record_.bytes_before_created += bytes->size();
    if (!record_.configured) {
        if (record_.bytes_before_updated == 0) record_.note_wrong("audio before session.updated");
        record_.bytes_before_updated += bytes->size();
    }
    for (const SpeechEdge& edge : hearing_.append(*bytes)) {
        if (edge.started) {
            on_speech_started(edge.at_ms);
        } else {
            on_speech_stopped(edge.at_ms);
        }
    }
}

void Session::on_commit(const json& event) {
    if (hearing_.heard_ms() - committed_ms_ < k_commit_least_ms) {
        return fail({"input_audio_buffer_commit_empty",
                     "Error committing input audio buffer: buffer too small. Expected at least "
                     "100ms of audio.",
                     ""},
                    event);
    }
    if (session_["audio"]["input"]["turn_detection"].is_object())
        record_.note_wrong("commit although the server detects turns");
    if (user_item_.empty()) user_item_ = new_id("item");
    commit_turn();
}

void Session::on_clear(const json&) {
    if (session_["audio"]["input"]["turn_detection"].is_object())
        record_.note_wrong("clear deletes what the caller just said");
    committed_ms_ = hearing_.heard_ms();
    send({{"type", "input_audio_buffer.cleared"}});
}

std::optional<ApiError> Session::check_item(const json& item) const {
    const auto invalid = [](const std::string& what, const std::string& param) {
        return ApiError{"invalid_value", what, param};
    };
    if (!item.is_object())
        return ApiError{"missing_required_parameter", "Missing required parameter: 'item'.",
                        "item"};
    const std::string& type = text_of(item, "type");
    if (type == "function_call_output") {
        if (!item.contains("output") || !item["output"].is_string())
            return ApiError{"missing_required_parameter",
                            "Missing required parameter: 'item.output'.", "item.output"};
        const std::string& call_id = text_of(item, "call_id");
        const bool known = std::any_of(items_.begin(), items_.end(), [&](const auto& entry) {
            return entry.second.type == "function_call" && entry.second.transcript == call_id;
        });
        if (call_id.empty() || call_id.size() > 32)
            return invalid("Invalid 'item.call_id'.", "item.call_id");
        if (!known)
            return invalid("Tool call ID '" + call_id + "' not found in conversation.",
                           "item.call_id");
        return std::nullopt;
    }
    if (type == "function_call") {
        if (text_of(item, "name").empty() || !item.contains("arguments"))
            return ApiError{"missing_required_parameter",
                            "Missing required parameter: 'item.name'.", "item.name"};
        return std::nullopt;
    }
    if (type != "message") return invalid("Invalid value for 'item.type'.", "item.type");
    const std::string& role = text_of(item, "role");
    const json content = item.value("content", json());
    if (!content.is_array())
        return ApiError{"missing_required_parameter", "Missing required parameter: 'item.content'.",
                        "item.content"};
    for (const auto& part : content) {
        const std::string& kind = text_of(part, "type");
        const bool fits =
            eleven() ? role == "user" && kind == "input_text"
            : role == "user" ? kind == "input_text" || kind == "input_audio" || kind == "input_image"
            : role == "system"    ? kind == "input_text"
            : role == "assistant" ? kind == "output_text"
                                  : false;
        if (!fits)
            return invalid("Invalid value: '" + kind + "' for role '" + role + "'.",
                           "item.content[0].type");
    }
    return std::nullopt;
}

void Session::on_item_create(const json& event) {
    const json item = event.value("item", json());
    if (auto error = check_item(item)) {
        record_.note_wrong("item refused: " + error->message);
        return fail(*error, event);
    }
    const std::string& previous = text_of(event, "previous_item_id");
    auto place = order_.end();
    if (previous == "root") place = order_.begin();
    if (!previous.empty() && previous != "root") {
        place = std::find(order_.begin(), order_.end(), previous);
        if (place == order_.end())
            return fail({"invalid_value", "Item '" + previous + "' not found.", "previous_item_id"},
                        event);
        ++place;
    }
    const std::string id = text_of(item, "id").empty() ? new_id("item") : text_of(item, "id");
    if (items_.count(id) != 0)
        return fail(
            {"item_create_duplicate_item_id", "Item '" + id + "' already exists.", "item.id"},
            event);
    const json before = place == order_.begin() ? json(nullptr) : json(*(place - 1));
    order_.insert(place, id);
    Item& kept = items_[id];
    kept.type = text_of(item, "type");
    kept.role = text_of(item, "role");
    kept.content = item.value("content", json::array());
    // Notes in brackets are no turns of the caller; Eleven Realtime has no other place for them.
    const std::string said = kept.content.empty() ? "" : text_of(kept.content[0], "text");
    if (kept.role == "user" && !(eleven() && said.substr(0, 1) == "[")) ++turns_;
    if (kept.type == "function_call_output") tool_output_pending_ = true;
    json shown = item;
    shown["id"] = id;
    shown["status"] = "completed";
    send({{"type", "conversation.item.added"}, {"previous_item_id", before}, {"item", shown}});
    send({{"type", "conversation.item.done"}, {"previous_item_id", before}, {"item", shown}});
}

void Session::on_truncate(const json& event) {
    const std::string& id = text_of(event, "item_id");
    const json end = event.value("audio_end_ms", json());
    const auto found = items_.find(id);
    ordered_json entry{
        {"at_ms", elapsed_ms()},
        {"item_id", id},
        {"audio_end_ms", end},
        {"item_audio_ms", found == items_.end() ? json(nullptr) : json(found->second.audio_ms)},
        {"ok", false}};
    const auto refuse = [&](const ApiError& error) {
        record_.note_wrong("truncate refused: " + error.message);
        record_.truncates.push_back(entry);
        fail(error, event);
    };
    if (found == items_.end())
        return refuse({"invalid_value", "Item with item_id '" + id + "' not found.", "item_id"});
    if (eleven() && running(id))
        return refuse({"invalid_value", "The response of this item is not done.", "item_id"});
    if (found->second.role != "assistant")
        return refuse(
            {"invalid_value", "Only model output audio messages can be truncated.", "item_id"});
    if (event.value("content_index", json()) != 0)
        return refuse({"invalid_value", "Invalid 'content_index'.", "content_index"});
    if (!end.is_number_integer() || end.get<std::int64_t>() < 0) {
        return refuse({"invalid_type", "Invalid type for 'audio_end_ms': expected an integer.",
                       "audio_end_ms"});
    }
    const auto ms = end.get<std::int64_t>();
    if (ms > found->second.audio_ms) {
        return refuse({"invalid_value",
                       "Audio content of " + std::to_string(found->second.audio_ms) +
                           "ms is already shorter than " + std::to_string(ms) + "ms",
                       ""});
    }
    entry["ok"] = true;
    record_.truncates.push_back(entry);
    found->second.audio_ms = ms;
    found->second.transcript.clear();
    narrator_("truncated", {{"item_id", id}, {"audio_end_ms", ms}},
              "truncated at " + std::to_string(ms) + " ms");
    send({{"type", "conversation.item.truncated"},
          {"item_id", id},
          {"content_index", 0},
          {"audio_end_ms", ms}});
}

void Session::on_item_delete(const json& event) {
    const std::string id = text_of(event, "item_id");
    const auto place = std::find(order_.begin(), order_.end(), id);
    if (place == order_.end()) {
        return fail({"item_delete_invalid_item_id",
                     "Error deleting item: the item with id '" + id + "' does not exist.", ""},
                    event);
    }
    order_.erase(place);
    items_.erase(id);
    send({{"type", "conversation.item.deleted"}, {"item_id", id}});
}

void Session::on_item_retrieve(const json& event) {
    const std::string& id = text_of(event, "item_id");
    const auto found = items_.find(id);
    if (found == items_.end()) {
        return fail({"item_retrieve_invalid_item_id",
                     "Error retrieving item: the item with id '" + id + "' does not exist.", ""},
                    event);
    }
    send({{"type", "conversation.item.retrieved"},
          {"item",
           {{"id", id},
            {"type", found->second.type},
            {"role", found->second.role},
            {"content", found->second.content}}}});
}

// --- the caller's turn ---

void Session::on_speech_started(std::int64_t at_ms) {
    idle_.cancel();
    user_item_ = new_id("item");
    narrator_("speech_started", {{"audio_ms", at_ms}}, "hears     the caller begin");
    send({{"type", "input_audio_buffer.speech_started"},
          {"audio_start_ms", at_ms},
          {"item_id", user_item_}});
    if (!session_["audio"]["input"]["turn_detection"].value("interrupt_response", true)) return;
    if (Response* running = active()) interrupt(*running, "turn_detected");
}

void Session::on_speech_stopped(std::int64_t at_ms) {
    send({{"type", "input_audio_buffer.speech_stopped"},
          {"audio_end_ms", at_ms},
          {"item_id", user_item_}});
    commit_turn();
}

void Session::commit_turn() {
    const std::string id = std::exchange(user_item_, {});
    const json before = last_item();
    committed_ms_ = hearing_.heard_ms();
    ++turns_;
    const int number = turns_;
    const ProviderTurn& turn = settings_.script.turn(static_cast<std::size_t>(number - 1));
    send({{"type", "input_audio_buffer.committed"}, {"previous_item_id", before}, {"item_id", id}});
    order_.push_back(id);
    Item& item = items_[id];
    item.type = "message";
    item.role = "user";
    item.content = json::array({{{"type", "input_audio"}}});
    const json shown{{"id", id},
                     {"type", "message"},
                     {"status", "completed"},
                     {"role", "user"},
                     {"content", item.content}};
    if (fault("unknown-events") != nullptr)
        send(
            {{"type", "conversation.item.created"}, {"previous_item_id", before}, {"item", shown}});
    send({{"type", "conversation.item.added"}, {"previous_item_id", before}, {"item", shown}});
    send({{"type", "conversation.item.done"}, {"previous_item_id", before}, {"item", shown}});
    record_.turns.push_back({{"turn", number},
                             {"at_ms", elapsed_ms()},
                             {"audio_ms", committed_ms_},
                             {"item_id", id},
                             {"transcript", turn.hear}});
    narrator_("heard", {{"turn", number}, {"transcript", turn.hear}}, "hears     " + turn.hear);
    schedule_transcript(turn, id);
    const json& detection = session_["audio"]["input"]["turn_detection"];
    if (!detection.is_object() || !detection.value("create_response", true)) return;
    if (fault("no-response", number) != nullptr) return;
    if (active() != nullptr) return;  // interrupt_response is off: the reply is skipped
    begin_response(parts_of(turn.answers, &turn, number), number, turn.delay_ms, json::object());
}

// Eleven Realtime transcribes without being asked, in one piece.
json Session::transcription() const {
    if (eleven()) return {{"model", "whisper-1"}};
    return session_["audio"]["input"]["transcription"];
}

bool Session::running(const std::string& item) const {
    for (const auto& response : responses_) {
        for (const Part& part : response->parts) {
            if (part.id == item) return true;
        }
    }
    return false;
}

void Session::schedule_transcript(const ProviderTurn& turn, const std::string& id) {
    const int number = turns_;
    if (!transcription().is_object() || fault("no-transcripts", number) != nullptr) return;
    const int delay = turn.transcript_delay_ms >= 0 ? turn.transcript_delay_ms
                                                    : static_cast<int>(50 + random(850));
    after(delay, [this, &turn, id, number] { send_transcript(turn, id, number); });
}

void Session::send_transcript(const ProviderTurn& turn, const std::string& id, int number) {
    const std::string prefix = "conversation.item.input_audio_transcription.";
    if (fault("transcription-failed", number) != nullptr) {
        send({{"type", prefix + "failed"},
              {"item_id", id},
              {"content_index", 0},
              {"error",
               {{"type", "server_error"},
                {"code", nullptr},
                {"message", "Input transcription failed for item '" + id + "'."},
                {"param", nullptr}}}});
        return;
    }
    const std::string model = transcription().value("model", "");
    const bool streaming = model != "whisper-1";
    const std::size_t half =
        streaming ? turn.hear.find(' ', turn.hear.size() / 2) : std::string::npos;
    if (half != std::string::npos) {
        send({{"type", prefix + "delta"},
              {"item_id", id},
              {"content_index", 0},
              {"delta", turn.hear.substr(0, half)}});
        send({{"type", prefix + "delta"},
              {"item_id", id},
              {"content_index", 0},
              {"delta", turn.hear.substr(half)}});
    }
    ordered_json done{{"type", prefix + "completed"},
                      {"item_id", id},
                      {"content_index", 0},
                      {"transcript", turn.hear}};
    done["usage"] = random(2) == 0 ? json{{"type", "duration"}, {"seconds", 2.08}}
                                   : json{{"type", "tokens"},
                                          {"total_tokens", 22},
                                          {"input_tokens", 13},
                                          {"output_tokens", 9}};
    if (model == "gpt-transcribe") done["languages"] = json::array({{{"code", "en"}}});
    send(done);
}

// openai-realtime.md 4.5: counted from the time the last reply has been played.
void Session::arm_idle_timeout(std::int64_t after_ms) {
    const json idle =
        session_["audio"]["input"]["turn_detection"].is_object()
            ? session_["audio"]["input"]["turn_detection"].value("idle_timeout_ms", json())
            : json();
    if (!idle.is_number()) return;
    idle_.arm(base::milliseconds(after_ms + idle.get<std::int64_t>()), [this] {
        if (active() != nullptr || hearing_.speaking()) return;
        user_item_ = new_id("item");
        send({{"type", "input_audio_buffer.timeout_triggered"},
              {"audio_start_ms", committed_ms_},
              {"audio_end_ms", hearing_.heard_ms()},
              {"item_id", user_item_}});
        commit_turn();
    });
}

}  // namespace holdfast::sim

// A session's answers: parts, deltas faster than real time in ragged sizes, the closing events in
// the order of openai-realtime.md 7.2, interruption and cancelling.
#include "provider/session.hpp"

#include "base/base64.hpp"

#include <algorithm>

namespace holdfast::sim {

using nlohmann::json;
using nlohmann::ordered_json;

namespace {

constexpr std::size_t k_huge_arguments = 1024 * 1024;
// The turn of a response that answers no turn: faults that name one are not for it. (0 asks for any.)
constexpr int k_unasked = -1;

std::int64_t audio_ms(std::size_t bytes, WireFormat format) {
    return static_cast<std::int64_t>(bytes) * 1000 / bytes_per_second(format);
}

}  // namespace

// --- client events ---

void Session::on_response_create(const json& event) {
    const json params = event.value("response", json::object());
    if (auto error = check_response_params(params, session_)) {
        record_.note_wrong("response.create refused: " + error->param);
        return fail(*error, event);
    }
    const bool out_of_band = params.value("conversation", "auto") == "none";
    if (!out_of_band && active() != nullptr) {
        record_.note_wrong("response.create while a response is active");
        return fail({"conversation_already_has_active_response",
                     "Conversation already has an active response in progress: " + active()->id +
                         ". Wait until the response is finished before creating a new one.",
                     ""},
                    event);
    }
    if (tool_output_pending_) {
        tool_output_pending_ = false;
        const ProviderTurn& turn =
            settings_.script.turn(static_cast<std::size_t>(std::max(0, tool_turn_ - 1)));
        return begin_response(
            parts_of(turn.then.empty() ? settings_.script.otherwise.answers : turn.then, nullptr,
                     tool_turn_),
            tool_turn_, 150, params);
    }
    begin_response(parts_of(settings_.script.unasked, nullptr, k_unasked), k_unasked, 150, params);
}

void Session::on_response_cancel(const json& event) {
    const auto id = event.find("response_id");
    Response* wanted = nullptr;
    if (id == event.end() || id->is_null()) {
        wanted = active();
    } else {
        for (const auto& response : responses_) {
            if (*id == response->id) wanted = response.get();
        }
    }
    if (wanted == nullptr)
        return fail(
            {"response_cancel_not_active", "Cancellation failed: no active response found", ""},
            event);
    interrupt(*wanted, "client_cancelled");
}

// --- making ---

Session::Response* Session::active() {
    for (const auto& response : responses_) {
        if (!response->out_of_band) return response.get();
    }
    return nullptr;
}

void Session::forget(const Response& response) {
    const auto found = std::find_if(responses_.begin(), responses_.end(),
                                    [&](const auto& r) { return r.get() == &response; });
    if (found == responses_.end()) return;
    // Not destroyed here: we may be inside its own timer.
    std::shared_ptr<Response> gone = std::move(*found);
    responses_.erase(found);
    gone->timer->cancel();
    loop_.post([gone] {});
}

std::vector<Session::Part> Session::parts_of(const std::vector<Spoken>& spoken,
                                             const ProviderTurn* turn, int number) {
    const WireFormat format = format_of(session_["audio"]["output"]["format"]);
    std::vector<Part> parts;
    for (const Spoken& s : spoken) {
        Part part;
        part.id = new_id("item");
        part.text = s.text;
        part.audio = to_wire(s.audio, format);
        parts.push_back(std::move(part));
    }
    if (const Fault* burst = fault("burst", number);
        burst != nullptr && !parts.empty() && !parts[0].audio.empty()) {
        const std::size_t wanted =
            static_cast<std::size_t>(burst->number(60'000)) * bytes_per_second(format) / 1000;
        const std::string once = parts[0].audio;
        while (parts[0].audio.size() < wanted) parts[0].audio += once;
        parts[0].audio.resize(wanted);
    }
    const auto call = [&](std::string name, std::string arguments) {
        Part part;
        part.id = new_id("item");
        part.call_id = new_id("call").substr(0, 32);
        part.name = std::move(name);
        part.arguments = std::move(arguments);
        parts.push_back(std::move(part));
        tool_turn_ = number;
    };
    if (turn != nullptr && turn->tool) call(turn->tool->name, turn->tool->arguments);
    if (turn == nullptr) return parts;  // what follows a call's output does not call again
    if (fault("tool-unknown", number) != nullptr) call("launch_rocket", R"({"target":"moon"})");
    if (fault("tool-bad-json", number) != nullptr) call("transfer_to_person", R"({"reason": "cal)");
    if (fault("tool-huge", number) != nullptr)
        call("transfer_to_person", "{\"reason\":\"" + std::string(k_huge_arguments, 'x') + "\"}");
    return parts;
}

void Session::begin_response(std::vector<Part> parts, int turn, int delay_ms, const json& params) {
    auto response = std::make_unique<Response>();
    response->id = new_id("resp");
    response->parts = std::move(parts);
    response->turn = turn;
    response->out_of_band = params.value("conversation", "auto") == "none";
    response->metadata = params.value("metadata", json());
    response->modalities = params.value("output_modalities", session_["output_modalities"]);
    response->timer = std::make_unique<base::Timer>(loop_);
    response->record = record_.responses.size();
    record_.responses.push_back({{"id", response->id},
                                 {"turn", std::max(0, turn)},
                                 {"created_at_ms", elapsed_ms()},
                                 {"status", "in_progress"},
                                 {"sent_ms", 0}});
    Response& r = *response;
    responses_.push_back(std::move(response));
    send({{"type", "response.created"}, {"response", response_object(r, "in_progress", nullptr)}});
    if (const Fault* slow = fault("slow-first-audio", turn)) delay_ms = slow->number(3000);
    r.timer->arm(base::milliseconds(delay_ms), [this, &r] { start_response(r); });
}

void Session::start_response(Response& r) {
    if (shape_response(r)) return;
    if (fault("foreign-delta", r.turn) != nullptr) strike(Fault{"foreign-delta", "", {}, {}, {}});
    std::string text;
    for (const Part& part : r.parts)
        text += (text.empty() ? "" : " ") + (part.is_call() ? "[" + part.name + "]" : part.text);
    narrator_("answers", {{"turn", std::max(0, r.turn)}, {"text", text}}, "says      " + text);
    arm_timed_faults(r.turn);
    step(r);
}

// One delta, then the next after the time it takes to generate it.
void Session::step(Response& r) {
    if (r.current >= r.parts.size()) return finish_response(r, "completed", nullptr);
    Part& part = r.parts[r.current];
    if (!part.opened) open_part(r, part);
    if (part.is_call()) {
        send_call(r, part);
        ++r.current;
        return step(r);
    }
    const Fault* stall = fault("stall-mid", r.turn);
    if (stall != nullptr && !r.stalled && part.sent * 2 >= part.audio.size() && part.sent > 0) {
        r.stalled = true;
        if (stall->number(0) == 0) return;  // for good
        r.timer->arm(base::milliseconds(stall->number(0)), [this, &r] { step(r); });
        return;
    }
    const std::size_t before = part.sent;
    send_audio(r, part);
    if (part.sent >= part.audio.size()) {
        // Late: the first part's closing events come after the next part has begun to sound.
        const bool late =
            fault("late-done", r.turn) != nullptr && r.current == 0 && r.parts.size() > 1;
        if (!late) close_part(r, part, true);
        ++r.current;
    }
    if (r.current > 0 && r.parts[0].opened && !r.parts[0].closed &&
        (r.current >= r.parts.size() || r.parts[r.current].sent > 0)) {
        close_part(r, r.parts[0], true);
    }
    const bool burst = fault("burst", r.turn) != nullptr;
    const WireFormat format = format_of(session_["audio"]["output"]["format"]);
    const double generation_ms =
        burst ? 0 : static_cast<double>(audio_ms(part.sent - before, format)) / settings_.speed;
    r.timer->arm(base::milliseconds(static_cast<std::int64_t>(generation_ms)),
                 [this, &r] { step(r); });
}

void Session::open_part(Response& r, Part& part) {
    part.opened = true;
    const json index = r.current;
    const json shown = part_object(part, "in_progress");
    send({{"type", "response.output_item.added"},
          {"response_id", r.id},
          {"output_index", index},
          {"item", shown}});
    const json before = last_item();
    order_.push_back(part.id);
    Item& item = items_[part.id];
    item.type = part.is_call() ? "function_call" : "message";
    item.role = part.is_call() ? "" : "assistant";
    if (part.is_call()) item.transcript = part.call_id;  // what function_call_output refers to
    if (!r.out_of_band)
        send({{"type", "conversation.item.added"}, {"previous_item_id", before}, {"item", shown}});
    if (part.is_call()) return;
    send({{"type", "response.content_part.added"},
          {"response_id", r.id},
          {"item_id", part.id},
          {"output_index", index},
          {"content_index", 0},
          {"part", {{"type", "audio"}, {"transcript", ""}}}});
}

void Session::send_words(Response& r, Part& part, std::size_t up_to) {
    if (fault("no-transcripts", r.turn) != nullptr) return;
    while (part.words < up_to) {
        const std::size_t space = part.text.find(' ', part.words);
        const std::size_t end = space == std::string::npos ? part.text.size() : space + 1;
        ordered_json delta{{"type", "response.output_audio_transcript.delta"},
                           {"response_id", r.id},
                           {"item_id", part.id},
                           {"output_index", r.current},
                           {"content_index", 0},
                           {"delta", part.text.substr(part.words, end - part.words)}};
        if (random(3) == 0) delta["obfuscation"] = "aXz09";
        send(delta);
        part.words = end;
    }
}

void Session::send_audio(Response& r, Part& part) {
    const WireFormat format = format_of(session_["audio"]["output"]["format"]);
    const std::size_t second = bytes_per_second(format);
    // Mostly 100 to 400 ms, now and then a crumb or seconds at once; never tidy multiples of a
    // frame.
    const unsigned kind = random(10);
    std::size_t size = kind == 0   ? 1 + random(50)
                       : kind == 1 ? second + random(static_cast<unsigned>(second))
                                   : second / 10 + random(static_cast<unsigned>(second * 3 / 10));
    if (format == WireFormat::pcm16_24k) size += size % 2;
    size = std::min(size, part.audio.size() - part.sent);
    const std::size_t ahead = part.audio.empty()
                                  ? part.text.size()
                                  : part.text.size() *
                                        std::min(part.audio.size(), part.sent + size + second / 4) /
                                        part.audio.size();
    send_words(r, part, ahead);
    if (size > 0) {
        send(
            {{"type", "response.output_audio.delta"},
             {"response_id", r.id},
             {"item_id", part.id},
             {"output_index", r.current},
             {"content_index", 0},
             {"delta", base::base64_encode(std::string_view(part.audio).substr(part.sent, size))}});
        audio_sent_ = true;
    }
    part.sent += size;
    items_[part.id].audio_ms = audio_ms(part.sent, format);
    if (part.sent < part.audio.size() && fault("done-early", r.turn) != nullptr &&
        part.sent == size) {
        send({{"type", "response.output_audio.done"},
              {"response_id", r.id},
              {"item_id", part.id},
              {"output_index", r.current},
              {"content_index", 0}});
    }
}

void Session::send_call(Response& r, Part& part) {
    const std::size_t half = std::min<std::size_t>(part.arguments.size() / 2, 64);
    for (const auto& piece : {part.arguments.substr(0, half), part.arguments.substr(half)}) {
        send({{"type", "response.function_call_arguments.delta"},
              {"response_id", r.id},
              {"item_id", part.id},
              {"output_index", r.current},
              {"call_id", part.call_id},
              {"delta", piece}});
    }
    close_part(r, part, true);
}

void Session::close_part(Response& r, Part& part, bool complete) {
    if (!part.opened || part.closed) return;
    part.closed = true;
    const std::size_t index = static_cast<std::size_t>(&part - r.parts.data());
    const ordered_json place{{"response_id", r.id}, {"item_id", part.id}, {"output_index", index}};
    const auto with = [&](const char* type, ordered_json more) {
        ordered_json event{{"type", type}};
        event.update(place);
        event.update(more);
        send(std::move(event));
    };
    const json shown = part_object(part, complete ? "completed" : "incomplete");
    if (part.is_call()) {
        with("response.function_call_arguments.done",
             {{"call_id", part.call_id}, {"name", part.name}, {"arguments", part.arguments}});
    } else {
        if (complete) send_words(r, part, part.text.size());
        const std::string said = part.text.substr(0, part.words);
        with("response.output_audio.done", {{"content_index", 0}});
        if (fault("no-transcripts", r.turn) == nullptr) {
            with("response.output_audio_transcript.done",
                 {{"content_index", 0}, {"transcript", said}});
        }
        with("response.content_part.done",
             {{"content_index", 0}, {"part", {{"type", "audio"}, {"transcript", said}}}});
        items_[part.id].transcript = said;
    }
    items_[part.id].content = shown.value("content", json());
    if (!r.out_of_band)
        send({{"type", "conversation.item.done"}, {"previous_item_id", nullptr}, {"item", shown}});
    send({{"type", "response.output_item.done"},
          {"response_id", r.id},
          {"output_index", index},
          {"item", shown}});
}

void Session::finish_response(Response& r, const std::string& status, const json& details) {
    std::int64_t total_ms = 0;
    const WireFormat format = format_of(session_["audio"]["output"]["format"]);
    for (Part& part : r.parts) {
        close_part(r, part, status == "completed");
        total_ms += audio_ms(part.sent, format);
    }
    auto& kept = record_.responses[r.record];
    kept["status"] = status;
    kept["sent_ms"] = total_ms;
    kept["done_at_ms"] = elapsed_ms();
    ordered_json played = ordered_json::array();
    for (const Part& part : r.parts) {
        if (!part.opened) continue;
        played.push_back(ordered_json{{"item_id", part.id},
                                      {"text", part.text},
                                      {"call", part.name},
                                      {"sent_ms", audio_ms(part.sent, format)},
                                      {"total_ms", audio_ms(part.audio.size(), format)}});
    }
    kept["items"] = played;
    send({{"type", "response.done"}, {"response", response_object(r, status, details)}});
    send({{"type", "rate_limits.updated"},
          {"rate_limits", json::array({{{"name", "tokens"},
                                        {"limit", 200000},
                                        {"remaining", 197850},
                                        {"reset_seconds", 0.64}}})}});
    if (fault("stale-delta", r.turn) != nullptr && !r.parts.empty()) {
        send({{"type", "response.output_audio.delta"},
              {"response_id", r.id},
              {"item_id", r.parts[0].id},
              {"output_index", 0},
              {"content_index", 0},
              {"delta", base::base64_encode(std::string(800, '\x20'))}});
    }
    if (status == "completed") arm_idle_timeout(total_ms);
    forget(r);
}

// Generation stops; what was already queued still goes out.
void Session::interrupt(Response& r, const char* reason) {
    const bool sounding =
        r.current < r.parts.size() && !r.parts[r.current].is_call() && r.parts[r.current].opened;
    const auto leak = [&](unsigned deltas) {
        for (unsigned i = 0;
             sounding && i < deltas && r.parts[r.current].sent < r.parts[r.current].audio.size();
             ++i)
            send_audio(r, r.parts[r.current]);
    };
    leak(random(3));
    narrator_("interrupted", {{"reason", reason}}, "stops     " + std::string(reason));
    const bool after_cancel = fault("delta-after-cancel", r.turn) != nullptr && sounding;
    const std::string id = r.id;
    const std::string item = sounding ? r.parts[r.current].id : "";
    finish_response(r, "cancelled", {{"type", "cancelled"}, {"reason", reason}});
    for (int i = 0; after_cancel && i < 5; ++i) {
        send({{"type", "response.output_audio.delta"},
              {"response_id", id},
              {"item_id", item},
              {"output_index", 0},
              {"content_index", 0},
              {"delta", base::base64_encode(std::string(1600, '\x20'))}});
    }
}

bool Session::shape_response(Response& r) {
    if (const Fault* f = fault("response-failed", r.turn)) {
        const std::string code = f->value.empty() ? "server_error" : f->value;
        const bool server = code == "server_error";
        finish_response(r, "failed",
                        {{"type", "failed"},
                         {"error",
                          {{"type", server ? "server_error" : "invalid_request_error"},
                           {"code", server ? json(nullptr) : json(code)},
                           {"message", "The response failed: " + code}}}});
        return true;
    }
    if (const Fault* f = fault("incomplete", r.turn)) {
        if (!r.parts.empty()) {
            open_part(r, r.parts[0]);
            send_audio(r, r.parts[0]);
        }
        finish_response(r, "incomplete",
                        {{"type", "incomplete"},
                         {"reason", f->value.empty() ? "max_output_tokens" : f->value}});
        return true;
    }
    if (fault("silent-done", r.turn) != nullptr) {
        r.parts.clear();
        finish_response(r, "completed", nullptr);
        return true;
    }
    return fault("no-audio", r.turn) != nullptr;  // created, and then nothing
}

// --- objects ---

json Session::part_object(const Part& part, const std::string& status) const {
    if (part.is_call()) {
        return {{"id", part.id},
                {"object", "realtime.item"},
                {"type", "function_call"},
                {"status", status},
                {"call_id", part.call_id},
                {"name", part.name},
                {"arguments", status == "in_progress" ? "" : part.arguments}};
    }
    json content = json::array();
    if (status != "in_progress")
        content.push_back(
            {{"type", "output_audio"}, {"transcript", part.text.substr(0, part.words)}});
    return {{"id", part.id},    {"object", "realtime.item"}, {"type", "message"},
            {"status", status}, {"role", "assistant"},       {"content", content}};
}

json Session::usage_of(const Response& r) const {
    std::int64_t out_ms = 0;
    for (const Part& part : r.parts)
        out_ms += audio_ms(part.sent, format_of(session_["audio"]["output"]["format"]));
    const std::int64_t audio_out = out_ms / 50;
    const std::int64_t text_out = audio_out / 3;
    const std::int64_t audio_in = hearing_.heard_ms() / 100;
    const std::int64_t text_in = 169;
    return {{"total_tokens", audio_in + text_in + audio_out + text_out},
            {"input_tokens", audio_in + text_in},
            {"output_tokens", audio_out + text_out},
            {"input_token_details",
             {{"text_tokens", text_in},
              {"audio_tokens", audio_in},
              {"image_tokens", 0},
              {"cached_tokens", 128},
              {"cached_tokens_details",
               {{"text_tokens", 128}, {"audio_tokens", 0}, {"image_tokens", 0}}}}},
            {"output_token_details", {{"text_tokens", text_out}, {"audio_tokens", audio_out}}}};
}

json Session::response_object(const Response& r, const std::string& status,
                              const json& details) const {
    json output = json::array();
    for (const Part& part : r.parts) {
        if (part.closed)
            output.push_back(part_object(
                part, status == "completed" || part.sent == part.audio.size() ? "completed"
                                                                              : "incomplete"));
    }
    const bool done = status != "in_progress" && status != "failed";
    return {{"object", "realtime.response"},
            {"id", r.id},
            {"status", status},
            {"status_details", details},
            {"output", output},
            {"conversation_id", r.out_of_band ? json(nullptr) : json(conversation_id_)},
            {"output_modalities", r.modalities},
            {"max_output_tokens", session_["max_output_tokens"]},
            {"audio",
             {{"output",
               {{"format", session_["audio"]["output"]["format"]},
                {"voice", session_["audio"]["output"]["voice"]}}}}},
            {"usage", done ? usage_of(r) : json(nullptr)},
            {"metadata", r.metadata}};
}

}  // namespace holdfast::sim

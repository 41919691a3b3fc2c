#include "provider/echo.hpp"

#include "provider/session_config.hpp"

namespace holdfast::sim {

using nlohmann::json;

namespace {

constexpr std::string_view k_append = "\"input_audio_buffer.append\"";
constexpr std::string_view k_audio = "\"audio\":";

// The value of "audio" in an append; empty when it is not there.
std::string_view audio_of(std::string_view text) {
    std::size_t at = text.find(k_audio);
    if (at == std::string_view::npos) return {};
    at = text.find('"', at + k_audio.size());
    const std::size_t end = at == std::string_view::npos ? at : text.find('"', at + 1);
    return end == std::string_view::npos ? std::string_view{} : text.substr(at + 1, end - at - 1);
}

}  // namespace

EchoSession::EchoSession(ProviderWire& wire, ConnectionRecord& record, std::int64_t expires_at)
    : wire_(wire),
      record_(record),
      expires_at_(expires_at),
      head_(
          R"({"type":"response.output_audio.delta","event_id":"event_e","response_id":"resp_echo","item_id":"item_echo","output_index":0,"content_index":0,"delta":")") {
}

void EchoSession::open() {
    const json created{{"type", "session.created"},
                       {"event_id", "event_1"},
                       {"session", default_session("sess_echo", record_.model, expires_at_)}};
    wire_.send(created.dump());
}

void EchoSession::on_text(std::string_view text) {
    if (text.substr(0, 96).find(k_append) == std::string_view::npos) return on_other(text);
    const std::string_view audio = audio_of(text);
    ++record_.appends;
    record_.audio_bytes += audio.size() / 4 * 3;
    if (!record_.configured) {
        record_.bytes_before_updated += audio.size() / 4 * 3;
        return;
    }
    if (!responding_) begin_response();
    scratch_.assign(head_);
    scratch_ += audio;
    scratch_ += "\"}";
    wire_.send(scratch_);
}

void EchoSession::on_other(std::string_view text) {
    const json event = json::parse(text, nullptr, false);
    const std::string type = event.is_object() ? event.value("type", "") : "";
    if (type != "session.update") return;  // nothing else matters here
    json session = default_session("sess_echo", record_.model, expires_at_);
    auto applied = apply_session_update(session, event.value("session", json()), false);
    if (const auto* error = std::get_if<ApiError>(&applied)) {
        record_.note_wrong("session.update refused: " + error->code + " " + error->param);
        wire_.send(json{{"type", "error"},
                        {"event_id", "event_2"},
                        {"error",
                         {{"type", error->type},
                          {"code", error->code},
                          {"message", error->message},
                          {"param", error->param},
                          {"event_id", event.value("event_id", json())}}}}
                       .dump());
        return;
    }
    record_.configured = true;
    ++record_.updates_accepted;
    wire_.send(json{
        {"type", "session.updated"}, {"event_id", "event_2"}, {"session", std::get<json>(applied)}}
                   .dump());
}

void EchoSession::begin_response() {
    responding_ = true;
    const json item{{"id", "item_echo"},   {"object", "realtime.item"},
                    {"type", "message"},   {"status", "in_progress"},
                    {"role", "assistant"}, {"content", json::array()}};
    wire_.send(json{{"type", "response.created"},
                    {"event_id", "event_3"},
                    {"response",
                     {{"object", "realtime.response"},
                      {"id", "resp_echo"},
                      {"status", "in_progress"},
                      {"status_details", nullptr},
                      {"output", json::array()},
                      {"usage", nullptr},
                      {"metadata", nullptr}}}}
                   .dump());
    wire_.send(json{
        {"type", "response.output_item.added"},
        {"event_id", "event_4"},
        {"response_id", "resp_echo"},
        {"output_index", 0},
        {"item",
         item}}.dump());
    wire_.send(json{
        {"type", "conversation.item.added"},
        {"event_id", "event_5"},
        {"previous_item_id", nullptr},
        {"item",
         item}}.dump());
}

}  // namespace holdfast::sim

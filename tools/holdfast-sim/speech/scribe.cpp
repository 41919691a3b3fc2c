#include "speech/scribe.hpp"

#include "base/base64.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>

namespace holdfast::sim {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr std::size_t k_frame_bytes = 160;
constexpr std::int64_t k_frame_ms = 20;
constexpr std::int64_t k_partial_every_ms = 400;
constexpr std::size_t k_chunk_base64_max = 256 * 1024;

std::string value_of(std::string_view target, std::string_view name, std::string otherwise) {
    std::size_t at = target.find('?');
    while (at != std::string_view::npos) {
        const std::string_view pair = target.substr(at + 1, target.find('&', at + 1) - at - 1);
        if (pair.substr(0, name.size()) == name && pair.size() > name.size() && pair[name.size()] == '=') {
            return std::string(pair.substr(name.size() + 1));
        }
        at = target.find('&', at + 1);
    }
    return otherwise;
}

// The first words of `text`.
std::string first_words(const std::string& text, std::size_t count) {
    std::size_t at = 0;
    for (; count > 0 && at != std::string::npos; --count) at = text.find(' ', at == 0 ? 0 : at + 1);
    return at == std::string::npos ? text : text.substr(0, at);
}

}  // namespace

ordered_json ScribeRecord::report() const {
    return {{"session", number},
            {"http_status", http_status},
            {"model", query.model},
            {"audio_format", query.audio_format},
            {"commit_strategy", query.commit_strategy},
            {"chunks", chunks},
            {"heard_ms", heard_ms},
            {"transcripts", transcripts},
            {"faults", faults},
            {"wrong", wrong},
            {"close_code", close_code}};
}

ScribeQuery parse_scribe_query(std::string_view target, std::string& problem) {
    ScribeQuery query;
    query.model = value_of(target, "model_id", "");
    query.audio_format = value_of(target, "audio_format", query.audio_format);
    query.commit_strategy = value_of(target, "commit_strategy", query.commit_strategy);
    query.timestamps = value_of(target, "include_timestamps", "false") == "true";
    const std::string silence = value_of(target, "vad_silence_threshold_secs", "1.5");
    const double seconds = std::strtod(silence.c_str(), nullptr);
    if (query.model.empty()) problem = "model_id is required";
    else if (seconds < 0.3 || seconds > 3.0) problem = "vad_silence_threshold_secs must be 0.3 to 3.0";
    else if (query.commit_strategy != "manual" && query.commit_strategy != "vad") problem = "unknown commit_strategy";
    else if (query.audio_format != "ulaw_8000" && query.audio_format.rfind("pcm_", 0) != 0) {
        problem = "unknown audio_format";
    }
    query.silence_ms = static_cast<std::int64_t>(seconds * 1000);
    return query;
}

ScribeSession::ScribeSession(base::Loop& loop, ScribeWire& wire, const SpeechScript& script, const FaultSet& faults,
                             std::size_t& turn, ScribeRecord& record)
    : wire_(wire), script_(script), faults_(faults), turn_(turn), record_(record),
      detector_({-40.0, 3, static_cast<unsigned>(std::max<std::int64_t>(record.query.silence_ms / k_frame_ms, 1))}),
      open_timer_(loop), fault_timer_(loop) {}

void ScribeSession::open(const std::string& problem) {
    if (!problem.empty()) {  // the service accepts the socket first
        record_.note_wrong(problem);
        error("invalid_request");
        return wire_.close(1008, "invalid_request");
    }
    if (struck("accept-then-close")) {
        record_.faults.push_back("accept-then-close");
        error("invalid_request");
        return wire_.close(1008, "invalid_request");
    }
    if (struck("scribe-no-start")) return;
    const Fault* const slow = faults_.find("scribe-slow-start", 0, record_.number);
    if (slow == nullptr) return started();
    open_timer_.arm(std::chrono::milliseconds(slow->number(1000)), [this] { started(); });
}

void ScribeSession::started() {
    const Fault* const echo = faults_.find("scribe-format", 0, record_.number);
    wire_.send(json{{"message_type", "session_started"},
                    {"session_id", "sim_" + std::to_string(record_.number)},
                    {"config",
                     {{"sample_rate", record_.query.audio_format == "ulaw_8000" ? 8000 : 16000},
                      {"audio_format", echo != nullptr ? echo->value : record_.query.audio_format},
                      {"language_code", nullptr},
                      {"model_id", record_.query.model},
                      {"commit_strategy", record_.query.commit_strategy},
                      {"vad_silence_threshold_secs", static_cast<double>(record_.query.silence_ms) / 1000},
                      {"enable_logging", true}}}}
                   .dump());
    open_ = true;
    for (const Fault& fault : faults_.all()) fault_added(fault);
}

void ScribeSession::fault_added(const Fault& fault) {
    if (!open_ || !fault.connection.covers(record_.number) || fault.turn.first != 0) return;
    if (fault.at_ms) fault_timer_.arm(std::chrono::milliseconds(*fault.at_ms), [this, fault] { strike(fault); });
    else strike(fault);
}

void ScribeSession::strike(const Fault& fault) {
    if (fault.name == "scribe-error") error(fault.value.empty() ? "error" : fault.value);
    else if (fault.name == "scribe-close") wire_.close(static_cast<std::uint16_t>(fault.number(1011)), "simulated");
    else if (fault.name == "scribe-reset") wire_.reset();
    else if (fault.name == "scribe-freeze") wire_.freeze();
    else if (fault.name == "scribe-deaf") quiet_ = true;
    else return;
    record_.faults.push_back(fault.name);
}

void ScribeSession::error(const std::string& type) {
    wire_.send(json{{"message_type", type}, {"error", "Simulated " + type + "."}}.dump());
}

void ScribeSession::on_text(std::string_view text) {
    const json message = json::parse(text, nullptr, false);
    if (!message.is_object() || message.value("message_type", "") != "input_audio_chunk" ||
        !message.contains("audio_base_64") || !message["audio_base_64"].is_string()) {
        record_.note_wrong("not an input_audio_chunk");
        return error("input_error");
    }
    const auto& base64 = message["audio_base_64"].get_ref<const std::string&>();
    if (base64.size() > k_chunk_base64_max) return error("chunk_size_exceeded");
    const auto bytes = base::base64_decode(base64);
    if (!bytes) {
        record_.note_wrong("audio is not base64");
        return error("input_error");
    }
    if (!open_) record_.note_wrong("audio before session_started");
    ++record_.chunks;
    hear(*bytes);
    if (message.value("commit", false)) commit("manual");
}

void ScribeSession::hear(std::string_view mulaw) {
    rest_ += mulaw;
    while (rest_.size() >= k_frame_bytes) {
        frame(std::string_view(rest_).substr(0, k_frame_bytes));
        rest_.erase(0, k_frame_bytes);
    }
}

void ScribeSession::frame(std::string_view mulaw) {
    record_.heard_ms += k_frame_ms;
    const auto change = detector_.push(mulaw);
    if (change == audio::SpeechDetector::Change::started) {
        speech_ = true;
        speech_ms_ = 0;
        partial_words_ = 0;
    }
    if (detector_.speaking()) {
        speech_ms_ += k_frame_ms;
        if (speech_ms_ % k_partial_every_ms == k_frame_ms && !quiet_ && open_) {
            wire_.send(json{{"message_type", "partial_transcript"},
                            {"text", first_words(script_.turn(turn_), ++partial_words_)}}
                           .dump());
        }
    }
    if (change == audio::SpeechDetector::Change::stopped && record_.query.commit_strategy == "vad") commit("vad");
}

void ScribeSession::commit(const char* why) {
    if (!open_ || quiet_) return;
    const bool words = std::exchange(speech_, false);
    const std::string text = words ? script_.turn(turn_) : "";
    const int number = static_cast<int>(turn_) + 1;
    if (words) ++turn_;
    for (const char* const name : {"scribe-error", "scribe-close", "scribe-reset", "scribe-freeze", "scribe-deaf"}) {
        const Fault* const fault = faults_.find(name, number, record_.number);
        if (words && fault != nullptr && fault->turn.first != 0) {
            if (fault->name != "scribe-error") --turn_;  // not transcribed: the next session hears it
            strike(*fault);
            if (fault->name != "scribe-error") return;
        }
    }
    if (words && struck("scribe-no-commit", number)) return;
    record_.transcripts.push_back({{"turn", number}, {"at_ms", record_.heard_ms}, {"text", text}, {"commit", why}});
    wire_.send(json{{"message_type", "committed_transcript"}, {"text", text}}.dump());
    if (record_.query.timestamps) {
        wire_.send(json{{"message_type", "committed_transcript_with_timestamps"},
                        {"text", text},
                        {"language_code", "en"},
                        {"words", nullptr}}
                       .dump());
    }
}

}  // namespace holdfast::sim

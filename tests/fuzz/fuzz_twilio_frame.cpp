// The Media Streams decoder against another JSON library: what it takes must be JSON, and must say
// what the other library reads.
#include "fuzz.hpp"
#include "twilio/media_stream.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <memory>

namespace {

using namespace holdfast;
using nlohmann::json;

bool has(const json& object, const char* key) {
    return object.is_object() && object.contains(key) && !object[key].is_null();
}

void check_text(const json& object, const char* key, std::string_view read) {
    FUZZ_CHECK(has(object, key) ? object[key].get<std::string>() == read : read.empty());
}

void check_start(const json& message, const twilio::StreamEvent& event) {
    const auto& start = event.start;
    FUZZ_CHECK(start.stream.str() == event.stream_sid && !start.stream.empty() && !start.call.empty());
    check_text(message["start"], "callSid", start.call.str());
    check_text(message["start"], "accountSid", start.account_sid);
    FUZZ_CHECK(start.parameters.size() <= 32);
    const std::size_t given =
        has(message["start"], "customParameters") ? message["start"]["customParameters"].size() : 0;
    FUZZ_CHECK(given == start.parameters.size());
    for (const auto& [name, value] : start.parameters) {
        FUZZ_CHECK(message["start"]["customParameters"][name].get<std::string>() == value);
    }
}

void check_event(const json& message, const twilio::StreamEvent& event) {
    using twilio::EventKind;
    FUZZ_CHECK(message.is_object() && message["event"].is_string());
    FUZZ_CHECK(event.sequence >= -1 && event.chunk >= -1 && event.timestamp_ms >= -1);
    if (event.kind == EventKind::unknown) return;
    if (event.kind == EventKind::start) return check_start(message, event);
    check_text(message, "streamSid", event.stream_sid);
    if (event.kind == EventKind::media) {
        FUZZ_CHECK(has(message["media"], "payload"));
        check_text(message["media"], "payload", event.payload);
        check_text(message["media"], "track", event.track);
    }
    if (event.kind == EventKind::dtmf) check_text(message["dtmf"], "digit", event.digit);
    if (event.kind == EventKind::mark) check_text(message["mark"], "name", event.mark);
}

// Whatever a message carries, our answers with it inside are the three documented objects.
void check_writers(const twilio::StreamEvent& event) {
    std::string out;
    twilio::append_media(out, event.stream_sid, event.payload);
    const auto media = json::parse(out);
    FUZZ_CHECK(media.size() == 3 && media["media"].size() == 1 && media["media"]["payload"] == event.payload);
    FUZZ_CHECK(media["event"] == "media" && media["streamSid"] == event.stream_sid);
    out.clear();
    twilio::append_clear(out, event.stream_sid);
    FUZZ_CHECK(json::parse(out) == (json{{"event", "clear"}, {"streamSid", event.stream_sid}}));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static twilio::StreamDecoder decoder;  // one for many messages, as on a loop
    constexpr std::size_t k_readable_behind = 64;
    const auto buffer = std::make_unique<char[]>(size + k_readable_behind);
    const auto input = fuzz::text(data, size);
    std::copy(input.begin(), input.end(), buffer.get());
    std::fill_n(buffer.get() + size, k_readable_behind, '"');

    const auto result = decoder.decode({buffer.get(), size});
    const auto message = json::parse(input, nullptr, false);
    if (result) {
        FUZZ_CHECK(!message.is_discarded());
        check_event(message, **result);
        check_writers(**result);
    } else {
        const std::string_view code = result.error().code;
        FUZZ_CHECK(code == "json" || code == "field");
        FUZZ_CHECK(code == "json" || message.is_object());
    }
    return 0;
}

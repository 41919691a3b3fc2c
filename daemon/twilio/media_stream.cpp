// Media Streams messages. The decoder walks the whole object once, in whatever order its members come
// and without knowing yet which event it is; only then does it judge what the event needs. So garbage
// anywhere in a message is found, also in members that nobody asks for.
#include "twilio/media_stream.hpp"

#include "base/assert.hpp"
#include "base/text.hpp"
#include "config/limits.hpp"

#include <simdjson.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <utility>

namespace holdfast::twilio {
namespace {

namespace ondemand = simdjson::ondemand;

constexpr std::size_t k_depth_max = 16;  // `start`, the deepest documented message, has 3 levels
// Time stamps count milliseconds and nothing counts faster. A call ends after 4 hours (twilio.md 4.4).
constexpr std::int64_t k_counter_max = std::chrono::milliseconds(std::chrono::hours(24)).count();
constexpr std::size_t k_parameters_max = 32;
constexpr std::size_t k_parameter_bytes_max = 1024;  // name and value together
constexpr std::size_t k_encoding_bytes_max = 64;

// A member as it was found. `null` counts as not given.
struct Member {
    bool seen = false;   // a second one makes the message ambiguous
    bool given = false;
    bool bad = false;    // of the wrong type or out of range; an error only if the event needs it
};
struct Text : Member { std::string_view value; };
struct Number : Member { std::int64_t value = -1; };

struct Frame {
    Text event, stream_sid;
    Number sequence;
    struct : Member { Text track, payload; Number chunk, timestamp; } media;
    struct : Member { Text digit; } dtmf;
    struct : Member { Text name; } mark;
    struct : Member {
        Text stream_sid, call_sid, account_sid;
        struct : Member { Text encoding; Number sample_rate, channels; } format;
        Member parameters;
    } start;
};

using Parameters = std::vector<std::pair<std::string_view, std::string_view>>;

// Every function below answers whether what it passed over is JSON (and says each thing once).

bool walk(ondemand::value value, std::size_t depth);

template <class OnMember>
bool each_member(ondemand::value value, std::size_t depth, OnMember&& on_member) {
    ondemand::object object;
    if (depth > k_depth_max || value.get_object().get(object)) return false;
    for (auto found : object) {
        ondemand::field field;
        std::string_view key;
        if (std::move(found).get(field) || field.unescaped_key().get(key)) return false;
        if (!on_member(key, field.value())) return false;
    }
    return true;
}

bool walk_array(ondemand::value value, std::size_t depth) {
    ondemand::array array;
    if (depth > k_depth_max || value.get_array().get(array)) return false;
    for (auto found : array) {
        ondemand::value element;
        if (std::move(found).get(element) || !walk(element, depth + 1)) return false;
    }
    return true;
}

bool walk(ondemand::value value, std::size_t depth) {
    ondemand::json_type type{};
    if (value.type().get(type)) return false;
    switch (type) {
        case ondemand::json_type::object:
            return each_member(value, depth, [depth](std::string_view, ondemand::value member) {
                return walk(member, depth + 1);
            });
        case ondemand::json_type::array: return walk_array(value, depth);
        case ondemand::json_type::string: return value.get_string().error() == simdjson::SUCCESS;
        case ondemand::json_type::number: return value.get_number().error() == simdjson::SUCCESS;
        case ondemand::json_type::boolean: return value.get_bool().error() == simdjson::SUCCESS;
        case ondemand::json_type::null: {
            bool is_null = false;
            return value.is_null().get(is_null) == simdjson::SUCCESS && is_null;
        }
    }
    return false;
}

// Marks `member` and tells the type; anything but `wanted` (or a second kind) is passed over.
bool open(ondemand::value& value, Member& member, ondemand::json_type& type) {
    if (std::exchange(member.seen, true) || value.type().get(type)) return false;
    member.given = type != ondemand::json_type::null;
    return true;
}

bool read_text(ondemand::value value, Text& out, std::size_t depth) {
    ondemand::json_type type{};
    if (!open(value, out, type)) return false;
    if (type == ondemand::json_type::string) return value.get_string().get(out.value) == simdjson::SUCCESS;
    out.bad = out.given;
    return walk(value, depth);
}

// "12" or 12 (twilio.md 4.2).
bool read_number(ondemand::value value, Number& out, std::size_t depth) {
    ondemand::json_type type{};
    if (!open(value, out, type)) return false;
    if (type == ondemand::json_type::string) {
        std::string_view digits;
        if (value.get_string().get(digits)) return false;
        out.value = base::parse_decimal(digits).value_or(-1);
    } else if (type == ondemand::json_type::number) {
        ondemand::number number;
        if (value.get_number().get(number)) return false;
        out.value = number.is_int64() ? number.get_int64() : -1;
    } else if (!walk(value, depth)) {
        return false;
    }
    out.bad = out.given && (out.value < 0 || out.value > k_counter_max);
    return true;
}

template <class OnMember>
bool read_object(ondemand::value value, Member& out, std::size_t depth, OnMember&& on_member) {
    ondemand::json_type type{};
    if (!open(value, out, type)) return false;
    if (type == ondemand::json_type::object) return each_member(value, depth, on_member);
    out.bad = out.given;
    return walk(value, depth);
}

bool read_parameters(ondemand::value value, Member& out, Parameters& parameters, std::size_t depth) {
    return read_object(value, out, depth, [&](std::string_view name, ondemand::value member) {
        Text text;
        if (!read_text(member, text, depth + 1)) return false;
        const auto same = [name](const auto& earlier) { return earlier.first == name; };
        if (std::any_of(parameters.begin(), parameters.end(), same)) return false;
        const bool fits = parameters.size() < k_parameters_max &&
                          name.size() + text.value.size() <= k_parameter_bytes_max;
        if (text.bad || !text.given || !fits) {
            out.bad = true;
        } else {
            parameters.emplace_back(name, text.value);
        }
        return true;
    });
}

bool read_format(ondemand::value value, decltype(Frame::start.format)& out, std::size_t depth) {
    return read_object(value, out, depth, [&](std::string_view key, ondemand::value member) {
        if (key == "encoding") return read_text(member, out.encoding, depth + 1);
        if (key == "sampleRate") return read_number(member, out.sample_rate, depth + 1);
        if (key == "channels") return read_number(member, out.channels, depth + 1);
        return walk(member, depth + 1);
    });
}

bool read_start(ondemand::value value, Frame& frame, Parameters& parameters, std::size_t depth) {
    auto& out = frame.start;
    return read_object(value, out, depth, [&](std::string_view key, ondemand::value member) {
        if (key == "streamSid") return read_text(member, out.stream_sid, depth + 1);
        if (key == "callSid") return read_text(member, out.call_sid, depth + 1);
        if (key == "accountSid") return read_text(member, out.account_sid, depth + 1);
        if (key == "mediaFormat") return read_format(member, out.format, depth + 1);
        if (key == "customParameters") return read_parameters(member, out.parameters, parameters, depth + 1);
        return walk(member, depth + 1);
    });
}

bool read_media(ondemand::value value, Frame& frame, std::size_t depth) {
    auto& out = frame.media;
    return read_object(value, out, depth, [&](std::string_view key, ondemand::value member) {
        if (key == "payload") return read_text(member, out.payload, depth + 1);
        if (key == "track") return read_text(member, out.track, depth + 1);
        if (key == "chunk") return read_number(member, out.chunk, depth + 1);
        if (key == "timestamp") return read_number(member, out.timestamp, depth + 1);
        return walk(member, depth + 1);
    });
}

// dtmf and mark: one text each.
bool read_single(ondemand::value value, Member& out, std::string_view wanted, Text& text, std::size_t depth) {
    return read_object(value, out, depth, [&](std::string_view key, ondemand::value member) {
        return key == wanted ? read_text(member, text, depth + 1) : walk(member, depth + 1);
    });
}

bool read_member(std::string_view key, ondemand::value member, Frame& frame, Parameters& parameters) {
    constexpr std::size_t k_depth = 2;  // the message itself is the first level
    if (key == "event") return read_text(member, frame.event, k_depth);
    if (key == "sequenceNumber") return read_number(member, frame.sequence, k_depth);
    if (key == "streamSid") return read_text(member, frame.stream_sid, k_depth);
    if (key == "media") return read_media(member, frame, k_depth);
    if (key == "mark") return read_single(member, frame.mark, "name", frame.mark.name, k_depth);
    if (key == "dtmf") return read_single(member, frame.dtmf, "digit", frame.dtmf.digit, k_depth);
    if (key == "start") return read_start(member, frame, parameters, k_depth);
    return walk(member, k_depth);
}

bool read_message(ondemand::parser& parser, std::string_view text, Frame& frame, Parameters& parameters) {
    ondemand::document document;
    const simdjson::padded_string_view padded(text.data(), text.size(),
                                              text.size() + simdjson::SIMDJSON_PADDING);
    if (parser.iterate(padded).get(document)) return false;
    ondemand::object object;
    if (document.get_object().get(object)) return false;
    for (auto found : object) {
        ondemand::field field;
        std::string_view key;
        if (std::move(found).get(field) || field.unescaped_key().get(key)) return false;
        if (!read_member(key, field.value(), frame, parameters)) return false;
    }
    return document.current_location().error() == simdjson::OUT_OF_BOUNDS;  // else: something follows
}

// --- what an event needs ---

EventKind kind_of(std::string_view event) {
    if (event == "media") return EventKind::media;
    if (event == "mark") return EventKind::mark;
    if (event == "dtmf") return EventKind::dtmf;
    if (event == "connected") return EventKind::connected;
    if (event == "start") return EventKind::start;
    if (event == "stop") return EventKind::stop;
    return EventKind::unknown;
}

bool needed(const Member& member) { return member.given && !member.bad; }

bool fill_media(const Frame& frame, StreamEvent& event) {
    const auto& media = frame.media;
    if (!needed(media) || !needed(media.payload)) return false;
    if (media.track.bad || media.chunk.bad || media.timestamp.bad) return false;
    event.track = media.track.value;
    event.chunk = media.chunk.value;
    event.timestamp_ms = media.timestamp.value;
    event.payload = media.payload.value;
    return true;
}

bool fill_format(const Frame& frame, StartInfo& info) {
    const auto& format = frame.start.format;
    if (format.bad || format.encoding.bad || format.sample_rate.bad || format.channels.bad) return false;
    if (format.encoding.value.size() > k_encoding_bytes_max) return false;
    info.encoding.assign(format.encoding.value);
    info.sample_rate = std::max<std::int64_t>(format.sample_rate.value, 0);
    info.channels = std::max<std::int64_t>(format.channels.value, 0);
    return true;
}

bool fill_start(const Frame& frame, const Parameters& parameters, StreamEvent& event) {
    const auto& start = frame.start;
    if (!needed(start) || start.stream_sid.bad || start.account_sid.bad || start.parameters.bad) return false;
    const bool inside = start.stream_sid.given;
    if (inside && frame.stream_sid.given && start.stream_sid.value != frame.stream_sid.value) return false;
    event.stream_sid = inside ? start.stream_sid.value : frame.stream_sid.value;

    const auto stream = base::StreamSid::parse(event.stream_sid);
    const auto call = base::CallSid::parse(start.call_sid.value);
    if (!stream || !call) return false;
    if (start.account_sid.given && !base::is_twilio_sid(start.account_sid.value, 'A', 'C')) return false;
    event.start.stream = *stream;
    event.start.call = *call;
    event.start.account_sid.assign(start.account_sid.value);
    for (const auto& [name, value] : parameters) event.start.parameters.emplace_back(name, value);
    return fill_format(frame, event.start);
}

bool fill(const Frame& frame, const Parameters& parameters, StreamEvent& event) {
    if (!needed(frame.event)) return false;
    event.kind = kind_of(frame.event.value);
    event.sequence = frame.sequence.bad ? -1 : frame.sequence.value;
    event.stream_sid = frame.stream_sid.value;
    if (event.kind == EventKind::unknown) return true;  // whatever else it says is not ours to judge
    if (frame.sequence.bad || frame.stream_sid.bad) return false;
    switch (event.kind) {
        case EventKind::media: return fill_media(frame, event);
        case EventKind::start: return fill_start(frame, parameters, event);
        case EventKind::dtmf:
            event.digit = frame.dtmf.digit.value;
            return needed(frame.dtmf) && needed(frame.dtmf.digit);
        case EventKind::mark:
            event.mark = frame.mark.name.value;
            return needed(frame.mark) && needed(frame.mark.name);
        case EventKind::connected: case EventKind::stop: case EventKind::unknown: break;
    }
    return true;
}

// --- writing ---

bool is_mark_name(std::string_view name) {
    const auto allowed = [](char c) { return c >= 0x20 && c < 0x7f && c != '"' && c != '\\'; };
    return !name.empty() && std::all_of(name.begin(), name.end(), allowed);
}

unsigned special_bit(char c) {
    return static_cast<unsigned>(c == '"') | static_cast<unsigned>(c == '\\') |
           static_cast<unsigned>(static_cast<unsigned char>(c) < 0x20);
}

// Blocks of one length and no branches inside: compilers make vector code of that also at -O2.
bool has_special(std::string_view text) {
    constexpr std::size_t k_block = 32;
    unsigned special = 0;
    for (; text.size() >= k_block; text.remove_prefix(k_block)) {
        for (std::size_t i = 0; i < k_block; ++i) special |= special_bit(text[i]);
    }
    for (const char c : text) special |= special_bit(c);
    return special != 0;
}

// Base64 needs no escaping; the provider that wrote it must not be able to leave the string.
void append_inside_string(std::string& out, std::string_view text) {
    if (has_special(text)) {
        base::append_json_escaped(out, text);
    } else {
        out += text;
    }
}

void append_head(std::string& out, std::string_view event, std::string_view stream_sid) {
    out += R"({"event":")";
    out += event;
    out += R"(","streamSid":")";
    append_inside_string(out, stream_sid);
}

}  // namespace

struct StreamDecoder::Impl {
    ondemand::parser parser{limits::caller_message_bytes_max};  // longer texts are refused
    Parameters parameters;
    StreamEvent event;
};

StreamDecoder::StreamDecoder() : impl_(std::make_unique<Impl>()) {
    // Now, so that no frame allocates later.
    const auto error = impl_->parser.allocate(limits::caller_message_bytes_max);
    HOLDFAST_ASSERT(error == simdjson::SUCCESS);
    impl_->parameters.reserve(k_parameters_max);
}

StreamDecoder::~StreamDecoder() = default;

base::Result<const StreamEvent*> StreamDecoder::decode(std::string_view text) {
    Frame frame;
    impl_->parameters.clear();
    impl_->event = StreamEvent{};
    if (!read_message(impl_->parser, text, frame, impl_->parameters)) {
        return base::make_error(base::Condition::reject, "json");
    }
    if (!fill(frame, impl_->parameters, impl_->event)) {
        return base::make_error(base::Condition::reject, "field");
    }
    return &impl_->event;
}

void append_media(std::string& out, std::string_view stream_sid, std::string_view payload) {
    append_head(out, "media", stream_sid);
    out += R"(","media":{"payload":")";
    append_inside_string(out, payload);
    out += R"("}})";
}

void append_mark(std::string& out, std::string_view stream_sid, std::string_view mark) {
    HOLDFAST_ASSERT(is_mark_name(mark));
    append_head(out, "mark", stream_sid);
    out += R"(","mark":{"name":")";
    out += mark;
    out += R"("}})";
}

void append_clear(std::string& out, std::string_view stream_sid) {
    append_head(out, "clear", stream_sid);
    out += R"("})";
}

}  // namespace holdfast::twilio
